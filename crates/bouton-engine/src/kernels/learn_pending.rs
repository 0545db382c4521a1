//! What a rule wants of a matrix: a factor of each row, and one outer product more that waits.

use bouton_elements::rules::Change;
use bouton_kernels::Level;

use super::apply::add_by_columns;
use super::{At, Kernel, SimReal, Slices, lengths};
use crate::decays::Decays;
use crate::plan::pending::{self, MOST};
use crate::program::Shape;

/// A factor of a row further than that from 1 is brought into the matrix.
const FAR: f64 = (1u64 << 32) as f64;

/// [`Apply`](super::Apply) of an outer product, of a share of each row, or of both, on a matrix to which they are added some at a
/// time. Made by the pass `pending`. What is frozen in part is changed element by element, at once.
#[derive(Clone, Debug)]
pub struct LearnPending {
    /// What the change is made of: `Outer(1)`, `Scaled(0)` or `Scaled(1)`.
    pub change: Change,
}

impl LearnPending {
    fn scaled(&self) -> bool {
        matches!(self.change, Change::Scaled(_))
    }
}

impl Kernel for LearnPending {
    const NAME: &'static str = "learn pending";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let n = |k: usize| on.get(k).map_or(0, Shape::len);
        // The parts stand between what is frozen and how: (shares), (scale, post, pre).
        let rows = if self.scaled() { n(2) } else { n(3) };
        let cols = n(1) / rows.max(1);
        let own = pending::begins((rows, cols))[3] + if self.scaled() { rows } else { 0 };
        let parts = self.change.parts(rows, cols);
        let names: Vec<&str> = ["W, p, q, s", "frozen"]
            .into_iter()
            .chain(parts.iter().map(|p| p.0))
            .chain(["freezing"])
            .collect();
        let lens: Vec<usize> =
            [own, rows * cols].into_iter().chain(parts.iter().map(|p| p.1)).chain([1]).collect();
        lengths(on, &names, &lens)
    }
    fn work(&self, on: &[usize]) -> usize {
        2 * on[1]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let mut l = s.lists();
        let ([own], [frozen, parts @ ..]) = (&mut l.writes[..], &l.reads[..]) else { return };
        let (shares, outer) = parts.split_at(usize::from(self.scaled()));
        let freezing = l.doubles[0][0];
        if freezing == 1.0 {
            return;
        }
        let rows = shares.first().map_or_else(|| outer[1].len(), |s| s.len());
        let mut m = Matrix::new(own, (rows, frozen.len() / rows.max(1)), self.scaled());
        if freezing == 2.0 {
            m.fold(at.level);
            if let [shares] = shares {
                m.share_by_columns(shares, frozen);
            }
            if let [scale, post, pre] = outer {
                add_by_columns(m.w, Some(frozen), scale[0], post, pre);
            }
            return;
        }
        if let [shares] = shares {
            m.share(at.level, shares);
        }
        if let [scale, post, pre] = outer {
            m.push(at.level, scale[0], post, pre);
        }
    }
}

/// The parts of the form.
struct Matrix<'a, T> {
    shape: (usize, usize),
    w: &'a mut [T],
    p: &'a mut [T],
    q: &'a mut [T],
    count: &'a mut T,
    /// Factors of rows; empty if they have none.
    scale: &'a mut [T],
}

impl<'a, T: SimReal> Matrix<'a, T> {
    fn new(own: &'a mut [T], shape: (usize, usize), scaled: bool) -> Matrix<'a, T> {
        let [p, q, count, scale] = pending::begins(shape);
        let (rest, factors) = own.split_at_mut(scale);
        let (rest, number) = rest.split_at_mut(count);
        let (rest, right) = rest.split_at_mut(q);
        let (w, left) = rest.split_at_mut(p);
        let factors = if scaled { factors } else { &mut [] };
        Matrix { shape, w, p: left, q: right, count: &mut number[0], scale: factors }
    }
    fn waiting(&self) -> usize {
        self.count.f64() as usize
    }
    /// Adds what waits to the matrix.
    fn add(&mut self, level: Level) {
        let ((rows, cols), z) = (self.shape, self.waiting());
        if z > 0 {
            let (p, q) = (&self.p[..z * rows], &self.q[..z * cols]);
            // Spikes through a filter are a few jumps: a tenth of the multiplications.
            match Decays::find(q, cols) {
                Some(found) => bouton_kernels::decaying_sum_inc(level, p, found.side(), rows, self.w),
                None => bouton_kernels::outer_sum_inc(level, p, q, rows, self.w),
            }
            *self.count = T::ZERO;
        }
    }
    /// Adds what waits, and multiplies the rows by their factors.
    fn fold(&mut self, level: Level) {
        self.add(level);
        let one = T::of(1.0);
        if self.scale.iter().all(|s| *s == one) {
            return;
        }
        for column in self.w.chunks_exact_mut(self.shape.0) {
            column.iter_mut().zip(&*self.scale).for_each(|(w, s)| *w *= *s);
        }
        self.scale.fill(one);
    }
    /// Adds a share of each row.
    fn share(&mut self, level: Level, shares: &[T]) {
        let mut far = false;
        for (s, share) in self.scale.iter_mut().zip(shares) {
            *s += *share * *s;
            // A factor that isn't a number is brought in too, to be found.
            far |= !(1.0 / FAR..=FAR).contains(&s.f64());
        }
        if far {
            self.fold(level);
        }
    }
    /// The same for what isn't frozen (by rows), where nothing waits.
    fn share_by_columns(&mut self, shares: &[T], frozen: &[T]) {
        let (rows, cols) = self.shape;
        for (j, column) in self.w.chunks_exact_mut(rows).enumerate() {
            for (i, (w, share)) in column.iter_mut().zip(shares).enumerate() {
                if frozen[i * cols + j] == T::ZERO {
                    *w += *share * *w;
                }
            }
        }
    }
    /// One outer product more.
    fn push(&mut self, level: Level, scale: T, post: &[T], pre: &[T]) {
        let none = |x: &[T]| x.iter().all(|x| *x == T::ZERO);
        if scale == T::ZERO || none(post) || none(pre) {
            return;
        }
        let ((rows, cols), z) = (self.shape, self.waiting());
        let p = &mut self.p[z * rows..][..rows];
        p.iter_mut().zip(post).for_each(|(p, x)| *p = scale * *x);
        p.iter_mut().zip(&*self.scale).for_each(|(p, s)| *p = *p / *s);
        self.q[z * cols..][..cols].copy_from_slice(pre);
        *self.count = T::of((z + 1) as f64);
        if z + 1 == MOST {
            self.add(level);
        }
    }
}
