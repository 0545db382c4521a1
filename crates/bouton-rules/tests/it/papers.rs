//! Rules against what their papers found: curves, targets, components, thresholds. Numbers stand here and not in the rules: a
//! constant of a text that is 1 % off fails here, or where a comment says.

use crate::sim::{DT, In, Noise, Sim, close, library, unbounded};

fn spike(on: bool) -> f64 {
    if on { 1.0 / DT } else { 0.0 }
}

/// Sixty pairings at a frequency (Hz), the post spike `lag` steps after the pre spike.
fn pairings(frequency: f64, lag: i32, count: usize) -> (Vec<usize>, Vec<usize>) {
    let period = (1.0 / (frequency * DT)).round() as usize;
    let (pre, post) = ((-lag).max(0) as usize, lag.max(0) as usize);
    (0..count).map(|k| (10 + k * period + pre, 10 + k * period + post)).unzip()
}

/// Sjöström, Turrigiano & Nelson 2001 (Neuron 32:1149), visual cortex, as Pfister & Gerstner 2006 (Journal of Neuroscience
/// 26:9673) fit it: frequency (Hz), relative change and its standard error, pre 10 ms before post and after it.
const SJOSTROM: [(f64, [(f64, f64); 2]); 5] = [
    (0.1, [(-0.04, 0.05), (-0.29, 0.08)]),
    (10.0, [(0.14, 0.10), (-0.41, 0.11)]),
    (20.0, [(0.29, 0.14), (-0.34, 0.10)]),
    (40.0, [(0.53, 0.11), (0.56, 0.32)]),
    (50.0, [(0.56, 0.26), (0.75, 0.19)]),
];

#[test]
fn triplets_have_the_frequency_curve_of_visual_cortex() {
    let mut deviation = 0.0;
    for (frequency, measured) in SJOSTROM {
        for (lag, (mean, error)) in [10, -10].into_iter().zip(measured) {
            // Pairings 10 s apart know nothing of each other: three of them stand for all.
            let count = if frequency < 1.0 { 3 } else { 60 };
            let (pre, post) = pairings(frequency, lag, count);
            let mut sim = Sim::new(unbounded("triplet"), (1, 1), vec![0.0]);
            for t in 0..pre[count - 1].max(post[count - 1]) + 1 {
                let (p, q) = ([spike(pre.contains(&t))], [spike(post.contains(&t))]);
                sim.step(&In { pre: &p, post: &q, ..In::default() });
            }
            // The sum over pairs and triplets of spikes, with the fit of all-to-all interactions to visual cortex.
            let trace = |train: &[usize], t: usize, tau: f64| -> f64 {
                train.iter().filter(|s| **s < t).map(|s| (-((t - s) as f64) * DT / tau).exp()).sum()
            };
            let up = |t: &usize| trace(&pre, *t, 0.0168) * (5e-10 + 6.2e-3 * trace(&post, *t, 0.125));
            let down = |t: &usize| trace(&post, *t, 0.0337) * (7e-3 + 2.3e-4 * trace(&pre, *t, 0.101));
            let expected: f64 = post.iter().map(up).sum::<f64>() - pre.iter().map(down).sum::<f64>();
            let found = sim.learned()[0];
            let scale: f64 = post.iter().map(up).sum::<f64>() + pre.iter().map(down).sum::<f64>();
            assert!(
                (found - expected).abs() < 1e-12 * scale,
                "{frequency} Hz, {lag}: {found} for {expected}"
            );
            let curve = found * 60.0 / count as f64;
            let off = (curve - mean) / error;
            assert!(off.abs() < 1.5, "{frequency} Hz, {lag} ms: {curve} for {mean} ± {error}");
            deviation += off * off / 10.0;
        }
    }
    // In squared standard errors, per point. A rule of pairs can't: it has more than 1.
    assert!(deviation < 0.35, "{deviation}");
}

#[test]
fn pairs_alone_do_not_have_that_curve() {
    // The best that pairs can do at high frequency has the wrong sign for one order: as in the paper, the pair rule with the same
    // widths depresses post-before-pre at any frequency.
    let (pre, post) = pairings(50.0, -10, 60);
    let mut sim = Sim::new(unbounded("pair_stdp"), (1, 1), vec![0.0]);
    for t in 0..=pre[59] {
        let (p, q) = ([spike(pre.contains(&t))], [spike(post.contains(&t))]);
        sim.step(&In { pre: &p, post: &q, ..In::default() });
    }
    assert!(sim.learned()[0] < 0.0);
}

