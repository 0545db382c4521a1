//! A whole LIF population in one pass: encode, step, decode.

use bouton_kernels::{LIF_NUMBERS, LifStep, MAX_DECODED};

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// [`EncodeLif`](super::EncodeLif) in one dimension and a [`Dot`](super::Dot) of few rows, and perhaps a [`Tally`](super::Tally),
/// without storing the spikes. Made by the pass `fuse_populations`.
#[derive(Clone, Debug)]
pub struct Population {
    /// Whether the spikes are summed, in an operand behind `mark`.
    pub sums: bool,
}

impl Kernel for Population {
    const NAME: &'static str = "population";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (y, n) = (on.first().map_or(0, Shape::len), on.get(1).map_or(0, Shape::len));
        if y > MAX_DECODED {
            return Err(format!("decodes {y} values, at most {MAX_DECODED}"));
        }
        let mut names = vec!["y", "v", "mark", "bias", "E", "x", "decoders", "constants"];
        let mut wanted = vec![y, n, n, n, n, 1, n * y, LIF_NUMBERS];
        if self.sums {
            names.insert(3, "sums");
            wanted.insert(3, n);
        }
        lengths(on, &names, &wanted)
    }
    fn work(&self, on: &[usize]) -> usize {
        4 * on[1] + on[6 + usize::from(self.sums)]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([y, v, mark, sums], [bias, enc, x, decoders], [constants]) = if self.sums {
            s.take()
        } else {
            let ([y, v, mark], reads, doubles) = s.take();
            ([y, v, mark, &mut []], reads, doubles)
        };
        let step = LifStep::of(constants);
        bouton_kernels::population(at.level, &step, bias, enc, x[0], v, mark, decoders, y, sums);
    }
}
