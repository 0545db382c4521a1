//! `pending`: the outer products that a rule changes a large matrix by are added some at a time, and what it takes of each row is
//! a factor of the row. Rounding.
//!
//! For matrices that one rule changes by one outer product a step, as BCM and Hebb do, by a share of each row, as decay does, or
//! by both, as Oja's rule; and one product with spikes reads. Bounds would need every weight in every step; a second rule,
//! or anything else that reads the weights, would too.

use bouton_elements::rules::Change;
use bouton_memory::{Place, Room, Span};

use super::super::forms::AnyForm;
use super::super::pending::Pending;
use super::super::{Draft, Turning, What};
use super::events::{matrix_of, touching};
use crate::kernels::{self, Code, LearnPending};
use crate::program::{Op, Operator, SignalId};

/// The change, if it adds one outer product, a share of each row, or both, and does nothing else.
fn adds(op: &Operator) -> Option<Change> {
    match &op.op {
        Op::Kernel(Code::Apply(a)) => {
            a.only().filter(|c| matches!(c, Change::Outer(1) | Change::Scaled(0 | 1)))
        }
        _ => None,
    }
}

impl Draft<'_> {
    /// Makes a product with spikes, or a change of its matrix, one with changes that wait, where that may be.
    pub(crate) fn pending(&mut self, turn: &mut Turning, k: usize) {
        if !turn.pass.is_empty() {
            return;
        }
        let op = &self.wanted.program.operators()[k];
        let change = adds(op);
        if let (Op::Kernel(Code::Delta(delta)), [_, weights, ..]) = (&op.op, &*op.on)
            && delta.change.reads_weights()
        {
            // Who looks at a change looks through the form, and so changes none.
            let Some((own, form)) = self.waiting(weights.signal) else { return };
            turn.on[1] = Place { room: Room::Real, span: own, write: false };
            turn.what = What::Code(delta.of_pending(form).into());
            turn.pass = "pending";
            return;
        }
        let Some(matrix) = matrix_of(op, change.is_some()) else { return };
        let Some((own, Pending { scaled, .. })) = self.waiting(matrix) else { return };
        let place = |write| Place { room: Room::Real, span: own, write };
        if let Some(change) = change {
            // Weights, frozen, the parts; perhaps encoders and values; freezing.
            let (Some(freezing), parts) = (turn.on.pop(), change.parts(0, 0).len()) else { return };
            turn.on.truncate(2 + parts);
            turn.on[0] = place(true);
            turn.on.push(freezing);
            turn.what = What::Code(LearnPending { change }.into());
        } else {
            turn.on[1] = place(false);
            turn.what = What::Code(kernels::Pending { scaled }.into());
        }
        turn.pass = "pending";
    }

    /// Where the form of a matrix is, and the form.
    fn waiting(&mut self, matrix: SignalId) -> Option<(Span, Pending)> {
        let find = |f: &AnyForm| match f {
            AnyForm::Pending(p) => Some(p.clone()),
            _ => None,
        };
        self.form_of(matrix, find, |d, shape| {
            let touching = || touching(d.wanted.program, matrix);
            let looking = touching().filter(|op| matches!(&op.op, Op::Kernel(Code::Delta(_)))).count();
            if d.users.get(&matrix) != Some(&(2 + looking)) {
                return None;
            }
            let change = touching().find_map(adds)?;
            let form = Pending { shape, scaled: matches!(change, Change::Scaled(_)) };
            let numbers = form.numbers();
            Some((form, numbers, None))
        })
    }
}
