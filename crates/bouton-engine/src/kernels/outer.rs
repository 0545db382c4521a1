//! Δ = Σ (scale·post) ⊗ pre, kept as a matrix.

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// The change that factors stand for, for whoever wants to see it.
#[derive(Clone, Debug)]
pub struct Outer {
    /// How many outer products are summed.
    pub products: usize,
}

impl Kernel for Outer {
    const NAME: &'static str = "outer product";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (n, m) = (on.get(2).map_or(0, Shape::len), on.get(3).map_or(0, Shape::len));
        lengths(on, &["Δ", "scale", "post", "pre"], &[n * m / self.products.max(1).pow(2), 1, n, m])
    }
    fn work(&self, on: &[usize]) -> usize {
        on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([delta], [scale, post, pre], []) = s.take();
        let cols = pre.len() / self.products.max(1);
        let rows = post.len() / self.products.max(1);
        for (f, (post, pre)) in post.chunks(rows.max(1)).zip(pre.chunks(cols.max(1))).enumerate() {
            for (row, p) in delta.chunks_exact_mut(cols.max(1)).zip(post) {
                if f == 0 {
                    bouton_kernels::outer_set(at.level, &[scale[0] * *p], pre, row);
                } else {
                    bouton_kernels::outer_inc(at.level, scale[0], &[*p], pre, row);
                }
            }
        }
    }
}
