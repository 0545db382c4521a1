//! Learning rules.

use std::cmp::Ordering;

use bouton_elements::policies::Policy;
use bouton_elements::rules::{Changes, RuleInput, Source};
use bouton_elements::synapses::Synapse;

use crate::{ConnectionId, End, EnsembleId, Error, LearningRule, Network, Object, RuleId};

impl Network {
    /// Each rule, and what limits all of them.
    pub(super) fn check_rules(&self, id: ConnectionId) -> Result<(), Error> {
        let Some((.., c)) = self.get_connection(id) else { return Ok(()) };
        for number in 0..c.rules.len() {
            self.check_rule(id.rule_at(number))?;
        }
        let path = self.connection_path(id);
        let err = |m: String| Err(Error::model(&path, m));
        let of = |what| c.rules.iter().find(|r| r.changes() == what).map(LearningRule::name);
        if let (Some(weights), Some(encoders)) = (of(Changes::Weights), of(Changes::Encoders)) {
            return err(format!(
                "the rules of a connection change one matrix: `{weights}` changes its weights, and `{encoders}` the encoders of \
                 `{}`; give one of them a connection of its own",
                self.get_connection(id).map_or(String::new(), |(_, post, _)| self.object_path(post.object))
            ));
        }
        if let Some((low, high)) = c.bounds {
            // Also for NaN.
            if low.partial_cmp(&high) != Some(Ordering::Less) {
                return err(format!(
                    "`bounds` must be two numbers, the first below the second, found {low} and {high}"
                ));
            }
            if c.devices.is_some() {
                return err(
                    "the weights are made of devices, which have bounds of their own; leave `bounds` out"
                        .into(),
                );
            }
        }
        if let Some(mask) = &c.mask
            && let Some(k) = mask.values().iter().position(|x| *x != 0.0 && *x != 1.0)
        {
            let at = (k / mask.shape().1, k % mask.shape().1);
            return err(format!("`mask` must hold zeros and ones, found {} at {at:?}", mask.values()[k]));
        }
        for (name, given) in [("bounds", c.bounds.is_some()), ("mask", c.mask.is_some())] {
            if given && c.rules.is_empty() {
                return err(format!(
                    "`{name}` says what rules may do, and the connection has none; leave it out"
                ));
            }
        }
        Ok(())
    }

    /// A mask against the shape of the weights.
    pub(super) fn check_mask(&self, id: ConnectionId, shape: (usize, usize)) -> Result<(), Error> {
        let Some((.., c)) = self.get_connection(id) else { return Ok(()) };
        match &c.mask {
            Some(m) if m.shape() != shape => {
                let ((r, k), (rows, cols)) = (m.shape(), shape);
                let m = format!(
                    "`mask` must be {rows} × {cols} (post × pre), as the weights are, found {r} × {k}"
                );
                Err(Error::model(self.connection_path(id), m))
            }
            _ => Ok(()),
        }
    }

    fn check_rule(&self, id: RuleId) -> Result<(), Error> {
        let Some((pre, post, c)) = self.get_connection(id.connection) else { return Ok(()) };
        // The only rule is the connection's affair, and named by its own name in the message.
        let one = c.rules.len() == 1;
        let path = if one { self.connection_path(id.connection) } else { self.rule_path(id) };
        let rule = self.get_rule(id)?;
        let err = |m: String| Err(Error::model(&path, m));
        let checked = match rule {
            LearningRule::Element(r) => r.model().check().and_then(|()| r.within_bounds()).and_then(|()| {
                let policy = r.model().policy().map_or(Ok(()), Policy::within_bounds);
                let inputs = r.model().inputs();
                let mut filters = inputs.iter().filter_map(|i| i.synapse.as_ref());
                policy.and_then(|()| filters.try_for_each(Synapse::within_bounds))
            }),
            LearningRule::Function(f) => f.check(),
        };
        checked.map_err(|m| Error::model(&path, format!("rule `{}`: {m}", rule.name())))?;
        if rule.changes() == Changes::Encoders {
            return self.check_encoder_rule(id, &path, rule);
        }
        let direct = |e: EnsembleId| self.get_ensemble(e).is_some_and(|e| e.neuron_type.is_direct());
        let active = match pre.object {
            Object::Neurons(_) | Object::Node(_) => true,
            Object::Ensemble(e) => !direct(e),
            _ => false,
        };
        if !active {
            return err(format!("the rule `{}` needs neurons or a node before the connection", rule.name()));
        }
        if matches!(post.object, Object::Rule(_) | Object::Factor(..)) {
            return err("a connection to a learning rule can't learn itself".into());
        }
        let policy = matches!(rule, LearningRule::Element(r) if r.model().policy().is_some());
        if policy && c.devices.is_none() {
            return err(format!(
                "the rule `{}` gives pulses to devices; give the connection `devices`, or use PES",
                rule.name()
            ));
        }
        let decoded = matches!(pre.object, Object::Ensemble(_));
        let matrix = c.transform.as_ref().is_some_and(|t| t.model().dense());
        if !decoded && c.devices.is_none() && !matrix {
            return err(
                "a rule on a connection from neurons or a node needs a `transform` that is a matrix (zeros will do)"
                    .into(),
            );
        }
        if !decoded && c.function.is_some() {
            return err(format!(
                "the rule `{}` reads what the node gives, and the weights what the `function` makes of it; let the node compute it",
                rule.name()
            ));
        }
        let to_neurons = matches!(post.object, Object::Neurons(_)) || c.solver.model().weights();
        for input in rule.inputs() {
            let end = if input.source == Source::Pre { pre } else { post };
            self.check_state(&path, rule, &input, end)?;
        }
        if rule.inputs().iter().any(|i| i.source != Source::Pre) && !to_neurons {
            return err(format!(
                "the rule `{}` reads postsynaptic activity, and the connection does not end at neurons; use \
                 `.neurons()` or a solver with `weights`",
                rule.name()
            ));
        }
        if to_neurons && rule.has_any_error() && matches!(post.slice, crate::Slice::Indices(_)) {
            return err(
                "a rule with an error onto neurons needs a range as slice of its end, not a list of indices"
                    .into(),
            );
        }
        Ok(())
    }

