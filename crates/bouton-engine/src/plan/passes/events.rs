//! `events`: products of spikes with a matrix by columns, of which only those are read that a spike meets. Bitwise.
//!
//! For matrices that nothing else in a step touches, so that their only place may be by columns; and from a size on at which
//! the rows don't fit beside everything else. Smaller ones, as decoders, are faster whole.

use bouton_kernels::{LANES, MAX_COLUMNS};
use bouton_memory::{Place, Room};

use super::super::forms::ByColumns;
use super::super::{Draft, FormAt, Turning, What};
use crate::kernels::{Code, Columns};
use crate::program::{Op, Operator, SignalId};

/// Fewest numbers of a matrix.
pub(in super::super) const SMALLEST: usize = 4096;

impl Draft<'_> {
    /// Makes a product with spikes one by columns, where that may be.
    pub(crate) fn events(&mut self, turn: &mut Turning, k: usize) {
        if !turn.pass.is_empty() {
            return;
        }
        let op = &self.wanted.program.operators()[k];
        let (Op::Kernel(Code::Dot(_)), [_, a, _]) = (&op.op, &*op.on) else { return };
        let Some((rows, cols)) = self.meets_spikes(a.signal) else { return };
        if self.users[&a.signal] > 1 {
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

    /// Operators that touch a base signal.
    pub(in super::super) fn touching(&self, base: SignalId) -> impl Iterator<Item = &Operator> {
        let program = self.wanted.program;
        let touches = move |op: &&Operator| op.on.iter().any(|o| program.base(o.signal) == base);
        program.operators().iter().filter(|op| !matches!(op.op, Op::Probe)).filter(touches)
    }
    /// Rows and columns of a large matrix that one product with spikes reads as a whole; `None` if it isn't that.
    pub(super) fn meets_spikes(&self, matrix: SignalId) -> Option<(usize, usize)> {
        let s = self.wanted.program.get(matrix);
        let (rows, cols) = (s.rows, s.cols);
        let large = rows.min(cols) >= 2 * LANES && rows * cols >= SMALLEST && cols <= MAX_COLUMNS;
        let reads = |op: &&Operator| match (&op.op, &*op.on) {
            (Op::Kernel(Code::Dot(_)), [_, a, x]) => {
                a.signal == matrix && a.part.is_none() && self.spikes(x.signal, 4)
            }
            _ => false,
        };
        let fits = s.view.is_none() && large && s.room == Room::Real;
        (fits && self.touching(matrix).filter(reads).count() == 1).then_some((rows, cols))
    }

    /// Whether a signal has spikes alone: those of neurons, or copies of them.
    pub(in super::super) fn spikes(&self, s: SignalId, deep: usize) -> bool {
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
