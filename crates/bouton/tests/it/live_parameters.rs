//! Encoders, gains, biases and the filters of rules are live: what is set while the simulator stands is what a model built
//! with it would have, to the bit.

use std::sync::{Arc, Mutex};

use bouton::prelude::*;

/// Values into an ensemble of `d` dimensions, currents onto its neurons from others, what it decodes and its spikes.
fn model(
    d: usize,
    parameters: Option<(&Matrix, &[f64], &[f64])>,
) -> (Network, EnsembleId, ConnectionId, ProbeId) {
    let mut net = Network::with_seed(1);
    let stim = net.node("stim", Output::of_time(2, |t, y| (y[0], y[1]) = ((9.0 * t).sin(), (7.0 * t).cos())));
    let mut e = Ensemble::new(30, d).radius(1.5).initial_state("voltage", 0.0);
    if let Some((encoders, gain, bias)) = parameters {
        e = e.encoders(encoders.clone()).gain_bias(gain.to_vec(), bias.to_vec());
        e.normalize_encoders = false;
    }
    let a = net.ensemble("a", e);
    let b = net.ensemble("b", Ensemble::new(20, 1).seed(3));
    net.connect(stim.slice(0..d), a, Connection::new().no_synapse());
    let onto = Connection::new().transform(Matrix::filled(11, 20, 1e-4));
    let onto = net.connect_as("onto", b.neurons(), a.neurons().slice(4..15), onto);
    let spikes = net.probe("spikes", Probe::new(a.neurons()));
    (net, a, onto, spikes)
}

#[test]
fn edited_encoders_gains_and_biases_are_those_of_a_model_built_with_them() {
    // One dimension is encoded by another kernel than two.
    [1, 2].into_iter().for_each(edited);
}

fn edited(d: usize) {
    let encoders = Matrix::from_fn(30, d, |i, k| ((3 * i + 5 * k) as f64).sin());
    let gain: Vec<f64> = (0..30).map(|i| 1.0 + 0.1 * f64::from(i)).collect();
    let bias: Vec<f64> = (0..30).map(|i| 0.5 + 0.05 * f64::from(i)).collect();
    let (net, _, onto, spikes) = model(d, Some((&encoders, &gain, &bias)));
    let mut wanted = Simulator::new(&net).unwrap();
    wanted.run(0.3).unwrap();
    let wanted = (wanted.data(spikes).unwrap(), wanted.current(onto).unwrap());
    let (net, a, onto, spikes) = model(d, None);
    for threads in [1, 2] {
        let mut sim = Simulator::with(&net, Options { threads, ..Options::default() }).unwrap();
        let before = (sim.encoders(a).unwrap(), sim.gain(a).unwrap(), sim.bias(a).unwrap());
        sim.run(0.3).unwrap();
        let first = sim.data(spikes).unwrap();
        assert_ne!(first, wanted.0);
        sim.reset(Reset::All).unwrap();
        sim.edit_encoders(a, |e| e.assign(&encoders)).unwrap();
        sim.edit_gain(a, |g| {
            g.copy_from_slice(&gain);
            Ok(())
        })
        .unwrap();
        sim.edit_bias(a, |b| {
            b.copy_from_slice(&bias);
            Ok(())
        })
        .unwrap();
        for _ in 0..2 {
            sim.run(0.3).unwrap();
            assert_eq!((sim.data(spikes).unwrap(), sim.current(onto).unwrap()), wanted);
            sim.reset(Reset::KeepWeights).unwrap();
        }
        assert_eq!((sim.encoders(a).unwrap(), sim.gain(a).unwrap()), (encoders.clone(), gain.clone()));
        sim.reset(Reset::All).unwrap();
        assert_eq!((sim.encoders(a).unwrap(), sim.gain(a).unwrap(), sim.bias(a).unwrap()), before);
        sim.run(0.3).unwrap();
        assert_eq!(sim.data(spikes).unwrap(), first, "a reset run is not the first run");
    }
}

