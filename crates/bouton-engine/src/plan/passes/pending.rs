//! `pending`: the outer products that a rule changes a large matrix by are added some at a time. Rounding.
//!
//! For matrices that one rule changes by one outer product a step, as BCM and Hebb do, and one product with spikes reads. Bounds
//! would need every weight in every step; a second rule, or anything else that reads the weights, would too.

use bouton_memory::{Place, Room, Span};

use super::super::forms::AnyForm;
use super::super::pending::Pending;
use super::super::{Draft, FormAt, Turning, What};
use crate::kernels::{self, Code, LearnPending};
use crate::program::{Op, Operator, SignalId};

/// Whether it adds one outer product, and does nothing else.
fn adds(op: &Operator) -> bool {
    matches!(&op.op, Op::Kernel(Code::Apply(a)) if a.is_one_product())
}

impl Draft<'_> {
    /// Makes a product with spikes, or a change of its matrix, one with changes that wait, where that may be.
    pub(crate) fn pending(&mut self, turn: &mut Turning, k: usize) {
        if !turn.pass.is_empty() {
            return;
        }
        let op = &self.wanted.program.operators()[k];
        let learns = adds(op);
        let matrix = match (&op.op, &*op.on) {
            (Op::Kernel(Code::Dot(_)), [_, a, _]) => a.signal,
            _ if learns => op.on[0].signal,
            _ => return,
        };
        let Some(own) = self.waiting(matrix) else { return };
        let place = |write| Place { room: Room::Real, span: own, write };
        if learns {
            // Weights, frozen, scale, post, pre; perhaps encoders and values; freezing.
            let [_, frozen, scale, post, pre, .., freezing] = turn.on[..] else { return };
            turn.on = vec![place(true), frozen, scale, post, pre, freezing];
            turn.what = What::Code(LearnPending.into());
        } else {
            turn.on[1] = place(false);
            turn.what = What::Code(kernels::Pending.into());
        }
        turn.pass = "pending";
    }

    /// Where the form of a matrix is, which is made when it is asked for first; `None` where it may not be.
    fn waiting(&mut self, matrix: SignalId) -> Option<Span> {
        let shape = self.meets_spikes(matrix)?;
        if let Some(f) = self.forms.iter().find(|f| f.signal == matrix) {
            return matches!(f.form, AnyForm::Pending(_)).then_some(f.own);
        }
        if self.users.get(&matrix) != Some(&2) || !self.touching(matrix).any(adds) {
            return None;
        }
        let form = Pending { shape };
        let (own, constants) = (self.own_real(form.numbers()), self.own_double(0));
        self.forms.push(FormAt { signal: matrix, form: form.into(), own, constants, from: None });
        Some(own)
    }
}
