//! What differs by synapse, piece by piece: its states move, `w'` is computed, the jumps of the blocks are stored and the bounds
//! hold while the numbers are in the first cache.

use std::ops::Range;

use bouton_expr::{Program, Rank, Scratch};
use bouton_kernels::{Level, Loop};

use super::blocks::{BlockMemory, Piece, store};
use super::{InTiles, Step, Values};
use crate::rule::*;

/// Synapses that are computed together: what a step holds of them fits the first cache, and what a piece costs beside its loops
/// is less than these.
const PIECE: usize = 1024;
/// Most states and matrices of a piece that are read side by side before.
const AHEAD: usize = 4;

/// What blocks have computed before the tiles, to be stored in them; nothing if they must see what the tiles make.
#[derive(Clone, Copy)]
pub(super) struct Jumps<'a> {
    pub blocks: &'a [BlockMemory],
    pub spikes: &'a [Vec<usize>; 2],
}

/// What an expression that is computed piece by piece keeps between pieces, and room for what it comes to.
#[derive(Clone, Debug, Default)]
pub(super) struct PieceMemory {
    scratch: Scratch,
    next: Vec<f64>,
    /// The share of a state that is added to it, if that is all: it is then added where it lies.
    share: Option<f64>,
}

/// Adds a share of each to it.
struct Grows<'a> {
    state: &'a mut [f64],
    share: f64,
}

impl Loop for Grows<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        self.state.iter_mut().for_each(|x| *x += self.share * *x);
    }
}

/// Brings a rate to a change, and keeps weights within bounds by it. A weight that isn't a number stays one, to be found; one within
/// the bounds keeps the bits of its change.
struct Bounded<'a> {
    change: &'a mut [f64],
    weights: &'a [f64],
    by: f64,
    bounds: [f64; 2],
}

impl Loop for Bounded<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let [low, high] = self.bounds;
        for (d, w) in self.change.iter_mut().zip(self.weights) {
            let by = *d * self.by;
            let sum = w + by;
            // Both are computed and one is taken: a branch would be taken as spikes come.
            let by = if sum > high { high - w } else { by };
            *d = if sum < low { low - w } else { by };
        }
    }
}

/// Keeps weights within bounds, by their change.
pub(super) fn clip(change: &mut [f64], weights: &[f64], bounds: [f64; 2]) {
    Level::detect().run(Bounded { change, weights, by: 1.0, bounds });
}

impl Rule {
    /// `w'`, where the change is a matrix of what differs by synapse.
    pub(super) fn rate_of_synapses(&self) -> Option<&Program> {
        self.rate.as_ref().filter(|r| matches!(self.made, Made::Dense) && r.rank() == Rank::Synapse)
    }

    /// Whether what the blocks compute needs nothing of what the tiles make, and nobody looks at a state between its motion and its
    /// jumps.
    pub(super) fn jumps_in_tiles(&self) -> bool {
        let made = |name: usize| {
            let name = &self.names[name];
            matches!(name.what, What::State(_)) && name.rank == Rank::Synapse
        };
        !self.blocks.iter().flat_map(|b| &b.reads).any(|k| made(*k)) && !self.pasts.iter().any(|p| made(p.of))
    }

    /// Whether blocks add to the change of the weights.
    fn blocks_add(&self) -> bool {
        self.blocks.iter().flat_map(|b| &b.targets).any(|t| t.0 == Target::Weight)
    }

    /// Whether all that is added to a change that is a matrix is known in its tile.
    pub(super) fn clips_in_tiles(&self) -> bool {
        matches!(self.made, Made::Dense) && (self.jumps_in_tiles() || !self.blocks_add())
    }

