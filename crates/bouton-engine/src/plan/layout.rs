//! Where signals lie. It hangs on the program alone: a plan can be thrown away and made anew over the same memory.

use std::collections::HashMap;

use bouton_elements::neurons::FastForm;
use bouton_memory::{Place, Room, Span};

use crate::kernels::Code;
use crate::program::{Op, Operand, Program, Role, SignalId};

/// Elements by which the beginnings of signals are aligned: a cache line of f64.
pub(crate) const ALIGN: usize = 8;

/// The operand of an operator that a plan keeps in a form of its own, and so doesn't touch where it lies: refractory times.
fn kept_as_marks(op: &Op) -> Option<usize> {
    match op {
        Op::Kernel(Code::Neurons(n)) if n.neurons.model().fast_form() == Some(FastForm::LifPhase) => Some(2),
        _ => None,
    }
}

/// Where each signal lies in segment 0 of its room.
#[derive(Clone, Debug)]
pub struct Layout {
    spans: Vec<Span>,
    sizes: [usize; 2],
    /// What is reset to zero; it lies together, so that one loop can do it.
    is_reset: Vec<bool>,
    /// What follows from an edit of a base signal: positions in the program's list.
    follows: HashMap<SignalId, Vec<usize>>,
}

impl Layout {
    /// The layout of a program that was checked, whose steps run in this order.
    pub(crate) fn new(program: &Program, order: &[usize]) -> Layout {
        let signals = program.signals();
        let mut is_reset = vec![false; signals.len()];
        for op in program.operators() {
            if let (Op::Kernel(Code::Fill(f)), [y]) = (&op.op, &*op.on)
                && f.value.to_bits() == 0
                && y.part.is_none()
                && program.get(y.signal).view.is_none()
            {
                is_reset[y.signal.index()] = true;
            }
        }
        // What steps go through lies together, in the order in which they come to it: so the processor sees few and long
        // streams. Between it, what is only there for edits (gains, unscaled encoders, bounds) and what a plan may not even
        // store (currents, refractory times) would be fetched for nothing.
        let mut places = vec![];
        let mut placed = vec![false; signals.len()];
        for &k in order {
            let op = &program.operators()[k];
            if matches!(op.op, Op::Kernel(_) | Op::Call(_)) {
                let marks = kept_as_marks(&op.op);
                for (_, o) in op.on.iter().enumerate().filter(|(k, _)| Some(*k) != marks) {
                    let base = program.base(o.signal).index();
                    if signals[base].role != Role::Scratch
                        && !is_reset[base]
                        && !std::mem::replace(&mut placed[base], true)
                    {
                        places.push(base);
                    }
                }
            }
        }
        let owned = |k: &usize| signals[*k].view.is_none();
        let first: Vec<usize> = (0..signals.len()).filter(owned).filter(|k| is_reset[*k]).collect();
        let rest = (0..signals.len()).filter(owned).filter(|k| !is_reset[*k] && !placed[*k]);
        let (mut spans, mut sizes) = (vec![Span::default(); signals.len()], [0, 0]);
        for k in first.into_iter().chain(places).chain(rest) {
            let s = &signals[k];
            let size = &mut sizes[usize::from(s.room == Room::Double)];
            spans[k] = Span::new(*size, s.len());
            // Many parameters are single numbers.
            let few = s.room == Room::Double && s.len() < ALIGN;
            *size += if few { s.len() } else { s.len().next_multiple_of(ALIGN) };
        }
        for (k, s) in signals.iter().enumerate() {
            if let Some(v) = s.view {
                spans[k] = Span::new(spans[v.base.index()].start + v.offset, s.extent());
            }
        }
        let mut follows: HashMap<SignalId, Vec<usize>> = HashMap::new();
        for (k, d) in program.derived().iter().enumerate() {
            for s in &d.reads {
                follows.entry(program.base(*s)).or_default().push(k);
            }
        }
        Layout { spans, sizes, is_reset, follows }
    }
    /// Where a signal lies, from its first element to its last.
    pub(crate) fn span(&self, s: SignalId) -> Span {
        self.spans[s.index()]
    }
    /// Numbers in a room.
    pub(crate) fn size(&self, room: Room) -> usize {
        self.sizes[usize::from(room == Room::Double)]
    }
    pub(crate) fn is_reset(&self, s: SignalId) -> bool {
        self.is_reset[s.index()]
    }
    /// Signals that are reset to zero.
    pub(crate) fn reset_signals(&self) -> impl Iterator<Item = SignalId> {
        self.is_reset.iter().enumerate().filter(|(_, r)| **r).map(|(k, _)| SignalId(k as u32))
    }
    /// What may follow from an edit of a base signal.
    pub(crate) fn follows(&self, base: SignalId) -> &[usize] {
        self.follows.get(&base).map_or(&[], |f| f)
    }
    /// Where an operand lies.
    pub(crate) fn place(&self, program: &Program, o: &Operand) -> Place {
        let span = self.span(o.signal);
        let span = o.part.map_or(span, |(a, b)| span.part(a, b));
        Place { room: program.get(o.signal).room, span, write: o.access.writes() }
    }
}

#[cfg(test)]
mod tests {
    use bouton_core::Slice;

    use super::*;

