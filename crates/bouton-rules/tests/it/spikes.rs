//! Rules of spikes against sums over pairs and triplets of spikes, with numbers that stand here and not in the rules: an
//! amplitude or time constant of a text that is 1 % off fails.

use crate::sim::{DT, In, Noise, Sim, close, library, unbounded};

/// Runs one synapse over two trains, given as steps, and gives its weight.
fn run(mut sim: Sim, steps: usize, pre: &[usize], post: &[usize]) -> f64 {
    for t in 0..steps {
        let at = |train: &[usize]| [if train.contains(&t) { 1.0 / DT } else { 0.0 }];
        sim.step(&In { pre: &at(pre), post: &at(post), ..In::default() });
    }
    sim.learned()[0]
}

fn one(name: &str, start: f64) -> Sim {
    Sim::new(library(name), (1, 1), vec![start])
}

#[test]
fn the_window_of_stdp_is_two_exponentials() {
    for lag in [1i32, 2, 7, 20, -1, -3, -20] {
        let (pre, post) = (40 + (-lag).max(0) as usize, 40 + lag.max(0) as usize);
        let found = run(one("pair_stdp", 0.5), 140, &[pre], &[post]) - 0.5;
        let t = f64::from(lag) * 0.001;
        let expected = if lag > 0 { 0.01 * (-t / 0.02).exp() } else { -0.0105 * (t / 0.02).exp() };
        assert!((found - expected).abs() < 3e-16, "lag {lag}: {found} for {expected}");
    }
    // A pair in one step is no pair.
    assert_eq!(run(one("pair_stdp", 0.5), 140, &[40], &[40]), 0.5);
    // The two widths and amplitudes are parameters of their own.
    let other = |sim: Sim| {
        let sim = sim.set("tau_plus", 0.01).set("A_plus", 0.02);
        sim.set("tau_minus", 0.03).set("A_minus", 0.04)
    };
    let found = run(other(one("pair_stdp", 0.5)), 140, &[40], &[45]) - 0.5;
    close(found, 0.02 * (-0.5f64).exp(), 1e-13);
    let found = run(other(one("pair_stdp", 0.5)), 140, &[46], &[40]) - 0.5;
    close(found, -0.04 * (-0.2f64).exp(), 1e-13);
}

#[test]
fn stdp_is_the_sum_over_its_pairs() {
    let steps = 3000;
    let mut noise = Noise(7);
    let (pre, post) = (noise.train(steps, 40.0), noise.train(steps, 40.0));
    assert!(pre.len() > 80 && post.len() > 80);
    // The trace of a train with a time constant, just before step t.
    let trace = |train: &[usize], t: usize, tau: f64| -> f64 {
        train.iter().filter(|s| **s < t).map(|s| (-((t - s) as f64) * DT / tau).exp()).sum()
    };
    let last = |train: &[usize], t: usize, tau: f64| -> f64 {
        let before = train.iter().filter(|s| **s < t).max();
        before.map_or(0.0, |s| (-((t - s) as f64) * DT / tau).exp())
    };
    let learned = |name: &str| run(Sim::new(unbounded(name), (1, 1), vec![0.0]), steps, &pre, &post);

    let up: f64 = post.iter().map(|t| 0.01 * trace(&pre, *t, 0.02)).sum();
    let down: f64 = pre.iter().map(|t| 0.0105 * trace(&post, *t, 0.02)).sum();
    assert!((learned("pair_stdp") - (up - down)).abs() < 1e-13 * up, "all to all");

    let up: f64 = post.iter().map(|t| 0.01 * last(&pre, *t, 0.02)).sum();
    let down: f64 = pre.iter().map(|t| 0.0105 * last(&post, *t, 0.02)).sum();
    assert!((learned("pair_stdp_nearest") - (up - down)).abs() < 1e-13 * up, "nearest");

    let up: f64 =
        post.iter().map(|t| trace(&pre, *t, 0.0168) * (5e-10 + 6.2e-3 * trace(&post, *t, 0.125))).sum();
    let down: f64 =
        pre.iter().map(|t| trace(&post, *t, 0.0337) * (7e-3 + 2.3e-4 * trace(&pre, *t, 0.101))).sum();
    assert!((learned("triplet") - (up - down)).abs() < 1e-13 * up, "triplet");

    // α = 2·5 Hz·20 ms = 0.2.
    let at_pre: f64 = pre.iter().map(|t| 0.01 * (trace(&post, *t, 0.02) - 0.2)).sum();
    let at_post: f64 = post.iter().map(|t| 0.01 * trace(&pre, *t, 0.02)).sum();
    close(learned("vogels"), at_pre + at_post, 1e-13);
    // What follows a parameter follows it: α of 10 Hz is 0.4.
    let other = Sim::new(unbounded("vogels"), (1, 1), vec![0.0]).set("rho0", 10.0);
    let at_pre: f64 = pre.iter().map(|t| 0.01 * (trace(&post, *t, 0.02) - 0.4)).sum();
    close(run(other, steps, &pre, &post), at_pre + at_post, 1e-12);

    // The change hangs on the weight: spike by spike.
    let mut w = 0.5;
    for t in 0..steps {
        let mut change = 0.0;
        if pre.contains(&t) {
            change -= 0.0105 * w * trace(&post, t, 0.02);
        }
        if post.contains(&t) {
            change += 0.01 * (1.0 - w) * trace(&pre, t, 0.02);
        }
        w += change;
    }
    close(run(one("pair_stdp_multiplicative", 0.5), steps, &pre, &post), w, 1e-12);
}

