//! `factored`: large matrices as W0 + E·D, with few columns of E. Rounding.
//!
//! For matrices that spikes meet and nothing else in a step touches: E and D are found in them, if they are a product, as
//! solved ones are, wherever they come from. And for those that one rule changes by outer products whose rows are given by
//! encoders, as PES on neurons does: E is the encoders, and a change is one of D. Bounds would need every weight in every
//! step, a second rule too: these stay as they are. So do those whose encoders something in a step writes: the matrix would
//! have to be folded in every step.

use bouton_memory::{Place, Room};

use super::super::factored::{Factored, INNER};
use super::super::{AnyForm, Draft, FormAt, Turning, What};
use crate::kernels::{self, Code, LearnFactored};
use crate::program::{Op, Operator, SignalId};

/// The encoders that the changes of `apply` pass, if that is what it does.
fn encoders(op: &Operator) -> Option<SignalId> {
    match &op.op {
        Op::Kernel(Code::Apply(a)) if a.encoded && a.is_one_product() => Some(op.on[op.on.len() - 3].signal),
        _ => None,
    }
}

impl Draft<'_> {
    /// Makes a product with spikes, or a change of its matrix, one of factors, where that may be.
    pub(crate) fn factored(&mut self, turn: &mut Turning, k: usize) {
        let program = self.wanted.program;
        let op = &program.operators()[k];
        let learns = encoders(op).is_some();
        let matrix = match (&op.op, &*op.on) {
            (Op::Kernel(Code::Dot(_)), [_, a, _]) => a.signal,
            _ if learns => op.on[0].signal,
            _ => return,
        };
        let Some(form) = self.factors(matrix) else { return };
        let place = |write| Place { room: Room::Real, span: form.own, write };
        let inner = form.inner;
        if learns {
            // Weights, frozen, scale, post, pre; the encoders, the values; freezing.
            let [_, frozen, scale, post, pre, _, values, freezing] = turn.on[..] else { return };
            turn.on = vec![place(true), frozen, scale, post, pre, values, freezing];
            turn.what = What::Code(LearnFactored.into());
        } else {
            turn.on[1] = place(false);
            turn.what = What::Code(kernels::Factored { inner }.into());
        }
        turn.pass = "factored";
    }

    /// The form of a matrix, made when it is asked for first; `None` where it may not be.
    fn factors(&mut self, matrix: SignalId) -> Option<Made> {
        // Few matrices are that large: the forms, one a population, are then not searched for each product.
        let (rows, cols) = self.meets_spikes(matrix)?;
        if let Some(f) = self.forms.iter().find(|f| f.signal == matrix) {
            return match &f.form {
                AnyForm::Factored(form) => Some(Made { own: f.own, inner: form.inner }),
                _ => None,
            };
        }
        let program = self.wanted.program;
        let users = self.users.get(&matrix).copied().unwrap_or(0);
        let given = match users {
            1 => None,
            2 => Some(self.touching(matrix).find_map(encoders).filter(|e| !self.written(*e))?),
            _ => return None,
        };
        let inner = given.map_or(INNER.min(rows.min(cols) / 8), |e| program.get(e).cols);
        if inner == 0 || inner > INNER || 8 * inner > rows.min(cols) {
            return None;
        }
        let epsilon = if self.wanted.single { f64::from(f32::EPSILON) } else { f64::EPSILON };
        let form = Factored { shape: (rows, cols), inner, given: given.is_some(), epsilon };
        let own = self.own_real(form.numbers());
        let constants = self.own_double(if given.is_some() { rows * inner } else { 0 });
        self.forms.push(FormAt { signal: matrix, form: form.into(), own, constants, from: given });
        Some(Made { own, inner })
    }
}

/// Where a form is.
struct Made {
    own: bouton_memory::Span,
    inner: usize,
}
