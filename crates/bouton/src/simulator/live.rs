//! Live access between steps: weights, encoders, parameters of rules, devices, states of neurons. Each is a path; these are
//! the names for it.

use bouton_core::{Error, ErrorKind, Failure, Matrix};
use bouton_elements::mappings::Side;
use bouton_elements::synapses::Synapse;
use bouton_elements::var::{Role, of_role};
use bouton_engine::{Edit, Pick, Writes};
use bouton_model::{ConnectionId, EnsembleId, LearningRule, NodeId};
use bouton_nef::{changes, edited};

use super::{Paths, Simulator};

impl Simulator {
    /// All paths of what is live, in alphabetical order, with a line of explanation each.
    pub fn paths(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sim.program().knobs().iter().map(|(path, knob)| (path, &*knob.doc))
    }
    /// The values of what has a path, row-major.
    ///
    /// # Errors
    /// There is nothing of that path, or no such element.
    pub fn read(&mut self, path: &str, pick: &Pick) -> Result<Vec<f64>, Error> {
        self.sim.read(path, pick)
    }
    /// Writes to what has a path: checked, logged, seen by the next step. Returns the number of the log's entry.
    ///
    /// # Errors
    /// What can't be written; nothing is written then.
    pub fn write(&mut self, path: &str, pick: Pick, values: impl Into<Vec<f64>>) -> Result<u64, Error> {
        self.sim.apply(&Edit { path: path.into(), pick, values: values.into() })
    }

    /// A copy of the live weights of a connection, post × pre. What they are, by kind of connection:
    ///
    /// | connection | weights | shape |
    /// |---|---|---|
    /// | decoded | transform · decoders | outputs × neurons |
    /// | weight solver | scaled encoders · transform · decoders (gain and radius included) | post neurons × neurons |
    /// | from neurons | the matrix; the post gain comes after it when the post side is neurons | outputs × neurons |
    /// | from a node | the transform as it is | scalar 1 × 1, list n × 1, matrix |
    /// | of devices | what the devices make, at the place of one of the above | as above |
    ///
    /// # Errors
    /// The connection has none.
    pub fn weights(&self, c: ConnectionId) -> Result<Matrix, Error> {
        self.views().weights(&Paths(&self.sim), c)
    }

    /// Edits the weights of a connection: `edit` changes a copy, which is checked and written as a whole. If it fails,
    /// nothing is written. The next step sees the new weights before it adds a rule's pending change. For a few elements of
    /// a large matrix [`write_weights`](Simulator::write_weights) copies less.
    ///
    /// On devices the edit is ideal: it sets the state of the device on the side of the change, without pulses; a weight that
    /// they can't reach is an error that says the range.
    ///
    /// # Errors
    /// What the edit says; another shape; numbers that aren't finite, or out of reach.
    pub fn edit_weights(
        &mut self,
        c: ConnectionId,
        mut edit: impl FnMut(&mut Matrix) -> Result<(), Failure>,
    ) -> Result<(), Error> {
        let path = self.views().weights_path(c)?;
        let before = self.weights(c)?;
        let object = self.net.connection_path(c);
        let Some((pick, values)) = edited(&object, &before, &mut edit)? else { return Ok(()) };
        self.about(c, Edit { path, pick, values })
    }

    /// Writes some weights of a connection: a row, a column, an element, or the positions of a mask.
    ///
    /// # Errors
    /// Those of [`edit_weights`](Simulator::edit_weights), and a selection outside the matrix.
    pub fn write_weights(
        &mut self,
        c: ConnectionId,
        pick: Pick,
        values: impl Into<Vec<f64>>,
    ) -> Result<(), Error> {
        let path = self.views().weights_path(c)?;
        self.about(c, Edit { path, pick, values: values.into() })
    }

    /// Sets all weights of a connection.
    ///
    /// # Errors
    /// Those of [`edit_weights`](Simulator::edit_weights).
    pub fn set_weights(&mut self, c: ConnectionId, weights: &Matrix) -> Result<(), Error> {
        self.edit_weights(c, |w| w.assign(weights))
    }

    /// A write whose error is about a connection.
    fn about(&mut self, c: ConnectionId, edit: Edit) -> Result<(), Error> {
        self.sim.apply(&edit).map(|_| ()).map_err(|e| about(self.net.connection_path(c), e))
    }

