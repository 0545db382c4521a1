//! Rules written as one function: third factors, several errors, and changes made of outer products.

use bouton::ScaleKind;
use bouton::prelude::*;

use super::places::{Place, apart, bits, connected};

/// Ten neurons onto two values, with a matrix of weights that begins at zero.
pub(super) fn learner(rule: RuleFunction) -> (Network, ConnectionId) {
    let mut net = Network::with_seed(1);
    let a = net.ensemble("a", Ensemble::new(10, 1));
    let out = net.node("out", Output::passthrough(2));
    let zeros = Connection::new().transform(Matrix::filled(2, 10, 0.0));
    let c = net.connect_as("c", a.neurons(), out, zeros.learn(rule));
    (net, c)
}

#[test]
fn what_is_declared_wrongly_is_refused_with_a_way_out() {
    let plain = || RuleFunction::new("r", |_| Ok(()));
    for (rule, part) in [
        (plain().every(-0.1), "c: rule `r`: acts every -0.1 s; give it a positive number of seconds"),
        (plain().every(f64::NAN), "acts every NaN s"),
        (plain().every_steps(0), "acts every 0 steps; give it at least 1"),
        (
            plain().every(0.0004),
            "the rule `r` acts every 0.0004 s, which is less than the time step of 0.001 s",
        ),
        (plain().products(0), "is made of 0 products; give it at least 1"),
        (plain().reads_weights(), "`reads_weights` is for a change that is made of `products`"),
        (
            plain().factor("f", Over::Synapse, 0.0),
            "the third factor `f` is over Synapse; a third factor is one",
        ),
        (
            plain().factor("f", Over::One, f64::INFINITY),
            "the third factor `f` is inf when nothing is connected",
        ),
        (plain().error_named("delta"), "`delta` is what `Probe` finds the rule's own by"),
        (plain().error_named("x").factor("x", Over::One, 1.0), "two things are called `x`"),
        (plain().error_named("x").state("x", Over::One, 1.0), "two things are called `x`"),
    ] {
        let e = Simulator::new(&learner(rule).0).map(|_| ()).unwrap_err().to_string();
        assert!(e.contains(part), "{e}");
    }
    let (net, c) = learner(plain().error_named("slow").factor("reward", Over::One, 0.0));
    let e = net.factor(c, "sloww").unwrap_err().to_string();
    assert!(e.contains("c.rule") && e.contains("did you mean `slow`?"), "{e}");
    // Nothing is connected.
    let notes = Simulator::new(&net).unwrap().scale_notes().to_vec();
    let ours: Vec<String> =
        notes.iter().filter(|n| n.kind == ScaleKind::NoFactor).map(|n| n.to_string()).collect();
    assert_eq!(ours.len(), 2, "{ours:?}");
    assert!(ours[0].contains("nothing is connected to the error `slow`"), "{ours:?}");
    assert!(ours[1].contains("connect something to `c.rule.reward`"), "{ours:?}");
}

#[test]
fn what_a_function_gets_wrong_is_named() {
    let run = |rule: RuleFunction, precision| {
        let (net, _) = learner(rule);
        let mut sim = Simulator::with(&net, Options { precision, ..Options::default() }).unwrap();
        sim.run_steps(3).unwrap_err().to_string()
    };
    let e = run(RuleFunction::new("r", |s| s.factor("x").map(|_| ())), Precision::F64);
    assert!(e.contains("there is no third factor `x`: the rule has declared none"), "{e}");
    let two = RuleFunction::new("r", |s| s.product(2).map(|_| ())).products(2);
    let e = run(two, Precision::F64);
    assert!(e.contains("there is no product 2: the rule has declared 2, counted from 0"), "{e}");
    let nan = |f: usize| {
        let rule = RuleFunction::new("r", move |s| {
            s.product(f)?.1[3] = f64::NAN;
            Ok(())
        });
        rule.products(2)
    };
    let e = run(nan(1), Precision::F64);
    assert!(e.contains("c.rule") && e.contains("`pre` value 3 of product 1 is NaN"), "{e}");
    let scale = RuleFunction::new("r", |s| {
        s.products.scale = 1.0 / 0.0;
        Ok(())
    });
    let e = run(scale.products(1), Precision::F64);
    assert!(e.contains("the scale of its change is inf"), "{e}");
    // Each fits single precision, their product doesn't.
    let large = RuleFunction::new("r", |s| {
        let (rows, columns) = s.product(0)?;
        rows.fill(1e30);
        columns.fill(1e30);
        Ok(())
    });
    let e = run(large.products(1), Precision::F32);
    assert!(e.contains("the products of its change reach"), "{e}");
}

