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
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
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
                m.flush(at.level, block, &self.rule);
                m.waiting.numbers().copy_from_slice(numbers);
                *m.waiting.within() = T::ZERO;
            }
            self.prepare(block, &parts, &rows);
            if freezing[0] == 2.0 {
                m.flush(at.level, block, &self.rule);
                self.masked(&mut m, block, &parts, &rows, frozen);
                return;
            }
            let columns: Vec<usize> = parts.spiked(0).collect();
            let waiting = m.waiting.spikes();
            m.bring(at.level, &waiting, block, &self.rule, &columns);
            for &j in &columns {
                let column = m.column(j);
                self.at_pre(block, &parts, j, column);
                self.at_post(block, &parts, j, &rows, column);
                spikes::change_all(at.level, column, &block.sum, parts.bounds());
            }
            m.waiting.push(&parts, &rows);
            // To these columns the spikes of this step have been brought already.
            m.seen(&columns);
            if self.of.bounded && *m.waiting.within() == T::ZERO {
                m.flush(at.level, block, &self.rule);
                m.weights.iter_mut().for_each(|w| *w = spikes::within(*w, parts.bounds()));
                *m.waiting.within() = T::ONE;
            }
            if !m.waiting.has_room() {
                m.flush(at.level, block, &self.rule);
            }
        });
    }
}

/// The postsynaptic operands of all rows, and of those that spiked, among the shared ones of a room.
const ALL: usize = 0;
const SPIKED: usize = 1;

impl LearnAtSpikes {
    /// Lays out what is the same for all columns of this step.
    fn prepare<T: SimReal>(&self, block: &mut Block, parts: &Parts<'_, T>, rows: &[usize]) {
        block.prepare(self.of, parts.numbers);
        for b in self.of.read(0, 1) {
            let to = &mut block.shared[ALL][1][b];
            to.clear();
            to.extend(parts.operand(1, b).iter().map(|x| x.f64()));
        }
        for b in self.of.read(1, 1) {
            let (to, from) = (&mut block.shared[SPIKED][1][b], parts.operand(1, b));
            to.clear();
            to.extend(rows.iter().map(|i| from[*i].f64()));
        }
    }
    /// What the spike of the presynaptic neuron `j` changes of its column, in `sum`.
    fn at_pre<T: SimReal>(&self, block: &mut Block, parts: &Parts<'_, T>, j: usize, column: &[T]) {
        block.clear();
        for a in self.of.read(0, 0) {
            block.operands[0][a].resize(column.len(), parts.operand(0, a)[j].f64());
        }
        match T::doubles(column) {
            Some(weights) => block.compute_on(&self.rule, 0, ALL, weights),
            None => {
                let mut weights = std::mem::take(&mut block.weights);
                weights.extend(column.iter().map(|w| w.f64()));
                block.compute_on(&self.rule, 0, ALL, &weights);
                block.weights = weights;
            }
        }
        std::mem::swap(&mut block.sum, &mut block.change);
    }
    /// Adds what the postsynaptic spikes of a step change of column `j` to `sum`.
    fn at_post<T: SimReal>(
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
        for a in self.of.read(1, 0) {
            block.operands[0][a].resize(rows.len(), parts.operand(0, a)[j].f64());
        }
        let mut weights = std::mem::take(&mut block.weights);
        weights.extend(rows.iter().map(|i| column[*i].f64()));
        block.compute_on(&self.rule, 1, SPIKED, &weights);
        block.weights = weights;
        let Block { sum, change, .. } = block;
        rows.iter().zip(&*change).for_each(|(i, d)| sum[*i] += d);
    }
    /// All of a step at once, but for what is frozen (by rows), where nothing waits.
    fn masked<T: SimReal>(
        &self,
        m: &mut Matrix<'_, T>,
        block: &mut Block,
        parts: &Parts<'_, T>,
        rows: &[usize],
        frozen: &[T],
    ) {
        // What is frozen may lie outside the bounds.
        *m.waiting.within() = T::ZERO;
        let ((n, cols), bounds) = (parts.shape(), parts.bounds());
        for (j, column) in m.weights.chunks_exact_mut(n).enumerate() {
            if parts.pre[j] > T::ZERO {
                self.at_pre(block, parts, j, column);
            } else {
                block.sum.clear();
                block.sum.resize(n, 0.0);
            }
            self.at_post(block, parts, j, rows, column);
            for (i, (w, by)) in column.iter_mut().zip(&block.sum).enumerate() {
                if frozen[i * cols + j] == T::ZERO {
                    *w = spikes::changed(*w, *by, bounds);
                }
            }
        }
    }
}
