//! Rules as texts, as a model has them: what they read and make, their parameters, files and folders of them.

use std::path::{Path, PathBuf};

use bouton_elements::rules::{
    Applies, Change, Changes, Rule, RuleFactor, RuleInput, RuleMemory, RuleModel, RuleStep, Source,
    SpikeStep, past_len, register_rule_folder, register_rule_text,
};
use bouton_elements::var::{Bounds, Over, Role, Start};
use bouton_elements::{ElementOf, find, registered};
use serde_json::json;

fn rule(text: &str) -> Rule {
    Rule::text(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

const STDP: &str = "param A = 0.01, w_max = 1
pre  x' = -x/20 ms
post y' = -y/20 ms
on pre:  w -= A*y; x += 1
on post: w += 2*A*x;  y += 1
bound w in [0, w_max]";

#[test]
fn a_text_reads_what_it_names() {
    let input = |name: &str, source, state: Option<&str>| RuleInput {
        name: name.into(),
        source,
        synapse: None,
        state: state.map(Into::into),
    };
    let r = rule("w' = pre.out*post.v + pre.adaptation*w");
    let mut inputs = r.model().inputs();
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(
        inputs,
        [
            input("post.v", Source::Post, Some("voltage")),
            input("pre.adaptation", Source::Pre, Some("adaptation")),
            input("pre.out", Source::Pre, None),
        ]
    );
    assert!(r.model().reads_weights() && !r.model().has_error());
    let r = rule("w' = error*pre.out");
    assert!(!r.model().reads_weights() && r.model().has_error());
    // What an encoder is multiplied by is an input behind the others.
    let r = rule("param eta = 1\ntarget encoders\nw' = eta*post.out*(scale*pre.out - w)");
    assert_eq!(r.model().inputs().last(), Some(&input("scale", Source::Scale, None)));
    assert_eq!(
        (r.model().changes(), rule("w' = pre.out").model().changes()),
        (Changes::Encoders, Changes::Weights)
    );
}

#[test]
fn third_factors_are_over_what_they_say() {
    let r = rule("input a\ninput b per pre\ninput c per post = 2\nw' = a*b*c");
    let factor = |name: &str, over, default| RuleFactor { name: name.into(), over, default, error: false };
    assert_eq!(
        r.model().factors(),
        [factor("a", Over::One, None), factor("b", Over::Pre, None), factor("c", Over::Post, Some(2.0))]
    );
}

#[test]
fn what_a_text_makes_follows_from_its_form() {
    let makes = |text: &str| rule(text).model().makes();
    assert_eq!(makes("w' = pre.out*post.out"), Change::Outer(1));
    assert_eq!(makes("w' = -w*post.out"), Change::Scaled(0));
    assert_eq!(makes("w' = pre.out*post.out - w*post.out"), Change::Scaled(1));
    assert_eq!(makes("w' = pre.out*w"), Change::Dense);
    let Change::AtSpikes(parts) = makes(STDP) else { panic!("{:?}", makes(STDP)) };
    assert!(parts.bounded && (parts.pre, parts.post) == (1, 1), "{parts:?}");
    // A pre spike reads the trace of the other side, and the other way round.
    let read = |of, side| parts.read(of, side).count();
    assert_eq!([read(0, 0), read(0, 1), read(1, 0), read(1, 1)], [0, 1, 1, 0]);
    let applies = |text: &str| rule(text).model().applies();
    assert_eq!(applies("w' = pre.out*post.out"), Applies::NextStep);
    assert_eq!(applies("apply now\nw' = pre.out*post.out"), Applies::Now);
    let linear = |text: &str| rule(text).model().linear_in_error();
    assert!(linear("w' = error*pre.out") && !linear("w' = error^2*pre.out"));
    assert!(!linear("apply now\nw' = error*pre.out") && !linear("w' = pre.out*post.out"));
    assert_eq!(rule("w' = pre.out").model().travel(1.0, 1.0, 1, 1.0), None);
}

#[test]
fn the_variables_of_a_text_are_its_parameters_states_and_what_they_were() {
    let r = rule(
        "param eta = 2e-3
         param tau_a = 5 ms # how fast
         param half = eta/2
         pre a' = (pre.out - a)/tau_a # filtered
         post b' = -b
         synapse c' = -c
         global g' = -g
         w' = half*a*b*c*g*delay(a, 3 ms)",
    );
    let vars = r.model().vars();
    let names: Vec<&str> = vars.iter().map(|v| &*v.name).collect();
    assert_eq!(names, ["eta", "tau_a", "a", "b", "c", "g", "a.past"]);
    let overs: Vec<Over> = vars.iter().map(|v| v.over).collect();
    assert_eq!(overs, [Over::One, Over::One, Over::Pre, Over::Post, Over::Synapse, Over::One, Over::Pre]);
    assert_eq!((vars[0].values(), vars[1].values()), (vec![2e-3], vec![5e-3]));
    assert_eq!((vars[0].bounds, vars[1].bounds, &*vars[1].unit), (Bounds::ANY, Bounds::POSITIVE, "s"));
    assert_eq!(
        (&*vars[1].doc, &*vars[2].doc, &*vars[0].doc),
        ("how fast", "filtered", "parameter of the rule")
    );
    assert_eq!(&*vars[3].doc, "state of the rule");
    assert!(vars[2..].iter().all(|v| v.role == Role::State && v.start == Start::Value(0.0)));
    assert_eq!((vars[6].past, vars[2].past), (Some(0.003), None));
    assert!(vars[6].doc.contains("`a` was"), "{}", vars[6].doc);
    // The place of the next row, and a row a step.
    assert_eq!(past_len(0.003, 0.001, 4), 1 + 3 * 4);
}

#[test]
fn parameters_of_a_text_are_set_and_unknown_ones_are_answered() {
    let r = rule("param eta = 1e-3, tau_a = 5 ms\nparam half = eta/2\npre a' = -a/tau_a\nw' = half*a");
    let set = |name, value| r.clone().set(name, value).map_err(|e| e.to_string());
    assert_eq!(set("eta", 0.5).unwrap().model().vars()[0].values(), [0.5]);
    assert_eq!(r.model().vars()[0].values(), [1e-3], "a copy was set with it");
    let e = set("tau_a", 0.0).unwrap_err();
    assert!(e.contains("rules.text") && e.contains("`tau_a` must be a finite number greater than 0"), "{e}");
    assert!(set("eta", f64::NAN).unwrap_err().contains("`eta`"));
    assert!(
        set("half", 1.0)
            .unwrap_err()
            .contains("`half` follows others and can't be set; it can set: eta, tau_a")
    );
    assert!(set("tau_b", 1.0).unwrap_err().contains("no parameter `tau_b`; did you mean `tau_a`?"));
    assert!(set("threshold", 1.0).unwrap_err().contains("no parameter `threshold`; there are: eta, tau_a"));
    let e = rule("w' = pre.out").set("eta", 1.0).unwrap_err().to_string();
    assert!(e.contains("no parameter `eta`: the rule has none"), "{e}");
    // As a file may have it.
    let mut bad = serde_json::to_value(&r).unwrap();
    bad["tau_a"] = json!(-1);
    let bad: Rule = serde_json::from_value(bad).unwrap();
    assert!(bad.model().check().unwrap_err().contains("`tau_a`") && r.model().check().is_ok());
}

#[test]
fn a_text_is_written_and_read_as_it_is() {
    let r = rule("param eta = 1e-3, n = 4\nw' = eta*n*pre.out").set("n", 7.0).unwrap();
    let written = serde_json::to_value(&r).unwrap();
    assert_eq!(
        written,
        json!({ "type": "text", "text": "param eta = 1e-3, n = 4\nw' = eta*n*pre.out", "eta": 1e-3, "n": 7.0 })
    );
    let read = |v| serde_json::from_value::<Rule>(v).map_err(|e| e.to_string());
    assert_eq!(read(written.clone()).unwrap(), r);
    assert_eq!(r.as_text().unwrap().rule().text(), "param eta = 1e-3, n = 4\nw' = eta*n*pre.out");
    assert!(Rule::named("pes").unwrap().as_text().is_none());
    // Whole numbers are numbers, below 0 too.
    for (n, value) in [(json!(3), 3.0), (json!(-3), -3.0), (json!(2.5), 2.5)] {
        let mut v = written.clone();
        v["n"] = n;
        assert_eq!(read(v).unwrap().model().vars()[1].values(), [value]);
    }
    let e = read(json!({ "type": "text", "eta": 1 })).unwrap_err();
    assert!(e.contains("missing field `text`"), "{e}");
    assert!(read(json!({ "type": "text", "text": 3 })).unwrap_err().contains("the text of a rule"));
    let e = read(json!({ "type": "text", "text": "w' = pre.out", "n": "much" })).unwrap_err();
    assert!(e.contains("a number, for the parameter `n`"), "{e}");
    assert!(
        read(json!({ "type": "text", "text": "w' = pre.out", "n": 1 }))
            .unwrap_err()
            .contains("unknown field `n`")
    );
    assert!(read(json!({ "type": "text", "text": "w' = preout" })).unwrap_err().contains("preout"));
    // One of the library is written by its name alone.
    let oja = Rule::named("oja").unwrap().set("beta", 2.0).unwrap();
    let written = serde_json::to_value(&oja).unwrap();
    assert_eq!((&written["type"], &written["beta"], written.get("text")), (&json!("oja"), &json!(2.0), None));
    assert_eq!(read(written.clone()).unwrap(), oja);
    let mut with_text = written;
    with_text["text"] = json!("w' = pre.out");
    assert!(read(with_text).unwrap_err().contains("`text`"));
    // Two rules of one text, and one of another or with other numbers.
    let again = rule("param eta = 1e-3, n = 4\nw' = eta*n*pre.out");
    assert!(r != again && r == again.clone().set("n", 7.0).unwrap());
    assert!(again != rule("param eta = 1e-3, n = 4\nw' = eta*n*post.out"));
    let bare = rule(bouton_rules::LIBRARY.iter().find(|l| l.name == "oja").unwrap().text);
    assert!(bare != Rule::named("oja").unwrap(), "a text that stands in a file has no name");
}

#[test]
fn the_schema_of_a_rule_has_its_parameters() {
    let schema = schemars::schema_for!(ElementOf<dyn RuleModel>).to_value();
    let of = |name: &str| {
        let members = schema["oneOf"].as_array().unwrap();
        members.iter().find(|m| m["properties"]["type"]["const"] == name).unwrap().clone()
    };
    let oja = of("oja");
    assert_eq!(oja["additionalProperties"], false);
    let field = &oja["properties"]["tau_f"];
    assert_eq!((&field["type"], &field["default"]), (&json!("number"), &json!(0.005)));
    assert_eq!(field["exclusiveMinimum"], 0);
    assert_eq!(field["description"], "filter on both activities (s).");
    let beta = &oja["properties"]["beta"];
    assert_eq!(beta["description"], "decay; the squared length of a row is 1/beta.");
    assert!(beta.get("exclusiveMinimum").is_none());
    assert_eq!(oja["properties"].as_object().unwrap().len(), 4);
    let text = of("text");
    assert_eq!(text["properties"]["text"]["type"], "string");
    assert_eq!(text["additionalProperties"]["type"], "number");
}

/// One step of a text on some inputs, with its parts of one column behind the other.
fn step(
    r: &Rule,
    inputs: &[&[f64]],
    error: &[f64],
    states: &mut [Vec<f64>],
    shape: (usize, usize),
) -> Vec<Vec<f64>> {
    let m = r.model();
    let parameters = bouton_elements::var::parameter_values(&m.vars());
    let mut parts: Vec<Vec<f64>> =
        m.makes().parts(shape.0, shape.1).into_iter().map(|(_, n)| vec![f64::NAN; n]).collect();
    let mut states: Vec<&mut [f64]> = states.iter_mut().map(|s| &mut s[..]).collect();
    let mut refs: Vec<&mut [f64]> = parts.iter_mut().map(|p| &mut p[..]).collect();
    m.step(&mut RuleStep {
        dt: 0.001,
        shape,
        parameters: &parameters,
        inputs,
        error,
        factors: &[],
        weights: &[],
        states: &mut states,
        parts: &mut refs,
        memory: &mut RuleMemory::default(),
    });
    parts
}

#[test]
fn a_step_of_a_text_is_that_of_its_equations() {
    let r = rule("param eta = 0.3\npre a' = (pre.out - a)/5 ms\nw' = -eta*error*a").set("eta", 0.2).unwrap();
    let (pre, error) = ([100.0, 40.0, 0.0], [2.0, -1.0]);
    let mut states = vec![vec![10.0, 0.0, 5.0]];
    let parts = step(&r, &[&pre], &error, &mut states, (2, 3));
    for j in 0..3 {
        // The motion is exact, and read as it is after it.
        let a = pre[j] + ([10.0, 0.0, 5.0][j] - pre[j]) * f64::exp(-0.2);
        assert!((states[0][j] - a).abs() < 1e-12, "{} is not {a}", states[0][j]);
        for i in 0..2 {
            let exact = -0.001 * 0.2 * error[i] * a;
            assert!((parts[0][0] * parts[1][i] * parts[2][j] - exact).abs() < 1e-15, "{i}, {j}");
        }
    }
    // Of another error, of other rows, the same.
    let m = r.model();
    let mut out = [0.0; 3];
    let (mut parts, mut memory) = ([vec![0.0], vec![0.0; 2], vec![0.0; 3]], RuleMemory::default());
    let mut refs: Vec<&mut [f64]> = parts.iter_mut().map(|p| &mut p[..]).collect();
    let mut states: Vec<&mut [f64]> = states.iter_mut().map(|s| &mut s[..]).collect();
    let mut s = RuleStep {
        dt: 0.001,
        shape: (2, 3),
        parameters: &[0.2],
        inputs: &[&pre],
        error: &error,
        factors: &[],
        weights: &[],
        states: &mut states,
        parts: &mut refs,
        memory: &mut memory,
    };
    m.step(&mut s);
    m.post_of_error(&mut s, &[4.0, -2.0, 0.5], &mut out);
    let post = parts[1].clone();
    // Twice the error of the first row is twice its factor.
    assert!((out[0] - 2.0 * post[0]).abs() < 1e-12 && (out[1] + post[0]).abs() < 1e-12, "{out:?} {post:?}");
    assert!((out[2] - 0.25 * post[0]).abs() < 1e-12 && post[0] != 0.0);
}

#[test]
fn spikes_of_each_side_change_weights_by_the_other_sides_trace() {
    let r = rule(STDP);
    let Change::AtSpikes(parts) = r.model().makes() else { panic!() };
    // One neuron of each side with traces, of which the step makes the operands.
    let mut states = vec![vec![0.5], vec![0.25]];
    let made = step(&r, &[&[1000.0], &[0.0]], &[], &mut states, (1, 1));
    let (numbers, pre, post) = (&made[0], &made[1], &made[2]);
    assert_eq!((numbers.len(), pre.len(), post.len()), (parts.numbers, 1 + parts.pre, 1 + parts.post));
    let fall = f64::exp(-0.001 / 0.02);
    for (of, w, exact) in [(Source::Pre, 0.5, -0.01 * 0.25 * fall), (Source::Post, 0.5, 0.02 * 0.5 * fall)] {
        let mut change = [9.0];
        r.model().at_spikes(&mut SpikeStep {
            of,
            numbers,
            pre: &[&pre[1..]],
            post: &[&post[1..]],
            weights: &[w],
            change: &mut change,
            memory: &mut RuleMemory::default(),
        });
        assert!((change[0] - exact).abs() < 1e-15, "{of:?} at {w}: {}, not {exact}", change[0]);
    }
}

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("bouton-elements-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
    fn with(&self, file: &str, text: impl AsRef<[u8]>) -> &Path {
        std::fs::write(self.0.join(file), text).unwrap();
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_text_that_is_registered_is_known_by_its_name() {
    let text = "# Weights fall.\n#\n# By themselves.\nparam tau_w = 10 s\nw' = -w/tau_w";
    let before = registered();
    register_rule_text("falls_2", text).unwrap();
    assert!(registered() > before);
    register_rule_text("falls_2", text).expect("the same text twice is no mistake");
    let def = find::<dyn RuleModel>("falls_2").unwrap();
    assert_eq!((&*def.doc(), &*def.page()), ("Weights fall.", "Weights fall.\n\nBy themselves.\n"));
    assert_eq!(Rule::names().iter().filter(|n| **n == "falls_2").count(), 1);
    let made = Rule::named("falls_2").unwrap();
    assert_eq!((made.name(), made.as_text().unwrap().rule().text()), ("falls_2", text));
    let e = register_rule_text("falls_2", "w' = -w").unwrap_err().to_string();
    assert!(e.contains("`falls_2`") && e.contains("can't be registered"), "{e}");
    assert!(register_rule_text("pes", "w' = -w").is_err() && register_rule_text("oja", "w' = -w").is_err());
    for name in ["", "Falls", "falls-3"] {
        assert!(
            register_rule_text(name, text).unwrap_err().to_string().contains("lower-case letters"),
            "{name}"
        );
    }
    assert!(register_rule_text("falls_3", "w' = ").is_err() && find::<dyn RuleModel>("falls_3").is_err());
    // A text of the library, registered by its name, is the one that is there.
    let oja = bouton_rules::LIBRARY.iter().find(|l| l.name == "oja").unwrap();
    register_rule_text("oja", oja.text).unwrap();
}

#[test]
fn the_rules_of_a_folder_are_known_by_the_names_of_their_files() {
    let folder = Folder::new("folder");
    folder.with("b_grows.rule", "w' = pre.out");
    folder.with("a_falls.rule", "w' = -w");
    let path = folder.with("notes.txt", "no rule at all");
    assert_eq!(register_rule_folder(path).unwrap(), ["a_falls", "b_grows"]);
    assert_eq!(register_rule_folder(path).unwrap(), ["a_falls", "b_grows"], "twice is no mistake");
    assert_eq!(Rule::named("b_grows").unwrap().as_text().unwrap().rule().text(), "w' = pre.out");
}

#[test]
fn a_folder_with_a_file_that_is_no_rule_adds_nothing() {
    let refused = |name: &str, file: &str, text: &[u8], said: &[&str]| {
        let folder = Folder::new(name);
        folder.with("a_good_one.rule", "w' = pre.out - w");
        let path = folder.with(file, text);
        let e = register_rule_folder(path).unwrap_err().to_string();
        assert!(e.contains(file) && said.iter().all(|s| e.contains(s)), "{e}");
        assert!(find::<dyn RuleModel>("a_good_one").is_err(), "{file}: the others were added");
    };
    refused("dash", "my-rule.rule", b"w' = pre.out", &["lower-case letters, digits and underscores"]);
    refused("upper", "Mine.rule", b"w' = pre.out", &["lower-case letters, digits and underscores"]);
    refused("wrong", "wrong.rule", b"w' = pre.out +", &["column"]);
    refused("oja", "oja.rule", b"w' = pre.out", &["another rule called `oja`"]);
    refused("bytes", "bytes.rule", b"w' = \xff", &["not UTF-8 text (byte 5)"]);
    let long = format!("w' = pre.out # {}", "x".repeat(30_000));
    refused("long", "long.rule", long.as_bytes(), &["20000"]);
    let folder = Folder::new("inner");
    std::fs::create_dir(folder.0.join("inner.rule")).unwrap();
    let e = register_rule_folder(&folder.0).unwrap_err().to_string();
    assert!(e.contains("inner.rule") && e.contains("this is not a file"), "{e}");
    let empty = Folder::new("empty");
    let e = register_rule_folder(&empty.0).unwrap_err().to_string();
    assert!(e.contains("holds no rule"), "{e}");
    let e = register_rule_folder(empty.0.join("missing")).unwrap_err().to_string();
    assert!(e.contains("cannot read the folder of rules"), "{e}");
}