#[test]
fn third_factors_of_every_rank_are_what_connections_deliver_or_their_default() {
    let rule = |connected: bool| {
        let rule = RuleFunction::new("three", |s| {
            let (one, pre, post) = (s.factor("one")?[0], s.factor("pre_gate")?, s.factor("post_gate")?);
            for (i, row) in s.delta.chunks_exact_mut(s.shape.1).enumerate() {
                row.iter_mut().zip(pre).for_each(|(d, x)| *d = one + 10.0 * x + 100.0 * post[i]);
            }
            Ok(())
        });
        let rule = rule.now().factor("one", Over::One, 3.0);
        let (net, c) = learner(rule.factor("pre_gate", Over::Pre, 0.5).factor("post_gate", Over::Post, -1.0));
        if !connected {
            return (net, c, vec![]);
        }
        let mut net = net;
        let one = net.node("one", vec![0.25]);
        let pre = net.node("pre", (0..10).map(f64::from).collect::<Vec<f64>>());
        let post = net.node("post", vec![2.0, 4.0]);
        let mut probes = vec![];
        for (name, node) in [("one", one), ("pre_gate", pre), ("post_gate", post)] {
            let end = net.factor(c, name).unwrap();
            // Two of them add up.
            net.connect(node, end, Connection::new().no_synapse());
            net.connect(node, end, Connection::new().no_synapse());
            probes.push(net.probe(name, Probe::new(end)));
        }
        (net, c, probes)
    };
    let (net, c, _) = rule(false);
    let mut sim = Simulator::new(&net).unwrap();
    sim.step().unwrap();
    assert_eq!(sim.weights(c).unwrap().values(), [3.0 + 5.0 - 100.0; 20]);
    let (net, c, probes) = rule(true);
    for precision in [Precision::F64, Precision::F32] {
        let mut sim = Simulator::with(&net, Options { precision, ..Options::default() }).unwrap();
        sim.step().unwrap();
        let w = sim.weights(c).unwrap();
        for (i, j) in [(0, 0), (0, 9), (1, 4)] {
            let (x, y) = (2.0 * j as f64, [4.0, 8.0][i]);
            assert_eq!(w[(i, j)], 0.5 + 10.0 * x + 100.0 * y, "{i}, {j}");
        }
        assert_eq!(sim.data(probes[2]).unwrap().values, [4.0, 8.0]);
    }
}

/// Sixty neurons onto forty, and two errors that nodes make; PES is given their sum, a function both of them.
fn two_errors(place: Place, rule: impl Into<LearningRule>, named: bool) -> (Network, ConnectionId) {
    let mut net = Network::with_seed(3);
    let stim =
        net.node("stim", Output::of_time(2, |t, y| y.copy_from_slice(&[(9.0 * t).sin(), (5.0 * t).cos()])));
    let a = net.ensemble("a", Ensemble::new(60, 2));
    let b = net.ensemble("b", Ensemble::new(40, 2));
    net.connect(stim, a, Connection::new().no_synapse());
    let learn = Connection::new().learn(rule);
    let start = Matrix::from_fn(40, 60, |i, j| 1e-4 * ((i * 7 + j * 3) % 11) as f64);
    let c = connected(&mut net, place, [a, b], learn, start);
    let wave = |f: f64| Output::of_time(2, move |t, y| y.copy_from_slice(&[(f * t).sin(), 0.5 - f * t]));
    let errors = [("one", 3.0), ("two", 7.0)].map(|(name, f)| (name, net.node(name, wave(f))));
    for (name, node) in errors {
        let end = if named { net.factor(c, name).unwrap() } else { c.rule().into() };
        net.connect(node, end, Connection::new().no_synapse());
    }
    (net, c)
}

/// PES of two errors that have names, as a matrix or as a product.
fn pes_of_two(products: bool) -> RuleFunction {
    let rule = RuleFunction::new("pes of two", |s| {
        let (one, two, pre) = (s.factor("one")?, s.factor("two")?, s.input("pre_filtered")?);
        let rate = 1e-3 * s.dt / s.shape.1 as f64;
        for (i, row) in s.delta.chunks_exact_mut(s.shape.1).enumerate() {
            row.iter_mut().zip(pre).for_each(|(d, a)| *d = rate * -(one[i] + two[i]) * a);
        }
        if s.delta.is_empty() {
            s.products.scale = rate;
            let (rows, columns) = s.product(0)?;
            rows.iter_mut().enumerate().for_each(|(i, x)| *x = -(one[i] + two[i]));
            columns.copy_from_slice(pre);
        }
        Ok(())
    });
    let rule = rule.pre_filtered(0.005).error_named("one").error_named("two");
    if products { rule.products(1) } else { rule }
}

