//! A matrix that spikes change, by columns. What a presynaptic spike changes is a column, and is done at once. What a
//! postsynaptic spike changes is a row, and waits: a column is brought up to date when it is next read or changed, in the
//! order in which the spikes came. Bit for bit: each weight goes through the same numbers, later.

use bouton_elements::rules::{Rule, SpikeParts};
use bouton_kernels::{Level, Picks};

use super::{Form, Real, columns};
use crate::spikes::{self, Block};

/// Steps with postsynaptic spikes that wait at most.
const STEPS: usize = 64;
/// Spikes that wait at most, for each row; one step more than that finds room.
const SPIKES: usize = 16;
/// Columns that are brought up to date together.
const COLUMNS: usize = 4;
/// Columns that are read side by side before: as many as the second cache holds with room to spare.
const AHEAD: usize = 8;

/// What is kept, one behind the other: the matrix by columns; what [`Waiting`] holds; and how many of the steps that wait each
/// column has seen.
#[derive(Clone, Debug)]
pub(crate) struct Spiked {
    /// Rows and columns of the matrix.
    pub(crate) shape: (usize, usize),
    /// The rule that changes it, and how many numbers its change is made of.
    pub(crate) rule: Rule,
    pub(crate) of: SpikeParts,
    /// Whether the simulation's numbers are of single precision.
    pub(crate) single: bool,
}

/// Where each part begins, and the end: the matrix, numbers, history, starts, rows, before, operands, last, counters, done.
fn begins((rows, cols): (usize, usize), of: SpikeParts) -> [usize; 11] {
    let most = (SPIKES + 1) * rows;
    let lens = [
        rows * cols,
        of.numbers,
        STEPS * of.pre * cols,
        STEPS + 1,
        most,
        most,
        most * of.post,
        rows,
        COUNTERS,
        cols,
    ];
    let mut begins = [0; 11];
    for (k, len) in lens.into_iter().enumerate() {
        begins[k + 1] = begins[k] + len;
    }
    begins
}

/// Numbers that the form has of its own.
pub(crate) fn numbers(shape: (usize, usize), of: SpikeParts) -> usize {
    begins(shape, of)[10]
}

/// The counters: steps that wait; whether all weights are known to lie within the bounds (1 or 0).
const COUNTERS: usize = 2;

/// The spikes that wait, and what the rule read when they came.
pub(crate) struct Waiting<'a, T> {
    shape: (usize, usize),
    of: SpikeParts,
    /// The numbers for all, the same for all that waits.
    numbers: &'a mut [T],
    /// Of each step, of each operand: a number for each column.
    history: &'a mut [T],
    /// Of each step: its first spike; and behind the last step, how many there are.
    starts: &'a mut [T],
    /// Of each spike: its row; and one more than the number of the spike of this row before it, or 0.
    rows: &'a mut [T],
    before: &'a mut [T],
    /// Of each operand, of each spike: a number.
    operands: &'a mut [T],
    /// Of each row: one more than the number of its last spike, or 0.
    last: &'a mut [T],
    counters: &'a mut [T],
}

/// The form's own numbers, apart.
pub(crate) struct Matrix<'a, T> {
    /// By columns.
    pub(crate) weights: &'a mut [T],
    pub(crate) waiting: Waiting<'a, T>,
    /// Of each column: how many of the steps that wait it has seen.
    done: &'a mut [T],
}

