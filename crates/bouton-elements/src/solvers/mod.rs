//! Decoder solvers: from activities at evaluation points to decoders.
//!
//! To add one: a file with a struct of parameters that implements [`SolverModel`] and [`Element`](crate::Element), and a line
//! in the list at the end of this page's source; from another crate, [`register_solver`]. Model files, their schema,
//! `bouton list` and the generic tests follow.

use bouton_random::RandomState;

use crate::DynElement;
use crate::list::element_list;
use crate::var::Var;

/// What a solver is.
pub trait SolverModel: DynElement {
    /// Whether full weights (neuron to neuron) are made of the decoders, rather than decoders alone.
    fn weights(&self) -> bool;
    /// Whether activities are needed; without, `solve` is given one row of zeros.
    fn needs_activities(&self) -> bool {
        true
    }
    /// Refuses parameters that make no sense.
    fn check(&self) -> Result<(), String>;
    /// Its parameters. They are [fixed](crate::var::Role::Fixed): decoders are solved once, when the model is built. What was
    /// solved is live, as the connection's weights.
    fn vars(&self) -> Vec<Var>;
    /// Decoders (`n` × `d`, row-major) for activities `a` (`m` × `n`, Hz) and targets `y` (`m` × `d`).
    fn solve(
        &self,
        a: &[f64],
        y: &[f64],
        shape: SolveShape,
        rng: &mut RandomState,
    ) -> Result<Vec<f64>, String>;
}

/// The sizes of a decoder problem.
#[derive(Clone, Copy, Debug)]
pub struct SolveShape {
    /// Evaluation points.
    pub points: usize,
    /// Neurons.
    pub neurons: usize,
    /// Decoded dimensions.
    pub dimensions: usize,
}

element_list! {
    /// A solver with its parameters.
    Solver: dyn SolverModel, "solvers", register_solver, |m| m.vars() => {
        lstsq_l2::LstsqL2,
        no_solver::NoSolver,
    }
}

impl Default for Solver {
    fn default() -> Solver {
        LstsqL2::default().into()
    }
}
