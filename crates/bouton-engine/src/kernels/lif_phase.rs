//! A LIF population without exp and log.

use bouton_kernels::{LIF_NUMBERS, LifStep};

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// Outputs, voltages and phase marks from currents. Made by the pass `lif_phase`; see [`bouton_kernels::lif_phase`].
#[derive(Clone, Debug)]
pub struct LifPhase;

impl Kernel for LifPhase {
    const NAME: &'static str = "lif phase";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let n = on.first().map_or(0, Shape::len);
        lengths(on, &["out", "v", "mark", "j", "constants"], &[n, n, n, n, LIF_NUMBERS])
    }
    fn work(&self, on: &[usize]) -> usize {
        4 * on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([out, v, mark], [j], [constants]) = s.take();
        bouton_kernels::lif_phase(at.level, &LifStep::of(constants), j, v, mark, out);
    }
}
