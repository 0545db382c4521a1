//! A matrix by columns, so that what lies side by side can be worked on side by side. A copy: bit for bit.

use super::Form;

/// The transposed of a matrix that no kernel writes.
#[derive(Clone, Debug)]
pub(crate) struct Transposed {
    /// Columns of the matrix.
    pub(crate) cols: usize,
}

impl Form for Transposed {
    const NAME: &'static str = "transposed";
    const TRUTH: bool = false;
    fn constants(&self, _: f64, _: &[f64]) -> Vec<f64> {
        vec![]
    }
    fn place(&self, k: usize, len: usize) -> usize {
        k % self.cols * (len / self.cols) + k / self.cols
    }
    fn open(&self, plain: f64, _: &[f64]) -> f64 {
        plain
    }
    fn close(&self, own: f64, _: &[f64]) -> f64 {
        own
    }
}
