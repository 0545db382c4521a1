//! What a user reads when the text is wrong.

use bouton_expr::{Program, Rank, Vars};

#[track_caller]
fn check(text: &str, expected: &str) {
    let vars = Vars::new().scalar("t").vector("x", 2).vector("error", 3);
    let err = Program::compile(text, &vars).expect_err(text);
    assert_eq!(err.render(), expected, "\n{}", err.render());
}

#[test]
fn unknown_names_come_with_a_suggestion() {
    check("sine(t)", "error: unknown function `sine`; did you mean `sin`?\n  |\n1 | sine(t)\n  | ^^^^\n");
    check("2*eror[0]", "error: unknown name `eror`; did you mean `error`?\n  |\n1 | 2*eror[0]\n  |   ^^^^\n");
    check(
        "t + P",
        "error: unknown name `P`; the variables here are `t`, `x`, `error`\n  |\n1 | t + P\n  |     ^\n",
    );
    check("t + PI", "error: unknown name `PI`; did you mean `pi`?\n  |\n1 | t + PI\n  |     ^^\n");
    check("foobar(t)", "error: unknown function `foobar`\n  |\n1 | foobar(t)\n  | ^^^^^^\n");
    check("sin + 1", "error: `sin` is a function; call it: `sin(x)`\n  |\n1 | sin + 1\n  | ^^^\n");
    check(
        "x(0)",
        "error: `x` is not a function; a product is written with `*`, a component `x[0]`\n  |\n1 | x(0)\n  | ^\n",
    );
}

#[test]
fn types_are_checked() {
    check(
        "1 + x[2]",
        "error: x has 2 components, index 2 is out of range\n  |\n1 | 1 + x[2]\n  |     ^^^^\n",
    );
    check("x[-3]", "error: x has 2 components, index -3 is out of range\n  |\n1 | x[-3]\n  | ^^^^^\n");
    check("t[1]", "error: t has 1 component, index 1 is out of range\n  |\n1 | t[1]\n  | ^^^^\n");
    check(
        "(x+1)[9]",
        "error: `x+1` has 2 components, index 9 is out of range\n  |\n1 | (x+1)[9]\n  | ^^^^^^^^\n",
    );
    check(
        "t * (x + error)",
        "error: `+` takes operands of the same width, found 2 and 3 components\n  |\n1 | t * (x + error)\n  |      ^^^^^^^^^\n",
    );
    check(
        "dot(x, t)",
        "error: `dot` takes two vectors of the same width, found 2 and 1 components\n  |\n1 | dot(x, t)\n  | ^^^^^^^^^\n",
    );
    check(
        "[t, x]",
        "error: each component of a vector must be one number, found 2 components; take one of them by its index\n  |\n1 | [t, x]\n  |     ^\n",
    );
}

#[test]
fn the_number_of_arguments_is_checked() {
    check("sin(t, 1)", "error: `sin(x)` takes 1 argument, found 2\n  |\n1 | sin(t, 1)\n  | ^^^^^^^^^\n");
    check("clip(t)", "error: `clip(x, lo, hi)` takes 3 arguments, found 1\n  |\n1 | clip(t)\n  | ^^^^^^^\n");
    check(
        "heaviside()",
        "error: `heaviside(x, h0=0)` takes 1 or 2 arguments, found 0\n  |\n1 | heaviside()\n  | ^^^^^^^^^^^\n",
    );
    check("max()", "error: `max(a, b, ...)` takes at least 1 argument, found 0\n  |\n1 | max()\n  | ^^^^^\n");
}

#[test]
fn the_place_is_right_on_later_lines() {
    check(
        "(t +\n\tsine(t))",
        "error: unknown function `sine`; did you mean `sin`?\n  |\n2 |  sine(t))\n  |  ^^^^\n",
    );
    let err = Program::compile("(t +\n y)", &Vars::new().scalar("t")).unwrap_err();
    assert_eq!(err.to_string(), "unknown name `y`; the variables here are `t` (line 2, column 2)");
    let err = Program::compile("t + y", &Vars::new().scalar("t")).unwrap_err();
    assert_eq!(err.to_string(), "unknown name `y`; the variables here are `t` (column 5)");
}

#[test]
fn variables_that_cannot_be_named_are_refused() {
    for (vars, message) in [
        (
            Vars::new().scalar("2x"),
            "the variable `2x` is not a name: a letter or `_`, then letters, digits and `_`",
        ),
        (Vars::new().scalar("not"), "the variable `not` is a word of the language"),
        (Vars::new().scalar("sin"), "the variable `sin` is the name of a function"),
        (Vars::new().scalar("a").pre("a"), "the variable `a` is declared twice"),
        (Vars::new().vector("a", 0), "the variable `a` has 0 components; from 1 to 65536 are possible"),
        (
            Vars::new().var("a", Rank::Pre, 65_537),
            "the variable `a` has 65537 components; from 1 to 65536 are possible",
        ),
    ] {
        assert_eq!(Program::compile("1", &vars).unwrap_err().message(), message);
    }
}

#[test]
fn too_much_memory_is_an_error_not_an_allocation() {
    // Every sum is used again at the end, so all of them must be kept.
    let sums: Vec<String> = (0..100).map(|i| format!("(x+{i})")).collect();
    let text = format!("({}) + ({})", sums.join("*"), sums.join("-"));
    let wide = Vars::new().vector("x", 65_536);
    let err = Program::compile(&text, &wide).unwrap_err();
    assert!(err.message().contains("the most is 4194304"), "{err}");
    assert!(Program::compile(&text, &Vars::new().vector("x", 100)).is_ok());

    // In a chain each result is read once and its memory taken again, so length costs nothing.
    let chain = format!("{}x{}", "sin(".repeat(90), ")".repeat(90));
    assert!(Program::compile(&chain, &wide).is_ok());
}
