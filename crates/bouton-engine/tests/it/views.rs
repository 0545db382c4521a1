//! What is written by one name of a piece of memory is seen by its others.

use std::sync::Arc;

use bouton_core::{Failure, Slice};
use bouton_engine::{
    At, Bounds, Call, Derive, Derived, Draws, Edit, Io, Knob, Op, Operand, Options, Pick, Precision, Program,
    Role, Running, Sees, Simulation, Start,
};

/// What it reads, times ten.
#[derive(Debug)]
struct Tenfold;

impl Derive for Tenfold {
    fn derive(&self, _: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String> {
        writes[0] = reads[0].iter().map(|x| 10.0 * x).collect();
        Ok(())
    }
}

#[test]
fn what_follows_from_a_matrix_sees_what_was_written_through_a_view_of_it() {
    let mut p = Program::default();
    let start: Vec<f64> = (0..20).map(f64::from).collect();
    let w = p.signal("w", 4, 5, Role::Parameter, start.clone());
    // Rows 1 and 2, which are written; rows 0 to 2 of columns 1 to 3, which hold a part of them.
    let (inner, outer) = (p.view(w, 5, 2, 5), p.view(w, 1, 3, 3));
    let names = [("of.w", w, 4, 5), ("of.outer", outer, 3, 3)];
    for (name, from, rows, cols) in names {
        let y = p.signal(name, rows, cols, Role::Parameter, 0.0);
        p.derive(Derived { what: Arc::new(Tenfold), reads: vec![from], writes: vec![y], of: name.into() });
        p.knobs_mut().add(name, Knob::plain(y, "", Bounds::ANY, "follows"));
    }
    p.knobs_mut().add("inner", Knob::plain(inner, "", Bounds::ANY, "two rows"));
    let mut s = Simulation::new(p, Options::default()).unwrap();
    let mut all = start;
    let writes: [(Pick, Vec<usize>, &[f64]); 3] = [
        (Pick::All, (5..15).collect(), &[-1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -7.0, -8.0, -9.0, -10.0]),
        (Pick::Element(1, 0), vec![10], &[50.0]),
        (Pick::Column(3), vec![8, 13], &[60.0, 70.0]),
    ];
    for (pick, at, values) in writes {
        at.iter().zip(values).for_each(|(k, v)| all[*k] = *v);
        s.apply(&Edit { path: "inner".into(), pick, values: values.to_vec() }).unwrap();
        let tenfold = |at: &[usize]| at.iter().map(|k| 10.0 * all[*k]).collect::<Vec<f64>>();
        assert_eq!(s.read("of.w", &Pick::All).unwrap(), tenfold(&(0..20).collect::<Vec<_>>()));
        assert_eq!(s.read("of.outer", &Pick::All).unwrap(), tenfold(&[1, 2, 3, 6, 7, 8, 11, 12, 13]));
    }
}

#[test]
fn a_part_of_the_rows_is_loaded_by_name_from_the_whole() {
    let program = |start: f64| {
        let mut p = Program::default();
        let w =
            p.signal("w", 4, 2, Role::Parameter, (0..8).map(|k| start + f64::from(k)).collect::<Vec<f64>>());
        let rows = p.view(w, 2, 3, 2);
        p.knobs_mut().add("rows", Knob::plain(rows, "", Bounds::ANY, "the last three rows"));
        p
    };
    let from = Simulation::new(program(0.0), Options::default()).unwrap();
    let mut to = Simulation::new(program(100.0), Options::default()).unwrap();
    to.load_by_name(&from.save().unwrap(), &["rows"], true).unwrap();
    assert_eq!(to.read("rows", &Pick::All).unwrap(), [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
}

/// Sets all of `w` to the number of the step.
#[derive(Debug)]
struct Sets;

impl Call for Sets {
    fn name(&self) -> &str {
        "sets"
    }
    fn sees(&self) -> Sees {
        Sees::Everything
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(Sets))
    }
}

impl Running for Sets {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        let mut all = io.everything().ok_or("it sees everything")?;
        Ok(all.set("w", &[at.step as f64; 4])?)
    }
}

/// `w`, four numbers that a call may set as a whole, and what follows from them.
fn followed(sets: bool) -> Program {
    let mut p = Program::default();
    let (w, y) = (p.signal("w", 4, 1, Role::Parameter, 0.0), p.signal("y", 4, 1, Role::Parameter, 0.0));
    p.derive(Derived { what: Arc::new(Tenfold), reads: vec![w], writes: vec![y], of: "y".into() });
    for (name, s) in [("w", w), ("y", y)] {
        p.knobs_mut().add(name, Knob::plain(s, "", Bounds::ANY, "four numbers"));
    }
    if sets {
        p.add("setter", Op::Call(Arc::new(Sets)), [Operand::edit(w)], Draws::No);
    }
    p
}

#[test]
fn what_follows_sees_what_a_call_sets_as_a_whole() {
    let mut s = Simulation::new(followed(true), Options::default()).unwrap();
    for step in 1..4 {
        s.run_steps(1).unwrap();
        assert_eq!(s.read("w", &Pick::All).unwrap(), [f64::from(step); 4]);
        assert_eq!(s.read("y", &Pick::All).unwrap(), [10.0 * f64::from(step); 4]);
    }
}

#[test]
fn a_write_from_which_follows_what_single_precision_does_not_hold_is_refused_where_numbers_are_single() {
    for (precision, taken) in [(Precision::F64, true), (Precision::F32, false)] {
        let mut s = Simulation::new(followed(false), Options { precision, ..Options::default() }).unwrap();
        // 1e38 is a number of single precision, ten times that is none.
        let found = s.apply(&Edit { path: "w".into(), pick: Pick::Element(2, 0), values: vec![1e38] });
        assert_eq!(found.is_ok(), taken, "{precision:?}: {found:?}");
        let wanted = if taken { [0.0, 0.0, 1e38, 0.0] } else { [0.0; 4] };
        assert_eq!(s.read("w", &Pick::All).unwrap(), wanted, "{precision:?}");
        if let Err(e) = found {
            let e = e.to_string();
            assert!(e.contains("`y` would hold") && e.contains("Nothing was written"), "{e}");
        }
    }
}

#[test]
fn parts_of_a_signal_that_do_not_overlap_are_written_and_read_in_any_order() {
    let mut p = Program::default();
    let all = p.signal("all", 4, 1, Role::State, vec![1.0, 2.0, 3.0, 4.0]);
    let (front, back) = (p.view(all, 0, 2, 1), p.view(all, 2, 2, 1));
    let y = p.signal("y", 2, 1, Role::Scratch, 0.0);
    // What the front is set to is read from the back, by way of `y`: a cycle if the two were one.
    p.copy("second", (y, &Slice::All), (front, &Slice::All), false);
    p.copy("first", (back, &Slice::All), (y, &Slice::All), false);
    p.knobs_mut().add("all", Knob::plain(all, "", Bounds::ANY, "four numbers"));
    let mut s = Simulation::new(p, Options::default()).unwrap();
    s.run_steps(1).unwrap();
    assert_eq!(s.read("all", &Pick::All).unwrap(), [3.0, 4.0, 3.0, 4.0]);
}
