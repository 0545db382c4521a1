//! A user's mistake is an error that names the object and says a way out: never a panic, never silence, never NaN that
//! goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bouton::prelude::*;

/// The error of a model that can't be built.
fn refused(net: &Network) -> String {
    match Simulator::new(net) {
        Err(e) => e.to_string(),
        Ok(_) => panic!("the model was built"),
    }
}

fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{message:?} does not contain {part:?}");
    }
}

fn population() -> (Network, EnsembleId, NodeId) {
    let mut net = Network::with_seed(1);
    let a = net.ensemble("a", Ensemble::new(20, 1));
    let out = net.node("out", Output::passthrough(1));
    (net, a, out)
}

#[test]
fn a_runaway_rule_stops_a_loop_of_steps_and_is_named() {
    let (mut net, a, out) = population();
    let c = net.connect_as("learned", a, out, Connection::new().learn(Pes::new(1e308)));
    let error = net.node("error", 1e10);
    net.connect(error, c.rule(), Connection::new().no_synapse());
    let mut sim = Simulator::new(&net).unwrap();
    let e = (0..2000).find_map(|_| sim.step().err()).expect("NaN went on in silence");
    says(&e.to_string(), &["learned.weights", "learning rate"]);
    assert!(sim.n_steps() <= 1000);
    // What is not finite can't be kept over a reset, nor mended weight by weight; it can be set, or reset.
    let e = sim.reset(Reset::KeepWeights).unwrap_err();
    says(&e.to_string(), &["learned.weights", "can't be kept"]);
    let e = sim.edit_weights(c, |w| {
        w[(0, 1)] = 0.0;
        Ok(())
    });
    says(&e.unwrap_err().to_string(), &["since the run went wrong", "in one edit"]);
    sim.edit_weights(c, |w| {
        w.fill(0.0);
        Ok(())
    })
    .unwrap();
    sim.reset(Reset::KeepWeights).unwrap();
    assert_eq!(sim.weights(c).unwrap().rms(), 0.0);
}

#[test]
fn numbers_that_are_not_finite_are_not_handed_to_callbacks() {
    let (mut net, a, _) = population();
    let c = net.connect(a.neurons(), a.neurons(), Connection::new().transform(Matrix::filled(20, 20, 1e-3)));
    let rule = RuleFunction::new("runs away", |s| {
        s.state[0][0] *= 1e200;
        Ok(())
    });
    net.learn(c, rule.state("s", Over::One, 1.0)).unwrap();
    let e = Simulator::new(&net).unwrap().run(0.1).unwrap_err();
    says(&e.to_string(), &["rule", "state `s`", "t = 0.002"]);

    let mut net = Network::with_seed(1);
    let big = net.node("big", 1e200);
    let sum = net.node("sum", Output::passthrough(1));
    let seen = net.node("seen", Output::function(1, 1, |_, x, y| y[0] = f64::from(u8::from(x[0] > 0.0))));
    net.connect(big, sum, Connection::new().no_synapse().transform(1e200));
    net.connect(sum, seen, Connection::new().no_synapse());
    let e = Simulator::new(&net).unwrap().run(0.1).unwrap_err();
    says(&e.to_string(), &["seen", "the input is inf", "t = 0.001"]);
}

#[test]
fn a_panic_in_a_callback_is_an_error_and_the_model_can_be_run_again() {
    let calls = Arc::new(AtomicU64::new(0));
    let count = calls.clone();
    let mut net = Network::with_seed(1);
    let node = net.node(
        "node",
        Output::of_time(1, move |_, y| {
            let k = count.fetch_add(1, Ordering::Relaxed);
            y[if k == 5 { 3 } else { 0 }] = 1.0;
        }),
    );
    let p = net.probe("p", Probe::new(node));
    let mut sim = Simulator::new(&net).unwrap();
    let e = sim.run_steps(10).unwrap_err();
    says(&e.to_string(), &["node: at t = 0.006", "panicked", "index"]);
    assert_eq!(sim.data(p).unwrap().rows(), 5);
    sim.reset(Reset::All).unwrap();
    sim.run_steps(10).unwrap();
    Simulator::new(&net).unwrap().run_steps(10).unwrap();

    let (mut net, a, out) = population();
    net.connect_as("bad", a, out, Connection::new().function(1, |x, y| y[0] = x[5]));
    says(&refused(&net), &["bad: the function failed", "panicked"]);

    let (mut net, a, out) = population();
    let rule = RuleFunction::new("bad", |s| {
        s.delta[99_999] = 1.0;
        Ok(())
    });
    net.connect_as("c", a, out, Connection::new().learn(rule));
    says(&Simulator::new(&net).unwrap().run_steps(3).unwrap_err().to_string(), &["c.rule", "panicked"]);
}

