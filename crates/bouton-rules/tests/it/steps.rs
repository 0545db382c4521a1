//! What a step is: its order, what is read when, exactness, and that nothing but signals goes from one step to the next.

use std::ops::Range;

use bouton_rules::{Makes, Rule};

use crate::sim::{DT, In, Noise, Sim, close, library};

fn rule(text: &str) -> Rule {
    Rule::parse(text).unwrap()
}

fn spike(on: bool) -> [f64; 1] {
    [if on { 1.0 / DT } else { 0.0 }]
}

#[test]
fn states_move_before_they_are_read_and_jump_after() {
    // x is read by `on pre` as it was before the spike, and by `w'` after its motion.
    let mut sim = Sim::new(rule("pre x' = -x/20 ms\non pre: w += x; x += 1"), (1, 1), vec![0.0]);
    sim.step(&In { pre: &spike(true), ..In::default() });
    assert_eq!((sim.delta[0], sim.state("x")[0]), (0.0, 1.0));
    sim.step(&In { pre: &spike(true), ..In::default() });
    close(sim.delta[0], (-0.05f64).exp(), 1e-15);
    let mut sim = Sim::new(rule("pre a' = (pre.out - a)/5 ms\nw' = a"), (1, 1), vec![0.0]);
    sim.step(&In { pre: &spike(true), ..In::default() });
    close(sim.delta[0], DT * 1000.0 * (1.0 - (-0.2f64).exp()), 1e-14);
}

#[test]
fn statements_of_a_block_run_in_order_and_blocks_do_not_see_each_other() {
    // Within a block the second statement reads what the first has made.
    let mut sim = Sim::new(rule("pre x' = 0\non pre: x += 1; w += x"), (1, 1), vec![0.0]);
    sim.step(&In { pre: &spike(true), ..In::default() });
    assert_eq!(sim.delta[0], 1.0);
    // The other block reads c as it stood at the beginning, and both changes are added.
    let text = "synapse c' = 0\non pre: c += 1; w += 10*c\non post: c += 2; w += 100*c\neach step: w += 1000*(c + 1)";
    let mut sim = Sim::new(rule(text), (1, 1), vec![0.0]);
    sim.step(&In { pre: &spike(true), post: &spike(true), ..In::default() });
    assert_eq!((sim.delta[0], sim.state("c")[0]), (1210.0, 3.0));
    // A weight that a block has changed is read so in that block.
    let mut sim = Sim::new(rule("on pre: w += 1; w = 2*w"), (1, 1), vec![5.0]);
    sim.step(&In { pre: &spike(true), ..In::default() });
    assert_eq!(sim.delta[0], 7.0);
    // And so is one by a state, where weights change at spikes alone.
    let mut sim = Sim::new(rule("synapse c' = 0\non pre: c += w; w += 1; c += 10*w"), (1, 1), vec![5.0]);
    sim.step(&In { pre: &spike(true), ..In::default() });
    assert_eq!((sim.delta[0], sim.state("c")[0]), (1.0, 65.0));
    // One that sets the weight outright reads it, to know its change.
    let mut sim = Sim::new(rule("on pre: w = 0.5"), (1, 2), vec![5.0, 7.0]);
    sim.step(&In { pre: &[0.0, 1000.0], ..In::default() });
    assert_eq!(sim.delta, [0.0, -6.5]);
    let mut sim = Sim::new(rule("on pre: w += 1\non pre: w -= 3*w"), (1, 1), vec![5.0]);
    sim.step(&In { pre: &spike(true), ..In::default() });
    assert_eq!(sim.delta[0], 1.0 - 18.0);
}

