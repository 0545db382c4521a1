//! A finite impulse response: y = Σ taps[i] · u of i steps ago, for each value of u.

use bouton_elements::synapses::step_taps;

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// A filter of a finite impulse response, in direct form: `y`, the last inputs `x` (a row a tap, the newest first), `u`, and the
/// taps.
#[derive(Clone, Debug)]
pub struct Taps {
    /// Number of taps.
    pub n: usize,
}

impl Kernel for Taps {
    const NAME: &'static str = "taps";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        if self.n == 0 {
            return Err("a filter has one tap at least".into());
        }
        let n = on.first().map_or(0, Shape::len);
        lengths(on, &["y", "x", "u", "taps"], &[n, self.n * n, n, self.n])
    }
    fn work(&self, on: &[usize]) -> usize {
        2 * on[1] + 2 * on[0]
    }
    fn run<T: SimReal>(&self, _: &At, s: Slices<'_, T>) {
        let ([y, x], [u], [taps]) = s.take();
        step_taps(taps, u, x, y);
    }
}
