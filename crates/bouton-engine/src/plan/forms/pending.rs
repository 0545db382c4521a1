//! A matrix to which the last outer products of a rule have not been added yet, and of which a rule's shares of the weights are
//! kept as a factor of each row: s·(W + Σ p_z ⊗ q_z). The products are added all at once, when there are enough of them: the
//! matrix then passes through the processor once, not in every step. Rounds: sums are made in another order.

use super::columns::{self, Products};
use super::{Form, Real};

/// Outer products that wait at most.
pub(crate) const MOST: usize = bouton_kernels::MAX_DECAYING;

/// Where the factors p and q, their number, and the factors of rows begin, behind W.
pub(crate) fn begins((rows, cols): (usize, usize)) -> [usize; 4] {
    let p = rows * cols;
    let count = p + MOST * (rows + cols);
    [p, p + MOST * rows, count, count + 1]
}

/// What is kept, one behind the other: W by columns; [`MOST`] times p, one a row; [`MOST`] times q; how many of them count; and, if
/// rows have a factor, s.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// Rows and columns of the matrix.
    pub(crate) shape: (usize, usize),
    /// Whether rows have a factor.
    pub(crate) scaled: bool,
}

impl Pending {
    /// Numbers of its own.
    pub(crate) fn numbers(&self) -> usize {
        begins(self.shape)[3] + if self.scaled { self.shape.0 } else { 0 }
    }
    /// What waits, of so many.
    fn waiting(&self, count: usize) -> Products {
        let [left, right, ..] = begins(self.shape);
        Products { shape: self.shape, left, right, count }
    }
    /// The factor of the row of element `k`.
    fn scale(&self, k: usize, own: &dyn Fn(usize) -> f64) -> f64 {
        if self.scaled { own(begins(self.shape)[3] + k / self.shape.1) } else { 1.0 }
    }
}

impl Form for Pending {
    const NAME: &'static str = "pending";
    const TRUTH: bool = true;
    const EXACT: bool = false;
    fn at(&self, k: usize, _: usize, own: &dyn Fn(usize) -> f64, _: &[f64]) -> f64 {
        self.scale(k, own) * self.waiting(own(begins(self.shape)[2]) as usize).at(k, own)
    }
    fn put(
        &self,
        k: usize,
        _: usize,
        plain: f64,
        own: &dyn Fn(usize) -> f64,
        _: &[f64],
        set: &mut dyn FnMut(usize, f64),
    ) {
        let plain = plain / self.scale(k, own);
        self.waiting(own(begins(self.shape)[2]) as usize).put(k, plain, own, set);
    }
    fn open_all(&self, len: usize, plain: &dyn Fn(usize) -> f64, _: &[f64], put: &mut dyn FnMut(usize, f64)) {
        columns::open(len, self.shape.1, plain, put);
        let scale = begins(self.shape)[3];
        (len..scale).for_each(|k| put(k, 0.0));
        (scale..self.numbers()).for_each(|k| put(k, 1.0));
    }
    fn close_all<T: Real>(&self, own: &[T], _: usize, _: &[f64], out: &mut Vec<f64>) {
        let before = out.len();
        self.waiting(own[begins(self.shape)[2]].f64() as usize).close(own, out);
        if self.scaled {
            let scale = &own[begins(self.shape)[3]..];
            for (row, s) in out[before..].chunks_exact_mut(self.shape.1).zip(scale) {
                row.iter_mut().for_each(|w| *w *= s.f64());
            }
        }
    }
}
