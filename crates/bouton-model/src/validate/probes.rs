//! Probes.

use bouton_elements::solvers::Solver;

use crate::{
    EnsembleId, Error, LearningRule, Network, Norm, Object, Probe, ProbeId, RuleId, Slice, Target, nearest,
};

impl Network {
    pub(super) fn check_probe(&self, id: ProbeId) -> Result<(), Error> {
        let path = self.probe_path(id);
        let Some(p) = self.get_probe(id) else { return Ok(()) };
        let err = |m: String| Err(Error::model(&path, m));
        if let Some(every) = p.sample_every
            && !(every.is_finite() && every > 0.0)
        {
            return err(format!("`sample_every` must be a positive number of seconds, found {every}"));
        }
        if let Some(s) = &p.synapse {
            s.model().check().and_then(|()| s.within_bounds()).map_err(|m| Error::model(&path, m))?;
        }
        let ensemble = |e: EnsembleId, neurons: bool| -> Result<usize, Error> {
            let Some(x) = self.get_ensemble(e) else {
                return Err(Error::model(&path, "records an ensemble that is not in the network"));
            };
            if neurons && x.neuron_type.is_direct() {
                return Err(Error::model(
                    &path,
                    format!("`{}` is direct: it has no neurons", self.ensemble_path(e)),
                ));
            }
            Ok(if neurons { x.n_neurons } else { x.dimensions })
        };
        let rule = |r: RuleId| -> Result<&LearningRule, Error> {
            self.get_rule(r).map_err(|_| {
                let c = self.connection_path(r.connection);
                let m = match self.get_connection(r.connection).map_or(0, |(.., c)| c.rules.len()) {
                    0 => format!("`{c}` has no learning rule to record"),
                    n => format!(
                        "`{c}` has no learning rule {} to record: it has {n}, counted from 0",
                        r.number
                    ),
                };
                Error::model(&path, m)
            })
        };
        let size = match &p.target {
            Target::Decoded(e) | Target::EnsembleInput(e) => Some(ensemble(*e, false)?),
            Target::ScaledEncoders(e) => {
                ensemble(*e, true)?;
                None
            }
            Target::Spikes(e) | Target::NeuronInput(e) => Some(ensemble(*e, true)?),
            Target::NeuronState(e, name) => {
                let n = ensemble(*e, true)?;
                let kind = self.get_ensemble(*e).map(|e| &e.neuron_type);
                let vars = kind.map_or(vec![], |k| k.states());
                let states: Vec<&str> = vars.iter().map(|s| &*s.name).collect();
                if !states.contains(&name.as_str()) {
                    let hint = match nearest(name, states.iter().copied()) {
                        Some(n) => format!("; did you mean `{n}`?"),
                        None => format!("; it has: {}", states.join(", ")),
                    };
                    return err(format!("`{}` has no neuron state `{name}`{hint}", self.ensemble_path(*e)));
                }
                Some(n)
            }
            Target::Node(n) => Some(self.object_size(Object::Node(*n), true)?),
            Target::Weights(c) | Target::ConnectionOutput(c) | Target::ConnectionInput(c) => {
                if self.get_connection(*c).is_none() {
                    return err("records a connection that is not in the network".into());
                }
                None
            }
            Target::RuleError(r) => {
                if !rule(*r)?.has_error() {
                    return err(format!("the rule `{}` has no error", self.rule_path(*r)));
                }
                None
            }
            Target::RuleDelta(r) => {
                rule(*r)?;
                if self.get_connection(r.connection).is_some_and(|(_, _, c)| c.devices.is_some()) {
                    return err(format!(
                        "a rule on devices has no delta: it gives pulses; record the devices of `{}` instead",
                        self.connection_path(r.connection)
                    ));
                }
                None
            }
            Target::RuleSignal(id, name) => {
                let r = rule(*id)?;
                let mut names: Vec<String> = r.inputs().into_iter().map(|i| i.name).collect();
                names.extend(r.states().iter().map(|s| s.name.to_string()));
                names.extend(r.factors().into_iter().map(|f| f.name));
                if !names.contains(name) {
                    return err(format!(
                        "the rule `{}` has no signal `{name}`; it has: {}",
                        self.rule_path(*id),
                        names.join(", ")
                    ));
                }
                None
            }
            Target::RuleFactor(r, k) => {
                rule(*r)?;
                Some(self.object_size(Object::Factor(*r, *k), false)?)
            }
            Target::Devices(c, side, _) => {
                let spec = self.get_connection(*c).and_then(|(_, _, c)| c.devices.as_ref());
                let Some(spec) = spec else {
                    return err(format!("`{}` has no devices", self.connection_path(*c)));
                };
                if !spec.mapping.model().sides().contains(side) {
                    return err(format!(
                        "the synapses of `{}` have no {} device, only {}",
                        self.connection_path(*c),
                        side.name(),
                        spec.mapping.model().sides().iter().map(|s| s.name()).collect::<Vec<_>>().join(", ")
                    ));
                }
                None
            }
        };
        if !matches!(p.target, Target::Decoded(_)) && p.solver != Solver::default() {
            return err("a `solver` is for a decoded value; leave it out".into());
        }
        if p.solver.model().weights() {
            return err(
                "a solver with `weights` is for connections between ensembles; a probe takes decoders".into(),
            );
        }
        if matches!(p.target, Target::Devices(..)) && p.synapse.is_some() {
            return err("devices are recorded as they are, without a `synapse`; leave it out".into());
        }
        if p.norm != Norm::None && p.synapse.is_some() {
            return err(
                "a norm is taken of the values as they are, without a `synapse`; leave one of the two out"
                    .into(),
            );
        }
        self.check_elements(p).map_err(|m| Error::model(&path, m))?;
        if size == Some(0) {
            return err("there is nothing to record: the target has no values".into());
        }
        if let Some(n) = size {
            p.slice.check(n).map_err(|m| Error::model(&path, m))?;
        }
        Ok(())
    }

    /// Whether what a probe picks of synapses one by one makes sense, but for its range: that is known when the model is built.
    ///
    /// # Errors
    /// Elements of what has none, or with slice, norm or synapse; spikes without elements, or of what has no neurons.
    pub fn check_elements(&self, p: &Probe) -> Result<(), String> {
        let Some(elements) = &p.elements else {
            return match p.at_spikes {
                true => Err("`at_spikes` is for single synapses; say which by `elements`".into()),
                false => Ok(()),
            };
        };
        let Some(of) = p.target.synapses() else {
            return Err("`elements` are for weights, devices, and what a rule has of each synapse; take a slice of anything else".into());
        };
        if elements.is_empty() {
            return Err("`elements` are none: there is nothing to record".into());
        }
        if p.slice != Slice::All || p.norm != Norm::None || p.synapse.is_some() {
            return Err(
                "`elements` are recorded as they are, without slice, norm and synapse; leave these out"
                    .into(),
            );
        }
        if !p.at_spikes {
            return Ok(());
        }
        if p.sample_every.is_some() {
            return Err("a probe `at_spikes` has no `sample_every`; leave one of the two out".into());
        }
        let neurons = |o: Object| match o {
            Object::Ensemble(e) | Object::Neurons(e) => {
                self.get_ensemble(e).is_some_and(|e| e.neuron_type.model().spiking())
            }
            _ => false,
        };
        let spikes =
            self.get_connection(of).is_some_and(|(pre, post, _)| neurons(pre.object) || neurons(post.object));
        if spikes {
            Ok(())
        } else {
            Err(format!(
                "`{}` stands between no neurons that spike; leave `at_spikes` out",
                self.connection_path(of)
            ))
        }
    }
}
