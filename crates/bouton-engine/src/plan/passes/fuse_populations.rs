//! `fuse_populations`: encoding, LIF step and decoding of a population in one pass over its neurons. Bitwise.
//!
//! A pair is fused where the second follows the first and nothing else, no kernel, no call and no probe, needs what is
//! handed on: it then stays in registers and is never stored. The sums keep their order, and so every bit.

use std::collections::HashMap;

use bouton_kernels::{LANES, MAX_DECODED};
use bouton_memory::{Place, Room, Span};

use super::super::{Draft, Turning, What};
use crate::kernels::{Code, EncodeLif, Population};
use crate::program::Op;

/// How often elements are used, by turns and by who looks.
struct Users {
    /// By room, segment and first element of a span. Spans of one signal begin inside it, so that all of them are found.
    count: HashMap<(Room, u32, usize), usize>,
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
        let mut count = HashMap::new();
        for p in d.turns.iter().flat_map(|t| &t.on) {
            *count.entry((p.room, p.span.segment, p.span.start)).or_default() += 1;
        }
        Users { count, seen }
    }

    /// Whether a whole signal is only used by two turns.
    fn just_two(&self, p: Place) -> bool {
        let s = p.span;
        let used: usize = (s.start..s.end()).filter_map(|e| self.count.get(&(p.room, s.segment, e))).sum();
        // Signals don't overlap: a probe of this one begins in it.
        let first = self.seen.partition_point(|q| (q.segment, q.start) < (s.segment, s.start));
        let probed = self.seen.get(first).is_some_and(|q| q.segment == s.segment && q.start < s.end());
        used == 2 && !probed
    }
}

impl Draft<'_> {
    /// Fuses what can be fused.
    pub(crate) fn fuse_populations(&mut self) {
        let users = Users::new(self);
        let mut turns: Vec<Turning> = Vec::with_capacity(self.turns.len());
        for t in std::mem::take(&mut self.turns) {
            match turns.last().and_then(|last| fused(&users, last, &t)) {
                Some((what, on)) => {
                    if let Some(last) = turns.last_mut() {
                        (last.what, last.on, last.pass) = (what, on, "fuse_populations");
                    }
                }
                None => turns.push(t),
            }
        }
        self.turns = turns;
        self.regroup();
    }
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
