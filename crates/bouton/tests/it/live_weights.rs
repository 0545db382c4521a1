//! Weights are live: what they mean, who may write them, when a write is seen, and that looking changes nothing.

use std::sync::{Arc, Mutex, OnceLock};

use bouton::prelude::*;

/// A sine into `a`, a decoded connection to `b`.
fn pair(seed: u32) -> (Network, EnsembleId, EnsembleId, NodeId) {
    let mut net = Network::with_seed(seed);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (6.0 * t).sin()));
    let a = net.ensemble("a", Ensemble::new(40, 1));
    let b = net.ensemble("b", Ensemble::new(30, 1).radius(1.5));
    net.connect(stim, a, Connection::new().no_synapse());
    (net, a, b, stim)
}

#[test]
fn weights_mean_what_the_table_says() {
    let (mut net, a, b, stim) = pair(1);
    let plain = net.connect(a, b, Connection::new());
    let scaled = net.connect_as("scaled", a, b, Connection::new().transform(0.5));
    let solver = LstsqL2 { weights: true, ..LstsqL2::default() };
    let full = net.connect_as("full", a, b, Connection::new().solver(solver));
    let neurons = net.connect_as(
        "neurons",
        a.neurons(),
        b.neurons(),
        Connection::new().transform(Matrix::filled(30, 40, 1e-3)),
    );
    let node = net.connect_as("node", stim, b, Connection::new().transform(0.25));
    let bare = net.connect_as("bare", stim, b, Connection::new());
    let mut sim = Simulator::new(&net).unwrap();
    let d = sim.decoders(plain).unwrap();
    assert_eq!(sim.weights(plain).unwrap(), d);
    assert_eq!(d.shape(), (1, 40));
    // The same seed would give the same decoders; these differ, but transform · decoders must hold for each.
    let (w, d) = (sim.weights(scaled).unwrap(), sim.decoders(scaled).unwrap());
    for k in 0..40 {
        assert_eq!(w[(0, k)], 0.5 * d[(0, k)]);
    }
    let (w, d) = (sim.weights(full).unwrap(), sim.decoders(full).unwrap());
    let (e, g) = (sim.encoders(b).unwrap(), sim.gain(b).unwrap());
    assert_eq!(w.shape(), (30, 40));
    for i in 0..30 {
        for k in 0..40 {
            let expected = e[(i, 0)] * g[i] / 1.5 * d[(0, k)];
            assert!((w[(i, k)] - expected).abs() < 1e-15, "gain and radius are in a weight solver's weights");
        }
    }
    assert_eq!(sim.weights(neurons).unwrap()[(3, 7)], 1e-3);
    assert_eq!(sim.weights(node).unwrap().values(), [0.25]);
    let e = sim.weights(bare).unwrap_err().to_string();
    assert!(e.starts_with("bare:") && e.contains("no weights"), "{e}");
    // The current onto neurons has the gain in it.
    sim.run(0.05).unwrap();
    let (c, g) = (sim.current(neurons).unwrap(), sim.gain(b).unwrap());
    assert!(
        (c[0] / g[0] - c[1] / g[1]).abs() < 1e-12 && c[0] > 0.0,
        "equal weights give equal current per gain"
    );
}

#[test]
fn a_write_between_steps_acts_in_the_next_step() {
    let (mut net, a, b, _) = pair(2);
    let c = net.connect(a, b, Connection::new().no_synapse());
    let out = net.probe("out", Probe::of(Target::ConnectionOutput(c)));
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(20).unwrap();
    sim.edit_weights(c, |w| {
        w.fill(0.0);
        Ok(())
    })
    .unwrap();
    sim.run_steps(5).unwrap();
    let data = sim.data(out).unwrap();
    assert!(data.values[..20].iter().any(|v| *v != 0.0), "nothing was carried before");
    assert!(data.values[20..].iter().all(|v| *v == 0.0), "the write came late: {:?}", &data.values[20..]);
}

