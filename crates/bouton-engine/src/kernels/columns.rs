//! y += A·x, with A by columns: what no spike meets isn't read.

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// [`Dot`](super::Dot) with spikes, on a matrix that is kept by columns. Made by the pass `events`.
#[derive(Clone, Debug)]
pub struct Columns;

impl Kernel for Columns {
    const NAME: &'static str = "columns";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (rows, cols) = (on.first().map_or(0, Shape::len), on.last().map_or(0, Shape::len));
        if cols > bouton_kernels::MAX_COLUMNS {
            return Err(format!("{cols} columns, at most {}", bouton_kernels::MAX_COLUMNS));
        }
        lengths(on, &["y", "A", "x"], &[rows, rows * cols, cols])
    }
    fn work(&self, on: &[usize]) -> usize {
        // As often as not a tenth of the neurons spikes in a step, and seldom more.
        on[1] / 8 + on[2] + on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([y], [a, x], []) = s.take();
        bouton_kernels::columns_inc(at.level, a, y.len(), x, y);
    }
}