#[test]
fn stdp_with_powers_is_its_loop_over_spikes() {
    let steps = 2000;
    let mut noise = Noise(11);
    let (pre, post) = (noise.train(steps, 30.0), noise.train(steps, 30.0));
    // (1 − w/wmax)^μ₊ and (w/wmax)^μ₋ of NEST's defaults, and of powers and widths that differ.
    for (set, [lambda, alpha, up, down, plus, minus, high], start) in [
        (false, [0.01, 1.0, 1.0, 1.0, 0.02, 0.02, 100.0], 50.0),
        (true, [0.02, 1.1, 0.4, 0.7, 0.01, 0.03, 2.0], 0.8),
    ] {
        let mut sim = one("pair_stdp_power", start);
        if set {
            let names = ["lambda", "alpha", "mu_plus", "mu_minus", "tau_plus", "tau_minus", "w_max"];
            let values = [lambda, alpha, up, down, plus, minus, high];
            sim = names.iter().zip(values).fold(sim, |s, (n, v)| s.set(n, v));
        }
        let (mut w, mut x, mut y) = (start, 0.0f64, 0.0f64);
        for t in 0..steps {
            x *= (-DT / plus).exp();
            y *= (-DT / minus).exp();
            let (is_pre, is_post) = (pre.contains(&t), post.contains(&t));
            let mut change = 0.0;
            if is_pre {
                change -= lambda * alpha * high * (w / high).powf(down) * y;
            }
            if is_post {
                change += lambda * high * (1.0 - w / high).powf(up) * x;
            }
            w = (w + change).clamp(0.0, high);
            x += f64::from(is_pre);
            y += f64::from(is_post);
        }
        assert!((w - start).abs() > 0.005 * high, "{w}");
        close(run(sim, steps, &pre, &post), w, 1e-11);
    }
}

#[test]
fn the_second_amplitude_of_the_triplet_is_no_zero() {
    // A₂⁺ is 5e-10: too small beside the triplets of a train to be seen there, so a pair alone.
    let found = run(Sim::new(unbounded("triplet"), (1, 1), vec![0.0]), 100, &[40], &[50]);
    close(found, 5e-10 * (-0.01f64 / 0.0168).exp(), 1e-12);
}

