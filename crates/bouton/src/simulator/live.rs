//! Live access between steps: weights, encoders, parameters of rules, devices, states of neurons.

use std::sync::Arc;

use bouton_elements::devices::DeviceArray;
use bouton_elements::mappings::Side;
use bouton_elements::synapses::Synapse;
use bouton_model::{ConnectionId, EnsembleId, Error, ErrorKind, Failure, Matrix, NodeId};

use super::Simulator;
use crate::build::BuiltEnsemble;
use crate::frozen::Frozen;
use crate::program::SignalId;

impl Simulator {
    /// A copy of the live weights of a connection, post × pre. What they are, by kind of connection:
    ///
    /// | connection | weights | shape |
    /// |---|---|---|
    /// | decoded | transform · decoders | outputs × neurons |
    /// | weight solver | scaled encoders · transform · decoders (gain and radius included) | post neurons × neurons |
    /// | from neurons | the matrix; the post gain comes after it when the post side is neurons | outputs × neurons |
    /// | from a node | the transform as it is | scalar 1 × 1, list n × 1, matrix |
    /// | of devices | what the devices make, at the place of one of the above | as above |
    pub fn weights(&self, c: ConnectionId) -> Result<Matrix, Error> {
        self.views().weights(c)
    }

    /// Edits the weights of a connection: `edit` changes a copy, which is checked and written as a whole. If it fails,
    /// nothing is written. The next step sees the new weights before it adds a rule's pending change.
    ///
    /// On devices the edit is ideal: it sets the state of the device on the side of the change (see
    /// [`DeviceArray::set_weights`]); a weight that they can't reach is an error that says the range.
    pub fn edit_weights(
        &mut self,
        c: ConnectionId,
        mut edit: impl FnMut(&mut Matrix) -> Result<(), Failure>,
    ) -> Result<(), Error> {
        self.views().weights_signal(c)?;
        let failed = |cause| Error::caused(ErrorKind::Access, self.net.connection_path(c), cause);
        self.engine.edit(c, &mut edit).map_err(failed)
    }

    /// Sets all weights of a connection.
    pub fn set_weights(&mut self, c: ConnectionId, weights: &Matrix) -> Result<(), Error> {
        self.edit_weights(c, |w| w.assign(weights))
    }

    /// Stops all change of a connection's weights by its rule; a pending change is dropped. Edits still work, from outside
    /// and by callbacks. A connection without a rule has nothing to stop: an error.
    pub fn freeze(&mut self, c: ConnectionId) -> Result<(), Error> {
        self.rule_parameters(c)?;
        self.engine.set_frozen(c, Frozen::All);
        Ok(())
    }

    /// Stops the change of some weights of a connection by its rule, those for which `mask(row, column)` is true, and lets
    /// it go on elsewhere: synapses that are stuck, or that were pruned. It takes the place of what was frozen before.
    pub fn freeze_where(
        &mut self,
        c: ConnectionId,
        mask: impl Fn(usize, usize) -> bool,
    ) -> Result<(), Error> {
        self.rule_parameters(c)?;
        let (rows, cols) = self.weights(c)?.shape();
        let mask = (0..rows * cols).map(|k| mask(k / cols, k % cols)).collect();
        self.engine.set_frozen(c, Frozen::Where(mask));
        Ok(())
    }

    /// Lets a connection's rule change its weights again.
    pub fn unfreeze(&mut self, c: ConnectionId) -> Result<(), Error> {
        self.rule_parameters(c)?;
        self.engine.set_frozen(c, Frozen::No);
        Ok(())
    }

    /// Decoders of a decoded connection (outputs × neurons). Where a transform or encoders are folded into the weights
    /// they are those that were solved; otherwise they are the live weights.
    pub fn decoders(&self, c: ConnectionId) -> Result<Matrix, Error> {
        self.views().decoders(c)
    }

    /// Encoders of an ensemble (neurons × dimensions): of unit length unless that was switched off or they were edited.
    pub fn encoders(&self, e: EnsembleId) -> Result<Matrix, Error> {
        self.views().encoders(e)
    }

    /// Gains of an ensemble's neurons.
    pub fn gain(&self, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.views().gain(e)
    }

    /// Bias currents of an ensemble's neurons.
    pub fn bias(&self, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.views().bias(e)
    }

