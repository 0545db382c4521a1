//! Matrices by columns: what several forms are made of.

use super::{Elementwise, Real};

/// A matrix by columns, bit for bit: in the place of the one by rows (`TRUTH`), or as a copy.
#[derive(Clone, Debug)]
pub(crate) struct Columns<const TRUTH: bool> {
    /// Columns of the matrix.
    pub(crate) cols: usize,
}

impl<const TRUTH: bool> Elementwise for Columns<TRUTH> {
    const NAME: &'static str = if TRUTH { "by columns" } else { "transposed" };
    const TRUTH: bool = TRUTH;
    const EXACT: bool = true;
    fn place(&self, k: usize, len: usize) -> usize {
        place(k, len, self.cols)
    }
    fn open(&self, plain: f64, _: &[f64]) -> f64 {
        plain
    }
    fn close(&self, own: f64, _: &[f64]) -> f64 {
        own
    }
    fn open_all(&self, len: usize, plain: &dyn Fn(usize) -> f64, _: &[f64], put: &mut dyn FnMut(usize, f64)) {
        open(len, self.cols, plain, put);
    }
    fn close_all<T: Real>(&self, own: &[T], _: &[f64], out: &mut Vec<f64>) {
        close(own, self.cols, out);
    }
}

/// Where element `k` of a matrix by rows lies by columns.
pub(super) fn place(k: usize, len: usize, cols: usize) -> usize {
    k % cols * (len / cols) + k / cols
}

/// Rows that are put or read at a time: each line of memory is then touched once.
const ROWS: usize = 8;

/// Puts a matrix by columns.
pub(super) fn open(len: usize, cols: usize, plain: &dyn Fn(usize) -> f64, put: &mut dyn FnMut(usize, f64)) {
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
pub(super) fn close<T: Real>(own: &[T], cols: usize, out: &mut Vec<f64>) {
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

/// Outer products that are kept beside a matrix by columns and belong to it: as many columns from `left` on, one behind the
/// other, as rows from `right` on.
pub(super) struct Products {
    pub(super) shape: (usize, usize),
    pub(super) left: usize,
    pub(super) right: usize,
    pub(super) count: usize,
}

impl Products {
    /// What they add up to at element `k`.
    fn sum(&self, k: usize, own: &dyn Fn(usize) -> f64) -> f64 {
        let (rows, cols) = self.shape;
        let (r, c) = (k / cols, k % cols);
        (0..self.count).map(|z| own(self.left + z * rows + r) * own(self.right + z * cols + c)).sum()
    }
    /// The plain value of element `k`.
    pub(super) fn at(&self, k: usize, own: &dyn Fn(usize) -> f64) -> f64 {
        let (rows, cols) = self.shape;
        own(place(k, rows * cols, cols)) + self.sum(k, own)
    }
    /// Sets the matrix so that element `k` has a plain value.
    pub(super) fn put(
        &self,
        k: usize,
        plain: f64,
        own: &dyn Fn(usize) -> f64,
        set: &mut dyn FnMut(usize, f64),
    ) {
        let (rows, cols) = self.shape;
        set(place(k, rows * cols, cols), plain - self.sum(k, own));
    }
    /// Appends the plain values of all elements.
    pub(super) fn close<T: Real>(&self, own: &[T], out: &mut Vec<f64>) {
        let ((rows, cols), before) = (self.shape, out.len());
        close(&own[..rows * cols], cols, out);
        if self.count == 0 {
            return;
        }
        let mut sums = vec![0.0; cols];
        for (r, y) in out[before..].chunks_exact_mut(cols).enumerate() {
            // Added up before they are added, as for one element.
            sums.fill(0.0);
            for z in 0..self.count {
                let (left, right) =
                    (own[self.left + z * rows + r].f64(), &own[self.right + z * cols..][..cols]);
                sums.iter_mut().zip(right).for_each(|(s, x)| *s += left * x.f64());
            }
            y.iter_mut().zip(&sums).for_each(|(y, s)| *y += s);
        }
    }
}
