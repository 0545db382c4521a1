//! What evaluation costs: `cargo run --release -p bouton-expr --example cost`.

use bouton_expr::{Program, Scratch, Vars};
use std::hint::black_box;
use std::time::Instant;

/// The least of several runs, in nanoseconds for each of `n` items.
fn measure(name: &str, n: usize, mut f: impl FnMut()) {
    f();
    let least = (0..15)
        .map(|_| {
            let start = Instant::now();
            f();
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    println!("{name:<58}{:>9.3} ns", least * 1e9 / n as f64);
}

fn main() {
    let vars = Vars::new().scalar("t").vector("x", 3);
    let rows = 10_000;
    let t: Vec<f64> = (0..rows).map(|i| i as f64 * 1e-3).collect();
    let x: Vec<f64> = (0..3 * rows).map(|i| (i as f64).sin()).collect();
    for text in ["t", "sin(2*pi*t)", "[x[0]*x[1], x[2]]", "x^2", "x^3", "norm(x)", "where(t < 2.5, 0, 1)"] {
        let program = Program::compile(text, &vars).unwrap();
        let width = program.width();
        let mut scratch = Scratch::new();
        let mut out = vec![0.0; width * rows];
        measure(&format!("{text}, one point"), rows, || {
            for (i, out) in out.chunks_exact_mut(width).enumerate() {
                program.eval(&mut scratch, black_box(&[&t[i..=i], &x[3 * i..3 * i + 3]]), out);
            }
        });
        measure(&format!("{text}, rows"), rows, || program.eval_rows(rows, black_box(&[&t, &x]), &mut out));
        measure(&format!("{text}, compile"), 1, || {
            black_box(Program::compile(text, &vars).unwrap());
        });
    }
    let mut out = vec![0.0; rows];
    measure("sin(2*pi*t), plain Rust", rows, || {
        for (o, &t) in out.iter_mut().zip(black_box(&t)) {
            *o = (2.0 * std::f64::consts::PI * t).sin();
        }
        black_box(&mut out);
    });

    let n = 1000;
    let vars = Vars::new().scalar("lr").pre("pre").post("post").synapse("w");
    let (pre, post) = (&x[..n], &x[n..2 * n]);
    let w: Vec<f64> = (0..n * n).map(|i| (i as f64).cos()).collect();
    let mut dw = vec![0.0; n * n];
    let text = "lr*(pre*post - post^2*w)";
    let program = Program::compile(text, &vars).unwrap();
    let mut scratch = Scratch::new();
    measure(&format!("{text}, 1000×1000, a synapse"), n * n, || {
        program.eval_block(&mut scratch, n, n, black_box(&[&[0.1], pre, post, &w]), &mut dw);
    });
    measure("the same, plain Rust", n * n, || {
        let lr = black_box(0.1);
        for (i, (row, w)) in dw.chunks_exact_mut(n).zip(w.chunks_exact(n)).enumerate() {
            let (b, b2) = (post[i], post[i] * post[i]);
            for ((d, &a), &w) in row.iter_mut().zip(pre).zip(w) {
                *d = lr * (a * b - b2 * w);
            }
        }
        black_box(&mut dw);
    });
}
