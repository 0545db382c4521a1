//! `fuse_populations`: encoding, LIF step and decoding of a population in one pass over its neurons. Bitwise.
//!
//! A pair is fused where the second follows the first and nothing else, no kernel, no call and no probe, needs what is
//! handed on: it then stays in registers and is never stored. The sums keep their order, and so every bit. What is added to
//! currents right behind the encoding, as from another population's neurons, is added in its loop; what only sums the spikes
//! is summed in theirs. A value that is only handed on, as by the nodes of an array of ensembles, is read and written where it
//! comes from and goes to.

use std::collections::HashSet;

use bouton_kernels::{LANES, MAX_DECODED};
use bouton_memory::{Place, Room, Span};

use super::super::{Draft, MERGED, Turning, What};
use crate::kernels::{Code, Encode, EncodeLif, Population};
use crate::program::{SignalId, Writes};

/// How often signals are used, by turns, by who looks and by sums.
struct Users {
    /// Base signals by their beginnings.
    signals: Vec<(Span, SignalId)>,
    /// Room, segment and first element of each span that a turn uses, sorted.
    used: Vec<(Room, u32, usize)>,
    /// Base signals that somebody looks at or reaches by their addresses; those reached; those with a path, and with one by which
    /// they are written.
    seen: HashSet<SignalId>,
    held: HashSet<SignalId>,
    known: HashSet<SignalId>,
    edited: HashSet<SignalId>,
    /// What one turn writes and no other writes an element of, sorted.
    ones: Vec<Span>,
    /// What is summed, and where, sorted.
    summed: Vec<(Span, Span)>,
    /// What a step begins with at zero, sorted.
    zeros: Vec<Span>,
}

