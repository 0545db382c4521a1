//! Learning rules as text, in a network.

use bouton::prelude::*;

use super::places::{Place, apart, connected, spike_of};

/// PES, in the language.
const PES: &str = "
param eta = 1e-4, tau_pre = 5 ms
pre a' = (pre.out - a)/tau_pre
w' = -eta/n_pre*error*a
";

fn text(text: &str) -> Rule {
    Rule::text(text).unwrap()
}

/// Two populations, an error, and what was learned in between; the weights and how far they have moved at most.
fn learned(place: Place, rule: impl Into<LearningRule>, options: Options, seen: bool) -> (Matrix, f64) {
    let mut net = Network::with_seed(3);
    let stim =
        net.node("stim", Output::of_time(2, |t, y| y.copy_from_slice(&[(9.0 * t).sin(), (5.0 * t).cos()])));
    let a = net.ensemble("a", Ensemble::new(60, 2));
    let b = net.ensemble("b", Ensemble::new(40, 2));
    net.connect(stim, a, Connection::new().no_synapse());
    let start = Matrix::from_fn(40, 60, |i, j| 1e-4 * ((i * 7 + j * 3) % 11) as f64);
    let c = connected(&mut net, place, [a, b], Connection::new().learn(rule), start);
    let error = net.node("error", Output::of_time(2, |t, y| y.copy_from_slice(&[(3.0 * t).sin(), 0.5])));
    net.connect(error, c.rule(), Connection::new().no_synapse());
    if seen {
        net.probe("delta", Probe::of(Target::rule_delta(c)));
    }
    let mut sim = Simulator::with(&net, options).unwrap();
    let before = sim.weights(c).unwrap();
    sim.run_steps(400).unwrap();
    let after = sim.weights(c).unwrap();
    let moved = apart(&before, &after);
    (after, moved)
}

#[test]
fn a_text_is_pes_on_decoders_and_on_neurons() {
    let options = Options { seed: Some(1), ..Options::default() };
    for place in [Place::Decoders, Place::Full, Place::Neurons] {
        let (pes, moved) = learned(place, Pes::new(1e-3), options, false);
        assert!(moved > 1e-8, "{place:?}: {moved}");
        // The delta rule is PES without the number of neurons.
        let delta = Rule::named("delta").unwrap().set("eta", 1e-3 / 60.0).unwrap();
        for (name, rule) in [("pes", text(PES).set("eta", 1e-3).unwrap()), ("delta", delta)] {
            for seen in [false, true] {
                let (as_text, _) = learned(place, rule.clone(), options, seen);
                let off = apart(&pes, &as_text);
                assert!(off < 1e-12 * moved, "{name}, {place:?}: {off:e} of {moved:e}");
            }
        }
        let single = Options { precision: Precision::F32, ..options };
        let (narrow, _) = learned(place, text(PES).set("eta", 1e-3).unwrap(), single, false);
        let (rust, _) = learned(place, Pes::new(1e-3), single, false);
        // Spikes of single precision come at other steps: it is compared with itself.
        assert!(apart(&narrow, &rust) < 1e-3 * moved, "{place:?}");
    }
}

#[test]
fn a_text_gives_pulses_to_devices_as_pes_does() {
    let options = Options { seed: Some(1), ..Options::default() };
    let (pes, moved) = learned(Place::Devices, Pes::new(1e-3), options, false);
    let (as_text, _) = learned(Place::Devices, text(PES).set("eta", 1e-3).unwrap(), options, false);
    assert!(moved > 0.0);
    assert_eq!(pes, as_text);
}

/// A synapse with given spikes at both ends: an input of 1000 for one step is one spike in that step.
fn pair(rule: Rule, pre: &'static [usize], post: &'static [usize], start: f64) -> (Network, ConnectionId) {
    let mut net = Network::with_seed(1);
    let at = |train: &'static [usize]| {
        Output::of_time(1, move |t, y| {
            y[0] = if train.contains(&((t / 0.001).round() as usize)) { 1000.0 } else { 0.0 };
        })
    };
    let neuron = || {
        Ensemble::new(1, 1)
            .neuron_type(SpikingRectifiedLinear::default())
            .gain_bias(vec![1.0], vec![0.0])
            .encoders(Matrix::filled(1, 1, 1.0))
            .initial_state("voltage", vec![0.5])
    };
    let (s, t) = (net.node("s", at(pre)), net.node("t", at(post)));
    let (a, b) = (net.ensemble("a", neuron()), net.ensemble("b", neuron()));
    net.connect(s, a.neurons(), Connection::new().no_synapse());
    net.connect(t, b.neurons(), Connection::new().no_synapse());
    let c = net.connect_as(
        "c",
        a.neurons(),
        b.neurons(),
        // Weights of 1e-6 at most: what is learned makes no spikes.
        Connection::new().transform(Matrix::filled(1, 1, start)).learn(rule),
    );
    net.probe("pre", Probe::new(a.neurons()));
    net.probe("post", Probe::new(b.neurons()));
    (net, c)
}