#[test]
fn bounds_hold_the_weight() {
    for (name, high) in [("pair_stdp", 1.0), ("triplet", 1.0), ("vogels", 100.0), ("pair_stdp_nearest", 1.0)]
    {
        let pairs: Vec<usize> = (0..40).map(|k| 10 + 20 * k).collect();
        let after: Vec<usize> = pairs.iter().map(|t| t + 1).collect();
        let (up, down) =
            (run(one(name, high - 1e-4), 820, &pairs, &after), run(one(name, 1e-4), 820, &after, &pairs));
        // From just below the highest, potentiation leads to it, and from just above 0 depression leads there.
        assert_eq!(up, high, "{name}");
        if name != "vogels" {
            assert_eq!(down, 0.0, "{name}");
        }
    }
    let silent = run(one("vogels", 0.001), 820, &(0..400).map(|k| 2 * k).collect::<Vec<_>>(), &[]);
    assert_eq!(silent, 0.0, "pre spikes alone weaken inhibition");
}

#[test]
fn bounds_are_where_the_rules_say() {
    for (name, high) in [
        ("pair_stdp", 1.0),
        ("pair_stdp_nearest", 1.0),
        ("pair_stdp_multiplicative", 1.0),
        ("pair_stdp_power", 100.0),
        ("triplet", 1.0),
        ("vogels", 100.0),
        ("r_stdp", 200.0),
    ] {
        // Without a spike nothing moves a weight but its bounds.
        let left = |start: f64| {
            let mut sim = one(name, start);
            for _ in 0..3 {
                sim.step(&In { pre: &[0.0], post: &[0.0], factors: &[&[0.0]], ..In::default() });
            }
            sim.learned()[0]
        };
        assert_eq!((left(0.0), left(high)), (0.0, high), "{name}");
        assert_eq!((left(-1.0), left(high + 1.0)), (0.0, high), "{name}");
    }
}

#[test]
fn a_pair_and_a_pulse_of_dopamine_are_their_sum() {
    let mut sim = Sim::new(unbounded("r_stdp"), (1, 1), vec![0.0]);
    for t in 0..12000 {
        let at = |when: usize| if t == when { 1.0 / DT } else { 0.0 };
        let factor = [at(500)];
        sim.step(&In { pre: &[at(10)], post: &[at(20)], factors: &[&factor], ..In::default() });
    }
    // The eligibility of a pair 10 ms apart when the dopamine comes, and the sum of its product with the dopamine.
    let c = (-0.01f64 / 0.02).exp() * (-(500.0 - 20.0) * DT / 1.0).exp();
    let n = 0.2 / DT * -(-DT / 0.2f64).exp_m1();
    let expected: f64 =
        (0..11500).map(|k| k as f64 * DT).map(|t| c * (-t).exp() * n * (-t / 0.2).exp() * DT).sum();
    close(sim.learned()[0], expected, 1e-9);
    close(expected, 0.0625831, 1e-5);
    // The weight is held below 200.
    let mut high = Sim::new(library("r_stdp"), (1, 1), vec![199.9]);
    for t in 0..1000 {
        let at = |when: usize| if t == when { 1.0 / DT } else { 0.0 };
        high.step(&In { pre: &[at(10)], post: &[at(11)], factors: &[&[1000.0]], ..In::default() });
    }
    assert_eq!(high.learned()[0], 200.0);
    // Post before pre leaves an eligibility of −1.5.
    let mut back = Sim::new(unbounded("r_stdp"), (1, 1), vec![0.0]);
    for t in 0..100 {
        let at = |when: usize| if t == when { 1.0 / DT } else { 0.0 };
        back.step(&In { pre: &[at(20)], post: &[at(10)], factors: &[&[0.0]], ..In::default() });
    }
    close(back.state("c")[0], -1.5 * (-0.5f64).exp() * (-(99.0 - 20.0) * DT).exp(), 1e-12);
    assert_eq!(back.learned()[0], 0.0, "without dopamine nothing is learned");
}
