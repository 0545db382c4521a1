//! `fuse_populations`: encoding, LIF step and decoding of a population in one pass over its neurons. Bitwise.
//!
//! A pair is fused where the second follows the first and nothing else, no kernel, no call and no probe, needs what is
//! handed on: it then stays in registers and is never stored. The sums keep their order, and so every bit. What is added to
//! currents right behind the encoding, as from another population's neurons, is added in its loop; what only sums the spikes
//! is summed in theirs. A value that is only handed on, as by the nodes of an array of ensembles, is read and written where it
//! comes from and goes to.

use bouton_kernels::{LANES, MAX_DECODED};
use bouton_memory::{Place, Room, Span};

use super::super::{Draft, MERGED, Turning, What};
use crate::kernels::{Code, Encode, EncodeLif, Population};
use crate::program::Op;

/// How often elements are used, by turns, by who looks and by sums.
struct Users {
    /// Room, segment and first element of each span that a turn uses, sorted. Spans of one signal begin inside it, so that all of
    /// them are found.
    used: Vec<(Room, u32, usize)>,
    seen: Vec<Span>,
    /// What is summed, and where, sorted.
    summed: Vec<(Span, Span)>,
    /// What a step begins with at zero, sorted.
    zeros: Vec<Span>,
}

impl Users {
    fn new(d: &Draft<'_>) -> Users {
        let (program, layout) = (d.wanted.program, d.wanted.layout);
        let probed =
            program.operators().iter().filter(|op| matches!(op.op, Op::Probe)).flat_map(|op| op.on.iter());
        let held = d.wanted.holds.signals.iter().copied();
        // What has a path is read between steps, and is there.
        let known = program.knobs().iter().map(|(_, knob)| knob.signal);
        let probed = probed.map(|o| o.signal).chain(d.wanted.pins.iter().copied()).chain(held).chain(known);
        let mut seen: Vec<Span> =
            probed.filter(|s| program.get(*s).room == Room::Real).map(|s| layout.span(s)).collect();
        seen.sort();
        let mut summed: Vec<_> = d.wanted.tallies.iter().map(|(s, sums)| (layout.span(*s), *sums)).collect();
        summed.sort_unstable();
        let merged = d.turns.iter().filter(|t| t.pass == MERGED);
        let mut zeros: Vec<Span> = merged.flat_map(|t| &t.on).map(|p| p.span).collect();
        zeros.sort_unstable();
        let mut users = Users { used: vec![], seen, summed, zeros };
        users.count(d);
        users
    }

    /// Counts by turns, as they now are.
    fn count(&mut self, d: &Draft<'_>) {
        // The fill of all that is reset uses the numbers of many.
        let places = d.turns.iter().filter(|t| t.pass != MERGED).flat_map(|t| &t.on);
        self.used.clear();
        self.used.extend(places.map(|p| (p.room, p.span.segment, p.span.start)));
        self.used.sort_unstable();
    }

    /// Where the elements of a whole signal are summed, if they are; `None` where more uses it than two turns and one sum of all
    /// of it.
    fn just_two_and_sums(&self, p: Place) -> Option<Option<Span>> {
        let s = p.span;
        let before = |x: usize| self.used.partition_point(|u| *u < (p.room, s.segment, x));
        // Signals don't overlap: a probe or a sum of this one begins in it.
        let from = |span: &Span| (span.segment, span.start) < (s.segment, s.start);
        let first = self.seen.partition_point(from);
        let probed = self.seen.get(first).is_some_and(|q| q.segment == s.segment && q.start < s.end());
        if before(s.end()) - before(s.start) != 2 || probed {
            return None;
        }
        let first = self.summed.partition_point(|(q, _)| from(q));
        let within = |q: &&(Span, Span)| q.0.segment == s.segment && q.0.start < s.end();
        match self.summed[first..].iter().take_while(within).collect::<Vec<_>>()[..] {
            [] => Some(None),
            [(q, sums)] if *q == s => Some(Some(*sums)),
            _ => None,
        }
    }

    /// Whether a step begins with these numbers at zero.
    fn zero(&self, p: Place) -> bool {
        let before = self.zeros.partition_point(|z| (z.segment, z.start) <= (p.span.segment, p.span.start));
        let last = self.zeros[..before].last();
        p.room == Room::Real && last.is_some_and(|z| z.segment == p.span.segment && z.end() >= p.span.end())
    }

