//! What a rule changes at spikes, computed for weights that stand side by side.

use std::cell::RefCell;

use bouton_elements::rules::{Rule, RuleMemory, Source, SpikeParts, SpikeStep};
use bouton_kernels::Real;

/// Most operands of a side.
pub(crate) const OPERANDS: usize = 64;

/// The parts of a change at spikes, as a rule has set them.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a, T> {
    /// How many there are.
    pub(crate) of: SpikeParts,
    /// Numbers for all.
    pub(crate) numbers: &'a [T],
    /// Outputs of presynaptic neurons, and their operands.
    pub(crate) pre: &'a [T],
    /// The same of postsynaptic ones.
    pub(crate) post: &'a [T],
}

impl<'a, T: Real> Parts<'a, T> {
    /// The parts, in the order in which changes list them.
    pub(crate) fn new(of: SpikeParts, parts: &[&'a [T]]) -> Parts<'a, T> {
        Parts { of, numbers: parts[0], pre: parts[1], post: parts[2] }
    }
    /// Rows and columns.
    pub(crate) fn shape(&self) -> (usize, usize) {
        (self.post.len() / (1 + self.of.post), self.pre.len() / (1 + self.of.pre))
    }
    /// Number and operands of columns and rows: `side` 0 is pre, 1 post.
    fn side(&self, side: usize) -> (&'a [T], usize) {
        let (rows, cols) = self.shape();
        [(self.pre, cols), (self.post, rows)][side]
    }
    /// Those that spiked.
    pub(crate) fn spiked(&self, side: usize) -> impl Iterator<Item = usize> + 'a {
        let (all, n) = self.side(side);
        all[..n].iter().enumerate().filter(|(_, x)| **x > T::ZERO).map(|(k, _)| k)
    }
    /// Operand `a`.
    pub(crate) fn operand(&self, side: usize, a: usize) -> &'a [T] {
        let (all, n) = self.side(side);
        &all[(1 + a) * n..(2 + a) * n]
    }
    /// Lowest and highest weight.
    pub(crate) fn bounds(&self) -> Option<(T, T)> {
        bounds(self.of, self.numbers)
    }
}

/// Lowest and highest weight, of the numbers of a change.
pub(crate) fn bounds<T: Real>(of: SpikeParts, numbers: &[T]) -> Option<(T, T)> {
    match numbers {
        [.., low, high] if of.bounded => Some((*low, *high)),
        _ => None,
    }
}

/// A weight with its change, within bounds; without a change its bits stay. One that isn't a number stays one, to be found.
#[inline]
pub(crate) fn changed<T: Real>(w: T, change: f64, bounds: Option<(T, T)>) -> T {
    let change = T::of(change);
    let sum = if change == T::ZERO { w } else { w + change };
    match bounds {
        Some((low, _)) if sum < low => low,
        Some((_, high)) if sum > high => high,
        _ => sum,
    }
}

/// Weights side by side, their operands and their change, in double precision as rules have it.
#[derive(Default)]
pub(crate) struct Block {
    pub(crate) numbers: Vec<f64>,
    pub(crate) weights: Vec<f64>,
    /// Of pre and of post.
    pub(crate) operands: [Vec<Vec<f64>>; 2],
    pub(crate) change: Vec<f64>,
    /// Room for lists of neurons.
    pub(crate) list: Vec<usize>,
    /// Room for a row or column of changes.
    pub(crate) sum: Vec<f64>,
    memory: RuleMemory,
}

impl Block {
    /// Makes room for the operands of a change.
    pub(crate) fn prepare<T: Real>(&mut self, of: SpikeParts, numbers: &[T]) {
        self.numbers.clear();
        self.numbers.extend(numbers.iter().map(|x| x.f64()));
        self.operands[0].resize(of.pre, vec![]);
        self.operands[1].resize(of.post, vec![]);
    }
    /// Forgets the weights and operands.
    pub(crate) fn clear(&mut self) {
        self.weights.clear();
        self.operands.iter_mut().flatten().for_each(Vec::clear);
    }
    /// Sets the operands of a side for all weights to those of one neuron.
    pub(crate) fn uniform<T: Real>(&mut self, parts: &Parts<'_, T>, side: usize, neuron: usize, n: usize) {
        for (a, to) in self.operands[side].iter_mut().enumerate() {
            to.clear();
            to.resize(n, parts.operand(side, a)[neuron].f64());
        }
    }
    /// Computes the change of the weights at the spikes of one side.
    pub(crate) fn compute(&mut self, rule: &Rule, side: usize) {
        let Block { numbers, weights, operands, change, memory, .. } = self;
        change.resize(weights.len(), 0.0);
        let mut slices: [[&[f64]; OPERANDS]; 2] = [[&[]; OPERANDS]; 2];
        for (to, from) in slices.iter_mut().zip(&*operands) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = from);
        }
        let [pre, post] = &slices;
        rule.model().at_spikes(&mut SpikeStep {
            of: if side == 0 { Source::Pre } else { Source::Post },
            numbers,
            pre: &pre[..operands[0].len()],
            post: &post[..operands[1].len()],
            weights,
            change,
            memory,
        });
    }
    /// The change of row `i` of weights that stand by rows, in `sum`.
    pub(crate) fn row<T: Real>(&mut self, rule: &Rule, parts: &Parts<'_, T>, i: usize, row: &[T]) {
        self.sum.clear();
        self.sum.resize(row.len(), 0.0);
        let mut list = std::mem::take(&mut self.list);
        if !list.is_empty() {
            self.clear();
            self.weights.extend(list.iter().map(|j| row[*j].f64()));
            for (a, to) in self.operands[0].iter_mut().enumerate() {
                let from = parts.operand(0, a);
                to.extend(list.iter().map(|j| from[*j].f64()));
            }
            self.uniform(parts, 1, i, list.len());
            self.compute(rule, 0);
            list.iter().zip(&self.change).for_each(|(j, d)| self.sum[*j] += d);
        }
        std::mem::swap(&mut self.list, &mut list);
        if parts.post[i] > T::ZERO {
            self.clear();
            self.weights.extend(row.iter().map(|w| w.f64()));
            for (a, to) in self.operands[0].iter_mut().enumerate() {
                to.extend(parts.operand(0, a).iter().map(|x| x.f64()));
            }
            self.uniform(parts, 1, i, row.len());
            self.compute(rule, 1);
            self.sum.iter_mut().zip(&self.change).for_each(|(s, d)| *s += d);
        }
    }
}

thread_local! {
    static BLOCK: RefCell<Block> = RefCell::default();
}

/// Lends this thread's room: what is in it is of whoever had it last.
pub(crate) fn with_block<R>(f: impl FnOnce(&mut Block) -> R) -> R {
    BLOCK.with(|b| match b.try_borrow_mut() {
        Ok(mut b) => f(&mut b),
        // A rule that asks for a step of its own while it is computed.
        Err(_) => f(&mut Block::default()),
    })
}
