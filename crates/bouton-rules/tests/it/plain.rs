//! Rules of rates against plain loops over all weights.

use crate::sim::{DT, In, Noise, Sim, close, library};

const ROWS: usize = 5;
const COLS: usize = 7;

/// a, b, θ, w → the change per second.
type Law = fn(f64, f64, f64, f64) -> f64;

#[test]
fn hebb_oja_and_bcm_are_their_plain_loops() {
    let plain: [(&str, Law); 4] = [
        ("hebb", |a, b, _, _| 1e-9 * a * b),
        ("oja", |a, b, _, w| 1e-6 * b * (a - b * w)),
        ("bcm", |a, b, theta, _| 1e-9 * a * b * (b - theta)),
        ("bcm_intrator_cooper", |a, b, theta, _| 1e-9 * a * b * (b - theta)),
    ];
    for (name, law) in plain {
        let mut noise = Noise(11);
        let start: Vec<f64> = noise.many(ROWS * COLS).iter().map(|x| 1e-3 * x).collect();
        let mut sim = Sim::new(library(name), (ROWS, COLS), start.clone());
        let (mut a, mut b, mut theta) = ([0.0; COLS], [0.0; ROWS], [0.0; ROWS]);
        let (mut w, mut delta) = (start.clone(), vec![0.0; ROWS * COLS]);
        for _ in 0..400 {
            let pre: Vec<f64> = noise.many(COLS).iter().map(|x| 200.0 * x).collect();
            let post: Vec<f64> = noise.many(ROWS).iter().map(|x| 200.0 * x).collect();
            sim.step(&In { pre: &pre, post: &post, ..In::default() });
            let old = b;
            let low = |x: &mut f64, to: f64, tau: f64| *x = to + (*x - to) * (-DT / tau).exp();
            a.iter_mut().zip(&pre).for_each(|(a, x)| low(a, *x, 0.005));
            b.iter_mut().zip(&post).for_each(|(b, x)| low(b, *x, 0.005));
            for (i, theta) in theta.iter_mut().enumerate() {
                // A state that reads another reads it as it stood before this step's motion.
                let to = if name == "bcm" { post[i] } else { old[i] * old[i] / 20.0 };
                low(theta, to, 1.0);
            }
            w.iter_mut().zip(&delta).for_each(|(w, d)| *w += d);
            for i in 0..ROWS {
                for j in 0..COLS {
                    delta[i * COLS + j] = DT * law(a[j], b[i], theta[i], w[i * COLS + j]);
                }
            }
        }
        let moved = w.iter().zip(&start).map(|(w, s)| (w - s).abs()).fold(0.0, f64::max);
        let off = w.iter().zip(&sim.weights).map(|(w, s)| (w - s).abs()).fold(0.0, f64::max);
        assert!(moved > 1e-7 && off < 1e-12 * moved, "{name}: {off:e} of {moved:e}");
    }
}

#[test]
fn the_delta_rule_is_its_plain_loop() {
    let mut noise = Noise(13);
    let mut sim = Sim::new(library("delta"), (ROWS, COLS), vec![0.0; ROWS * COLS]);
    let (mut a, mut w) = ([0.0; COLS], vec![0.0; ROWS * COLS]);
    for _ in 0..400 {
        let pre: Vec<f64> = noise.many(COLS).iter().map(|x| 200.0 * x).collect();
        let error: Vec<f64> = noise.many(ROWS).iter().map(|x| 2.0 * x - 1.0).collect();
        sim.step(&In { pre: &pre, error: &error, ..In::default() });
        a.iter_mut().zip(&pre).for_each(|(a, x)| *a = x + (*a - x) * (-DT / 0.005f64).exp());
        for i in 0..ROWS {
            for j in 0..COLS {
                w[i * COLS + j] -= DT * 1e-6 * error[i] * a[j];
            }
        }
    }
    let moved = w.iter().map(|w| w.abs()).fold(0.0, f64::max);
    let off = w.iter().zip(sim.learned()).map(|(w, s)| (w - s).abs()).fold(0.0, f64::max);
    assert!(moved > 1e-7 && off < 1e-12 * moved, "{off:e} of {moved:e}");
}

