//! `at_spikes`: matrices that a rule changes at spikes, by columns; what postsynaptic spikes change waits until a column is met.
//! Bitwise.
//!
//! For large matrices that one rule changes at spikes, as pair STDP does, and one product with spikes reads. Bounds of the
//! connection, a second rule, or anything else that reads the weights would need every weight in every step.

use bouton_elements::rules::{Change, Rule, SpikeParts};
use bouton_memory::{Place, Room, Span};

use super::super::forms::{AnyForm, Spiked};
use super::super::{Draft, FormAt, Turning, What, spiked};
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
        let matrix = match (&op.op, &*op.on) {
            (Op::Kernel(Code::Dot(_)), [_, a, _]) => a.signal,
            _ if learning => op.on[0].signal,
            _ => return,
        };
        let Some((own, rule, of)) = self.spiked(matrix) else { return };
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

    /// Where the form of a matrix is, which is made when it is asked for first; `None` where it may not be.
    fn spiked(&mut self, matrix: SignalId) -> Option<(Span, Rule, SpikeParts)> {
        let shape = self.meets_spikes(matrix)?;
        if let Some(f) = self.forms.iter().find(|f| f.signal == matrix) {
            return match &f.form {
                AnyForm::Spiked(s) => Some((f.own, s.rule.clone(), s.of)),
                _ => None,
            };
        }
        if self.users.get(&matrix) != Some(&2) {
            return None;
        }
        let (rule, of) = self.touching(matrix).find_map(learns)?;
        let own = self.own_real(spiked::numbers(shape, of));
        let constants = self.own_double(0);
        let form = Spiked { shape, rule: rule.clone(), of, single: self.wanted.single };
        self.forms.push(FormAt { signal: matrix, form: form.into(), own, constants, from: None });
        Some((own, rule, of))
    }
}
