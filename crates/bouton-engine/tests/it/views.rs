//! What is written by one name of a piece of memory is seen by its others.

use std::sync::Arc;

use bouton_engine::{Bounds, Derive, Derived, Edit, Knob, Options, Pick, Program, Role, Simulation};

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
