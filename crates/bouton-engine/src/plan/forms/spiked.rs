//! A matrix that spikes change, by columns. What a presynaptic spike changes is a column, and is done at once. What a
//! postsynaptic spike changes is a row, and waits: a column is brought up to date when it is next read or changed, in the
//! order in which the spikes came. Bit for bit: each weight goes through the same numbers, later.

use bouton_elements::rules::{Rule, SpikeParts};

use super::{Form, Real, columns};
use crate::spikes::{self, Block};

/// Steps with postsynaptic spikes that wait at most.
const STEPS: usize = 64;
/// Spikes that wait at most, for each row; one step more than that finds room.
const SPIKES: usize = 16;
/// Spikes that are worked on at a time.
const BATCH: usize = 1024;

/// What is kept, one behind the other: the matrix by columns; what [`Waiting`] holds; and how far each column is.
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

/// Where each part begins, and the end: the matrix, numbers, history, rows, steps, before, operands, last, counters, done.
fn begins((rows, cols): (usize, usize), of: SpikeParts) -> [usize; 11] {
    let most = (SPIKES + 1) * rows;
    let lens = [
        rows * cols,
        of.numbers,
        STEPS * of.pre * cols,
        most,
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

/// The counters: steps and spikes that wait; whether all weights are known to lie within the bounds (1 or 0).
const COUNTERS: usize = 3;

/// The spikes that wait, and what the rule read when they came.
pub(crate) struct Waiting<'a, T> {
    shape: (usize, usize),
    of: SpikeParts,
    /// The numbers for all, the same for all that waits.
    numbers: &'a mut [T],
    /// Of each step, of each operand: a number for each column.
    history: &'a mut [T],
    /// Of each spike: its row; its step, by number; and one more than the number of the spike of this row before it, or 0.
    rows: &'a mut [T],
    steps: &'a mut [T],
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
    /// Of each column: how many of the spikes that wait it has seen.
    pub(crate) done: &'a mut [T],
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
            rows: next(),
            steps: next(),
            before: next(),
            operands: next(),
            last: next(),
            counters: next(),
        };
        Matrix { weights, waiting, done: next() }
    }
    /// Brings a column up to date.
    pub(crate) fn column(&mut self, events: &Events, block: &mut Block, rule: &Rule, j: usize) -> &mut [T] {
        let rows = self.waiting.shape.0;
        let column = &mut self.weights[j * rows..][..rows];
        let done = self.done[j].f64() as usize;
        self.waiting.apply(events, block, rule, j, done, column);
        self.done[j] = T::of(events.rows.len() as f64);
        column
    }
    /// Brings all columns up to date: nothing waits any more.
    pub(crate) fn flush(&mut self, block: &mut Block, rule: &Rule) {
        let events = self.waiting.events();
        if events.rows.is_empty() {
            return;
        }
        self.waiting.prepare(block);
        (0..self.waiting.shape.1).for_each(|j| {
            self.column(&events, block, rule, j);
        });
        self.waiting.counters[..2].fill(T::ZERO);
        self.waiting.last.fill(T::ZERO);
        self.done.fill(T::ZERO);
    }
}

/// The spikes that wait, as numbers to count with.
#[derive(Default)]
pub(crate) struct Events {
    rows: Vec<u32>,
    steps: Vec<u32>,
    before: Vec<u32>,
}

