//! Values agree with plain Rust, for single points and for batches.

use bouton_expr::{FUNCTIONS, Program, Scratch, Vars};
use std::f64::consts::PI;

fn vars() -> Vars {
    Vars::new().scalar("t").vector("x", 3)
}

/// The value at a point, the same through a batch of 1000 rows (several blocks and a part of one).
fn eval(text: &str, t: f64, x: [f64; 3]) -> Vec<f64> {
    let program = Program::compile(text, &vars()).unwrap_or_else(|e| panic!("{e:?}"));
    let width = program.width();
    let mut out = vec![f64::MAX; width];
    program.eval(&mut Scratch::new(), &[&[t], &x], &mut out);

    let rows = 1000;
    let xs: Vec<f64> = (0..rows).flat_map(|r| x.map(|v| v * (1.0 + r as f64))).collect();
    let ts: Vec<f64> = (0..rows).map(|r| t + r as f64).collect();
    for (ts, xs) in [(&ts[..], &xs[..]), (&[t], &xs), (&ts, &x)] {
        let mut batch = vec![f64::MAX; rows * width];
        program.eval_rows(rows, &[ts, xs], &mut batch);
        for r in [0, 1, 255, 256, 511, 999] {
            let t = if ts.len() == 1 { ts } else { &ts[r..=r] };
            let x = if xs.len() == 3 { xs } else { &xs[3 * r..3 * r + 3] };
            let mut one = vec![0.0; width];
            program.eval(&mut Scratch::new(), &[t, x], &mut one);
            let row = &batch[r * width..(r + 1) * width];
            assert!(same(&one, row), "{text}: row {r} is {row:?}, the point {one:?}");
        }
    }
    out
}

/// Equal bits, or both NaN.
fn same(a: &[f64], b: &[f64]) -> bool {
    let bits = |v: &[f64]| v.iter().map(|x| if x.is_nan() { 1 } else { x.to_bits() }).collect::<Vec<_>>();
    bits(a) == bits(b)
}

fn check(text: &str, t: f64, expected: f64) {
    let found = eval(text, t, [0.3, -0.7, 1.9]);
    assert!(same(&found, &[expected]), "{text} at {t}: {found:?}, expected {expected:?}");
}

fn check_x(text: &str, x: [f64; 3], expected: &[f64]) {
    let found = eval(text, 0.25, x);
    assert!(same(&found, expected), "{text} at {x:?}: {found:?}, expected {expected:?}");
}

/// As close as two good libraries are: within four units of the last place.
fn check_near(text: &str, t: f64, expected: f64) {
    let found = eval(text, t, [0.3, -0.7, 1.9])[0];
    let near = (found - expected).abs() <= 4.0 * f64::EPSILON * expected.abs();
    assert!(near || same(&[found], &[expected]), "{text} at {t}: {found:?}, expected {expected:?}");
}

/// Transcendental functions are `libm`'s, the same on every processor; the system's, here by way of Rust, are the check.
#[test]
fn every_function_is_the_one_of_rust() {
    for t in [-2.5, -1.0, -0.3, -0.0, 0.0, 0.3, 0.5, 1.0, 2.5, 37.1, f64::NAN, f64::INFINITY] {
        check_near("sin(t)", t, t.sin());
        check_near("cos(t)", t, t.cos());
        check_near("tan(t)", t, t.tan());
        check_near("asin(t)", t, t.asin());
        check_near("acos(t)", t, t.acos());
        check_near("atan(t)", t, t.atan());
        check_near("atan2(t, -2)", t, t.atan2(-2.0));
        check_near("sinh(t)", t, t.sinh());
        check_near("cosh(t)", t, t.cosh());
        check_near("tanh(t)", t, t.tanh());
        check_near("exp(t)", t, t.exp());
        check_near("expm1(t)", t, t.exp_m1());
        check_near("log(t)", t, t.ln());
        check_near("log1p(t)", t, t.ln_1p());
        check_near("log2(t)", t, t.log2());
        check_near("log10(t)", t, t.log10());
        check("sqrt(t)", t, t.sqrt());
        check_near("pow(t, 3)", t, t.powf(3.0));
        check_near("pow(2, t)", t, 2.0_f64.powf(t));
        check("abs(t)", t, t.abs());
        check("floor(t)", t, t.floor());
        check("ceil(t)", t, t.ceil());
        check("round(t)", t, t.round_ties_even());
        check("t^2", t, t * t);
        check("t^1", t, t);
        check("t^-1", t, 1.0 / t);
        check("t^0.5", t, t.sqrt());
        check_near("t^1.7", t, t.powf(1.7));
        check_near("t**t", t, t.powf(t));
    }
}

