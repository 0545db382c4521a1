//! Processes: signals that are made while the model runs.
//!
//! To add one: a file with a struct of parameters that implements [`ProcessModel`] and [`Element`](crate::Element), and a line
//! in the list at the end of this page's source; from another crate, [`register_process`]. Model files, their schema,
//! `bouton list` and the generic tests follow.

use bouton_random::RandomState;

use crate::DynElement;
use crate::list::element_list;
use crate::var::Var;

mod spline;

pub use piecewise::Between;
pub use table::{Interpolation, PastEnd};

/// What the variable `seed` is.
const SEED: &str = "seed of its own; drawn by the simulator when left out";

/// A process that runs.
pub trait ProcessStep: Send {
    /// The value at time `t` (s), the end of the step.
    fn step(&mut self, t: f64, out: &mut [f64]) -> Result<(), String>;
    /// What changes while it runs, as bytes; empty if all of it follows from seed and time.
    fn save(&self) -> Vec<u8> {
        vec![]
    }
    /// Goes on from what was saved.
    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        if saved.is_empty() {
            Ok(())
        } else {
            Err(format!("keeps nothing, and {} bytes were saved", saved.len()))
        }
    }
}

/// What a process is.
pub trait ProcessModel: DynElement {
    /// Refuses parameters that make no sense for `width` values and a time step `dt` (s).
    fn check(&self, width: usize, dt: f64) -> Result<(), String>;
    /// Number of values, where the parameters fix it.
    fn width(&self) -> Option<usize>;
    /// Seed of its own, where it has one.
    fn seed(&self) -> Option<u32>;
    /// Its parameters. They are [fixed](crate::var::Role::Fixed): a process is started with them, and what it then does is its
    /// own affair. What it gives can be probed, not its parameters.
    fn vars(&self) -> Vec<Var>;
    /// Starts it. `rng` is already seeded.
    fn start(&self, width: usize, dt: f64, rng: RandomState) -> Result<Box<dyn ProcessStep>, String>;
}

element_list! {
    /// A process with its parameters.
    Process: dyn ProcessModel, "processes", register_process, |m| m.vars() => {
        white_signal::WhiteSignal,
        white_noise::WhiteNoise,
        filtered_noise::FilteredNoise,
        brown_noise::BrownNoise,
        present_input::PresentInput,
        piecewise::Piecewise,
        table::Table,
    }
}
