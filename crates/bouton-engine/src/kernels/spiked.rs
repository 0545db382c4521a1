//! y += A·x, with A by columns, to which spikes that wait are still to be brought.

use bouton_elements::rules::{Rule, SpikeParts};

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::plan::spiked::{self, Matrix};
use crate::program::Shape;
use crate::spikes;

/// [`Dot`](super::Dot) with spikes, on a matrix that a rule changes at spikes: the columns that are read are brought up to
/// date. Made by the pass `at_spikes`.
#[derive(Clone, Debug)]
pub struct Spiked {
    /// The rule that changes the matrix.
    pub rule: Rule,
    /// What its change is made of.
    pub of: SpikeParts,
}

impl Kernel for Spiked {
    const NAME: &'static str = "spiked";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (rows, cols) = (on.first().map_or(0, Shape::len), on.last().map_or(0, Shape::len));
        if cols > bouton_kernels::MAX_COLUMNS {
            return Err(format!("{cols} columns, at most {}", bouton_kernels::MAX_COLUMNS));
        }
        lengths(on, &["y", "A and what waits", "x"], &[rows, spiked::numbers((rows, cols), self.of), cols])
    }
    fn work(&self, on: &[usize]) -> usize {
        on[0] * on[2] / 4 + on[2] + on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([y, own], [x], []) = s.take();
        let rows = y.len();
        let mut m = Matrix::new(own, (rows, x.len()), self.of);
        let waiting = m.waiting.spikes();
        let columns: Vec<usize> = (0..x.len()).filter(|j| x[*j] != T::ZERO).collect();
        spikes::with_block(|block| {
            m.waiting.prepare(block);
            m.bring(at.level, &waiting, block, &self.rule, &columns);
        });
        bouton_kernels::columns_inc(at.level, m.weights, rows, x, y);
    }
}