    /// Stops all change of a connection's weights by its rules; a change that waits for the next step is dropped when that
    /// comes. The rules go on: their traces move, what they want is not done. Edits still work, from outside and by
    /// callbacks. Of rules that change encoders these are stopped: rows are then neurons, and columns dimensions.
    ///
    /// # Errors
    /// A connection without a rule has nothing to stop.
    pub fn freeze(&mut self, c: ConnectionId) -> Result<(), Error> {
        self.freeze_where(c, |_, _| true)
    }

    /// Stops the change of some weights of a connection by its rules, those for which `mask(row, column)` is true, and lets
    /// it go on elsewhere: synapses that are stuck, or that were pruned. It takes the place of what was frozen before.
    ///
    /// # Errors
    /// A connection without a rule.
    pub fn freeze_where(
        &mut self,
        c: ConnectionId,
        mask: impl Fn(usize, usize) -> bool,
    ) -> Result<(), Error> {
        let path = self.rule_path(c, "frozen")?;
        let (rows, cols) = self.shape(&path)?;
        let values = (0..rows * cols).map(|k| f64::from(u8::from(mask(k / cols, k % cols)))).collect();
        self.about(c, Edit { path, pick: Pick::All, values })
    }

    /// Lets a connection's rules change its weights again.
    ///
    /// # Errors
    /// A connection without a rule.
    pub fn unfreeze(&mut self, c: ConnectionId) -> Result<(), Error> {
        self.freeze_where(c, |_, _| false)
    }

    /// Rows and columns of a connection's weights, without a copy of them.
    ///
    /// # Errors
    /// A connection whose weights can't be read.
    pub fn weights_shape(&self, c: ConnectionId) -> Result<(usize, usize), Error> {
        self.shape(&self.views().weights_path(c)?)
    }
    fn shape(&self, path: &str) -> Result<(usize, usize), Error> {
        use bouton_nef::ReadPaths;
        Paths(&self.sim).shape_of(path)
    }
    fn vector(&self, path: &str) -> Result<Vec<f64>, Error> {
        let mut out = vec![];
        self.sim.read_into(path, &mut out)?;
        Ok(out)
    }

    /// Decoders of a decoded connection (outputs × neurons). Where a transform or encoders are folded into the weights
    /// they are those that were solved; otherwise they are the live weights.
    ///
    /// # Errors
    /// The connection has none.
    pub fn decoders(&self, c: ConnectionId) -> Result<Matrix, Error> {
        self.views().decoders(&Paths(&self.sim), c)
    }
    /// Encoders of an ensemble (neurons × dimensions): of unit length unless that was switched off or they were edited.
    ///
    /// # Errors
    /// The ensemble is of another network.
    pub fn encoders(&self, e: EnsembleId) -> Result<Matrix, Error> {
        self.views().encoders(&Paths(&self.sim), e)
    }
    /// Gains of an ensemble's neurons.
    ///
    /// # Errors
    /// The ensemble is of another network.
    pub fn gain(&self, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.views().gain(&Paths(&self.sim), e)
    }
    /// Bias currents of an ensemble's neurons.
    ///
    /// # Errors
    /// The ensemble is of another network.
    pub fn bias(&self, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.views().bias(&Paths(&self.sim), e)
    }

