//! y ← a·y + b·u.

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// A first-order filter; its coefficients a and b are an operand. With a = 0 it is a gain: what y was doesn't matter, not
/// even when it isn't a number.
#[derive(Clone, Debug)]
pub struct Lowpass;

impl Kernel for Lowpass {
    const NAME: &'static str = "low-pass";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let n = on.first().map_or(0, Shape::len);
        lengths(on, &["y", "u", "coefficients"], &[n, n, 2])
    }
    fn work(&self, on: &[usize]) -> usize {
        2 * on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([y], [u], [c]) = s.take();
        let (a, b) = (T::of(c[0]), T::of(c[1]));
        if a == T::ZERO {
            for (y, u) in y.iter_mut().zip(u) {
                *y = b * *u;
            }
        } else if let ([u], [y]) = (u, &mut *y) {
            // One value, the most frequent case, is not worth a dispatch.
            *y = a * *y + b * *u;
        } else {
            bouton_kernels::lowpass(at.level, a, b, u, y);
        }
    }
}
