//! Rules as text: units that look like slips, and third factors that nothing delivers.

use bouton_model::{Connection, ConnectionId, LearningRule, Object};

use super::{Check, ScaleKind, ScaleNote};

impl Check<'_> {
    /// What there is to say of the rules of a connection that are texts.
    pub(super) fn texts(&self, id: ConnectionId, c: &Connection) -> Vec<ScaleNote> {
        let mut notes = vec![];
        for (k, rule) in c.rules.iter().enumerate() {
            let name = self.net.rule_path(id.rule_at(k));
            for (number, factor) in rule.factors().iter().enumerate() {
                let factor_is_fed = self.net.connected(Object::Factor(id.rule_at(k), number));
                // One with a default of its own is meant to be left alone.
                if !factor_is_fed && factor.default == 0.0 {
                    let m = format!(
                        "nothing is connected to the third factor `{0}` of its learning rule, and so it is 0: connect \
                         something to `{name}.{0}`",
                        factor.name
                    );
                    notes.push(self.note(id, 0.0, f64::INFINITY, "rule", ScaleKind::NoFactor, m));
                }
            }
            let LearningRule::Element(rule) = rule else { continue };
            let warnings = rule.as_text().map_or(vec![], |t| t.rule().warnings(self.sim.dt()));
            for warning in warnings {
                let m = format!("its learning rule, {warning}");
                notes.push(self.note(id, 1.0, 1.0, "rule", ScaleKind::Unit, m));
            }
        }
        notes
    }
}
