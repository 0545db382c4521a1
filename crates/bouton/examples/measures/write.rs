//! A node that writes a whole matrix in each step.

use std::hint::black_box;

use bouton::engine::digest;
use bouton::prelude::*;

use super::{least, median, micros, numbers, one_thread, verdict};

/// y += A·x as one would write it by hand: rows of eight sums.
fn product(a: &[f64], x: &[f64], y: &mut [f64]) {
    for (row, y) in a.chunks_exact(x.len().max(1)).zip(y) {
        let mut sums = [0.0; 8];
        let (rows, rest) = row.as_chunks::<8>();
        let (xs, x_rest) = x.as_chunks::<8>();
        for (a, x) in rows.iter().zip(xs) {
            sums.iter_mut().zip(a).zip(x).for_each(|((s, a), x)| *s += a * x);
        }
        let last: f64 = rest.iter().zip(x_rest).map(|(a, x)| a * x).sum();
        *y += sums.iter().sum::<f64>() + last;
    }
}

/// The matrix that the node writes in step `k`: one of two, so that no step writes what stands there.
fn turn(n: usize) -> [Matrix; 2] {
    let values = numbers(n * n, 1e-6);
    let other = values.iter().map(|w| -w).collect();
    [values, other].map(|v| Matrix::new(n, n, v).unwrap_or_else(|| Matrix::filled(n, n, 0.0)))
}

/// A model in which a node sets the weights between two populations in each step, or edits a copy of them.
fn model(n: usize, edits: bool) -> Network {
    let mut net = Network::with_seed(1);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (20.0 * t).sin()));
    let few = |n| Ensemble { n_eval_points: Some(50), ..Ensemble::new(n, 1) };
    let (pre, post) = (net.ensemble("pre", few(n)), net.ensemble("post", few(n)));
    net.connect(stim, pre, Connection::new());
    let c =
        net.connect(pre.neurons(), post.neurons(), Connection::new().transform(Matrix::filled(n, n, 0.0)));
    let node = NodeFunction::made(0, 0, move |_| {
        let (all, mut k) = (turn(n), 0);
        move |s: &mut NodeStep<'_>| {
            k = 1 - k;
            if edits {
                s.live.edit_weights(c, &mut |w| w.assign(&all[k]))?
            } else {
                s.live.set_weights(c, &all[k])?
            }
            Ok(())
        }
    });
    net.node("writer", node.edits(c));
    net
}

/// A step with a whole matrix written, against a copy of it and a product with it, turn by turn.
pub fn write(n: usize, rounds: usize) -> Result<bool, Error> {
    let mut met = true;
    for (how, edits, most) in [("set", false, Some(1.3)), ("edited as a copy", true, None)] {
        let net = model(n, edits);
        let mut sim = Simulator::with(&net, one_thread())?;
        sim.run_steps(4)?;
        let all = turn(n);
        let (mut to, x, mut y) = (vec![0.0; n * n], numbers(n, 1.0), vec![0.0; n]);
        let (mut steps, mut copies, mut products, mut checks, mut digests) =
            (vec![], vec![], vec![], vec![], vec![]);
        for k in 0..rounds {
            let values = all[k % 2].values();
            let (step, done) = micros(|| sim.step());
            done?;
            let (copy, ()) = micros(|| black_box(&mut to).copy_from_slice(black_box(values)));
            let (dense, ()) = micros(|| product(black_box(&to), black_box(&x), black_box(&mut y)));
            // Taken off is the second of two passes, which finds in the caches what fits them: it is never more than what
            // the step spends.
            let finite = || bouton_kernels::all_finite(bouton::Level::detect(), black_box(values));
            let sum = || black_box(digest(&Pick::All, black_box(values)));
            assert!(finite() && sum() == sum());
            let ((check, _), (sum, _)) = (micros(finite), micros(sum));
            steps.push(step);
            copies.push(copy);
            products.push(dense);
            checks.push(check);
            digests.push(sum);
        }
        println!("write, {how}, {n} × {n}, {:.1} MB, {rounds} steps:", 8e-6 * (n * n) as f64);
        for (what, x) in [
            ("a step", &steps),
            ("a copy", &copies),
            ("a product", &products),
            ("check for numbers that are not finite", &checks),
            ("digest for the log", &digests),
        ] {
            println!("  {what}: {:.0} µs (least {:.0})", median(x.clone()), least(x));
        }
        // Of the least times: what else the machine does meets each of them differently.
        let figure = (least(&steps) - least(&checks) - least(&digests)) / (least(&copies) + least(&products));
        match most {
            Some(most) => {
                met &= verdict("write, less check and digest, in copies and products", figure, "", most);
            }
            None => println!("write, less check and digest: {figure:.3} copies and products"),
        }
    }
    Ok(met)
}