#[test]
fn errors_that_have_names_are_encoded_as_the_error_is() {
    let weights = |(net, c): (Network, ConnectionId)| {
        let mut sim = Simulator::with(&net, Options { seed: Some(1), ..Options::default() }).unwrap();
        let before = sim.weights(c).unwrap();
        sim.run_steps(200).unwrap();
        let after = sim.weights(c).unwrap();
        let moved = apart(&before, &after);
        (after, moved)
    };
    for place in [Place::Decoders, Place::Full, Place::Neurons, Place::Devices] {
        let (pes, moved) = weights(two_errors(place, Pes::new(1e-3), false));
        assert!(moved > 1e-9, "{place:?}: {moved}");
        for products in [false, true] {
            if place == Place::Devices && !products {
                continue;
            }
            let (function, _) = weights(two_errors(place, pes_of_two(products), true));
            let off = apart(&pes, &function);
            // Two errors are encoded one by one, and their encoded values added: another order of the same sum. Pulses see
            // the sign alone.
            let most = if place == Place::Devices { 0.0 } else { 1e-12 * moved };
            assert!(off <= most, "{place:?}, products {products}: {off:e} of {moved:e}");
        }
    }
}

/// A hundred and fifty neurons onto ninety-six: large enough for the forms of weights.
fn large(rule: impl Into<LearningRule>) -> (Network, ConnectionId) {
    let mut net = Network::with_seed(7);
    let stim = net.node("stim", Output::of_time(2, |t, y| (y[0], y[1]) = ((9.0 * t).sin(), (5.0 * t).cos())));
    let (a, b) = (net.ensemble("a", Ensemble::new(150, 2)), net.ensemble("b", Ensemble::new(96, 2)));
    net.connect(stim, a, Connection::new().no_synapse());
    net.connect(stim, b, Connection::new());
    let w = Matrix::from_fn(96, 150, |i, j| ((i * i + 31 * j) % 1009) as f64 * 1e-6);
    let c = net.connect_as("c", a.neurons(), b.neurons(), Connection::new().transform(w).learn(rule));
    net.probe("spikes", Probe::new(b.neurons()));
    (net, c)
}

/// Hebb's rule less a product of other filters: a matrix, or as many products.
fn two_traces(products: bool) -> RuleFunction {
    let rule = RuleFunction::new("two traces", |s| {
        let (fast, slow) = (s.input("pre_filtered")?, s.input("pre_filtered_2")?);
        let (post, late) = (s.input("post_filtered")?, s.input("post_filtered_2")?);
        let rate = 1e-8 * s.dt;
        for (i, row) in s.delta.chunks_exact_mut(s.shape.1).enumerate() {
            for (j, d) in row.iter_mut().enumerate() {
                *d = rate * (post[i] * fast[j] - late[i] * slow[j]);
            }
        }
        if s.delta.is_empty() {
            s.products.scale = rate;
            for (f, (p, x, sign)) in [(post, fast, 1.0), (late, slow, -1.0)].into_iter().enumerate() {
                let (rows, columns) = s.product(f)?;
                rows.iter_mut().zip(p).for_each(|(y, p)| *y = sign * p);
                columns.copy_from_slice(x);
            }
        }
        Ok(())
    });
    let rule = rule.pre_filtered(0.005).pre_filtered(0.03).post_filtered(0.01).post_filtered(0.02);
    if products { rule.products(2) } else { rule }
}

#[test]
fn products_are_the_matrix_that_they_make() {
    for precision in [Precision::F64, Precision::F32] {
        let run = |products: bool, seen: bool, limits: bool| {
            let (mut net, c) = large(two_traces(products));
            if seen {
                net.probe("delta", Probe::of(Target::rule_delta(c)));
            }
            if limits {
                let mask = Matrix::from_fn(96, 150, |i, j| f64::from(u8::from((i + j) % 3 > 0)));
                net.get_connection_mut(c).unwrap().mask = Some(mask);
                net.get_connection_mut(c).unwrap().bounds = Some((0.0, 2e-3));
            }
            let mut sim = Simulator::with(&net, Options { precision, ..Options::default() }).unwrap();
            let before = sim.weights(c).unwrap();
            sim.run_steps(150).unwrap();
            (before, sim.weights(c).unwrap())
        };
        for limits in [false, true] {
            let ((before, matrix), (_, products), (_, seen)) =
                (run(false, false, limits), run(true, false, limits), run(true, true, limits));
            let (moved, off) = (apart(&before, &matrix), apart(&matrix, &products));
            let most = if precision == Precision::F32 { 1e-3 } else { 1e-10 };
            assert!(moved > 1e-7 && off < most * moved, "{precision:?}: {off:e} of {moved:e}");
            assert!(products == seen, "{precision:?}, limits {limits}: a probe of the change shows");
        }
    }
}

