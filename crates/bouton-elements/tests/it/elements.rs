//! Elements of every kind: what is said of them, what is refused, and how they are read.

use bouton_elements::devices::DeviceModel;
use bouton_elements::distributions::{Choice, Distribution, DistributionModel, Exponential, Samples};
use bouton_elements::mappings::MappingModel;
use bouton_elements::neurons::{Lif, NeuronModel, NeuronType};
use bouton_elements::policies::PolicyModel;
use bouton_elements::processes::{PresentInput, Process, ProcessModel};
use bouton_elements::random::RandomState;
use bouton_elements::rules::{Rule, RuleModel};
use bouton_elements::solvers::SolverModel;
use bouton_elements::synapses::{Lowpass, Synapse, SynapseModel};
use bouton_elements::transforms::TransformModel;
use bouton_elements::var::{Over, Start, Var};
use bouton_elements::{ElementOf, Kind, find, kinds, register_neuron, registered};
use serde_json::json;

/// A parameter that is set outside of its bounds is refused by name, and one at a bound that may be met is taken. Returns how many
/// were refused.
fn refused<M: ?Sized + Kind>(check: impl Fn(&M) -> Result<(), String>) -> usize {
    let mut count = 0;
    for def in M::registry().all().into_iter().filter(|d| d.in_files) {
        let made = def.example().unwrap();
        made.within_bounds().unwrap_or_else(|e| panic!("{}: {e}", def.name));
        check(made.model()).unwrap_or_else(|e| panic!("{}: {e}", def.name));
        let numbers = |v: &Var| v.over == Over::One && !v.is_state() && matches!(v.start, Start::Value(_));
        for v in made.model().variables().into_iter().filter(numbers) {
            let b = v.bounds;
            let ends = [(b.low, b.open, -1.0), (b.high, b.open_high, 1.0)];
            for (end, open, beyond) in ends.into_iter().filter(|(end, ..)| end.is_finite()) {
                let outside = [Some(end + beyond), open.then_some(end)];
                for x in outside.into_iter().flatten() {
                    // What is a whole number in a file is refused as it is read.
                    let Ok(bad) = made.with(&[(&*v.name, &[x])]) else { continue };
                    let name = format!("`{}`", v.name);
                    let e = bad.within_bounds().expect_err(&name);
                    assert!(e.contains(&name) && e.contains(&b.words()), "{}: {e}", def.name);
                    let e = check(bad.model()).expect_err(&name);
                    assert!(e.contains(&name), "{}: {e}", def.name);
                    count += 1;
                }
                if let (false, Ok(good)) = (open, made.with(&[(&*v.name, &[end])])) {
                    assert!(good.within_bounds().is_ok(), "{}: {} at {end}", def.name, v.name);
                }
            }
        }
    }
    count
}

#[test]
fn a_parameter_outside_of_its_bounds_is_refused_by_name() {
    let found = [
        refused::<dyn NeuronModel>(|m| m.check()),
        refused::<dyn SynapseModel>(|m| m.check()),
        refused::<dyn DistributionModel>(|m| m.check()),
        refused::<dyn TransformModel>(|m| m.check()),
        refused::<dyn SolverModel>(|m| m.check()),
        refused::<dyn ProcessModel>(|m| m.check(m.width().unwrap_or(1), 0.001)),
        refused::<dyn RuleModel>(|m| m.check()),
        refused::<dyn PolicyModel>(|m| m.check()),
    ];
    assert!(found.iter().zip([15, 3, 4, 0, 1, 5, 5, 2]).all(|(n, least)| *n >= least), "{found:?}");
}

/// What the schema and the listing say of an element is the first paragraph of what is written about it.
fn said<M: ?Sized + Kind>(name: &str, one: &str) {
    let schema = schemars::schema_for!(ElementOf<M>).to_value();
    let all = M::registry().all();
    let members = schema["oneOf"].as_array().unwrap();
    assert_eq!(members.len(), all.iter().filter(|d| d.in_files).count());
    for member in members {
        let name = member["properties"]["type"]["const"].as_str().unwrap();
        let def = find::<M>(name).unwrap();
        // A text that was registered need not say anything.
        assert_eq!(member["description"].as_str().unwrap_or(""), def.doc(), "{name}");
        assert!(!def.doc().contains("\n\n") && def.doc().trim() == def.doc(), "{name}");
        assert_eq!((&member["type"], &member["required"][0]), (&json!("object"), &json!("type")), "{name}");
        assert_eq!(member["properties"]["type"]["type"], "string");
    }
    let def = find::<M>(name).unwrap();
    assert_eq!(def.doc(), one);
    let kind = kinds().into_iter().find(|k| k.name == M::KIND).unwrap();
    assert_eq!(schema["description"].as_str(), Some(&*kind.doc));
    let shipped: Vec<&str> = kind.elements.iter().map(|e| e.name).collect();
    assert!(shipped.contains(&name), "{shipped:?}");
    let listed = kind.elements.into_iter().find(|e| e.name == name).unwrap();
    assert_eq!((listed.doc, listed.page, listed.in_files), (def.doc(), def.page(), def.in_files));
    assert_eq!(listed.vars, def.variables());
    assert!(format!("{def:?}").starts_with(name), "{def:?}");
}

