//! What a number must be so that it can be written, and what may look.

use bouton_engine::{
    Bounds, Draws, Edit, Knob, Op, Operand, Options, Pick, Precision, Program, Role, Simulation,
};

/// A signal in the simulation's numbers and one in double precision, each with a path.
fn two() -> Program {
    let mut p = Program::default();
    let own = p.signal("own", 3, 1, Role::Parameter, 0.0);
    let double = p.double("double", 3, 1, Role::Parameter, vec![0.0; 3]);
    for (name, s) in [("own", own), ("double", double)] {
        p.knobs_mut().add(name, Knob::plain(s, "", Bounds::ANY, "three numbers"));
    }
    p
}

#[test]
fn a_number_that_single_precision_does_not_hold_is_refused_where_numbers_are_single() {
    for (precision, path, taken) in [
        (Precision::F64, "own", true),
        (Precision::F64, "double", true),
        (Precision::F32, "own", false),
        (Precision::F32, "double", true),
    ] {
        let mut s = Simulation::new(two(), Options { precision, ..Options::default() }).unwrap();
        let edit = Edit { path: path.into(), pick: Pick::Element(1, 0), values: vec![1e300] };
        let found = s.apply(&edit);
        assert_eq!(found.is_ok(), taken, "{precision:?}, {path}: {found:?}");
        if let Err(e) = found {
            let e = e.to_string();
            assert!(e.contains("finite") && e.contains("1e300 at 1") && e.contains("Nothing"), "{e}");
        }
        let wanted = if taken { 1e300 } else { 0.0 };
        assert_eq!(s.read(path, &Pick::All).unwrap(), [0.0, wanted, 0.0], "{precision:?}, {path}");
    }
}

#[test]
fn a_probe_looks_at_one_signal_and_writes_none() {
    let refused = |on: fn(Operand, Operand) -> Vec<Operand>| {
        let mut p = Program::default();
        let (a, b) = (p.signal("a", 3, 1, Role::State, 0.0), p.signal("b", 3, 1, Role::State, 0.0));
        p.add("looks", Op::Probe, on(Operand::read(a), Operand::read(b)), Draws::No);
        Simulation::new(p, Options::default()).map(|_| ()).err().map(|e| e.to_string())
    };
    assert_eq!(refused(|a, _| vec![a]), None);
    for on in [
        (|a: Operand, b| vec![a, b]) as fn(Operand, Operand) -> Vec<Operand>,
        |_, _| vec![],
        |a, _| vec![Operand::set(a.signal)],
    ] {
        let e = refused(on).expect("refused");
        assert!(e.contains("looks at one signal"), "{e}");
    }
}