impl Events {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

impl<T: Real> Waiting<'_, T> {
    /// The spikes that wait.
    pub(crate) fn events(&self) -> Events {
        let count = self.counters[1].f64() as usize;
        let whole = |x: &[T]| x[..count].iter().map(|x| x.f64() as u32).collect();
        Events { rows: whole(self.rows), steps: whole(self.steps), before: whole(self.before) }
    }
    /// Whether all weights are known to lie within the bounds.
    pub(crate) fn within(&mut self) -> &mut T {
        &mut self.counters[2]
    }
    /// Whether the numbers for all are these; to be set when nothing waits.
    pub(crate) fn numbers(&mut self) -> &mut [T] {
        self.numbers
    }
    /// Makes room for what waits.
    pub(crate) fn prepare(&self, block: &mut Block) {
        block.prepare(self.of, self.numbers);
    }
    /// Whether there is room for the spikes of another step.
    pub(crate) fn has_room(&self) -> bool {
        let (steps, spikes) = (self.counters[0].f64() as usize, self.counters[1].f64() as usize);
        steps < STEPS && spikes <= SPIKES * self.shape.0
    }
    /// The spikes of a step: of these rows, with what the rule reads.
    pub(crate) fn push(&mut self, parts: &spikes::Parts<'_, T>, these: &[usize]) {
        if these.is_empty() {
            return;
        }
        let (step, first) = (self.counters[0].f64() as usize, self.counters[1].f64() as usize);
        let (cols, most) = (self.shape.1, self.rows.len());
        for a in 0..self.of.pre {
            self.history[(step * self.of.pre + a) * cols..][..cols].copy_from_slice(parts.operand(0, a));
        }
        for (e, &i) in (first..).zip(these) {
            self.rows[e] = T::of(i as f64);
            self.steps[e] = T::of(step as f64);
            self.before[e] = self.last[i];
            self.last[i] = T::of((e + 1) as f64);
            for b in 0..self.of.post {
                self.operands[b * most + e] = parts.operand(1, b)[i];
            }
        }
        self.counters[0] = T::of((step + 1) as f64);
        self.counters[1] = T::of((first + these.len()) as f64);
    }
    /// What the spikes from one on change of a column.
    fn apply(
        &self,
        events: &Events,
        block: &mut Block,
        rule: &Rule,
        j: usize,
        mut from: usize,
        column: &mut [T],
    ) {
        let (end, bounds) = (events.rows.len(), spikes::bounds(self.of, self.numbers));
        let (cols, most) = (self.shape.1, self.rows.len());
        while from < end {
            // As many as there are until a row has its second.
            let last = end.min(from + BATCH);
            let again = events.before[from + 1..last].iter().position(|b| *b as usize > from);
            let to = again.map_or(last, |k| from + 1 + k);
            block.clear();
            block.weights.extend(events.rows[from..to].iter().map(|i| column[*i as usize].f64()));
            for (a, x) in block.operands[0].iter_mut().enumerate() {
                let at = |step: &u32| (*step as usize * self.of.pre + a) * cols + j;
                x.extend(events.steps[from..to].iter().map(|s| self.history[at(s)].f64()));
            }
            for (b, x) in block.operands[1].iter_mut().enumerate() {
                x.extend(self.operands[b * most..][from..to].iter().map(|x| x.f64()));
            }
            block.compute(rule, 1);
            for (i, by) in events.rows[from..to].iter().zip(&block.change) {
                let w = &mut column[*i as usize];
                *w = spikes::changed(*w, *by, bounds);
            }
            from = to;
        }
    }
}

impl Spiked {
    /// The weight of row `i`, column `j`, as what is kept makes it.
    fn weight(&self, (i, j): (usize, usize), own: &dyn Fn(usize) -> f64) -> f64 {
        let [_, numbers, history, _, steps, before, operands, last, _, done, _] = begins(self.shape, self.of);
        let ((rows, cols), most) = (self.shape, (SPIKES + 1) * self.shape.0);
        let mut w = own(j * rows + i);
        let (seen, mut spikes, mut next) = (own(done + j) as usize, vec![], own(last + i) as usize);
        while next > seen {
            spikes.push(next - 1);
            next = own(before + next - 1) as usize;
        }
        if spikes.is_empty() {
            return w;
        }
        let numbers: Vec<f64> = (numbers..history).map(own).collect();
        spikes::with_block(|block| {
            block.prepare(self.of, &numbers);
            for e in spikes.into_iter().rev() {
                let step = own(steps + e) as usize;
                block.clear();
                block.weights.push(w);
                for (a, x) in block.operands[0].iter_mut().enumerate() {
                    x.push(own(history + (step * self.of.pre + a) * cols + j));
                }
                for (b, x) in block.operands[1].iter_mut().enumerate() {
                    x.push(own(operands + b * most + e));
                }
                block.compute(&self.rule, 1);
                let (by, bounds) = (block.change[0], spikes::bounds(self.of, &numbers));
                w = if self.single {
                    let bounds = bounds.map(|(low, high)| (low as f32, high as f32));
                    f64::from(spikes::changed(w as f32, by, bounds))
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
    fn constants(&self, _: f64, _: &[f64]) -> Vec<f64> {
        vec![]
    }
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
        let ((rows, cols), spikes) = (self.shape, own(counters + 1));
        let (i, j) = (k / cols, k % cols);
        // What waits came before this edit.
        if own(done + j) != spikes {
            (0..rows).for_each(|i| set(j * rows + i, self.weight((i, j), own)));
            set(done + j, spikes);
        }
        set(j * rows + i, plain);
        set(counters + 2, 0.0);
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
        spikes::with_block(|block| m.flush(block, &self.rule));
        for (first, columns) in m.weights.chunks(8 * rows).enumerate() {
            for (i, row) in out[before..].chunks_exact_mut(cols).enumerate() {
                let row = &mut row[8 * first..];
                row.iter_mut().zip(columns.chunks_exact(rows)).for_each(|(y, column)| *y = column[i].f64());
            }
        }
    }
}
