//! What is shown of expressions and of what is wrong with them, and what two of them have in common.

use bouton_expr::{ExprError, MAX_LENGTH, Program, Rank, Vars, parse};

#[test]
fn a_program_shows_its_text_and_what_became_of_it() {
    let vars = Vars::new().scalar("t").pre("a").post("b").vector("v", 3).var("u", Rank::Pre, 2);
    let p = Program::compile("a * b^2", &vars).unwrap();
    assert_eq!((p.text(), p.vars(), p.rank(), p.width()), ("a * b^2", &vars, Rank::Synapse, 1));
    let listing =
        "%0: pre = a\n%1: post = b\n%2: scalar = 2.0\n%3: post = square %1\n%4: synapse = * %0 %3\n";
    assert_eq!(p.listing(), listing);
    assert_eq!(format!("{p:?}"), "Program(\"a * b^2\", Synapse, width 1)");
    let listing = |text: &str| Program::compile(text, &vars).unwrap().listing();
    assert_eq!(
        listing("max(v + t)"),
        "%0: scalar[3] = v\n%1: scalar = t\n%2: scalar[3] = + %0 %1\n%3: scalar = max %2\n"
    );
    assert_eq!(
        listing("[u[1], t]"),
        "%0: pre[2] = u\n%1: pre = %0[1]\n%2: scalar = t\n%3: pre[2] = [%1 %2]\n"
    );
    // A component of a number is the number.
    assert_eq!(listing("t[0]"), "%0: scalar = t\n");
}

#[test]
fn an_error_is_shown_in_its_text_wherever_that_is() {
    let vars = Vars::new().scalar("y");
    let text = "x += 1\ny += 2 * z";
    let e = Program::compile(&text[12..], &vars).unwrap_err().within(text, 12);
    assert_eq!((e.line_column(), &text[e.span()]), ((2, 10), "z"));
    assert_eq!(e.to_string(), "unknown name `z`; the variables here are `y` (line 2, column 10)");
    let shown = "error: unknown name `z`; the variables here are `y`\n  |\n2 | y += 2 * z\n  |          ^\n";
    assert_eq!((e.render(), format!("{e:?}")), (shown.to_string(), shown.to_string()));
    let at = ExprError::at("on past: x += 1", 3..7, "expected `pre` or `post`");
    assert_eq!((at.span(), at.to_string()), (3..7, "expected `pre` or `post` (column 4)".to_string()));
    assert_eq!(at.render(), "error: expected `pre` or `post`\n  |\n1 | on past: x += 1\n  |    ^^^^\n");
}

#[test]
fn trees_are_equal_where_their_nodes_are() {
    let same = |a: &str, b: &str| parse(a).unwrap() == parse(b).unwrap();
    assert!(same("a+(b*c)", " a + b * c "));
    assert!(!same("a+b", "a+c") && !same("a+b", "a-b") && !same("a", "a+b") && !same("a+b", "a"));
}

#[test]
fn an_expression_ends_with_its_line_and_its_length() {
    let fails = |text: &str| parse(text).unwrap_err().message().to_string();
    // A bracket that is closed no longer holds lines together.
    for text in ["(a)\n+ b", "[a][0]\n+ b", "f(a)\n+ b"] {
        assert!(fails(text).contains("the end of the line ended it"), "{text}");
    }
    assert_eq!(fails("2 *\n3"), "expected a value, found the end of the line");
    assert!(parse("(a\n+ b)").is_ok());
    let long = format!("a{}", " ".repeat(MAX_LENGTH - 1));
    assert!(parse(&long).is_ok() && parse(&format!("{long} ")).is_err());
    // What stands side by side isn't nested, in parentheses either.
    let sum = format!("(1{})", "+1".repeat(300));
    assert!(parse(&sum).is_ok());
    assert!(parse(&format!("f({})", vec!["(a+1)"; 300].join(", "))).is_ok());
}

#[test]
#[should_panic(expected = "length of the output of `x`")]
fn an_output_of_a_wrong_length_is_refused() {
    let p = Program::compile("x", &Vars::new().vector("x", 3)).unwrap();
    p.eval(&mut bouton_expr::Scratch::new(), &[&[1.0, 2.0, 3.0]], &mut [0.0; 2]);
}
