//! Every parameter of a model is checked here, once, whoever made the model.

use std::collections::HashMap;

use bouton_elements::rules::Source;
use bouton_random::Distribution;

use crate::{
    ConnectionId, Ensemble, EnsembleId, Error, Function, LearningRule, Network, NodeId, Object, Output,
    ProbeId, Target, Transform, nearest,
};

impl Network {
    /// Checks everything that can be checked without building: sizes, ranges, slices, names. `dt` is the time step (s).
    ///
    /// The error names the object and the parameter, what was expected and found, and a way out.
    pub fn validate(&self, dt: f64) -> Result<(), Error> {
        if !(dt.is_finite() && dt > 0.0) {
            return Err(Error::model("", format!("`dt` must be a positive number of seconds, found {dt}")));
        }
        self.check_names()?;
        for id in self.ensembles() {
            self.check_ensemble(id)?;
        }
        for id in self.nodes() {
            self.check_node(id, dt)?;
        }
        for id in self.connections() {
            self.check_connection(id, dt)?;
        }
        for id in self.probes() {
            self.check_probe(id, dt)?;
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), Error> {
        let mut seen: HashMap<String, &str> = HashMap::new();
        let named = self
            .ensembles()
            .map(|e| (self.ensemble_path(e), "ensemble"))
            .chain(self.nodes().map(|n| (self.node_path(n), "node")))
            .chain(self.probes().map(|p| (self.probe_path(p), "probe")));
        for (path, kind) in named {
            if path.is_empty() || path.ends_with('.') {
                return Err(Error::model(path, format!("every {kind} needs a name")));
            }
            // A probe may be called like what it records.
            let key = if kind == "probe" { format!("probe {path}") } else { path.clone() };
            if let Some(other) = seen.insert(key, kind) {
                return Err(Error::model(
                    path,
                    format!("the name is taken: there is a {other} and a {kind} called so"),
                ));
            }
        }
        Ok(())
    }

    fn check_ensemble(&self, id: EnsembleId) -> Result<(), Error> {
        let path = self.ensemble_path(id);
        let Some(e) = self.get_ensemble(id) else { return Ok(()) };
        let err = |m: String| Err(Error::model(&path, m));
        if e.n_neurons == 0 {
            return err("`n_neurons` must be at least 1, found 0".into());
        }
        if e.dimensions == 0 {
            return err("`dimensions` must be at least 1, found 0".into());
        }
        if e.n_neurons > 100_000_000 || e.dimensions > 1_000_000 {
            return err(format!(
                "{} neurons of {} dimensions are more than can be built",
                e.n_neurons, e.dimensions
            ));
        }
        if !(e.radius.is_finite() && e.radius > 1e-10) {
            return err(format!("`radius` must be a number above 1e-10, found {}", e.radius));
        }
        if e.n_eval_points == Some(0) {
            return err("`n_eval_points` must be at least 1, found 0".into());
        }
        if e.gain.is_some() != e.bias.is_some() {
            let (has, lacks) = if e.gain.is_some() { ("gain", "bias") } else { ("bias", "gain") };
            return err(format!(
                "`{has}` is given without `{lacks}`; give both, or `intercepts` and `max_rates`"
            ));
        }
        e.neuron_type.model().check().map_err(|m| Error::model(&path, m))?;
        let states: Vec<&str> = e.neuron_type.model().state().iter().map(|s| s.name).collect();
        for (name, _) in &e.initial_state {
            if !states.contains(&name.as_str()) {
                let hint = nearest(name, states.iter().copied())
                    .map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                return err(format!("{} neurons have no state `{name}`{hint}", e.neuron_type.name()));
            }
        }
        self.check_samples(&path, e)
    }

    fn check_samples(&self, path: &str, e: &Ensemble) -> Result<(), Error> {
        let given = [
            ("encoders", &e.encoders, e.n_neurons, e.dimensions),
            ("intercepts", &e.intercepts, e.n_neurons, 1),
            ("max_rates", &e.max_rates, e.n_neurons, 1),
        ];
        let pair = [("gain", &e.gain), ("bias", &e.bias)];
        let optional = pair.iter().filter_map(|(n, d)| d.as_ref().map(|d| (*n, d, e.n_neurons, 1)));
        for (name, d, rows, cols) in given.into_iter().chain(optional) {
            if let Some((r, c)) = d.fixed_shape()
                && (r, c) != (rows, cols)
                && !(e.neuron_type.is_direct() && name == "encoders")
            {
                return Err(Error::model(
                    path,
                    format!("`{name}` must be {rows} rows (neurons) of {cols}, found {r} rows of {c}"),
                ));
            }
        }
        if let Some((_, c)) = e.eval_points.fixed_shape()
            && c != e.dimensions
        {
            return Err(Error::model(
                path,
                format!("`eval_points` must have {} columns, found {c}", e.dimensions),
            ));
        }
        Ok(())
    }

    fn check_node(&self, id: NodeId, dt: f64) -> Result<(), Error> {
        let path = self.node_path(id);
        match self.get_node(id) {
            Some(Output::Constant(x)) => {
                if x.is_empty() {
                    return Err(Error::model(path, "a constant node needs at least one value"));
                }
                if let Some(v) = x.iter().find(|v| !v.is_finite()) {
                    return Err(Error::model(path, format!("the output must be finite, found {v}")));
                }
            }
            Some(Output::Passthrough { size: 0 }) => {
                return Err(Error::model(path, "a passthrough node needs at least one value, found size 0"));
            }
            Some(Output::Process { process, size }) => {
                if *size == 0 {
                    return Err(Error::model(path, "a process node needs at least one value, found size 0"));
                }
                process.model().check(*size, dt).map_err(|m| Error::model(path, m))?;
            }
            Some(Output::Function(f)) => {
                for c in f.edited() {
                    if self.get_connection(*c).is_none() {
                        return Err(Error::model(
                            path,
                            format!("declares edits of connection {}, which does not exist", c.index()),
                        ));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn check_connection(&self, id: ConnectionId, _dt: f64) -> Result<(), Error> {
        let path = self.connection_path(id);
        let Some((pre, post, c)) = self.get_connection(id) else { return Ok(()) };
        let err = |m: String| Err(Error::model(&path, m));
        let at = |m: String| Error::model(&path, m);
        let pre_size = self.object_size(pre.object, true)?;
        let post_size = self.object_size(post.object, false)?;
        for (end, size) in [(pre, pre_size), (post, post_size)] {
            if size == 0 {
                return err(format!("`{}` has no values to connect", self.object_path(end.object)));
            }
            end.slice.check(size).map_err(|m| at(format!("`{}`: {m}", self.object_path(end.object))))?;
        }
        let direct = |e: EnsembleId| self.get_ensemble(e).is_some_and(|e| e.neuron_type.is_direct());
        for end in [pre, post] {
            if let Object::Neurons(e) = end.object
                && direct(e)
            {
                return err(format!(
                    "`{}` is direct: it has no neurons; connect the ensemble itself",
                    self.ensemble_path(e)
                ));
            }
        }
        if let Some(s) = &c.synapse {
            s.model().check().map_err(at)?;
        }
        c.solver.model().check().map_err(at)?;
        let from_neurons = matches!(pre.object, Object::Neurons(_));
        let sliced = pre.slice.len(pre_size);
        if from_neurons && c.function.is_some() {
            return err(
                "a function needs a represented value; connect the ensemble, not its neurons, or use a node"
                    .into(),
            );
        }
        let mid = c.function.as_ref().map_or(sliced, Function::width);
        if mid == 0 {
            return err("the function must have at least one result, found 0".into());
        }
        let wanted = post.slice.len(post_size);
        let out = match &c.transform {
            Transform::None | Transform::Scalar(_) => mid,
            Transform::Diagonal(x) => {
                if x.len() != mid {
                    return err(format!(
                        "`transform` is a list of {} numbers, the connection carries {mid} values",
                        x.len()
                    ));
                }
                mid
            }
            Transform::Matrix(m) => {
                if m.shape().1 != mid {
                    return err(format!(
                        "`transform` must have {mid} columns (values that the connection carries), found {} × {}",
                        m.shape().0,
                        m.shape().1
                    ));
                }
                m.shape().0
            }
        };
        let bad = match &c.transform {
            Transform::Scalar(x) if !x.is_finite() => Some(*x),
            Transform::Diagonal(x) => x.iter().copied().find(|x| !x.is_finite()),
            Transform::Matrix(m) => m.values().iter().copied().find(|x| !x.is_finite()),
            _ => None,
        };
        if let Some(x) = bad {
            return err(format!("`transform` must be finite, found {x}"));
        }
        // Devices bring a matrix of their own: neurons × neurons fits without a transform.
        let devices_fit = c.devices.is_some() && from_neurons && matches!(c.transform, Transform::None);
        if out != wanted && !devices_fit {
            return err(format!(
                "delivers {out} values to `{}`, which takes {wanted}; give a `transform` of {wanted} × {mid}, a function \
                 with {wanted} results, or a slice",
                self.object_path(post.object)
            ));
        }
        let decoded = matches!(pre.object, Object::Ensemble(e) if !direct(e));
        if c.solver.model().weights() {
            let post_neurons = matches!(post.object, Object::Ensemble(e) if !direct(e));
            if !decoded || !post_neurons {
                return err(
                    "a solver with `weights` needs an ensemble with neurons at both ends; leave `weights` out, or connect \
                     neurons with a transform"
                        .into(),
                );
            }
        }
        if c.eval_points.is_some() && !decoded {
            return err("`eval_points` are for decoders, and this connection has none".into());
        }
        if let Some(Distribution::Samples(_)) = &c.eval_points
            && let Some((_, cols)) = c.eval_points.as_ref().and_then(Distribution::fixed_shape)
            && let Object::Ensemble(e) = pre.object
            && self.get_ensemble(e).is_some_and(|e| e.dimensions != cols)
        {
            return err(format!(
                "`eval_points` have {cols} columns, the ensemble has another number of dimensions"
            ));
        }
        if let Some(d) = &c.devices {
            d.check().map_err(at)?;
            if !(from_neurons || decoded) {
                return err(
                    "devices are synapses: they need neurons before them; connect an ensemble or its neurons"
                        .into(),
                );
            }
            if !matches!(c.transform, Transform::None) {
                return err(
                    "the weights are made of devices, a `transform` would have no effect; leave it out"
                        .into(),
                );
            }
        }
        self.check_rule(id)
    }

    fn check_rule(&self, id: ConnectionId) -> Result<(), Error> {
        let path = self.connection_path(id);
        let Some((pre, post, c)) = self.get_connection(id) else { return Ok(()) };
        let Some(rule) = &c.rule else { return Ok(()) };
        let err = |m: String| Err(Error::model(&path, m));
        if let LearningRule::Element(r) = rule {
            r.model().check().map_err(|m| Error::model(&path, format!("rule `{}`: {m}", r.name())))?;
        }
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
        let on_devices = matches!(
            rule,
            LearningRule::Element(r) if matches!(r.model().acts(), bouton_elements::rules::Acts::OnDevices(_))
        );
        if on_devices && c.devices.is_none() {
            return err(format!(
                "the rule `{}` gives pulses to devices; give the connection `devices`, or use PES",
                rule.name()
            ));
        }
        if !on_devices && c.devices.is_some() {
            return err(format!(
                "the rule `{}` changes weights, and these are made of devices; use a rule that gives pulses, such as `mpes`",
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
        let decoded = matches!(pre.object, Object::Ensemble(_));
        if decoded
            && !c.solver.model().weights()
            && matches!(post.object, Object::Neurons(_))
            && rule.has_error()
        {
            // As in Nengo, such a rule's local error is per neuron: rows of the weights.
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

    fn check_probe(&self, id: ProbeId, dt: f64) -> Result<(), Error> {
        let path = self.probe_path(id);
        let Some(p) = self.get_probe(id) else { return Ok(()) };
        let err = |m: String| Err(Error::model(&path, m));
        if let Some(every) = p.sample_every
            && !(every.is_finite() && every > 0.0)
        {
            return err(format!("`sample_every` must be a positive number of seconds, found {every}"));
        }
        if let Some(s) = &p.synapse {
            s.model().check().map_err(|m| Error::model(&path, m))?;
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
        let rule = |c: ConnectionId| -> Result<&LearningRule, Error> {
            self.get_connection(c).and_then(|(_, _, c)| c.rule.as_ref()).ok_or_else(|| {
                Error::model(&path, format!("`{}` has no learning rule to record", self.connection_path(c)))
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
                let states: Vec<&str> =
                    kind.map_or(vec![], |k| k.model().state().iter().map(|s| s.name).collect());
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
            Target::RuleError(c) => {
                if !rule(*c)?.has_error() {
                    return err(format!("the rule of `{}` has no error", self.connection_path(*c)));
                }
                None
            }
            Target::RuleDelta(c) => {
                rule(*c)?;
                None
            }
            Target::RuleSignal(c, name) => {
                let r = rule(*c)?;
                let mut names: Vec<String> = r.inputs().into_iter().map(|i| i.name).collect();
                if let LearningRule::Function(f) = r {
                    names.extend(f.states().iter().map(|s| s.0.clone()));
                }
                if !names.contains(name) {
                    return err(format!(
                        "the rule of `{}` has no signal `{name}`; it has: {}",
                        self.connection_path(*c),
                        names.join(", ")
                    ));
                }
                None
            }
            Target::Devices(c, side, _) => {
                let spec = self.get_connection(*c).and_then(|(_, _, c)| c.devices.as_ref());
                let Some(spec) = spec else {
                    return err(format!("`{}` has no devices", self.connection_path(*c)));
                };
                if !spec.mapping.model().sides().contains(side) {
                    return err(format!(
                        "the synapses of `{}` have no {side:?} device",
                        self.connection_path(*c)
                    ));
                }
                None
            }
        };
        if size == Some(0) {
            return err("there is nothing to record: the target has no values".into());
        }
        if let Some(n) = size {
            p.slice.check(n).map_err(|m| Error::model(&path, m))?;
        }
        let _ = dt;
        Ok(())
    }
}