#[test]
fn the_decay_of_oja_is_a_parameter() {
    let run = |beta: f64| {
        let mut sim = Sim::new(library("oja"), (1, 1), vec![0.5]).set("beta", beta);
        (0..100).for_each(|_| sim.step(&In { pre: &[0.0], post: &[100.0], ..In::default() }));
        sim.weights[0] - 0.5
    };
    close(run(2.0), 2.0 * run(1.0), 1e-3);
    assert!(run(1.0) < -1e-5);
}

#[test]
fn the_threshold_of_bcm_is_y0() {
    for (post, sign) in [(15.0, -1.0), (25.0, 1.0)] {
        let mut sim = Sim::new(library("bcm_intrator_cooper"), (1, 1), vec![0.0]);
        (0..20_000).for_each(|_| sim.step(&In { pre: &[50.0], post: &[post], ..In::default() }));
        close(sim.state("theta")[0], post * post / 20.0, 1e-6);
        // Above y0 the threshold of a constant activity is above it: it is the change of a deviation that grows.
        assert_eq!((sim.delta[0] * -sign).signum(), 1.0, "{post}");
    }
    let mut sim = Sim::new(library("bcm_intrator_cooper"), (1, 1), vec![0.0]);
    (0..40_000).for_each(|_| sim.step(&In { pre: &[50.0], post: &[20.0], ..In::default() }));
    assert!(sim.delta[0].abs() < 1e-15, "at y0 nothing changes: {}", sim.delta[0]);
}

#[test]
fn decay_and_scaling_are_their_closed_forms() {
    let mut sim = Sim::new(library("decay"), (1, 2), vec![0.5, -2.0]);
    (0..1000).for_each(|_| sim.step(&In::default()));
    let left = (1.0f64 - DT / 1000.0).powi(999);
    close(sim.weights[0], 0.5 * left, 1e-12);
    close(sim.weights[1], -2.0 * left, 1e-12);
    let mut fast = Sim::new(library("decay"), (1, 1), vec![0.5]).set("tau_w", 0.1);
    (0..1000).for_each(|_| fast.step(&In::default()));
    close(fast.weights[0], 0.5 * (1.0f64 - 0.01).powi(999), 1e-12);

    // At a constant rate r of 50 Hz its low-pass is r·(1 − e^(−t/τ)), and each step multiplies by 1 + dt·η·(ρ₀ − r)/ρ₀.
    let mut sim = Sim::new(library("homeostatic"), (1, 2), vec![0.5, -2.0]);
    let mut factor = 1.0;
    for t in 0..2000 {
        sim.step(&In { post: &[50.0], ..In::default() });
        if t < 1999 {
            let r = 50.0 * (1.0 - (-(t + 1) as f64 * DT / 10.0).exp());
            factor *= 1.0 + DT * 0.01 * (20.0 - r) / 20.0;
        }
    }
    close(sim.weights[0] / 0.5 - 1.0, factor - 1.0, 1e-9);
    close(sim.weights[1] / -2.0 - 1.0, factor - 1.0, 1e-9);
}

#[test]
fn oja_finds_the_first_principal_component() {
    // Two inputs with the covariance of (2, 1) and (1, 2): the component is (1, 1)/√2, of length 1/√β.
    let mut noise = Noise(5);
    let mut sim =
        Sim::new(library("oja"), (1, 2), vec![0.9, 0.1]).set("eta", 2.0).set("beta", 4.0).set("tau_f", 1e-9);
    for _ in 0..20_000 {
        let (p, q) = (
            3f64.sqrt() * (noise.next() * 12f64.sqrt() - 3f64.sqrt()),
            noise.next() * 12f64.sqrt() - 3f64.sqrt(),
        );
        let x = [(p + q) / 2f64.sqrt(), (p - q) / 2f64.sqrt()];
        let y = [sim.weights[0] * x[0] + sim.weights[1] * x[1]];
        sim.step(&In { pre: &x, post: &y, ..In::default() });
    }
    let [a, b] = [sim.weights[0], sim.weights[1]];
    close(a.hypot(b), 0.5, 0.05);
    close(a / b, 1.0, 0.1);
}
