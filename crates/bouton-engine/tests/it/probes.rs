//! What probes record of a signal.

use bouton_engine::{Bounds, Edit, Knob, Norm, Observe, Options, Pick, Precision, Program, Role, Simulation};

#[test]
fn a_probe_of_the_inverse_records_one_over_each_number() {
    let mut p = Program::default();
    let g = p.double("conductance", 3, 1, Role::Parameter, vec![1e-6, 2.5e-8, 4.0]);
    let mut s = Simulation::new(p, Options::default()).unwrap();
    let id = s.attach(Observe { inverse: true, ..Observe::new(g, "conductance") }).unwrap();
    s.run_steps(2).unwrap();
    let found = s.samples(id).unwrap();
    assert_eq!((found.row(0), found.rows()), (&[1.0 / 1e-6, 1.0 / 2.5e-8, 0.25][..], 2));
}

#[test]
fn a_probe_of_rows_records_these_rows_of_a_matrix() {
    let mut p = Program::default();
    let w = p.signal("w", 4, 3, Role::Parameter, (0..12).map(f64::from).collect::<Vec<f64>>());
    let mut s = Simulation::new(p, Options::default()).unwrap();
    let id = s.attach(Observe { rows: Some(vec![3, 1]), ..Observe::new(w, "w") }).unwrap();
    s.run_steps(1).unwrap();
    assert_eq!(s.samples(id).unwrap().row(0), [9.0, 10.0, 11.0, 3.0, 4.0, 5.0]);
}

#[test]
fn norms_of_what_moved_are_those_of_the_difference_from_the_start() {
    for precision in [Precision::F64, Precision::F32] {
        let mut p = Program::default();
        // Numbers that single precision rounds: what hasn't moved has moved by 0.
        let start = vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
        let w = p.signal("w", 3, 2, Role::Parameter, start);
        p.knobs_mut().add("w", Knob::plain(w, "", Bounds::ANY, "numbers"));
        let mut s = Simulation::new(p, Options { precision, ..Options::default() }).unwrap();
        let all = s.attach(Observe { norm: Norm::Moved, ..Observe::new(w, "w") }).unwrap();
        let rows = s.attach(Observe { norm: Norm::MovedRows, ..Observe::new(w, "w") }).unwrap();
        let picked = Observe { norm: Norm::MovedRows, rows: Some(vec![2, 0]), ..Observe::new(w, "w") };
        let picked = s.attach(picked).unwrap();
        s.run_steps(1).unwrap();
        let values = vec![3.1, 0.2, 0.3, 0.4, 0.5, -3.4];
        s.apply(&Edit { path: "w".into(), pick: Pick::All, values }).unwrap();
        s.run_steps(1).unwrap();
        let row = |id, k| s.samples(id).unwrap().row(k).to_vec();
        assert_eq!((row(all, 0), row(rows, 0)), (vec![0.0], vec![0.0; 3]));
        let close = |found: Vec<f64>, wanted: &[f64]| {
            assert_eq!(found.len(), wanted.len());
            found.iter().zip(wanted).for_each(|(f, w)| assert!((f - w).abs() < 1e-6, "{f} for {w}"));
        };
        close(row(all, 1), &[5.0]);
        close(row(rows, 1), &[3.0, 0.0, 4.0]);
        close(row(picked, 1), &[4.0, 3.0]);
        assert_eq!((s.sample_shape(all).unwrap(), s.sample_shape(rows).unwrap()), ((1, 1), (3, 1)));
    }
}

#[test]
fn norms_of_all_and_of_each_row_take_the_place_of_the_values() {
    let mut p = Program::default();
    let w = p.signal("w", 3, 2, Role::Parameter, vec![3.0, -4.0, 0.0, 0.0, 6.0, 8.0]);
    // Squares that no number holds.
    let v = p.signal("v", 1, 2, Role::Parameter, vec![3e200, 4e-200]);
    let mut s = Simulation::new(p, Options::default()).unwrap();
    let all = s.attach(Observe { norm: Norm::All, ..Observe::new(w, "w") }).unwrap();
    let rows = s.attach(Observe { norm: Norm::Rows, every: 2.0, ..Observe::new(w, "w") }).unwrap();
    let picked = Observe { norm: Norm::Rows, rows: Some(vec![2, 0]), ..Observe::new(w, "w") };
    let picked = s.attach(picked).unwrap();
    let large = s.attach(Observe { norm: Norm::All, ..Observe::new(v, "v") }).unwrap();
    s.run_steps(4).unwrap();
    let row = |id| s.samples(id).unwrap().row(0).to_vec();
    assert!((row(all)[0] - 125f64.sqrt()).abs() < 1e-14 && row(all).len() == 1);
    assert_eq!((row(rows), row(picked), row(large)), (vec![5.0, 0.0, 10.0], vec![10.0, 5.0], vec![3e200]));
    assert_eq!((s.samples(rows).unwrap().rows(), s.sample_shape(rows).unwrap()), (2, (3, 1)));
    assert_eq!(s.sample_shape(all).unwrap(), (1, 1));
}
