//! y = x, or y += x.

use super::{At, Kernel, SimReal, Slices, count};
use crate::program::Shape;

/// Copies `x` to `y`, or adds it.
#[derive(Clone, Debug)]
pub struct Copy {
    /// Whether it is added.
    pub inc: bool,
}

impl Kernel for Copy {
    const NAME: &'static str = "copy";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        count(on, &["y", "x"])?;
        if on[0].len() == on[1].len() {
            return Ok(());
        }
        Err(format!("delivers {} values where {} are taken", on[1].len(), on[0].len()))
    }
    fn work(&self, on: &[usize]) -> usize {
        2 * on[1]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([y], [x], []) = s.take();
        if let ([x], [y]) = (x, &mut *y) {
            // One value, the most frequent case, is not worth a call.
            *y = if self.inc { *y + *x } else { *x };
        } else if self.inc {
            bouton_kernels::add_assign(at.level, x, y);
        } else {
            y.copy_from_slice(x);
        }
    }
}
