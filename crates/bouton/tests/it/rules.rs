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
    assert!(e.starts_with("c.rules.1: rule `bad`: `k` must be a finite number"), "{e}");
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

/// A rule that wants the same change of each weight in each step, by a matrix that it is given.
fn constant(name: &str, delta: [f64; 20]) -> RuleFunction {
    RuleFunction::new(name, move |s| {
        s.delta.copy_from_slice(&delta);
        Ok(())
    })
}

/// The weights of a learner after some steps.
fn weights_after(c: Connection, steps: u64) -> Matrix {
    let (net, c) = learner(c);
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(steps).unwrap();
    sim.weights(c).unwrap()
}

#[test]
fn the_changes_of_several_rules_add_up() {
    let (up, down) =
        (std::array::from_fn(|k| k as f64), std::array::from_fn(|k| if k < 10 { -1.0 } else { 0.5 }));
    let connection = || Connection::new().learn(constant("up", up)).also_learn(constant("down", down));
    // The change of step t acts in step t + 1.
    let w = weights_after(connection(), 4);
    for k in 0..20 {
        assert_eq!(w.values()[k], 3.0 * (up[k] + down[k]), "weight {k}");
    }
    // One that acts at once is a step ahead.
    let w = weights_after(
        Connection::new().learn(constant("up", up).now()).also_learn(constant("down", down)),
        4,
    );
    for k in 0..20 {
        assert_eq!(w.values()[k], 4.0 * up[k] + 3.0 * down[k], "weight {k}");
    }
}

#[test]
fn each_rule_has_an_error_and_a_state_of_its_own() {
    let own = |name: &str| {
        let rule = RuleFunction::new(name, |s| {
            let sum = s.error[0] + s.error[1];
            s.state("sum")?[0] += sum;
            let sum = s.state("sum")?[0];
            s.delta.fill(sum);
            Ok(())
        });
        rule.error().state("sum", Over::One, 0.0)
    };
    let (mut net, c) = learner(Connection::new().learn(own("a")).also_learn(own("b")));
    let (one, ten) = (net.node("one", vec![1.0, 0.0]), net.node("ten", vec![0.0, 10.0]));
    net.connect(one, c.rule_at(0), Connection::new().no_synapse());
    net.connect(ten, c.rule_at(1), Connection::new().no_synapse());
    let p = [0, 1].map(|k| net.probe(&format!("p{k}"), Probe::of(Target::rule_signal(c.rule_at(k), "sum"))));
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(3).unwrap();
    assert_eq!(sim.data(p[0]).unwrap().values, [1.0, 2.0, 3.0]);
    assert_eq!(sim.data(p[1]).unwrap().values, [10.0, 20.0, 30.0]);
    assert_eq!(sim.weights(c).unwrap().values(), [33.0; 20]);
}

#[test]
fn bounds_and_a_mask_limit_what_rules_do_and_nothing_else() {
    let delta = std::array::from_fn(|k| if k % 2 == 0 { 1.0 } else { -1.0 });
    let mask = Matrix::from_fn(2, 10, |r, k| f64::from(u8::from(r == 0 && k < 4)));
    let c = Connection::new().learn(constant("d", delta)).bounds(-2.5, 1.5).mask(mask);
    let (net, c) = learner(c);
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(10).unwrap();
    let w = sim.weights(c).unwrap();
    assert_eq!(w.values()[..6], [1.5, -2.5, 1.5, -2.5, 0.0, 0.0]);
    assert!(w.values()[6..].iter().all(|x| *x == 0.0));
    // An edit may go beyond; what a rule then makes of it is bounded again, and what is masked stays as it was set.
    sim.edit_weights(c, |w| {
        w.fill(7.0);
        Ok(())
    })
    .unwrap();
    sim.run_steps(1).unwrap();
    let w = sim.weights(c).unwrap();
    assert_eq!(w.values()[..6], [1.5, 1.5, 1.5, 1.5, 7.0, 7.0]);
    // Both are live.
    sim.write("c.bounds", Pick::All, [0.0, 100.0]).unwrap();
    sim.unfreeze(c).unwrap();
    sim.run_steps(2).unwrap();
    let w = sim.weights(c).unwrap();
    assert_eq!(w.values()[..6], [3.5, 0.0, 3.5, 0.0, 9.0, 5.0]);
}

