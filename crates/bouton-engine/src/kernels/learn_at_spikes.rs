//! What a rule wants of a matrix at spikes: columns at once, rows when their columns are next met.

use bouton_elements::rules::{Rule, SpikeParts};

use super::{At, Kernel, SimReal, Slices, lengths};
use crate::plan::spiked::{self, Matrix};
use crate::program::Shape;
use crate::spikes::{self, Block, Parts};

/// [`Apply`](super::Apply) of a change at spikes, on a matrix by columns on which postsynaptic spikes wait. Made by the pass
/// `at_spikes`. What is frozen in part is changed at once.
#[derive(Clone, Debug)]
pub struct LearnAtSpikes {
    /// The rule.
    pub rule: Rule,
    /// What its change is made of.
    pub of: SpikeParts,
}

impl Kernel for LearnAtSpikes {
    const NAME: &'static str = "learn at spikes";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let n = |k: usize| on.get(k).map_or(0, Shape::len);
        let (rows, cols) = (n(4) / (1 + self.of.post), n(3) / (1 + self.of.pre));
        let own = spiked::numbers((rows, cols), self.of);
        let (pre, post) = ((1 + self.of.pre) * cols, (1 + self.of.post) * rows);
        let names = ["W and what waits", "frozen", "numbers", "pre", "post", "freezing"];
        lengths(on, &names, &[own, rows * cols, self.of.numbers, pre, post, 1])
    }
    fn work(&self, on: &[usize]) -> usize {
        on[1] / 4
    }
    fn run<T: SimReal>(&self, _: &At, s: Slices<'_, T>) {
        let ([own], [frozen, numbers, pre, post], [freezing]) = s.take();
        if freezing[0] == 1.0 {
            return;
        }
        let parts = Parts { of: self.of, numbers, pre, post };
        let mut m = Matrix::new(own, parts.shape(), self.of);
        spikes::with_block(|block| {
            let rows: Vec<usize> = parts.spiked(1).collect();
            let same =
                m.waiting.numbers().iter().zip(numbers).all(|(a, b)| a.f64().to_bits() == b.f64().to_bits());
            if !same {
                // What waits is of what they were.
                m.flush(block, &self.rule);
                m.waiting.numbers().copy_from_slice(numbers);
                *m.waiting.within() = T::ZERO;
            }
            if freezing[0] == 2.0 {
                self.masked(&mut m, block, &parts, &rows, frozen);
                return;
            }
            let events = m.waiting.events();
            m.waiting.prepare(block);
            let columns: Vec<usize> = parts.spiked(0).collect();
            for &j in &columns {
                let column = m.column(&events, block, &self.rule, j);
                self.change(block, &parts, j, &rows, column);
                let bounds = parts.bounds();
                column.iter_mut().zip(&block.sum).for_each(|(w, by)| *w = spikes::changed(*w, *by, bounds));
            }
            m.waiting.push(&parts, &rows);
            // To these columns the spikes of this step have been brought already.
            let seen = T::of((events.len() + rows.len()) as f64);
            columns.iter().for_each(|j| m.done[*j] = seen);
            if parts.bounds().is_some() && *m.waiting.within() == T::ZERO {
                m.flush(block, &self.rule);
                m.weights.iter_mut().for_each(|w| *w = spikes::changed(*w, 0.0, parts.bounds()));
                *m.waiting.within() = T::of(1.0);
            }
            if !m.waiting.has_room() {
                m.flush(block, &self.rule);
            }
        });
    }
}

impl LearnAtSpikes {
    /// What the spikes of a step change of column `j`, whose neuron spiked, in `sum`.
    fn change<T: SimReal>(
        &self,
        block: &mut Block,
        parts: &Parts<'_, T>,
        j: usize,
        rows: &[usize],
        column: &[T],
    ) {
        block.clear();
        block.weights.extend(column.iter().map(|w| w.f64()));
        block.uniform(parts, 0, j, column.len());
        for (b, x) in block.operands[1].iter_mut().enumerate() {
            x.extend(parts.operand(1, b).iter().map(|x| x.f64()));
        }
        block.compute(&self.rule, 0);
        block.sum.clear();
        // As by rows, where they are added to zero.
        block.sum.extend(block.change.iter().map(|d| 0.0 + d));
        self.at_rows(block, parts, j, rows, column);
    }
    /// Adds what the postsynaptic spikes of a step change of column `j` to `sum`.
    fn at_rows<T: SimReal>(
        &self,
        block: &mut Block,
        parts: &Parts<'_, T>,
        j: usize,
        rows: &[usize],
        column: &[T],
    ) {
        if rows.is_empty() {
            return;
        }
        block.clear();
        block.weights.extend(rows.iter().map(|i| column[*i].f64()));
        block.uniform(parts, 0, j, rows.len());
        for (b, x) in block.operands[1].iter_mut().enumerate() {
            let of = parts.operand(1, b);
            x.extend(rows.iter().map(|i| of[*i].f64()));
        }
        block.compute(&self.rule, 1);
        rows.iter().zip(&block.change).for_each(|(i, d)| block.sum[*i] += d);
    }
    /// All of a step at once, but for what is frozen (by rows).
    fn masked<T: SimReal>(
        &self,
        m: &mut Matrix<'_, T>,
        block: &mut Block,
        parts: &Parts<'_, T>,
        rows: &[usize],
        frozen: &[T],
    ) {
        m.flush(block, &self.rule);
        m.waiting.prepare(block);
        // What is frozen may lie outside the bounds.
        *m.waiting.within() = T::ZERO;
        let ((n, cols), bounds) = (parts.shape(), parts.bounds());
        for (j, column) in m.weights.chunks_exact_mut(n).enumerate() {
            if parts.pre[j] > T::ZERO {
                self.change(block, parts, j, rows, column);
            } else {
                block.sum.clear();
                block.sum.resize(n, 0.0);
                self.at_rows(block, parts, j, rows, column);
            }
            for (i, (w, by)) in column.iter_mut().zip(&block.sum).enumerate() {
                if frozen[i * cols + j] == T::ZERO {
                    *w = spikes::changed(*w, *by, bounds);
                }
            }
        }
    }
}
