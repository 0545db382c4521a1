//! `merge_resets`: what is reset to zero lies together; one fill does it. Bitwise.

use bouton_memory::{Place, Room};

use super::super::{Draft, Turning, What};
use crate::kernels::{Code, Fill};
use crate::program::{Access, Op};

impl Draft<'_> {
    /// Whether an operator is done by the one fill.
    pub(crate) fn is_merged(&self, k: usize) -> bool {
        let op = &self.wanted.program.operators()[k];
        matches!((&op.op, &*op.on), (Op::Kernel(Code::Fill(f)), [y])
            if f.value.to_bits() == 0 && y.access == Access::Set && y.part.is_none()
                && self.wanted.layout.is_reset(y.signal))
    }
    /// The one fill, at the start of the step.
    pub(crate) fn merge_resets(&mut self) {
        let span = self.wanted.layout.resets();
        if span.len > 0 {
            self.turns.push(Turning {
                what: What::Code(Fill { value: 0.0 }.into()),
                on: vec![Place { room: Room::Real, span, write: true }],
                barrier: false,
                of: format!("{} resets", self.wanted.layout.reset_count()),
                pass: "merge_resets",
            });
        }
    }
}