/// Hebb as a function.
fn hebb(products: bool) -> RuleFunction {
    let rule = RuleFunction::new("hebb", |s| {
        let (pre, post, eta) = (s.input("pre_filtered")?, s.input("post_filtered")?, s.parameter("eta")?);
        for (i, row) in s.delta.chunks_exact_mut(s.shape.1).enumerate() {
            row.iter_mut().zip(pre).for_each(|(d, a)| *d = (eta * s.dt * post[i]) * a);
        }
        if s.delta.is_empty() {
            s.products.scale = eta * s.dt;
            let (rows, columns) = s.product(0)?;
            rows.copy_from_slice(post);
            columns.copy_from_slice(pre);
        }
        Ok(())
    });
    let rule = rule.pre_filtered(0.005).post_filtered(0.01).parameter("eta", 1e-9);
    if products { rule.products(1) } else { rule }
}

#[test]
fn a_function_of_one_product_waits_and_makes_no_matrix() {
    let with = |rule: RuleFunction, passes| {
        let (net, c) = large(rule);
        let sim = Simulator::with(&net, Options { passes, ..Options::default() }).unwrap();
        (sim, c)
    };
    let waits = |s: &(Simulator, ConnectionId)| s.0.explain().contains("[pending]");
    let weights = |s: &(Simulator, ConnectionId)| s.0.weights(s.1).unwrap();
    let mut pending = with(hebb(true), Passes::default());
    let mut numbers = with(hebb(true), Passes { pending: false, ..Passes::default() });
    let mut matrix = with(hebb(false), Passes::default());
    let mut rare = with(hebb(true).every_steps(5), Passes::default());
    assert_eq!([&pending, &numbers, &matrix, &rare].map(waits), [true, false, false, true]);
    // One that reads the weights has them as a matrix, and is given them.
    let reads = RuleFunction::new("reads", |s| {
        if s.weights.len() == s.shape.0 * s.shape.1 { Ok(()) } else { Err("no weights".into()) }
    });
    let mut reads = with(reads.products(1).reads_weights(), Passes::default());
    assert!(!waits(&reads));
    reads.0.run_steps(2).unwrap();
    let before = weights(&pending);
    for n in 0..150 {
        [&mut pending, &mut numbers, &mut matrix].into_iter().for_each(|s| s.0.step().unwrap());
        let w = [&pending, &numbers, &matrix].map(weights);
        assert!(w[1] == w[2], "step {n}");
        assert!(apart(&w[0], &w[1]) < 2e-14 * 1e-3, "step {n}: {:e}", apart(&w[0], &w[1]));
    }
    assert!(apart(&before, &weights(&matrix)) > 1e-8);
    // In every fifth step: the same as numbers.
    let mut other = with(hebb(false).every_steps(5), Passes::none());
    rare.0.run_steps(40).unwrap();
    other.0.run_steps(40).unwrap();
    let moved = apart(&before, &weights(&other));
    let off = apart(&weights(&rare), &weights(&other));
    assert!(moved > 1e-9 && off < 1e-10 * moved, "{off:e} of {moved:e}");
}

