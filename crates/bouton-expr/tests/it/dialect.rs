//! Dialects, factors, and steps of states.

use bouton_expr::{Dialect, Motion, Program, Rank, Scratch, Unit, Vars};

const UNITS: &[Unit] = &[
    Unit::new("s", 0),
    Unit::new("ms", -3),
    Unit::new("kHz", 3),
    Unit::new("/s", 0),
    Unit::new("/mV", 3),
    Unit::new("/mV^2", 6),
];
const RULES: Dialect = Dialect {
    dotted: true,
    units: UNITS,
    only_pi: true,
    delays: false,
    undeclared: "declare it with `param`",
};

fn value(text: &str) -> f64 {
    let vars = Vars::new().scalar("s_1").dialect(RULES);
    let mut out = [0.0];
    Program::compile(text, &vars).unwrap().eval(&mut Scratch::new(), &[&[2.0]], &mut out);
    out[0]
}

#[test]
fn a_unit_behind_a_number_is_the_number_in_si() {
    for (text, expected) in [
        ("101 ms", 0.101),
        ("-70.6 ms", -0.0706),
        ("3 kHz", 3000.0),
        ("8e-5 /mV^2", 80.0),
        ("2 /mV", 2000.0),
        ("14e-5 /mV", 0.14),
        ("1000 s", 1000.0),
        ("6 /s_1", 3.0),
        ("(20 ms)^2", 0.02 * 0.02),
        ("1/2 s", 0.5),
        ("2e3 ms*s_1", 4.0),
        ("2 /mV*3", 6000.0),
        ("2 /mV - 1", 1999.0),
        ("20 ms^2", 0.02 * 0.02),
        ("4 /s", 4.0),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
    // Without the blank it is a name, and a name behind a number is a mistake.
    let vars = Vars::new().dialect(RULES);
    assert!(Program::compile("20ms", &vars).unwrap_err().message().contains("expected an operator"));
    // Without the dialect there are no units.
    assert!(Program::compile("20 ms", &Vars::new()).is_err());
}

#[test]
fn only_pi_is_a_constant_where_a_dialect_says_so() {
    for name in ["tau", "e"] {
        assert!(Program::compile(name, &Vars::new()).is_ok());
        let vars = Vars::new().scalar("t").dialect(RULES);
        let err = Program::compile(name, &vars).unwrap_err();
        assert_eq!(
            err.message(),
            format!("unknown name `{name}`; the variables here are `t`; declare it with `param`")
        );
    }
    assert_eq!(value("pi"), std::f64::consts::PI);
}

#[test]
fn names_with_dots_are_names() {
    let vars = Vars::new().pre("pre.out").post("post.out").dialect(RULES);
    let p = Program::compile("pre.out*post.out", &vars).unwrap();
    assert_eq!(p.rank(), Rank::Synapse);
    let err = Program::compile("pre.outt", &vars).unwrap_err();
    assert!(err.message().contains("did you mean `pre.out`?"), "{err}");
    assert!(Program::compile("pre.out", &Vars::new().pre("pre.out")).is_err());
    assert!(Program::compile("1.5 + pre.out", &vars).is_ok());
    // A dot before a digit, a blank or the end is none of a name.
    let message = |text| Program::compile(text, &vars).unwrap_err().message().to_string();
    assert!(message("pre.5").starts_with("expected an operator or the end, found `.5`"));
    for text in ["pre.", "pre. out", "pre.out."] {
        assert!(message(text).starts_with("unexpected `.`"), "{text}: {}", message(text));
    }
    for name in ["2x", "a b", "a..b", ".a", "a.", "a.2"] {
        let vars = Vars::new().scalar(name).dialect(RULES);
        assert!(Program::compile("1", &vars).unwrap_err().message().contains("is not a name"), "{name}");
    }
}

/// One step of `x` from `x0` when the rate is `text`, with a = 3, b = −0.7 and y = 0.4.
fn step(text: &str, x0: f64, dt: f64) -> (f64, Motion) {
    let vars = Vars::new().scalar("dt").scalar("a").scalar("b").scalar("y").scalar("x");
    let (next, motion) = Program::compile(text, &vars).unwrap().step_of("x", "dt").unwrap();
    let mut out = [0.0];
    next.eval(&mut Scratch::new(), &[&[dt], &[3.0], &[-0.7], &[0.4], &[x0]], &mut out);
    (out[0], motion)
}

#[test]
fn what_is_linear_in_the_state_is_stepped_exactly() {
    // The rate as slope·x + rest, by hand.
    for (text, slope, rest) in [
        ("-x", -1.0, 0.0),
        ("(y - x)/a", -1.0 / 3.0, 0.4 / 3.0),
        ("b*x + y", -0.7, 0.4),
        ("x*b + x*y", -0.3, 0.0),
        ("-(x - y)*a - x", -4.0, 1.2),
        ("y - (x + x)", -2.0, 0.4),
        ("where(y > 0, b*x, x) + a", -0.7, 3.0),
        ("where(y < 0, b*x, y)", 0.0, 0.4),
        ("max(y, 0)*(1 - x)/a", -0.4 / 3.0, 0.4 / 3.0),
        ("y", 0.0, 0.4),
        ("0*x + y", 0.0, 0.4),
        ("x - x", 0.0, 0.0),
    ] {
        for (x0, dt) in [(0.5, 0.2), (-2.0, 0.001), (0.0, 1.0)] {
            let (found, motion) = step(text, x0, dt);
            let exact = match slope {
                0.0 => x0 + rest * dt,
                k => (x0 + rest / k) * f64::exp(k * dt) - rest / k,
            };
            assert_eq!(motion, Motion::Exact, "{text}");
            assert!((found - exact).abs() < 4e-15, "{text}: {found} for {exact}");
        }
    }
}

#[test]
fn what_is_not_linear_in_the_state_is_stepped_by_euler() {
    for (text, rate) in [
        ("-x^2", -0.25),
        ("1/x", 2.0),
        ("x*x - y", -0.15),
        ("where(x > 0, y, a)", 0.4),
        ("abs(x)", 0.5),
        ("a/(x + 1)", 2.0),
    ] {
        let (found, motion) = step(text, 0.5, 0.01);
        assert_eq!(motion, Motion::Euler, "{text}");
        assert!((found - (0.5 + 0.01 * rate)).abs() < 1e-15, "{text}: {found}");
    }
}

#[test]
fn factors_multiply_to_the_whole_and_stay_in_their_ranks() {
    let vars = Vars::new().scalar("s").pre("a").post("b").synapse("w");
    let inputs: [&[f64]; 4] = [&[3.0], &[2.0, -5.0, 0.5], &[7.0, -1.5], &[0.0; 6]];
    let sides = [(7.0, 2.0), (-1.5, -5.0)];
    type F = fn(f64, f64) -> f64;
    let cases: [(&str, F); 6] = [
        ("-s/2*b*a", |b, a| -1.5 * b * a),
        ("s*a*b*(b - 1)", |b, a| 3.0 * a * b * (b - 1.0)),
        ("-(a*b)/s", |b, a| -(a * b) / 3.0),
        ("a/b", |b, a| a / b),
        ("-a", |_, a| -a),
        ("2*s", |_, _| 6.0),
    ];
    for (text, whole) in cases {
        let f = Program::compile(text, &vars).unwrap().factors().unwrap_or_else(|| panic!("{text}"));
        let mut values = f.each_ref().map(|p| vec![0.0; p.out_len(2, 3)]);
        for (p, out) in f.iter().zip(&mut values) {
            p.eval_block(&mut Scratch::new(), 2, 3, &inputs, out);
        }
        assert_eq!(f[0].rank(), Rank::Scalar, "{text}");
        let at = |v: &[f64], k: usize| v[k.min(v.len() - 1)];
        for (k, (b, a)) in sides.into_iter().enumerate() {
            let found = at(&values[0], 0) * at(&values[1], k) * at(&values[2], k);
            assert!((found - whole(b, a)).abs() <= 1e-14 * found.abs(), "{text}: {found}");
        }
    }
    for text in ["a*b + 1", "w*a", "a + b", "where(a > b, 1, 0)"] {
        assert!(Program::compile(text, &vars).unwrap().factors().is_none(), "{text}");
    }
}

#[test]
fn an_input_that_is_not_used_may_be_empty() {
    let vars = Vars::new().pre("a").synapse("w");
    let p = Program::compile("2*a", &vars).unwrap();
    assert_eq!(p.used(), [true, false]);
    let mut out = [0.0; 2];
    p.eval_block(&mut Scratch::new(), 5, 2, &[&[1.0, 2.0], &[]], &mut out);
    assert_eq!(out, [2.0, 4.0]);
}
