//! w += what rules want, but for what is frozen, within bounds.

use bouton_elements::rules::Change;

use super::{At, Kernel, SimReal, Slices};
use crate::program::Shape;

/// Adds the changes of all rules of a connection to its weights, in order. Operands: the weights; `frozen`, 1 for each
/// weight that rules may not change, else 0; the parts of each change, as [`Change::parts`] lists them; in double precision
/// `freezing` (0: nothing is frozen, 1: everything, 2: what `frozen` says) and, if there are some, the two bounds.
///
/// A weight that is frozen keeps its bits; the others are clipped to the bounds after the last change.
#[derive(Clone, Debug)]
pub struct Apply {
    /// What each rule's change is made of.
    pub changes: Box<[Change]>,
    /// Columns of the weights (pre).
    pub cols: usize,
    /// Whether there are bounds.
    pub bounded: bool,
    /// Whether the one change is an outer product whose `post` is encoders times a few values; these two are then the last
    /// operands before those in double precision: the encoders (one row a weight's row), and the values. They are what
    /// `post` is made of, and nothing is computed from them here.
    pub encoded: bool,
}

impl Apply {
    /// Whether it adds one outer product, and does nothing else.
    pub(crate) fn is_one_product(&self) -> bool {
        !self.bounded && *self.changes == [Change::Outer(1)]
    }
    /// Whether no change is due.
    fn idle<T: SimReal>(&self, mut parts: &[&[T]]) -> bool {
        self.changes.iter().all(|c| {
            let gate = parts[0].first();
            parts = &parts[c.parts(0, 0).len()..];
            matches!(c, Change::Outer(_) | Change::Rare) && gate == Some(&T::ZERO)
        })
    }
    fn parts(&self) -> usize {
        self.changes.iter().map(|c| c.parts(0, 0).len()).sum()
    }
}

impl Kernel for Apply {
    const NAME: &'static str = "apply";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let wanted = 3 + self.parts() + usize::from(self.bounded) + 2 * usize::from(self.encoded);
        if on.len() != wanted {
            return Err(format!("takes {wanted} operands, found {}", on.len()));
        }
        let n = on[0].len();
        let rows = n / self.cols.max(1);
        if rows * self.cols != n {
            return Err(format!("{n} weights in rows of {}", self.cols));
        }
        let mut lens = vec![n, n];
        lens.extend(self.changes.iter().flat_map(|c| c.parts(rows, self.cols)).map(|p| p.1));
        if self.encoded {
            let values = on[wanted - 2 - usize::from(self.bounded)].len();
            lens.extend([rows * values, values]);
        }
        lens.push(1);
        if self.bounded {
            lens.push(2);
        }
        match on.iter().zip(&lens).position(|(s, n)| s.len() != *n) {
            None => Ok(()),
            Some(k) => Err(format!("operand {k} has {} numbers, and {} are needed", on[k].len(), lens[k])),
        }
    }
    fn work(&self, on: &[usize]) -> usize {
        2 * on[0] * self.changes.len().max(1)
    }
    fn strided(&self, k: usize) -> bool {
        self.encoded && k == 2 + self.parts()
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let mut l = s.lists();
        let ([w], [frozen, parts @ ..]) = (&mut l.writes[..], &l.reads[..]) else { return };
        let freezing = l.doubles[0][0];
        if freezing == 1.0 {
            return;
        }
        if !self.bounded && self.idle(parts) {
            return;
        }
        let bounds = l.doubles.get(1).map(|b| (T::of(b[0]), T::of(b[1])));
        if let ([Change::Outer(1)], None, false) = (&*self.changes, bounds, freezing == 2.0) {
            bouton_kernels::outer_inc(at.level, parts[0][0], parts[1], parts[2], w);
            return;
        }
        for (i, row) in w.chunks_exact_mut(self.cols.max(1)).enumerate() {
            let held = (freezing == 2.0).then(|| &frozen[i * self.cols..][..self.cols]);
            let mut parts = parts;
            for c in &self.changes {
                let (mine, rest) = parts.split_at(c.parts(0, 0).len());
                parts = rest;
                change_row(at, c, mine, i, row, held);
            }
            if let Some((low, high)) = bounds {
                for (j, w) in row.iter_mut().enumerate() {
                    if held.is_none_or(|h| h[j] == T::ZERO) {
                        // A weight that isn't a number stays one, to be found.
                        *w = if *w < low {
                            low
                        } else if *w > high {
                            high
                        } else {
                            *w
                        };
                    }
                }
            }
        }
    }
}

