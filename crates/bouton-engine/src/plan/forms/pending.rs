//! A matrix to which the last outer products of a rule have not been added yet: W + Σ p_z ⊗ q_z. They are added all at once,
//! when there are enough of them: the matrix then passes through the processor once, not in every step. Rounds: sums are made
//! in another order.

use super::columns::{self, Products};
use super::{Form, Real};

/// Outer products that wait at most.
pub(crate) const MOST: usize = 64;

/// Where the factors p and q and their number begin, behind W.
pub(crate) fn begins((rows, cols): (usize, usize)) -> [usize; 3] {
    let p = rows * cols;
    [p, p + MOST * rows, p + MOST * (rows + cols)]
}

/// What is kept, one behind the other: W by columns; [`MOST`] times p, one a row; [`MOST`] times q; how many of them count.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// Rows and columns of the matrix.
    pub(crate) shape: (usize, usize),
}

impl Pending {
    /// Numbers of its own.
    pub(crate) fn numbers(&self) -> usize {
        begins(self.shape)[2] + 1
    }
    /// What waits, of so many.
    fn waiting(&self, count: usize) -> Products {
        let [left, right, _] = begins(self.shape);
        Products { shape: self.shape, left, right, count }
    }
}

impl Form for Pending {
    const NAME: &'static str = "pending";
    const TRUTH: bool = true;
    const EXACT: bool = false;
    fn constants(&self, _: f64, _: &[f64]) -> Vec<f64> {
        vec![]
    }
    fn at(&self, k: usize, _: usize, own: &dyn Fn(usize) -> f64, _: &[f64]) -> f64 {
        self.waiting(own(begins(self.shape)[2]) as usize).at(k, own)
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
        self.waiting(own(begins(self.shape)[2]) as usize).put(k, plain, own, set);
    }
    fn open_all(&self, len: usize, plain: &dyn Fn(usize) -> f64, _: &[f64], put: &mut dyn FnMut(usize, f64)) {
        columns::open(len, self.shape.1, plain, put);
        (len..self.numbers()).for_each(|k| put(k, 0.0));
    }
    fn close_all<T: Real>(&self, own: &[T], _: usize, _: &[f64], out: &mut Vec<f64>) {
        self.waiting(own[begins(self.shape)[2]].f64() as usize).close(own, out);
    }
}