#[test]
fn functions_with_cases_are_those_of_numpy() {
    let nan = f64::NAN;
    for (text, t, expected) in [
        ("sign(t)", -3.0, -1.0),
        ("sign(t)", 0.0, 0.0),
        ("sign(t)", -0.0, 0.0),
        ("sign(t)", 0.1, 1.0),
        ("sign(t)", nan, nan),
        ("heaviside(t)", -1.0, 0.0),
        ("heaviside(t)", 0.0, 0.0),
        ("heaviside(t)", 2.0, 1.0),
        ("heaviside(t, 0.5)", 0.0, 0.5),
        ("heaviside(t, 0.5)", nan, nan),
        ("round(t)", 2.5, 2.0),
        ("round(t)", 3.5, 4.0),
        ("clip(t, -1, 1)", 7.0, 1.0),
        ("clip(t, -1, 1)", -7.0, -1.0),
        ("clip(t, -1, 1)", 0.2, 0.2),
        ("clip(t, -1, 1)", nan, nan),
        ("clip(0.5, t, 2)", 1.0, 1.0),
        ("min(t, 1)", nan, nan),
        ("min(1, t)", nan, nan),
        ("max(t, 1)", nan, nan),
        ("max(1, t)", nan, nan),
        ("min(3, t, 2)", 1.0, 1.0),
        ("max(3, t, 2)", 1.0, 3.0),
        ("t % 3", -1.0, 2.0),
        ("t % -3", 1.0, -2.0),
        ("t % 3", 7.5, 1.5),
        ("t % -3", 6.0, -0.0),
        ("t % 3", -6.0, 0.0),
        ("t % 0", 1.0, nan),
        ("where(t < 2.5, 0, 1)", 2.4, 0.0),
        ("where(t < 2.5, 0, 1)", 2.5, 1.0),
        ("where(t, 4, 5)", -0.1, 4.0),
        ("t < 1", 1.0, 0.0),
        ("t <= 1", 1.0, 1.0),
        ("t > 1", 1.0, 0.0),
        ("t >= 1", 1.0, 1.0),
        ("t == 1", 1.0, 1.0),
        ("t != 1", 1.0, 0.0),
        ("t == t", nan, 0.0),
        ("not t", 0.0, 1.0),
        ("not t", 2.0, 0.0),
        ("t and 2", 3.0, 1.0),
        ("t and 2", 0.0, 0.0),
        ("t or 0", 0.0, 0.0),
        ("t or 0", 0.5, 1.0),
        ("1 < t and t < 3 or t == 7", 7.0, 1.0),
        ("not t == 1", 1.0, 0.0),
    ] {
        check(text, t, expected);
    }
}

#[test]
fn operators_group_as_in_python() {
    let t = 0.7_f64;
    check("-t^2", t, -(t * t));
    check("(-t)^2", t, t * t);
    check("2^-t", t, 2.0_f64.powf(-t));
    check("2^3^t", t, 2.0_f64.powf(3.0_f64.powf(t)));
    check("8 - t - 2", t, 8.0 - t - 2.0);
    check("8 / t / 2", t, 8.0 / t / 2.0);
    check("8 - t * 2 + 3 % 2", t, 8.0 - t * 2.0 + 1.0);
    check("-t * -t - +t", t, t * t - t);
    check("sin(2*pi*t)", t, (2.0 * PI * t).sin());
    check("0.6*sin(2*pi*t + 1)", t, 0.6 * (2.0 * PI * t + 1.0).sin());
    check("tau - 2*pi + e", t, std::f64::consts::TAU - 2.0 * PI + std::f64::consts::E);
    check("1e-3 + .5 + 5. + 2E2", t, 1e-3 + 0.5 + 5.0 + 200.0);
}