#[test]
fn elements_rows_columns_and_masks() {
    let (mut net, a, b, _) = pair(3);
    let c = net.connect(a.neurons(), b.neurons(), Connection::new().transform(Matrix::filled(30, 40, 0.0)));
    let mut sim = Simulator::new(&net).unwrap();
    sim.edit_weights(c, |w| {
        w[(1, 2)] = 5.0;
        w.row_mut(4).ok_or("no row 4")?.fill(2.0);
        w.set_column(7, &[3.0; 30])?;
        w.update(|r, _| r == 9, |_, k, _| k as f64);
        Ok(())
    })
    .unwrap();
    let w = sim.weights(c).unwrap();
    assert_eq!((w[(1, 2)], w[(4, 0)], w[(5, 7)], w[(9, 11)], w[(0, 0)]), (5.0, 2.0, 3.0, 11.0, 0.0));
}

#[test]
fn bad_writes_are_errors_with_names_and_change_nothing() {
    let (mut net, a, b, _) = pair(4);
    let c = net.connect_as("learned", a, b, Connection::new());
    let mut sim = Simulator::new(&net).unwrap();
    let before = sim.weights(c).unwrap();
    for (edit, part) in [
        (
            Box::new(|w: &mut Matrix| {
                w[(0, 3)] = f64::NAN;
                Ok(())
            }) as Box<dyn Fn(&mut Matrix) -> Result<(), Failure>>,
            "(0, 3) to NaN",
        ),
        (
            Box::new(|w: &mut Matrix| {
                *w = Matrix::filled(2, 2, 0.0);
                Ok(())
            }),
            "shape",
        ),
        (
            Box::new(|w: &mut Matrix| {
                w.fill(1.0);
                Err("changed my mind".into())
            }),
            "changed my mind",
        ),
    ] {
        let e = sim.edit_weights(c, edit).unwrap_err().to_string();
        assert!(e.starts_with("learned:") && e.contains(part), "{e}");
        assert_eq!(sim.weights(c).unwrap(), before);
    }
}

/// A node that sets all weights of `c` to `t` in each step, and what it saw.
fn writer(net: &mut Network, declared: bool) -> (ConnectionId, ProbeId, ProbeId, Arc<Mutex<Vec<f64>>>) {
    let a = net.ensemble("x", Ensemble::new(20, 1).seed(9));
    let sink = net.node("sink", Output::passthrough(1));
    // The node is made before the connection that it edits, whose name it learns later.
    let learned = Arc::new(OnceLock::new());
    let seen = Arc::new(Mutex::new(vec![]));
    let (log, name) = (seen.clone(), learned.clone());
    let f = NodeFunction::new(0, 0, move |s| {
        let c = *name.get().ok_or("there is no connection yet")?;
        log.lock().unwrap().push(s.live.weights(c)?[(0, 0)]);
        let t = s.t;
        s.live.edit_weights(c, &mut |w| {
            w.fill(t);
            Ok(())
        })?;
        Ok(())
    });
    let node = net.node("writer", f);
    let c = net.connect(a, sink, Connection::new().no_synapse());
    learned.set(c).unwrap();
    if declared {
        net.edits(node, c).unwrap();
    }
    let out = net.probe("carried", Probe::new(sink));
    let spikes = net.probe("spikes", Probe::new(a.neurons()));
    (c, out, spikes, seen)
}

#[test]
fn a_callbacks_write_is_seen_in_the_same_step() {
    let mut net = Network::with_seed(5);
    let (_, out, spikes, seen) = writer(&mut net, true);
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(50).unwrap();
    let (out, spikes) = (sim.data(out).unwrap(), sim.data(spikes).unwrap());
    for k in 0..50 {
        let t = (k + 1) as f64 * 0.001;
        let sum: f64 = spikes.row(k).iter().sum();
        assert!((out.values[k] - t * sum).abs() < 1e-12, "step {k}: {} is not {}", out.values[k], t * sum);
    }
    assert!(out.values.iter().any(|v| *v > 0.0));
    let seen = seen.lock().unwrap();
    assert!((seen[10] - 0.010).abs() < 1e-15, "a callback sees the weights of the step before: {}", seen[10]);
}

