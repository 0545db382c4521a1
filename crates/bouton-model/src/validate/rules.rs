//! Learning rules.

use bouton_elements::rules::Source;

use crate::{ConnectionId, EnsembleId, Error, LearningRule, Network, Object, Transform};

impl Network {
    pub(super) fn check_rule(&self, id: ConnectionId) -> Result<(), Error> {
        let path = self.connection_path(id);
        let Some((pre, post, c)) = self.get_connection(id) else { return Ok(()) };
        let Some(rule) = &c.rule else { return Ok(()) };
        let err = |m: String| Err(Error::model(&path, m));
        let checked = match rule {
            LearningRule::Element(r) => r.model().check(),
            LearningRule::Function(f) => f.check(),
        };
        checked.map_err(|m| Error::model(&path, format!("rule `{}`: {m}", rule.name())))?;
        let direct = |e: EnsembleId| self.get_ensemble(e).is_some_and(|e| e.neuron_type.is_direct());
        let neural = match pre.object {
            Object::Neurons(_) => true,
            Object::Ensemble(e) => !direct(e),
            _ => false,
        };
        if !neural {
            return err(format!("the rule `{}` needs neurons before the connection", rule.name()));
        }
        if matches!(post.object, Object::Rule(_)) {
            return err("a connection to a learning rule can't learn itself".into());
        }
        let policy = matches!(rule, LearningRule::Element(r) if r.model().policy().is_some());
        if policy && c.devices.is_none() {
            return err(format!(
                "the rule `{}` gives pulses to devices; give the connection `devices`, or use PES",
                rule.name()
            ));
        }
        let from_neurons = matches!(pre.object, Object::Neurons(_));
        if from_neurons && c.devices.is_none() && !matches!(c.transform, Transform::Matrix(_)) {
            return err(
                "a rule on a connection from neurons needs a `transform` that is a matrix (zeros will do)"
                    .into(),
            );
        }
        let to_neurons = matches!(post.object, Object::Neurons(_)) || c.solver.model().weights();
        if rule.inputs().iter().any(|i| i.source == Source::Post) && !to_neurons {
            return err(format!(
                "the rule `{}` reads postsynaptic activity, and the connection does not end at neurons; use \
                 `.neurons()` or a solver with `weights`",
                rule.name()
            ));
        }
        if to_neurons && rule.has_error() && matches!(post.slice, crate::Slice::Indices(_)) {
            return err(
                "a rule with an error onto neurons needs a range as slice of its end, not a list of indices"
                    .into(),
            );
        }
        Ok(())
    }
}