fn stdp() -> Rule {
    let rule = Rule::named("pair_stdp").unwrap();
    rule.set("A_plus", 1e-8).unwrap().set("A_minus", 2e-8).unwrap().set("w_max", 1e-6).unwrap()
}

#[test]
fn spikes_of_a_network_make_the_sum_over_their_pairs() {
    const PRE: &[usize] = &[10, 25, 31, 60, 61, 90, 120];
    const POST: &[usize] = &[12, 25, 40, 59, 63, 64, 100];
    let (net, c) = pair(stdp(), PRE, POST, 5e-7);
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(150).unwrap();
    for (name, train) in [("pre", PRE), ("post", POST)] {
        let data = sim.data(net.find_probe(name).unwrap()).unwrap();
        let spikes = data.steps.iter().zip(&data.values).filter(|(_, v)| **v > 0.0).map(|(s, _)| *s as usize);
        assert_eq!(spikes.collect::<Vec<_>>(), train, "{name}");
    }
    let mut expected = 5e-7;
    for p in PRE {
        for q in POST {
            let lag = (*q as f64 - *p as f64) * 0.001;
            expected += match lag {
                l if l > 0.0 => 1e-8 * (-l / 0.02).exp(),
                l if l < 0.0 => -2e-8 * (l / 0.02).exp(),
                _ => 0.0,
            };
        }
    }
    let found = sim.weights(c).unwrap().values()[0];
    assert!((found - expected).abs() < 1e-12 * (found - 5e-7).abs(), "{found} for {expected}");
}

#[test]
fn a_node_before_the_connection_is_read_as_neurons_are() {
    const STEPS: usize = 100;
    let at = |rule: &str| {
        let mut net = Network::with_seed(3);
        let [a, b] = [("a", 6), ("b", 4)]
            .map(|(name, n)| net.ensemble(name, Ensemble::new(n, 1).gain_bias(vec![1.0; n], vec![2.0; n])));
        let learn = Connection::new().learn(text(rule));
        let c = connected(&mut net, Place::Node, [a, b], learn, Matrix::filled(4, 6, 0.0));
        let post = net.probe("post", Probe::new(b.neurons()));
        let mut sim = Simulator::new(&net).unwrap();
        sim.run_steps(STEPS as u64).unwrap();
        let spikes = sim.data(post).unwrap().values;
        (sim.weights(c).unwrap(), spikes)
    };
    // The change of the last step waits.
    for rule in ["w' = 1e-6*pre.out*post.out", "on pre: w += 1e-6*post.out"] {
        let (found, spikes) = at(rule);
        let by = if rule.starts_with('w') { 1e-6 * 0.001 * 1000.0 } else { 1e-6 };
        for i in 0..4 {
            for j in 0..6 {
                let met =
                    |step: usize| if spike_of(step, j) > 0.0 { spikes[(step - 1) * 4 + i] } else { 0.0 };
                let expected = by * (1..STEPS).map(met).sum::<f64>();
                let w = found.values()[i * 6 + j];
                assert!((w - expected).abs() <= 1e-12 * expected, "{rule}, {i}, {j}: {w} for {expected}");
            }
        }
        assert!(found.values().iter().any(|w| *w > 0.0), "{rule}: nothing moved");
    }
}

