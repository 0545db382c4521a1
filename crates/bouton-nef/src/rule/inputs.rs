//! What a rule reads: third factors, activities of neurons, and errors through encoders.

use bouton_core::{Error, Slice};
use bouton_elements::rules::{RuleFactor, Source};
use bouton_engine::{Dot, Operand, Role, SignalId};
use bouton_model::{ConnectionId, EnsembleId, Object};

use super::{Builder, Learned, shape_over};

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
            self.program.reset(path, s, if connected { 0.0 } else { f.default });
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

    /// The activity of the neurons at one end of a connection, or a state of theirs.
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
            _ => None,
        });
        let none = || Error::build(path, format!("the rule needs neurons {side} the connection"));
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
            (Slice::Indices(_), _) => {
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
