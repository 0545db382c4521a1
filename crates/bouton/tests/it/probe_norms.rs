//! Probes of norms: how large the weights are, and how much a rule wants to change them.

use bouton::prelude::*;

/// Neurons onto neurons with BCM, large enough that its changes wait.
fn learner() -> (Network, ConnectionId) {
    let mut net = Network::with_seed(7);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (9.0 * t).sin()));
    let (a, b) = (net.ensemble("a", Ensemble::new(90, 1)), net.ensemble("b", Ensemble::new(64, 1)));
    net.connect(stim, a, Connection::new().no_synapse());
    net.connect(stim, b, Connection::new());
    let w = Matrix::from_fn(64, 90, |i, j| ((i * i + 31 * j) % 1009) as f64 * 1e-6);
    let rule = Rule::named("bcm").unwrap().set("eta", 1e-8).unwrap();
    let c = net.connect_as("c", a.neurons(), b.neurons(), Connection::new().transform(w).learn(rule));
    (net, c)
}

/// The weights that a model begins with.
fn unlearned(net: &Network, c: ConnectionId, precision: Precision) -> Vec<f64> {
    let sim = Simulator::with(net, Options { precision, ..Options::default() }).unwrap();
    sim.weights(c).unwrap().values().to_vec()
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn bits(x: &[f64]) -> Vec<u64> {
    x.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn norms_are_those_of_the_values_and_looking_at_them_changes_nothing() {
    let (plain, c) = learner();
    let mut net = plain.clone();
    let every = |p: Probe| p.sample_every(0.007);
    let values = net.probe("w", every(Probe::weights(c)));
    let all = net.probe("all", every(Probe::weights(c).norm(Norm::All)));
    let rows = net.probe("rows", every(Probe::weights(c).norm(Norm::Rows).slice(10..20)));
    let moved = net.probe("moved", every(Probe::weights(c).norm(Norm::Moved)));
    let ten_moved = net.probe("ten", every(Probe::weights(c).norm(Norm::MovedRows).slice(10..20)));
    for precision in [Precision::F64, Precision::F32] {
        let start = unlearned(&plain, c, precision);
        let run = |net: &Network, threads| {
            let mut sim = Simulator::with(net, Options { threads, precision, ..Options::default() }).unwrap();
            assert!(sim.explain().contains("[pending]"), "{}", sim.explain());
            sim.run_steps(140).unwrap();
            sim
        };
        let (sim, two, unseen) = (run(&net, 1), run(&net, 2), run(&plain, 1));
        let data = |sim: &Simulator, p| sim.data(p).unwrap();
        let (w, one, ten) = (data(&sim, values), data(&sim, all), data(&sim, rows));
        assert_eq!((w.rows(), one.width, ten.width, one.steps[0]), (20, 1, 10, 7));
        for k in 0..20 {
            let off = (one.row(k)[0] - norm(w.row(k))).abs() / norm(w.row(k));
            assert!(off < 1e-13, "sample {k}: {off:e}");
            for (i, found) in ten.row(k).iter().enumerate() {
                let wanted = norm(&w.row(k)[(10 + i) * 90..][..90]);
                assert!((found - wanted).abs() < 1e-13 * wanted, "sample {k}, row {i}");
            }
        }
        assert!((one.row(19)[0] / one.row(0)[0] - 1.0).abs() > 1e-3, "nothing was learned");
        // What was learned, from the weights that were built.
        let (far, far_rows) = (data(&sim, moved), data(&sim, ten_moved));
        for k in 0..20 {
            let by: Vec<f64> = w.row(k).iter().zip(&start).map(|(w, s)| w - s).collect();
            assert!((far.row(k)[0] - norm(&by)).abs() <= 1e-13 * norm(&by), "sample {k}");
            for (i, found) in far_rows.row(k).iter().enumerate() {
                let wanted = norm(&by[(10 + i) * 90..][..90]);
                assert!(
                    (found - wanted).abs() <= 1e-13 * wanted,
                    "sample {k}, row {i}: {found} for {wanted}"
                );
            }
        }
        assert!(far.row(0)[0] < 0.2 * far.row(19)[0] && far.row(19)[0] > 0.0);
        for p in [all, rows, moved, ten_moved] {
            assert_eq!(bits(&data(&sim, p).values), bits(&data(&two, p).values), "threads show");
        }
        let weights = |sim: &Simulator| bits(sim.weights(c).unwrap().values());
        assert!(weights(&sim) == weights(&unseen), "{precision:?}: looking changed something");
        assert_eq!(sim.probe_shape(all).unwrap(), (1, 1));
        assert_eq!(sim.probe_shape(rows).unwrap(), (10, 1));
    }
}

#[test]
fn norms_of_a_change_are_those_of_what_the_weights_move_by() {
    let (mut net, c) = learner();
    let delta = net.probe("delta", Probe::of(Target::rule_delta(c)).norm(Norm::All));
    let mut sim = Simulator::new(&net).unwrap();
    let mut moved = vec![];
    let mut before = sim.weights(c).unwrap();
    for _ in 0..60 {
        sim.step().unwrap();
        let after = sim.weights(c).unwrap();
        let d: Vec<f64> = after.values().iter().zip(before.values()).map(|(a, b)| a - b).collect();
        moved.push(norm(&d));
        before = after;
    }
    let found = sim.data(delta).unwrap().values;
    assert!(moved.iter().any(|m| *m > 1e-9), "nothing was learned");
    // The change of step t acts in the next; a difference of weights has the rounding of these.
    for (k, (d, m)) in found.iter().zip(&moved[1..]).enumerate() {
        assert!((d - m).abs() < 1e-16 * 76.0 + 1e-9 * m, "step {k}: {d:e} and {m:e}");
    }
}

#[test]
fn a_norm_attached_meanwhile_is_that_of_the_network_and_a_filter_is_refused() {
    let (mut net, c) = learner();
    let p = net.probe("rows", Probe::weights(c).norm(Norm::Rows));
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(5).unwrap();
    let id = sim.attach_probe(&Probe::weights(c).norm(Norm::Rows)).unwrap();
    sim.run_steps(5).unwrap();
    assert_eq!(sim.samples(id).unwrap().values, sim.data(p).unwrap().values[5 * 64..]);
    let filtered = Probe::weights(c).norm(Norm::All).synapse(0.1);
    let e = sim.attach_probe(&filtered).unwrap_err().to_string();
    assert!(e.contains("c.weights") && e.contains("without a `synapse`"), "{e}");
    net.probe("filtered", filtered);
    let e = net.validate(0.001).unwrap_err().to_string();
    assert!(e.contains("filtered: a norm is taken of the values as they are"), "{e}");
}
