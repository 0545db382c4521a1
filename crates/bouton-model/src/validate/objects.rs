//! Ensembles and nodes.

use crate::{Ensemble, EnsembleId, Error, Network, NodeId, Output, nearest};

impl Network {
    pub(super) fn check_ensemble(&self, id: EnsembleId, dt: f64) -> Result<(), Error> {
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
        let checked = e.neuron_type.model().check().and_then(|()| e.neuron_type.within_bounds());
        checked.map_err(|m| Error::model(&path, m))?;
        // Not what a base gives: that is computed.
        let vars: Vec<_> = e.neuron_type.layers().into_iter().flat_map(|l| l.model().states()).collect();
        let states: Vec<&str> = vars.iter().map(|s| &*s.name).collect();
        for (name, _) in &e.initial_state {
            if !states.contains(&name.as_str()) {
                let hint = nearest(name, states.iter().copied())
                    .map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                return err(format!("{} neurons have no state `{name}`{hint}", e.neuron_type.name()));
            }
        }
        if let Some(noise) = &e.noise {
            let width = if e.neuron_type.is_direct() { e.dimensions } else { e.n_neurons };
            noise.model().check(width, dt).map_err(|m| Error::model(&path, format!("`noise`: {m}")))?;
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

    pub(super) fn check_node(&self, id: NodeId, dt: f64) -> Result<(), Error> {
        let path = self.node_path(id);
        if let Some(o) = self.get_node(id)
            && o.size_in().max(o.size_out()) > 100_000_000
        {
            let m = format!("{} values are more than can be built", o.size_in().max(o.size_out()));
            return Err(Error::model(path, m));
        }
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
}
