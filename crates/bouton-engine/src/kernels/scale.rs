//! y += a∘x; a single `a` scales all.

use super::{At, Kernel, SimReal, Slices, count};
use crate::program::Shape;

/// Adds `x`, scaled element by element or by one number, to `y`.
#[derive(Clone, Debug)]
pub struct Scale;

impl Kernel for Scale {
    const NAME: &'static str = "scale";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        count(on, &["y", "a", "x"])?;
        let (y, a, x) = (on[0].len(), on[1].len(), on[2].len());
        if x == y && (a == 1 || a == x) {
            return Ok(());
        }
        Err(format!("scales {x} values by {a} factors into {y}"))
    }
    fn work(&self, on: &[usize]) -> usize {
        3 * on[2]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([y], [a, x], []) = s.take();
        bouton_kernels::scale_inc(at.level, a, x, y);
    }
}
