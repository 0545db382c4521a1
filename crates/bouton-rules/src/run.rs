//! A step of a rule.
//!
//! The order, as the page of the language has it: all states move at once; `w'` and the blocks read what they then are, and the
//! weights of this step; the jumps of states are stored, and the change of the weights is summed and kept within the bounds.
//! Expressions are computed for what they differ by, and the blocks `on pre` and `on post` for the columns and rows of the
//! neurons that spiked alone: each number is the one that it would be if all were computed.

use bouton_expr::{Program, Rank, Scratch};

use crate::rule::*;

/// What a step of a rule is given, and what it sets. Matrices are row-major, post × pre.
pub struct Step<'a, 'b> {
    /// Time step (s).
    pub dt: f64,
    /// Rows (post) and columns (pre).
    pub shape: (usize, usize),
    /// The parameters that can be set, in SI, in the order of [`Rule::settable`].
    pub parameters: &'a [f64],
    /// What it reads of the neurons, in the order of [`Rule::reads`].
    pub reads: &'a [&'a [f64]],
    /// The error, one value a row; empty if it has none.
    pub error: &'a [f64],
    /// The third factors, in the order of [`Rule::factors`].
    pub factors: &'a [&'a [f64]],
    /// gain/radius of each row; empty if it doesn't [read it](Rule::reads_scale).
    pub scale: &'a [f64],
    /// The weights of this step; empty if it doesn't read them.
    pub weights: &'a [f64],
    /// The states, in the order of [`Rule::states`].
    pub states: &'a mut [&'b mut [f64]],
    /// What it keeps of names, in the order of [`Rule::pasts`].
    pub pasts: &'a mut [&'b mut [f64]],
    /// The parts of the change, to be set: see [`Rule::makes`].
    pub change: &'a mut [&'b mut [f64]],
}

/// The memory that steps of a rule need for what they compute on the way. It holds nothing that a later step depends on: a new
/// one at any time changes no bit. A step allocates while it is new, and while more neurons spike at once than ever before.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    scratch: Scratch,
    /// Parameters, those that follow others among them.
    params: Vec<f64>,
    /// What is read as it was.
    delayed: Vec<Vec<f64>>,
    /// Next values of the states.
    next: Vec<Vec<f64>>,
    /// Weights as a block has changed them so far.
    now: Vec<f64>,
    /// The columns and rows that spiked.
    spikes: [Vec<usize>; 2],
    blocks: Vec<BlockMemory>,
    out: Vec<f64>,
}

impl Memory {
    /// What the changes at spikes need of it: for expressions, for weights as a block has changed them so far, for its values.
    pub(crate) fn for_spikes(&mut self) -> (&mut Scratch, &mut Vec<f64>, &mut Vec<f64>) {
        (&mut self.scratch, &mut self.now, &mut self.out)
    }
}

/// What a block computes, for the columns and rows that it runs for.
#[derive(Clone, Debug, Default)]
struct BlockMemory {
    /// Of each name that isn't read where it lies: its values.
    gathered: Vec<Vec<f64>>,
    /// Of each target that needs it: its values before the block.
    before: Vec<Vec<f64>>,
    /// Of each target: its change.
    change: Vec<Vec<f64>>,
    out: Vec<f64>,
}

/// What a step only reads.
struct Given<'a> {
    reads: &'a [&'a [f64]],
    error: &'a [f64],
    factors: &'a [&'a [f64]],
    scale: &'a [f64],
    weights: &'a [f64],
}

/// What a step reads, beside its states.
struct InTiles<'a> {
    params: &'a [f64],
    numbers: &'a [f64; 3],
    delayed: &'a [Vec<f64>],
    given: &'a Given<'a>,
}

/// Synapses that are computed together: what a step holds of them fits a cache.
const TILE: usize = 1 << 14;

/// Keeps weights within bounds, by their change. A weight that isn't a number stays one, to be found; one within the bounds keeps the
/// bits of its change.
fn clip(change: &mut [f64], weights: &[f64], [low, high]: [f64; 2]) {
    for (d, w) in change.iter_mut().zip(weights) {
        let sum = w + *d;
        if sum < low {
            *d = low - w;
        } else if sum > high {
            *d = high - w;
        }
    }
}

