//! sums += x.

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// Adds `x` to `sums`. Made by a plan for steps in which signals are [summed](crate::Simulation::tally).
#[derive(Clone, Debug)]
pub struct Tally;

impl Kernel for Tally {
    const NAME: &'static str = "tally";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let n = on.first().map_or(0, Shape::len);
        lengths(on, &["sums", "x"], &[n, n])
    }
    fn work(&self, on: &[usize]) -> usize {
        on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([sums], [x], []) = s.take();
        bouton_kernels::add_assign(at.level, x, sums);
    }
}
