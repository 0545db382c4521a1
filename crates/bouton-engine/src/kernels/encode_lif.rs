//! Encoding and LIF step of a population in one pass.

use bouton_kernels::{LIF_NUMBERS, LifStep};

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// [`Encode`](super::Encode) and [`LifPhase`](super::LifPhase), without storing the currents. Made by the pass
/// `fuse_populations`.
#[derive(Clone, Debug)]
pub struct EncodeLif {
    /// Whether the numbers of one more operand, behind `x`, are added to the currents.
    pub plus: bool,
}

impl Kernel for EncodeLif {
    const NAME: &'static str = "encode lif";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (n, d) = (on.first().map_or(0, Shape::len), on.get(5).map_or(0, Shape::len));
        let mut names = vec!["out", "v", "mark", "bias", "E", "x", "constants"];
        let mut wanted = vec![n, n, n, n, n * d, d, LIF_NUMBERS];
        if self.plus {
            names.insert(6, "plus");
            wanted.insert(6, n);
        }
        lengths(on, &names, &wanted)
    }
    fn work(&self, on: &[usize]) -> usize {
        on[4] + (4 + usize::from(self.plus)) * on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([out, v, mark], [bias, enc_t, x, plus], [constants]) = if self.plus {
            s.take()
        } else {
            let (writes, [bias, enc_t, x], doubles) = s.take();
            (writes, [bias, enc_t, x, &[]], doubles)
        };
        let step = LifStep::of(constants);
        bouton_kernels::encode_lif_phase(at.level, &step, bias, enc_t, x, plus, v, mark, out);
    }
}
