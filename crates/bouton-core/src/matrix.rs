//! Matrices at the boundary: weights as a user reads and edits them.

use std::ops::{Index, IndexMut};
use std::sync::Arc;

use crate::Failure;

/// A matrix, row-major. Rows are postsynaptic, columns presynaptic, where it holds weights.
///
/// A clone shares the values until one of the two is changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    cols: usize,
    values: Arc<Vec<f64>>,
}

impl Matrix {
    /// A matrix of `rows` × `cols` values, row-major. Returns `None` if there are not rows·cols of them.
    pub fn new(rows: usize, cols: usize, values: Vec<f64>) -> Option<Matrix> {
        (rows.checked_mul(cols) == Some(values.len())).then(|| Matrix {
            rows,
            cols,
            values: Arc::new(values),
        })
    }
    /// A matrix of values that someone else holds as well, as [`shared`](Matrix::shared) gives them; they are not copied.
    /// `None` if there are not rows·cols of them.
    pub fn from_shared(rows: usize, cols: usize, values: Arc<Vec<f64>>) -> Option<Matrix> {
        (rows.checked_mul(cols) == Some(values.len())).then_some(Matrix { rows, cols, values })
    }
    /// A matrix of these rows.
    ///
    /// # Errors
    /// The rows have different lengths; the first other one is named.
    pub fn from_rows(rows: &[Vec<f64>]) -> Result<Matrix, Failure> {
        let cols = rows.first().map_or(0, Vec::len);
        if let Some((k, row)) = rows.iter().enumerate().find(|(_, r)| r.len() != cols) {
            let n = row.len();
            let m = format!("all rows must have as many numbers: row 0 has {cols}, row {k} has {n}");
            return Err(m.into());
        }
        Ok(Matrix { rows: rows.len(), cols, values: Arc::new(rows.concat()) })
    }
    /// A matrix filled with one value.
    pub fn filled(rows: usize, cols: usize, value: f64) -> Matrix {
        Matrix { rows, cols, values: Arc::new(vec![value; rows * cols]) }
    }
    /// A matrix of which `f(row, column)` gives the values.
    pub fn from_fn(rows: usize, cols: usize, f: impl Fn(usize, usize) -> f64) -> Matrix {
        let values = (0..rows).flat_map(|r| (0..cols).map(move |c| (r, c))).map(|(r, c)| f(r, c)).collect();
        Matrix { rows, cols, values: Arc::new(values) }
    }
    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }
    /// All values, row-major.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
    /// All values, row-major, to hold without a copy: a later change of the matrix doesn't change them.
    pub fn shared(&self) -> Arc<Vec<f64>> {
        self.values.clone()
    }
    /// All values, row-major, to change. Copies them first if they are shared.
    pub fn values_mut(&mut self) -> &mut [f64] {
        Arc::make_mut(&mut self.values).as_mut_slice()
    }
    /// A row, if there is one of that number.
    pub fn row(&self, row: usize) -> Option<&[f64]> {
        (row < self.rows).then(|| &self.values[row * self.cols..(row + 1) * self.cols])
    }
    /// A row to change, if there is one of that number.
    pub fn row_mut(&mut self, row: usize) -> Option<&mut [f64]> {
        let cols = self.cols;
        (row < self.rows).then(|| &mut self.values_mut()[row * cols..(row + 1) * cols])
    }
    /// A copy of a column, if there is one of that number.
    pub fn column(&self, col: usize) -> Option<Vec<f64>> {
        (col < self.cols).then(|| (0..self.rows).map(|r| self.values[r * self.cols + col]).collect())
    }
    /// Sets a column. `Err` says what does not fit.
    pub fn set_column(&mut self, col: usize, values: &[f64]) -> Result<(), Failure> {
        if col >= self.cols || values.len() != self.rows {
            return Err(format!(
                "column {col} of {} values does not fit a matrix of {} × {}",
                values.len(),
                self.rows,
                self.cols
            )
            .into());
        }
        let cols = self.cols;
        for (row, v) in self.values_mut().chunks_exact_mut(cols).zip(values) {
            row[col] = *v;
        }
        Ok(())
    }
    /// Sets the values for which `mask(row, column)` holds to `f(row, column, old)`.
    pub fn update(&mut self, mask: impl Fn(usize, usize) -> bool, f: impl Fn(usize, usize, f64) -> f64) {
        let (rows, cols) = self.shape();
        let values = self.values_mut();
        for r in 0..rows {
            for c in 0..cols {
                if mask(r, c) {
                    let v = &mut values[r * cols + c];
                    *v = f(r, c, *v);
                }
            }
        }
    }
    /// Sets all values to one.
    pub fn fill(&mut self, value: f64) {
        self.values_mut().fill(value);
    }
    /// Takes over another matrix's values. `Err` if the shapes differ.
    pub fn assign(&mut self, other: &Matrix) -> Result<(), Failure> {
        if self.shape() != other.shape() {
            return Err(format!(
                "a matrix of shape {:?} does not fit weights of shape {:?}",
                other.shape(),
                self.shape()
            )
            .into());
        }
        self.values = other.shared();
        Ok(())
    }
    /// Root mean square of all values.
    pub fn rms(&self) -> f64 {
        (self.values.iter().map(|v| v * v).sum::<f64>() / self.values.len().max(1) as f64).sqrt()
    }
}

/// Panics outside the matrix; [`Matrix::row`] and [`Matrix::column`] do not.
impl Index<(usize, usize)> for Matrix {
    type Output = f64;
    fn index(&self, (r, c): (usize, usize)) -> &f64 {
        assert!(r < self.rows && c < self.cols, "weight ({r}, {c}) of a matrix of {:?}", self.shape());
        &self.values[r * self.cols + c]
    }
}
/// Panics outside the matrix. Each such access asks whether the values are shared; for very many of them take
/// [`Matrix::values_mut`] once.
impl IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (r, c): (usize, usize)) -> &mut f64 {
        assert!(r < self.rows && c < self.cols, "weight ({r}, {c}) of a matrix of {:?}", self.shape());
        let at = r * self.cols + c;
        &mut self.values_mut()[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_values_until_one_is_changed() {
        let a = Matrix::from_fn(2, 3, |r, c| (3 * r + c) as f64);
        let mut b = a.clone();
        assert!(Arc::ptr_eq(&a.shared(), &b.shared()));
        let mut c = Matrix::from_shared(2, 3, a.shared()).unwrap();
        b[(1, 2)] = 9.0;
        c.row_mut(0).unwrap().fill(7.0);
        c.set_column(1, &[8.0, 8.0]).unwrap();
        assert_eq!(a.values(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(b.values(), [0.0, 1.0, 2.0, 3.0, 4.0, 9.0]);
        assert_eq!(c.values(), [7.0, 8.0, 7.0, 3.0, 8.0, 5.0]);
        b.assign(&a).unwrap();
        assert!(Arc::ptr_eq(&a.shared(), &b.shared()));
        assert!(a.row(2).is_none() && b.row_mut(2).is_none() && b.set_column(3, &[0.0; 2]).is_err());
        assert!(Matrix::from_shared(3, 3, a.shared()).is_none());
    }
}
