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
