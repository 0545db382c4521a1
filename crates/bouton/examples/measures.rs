//! Measures of what a user waits for: each prints its figure, what was wanted, and the sizes that it was taken with.
//!
//! ```text
//! cargo run --release -p bouton --example measures -- edit|write|peak|steps|pes|chain|rules|product|counters [--size N] [--rounds N]
//! ```
//!
//! * `edit`: one weight of a `size` × `size` (2,000) matrix is written between two steps. Counted are the write, its entry in
//!   the log, and what the next step takes longer.
//! * `write`: a step in which a node writes all of a `size` × `size` (2,000) matrix, and spikes meet it, against a copy and a
//!   product of that size.
//! * `peak`: memory of a process that gives a model one matrix of `size` × `size` (3,905: 122 MB), and runs it.
//! * `steps`: `run_steps(1)` against `step()`, on a small and on a mid-sized model.
//! * `pes`: seconds per simulated second of PES on a matrix of `size` × `size` (2,000) solved weights.
//! * `chain`: the scale check of `size` (1,600) ensembles in a row, every connection of which is too weak.
//! * `rules`: texts against the same rules as Rust types, in the same form, on `size` × `size` (1,000) weights.
//! * `product`: a product of `size` × `size` (2,000) weights with the rates of neurons; `scripts/bench/gemv.sh` sets it beside a BLAS.
//! * `counters`: what a run of `size` (60) simulated seconds takes longer because it looks at itself.
//!
//! One thread. A time is the median of rounds, because a machine has other things to do; the least of them is printed
//! beside it. The exit status is 1 if a figure isn't what was wanted.

use std::time::Instant;

use bouton::prelude::*;

#[path = "measures/counters.rs"]
mod counters;
#[path = "measures/pes.rs"]
mod pes;
#[path = "measures/product.rs"]
mod product;
#[path = "measures/rules.rs"]
mod rules;
#[path = "measures/write.rs"]
mod write;