    /// Edits the encoders of an ensemble (neurons × dimensions), as they are, without scaling them to unit length. The
    /// next step encodes with gain · encoder / radius; decoders, and the weights of weight solvers, stay as they were
    /// solved.
    ///
    /// # Errors
    /// What the edit says; another shape; numbers that aren't finite; a direct ensemble.
    pub fn edit_encoders(
        &mut self,
        e: EnsembleId,
        edit: impl FnOnce(&mut Matrix) -> Result<(), Failure>,
    ) -> Result<(), Error> {
        let mut m = self.encoders(e)?;
        let shape = m.shape();
        self.edit_neurons(e, "encoders", |_| {
            edit(&mut m)?;
            if m.shape() != shape {
                return Err(format!(
                    "the encoders have shape {shape:?}, the edit left a matrix of {:?}",
                    m.shape()
                )
                .into());
            }
            Ok(Some(m.values().to_vec()))
        })
    }
    /// Edits the gains of an ensemble's neurons. A gain scales the neuron's encoder and what connections onto the neurons
    /// deliver; the weights of weight solvers have the gain of the build in them, and keep it. Biases and decoders stay.
    ///
    /// # Errors
    /// What the edit says; numbers that aren't finite; a direct ensemble.
    pub fn edit_gain(
        &mut self,
        e: EnsembleId,
        edit: impl FnOnce(&mut [f64]) -> Result<(), Failure>,
    ) -> Result<(), Error> {
        self.edit_neurons(e, "gain", |x| edit(x).map(|()| None))
    }
    /// Edits the bias currents of an ensemble's neurons. Decoders stay as they were solved.
    ///
    /// # Errors
    /// What the edit says; numbers that aren't finite; a direct ensemble.
    pub fn edit_bias(
        &mut self,
        e: EnsembleId,
        edit: impl FnOnce(&mut [f64]) -> Result<(), Failure>,
    ) -> Result<(), Error> {
        self.edit_neurons(e, "bias", |x| edit(x).map(|()| None))
    }
    /// `edit` changes the values, or gives others.
    fn edit_neurons(
        &mut self,
        e: EnsembleId,
        what: &str,
        edit: impl FnOnce(&mut [f64]) -> Result<Option<Vec<f64>>, Failure>,
    ) -> Result<(), Error> {
        self.views().own_ensemble(e)?;
        let object = self.net.ensemble_path(e);
        if self.views().is_direct(e) {
            let m = "a direct ensemble has no neurons, and so no encoders, gains and biases to edit";
            return Err(Error::access(object, m));
        }
        let path = format!("{}.{what}", self.views().names().ensemble(e));
        let before = self.vector(&path)?;
        let mut values = before.clone();
        let other = edit(&mut values).map_err(|m| Error::caused(ErrorKind::Access, &object, m))?;
        let after = other.unwrap_or(values);
        let Some((pick, values)) = changes(&before, &after) else { return Ok(()) };
        let edit = Edit { path, pick, values: values.to_vec() };
        self.sim.apply(&edit).map(|_| ()).map_err(|e| about(object, e))
    }

    /// What a connection delivers to each neuron of its post ensemble, as input current (threshold 1). Before the first step
    /// nothing was delivered: all are 0 then, whatever the connection comes from.
    ///
    /// # Errors
    /// The connection doesn't end at neurons.
    pub fn current(&self, c: ConnectionId) -> Result<Vec<f64>, Error> {
        let mut current = self.views().current(&Paths(&self.sim), c)?;
        // Without transform and synapse it is the node's own output, and a constant stands there from the start.
        if self.n_steps() == 0 {
            current.fill(0.0);
        }
        Ok(current)
    }

    fn refuse(&self, c: ConnectionId, message: impl Into<String>) -> Error {
        Error::access(self.net.connection_path(c), message)
    }
    /// The path of something that only connections with a rule have.
    fn rule_path(&self, c: ConnectionId, what: &str) -> Result<String, Error> {
        self.rule(c)?;
        Ok(format!("{}.{what}", self.views().names().connection(c)))
    }
    fn rule(&self, c: ConnectionId) -> Result<&LearningRule, Error> {
        self.views().own(c)?;
        let none = || self.refuse(c, "the connection has no learning rule");
        self.net.get_connection(c).and_then(|(.., c)| c.rules.first()).ok_or_else(none)
    }

