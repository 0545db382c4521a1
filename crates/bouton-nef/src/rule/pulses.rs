//! Pulses on devices in the place of changes of weights.

use std::collections::BTreeMap;
use std::sync::Arc;

use bouton_core::Error;
use bouton_elements::devices::DeviceSpec;
use bouton_elements::policies::Policy;
use bouton_elements::rules::{Change, RuleInput, Source};
use bouton_elements::var::{self, of_role};
use bouton_engine::{Draws, Knob, Op, Operand, Program, Role, SignalId};
use bouton_model::LearningRule;

use super::{Builder, Learned, Wanted};
use crate::{DeviceSignals, calls};

/// Pulses that are to be given to the devices of a connection.
pub struct Pulsed<'a> {
    /// The devices.
    pub spec: &'a Arc<DeviceSpec>,
    /// Their signals, one a side of the mapping.
    pub banks: &'a [DeviceSignals],
    /// What rules want, in the order in which it is given.
    pub rules: Vec<RulePulses>,
    /// The weights, the mask of what is frozen, and whether anything is.
    pub learned: [SignalId; 3],
}

/// Pulses of what one rule wants.
pub struct RulePulses {
    /// What makes pulses of it.
    pub policy: Policy,
    /// What the paths of the policy's parameters begin with. Rules with one prefix have one policy.
    pub prefix: String,
    /// What the rule's change is made of.
    pub change: Change,
    /// The parts of that change.
    pub parts: Vec<SignalId>,
    /// The activity that the policy's gate sees, a number a column.
    pub activity: SignalId,
}

impl RulePulses {
    /// The parameters of the policy as one signal, each with a path.
    fn parameters(&self, p: &mut Program) -> SignalId {
        let parameters = of_role(self.policy.model().vars(), var::Role::Parameter);
        let (prefix, values) = (&self.prefix, var::parameter_values(&parameters));
        let all = p.double(format!("{prefix}.policy_parameters"), values.len(), 1, Role::Parameter, values);
        for (i, var) in parameters.iter().enumerate() {
            let one = p.view(all, i, 1, 1);
            let knob = Knob::plain(one, var.unit.clone(), var.bounds, var.doc.clone());
            p.knobs_mut().add(format!("{prefix}.{}", var.name), knob);
        }
        all
    }
}

impl Pulsed<'_> {
    /// Adds the pulses to a program, as part of the object `of`; returns their place among its operators. They act after all
    /// readers of the weights.
    pub fn add(self, p: &mut Program, of: &str) -> usize {
        let Pulsed { spec, banks, rules, learned } = self;
        let [weights, frozen, mode] = learned;
        let columns = spec.device.model().vars();
        let mut on = vec![Operand::update(weights)];
        for b in banks {
            let state = b.columns.iter().zip(&columns).filter(|(_, c)| c.is_state()).map(|(s, _)| *s);
            on.extend(state.chain([b.conductance, b.pulses]).map(Operand::update));
        }
        on.push(Operand::read(frozen));
        for b in banks {
            let fixed = b.columns.iter().zip(&columns).filter(|(_, c)| !c.is_state()).map(|(s, _)| *s);
            on.extend(fixed.chain([b.offset, b.scale]).map(Operand::read));
        }
        on.extend(banks.first().map(|b| Operand::read(b.gain)));
        on.push(Operand::read(mode));
        let mut of_policies = BTreeMap::new();
        for rule in &rules {
            let parameters = *of_policies.entry(&rule.prefix).or_insert_with(|| rule.parameters(p));
            // The gate may see a part of the change itself: reading it twice is allowed.
            on.extend(rule.parts.iter().chain([&rule.activity, &parameters]).map(|s| Operand::read(*s)));
        }
        let shape = (p.get(weights).rows, p.get(weights).cols);
        let rules = rules.into_iter().map(|r| (r.policy, r.change)).collect();
        let call = calls::PulseCall { spec: spec.clone(), rules, shape };
        p.add(of, Op::Call(Arc::new(call)), on, Draws::No)
    }
}

impl Builder<'_> {
    /// Pulses of what rules want.
    pub(super) fn pulses(
        &mut self,
        l: &Learned,
        learning: &[(&Wanted, &LearningRule)],
        spec: &Arc<DeviceSpec>,
    ) -> Result<(), Error> {
        let several = learning.iter().enumerate();
        let rules = several
            .map(|(k, (wanted, rule))| self.pulses_of(l, k, rule, wanted, spec))
            .collect::<Result<_, Error>>()?;
        let path = match learning.len() {
            1 => self.net.rule_path(l.id.rule()),
            _ => self.net.connection_path(l.id),
        };
        let banks = self.conn[l.id.index()].devices.clone();
        Pulsed { spec, banks: &banks, rules, learned: [l.weights, l.frozen, l.mode] }
            .add(&mut self.program, &path);
        Ok(())
    }

    /// Pulses of what one of them wants.
    fn pulses_of(
        &mut self,
        l: &Learned,
        k: usize,
        rule: &LearningRule,
        wanted: &Wanted,
        spec: &Arc<DeviceSpec>,
    ) -> Result<RulePulses, Error> {
        let path = self.net.rule_path(l.id.rule_at(k));
        let own = match rule {
            LearningRule::Element(r) => r.model().policy().cloned(),
            _ => None,
        };
        let brings = own.is_some();
        let policy: Policy = own.unwrap_or_else(|| spec.policy.clone());
        // The rule's own filter of activity; of a rule without one, which is a text with a state in its place, the factor of columns.
        let own_filter = |i: &RuleInput| i.source == Source::Pre && i.state.is_none() && i.synapse.is_some();
        let named = &self.conn[l.id.index()].rules[k].named;
        let filtered =
            rule.inputs().into_iter().find(own_filter).and_then(|i| named.iter().find(|n| n.0 == i.name));
        let factor =
            matches!(wanted.change, Change::Outer(1)).then(|| filtered.map_or(wanted.parts[2], |n| n.1));
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
        let prefix = if brings { name } else { format!("{}.policy", self.names.connection(l.id)) };
        Ok(RulePulses { policy, prefix, change: wanted.change, parts: wanted.parts.clone(), activity })
    }
}
