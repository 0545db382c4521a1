//! A run that is watched: what is seen of it, and that nothing of it changes.

use bouton::prelude::*;

/// A population that follows what a node gives and learns it into another; the rule's error has a sign.
fn learning(high: f64, rate: f64, sign: f64) -> (Network, ConnectionId, ProbeId, ProbeId) {
    let mut net = Network::with_seed(3);
    let x = net.node("x", Output::of_time(1, move |t, y| y[0] = high * (6.0 * t).sin()));
    let error = net.node("error", Output::passthrough(1));
    let (a, b) = (net.ensemble("a", Ensemble::new(40, 1)), net.ensemble("b", Ensemble::new(30, 1)));
    net.connect(x, a, Connection::new());
    let pes = Pes { learning_rate: rate, ..Pes::default() };
    let c = net.connect(a, b, Connection::new().transform(0.0).learn(pes));
    net.connect(b, error, Connection::new().transform(sign));
    net.connect(x, error, Connection::new().transform(-sign));
    net.connect(error, c.rule(), Connection::new());
    let spikes = net.probe("spikes", Probe::of(Target::Spikes(a)));
    let value = net.probe("value", Probe::new(b).synapse(0.02));
    (net, c, spikes, value)
}

#[test]
fn what_is_seen_is_what_probes_record() {
    let (net, c, spikes, _) = learning(0.9, 1e-3, 1.0);
    let mut sim = Simulator::new(&net).unwrap();
    let w0 = sim.weights(c).unwrap().values().to_vec();
    sim.watch(1.5).unwrap();
    sim.run(1.5).unwrap();
    let w1 = sim.weights(c).unwrap().values().to_vec();
    let s = sim.data(spikes).unwrap();
    // Of each four rows of 8 steps one; the engine's tests have which.
    let tallied = bouton::engine::Tallied::one_of(std::num::NonZero::new(4).unwrap());
    let met: Vec<usize> = (0..s.rows()).filter(|k| tallied.has(*k as u64 + 1)).collect();
    let by_probe: Vec<f64> =
        (0..40).map(|i| met.iter().map(|k| s.row(*k)[i]).sum::<f64>() / met.len() as f64).collect();
    assert!(by_probe.iter().any(|r| *r > 20.0), "{by_probe:?}");
    let seen = sim.seen().unwrap().unwrap();
    assert!(
        (seen.looked(0.001) - 0.001 * met.len() as f64).abs() < 1e-12 && (370..=380).contains(&met.len())
    );
    let p = &seen.populations()[0];
    assert_eq!((&p.path[..], p.neurons()), ("a", 40));
    let rates = seen.rates(p).unwrap();
    assert!(
        rates.iter().zip(&by_probe).all(|(a, b)| (a - b).abs() < 1e-9 * (1.0 + b)),
        "{rates:?} {by_probe:?}"
    );
    // And they are those of the whole run.
    let whole = |i: usize| (0..s.rows()).map(|k| s.row(k)[i]).sum::<f64>() / s.rows() as f64;
    assert!((0..40).all(|i| (rates[i] - whole(i)).abs() < 15.0), "{rates:?}");
    // What it is given, 0.9 sin(6 t) behind a synapse of 5 ms, as a mean over each row: the third largest.
    let filtered = |step: u64| {
        let mut y = 0.0;
        for k in 1..=step {
            // A filter delivers what came in a step before.
            let x = 0.9 * (6.0 * 0.001 * (k.saturating_sub(1)) as f64).sin();
            y = y * (-0.2f64).exp() + (1.0 - (-0.2f64).exp()) * x;
        }
        y
    };
    let rows = (0..187u64).filter(|row| tallied.has(8 * row + 1));
    let mut means: Vec<f64> =
        rows.map(|row| (1..=8).map(|k| filtered(8 * row + k)).sum::<f64>().abs() / 8.0).collect();
    means.sort_by(f64::total_cmp);
    let third = means[means.len() - 3];
    assert!(third > 0.8 && (p.reaches() - third).abs() < 1e-9, "{} {third}", p.reaches());
    let rms = |x: &mut dyn Iterator<Item = f64>| (x.map(|x| x * x).sum::<f64>() / w0.len() as f64).sqrt();
    let wanted = rms(&mut w0.iter().zip(&w1).map(|(a, b)| a - b));
    let (start, end) = seen.errors(&seen.rules()[0]);
    assert!(end.unwrap() < 0.7 * start.unwrap(), "{start:?} {end:?}");
    let moved = sim.seen_so_far().unwrap().weights(&sim, c).unwrap();
    assert!(wanted > 0.0);
    assert_eq!((moved.moved, moved.now), (Some((0.0, wanted)), rms(&mut w1.iter().copied())));
    assert_eq!(sim.check().unwrap(), Vec::<String>::new());
}

