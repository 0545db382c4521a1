//! Recursive least squares in a network, and states for each pair of pre neurons.

use bouton::elements::var::Over;
use bouton::prelude::*;

/// A population that learns −x from the error of what it gives.
fn net(rule: impl Into<LearningRule>) -> (Network, ConnectionId) {
    let mut net = Network::with_seed(6);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (8.0 * t).sin()));
    let a = net.ensemble("a", Ensemble::new(40, 1));
    let (out, error) = (net.node("out", Output::passthrough(1)), net.node("error", Output::passthrough(1)));
    net.connect(stim, a, Connection::new().no_synapse());
    let zero = Connection::new().function(1, |_, y| y[0] = 0.0);
    let c = net.connect_as("c", a, out, zero.learn(rule));
    net.connect(out, error, Connection::new().no_synapse());
    net.connect(stim, error, Connection::new());
    net.connect(error, c.rule(), Connection::new().no_synapse());
    net.probe("error", Probe::new(error));
    (net, c)
}

/// rms of the error in the last of two seconds.
fn error(net: &Network, options: Options) -> f64 {
    let mut sim = Simulator::with(net, options).unwrap();
    sim.run_steps(2000).unwrap();
    let e = sim.data(net.find_probe("error").unwrap()).unwrap().values;
    (e[1000..].iter().map(|e| e * e).sum::<f64>() / 1000.0).sqrt()
}

#[test]
fn rls_learns_in_a_second_what_pes_does_not() {
    let options = Options { seed: Some(1), ..Options::default() };
    let rls = error(&net(Rls::new(0.01)).0, options);
    let pes = error(&net(Pes::new(1e-4)).0, options);
    // Spikes of 40 neurons leave a noise of some hundredths.
    assert!(rls < 0.07 && pes > 2.0 * rls, "{rls} and {pes}");
    let single = error(&net(Rls::new(0.01)).0, Options { precision: Precision::F32, ..options });
    assert!((single - rls).abs() < 0.02, "{single} in single precision, {rls} in double");
    // A rate of zero is off.
    let (net, c) = net(Rls::new(0.0));
    let mut sim = Simulator::with(&net, options).unwrap();
    sim.run_steps(50).unwrap();
    assert!(sim.weights(c).unwrap().values().iter().all(|w| *w == 0.0));
}

#[test]
fn the_state_of_rls_is_live_and_saved() {
    let (mut net, c) = net(Rls::new(1.0));
    let p = net.probe("P", Probe::of(Target::rule_signal(c, "P")).sample_every(0.1));
    let run = |threads: usize, saved: bool| {
        let options = Options { threads, seed: Some(1), ..Options::default() };
        let mut sim = Simulator::with(&net, options).unwrap();
        sim.run_steps(100).unwrap();
        if saved {
            let checkpoint = sim.save().unwrap();
            sim = Simulator::with(&net, options).unwrap();
            sim.load(&checkpoint).unwrap();
        }
        sim.run_steps(100).unwrap();
        let seen = sim.data(p).unwrap().values;
        let p = sim.read("c.rule.P", &Pick::All).unwrap();
        assert_eq!(p.len(), 40 * 40);
        assert_eq!(&seen[seen.len() - 1600..], p);
        let w = sim.weights(c).unwrap();
        w.values().iter().chain(&p).map(|x| x.to_bits()).collect::<Vec<_>>()
    };
    let bits = run(1, false);
    assert!(run(2, false) == bits && run(1, true) == bits);
    // It begins at κ·dt/n, and again when zeros are written to it.
    let mut sim = Simulator::with(&net, Options { seed: Some(1), ..Options::default() }).unwrap();
    let diagonal = |sim: &mut Simulator| -> Vec<f64> {
        (0..40).map(|i| sim.read("c.rule.P", &Pick::Element(i, i)).unwrap()[0]).collect()
    };
    sim.run_steps(1).unwrap();
    let start = diagonal(&mut sim);
    assert!(start.iter().any(|p| (p - 1.0 * 0.001 / 40.0).abs() < 1e-18), "{start:?}");
    sim.run_steps(500).unwrap();
    assert!(diagonal(&mut sim).iter().sum::<f64>() < 0.9 * start.iter().sum::<f64>());
    sim.write("c.rule.P", Pick::All, vec![0.0; 1600]).unwrap();
    sim.run_steps(1).unwrap();
    let again = diagonal(&mut sim).iter().sum::<f64>();
    assert!(again > 0.95 * start.iter().sum::<f64>(), "{again}");
    let e = sim.set_rule_parameter(c, "learning_rate", 2.0).unwrap_err().to_string();
    assert!(e.contains("no parameter `learning_rate` that can change while it runs"), "{e}");
}

/// A rule of one's own with such a state: the sum of the products of what two neurons before do.
#[test]
fn a_function_may_have_a_state_for_each_pair_of_pre_neurons() {
    let rule = RuleFunction::new("correlate", |s| {
        let r = s.input("pre_filtered")?;
        let n = r.len();
        let sum = s.state("sum")?;
        (0..n * n).for_each(|k| sum[k] += r[k / n] * r[k % n]);
        Ok(())
    })
    .pre_filtered(0.005)
    .state("sum", Over::PrePre, 0.0)
    .error();
    let (mut net, c) = net(rule);
    let r = net.probe("r", Probe::of(Target::rule_signal(c, "pre_filtered")));
    let sum = net.probe("sum", Probe::of(Target::rule_signal(c, "sum")).sample_every(0.1));
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(100).unwrap();
    let sum = sim.data(sum).unwrap().values;
    assert_eq!(sum.len(), 1600);
    let r = sim.data(r).unwrap().values;
    for (k, sum) in sum.iter().enumerate() {
        let expected: f64 = r.chunks_exact(40).map(|r| r[k / 40] * r[k % 40]).sum();
        assert!((sum - expected).abs() <= 1e-9 * expected.abs(), "{k}: {sum} for {expected}");
    }
    assert!(sum.iter().any(|s| *s > 1.0));
}
