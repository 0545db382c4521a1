//! `fuse_populations`: encoding, LIF step and decoding of a population in one pass over its neurons. Bitwise.
//!
//! A pair is fused where the second follows the first and nothing else, no kernel, no call and no probe, needs what is
//! handed on: it then stays in registers and is never stored. The sums keep their order, and so every bit. What only sums the
//! spikes is done in the same pass.

use std::collections::BTreeMap;

use bouton_kernels::{LANES, MAX_DECODED};
use bouton_memory::{Place, Room, Span};

use super::super::{Draft, Turning, What};
use crate::kernels::{Code, EncodeLif, Population, PopulationTally};
use crate::program::Op;

/// How often elements are used, by turns and by who looks.
struct Users {
    /// Room, segment and first element of each span that a turn uses, sorted. Spans of one signal begin inside it, so that all of
    /// them are found.
    used: Vec<(Room, u32, usize)>,
    seen: Vec<Span>,
}

impl Users {
    fn new(d: &Draft<'_>) -> Users {
        let (program, layout) = (d.wanted.program, d.wanted.layout);
        let probed =
            program.operators().iter().filter(|op| matches!(op.op, Op::Probe)).flat_map(|op| op.on.iter());
        let held = d.wanted.holds.signals.iter().copied();
        let probed = probed.map(|o| o.signal).chain(d.wanted.pins.iter().copied()).chain(held);
        let mut seen: Vec<Span> =
            probed.filter(|s| program.get(*s).room == Room::Real).map(|s| layout.span(s)).collect();
        seen.sort();
        let places = d.turns.iter().flat_map(|t| &t.on);
        let mut used: Vec<_> = places.map(|p| (p.room, p.span.segment, p.span.start)).collect();
        used.sort_unstable();
        Users { used, seen }
    }

    /// Whether a whole signal is only used by two turns.
    fn just_two(&self, p: Place) -> bool {
        let s = p.span;
        let before = |x: usize| self.used.partition_point(|u| *u < (p.room, s.segment, x));
        let used = before(s.end()) - before(s.start);
        // Signals don't overlap: a probe of this one begins in it.
        let first = self.seen.partition_point(|q| (q.segment, q.start) < (s.segment, s.start));
        let probed = self.seen.get(first).is_some_and(|q| q.segment == s.segment && q.start < s.end());
        used == 2 && !probed
    }
}

impl Draft<'_> {
    /// Fuses what can be fused.
    pub(crate) fn fuse_populations(&mut self) {
        let mut tallies = Tallies::new();
        if !self.wanted.tallies.is_empty() {
            let key = |t: &Turning| (t.on[1].room, t.on[1].span);
            let is = |t: &mut Turning| matches!(t.what, What::Code(Code::Tally(_)));
            tallies = self.turns.extract_if(.., is).map(|t| (key(&t), t)).collect();
        }
        let users = Users::new(self);
        let mut turns: Vec<Turning> = Vec::with_capacity(self.turns.len());
        for t in std::mem::take(&mut self.turns) {
            match turns.last().and_then(|last| fused(&users, last, &t)) {
                Some((what, on)) => {
                    if let Some(last) = turns.last_mut() {
                        let out = last.on.first().map(|p| (p.room, p.span));
                        (last.what, last.on, last.pass) = (what, on, "fuse_populations");
                        if matches!(last.what, What::Code(Code::Population(_)))
                            && let Some(tally) = out.and_then(|out| tallies.remove(&out))
                        {
                            last.what = What::Code(PopulationTally.into());
                            last.on.insert(3, tally.on[0]);
                        }
                    }
                }
                None => turns.push(t),
            }
        }
        if !tallies.is_empty() {
            turns = with_tallies(turns, tallies);
        }
        self.turns = turns;
        self.regroup();
    }
}

/// Signals, and the turns that sum them.
type Tallies = BTreeMap<(Room, Span), Turning>;

/// Turns with those that sum: in the pass of a population, else behind the turn that writes last what is summed.
fn with_tallies(turns: Vec<Turning>, mut tallies: Tallies) -> Vec<Turning> {
    let mut all = Vec::with_capacity(turns.len() + tallies.len());
    for t in turns.into_iter().rev() {
        let written = t.on.iter().filter(|p| p.write).map(|p| (p.room, p.span));
        all.extend(written.filter_map(|p| tallies.remove(&p)));
        all.push(t);
    }
    // What no turn writes as a whole.
    all.reverse();
    all.extend(tallies.into_values());
    all
}

/// The kernel that does the work of two, and its operands, if there is one.
fn fused(users: &Users, first: &Turning, second: &Turning) -> Option<(What, Vec<Place>)> {
    let (What::Code(a), What::Code(b)) = (&first.what, &second.what) else { return None };
    let same = |x: Place, y: Place| x.room == y.room && x.span == y.span;
    match (a, b, &first.on[..], &second.on[..]) {
        (Code::Encode(_), Code::LifPhase(_), [j, bias, enc, x], [out, v, mark, from, constants])
            if same(*j, *from) && users.just_two(*j) =>
        {
            Some((What::Code(EncodeLif.into()), vec![*out, *v, *mark, *bias, *enc, *x, *constants]))
        }
        (Code::EncodeLif(_), Code::Dot(dot), [out, v, mark, bias, enc, x, constants], [y, d, from])
            if same(*out, *from)
                && x.span.len == 1
                && dot.stride == out.span.len
                && out.span.len >= 2 * LANES
                && y.span.len <= MAX_DECODED
                && users.just_two(*out) =>
        {
            Some((What::Code(Population.into()), vec![*y, *v, *mark, *bias, *enc, *x, *d, *constants]))
        }
        _ => None,
    }
}
