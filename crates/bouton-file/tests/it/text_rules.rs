//! Learning rules as text in model files: in the file, in a file beside it, and from the library.

use bouton::Simulator;
use bouton_elements::kinds;
use bouton_elements::rules::Changes;
use bouton_file::{FileDigest, FolderFiles, LoadOptions, NoFiles, parse};
use bouton_model::{LearningRule, Object};

use crate::{folder, read, read_with};

/// A model with a connection `c` onto neurons that has these lines, from line 9 on, and further lines behind it.
fn model(rule: &str, behind: &str) -> String {
    format!(
        "format = 1\n[ensembles]\na = {{ n_neurons = 10 }}\nb = {{ n_neurons = 5 }}\n[[connections]]\nname = \"c\"\n\
         pre = \"a.neurons\"\npost = \"b.neurons\"\ntransform = {{ zeros = true }}\n{rule}\n{behind}"
    )
}

const TEXT: &str = "
[connections.rule]
type = \"text\"
eta = 1e-3
text = '''
param eta = 1e-4, tau = 5 ms # rates
input reward = 2
pre a' = (pre.out - a)/tau
w' = eta*reward*a
'''
";

fn rule(text: &str) -> bouton_elements::rules::Rule {
    let network = read(text).unwrap_or_else(|e| panic!("{e}\n{text}")).network;
    let c = network.find_connection("c").unwrap();
    match &network.get_connection(c).unwrap().2.rules[0] {
        LearningRule::Element(r) => r.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rule_stands_in_the_model_file_or_in_a_file_beside_it() {
    let made = rule(&model(TEXT, ""));
    let vars = made.model().vars();
    assert_eq!((vars[0].values(), vars[1].values()), (vec![1e-3], vec![0.005]));
    assert_eq!((&*vars[0].doc, &*vars[1].unit), ("rates", "s"));
    let in_file = "rule = { type = \"text\", file = \"hebb_with_decay.rule\", tau_w = 3 }";
    let made = rule(&model(in_file, ""));
    assert_eq!(made.as_text().unwrap().rule().params().len(), 3);
    assert_eq!(made.model().vars()[2].values(), [3.0]);
    // What the file held goes into the digests of a run.
    let found = read(&model(in_file, "")).unwrap().files;
    let files = FolderFiles::new(folder(), false);
    assert_eq!(found, [FileDigest::of(&files, "hebb_with_decay.rule").unwrap()]);
    // Of several rules, in a nested network, and with an override.
    let list = model(&format!("rules = [\"decay\", {}]", &in_file["rule = ".len()..]), "");
    assert_eq!(read(&list).unwrap().files.len(), 1);
    let nested = format!("format = 1\n{}", model(in_file, "").replace("format = 1\n", ""))
        .replace("[ensembles]", "[networks.n.ensembles]")
        .replace("[[connections]]", "[[networks.n.connections]]");
    assert_eq!(read(&nested).unwrap().files.len(), 1);
    let options =
        LoadOptions { set: vec![("connections.c.rule.tau_w".into(), "7".into())], ..LoadOptions::default() };
    let network = read_with(&model(in_file, ""), &options).unwrap().network;
    let c = network.find_connection("c").unwrap();
    let LearningRule::Element(r) = &network.get_connection(c).unwrap().2.rules[0] else { panic!() };
    assert_eq!(r.model().vars()[2].values(), [7.0]);
}

#[test]
fn a_third_factor_is_an_end_of_connections() {
    let reward = "[nodes.r]\nconstant = 1.0\n[[connections]]\npre = \"r\"\npost = \"c.rule.reward\"\n\
                  [probes.p]\ntarget = \"c.rule.reward\"\n[probes.a]\ntarget = \"c.rule.a\"";
    let network = read(&model(TEXT, reward)).unwrap().network;
    let last = network.connections().last().unwrap();
    let Object::Factor(rule, 0) = network.get_connection(last).unwrap().1.object else { panic!() };
    assert_eq!(network.rule_path(rule), "c.rule");
    let mut sim = Simulator::new(&network).unwrap();
    sim.run_steps(100).unwrap();
    let p = network.find_probe("p").unwrap();
    assert!(sim.data(p).unwrap().values.last().is_some_and(|x| (x - 1.0).abs() < 1e-6));
    let wrong = |post: &str, expected: &str| {
        let e =
            read(&model(TEXT, &reward.replace("c.rule.reward\"\n[probes", &format!("{post}\"\n[probes"))));
        let e = e.unwrap_err();
        assert!(e.contains(expected), "{e}");
    };
    wrong("c.rule.rewrad", "the rule of `c` has no third factor `rewrad`; did you mean `reward`?");
    wrong("c.rule.a", "the rule of `c` has no third factor `a`");
}

#[test]
fn what_is_wrong_with_a_text_is_said_with_its_lines() {
    let refused = |rule: &str, expected: &str| {
        let e = read(&model(rule, "")).unwrap_err();
        assert!(e.contains(expected), "{e}\nis not: {expected}");
    };
    refused(
        &TEXT.replace("- a)/tau", "- a)/tua"),
        "line 14: connections[0] (c).rule: in the text of the rule: unknown name `tua`; did you mean `tau`?",
    );
    refused(&TEXT.replace("- a)/tau", "- a)/tua"), "(line 3, column 24)");
    refused(
        &TEXT.replace("eta = 1e-3", "ita = 1e-3"),
        "line 13: connections[0] (c).rule: the rule has no parameter `ita` that can be set; did you mean `eta`?",
    );
    refused(
        &TEXT.replace("eta = 1e-3", "eta = \"x\""),
        "connections[0] (c).rule.eta: expected a number, found the text",
    );
    refused(&TEXT.replace("eta = 1e-3", "tau = 0"), "`tau` must be a finite number greater than 0, found 0");
    refused(
        "rule = \"text\"",
        "line 10: connections[0] (c).rule: a rule of the type `text` needs its `text`",
    );
    refused(
        "rule = { type = \"text\" }",
        "a rule of the type `text` needs its `text`, or a `file` that holds it",
    );
    refused("rule = { type = \"text\", text = \"w' = 1\", file = \"x\" }", "there is a `text` and a `file`");
    refused("rule = { type = \"text\", file = 3 }", "`file` must be the name of a file, found 3");
    refused("rule = { type = \"text\", text = 3 }", "expected text, found 3");
    refused(
        "rule = { type = \"text\", file = \"none.rule\" }",
        "\"none.rule\": cannot read the file".replace('"', "`").as_str(),
    );
    refused("rule = { type = \"text\", file = \"../x.rule\" }", "a model reads files of its own folder only");
    refused("rule = { type = \"text\", file = \"two.npy\" }", "not UTF-8 text");
    refused(
        "rule = { type = \"hebb\", taw_f = 1 }",
        "unknown field `taw_f` in connections[0] (c).rule; did you mean `tau_f`?",
    );
    refused("rule = \"hebbb\"", "unknown type `hebbb`; did you mean `hebb`?");
    let e = parse(&model("rule = { type = \"text\", file = \"x\" }", ""), &NoFiles, &LoadOptions::default());
    assert!(e.unwrap_err().to_string().contains("no files can be read here"));
}

#[test]
fn a_model_may_name_a_folder_of_rules() {
    let with =
        |rules: &str, rule: &str| model(rule, "").replace("format = 1", &format!("format = 1\n{rules}"));
    let own = "rules = \"rules\"";
    for (folder, line) in [
        (own, "rule = { type = \"slow\", speed = 3 }"),
        ("rules = \"rules/\"", "rules = [\"decay\", { type = \"slow\", speed = 3 }]"),
    ] {
        let network = read(&with(folder, line)).unwrap().network;
        let c = network.find_connection("c").unwrap();
        let rules = &network.get_connection(c).unwrap().2.rules;
        let LearningRule::Element(r) = rules.last().unwrap() else { panic!() };
        assert_eq!(r.model().vars()[0].values(), [3.0]);
    }
    let found = rule(&with(own, "rule = \"slow\""));
    assert_eq!((&*found.model().vars()[0].doc, found.model().vars()[0].values()), ("how fast", vec![1.0]));
    // What a model was made of, and nothing else, goes into the digests; rules of bouton are found as ever.
    let files = FolderFiles::new(folder(), false);
    let digest = FileDigest::of(&files, "rules/slow.rule").unwrap();
    assert_eq!(read(&with(own, "rule = \"slow\"")).unwrap().files, [digest]);
    assert_eq!(read(&with(own, "rule = \"oja\"")).unwrap().files, []);
    // In a nested network too.
    let nested = with(own, "rule = \"slow\"")
        .replace("[ensembles]", "[networks.n.ensembles]")
        .replace("[[connections]]", "[[networks.n.connections]]");
    assert_eq!(read(&nested).unwrap().files.len(), 1);
    let refused = |rules: &str, line: &str, expected: &str| {
        let e = read(&with(rules, line)).unwrap_err();
        assert!(e.contains(expected), "{e}\nis not: {expected}");
    };
    refused(
        own,
        "rule = \"hebb\"",
        "line 11: connections[0] (c).rule: there are two rules called `hebb`, one that bouton knows and one in \
         `rules/hebb.rule`; rename the file",
    );
    // The very same text is no other rule.
    assert!(read(&with(own, "rule = \"decay\"")).is_ok());
    refused(own, "rule = \"wrong\"", "connections[0] (c).rule: `rules/wrong.rule`: unknown name `b`");
    refused(own, "rule = \"wrong\"", "(line 2, column 8)");
    refused(
        own,
        "rule = { type = \"slow\", sped = 1 }",
        "has no parameter `sped` that can be set; did you mean `speed`?",
    );
    refused(
        own,
        "rule = \"hebbb\"",
        "there is no rule `hebbb` that bouton knows; did you mean `hebb`?, and `rules/hebbb.rule`: cannot read the file",
    );
    refused("rules = \"../rules\"", "rule = \"slow\"", "a model reads files of its own folder only");
    refused("rules = 3", "rule = \"hebb\"", "rules: expected text, found 3");
    refused("", "rule = \"slow\"", "unknown type `slow`");
    // A folder that the user names lies anywhere, and takes the place of the model's.
    let named = std::fs::canonicalize(folder().join("rules")).unwrap();
    let options = LoadOptions { rules: Some(named.clone()), ..LoadOptions::default() };
    let elsewhere = FolderFiles::new(std::env::temp_dir(), false);
    let text = with("rules = \"none\"", "rule = \"slow\"");
    let e = parse(&text, &elsewhere, &options).unwrap_err().to_string();
    assert!(e.contains("a model reads files of its own folder only"), "{e}");
    let files = elsewhere.also(&named);
    assert_eq!(parse(&text, &files, &options).unwrap().files.len(), 1);
    let upwards = named.join("../two.npy").display().to_string();
    let e = FileDigest::of(&files, &upwards).unwrap_err().to_string();
    assert!(e.contains("a link leads out of the folder"), "{e}");
}

#[test]
fn the_example_of_each_library_rule_runs_and_learns() {
    let rules = kinds().into_iter().find(|k| k.name == "rules").unwrap();
    let texts = rules.elements.iter().filter(|e| e.page.contains("```toml\nformat = 1\n"));
    let mut names = vec![];
    for e in texts {
        let example = e.page.split("```toml\n").nth(1).and_then(|b| b.split("```").next()).unwrap();
        assert!(example.contains(&format!("type = \"{}\"", e.name)), "{}", e.name);
        let network = read(example).unwrap_or_else(|m| panic!("{}: {m}", e.name)).network;
        let c = network.find_connection("learned").unwrap();
        let (_, post, learns) = network.get_connection(c).unwrap();
        let learned = |sim: &Simulator| match (learns.rules[0].changes(), post.object) {
            (Changes::Encoders, Object::Ensemble(e)) => sim.encoders(e).unwrap(),
            _ => sim.weights(c).unwrap(),
        };
        let mut sim = Simulator::new(&network).unwrap();
        let before = learned(&sim);
        sim.run(0.5).unwrap();
        let after = learned(&sim);
        let moved =
            before.values().iter().zip(after.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        // Oja's rule starts at 0 as the others do: its first term alone moves it.
        assert!(moved > 0.0 && moved.is_finite(), "{}: {moved}", e.name);
        names.push(e.name);
    }
    assert!(
        bouton_rules::LIBRARY.iter().all(|l| names.contains(&l.name)) && names.contains(&"rls"),
        "{names:?}"
    );
}

#[test]
fn the_ways_to_name_a_rule_on_its_page_are_read() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md");
    let page = std::fs::read_to_string(path).unwrap();
    let ways = page.split("```toml\n").nth(1).and_then(|b| b.split("```").next()).unwrap();
    assert_eq!(ways.lines().count(), 3);
    for way in ways.lines() {
        let made = rule(&model(&way.replace("my.rule", "hebb_with_decay.rule"), ""));
        assert!(made.as_text().is_some(), "{way}");
    }
}
