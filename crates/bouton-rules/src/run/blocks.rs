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
    pub(super) change: Vec<Vec<f64>>,
    out: Vec<f64>,
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
        change.resize(block.targets.len(), vec![]);
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
        for (k, (target, _)) in block.targets.iter().enumerate() {
            change[k].clear();
            change[k].resize(rank(*target).count(rows, cols), 0.0);
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
            let (rank, shape) = (rank(s.target), (rows, cols));
            assign(s.assign, to, rank, (out, value.rank()), shape, start);
            if block.targets[k].1 {
                let now = &mut gathered[number(s.target)];
                now.iter_mut().zip(&before[k]).zip(&change[k]).for_each(|((now, from), by)| *now = from + by);
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

/// Adds the change that a block has computed for all rows to where it belongs. What differs by synapse is that of some rows alone.
pub(super) fn store(
    when: When,
    rank: Rank,
    to: &mut [f64],
    change: &[f64],
    these: Range<usize>,
    cols: usize,
    spikes: &[Vec<usize>; 2],
) {
    let cols = cols.max(1);
    match (when, rank) {
        (When::Pre, Rank::Pre) => spikes[0].iter().zip(change).for_each(|(j, c)| to[*j] += c),
        (When::Pre, Rank::Synapse) => {
            let n = spikes[0].len().max(1);
            let changes = change.chunks_exact(n).skip(these.start);
            for (row, change) in to.chunks_exact_mut(cols).zip(changes) {
                spikes[0].iter().zip(change).for_each(|(j, c)| row[*j] += c);
            }
        }
        (When::Post, Rank::Post) => spikes[1].iter().zip(change).for_each(|(i, c)| to[*i] += c),
        (When::Post, Rank::Synapse) => {
            let before = spikes[1].partition_point(|i| *i < these.start);
            let spiked = spikes[1][before..].iter().take_while(|i| these.contains(i));
            for (i, change) in spiked.zip(change.chunks_exact(cols).skip(before)) {
                let row = &mut to[(i - these.start) * cols..][..cols];
                row.iter_mut().zip(change).for_each(|(to, c)| *to += c);
            }
        }
        (When::Step, Rank::Synapse) => {
            to.iter_mut().zip(&change[these.start * cols..]).for_each(|(to, c)| *to += c);
        }
        _ => to.iter_mut().zip(change).for_each(|(to, c)| *to += c),
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
