//! The blocks `on pre`, `on post` and `each step`: what their statements change, and where it is stored.

use std::ops::Range;

use bouton_expr::{Rank, Scratch};

use super::Values;
use crate::rule::*;

/// What a block computes, for the columns and rows that it runs for.
#[derive(Clone, Debug, Default)]
pub(super) struct BlockMemory {
    /// Of each name that isn't read where it lies: its values.
    gathered: Vec<Vec<f64>>,
    /// Of each target that needs it: its values before the block.
    before: Vec<Vec<f64>>,
    /// Of each target: its change.
    pub(super) change: Vec<Changed>,
    out: Vec<f64>,
}

/// Some rows of a matrix in whole, or a part of one.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) rows: Range<usize>,
    pub(super) cols: Range<usize>,
    /// Where its numbers are, of a matrix by rows.
    pub(super) part: Range<usize>,
}

impl Piece {
    /// These rows and columns of a matrix with so many columns.
    pub(super) fn new(rows: Range<usize>, cols: Range<usize>, of: usize) -> Piece {
        let end = rows.end.max(rows.start + 1) - 1;
        let part = rows.start * of + cols.start..end * of + cols.end;
        Piece { rows, cols, part }
    }
}

/// What a block changes of a target, for the columns and rows that it runs for.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    /// What the numbers differ by: less than the target does, where nothing that is added to it differs by more.
    of: Rank,
    values: Vec<f64>,
}

impl Default for Changed {
    fn default() -> Changed {
        Changed { of: Rank::Scalar, values: vec![] }
    }
}

/// The change of some synapses of a row.
enum OfRow<'a> {
    One(f64),
    Each(&'a [f64]),
}

impl Changed {
    /// That of these columns of a row, of rows of so many.
    fn row(&self, i: usize, cols: usize, these: Range<usize>) -> OfRow<'_> {
        match self.of {
            Rank::Scalar => OfRow::One(self.values[0]),
            Rank::Post => OfRow::One(self.values[i]),
            Rank::Pre => OfRow::Each(&self.values[these]),
            Rank::Synapse => OfRow::Each(&self.values[i * cols..][these]),
        }
    }
}

impl OfRow<'_> {
    fn add(self, row: &mut [f64]) {
        match self {
            OfRow::One(c) => row.iter_mut().for_each(|to| *to += c),
            OfRow::Each(change) => row.iter_mut().zip(change).for_each(|(to, c)| *to += c),
        }
    }
    /// The same at these places of a row that begins with column `first`.
    fn add_at(self, row: &mut [f64], these: &[usize], first: usize) {
        match self {
            OfRow::One(c) => these.iter().for_each(|j| row[*j - first] += c),
            OfRow::Each(change) => these.iter().zip(change).for_each(|(j, c)| row[*j - first] += c),
        }
    }
}

impl Block {
    /// What the change of a target of synapses differs by.
    fn change_of(&self, (target, needed): (Target, bool)) -> Rank {
        let values = self.statements.iter().filter(|s| s.target == target).map(|s| s.value.rank());
        if needed { Rank::Synapse } else { values.fold(Rank::Scalar, Rank::join) }
    }
}

impl Rule {
    /// Computes what a block changes.
    pub(super) fn block(
        &self,
        block: &Block,
        memory: &mut BlockMemory,
        scratch: &mut Scratch,
        values: &Values<'_>,
        (all_rows, all_cols): (usize, usize),
        spikes: &[Vec<usize>; 2],
    ) {
        let (rows, cols) = match block.when {
            When::Pre => (all_rows, spikes[0].len()),
            When::Post => (spikes[1].len(), all_cols),
            When::Step => (all_rows, all_cols),
        };
        let BlockMemory { gathered, before, change, out } = memory;
        gathered.resize(self.names.len(), vec![]);
        before.resize(block.targets.len(), vec![]);
        change.resize(block.targets.len(), Changed::default());
        let number = |t: Target| {
            let what = match t {
                Target::Weight => What::Weight,
                Target::State(k) => What::State(k),
            };
            self.names.iter().position(|n| n.what == what).unwrap_or(0)
        };
        let rank = |t: Target| match t {
            Target::Weight => Rank::Synapse,
            Target::State(k) => self.states[k].rank,
        };
        for (target, change) in block.targets.iter().zip(&mut *change) {
            change.of = match rank(target.0) {
                Rank::Synapse => block.change_of(*target),
                rank => rank,
            };
            change.values.clear();
            change.values.resize(change.of.count(rows, cols), 0.0);
        }
        if rows == 0 || cols == 0 {
            return;
        }
        let local = |k: usize| block.targets.iter().any(|t| t.1 && number(t.0) == k);
        for &k in &block.reads {
            gathered[k].clear();
            let parted = parted(block.when, self.names[k].rank);
            if parted || local(k) {
                gather(
                    block.when,
                    self.names[k].rank,
                    values[k],
                    (all_rows, all_cols),
                    spikes,
                    &mut gathered[k],
                );
            }
        }
        for (k, (target, needed)) in block.targets.iter().enumerate() {
            before[k].clear();
            if *needed {
                before[k].extend_from_slice(&gathered[number(*target)]);
            }
        }
        for s in &block.statements {
            let value = &s.value;
            out.resize(value.out_len(rows, cols), 0.0);
            {
                let mut inputs: Values<'_> = [&[]; MAX_NAMES];
                for &k in &block.reads {
                    let own = parted(block.when, self.names[k].rank) || local(k);
                    inputs[k] = if own { &gathered[k] } else { values[k] };
                }
                value.eval_block(scratch, rows, cols, &inputs[..self.names.len()], out);
            }
            let Some(k) = block.targets.iter().position(|t| t.0 == s.target) else { continue };
            let (to, start) = (&mut change[k], &before[k]);
            assign(s.assign, &mut to.values, to.of, (out, value.rank()), (rows, cols), start);
            if block.targets[k].1 {
                let now = &mut gathered[number(s.target)];
                let changed = before[k].iter().zip(&to.values);
                now.iter_mut().zip(changed).for_each(|(now, (from, by))| *now = from + by);
            }
        }
    }
}