#[test]
fn parameters_and_states_of_a_text_are_live() {
    const PRE: &[usize] = &[10, 30];
    const POST: &[usize] = &[20, 40];
    let (mut net, c) = pair(stdp(), PRE, POST, 5e-7);
    let x = net.probe("x", Probe::of(Target::rule_signal(c, "x")));
    let mut sim = Simulator::new(&net).unwrap();
    assert_eq!(
        sim.rule_parameters(c).unwrap().iter().map(|p| p.0.as_str()).collect::<Vec<_>>(),
        ["A_plus", "A_minus", "tau_plus", "tau_minus", "w_max"]
    );
    sim.run_steps(15).unwrap();
    let decay = |n: f64| (-n / 20.0f64).exp();
    let found = sim.read("c.rule.x", &Pick::All).unwrap();
    assert!((found[0] - decay(5.0)).abs() < 1e-15, "{found:?}");
    // The trace is moved by hand, and the amplitude is another from here on.
    sim.write("c.rule.x", Pick::All, [2.0]).unwrap();
    sim.set_rule_parameter(c, "A_plus", 3e-8).unwrap();
    sim.run_steps(7).unwrap();
    let w = sim.weights(c).unwrap().values()[0];
    let expected = 5e-7 + 3e-8 * 2.0 * decay(5.0);
    assert!((w - expected).abs() < 1e-20, "{w} for {expected}");
    let e = sim.set_rule_parameter(c, "tau_plus", 0.0).unwrap_err().to_string();
    assert!(e.contains("greater than 0"), "{e}");
    let e = sim.set_rule_parameter(c, "x", 0.0).unwrap_err().to_string();
    assert!(e.contains("no parameter `x`"), "{e}");
    // A probe sees the state as the step leaves it, after its jump.
    let seen = sim.data(x).unwrap().values;
    assert_eq!((seen[8], seen[9]), (0.0, 1.0));
    sim.reset(Reset::All).unwrap();
    assert_eq!(sim.read("c.rule.x", &Pick::All).unwrap(), [0.0]);
    assert_eq!(sim.read("c.rule.A_plus", &Pick::All).unwrap(), [1e-8]);
    sim.run_steps(22).unwrap();
    let w = sim.weights(c).unwrap().values()[0];
    assert!((w - 5e-7 - 1e-8 * decay(10.0)).abs() < 1e-20, "{w}");
}

#[test]
fn a_text_may_act_at_once() {
    let run = |when: &str| {
        let (mut net, c) = pair(text(&format!("w' = 1\n{when}")), &[], &[], 0.0);
        let w = net.probe("w", Probe::weights(c));
        let mut sim = Simulator::new(&net).unwrap();
        sim.run_steps(3).unwrap();
        sim.data(w).unwrap().values
    };
    assert_eq!(run(""), [0.0, 0.001, 0.002]);
    assert_eq!(run("apply now"), [0.001, 0.002, 0.003]);
}

#[test]
fn a_third_factor_is_what_connections_to_it_deliver() {
    const RULE: &str = "input gain = 5\ninput per_pre per pre\ninput per_post per post = 1\nw' = gain*per_post*(1 + per_pre)";
    let build = |gains: usize| {
        let mut net = Network::with_seed(1);
        let (a, b) = (net.ensemble("a", Ensemble::new(3, 1)), net.ensemble("b", Ensemble::new(2, 1)));
        let zeros = Connection::new().transform(Matrix::filled(2, 3, 0.0)).learn(text(RULE));
        let c = net.connect_as("c", a.neurons(), b.neurons(), zeros);
        let node = net.node("node", Output::of_time(3, |_, y| y.copy_from_slice(&[1.0, 2.0, 3.0])));
        for _ in 0..gains {
            let gain = net.factor(c, "gain").unwrap();
            net.connect(node.slice(2..3), gain, Connection::new().no_synapse());
        }
        let per_pre = net.factor(c, "per_pre").unwrap();
        net.connect(node, per_pre, Connection::new().no_synapse());
        net.probe("gain", Probe::of(Target::rule_signal(c, "gain")));
        (net, c)
    };
    for (gains, gain) in [(0, 5.0), (1, 3.0), (2, 6.0)] {
        let (net, c) = build(gains);
        let mut sim = Simulator::new(&net).unwrap();
        sim.run_steps(2).unwrap();
        let w = sim.weights(c).unwrap();
        for (k, w) in w.values().iter().enumerate() {
            let expected = 0.001 * gain * (2 + k % 3) as f64;
            assert!((w - expected).abs() < 1e-15, "{gains} connections, {k}: {w} for {expected}");
        }
        assert_eq!(sim.data(net.find_probe("gain").unwrap()).unwrap().values, [gain, gain]);
    }
    let (mut net, c) = build(0);
    assert_eq!(net.object_path(net.factor(c, "gain").unwrap()), "c.rule.gain");
    let e = net.factor(c, "gian").unwrap_err().to_string();
    assert!(e.contains("there is no third factor `gian`; did you mean `gain`?"), "{e}");
    // One number for all, three for the columns, two for the rows.
    for (name, size) in [("gain", 1), ("per_pre", 3), ("per_post", 2)] {
        let factor = net.factor(c, name).unwrap();
        assert_eq!(net.object_size(factor, false).unwrap(), size, "{name}");
        assert!(net.object_size(factor, true).unwrap_err().to_string().contains("only be the end"));
    }
    let gain = net.factor(c, "gain").unwrap();
    let node = net.find_node("node").unwrap();
    net.connect(node, gain, Connection::new());
    let e = net.validate(0.001).unwrap_err().to_string();
    assert!(e.contains("delivers 3 values to `c.rule.gain`, which takes 1"), "{e}");
}

