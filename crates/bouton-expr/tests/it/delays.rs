//! What a variable was some time ago.

use bouton_expr::{Delayed, Dialect, Program, Scratch, Unit, Vars};

const UNITS: &[Unit] = &[Unit::new("ms", -3), Unit::new("s", 0)];
const DELAYS: Dialect = Dialect { dotted: false, units: UNITS, only_pi: false, delays: true, undeclared: "" };

fn all(text: &str) -> Vec<(String, f64)> {
    let found = Delayed::all(text, DELAYS).unwrap_or_else(|e| panic!("{e:?}"));
    found.into_iter().map(|d| (d.name, d.seconds)).collect()
}

#[test]
fn every_delay_of_an_expression_is_found_in_its_place() {
    let text = "x + sin(delay(x, 3 ms)) * delay(y, 100 s)";
    assert_eq!(all(text), [("x".to_string(), 0.003), ("y".to_string(), 100.0)]);
    let spans: Vec<&str> = Delayed::all(text, DELAYS).unwrap().into_iter().map(|d| &text[d.span]).collect();
    assert_eq!(spans, ["delay(x, 3 ms)", "delay(y, 100 s)"]);
    assert!(all("x + sin(y)").is_empty());
    assert!(Delayed::all("x +", DELAYS).is_err());
}

#[test]
fn a_delay_is_a_variable_of_its_own() {
    let delayed = Delayed::all("delay(x, 3 ms) + delay(y, 3 ms) + delay(x, 4 ms)", DELAYS).unwrap();
    let names: Vec<String> = delayed.iter().map(Delayed::variable).collect();
    assert!(names[0] != names[1] && names[0] != names[2] && names.iter().all(|n| n.starts_with("delay(")));
    let vars = Vars::new().scalar("x").scalar(&names[0]).scalar(&names[2]).dialect(DELAYS);
    let value = |text: &str| {
        let p = Program::compile(text, &vars).unwrap_or_else(|e| panic!("{e:?}"));
        let mut out = [0.0];
        p.eval(&mut Scratch::new(), &[&[1.0], &[20.0], &[300.0]], &mut out);
        out[0]
    };
    assert_eq!(value("x + delay(x, 3 ms)"), 21.0);
    assert_eq!(value("delay(x, 4 ms) - delay(x, 3 ms)*2"), 260.0);
    // Other functions are called as ever.
    assert_eq!(value("max(x, delay(x, 0.003)) + abs(-x)"), 21.0);
    let e = Program::compile("delay(x, 5 ms)", &vars).unwrap_err();
    assert_eq!(e.message(), "`x` can't be delayed here");
    // Where a language has no delays there is no such function, and no such name.
    let e = Program::compile("delay(x, 3)", &Vars::new().scalar("x")).unwrap_err();
    assert!(e.message().contains("unknown function `delay`"), "{e}");
    assert!(Program::compile("1", &Vars::new().scalar("delay(x, 3.0)")).is_err());
}

#[test]
fn a_delay_that_is_none_is_refused_with_its_place() {
    for (text, place, message) in [
        ("1 + delay(x)", "delay(x)", "found 1 arguments"),
        ("delay(x, 1 ms, 2 ms)", "delay(x, 1 ms, 2 ms)", "found 3 arguments"),
        ("delay(x + 1, 1 ms)", "x + 1", "what is delayed is a name"),
        ("delay(x, x)", "x", "a delay is a number"),
        ("delay(x, -1)", "-1", "a delay is a number"),
        ("delay(x, 0 ms)", "0 ms", "greater than 0 and at most 100 s, found `0`"),
        ("delay(x, 100.5)", "100.5", "greater than 0 and at most 100 s, found `100.5`"),
    ] {
        let e = Delayed::all(text, DELAYS).unwrap_err();
        assert!(e.message().contains(message), "{text}: {e}");
        assert_eq!(&text[e.span()], place, "{text}");
        // To compile it says the same.
        let vars = Vars::new().scalar("x").dialect(DELAYS);
        assert_eq!(Program::compile(text, &vars).unwrap_err(), e, "{text}");
    }
}
