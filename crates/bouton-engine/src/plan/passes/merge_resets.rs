//! `merge_resets`: what is reset to zero lies together; one fill does it. Bitwise.

use bouton_memory::{Place, Room, Span};

use super::super::{ALIGN, Draft, MERGED, Turning, What};
use crate::calls::Sees;
use crate::kernels::{Code, Fill};
use crate::program::{Access, Op};

/// Numbers that are filled in less time than another kernel would take.
const FEW: usize = 256;

impl Draft<'_> {
    /// Whether an operator is done by the one fill.
    pub(crate) fn is_merged(&self, k: usize) -> bool {
        let op = &self.wanted.program.operators()[k];
        matches!((&op.op, &*op.on), (Op::Kernel(Code::Fill(f)), [y])
            if f.value.to_bits() == 0 && y.access == Access::Set && y.part.is_none()
                && self.wanted.layout.is_reset(y.signal) && !self.held(y.signal))
    }
    /// The one fill, at the start of the step; several, where signals between are held and reset at their place, or many numbers
    /// are unused.
    pub(crate) fn merge_resets(&mut self) {
        let layout = self.wanted.layout;
        let all = layout.reset_signals().filter(|s| !self.held(*s));
        let mut all: Vec<(Span, bool)> = all.map(|s| (layout.span(s), self.unused.contains(&s))).collect();
        all.sort_unstable();
        let mut pieces: Vec<(Span, usize)> = vec![];
        // How far all may be filled, and whether that is so since the last piece.
        let (mut end, mut whole) = (0, true);
        for (s, unused) in all {
            whole &= usize::next_multiple_of(end, ALIGN) >= s.start;
            end = s.end();
            if unused {
                continue;
            }
            match pieces.last_mut() {
                Some((last, count)) if whole && s.start - last.end() < FEW => {
                    last.len = s.end() - last.start;
                    *count += 1;
                }
                _ => pieces.push((s, 1)),
            }
            whole = true;
        }
        for (span, count) in pieces {
            self.turns.push(Turning {
                what: What::Code(Fill { value: 0.0 }.into()),
                on: vec![Place { room: Room::Real, span, write: true }],
                barrier: false,
                sees: Sees::Operands,
                of: format!("{count} resets"),
                pass: MERGED,
            });
        }
    }
    /// The same, where a pass has left signals that nothing uses.
    pub(super) fn reset_anew(&mut self) {
        let mut turns = std::mem::take(&mut self.turns);
        let before = turns.len();
        turns.retain(|t| t.pass != MERGED);
        if turns.len() < before {
            self.merge_resets();
        }
        self.turns.append(&mut turns);
    }
}