/// Synapses are computed some rows at a time; a row by itself has the bits of one among many.
#[test]
fn rows_of_a_large_matrix_have_the_bits_of_rows_alone() {
    let text = "
input g per post
pre x' = -x/20 ms
post y' = g - y/20 ms
global n' = 1 - n/200 ms
synapse c' = x*y - c*n
synapse f' = c - f^2
on pre: c -= y; x += 1
on post: c += x; y += 1
w' = c*n + f*y
bound w in [-0.001, 0.002*n]
";
    let (rows, cols, steps) = (37, 1001, 30);
    let mut noise = Noise(21);
    let start: Vec<f64> = noise.many(rows * cols).iter().map(|x| 1e-3 * x).collect();
    let mut spikes =
        |n: usize| noise.many(n).iter().map(|x| if *x < 0.1 { 1.0 / DT } else { 0.0 }).collect::<Vec<f64>>();
    let given: Vec<[Vec<f64>; 3]> = (0..steps).map(|_| [spikes(cols), spikes(rows), spikes(rows)]).collect();
    let run = |these: std::ops::Range<usize>| {
        let of = these.start * cols..these.end * cols;
        let mut sim = Sim::new(rule(text), (these.len(), cols), start[of].to_vec());
        for [pre, post, g] in &given {
            let (post, g) = (&post[these.clone()], &g[these.clone()]);
            sim.step(&In { pre, post, factors: &[g], ..In::default() });
        }
        (sim.weights, sim.states[3].clone(), sim.states[4].clone())
    };
    let all = run(0..rows);
    assert!(all.0.iter().zip(&start).filter(|(w, s)| w != s).count() > rows * cols / 2);
    for i in 0..rows {
        let (part, one) = (i * cols..(i + 1) * cols, run(i..i + 1));
        assert!(
            all.0[part.clone()] == one.0 && all.1[part.clone()] == one.1 && all.2[part] == one.2,
            "row {i}"
        );
    }
}

#[test]
fn all_states_move_at_once() {
    let text = |first: &str, second: &str| format!("{first}\n{second}\nw' = x + y");
    let (x, y) = ("pre x' = y", "pre y' = x + 1");
    let run = |text: String| {
        let mut sim = Sim::new(rule(&text), (1, 1), vec![0.0]);
        (0..50).for_each(|_| sim.step(&In { pre: &[0.0], ..In::default() }));
        (sim.state("x")[0], sim.state("y")[0])
    };
    assert_eq!(run(text(x, y)), run(text(y, x)));
}

#[test]
fn linear_motion_is_exact_whatever_the_step() {
    // dx/dt = (3 − x)/10 ms + g·x with g = −20/s over 37 steps of 1 ms: a relaxation of rate 120/s to 2.5.
    let text = "param g = -20 /s\npost x' = (3 - x)/10 ms + g*x\nw' = x";
    let mut sim = Sim::new(rule(text), (1, 1), vec![0.0]);
    (0..37).for_each(|_| sim.step(&In { post: &[0.0], ..In::default() }));
    close(sim.state("x")[0], 2.5 * (1.0 - (-120.0f64 * 37.0 * DT).exp()), 1e-14);
    // Not linear: Euler, and `explain` says so.
    let text = "post x' = 1 - x^2\nw' = x";
    let mut sim = Sim::new(rule(text), (1, 1), vec![0.0]);
    let mut x = 0.0;
    for _ in 0..37 {
        sim.step(&In { post: &[0.0], ..In::default() });
        x += DT * (1.0 - x * x);
    }
    close(sim.state("x")[0], x, 1e-14);
    let explained = rule(text).explain();
    assert!(explained.contains("Euler: not linear in itself"), "{explained}");
    assert!(library("pair_stdp").explain().contains("exact: linear in itself"));
}

/// A rule with every construct, in which all blocks read and set synapses.
const EVERYTHING: &str = "
param k = 0.5, tau = 20 ms
input m = 2
input per_pre per pre
input per_post per post
pre  x' = -x/tau
post y' = -y/tau + per_post
synapse c' = -c*k
global n' = m - n*n
on pre:  w -= 0.1*y*w; c += per_pre*w; x += 1
on post: w += 0.2*x; c = 0.5*c + w; y += 1
each step: c -= 0.01*x*y; w += 0.001*c
w' = c*n - w
bound w in [-1, k]
";

#[test]
fn columns_and_rows_that_spiked_have_the_bits_of_all() {
    // The same rule where the spikes are factors of statements that run everywhere.
    let dense = EVERYTHING
        .replace("input m = 2", "input m = 2\ninput p per pre\ninput q per post")
        .replace(
            "on pre:  w -= 0.1*y*w; c += per_pre*w; x += 1",
            "each step: w -= where(p > 0, 0.1*y*w, 0); c += where(p > 0, per_pre*w, 0); x += where(p > 0, 1, 0)",
        )
        .replace("on post: w += 0.2*x; c = 0.5*c + w; y += 1", "")
        .replace("each step: c -= 0.01*x*y; w += 0.001*c\n", "");
    let events = EVERYTHING
        .replace("on post: w += 0.2*x; c = 0.5*c + w; y += 1", "")
        .replace("each step: c -= 0.01*x*y; w += 0.001*c\n", "");
    let (rows, cols) = (4, 6);
    let mut noise = Noise(3);
    let start = noise.many(rows * cols);
    let mut a = Sim::new(rule(&events), (rows, cols), start.clone());
    let mut b = Sim::new(rule(&dense), (rows, cols), start.clone());
    for _ in 0..200 {
        let spikes: Vec<f64> = noise.many(cols).iter().map(|x| if *x < 0.2 { 1000.0 } else { 0.0 }).collect();
        let silent = vec![0.0; rows];
        let (m, pre, post) = (noise.many(1), noise.many(cols), noise.many(rows));
        let on = In { pre: &spikes, post: &silent, ..In::default() };
        a.step(&In { factors: &[&m, &pre, &post], ..on.clone() });
        b.step(&In { factors: &[&m, &spikes, &silent, &pre, &post], ..on });
        assert_eq!((&a.weights, &a.states), (&b.weights, &b.states));
    }
    assert!(a.weights.iter().zip(&start).all(|(w, s)| w != s));
}