#[test]
fn bad_edits_of_encoders_and_gains_are_errors_and_change_nothing() {
    let (mut net, a, ..) = model(2, None);
    let direct = net.ensemble("direct", Ensemble::new(1, 1).neuron_type(Direct::default()));
    let mut sim = Simulator::new(&net).unwrap();
    let before = (sim.encoders(a).unwrap(), sim.gain(a).unwrap());
    let nan = |g: &mut [f64]| {
        g[2] = f64::NAN;
        Ok(())
    };
    for e in [
        sim.edit_gain(a, nan).unwrap_err(),
        sim.edit_bias(a, nan).unwrap_err(),
        sim.edit_encoders(a, |e| {
            *e = Matrix::filled(2, 2, 0.0);
            Ok(())
        })
        .unwrap_err(),
        sim.edit_encoders(a, |_| Err("no".into())).unwrap_err(),
    ] {
        assert_eq!(e.object(), "a", "{e}");
    }
    assert_eq!((sim.encoders(a).unwrap(), sim.gain(a).unwrap()), before);
    let e = sim.edit_gain(direct, |_| Ok(())).unwrap_err().to_string();
    assert!(e.starts_with("direct: ") && e.contains("no neurons"), "{e}");
}

/// A learner by PES or mPES whose rule has this filter on its input.
fn learner(rule: impl Into<LearningRule>, devices: bool) -> (Network, ConnectionId) {
    let mut net = Network::with_seed(5);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (9.0 * t).sin()));
    let a = net.ensemble("a", Ensemble::new(40, 1));
    let out = net.node("out", Output::passthrough(1));
    net.connect(stim, a, Connection::new().no_synapse());
    let c = Connection::new().learn(rule);
    let c = if devices { c.devices(DeviceSpec::default()) } else { c.function(1, |_, y| y[0] = 0.0) };
    let c = net.connect(a, out, c);
    net.connect(stim, c.rule(), Connection::new().transform(-1.0));
    net.connect(out, c.rule(), Connection::new());
    (net, c)
}

#[test]
fn the_filters_of_a_rule_are_live() {
    let pes = |tau: f64| Pes { pre_synapse: Some(tau.into()), ..Pes::default() };
    let gate =
        |gate| Mpes { policy: SinglePulse { gate, ..SinglePulse::default() }.into(), ..Mpes::default() };
    let cases = [
        (learner(pes(0.005), false), learner(pes(0.05), false), 0.05),
        (learner(pes(0.005), false), learner(pes(0.0), false), 0.0),
        (learner(gate(Gate::Filtered), true), learner(gate(Gate::Spike), true), 0.0),
    ];
    for ((built, c), (wanted, other), tau) in cases {
        let run = |sim: &mut Simulator, c: ConnectionId| {
            sim.run(0.2).unwrap();
            sim.weights(c).unwrap()
        };
        let wanted = run(&mut Simulator::new(&wanted).unwrap(), other);
        let mut sim = Simulator::new(&built).unwrap();
        let first = run(&mut sim, c);
        assert_ne!(first, wanted);
        sim.reset(Reset::All).unwrap();
        sim.set_rule_synapse(c, "activities", tau).unwrap();
        assert_eq!(sim.rule_synapses(c).unwrap(), [("activities".into(), Some(tau.into()))]);
        assert_eq!(run(&mut sim, c), wanted);
        sim.reset(Reset::All).unwrap();
        assert_eq!(run(&mut sim, c), first, "a reset does not bring the filter back");
    }
    let (net, c) = learner(pes(0.005), false);
    let mut sim = Simulator::new(&net).unwrap();
    for (input, synapse, part) in [
        ("activity", Synapse::from(0.1), "it has: activities"),
        (
            "activities",
            Alpha { tau: 0.1 }.into(),
            "build the model with a `linear_filter` of the highest order",
        ),
        ("activities", Lowpass { tau: -1.0 }.into(), "`tau`"),
    ] {
        let e = sim.set_rule_synapse(c, input, synapse).unwrap_err().to_string();
        assert!(e.contains(part), "{e}");
    }
    let (net, c) = learner(Pes { pre_synapse: None, ..Pes::default() }, false);
    let e = Simulator::new(&net).unwrap().set_rule_synapse(c, "activities", 0.1).unwrap_err().to_string();
    assert!(e.contains("without a filter"), "{e}");
}

