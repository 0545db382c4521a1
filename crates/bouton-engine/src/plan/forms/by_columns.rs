//! A matrix by columns in the place of one by rows: what is side by side in memory is what one presynaptic neuron reaches.
//! Bit for bit.

use super::transposed::{close_by_columns, open_by_columns, place_by_columns};
use super::{Elementwise, Real};

/// The only place of a matrix: the memory of its rows stays untouched.
#[derive(Clone, Debug)]
pub(crate) struct ByColumns {
    /// Columns of the matrix.
    pub(crate) cols: usize,
}

impl Elementwise for ByColumns {
    const NAME: &'static str = "by columns";
    const TRUTH: bool = true;
    const EXACT: bool = true;
    fn constants(&self, _: f64, _: &[f64]) -> Vec<f64> {
        vec![]
    }
    fn place(&self, k: usize, len: usize) -> usize {
        place_by_columns(k, len, self.cols)
    }
    fn open(&self, plain: f64, _: &[f64]) -> f64 {
        plain
    }
    fn close(&self, own: f64, _: &[f64]) -> f64 {
        own
    }
    fn open_all(&self, len: usize, plain: &dyn Fn(usize) -> f64, _: &[f64], put: &mut dyn FnMut(usize, f64)) {
        open_by_columns(len, self.cols, plain, put);
    }
    fn close_all<T: Real>(&self, own: &[T], _: &[f64], out: &mut Vec<f64>) {
        close_by_columns(own, self.cols, out);
    }
}
