//! Timed commands: what they are read as, and each kind of mistake with its words.

use bouton_file::{LoadOptions, NoFiles, parse};
use bouton_model::{Action, Part, To, When};

const MODEL: &str = "format = 1\nseed = 1\n[ensembles.a]\nn_neurons = 3\n[nodes.out]\npassthrough = 2\n\
    [[connections]]\nname = \"c\"\npre = \"a.neurons\"\npost = \"out\"\ntransform = { zeros = true }\n\
    rule = { type = \"pes\" }\n[[commands]]\n";

fn read(command: &str) -> Result<bouton_file::Model, String> {
    parse(&format!("{MODEL}{command}"), &NoFiles, &LoadOptions::default()).map_err(|e| e.to_string())
}

#[test]
fn commands_are_read() {
    let m = read("at = 1\nset = \"c.weights\"\nrow = 1\nto = [1, 2, 3]\n[[commands]]\nevery = 0.5\nuntil = 2\nfreeze = \"c\"")
        .unwrap();
    let [set, freeze] = &m.commands[..] else { panic!() };
    assert_eq!(set.when, When::At(1.0));
    let to = To::List(vec![1.0, 2.0, 3.0]);
    assert_eq!(set.what, Action::Set { path: "c.weights".into(), part: Part::Row(1), to });
    assert_eq!(set.place, "commands[0] (line 13)");
    assert_eq!(freeze.when, When::Every { every: 0.5, from: 0.0, until: Some(2.0) });
    assert_eq!(freeze.what, Action::Freeze("c".into()));
    let rows = "at = 0\nset = \"c.weights\"\nto = [[1, 2, 3], [4, 5, 6]]";
    assert!(
        matches!(&read(rows).unwrap().commands[0].what, Action::Set { to: To::Rows(r), .. } if r.len() == 2)
    );
}

#[test]
fn mistakes_are_named_with_their_line() {
    for (text, says) in [
        ("freeze = \"c\"", "line 13: commands[0]: a command needs a time: `at` or `every`"),
        ("at = 1\nevery = 1\nfreeze = \"c\"", "line 15: commands[0].every: there is `at` as well"),
        ("at = 1", "needs exactly one of `set`, `freeze` and `thaw`, found none"),
        ("at = 1\nfreeze = \"c\"\nthaw = \"c\"", "found freeze and thaw"),
        ("at = 1\nfrom = 1\nfreeze = \"c\"", "line 15: commands[0].from: goes with `every`"),
        ("at = 1\nset = \"c.weights\"", "`set` needs `to`"),
        (
            "at = 1\nfreeze = \"c\"\nto = 1",
            "line 16: commands[0].to: goes with `set`, and this command has `freeze`",
        ),
        ("at = 1\nset = \"c.weights\"\nto = 1\nrow = 1\ncolumn = 1", "there is `row` as well"),
        ("at = 1\nset = \"c.weights\"\nto = 1\nelement = [1]", "expected `[row, column]`, found 1 numbers"),
        ("at = -1\nfreeze = \"c\"", "at least 0, found -1"),
        ("att = 1\nfreeze = \"c\"", "unknown field `att`"),
    ] {
        let e = read(text).unwrap_err();
        assert!(e.contains(says), "{text}: {e}");
    }
}

#[test]
fn paths_and_values_are_checked_before_the_run() {
    for (text, says) in [
        ("at = 1\nset = \"c.weihgts\"\nto = 1", "there is nothing of that path; did you mean `c.weights`?"),
        ("at = 1\nfreeze = \"d\"", "there is no connection of that name"),
        (
            "at = 1\nset = \"c.weights\"\nto = [1, 2]",
            "`to` takes a number, or 6 in the shape 2 × 3; found a list of 2",
        ),
        (
            "at = 1\nset = \"c.weights\"\nrow = 1\nto = [[1, 2]]",
            "in the shape 1 × 3; found 1 rows, the first of 2",
        ),
        ("at = 1\nset = \"c.weights\"\nrow = 2\nto = 1", "there is no row 2"),
        ("at = 1\nset = \"c.weights\"\nto = inf", "finite"),
        ("at = 1\nset = \"c.synapse.tau\"\nto = -1", "found -1"),
        ("every = 1e-4\nfreeze = \"c\"", "`every` must be at least a time step of 0.001 s"),
        ("every = 1\nfrom = 2\nuntil = 1\nfreeze = \"c\"", "is before `from`"),
    ] {
        let m = read(text).unwrap();
        let mut sim = bouton::Simulator::new(&m.network).unwrap();
        let e = bouton::Schedule::new(&mut sim, &m.commands).unwrap_err().to_string();
        assert!(e.starts_with("commands[0] (line 13): ") && e.contains(says), "{text}: {e}");
        assert_eq!(sim.log().entries().len(), 0);
    }
}

#[test]
fn commands_come_at_their_steps() {
    let text = "every = 0.0025\nfrom = 0.002\nuntil = 0.01\nset = \"c.weights\"\nelement = [1, 2]\nto = 0.5\n\
        [[commands]]\nat = 0.003\nfreeze = \"c\"\n[[commands]]\nat = 0.003\nthaw = \"c\"";
    let m = read(text).unwrap();
    let mut sim = bouton::Simulator::new(&m.network).unwrap();
    let schedule = bouton::Schedule::new(&mut sim, &m.commands).unwrap();
    schedule.run_to(&mut sim, 20).unwrap();
    let steps: Vec<u64> = sim.log().entries().map(|e| e.step).collect();
    // 0.0045 s and 0.0095 s are between two steps of 1 ms.
    assert_eq!(steps, [2, 3, 3, 5, 7, 10]);
    let log: Vec<_> = sim.log().entries().cloned().collect();
    // In pieces, and through a checkpoint, nothing else comes of it.
    let mut pieces = bouton::Simulator::new(&m.network).unwrap();
    schedule.run_to(&mut pieces, 3).unwrap();
    let c = pieces.save().unwrap();
    let mut pieces = bouton::Simulator::new(&m.network).unwrap();
    pieces.load(&c).unwrap();
    schedule.run_to(&mut pieces, 20).unwrap();
    let again: Vec<_> = pieces.log().entries().map(|e| e.digest).collect();
    assert_eq!(again, log.iter().map(|e| e.digest).collect::<Vec<_>>());
    // A replay of the log has the same weights, and a log that was changed is found out.
    let mut replayed = bouton::Simulator::new(&m.network).unwrap();
    replayed.replay(&log, 20).unwrap();
    let (pick, path) = (&bouton::prelude::Pick::All, "c.weights");
    assert_eq!(replayed.read(path, pick).unwrap(), sim.read(path, pick).unwrap());
    let e = bouton::Simulator::new(&m.network).unwrap().replay(&log[1..], 20).unwrap_err().to_string();
    assert!(e.contains("lost entry 0"), "{e}");
}
