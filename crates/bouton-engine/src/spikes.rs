//! What a rule changes at spikes, computed for weights that stand side by side.

use std::cell::RefCell;

use bouton_elements::rules::{Rule, RuleMemory, Source, SpikeParts, SpikeStep};
use bouton_kernels::{Level, Loop, Real};

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
    /// Outputs and operands of a side (0: pre, 1: post), and how many neurons it has.
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
    pub(crate) fn bounds(&self) -> (T, T) {
        bounds(self.of, self.numbers)
    }
}

/// Lowest and highest weight, of the numbers of a change.
pub(crate) fn bounds<T: Real>(of: SpikeParts, numbers: &[T]) -> (T, T) {
    match numbers {
        [.., low, high] if of.bounded => (*low, *high),
        _ => (T::of(f64::NEG_INFINITY), T::of(f64::INFINITY)),
    }
}

/// A weight with its change, within bounds; without a change its bits stay.
#[inline(always)]
pub(crate) fn changed<T: Real>(w: T, change: f64, (low, high): (T, T)) -> T {
    let change = T::of(change);
    within(if change == T::ZERO { w } else { w + change }, (low, high))
}

/// A weight within bounds. One that isn't a number stays one, to be found.
#[inline(always)]
pub(crate) fn within<T: Real>(w: T, (low, high): (T, T)) -> T {
    if w < low {
        low
    } else if w > high {
        high
    } else {
        w
    }
}

/// Weights of the simulation's numbers `T` side by side with their changes, within bounds; they are given as such numbers, or in
/// double precision.
pub(crate) fn change_all<N: Real, T: Real>(level: Level, weights: &mut [N], changes: &[f64], bounds: (T, T)) {
    struct Each<'a, N, T>(&'a mut [N], &'a [f64], (T, T));
    impl<N: Real, T: Real> Loop for Each<'_, N, T> {
        type Out = ();
        #[inline(always)]
        fn run(self) {
            let change = |w: N, by| N::of(changed(T::of(w.f64()), by, self.2).f64());
            self.0.iter_mut().zip(self.1).for_each(|(w, by)| *w = change(*w, *by));
        }
    }
    level.run(Each(weights, changes, bounds));
}

/// Operands of each side, for weights that stand side by side.
pub(crate) type Operands = [Vec<Vec<f64>>; 2];

/// Weights side by side, their operands and their change, in double precision as rules have it.
#[derive(Default)]
pub(crate) struct Block {
    of: Option<SpikeParts>,
    numbers: Vec<f64>,
    memory: RuleMemory,
    pub(crate) weights: Vec<f64>,
    pub(crate) operands: Operands,
    /// As many as weights, or more.
    pub(crate) change: Vec<f64>,
    /// Room for lists of neurons.
    pub(crate) list: Vec<usize>,
    /// Room for a row or column of changes.
    pub(crate) sum: Vec<f64>,
    /// Room for operands that are the same for many blocks.
    pub(crate) shared: [Operands; 2],
}