impl Users {
    fn new(d: &Draft<'_>) -> Users {
        let (program, layout) = (d.wanted.program, d.wanted.layout);
        let mut signals: Vec<_> = d.real_signals().filter(|(span, _)| span.len > 0).collect();
        signals.sort_unstable();
        let held = d.wanted.holds.signals.clone();
        let (mut known, mut edited) = (HashSet::new(), HashSet::new());
        for (_, knob) in program.knobs().iter() {
            known.insert(program.base(knob.signal));
            if !matches!(knob.writes, Writes::Never(_)) {
                edited.insert(program.base(knob.signal));
            }
        }
        let mut summed: Vec<_> = d.wanted.tallies.iter().map(|(s, sums)| (layout.span(*s), *sums)).collect();
        summed.sort_unstable();
        let merged = d.turns.iter().filter(|t| t.pass == MERGED);
        let mut zeros: Vec<Span> = merged.flat_map(|t| &t.on).map(|p| p.span).collect();
        zeros.sort_unstable();
        let seen = d.looked_at().chain(held.iter().copied()).collect();
        let ones = Self::ones(d);
        let mut users = Users { signals, used: vec![], seen, held, known, edited, ones, summed, zeros };
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

    /// What is written by one turn alone, resets aside.
    fn ones(d: &Draft<'_>) -> Vec<Span> {
        let places = d.turns.iter().filter(|t| t.pass != MERGED).flat_map(|t| &t.on);
        let written = places.filter(|p| p.write && p.room == Room::Real && p.span.len > 0);
        let mut all: Vec<Span> = written.map(|p| p.span).collect();
        all.sort_unstable();
        let mut furthest = (0, 0);
        let mut ones = vec![];
        for (k, s) in all.iter().enumerate() {
            let behind = (s.segment, s.start) >= furthest;
            let before = all.get(k + 1).is_none_or(|next| (s.segment, s.end()) <= (next.segment, next.start));
            if behind && before {
                ones.push(*s);
            }
            furthest = furthest.max((s.segment, s.end()));
        }
        ones
    }

    /// The base signal that a place has elements of, and whether it is all of it.
    fn signal(&self, p: Place) -> Option<(SignalId, bool)> {
        let before =
            self.signals.partition_point(|(s, _)| (s.segment, s.start) <= (p.span.segment, p.span.start));
        let (span, id) = *self.signals[..before].last()?;
        let within = p.room == Room::Real && span.segment == p.span.segment && p.span.start < span.end();
        within.then_some((id, span == p.span))
    }

    /// How many turns use a signal at all, where a place is the whole of it and nobody looks at it.
    fn turns(&self, p: Place) -> Option<usize> {
        let (id, true) = self.signal(p)? else { return None };
        // Whatever uses a part of it begins in it.
        let before = |x: usize| self.used.partition_point(|u| *u < (p.room, p.span.segment, x));
        (!self.seen.contains(&id)).then(|| before(p.span.end()) - before(p.span.start))
    }

    /// Where the elements of a whole signal are summed, if they are; `None` where more uses it than two turns and one sum of all
    /// of it.
    fn just_two_and_sums(&self, p: Place) -> Option<Option<Span>> {
        let s = p.span;
        // What has a path is read between steps, and is there.
        if self.turns(p)? != 2 || self.known.contains(&self.signal(p)?.0) {
            return None;
        }
        self.sums(s)
    }

    /// Where a whole signal is summed, if it is; `None` where it is summed in parts or more than once.
    fn sums(&self, s: Span) -> Option<Option<Span>> {
        let first = self.summed.partition_point(|(q, _)| (q.segment, q.start) < (s.segment, s.start));
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

    /// Whether a whole signal is only handed on to where nothing else is written, neither in a step nor between steps; and
    /// which it is, if it has a path, by which it is then read there.
    fn handed_on(&self, from: Place, to: Place) -> Option<Option<SignalId>> {
        if self.turns(from)? != 2 || self.sums(from.span)?.is_some() || !self.zero(from) || !self.zero(to) {
            return None;
        }
        let ((id, _), (other, _)) = (self.signal(from)?, self.signal(to)?);
        if !self.known.contains(&id) {
            return Some(None);
        }
        let alone = self.ones.binary_search(&to.span).is_ok() && !self.held.contains(&other);
        (alone && !self.edited.contains(&other) && !self.edited.contains(&id)).then_some(Some(id))
    }
}

impl Draft<'_> {
    /// Fuses what can be fused.
    pub(crate) fn fuse_populations(&mut self) {
        let mut users = Users::new(self);
        let (mut passed, mut handed) = (vec![], vec![]);
        self.fuse("fuse_populations", |first, second| {
            let forwarded = forward(&users, first, second);
            passed.extend(forwarded.as_ref().and_then(|_| users.signal(first.on[0])));
            forwarded.or_else(|| add(first, second))
        });
        users.count(self);
        self.fuse("fuse_populations", |first, second| {
            fused(&users, first, second).or_else(|| {
                let (what, on, known) = hand_on(&users, first, second)?;
                passed.extend(users.signal(first.on[0]));
                handed.extend(known);
                Some((what, on))
            })
        });
        self.handed = handed;
        self.unused.extend(passed.into_iter().map(|(id, _)| id));
        self.reset_anew();
        self.regroup();
    }

    /// Makes one turn of each two for which there is a kernel that does the work of both.
    pub(super) fn fuse(
        &mut self,
        pass: &'static str,
        mut of: impl FnMut(&Turning, &Turning) -> Option<(What, Vec<Place>)>,
    ) {
        let mut turns: Vec<Turning> = Vec::with_capacity(self.turns.len());
        for t in std::mem::take(&mut self.turns) {
            match turns.last().and_then(|last| of(last, &t)) {
                Some((what, on)) => {
                    if let Some(last) = turns.last_mut() {
                        (last.what, last.on, last.pass) = (what, on, pass);
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
            let population = Population::one(out.span.len, y.span.len, sums.is_some());
            Some((What::Code(population.into()), on.collect()))
        }
        _ => None,
    }
}

/// A population that adds its values to where they are handed on, with the signal that is found there from then on, if
/// somebody may ask for it.
#[allow(clippy::type_complexity, reason = "what a turn is made of, and one more")]
fn hand_on(
    users: &Users,
    first: &Turning,
    second: &Turning,
) -> Option<(What, Vec<Place>, Option<(SignalId, Span)>)> {
    let (What::Code(Code::Population(_)), What::Code(Code::Copy(c))) = (&first.what, &second.what) else {
        return None;
    };
    let ([y, rest @ ..], [to, from]) = (&first.on[..], &second.on[..]) else { return None };
    if !c.inc || !same(*y, *from) {
        return None;
    }
    // Nothing that is added to zero makes it negative, so that a zero has the same sign either way.
    let known = users.handed_on(*y, *to)?.map(|id| (id, to.span));
    let on = [*to].into_iter().chain(rest.iter().copied()).collect();
    Some((first.what.clone(), on, known))
}
