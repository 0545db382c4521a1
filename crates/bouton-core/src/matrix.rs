//! Matrices at the boundary: weights as a user reads and edits them.

use std::ops::{Index, IndexMut};

use crate::Failure;

/// A matrix, row-major. Rows are postsynaptic, columns presynaptic, where it holds weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    cols: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// A matrix of `rows` × `cols` values, row-major. Returns `None` if there are not rows·cols of them.
    pub fn new(rows: usize, cols: usize, values: Vec<f64>) -> Option<Matrix> {
        (rows.checked_mul(cols) == Some(values.len())).then_some(Matrix { rows, cols, values })
    }
    /// A matrix filled with one value.
    pub fn filled(rows: usize, cols: usize, value: f64) -> Matrix {
        Matrix { rows, cols, values: vec![value; rows * cols] }
    }
    /// A matrix of which `f(row, column)` gives the values.
    pub fn from_fn(rows: usize, cols: usize, f: impl Fn(usize, usize) -> f64) -> Matrix {
        let values = (0..rows).flat_map(|r| (0..cols).map(move |c| (r, c))).map(|(r, c)| f(r, c)).collect();
        Matrix { rows, cols, values }
    }
    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }
    /// All values, row-major.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
    /// All values, row-major, to change.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }
    /// A row, if there is one of that number.
    pub fn row(&self, row: usize) -> Option<&[f64]> {
        (row < self.rows).then(|| &self.values[row * self.cols..(row + 1) * self.cols])
    }
    /// A row to change, if there is one of that number.
    pub fn row_mut(&mut self, row: usize) -> Option<&mut [f64]> {
        (row < self.rows).then(|| &mut self.values[row * self.cols..(row + 1) * self.cols])
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
        for (r, v) in values.iter().enumerate() {
            self.values[r * self.cols + col] = *v;
        }
        Ok(())
    }
    /// Sets the values for which `mask(row, column)` holds to `f(row, column, old)`.
    pub fn update(&mut self, mask: impl Fn(usize, usize) -> bool, f: impl Fn(usize, usize, f64) -> f64) {
        for r in 0..self.rows {
            for c in 0..self.cols {
                if mask(r, c) {
                    let v = &mut self.values[r * self.cols + c];
                    *v = f(r, c, *v);
                }
            }
        }
    }
    /// Sets all values to one.
    pub fn fill(&mut self, value: f64) {
        self.values.fill(value);
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
        self.values.copy_from_slice(&other.values);
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
impl IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (r, c): (usize, usize)) -> &mut f64 {
        assert!(r < self.rows && c < self.cols, "weight ({r}, {c}) of a matrix of {:?}", self.shape());
        &mut self.values[r * self.cols + c]
    }
}