    /// Puts the states that are not of synapses as they have moved in the place of what they were.
    pub(super) fn moved<'v>(&self, values: &mut Values<'v>, next: &'v [Vec<f64>]) {
        for (name, value) in self.names.iter().zip(values) {
            if let What::State(k) = name.what
                && name.rank != Rank::Synapse
            {
                *value = &next[k];
            }
        }
    }

    /// Moves the states of synapses, sets a change that is `w'` of synapses, stores the jumps of both and lets the bounds hold.
    /// Each number is what it would be of all synapses at once.
    pub(super) fn tiles(
        &self,
        memory: &mut Vec<PieceMemory>,
        of: &InTiles<'_>,
        next: &[Vec<f64>],
        s: &mut Step<'_, '_>,
        jumps: Option<Jumps<'_>>,
        bounds: Option<[f64; 2]>,
    ) {
        let (shape, n, dense) = (s.shape, self.names.len(), matches!(self.made, Made::Dense));
        let (rows, cols) = shape;
        let of_synapses = |k: &usize| self.states[*k].rank == Rank::Synapse;
        let states: Vec<usize> = (0..self.states.len()).filter(of_synapses).collect();
        if cols == 0 || (states.is_empty() && !dense) {
            return;
        }
        // States of synapses are written, the others are read.
        let (mut own, mut others): (Vec<&mut [f64]>, Vec<&[f64]>) = (vec![], vec![]);
        for (k, state) in s.states.iter_mut().enumerate() {
            let mine = of_synapses(&k);
            let (written, read): (&mut [f64], &[f64]) = if mine { (state, &[]) } else { (&mut [], state) };
            own.push(written);
            others.push(read);
        }
        let before = self.values(of.params, of.numbers, of.delayed, of.given, |k| others[k]);
        let mut after = before;
        self.moved(&mut after, next);
        memory.resize_with(states.len() + 1, PieceMemory::default);
        let (of_states, of_rate) = memory.split_at_mut(states.len());
        for (&k, m) in states.iter().zip(&mut *of_states) {
            let state = &self.states[k];
            m.share = state.share.as_ref().map(|share| {
                let mut out = [0.0];
                share.eval_block(&mut m.scratch, rows, cols, &before[..n], &mut out);
                out[0]
            });
            if m.share.is_none() {
                m.next.resize(PIECE, 0.0);
                state.next.begin(&mut m.scratch, shape, &before[..n]);
            }
        }
        let by_shares = of_states.iter().all(|m| m.share.is_some());
        let rate = self.rate_of_synapses();
        if let Some(rate) = rate {
            rate.begin(&mut of_rate[0].scratch, shape, &after[..n]);
        }
        let by_synapse: Vec<usize> = (0..n).filter(|k| self.names[*k].rank == Rank::Synapse).collect();
        let mut change = s.change.first_mut().filter(|_| dense);
        for piece in pieces(rows, cols) {
            let (at, part) = ((piece.rows.start, piece.cols.start), piece.part.clone());
            // All that it goes over one behind the other.
            let of_weights = s.weights.get(part.clone()).unwrap_or(&[]);
            let of_change = change.as_ref().map_or(&[][..], |c| &c[part.clone()]);
            let all = states.iter().map(|k| &own[*k][part.clone()]).chain([of_weights, of_change]);
            let mut ahead: [&[f64]; AHEAD] = [&[]; AHEAD];
            ahead.iter_mut().zip(all).for_each(|(a, x)| *a = x);
            bouton_kernels::read_ahead(ahead);
            if !by_shares {
                let inputs = self.in_piece(&by_synapse, &before, &own, &part);
                for (&k, m) in states.iter().zip(&mut *of_states).filter(|s| s.1.share.is_none()) {
                    let next = &mut m.next[..part.len()];
                    self.states[k].next.piece(&mut m.scratch, shape, at, &inputs[..n], next);
                }
            }
            for (&k, m) in states.iter().zip(&*of_states) {
                let state = &mut own[k][part.clone()];
                match m.share {
                    Some(share) => Level::detect().run(Grows { state, share }),
                    None => state.copy_from_slice(&m.next[..part.len()]),
                }
            }
            let mut change = change.as_mut().map(|c| &mut c[part.clone()]);
            // From what is set so far to a change.
            let mut by = 1.0;
            if let (Some(rate), Some(change)) = (rate, &mut change) {
                let inputs = self.in_piece(&by_synapse, &after, &own, &part);
                rate.piece(&mut of_rate[0].scratch, shape, at, &inputs[..n], change);
                by = s.dt;
            }
            if let Some(jumps) = jumps {
                if let Some(change) = change.as_mut().filter(|_| self.blocks_add()) {
                    change.iter_mut().for_each(|d| *d *= by);
                    by = 1.0;
                }
                self.jump(jumps, &piece, cols, &mut own, change.as_deref_mut());
            }
            let Some(change) = change else { continue };
            match bounds {
                Some(bounds) => {
                    Level::detect().run(Bounded { change, weights: &s.weights[part], by, bounds });
                }
                None if by != 1.0 => change.iter_mut().for_each(|d| *d *= by),
                None => {}
            }
        }
    }

    /// The values of all names, of those that differ by synapse a part.
    fn in_piece<'v>(
        &self,
        by_synapse: &[usize],
        values: &Values<'v>,
        states: &'v [&mut [f64]],
        part: &Range<usize>,
    ) -> Values<'v> {
        let mut values = *values;
        for &k in by_synapse {
            let whole = match self.names[k].what {
                What::State(k) => &*states[k],
                _ => values[k],
            };
            // What nothing needs is empty.
            values[k] = whole.get(part.clone()).unwrap_or(&[]);
        }
        values
    }

    /// Stores what blocks change of the synapses of a piece.
    fn jump(
        &self,
        jumps: Jumps<'_>,
        piece: &Piece,
        cols: usize,
        states: &mut [&mut [f64]],
        mut change_of_weights: Option<&mut [f64]>,
    ) {
        for (block, memory) in self.blocks.iter().zip(jumps.blocks) {
            for ((target, _), change) in block.targets.iter().zip(&memory.change) {
                let to = match *target {
                    Target::Weight => change_of_weights.as_deref_mut().unwrap_or(&mut []),
                    Target::State(k) if self.states[k].rank == Rank::Synapse => {
                        &mut states[k][piece.part.clone()]
                    }
                    Target::State(_) => continue,
                };
                store(block.when, Rank::Synapse, to, change, piece, cols, jumps.spikes);
            }
        }
    }
}

/// The pieces of a matrix, in order.
fn pieces(rows: usize, cols: usize) -> impl Iterator<Item = Piece> {
    let height = (PIECE / cols).max(1);
    let parts = cols.div_ceil(PIECE);
    (0..rows).step_by(height).flat_map(move |first| {
        let these = first..rows.min(first + height);
        (0..parts).map(move |k| Piece::new(these.clone(), k * cols / parts..(k + 1) * cols / parts, cols))
    })
}
