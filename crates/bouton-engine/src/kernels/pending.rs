//! y += A·x, with outer products that wait to be added to A.

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::plan::pending;
use crate::program::Shape;

/// [`Dot`](super::Dot) with spikes, on a matrix to which a rule's changes are added some at a time. Made by the pass `pending`.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Whether rows have a factor.
    pub scaled: bool,
}

impl Kernel for Pending {
    const NAME: &'static str = "pending";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (rows, cols) = (on.first().map_or(0, Shape::len), on.last().map_or(0, Shape::len));
        if cols > bouton_kernels::MAX_COLUMNS {
            return Err(format!("{cols} columns, at most {}", bouton_kernels::MAX_COLUMNS));
        }
        let own = pending::begins((rows, cols))[3] + if self.scaled { rows } else { 0 };
        lengths(on, &["y", "W, p, q, s", "x"], &[rows, own, cols])
    }
    fn work(&self, on: &[usize]) -> usize {
        on[1] / 8 + on[2] + on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([y], [own, x], []) = s.take();
        let (rows, cols) = (y.len(), x.len());
        let [p, q, count, scale] = pending::begins((rows, cols));
        let waiting = own[count].f64() as usize;
        let product = |y: &mut [T]| {
            bouton_kernels::columns_inc(at.level, &own[..p], rows, x, y);
            let mut sums = [T::ZERO; pending::MOST];
            let sums = &mut sums[..waiting];
            bouton_kernels::gemv_inc(at.level, &own[q..q + waiting * cols], cols, cols, x, sums);
            bouton_kernels::columns_inc(at.level, &own[p..p + waiting * rows], rows, sums, y);
        };
        if !self.scaled {
            product(y);
            return;
        }
        let mut whole = vec![T::ZERO; rows];
        product(&mut whole);
        let scaled = whole.iter().zip(&own[scale..]);
        y.iter_mut().zip(scaled).for_each(|(y, (x, s))| *y += *s * *x);
    }
}
