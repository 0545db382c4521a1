//! `events`: products of spikes with a matrix by columns, of which only those are read that a spike meets. Bitwise.
//!
//! For matrices that nothing else in a step touches, so that their only place may be by columns; and from a size on at which
//! the rows don't fit beside everything else. Smaller ones, as decoders, are faster whole.

use bouton_kernels::{LANES, MAX_COLUMNS};
use bouton_memory::{Place, Room, Span};

use super::super::forms::{AnyForm, ByColumns};
use super::super::{Draft, FormAt, Turning, What};
use crate::kernels::{Code, Columns};
use crate::program::{Op, Operator, Program, Signal, SignalId};

/// Fewest numbers of a matrix.
const SMALLEST: usize = 4096;

/// Whether a matrix is one that a form may be worth it for.
pub(in super::super) fn is_large(s: &Signal) -> bool {
    s.rows.min(s.cols) >= 2 * LANES && s.rows * s.cols >= SMALLEST && s.room == Room::Real
}

/// Operators that touch a base signal.
pub(in super::super) fn touching(program: &Program, base: SignalId) -> impl Iterator<Item = &Operator> {
    let touches = move |op: &&Operator| op.on.iter().any(|o| program.base(o.signal) == base);
    program.operators().iter().filter(|op| !matches!(op.op, Op::Probe)).filter(touches)
}

/// The matrix that an operator multiplies, or changes if it is one that `learns`.
pub(super) fn matrix_of(op: &Operator, learns: bool) -> Option<SignalId> {
    match (&op.op, &*op.on) {
        (Op::Kernel(Code::Dot(_)), [_, a, _]) => Some(a.signal),
        _ => learns.then(|| op.on[0].signal),
    }
}

/// Whether a signal has spikes alone: those of neurons, or copies of them.
pub(in super::super) fn has_spikes(program: &Program, s: SignalId) -> bool {
    spikes(program, s, 4)
}

/// The same, of copies so many deep.
fn spikes(program: &Program, s: SignalId, deep: usize) -> bool {
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
                if deep > 0 && spikes(program, x.signal, deep - 1) =>
            {
                found = true;
            }
            _ => return false,
        }
    }
    found
}

impl Draft<'_> {
    /// Makes a product with spikes one by columns, where that may be.
    pub(crate) fn events(&mut self, turn: &mut Turning, k: usize) {
        if !turn.pass.is_empty() {
            return;
        }
        let op = &self.wanted.program.operators()[k];
        let (Op::Kernel(Code::Dot(_)), [_, a, _]) = (&op.op, &*op.on) else { return };
        let columns = |f: &AnyForm| match f {
            AnyForm::ByColumns(f) => Some(f.clone()),
            _ => None,
        };
        let made = self.form_of(a.signal, columns, |d, (rows, cols)| {
            (d.users[&a.signal] == 1).then_some((ByColumns { cols }, rows * cols, None))
        });
        let Some((own, _)) = made else { return };
        let Some(matrix) = turn.on.get_mut(1) else { return };
        *matrix = Place { room: Room::Real, span: own, write: false };
        turn.what = What::Code(Columns.into());
        turn.pass = "events";
    }

    /// Where the form of a large matrix that one product with spikes reads is, and the form, which is made when it is asked for first;
    /// `None` where there may be none. `find` knows it among forms; `make` says what it is, how many numbers it has, and the signal
    /// that its constants are.
    pub(super) fn form_of<F: Clone + Into<AnyForm>>(
        &mut self,
        matrix: SignalId,
        find: impl FnOnce(&AnyForm) -> Option<F>,
        make: impl FnOnce(&Self, (usize, usize)) -> Option<(F, usize, Option<SignalId>)>,
    ) -> Option<(Span, F)> {
        // Few matrices are that large: the forms, one a population, are then not searched for each product.
        let shape = self.meets_spikes(matrix)?;
        if let Some(f) = self.forms.iter().find(|f| f.signal == matrix) {
            return Some((f.own, find(&f.form)?));
        }
        let (form, numbers, from) = make(self, shape)?;
        let constants = from.map_or(0, |s| self.wanted.program.get(s).len());
        let (own, constants) = (self.own_real(numbers), self.own_double(constants));
        self.forms.push(FormAt { signal: matrix, form: form.clone().into(), own, constants, from });
        Some((own, form))
    }

    /// Rows and columns of a large matrix that one product with spikes reads as a whole; `None` if it isn't that.
    fn meets_spikes(&self, matrix: SignalId) -> Option<(usize, usize)> {
        let program = self.wanted.program;
        let s = program.get(matrix);
        let reads = |op: &&Operator| match (&op.op, &*op.on) {
            (Op::Kernel(Code::Dot(_)), [_, a, x]) => {
                a.signal == matrix
                    && a.part.is_none()
                    && !self.held(x.signal)
                    && has_spikes(program, x.signal)
            }
            _ => false,
        };
        let fits = s.view.is_none() && !self.held(matrix) && is_large(s) && s.cols <= MAX_COLUMNS;
        (fits && touching(program, matrix).filter(reads).count() == 1).then_some((s.rows, s.cols))
    }
}