#[test]
fn who_watches_changes_no_bit_however_steps_are_taken() {
    let (net, c, spikes, value) = learning(0.9, 1e-3, 1.0);
    // Long enough that not all rows are summed.
    let (steps, options) = (2600, Options { threads: 1, ..Options::default() });
    let mut alone = Simulator::with(&net, options).unwrap();
    alone.run_steps(steps).unwrap();
    let mut figures = vec![];
    for piece in [steps, 97, 1] {
        let mut sim = Simulator::with(&net, options).unwrap();
        sim.watch(2.6).unwrap();
        while sim.n_steps() < steps {
            match piece.min(steps - sim.n_steps()) {
                1 => sim.step().unwrap(),
                n => sim.run_steps(n).unwrap(),
            }
        }
        assert_eq!(sim.data(spikes).unwrap(), alone.data(spikes).unwrap());
        assert_eq!(sim.data(value).unwrap(), alone.data(value).unwrap());
        assert_eq!(sim.weights(c).unwrap().values(), alone.weights(c).unwrap().values());
        let seen = sim.seen().unwrap().unwrap();
        assert!((seen.looked(0.001) - 0.65).abs() < 0.05, "{}", seen.looked(0.001));
        let of = |p: &bouton::SeenPopulation| (seen.rates(p), p.reaches());
        let rates: Vec<_> = seen.populations().iter().map(of).collect();
        figures.push((rates, seen.errors(&seen.rules()[0])));
    }
    assert!(figures.windows(2).all(|f| f[0] == f[1]), "{figures:?}");
}

#[test]
fn what_looks_at_fault_is_said_on_demand() {
    let (net, ..) = learning(12.0, 1e-9, 1.0);
    let mut sim = Simulator::new(&net).unwrap();
    let e = sim.check().unwrap_err().to_string();
    assert!(e.contains("call `watch` before the run"), "{e}");
    sim.watch(30.0).unwrap();
    assert_eq!(sim.check().unwrap(), Vec::<String>::new(), "nothing has run");
    // Of a run of 30 s it looks at four rows a second.
    sim.run(1.0).unwrap();
    let words = sim.check().unwrap();
    let said = |w: &String| w.strip_prefix("`a` is given up to ")?.split(' ').next()?.parse::<f64>().ok();
    let by = words.iter().find_map(said);
    assert!(by.is_some_and(|by| (4.0..=12.0).contains(&by)), "{words:?}");
    assert_eq!(sim.seen_so_far().unwrap().certain(), [words[0].clone()]);
    let (net, ..) = learning(0.9, 3e-5, -1.0);
    let mut sim = Simulator::new(&net).unwrap();
    sim.watch(5.0).unwrap();
    sim.run(5.0).unwrap();
    let words = sim.check().unwrap();
    assert!(words.iter().any(|w| w.starts_with("`a→b.rule`: its error grows, from ")), "{words:?}");
}

#[test]
fn a_population_that_never_fires_is_told_and_a_reset_or_a_checkpoint_ends_looking() {
    let mut net = Network::with_seed(1);
    let silent = Ensemble::new(20, 1).intercepts(Distribution::uniform(0.8, 0.9));
    let quiet = net.ensemble("quiet", silent);
    let x = net.node("x", Output::Constant(vec![0.1]));
    net.connect(x, quiet, Connection::new());
    let mut sim = Simulator::new(&net).unwrap();
    sim.watch(1.0).unwrap();
    sim.run(1.0).unwrap();
    let words = "`quiet`: none of its 20 neurons has fired in the 0.25 s that were looked at";
    assert_eq!(sim.check().unwrap(), [words]);
    // Once it is no longer watched nothing is known; a reset and a checkpoint end it too.
    sim.unwatch().unwrap();
    assert!(sim.seen().unwrap().is_none() && sim.check().is_err());
    let saved = sim.save().unwrap();
    for end in
        [&mut |s: &mut Simulator| s.reset(Reset::All), &mut |s: &mut Simulator| s.load(&saved).map(drop)]
            as [&mut dyn FnMut(&mut Simulator) -> Result<(), Error>; 2]
    {
        sim.watch(1.0).unwrap();
        end(&mut sim).unwrap();
        assert!(sim.seen().unwrap().is_none());
        sim.run(0.01).unwrap();
    }
}