impl Block {
    /// Makes room for the operands of a change.
    pub(crate) fn prepare<T: Real>(&mut self, of: SpikeParts, numbers: &[T]) {
        self.of = Some(of);
        self.numbers.clear();
        self.numbers.extend(numbers.iter().map(|x| x.f64()));
        for operands in self.shared.iter_mut().chain([&mut self.operands]) {
            operands[0].resize(of.pre, vec![]);
            operands[1].resize(of.post, vec![]);
        }
    }
    /// The same, and lists the columns that spiked, for what is to be computed by rows.
    pub(crate) fn prepare_rows<T: Real>(&mut self, parts: &Parts<'_, T>) {
        self.prepare(parts.of, parts.numbers);
        self.list.clear();
        self.list.extend(parts.spiked(0));
    }
    /// Forgets the weights and operands.
    pub(crate) fn clear(&mut self) {
        self.weights.clear();
        self.operands.iter_mut().flatten().for_each(Vec::clear);
    }
    /// Computes the change of the weights at the spikes of one side (0: pre, 1: post).
    pub(crate) fn compute(&mut self, rule: &Rule, spikes: usize) {
        let Block { of: Some(of), numbers, memory, weights, operands: [pre, post], change, .. } = self else {
            return;
        };
        let change = room(change, weights.len());
        at_spikes(rule, *of, spikes, (numbers, memory), [pre, post], weights, change);
    }
    /// Changes the weights by what was computed.
    pub(crate) fn change_weights<T: Real>(&mut self, level: Level, bounds: (T, T)) {
        change_all(level, &mut self.weights, &self.change, bounds);
    }
    /// The same of weights that lie elsewhere, where postsynaptic operands are shared ones.
    pub(crate) fn compute_on(&mut self, rule: &Rule, spikes: usize, shared: usize, weights: &[f64]) {
        let Block { of: Some(of), numbers, memory, operands, change, shared: all, .. } = self else { return };
        let change = room(change, weights.len());
        at_spikes(rule, *of, spikes, (numbers, memory), [&operands[0], &all[shared][1]], weights, change);
    }
    /// The change of row `i` of weights that stand by rows, in `sum`, for which it was prepared.
    pub(crate) fn row<T: Real>(&mut self, rule: &Rule, parts: &Parts<'_, T>, i: usize, row: &[T]) {
        let Some(of) = self.of else { return };
        self.sum.clear();
        self.sum.resize(row.len(), 0.0);
        let list = std::mem::take(&mut self.list);
        if !list.is_empty() {
            self.clear();
            self.weights.extend(list.iter().map(|j| row[*j].f64()));
            for a in of.read(0, 0) {
                let from = parts.operand(0, a);
                self.operands[0][a].extend(list.iter().map(|j| from[*j].f64()));
            }
            for b in of.read(0, 1) {
                self.operands[1][b].resize(list.len(), parts.operand(1, b)[i].f64());
            }
            self.compute(rule, 0);
            list.iter().zip(&self.change).for_each(|(j, d)| self.sum[*j] = *d);
        }
        self.list = list;
        if parts.post[i] > T::ZERO {
            self.clear();
            self.weights.extend(row.iter().map(|w| w.f64()));
            for a in of.read(1, 0) {
                self.operands[0][a].extend(parts.operand(0, a).iter().map(|x| x.f64()));
            }
            for b in of.read(1, 1) {
                self.operands[1][b].resize(row.len(), parts.operand(1, b)[i].f64());
            }
            self.compute(rule, 1);
            self.sum.iter_mut().zip(&self.change).for_each(|(s, d)| *s += d);
        }
    }
}

/// Room for so many changes, which are all set. It only grows: columns and the few rows that spiked take turns.
fn room(change: &mut Vec<f64>, n: usize) -> &mut [f64] {
    if change.len() < n {
        change.resize(n, 0.0);
    }
    &mut change[..n]
}

/// Asks a rule.
fn at_spikes(
    rule: &Rule,
    of: SpikeParts,
    spikes: usize,
    (numbers, memory): (&[f64], &mut RuleMemory),
    operands: [&[Vec<f64>]; 2],
    weights: &[f64],
    change: &mut [f64],
) {
    let mut slices: [[&[f64]; SpikeParts::OPERANDS]; 2] = [[&[]; SpikeParts::OPERANDS]; 2];
    for (side, (to, from)) in slices.iter_mut().zip(operands).enumerate() {
        of.read(spikes, side).for_each(|a| to[a] = &from[a]);
    }
    let [pre, post] = &slices;
    rule.model().at_spikes(&mut SpikeStep {
        of: if spikes == 0 { Source::Pre } else { Source::Post },
        numbers,
        pre: &pre[..of.pre],
        post: &post[..of.post],
        weights,
        change,
        memory,
    });
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
