//! Stages: which turns may run at once.
//!
//! A turn's stage is one more than the highest stage of an earlier one that it conflicts with (one writes what the other
//! reads or writes). Running stage by stage, in any order within a stage, keeps the order of every pair that conflicts, and
//! so every bit. Stages depend on the model, never on the number of threads. Memory checks for itself that units that run
//! at once don't meet (`Steps::new`): a fault here ends in an error, not in a race.

use bouton_memory::{Parts, Place, Room};

use super::{Draft, Turning};

/// Numbers touched in a stage below which more than one thread costs more than it gains (about 10 µs of work).
const WORTH: usize = 30_000;
/// Units of work that a stage is cut into: enough for threads to even out, few enough to claim cheaply.
const UNITS: usize = 16;

/// The memory cut at the borders of all operands: two operands meet exactly when they share a piece.
pub(crate) struct Pieces {
    starts: Vec<u64>,
}

/// A place in memory as one number, in order: a plan asks for many of them.
fn border(room: Room, segment: u32, element: usize) -> u64 {
    (room as u64) << 63 | u64::from(segment) << 44 | element as u64
}

impl Pieces {
    pub(crate) fn new(turns: &[Turning]) -> Pieces {
        let borders = |p: &Place| [p.span.start, p.span.end()].map(|x| border(p.room, p.span.segment, x));
        let mut starts: Vec<u64> = turns.iter().flat_map(|t| &t.on).flat_map(borders).collect();
        starts.sort_unstable();
        starts.dedup();
        Pieces { starts }
    }
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }
    fn of(&self, p: &Place) -> std::ops::Range<usize> {
        let at = |x: usize| self.starts.partition_point(|b| *b < border(p.room, p.span.segment, x));
        at(p.span.start)..at(p.span.end())
    }
    /// Pieces that a turn reads, and those that it writes.
    pub(crate) fn touched(&self, t: &Turning) -> (Vec<usize>, Vec<usize>) {
        let of = |write: bool| t.on.iter().filter(|p| p.write == write).flat_map(|p| self.of(p)).collect();
        (of(false), of(true))
    }
}

impl Draft<'_> {
    /// The stage of each group.
    pub(crate) fn stages(&self) -> Vec<u32> {
        let pieces = Pieces::new(&self.turns);
        let mut written = vec![0u32; pieces.len()];
        let mut read = vec![0u32; pieces.len()];
        let (mut barrier, mut top) = (1, 0);
        let mut stages = Vec::with_capacity(self.groups.len());
        for g in &self.groups {
            let mut stage = barrier;
            if self.turns[g.clone()].iter().any(|t| t.barrier) {
                stage = top.max(barrier) + 1;
                barrier = stage + 1;
            } else {
                let (mut reads, mut writes) = (vec![], vec![]);
                for t in &self.turns[g.clone()] {
                    let (r, w) = pieces.touched(t);
                    reads.extend(r);
                    writes.extend(w);
                }
                for p in &reads {
                    stage = stage.max(written[*p] + 1);
                }
                for p in &writes {
                    stage = stage.max(written[*p] + 1).max(read[*p] + 1);
                }
                for p in &reads {
                    read[*p] = read[*p].max(stage);
                }
                for p in &writes {
                    written[*p] = stage;
                }
            }
            top = top.max(stage);
            stages.push(stage);
        }
        stages
    }

    /// The step in parts: stages with enough work are cut into units, the rest runs serially.
    pub(crate) fn parts(&self) -> Vec<Parts> {
        let stages = self.stages();
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.sort_by_key(|g| stages[*g]);
        let mut parts: Vec<Parts> = vec![];
        let serial = |parts: &mut Vec<Parts>, ks: Vec<usize>| match parts.last_mut() {
            Some(Parts::Serial(all)) => all.extend(ks),
            _ if ks.is_empty() => {}
            _ => parts.push(Parts::Serial(ks)),
        };
        let turns = |gs: &[usize]| gs.iter().flat_map(|g| self.groups[*g].clone()).collect::<Vec<usize>>();
        for stage in order.chunk_by(|a, b| stages[*a] == stages[*b]) {
            let called = |g: &&usize| self.turns[self.groups[**g].clone()].iter().any(Turning::is_call);
            let (calls, loops): (Vec<usize>, Vec<usize>) = stage.iter().partition(called);
            let work: usize = loops.iter().map(|g| self.work(*g)).sum();
            serial(&mut parts, turns(&calls));
            if work < WORTH || loops.len() < 2 {
                serial(&mut parts, turns(&loops));
                continue;
            }
            let mut units: Vec<Vec<usize>> = vec![vec![]];
            let mut filled = 0;
            for g in loops {
                if filled >= work / UNITS {
                    units.push(vec![]);
                    filled = 0;
                }
                filled += self.work(g);
                if let Some(u) = units.last_mut() {
                    u.extend(self.groups[g].clone());
                }
            }
            parts.push(Parts::Parallel(units));
        }
        parts
    }

    fn work(&self, group: usize) -> usize {
        // A call of a loop costs about as much as touching twenty numbers.
        self.turns[self.groups[group].clone()].iter().map(|t| 20 + t.work()).sum()
    }
}
