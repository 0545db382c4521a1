//! y += A·x, with A as W0 + E·D.

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::plan::factored;
use crate::program::Shape;

/// [`Dot`](super::Dot) with spikes, on a matrix that is kept as factors. Made by the pass `factored`.
#[derive(Clone, Debug)]
pub struct Factored {
    /// Columns of E.
    pub inner: usize,
}

impl Kernel for Factored {
    const NAME: &'static str = "factored";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (rows, cols) = (on.first().map_or(0, Shape::len), on.last().map_or(0, Shape::len));
        if cols > bouton_kernels::MAX_COLUMNS || self.inner > factored::INNER {
            return Err(format!("{cols} columns and {} factors are more than it takes", self.inner));
        }
        let own = factored::begins((rows, cols), self.inner)[2] + 3;
        lengths(on, &["y", "W0, D, E", "x"], &[rows, own, cols])
    }
    fn work(&self, on: &[usize]) -> usize {
        self.inner * (on[0] + on[2])
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([y], [own, x], []) = s.take();
        let (rows, cols) = (y.len(), x.len());
        let [d, e, flags] = factored::begins((rows, cols), self.inner);
        if own[flags] != T::ZERO {
            bouton_kernels::columns_inc(at.level, &own[..d], rows, x, y);
        }
        let count = (own[flags + 1].f64() as usize).min(self.inner);
        let mut sums = [T::ZERO; factored::INNER];
        bouton_kernels::gemv_inc(at.level, &own[d..e], cols, cols, x, &mut sums[..count]);
        for (e, s) in own[e..flags].chunks_exact(rows).zip(&sums[..count]) {
            bouton_kernels::scale_inc(at.level, &[*s], e, y);
        }
    }
}
