//! What a rule reads: third factors, activities of neurons, and errors through encoders.

use std::sync::Arc;

use bouton_core::{Error, Slice};
use bouton_elements::rules::{Changes, RuleFactor, Source};
use bouton_engine::{Dot, Draws, Op, Operand, Role, SignalId};
use bouton_model::{ConnectionId, End, EnsembleId, Object};

use super::{Builder, Learned, shape_over};
use crate::calls::EncodersCall;

impl Builder<'_> {
    /// The third factors and further errors of a rule, a signal each: what connections to it add up to, or the default. An
    /// error is what the encoders make of it, as the rule reads it.
    pub(super) fn rule_factors(
        &mut self,
        l: &Learned,
        k: usize,
        path: &str,
        name: &str,
        factors: &[RuleFactor],
    ) -> Result<Vec<SignalId>, Error> {
        let mut signals = vec![];
        for (number, f) in factors.iter().enumerate() {
            let object = Object::Factor(l.id.rule_at(k), number);
            let (r, c) =
                if f.error { (self.net.object_size(object, false)?, 1) } else { shape_over(f.over, l) };
            // The default is what it is when nothing is connected: it isn't added to what is.
            let connected = self.net.connected(object);
            let s = self.program.signal(format!("{name}.{}", f.name), r, c, Role::Scratch, 0.0);
            self.program.reset(path, s, if connected { 0.0 } else { f.default.unwrap_or(0.0) });
            self.conn[l.id.index()].rules[k].factors.push(s);
            self.conn[l.id.index()].rules[k].named.push((f.name.clone(), s));
            let encoders = if f.error { self.error_encoders(l, k)? } else { None };
            signals.push(match encoders {
                Some(e) => self.local_error(path, &format!("{name}.{}", f.name), l, e, s),
                None => s,
            });
        }
        Ok(signals)
    }

    /// What an input of a rule is, before its filter.
    pub(super) fn rule_input(
        &mut self,
        path: &str,
        l: &Learned,
        source: Source,
        state: Option<&str>,
    ) -> Result<SignalId, Error> {
        let post = self.net.get_connection(l.id).map(|(_, post, _)| post);
        match (source, l.changes, post.map(|p| p.object)) {
            (Source::Pre, Changes::Encoders, Some(Object::Ensemble(e))) => {
                self.ens[e.index()].input.ok_or_else(|| Error::build(path, "the ensemble is given nothing"))
            }
            (Source::Scale, _, Some(Object::Ensemble(e) | Object::Neurons(e))) => {
                let scale = self.scale(e).ok_or_else(|| Error::build(path, "the ensemble has no gains"))?;
                let slice = match post {
                    Some(End { object: Object::Neurons(_), slice }) => slice.clone(),
                    _ => Slice::All,
                };
                Ok(self.sliced(path, scale, &slice))
            }
            _ => self.activity(path, l.id, source, state),
        }
    }

    /// The encoders of the ensemble that a connection ends at follow the scaled ones, which its rules change.
    pub(super) fn encoders_follow(&mut self, path: &str, l: &Learned) {
        let Some((_, End { object: Object::Ensemble(e), .. }, _)) = self.net.get_connection(l.id) else {
            return;
        };
        let (Some(scale), Some(encoders)) = (self.scale(*e), self.ens[e.index()].plain_encoders) else {
            return;
        };
        let on = [Operand::inc(l.weights), Operand::inc(encoders), Operand::read(scale)];
        self.program.add(path, Op::Call(Arc::new(EncodersCall)), on, Draws::No);
    }

    /// The activity of the neurons at one end of a connection, or a state of theirs; what a node gives is its activity.
    pub(super) fn activity(
        &mut self,
        path: &str,
        id: ConnectionId,
        source: Source,
        state: Option<&str>,
    ) -> Result<SignalId, Error> {
        let side = if source == Source::Pre { "before" } else { "after" };
        let end =
            self.net.get_connection(id).map(|(pre, post, _)| if source == Source::Pre { pre } else { post });
        let signal = |e: EnsembleId| match state {
            None => self.ens[e.index()].out,
            Some(state) => {
                let states = self.net.get_ensemble(e)?.neuron_type.model().states();
                let at = states.iter().position(|v| v.name == state)?;
                self.ens[e.index()].state.get(at).copied()
            }
        };
        let found = end.and_then(|end| match end.object {
            Object::Ensemble(e) => signal(e).map(|s| (s, Slice::All)),
            Object::Neurons(e) => signal(e).map(|s| (s, end.slice.clone())),
            Object::Node(n) if state.is_none() => self.node_out[n.index()].map(|s| (s, end.slice.clone())),
            _ => None,
        });
        let none = || {
            Error::build(path, format!("the rule needs neurons {side} the connection, or a node before it"))
        };
        let (s, slice) = found.ok_or_else(none)?;
        Ok(self.sliced(path, s, &slice))
    }

    /// The encoders that an error onto neurons passes; `None` where the error is that of the rows themselves.
    pub(super) fn error_encoders(&mut self, l: &Learned, k: usize) -> Result<Option<SignalId>, Error> {
        let Some((_, post, c)) = self.net.get_connection(l.id) else { return Ok(None) };
        let (e, by_neuron) = match post.object {
            Object::Neurons(e) => (e, true),
            Object::Ensemble(e) if c.solver.model().weights() => (e, false),
            _ => return Ok(None),
        };
        let Some(encoders) = self.ens[e.index()].encoders else { return Ok(None) };
        let (n, d) = (self.program.get(encoders).rows, self.program.get(encoders).cols);
        Ok(Some(match (&post.slice, by_neuron) {
            (Slice::All, _) => encoders,
            (Slice::Range(a, b), true) => self.program.view(encoders, a * d, b.min(&n) - a, d),
            (Slice::Range(a, b), false) => self.program.view(encoders, *a, n, b.min(&d) - a),
            (Slice::Indices(_) | Slice::Steps { .. }, _) => {
                return Err(Error::build(
                    self.net.rule_path(l.id.rule_at(k)),
                    "an error onto neurons needs a range as slice, not a list of indices",
                ));
            }
        }))
    }

    /// Scaled encoders times error, one value a neuron.
    pub(super) fn local_error(
        &mut self,
        path: &str,
        name: &str,
        l: &Learned,
        encoders: SignalId,
        error: SignalId,
    ) -> SignalId {
        let local = self.program.signal(format!("{name}.local_error"), l.rows, 1, Role::Scratch, 0.0);
        self.program.reset(path, local, 0.0);
        let stride = self.program.get(encoders).stride();
        let on = [Operand::inc(local), Operand::read(encoders), Operand::read(error)];
        self.program.kernel(path, Dot { stride }, on);
        local
    }
}
