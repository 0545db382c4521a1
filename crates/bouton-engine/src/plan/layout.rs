//! Where signals lie. It hangs on the program alone: a plan can be thrown away and made anew over the same memory.

use std::collections::HashMap;

use bouton_memory::{Place, Room, Span};

use crate::kernels::Code;
use crate::program::{Op, Operand, Program, Role, SignalId};

/// Elements by which the beginnings of signals are aligned: a cache line of f64.
pub(crate) const ALIGN: usize = 8;

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
        // store (currents) would be fetched for nothing.
        let mut places = vec![];
        let mut placed = vec![false; signals.len()];
        for &k in order {
            let op = &program.operators()[k];
            if matches!(op.op, Op::Kernel(_) | Op::Call(_)) {
                for o in &op.on {
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
