//! y = value.

use super::{At, Kernel, SimReal, Slices, count};
use crate::program::Shape;

/// Sets all of `y`.
#[derive(Clone, Debug)]
pub struct Fill {
    /// The value.
    pub value: f64,
}

impl Kernel for Fill {
    const NAME: &'static str = "fill";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        count(on, &["y"])
    }
    fn work(&self, on: &[usize]) -> usize {
        on[0]
    }
    fn run<T: SimReal>(&self, _: &At, s: Slices<'_, T>) {
        let ([y], [], []) = s.take();
        y.fill(T::of(self.value));
    }
}
