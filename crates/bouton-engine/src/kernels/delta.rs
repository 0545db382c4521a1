//! Δ: what a change comes to, kept as a matrix.

use bouton_elements::rules::{Change, Rule};

use super::{At, Kernel, SimReal, Slices};
use crate::plan::{Form, Pending};
use crate::program::Shape;
use crate::spikes::{self, Parts};

/// What the parts of a change come to, for whoever wants it as a matrix: Δ, the weights if the change hangs on them, the parts.
#[derive(Clone, Debug)]
pub struct Delta {
    /// What the change is made of.
    pub change: Change,
    /// The rule, for a change at spikes.
    pub rule: Option<Rule>,
    /// Columns of the weights (pre).
    pub cols: usize,
    /// The form that the weights are kept in, if it isn't a number each.
    kept: Option<Pending>,
}

impl Delta {
    /// What a change comes to, of weights of so many columns; with the rule, for a change at spikes.
    pub fn new(change: Change, rule: Option<Rule>, cols: usize) -> Delta {
        Delta { change, rule, cols, kept: None }
    }
    /// The same of weights of which changes wait.
    pub(crate) fn of_pending(&self, kept: Pending) -> Delta {
        Delta { kept: Some(kept), ..self.clone() }
    }
}

impl Kernel for Delta {
    const NAME: &'static str = "delta";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let n = on.first().map_or(0, Shape::len);
        let rows = n / self.cols.max(1);
        if rows * self.cols != n {
            return Err(format!("{n} weights in rows of {}", self.cols));
        }
        let mut lens = vec![n];
        if self.change.reads_weights() {
            lens.push(self.kept.as_ref().map_or(n, Pending::numbers));
        }
        lens.extend(self.change.parts(rows, self.cols).iter().map(|p| p.1));
        let found: Vec<usize> = on.iter().map(Shape::len).collect();
        if found == lens {
            Ok(())
        } else {
            Err(format!("operands have {found:?} numbers, and {lens:?} are needed"))
        }
    }
    fn work(&self, on: &[usize]) -> usize {
        on[0]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let mut l = s.lists();
        let [delta] = &mut l.writes[..] else { return };
        let (weights, parts) = l.reads.split_at(usize::from(self.change.reads_weights()));
        let closed: Vec<T>;
        let weights = match &self.kept {
            Some(form) => {
                let own = |k: usize| weights[0][k].f64();
                closed = (0..delta.len()).map(|k| T::of(form.at(k, delta.len(), &own, &[]))).collect();
                &closed[..]
            }
            None => weights.first().copied().unwrap_or(&[]),
        };
        let weight = |i: usize| &weights[i * self.cols..][..self.cols];
        let rows = |delta| <[T]>::chunks_exact_mut(delta, self.cols.max(1)).enumerate();
        match (self.change, &self.rule) {
            (Change::Dense, _) => delta.copy_from_slice(parts[0]),
            (Change::Rare, _) if parts[0][0] == T::ZERO => delta.fill(T::ZERO),
            (Change::Rare, _) => delta.copy_from_slice(parts[1]),
            (Change::Outer(1), _) => {
                for (i, row) in rows(delta) {
                    bouton_kernels::outer_set(at.level, &[parts[0][0] * parts[1][i]], parts[2], row);
                }
            }
            (Change::Outer(_), _) => {
                delta.fill(T::ZERO);
                rows(delta).for_each(|(i, row)| add_outer(at, parts, i, row));
            }
            (Change::Scaled(_), _) => {
                for (i, row) in rows(delta) {
                    row.iter_mut().zip(weight(i)).for_each(|(d, w)| *d = parts[0][i] * *w);
                    if let [_, outer @ ..] = parts
                        && !outer.is_empty()
                    {
                        add_outer(at, outer, i, row);
                    }
                }
            }
            (Change::AtSpikes(of), Some(rule)) => {
                let parts = Parts::new(of, parts);
                spikes::with_block(|b| {
                    b.prepare_rows(&parts);
                    for (i, row) in rows(delta) {
                        b.row(rule, &parts, i, weight(i));
                        for ((d, w), by) in row.iter_mut().zip(weight(i)).zip(&b.sum) {
                            *d = spikes::changed(*w, *by, parts.bounds()) - *w;
                        }
                    }
                });
            }
            (Change::AtSpikes(_), None) => {}
        }
    }
}

/// Adds what outer products (scale, post, pre) come to in row `i`.
pub(super) fn add_outer<T: SimReal>(at: &At, parts: &[&[T]], i: usize, row: &mut [T]) {
    let (scale, post, pre) = (parts[0][0], parts[1], parts[2]);
    let cols = row.len();
    let k = pre.len() / cols.max(1);
    let rows = post.len() / k.max(1);
    for f in 0..k {
        bouton_kernels::outer_inc(at.level, scale, &[post[f * rows + i]], &pre[f * cols..][..cols], row);
    }
}