/// The values of all names, by number; those that nothing needs are empty.
pub(crate) type Values<'a> = [&'a [f64]; MAX_NAMES];

impl Rule {
    /// Takes one step: moves the states, and sets the change.
    ///
    /// # Panics
    /// If slices have other lengths than the shape says.
    pub fn step(&self, memory: &mut Memory, s: &mut Step<'_, '_>) {
        let (rows, cols) = s.shape;
        let given =
            Given { reads: s.reads, error: s.error, factors: s.factors, scale: s.scale, weights: s.weights };
        let Memory { scratch, params, delayed, next, spikes, blocks, out, .. } = memory;
        self.parameters(scratch, params, s.parameters);
        let numbers = [s.dt, cols as f64, rows as f64];
        self.read_pasts(s, delayed);
        // All states move at once: none sees what another has just become. Those of synapses read the others as they stood, and
        // are read by none of them.
        let of_synapses = |rank: Rank| rank == Rank::Synapse;
        next.resize(self.states.len(), vec![]);
        {
            let values = self.values(params, &numbers, delayed, &given, s.states);
            for (state, next) in self.states.iter().zip(&mut *next).filter(|s| !of_synapses(s.0.rank)) {
                next.resize(state.rank.count(rows, cols), 0.0);
                let n = self.names.len();
                state.next.eval_block(scratch, rows, cols, &values[..n], next);
            }
        }
        let in_tiles = InTiles { params, numbers: &numbers, delayed, given: &given };
        let mut bounds = self.bounds(scratch, &in_tiles, next, s);
        let clips = self.clips_in_tiles();
        self.tiles(scratch, &in_tiles, next, s, bounds.filter(|_| clips));
        for (state, (of, next)) in s.states.iter_mut().zip(self.states.iter().zip(&*next)) {
            if !of_synapses(of.rank) {
                state.copy_from_slice(next);
            }
        }
        self.spikes(s, spikes);
        blocks.resize(self.blocks.len(), BlockMemory::default());
        {
            let values = self.values(params, &numbers, delayed, &given, s.states);
            for (past, kept) in self.pasts.iter().zip(&mut *s.pasts) {
                keep(past, kept, s.dt, values[past.of]);
            }
            for (block, memory) in self.blocks.iter().zip(&mut *blocks) {
                self.block(block, memory, scratch, &values, s.shape, spikes);
            }
            let all = &values[..self.names.len()];
            match &self.made {
                Made::AtSpikes(a) => self.spike_parts(a, all, bounds.take(), s.change),
                // Done, tile by tile.
                Made::Dense if self.rate_of_synapses().is_some() => {}
                _ => self.continuous(scratch, all, s.dt, s.shape, out, s.change),
            }
        }
        for (block, memory) in self.blocks.iter().zip(&*blocks) {
            for ((target, _), change) in block.targets.iter().zip(&memory.change) {
                let (to, rank) = match *target {
                    Target::Weight => (&mut *s.change[0], Rank::Synapse),
                    Target::State(k) => (&mut *s.states[k], self.states[k].rank),
                };
                store(block.when, rank, to, change, s.shape, spikes);
            }
        }
        if let Some(bounds) = bounds.filter(|_| !clips) {
            clip(s.change[0], s.weights, bounds);
        }
    }

    /// `w'`, where the change is a matrix of what differs by synapse.
    fn rate_of_synapses(&self) -> Option<&Program> {
        self.rate.as_ref().filter(|r| matches!(self.made, Made::Dense) && r.rank() == Rank::Synapse)
    }

    /// Whether nothing is added to `w'` before the bounds hold.
    fn clips_in_tiles(&self) -> bool {
        let weight = |b: &Block| b.targets.iter().any(|t| t.0 == Target::Weight);
        self.rate_of_synapses().is_some() && !self.blocks.iter().any(weight)
    }