#[test]
fn vectors_broadcast_index_and_reduce() {
    let x = [0.3, -0.7, 1.9];
    let [a, b, c] = x;
    check_x("x", x, &x);
    check_x("x^2", x, &[a * a, b * b, c * c]);
    check_x("2*x + t", x, &[2.0 * a + 0.25, 2.0 * b + 0.25, 2.0 * c + 0.25]);
    check_x("x * [1, t, x[0]]", x, &[a, b * 0.25, c * a]);
    check_x("[x[0]*x[1], x[2]]", x, &[a * b, c]);
    check_x("[t, 5, x[-1]]", x, &[0.25, 5.0, c]);
    check_x("[1, 2]", x, &[1.0, 2.0]);
    check_x("[1, 2, t] + 1", x, &[2.0, 3.0, 1.25]);
    check_x("(x + t)[-3]", x, &[a + 0.25]);
    check_x("[x[1], t][0]", x, &[b]);
    check_x("[x[2]]", x, &[c]);
    check_x("t[0] + t[-1]", x, &[0.5]);
    check_x("sum(x)", x, &[a + b + c]);
    check_x("sum([t, x[0], 2])", x, &[0.25 + a + 2.0]);
    check_x("mean(x)", x, &[(a + b + c) / 3.0]);
    check_x("sum(t) + mean(t)", x, &[0.5]);
    check_x("dot(x, x + 1)", x, &[a * (a + 1.0) + b * (b + 1.0) + c * (c + 1.0)]);
    check_x("norm(x)", x, &[(a * a + b * b + c * c).sqrt()]);
    check_x("min(x)", x, &[b]);
    check_x("max(x)", x, &[c]);
    check_x("max(x, 0)", x, &[a, 0.0, c]);
    check_x("clip(x, [0, -1, 0], t)", x, &[0.25, b, 0.25]);
    check_x("where(x > 0, x, -x)", x, &[a, -b, c]);
    check_x("x / norm(x) * max(x) - x", x, &{
        let n = (a * a + b * b + c * c).sqrt();
        x.map(|v| v / n * c - v)
    });
    // One value used in several places, and long after others have taken its neighbours' memory.
    check_x("(x+1)^2 * (x+2) - (x+1) * sum(x+1)", x, &{
        let y = x.map(|v| v + 1.0);
        let s = y[0] + y[1] + y[2];
        [0, 1, 2].map(|i| y[i] * y[i] * (x[i] + 2.0) - y[i] * s)
    });
}

#[test]
fn wide_vectors_and_empty_batches() {
    let n = 65_536;
    let x: Vec<f64> = (0..n).map(|i| (i % 17) as f64).collect();
    let vars = Vars::new().vector("x", n);
    let program = Program::compile("sum(x^2) + dot(x, x+1) + x[-1]", &vars).unwrap();
    let expected: f64 =
        x.iter().map(|v| v * v).sum::<f64>() + x.iter().map(|v| v * (v + 1.0)).sum::<f64>() + x[n - 1];
    let mut out = [0.0; 3];
    program.eval(&mut Scratch::new(), &[&x], &mut out[..1]);
    assert_eq!(out[0], expected);
    program.eval_rows(3, &[&x.repeat(3)], &mut out);
    assert_eq!(out, [expected; 3]);

    let wide = Program::compile("2*x", &vars).unwrap();
    let mut rows = vec![0.0; 3 * n];
    wide.eval_rows(3, &[&x.repeat(3)], &mut rows);
    assert!(rows.iter().zip(x.repeat(3)).all(|(&r, v)| r == 2.0 * v));

    wide.eval_rows(0, &[&[]], &mut []);
    assert_eq!((wide.width(), program.width()), (n, 1));
}