    /// Whether a whole signal is only used by two turns.
    fn just_two(&self, p: Place) -> bool {
        self.just_two_and_sums(p) == Some(None)
    }
}

impl Draft<'_> {
    /// Fuses what can be fused.
    pub(crate) fn fuse_populations(&mut self) {
        let mut users = Users::new(self);
        self.fuse(|first, second| forward(&users, first, second).or_else(|| add(first, second)));
        users.count(self);
        self.fuse(|first, second| fused(&users, first, second));
        self.regroup();
    }

    /// Makes one turn of each two for which there is a kernel that does the work of both.
    fn fuse(&mut self, of: impl Fn(&Turning, &Turning) -> Option<(What, Vec<Place>)>) {
        let mut turns: Vec<Turning> = Vec::with_capacity(self.turns.len());
        for t in std::mem::take(&mut self.turns) {
            match turns.last().and_then(|last| of(last, &t)) {
                Some((what, on)) => {
                    if let Some(last) = turns.last_mut() {
                        (last.what, last.on, last.pass) = (what, on, "fuse_populations");
                    }
                }
                None => turns.push(t),
            }
        }
        self.turns = turns;
    }
}

/// Whether two places are the same.
fn same(x: Place, y: Place) -> bool {
    x.room == y.room && x.span == y.span
}

/// The encoding of what has been added to nothing else, read where it comes from.
fn forward(users: &Users, first: &Turning, second: &Turning) -> Option<(What, Vec<Place>)> {
    let (What::Code(Code::Copy(c)), What::Code(Code::Encode(_))) = (&first.what, &second.what) else {
        return None;
    };
    let [to, from] = first.on[..] else { return None };
    let x = second.on.get(3)?;
    (c.inc && same(to, *x) && users.just_two(to) && users.zero(to)).then(|| {
        let mut on = second.on.clone();
        on[3] = from;
        (second.what.clone(), on)
    })
}

/// The encoding that also adds what is added to its currents right behind it, if it can: once.
fn add(first: &Turning, second: &Turning) -> Option<(What, Vec<Place>)> {
    let (What::Code(Code::Encode(e)), What::Code(Code::Copy(c))) = (&first.what, &second.what) else {
        return None;
    };
    match (&first.on[..], &second.on[..]) {
        ([j, bias, enc, x], [to, plus]) if !e.plus && c.inc && same(*j, *to) => {
            Some((What::Code(Encode { plus: true }.into()), vec![*j, *bias, *enc, *x, *plus]))
        }
        _ => None,
    }
}

/// The kernel that does the work of two, and its operands, if there is one.
fn fused(users: &Users, first: &Turning, second: &Turning) -> Option<(What, Vec<Place>)> {
    let (What::Code(a), What::Code(b)) = (&first.what, &second.what) else { return None };
    match (a, b, &first.on[..], &second.on[..]) {
        (Code::Encode(e), Code::LifPhase(_), [j, read @ ..], [out, v, mark, from, constants])
            if same(*j, *from) && users.just_two(*j) =>
        {
            let on = [*out, *v, *mark].into_iter().chain(read.iter().copied()).chain([*constants]);
            Some((What::Code(EncodeLif { plus: e.plus }.into()), on.collect()))
        }
        (Code::EncodeLif(_), Code::Dot(dot), [out, v, mark, bias, enc, x, constants], [y, d, from])
            if same(*out, *from)
                && x.span.len == 1
                && dot.stride == out.span.len
                && out.span.len >= 2 * LANES
                && y.span.len <= MAX_DECODED =>
        {
            let sums =
                users.just_two_and_sums(*out)?.map(|span| Place { room: Room::Real, span, write: true });
            let on = [*y, *v, *mark].into_iter().chain(sums).chain([*bias, *enc, *x, *d, *constants]);
            Some((What::Code(Population { sums: sums.is_some() }.into()), on.collect()))
        }
        // Nothing that is added to zero makes it negative, so that a zero has the same sign either way.
        (Code::Population(_), Code::Copy(c), [y, rest @ ..], [to, from])
            if c.inc && same(*y, *from) && users.just_two(*y) && users.zero(*y) && users.zero(*to) =>
        {
            Some((first.what.clone(), [*to].into_iter().chain(rest.iter().copied()).collect()))
        }
        _ => None,
    }
}
