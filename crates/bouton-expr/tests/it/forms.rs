//! Other forms of an expression: its factors, its parts in a variable, what it divides by.

use bouton_expr::{Motion, Program, Rank, Scratch, Vars};

fn vars() -> Vars {
    Vars::new().scalar("dt").scalar("s").scalar("x").pre("a").post("b").synapse("w").vector("v", 2)
}

fn compiled(text: &str) -> Program {
    Program::compile(text, &vars()).unwrap_or_else(|e| panic!("{e:?}"))
}

/// The value with dt = 0.01, s = 3, x = 0.5, a = −2, b = 7, w = 1.5, v = [4, 6].
fn value(p: &Program) -> f64 {
    let mut out = [0.0];
    let inputs: [&[f64]; 7] = [&[0.01], &[3.0], &[0.5], &[-2.0], &[7.0], &[1.5], &[4.0, 6.0]];
    p.eval(&mut Scratch::new(), &inputs, &mut out);
    out[0]
}

#[test]
fn a_factor_that_the_product_lacks_is_the_number_1() {
    for (text, expected) in [
        ("-a", [1.0, 1.0, 2.0]),
        ("-b", [1.0, -7.0, 1.0]),
        ("-s", [-3.0, 1.0, 1.0]),
        ("-(a*b)", [1.0, -7.0, -2.0]),
        ("-(s*a)", [-3.0, 1.0, -2.0]),
        ("-(s*b)", [-3.0, 7.0, 1.0]),
        ("-(s*a*b)", [-3.0, 7.0, -2.0]),
        ("s*a/b", [3.0, 1.0 / 7.0, -2.0]),
        ("b/s", [1.0 / 3.0, 7.0, 1.0]),
        ("5", [5.0, 1.0, 1.0]),
        ("-5", [-5.0, 1.0, 1.0]),
    ] {
        let factors = compiled(text).factors().unwrap_or_else(|| panic!("{text}"));
        let found = factors.each_ref().map(value);
        let whole = value(&compiled(text));
        assert!((found.iter().product::<f64>() - whole).abs() < 1e-12, "{text}: {found:?}, {whole}");
        assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-12), "{text}: {found:?}");
        assert!(factors[0].rank() == Rank::Scalar && [Rank::Scalar, Rank::Post].contains(&factors[1].rank()));
    }
    assert!(compiled("v*s").factors().is_none() && compiled("v*s").separable().is_none());
}

#[test]
fn a_line_in_a_variable_is_its_slope_and_the_rest() {
    for (text, slope, rest) in [
        ("x", Some(1.0), None),
        ("s", None, Some(3.0)),
        ("s*x + 2", Some(3.0), Some(2.0)),
        ("2 - x/s", Some(-1.0 / 3.0), Some(2.0)),
        ("-(x*s - 4)*b", Some(-21.0), Some(28.0)),
        ("where(s > 2, x, 5*x + 1)", Some(1.0), Some(0.0)),
        ("sum(v) + x", Some(1.0), Some(10.0)),
        ("v[1]*x", Some(6.0), None),
        ("[x, s][1]", None, Some(3.0)),
        ("sum([s, b])*x", Some(10.0), None),
    ] {
        let (a, b) = compiled(text).linear_in("x").unwrap_or_else(|| panic!("{text}"));
        let found = [a.as_ref().map(value), b.as_ref().map(value)];
        let near = |f: &Option<f64>, e: Option<f64>| match (f, e) {
            (Some(f), Some(e)) => (f - e).abs() < 1e-12,
            (f, e) => f.is_none() && e.is_none(),
        };
        assert!(near(&found[0], slope) && near(&found[1], rest), "{text}: {found:?}");
    }
    for text in ["x^2", "1/x", "sin(x)", "x*x", "sum([x, s])", "max([x, s])", "where(x > 0, 1, 2)", "v*x"] {
        assert!(compiled(text).linear_in("x").is_none(), "{text}");
    }
    // A vector is no such variable, and neither is what isn't there.
    assert!(compiled("sum(v)").linear_in("v").is_none() && compiled("x").linear_in("y").is_none());
    let (slope, rest) = compiled("b*(a - s*b*w)").linear_in("w").unwrap();
    let (slope, rest) = (slope.unwrap(), rest.unwrap());
    assert_eq!(
        (slope.rank(), rest.rank(), value(&slope), value(&rest)),
        (Rank::Post, Rank::Synapse, -147.0, -14.0)
    );
}

#[test]
fn a_sum_of_components_that_holds_the_state_is_no_line() {
    for text in ["sum([x, s])", "max([x, s])", "norm([x, s])"] {
        let (next, motion) = compiled(text).step_of("x", "dt").unwrap();
        assert_eq!(motion, Motion::Euler, "{text}");
        assert!((value(&next) - (0.5 + 0.01 * value(&compiled(text)))).abs() < 1e-15, "{text}");
    }
    // What holds it not is a number like others.
    let (next, motion) = compiled("sum([s, b]) - 2*x").step_of("x", "dt").unwrap();
    assert_eq!(motion, Motion::Exact);
    assert!((value(&next) - (5.0 + (0.5 - 5.0) * f64::exp(-0.02))).abs() < 1e-14);
    for (state, dt) in [("y", "dt"), ("x", "y"), ("v", "dt"), ("x", "v")] {
        assert!(compiled("x").step_of(state, dt).is_none(), "{state} {dt}");
    }
    assert!(compiled("v*x").step_of("x", "dt").is_none());
}

#[test]
fn what_is_divided_by_as_it_is_is_named() {
    for (text, names) in [
        ("-x/s", vec!["s"]),
        ("(a - x)/s + w/b", vec!["s", "b"]),
        ("x*s - b", vec![]),
        ("x/(2*s)", vec![]),
        ("x/-s", vec![]),
        ("x/2", vec![]),
        ("[x/s, a/b][1]", vec!["s", "b"]),
    ] {
        let p = compiled(text);
        let mut found = p.divisors();
        found.dedup();
        assert_eq!(found, names, "{text}");
    }
}