#[test]
fn an_undeclared_edit_is_an_error() {
    let mut net = Network::with_seed(5);
    let (_, out, _, _) = writer(&mut net, false);
    let mut sim = Simulator::new(&net).unwrap();
    let e = sim.run_steps(5).unwrap_err().to_string();
    assert!(e.contains("writer") && e.contains(".edits(connection)"), "{e}");
    assert_eq!(sim.data(out).unwrap().rows(), 0);
    assert!(sim.step().unwrap_err().to_string().contains("reset"), "a stopped simulator must say so");
    sim.reset(Reset::All).unwrap();
    assert_eq!(sim.n_steps(), 0);
}

/// A node that sets all weights of a connection, or edits a copy of them, to numbers that change from step to step.
fn setter(place: &str, set: bool, bad: Option<f64>) -> (Network, ConnectionId) {
    let (mut net, a, b, _) = pair(5);
    let c = match place {
        "decoders" => net.connect_as("c", a, b, Connection::new()),
        "neurons" => {
            let w = Matrix::filled(30, 40, 0.0);
            net.connect_as("c", a.neurons(), b.neurons(), Connection::new().transform(w))
        }
        _ => {
            let devices = Connection::new().devices(DeviceSpec::default()).learn(Mpes::default());
            net.connect_as("c", a.neurons(), b.neurons(), devices)
        }
    };
    let rows = if place == "decoders" { 1 } else { 30 };
    let node = NodeFunction::new(0, 0, move |s| {
        let t = s.t;
        // A zero of either sign: one that takes the place of the other is no change.
        let value = move |i: usize, j: usize| match (i + j) % 7 {
            0 => 0.0 * (300.0 * t).sin(),
            k => 1e-5 * (k as f64 + (100.0 * t).sin()),
        };
        let w = Matrix::from_fn(rows, 40, |i, j| match bad {
            Some(x) if (i, j) == (rows - 1, 3) && t > 0.0045 => x,
            _ => value(i, j),
        });
        if set {
            s.live.set_weights(c, &w)?
        } else {
            s.live.edit_weights(c, &mut |old| old.assign(&w))?
        }
        Ok(())
    });
    net.node("setter", node.edits(c));
    (net, c)
}

#[test]
fn a_node_that_sets_a_matrix_writes_and_logs_what_an_edit_of_a_copy_does() {
    for precision in [Precision::F64, Precision::F32] {
        for place in ["decoders", "neurons", "devices"] {
            let run = |set: bool| {
                let (net, c) = setter(place, set, None);
                let mut sim = Simulator::with(&net, Options { precision, ..Options::default() }).unwrap();
                sim.run_steps(6).unwrap();
                let bits: Vec<u64> = sim.weights(c).unwrap().values().iter().map(|w| w.to_bits()).collect();
                let log = sim.log();
                let log: Vec<_> = log.entries().map(|e| (e.step, e.path.clone(), e.digest)).collect();
                (bits, log)
            };
            let (bits, log) = run(true);
            assert!(bits.iter().filter(|b| **b != 0).count() > 20, "{place}");
            assert_eq!(log.len(), 6, "{place}: each write is in the log");
            assert!(bits == run(false).0 && log == run(false).1, "{place}, {precision:?}");
            // What can't be kept is refused, whoever asks, and nothing of it is written.
            for (bad, in_single) in [(f64::NAN, false), (f64::INFINITY, false), (1e300, true)] {
                if in_single && precision == Precision::F64 || place == "devices" {
                    continue;
                }
                let (net, c) = setter(place, true, Some(bad));
                let mut sim = Simulator::with(&net, Options { precision, ..Options::default() }).unwrap();
                let e = sim.run_steps(6).unwrap_err().to_string();
                assert!(e.contains("setter") && e.contains("Nothing was written"), "{e}");
                let (other, d) = setter(place, true, None);
                let mut sane = Simulator::with(&other, Options { precision, ..Options::default() }).unwrap();
                sane.run_steps(4).unwrap();
                assert!(
                    sim.weights(c).unwrap() == sane.weights(d).unwrap(),
                    "{place}: something was written"
                );
            }
        }
    }
    // Another shape, and weights that were not declared.
    for (declared, shape, part) in [
        (true, (40, 30), "the weights have shape (30, 40), found a matrix of (40, 30). Nothing was written"),
        (false, (30, 40), "without having declared it; add `.edits(connection)`"),
    ] {
        let (mut net, a, b, _) = pair(5);
        let w = Connection::new().transform(Matrix::filled(30, 40, 0.0));
        let c = net.connect_as("c", a.neurons(), b.neurons(), w);
        let w = Matrix::filled(shape.0, shape.1, 1.0);
        let node = NodeFunction::new(0, 0, move |s| Ok(s.live.set_weights(c, &w)?));
        net.node("setter", if declared { node.edits(c) } else { node });
        let mut sim = Simulator::new(&net).unwrap();
        let e = sim.step().unwrap_err().to_string();
        assert!(e.contains("c: ") && e.contains(part), "{e}");
    }
}

