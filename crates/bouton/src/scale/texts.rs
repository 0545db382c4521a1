//! Rules as text: units that look like slips, third factors that nothing delivers, spikes that never come.

use bouton_elements::rules::{TextRule, When};
use bouton_model::{Connection, ConnectionId, End, LearningRule, Object};

use super::{Check, ScaleKind, ScaleNote};

impl Check<'_> {
    /// What there is to say of the rules of a connection that are texts.
    pub(super) fn texts(
        &self,
        id: ConnectionId,
        (pre, post): (&End, &End),
        c: &Connection,
    ) -> Vec<ScaleNote> {
        let mut notes = vec![];
        for (k, rule) in c.rules.iter().enumerate() {
            let name = self.net.rule_path(id.rule_at(k));
            for (number, factor) in rule.factors().iter().enumerate() {
                let factor_is_fed = self.net.connected(Object::Factor(id.rule_at(k), number));
                // One with a default of its own is meant to be left alone.
                if !factor_is_fed && factor.default.is_none() {
                    let what = if factor.error { "error" } else { "third factor" };
                    let m = format!(
                        "nothing is connected to the {what} `{0}` of its learning rule, and so it is 0: connect \
                         something to `{name}.{0}`",
                        factor.name
                    );
                    notes.push(self.note(id, 0.0, f64::INFINITY, "rule", ScaleKind::NoFactor, m));
                }
            }
            let LearningRule::Element(rule) = rule else { continue };
            let Some(rule) = rule.as_text().map(TextRule::rule) else { continue };
            for (when, block, end) in [(When::Pre, "on pre", pre), (When::Post, "on post", post)] {
                let (Object::Ensemble(e) | Object::Neurons(e)) = end.object else { continue };
                let rates = self.net.get_ensemble(e).is_some_and(|e| !e.neuron_type.model().spiking());
                if rates && rule.has_block(when) {
                    let m = format!(
                        "its learning rule has statements `{block}`, and the neurons of `{}` have rates in place of spikes: \
                         they run in every step in which a rate is above 0. Use `each step`, or neurons that spike",
                        self.net.ensemble_path(e)
                    );
                    notes.push(self.note(id, 1.0, 1.0, "rule", ScaleKind::NoSpikes, m));
                }
            }
            for warning in rule.warnings(self.sim.dt()) {
                let m = format!("its learning rule, {warning}");
                notes.push(self.note(id, 1.0, 1.0, "rule", ScaleKind::Unit, m));
            }
        }
        notes
    }
}