#[test]
fn a_text_reads_states_of_neurons() {
    let rule = |what: &str| text(&format!("w' = {what}"));
    let build = |rule: Rule, post: NeuronType| {
        let mut net = Network::with_seed(2);
        let (a, b) = (
            net.ensemble("a", Ensemble::new(3, 1)),
            net.ensemble("b", Ensemble::new(2, 1).neuron_type(post)),
        );
        let zeros = Connection::new().transform(Matrix::filled(2, 3, 0.0)).learn(rule);
        let c = net.connect_as("c", a.neurons(), b.neurons(), zeros);
        let v = net.probe("v", Probe::voltage(b));
        (net, c, v)
    };
    for what in ["post.v", "post.voltage"] {
        let (net, c, v) = build(rule(what), Lif::default().into());
        let mut sim = Simulator::new(&net).unwrap();
        sim.run_steps(20).unwrap();
        let v = sim.data(v).unwrap().values;
        let w = sim.weights(c).unwrap();
        let sum = |i: usize| v.chunks_exact(2).take(19).map(|v| v[i]).sum::<f64>() * 0.001;
        for i in 0..2 {
            assert!(sum(i) > 1e-4 && (w.values()[3 * i] - sum(i)).abs() < 1e-14, "{what}: {w:?}");
        }
    }
    let (net, ..) = build(rule("post.voltag"), Lif::default().into());
    let e = net.validate(0.001).unwrap_err().to_string();
    assert!(
        e.contains(
            "reads `post.voltag`, and the neurons of `b` have no state `voltag`; did you mean `voltage`?"
        ),
        "{e}"
    );
}

#[test]
fn texts_that_do_not_fit_their_connection_are_refused() {
    let mut net = Network::with_seed(1);
    let (a, b) = (net.ensemble("a", Ensemble::new(3, 1)), net.ensemble("b", Ensemble::new(2, 1)));
    net.connect_as("c", a, b, Connection::new().learn(Rule::named("hebb").unwrap()));
    let e = net.validate(0.001).unwrap_err().to_string();
    assert!(e.starts_with("c: the rule `hebb` reads postsynaptic activity"), "{e}");
    let from_node = |learn: Connection| {
        let mut net = Network::with_seed(1);
        let (node, b) = (
            net.node("stim", Output::of_time(3, |_, y| y.fill(1.0))),
            net.ensemble("b", Ensemble::new(2, 1)),
        );
        net.connect_as("c", node, b.neurons(), learn);
        net.validate(0.001).map_err(|e| e.to_string())
    };
    let zeros = || Connection::new().transform(Matrix::filled(2, 3, 0.0));
    assert_eq!(from_node(zeros().learn(text("w' = pre.out"))), Ok(()));
    let e = from_node(zeros().learn(text("w' = pre.v"))).unwrap_err();
    assert!(e.contains("reads `pre.v`, and `stim` has no neurons; `out` is what it gives"), "{e}");
    let e = from_node(Connection::new().transform(1.0).learn(text("w' = pre.out"))).unwrap_err();
    assert!(e.contains("a connection from neurons or a node needs a `transform` that is a matrix"), "{e}");
    let doubled = zeros().function(3, |x, y| y.copy_from_slice(x));
    let e = from_node(doubled.learn(text("w' = pre.out"))).unwrap_err();
    assert!(e.contains("let the node compute it"), "{e}");
    let e = stdp().set("A_pluss", 1.0).unwrap_err().to_string();
    assert!(e.contains("there is no parameter `A_pluss`; did you mean `A_plus`?"), "{e}");
    let e = stdp().set("quite_another", 1.0).unwrap_err().to_string();
    assert!(
        e.contains("there is no parameter `quite_another`; there are: ") && e.contains("A_plus, "),
        "{e}"
    );
    let e = text("w' = -w").set("quite_another", 1.0).unwrap_err().to_string();
    assert!(e.contains("there is no parameter `quite_another`: the rule has none"), "{e}");
    let e = Rule::named("vogels").unwrap().set("alpha", 1.0).unwrap_err().to_string();
    assert!(e.contains("the parameter `alpha` follows others"), "{e}");
    assert!(stdp().set("tau_plus", -1.0).unwrap_err().to_string().contains("greater than 0"));
}

