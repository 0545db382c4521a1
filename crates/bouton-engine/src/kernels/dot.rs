//! y += A·x.

use super::{At, Kernel, SimReal, Slices, count};
use crate::program::Shape;

/// Adds a matrix times `x` to `y`. The matrix may be a part of the columns of another.
#[derive(Clone, Debug)]
pub struct Dot {
    /// Elements between the beginnings of two rows of A.
    pub stride: usize,
}

impl Kernel for Dot {
    const NAME: &'static str = "product";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        count(on, &["y", "A", "x"])?;
        let (y, a, x) = (on[0], on[1], on[2]);
        if a.rows != y.len() || a.cols != x.len() {
            return Err(format!(
                "a matrix of {} × {} times {} values into {}",
                a.rows,
                a.cols,
                x.len(),
                y.len()
            ));
        }
        if a.rows > 1 && a.stride != self.stride {
            return Err(format!("rows of the matrix are {} apart, not {}", a.stride, self.stride));
        }
        Ok(())
    }
    fn work(&self, on: &[usize]) -> usize {
        on[2] * on[0] + on[2] + on[0]
    }
    fn strided(&self, k: usize) -> bool {
        k == 1
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([y], [a, x], []) = s.take();
        bouton_kernels::gemv_inc(at.level, a, self.stride, x.len(), x, y);
    }
}
