//! No text makes the compiler panic, and printing keeps the tree.

use bouton_expr::{Program, Scratch, Vars, parse};
use proptest::prelude::*;

/// Pieces that make a parser work harder than random characters do.
fn fragments() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "x",
        "t",
        "e",
        "pi",
        "sin(",
        "max(",
        "where(",
        "dot(",
        "sum(",
        "(",
        ")",
        "[",
        "]",
        ",",
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "**",
        "<",
        "<=",
        "==",
        "!=",
        "and ",
        "or ",
        "not ",
        "1",
        "0",
        "2.5",
        ".5",
        "1e3",
        "1e",
        "[0]",
        "[-1]",
        "[1]",
        " ",
        "\n",
        "# c\n",
        "é",
        ".",
        "=",
        "&&",
        "\t",
        "9999999999999999999",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Texts of well-formed expressions.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["t", "x", "pi", "x[0]", "x[-2]"]).prop_map(String::from),
        (0.0..1e6_f64).prop_map(|v| format!("{v:?}")),
        prop::num::f64::POSITIVE.prop_map(|v| format!("{v:e}")),
    ];
    leaf.prop_recursive(6, 64, 3, |inner| {
        let binary = prop::sample::select(vec![
            "+", "-", "*", "/", "%", "^", "<", "<=", ">", ">=", "==", "!=", " and ", " or ",
        ]);
        prop_oneof![
            (inner.clone(), binary, inner.clone()).prop_map(|(a, op, b)| format!("({a}){op}({b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            inner.clone().prop_map(|a| format!("(not ({a}))")),
            inner.clone().prop_map(|a| format!("sin({a})")),
            inner.clone().prop_map(|a| format!("({a})[0]")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("where({a}, {b}, {c})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("[sum({a}), ({b})[-1]]")),
        ]
    })
}

fn check(text: &str) {
    let vars = Vars::new().scalar("t").vector("x", 2);
    match Program::compile(text, &vars) {
        Ok(program) => {
            let width = program.width();
            let mut point = vec![0.0; width];
            program.eval(&mut Scratch::new(), &[&[0.3], &[0.1, -2.0]], &mut point);
            let mut rows = vec![0.0; width * 2];
            program.eval_rows(2, &[&[0.3], &[0.1, -2.0, 0.1, -2.0]], &mut rows);
            for (c, p) in point.iter().enumerate() {
                for r in [rows[c], rows[c + width]] {
                    assert!(p.to_bits() == r.to_bits() || p.is_nan() && r.is_nan(), "{text}: {p} {r}");
                }
            }
        }
        Err(err) => {
            assert!(err.span().end <= text.len());
            assert!(text.get(err.span()).is_some(), "a span inside of a character");
            assert!(err.render().contains('^'));
        }
    }
    if let Ok(ast) = parse(text) {
        let printed = ast.to_string();
        let again = parse(&printed).unwrap_or_else(|e| panic!("{text} printed as {printed}: {e:?}"));
        assert_eq!(again, ast, "{text} printed as {printed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_characters_never_panic(text in "\\PC{0,60}") {
        check(&text);
    }

    #[test]
    fn random_fragments_never_panic(text in fragments()) {
        check(&text);
    }

    #[test]
    fn printing_keeps_the_tree(text in expression()) {
        prop_assert!(parse(&text).is_ok(), "{text}");
        check(&text);
    }
}

#[test]
fn hostile_texts_are_errors() {
    for piece in
        ["(", "[", "-", "not ", "sin(", "x[2]", "2^", "1,", "[[", "x[", "a.", "\u{0}", "🙂", "min(t,"]
    {
        for n in [1, 10, 99, 100, 101, 1000, 9_999, 20_000] {
            let text = piece.repeat(n);
            assert!(
                Program::compile(&text, &Vars::new().scalar("t").vector("x", 2)).is_err(),
                "{piece} × {n}"
            );
        }
    }
}

#[test]
fn long_but_flat_texts_are_fine() {
    for (head, piece) in
        [("t", "[0]"), ("t", "+t"), ("max(t", ",t"), ("", "\n"), ("", "# c\n"), ("t*[t", ",t")]
    {
        let close = if head.starts_with("max") {
            ")"
        } else if head.contains('[') {
            "]"
        } else {
            ""
        };
        let atom = if head.is_empty() { "t" } else { "" };
        check(&format!("{head}{}{atom}{close}", piece.repeat(1_900)));
    }
}

#[test]
fn types_can_be_sent_and_shared() {
    fn check<T: Send + Sync + Clone>() {}
    check::<Program>();
    check::<Scratch>();
    check::<bouton_expr::ExprError>();
}
