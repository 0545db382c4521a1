//! Several rules on one connection, and what limits what they make of its weights.

use bouton::prelude::*;

/// Ten neurons onto two values, with a matrix of weights.
fn learner(connection: Connection) -> (Network, ConnectionId) {
    let mut net = Network::with_seed(1);
    let a = net.ensemble("a", Ensemble::new(10, 1));
    let out = net.node("out", Output::passthrough(2));
    let c = net.connect_as("c", a.neurons(), out, connection.transform(Matrix::filled(2, 10, 0.0)));
    (net, c)
}

#[test]
fn rules_of_a_connection_are_named_by_their_numbers() {
    let second = RuleFunction::new("second", |_| Ok(())).error().pre_filtered(0.01);
    let (mut net, c) = learner(Connection::new().learn(Mpes::default()).learn(Pes::new(1e-3)));
    assert_eq!((net.rule_path(c.rule()), c.rule()), ("c.rule".into(), RuleId::from(c)));
    net.also_learn(c, second).unwrap();
    assert_eq!(net.rule_path(c.rule()), "c.rules.0");
    assert_eq!(
        (net.get_rule(c.rule()).unwrap().name(), net.get_rule(c.rule_at(1)).unwrap().name()),
        ("pes", "second")
    );
    let error = net.node("error", Output::passthrough(2));
    for k in 0..2 {
        net.connect(error, c.rule_at(k), Connection::new());
    }
    let half = net.connect(error.slice(0..1), c.rule_at(1).slice(1..2), Connection::new());
    assert_eq!(net.connection_path(half), "error[0]→c.rules.1[1]");
    for (target, path) in [
        (Target::rule_error(c), "c.rules.0.error"),
        (Target::rule_delta(c.rule_at(1)), "c.rules.1.delta"),
        (Target::rule_signal(c.rule_at(1), "pre_filtered"), "c.rules.1.pre_filtered"),
    ] {
        assert_eq!(net.target_path(&target), path);
        net.probe(path, Probe::of(target));
    }
    net.validate(0.001).unwrap();
    // Another rule in place of all.
    let mut one = net.clone();
    one.learn(c, Pes::new(1e-3)).unwrap();
    let e = one.validate(0.001).unwrap_err().to_string();
    assert!(e.starts_with("c: the connection has no learning rule 1: it has 1, counted from 0"), "{e}");
    net.connect(error, c.rule_at(2), Connection::new());
    let e = net.validate(0.001).unwrap_err().to_string();
    assert!(e.contains("no learning rule 2: it has 2"), "{e}");
}

#[test]
fn every_rule_is_checked() {
    let bad = RuleFunction::new("bad", |_| Ok(())).parameter("k", f64::NAN);
    let (net, _) = learner(Connection::new().learn(Pes::new(1e-3)).also_learn(bad));
    let e = net.validate(0.001).unwrap_err().to_string();
    assert!(e.starts_with("c.rules.1: rule `bad`: the parameter `k` must be finite"), "{e}");
}

#[test]
fn bounds_and_masks_that_make_no_sense_are_refused() {
    let pes = || Connection::new().learn(Pes::new(1e-3));
    for (connection, part) in [
        (
            pes().bounds(1.0, 1.0),
            "c: `bounds` must be two numbers, the first below the second, found 1 and 1",
        ),
        (pes().bounds(f64::NAN, 1.0), "found NaN and 1"),
        (pes().bounds(f64::INFINITY, f64::INFINITY), "found inf and inf"),
        (Connection::new().bounds(0.0, 1.0), "`bounds` says what rules may do, and the connection has none"),
        (Connection::new().mask(Matrix::filled(2, 10, 1.0)), "`mask` says what rules may do"),
        (
            pes().mask(Matrix::filled(10, 2, 1.0)),
            "`mask` must be 2 × 10 (post × pre), as the weights are, found 10 × 2",
        ),
        (
            pes().mask(Matrix::from_fn(2, 10, |r, _| 0.5 * r as f64)),
            "`mask` must hold zeros and ones, found 0.5 at (1, 0)",
        ),
    ] {
        let e = learner(connection).0.validate(0.001).unwrap_err().to_string();
        assert!(e.contains(part), "{e}");
    }
    let inf = f64::INFINITY;
    let good = pes().bounds(-inf, inf).mask(Matrix::filled(2, 10, 1.0));
    learner(good).0.validate(0.001).unwrap();
    // Decoders are masked by value and neuron, a weight solver's weights by neuron and neuron.
    let full = LstsqL2 { weights: true, ..LstsqL2::default() };
    for (solver, rows) in [(LstsqL2::default(), 1), (full, 5)] {
        let mut net = Network::with_seed(1);
        let (a, b) = (net.ensemble("a", Ensemble::new(10, 1)), net.ensemble("b", Ensemble::new(5, 1)));
        let c = net.connect(a, b, pes().solver(solver).mask(Matrix::filled(rows, 10, 0.0)));
        net.validate(0.001).unwrap();
        net.get_connection_mut(c).unwrap().mask = Some(Matrix::filled(2, 10, 0.0));
        let e = net.validate(0.001).unwrap_err().to_string();
        assert!(e.contains(&format!("`mask` must be {rows} × 10")), "{e}");
    }
    let mut net = Network::with_seed(1);
    let (a, b) = (net.ensemble("a", Ensemble::new(10, 1)), net.ensemble("b", Ensemble::new(5, 1)));
    let devices = Connection::new().devices(DeviceSpec::default()).learn(Mpes::default());
    net.connect_as("d", a.neurons(), b.neurons(), devices.clone().mask(Matrix::filled(5, 10, 1.0)));
    net.validate(0.001).unwrap();
    net.connect_as("e", a.neurons(), b.neurons(), devices.bounds(0.0, 1.0));
    let e = net.validate(0.001).unwrap_err().to_string();
    assert!(e.starts_with("e: the weights are made of devices, which have bounds of their own"), "{e}");
}

/// A learner's weights after some steps.
fn learned(c: Connection, steps: u64) -> Matrix {
    let (net, c) = learner(c);
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(steps).unwrap();
    sim.weights(c).unwrap()
}