#[test]
fn listings_and_schema_say_what_is_written_at_an_element() {
    said::<dyn NeuronModel>(
        "lif",
        "Leaky integrate-and-fire: τ_rc dv/dt = J − v; at v = 1 a spike, then v = 0 for τ_ref.",
    );
    said::<dyn SynapseModel>("lowpass", "First-order low-pass filter: 1/(τs + 1).");
    said::<dyn DistributionModel>("gaussian", "The normal distribution.");
    said::<dyn TransformModel>(
        "diagonal",
        "Each value times its own number. In a model file, the list alone will do.",
    );
    said::<dyn SolverModel>("no_solver", "No solving: given decoders, or zeros.");
    said::<dyn ProcessModel>("brown_noise", "The integral of noise: Brownian motion.");
    said::<dyn PolicyModel>("single_pulse", "One pulse a step on every synapse whose column is open.");
    said::<dyn MappingModel>("pair", "Two devices a synapse, one for each sign.");
    // Of a text the first paragraph of its comment.
    let hebb = bouton_rules::LIBRARY.iter().find(|l| l.name == "hebb").unwrap();
    let page = bouton_rules::page(hebb.text);
    said::<dyn RuleModel>("hebb", page.split("\n\n").next().unwrap().trim());
    assert_eq!(find::<dyn RuleModel>("hebb").unwrap().page().trim(), page.trim());
}

#[test]
fn kinds_are_listed_in_their_order_with_what_they_are() {
    let all = kinds();
    let names: Vec<&str> = all.iter().map(|k| k.name).collect();
    assert_eq!(
        names,
        [
            "neurons",
            "synapses",
            "distributions",
            "transforms",
            "solvers",
            "processes",
            "rules",
            "policies",
            "devices",
            "mappings"
        ]
    );
    let docs: Vec<&str> = all.iter().map(|k| &*k.doc).collect();
    assert_eq!((docs[0], docs[9]), ("A neuron type with its parameters.", "A mapping with its parameters."));
    assert_eq!(<dyn DeviceModel>::registry().all().len(), all[8].elements.len());
}

#[test]
fn a_page_is_the_head_of_the_file_without_its_signs() {
    let page = find::<dyn NeuronModel>("lif").unwrap().page();
    assert!(page.starts_with("Leaky integrate-and-fire neurons.\n\nτ_rc dv/dt = J − v; at v = 1"), "{page}");
    assert!(page.contains("\n| τ_rc | `tau_rc` | 0.02 | s |\n"), "{page}");
    assert!(page.ends_with("Biophysics of Computation.\n") && !page.contains("use bouton"), "{page}");
}