/// Vogels et al. 2011 (Science 334:1569): of trains that know nothing of each other the drift is η·ν_pre·(2·ν_post·τ − α), with
/// α = 2·ρ₀·τ, and so its sign turns at ρ₀.
#[test]
fn inhibition_drifts_towards_its_target_on_independent_trains() {
    let (inputs, seconds) = (30, 100.0);
    // In steps, and without pairs in one step: τ is dt/(e^(dt/τ) − 1).
    let (tau, alpha) = (DT / (DT / 0.02f64).exp_m1(), 0.2);
    for (post_rate, tolerance) in [(20.0, 0.006), (40.0, 0.006)] {
        let mut noise = Noise(23);
        let mut sim = Sim::new(unbounded("vogels"), (inputs, inputs), vec![0.0; inputs * inputs]);
        let (mut pres, mut posts) = (0.0, 0.0);
        let steps = (seconds / DT) as usize;
        for _ in 0..steps {
            let mut train = |rate: f64| -> Vec<f64> {
                noise.many(inputs).iter().map(|x| spike(*x < rate * DT)).collect()
            };
            let (pre, post) = (train(20.0), train(post_rate));
            pres += pre.iter().sum::<f64>() * DT;
            posts += post.iter().sum::<f64>() * DT;
            sim.step(&In { pre: &pre, post: &post, ..In::default() });
        }
        let drift = sim.learned().iter().sum::<f64>() / (inputs * inputs) as f64 / seconds;
        let rate = |spikes: f64| spikes / inputs as f64 / seconds;
        let expected = 0.01 * rate(pres) * (2.0 * rate(posts) * tau - alpha);
        close(drift, expected, tolerance);
    }
    // Without post spikes each pre spike takes η·α, to the last digit: η, ρ₀ and τ that are 1 % off are seen here.
    let mut sim = Sim::new(unbounded("vogels"), (1, 1), vec![0.0]);
    for t in 0..1000 {
        sim.step(&In { pre: &[spike(t % 10 == 0)], post: &[0.0], ..In::default() });
    }
    close(sim.learned()[0], -100.0 * 0.01 * 2.0 * 5.0 * 0.02, 1e-12);
}

/// In a closed loop the rate settles near ρ₀ = α/2τ, and above it: inhibition is not independent of the spikes that it
/// suppresses. With more inputs it is nearer.
#[test]
fn inhibition_settles_near_its_target_from_above() {
    let settled = |inputs: usize| {
        let mut noise = Noise(29);
        let mut sim = Sim::new(library("vogels"), (1, inputs), vec![0.1; inputs]).set("eta", 0.02);
        let (mut trace, mut spikes) = (vec![0.0; inputs], 0.0);
        let steps = 200_000;
        for t in 0..steps {
            let pre: Vec<f64> = noise.many(inputs).iter().map(|x| spike(*x < 10.0 * DT)).collect();
            trace.iter_mut().zip(&pre).for_each(|(y, x)| *y += (x - *y) * DT / 0.01);
            // A neuron that is driven to 40 Hz, less what the inputs take.
            let held: f64 = sim.weights.iter().zip(&trace).map(|(w, x)| w * x).sum::<f64>() / inputs as f64;
            let post = spike(noise.next() < (40.0 - held).max(0.0) * DT);
            if t >= steps / 2 {
                spikes += post * DT;
            }
            sim.step(&In { pre: &pre, post: &[post], ..In::default() });
        }
        spikes / (DT * (steps / 2) as f64)
    };
    let (few, many) = (settled(20), settled(100));
    assert!(many > 5.0 * 0.99 && many < few && few < 8.0, "{many} Hz with 100 inputs, {few} Hz with 20");
}