#[test]
fn a_linear_filter_of_a_rule_takes_every_synapse_of_its_order() {
    let second = LinearFilter::new(vec![1.0], vec![1e-4, 0.02, 1.0]);
    let with = |synapse: Synapse| learner(Pes { pre_synapse: Some(synapse), ..Pes::new(1e-3) }, false);
    let run = |sim: &mut Simulator, c: ConnectionId| {
        sim.run(0.2).unwrap();
        sim.weights(c).unwrap()
    };
    let distance = |a: &Matrix, b: &Matrix| {
        let d = a.values().iter().zip(b.values()).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        d.sqrt() / (b.rms() * (b.values().len() as f64).sqrt())
    };
    let (net, c) = with(second.clone().into());
    let mut sim = Simulator::new(&net).unwrap();
    let first = run(&mut sim, c);
    let third = LinearFilter::new(vec![1.0], vec![1e-6, 1e-4, 0.02, 1.0]);
    for other in [
        Synapse::from(0.02),
        Synapse::from(0.0),
        Alpha { tau: 0.003 }.into(),
        LinearFilter::new(vec![2.0], vec![0.03, 1.0]).into(),
        second.clone().into(),
    ] {
        sim.reset(Reset::All).unwrap();
        sim.set_rule_synapse(c, "activities", other.clone()).unwrap();
        let found = run(&mut sim, c);
        let (wanted, k) = with(other.clone());
        let wanted = run(&mut Simulator::new(&wanted).unwrap(), k);
        let off = distance(&found, &wanted);
        assert!(off < 1e-9, "{other:?}: {off}");
        // And the test would see another filter.
        assert!(other == second.clone().into() || distance(&first, &wanted) > 1e-3, "{other:?}");
        let now = sim.rule_synapses(c).unwrap().remove(0).1.unwrap();
        assert_eq!(now, other.in_form_of(&second.clone().into()).unwrap());
    }
    let before = sim.weights(c).unwrap();
    let e = sim.set_rule_synapse(c, "activities", third).unwrap_err().to_string();
    assert!(e.contains("`linear_filter` does not fit") && e.contains("highest order"), "{e}");
    assert_eq!(sim.weights(c).unwrap(), before);
}

#[test]
fn a_callback_has_the_views_that_a_simulator_has() {
    let (mut net, a, onto, _) = model(2, None);
    let b = net.find_ensemble("b").unwrap();
    let sink = net.node("sink", Output::passthrough(1));
    let c = net.connect(b, sink, Connection::new().transform(0.5));
    type Seen = (Matrix, Matrix, Matrix, Vec<f64>, Vec<f64>, Vec<f64>);
    let seen: Arc<Mutex<Option<Seen>>> = Arc::default();
    let log = seen.clone();
    net.node(
        "watch",
        NodeFunction::new(0, 0, move |s| {
            let l = &s.live;
            let (w, d, e) = (l.weights(c)?, l.decoders(c)?, l.encoders(a)?);
            *log.lock().unwrap() = Some((w, d, e, l.gain(a)?, l.bias(a)?, l.current(onto)?));
            Ok(())
        }),
    );
    let mut sim = Simulator::new(&net).unwrap();
    sim.edit_gain(a, |g| {
        g[0] = 9.0;
        Ok(())
    })
    .unwrap();
    sim.run_steps(20).unwrap();
    let current = sim.current(onto).unwrap();
    sim.step().unwrap();
    let seen = seen.lock().unwrap().take().unwrap();
    assert_eq!((seen.0, seen.1), (sim.weights(c).unwrap(), sim.decoders(c).unwrap()));
    assert_eq!(
        (seen.2, seen.3, seen.4),
        (sim.encoders(a).unwrap(), sim.gain(a).unwrap(), sim.bias(a).unwrap())
    );
    // The node runs before or after the connection: it sees the current of one of the two steps.
    assert!(seen.5 == current || seen.5 == sim.current(onto).unwrap());
    assert!(current.iter().any(|x| *x > 0.0));
}