/// The middle one.
fn median(mut x: Vec<f64>) -> f64 {
    x.sort_by(f64::total_cmp);
    x.get(x.len() / 2).copied().unwrap_or(f64::NAN)
}
fn least(x: &[f64]) -> f64 {
    x.iter().copied().fold(f64::INFINITY, f64::min)
}
/// Standard error of a median of normal numbers, by their median deviation.
fn error_of_median(x: &[f64]) -> f64 {
    let m = median(x.to_vec());
    1.2533 * 1.4826 * median(x.iter().map(|v| (v - m).abs()).collect()) / (x.len() as f64).sqrt()
}
/// Microseconds that something takes.
fn micros<T>(f: impl FnOnce() -> T) -> (f64, T) {
    let t = Instant::now();
    let done = f();
    (t.elapsed().as_secs_f64() * 1e6, done)
}
/// Numbers between −`most` and `most` that look random.
fn numbers(n: usize, most: f64) -> Vec<f64> {
    let mut s = 1u64;
    let next = |_| {
        s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        most * ((s >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    };
    (0..n).map(next).collect()
}
fn one_thread() -> Options {
    Options { threads: 1, ..Options::default() }
}
/// Prints a figure; whether it is what was wanted.
fn verdict(what: &str, figure: f64, unit: &str, most: f64) -> bool {
    let met = figure <= most;
    println!(
        "{what}: {figure:.3}{unit}, wanted {most}{unit} at most: {}",
        if met { "met" } else { "NOT MET" }
    );
    met
}

/// Two ensembles of `n` neurons, and a connection of `n` × `n` weights between them.
fn matrix(n: usize, solved: bool) -> (Network, ConnectionId) {
    let mut net = Network::with_seed(1);
    let (pre, post) = (net.ensemble("pre", Ensemble::new(n, 1)), net.ensemble("post", Ensemble::new(n, 1)));
    let c = if solved {
        let values = Some(vec![numbers(n, 1e-4)]);
        net.connect(pre, post, Connection::new().solver(NoSolver { values, weights: true }))
    } else {
        let m = Matrix::new(n, n, numbers(n * n, 1e-6)).unwrap_or_else(|| Matrix::filled(n, n, 0.0));
        net.connect(pre.neurons(), post.neurons(), Connection::new().transform(m))
    };
    (net, c)
}

/// A weight that is written between steps.
fn edit(n: usize, rounds: usize) -> Result<bool, Error> {
    let mut met = true;
    for (kind, solved) in [("from neurons to neurons", false), ("full weights of a solver", true)] {
        let (net, c) = matrix(n, solved);
        let mut sim = Simulator::with(&net, one_thread())?;
        sim.run_steps(20)?;
        let before = sim.weights(c)?;
        let (mut writes, mut extra, mut plain) = (vec![], vec![], vec![]);
        for k in 0..rounds {
            let (at, x) = ((k * 7919 % n, k * 104_729 % n), 1e-7 * (1.0 + k as f64));
            let (first, done) = micros(|| sim.step());
            done?;
            let (write, done) = micros(|| sim.write_weights(c, Pick::Element(at.0, at.1), [x]));
            done?;
            let (edited, done) = micros(|| sim.step());
            done?;
            let (last, done) = micros(|| sim.step());
            done?;
            writes.push(write);
            plain.push(first);
            // Against the steps on both sides of it: a machine that gets slower meanwhile cancels out.
            extra.push(edited - 0.5 * (first + last));
        }
        let changed = sim.weights(c)?.values().iter().zip(before.values()).filter(|(a, b)| a != b).count();
        // Equal work means that each write was there and could be taken back.
        let entries = sim.log().entries().len() as u64;
        let extra_of = (median(extra.clone()), error_of_median(&extra));
        // What is within the noise of the steps is not counted.
        let counted = if extra_of.0 > 2.0 * extra_of.1 { extra_of.0 } else { 0.0 };
        for k in (0..entries).rev() {
            sim.undo(k)?;
        }
        let back = sim.weights(c)? == before;
        println!(
            "edit, {kind}, {n} × {n}: write and log entry {:.2} µs (least {:.2}); the next step {:+.2} ± {:.2} µs of {:.0}; \
             {changed} weights changed in {entries} entries; all taken back: {back}",
            median(writes.clone()),
            least(&writes),
            extra_of.0,
            extra_of.1,
            median(plain),
        );
        // The same without a step in between, which leaves nothing of the engine in the processor's caches.
        let (t, done) =
            micros(|| (0..2000).try_for_each(|k| sim.write_weights(c, Pick::Element(k % n, 7), [1e-7])));
        done?;
        println!("edit, one behind the other: {:.2} µs", t / 2000.0);
        met &= verdict("edit, together", median(writes) + counted, " µs", 20.0) && back;
    }
    Ok(met)
}

/// Memory of a model with one large matrix.
fn peak(n: usize) -> Result<bool, Error> {
    let (net, c) = matrix(n, false);
    let mut sim = Simulator::with(&net, one_thread())?;
    sim.run_steps(10)?;
    sim.write_weights(c, Pick::Element(0, 0), [0.0])?;
    sim.run_steps(10)?;
    let (bytes, peak) = (8.0 * (n * n) as f64, 1e6 * pes::peak_mb());
    println!("peak, one matrix of {n} × {n}, {:.1} MB: {:.1} MB", bytes / 1e6, peak / 1e6);
    let met = verdict("peak, in sizes of the matrix", peak / bytes, "", 2.1);
    // A form with a copy of its own says so: encoders by columns.
    let mut net = Network::with_seed(1);
    net.ensemble("e", Ensemble::new(1000, 8));
    let text = Simulator::with(&net, one_thread())?.explain();
    let forms: Vec<&str> = text.lines().filter(|l| l.starts_with("form")).collect();
    println!("forms of 1000 neurons of 8 dimensions, as `explain` has them:");
    forms.iter().for_each(|l| println!("  {l}"));
    Ok(met && forms.iter().any(|l| l.contains("transposed") && l.contains("64000 bytes")))
}

/// A loop of one step each against single steps.
fn steps(rounds: usize) -> Result<bool, Error> {
    let mut met = true;
    for (kind, ensembles) in [("small", 1), ("mid-sized", 20)] {
        let mut net = Network::with_seed(1);
        let input = net.node("input", Output::of_time(1, |t, y| y[0] = (6.0 * t).sin()));
        let all: Vec<EnsembleId> =
            (0..ensembles).map(|k| net.ensemble(&format!("e{k}"), Ensemble::new(100, 1))).collect();
        net.connect(input, all[0], Connection::new().no_synapse());
        for pair in all.windows(2) {
            net.connect(pair[0], pair[1], Connection::new());
        }
        let mut sim = Simulator::with(&net, one_thread())?;
        sim.run_steps(1000)?;
        let (mut single, mut loops, mut ratios) = (vec![], vec![], vec![]);
        for _ in 0..rounds {
            let mut times = [0.0; 2];
            // Turn by turn, so that both meet the same machine.
            for _ in 0..8 {
                let (t, done) = micros(|| (0..64).try_for_each(|_| sim.step()));
                times[0] += t;
                done?;
                let (t, done) = micros(|| (0..64).try_for_each(|_| sim.run_steps(1)));
                times[1] += t;
                done?;
            }
            single.push(times[0] / 512.0);
            loops.push(times[1] / 512.0);
            ratios.push(times[1] / times[0]);
        }
        println!(
            "steps, {kind}, {} neurons, {} steps each: `step` {:.3} µs (least {:.3}), `run_steps(1)` {:.3} µs (least {:.3})",
            net.n_neurons(),
            512 * rounds,
            median(single.clone()),
            least(&single),
            median(loops.clone()),
            least(&loops),
        );
        met &= verdict("steps, ratio", median(ratios), "", 1.1);
    }
    Ok(met)
}

/// The scale check of a chain in which it has something to say of every link.
fn chain(n: usize, rounds: usize) -> Result<bool, Error> {
    let mut net = Network::with_seed(1);
    let all: Vec<EnsembleId> = (0..n).map(|k| net.ensemble(&format!("e{k}"), pes::few_points(50))).collect();
    for pair in all.windows(2) {
        net.connect(pair[0], pair[1], Connection::new().transform(1e-4));
    }
    let (build, sim) = micros(|| Simulator::with(&net, one_thread()));
    let sim = sim?;
    let mut times = vec![];
    let mut notes = 0;
    for _ in 0..rounds {
        let (t, found) = micros(|| sim.scale_check(None));
        notes = found?.len();
        times.push(t / 1e6);
    }
    println!(
        "chain of {n} ensembles of 50 neurons, {} connections, {notes} notes: {:.4} s (least {:.4}; built in {:.2} s)",
        n - 1,
        median(times.clone()),
        least(&times),
        build / 1e6
    );
    Ok(verdict("chain, scale check", median(times), " s", 0.1) && notes == n - 1)
}

fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, default: usize| {
        let value = args.iter().position(|a| a == name).and_then(|i| args.get(i + 1));
        value.and_then(|v| v.parse().ok()).unwrap_or(default)
    };
    println!("SIMD level {:?}", bouton::Level::detect());
    let met = match args.first().map_or("", String::as_str) {
        "edit" => edit(number("--size", 2000), number("--rounds", 400))?,
        "write" => write::write(number("--size", 2000), number("--rounds", 61))?,
        "peak" => peak(number("--size", 3905))?,
        "steps" => steps(number("--rounds", 61))?,
        "pes" => pes::pes(number("--size", 2000), number("--rounds", 5))?,
        "chain" => chain(number("--size", 1600), number("--rounds", 11))?,
        "rules" => rules::rules(number("--size", 1000), number("--rounds", 41))?,
        "product" => product::product(number("--size", 2000), number("--rounds", 9))?,
        "counters" => counters::counters(number("--size", 60) as f64, number("--rounds", 5))?,
        other => {
            eprintln!(
                "there is no measure `{other}`; there are: edit, write, peak, steps, pes, chain, rules, product, counters"
            );
            std::process::exit(2);
        }
    };
    std::process::exit(i32::from(!met));
}
