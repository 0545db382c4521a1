//! A matrix to which the last outer products of a rule have not been added yet: W + Σ p_z ⊗ q_z. They are added all at once,
//! when there are enough of them: the matrix then passes through the processor once, not in every step. Rounds: sums are made
//! in another order.

use super::transposed::{close_by_columns, open_by_columns, place_by_columns};
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
    /// What waits for an element.
    fn beside(&self, k: usize, own: &dyn Fn(usize) -> f64) -> f64 {
        let ((rows, cols), [p, q, count]) = (self.shape, begins(self.shape));
        let (r, c) = (k / cols, k % cols);
        (0..own(count) as usize).map(|z| own(p + z * rows + r) * own(q + z * cols + c)).sum()
    }
}

impl Form for Pending {
    const NAME: &'static str = "pending";
    const TRUTH: bool = true;
    const EXACT: bool = false;
    fn constants(&self, _: f64, _: &[f64]) -> Vec<f64> {
        vec![]
    }
    fn at(&self, k: usize, len: usize, own: &dyn Fn(usize) -> f64, _: &[f64]) -> f64 {
        own(place_by_columns(k, len, self.shape.1)) + self.beside(k, own)
    }
    fn put(
        &self,
        k: usize,
        len: usize,
        plain: f64,
        own: &dyn Fn(usize) -> f64,
        _: &[f64],
        set: &mut dyn FnMut(usize, f64),
    ) {
        set(place_by_columns(k, len, self.shape.1), plain - self.beside(k, own));
    }
    fn open_all(&self, len: usize, plain: &dyn Fn(usize) -> f64, _: &[f64], put: &mut dyn FnMut(usize, f64)) {
        open_by_columns(len, self.shape.1, plain, put);
        (len..self.numbers()).for_each(|k| put(k, 0.0));
    }
    fn close_all<T: Real>(&self, own: &[T], len: usize, _: &[f64], out: &mut Vec<f64>) {
        let ((rows, cols), [p, q, count], before) = (self.shape, begins(self.shape), out.len());
        close_by_columns(&own[..len], cols, out);
        let waiting = own[count].f64() as usize;
        let mut sums = vec![0.0; cols];
        for (r, y) in out[before..].chunks_exact_mut(cols).enumerate() {
            // Added up before they are added, as for one element.
            sums.fill(0.0);
            for z in 0..waiting {
                let (p, q) = (own[p + z * rows + r].f64(), &own[q + z * cols..][..cols]);
                sums.iter_mut().zip(q).for_each(|(s, q)| *s += p * q.f64());
            }
            y.iter_mut().zip(&sums).for_each(|(y, s)| *y += s);
        }
    }
}
