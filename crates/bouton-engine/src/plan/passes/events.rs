//! `events`: products of spikes with a matrix by columns, of which only those are read that a spike meets. Bitwise.
//!
//! For matrices that nothing else in a step touches, so that their only place may be by columns; and from a size on at which
//! the rows don't fit beside everything else. Smaller ones, as decoders, are faster whole.

use bouton_kernels::{LANES, MAX_COLUMNS};
use bouton_memory::{Place, Room};

use super::super::forms::ByColumns;
use super::super::{Draft, FormAt, Turning, What};
use crate::kernels::{Code, Columns};
use crate::program::{Op, SignalId};

/// Fewest numbers of a matrix.
pub(super) const SMALLEST: usize = 4096;

impl Draft<'_> {
    /// Makes a product with spikes one by columns, where that may be.
    pub(crate) fn events(&mut self, turn: &mut Turning, k: usize) {
        if !turn.pass.is_empty() {
            return;
        }
        let program = self.wanted.program;
        let op = &program.operators()[k];
        let (Op::Kernel(Code::Dot(_)), [_, a, x]) = (&op.op, &*op.on) else { return };
        let matrix = program.get(a.signal);
        let (rows, cols) = (matrix.rows, matrix.cols);
        let large = rows >= 2 * LANES && cols >= 2 * LANES && rows * cols >= SMALLEST;
        let alone = matrix.view.is_none() && a.part.is_none() && self.users[&a.signal] == 1;
        if !large || !alone || cols > MAX_COLUMNS || !self.spikes(x.signal, 4) {
            return;
        }
        let own = self.own_real(rows * cols);
        let constants = self.own_double(0);
        let form = ByColumns { cols }.into();
        self.forms.push(FormAt { signal: a.signal, form, own, constants, from: None });
        let Some(matrix) = turn.on.get_mut(1) else { return };
        *matrix = Place { room: Room::Real, span: own, write: false };
        turn.what = What::Code(Columns.into());
        turn.pass = "events";
    }

    /// Whether a signal has spikes alone: those of neurons, or copies of them.
    pub(super) fn spikes(&self, s: SignalId, deep: usize) -> bool {
        let program = self.wanted.program;
        let base = program.base(s);
        let mut found = false;
        for op in program.operators() {
            let writes = op.on.iter().any(|o| o.access.writes() && program.base(o.signal) == base);
            if !writes {
                continue;
            }
            match (&op.op, &*op.on) {
                (Op::Kernel(Code::Neurons(n)), _) if n.neurons.model().spiking() => found = true,
                (Op::Kernel(Code::Fill(_)), _) => {}
                (Op::Kernel(Code::Copy(_) | Code::Gather(_)), [_, x])
                    if deep > 0 && self.spikes(x.signal, deep - 1) =>
                {
                    found = true;
                }
                _ => return false,
            }
        }
        found
    }
}
