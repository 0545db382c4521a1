//! `join_populations`: populations of one size that follow each other, also in memory, are one kernel, some at a time: with small
//! ones, calling the loop of each would cost a fifth of what it does. Bitwise.

use std::collections::HashSet;

use bouton_memory::{Place, Room, Slots, Span};

use super::super::{ALIGN, Draft, Turning, What};
use crate::kernels::Code;

/// Numbers that a kernel touches from which on it is long enough.
const ENOUGH: usize = 4_000;

impl Draft<'_> {
    /// Joins runs of populations.
    pub(crate) fn join_populations(&mut self) {
        let mut whole: HashSet<Span> = self.real_signals().map(|(span, _)| span).collect();
        whole.extend(self.forms.iter().map(|f| f.own));
        self.fuse("join_populations", |first, next| joined(&whole, first, next));
        self.regroup();
    }
}

/// The populations of a turn and one more as one turn, if it is the next one in memory too.
fn joined(whole: &HashSet<Span>, first: &Turning, next: &Turning) -> Option<(What, Vec<Place>)> {
    let (What::Code(Code::Population(a)), What::Code(Code::Population(b))) = (&first.what, &next.what) else {
        return None;
    };
    let (several, one) = (a.of, b.of);
    let alike = (several.neurons, several.values, a.sums) == (one.neurons, one.values, b.sums);
    if !alike || first.work() >= ENOUGH {
        return None;
    }
    let (mut on, mut strides) = (vec![], vec![]);
    for (all, next) in first.on.iter().zip(&next.on) {
        let (stride, span) = behind(whole, *all, *next)?;
        on.push(Place { span, ..*all });
        strides.push(stride);
    }
    let both = a.several(several.count + 1, &strides);
    // All at the distances of the first two; and what one writes none of them reads.
    let fit = several.count == 1 || both.of.strides == several.strides;
    (fit && Slots::new(on.clone()).is_ok()).then(|| (What::Code(both.into()), on))
}

/// How far behind the last of some populations' numbers the next one's lie, and all of them: if there is nothing else between, or
/// they are the same.
fn behind(whole: &HashSet<Span>, all: Place, next: Place) -> Option<(usize, Span)> {
    let (all, next, room) = (all.span, next.span, all.room);
    let last = Span { start: all.end() - next.len, len: next.len, ..all };
    let stride = next.start.checked_sub(last.start).filter(|_| next.segment == last.segment)?;
    let padded = room == Room::Real && whole.contains(&last) && whole.contains(&next);
    let end = if padded { next.len.next_multiple_of(ALIGN) } else { next.len };
    (stride == 0 || stride == end).then(|| (stride, Span { len: next.end() - all.start, ..all }))
}
