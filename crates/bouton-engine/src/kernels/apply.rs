//! w += what rules want, but for what is frozen, within bounds.

use bouton_elements::rules::{Change, Rule};

use super::delta::add_outer;
use super::{At, Kernel, SimReal, Slices};
use crate::program::Shape;
use crate::spikes::{self, Parts};

/// Adds the changes of all rules of a connection to its weights, in order. Operands: the weights; `frozen`, 1 for each
/// weight that rules may not change, else 0; the parts of each change, as [`Change::parts`] lists them; in double precision
/// `freezing` (0: nothing is frozen, 1: everything, 2: what `frozen` says) and, if there are some, the two bounds.
///
/// A weight that is frozen keeps its bits; the others are clipped to the bounds after the last change. What hangs on the weight
/// hangs on what it was before the first of them.
#[derive(Clone, Debug)]
pub struct Apply {
    /// What each rule's change is made of.
    pub changes: Box<[Change]>,
    /// The rules of those that are changes at spikes, in their order.
    pub at_spikes: Box<[Rule]>,
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
        self.only() == Some(Change::Outer(1))
    }
    /// The change, if there is one alone, and no bounds.
    pub(crate) fn only(&self) -> Option<Change> {
        match *self.changes {
            [one] if !self.bounded => Some(one),
            _ => None,
        }
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
        let cols = self.cols.max(1);
        let (mut kept, mut old) = (vec![], vec![]);
        spikes::with_block(|block| {
            // The rule that the room is prepared for: where there are several, row by row.
            let mut prepared = None;
            for (i, row) in w.chunks_exact_mut(cols).enumerate() {
                let held = (freezing == 2.0).then(|| &frozen[i * cols..][..cols]);
                if let Some(h) = held {
                    kept.clear();
                    kept.extend_from_slice(row);
                    if h.iter().all(|h| *h != T::ZERO) {
                        continue;
                    }
                }
                if self.changes.len() > 1 {
                    old.clear();
                    old.extend_from_slice(row);
                }
                let (mut parts, mut rules) = (parts, self.at_spikes.iter());
                for (k, c) in self.changes.iter().enumerate() {
                    let (mine, rest) = parts.split_at(c.parts(0, 0).len());
                    parts = rest;
                    let before = (self.changes.len() > 1).then_some(&old[..]);
                    let Change::AtSpikes(of) = c else {
                        change_row(at, c, mine, i, row, before);
                        continue;
                    };
                    let Some(rule) = rules.next() else { continue };
                    let parts = Parts::new(*of, mine);
                    if prepared != Some(k) {
                        prepared = Some(k);
                        block.prepare_rows(&parts);
                    }
                    block.row(rule, &parts, i, before.unwrap_or(row));
                    spikes::change_all(at.level, row, &block.sum, parts.bounds());
                }
                if let Some(bounds) = bounds {
                    row.iter_mut().for_each(|w| *w = spikes::within(*w, bounds));
                }
                if let Some(h) = held {
                    let these = row.iter_mut().zip(&kept).zip(h).filter(|(_, h)| **h != T::ZERO);
                    these.for_each(|((w, kept), _)| *w = *kept);
                }
            }
        });
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

/// One rule's change of row `i`; `before` is the row before the first rule's, if it isn't that still.
fn change_row<T: SimReal>(
    at: &At,
    c: &Change,
    parts: &[&[T]],
    i: usize,
    row: &mut [T],
    before: Option<&[T]>,
) {
    match *c {
        Change::Outer(_) | Change::Rare if parts[0][0] == T::ZERO => {}
        Change::Outer(_) => add_outer(at, parts, i, row),
        Change::Dense | Change::Rare => {
            let delta = parts[usize::from(*c == Change::Rare)];
            bouton_kernels::add_assign(at.level, &delta[i * row.len()..][..row.len()], row);
        }
        Change::Scaled(k) => {
            let share = parts[0][i];
            match before {
                None => row.iter_mut().for_each(|w| *w += share * *w),
                Some(before) => row.iter_mut().zip(before).for_each(|(w, b)| *w += share * *b),
            }
            if k > 0 {
                add_outer(at, &parts[1..], i, row);
            }
        }
        // It has a rule, which the caller asks.
        Change::AtSpikes(_) => {}
    }
}