#[test]
fn a_long_sum_is_no_problem() {
    let text = format!("t{}", "+t".repeat(4_999));
    check(&text, 0.5, 2500.0);
}

#[test]
fn one_scratch_serves_many_programs() {
    let mut scratch = Scratch::new();
    for (text, expected) in [("sum((x+1)*(x+2))", 38.0), ("t+t*t", 6.0), ("norm(x*0+2)^2 - 12", 0.0)] {
        let program = Program::compile(text, &vars()).unwrap();
        let mut out = [0.0];
        for _ in 0..2 {
            program.eval(&mut scratch, &[&[2.0], &[1.0, 2.0, 3.0]], &mut out);
            assert!((out[0] - expected).abs() < 1e-12, "{text}: {out:?}");
        }
    }
}

#[test]
fn what_does_not_depend_on_a_row_is_computed_once() {
    let program = Program::compile("sin(2*pi*t) * x[0]", &vars()).unwrap();
    let mut scratch = Scratch::new();
    program.eval(&mut scratch, &[&[0.1], &[1.0, 2.0, 3.0]], &mut [0.0]);
    // Times 2π, sin, times x; 2π itself was folded.
    assert_eq!(scratch.work().scalar, 3);
}

#[test]
fn uses_says_which_inputs_matter() {
    let program = Program::compile("x[0] + 1", &vars()).unwrap();
    assert!(program.uses("x") && !program.uses("t") && !program.uses("y"));
    assert!(!Program::compile("pow(t, 0) * 0 + [t, 2][1]", &Vars::new().scalar("t")).unwrap().uses("x"));
    assert!(!Program::compile("[t, 2][1]", &vars()).unwrap().uses("t"));
}

#[test]
fn powers_of_one_exponent_for_all_have_the_bits_of_powers_one_by_one() {
    let vars = Vars::new().scalar("y").pre("x").pre("each");
    let (one, many) =
        (Program::compile("x^y", &vars).unwrap(), Program::compile("x^(y + 0*each)", &vars).unwrap());
    let mut x: Vec<f64> = (0..300).map(|k| f64::from(k - 150) * 0.37 + 1e-3).collect();
    x.extend([0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e300, -1e-300]);
    let zero = vec![0.0; x.len()];
    for y in [0.0, -0.0, 1.0, 2.0, 3.0, 0.5, -1.0, 2.5] {
        let run = |p: &Program| {
            let mut out = vec![0.0; x.len()];
            p.eval_block(&mut Scratch::new(), 1, x.len(), &[&[y], &x, &zero], &mut out);
            out.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        };
        let nan =
            |bits: Vec<u64>| bits.into_iter().map(|b| (f64::from_bits(b).is_nan(), b)).collect::<Vec<_>>();
        let (a, b) = (nan(run(&one)), nan(run(&many)));
        assert!(a.iter().zip(&b).all(|(a, b)| (a.0 && b.0) || a == b), "exponent {y}");
    }
}

#[test]
fn a_variable_hides_a_constant() {
    let program = Program::compile("e", &Vars::new().scalar("e")).unwrap();
    let mut out = [0.0];
    program.eval(&mut Scratch::new(), &[&[4.0]], &mut out);
    assert_eq!(out, [4.0]);
}

#[test]
#[should_panic(expected = "length of the input `x` of `x`")]
fn an_input_of_a_wrong_length_is_refused() {
    Program::compile("x", &vars()).unwrap().eval(&mut Scratch::new(), &[&[1.0], &[1.0]], &mut [0.0; 3]);
}

#[test]
fn the_documentation_lists_every_function_as_it_is_called() {
    let docs = include_str!("../../src/lib.rs");
    for f in FUNCTIONS {
        let call = format!("`{}({})`", f.name, f.args);
        assert!(docs.contains(&call), "the table of functions in the crate's documentation lacks {call}");
        assert!(!f.doc.is_empty());
    }
}