    /// Names and values of the parameters of a connection's rule that can change while it runs.
    ///
    /// # Errors
    /// The connection has no rule.
    pub fn rule_parameters(&self, c: ConnectionId) -> Result<Vec<(String, f64)>, Error> {
        let names = rule_parameter_names(self.rule(c)?);
        let prefix = self.views().names().rule(c, 0);
        let one = |n: String| self.vector(&format!("{prefix}.{n}")).map(|v| (n, v[0]));
        names.into_iter().map(one).collect()
    }
    /// Changes a parameter of a connection's rule, from the next step on.
    ///
    /// # Errors
    /// No rule, no such parameter, or a value that it doesn't take.
    pub fn set_rule_parameter(&mut self, c: ConnectionId, name: &str, value: f64) -> Result<(), Error> {
        let rule = self.rule(c)?;
        let names = rule_parameter_names(rule);
        if !names.iter().any(|n| n == name) {
            let hint = match name {
                "pre_synapse" | "gate" => "; filters are changed by `set_rule_synapse`",
                _ => "",
            };
            let m = format!(
                "the rule `{}` has no parameter `{name}` that can change while it runs; it has: `{}`{hint}",
                rule.name(),
                names.join("`, `")
            );
            return Err(self.refuse(c, m));
        }
        let path = format!("{}.{name}", self.views().names().rule(c, 0));
        self.sim
            .apply(&Edit { path, pick: Pick::All, values: vec![value] })
            .map(|_| ())
            .map_err(|e| Error::access(self.net.connection_path(c), format!("`{name}` {}", e.message())))
    }
    /// Names of the inputs of a connection's rule, and the filters on them.
    ///
    /// # Errors
    /// The connection has no rule.
    pub fn rule_synapses(&self, c: ConnectionId) -> Result<Vec<(String, Option<Synapse>)>, Error> {
        let prefix = self.views().names().rule(c, 0);
        let inputs = self.rule(c)?.inputs().into_iter();
        inputs
            .map(|i| {
                let Some(s) = &i.synapse else { return Ok((i.name, None)) };
                let at = format!("{prefix}.{}", i.name);
                let vars = of_role(s.model().vars(), Role::Parameter);
                let values = vars.iter().map(|v| self.vector(&format!("{at}.{}", v.name)));
                let values = values.collect::<Result<Vec<_>, _>>()?;
                let now: Vec<(&str, &[f64])> =
                    vars.iter().zip(&values).map(|(v, x)| (&*v.name, x.as_slice())).collect();
                Ok((i.name, Some(s.with(&now)?)))
            })
            .collect()
    }
    /// Puts another filter on an input of a connection's rule, from the next step on. What the filter holds goes on: a
    /// low-pass filter from its present value, one of several states through a transient of its own length.
    ///
    /// The memory of a filter, and the kernel that steps it, are those that the model was built with: signals are laid out
    /// once, and checkpoints, the log and undo rely on that they stay. What can change is its numbers, and so a filter takes
    /// those of its own type (a low-pass filter another `tau`, 0 for none). A
    /// [`LinearFilter`](bouton_elements::synapses::LinearFilter) takes every synapse that has a transfer function of no higher
    /// order: build the rule with one of the highest order that is wanted, and set what it begins with before the first step.
    /// [`rule_synapses`](Simulator::rule_synapses) then gives it in that form.
    ///
    /// # Errors
    /// No rule, no such input, no filter on it, or one that has no room for the other.
    pub fn set_rule_synapse(
        &mut self,
        c: ConnectionId,
        input: &str,
        synapse: impl Into<Synapse>,
    ) -> Result<(), Error> {
        let synapse = synapse.into();
        let inputs = self.rule(c)?.inputs();
        let Some(found) = inputs.iter().find(|i| i.name == input) else {
            let names: Vec<&str> = inputs.iter().map(|i| i.name.as_str()).collect();
            return Err(
                self.refuse(c, format!("the rule has no input `{input}`; it has: {}", names.join(", ")))
            );
        };
        synapse.model().check().map_err(|m| self.refuse(c, m))?;
        let Some(built) = &found.synapse else {
            return Err(self.refuse(
                c,
                format!(
                    "`{input}` was built without a filter, and none can be put in while it runs; build the model with a \
                     low-pass filter of `tau` 0, which is none"
                ),
            ));
        };
        let Some(fitted) = synapse.in_form_of(built) else {
            return Err(self.refuse(
                c,
                format!(
                    "the filter on `{input}` was built as a `{}`, and a `{}` does not fit into its numbers while the model \
                     runs; build the model with a `linear_filter` of the highest order that is wanted there, which takes \
                     every filter of the same order or a lower one that has a transfer function",
                    built.name(),
                    synapse.name()
                ),
            ));
        };
        let path = format!("{}.{input}.parameters", self.views().names().rule(c, 0));
        let values = bouton_elements::var::parameter_values(&fitted.model().vars());
        self.about(c, Edit { path, pick: Pick::All, values })
    }

