//! A whole LIF population in one pass: encode, step, decode.

use bouton_kernels::{LIF_NUMBERS, LifStep, MAX_DECODED};

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// [`EncodeLif`](super::EncodeLif) in one dimension and a [`Dot`](super::Dot) of few rows, without storing the spikes.
/// Made by the pass `fuse_populations`.
#[derive(Clone, Debug)]
pub struct Population;

impl Kernel for Population {
    const NAME: &'static str = "population";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (y, n) = (on.first().map_or(0, Shape::len), on.get(1).map_or(0, Shape::len));
        if y > MAX_DECODED {
            return Err(format!("decodes {y} values, at most {MAX_DECODED}"));
        }
        let names = ["y", "v", "mark", "bias", "E", "x", "decoders", "constants"];
        lengths(on, &names, &[y, n, n, n, n, 1, n * y, LIF_NUMBERS])
    }
    fn work(&self, on: &[usize]) -> usize {
        4 * on[1] + on[6]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([y, v, mark], [bias, enc, x, decoders], [constants]) = s.take();
        bouton_kernels::population(
            at.level,
            &LifStep::of(constants),
            bias,
            enc,
            x[0],
            v,
            mark,
            decoders,
            y,
            &mut [],
        );
    }
}