/// Devices from 40 neurons onto 50, and an ensemble of 8 dimensions.
fn large() -> (Network, EnsembleId, ConnectionId) {
    let mut net = Network::with_seed(2);
    let stim = net.node("stim", vec![0.3; 8]);
    let wide = net.ensemble("wide", Ensemble::new(300, 8));
    net.connect(stim, wide, Connection::new().no_synapse());
    let (a, b) = (net.ensemble("a", Ensemble::new(40, 1)), net.ensemble("b", Ensemble::new(50, 1)));
    let devices = DeviceSpec { spread: 0.15, ..DeviceSpec::default() };
    let c = net.connect_as("c", a.neurons(), b.neurons(), Connection::new().devices(devices));
    net.probe("wide", Probe::new(wide.neurons()));
    net.probe("b", Probe::new(b.neurons()));
    (net, wide, c)
}

#[test]
fn an_edit_of_a_row_costs_a_row_and_has_the_bits_of_an_edit_of_all() {
    let (net, wide, c) = large();
    let (mut rows, mut whole) = (Simulator::new(&net).unwrap(), Simulator::new(&net).unwrap());
    let cost = |sim: &mut Simulator, path: &str, pick: Pick, values: Vec<f64>| {
        let before = sim.log().bytes();
        let count = values.len();
        sim.write(path, pick, values).unwrap();
        // Selection, values, and what was there before, of what was edited and of what follows from it.
        let most = 1000 + 400 * count;
        assert!(sim.log().bytes() - before < most, "{path}: {} bytes", sim.log().bytes() - before);
    };
    // A quarter of the rows one by one, and all that is there as a whole.
    let mut encoders = whole.encoders(wide).unwrap();
    let mut gain = whole.gain(wide).unwrap();
    for n in (0..300).step_by(4) {
        let row: Vec<f64> = (0..8).map(|k| (0.3 * (n + k) as f64).sin()).collect();
        row.iter().enumerate().for_each(|(k, x)| encoders[(n, k)] = *x);
        cost(&mut rows, "wide.encoders", Pick::Row(n), row);
        gain[n] *= 1.1;
        cost(&mut rows, "wide.gain", Pick::Row(n), vec![gain[n]]);
    }
    whole.write("wide.encoders", Pick::All, encoders.values()).unwrap();
    whole.write("wide.gain", Pick::All, gain).unwrap();
    // Weights of devices: each as an ideal write, and a column of conductances.
    let mut weights = whole.weights(c).unwrap();
    for r in 0..50 {
        weights[(r, 3)] *= 0.5;
        cost(&mut rows, "c.weights", Pick::Element(r, 3), vec![weights[(r, 3)]]);
    }
    whole.write("c.weights", Pick::All, weights.values()).unwrap();
    let plus = whole.read("c.devices.plus.conductance", &Pick::All).unwrap();
    let column: Vec<f64> = (0..50).map(|r| 0.9 * plus[r * 40 + 7]).collect();
    whole.write("c.devices.plus.conductance", Pick::Column(7), column.clone()).unwrap();
    cost(&mut rows, "c.devices.plus.conductance", Pick::Column(7), column);
    // A number that a device is described by; as a whole, all conductances and weights are computed anew.
    let r0: Vec<f64> = whole.read("c.devices.plus.r0", &Pick::All).unwrap();
    let mut changed = r0.clone();
    changed[81] *= 1.01;
    cost(&mut rows, "c.devices.plus.r0", Pick::Element(2, 1), vec![changed[81]]);
    whole.write("c.devices.plus.r0", Pick::All, changed).unwrap();
    let same = |rows: &mut Simulator, whole: &mut Simulator| {
        let paths: Vec<String> = whole.paths().map(|(p, _)| p.to_string()).collect();
        for p in paths {
            let [a, b] = [&mut *rows, &mut *whole].map(|s| s.read(&p, &Pick::All).unwrap());
            assert!(a.iter().map(|x| x.to_bits()).eq(b.iter().map(|x| x.to_bits())), "{p}");
        }
    };
    same(&mut rows, &mut whole);
    rows.run_steps(50).unwrap();
    whole.run_steps(50).unwrap();
    same(&mut rows, &mut whole);
    for p in net.probes() {
        assert!(rows.data(p).unwrap() == whole.data(p).unwrap());
    }
}
