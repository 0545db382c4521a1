//! What probes record of a signal.

use bouton_engine::{Observe, Options, Program, Role, Simulation};

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