impl<'a, T: Real> Matrix<'a, T> {
    pub(crate) fn new(mut own: &'a mut [T], shape: (usize, usize), of: SpikeParts) -> Matrix<'a, T> {
        let b = begins(shape, of);
        let mut parts = b.windows(2).map(|b| {
            let (part, rest) = std::mem::take(&mut own).split_at_mut(b[1] - b[0]);
            own = rest;
            part
        });
        let mut next = || parts.next().unwrap_or_default();
        let weights = next();
        let waiting = Waiting {
            shape,
            of,
            numbers: next(),
            history: next(),
            starts: next(),
            rows: next(),
            before: next(),
            operands: next(),
            last: next(),
            counters: next(),
        };
        Matrix { weights, waiting, done: next() }
    }
    /// A column.
    pub(crate) fn column(&mut self, j: usize) -> &mut [T] {
        let rows = self.waiting.shape.0;
        &mut self.weights[j * rows..][..rows]
    }
    /// Brings columns up to date.
    pub(crate) fn bring(
        &mut self,
        level: Level,
        spikes: &Spikes,
        block: &mut Block,
        rule: &Rule,
        columns: &[usize],
    ) {
        let steps = T::of(spikes.steps() as f64);
        for some in columns.chunks(AHEAD) {
            // Rows are then met out of order.
            if some.iter().any(|j| self.done[*j] != steps) {
                let n = self.waiting.shape.0;
                let mut ahead: [&[T]; AHEAD] = [&[]; AHEAD];
                some.iter().zip(&mut ahead).for_each(|(j, a)| *a = &self.weights[j * n..][..n]);
                bouton_kernels::read_ahead(ahead);
            }
            for these in some.chunks(COLUMNS) {
                self.waiting.apply(level, spikes, block, rule, these, (self.done, self.weights));
                these.iter().for_each(|j| self.done[*j] = steps);
            }
        }
    }
    /// Says that columns have seen all that waits.
    pub(crate) fn seen(&mut self, columns: &[usize]) {
        columns.iter().for_each(|j| self.done[*j] = self.waiting.counters[0]);
    }
    /// Brings all columns up to date: nothing waits any more.
    pub(crate) fn flush(&mut self, level: Level, block: &mut Block, rule: &Rule) {
        let spikes = self.waiting.spikes();
        if spikes.steps() == 0 {
            return;
        }
        self.waiting.prepare(block);
        let all: Vec<usize> = (0..self.waiting.shape.1).collect();
        self.bring(level, &spikes, block, rule, &all);
        self.waiting.counters[0] = T::ZERO;
        self.waiting.last.fill(T::ZERO);
        self.done.fill(T::ZERO);
    }
}

/// The spikes that wait, as numbers to count with.
pub(crate) struct Spikes {
    /// Rows.
    rows: Picks,
    /// Of each step its first spike, and how many there are.
    starts: Vec<usize>,
}

impl Spikes {
    fn steps(&self) -> usize {
        self.starts.len() - 1
    }
}

impl<T: Real> Waiting<'_, T> {
    /// The spikes that wait.
    pub(crate) fn spikes(&self) -> Spikes {
        let steps = self.counters[0].f64() as usize;
        // Where nothing waits, nothing is read.
        let mut starts: Vec<usize> = self.starts[..=steps].iter().map(|x| x.f64() as usize).collect();
        starts[0] = 0;
        let count = starts[steps];
        let rows = self.rows[..count].iter().map(|x| x.f64() as u32).collect();
        Spikes { rows: Picks::new(rows, self.shape.0), starts }
    }
    /// Whether all weights are known to lie within the bounds.
    pub(crate) fn within(&mut self) -> &mut T {
        &mut self.counters[1]
    }
    /// The numbers for all; to be set when nothing waits.
    pub(crate) fn numbers(&mut self) -> &mut [T] {
        self.numbers
    }
    /// Makes room for what waits.
    pub(crate) fn prepare(&self, block: &mut Block) {
        block.prepare(self.of, self.numbers);
    }
    /// How many spikes wait.
    fn count(&self) -> usize {
        match self.counters[0].f64() as usize {
            0 => 0,
            steps => self.starts[steps].f64() as usize,
        }
    }
    /// Whether there is room for the spikes of another step.
    pub(crate) fn has_room(&self) -> bool {
        (self.counters[0].f64() as usize) < STEPS && self.count() <= SPIKES * self.shape.0
    }
    /// The spikes of a step: of these rows, with what the rule reads.
    pub(crate) fn push(&mut self, parts: &spikes::Parts<'_, T>, these: &[usize]) {
        if these.is_empty() {
            return;
        }
        let (step, first) = (self.counters[0].f64() as usize, self.count());
        let (cols, most) = (self.shape.1, self.rows.len());
        for a in self.of.read(1, 0) {
            self.history[(step * self.of.pre + a) * cols..][..cols].copy_from_slice(parts.operand(0, a));
        }
        for (e, &i) in (first..).zip(these) {
            self.rows[e] = T::of(i as f64);
            self.before[e] = self.last[i];
            self.last[i] = T::of((e + 1) as f64);
            for b in self.of.read(1, 1) {
                self.operands[b * most + e] = parts.operand(1, b)[i];
            }
        }
        self.starts[step] = T::of(first as f64);
        self.starts[step + 1] = T::of((first + these.len()) as f64);
        self.counters[0] = T::of((step + 1) as f64);
    }
    /// What the steps that columns haven't seen change of them. A row spikes at most once in a step, so that the spikes of
    /// a step are computed together.
    fn apply(
        &self,
        level: Level,
        spikes: &Spikes,
        block: &mut Block,
        rule: &Rule,
        columns: &[usize],
        (done, weights): (&[T], &mut [T]),
    ) {
        let bounds = spikes::bounds(self.of, self.numbers);
        let ((n, cols), most) = (self.shape, self.rows.len());
        let seen: Vec<usize> = columns.iter().map(|j| done[*j].f64() as usize).collect();
        let first = seen.iter().copied().min().unwrap_or(0);
        if first == spikes.steps() {
            return;
        }
        for (step, range) in spikes.starts.windows(2).enumerate().skip(first) {
            let rows = spikes.rows.some(range[0]..range[1]);
            let these = || columns.iter().zip(&seen).filter(|(_, seen)| **seen <= step).map(|(j, _)| *j);
            block.clear();
            these().for_each(|j| rows.gather(&weights[j * n..][..n], &mut block.weights));
            for a in self.of.read(1, 0) {
                let (to, history) =
                    (&mut block.operands[0][a], &self.history[(step * self.of.pre + a) * cols..]);
                these().for_each(|j| to.resize(to.len() + rows.count(), history[j].f64()));
            }
            for b in self.of.read(1, 1) {
                let (to, from) = (&mut block.operands[1][b], &self.operands[b * most..][range[0]..range[1]]);
                these().for_each(|_| to.extend(from.iter().map(|x| x.f64())));
            }
            block.compute(rule, 1);
            block.change_weights(level, bounds);
            for (j, changed) in these().zip(block.weights.chunks_exact(rows.count())) {
                rows.scatter(changed, &mut weights[j * n..][..n]);
            }
        }
    }
}