    /// Edits the encoders of an ensemble (neurons × dimensions), as they are, without scaling them to unit length. The
    /// next step encodes with gain · encoder / radius; decoders, and the weights of weight solvers, stay as they were
    /// solved.
    pub fn edit_encoders(
        &mut self,
        e: EnsembleId,
        edit: impl FnOnce(&mut Matrix) -> Result<(), Failure>,
    ) -> Result<(), Error> {
        let mut m = self.encoders(e)?;
        let shape = m.shape();
        self.edit_ensemble(e, |b| {
            edit(&mut m)?;
            if m.shape() != shape {
                return Err(format!(
                    "the encoders have shape {shape:?}, the edit left a matrix of {:?}",
                    m.shape()
                )
                .into());
            }
            b.encoders = m.shared();
            Ok(())
        })
    }

    /// Edits the gains of an ensemble's neurons. A gain scales the neuron's encoder and what connections onto the neurons
    /// deliver; the weights of weight solvers have the gain of the build in them, and keep it. Biases and decoders stay.
    pub fn edit_gain(
        &mut self,
        e: EnsembleId,
        edit: impl FnOnce(&mut [f64]) -> Result<(), Failure>,
    ) -> Result<(), Error> {
        self.edit_ensemble(e, |b| edit(Arc::make_mut(&mut b.gain).as_mut_slice()))
    }

    /// Edits the bias currents of an ensemble's neurons. Decoders stay as they were solved.
    pub fn edit_bias(
        &mut self,
        e: EnsembleId,
        edit: impl FnOnce(&mut [f64]) -> Result<(), Failure>,
    ) -> Result<(), Error> {
        self.edit_ensemble(e, |b| edit(Arc::make_mut(&mut b.bias).as_mut_slice()))
    }

    fn edit_ensemble(
        &mut self,
        e: EnsembleId,
        edit: impl FnOnce(&mut BuiltEnsemble) -> Result<(), Failure>,
    ) -> Result<(), Error> {
        let mut new = self.views().ensemble(e)?.clone();
        let direct = self.net.get_ensemble(e).is_some_and(|e| e.neuron_type.is_direct());
        let done = if direct {
            Err("a direct ensemble has no neurons, and so no encoders, gains and biases to edit".into())
        } else {
            edit(&mut new).and_then(|()| {
                new.scale_encoders();
                Ok(self.engine.set_ensemble(e, new)?)
            })
        };
        done.map_err(|cause: Failure| Error::caused(ErrorKind::Access, self.net.ensemble_path(e), cause))
    }

    /// What a connection delivers to each neuron of its post ensemble, as input current (threshold 1).
    pub fn current(&self, c: ConnectionId) -> Result<Vec<f64>, Error> {
        self.views().current(c)
    }

    fn refuse(&self, c: ConnectionId, message: String) -> Error {
        Error::access(self.net.connection_path(c), message)
    }

