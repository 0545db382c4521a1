//! Spans of memory, and the operands of a kernel.

/// Contiguous elements of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Which segment.
    pub segment: u32,
    /// First element.
    pub start: usize,
    /// Number of elements.
    pub len: usize,
}

impl Span {
    /// `len` elements from `start` on, of segment 0.
    pub fn new(start: usize, len: usize) -> Span {
        Span { segment: 0, start, len }
    }
    /// The element behind the last; saturated, so that a span that wraps lies outside of every segment.
    pub fn end(self) -> usize {
        self.start.saturating_add(self.len)
    }
    /// Whether two spans have an element in common.
    pub fn meets(self, other: Span) -> bool {
        self.segment == other.segment
            && self.len > 0
            && other.len > 0
            && self.start < other.end()
            && other.start < self.end()
    }
    /// Elements `from..to` of the span, as far as they lie in it.
    pub fn part(self, from: usize, to: usize) -> Span {
        let from = from.min(self.len);
        Span { start: self.start + from, len: to.min(self.len).saturating_sub(from), ..self }
    }
}

/// Which of the two memories of a simulation: one holds the simulation's number type, the other double precision whatever
/// that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Room {
    /// The simulation's number type.
    Real,
    /// Double precision: parameters, and the state of devices.
    Double,
}

/// An operand: where it lies, and whether it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which memory.
    pub room: Room,
    /// Which elements.
    pub span: Span,
    /// Whether they are written; otherwise only read.
    pub write: bool,
}

impl Place {
    /// Whether the two can't be used at once: they meet, and one is written.
    pub fn conflicts(self, other: Place) -> bool {
        (self.write || other.write) && self.room == other.room && self.span.meets(other.span)
    }
}

/// The operands of a kernel, in its order. None that is written meets another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots {
    places: Box<[Place]>,
}

/// A place in 16 bytes; its room and whether it is written follow from its position and the slots' [`Kinds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    pub(crate) start: usize,
    pub(crate) len: u32,
    pub(crate) segment: u32,
}

/// How many operands there are of each kind, as one number, where they come in the order written, read, read in double
/// precision: looked at once a turn instead of at each operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kinds(u64);

impl Kinds {
    /// They come in another order, or one is written in double precision: for calls only.
    pub(crate) const MIXED: Kinds = Kinds(u64::MAX);

    /// That many written, read, and read in double precision: fewer than 2^16 of each.
    #[inline(always)]
    pub(crate) const fn ordered(writes: usize, reads: usize, doubles: usize) -> Kinds {
        assert!(writes < 1 << 16 && reads < 1 << 16 && doubles < 1 << 16);
        Kinds((writes | reads << 16 | doubles << 32) as u64)
    }
    pub(crate) fn of(places: &[Place]) -> Kinds {
        let kind = |p: &Place| match (p.room, p.write) {
            (Room::Real, true) => 0,
            (Room::Real, false) => 1,
            (Room::Double, false) => 2,
            (Room::Double, true) => 3,
        };
        let mut counts = [0; 4];
        places.iter().for_each(|p| counts[kind(p)] += 1);
        let [writes, reads, doubles, others] = counts;
        let few = writes.max(reads).max(doubles) < 1 << 16;
        if others == 0 && few && places.is_sorted_by_key(kind) {
            Kinds::ordered(writes, reads, doubles)
        } else {
            Kinds::MIXED
        }
    }
}

impl Slots {
    /// The operands of a kernel.
    ///
    /// # Errors
    /// An operand that is written and has elements in common with another; both positions are said. More than 2^32 numbers
    /// in an operand.
    pub fn new(places: impl Into<Box<[Place]>>) -> Result<Slots, String> {
        let places = places.into();
        for (i, a) in places.iter().enumerate() {
            for (k, b) in places.iter().enumerate().skip(i + 1) {
                if a.conflicts(*b) {
                    return Err(format!(
                        "operands {i} and {k} have numbers in common, and one of them is written"
                    ));
                }
            }
        }
        if let Some((k, p)) = places.iter().enumerate().find(|(_, p)| u32::try_from(p.span.len).is_err()) {
            return Err(format!("operand {k} has {} numbers: more than can be", p.span.len));
        }
        Ok(Slots { places })
    }
    /// The operands, small.
    pub(crate) fn packed(&self) -> impl Iterator<Item = Packed> {
        // `new` has seen that they fit.
        self.places.iter().map(|p| Packed {
            start: p.span.start,
            len: p.span.len as u32,
            segment: p.span.segment,
        })
    }
    /// The operands.
    pub fn places(&self) -> &[Place] {
        &self.places
    }
    /// Whether the two can't be used at once.
    pub fn conflict(&self, other: &Slots) -> bool {
        self.places.iter().any(|a| other.places.iter().any(|b| a.conflicts(*b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(start: usize, len: usize, write: bool) -> Place {
        Place { room: Room::Real, span: Span::new(start, len), write }
    }

    #[test]
    fn written_operands_meet_no_other() {
        assert!(Slots::new([place(0, 4, true), place(4, 4, true), place(8, 4, false)]).is_ok());
        for (a, b) in
            [((0, 4, true), (3, 4, false)), ((0, 4, true), (0, 4, true)), ((3, 2, false), (0, 4, true))]
        {
            let e = Slots::new([place(a.0, a.1, a.2), place(b.0, b.1, b.2)]).unwrap_err();
            assert!(e.contains("operands 0 and 1"), "{e}");
        }
        assert!(Slots::new([place(0, 4, false), place(2, 4, false)]).is_ok(), "reading twice is allowed");
        let other = Place { room: Room::Double, ..place(0, 4, true) };
        assert!(Slots::new([place(0, 4, true), other]).is_ok(), "the two memories have nothing in common");
        assert!(Slots::new([place(2, 0, true), place(0, 4, true)]).is_ok(), "nothing meets nothing");
    }

    #[test]
    fn operands_in_order_are_counted_by_kind() {
        let double = |write| Place { room: Room::Double, ..place(0, 4, write) };
        let (w, r) = (place(8, 4, true), place(16, 4, false));
        let of = Kinds::of;
        assert_eq!(of(&[w, r, r, double(false)]), Kinds::ordered(1, 2, 1));
        assert_eq!(of(&[double(false)]), Kinds::ordered(0, 0, 1));
        assert_eq!(of(&[r, w]), Kinds::MIXED);
        assert_eq!(of(&[double(false), r]), Kinds::MIXED);
        assert_eq!(of(&[w, double(true)]), Kinds::MIXED);
    }

    #[test]
    fn a_part_stays_inside() {
        let s = Span::new(10, 5);
        assert_eq!(s.part(1, 3), Span::new(11, 2));
        assert_eq!(s.part(4, 9), Span::new(14, 1));
        assert_eq!(s.part(9, 12), Span::new(15, 0));
        assert!(!Span::new(usize::MAX, 5).meets(Span::new(0, 5)));
    }
}
