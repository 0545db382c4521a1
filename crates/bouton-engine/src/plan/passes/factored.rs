//! `factored`: large matrices as W0 + E·D, with few columns of E. Rounding.
//!
//! For matrices that spikes meet and nothing else in a step touches: E and D are found in them, if they are a product, as
//! solved ones are, wherever they come from. And for those that one rule changes by outer products whose rows are given by
//! encoders, as PES on neurons does: E is the encoders, and a change is one of D. Bounds would need every weight in every
//! step, a second rule too: these stay as they are. So do those whose encoders something in a step writes: the matrix would
//! have to be folded in every step.

use bouton_memory::{Place, Room, Span};

use super::super::factored::{Factored, INNER};
use super::super::{AnyForm, Draft, Turning, What};
use super::events::{matrix_of, touching};
use crate::kernels::{self, Code, LearnFactored};
use crate::program::{Op, Operator, SignalId};

/// The encoders that the changes of `apply` pass, if that is what it does.
pub(super) fn encoders(op: &Operator) -> Option<SignalId> {
    match &op.op {
        Op::Kernel(Code::Apply(a)) if a.encoded && a.is_one_product() => Some(op.on[op.on.len() - 3].signal),
        _ => None,
    }
}

impl Draft<'_> {
    /// Makes a product with spikes, or a change of its matrix, one of factors, where that may be.
    pub(crate) fn factored(&mut self, turn: &mut Turning, k: usize) {
        let op = &self.wanted.program.operators()[k];
        let learns = encoders(op).is_some();
        let Some(matrix) = matrix_of(op, learns) else { return };
        let Some((own, Factored { inner, .. })) = self.factors(matrix) else { return };
        let place = |write| Place { room: Room::Real, span: own, write };
        if learns {
            // Weights, frozen, scale, post, pre; the encoders, the values; freezing.
            let [_, frozen, scale, post, pre, _, values, freezing] = turn.on[..] else { return };
            let kept = self.values.of(k);
            turn.on = match kept {
                Some(kept) => vec![place(true), kept, frozen, scale, pre, freezing],
                None => vec![place(true), frozen, scale, post, pre, values, freezing],
            };
            turn.what = What::Code(LearnFactored { values: kept.is_some() }.into());
        } else {
            turn.on[1] = place(false);
            turn.what = What::Code(kernels::Factored { inner }.into());
        }
        turn.pass = "factored";
    }

    /// Where the form of a matrix is, and the form.
    pub(super) fn factors(&mut self, matrix: SignalId) -> Option<(Span, Factored)> {
        let find = |f: &AnyForm| match f {
            AnyForm::Factored(f) => Some(f.clone()),
            _ => None,
        };
        self.form_of(matrix, find, |d, (rows, cols)| {
            let program = d.wanted.program;
            let given = match d.users.get(&matrix) {
                Some(1) => None,
                Some(2) => Some(touching(program, matrix).find_map(encoders).filter(|e| !d.written(*e))?),
                _ => return None,
            };
            let inner = given.map_or(INNER.min(rows.min(cols) / 8), |e| program.get(e).cols);
            if inner == 0 || inner > INNER || 8 * inner > rows.min(cols) {
                return None;
            }
            let epsilon = if d.wanted.single { f64::from(f32::EPSILON) } else { f64::EPSILON };
            let form = Factored { shape: (rows, cols), inner, given: given.is_some(), epsilon };
            let numbers = form.numbers();
            Some((form, numbers, given))
        })
    }
}