    /// Names and values of the parameters of a connection's rule that can change while it runs.
    pub fn rule_parameters(&self, c: ConnectionId) -> Result<Vec<(String, f64)>, Error> {
        self.views().own(c)?;
        let none = || self.refuse(c, "the connection has no learning rule".into());
        self.engine.parameters(c).ok_or_else(none)
    }
    /// Changes a parameter of a connection's rule, from the next step on.
    pub fn set_rule_parameter(&mut self, c: ConnectionId, name: &str, value: f64) -> Result<(), Error> {
        self.views().own(c)?;
        self.engine.set_parameter(c, name, value).map_err(|m| self.refuse(c, m))
    }
    /// Names of the inputs of a connection's rule, and the filters on them.
    pub fn rule_synapses(&self, c: ConnectionId) -> Result<Vec<(String, Option<Synapse>)>, Error> {
        self.views().own(c)?;
        let none = || self.refuse(c, "the connection has no learning rule".into());
        self.engine.rule_synapses(c).ok_or_else(none)
    }
    /// Puts another filter on an input of a connection's rule, from the next step on; what is filtered goes on from its
    /// present value. The filter must be of the same order as the one that the model was built with: a low-pass filter
    /// of another `tau`, 0 for none, in place of a low-pass filter.
    pub fn set_rule_synapse(
        &mut self,
        c: ConnectionId,
        input: &str,
        synapse: impl Into<Synapse>,
    ) -> Result<(), Error> {
        self.views().own(c)?;
        self.engine.set_rule_synapse(c, input, &synapse.into()).map_err(|m| self.refuse(c, m))
    }
    /// The devices of a connection.
    pub fn devices(&self, c: ConnectionId) -> Result<&DeviceArray, Error> {
        self.views().own(c)?;
        self.engine
            .devices(c)
            .ok_or_else(|| Error::access(self.net.connection_path(c), "the connection has no devices"))
    }
    /// Changes the gain of a connection's devices; its weights change with it.
    pub fn set_device_gain(&mut self, c: ConnectionId, gain: f64) -> Result<(), Error> {
        self.views().own(c)?;
        if !(self.engine.holds(gain) && gain > 0.0) {
            let m =
                format!("`gain` must be a finite number greater than 0, found {gain:e}. Nothing was written");
            return Err(Error::access(self.net.connection_path(c), m));
        }
        let set = &mut |d: &mut DeviceArray| {
            d.set_gain(gain);
            Ok(())
        };
        self.engine.with_devices(c, set).map_err(|m| self.refuse(c, m))
    }
    /// Sets the conductances (S, post × pre) of one side of a connection's devices, clipped to each device's bounds.
    pub fn set_conductances(&mut self, c: ConnectionId, side: Side, values: &Matrix) -> Result<(), Error> {
        self.views().own(c)?;
        let set = &mut |d: &mut DeviceArray| {
            if d.shape() != values.shape() {
                let (found, wanted) = (values.shape(), d.shape());
                return Err(format!(
                    "the devices have shape {wanted:?} (post × pre), found conductances of {found:?}"
                ));
            }
            d.set_conductance(side, values.values())
        };
        self.engine.with_devices(c, set).map_err(|m| self.refuse(c, m))
    }
    /// The present output of a node.
    pub fn node_output(&self, n: NodeId) -> Result<Vec<f64>, Error> {
        let refuse = |m: &str| Error::access(self.net.node_path(n), m);
        self.net.get_node(n).ok_or_else(|| refuse("this node is not in the simulator's network"))?;
        let s = self.built.node_out[n.index()].ok_or_else(|| refuse("the node has no output"))?;
        Ok(self.engine.read(s))
    }
    /// A state variable of an ensemble's neurons, such as `voltage` or `refractory_time` (s; 0 when it is over).
    pub fn neuron_state(&self, e: EnsembleId, name: &str) -> Result<Vec<f64>, Error> {
        self.state_signal(e, name).map(|s| self.engine.read(s))
    }
    /// Sets a state variable of an ensemble's neurons.
    pub fn set_neuron_state(&mut self, e: EnsembleId, name: &str, values: &[f64]) -> Result<(), Error> {
        let s = self.state_signal(e, name)?;
        let n = self.built.program.signals[s.index()].len();
        let refuse = |m: String| Error::access(self.net.ensemble_path(e), m);
        if values.len() != n {
            return Err(refuse(format!("`{name}` takes {n} numbers, one a neuron; found {}", values.len())));
        }
        if let Some(k) = values.iter().position(|v| !self.engine.holds(*v)) {
            return Err(refuse(format!("`{name}` must be finite, found {:e} for neuron {k}", values[k])));
        }
        let phase = self.net.get_ensemble(e).and_then(|e| e.neuron_type.model().fast_form()).is_some();
        if name == "voltage"
            && phase
            && let Some(k) = values.iter().position(|v| *v > 1.0)
        {
            let m = format!("`voltage` must be at most 1, the threshold; found {} for neuron {k}", values[k]);
            return Err(refuse(m));
        }
        self.engine.write(s, values);
        Ok(())
    }
    fn state_signal(&self, e: EnsembleId, name: &str) -> Result<SignalId, Error> {
        self.views().ensemble(e)?;
        let vars = self.net.get_ensemble(e).map_or(vec![], |e| e.neuron_type.model().state());
        let signals = self.built.ensemble_signals.get(e.index());
        let found =
            vars.iter().position(|v| v.name == name).and_then(|k| signals.and_then(|s| s.state.get(k)));
        found.copied().ok_or_else(|| {
            let names: Vec<&str> = vars.iter().map(|v| v.name).collect();
            Error::access(
                self.net.ensemble_path(e),
                format!("has no neuron state `{name}`; it has: {}", names.join(", ")),
            )
        })
    }
}