#[test]
fn what_a_state_of_synapses_was_is_what_it_was_before_its_jumps() {
    let mut sim =
        Sim::new(rule("synapse c' = -c/20 ms\non pre: c += 1\nw' = delay(c, 1 ms)"), (1, 1), vec![0.0]);
    let changes: Vec<f64> = [true, false, false]
        .map(|on| {
            sim.step(&In { pre: &spike(on), ..In::default() });
            sim.delta[0]
        })
        .to_vec();
    assert_eq!(changes[..2], [0.0; 2]);
    close(changes[2], DT * (-0.05f64).exp(), 1e-15);
}

/// Rules whose blocks change synapses in all the ways there are.
fn of_all_kinds() -> Vec<String> {
    let r_stdp = library("r_stdp").text().to_string();
    let early = "input m = 2\npre x' = -x/20 ms\npost y' = -y/20 ms\nsynapse c' = -c/0.5 s + x*y\n";
    vec![
        EVERYTHING.to_string(),
        r_stdp.replace("input dopamine", "input dopamine = 3").replace("w_max = 200", "w_max = 0.6"),
        // All that blocks change is known before synapses are gone through.
        format!(
            "{early}on pre: w -= 0.1*y*w; c += 0.1; x += 1\non post: w += 0.2*x*y; c -= 0.2*x*y; y += 1\n\
             each step: w -= 0.01*x*y; c += 0.01*y\nw' = 3*c*m\nbound w in [-0.2, 0.7]"
        ),
        // The same of a change that is none of synapses, and of none at all.
        format!(
            "{early}on pre: w -= 0.1*c; x += 1\non post: y += 1\nw' = 3*y*y*x + x\nbound w in [-0.2, 0.7]"
        ),
        format!("{early}on pre: w -= 0.1*w; x += 1\non post: w += 0.2*x*w; c += x; y += 1"),
        // What a state of synapses was is read as it was before its jumps.
        format!("{early}on pre: c += 1; x += 1\non post: c -= 0.2*x; y += 1\nw' = delay(c, 2 ms)*m"),
        // A state that only decays; changes that differ by pre neuron, by post neuron, and by neither.
        "pre x' = -x/20 ms\npost y' = -y/20 ms\nsynapse c' = -c/0.5 s\non pre: c -= y; x += 1\n\
         on post: c += x; w += 0.01*x; y += 1\neach step: c += 0.001*x; w -= 0.002\nw' = 3*c"
            .to_string(),
    ]
}

