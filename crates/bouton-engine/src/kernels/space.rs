//! x' = A·x + B·u, y = C·x + D·u, for each value of u.

use bouton_elements::synapses::StateSpace;

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// A linear filter of `n` states; its coefficients (A row by row, B, C, D) are an operand.
#[derive(Clone, Debug)]
pub struct Space {
    /// Number of states.
    pub n: usize,
}

impl Kernel for Space {
    const NAME: &'static str = "filter";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (n, m) = (on.first().map_or(0, Shape::len), self.n);
        if m > StateSpace::MAX_STATES {
            return Err(format!("has {m} states, at most {}", StateSpace::MAX_STATES));
        }
        lengths(on, &["y", "x", "u", "coefficients"], &[n, m * n, n, m * m + 2 * m + 1])
    }
    fn work(&self, on: &[usize]) -> usize {
        2 * on[0] + on[1]
    }
    fn run<T: SimReal>(&self, _: &At, s: Slices<'_, T>) {
        let ([y, x], [u], [c]) = s.take();
        let (n, w) = (self.n, u.len());
        let (a, c) = c.split_at(n * n);
        let (b, c) = c.split_at(n);
        let (c, d) = c.split_at(n);
        let d = d[0];
        let mut new = [T::ZERO; StateSpace::MAX_STATES];
        for i in 0..w {
            let output = |x: &[T]| {
                let mut v = T::ZERO;
                for k in 0..n {
                    v += T::of(c[k]) * x[k * w + i];
                }
                v
            };
            if d != 0.0 {
                y[i] = output(x) + T::of(d) * u[i];
            }
            for (r, new) in new.iter_mut().enumerate().take(n) {
                let mut v = T::ZERO;
                for k in 0..n {
                    v += T::of(a[r * n + k]) * x[k * w + i];
                }
                *new = v + T::of(b[r]) * u[i];
            }
            for k in 0..n {
                x[k * w + i] = new[k];
            }
            if d == 0.0 {
                y[i] = output(x);
            }
        }
    }
}
