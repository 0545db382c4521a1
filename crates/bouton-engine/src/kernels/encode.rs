//! j = bias + E·x, with E transposed.

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// Input currents of a population. Made by the pass `fuse_encoding`.
#[derive(Clone, Debug)]
pub struct Encode;

impl Kernel for Encode {
    const NAME: &'static str = "encode";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (n, d) = (on.first().map_or(0, Shape::len), on.last().map_or(0, Shape::len));
        lengths(on, &["j", "bias", "E", "x"], &[n, n, n * d, d])
    }
    fn work(&self, on: &[usize]) -> usize {
        on[2] + 2 * on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([j], [bias, enc_t, x], []) = s.take();
        bouton_kernels::encode(at.level, bias, enc_t, x, j);
    }
}
