//! sums += x, in some of the steps.

use std::num::NonZero;

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// Adds `x` to `sums` in some of the steps. Made by a plan of which somebody asks for sums.
#[derive(Clone, Debug)]
pub struct Tally(pub Tallied);

/// Steps in a row that are summed. A neuron that fires evenly is counted in them to half a spike, where single steps would leave
/// it to chance which of its spikes they meet.
const ROW: u64 = 32;

/// The steps that are summed: one row of 32 of so many, by the multiples of the golden ratio, which meet whatever returns after
/// some time at all its places equally often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tallied {
    /// Of how many; all for one.
    pub one_of: NonZero<u64>,
}

impl Tallied {
    /// Whether a step (the first is 1) is one of them.
    pub fn has(self, step: u64) -> bool {
        let row = step.wrapping_sub(1) / ROW;
        row.wrapping_mul(0x9e37_79b9_7f4a_7c15) <= u64::MAX / self.one_of
    }
}

impl Kernel for Tally {
    const NAME: &'static str = "tally";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let n = on.first().map_or(0, Shape::len);
        lengths(on, &["sums", "x"], &[n, n])
    }
    fn work(&self, on: &[usize]) -> usize {
        on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        if self.0.has(at.step) {
            let ([sums], [x], []) = s.take();
            bouton_kernels::add_assign(at.level, x, sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_returns_is_met_everywhere_equally_often() {
        for one_of in [1, 4, 16] {
            let tallied = Tallied { one_of: NonZero::new(one_of).unwrap() };
            // A period that is a number of Fibonacci's is met least evenly.
            let wanted = 4000 / one_of as usize;
            for period in [1, 2, 3, 4, 5, 8, 10, 50, 89] {
                for phase in 0..period {
                    let met = |k: &u64| tallied.has(1 + 32 * (phase + k * period));
                    let met = (0..4000).filter(met).count();
                    assert!(met.abs_diff(wanted) <= wanted / 10, "{met} of {wanted} at {phase} of {period}");
                }
            }
            // In rows that begin with the first step.
            let rows: Vec<bool> = (1..=3200).map(|k| tallied.has(k)).collect();
            assert!(rows.chunks(32).all(|r| r.iter().all(|x| *x == r[0])) && rows[0]);
        }
    }
}
