//! Learning rules: what they read, their delta, and the operator that adds it to the weights a step later.

use bouton_elements::rules::{Acts, Applies, Source};
use bouton_model::{ConnectionId, Error, LearningRule, Object, Over, Slice};

use super::Builder;
use crate::program::{Action, SignalId};

impl Builder<'_> {
    pub(super) fn rule(&mut self, id: ConnectionId) -> Result<(), Error> {
        let Some((.., c)) = self.net.get_connection(id) else { return Ok(()) };
        let Some(rule) = c.rules.first().cloned() else { return Ok(()) };
        let connection_path = self.net.connection_path(id);
        if c.rules.len() > 1 || c.bounds.is_some() || c.mask.is_some() {
            return Err(Error::build(
                connection_path,
                "several rules on one connection, `bounds` and `mask` can be described, but not run yet; give the \
                 connection one rule without them",
            ));
        }
        let path = self.net.rule_path(id.rule());
        let Some(weights) = self.conn[id.index()].weights else {
            return Err(Error::build(
                connection_path,
                "there are no weights to learn; give the connection a `transform`",
            ));
        };
        let (rows, cols) = {
            let s = &self.program.signals[weights.index()];
            (s.rows, s.cols)
        };
        let now = match &rule {
            LearningRule::Element(r) => match r.model().acts() {
                Acts::OnDevices(_) => true,
                Acts::OnWeights(a) => a == Applies::Now,
            },
            LearningRule::Function(f) => f.applies() == Applies::Now,
            _ => return Err(Error::build(path, "the engine does not know this kind of rule")),
        };
        let on_devices = self.devices[id.index()].is_some();
        // Pulses have no delta: devices only know their state.
        let delta = (!on_devices).then(|| self.program.signal(format!("{path}.delta"), rows, cols, None));
        self.conn[id.index()].delta = delta;
        if let (Some(delta), false) = (delta, now) {
            let copy = Action::Copy {
                src: delta,
                dst: weights,
                from: Slice::All,
                to: Slice::All,
                inc: true,
                delta_of: Some(id),
            };
            self.program.add(&path, copy);
        }

        let mut error = None;
        if rule.has_error() {
            let size = self.net.object_size(Object::Rule(id.rule()), false)?;
            let signal = self.program.signal(format!("{path}.error"), size, 1, None);
            self.program.add(&path, Action::Reset { dst: signal, value: 0.0 });
            self.conn[id.index()].error = Some(signal);
            error = Some(signal);
        }
        let mut inputs = vec![];
        for input in rule.inputs() {
            let activity = self.activity(&path, id, input.source)?;
            let s = self.filter(&path, activity, input.synapse.as_ref(), true)?;
            self.conn[id.index()].named.push((input.name, s));
            inputs.push(s);
        }
        if let Some(e) = error {
            error = Some(self.local_error(&path, id, e, rows)?);
        }
        let mut state = vec![];
        if let LearningRule::Function(f) = &rule {
            for (name, over, initial) in f.states() {
                let (r, c) = match over {
                    Over::Rule => (1, 1),
                    Over::Pre => (cols, 1),
                    Over::Post => (rows, 1),
                    Over::Synapse => (rows, cols),
                };
                let values = std::sync::Arc::new(vec![*initial; r * c]);
                let s = self.program.signal(format!("{path}.{name}"), r, c, Some(values));
                self.conn[id.index()].named.push((name.clone(), s));
                state.push(s);
            }
        }
        self.program
            .add(&path, Action::Rule { connection: id, rule, inputs, error, weights, delta, state, now });
        Ok(())
    }

    /// The activity of the neurons at one end of a connection.
    fn activity(&mut self, path: &str, id: ConnectionId, source: Source) -> Result<SignalId, Error> {
        let side = if source == Source::Pre { "before" } else { "after" };
        let end =
            self.net.get_connection(id).map(|(pre, post, _)| if source == Source::Pre { pre } else { post });
        let found = end.and_then(|end| match end.object {
            Object::Ensemble(e) => self.ens[e.index()].out.map(|s| (s, Slice::All)),
            Object::Neurons(e) => self.ens[e.index()].out.map(|s| (s, end.slice.clone())),
            _ => None,
        });
        let none = || Error::build(path, format!("the rule needs neurons {side} the connection"));
        let (s, slice) = found.ok_or_else(none)?;
        Ok(self.sliced(path, s, &slice))
    }

    /// Onto neurons: scaled encoders times error, one value a neuron. Otherwise the error itself.
    fn local_error(
        &mut self,
        path: &str,
        id: ConnectionId,
        error: SignalId,
        rows: usize,
    ) -> Result<SignalId, Error> {
        let Some((_, post, c)) = self.net.get_connection(id) else { return Ok(error) };
        let (e, by_neuron) = match post.object {
            Object::Neurons(e) => (e, true),
            Object::Ensemble(e) if c.solver.model().weights() => (e, false),
            _ => return Ok(error),
        };
        let Some(encoders) = self.ens[e.index()].encoders else { return Ok(error) };
        let s = &self.program.signals[encoders.index()];
        let (n, d) = (s.rows, s.cols);
        let view = match (&post.slice, by_neuron) {
            (Slice::All, _) => encoders,
            (Slice::Range(a, b), true) => self.program.view(encoders, a * d, b.min(&n) - a, d),
            (Slice::Range(a, b), false) => self.program.view(encoders, *a, n, b.min(&d) - a),
            (Slice::Indices(_), _) => {
                return Err(Error::build(
                    path,
                    "an error onto neurons needs a range as slice, not a list of indices",
                ));
            }
        };
        let local = self.program.signal(format!("{path}.local_error"), rows, 1, None);
        self.program.add(path, Action::Reset { dst: local, value: 0.0 });
        self.program.add(path, Action::DotInc { a: view, x: error, y: local });
        Ok(local)
    }
}
