//! Several rules on one connection, and bounds of its weights.

use bouton_model::{ConnectionId, Object, Target};

use crate::{read, refused};

/// A model with a connection `c` that has these lines, and further lines behind it.
fn model(lines: &str, behind: &str) -> String {
    format!(
        "format = 1\n[ensembles.a]\nn_neurons = 10\n[nodes.s]\nconstant = 1.0\n[nodes.out]\npassthrough = 1\n\
         [[connections]]\nname = \"c\"\npre = \"a\"\npost = \"out\"\n{lines}\n{behind}"
    )
}

const TWO: &str = "rules = [\"pes\", { type = \"pes\", learning_rate = 1e-3 }]\nbounds = [-inf, 2]";

#[test]
fn several_rules_are_read_in_their_order_and_named_by_number() {
    let behind = "[[connections]]\npre = \"s\"\npost = \"c.rules.1\"\n[probes.e]\ntarget = \"c.rules.0.error\"\n\
                  [probes.d]\ntarget = \"c.rules.1.delta\"\n[probes.a]\ntarget = \"c.rules.1.activities\"";
    let net = read(&model(TWO, behind)).unwrap().network;
    let c = net.find_connection("c").unwrap();
    let (.., found) = net.get_connection(c).unwrap();
    assert_eq!((found.rules.len(), found.bounds), (2, Some((f64::NEG_INFINITY, 2.0))));
    assert!(format!("{:?}", found.rules[1]).contains("learning_rate: 0.001"));
    let (_, post, _) = net.get_connection(ConnectionId::from_index(1)).unwrap();
    let Object::Rule(rule) = post.object else { panic!("{post:?}") };
    assert_eq!((rule.connection.index(), rule.number, net.rule_path(rule)), (0, 1, "c.rules.1".into()));
    let targets: Vec<&Target> = net.probes().map(|p| &net.get_probe(p).unwrap().target).collect();
    let paths: Vec<String> = targets.iter().map(|t| net.target_path(t)).collect();
    assert_eq!(paths, ["c.rules.0.error", "c.rules.1.delta", "c.rules.1.activities"]);
    // A list of one is one rule, which can be named either way.
    for name in ["c.rule", "c.rules.0"] {
        let behind =
            format!("[[connections]]\npre = \"s\"\npost = \"{name}\"\n[probes.p]\ntarget = \"{name}.delta\"");
        let net = read(&model("rules = [\"pes\"]", &behind)).unwrap().network;
        let p = net.find_probe("p").unwrap();
        assert_eq!(net.target_path(&net.get_probe(p).unwrap().target), "c.rule.delta");
    }
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let post = |name: &str| format!("[[connections]]\npre = \"s\"\npost = \"{name}\"");
    let at = |line: usize, rest: &str| format!("line {line}: connections{rest}");
    for (lines, behind, expected) in [
        (
            "rule = \"pes\"\nrules = [\"pes\"]",
            String::new(),
            at(
                13,
                "[0] (c).rules: there is a `rule` and `rules`; leave one of them out, or put the rule into the list",
            ),
        ),
        (
            "rules = []",
            String::new(),
            at(12, "[0] (c).rules: an empty list of rules does nothing; leave it out"),
        ),
        (
            "rule = \"pes\"\nbounds = [1]",
            String::new(),
            at(13, "[0] (c).bounds: expected two numbers, the lowest and the highest weight, found 1"),
        ),
        (
            "rule = \"pes\"\nbounds = [1, -1]",
            String::new(),
            "c: `bounds` must be two numbers, the first below the second, found 1 and -1 (line 8)".into(),
        ),
        (
            "bounds = [0, 1]",
            String::new(),
            "c: `bounds` says what rules may do, and the connection has none; leave it out (line 8)".into(),
        ),
        (TWO, post("c.rule"), at(16, "[1].post: `c` has 2 rules; say which: `rules.0`, `rules.1`, …")),
        (TWO, post("c.rules.2"), at(16, "[1].post: `c` has no rule 2: it has 2, counted from 0")),
        (
            TWO,
            post("c.rules.x"),
            at(16, "[1].post: `c`: after `rules` stands a rule's number, from 0, as in `rules.0`"),
        ),
    ] {
        refused(&model(lines, &behind), &expected);
    }
    let bare = read(&model(TWO, "[probes.p]\ntarget = \"c.rules.0\"")).err().unwrap();
    assert!(bare.starts_with("line 15: probes.p.target: `c.rules.0` can't be recorded"), "{bare}");
}

#[test]
fn a_mask_is_read_and_keeps_rules_from_its_weights() {
    let error = "[[connections]]\npre = \"s\"\npost = \"c.rule\"";
    let mask = "mask = [[1, 0, true, false, 1, 1, 1, 1, 0, 1]]";
    let rule = "rule = { type = \"pes\", learning_rate = 1e-3 }";
    // All neurons fire at rest, so that the rule wants a change of every weight.
    let text = model(&format!("{rule}\n{mask}"), error).replacen("10\n", "10\nintercepts = -0.5\n", 1);
    let net = read(&text.replacen('\n', "\nseed = 1\n", 1)).unwrap().network;
    let c = net.find_connection("c").unwrap();
    let open = [1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0];
    assert_eq!(net.get_connection(c).unwrap().2.mask.as_ref().unwrap().values(), open);
    let mut sim = bouton::Simulator::new(&net).unwrap();
    let before = sim.weights(c).unwrap();
    sim.run(0.3).unwrap();
    let after = sim.weights(c).unwrap();
    let changed: Vec<f64> =
        before.values().iter().zip(after.values()).map(|(a, b)| f64::from(u8::from(a != b))).collect();
    assert_eq!(changed, open);
}

#[test]
fn masks_that_make_no_sense_are_refused() {
    for (mask, expected) in [
        (
            "[[1, 2]]",
            "line 13: connections[0] (c).mask[0][1]: expected true or false or a whole number from 0 to 1, found 2",
        ),
        (
            "[[1, 1], [1]]",
            "line 13: connections[0] (c).mask: all rows must have as many numbers: row 0 has 2, row 1 has 1",
        ),
        ("true", "line 13: connections[0] (c).mask: expected a list of rows, found true"),
        (
            "[[true], [true]]",
            "c: `mask` must be 1 × 10 (post × pre), as the weights are, found 2 × 1 (line 8)",
        ),
    ] {
        refused(&model(&format!("rule = \"pes\"\nmask = {mask}"), ""), expected);
    }
    let alone = model("mask = [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]]", "");
    refused(&alone, "c: `mask` says what rules may do, and the connection has none; leave it out (line 8)");
}