#[test]
fn given_parameters_that_are_not_finite_are_refused_by_name() {
    let nan = || vec![f64::NAN, 1.0];
    let e = || Ensemble::new(2, 1);
    for (ensemble, name) in [
        (e().gain_bias(nan(), vec![1.0, 1.0]), "gain"),
        (e().gain_bias(vec![1.0, 1.0], nan()), "bias"),
        (Ensemble { normalize_encoders: false, ..e().encoders(nan()) }, "encoders"),
        (e().initial_state("voltage", nan()), "voltage"),
        (e().eval_points(nan()), "eval_points"),
        (e().max_rates(nan()), "max_rates"),
    ] {
        let mut net = Network::with_seed(1);
        net.ensemble("a", ensemble);
        says(&refused(&net), &["a: ", &format!("`{name}`"), "finite, found NaN"]);
    }
    let (mut net, a, out) = population();
    net.connect_as("c", a, out, Connection::new().eval_points(nan()));
    says(&refused(&net), &["c: ", "`eval_points`", "NaN"]);
}

#[test]
fn what_single_precision_can_not_hold_is_refused() {
    let single =
        |net: &Network| Simulator::with(net, Options { precision: Precision::F32, ..Options::default() });
    let (mut net, a, out) = population();
    net.connect_as("big", a, out, Connection::new().transform(1e60));
    says(&single(&net).err().unwrap().to_string(), &["big.weights", "double precision"]);
    Simulator::new(&net).unwrap();

    let (mut net, a, out) = population();
    let c = Connection::new().devices(DeviceSpec::default()).learn(Mpes::default());
    let c = net.connect_as("devices", a, out, c);
    let mut sim = single(&net).unwrap();
    let w = sim.weights(c).unwrap();
    says(&sim.set_device_gain(c, 1e60).unwrap_err().to_string(), &["devices: ", "Nothing was written"]);
    assert_eq!(sim.weights(c).unwrap(), w);
    assert!(sim.devices(c).unwrap().gain() < 1e60);
    let e = sim.set_neuron_state(a, "voltage", &[1e300; 20]).unwrap_err();
    says(&e.to_string(), &["a: ", "`voltage`", "1e300 for neuron 0"]);
    let e = sim.set_neuron_state(a, "voltage", &[0.0; 2]).unwrap_err();
    says(&e.to_string(), &["takes 20 numbers", "found 2"]);
}

#[test]
fn probes_of_matrices_take_rows() {
    let mut net = Network::with_seed(1);
    let a = net.ensemble("a", Ensemble::new(4, 1));
    let b = net.ensemble("b", Ensemble::new(3, 1));
    let m = Matrix::from_fn(3, 4, |r, c| (10 * r + c) as f64);
    let plain = net.connect_as("plain", a.neurons(), b.neurons(), Connection::new().transform(m));
    let spec = DeviceSpec { spread: 0.1, ..DeviceSpec::default() };
    let devices = Connection::new().devices(spec).learn(Mpes::default());
    let devices = net.connect_as("devices", a.neurons(), b.neurons(), devices);
    let rows = net.probe("rows", Probe::weights(plain).slice(1..3));
    let target = || Target::Devices(devices, Side::Plus, DeviceQuantity::Conductance);
    let all = net.probe("all", Probe::of(target()));
    let some = net.probe("some", Probe::of(target()).slice(vec![2, 0]));
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(2).unwrap();
    assert_eq!(sim.data(rows).unwrap().row(1), [10.0, 11.0, 12.0, 13.0, 20.0, 21.0, 22.0, 23.0]);
    let all = sim.data(all).unwrap().row(1).to_vec();
    assert_eq!(sim.data(some).unwrap().row(1), [&all[8..], &all[..4]].concat());
    for (probe, part) in [
        (Probe::of(target()).slice(5..6), "0..3"),
        (Probe::of(target()).synapse(0.1), "`synapse`"),
        (Probe::weights(plain).slice(0..4), "0..3"),
        (Probe::weights(plain).slice(vec![0, 4]), "index 4 is out of range"),
        (Probe::of(Target::rule_delta(devices)), "no delta"),
    ] {
        let mut net = net.clone();
        net.probe("bad", probe);
        says(&refused(&net), &["bad: ", part]);
    }
}

