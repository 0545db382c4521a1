//! What is read as it was: `delay(x, 3 ms)`.

use bouton_rules::Rule;

use crate::sim::{DT, In, Noise, Sim};

fn rule(text: &str) -> Rule {
    Rule::parse(text).unwrap_or_else(|e| panic!("{}", e.render()))
}

fn fails(text: &str, message: &str) {
    let e = Rule::parse(text).unwrap_err();
    assert!(e.message().contains(message), "{text}\nhas the error: {}\nnot: {message}", e.message());
}

/// Everything that can be delayed, by different times, at every place that an expression has, against lists of what was.
#[test]
fn what_is_delayed_is_what_blocks_read_that_long_ago() {
    let text = "
input m
input p per pre
pre x' = -x/20 ms
post y' = delay(post.out, 4 ms)/1000 - y/20 ms
synapse c' = -c/10 ms + p*post.out
on pre: x += 1
on post: w += delay(x, 2 ms) - delay(x, 7 ms); c = 0.5*c + delay(c, 3 ms)
each step: w += delay(m, 5 ms)*delay(p, 1 ms)*delay(error, 6 ms)
w' = y*delay(pre.out, 2 ms)
";
    let (rows, cols) = (3, 4);
    let mut noise = Noise(3);
    let mut sim = Sim::new(rule(text), (rows, cols), vec![0.0; rows * cols]);
    assert_eq!(sim.rule.pasts().len(), 7, "one for a name, whatever the delays");
    let longest = sim.rule.pasts().iter().find(|p| p.name == "x").unwrap();
    assert_eq!((longest.seconds, longest.rows(DT), longest.len(DT, rows, cols)), (0.007, 7, 1 + 7 * cols));
    let (mut x, mut y, mut c) = (vec![0.0; cols], vec![0.0; rows], vec![0.0; rows * cols]);
    let mut w = vec![0.0; rows * cols];
    // By step: x, c, m, p, the error, and both outputs, as blocks read them.
    let mut seen: Vec<[Vec<f64>; 7]> = vec![];
    for t in 0..300usize {
        let spikes = |noise: &mut Noise, n: usize| -> Vec<f64> {
            noise.many(n).iter().map(|x| if *x < 0.2 { 1.0 / DT } else { 0.0 }).collect()
        };
        let (pre, post) = (spikes(&mut noise, cols), spikes(&mut noise, rows));
        let (m, p, error) = (noise.many(1), noise.many(cols), noise.many(rows));
        sim.step(&In { pre: &pre, post: &post, error: &error, factors: &[&m, &p], ..In::default() });
        let then = |which: usize, steps: usize, k: usize| -> f64 {
            if t >= steps { seen[t - steps][which][k] } else { 0.0 }
        };
        let left = |tau: f64| (-DT / tau).exp();
        for (i, y) in y.iter_mut().enumerate() {
            // Of y' = b − y/τ with b as it stands.
            let b = then(6, 4, i) / 1000.0;
            *y = left(0.02) * *y + b * 0.02 * (1.0 - left(0.02));
        }
        x.iter_mut().for_each(|x| *x *= left(0.02));
        for (k, c) in c.iter_mut().enumerate() {
            *c = left(0.01) * *c + p[k % cols] * post[k / cols] * 0.01 * (1.0 - left(0.01));
        }
        for (k, w) in w.iter_mut().enumerate() {
            let (i, j) = (k / cols, k % cols);
            if post[i] > 0.0 {
                *w += then(0, 2, j) - then(0, 7, j);
            }
            *w += then(2, 5, 0) * then(3, 1, j) * then(4, 6, i) + DT * y[i] * then(5, 2, j);
        }
        let read = [x.clone(), c.clone(), m, p, error, pre.clone(), post.clone()];
        for (k, c) in c.iter_mut().enumerate() {
            if post[k / cols] > 0.0 {
                *c = 0.5 * *c + then(1, 3, k);
            }
        }
        x.iter_mut().zip(&pre).for_each(|(x, s)| *x += f64::from(*s > 0.0));
        seen.push(read);
    }
    let most = w.iter().fold(0.0f64, |m, w| m.max(w.abs()));
    for (found, expected) in [(sim.learned(), w), (sim.state("c").to_vec(), c), (sim.state("x").to_vec(), x)]
    {
        for (f, e) in found.iter().zip(&expected) {
            assert!((f - e).abs() < 1e-12 * most.max(1.0), "{f} for {e}");
        }
    }
    assert!(most > 1.0);
}