#[test]
fn a_third_factor_that_is_not_finite_is_named() {
    let mut net = Network::with_seed(1);
    let (a, b) = (net.ensemble("a", Ensemble::new(3, 1)), net.ensemble("b", Ensemble::new(2, 1)));
    let zeros = Connection::new().transform(Matrix::filled(2, 3, 0.0)).learn(text("input gain\nw' = gain"));
    let c = net.connect_as("c", a.neurons(), b.neurons(), zeros);
    let node = net.node("node", Output::of_time(1, |t, y| y[0] = if t < 0.0025 { 1e300 } else { 1e-300 }));
    let gain = net.factor(c, "gain").unwrap();
    net.connect(node, gain, Connection::new().no_synapse().transform(1e300));
    let mut sim = Simulator::new(&net).unwrap();
    let e = sim.run_steps(5).unwrap_err().to_string();
    assert!(e.contains("the third factor `gain` is inf"), "{e}");
}

#[test]
fn explain_prints_the_rules_that_are_texts() {
    let (net, _) = pair(text("param tau = 20\npre x' = -x/tau\nw' = x"), &[], &[], 0.0);
    let explained = Simulator::new(&net).unwrap().explain();
    assert!(explained.contains("\nc.rule\nparameters\n  tau  20\n"), "{explained}");
    assert!(explained.contains("warning: line 1: `tau = 20` is 20 s"), "{explained}");
}

#[test]
fn an_edit_comes_before_the_change_that_waits_and_the_rule_reads_the_sum() {
    // w' = 1000·|w| doubles the weight in each step: Δw(t) = w(t), a matrix.
    let (net, c) = pair(text("w' = 1000*abs(w)"), &[], &[], 1.0);
    let mut sim = Simulator::new(&net).unwrap();
    let w = |sim: &Simulator| sim.weights(c).unwrap().values()[0];
    sim.run_steps(1).unwrap();
    assert_eq!(w(&sim), 1.0);
    // Δw(1) = 1 waits. The edit is kept, and it is added to it: w(2) = 11, and Δw(2) = 11.
    sim.set_weights(c, &Matrix::filled(1, 1, 10.0)).unwrap();
    sim.run_steps(1).unwrap();
    assert_eq!(w(&sim), 11.0);
    sim.run_steps(1).unwrap();
    assert_eq!(w(&sim), 22.0);
    // A share is one of the weight as it is when it acts: the edit is doubled too.
    let (net, c) = pair(text("w' = 1000*w"), &[], &[], 1.0);
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(1).unwrap();
    assert_eq!(sim.weights(c).unwrap().values()[0], 1.0);
    sim.set_weights(c, &Matrix::filled(1, 1, 10.0)).unwrap();
    sim.run_steps(1).unwrap();
    assert_eq!(sim.weights(c).unwrap().values()[0], 20.0);
    // So are the bounds of a rule that changes weights at spikes.
    let (net, c) = pair(text("on pre: w += 1\nbound w in [0, 2]"), &[], &[], 1.0);
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(1).unwrap();
    sim.set_weights(c, &Matrix::filled(1, 1, 10.0)).unwrap();
    sim.run_steps(1).unwrap();
    assert_eq!(sim.weights(c).unwrap().values()[0], 2.0);
    // A bound clips what the rule makes of the weight that it read: an edit above it comes to it a step later.
    let (net, c) = pair(text("w' = 0*w\nbound w in [0, 2]"), &[], &[], 1.0);
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(1).unwrap();
    sim.set_weights(c, &Matrix::filled(1, 1, 10.0)).unwrap();
    sim.run_steps(1).unwrap();
    assert_eq!(sim.weights(c).unwrap().values()[0], 10.0);
    sim.run_steps(1).unwrap();
    assert_eq!(sim.weights(c).unwrap().values()[0], 2.0);
}

