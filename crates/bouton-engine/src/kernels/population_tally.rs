//! A whole LIF population in one pass, with sums of its outputs.

use bouton_kernels::{LIF_NUMBERS, LifStep, MAX_DECODED};

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// [`Population`](super::Population) and the [`Tally`](super::Tally) of its spikes, which aren't stored either. Made by the pass
/// `fuse_populations`.
#[derive(Clone, Debug)]
pub struct PopulationTally;

impl Kernel for PopulationTally {
    const NAME: &'static str = "population, tallied";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (y, n) = (on.first().map_or(0, Shape::len), on.get(1).map_or(0, Shape::len));
        if y > MAX_DECODED {
            return Err(format!("decodes {y} values, at most {MAX_DECODED}"));
        }
        let names = ["y", "v", "mark", "sums", "bias", "E", "x", "decoders", "constants"];
        lengths(on, &names, &[y, n, n, n, n, n, 1, n * y, LIF_NUMBERS])
    }
    fn work(&self, on: &[usize]) -> usize {
        4 * on[1] + on[7]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([y, v, mark, sums], [bias, enc, x, decoders], [constants]) = s.take();
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
            sums,
        );
    }
}
