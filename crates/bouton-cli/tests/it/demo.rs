//! The demonstration's promises, on every seed.

use bouton::prelude::*;
use bouton_cli::demo::{Method, NEURONS, Pulse, describe, devices, outcome};

const SEEDS: usize = 5;

/// rms|e·d| of the identity from the test's own solve: normal equations by Gaussian elimination, nothing of the solver.
fn needed_weight(sim: &Simulator, pre: EnsembleId, post: EnsembleId) -> f64 {
    let (gain, bias, enc) = (sim.gain(pre).unwrap(), sim.bias(pre).unwrap(), sim.encoders(pre).unwrap());
    let n = gain.len();
    let points = 750;
    let mut a = vec![0.0; points * n];
    let mut top = 0.0f64;
    let x: Vec<f64> = (0..points).map(|k| -1.0 + 2.0 * (k as f64 + 0.5) / points as f64).collect();
    for (row, x) in a.chunks_exact_mut(n).zip(&x) {
        for i in 0..n {
            let j = gain[i] * enc[(i, 0)] * x + bias[i];
            row[i] = if j > 1.0 { 1.0 / (0.002 + 0.02 * (1.0 / (j - 1.0)).ln_1p()) } else { 0.0 };
            top = top.max(row[i]);
        }
    }
    let ridge = points as f64 * (0.1 * top).powi(2);
    let mut m = vec![0.0; n * (n + 1)];
    for (row, x) in a.chunks_exact(n).zip(&x) {
        for i in 0..n {
            for k in 0..n {
                m[i * (n + 1) + k] += row[i] * row[k];
            }
            m[i * (n + 1) + n] += row[i] * x;
        }
    }
    for i in 0..n {
        m[i * (n + 1) + i] += ridge;
    }
    for i in 0..n {
        for r in 0..n {
            if r != i {
                let f = m[r * (n + 1) + i] / m[i * (n + 1) + i];
                for k in i..=n {
                    m[r * (n + 1) + k] -= f * m[i * (n + 1) + k];
                }
            }
        }
    }
    let d: Vec<f64> = (0..n).map(|i| m[i * (n + 1) + n] / m[i * (n + 1) + i]).collect();
    let e = sim.encoders(post).unwrap();
    let sum: f64 =
        (0..n).flat_map(|i| d.iter().map(move |d| (i, d))).map(|(i, d)| (e[(i, 0)] * d).powi(2)).sum();
    (sum / (n * n) as f64).sqrt()
}

#[test]
fn the_automatic_gain_is_rms_weight_over_the_change_of_a_hundred_pulses() {
    let pulse = Pulse::shipped().unwrap();
    for seed in 0..SEEDS {
        let m = describe(&pulse, seed, Method::mpes_auto());
        let sim = Simulator::new(&m.net).unwrap();
        // 1/R(n) between 300.3 and 400.3 pulses, normalised by the nominal bounds: the paper's device.
        let (r0, r1, c) = (200.0f64, 2.3e8f64, -0.146f64);
        let g = |r: f64| (1.0 / r - 1.0 / r1) / (1.0 / r0 - 1.0 / r1);
        let n = ((1e8 - r0) / r1).powf(1.0 / c);
        let step = g(r0 + r1 * (n + 100.0).powf(c)) - g(1e8);
        let expected = needed_weight(&sim, m.pre, m.post) / step;
        let got = sim.devices(m.learned.unwrap()).unwrap().gain();
        assert!((got / expected - 1.0).abs() < 0.05, "seed {seed}: gain {got}, by hand {expected}");
    }
}

#[test]
fn mpes_learns_on_every_seed() {
    let pulse = Pulse::shipped().unwrap();
    for seed in 0..SEEDS {
        let of = |m| outcome(&pulse, seed, m).unwrap();
        let zero = of(Method::Zero);
        let auto = of(Method::mpes_auto());
        assert!(
            auto.scores.mse * 10.0 <= zero.scores.mse,
            "seed {seed}: MSE {} is not ten times below that of zero weights, {}",
            auto.scores.mse,
            zero.scores.mse
        );
        assert!(auto.scores.pearson > 0.95, "seed {seed}: Pearson {}", auto.scores.pearson);
        assert!(auto.pulses > 1000.0, "{} pulses a device", auto.pulses);
    }
}

#[test]
fn the_automatic_gain_is_near_the_best_of_a_grid() {
    let pulse = Pulse::shipped().unwrap();
    for seed in 0..SEEDS {
        let auto = outcome(&pulse, seed, Method::mpes_auto()).unwrap();
        let mut best = f64::INFINITY;
        for factor in [0.1, 0.3, 1.0, 3.0, 10.0] {
            let m = Method::Mpes { gain: Some(auto.gain * factor), as_published: false };
            best = best.min(outcome(&pulse, seed, m).unwrap().scores.mse);
        }
        assert!(auto.scores.mse <= 2.0 * best, "seed {seed}: {} against {best}", auto.scores.mse);
    }
}

#[test]
fn without_its_rule_the_model_learns_nothing() {
    let pulse = Pulse::shipped().unwrap();
    let mut m = describe(&pulse, 0, Method::mpes_auto());
    assert!(devices(Method::mpes_auto(), 0).is_some());
    let c = m.learned.unwrap();
    let mut sim = Simulator::new(&m.net).unwrap();
    let start = sim.weights(c).unwrap();
    sim.run(2.0).unwrap();
    assert_ne!(sim.weights(c).unwrap(), start, "the rule changes nothing");
    m.net.get_connection_mut(c).unwrap().rules.clear();
    // The connection that delivers the error now ends nowhere: an error that says so.
    let e = Simulator::new(&m.net).err().unwrap();
    assert!(e.to_string().contains("has no learning rule"), "{e}");
    assert_eq!(start.shape(), (NEURONS, NEURONS));
}
