//! j = bias + E·x, with E transposed, and perhaps more.

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// Input currents of a population. Made by the passes `fuse_encoding` and `fuse_populations`.
#[derive(Clone, Debug)]
pub struct Encode {
    /// Whether the numbers of one more operand are added behind the product.
    pub plus: bool,
}

impl Kernel for Encode {
    const NAME: &'static str = "encode";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (n, d) = (on.first().map_or(0, Shape::len), on.get(3).map_or(0, Shape::len));
        let (names, wanted) = (["j", "bias", "E", "x", "plus"], [n, n, n * d, d, n]);
        let count = 4 + usize::from(self.plus);
        lengths(on, &names[..count], &wanted[..count])
    }
    fn work(&self, on: &[usize]) -> usize {
        on[2] + (2 + usize::from(self.plus)) * on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([j], [bias, enc_t, x, plus]) = if self.plus {
            let (j, reads, []) = s.take();
            (j, reads)
        } else {
            let (j, [bias, enc_t, x], []) = s.take();
            (j, [bias, enc_t, x, &[][..]])
        };
        bouton_kernels::encode(at.level, bias, enc_t, x, plus, j);
    }
}
