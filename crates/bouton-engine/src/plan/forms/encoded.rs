//! What a rule wants of each row, where that is encoders times a few values: the values alone, until the encoders are written.

use super::{Form, Real};

/// What is kept, one behind the other: the rows, for what encoders were when they were computed; the values; and whether the
/// rows count (1 or 0). A step sets the values, and that the rows don't count. The values are a signal of their own, whose
/// form they are: when this one is opened they stay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Encoded {
    /// Rows of the encoders.
    pub(crate) rows: usize,
    /// Columns of the encoders.
    pub(crate) inner: usize,
}

impl Encoded {
    /// Numbers of its own.
    pub(crate) fn numbers(self) -> usize {
        self.rows + self.inner + 1
    }
}

impl Form for Encoded {
    const NAME: &'static str = "encoded";
    const TRUTH: bool = true;
    const EXACT: bool = true;
    const PARTIAL: bool = true;
    fn at(&self, k: usize, _: usize, own: &dyn Fn(usize) -> f64, encoders: &[f64]) -> f64 {
        if own(self.rows + self.inner) != 0.0 {
            return own(k);
        }
        let row = &encoders[k * self.inner..][..self.inner];
        row.iter().enumerate().map(|(f, e)| e * own(self.rows + f)).sum()
    }
    fn put(
        &self,
        k: usize,
        len: usize,
        plain: f64,
        own: &dyn Fn(usize) -> f64,
        encoders: &[f64],
        set: &mut dyn FnMut(usize, f64),
    ) {
        if own(self.rows + self.inner) == 0.0 {
            (0..len).for_each(|k| set(k, self.at(k, len, own, encoders)));
            set(self.rows + self.inner, 1.0);
        }
        set(k, plain);
    }
    fn open_all(&self, len: usize, plain: &dyn Fn(usize) -> f64, _: &[f64], put: &mut dyn FnMut(usize, f64)) {
        (0..len).for_each(|k| put(k, plain(k)));
        put(self.rows + self.inner, 1.0);
    }
    fn counts(&self, len: usize, _: &dyn Fn(usize) -> f64) -> std::ops::Range<usize> {
        self.rows..len
    }
    fn close_all<T: Real>(&self, own: &[T], len: usize, encoders: &[f64], out: &mut Vec<f64>) {
        out.extend((0..len).map(|k| self.at(k, len, &|k| own[k].f64(), encoders)));
    }
}