    /// A rule that changes encoders needs an ensemble with neurons behind the connection, whatever is before it.
    fn check_encoder_rule(&self, id: RuleId, path: &str, rule: &LearningRule) -> Result<(), Error> {
        let Some((_, post, c)) = self.get_connection(id.connection) else { return Ok(()) };
        let name = rule.name();
        let err = |m: String| Err(Error::model(path, m));
        let way = match post.object {
            Object::Ensemble(e) if self.get_ensemble(e).is_some_and(|e| e.neuron_type.is_direct()) => {
                "which is direct and has none".to_string()
            }
            Object::Ensemble(_) if c.solver.model().weights() => {
                return err(format!(
                    "the rule `{name}` changes encoders, and a solver with `weights` goes past them; leave `weights` out"
                ));
            }
            Object::Ensemble(_) => String::new(),
            Object::Neurons(e) => {
                format!("which is behind them; connect to the ensemble `{}`", self.ensemble_path(e))
            }
            _ => "which has none; connect to an ensemble".into(),
        };
        if !way.is_empty() {
            let object = self.object_path(post.object);
            return err(format!(
                "the rule `{name}` changes the encoders of the ensemble that its connection ends at, and it ends at `{object}`, {way}"
            ));
        }
        if c.devices.is_some() {
            return err(format!(
                "the rule `{name}` changes encoders, and gives no pulses to `devices`; give it a connection of its own"
            ));
        }
        if rule.has_error() {
            return err(format!("the rule `{name}` changes encoders, and so can have no error"));
        }
        let posts = |i: &RuleInput| i.source == Source::Post;
        rule.inputs().iter().filter(|i| posts(i)).try_for_each(|i| self.check_state(path, rule, i, post))
    }

    /// Refuses a rule that reads a state which the neurons at this end don't have, or there being none.
    fn check_state(
        &self,
        path: &str,
        rule: &LearningRule,
        input: &RuleInput,
        end: &End,
    ) -> Result<(), Error> {
        let Some(state) = &input.state else { return Ok(()) };
        let (Object::Ensemble(e) | Object::Neurons(e)) = end.object else {
            let object = self.object_path(end.object);
            let m = format!(
                "the rule `{}` reads `{}`, and `{object}` has no neurons; `out` is what it gives",
                rule.name(),
                input.name
            );
            return Err(Error::model(path, m));
        };
        let states = self.get_ensemble(e).map_or(vec![], |e| e.neuron_type.states());
        if states.iter().any(|v| v.name == *state) {
            return Ok(());
        }
        let names: Vec<&str> = states.iter().map(|v| &*v.name).collect();
        let way = match (crate::nearest(state, names.iter().copied()), &names[..]) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => "they have none, and `out` is their output".into(),
            (None, names) => format!("there are `out` and {}", names.join(", ")),
        };
        let m = format!(
            "the rule `{}` reads `{}`, and the neurons of `{}` have no state `{state}`; {way}",
            rule.name(),
            input.name,
            self.ensemble_path(e)
        );
        Err(Error::model(path, m))
    }
}