#[test]
fn what_waits_is_in_the_pasts_alone() {
    let text = "pre x' = -x/20 ms\non pre: x += 1\non post: w += delay(x, 5 ms)";
    let run = |forgets: bool, steps: usize| {
        let mut sim = Sim::new(rule(text), (2, 3), vec![0.0; 6]);
        let mut noise = Noise(8);
        for _ in 0..steps {
            let out = |n: usize, noise: &mut Noise| -> Vec<f64> {
                noise.many(n).iter().map(|x| if *x < 0.3 { 1.0 / DT } else { 0.0 }).collect()
            };
            let (pre, post) = (out(3, &mut noise), out(2, &mut noise));
            sim.step(&In { pre: &pre, post: &post, ..In::default() });
            if forgets {
                sim.forget();
            }
        }
        (sim.learned(), sim.pasts)
    };
    assert_eq!(run(false, 100), run(true, 100));
    assert!(run(false, 100).0.iter().all(|w| *w > 1.0));
    // A place that is no row, as someone may have written, is taken as one.
    for place in [f64::NAN, -3.0, 1e300, 7.0] {
        let mut sim = Sim::new(rule(text), (1, 1), vec![0.0]);
        sim.pasts[0][0] = place;
        sim.step(&In { pre: &[0.0], post: &[0.0], ..In::default() });
        assert!((0.0..5.0).contains(&sim.pasts[0][0]));
    }
}

#[test]
fn mistakes_with_delays_have_their_place_and_a_way_out() {
    fails("pre x' = 0\nw' = delay(x)", "takes what is delayed and by how much");
    fails("pre x' = 0\nw' = delay(x + 1, 3 ms)", "let a state hold it");
    fails("param d = 3 ms\npre x' = 0\nw' = delay(x, d)", "a delay is a number");
    fails("pre x' = 0\nw' = delay(x, 0 ms)", "greater than 0");
    fails("pre x' = 0\nw' = delay(x, -3 ms)", "a delay is a number");
    fails("pre x' = 0\nw' = delay(x, 101 s)", "at most 100 s");
    fails("pre trace' = 0\nw' = delay(trce, 3 ms)", "did you mean `trace`?");
    fails("w' = delay(w, 3 ms)", "`w` can't be delayed");
    fails("param k = 1\nw' = delay(k, 3 ms)", "`k` can't be delayed");
    fails("w' = delay(dt, 3 ms)", "`dt` can't be delayed");
    fails("param k = 1, j = delay(k, 3 ms)\nw' = j", "can't be delayed here");
    fails("pre x' = delay(post.out, 3 ms)\nw' = x", "because of `delay(post.out, 0.003)`");
    let e = Rule::parse("pre x' = 0\nw' = 1 + delay(x, 0 ms)").unwrap_err();
    assert_eq!(e.line_column(), (2, 19));
    // Steps: to the nearest, at least one, and with a word.
    let off = rule("pre x' = -x/20 ms\nw' = delay(x, 0.3 ms) + delay(x, 2.5 ms) + delay(x, 4 ms)");
    assert_eq!(
        off.warnings(DT),
        [
            "line 2: `delay(x, 0.3 ms)` is taken as 1 step of 0.001 s",
            "line 2: `delay(x, 2.5 ms)` is taken as 3 steps of 0.001 s"
        ]
    );
    assert!(
        off.explain().contains("as it was\n  x  one number per pre neuron  kept for 0.004 s"),
        "{}",
        off.explain()
    );
}