impl Spiked {
    /// The weight of row `i`, column `j`, as what is kept makes it.
    fn weight(&self, (i, j): (usize, usize), own: &dyn Fn(usize) -> f64) -> f64 {
        let [_, numbers, history, starts, _, before, operands, last, counters, done, _] =
            begins(self.shape, self.of);
        let ((rows, cols), most) = (self.shape, (SPIKES + 1) * self.shape.0);
        let mut w = own(j * rows + i);
        let (seen, steps) = (own(done + j) as usize, own(counters) as usize);
        let (mut these, mut next) = (vec![], own(last + i) as usize);
        while next > 0 && seen < steps && next > own(starts + seen) as usize {
            these.push(next - 1);
            next = own(before + next - 1) as usize;
        }
        if these.is_empty() {
            return w;
        }
        let numbers: Vec<f64> = (numbers..history).map(own).collect();
        spikes::with_block(|block| {
            block.prepare(self.of, &numbers);
            let mut step = seen;
            for e in these.into_iter().rev() {
                while own(starts + step + 1) as usize <= e {
                    step += 1;
                }
                block.clear();
                block.weights.push(w);
                for a in self.of.read(1, 0) {
                    block.operands[0][a].push(own(history + (step * self.of.pre + a) * cols + j));
                }
                for b in self.of.read(1, 1) {
                    block.operands[1][b].push(own(operands + b * most + e));
                }
                block.compute(&self.rule, 1);
                let (by, bounds) = (block.change[0], spikes::bounds(self.of, &numbers));
                w = if self.single {
                    let (low, high) = bounds;
                    f64::from(spikes::changed(w as f32, by, (low as f32, high as f32)))
                } else {
                    spikes::changed(w, by, bounds)
                };
            }
        });
        w
    }
}

impl Form for Spiked {
    const NAME: &'static str = "at spikes";
    const TRUTH: bool = true;
    const EXACT: bool = true;
    fn at(&self, k: usize, _: usize, own: &dyn Fn(usize) -> f64, _: &[f64]) -> f64 {
        self.weight((k / self.shape.1, k % self.shape.1), own)
    }
    fn put(
        &self,
        k: usize,
        _: usize,
        plain: f64,
        own: &dyn Fn(usize) -> f64,
        _: &[f64],
        set: &mut dyn FnMut(usize, f64),
    ) {
        let [.., counters, done, _] = begins(self.shape, self.of);
        let ((rows, cols), steps) = (self.shape, own(counters));
        let (i, j) = (k / cols, k % cols);
        // What waits came before this edit.
        if own(done + j) != steps {
            (0..rows).for_each(|i| set(j * rows + i, self.weight((i, j), own)));
            set(done + j, steps);
        }
        set(j * rows + i, plain);
        set(counters + 1, 0.0);
    }
    fn open_all(&self, len: usize, plain: &dyn Fn(usize) -> f64, _: &[f64], put: &mut dyn FnMut(usize, f64)) {
        let [_, numbers, history, .., last, _, _, end] = begins(self.shape, self.of);
        columns::open(len, self.shape.1, plain, put);
        // Of the rest what is counted is enough: where nothing waits, nothing else is read.
        (numbers..history).chain(last..end).for_each(|k| put(k, 0.0));
    }
    fn close_all<T: Real>(&self, own: &[T], len: usize, _: &[f64], out: &mut Vec<f64>) {
        let ((rows, cols), before) = (self.shape, out.len());
        out.resize(before + len, 0.0);
        let mut own = own.to_vec();
        let mut m = Matrix::new(&mut own, self.shape, self.of);
        spikes::with_block(|block| m.flush(Level::detect(), block, &self.rule));
        for (first, columns) in m.weights.chunks(8 * rows).enumerate() {
            for (i, row) in out[before..].chunks_exact_mut(cols).enumerate() {
                let row = &mut row[8 * first..];
                row.iter_mut().zip(columns.chunks_exact(rows)).for_each(|(y, column)| *y = column[i].f64());
            }
        }
    }
}
