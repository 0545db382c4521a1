//! `at_spikes`: matrices that a rule changes at spikes, by columns; what postsynaptic spikes change waits until a column is met.
//! Bitwise.
//!
//! For large matrices that one rule changes at spikes, as pair STDP does, and one product with spikes reads. Bounds of the
//! connection, a second rule, or anything else that reads the weights would need every weight in every step.

use bouton_elements::rules::{Change, Rule, SpikeParts};
use bouton_memory::{Place, Room, Span};

use super::super::forms::{AnyForm, Spiked};
use super::super::{Draft, Turning, What, spiked};
use super::events::{matrix_of, touching};
use crate::kernels::{self, Code, LearnAtSpikes};
use crate::program::{Op, Operator, SignalId};

/// The rule whose change at spikes is added, if nothing else is done.
fn learns(op: &Operator) -> Option<(Rule, SpikeParts)> {
    match &op.op {
        Op::Kernel(Code::Apply(a)) => match a.only()? {
            Change::AtSpikes(of) => Some((a.at_spikes.first()?.clone(), of)),
            _ => None,
        },
        _ => None,
    }
}

impl Draft<'_> {
    /// Makes a product with spikes, or a change of its matrix, one on which spikes wait, where that may be.
    pub(crate) fn at_spikes(&mut self, turn: &mut Turning, k: usize) {
        if !turn.pass.is_empty() {
            return;
        }
        let op = &self.wanted.program.operators()[k];
        let learning = learns(op).is_some();
        let Some(matrix) = matrix_of(op, learning) else { return };
        let Some((own, Spiked { rule, of, .. })) = self.spiked(matrix) else { return };
        let place = Place { room: Room::Real, span: own, write: true };
        if learning {
            turn.on[0] = place;
            turn.what = What::Code(LearnAtSpikes { rule, of }.into());
        } else {
            // The product brings the columns that it reads up to date.
            turn.on[1] = place;
            turn.what = What::Code(kernels::Spiked { rule, of }.into());
        }
        turn.pass = "at_spikes";
    }

    /// Where the form of a matrix is, and the form.
    fn spiked(&mut self, matrix: SignalId) -> Option<(Span, Spiked)> {
        let find = |f: &AnyForm| match f {
            AnyForm::Spiked(s) => Some(s.clone()),
            _ => None,
        };
        self.form_of(matrix, find, |d, shape| {
            if d.users.get(&matrix) != Some(&2) {
                return None;
            }
            let (rule, of) = touching(d.wanted.program, matrix).find_map(learns)?;
            let form = Spiked { shape, rule, of, single: d.wanted.single };
            Some((form, spiked::numbers(shape, of), None))
        })
    }
}