/// w += (scale·post) ⊗ pre, with w by columns, but for what is frozen (by rows).
pub(super) fn add_by_columns<T: SimReal>(w: &mut [T], frozen: Option<&[T]>, scale: T, post: &[T], pre: &[T]) {
    let (rows, cols) = (post.len(), pre.len());
    for (j, (column, x)) in w.chunks_exact_mut(rows).zip(pre).enumerate() {
        for (i, (w, p)) in column.iter_mut().zip(post).enumerate() {
            if frozen.is_none_or(|f| f[i * cols + j] == T::ZERO) {
                *w += (scale * *p) * *x;
            }
        }
    }
}

/// One rule's change of row `i`, but for the elements that are held.
fn change_row<T: SimReal>(at: &At, c: &Change, parts: &[&[T]], i: usize, row: &mut [T], held: Option<&[T]>) {
    let cols = row.len();
    let free = |j: usize| held.is_none_or(|h| h[j] == T::ZERO);
    match *c {
        Change::Outer(_) | Change::Rare if parts[0][0] == T::ZERO => {}
        Change::Outer(k) => {
            let (scale, post, pre) = (parts[0][0], parts[1], parts[2]);
            let rows = post.len() / k.max(1);
            // Summed before it is added, as whoever looks at the change sees it.
            let mut sum = [T::ZERO; 64];
            for (n, row) in row.chunks_mut(sum.len()).enumerate() {
                let sum = &mut sum[..row.len()];
                for f in 0..k {
                    let (p, x) = (post[f * rows + i], &pre[f * cols + n * 64..][..row.len()]);
                    if f == 0 {
                        bouton_kernels::outer_set(at.level, &[scale * p], x, sum);
                    } else {
                        bouton_kernels::outer_inc(at.level, scale, &[p], x, sum);
                    }
                }
                match held {
                    None => bouton_kernels::add_assign(at.level, sum, row),
                    Some(h) => add_free(row, sum, &h[n * 64..]),
                }
            }
        }
        Change::Dense | Change::Rare => {
            let delta = &parts[usize::from(*c == Change::Rare)][i * cols..(i + 1) * cols];
            match held {
                None => bouton_kernels::add_assign(at.level, delta, row),
                Some(h) => add_free(row, delta, h),
            }
        }
        Change::OnPre => {
            let (post, spikes) = (parts[0][i], parts[1]);
            for (j, (w, s)) in row.iter_mut().zip(spikes).enumerate() {
                if *s != T::ZERO && free(j) {
                    *w += post * *s;
                }
            }
        }
        Change::OnPost => {
            let (spike, pre) = (parts[0][i], parts[1]);
            if spike != T::ZERO {
                row.iter_mut()
                    .zip(pre)
                    .enumerate()
                    .filter(|(j, _)| free(*j))
                    .for_each(|(_, (w, x))| *w += spike * *x);
            }
        }
        Change::RowScale => {
            let f = parts[0][i];
            row.iter_mut().enumerate().filter(|(j, _)| free(*j)).for_each(|(_, w)| *w = f * *w);
        }
    }
}

/// Adds a change to what of a row isn't held.
fn add_free<T: SimReal>(row: &mut [T], delta: &[T], held: &[T]) {
    for ((w, d), h) in row.iter_mut().zip(delta).zip(held) {
        if *h == T::ZERO {
            *w += *d;
        }
    }
}