#[test]
fn devices_are_given_the_factors_of_products() {
    // Two products of which the second is the first again, turned round and doubled: the sign of each weight is turned.
    let rule = |turned: bool, products: bool| {
        let rule = RuleFunction::new("r", move |s| {
            let (one, pre) = (s.factor("one")?, s.input("pre_filtered")?);
            let sign = if turned { 1.0 } else { -1.0 };
            for (i, row) in s.delta.chunks_exact_mut(s.shape.1).enumerate() {
                row.iter_mut().zip(pre).for_each(|(d, a)| *d = sign * one[i] * a);
            }
            if s.delta.is_empty() {
                s.products.scale = 1e-9;
                for (f, x) in [(0, -1.0), (1, if turned { 2.0 } else { 0.0 })] {
                    let (rows, columns) = s.product(f)?;
                    rows.iter_mut().zip(one).for_each(|(y, e)| *y = x * e);
                    columns.copy_from_slice(pre);
                }
            }
            Ok(())
        });
        let rule = rule.pre_filtered(0.005).error_named("one").factor("two", Over::Post, 0.0);
        if products { rule.products(2) } else { rule }
    };
    let run = |rule: RuleFunction| {
        let mut net = Network::with_seed(3);
        let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (20.0 * t).sin()));
        let (a, b) = (net.ensemble("a", Ensemble::new(30, 1)), net.ensemble("b", Ensemble::new(20, 1)));
        net.connect(stim, a, Connection::new().no_synapse());
        let devices = Connection::new().devices(DeviceSpec { spread: 0.15, ..DeviceSpec::default() });
        let c = net.connect_as("c", a.neurons(), b.neurons(), devices.learn(rule));
        let end = net.factor(c, "one").unwrap();
        net.connect(stim, end, Connection::new());
        let mut sim = Simulator::new(&net).unwrap();
        sim.run_steps(200).unwrap();
        (sim.weights(c).unwrap(), sim.devices(c).unwrap().pulses())
    };
    for turned in [false, true] {
        let (products, pulses) = run(rule(turned, true));
        let (matrix, as_many) = run(rule(turned, false));
        assert!(pulses > 1000 && pulses == as_many, "{turned}: {pulses} and {as_many} pulses");
        assert!(products == matrix, "{turned}: the weights part");
    }
    // Where it isn't due there is no pulse.
    let (_, rare) = run(rule(true, true).every_steps(10));
    let (_, rare_matrix) = run(rule(true, false).every_steps(10));
    let (_, all) = run(rule(true, true));
    assert!(rare > 0 && rare == rare_matrix && 5 * rare < all, "{rare}, {rare_matrix} of {all}");
}

#[test]
fn all_of_it_together_has_the_same_bits_for_threads_and_after_a_checkpoint() {
    for products in [0, 1, 2] {
        let rule = RuleFunction::new("all", move |s| {
            let (fast, slow, gate) = (s.factor("fast")?, s.factor("slow")?, s.factor("gate")?);
            let (reward, pre) = (s.factor("reward")?[0], s.input("pre_filtered")?);
            let (since, error) = (s.since, s.error);
            s.state("seen")?[0] += since;
            let row = |i: usize| 1e-8 * since * reward * (error[i] + fast[i] - 0.5 * slow[i]);
            for (i, to) in s.delta.chunks_exact_mut(s.shape.1).enumerate() {
                to.iter_mut().enumerate().for_each(|(j, d)| *d = row(i) * pre[j] * gate[j]);
            }
            for f in 0..products {
                let (rows, columns) = s.product(f)?;
                rows.iter_mut().enumerate().for_each(|(i, y)| *y = row(i) / products as f64);
                columns.iter_mut().enumerate().for_each(|(j, y)| *y = pre[j] * gate[j]);
            }
            Ok(())
        });
        let rule = rule.pre_filtered(0.005).error().error_named("fast").error_named("slow");
        let rule = rule.factor("gate", Over::Pre, 1.5).factor("reward", Over::One, 0.0);
        let rule = rule.state("seen", Over::One, 0.0).every_steps(4);
        let (mut net, c) = large(if products == 0 { rule } else { rule.products(products) });
        let wave = Output::of_time(2, |t, y| y.copy_from_slice(&[(30.0 * t).sin(), 0.4]));
        let (error, reward) = (net.node("error", wave), net.node("reward", vec![0.7]));
        net.connect(error, c.rule(), Connection::new());
        for (name, node, tau) in [("fast", error, 0.002), ("slow", error, 0.05), ("reward", reward, 0.01)] {
            let end = net.factor(c, name).unwrap();
            net.connect(node, end, Connection::new().synapse(tau));
        }
        let run = |threads: usize, precision, saved: Option<u64>| {
            let options = Options { threads, precision, ..Options::default() };
            let mut sim = Simulator::with(&net, options).unwrap();
            let before = sim.weights(c).unwrap();
            if let Some(at) = saved {
                sim.run_steps(at).unwrap();
                let saved = sim.save().unwrap();
                sim = Simulator::with(&net, options).unwrap();
                sim.run_steps(5).unwrap();
                sim.load(&saved).unwrap();
            }
            sim.run_steps(103 - saved.unwrap_or(0)).unwrap();
            let w = sim.weights(c).unwrap();
            (bits(&w), apart(&before, &w))
        };
        for precision in [Precision::F64, Precision::F32] {
            let (bits, moved) = run(1, precision, None);
            assert!(moved > 1e-7 && moved < 1.0, "{products} products, {precision:?}: {moved:e}");
            for (threads, saved) in [(2, None), (1, Some(61)), (2, Some(64)), (1, Some(65)), (2, Some(66))] {
                let again = run(threads, precision, saved).0;
                assert!(again == bits, "{products} products, {precision:?}, {threads} threads, {saved:?}");
            }
        }
    }
}