/// Whether a block runs for a part of what has this rank.
fn parted(when: When, rank: Rank) -> bool {
    match when {
        When::Pre => matches!(rank, Rank::Pre | Rank::Synapse),
        When::Post => matches!(rank, Rank::Post | Rank::Synapse),
        When::Step => false,
    }
}

/// The values of the columns and rows that a block runs for.
fn gather(
    when: When,
    rank: Rank,
    from: &[f64],
    (rows, cols): (usize, usize),
    spikes: &[Vec<usize>; 2],
    to: &mut Vec<f64>,
) {
    match (when, rank) {
        (When::Pre, Rank::Pre) => to.extend(spikes[0].iter().map(|j| from[*j])),
        (When::Pre, Rank::Synapse) => {
            for row in from.chunks_exact(cols.max(1)).take(rows) {
                to.extend(spikes[0].iter().map(|j| row[*j]));
            }
        }
        (When::Post, Rank::Post) => to.extend(spikes[1].iter().map(|i| from[*i])),
        (When::Post, Rank::Synapse) => {
            spikes[1].iter().for_each(|i| to.extend_from_slice(&from[i * cols..(i + 1) * cols]));
        }
        _ => to.extend_from_slice(from),
    }
}

/// Adds the change that a block has computed for all rows and columns to where it belongs: what differs by synapse, to that of a
/// piece of the matrix, which has so many columns.
pub(super) fn store(
    when: When,
    rank: Rank,
    to: &mut [f64],
    change: &Changed,
    piece: &Piece,
    cols: usize,
    spikes: &[Vec<usize>; 2],
) {
    let (these, across) = (piece.rows.clone(), piece.cols.clone());
    let wide = across.len().max(1);
    let values = &change.values;
    match (when, rank) {
        (When::Pre, Rank::Pre) => spikes[0].iter().zip(values).for_each(|(j, c)| to[*j] += c),
        (When::Pre, Rank::Synapse) => {
            let below = |end: usize| spikes[0].partition_point(|j| *j < end);
            let part = below(across.start)..below(across.end);
            for (i, row) in these.zip(to.chunks_exact_mut(wide)) {
                let spiked = &spikes[0][part.clone()];
                change.row(i, spikes[0].len(), part.clone()).add_at(row, spiked, across.start);
            }
        }
        (When::Post, Rank::Post) => spikes[1].iter().zip(values).for_each(|(i, c)| to[*i] += c),
        (When::Post, Rank::Synapse) => {
            let before = spikes[1].partition_point(|i| *i < these.start);
            let spiked = spikes[1][before..].iter().take_while(|i| these.contains(i));
            for (k, i) in spiked.enumerate() {
                let row = &mut to[(i - these.start) * wide..][..wide];
                change.row(before + k, cols, across.clone()).add(row);
            }
        }
        (When::Step, Rank::Synapse) => {
            for (i, row) in these.zip(to.chunks_exact_mut(wide)) {
                change.row(i, cols, across.clone()).add(row);
            }
        }
        _ => to.iter_mut().zip(values).for_each(|(to, c)| *to += c),
    }
}

/// Puts the value of a statement (and its rank) to the change of its target, which was `before` when the block began.
pub(crate) fn assign(
    how: Assign,
    to: &mut [f64],
    rank: Rank,
    (values, of): (&[f64], Rank),
    shape: (usize, usize),
    before: &[f64],
) {
    match how {
        Assign::Add => each(to, rank, values, of, shape, |to, x| *to += x),
        Assign::Sub => each(to, rank, values, of, shape, |to, x| *to -= x),
        Assign::Set => {
            each(to, rank, values, of, shape, |to, x| *to = x);
            to.iter_mut().zip(before).for_each(|(to, from)| *to -= from);
        }
    }
}

/// Runs over all of `to`, of one rank, with the value of another that belongs to each.
pub(super) fn each(
    to: &mut [f64],
    rank: Rank,
    values: &[f64],
    of: Rank,
    (_, cols): (usize, usize),
    f: impl Fn(&mut f64, f64),
) {
    match (rank, of) {
        (_, Rank::Scalar) => to.iter_mut().for_each(|to| f(to, values[0])),
        (Rank::Synapse, Rank::Pre) => {
            for row in to.chunks_exact_mut(cols.max(1)) {
                row.iter_mut().zip(values).for_each(|(to, x)| f(to, *x));
            }
        }
        (Rank::Synapse, Rank::Post) => {
            for (row, x) in to.chunks_exact_mut(cols.max(1)).zip(values) {
                row.iter_mut().for_each(|to| f(to, *x));
            }
        }
        _ => to.iter_mut().zip(values).for_each(|(to, x)| f(to, *x)),
    }
}