fn learner(seed: u32) -> (Network, ConnectionId, ProbeId) {
    let (mut net, a, b, stim) = pair(seed);
    let c = net.connect(a, b, Connection::new().function(1, |_, y| y[0] = 0.0).learn(Pes::new(1e-3)));
    let error = net.node("error", Output::passthrough(1));
    net.connect(b, error, Connection::new());
    net.connect(stim, error, Connection::new().transform(-1.0));
    net.connect(error, c.rule(), Connection::new());
    let out = net.probe("out", Probe::new(b).synapse(0.01));
    (net, c, out)
}

#[test]
fn freeze_stops_learning_and_parameters_are_live() {
    let (net, c, _) = learner(6);
    let mut sim = Simulator::new(&net).unwrap();
    sim.run(0.1).unwrap();
    let w = sim.weights(c).unwrap();
    assert!(w.rms() > 0.0, "nothing was learned");
    sim.freeze(c).unwrap();
    sim.run(0.1).unwrap();
    assert_eq!(sim.weights(c).unwrap(), w);
    sim.unfreeze(c).unwrap();
    sim.run(0.1).unwrap();
    assert_ne!(sim.weights(c).unwrap(), w);
    sim.set_rule_parameter(c, "learning_rate", 0.0).unwrap();
    sim.step().unwrap(); // the change of the step before is still to come
    let w = sim.weights(c).unwrap();
    sim.run(0.1).unwrap();
    assert_eq!(sim.weights(c).unwrap(), w);
    let e = sim.set_rule_parameter(c, "rate", 1.0).unwrap_err().to_string();
    assert!(e.contains("`rate`") && e.contains("`learning_rate`"), "{e}");
}