/// Runs each of them on a matrix, and on parts of it by themselves: so many of its rows and columns each.
fn parts_have_the_bits_of_the_whole((rows, cols): (usize, usize), (high, wide): (usize, usize)) {
    let parts: Vec<[Range<usize>; 2]> = (0..rows)
        .step_by(high)
        .flat_map(|r| (0..cols).step_by(wide).map(move |c| [r..rows.min(r + high), c..cols.min(c + wide)]))
        .collect();
    let cut = |all: &[f64], [r, c]: &[Range<usize>; 2]| -> Vec<f64> {
        all.chunks_exact(cols).skip(r.start).take(r.len()).flat_map(|row| row[c.clone()].to_vec()).collect()
    };
    for text in of_all_kinds() {
        let mut noise = Noise(5);
        let start = noise.many(rows * cols);
        let mut all = Sim::new(rule(&text), (rows, cols), start.clone());
        let own = |part: &[Range<usize>; 2]| {
            Sim::new(rule(&text), (part[0].len(), part[1].len()), cut(&start, part))
        };
        let mut sims: Vec<Sim> = parts.iter().map(own).collect();
        for _ in 0..40 {
            let spikes =
                |x: Vec<f64>| x.iter().map(|x| if *x < 0.2 { 1000.0 } else { 0.0 }).collect::<Vec<f64>>();
            let (pre, post) = (spikes(noise.many(cols)), spikes(noise.many(rows)));
            let (of_pre, of_post) = (noise.many(cols), noise.many(rows));
            let step = |sim: &mut Sim, [r, c]: [Range<usize>; 2]| {
                let factors: &[&[f64]] = &[&[0.7], &of_pre[c.clone()], &of_post[r.clone()]];
                let factors = &factors[..sim.rule.factors().len()];
                sim.step(&In { pre: &pre[c], post: &post[r], factors, ..In::default() });
            };
            step(&mut all, [0..rows, 0..cols]);
            for (part, sim) in parts.iter().zip(&mut sims) {
                step(sim, part.clone());
                assert!(cut(&all.weights, part) == sim.weights, "{part:?}: {text}");
                for (k, state) in sim.states.iter().enumerate() {
                    let of = match sim.rule.states()[k].rank {
                        bouton_rules::Rank::Synapse => cut(&all.states[k], part),
                        bouton_rules::Rank::Post => all.states[k][part[0].clone()].to_vec(),
                        bouton_rules::Rank::Pre => all.states[k][part[1].clone()].to_vec(),
                        bouton_rules::Rank::Scalar => all.states[k].clone(),
                    };
                    assert!(&of == state, "state {k} of {part:?}: {text}");
                }
            }
        }
        assert!(all.weights.iter().zip(&start).filter(|(w, s)| w != s).count() > rows * cols / 2, "{text}");
    }
}

#[test]
fn many_rows_have_the_bits_of_some_at_a_time() {
    parts_have_the_bits_of_the_whole((230, 100), (37, 100));
}

#[test]
fn a_long_row_has_the_bits_of_its_parts() {
    // Longer than what is computed together.
    parts_have_the_bits_of_the_whole((5, 2500), (2, 700));
}

#[test]
fn nothing_but_states_and_weights_goes_from_step_to_step() {
    let (rows, cols) = (4, 6);
    let run = |forget: bool| {
        let mut noise = Noise(3);
        let mut sim = Sim::new(rule(EVERYTHING), (rows, cols), noise.many(rows * cols));
        for _ in 0..200 {
            let spikes =
                |x: Vec<f64>| x.iter().map(|x| if *x < 0.2 { 1000.0 } else { 0.0 }).collect::<Vec<f64>>();
            let (pre, post) = (spikes(noise.many(cols)), spikes(noise.many(rows)));
            let factors = [noise.many(1), noise.many(cols), noise.many(rows)];
            let factors = factors.each_ref().map(|f| &f[..]);
            sim.step(&In { pre: &pre, post: &post, factors: &factors, ..In::default() });
            if forget {
                sim.forget();
            }
        }
        (sim.weights, sim.states)
    };
    let (w, states) = run(false);
    assert_eq!((w.clone(), states.clone()), run(true));
    assert!(w.iter().all(|w| (-1.0..=0.5 + 1e-15).contains(w)));
    assert!(states.iter().flatten().all(|x| x.is_finite() && *x != 0.0), "every state has moved");
}

#[test]
fn a_product_is_made_of_factors_and_has_the_sign_in_the_rows() {
    let text = "param eta = -2\npre a' = (pre.out - a)/5 ms\nw' = -eta/n_pre*error*a";
    let r = rule(text);
    assert!(r.makes() == Makes::Product && r.has_error() && !r.reads_weights());
    let mut sim = Sim::new(r, (2, 3), vec![0.0; 6]);
    sim.step(&In { pre: &[10.0, 20.0, 30.0], error: &[1.0, -4.0], ..In::default() });
    let a = 1.0 - (-0.2f64).exp();
    for (i, e) in [1.0, -4.0].into_iter().enumerate() {
        for (j, x) in [10.0, 20.0, 30.0].into_iter().enumerate() {
            close(sim.delta[i * 3 + j], DT * 2.0 / 3.0 * e * x * a, 1e-14);
        }
    }
    for text in
        ["w' = w*error", "w' = error + pre.out", "w' = error\nbound w in [0, 1]", "w' = 1\non pre: w += 1"]
    {
        assert!(rule(text).makes() != Makes::Product, "{text}");
    }
    for text in ["w' = 1", "w' = pre.out", "w' = -error", "w' = pre.out*post.out/n_pre"] {
        assert!(rule(text).makes() == Makes::Product, "{text}");
    }
}