#[test]
fn weights_that_start_outside_their_bounds_are_refused_where_rules_may_change_them() {
    let built = |low: f64, high: f64, mask: Option<Matrix>| {
        let mut net = Network::with_seed(1);
        let a = net.ensemble("a", Ensemble::new(3, 1));
        let out = net.node("out", Output::passthrough(2));
        let start = Matrix::new(2, 3, vec![0.0, 0.5, 1.0, 0.25, -0.5, 0.0]).unwrap();
        let mut c = Connection::new().learn(Pes::new(1e-3)).bounds(low, high).transform(start);
        c.mask = mask;
        net.connect_as("c", a.neurons(), out, c);
        Simulator::new(&net).map(|_| ()).map_err(|e| e.to_string())
    };
    // The bounds themselves hold; 1 % less doesn't.
    built(-0.5, 1.0, None).unwrap();
    let e = built(-0.5, 0.99, None).unwrap_err();
    assert_eq!(
        e,
        "c: the weight (0, 2) (post, pre) starts at 1, and `bounds` are -0.5 and 0.99; give bounds that hold it, other \
         weights to start with (`transform`, `solver`, `function`), or a `mask` that keeps rules from it"
    );
    let e = built(-0.495, 1.0, None).unwrap_err();
    assert!(e.contains("the weight (1, 1) (post, pre) starts at -0.5, and `bounds` are -0.495 and 1"), "{e}");
    // What rules may not change isn't bounded.
    let mask = |at: usize| Matrix::new(2, 3, (0..6).map(|k| f64::from(u8::from(k != at))).collect());
    built(-0.495, 1.0, mask(4)).unwrap();
    assert!(built(-0.495, 1.0, mask(2)).is_err());
    // Solved decoders are weights that start somewhere, too.
    let mut net = Network::with_seed(1);
    let (a, out) = (net.ensemble("a", Ensemble::new(30, 1)), net.node("out", Output::passthrough(1)));
    net.connect_as("d", a, out, Connection::new().learn(Pes::new(1e-3)).bounds(0.0, 1.0));
    let e = Simulator::new(&net).err().unwrap().to_string();
    assert!(e.starts_with("d: the weight (0, ") && e.contains("starts at -"), "{e}");
}

#[test]
fn parameters_that_start_outside_their_bounds_are_refused() {
    let rate = |value: f64| {
        let bounds = bouton::elements::var::Bounds { high: 2.0, ..bouton::elements::var::Bounds::POSITIVE };
        let var = bouton::elements::var::Var::parameter("rate", "1/s", value, bounds, "rate of decay");
        learner(Connection::new().learn(RuleFunction::new("decay", |_| Ok(())).var(var)))
    };
    let e = rate(2.02).0.validate(0.001).unwrap_err().to_string();
    assert_eq!(e, "c: rule `decay`: `rate` must be a finite number greater than 0 and at most 2, found 2.02");
    let (net, c) = rate(2.0);
    let mut sim = Simulator::new(&net).unwrap();
    // The same bounds while it runs, with unit and meaning.
    let e = sim.set_rule_parameter(c, "rate", 2.02).unwrap_err().to_string();
    assert!(e.contains("at most 2"), "{e}");
    sim.set_rule_parameter(c, "rate", 1.0).unwrap();
    assert!(sim.paths().any(|(path, doc)| path == "c.rule.rate" && doc == "rate of decay"));
}

