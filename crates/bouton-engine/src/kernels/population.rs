//! Whole LIF populations, each in one pass: encode, step, decode.

use bouton_kernels::{LifStep, MAX_DECODED, POPULATION_OPERANDS, Several};

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// [`EncodeLif`](super::EncodeLif) in one dimension and a [`Dot`](super::Dot) of few rows, and perhaps a [`Tally`](super::Tally),
/// without storing the spikes; of several populations of one size, one after the other. Made by the passes `fuse_populations`
/// and `join_populations`.
#[derive(Clone, Debug)]
pub struct Population {
    /// Whether the spikes are summed, in an operand behind `mark`.
    pub sums: bool,
    /// How many there are, and where the operands of each lie.
    pub of: Several,
}

/// Where the operand of the sums is.
const SUMS: usize = 3;

impl Population {
    /// One population.
    pub(crate) fn one(neurons: usize, values: usize, sums: bool) -> Population {
        Population { sums, of: Several { count: 1, neurons, values, strides: [0; POPULATION_OPERANDS] } }
    }
    /// So many of its size, each operand at its distance from that of the one before.
    pub(crate) fn several(&self, count: usize, strides: &[usize]) -> Population {
        let at = |k: usize| match k {
            SUMS if !self.sums => 0,
            _ => strides[k - usize::from(k > SUMS && !self.sums)],
        };
        Population { of: Several { count, strides: std::array::from_fn(at), ..self.of }, ..*self }
    }
}

impl Kernel for Population {
    const NAME: &'static str = "population";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        if self.of.values > MAX_DECODED {
            return Err(format!("decodes {} values, at most {MAX_DECODED}", self.of.values));
        }
        let mut names = vec!["y", "v", "mark", "sums", "bias", "E", "x", "decoders", "constants"];
        let mut wanted = self.of.lengths().to_vec();
        if !self.sums {
            names.remove(SUMS);
            wanted.remove(SUMS);
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
        if self.of.count == 1 {
            let step = LifStep::of(constants);
            bouton_kernels::population(at.level, &step, y, v, mark, sums, bias, enc, x[0], decoders);
        } else {
            let (level, of) = (at.level, &self.of);
            bouton_kernels::populations(level, of, y, v, mark, sums, bias, enc, x, decoders, constants);
        }
    }
}
