//! Encoding and LIF step of a population in one pass.

use bouton_kernels::{LIF_NUMBERS, LifStep};

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// [`Encode`](super::Encode) and [`LifPhase`](super::LifPhase), without storing the currents. Made by the pass
/// `fuse_populations`.
#[derive(Clone, Debug)]
pub struct EncodeLif;

impl Kernel for EncodeLif {
    const NAME: &'static str = "encode lif";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (n, d) = (on.first().map_or(0, Shape::len), on.get(5).map_or(0, Shape::len));
        let names = ["out", "v", "mark", "bias", "E", "x", "constants"];
        lengths(on, &names, &[n, n, n, n, n * d, d, LIF_NUMBERS])
    }
    fn work(&self, on: &[usize]) -> usize {
        on[4] + 4 * on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([out, v, mark], [bias, enc_t, x], [constants]) = s.take();
        bouton_kernels::encode_lif_phase(at.level, &LifStep::of(constants), bias, enc_t, x, v, mark, out);
    }
}