#[test]
fn a_state_of_a_rule_may_be_some_numbers() {
    use bouton::elements::var::{Start, Var};
    let rule = RuleFunction::new("counts", |s| {
        let states = s.state("counts")?;
        (states[0], states[2]) = (states[0] + 1.0, states[2] - 1.0);
        Ok(())
    });
    let var = |n| Var::state("counts", "", Over::Numbers(n), Start::Values(vec![0.0, 5.0, 10.0]), "counts");
    let (mut net, c) = learner(Connection::new().learn(rule.clone().var(var(3))));
    let p = net.probe("p", Probe::of(Target::rule_signal(c, "counts")));
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(2).unwrap();
    assert_eq!(sim.data(p).unwrap().values, [1.0, 5.0, 9.0, 2.0, 5.0, 8.0]);
    let e = learner(Connection::new().learn(rule.var(var(2)))).0.validate(0.001).unwrap_err().to_string();
    assert!(e.contains("the state `counts` must be over one"), "{e}");
}

/// A learner on devices, from neurons onto neurons.
fn device_learner(rule: impl Into<LearningRule>, gate: Gate) -> (Network, ConnectionId) {
    device_learners([rule.into()], gate)
}

/// The same with several rules, of which the first is given the error.
fn device_learners(rules: impl IntoIterator<Item = LearningRule>, gate: Gate) -> (Network, ConnectionId) {
    let mut net = Network::with_seed(3);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (20.0 * t).sin()));
    let (a, b) = (net.ensemble("a", Ensemble::new(30, 1)), net.ensemble("b", Ensemble::new(20, 1)));
    net.connect(stim, a, Connection::new().no_synapse());
    let policy = SinglePulse { gate, ..SinglePulse::default() }.into();
    let devices = DeviceSpec { spread: 0.15, policy, ..DeviceSpec::default() };
    let c = rules.into_iter().fold(Connection::new().devices(devices), Connection::also_learn);
    let c = net.connect_as("c", a.neurons(), b.neurons(), c);
    let error = net.node("error", Output::passthrough(1));
    net.connect(b, error, Connection::new());
    net.connect(stim, error, Connection::new().transform(-1.0));
    net.connect(error, c.rule_at(0), Connection::new());
    (net, c)
}

#[test]
fn several_rules_on_the_same_devices_give_what_one_gives_that_wants_all_of_it() {
    // Up in even columns, down in odd ones; the sides of one rule, or a rule a side.
    let wants = |name: &str, up: f64, down: f64| {
        RuleFunction::new(name, move |s| {
            for (k, d) in s.delta.iter_mut().enumerate() {
                *d = if k % s.shape.1 % 2 == 0 { up } else { down };
            }
            Ok(())
        })
    };
    let learns = |rules: Vec<LearningRule>| {
        let (net, c) = device_learners(rules, Gate::Spike);
        let mut sim = Simulator::new(&net).unwrap();
        sim.run(0.1).unwrap();
        sim.freeze_where(c, |row, _| row < 10).unwrap();
        sim.run(0.1).unwrap();
        let d = sim.devices(c).unwrap();
        (d.column(Side::Plus, "pulses"), d.column(Side::Minus, "pulses"), sim.weights(c).unwrap())
    };
    let one = learns(vec![wants("both", 1.0, -1.0).error().into()]);
    let two = learns(vec![wants("up", 1.0, 0.0).error().into(), wants("down", 0.0, -1.0).into()]);
    assert!(one.0.iter().chain(&one.1).sum::<f64>() > 200.0);
    assert!(one == two, "two rules give other pulses than one");
    // Two that want the same give each pulse twice.
    let twice = learns(vec![wants("both", 1.0, -1.0).error().into(), wants("again", 1.0, -1.0).into()]);
    assert!(twice.0.iter().zip(&one.0).all(|(two, one)| *two == 2.0 * one));
}

