//! What holds for every element of every kind, whoever wrote it, and for the registries.

#[macro_use]
#[path = "it/own.rs"]
mod own;

use bouton_elements::devices::DeviceModel;
use bouton_elements::distributions::DistributionModel;
use bouton_elements::mappings::MappingModel;
use bouton_elements::neurons::{Lif, NeuronModel, NeuronStep, NeuronType};
use bouton_elements::policies::PolicyModel;
use bouton_elements::processes::{Process, ProcessModel, Table};
use bouton_elements::rules::RuleModel;
use bouton_elements::solvers::SolverModel;
use bouton_elements::synapses::{LinearFilter, Lowpass, Synapse, SynapseModel};
use bouton_elements::transforms::TransformModel;
use bouton_elements::var::{Over, Role, Start, Var};
use bouton_elements::{ElementOf, Kind, kinds, register_neuron};
use serde_json::{Value, json};

/// For every element: there is an example, a file that gives it makes it, it is written as it is read, its schema has it, its
/// page says something, and its variables have different names, parameters first.
fn contract<M: ?Sized + Kind>() {
    let schema = schemars::schema_for!(ElementOf<M>).to_value();
    let of_schema = |name: &str| {
        let members = schema["oneOf"].as_array().unwrap();
        members.iter().find(|m| m["properties"]["type"]["const"] == name)
    };
    for def in M::registry().all() {
        let name = def.name;
        let made = def.example().unwrap_or_else(|| panic!("{name} gives no example"));
        assert_eq!(made.name(), name);
        assert_eq!(made, made.clone());
        assert!(def.page().lines().count() > 2 && !def.page().contains("//!"), "{name} has no page");
        assert!(!def.doc().is_empty(), "{name} has no line");
        let member = of_schema(name);
        assert_eq!(member.is_some(), def.in_files, "{name}");
        if let Some(member) = member {
            let written = serde_json::to_value(&made).unwrap();
            assert_eq!(written["type"], name);
            assert_eq!(serde_json::from_value::<ElementOf<M>>(written.clone()).unwrap(), made);
            let mut with_typo = written.clone();
            with_typo["typo"] = json!(1);
            let e = serde_json::from_value::<ElementOf<M>>(with_typo).unwrap_err();
            assert!(e.to_string().contains("unknown field `typo`"), "{name}: {e}");
            if let Ok(plain) = def.default_of() {
                assert_eq!(plain, serde_json::from_value(json!({ "type": name })).unwrap());
            }
            fields(name, member, &def.variables());
        } else {
            assert!(serde_json::to_value(&made).is_err(), "{name} is in files");
            assert!(
                serde_json::from_value::<ElementOf<M>>(json!({ "type": name })).is_err(),
                "{name} is in files"
            );
        }
        let vars = made.model().variables();
        let mut names: Vec<&str> = vars.iter().map(|v| &*v.name).collect();
        let states = vars.iter().skip_while(|v| !v.is_state());
        assert!(states.clone().all(Var::is_state), "{name}: a parameter behind a state");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), vars.len(), "{name}: a name twice");
        for v in &vars {
            assert!(
                v.values().iter().all(|x| v.bounds.hold(*x)),
                "{name}: {} starts outside its bounds",
                v.name
            );
            assert!(!v.doc.is_empty(), "{name}: {} has no meaning", v.name);
            let named = !matches!(&v.start, Start::Name { is, of } if !of.is_empty() && !of.contains(is));
            assert!(named, "{name}: {} is none of its names", v.name);
            if v.over == Over::One && v.role == Role::Parameter && def.in_files {
                // What has a path is a parameter of the file, by the same name.
                let other = made.with(&[(&*v.name, &v.values())]).unwrap();
                assert_eq!(other, made);
            }
        }
    }
    let e = serde_json::from_value::<ElementOf<M>>(json!({ "type": "no_such" })).unwrap_err();
    let first = M::registry().all()[0].name;
    assert!(e.to_string().contains("no_such") && e.to_string().contains(first), "{e}");
}