/// The distal reward problem of Izhikevich 2007 (Cerebral Cortex 17:2443): a reward comes one to two seconds after a pair of
/// one synapse, with spikes of all synapses in between, and it is that synapse that grows.
#[test]
fn a_distal_reward_finds_the_synapse_that_earned_it() {
    const INPUTS: usize = 20;
    let mut noise = Noise(31);
    let mut sim = Sim::new(library("r_stdp"), (1, INPUTS), vec![10.0; INPUTS]);
    let (mut rewards, mut answer): (Vec<usize>, Option<usize>) = (vec![], None);
    for t in 0..400_000 {
        let mut pre: Vec<f64> = noise.many(INPUTS).iter().map(|x| spike(*x < 1.0 * DT)).collect();
        // Every five seconds the first input is made to fire, and the neuron answers 5 ms later.
        if t % 5_000 == 500 {
            pre[0] = spike(true);
            answer = Some(t + 5);
        }
        let answers = answer == Some(t);
        if answers {
            rewards.push(t + 1000 + (1000.0 * noise.next()) as usize);
        }
        let post = spike(answers || noise.next() < 1.0 * DT);
        let reward = if rewards.contains(&t) { 2.0 / DT } else { 0.0 };
        sim.step(&In { pre: &pre, post: &[post], factors: &[&[reward]], ..In::default() });
    }
    let w = sim.learned();
    let others = w[1..].iter().copied().fold(0.0, f64::max);
    assert!(w[0] > 13.0 && others < 11.5, "{w:?}");
}

/// Oja 1982 (Journal of Mathematical Biology 15:267): the weights come to the first principal component of what is given, of
/// length 1/√β; 1 by default.
#[test]
fn oja_comes_to_the_component_and_its_length() {
    let unit = |degrees: f64| [degrees.to_radians().cos(), degrees.to_radians().sin()];
    // Four inputs in turn, with variances 2 and 0.5 along two directions at right angles.
    let (first, second) = (unit(30.0), unit(120.0));
    let mut sim = Sim::new(library("oja"), (1, 2), vec![0.2, 0.9]).set("eta", 0.2).set("tau_f", 1e-9);
    let (mut sum, mut count) = ([0.0; 2], 0.0);
    for t in 0..80_000 {
        let sign = if t % 2 == 0 { 1.0 } else { -1.0 };
        let x = if t / 2 % 2 == 0 { first.map(|x| 2.0 * sign * x) } else { second.map(|x| sign * x) };
        let y = sim.weights[0] * x[0] + sim.weights[1] * x[1];
        sim.step(&In { pre: &x, post: &[y], ..In::default() });
        if t >= 60_000 {
            (0..2).for_each(|k| sum[k] += sim.weights[k]);
            count += 1.0;
        }
    }
    let w = sum.map(|s| s / count);
    close(w[0].hypot(w[1]), 1.0, 1e-3);
    // Within a twentieth of a degree.
    assert!((w[0] * first[1] - w[1] * first[0]).abs() < 1e-3, "{w:?}");
}

/// Bienenstock, Cooper & Munro 1982 and Intrator & Cooper 1992: an activity above the threshold strengthens, one below it
/// weakens, and the threshold is the mean rate in one and the mean square over y0 in the other.
#[test]
fn bcm_turns_its_sign_at_its_threshold() {
    for (name, rate, threshold) in [("bcm", 30.0, 30.0), ("bcm_intrator_cooper", 30.0, 30.0 * 30.0 / 20.0)] {
        let change = |probe: f64| {
            let mut sim = Sim::new(library(name), (1, 1), vec![0.0]);
            (0..15_000).for_each(|_| sim.step(&In { pre: &[40.0], post: &[rate], ..In::default() }));
            close(sim.state("theta")[0], threshold, 1e-5);
            // Before the threshold follows the filter of the activity has to: the threshold is set back in each step.
            for _ in 0..60 {
                sim.states[2][0] = threshold;
                sim.step(&In { pre: &[40.0], post: &[probe], ..In::default() });
            }
            sim.states[2][0] = threshold;
            sim.step(&In { pre: &[40.0], post: &[probe], ..In::default() });
            sim.delta[0]
        };
        // By 2 % on either side: a threshold that is 1 % off would not be seen, so its value is above.
        assert!(change(1.02 * threshold) > 0.0 && change(0.98 * threshold) < 0.0, "{name}");
        // Δ = dt·eta·a·b·(b − θ) at 40 Hz before and twice the threshold after, which moves the threshold within the step.
        let b = 2.0 * threshold;
        let to = if name == "bcm" { b } else { b * b / 20.0 };
        let moved = threshold + (to - threshold) * -(-DT / 1.0f64).exp_m1();
        close(change(b), DT * 1e-9 * 40.0 * b * (b - moved), 2e-5);
    }
}