#[test]
fn units_that_look_like_slips_and_factors_that_nothing_feeds_are_warned_of() {
    use bouton::ScaleKind;
    let found = |rule: &str| {
        let (net, _) = pair(text(rule), &[], &[], 1e-3);
        let notes = Simulator::new(&net).unwrap().scale_notes().to_vec();
        let ours = notes.iter().filter(|n| matches!(n.kind, ScaleKind::NoFactor | ScaleKind::Unit));
        ours.map(|n| (n.kind, n.to_string())).collect::<Vec<_>>()
    };
    let warned = found("input reward\ninput gain = 1\nparam tau = 20\npre x' = -x/tau\nw' = x*reward*gain");
    assert_eq!(warned.iter().map(|w| w.0).collect::<Vec<_>>(), [ScaleKind::NoFactor, ScaleKind::Unit]);
    assert!(warned[0].1.contains("`c`: nothing is connected to the third factor `reward`"), "{warned:?}");
    assert!(warned[1].1.ends_with("is 20 s, a long time for a time constant; 20 ms?"), "{warned:?}");
    assert_eq!(found("input gain = 1\nparam tau = 20 ms\npre x' = -x/tau\nw' = x*gain"), []);
    // Statements at spikes of neurons that have rates.
    let mut net = Network::with_seed(1);
    let rates = net.ensemble("rates", Ensemble::new(3, 1).neuron_type(LifRate::default()));
    let spikes = net.ensemble("spikes", Ensemble::new(2, 1));
    let weights = Connection::new().transform(Matrix::filled(2, 3, 1e-3));
    net.connect_as("c", rates.neurons(), spikes.neurons(), weights.learn(stdp()));
    let notes = Simulator::new(&net).unwrap().scale_notes().to_vec();
    let ours: Vec<String> =
        notes.iter().filter(|n| n.kind == ScaleKind::NoSpikes).map(|n| n.to_string()).collect();
    assert_eq!(ours.len(), 1, "{ours:?}");
    assert!(ours[0].contains("statements `on pre`, and the neurons of `rates` have rates"), "{ours:?}");
}

#[test]
fn a_text_reads_the_neurons_that_its_connection_takes() {
    let mut net = Network::with_seed(2);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (30.0 * t).sin()));
    let (a, b) = (net.ensemble("a", Ensemble::new(6, 1)), net.ensemble("b", Ensemble::new(5, 1)));
    net.connect(stim, a, Connection::new().no_synapse());
    net.connect(stim, b, Connection::new().no_synapse());
    let zeros = Connection::new().transform(Matrix::filled(2, 3, 0.0));
    let rule = text("on pre: w += post.v\nw' = pre.voltage*post.out");
    let (from, to) = ([5, 0, 2], 1..3);
    let c = net.connect(a.neurons().slice(from.to_vec()), b.neurons().slice(to.clone()), zeros.learn(rule));
    let probes = [
        net.probe("pre_out", Probe::new(a.neurons())),
        net.probe("pre_v", Probe::voltage(a)),
        net.probe("post_out", Probe::new(b.neurons())),
        net.probe("post_v", Probe::voltage(b)),
    ];
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(200).unwrap();
    let [pre_out, pre_v, post_out, post_v] = probes.map(|p| sim.data(p).unwrap().values);
    let found = sim.weights(c).unwrap();
    let mut spikes = 0;
    for (i, post) in to.enumerate() {
        for (j, pre) in from.iter().enumerate() {
            let mut expected = 0.0;
            // What the last step wants is not yet added.
            for t in 0..199 {
                let (p, q) = (6 * t + pre, 5 * t + post);
                spikes += usize::from(pre_out[p] > 0.0);
                expected += if pre_out[p] > 0.0 { post_v[q] } else { 0.0 };
                expected += 0.001 * pre_v[p] * post_out[q];
            }
            let w = found.values()[i * 3 + j];
            assert!((w - expected).abs() < 1e-12, "{i}, {j}: {w} for {expected}");
        }
    }
    assert!(spikes > 10, "{spikes}");
}
