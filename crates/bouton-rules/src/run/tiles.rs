//! What differs by synapse, some rows at a time: its states move, `w'` is computed, the jumps of the blocks are stored and the bounds
//! hold while the numbers are in a cache.

use std::ops::Range;

use bouton_expr::{Program, Rank, Scratch};
use bouton_kernels::{Level, Loop};

use super::blocks::{BlockMemory, store};
use super::{InTiles, Step, Values};
use crate::rule::*;

/// Synapses that are computed together: what a step holds of them fits a cache.
const TILE: usize = 1 << 13;

/// What blocks have computed before the tiles, to be stored in them; nothing if they must see what the tiles make.
#[derive(Clone, Copy)]
pub(super) struct Jumps<'a> {
    pub blocks: &'a [BlockMemory],
    pub spikes: &'a [Vec<usize>; 2],
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
    /// Each number is what it would be of all rows at once.
    pub(super) fn tiles(
        &self,
        scratch: &mut Scratch,
        of: &InTiles<'_>,
        next: &mut [Vec<f64>],
        s: &mut Step<'_, '_>,
        jumps: Option<Jumps<'_>>,
        bounds: Option<[f64; 2]>,
    ) {
        let ((rows, cols), n) = (s.shape, self.names.len());
        let of_synapses = |k: &usize| self.states[*k].rank == Rank::Synapse;
        let states: Vec<usize> = (0..self.states.len()).filter(of_synapses).collect();
        let rate = self.rate_of_synapses();
        if cols == 0 || (states.is_empty() && !matches!(self.made, Made::Dense)) {
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
            if !states.is_empty() {
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
            // From what is set so far to a change.
            let mut by = 1.0;
            if let Some(rate) = rate {
                let mut values = self.values(of.params, of.numbers, of.delayed, of.given, s.states);
                self.moved(&mut values, next);
                cut(&mut values);
                rate.eval_block(scratch, count, cols, &values[..n], &mut s.change[0][part.clone()]);
                by = s.dt;
            }
            if let Some(jumps) = jumps {
                if self.blocks_add() {
                    s.change[0][part.clone()].iter_mut().for_each(|d| *d *= by);
                    by = 1.0;
                }
                self.jump(jumps, &these, s);
            }
            let Some(change) = s.change.first_mut().filter(|_| matches!(self.made, Made::Dense)) else {
                continue;
            };
            let change = &mut change[part.clone()];
            match bounds {
                Some(bounds) => {
                    Level::detect().run(Bounded { change, weights: &s.weights[part], by, bounds })
                }
                None if by != 1.0 => change.iter_mut().for_each(|d| *d *= by),
                None => {}
            }
        }
    }

    /// Stores what blocks change of the synapses of some rows.
    fn jump(&self, jumps: Jumps<'_>, these: &Range<usize>, s: &mut Step<'_, '_>) {
        let cols = s.shape.1;
        let part = these.start * cols..these.end * cols;
        for (block, memory) in self.blocks.iter().zip(jumps.blocks) {
            for ((target, _), change) in block.targets.iter().zip(&memory.change) {
                let to = match *target {
                    Target::Weight => &mut s.change[0][part.clone()],
                    Target::State(k) if self.states[k].rank == Rank::Synapse => {
                        &mut s.states[k][part.clone()]
                    }
                    Target::State(_) => continue,
                };
                store(block.when, Rank::Synapse, to, change, these.clone(), cols, jumps.spikes);
            }
        }
    }
}
