//! A step of a rule.
//!
//! The order, as the page of the language has it: all states move at once; `w'` and the blocks read what they then are, and the
//! weights of this step; the jumps of states are stored, and the change of the weights is summed and kept within the bounds.
//! Expressions are computed for what they differ by, and the blocks `on pre` and `on post` for the columns and rows of the
//! neurons that spiked alone: each number is the one that it would be if all were computed.

mod blocks;
mod tiles;

use bouton_expr::{Program, Rank, Scratch};

pub(crate) use blocks::assign;
use blocks::{BlockMemory, Piece, each, store};
use tiles::{Jumps, PieceMemory, clip};

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
    /// What is computed in pieces: each state's, and that of `w'`.
    in_pieces: Vec<PieceMemory>,
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
        let Memory { scratch, in_pieces, params, delayed, next, spikes, blocks, out, .. } = memory;
        self.parameters(scratch, params, s.parameters);
        let numbers = [s.dt, cols as f64, rows as f64];
        self.read_pasts(s, delayed);
        // All states move at once: none sees what another has just become. Those of synapses read the others as they stood, and
        // are read by none of them.
        let of_synapses = |rank: Rank| rank == Rank::Synapse;
        next.resize(self.states.len(), vec![]);
        {
            let values = self.values(params, &numbers, delayed, &given, |k| &*s.states[k]);
            for (state, next) in self.states.iter().zip(&mut *next).filter(|s| !of_synapses(s.0.rank)) {
                next.resize(state.rank.count(rows, cols), 0.0);
                let n = self.names.len();
                state.next.eval_block(scratch, rows, cols, &values[..n], next);
            }
        }
        let in_tiles = InTiles { params, numbers: &numbers, delayed, given: &given };
        let bounds = self.bounds(scratch, &in_tiles, next, s);
        // What blocks change of synapses is stored in the tiles where it can be known before.
        let (early, clips) = (self.jumps_in_tiles(), self.clips_in_tiles());
        self.spikes(s, spikes);
        blocks.resize(self.blocks.len(), BlockMemory::default());
        let dense = matches!(self.made, Made::Dense);
        {
            let mut values = self.values(params, &numbers, delayed, &given, |k| &*s.states[k]);
            self.moved(&mut values, next);
            for (block, memory) in self.blocks.iter().zip(&mut *blocks).filter(|_| early) {
                self.block(block, memory, scratch, &values, s.shape, spikes);
            }
            if dense && self.rate_of_synapses().is_none() {
                self.continuous(scratch, &values[..self.names.len()], s.dt, s.shape, out, s.change);
            }
        }
        let jumps = early.then_some(Jumps { blocks, spikes });
        self.tiles(in_pieces, &in_tiles, next, s, jumps, bounds.filter(|_| clips));
        for (state, (of, next)) in s.states.iter_mut().zip(self.states.iter().zip(&*next)) {
            if !of_synapses(of.rank) {
                state.copy_from_slice(next);
            }
        }
        {
            let values = self.values(params, &numbers, delayed, &given, |k| &*s.states[k]);
            for (past, kept) in self.pasts.iter().zip(&mut *s.pasts) {
                keep(past, kept, s.dt, values[past.of]);
            }
            for (block, memory) in self.blocks.iter().zip(&mut *blocks).filter(|_| !early) {
                self.block(block, memory, scratch, &values, s.shape, spikes);
            }
            let all = &values[..self.names.len()];
            match &self.made {
                Made::AtSpikes(a) => self.spike_parts(a, all, bounds, s.change),
                Made::Dense => {}
                _ => self.continuous(scratch, all, s.dt, s.shape, out, s.change),
            }
        }
        let all = Piece::new(0..rows, 0..cols, cols);
        for (block, memory) in self.blocks.iter().zip(&*blocks) {
            for ((target, _), change) in block.targets.iter().zip(&memory.change) {
                let (to, rank) = match *target {
                    Target::Weight => (&mut *s.change[0], Rank::Synapse),
                    Target::State(k) => (&mut *s.states[k], self.states[k].rank),
                };
                if !(early && of_synapses(rank)) {
                    store(block.when, rank, to, change, &all, cols, spikes);
                }
            }
        }
        if let Some(bounds) = bounds.filter(|_| dense && !clips) {
            clip(s.change[0], s.weights, bounds);
        }
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
        let mut values = self.values(of.params, of.numbers, of.delayed, of.given, |k| &*s.states[k]);
        self.moved(&mut values, next);
        Some([&bound[0], &bound[1]].map(|p| {
            let mut out = [0.0];
            p.eval_block(scratch, s.shape.0, s.shape.1, &values[..self.names.len()], &mut out);
            out[0]
        }))
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
        let values = self.values(params, &numbers, delayed, &given, |k| &*s.states[k]);
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
        states: impl Fn(usize) -> &'v [f64],
    ) -> Values<'v> {
        let mut values: Values<'v> = [&[]; MAX_NAMES];
        let one = |x: &'v f64| std::slice::from_ref(x);
        for (name, value) in self.names.iter().zip(&mut values) {
            *value = match name.what {
                What::Param(k) => one(&params[k]),
                What::Factor(k) => s.factors[k],
                What::State(k) => states(k),
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
