//! A matrix by columns, so that what lies side by side can be worked on side by side. A copy: bit for bit.

use super::{Elementwise, Real};

/// The transposed of a matrix that no kernel writes.
#[derive(Clone, Debug)]
pub(crate) struct Transposed {
    /// Columns of the matrix.
    pub(crate) cols: usize,
}

impl Elementwise for Transposed {
    const NAME: &'static str = "transposed";
    const TRUTH: bool = false;
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
}

/// Where element `k` of a matrix by rows lies by columns.
pub(super) fn place_by_columns(k: usize, len: usize, cols: usize) -> usize {
    k % cols * (len / cols) + k / cols
}

/// Rows that are put or read at a time: each line of memory is then touched once.
const ROWS: usize = 8;

/// Puts a matrix by columns.
pub(super) fn open_by_columns(
    len: usize,
    cols: usize,
    plain: &dyn Fn(usize) -> f64,
    put: &mut dyn FnMut(usize, f64),
) {
    let rows = len / cols;
    for first in (0..rows).step_by(ROWS) {
        for c in 0..cols {
            for r in first..rows.min(first + ROWS) {
                put(c * rows + r, plain(r * cols + c));
            }
        }
    }
}

/// Appends a matrix by rows that is kept by columns.
pub(super) fn close_by_columns<T: Real>(own: &[T], cols: usize, out: &mut Vec<f64>) {
    let (before, rows) = (out.len(), own.len() / cols);
    out.resize(before + own.len(), 0.0);
    for (block, y) in out[before..].chunks_mut(ROWS * cols).enumerate() {
        let n = y.len() / cols;
        for c in 0..cols {
            for (r, x) in own[c * rows + block * ROWS..][..n].iter().enumerate() {
                y[r * cols + c] = x.f64();
            }
        }
    }
}
