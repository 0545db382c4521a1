//! `lif_phase`: LIF without exp and log; the refractory time is kept as a phase mark. Rounding.
//!
//! Not for populations with a neuron that begins above its threshold: the phase form takes a spike to fall within the step
//! in which the voltage passes the threshold; one that is above it before has its spike at a time of its own. Nor where
//! something else in a step uses the refractory times.

use bouton_elements::neurons::FastForm;
use bouton_kernels::LIF_NUMBERS;
use bouton_memory::{Place, Room};

use super::super::forms::PhaseMark;
use super::super::{Draft, FormAt, Turning, What};
use crate::kernels::{Code, LifPhase};
use crate::program::{Op, SignalId};

impl Draft<'_> {
    /// Makes the step of LIF neurons one of the phase form, where that may be.
    pub(crate) fn lif_phase(&mut self, turn: &mut Turning, k: usize) {
        let program = self.wanted.program;
        let op = &program.operators()[k];
        let Op::Kernel(Code::Neurons(n)) = &op.op else { return };
        if n.neurons.model().fast_form() != Some(FastForm::LifPhase) {
            return;
        }
        let [out, voltage, refractory, j, parameters] = &*op.on else { return };
        if [voltage, refractory].iter().any(|o| self.held(o.signal))
            || !self.at_rest(voltage.signal)
            || self.users[&program.base(refractory.signal)] > 1
        {
            return;
        }
        let len = program.get(refractory.signal).len();
        let (own, constants) = (self.own_real(len), self.own_double(LIF_NUMBERS));
        self.forms.push(FormAt {
            signal: refractory.signal,
            form: PhaseMark { single: self.wanted.single }.into(),
            own,
            constants,
            from: Some(parameters.signal),
        });
        let layout = self.wanted.layout;
        turn.what = What::Code(LifPhase.into());
        turn.on = vec![
            layout.place(program, out),
            layout.place(program, voltage),
            Place { room: Room::Real, span: own, write: true },
            layout.place(program, j),
            Place { room: Room::Double, span: constants, write: false },
        ];
        turn.pass = "lif_phase";
    }

    fn at_rest(&self, voltage: SignalId) -> bool {
        let s = self.wanted.program.get(voltage);
        s.view.is_none() && s.initial.find(s.len(), |v| v > 1.0).is_none()
    }
}