    /// The bounds, of the states as they have moved.
    fn bounds(
        &self,
        scratch: &mut Scratch,
        of: &InTiles<'_>,
        next: &[Vec<f64>],
        s: &Step<'_, '_>,
    ) -> Option<[f64; 2]> {
        let bound = self.bound.as_ref()?;
        let mut values = self.values(of.params, of.numbers, of.delayed, of.given, s.states);
        self.moved(&mut values, next);
        Some([&bound[0], &bound[1]].map(|p| {
            let mut out = [0.0];
            p.eval_block(scratch, s.shape.0, s.shape.1, &values[..self.names.len()], &mut out);
            out[0]
        }))
    }

    /// Puts the states that are not of synapses as they have moved in the place of what they were.
    fn moved<'v>(&self, values: &mut Values<'v>, next: &'v [Vec<f64>]) {
        for (name, value) in self.names.iter().zip(values) {
            if let What::State(k) = name.what
                && name.rank != Rank::Synapse
            {
                *value = &next[k];
            }
        }
    }

    /// Moves the states of synapses, and sets a change that is `w'` of synapses: some rows at a time, so that they are met in a
    /// cache. Each number is what it would be of all rows at once.
    fn tiles(
        &self,
        scratch: &mut Scratch,
        of: &InTiles<'_>,
        next: &mut [Vec<f64>],
        s: &mut Step<'_, '_>,
        bounds: Option<[f64; 2]>,
    ) {
        let ((rows, cols), n) = (s.shape, self.names.len());
        let of_synapses = |k: &usize| self.states[*k].rank == Rank::Synapse;
        let states: Vec<usize> = (0..self.states.len()).filter(of_synapses).collect();
        let rate = self.rate_of_synapses();
        if (states.is_empty() && rate.is_none()) || cols == 0 {
            return;
        }
        let height = (TILE / cols).max(1);
        for first in (0..rows).step_by(height) {
            let these = first..rows.min(first + height);
            let (count, part) = (these.len(), these.start * cols..these.end * cols);
            let cut = |values: &mut Values<'_>| {
                for (name, value) in self.names.iter().zip(values).filter(|v| !v.1.is_empty()) {
                    match name.rank {
                        Rank::Post => *value = &value[these.clone()],
                        Rank::Synapse => *value = &value[part.clone()],
                        _ => {}
                    }
                }
            };
            {
                let mut values = self.values(of.params, of.numbers, of.delayed, of.given, s.states);
                cut(&mut values);
                for &k in &states {
                    next[k].resize(count * cols, 0.0);
                    let state = &self.states[k];
                    state.next.eval_block(scratch, count, cols, &values[..n], &mut next[k]);
                }
            }
            for &k in &states {
                s.states[k][part.clone()].copy_from_slice(&next[k]);
            }
            let Some(rate) = rate else { continue };
            let mut values = self.values(of.params, of.numbers, of.delayed, of.given, s.states);
            self.moved(&mut values, next);
            cut(&mut values);
            let delta = &mut s.change[0][part.clone()];
            rate.eval_block(scratch, count, cols, &values[..n], delta);
            delta.iter_mut().for_each(|d| *d *= s.dt);
            if let Some(bounds) = bounds {
                clip(delta, &s.weights[part.clone()], bounds);
            }
        }
    }

    /// The `post` of its product for another error of other rows, in the step that was just taken: for a rule that is
    /// [linear in the error](Rule::linear_in_error).
    ///
    /// # Panics
    /// If slices have other lengths than the shape says, or `out` another than the error.
    pub fn post_of_error(&self, memory: &mut Memory, s: &Step<'_, '_>, error: &[f64], out: &mut [f64]) {
        let Made::Outer(factors) = &self.made else { return out.fill(0.0) };
        let ((rows, cols), Memory { scratch, params, delayed, out: values_of, .. }) = (s.shape, memory);
        self.parameters(scratch, params, s.parameters);
        let numbers = [s.dt, cols as f64, rows as f64];
        let given = Given { reads: s.reads, error, factors: s.factors, scale: s.scale, weights: s.weights };
        let values = self.values(params, &numbers, delayed, &given, s.states);
        let mut eval = |p: &Program, rows: usize, to: &mut Vec<f64>| {
            // What it doesn't read is of other rows.
            let mut inputs: Values<'_> = [&[]; MAX_NAMES];
            let used = p.used().iter().enumerate().filter(|u| *u.1);
            used.for_each(|(k, _)| inputs[k] = values[k]);
            to.resize(p.out_len(rows, cols), 0.0);
            p.eval_block(scratch, rows, cols, &inputs[..self.names.len()], to);
        };
        eval(&factors[0], rows, values_of);
        let sign = if values_of[0] < 0.0 { -1.0 } else { 1.0 };
        eval(&factors[1], out.len(), values_of);
        out.iter_mut().zip(&*values_of).for_each(|(to, x)| *to = sign * x);
    }

    /// All parameters, of those that can be set.
    fn parameters(&self, scratch: &mut Scratch, params: &mut Vec<f64>, settable: &[f64]) {
        params.clear();
        let mut given = settable.iter();
        for p in &self.params {
            let value = if p.follows {
                let mut inputs: Values<'_> = [&[]; MAX_NAMES];
                params.iter().zip(&mut inputs).for_each(|(p, i)| *i = std::slice::from_ref(p));
                let mut out = [0.0];
                p.program.eval(scratch, &inputs[..params.len()], &mut out);
                out[0]
            } else {
                given.next().copied().unwrap_or(p.value)
            };
            params.push(value);
        }
    }

    fn values<'v>(
        &self,
        params: &'v [f64],
        numbers: &'v [f64; 3],
        delayed: &'v [Vec<f64>],
        s: &Given<'v>,
        states: &'v [&mut [f64]],
    ) -> Values<'v> {
        let mut values: Values<'v> = [&[]; MAX_NAMES];
        let one = |x: &'v f64| std::slice::from_ref(x);
        for (name, value) in self.names.iter().zip(&mut values) {
            *value = match name.what {
                What::Param(k) => one(&params[k]),
                What::Factor(k) => s.factors[k],
                What::State(k) => &*states[k],
                What::Read(k) => s.reads[k],
                What::Weight => s.weights,
                What::Error => s.error,
                What::Delayed(k) => &delayed[k],
                What::Scale => s.scale,
                What::Dt => one(&numbers[0]),
                What::NPre => one(&numbers[1]),
                What::NPost => one(&numbers[2]),
                What::Known => &[],
            };
        }
        values
    }

    /// What is read as it was, before this step is added to it.
    fn read_pasts(&self, s: &Step<'_, '_>, delayed: &mut Vec<Vec<f64>>) {
        delayed.resize(self.delays.len(), vec![]);
        for (delay, values) in self.delays.iter().zip(delayed) {
            let (past, kept) = (&self.pasts[delay.past], &*s.pasts[delay.past]);
            let (rows, count) = (past.rows(s.dt), past.rank.count(s.shape.0, s.shape.1));
            let row = (next_row(kept, rows) + rows - steps(delay.seconds, s.dt)) % rows;
            values.clear();
            values.extend_from_slice(&kept[1 + row * count..][..count]);
        }
    }

    /// The read that is the output of the neurons of a side, if the rule has it.
    pub(crate) fn output_of(&self, side: Side) -> Option<usize> {
        self.reads.iter().position(|r| r.side == side && r.what == "out")
    }

    /// The columns and rows that spiked, where a block asks for them.
    fn spikes(&self, s: &Step<'_, '_>, spikes: &mut [Vec<usize>; 2]) {
        for (k, (side, when)) in [(Side::Pre, When::Pre), (Side::Post, When::Post)].into_iter().enumerate() {
            spikes[k].clear();
            let out = self.output_of(side);
            if let Some(out) = out.filter(|_| self.blocks.iter().any(|b| b.when == when)) {
                spikes[k].extend((0..s.reads[out].len()).filter(|j| s.reads[out][*j] > 0.0));
            }
        }
    }

    /// What `w'` is made of, or a matrix of `w'`·dt for the blocks to add to.
    fn continuous(
        &self,
        scratch: &mut Scratch,
        values: &[&[f64]],
        dt: f64,
        (rows, cols): (usize, usize),
        out: &mut Vec<f64>,
        change: &mut [&mut [f64]],
    ) {
        let mut eval = |p: &Program, out: &mut Vec<f64>| {
            out.resize(p.out_len(rows, cols), 0.0);
            p.eval_block(scratch, rows, cols, values, out);
        };
        match (&self.made, &self.rate, change) {
            (Made::Outer(factors), _, [scale, post, pre]) => {
                product(eval, factors, dt, (rows, cols), out, [scale, post, pre]);
            }
            (Made::Scaled(share, factors), _, [shares, parts @ ..]) => {
                eval(share, out);
                each(shares, Rank::Post, out, share.rank(), (rows, cols), |to, x| *to = dt * x);
                if let (Some(factors), [scale, post, pre]) = (factors, parts) {
                    product(eval, factors, dt, (rows, cols), out, [scale, post, pre]);
                }
            }
            (Made::Dense, Some(rate), [delta]) => {
                eval(rate, out);
                each(delta, Rank::Synapse, out, rate.rank(), (rows, cols), |to, x| *to = dt * x);
            }
            (_, _, change) => change.iter_mut().for_each(|part| part.fill(0.0)),
        }
    }

    /// Computes what a block changes.
    fn block(
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

/// The row of a past that is written next: the oldest.
fn next_row(kept: &[f64], rows: usize) -> usize {
    // Whatever was written there: it is a row.
    kept[0] as usize % rows
}

/// Adds what a name is in this step to its past, in the place of the oldest.
fn keep(past: &Past, kept: &mut [f64], dt: f64, values: &[f64]) {
    let rows = past.rows(dt);
    let row = next_row(kept, rows);
    kept[1 + row * values.len()..][..values.len()].copy_from_slice(values);
    kept[0] = ((row + 1) % rows) as f64;
}

/// The parts of a product.
fn product(
    mut eval: impl FnMut(&Program, &mut Vec<f64>),
    factors: &[Program; 3],
    dt: f64,
    shape: (usize, usize),
    out: &mut Vec<f64>,
    [scale, post, pre]: [&mut [f64]; 3],
) {
    eval(&factors[0], out);
    let number = out[0];
    scale[0] = number.abs() * dt;
    eval(&factors[1], out);
    // The sign goes with the rows: devices are given the factors alone, and must know the direction.
    let sign = if number < 0.0 { -1.0 } else { 1.0 };
    each(post, Rank::Post, out, factors[1].rank(), shape, |to, x| *to = sign * x);
    eval(&factors[2], out);
    each(pre, Rank::Pre, out, factors[2].rank(), shape, |to, x| *to = x);
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

/// Adds the change that a block has computed to where it belongs.
fn store(
    when: When,
    rank: Rank,
    to: &mut [f64],
    change: &[f64],
    (_, cols): (usize, usize),
    spikes: &[Vec<usize>; 2],
) {
    match (when, rank) {
        (When::Pre, Rank::Pre) => spikes[0].iter().zip(change).for_each(|(j, c)| to[*j] += c),
        (When::Pre, Rank::Synapse) => {
            let n = spikes[0].len().max(1);
            for (row, change) in to.chunks_exact_mut(cols.max(1)).zip(change.chunks_exact(n)) {
                spikes[0].iter().zip(change).for_each(|(j, c)| row[*j] += c);
            }
        }
        (When::Post, Rank::Post) => spikes[1].iter().zip(change).for_each(|(i, c)| to[*i] += c),
        (When::Post, Rank::Synapse) => {
            for (i, change) in spikes[1].iter().zip(change.chunks_exact(cols.max(1))) {
                to[i * cols..(i + 1) * cols].iter_mut().zip(change).for_each(|(to, c)| *to += c);
            }
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
fn each(
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