    fn layout(p: &Program) -> Layout {
        Layout::new(p, &p.order().unwrap())
    }
    /// Beginnings and ends of signals in their order in memory.
    fn in_order(p: &Program, layout: &Layout, room: Room) -> Vec<(String, usize, usize)> {
        let these = p.signals().iter().zip(0..).filter(|(s, _)| s.room == room && s.view.is_none());
        let mut all: Vec<_> = these
            .map(|(s, k)| (s.name.clone(), layout.span(SignalId(k)).start, layout.span(SignalId(k)).end()))
            .collect();
        all.sort_by_key(|s| s.1);
        all
    }

    #[test]
    fn signals_lie_as_steps_come_to_them_behind_what_is_reset_and_before_what_only_edits_need() {
        let mut p = Program::default();
        let names = ["unused", "y", "currents", "weights", "z", "more", "x"];
        let roles = [
            Role::Parameter,
            Role::State,
            Role::Scratch,
            Role::Parameter,
            Role::State,
            Role::Parameter,
            Role::Parameter,
        ];
        let ids: Vec<SignalId> = names.iter().zip(roles).map(|(n, r)| p.signal(*n, 5, 1, r, 1.0)).collect();
        let [_, y, currents, weights, z, more, x] = ids[..] else { unreachable!() };
        let part = p.view(more, 1, 3, 1);
        // Read by a look alone, which is no step.
        let seen = p.signal("seen", 5, 1, Role::Parameter, 1.0);
        p.add("looks", Op::Probe, [Operand::read(seen)], crate::program::Draws::No);
        p.copy("first", (x, &Slice::All), (currents, &Slice::All), false);
        p.copy("second", (weights, &Slice::All), (currents, &Slice::All), true);
        let three = p.signal("three", 3, 1, Role::State, 1.0);
        p.copy("third", (part, &Slice::All), (three, &Slice::All), false);
        p.reset("reset", z, 0.0);
        p.reset("other", y, 2.0);
        p.copy("adds", (x, &Slice::All), (y, &Slice::All), true);
        let layout = layout(&p);
        let found = in_order(&p, &layout, Room::Real);
        let found: Vec<&str> = found.iter().map(|s| s.0.as_str()).collect();
        // In the order of a step: what is copied first, what is reset to something, and so on.
        let order = p.order().unwrap();
        let mut met: Vec<&str> = vec![];
        for k in order {
            for o in p.operators()[k].on.iter().filter(|_| !matches!(p.operators()[k].op, Op::Probe)) {
                let s = p.get(p.base(o.signal));
                if s.role != Role::Scratch && s.name != "z" && !met.contains(&s.name.as_str()) {
                    met.push(&s.name);
                }
            }
        }
        assert_eq!(met.len(), 5);
        let wanted: Vec<&str> = ["z"].into_iter().chain(met).chain(["unused", "currents", "seen"]).collect();
        assert_eq!(found, wanted);
        assert!(layout.is_reset(z) && !layout.is_reset(y) && !layout.is_reset(part));
        assert_eq!(layout.reset_signals().collect::<Vec<_>>(), [z]);
        // A view lies where its elements do.
        assert_eq!((layout.span(part).start, layout.span(part).len), (layout.span(more).start + 1, 3));
    }

    #[test]
    fn signals_begin_at_a_line_of_a_cache_but_single_numbers_in_double_precision() {
        let mut p = Program::default();
        let lens = [3, 8, 9, 1, 16];
        for (k, n) in lens.into_iter().enumerate() {
            p.signal(format!("r{k}"), n, 1, Role::Parameter, 0.0);
        }
        for (k, n) in [1, 2, 7, 8, 9, 1].into_iter().enumerate() {
            p.double(format!("d{k}"), n, 1, Role::Parameter, 0.0);
        }
        let layout = layout(&p);
        let (real, double) = (in_order(&p, &layout, Room::Real), in_order(&p, &layout, Room::Double));
        assert!(real.iter().all(|s| s.1 % 8 == 0));
        for all in [&real, &double] {
            assert!(all.windows(2).all(|s| s[0].2 <= s[1].1), "two have numbers in common: {all:?}");
        }
        // Lines of eight numbers: 1, 1, 2, 1 and 2. Of the others three are put side by side, then 8 and 16, and one more.
        assert_eq!((layout.size(Room::Real), layout.size(Room::Double)), (7 * 8, 1 + 2 + 7 + 8 + 16 + 1));
    }

    #[test]
    fn only_a_whole_signal_that_is_set_to_zero_is_reset() {
        let mut p = Program::default();
        let ids: Vec<SignalId> = (0..5).map(|k| p.signal(format!("s{k}"), 6, 1, Role::State, 1.0)).collect();
        p.reset("zero", ids[0], 0.0);
        p.reset("minus zero", ids[1], -0.0);
        p.reset("one", ids[2], 1.0);
        p.kernel("part", crate::kernels::Fill { value: 0.0 }, [Operand::set(ids[3]).part(0, 3)]);
        let view = p.view(ids[4], 2, 2, 1);
        p.reset("view", view, 0.0);
        let layout = layout(&p);
        assert_eq!(layout.reset_signals().collect::<Vec<_>>(), [ids[0]]);
        assert!(ids[1..].iter().chain([&view]).all(|s| !layout.is_reset(*s)));
    }
}