/// The table of variables says what the schema of files says: the same fields, the same defaults, the same bounds. Devices
/// have their own (columns of numbers), of rules the schema has filters and a policy, which are elements, and of a rule as text
/// the text.
fn fields(name: &str, member: &Value, vars: &[Var]) {
    if vars.iter().any(|v| v.over == Over::Synapse) || ["pes", "mpes", "rls", "text"].contains(&name) {
        return;
    }
    let properties = member["properties"].as_object().unwrap();
    let mut of_file: Vec<&str> = properties.keys().map(String::as_str).filter(|k| *k != "type").collect();
    let mut of_vars: Vec<&str> = vars.iter().filter(|v| !v.is_state()).map(|v| &*v.name).collect();
    of_file.sort_unstable();
    of_vars.sort_unstable();
    assert_eq!(of_file, of_vars, "{name}");
    let required = |field: &str| member["required"].as_array().unwrap().iter().any(|r| r == field);
    for v in vars.iter().filter(|v| !v.is_state()) {
        let field = &properties[&*v.name];
        assert_eq!(v.start == Start::Required, required(&v.name), "{name}.{}", v.name);
        match (&v.start, field.get("default")) {
            (Start::Value(x), Some(d)) if d.is_number() => {
                assert_eq!(d.as_f64(), Some(*x), "{name}.{}", v.name)
            }
            (Start::Name { is, .. }, Some(d)) => {
                // An element in an element is said by its name.
                let said = d.get("type").unwrap_or(d);
                let said = said.as_str().map_or(said.to_string(), str::to_string);
                assert_eq!(said, *is, "{name}.{}", v.name);
            }
            _ => {}
        }
        let number = |key: &str| field.get(key).and_then(Value::as_f64);
        for (key, bound, open) in [
            ("minimum", v.bounds.low, false),
            ("exclusiveMinimum", v.bounds.low, true),
            ("maximum", v.bounds.high, false),
            ("exclusiveMaximum", v.bounds.high, true),
        ] {
            // A schema may say less: bounds between two fields, a whole number's own.
            let Some(limit) = number(key).filter(|_| field.get("format").is_none_or(|f| f != "uint32"))
            else {
                continue;
            };
            let is_open = if key.contains("inimum") { v.bounds.open } else { v.bounds.open_high };
            assert_eq!((limit, open), (bound, is_open), "{name}.{}: {key}", v.name);
        }
    }
}

#[test]
fn every_element_keeps_the_contract() {
    contract::<dyn NeuronModel>();
    contract::<dyn SynapseModel>();
    contract::<dyn DistributionModel>();
    contract::<dyn TransformModel>();
    contract::<dyn SolverModel>();
    contract::<dyn ProcessModel>();
    contract::<dyn RuleModel>();
    contract::<dyn PolicyModel>();
    contract::<dyn DeviceModel>();
    contract::<dyn MappingModel>();
    assert_eq!(kinds().len(), 10);
}

const PAGE: &str = "Neurons whose output is their current.\n\nNo parameters.\n\nNo reference.";
neuron!(
    /// Neurons whose output is their current.
    Identity, "identity", PAGE
);
neuron!(
    /// Another type of the same name.
    Impostor, "identity", PAGE
);

#[test]
fn a_registered_type_is_like_a_shipped_one() {
    // Without being registered it can be used, but no file knows it.
    let own = NeuronType::new(Identity {});
    assert!(own.is::<Identity>() && own != NeuronType::from(Lif::default()));
    register_neuron::<Identity>().unwrap();
    register_neuron::<Identity>().expect("the same type twice is no mistake");
    let e = register_neuron::<Impostor>().unwrap_err().to_string();
    assert!(e.contains("neurons.identity") && e.contains("Identity` has it"), "{e}");
    assert!(NeuronType::names().ends_with(&["identity"]));
    let read: NeuronType = serde_json::from_value(json!({ "type": "identity" })).unwrap();
    assert_eq!(read, own);
    // In single precision it steps in double precision.
    let mut out = [0.0f32; 2];
    own.model().step_f32(&NeuronStep { dt: 0.001, parameters: &[] }, &[1.5, -2.0], &mut out, &mut []);
    assert_eq!(out, [1.5, -2.0]);
    contract::<dyn NeuronModel>();
}

#[test]
fn a_copy_keeps_its_parameters_when_the_other_is_changed() {
    let mut rule = bouton_elements::rules::Rule::named("pes").unwrap();
    let copy = rule.clone();
    rule.model_mut().set_parameter("learning_rate", 0.5).unwrap();
    assert_eq!(copy.model().vars()[0].values(), [1e-4]);
    assert_eq!(rule.model().vars()[0].values(), [0.5]);
}

#[test]
fn parameters_are_exchanged_by_name() {
    let f = Synapse::from(LinearFilter::new(vec![1.0], vec![0.1, 1.0]));
    let other = f.with(&[("den", &[0.2, 1.0])]).unwrap();
    assert_eq!(other.downcast_ref::<LinearFilter>().unwrap().den, [0.2, 1.0]);
    let e = Synapse::from(Lowpass { tau: 0.1 }).with(&[("taw", &[1.0])]).unwrap_err().to_string();
    assert!(e.contains("`taw`") && e.contains("tau"), "{e}");
    let e = Process::from(Table::default()).with(&[("rate", &[1.0])]).unwrap_err().to_string();
    assert!(e.contains("processes.table"), "{e}");
}
