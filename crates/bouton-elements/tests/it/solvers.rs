//! Solvers.

use bouton_elements::random::RandomState;
use bouton_elements::solvers::{LstsqL2, NoSolver, SolveShape, Solver, SolverModel};

#[test]
fn a_solver_says_whether_it_makes_weights_and_what_it_needs() {
    for weights in [false, true] {
        let l2 = LstsqL2 { weights, ..LstsqL2::default() };
        let none = NoSolver { weights, ..NoSolver::default() };
        assert_eq!((l2.weights(), none.weights()), (weights, weights));
        assert_eq!((l2.needs_activities(), none.needs_activities()), (true, false));
    }
    assert_eq!(Solver::default(), LstsqL2 { reg: 0.1, weights: false }.into());
}

#[test]
fn without_values_decoders_are_zeros() {
    let shape = SolveShape { points: 1, neurons: 4, dimensions: 3 };
    let x = NoSolver::default().solve(&[], &[], shape, &mut RandomState::new(0)).unwrap();
    assert_eq!(x, [0.0; 12]);
    let of = |x| NoSolver { values: Some(vec![vec![1.0, x]]), weights: false };
    of(2.0).check().unwrap();
    assert!(of(f64::NAN).check().unwrap_err().contains("`values` must be finite, found NaN"));
    // As wide as neurons, one row too few; no way to turn it.
    let e = of(2.0).solve(
        &[],
        &[],
        SolveShape { points: 1, neurons: 2, dimensions: 3 },
        &mut RandomState::new(0),
    );
    let e = e.unwrap_err();
    assert!(e.contains("3 rows (results) of 2 numbers") && e.contains("found 1 rows of 2"), "{e}");
}

#[test]
fn without_regularisation_equal_neurons_cannot_be_told_apart() {
    let shape = SolveShape { points: 3, neurons: 2, dimensions: 1 };
    let (a, y) = ([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], [1.0, 2.0, 3.0]);
    let solve = |reg| LstsqL2 { reg, weights: false }.solve(&a, &y, shape, &mut RandomState::new(0));
    let e = solve(0.0).unwrap_err();
    assert!(e.contains("2 neurons at 3 evaluation points") && e.contains("singular"), "{e}");
    // With it both have the same share: d = Σay/(2Σa² + mσ²), σ = reg·max(A).
    let x = solve(0.2).unwrap();
    let exact = 14.0 / (2.0 * 14.0 + 3.0 * 0.6 * 0.6);
    assert!(x.iter().all(|x| (x - exact).abs() < 1e-12), "{x:?}, not {exact}");
}
