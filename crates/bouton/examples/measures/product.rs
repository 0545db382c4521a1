//! A dense product between neurons with rates, as a step of a model does it. `scripts/bench/gemv.sh` sets it beside a BLAS.

use bouton::prelude::*;

use crate::{least, median, micros, numbers, one_thread};

/// Prints the microseconds of a product of `n` × `n` weights with rates: what a step takes with it more than without.
pub(crate) fn product(n: usize, rounds: usize) -> Result<bool, Error> {
    let net = |joined: bool| {
        let mut net = Network::with_seed(1);
        let rates = || Ensemble::new(n, 1).neuron_type(LifRate::default());
        let (a, b) = (net.ensemble("a", rates()), net.ensemble("b", rates()));
        if joined {
            let w = Matrix::new(n, n, numbers(n * n, 1e-6)).unwrap_or_else(|| Matrix::filled(n, n, 0.0));
            net.connect(a.neurons(), b.neurons(), Connection::new().transform(w).no_synapse());
        }
        net
    };
    let mut sims = [Simulator::with(&net(true), one_thread())?, Simulator::with(&net(false), one_thread())?];
    let steps = (40_000_000 / (n * n)).max(10) as u64;
    for s in &mut sims {
        s.run_steps(steps)?;
    }
    let mut times = vec![];
    for _ in 0..rounds {
        let mut both = [0.0; 2];
        for (k, s) in sims.iter_mut().enumerate() {
            let (t, done) = micros(|| s.run_steps(steps));
            done?;
            both[k] = t / steps as f64;
        }
        times.push(both[0] - both[1]);
    }
    println!("product, {n} × {n}: {:.3} µs (least {:.3})", median(times.clone()), least(&times));
    Ok(true)
}
