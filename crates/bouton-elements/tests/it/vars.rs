//! Variables: their bounds, what makes them, and what is picked of them.

use bouton_elements::var::{Bounds, Over, Role, Start, Var, check, of_role, parameter_values};
use schemars::JsonSchema;
use serde::Serialize;

#[test]
fn bounds_hold_what_lies_between_them_and_is_finite() {
    for (open, open_high) in [(false, false), (true, false), (false, true), (true, true)] {
        let b = Bounds { low: -1.5, high: 2.0, open, open_high };
        let cases = [
            (-1.6, false),
            (-1.5, !open),
            (-1.4, true),
            (1.9, true),
            (2.0, !open_high),
            (2.1, false),
            (f64::NAN, false),
            (f64::INFINITY, false),
            (f64::NEG_INFINITY, false),
        ];
        for (x, inside) in cases {
            assert_eq!(b.hold(x), inside, "{x} in {b:?}");
            assert_eq!(b.check("x", x).is_ok(), inside, "{x} in {b:?}");
        }
    }
    // Below 0, 0, and above 0.
    for (b, held) in [
        (Bounds::ANY, [true, true, true]),
        (Bounds::POSITIVE, [false, false, true]),
        (Bounds::AT_LEAST_0, [false, true, true]),
        (Bounds::AT_MOST_0, [true, true, false]),
    ] {
        assert_eq!([-1e300, 0.0, 1e300].map(|x| b.hold(x)), held, "{b:?}");
        assert!(![f64::NAN, f64::INFINITY, f64::NEG_INFINITY].iter().any(|x| b.hold(*x)), "{b:?}");
    }
}