#[test]
fn frozen_weights_stay_and_the_others_learn_as_before() {
    // Every kind of change: a delta, a function at once, pulses.
    let function = RuleFunction::new("count", |s| {
        s.delta.fill(1e-6);
        Ok(())
    });
    let rules: [(LearningRule, bool); 3] =
        [(Pes::new(1e-4).into(), false), (function.now().into(), false), (Mpes::default().into(), true)];
    for (rule, devices) in rules {
        let mut net = Network::with_seed(3);
        let a = net.ensemble("a", Ensemble::new(20, 1));
        let b = net.ensemble("b", Ensemble::new(10, 1));
        let one = net.node("one", 1.0);
        let has_error = rule.has_error();
        let mut c = Connection::new().learn(rule);
        c = if devices {
            c.devices(DeviceSpec { spread: 0.1, ..DeviceSpec::default() })
        } else {
            c.transform(Matrix::filled(10, 20, 0.0))
        };
        let c = net.connect(a.neurons(), b.neurons(), c);
        if has_error {
            net.connect(one, c.rule(), Connection::new());
        }
        let learned = |frozen: bool| {
            let mut sim = Simulator::new(&net).unwrap();
            if frozen {
                sim.freeze_where(c, |row, col| (row + col) % 3 == 0).unwrap();
            }
            let start = sim.weights(c).unwrap();
            // Spikes of b don't matter to what is learned: the error is given.
            sim.run(0.1).unwrap();
            (start, sim.weights(c).unwrap(), sim.devices(c).map_or(0, |d| d.pulses()))
        };
        let ((start, all, pulses), (_, some, fewer)) = (learned(false), learned(true));
        assert!(!devices || fewer < pulses);
        for k in 0..200 {
            let frozen = (k / 20 + k % 20) % 3 == 0;
            let wanted = if frozen { &start } else { &all };
            assert_eq!(some.values()[k], wanted.values()[k], "weight {k}, frozen {frozen}");
        }
        assert_ne!(start, some);
        let mut sim = Simulator::new(&net).unwrap();
        sim.freeze_where(c, |_, _| true).unwrap();
        sim.unfreeze(c).unwrap();
        sim.run(0.1).unwrap();
        assert_eq!(sim.weights(c).unwrap(), all);
    }
}

#[test]
fn reset_can_keep_learned_weights() {
    let (net, c, out) = learner(7);
    let mut sim = Simulator::new(&net).unwrap();
    let start = sim.weights(c).unwrap();
    sim.run(0.2).unwrap();
    let (learned, first) = (sim.weights(c).unwrap(), sim.data(out).unwrap());
    sim.reset(Reset::KeepWeights).unwrap();
    assert_eq!((sim.weights(c).unwrap(), sim.n_steps()), (learned, 0));
    sim.freeze(c).unwrap();
    sim.set_rule_parameter(c, "learning_rate", 1.0).unwrap();
    sim.reset(Reset::All).unwrap();
    assert_eq!(sim.weights(c).unwrap(), start);
    sim.run(0.2).unwrap();
    assert_eq!(sim.data(out).unwrap(), first, "a reset run is not the first run");
}

#[test]
fn pes_is_its_closed_form_on_rate_neurons() {
    // A node as post and no synapse in the loop: e' = e·(1 − κ·dt·Σa²/n), with a step of delay of the weights.
    let mut net = Network::with_seed(8);
    let stim = net.node("stim", 0.7);
    let a = net.ensemble("a", Ensemble::new(50, 1).neuron_type(LifRate::default()));
    let out = net.node("out", Output::passthrough(1));
    net.connect(stim, a, Connection::new().no_synapse());
    let rule = Pes { learning_rate: 1e-4, pre_synapse: None };
    let c = net.connect(a, out, Connection::new().no_synapse().function(1, |_, y| y[0] = 0.0).learn(rule));
    let error = net.node("error", Output::passthrough(1));
    let target = net.node("target", 0.4);
    net.connect(out, error, Connection::new().no_synapse());
    net.connect(target, error, Connection::new().no_synapse().transform(-1.0));
    net.connect(error, c.rule(), Connection::new().no_synapse());
    let p = net.probe("error", Probe::new(error));
    let rates = net.probe("rates", Probe::new(a.neurons()));
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(400).unwrap();
    let e = sim.data(p).unwrap().values;
    let power: f64 = sim.data(rates).unwrap().row(10).iter().map(|a| a * a).sum();
    let factor = 1.0 - 1e-4 * 0.001 / 50.0 * power;
    assert!(factor > 0.5 && factor < 0.9999, "factor {factor}");
    for k in 0..400 {
        let exact = e[0] * factor.powi(k as i32);
        assert!((e[k] - exact).abs() < 1e-12, "step {k}: {} is not {exact}", e[k]);
    }
}