    /// Changes the gain of a connection's devices; its weights change with it.
    ///
    /// # Errors
    /// No devices; a gain that isn't finite and above 0.
    pub fn set_device_gain(&mut self, c: ConnectionId, gain: f64) -> Result<(), Error> {
        self.devices(c)?;
        if !self.sim.holds(gain) {
            let m =
                format!("`gain` must be a finite number greater than 0, found {gain:e}. Nothing was written");
            return Err(self.refuse(c, m));
        }
        let path = self.views().names().device_gain(c);
        self.sim
            .apply(&Edit { path, pick: Pick::All, values: vec![gain] })
            .map(|_| ())
            .map_err(|e| Error::access(self.net.connection_path(c), format!("`gain` {}", e.message())))
    }
    /// Sets the conductances (S, post × pre) of one side of a connection's devices, clipped to each device's bounds.
    ///
    /// # Errors
    /// No devices of that side; another shape; numbers that aren't positive and finite.
    pub fn set_conductances(&mut self, c: ConnectionId, side: Side, values: &Matrix) -> Result<(), Error> {
        let d = self.devices(c)?;
        let (found, wanted, sides) = (values.shape(), d.shape(), d.sides());
        if !sides.contains(&side) {
            return Err(self.refuse(c, format!("the synapses have no {} device", side.name())));
        }
        if found != wanted {
            let m =
                format!("the devices have shape {wanted:?} (post × pre), found conductances of {found:?}");
            return Err(self.refuse(c, m));
        }
        let path = self.views().names().devices(c, side, "conductance");
        self.about(c, Edit { path, pick: Pick::All, values: values.values().to_vec() })
    }
    /// The present output of a node.
    ///
    /// # Errors
    /// It has none, or is of another network.
    pub fn node_output(&self, n: NodeId) -> Result<Vec<f64>, Error> {
        let refuse = |m: &str| Error::access(self.net.node_path(n), m);
        self.net.get_node(n).ok_or_else(|| refuse("this node is not in the simulator's network"))?;
        let path = self.views().names().node(n);
        self.vector(&path).map_err(|_| refuse("the node has no output"))
    }
    /// A state variable of an ensemble's neurons, such as `voltage` or `refractory_time` (s; 0 when it is over).
    ///
    /// # Errors
    /// There is no such variable.
    pub fn neuron_state(&self, e: EnsembleId, name: &str) -> Result<Vec<f64>, Error> {
        self.vector(&self.state_path(e, name)?)
    }
    /// Sets a state variable of an ensemble's neurons.
    ///
    /// # Errors
    /// No such variable; another number of values; numbers that aren't finite; a voltage above the threshold.
    pub fn set_neuron_state(&mut self, e: EnsembleId, name: &str, values: &[f64]) -> Result<(), Error> {
        let path = self.state_path(e, name)?;
        let (n, _) = self.shape(&path)?;
        let refuse = |m: String| Error::access(self.net.ensemble_path(e), m);
        if values.len() != n {
            return Err(refuse(format!("`{name}` takes {n} numbers, one a neuron; found {}", values.len())));
        }
        if let Some(k) = values.iter().position(|v| !self.sim.holds(*v)) {
            return Err(refuse(format!("`{name}` must be finite, found {:e} for neuron {k}", values[k])));
        }
        let high = self.sim.program().knobs().find(&path)?.bounds.high;
        if let Some(k) = values.iter().position(|v| *v > high) {
            let m =
                format!("`{name}` must be at most {high}, the threshold; found {} for neuron {k}", values[k]);
            return Err(refuse(m));
        }
        let edit = Edit { path, pick: Pick::All, values: values.to_vec() };
        self.sim.apply(&edit).map(|_| ()).map_err(|cause| about(self.net.ensemble_path(e), cause))
    }
    fn state_path(&self, e: EnsembleId, name: &str) -> Result<String, Error> {
        self.views().own_ensemble(e)?;
        let vars = self.net.get_ensemble(e).map_or(vec![], |e| e.neuron_type.states());
        if vars.iter().any(|v| v.name == name) && !self.views().is_direct(e) {
            return Ok(self.views().names().neurons(e, name));
        }
        let names: Vec<&str> = vars.iter().map(|v| &*v.name).collect();
        Err(Error::access(
            self.net.ensemble_path(e),
            format!("has no neuron state `{name}`; it has: {}", names.join(", ")),
        ))
    }
    /// Whether what has a path can be written.
    pub fn is_writable(&self, path: &str) -> bool {
        self.sim.program().knobs().get(path).is_some_and(|k| !matches!(k.writes, Writes::Never(_)))
    }
}

/// An error of a path, told of the object. The name is made only then: a write of one weight takes less time than it.
fn about(object: String, e: Error) -> Error {
    let m = e.message().to_string();
    Error::access(object, m).with_source(e)
}

/// Names of the parameters of a rule that can change while it runs.
fn rule_parameter_names(rule: &LearningRule) -> Vec<String> {
    rule.parameters().into_iter().map(|v| v.name.into_owned()).collect()
}
