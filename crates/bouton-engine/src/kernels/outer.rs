//! Δ = (scale·post) ⊗ pre, kept as a matrix.

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// The change that factors stand for, for whoever wants to see it.
#[derive(Clone, Debug)]
pub struct Outer;

impl Kernel for Outer {
    const NAME: &'static str = "outer product";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (n, m) = (on.get(2).map_or(0, Shape::len), on.get(3).map_or(0, Shape::len));
        lengths(on, &["Δ", "scale", "post", "pre"], &[n * m, 1, n, m])
    }
    fn work(&self, on: &[usize]) -> usize {
        on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([delta], [scale, post, pre], []) = s.take();
        for (row, p) in delta.chunks_exact_mut(pre.len().max(1)).zip(post) {
            bouton_kernels::outer_set(at.level, &[scale[0] * *p], pre, row);
        }
    }
}