#[test]
fn a_rule_as_a_function_is_the_rule() {
    let run = |function: bool| {
        let (mut net, c, out) = learner(10);
        if function {
            let rule = RuleFunction::new("pes", |s| {
                let n = s.shape.1;
                for i in 0..s.shape.0 {
                    for k in 0..n {
                        s.delta[i * n + k] = -s.parameters[0] * s.dt / n as f64 * s.error[i] * s.inputs[0][k];
                    }
                }
                Ok(())
            })
            .pre_filtered(0.005)
            .error()
            .parameter("learning_rate", 1e-3);
            net.learn(c, rule).unwrap();
        }
        let mut sim = Simulator::new(&net).unwrap();
        sim.run(0.3).unwrap();
        (sim.weights(c).unwrap(), sim.data(out).unwrap())
    };
    let (built_in, by_hand) = (run(false), run(true));
    assert!(built_in.0.rms() > 1e-5);
    for (x, y) in built_in.0.values().iter().zip(by_hand.0.values()) {
        assert!((x - y).abs() < 1e-15, "{x} is not {y}");
    }
}

#[test]
fn now_is_seen_by_probes_at_once_and_by_transmission_a_step_later() {
    let run = |now: bool| {
        let mut net = Network::with_seed(11);
        let a = net.ensemble("a", Ensemble::new(10, 1));
        let sink = net.node("sink", Output::passthrough(1));
        let rule = RuleFunction::new("count", |s| {
            s.delta.fill(1.0);
            Ok(())
        });
        let rule = if now { rule.now() } else { rule };
        let c = net.connect(
            a.neurons(),
            sink,
            Connection::new().no_synapse().transform(Matrix::filled(1, 10, 0.0)).learn(rule),
        );
        let w = net.probe("w", Probe::weights(c));
        let (out, spikes) =
            (net.probe("out", Probe::new(sink)), net.probe("spikes", Probe::new(a.neurons())));
        let mut sim = Simulator::new(&net).unwrap();
        sim.run_steps(30).unwrap();
        (sim.data(w).unwrap(), sim.data(out).unwrap(), sim.data(spikes).unwrap())
    };
    for now in [true, false] {
        let (w, out, spikes) = run(now);
        for k in 0..30 {
            let shown = if now { k + 1 } else { k } as f64;
            assert_eq!(w.row(k)[0], shown, "now {now}, step {}", k + 1);
            // Either way the change of step t acts on transmission at t + 1.
            let sum: f64 = spikes.row(k).iter().sum();
            assert!((out.values[k] - k as f64 * sum).abs() < 1e-9);
        }
    }
}

#[test]
fn before_the_first_step_nothing_was_delivered() {
    let mut net = Network::with_seed(1);
    let one = net.node("one", 0.75);
    let a = net.ensemble("a", Ensemble::new(20, 1));
    let plain = net.connect_as("plain", one, a, Connection::new().no_synapse());
    let scaled = net.connect_as("scaled", one, a, Connection::new().no_synapse().transform(1.0));
    let onto = Connection::new().no_synapse().transform(Matrix::filled(20, 1, 0.5));
    let onto = net.connect_as("onto", one, a.neurons(), onto);
    let mut sim = Simulator::new(&net).unwrap();
    let all = [plain, scaled, onto];
    let silent = |sim: &Simulator| all.iter().all(|c| sim.current(*c).unwrap() == [0.0; 20]);
    assert!(silent(&sim));
    sim.step().unwrap();
    let (gain, encoders) = (sim.gain(a).unwrap(), sim.encoders(a).unwrap());
    let values: Vec<f64> = (0..20).map(|n| encoders[(n, 0)] * gain[n] * 0.75).collect();
    assert_eq!(sim.current(plain).unwrap(), values);
    assert_eq!(sim.current(scaled).unwrap(), values);
    assert_eq!(sim.current(onto).unwrap(), gain.iter().map(|g| 0.375 * g).collect::<Vec<_>>());
    sim.reset(Reset::KeepWeights).unwrap();
    assert!(silent(&sim));
}
