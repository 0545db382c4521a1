//! y += w · x, of which each number of w connects some values and not others.

use std::sync::Arc;

use bouton_elements::transforms::Links;

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::program::Shape;

/// A sparse matrix or a convolution: `y`, its numbers `w`, and `x`. What they connect is no operand and stays as it is.
#[derive(Clone, Debug)]
pub struct Linked {
    links: Arc<Links>,
    /// Pairs that are connected.
    count: usize,
}

impl Linked {
    /// Of these links.
    pub fn new(links: Arc<Links>) -> Linked {
        Linked { count: links.count(), links }
    }
}

impl Kernel for Linked {
    const NAME: &'static str = "linked";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (rows, columns) = self.links.shape();
        lengths(on, &["y", "w", "x"], &[self.links.outputs(), rows * columns, self.links.inputs()])
    }
    fn work(&self, on: &[usize]) -> usize {
        3 * self.count + on[0]
    }
    fn run<T: SimReal>(&self, _: &At, s: Slices<'_, T>) {
        let ([y], [w, x], []) = s.take();
        self.links.add(w, x, y);
    }
}