#[test]
fn bounds_are_said_in_words() {
    let to_1 = Bounds { high: 1.0, ..Bounds::ANY };
    for (b, words) in [
        (Bounds::ANY, "finite"),
        (Bounds::POSITIVE, "greater than 0"),
        (Bounds::AT_LEAST_0, "at least 0"),
        (Bounds::AT_MOST_0, "at most 0"),
        (Bounds { open_high: true, ..to_1 }, "less than 1"),
        (Bounds { low: 0.0, ..to_1 }, "at least 0 and at most 1"),
        (Bounds { low: 0.0, open: true, open_high: true, ..to_1 }, "greater than 0 and less than 1"),
    ] {
        assert_eq!(b.words(), words);
    }
    assert_eq!(Bounds::ANY.check("x", f64::NAN).unwrap_err(), "`x` must be a finite number, found NaN");
    assert_eq!(
        Bounds::AT_MOST_0.check("min_voltage", 0.5).unwrap_err(),
        "`min_voltage` must be a finite number at most 0, found 0.5"
    );
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Speed {
    /// With a meaning.
    VerySlow,
    Fast,
    Faster,
}

#[derive(Serialize, JsonSchema)]
enum Plain {
    A,
    B,
}

#[test]
fn a_variable_is_what_it_was_made_as() {
    let p = Var::parameter("tau", "s", 0.02, Bounds::POSITIVE, "a time");
    assert_eq!((&*p.name, &*p.unit, &*p.doc), ("tau", "s", "a time"));
    assert_eq!((p.over, p.role, p.past, &p.start), (Over::One, Role::Parameter, None, &Start::Value(0.02)));
    assert_eq!((p.bounds, p.is_state(), p.values()), (Bounds::POSITIVE, false, vec![0.02]));

    let l = Var::list("num", "m", &[1.0, 2.5], "a list");
    assert_eq!((l.over, l.role, l.values()), (Over::Numbers(2), Role::Parameter, vec![1.0, 2.5]));
    assert_eq!((&*l.name, &*l.unit, &*l.doc, l.bounds), ("num", "m", "a list", Bounds::ANY));

    let s = Var::state("v", "mV", Over::Neuron, Start::Uniform(0.0, 1.0), "a state");
    assert_eq!((s.over, s.role, s.is_state(), s.values()), (Over::Neuron, Role::State, true, vec![]));
    assert_eq!((&*s.name, &*s.unit, &*s.doc, s.past), ("v", "mV", "a state", None));
    assert_eq!(s.clone().of_past(0.25), Var { past: Some(0.25), ..s.clone() });
    assert_eq!(s.clone().over(Over::Pre), Var { over: Over::Pre, ..s.clone() });
    assert_eq!(s.clone().within(Bounds::AT_LEAST_0), Var { bounds: Bounds::AT_LEAST_0, ..s });

    let f = Var::fixed("n", "1", 3.0, Bounds::AT_LEAST_0, "a number");
    assert_eq!((f.role, f.values(), f.bounds), (Role::Fixed, vec![3.0], Bounds::AT_LEAST_0));
    assert_eq!(p.clone().when_built(), Var { role: Role::Fixed, ..p });

    let may = |x| Var::optional("a", "", x, Bounds::POSITIVE, "perhaps");
    assert_eq!((may(None).start, may(None).values()), (Start::Absent, vec![]));
    assert_eq!((may(Some(2.0)).start, may(Some(2.0)).role), (Start::Value(2.0), Role::Fixed));

    let names = |of: &[&str]| of.iter().map(|s| (*s).to_string()).collect::<Vec<_>>();
    for yes in [true, false] {
        let flag = Var::flag("on", yes, "whether");
        let start = Start::Name { is: yes.to_string(), of: names(&["true", "false"]) };
        assert_eq!((flag.start, flag.role, &*flag.name, &*flag.doc), (start, Role::Fixed, "on", "whether"));
    }
    for (value, is) in [(Speed::VerySlow, "very_slow"), (Speed::Fast, "fast"), (Speed::Faster, "faster")] {
        let choice = Var::choice("speed", &value, "how fast");
        let Start::Name { is: found, mut of } = choice.start else { panic!("a choice has names") };
        of.sort();
        assert_eq!((&*found, of, choice.role), (is, names(&["fast", "faster", "very_slow"]), Role::Fixed));
    }
    for (value, is) in [(Plain::A, "A"), (Plain::B, "B")] {
        assert_eq!(Var::choice("x", &value, "").start, Start::Name { is: is.into(), of: names(&["A", "B"]) });
    }
}

#[test]
fn every_parameter_is_checked_and_no_state() {
    let p = |name: &'static str, x| Var::parameter(name, "", x, Bounds::POSITIVE, "positive");
    let state = Var::state("s", "", Over::One, Start::Value(-1.0), "a state").within(Bounds::POSITIVE);
    let list = Var::list("l", "", &[1.0, 0.0, -1.0], "a list").within(Bounds::AT_LEAST_0);
    assert!(check(&[p("a", 1.0), state.clone(), p("b", 2.0).when_built()]).is_ok());
    let named = |vars: &[Var]| check(vars).unwrap_err();
    assert!(named(&[p("a", 1.0), p("b", 0.0), p("c", -1.0)]).starts_with("`b` must"));
    assert!(named(&[p("a", 1.0), p("b", 0.0).when_built()]).starts_with("`b` must"));
    assert!(named(&[p("a", 1.0), list]).starts_with("`l` must"));
    assert!(check(&[state]).is_ok() && check(&[]).is_ok());
}

#[test]
fn a_step_is_handed_the_parameters_one_behind_the_other() {
    let vars = vec![
        Var::parameter("a", "", 1.0, Bounds::ANY, "first"),
        Var::fixed("b", "", 2.0, Bounds::ANY, "fixed"),
        Var::list("c", "", &[3.0, 4.0], "a list"),
        Var::state("d", "", Over::One, Start::Value(5.0), "a state"),
        Var::parameter("e", "", 6.0, Bounds::ANY, "last"),
    ];
    assert_eq!(parameter_values(&vars), [1.0, 3.0, 4.0, 6.0]);
    let of = |role| of_role(vars.clone(), role).iter().map(|v| v.name.to_string()).collect::<Vec<_>>();
    assert_eq!(
        (of(Role::Parameter), of(Role::Fixed), of(Role::State)),
        (vec!["a".to_string(), "c".into(), "e".into()], vec!["b".to_string()], vec!["d".to_string()])
    );
}
