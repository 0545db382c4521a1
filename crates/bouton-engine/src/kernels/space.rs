//! x' = A·x + B·u, y = C·x + D·u, for each value of u.

use bouton_elements::synapses::{StateSpace, step_space};

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// A linear filter of `n` states; its coefficients (A row by row, B, C, D) are an operand.
#[derive(Clone, Debug)]
pub struct Space {
    /// Number of states.
    pub n: usize,
}

impl Kernel for Space {
    const NAME: &'static str = "filter";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (n, m) = (on.first().map_or(0, Shape::len), self.n);
        if m > StateSpace::MAX_STATES {
            return Err(format!("has {m} states, at most {}", StateSpace::MAX_STATES));
        }
        lengths(on, &["y", "x", "u", "coefficients"], &[n, m * n, n, m * m + 2 * m + 1])
    }
    fn work(&self, on: &[usize]) -> usize {
        2 * on[0] + on[1]
    }
    fn run<T: SimReal>(&self, _: &At, s: Slices<'_, T>) {
        let ([y, x], [u], [c]) = s.take();
        let (a, c) = c.split_at(self.n * self.n);
        let (b, c) = c.split_at(self.n);
        let (c, d) = c.split_at(self.n);
        step_space(self.n, (a, b, c, d[0]), u, x, y);
    }
}
