//! No text makes the parser panic or hang, and what it reads runs.
//!
//! `BOUTON_TEXTS` is how many texts each of the tests with mutated ones takes (2000 unless it says otherwise).

use bouton_rules::{LIBRARY, Rule};
use proptest::prelude::*;

use crate::sim::{In, Noise, Sim};

/// A text that was read takes a few steps on a small matrix.
fn run(rule: Rule) {
    if rule.reads().iter().any(|r| r.what != "out") {
        return;
    }
    let (rows, cols) = (3, 4);
    let mut noise = Noise(1);
    let factors: Vec<Vec<f64>> =
        rule.factors().iter().map(|f| noise.many(f.rank.count(rows, cols))).collect();
    let factors: Vec<&[f64]> = factors.iter().map(|f| &f[..]).collect();
    let mut sim = Sim::new(rule, (rows, cols), noise.many(rows * cols));
    for _ in 0..3 {
        let (pre, post) = (noise.many(cols), noise.many(rows));
        let (error, scale) = (&[1.0, 2.0, 3.0], &[0.5, 1.0, 2.0]);
        sim.step(&In { pre: &pre, post: &post, error, scale, factors: &factors, ..In::default() });
    }
}

/// Pieces that rules are made of, and some that they are not.
const PIECES: &[&str] = &[
    "param ",
    "input ",
    "pre ",
    "post ",
    "synapse ",
    "global ",
    "on pre: ",
    "on post: ",
    "each step: ",
    "w' = ",
    "bound w in ",
    "target encoders",
    "apply now",
    "x",
    "y",
    "w",
    "'",
    " = ",
    " += ",
    " -= ",
    ";",
    "\n",
    "\n",
    ", ",
    "1",
    "20 ms",
    "/s",
    "-",
    "*",
    "/",
    "(",
    ")",
    "[",
    "]",
    "[0, 1]",
    "pre.out",
    "post.out",
    "pre.v",
    "error",
    "dt",
    "n_pre",
    "max(x, 0)",
    "delay(",
    "delay(x, 2 ms)",
    "where(",
    "# comment\n",
    "é",
    "'",
    "^2",
    " per pre",
    "tau",
    ".",
    "x' = -x/20 ms",
];

#[test]
fn hostile_texts_are_errors_or_rules_in_good_time() {
    let start = std::time::Instant::now();
    let fill = |piece: &str, most: usize| piece.repeat(most / piece.len());
    let numbered = |f: &dyn Fn(usize) -> String| (0..1500).map(f).collect::<String>();
    for text in [
        numbered(&|k| format!("param p{k}=1\n")),
        format!("param {}w' = 1", numbered(&|k| format!("p{k}=1,"))),
        numbered(&|k| format!("pre x{k}'=1;")),
        numbered(&|k| format!("input a{k};")),
        format!("w' = {}1", numbered(&|k| format!("pre.a{k}+"))),
        format!("on pre: {}", fill("w+=1;", 19_000)),
        format!("w' = {}1", fill("1+", 9_000)),
        format!("w' = {}1", fill("pre.out*", 9_000)),
        fill("(", 19_000),
        format!("w' = {}", fill("(", 9_000)),
        format!("w' = {}1", fill("-", 9_000)),
        fill(";", 19_000),
        fill("#", 19_000),
        fill("\n", 19_000),
        fill("w'=1;", 19_000),
        format!("param a = {}", fill("9", 9_000)),
        format!("param a = 1e{}\nw' = a", fill("9", 9_000)),
        format!("param a = 1e-{} ms\nw' = a", fill("9", 9_000)),
        format!("pre x' = {}x\nw' = x", fill("2*", 9_000)),
        format!("pre x' = {}\nw' = x", fill("x+", 9_000) + "x"),
    ] {
        if let Ok(rule) = Rule::parse(&text) {
            rule.explain();
            run(rule);
        }
    }
    assert!(start.elapsed().as_secs_f64() < 20.0, "{:?}", start.elapsed());
}

fn cases() -> u32 {
    std::env::var("BOUTON_TEXTS").map_or(2000, |n| n.parse().expect("a number"))
}

/// What is done with a text, in a time that no one waits for.
fn in_good_time(text: &str, f: impl FnOnce()) {
    let start = std::time::Instant::now();
    f();
    // A machine that does other things may put a thread aside for a while.
    assert!(start.elapsed().as_secs_f64() < 5.0, "{:?}:\n{text}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn pieces_in_any_order_never_panic(picks in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = picks.into_iter().map(|k| PIECES[k]).collect();
        in_good_time(&text, || {
            if let Ok(rule) = Rule::parse(&text) {
                run(rule);
            }
        });
    }

    #[test]
    fn library_texts_with_slips_never_panic(
        which in 0..LIBRARY.len(),
        slips in proptest::collection::vec((any::<prop::sample::Index>(), 0..3u8, 0..PIECES.len()), 1..4),
    ) {
        let code: Vec<&str> = LIBRARY[which].text.lines().filter(|l| !l.starts_with('#')).collect();
        let mut text: Vec<char> = code.join("\n").chars().collect();
        for (at, kind, piece) in slips {
            if text.is_empty() {
                break;
            }
            let at = at.index(text.len());
            match kind {
                0 => drop(text.remove(at)),
                1 => drop(text.splice(at..at, PIECES[piece].chars())),
                _ => text.truncate(at + 1),
            }
        }
        let text: String = text.into_iter().collect();
        in_good_time(&text, || match Rule::parse(&text) {
            Ok(rule) => run(rule),
            Err(e) => {
                let (line, column) = e.line_column();
                assert!(line >= 1 && line <= text.split('\n').count() && column >= 1);
                assert!(!e.render().is_empty());
            }
        });
    }

    #[test]
    fn any_characters_never_panic(text in "\\PC{0,80}") {
        let _ = Rule::parse(&text);
        let _ = Rule::parse(&format!("pre x' = 0\non pre: w += {text}"));
    }
}
