//! Pulses on devices in the place of changes of weights.

use std::sync::Arc;

use bouton_core::Error;
use bouton_elements::devices::DeviceSpec;
use bouton_elements::policies::Policy;
use bouton_elements::rules::{Change, Source};
use bouton_elements::var::{self, of_role};
use bouton_engine::{Draws, Knob, Op, Operand, Role};
use bouton_model::LearningRule;

use super::{Builder, Learned, Wanted};
use crate::calls;

impl Builder<'_> {
    /// Pulses of what a rule wants.
    pub(super) fn pulses(
        &mut self,
        l: &Learned,
        k: usize,
        rule: &LearningRule,
        wanted: &Wanted,
        spec: &Arc<DeviceSpec>,
    ) -> Result<(), Error> {
        let path = self.net.rule_path(l.id.rule_at(k));
        let own = match rule {
            LearningRule::Element(r) => r.model().policy().cloned(),
            _ => None,
        };
        let brings = own.is_some();
        let policy: Policy = own.unwrap_or_else(|| spec.policy.clone());
        let factor = matches!(wanted.change, Change::Outer(1)).then(|| wanted.parts[2]);
        let name = self.names.rule(l.id, k);
        let activity = match factor {
            Some(pre) if brings || policy.model().filtered() => pre,
            _ => {
                let spikes = self.activity(&path, l.id, Source::Pre, None)?;
                let synapse = policy
                    .model()
                    .filtered()
                    .then(bouton_elements::synapses::Lowpass::default)
                    .map(Into::into);
                self.filter(&path, spikes, synapse.as_ref(), true, &format!("{name}.gate"))?
            }
        };
        let parameters = of_role(policy.model().vars(), var::Role::Parameter);
        let prefix = if brings { name } else { format!("{}.policy", self.names.connection(l.id)) };
        let values = var::parameter_values(&parameters);
        let p = &mut self.program;
        let all = p.double(format!("{prefix}.policy_parameters"), values.len(), 1, Role::Parameter, values);
        if k == 0 || brings {
            for (i, var) in parameters.iter().enumerate() {
                let one = p.view(all, i, 1, 1);
                let knob = Knob::plain(one, var.unit.clone(), var.bounds, var.doc.clone());
                if p.knobs().get(&format!("{prefix}.{}", var.name)).is_none() {
                    p.knobs_mut().add(format!("{prefix}.{}", var.name), knob);
                }
            }
        }
        let columns = spec.device.model().vars();
        let banks = self.conn[l.id.index()].devices.clone();
        let Some(gain) = banks.first().map(|b| b.gain) else { return Ok(()) };
        let mut on = vec![Operand::update(l.weights)];
        for b in &banks {
            let state = b.columns.iter().zip(&columns).filter(|(_, c)| c.is_state()).map(|(s, _)| *s);
            on.extend(state.chain([b.conductance, b.pulses]).map(Operand::update));
        }
        on.push(Operand::read(l.frozen));
        on.extend(wanted.parts.iter().map(|s| Operand::read(*s)));
        // The gate may see a part of the change itself: reading it twice is allowed.
        on.push(Operand::read(activity));
        for b in &banks {
            let fixed = b.columns.iter().zip(&columns).filter(|(_, c)| !c.is_state()).map(|(s, _)| *s);
            on.extend(fixed.chain([b.offset, b.scale]).map(Operand::read));
        }
        on.extend([gain, all, l.mode].map(Operand::read));
        let call =
            calls::PulseCall { spec: spec.clone(), policy, change: wanted.change, shape: (l.rows, l.cols) };
        self.program.add(&path, Op::Call(Arc::new(call)), on, Draws::No);
        Ok(())
    }
}
