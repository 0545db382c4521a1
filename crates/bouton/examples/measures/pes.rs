//! PES on full weights. Apart, because it names only what the engine before (a32c645) had as well: a program there that has
//! this file as a module gives the other half of the ratio (`scripts/pes.sh`).

use std::time::Instant;

use bouton::prelude::*;

/// Peak memory of this process (MB), 0 where the system doesn't say.
pub(crate) fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM"));
    line.and_then(|l| l.split_whitespace().nth(1)?.parse::<f64>().ok()).map_or(0.0, |k| k * 1024.0 / 1e6)
}

/// Neurons with few points to solve decoders at: they are to be solved, not to be good.
pub(crate) fn few_points(n: usize) -> Ensemble {
    Ensemble { n_eval_points: Some(200), ..Ensemble::new(n, 1) }
}

/// Prints seconds per simulated second of PES on `n` × `n` solved weights, and what has to be equal for a ratio to count.
pub(crate) fn pes(n: usize, rounds: usize) -> Result<bool, Error> {
    const STEPS: u64 = 50;
    let mut net = Network::with_seed(3);
    let input = net.node("input", Output::of_time(1, |t, y| y[0] = (12.0 * t).sin()));
    let (pre, post) = (net.ensemble("pre", few_points(n)), net.ensemble("post", few_points(n)));
    net.connect(input, pre, Connection::new().no_synapse());
    let solver = LstsqL2 { weights: true, ..LstsqL2::default() };
    let learned = net.connect(pre, post, Connection::new().solver(solver).learn(Pes::new(1e-5)));
    let error = net.node("error", Output::passthrough(1));
    net.connect(post, error, Connection::new());
    net.connect(input, error, Connection::new().transform(-0.5));
    net.connect(error, learned.rule(), Connection::new());
    let value = net.probe("value", Probe::new(post).synapse(0.01));
    let spikes = net.probe("spikes", Probe::new(post.neurons()));
    let mut sim = Simulator::with(&net, Options { threads: 1, ..Options::default() })?;
    let rms = |x: &[f64]| (x.iter().map(|v| v * v).sum::<f64>() / x.len().max(1) as f64).sqrt();
    let at_first = rms(sim.weights(learned)?.values());
    sim.run_steps(10)?;
    let mut times = vec![];
    for _ in 0..rounds {
        let t = Instant::now();
        sim.run_steps(STEPS)?;
        times.push(t.elapsed().as_secs_f64() / (STEPS as f64 * sim.dt()));
    }
    times.sort_by(f64::total_cmp);
    let fired = sim.data(spikes)?.values.iter().filter(|v| **v > 0.0).count();
    println!(
        "pes, {n} × {n} solved weights, {} steps: {:.3} s per simulated s (least {:.3}); rms of the output {:.9}, of the \
         weights {at_first:.9e} and then {:.9e}, {fired} spikes; peak {:.0} MB",
        10 + STEPS * rounds as u64,
        times[times.len() / 2],
        times[0],
        rms(&sim.data(value)?.values),
        rms(sim.weights(learned)?.values()),
        peak_mb()
    );
    println!("pes: wanted 0.7 of the time of a32c645 at most, with equal rms and spikes");
    Ok(true)
}