#[test]
fn declarations_of_a_rule_are_checked_and_inputs_of_a_kind_are_numbered() {
    let rule = || RuleFunction::new("mine", |_| Ok(()));
    for (rule, part) in [
        (rule().pre_filtered(-1.0), "`tau`"),
        (rule().parameter("k", f64::NAN), "`k` must be a finite number"),
        (rule().state("s", Over::Pre, f64::INFINITY), "`s` must be a finite number"),
        (rule().parameter("k", 1.0).parameter("k", 2.0), "two things are called `k`"),
        (rule().state("s", Over::Pre, 0.0).state("s", Over::Post, 0.0), "two things are called `s`"),
    ] {
        let (mut net, a, out) = population();
        net.connect_as("c", a, out, Connection::new().learn(rule));
        says(&refused(&net), &["c: rule `mine`", part]);
    }
    // Inside, things have their names.
    type Ask = fn(&mut RuleFunctionStep<'_>) -> Result<(), Failure>;
    let asks: [(Ask, &str); 3] = [
        (|s| s.input("post").map(|_| ()), "no input `post`; the rule has declared: pre_filtered"),
        (|s| s.parameter("q").map(|_| ()), "no parameter `q`; the rule has declared: k"),
        (|s| s.state("u").map(|_| ()), "no state variable `u`: the rule has declared none"),
    ];
    for (ask, part) in asks {
        let (mut net, a, out) = population();
        let rule = RuleFunction::new("mine", move |s| {
            assert_eq!((s.input("pre_filtered")?.len(), s.parameter("k")?), (20, 3.0));
            ask(s)
        });
        let rule = rule.pre_filtered(0.005).parameter("k", 3.0);
        net.connect_as("c", a, out, Connection::new().learn(rule));
        says(&Simulator::new(&net).unwrap().run(0.1).unwrap_err().to_string(), &["c.rule", part]);
    }
    // Two traces of one spike train, as rules of spike timing need them.
    let (mut net, a, out) = population();
    let two = rule().pre_filtered(0.005).pre_spikes().pre_filtered(0.05);
    let c = net.connect(a, out, Connection::new().learn(two));
    let probe = |net: &mut Network, name: &str| net.probe(name, Probe::of(Target::rule_signal(c, name)));
    let (fast, slow) = (probe(&mut net, "pre_filtered"), probe(&mut net, "pre_filtered_2"));
    let mut sim = Simulator::new(&net).unwrap();
    sim.run(0.3).unwrap();
    let step = |p| {
        let y = sim.data(p).unwrap();
        y.values.windows(21).map(|w| (w[20] - w[0]).abs()).fold(0.0, f64::max)
    };
    assert!(step(fast) > 3.0 * step(slow) && step(slow) > 0.0);
}

#[test]
fn what_has_no_effect_is_an_error() {
    let (mut net, a, out) = population();
    let c = net.connect_as("plain", a, out, Connection::new());
    let mut sim = Simulator::new(&net).unwrap();
    says(&sim.freeze(c).unwrap_err().to_string(), &["plain: ", "no learning rule"]);
    says(&sim.unfreeze(c).unwrap_err().to_string(), &["plain: ", "no learning rule"]);
    says(&sim.run(0.0004).unwrap_err().to_string(), &["half a time step"]);
    sim.run(0.0).unwrap();

    let given = NoSolver { values: Some(vec![vec![0.0; 20]]), weights: false };
    let c = Connection::new().devices(DeviceSpec::default()).learn(Mpes::default()).solver(given);
    net.connect_as("devices", a, out, c);
    says(&refused(&net), &["devices: ", "no effect"]);

    let (mut net, a, _) = population();
    let solver = LstsqL2 { weights: true, ..LstsqL2::default() };
    net.probe("p", Probe { solver: solver.clone().into(), ..Probe::new(a) });
    says(&refused(&net), &["p: ", "`weights`"]);
    let (mut net, a, _) = population();
    net.probe("p", Probe { solver: solver.into(), ..Probe::new(a.neurons()) });
    says(&refused(&net), &["p: ", "decoded value"]);
}

#[test]
fn conductances_have_the_shape_of_the_weights() {
    let (mut net, a, out) = population();
    let c = Connection::new().devices(DeviceSpec::default()).learn(Mpes::default());
    let c = net.connect_as("devices", a, out, c);
    let mut sim = Simulator::new(&net).unwrap();
    let e = sim.set_conductances(c, Side::Plus, &Matrix::filled(20, 1, 1e-7)).unwrap_err();
    says(&e.to_string(), &["devices: ", "(1, 20)", "(20, 1)"]);
    sim.set_conductances(c, Side::Plus, &Matrix::filled(1, 20, 1e-7)).unwrap();
}

#[test]
fn names_are_taken_once() {
    let (mut net, a, out) = population();
    net.connect_as("x", a, out, Connection::new());
    net.connect_as("x", a, out, Connection::new());
    says(&refused(&net), &["x: ", "two connections"]);
    let (mut net, ..) = population();
    net.subnetwork("s", None, |_| ());
    net.subnetwork("s", None, |_| ());
    says(&refused(&net), &["s: ", "two networks"]);
    let (mut net, ..) = population();
    net.subnetwork("", None, |_| ());
    says(&refused(&net), &["network needs a name"]);
    let (mut net, a, out) = population();
    net.connect_as("a", a, out, Connection::new());
    net.connect(a, out, Connection::new());
    net.connect(a, out, Connection::new());
    Simulator::new(&net).unwrap();
    net.node("a", 1.0);
    says(&refused(&net), &["a: ", "one ensemble and one node"]);
}

#[test]
fn what_needs_more_memory_than_there_is_is_an_error() {
    let mut net = Network::with_seed(1);
    net.node("big", Output::passthrough(1_000_000_000_000));
    says(&refused(&net), &["big: ", "more than can be built"]);
    if cfg!(target_os = "linux") {
        let mut net = Network::with_seed(1);
        let a =
            net.ensemble("a", Ensemble { n_eval_points: Some(2_000_000), ..Ensemble::new(100_000_000, 1) });
        // Direct decoders would need an array of 1.6 petabytes.
        let out = net.node("out", Output::passthrough(1));
        net.get_ensemble_mut(a).unwrap().n_neurons = 1_000_000;
        net.connect_as("c", a, out, Connection::new());
        says(&refused(&net), &["c: ", "GB of memory", "n_eval_points"]);
    }
}

#[test]
fn the_scale_check_calls_no_closure() {
    let mut net = Network::with_seed(1);
    let calls = Arc::new(AtomicU64::new(0));
    let count = calls.clone();
    let digit = net.node("digit", Output::of_time(1, |t, y| y[0] = 5.0 + (1000.0 * t).floor() % 5.0));
    let out = net.node("out", Output::passthrough(1));
    let c = Connection::new().no_synapse().transform(1.0).function(1, move |x, y| {
        count.fetch_add(1, Ordering::Relaxed);
        // Only for the digits that it is given: 5 to 9.
        y[0] = [0.1, 0.2, 0.3, 0.4, 0.5][x[0] as usize - 5];
    });
    net.connect(digit, out, c);
    let mut sim = Simulator::new(&net).unwrap();
    for _ in 0..10 {
        sim.step().unwrap();
        sim.scale_check(None).unwrap();
    }
    assert_eq!(calls.load(Ordering::Relaxed), 10);
}

#[test]
fn names_of_another_network_are_refused() {
    let make = || {
        let (mut net, a, out) = population();
        let c = net.connect_as("c", a, out, Connection::new().learn(Pes::new(1e-4)));
        let p = net.probe("p", Probe::new(out));
        (net, a, out, c, p)
    };
    let (net, a, out, c, p) = make();
    let (mut other, b, ..) = make();
    let sim = Simulator::new(&net).unwrap();
    let mut foreign = Simulator::new(&other).unwrap();
    // Clones share names.
    Simulator::new(&net.clone()).unwrap().weights(c).unwrap();
    sim.weights(c).unwrap();
    for e in [
        foreign.weights(c).unwrap_err(),
        foreign.decoders(c).unwrap_err(),
        foreign.edit_weights(c, |_| Ok(())).unwrap_err(),
        foreign.current(c).unwrap_err(),
        foreign.freeze(c).unwrap_err(),
        foreign.rule_parameters(c).unwrap_err(),
        foreign.set_rule_parameter(c, "learning_rate", 0.0).unwrap_err(),
        foreign.set_rule_synapse(c, "activities", 0.1).unwrap_err(),
        foreign.devices(c).unwrap_err(),
        foreign.encoders(a).unwrap_err(),
        foreign.edit_gain(a, |_| Ok(())).unwrap_err(),
        foreign.neuron_state(a, "voltage").unwrap_err(),
        foreign.node_output(out).unwrap_err(),
        foreign.data(p).unwrap_err(),
    ] {
        says(&e.to_string(), &["another network", "is not in the simulator's network"]);
    }
    sim.data(p).unwrap();
    other.connect(a, b, Connection::new());
    says(&refused(&other), &["another network", "not in the network"]);
}