#[test]
fn an_element_is_shown_as_its_parameters() {
    let (lif, synapse) = (Lif { tau_rc: 0.037, ..Lif::default() }, Lowpass { tau: 0.25 });
    assert_eq!(format!("{:?}", NeuronType::from(lif.clone())), format!("{lif:?}"));
    assert_eq!(format!("{:?}", Synapse::from(synapse.clone())), format!("{synapse:?}"));
    assert!(format!("{lif:?}").contains("0.037"));
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest_or_with_all() {
    let e = NeuronType::named("lif_rat").unwrap_err().to_string();
    assert!(e.contains("neurons") && e.contains("nothing called `lif_rat`; did you mean `lif_rate`?"), "{e}");
    let e = Synapse::named("quadratic").unwrap_err().to_string();
    assert!(e.contains("nothing called `quadratic`; there are: lowpass, alpha"), "{e}");
    assert_eq!(NeuronType::named("lif").unwrap(), Lif::default().into());
    // It has to be told what to draw from.
    let e = Distribution::named("choice").unwrap_err().to_string();
    assert!(e.contains("choice") && e.contains("options"), "{e}");
    let e = NeuronType::named("poisson_spiking").unwrap_err().to_string();
    assert!(e.contains("poisson_spiking") && e.contains("base"), "{e}");
}

#[test]
fn what_is_no_element_is_refused_as_it_is_read() {
    let read = |v| serde_json::from_value::<NeuronType>(v).unwrap_err().to_string();
    assert!(read(json!(3.5)).contains("a table with the `type` of the NeuronType"));
    assert!(read(json!({ "tau_rc": 0.1 })).contains("missing field `type`"));
    assert!(read(json!({ "type": 3 })).contains("a name"));
    let e = read(json!({ "type": "lief" }));
    assert!(e.contains("there is no NeuronType `lief`; there are `lif`, `lif_rate`"), "{e}");
    // The name may stand behind the parameters.
    let late: NeuronType = serde_json::from_str(r#"{"tau_rc": 0.5, "type": "lif"}"#).unwrap();
    assert_eq!(late, Lif { tau_rc: 0.5, ..Lif::default() }.into());
    let e = serde_json::to_string(&Distribution::from(Samples::scalars(&[1.0]))).unwrap_err().to_string();
    assert!(e.contains("no file holds a Distribution of the type `samples`"), "{e}");
}

#[test]
fn what_a_file_leaves_out_is_as_documented() {
    let neuron: NeuronType =
        serde_json::from_value(json!({ "type": "poisson_spiking", "base": { "type": "lif_rate" } })).unwrap();
    assert_eq!(neuron.model().vars().iter().find(|v| v.name == "amplitude").unwrap().values(), [1.0]);
    let d = |v| serde_json::from_value::<Distribution>(v).unwrap();
    assert_eq!(
        d(json!({ "type": "exponential", "scale": 2.0 })),
        Exponential { scale: 2.0, shift: 0.0, high: f64::INFINITY }.into()
    );
    for name in ["sqrt_beta", "subvector_length"] {
        let field = if name == "sqrt_beta" { "n" } else { "dimensions" };
        let made = d(json!({ "type": name, field: 4 }));
        let one = if name == "sqrt_beta" { "m" } else { "subdimensions" };
        let vars = made.model().vars();
        assert_eq!(vars.iter().find(|v| v.name == one).unwrap().values(), [1.0], "{name}");
    }
    let signal: Process =
        serde_json::from_value(json!({ "type": "white_signal", "period": 2.0, "high": 5.0 })).unwrap();
    assert_eq!(signal.model().vars().iter().find(|v| v.name == "rms").unwrap().values(), [0.5]);
}

#[test]
fn rows_are_read_as_rows_or_as_numbers_of_one_each() {
    let choice = |options| serde_json::from_value::<Choice>(json!({ "options": options })).unwrap().options;
    assert_eq!(choice(json!([1.0, 2])), [[1.0], [2.0]]);
    assert_eq!(choice(json!([[1.0, 3.0], [2, 4]])), [[1.0, 3.0], [2.0, 4.0]]);
    let shown: PresentInput =
        serde_json::from_value(json!({ "inputs": [5, 6.5], "presentation_time": 1 })).unwrap();
    assert_eq!(shown.inputs, [[5.0], [6.5]]);
}

const PAGE: &str = "\nNo neurons at all.\n\nNo parameters.\n";
neuron!(Nameless, "", PAGE);
neuron!(Upper, "Upper", PAGE);
neuron!(Dashed, "with-dash", PAGE);
neuron!(Spaced, "with space", PAGE);
neuron!(Plain, "own_7", PAGE);

#[test]
fn an_element_is_registered_by_a_name_that_files_can_have() {
    let before = registered();
    for e in [
        register_neuron::<Nameless>(),
        register_neuron::<Upper>(),
        register_neuron::<Dashed>(),
        register_neuron::<Spaced>(),
    ] {
        let e = e.unwrap_err().to_string();
        assert!(e.contains("lower-case letters, digits and underscores"), "{e}");
    }
    register_neuron::<Plain>().unwrap();
    assert!(registered() > before, "whoever made something of the lists isn't told");
    let def = find::<dyn NeuronModel>("own_7").unwrap();
    assert_eq!(def.page(), "No neurons at all.\n\nNo parameters.\n");
    assert_eq!(NeuronType::names().last(), Some(&"own_7"));
}

#[test]
fn a_rule_of_the_library_can_be_copied_and_changed() {
    let oja = Rule::named("oja").unwrap();
    let mut other = oja.clone();
    let (name, value) = (oja.model().vars()[0].name.to_string(), oja.model().vars()[0].values()[0]);
    other.model_mut().set_parameter(&name, 2.0 * value).unwrap();
    assert_eq!(
        (oja.model().vars()[0].values()[0], other.model().vars()[0].values()[0]),
        (value, 2.0 * value)
    );
    assert!(oja != other && oja == Rule::named("oja").unwrap() && oja != Rule::named("hebb").unwrap());
    // Numbers exchanged by name, and the same read again.
    let with = oja.with(&[(&*name, &[2.0 * value])]).unwrap();
    assert_eq!(with, other);
}

#[test]
fn a_kind_that_draws_says_what_it_gives() {
    let x = Distribution::uniform(-1.0, 1.0).sample(3, 2, &mut RandomState::new(4)).unwrap();
    assert!(x.len() == 6 && x.iter().all(|v| (-1.0..1.0).contains(v)));
}