#[test]
fn pes_by_single_pulses_is_mpes_to_the_bit() {
    for gate in [Gate::Filtered, Gate::Spike] {
        let policy = SinglePulse { gate, ..SinglePulse::default() }.into();
        let mpes = Mpes { policy, ..Mpes::default() };
        let mut sims = [
            device_learner(mpes, Gate::Filtered),
            device_learner(Pes::new(1e-4), gate),
            // The rate is the devices' affair: any will do, but none.
            device_learner(Pes::new(3.0), gate),
            device_learner(Pes::new(0.0), gate),
        ]
        .map(|(net, c)| (Simulator::new(&net).unwrap(), c));
        let start = sims[0].0.weights(sims[0].1).unwrap();
        for (sim, _) in &mut sims {
            sim.run(0.3).unwrap();
        }
        let w = |k: usize| {
            let (sim, c): &(Simulator, ConnectionId) = &sims[k];
            let d = sim.devices(*c).unwrap();
            (sim.weights(*c).unwrap(), d.column(Side::Plus, "pulses"), d.column(Side::Minus, "count"))
        };
        assert!(w(0).1.iter().sum::<f64>() > 1000.0, "{gate:?}: hardly a pulse");
        assert!(w(0) == w(1) && w(0) == w(2), "{gate:?}: PES and mPES part");
        assert!(w(3).0 == start && w(3).1.iter().all(|n| *n == 0.0), "a rate of zero pulses");
    }
}

#[test]
fn a_rule_function_gives_pulses_by_the_sign_of_each_weights_change() {
    // Up in even columns, down in odd ones, whatever the error.
    let checker = || {
        RuleFunction::new("checker", |s| {
            for (k, d) in s.delta.iter_mut().enumerate() {
                *d = if k % s.shape.1 % 2 == 0 { 1.0 } else { -1.0 };
            }
            Ok(())
        })
        .error()
    };
    let (net, c) = device_learner(checker(), Gate::Spike);
    let mut sim = Simulator::new(&net).unwrap();
    let spikes = sim.attach("a.neurons.voltage").unwrap();
    sim.run(0.2).unwrap();
    let d = sim.devices(c).unwrap();
    let (plus, minus) = (d.column(Side::Plus, "pulses"), d.column(Side::Minus, "pulses"));
    assert!(plus.iter().sum::<f64>() > 100.0 && minus.iter().sum::<f64>() > 100.0);
    for k in 0..600 {
        let (wrong, right) = if k % 30 % 2 == 0 { (minus[k], plus[k]) } else { (plus[k], minus[k]) };
        assert_eq!(wrong, 0.0, "synapse {k} was pulsed the other way");
        // Every row of a column is open when its neuron spikes.
        assert_eq!(right, if k % 30 % 2 == 0 { plus[k % 30] } else { minus[k % 30] });
    }
    sim.detach(spikes).unwrap();
    // What is frozen gets no pulse.
    sim.freeze_where(c, |row, _| row < 10).unwrap();
    sim.run(0.1).unwrap();
    let after = sim.devices(c).unwrap().column(Side::Plus, "pulses");
    assert_eq!(after[..300], plus[..300]);
    assert!(after[300..].iter().sum::<f64>() > plus[300..].iter().sum::<f64>());
}

#[test]
fn a_dense_rule_is_silent_as_a_whole_within_the_dead_band() {
    let tiny = RuleFunction::new("tiny", |s| {
        s.delta.fill(1e-6);
        Ok(())
    })
    .error();
    let (net, c) = device_learner(tiny, Gate::Filtered);
    let mut sim = Simulator::new(&net).unwrap();
    sim.run(0.1).unwrap();
    assert_eq!(sim.devices(c).unwrap().pulses(), 0);
    sim.write("c.policy.dead_band", Pick::All, [1e-7]).unwrap();
    sim.run(0.1).unwrap();
    assert!(sim.devices(c).unwrap().pulses() > 0);
}
