//! Connections.

use bouton_elements::rules::Changes;
use bouton_elements::solvers::NoSolver;

use crate::{ConnectionId, EnsembleId, Error, Function, Network, Object};

impl Network {
    pub(super) fn check_connection(&self, id: ConnectionId) -> Result<(), Error> {
        let path = self.connection_path(id);
        let Some((pre, post, c)) = self.get_connection(id) else { return Ok(()) };
        let err = |m: String| Err(Error::model(&path, m));
        let at = |m: String| Error::model(&path, m);
        let pre_size = self.object_size(pre.object, true)?;
        let post_size = self.object_size(post.object, false)?;
        for (end, size) in [(pre, pre_size), (post, post_size)] {
            if size == 0 {
                let path = self.object_path(end.object);
                return err(match std::ptr::eq(end, post) {
                    true => {
                        format!("`{path}` takes no input; make it a function of an input or a passthrough")
                    }
                    false => format!("`{path}` has no output to connect"),
                });
            }
            end.slice.check(size).map_err(|m| at(format!("`{}`: {m}", self.object_path(end.object))))?;
            if matches!(end.slice, crate::Slice::Steps { .. }) {
                let m =
                    "an end of a connection takes a range or a list of indices; give the slice `resolved`";
                return Err(at(format!("`{}`: {m}", self.object_path(end.object))));
            }
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
            s.model().check().and_then(|()| s.within_bounds()).map_err(at)?;
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
        let decoded = matches!(pre.object, Object::Ensemble(e) if !direct(e));
        // Before sizes: what devices and rules forbid is no way out of a wrong one.
        if let Some(d) = &c.devices {
            d.check().map_err(at)?;
            if !(from_neurons || decoded) {
                return err(
                    "devices are synapses: they need neurons before them; connect an ensemble or its neurons"
                        .into(),
                );
            }
            if c.transform.is_some() {
                return err(
                    "the weights are made of devices, a `transform` would have no effect; leave it out"
                        .into(),
                );
            }
            if c.solver.is::<NoSolver>() {
                return err(
                    "the weights are made of devices, the `values` of `no_solver` would have no effect; leave the solver out"
                        .into(),
                );
            }
        }
        self.check_rules(id)?;
        let mid = c.function.as_ref().map_or(sliced, Function::width);
        if mid == 0 {
            return err("the function must have at least one result, found 0".into());
        }
        let wanted = post.slice.len(post_size);
        // `None` fits whatever is wanted.
        let out = match &c.transform {
            None => Some(mid),
            Some(t) => {
                let refuse = |m: String| at(format!("`transform` {m}"));
                let out = t.model().outputs(mid).map_err(refuse)?;
                t.model().check().map_err(refuse)?;
                out
            }
        };
        let out = out.unwrap_or(wanted);
        // Devices bring a matrix of their own: neurons × neurons fits without a transform.
        let devices_fit = c.devices.is_some() && from_neurons && c.transform.is_none();
        if out != wanted && !devices_fit {
            return err(format!(
                "delivers {out} values to `{}`, which takes {wanted}; give a `transform` of {wanted} × {mid}, a function \
                 with {wanted} results, or a slice",
                self.object_path(post.object)
            ));
        }
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
        // A mask is of what the rules change: of encoders, or of weights. Rules of weights need neurons or a node before the
        // connection, so that the weights have a row a value or neuron after it.
        let on_encoders = c.rules.iter().any(|r| r.changes() == Changes::Encoders);
        let rows = match post.object {
            Object::Ensemble(e) if on_encoders || c.solver.model().weights() => {
                self.object_size(Object::Neurons(e), false)?
            }
            _ if devices_fit => wanted,
            _ => out,
        };
        let cols = match pre.object {
            _ if on_encoders => post_size,
            Object::Ensemble(e) => self.object_size(Object::Neurons(e), true)?,
            _ => sliced,
        };
        self.check_mask(id, (rows, cols))?;
        if c.eval_points.is_some() && !decoded {
            return err("`eval_points` are for decoders, and this connection has none".into());
        }
        if let Some((_, cols)) = c.eval_points.as_ref().and_then(|d| d.fixed_shape())
            && let Object::Ensemble(e) = pre.object
            && self.get_ensemble(e).is_some_and(|e| e.dimensions != cols)
        {
            return err(format!(
                "`eval_points` have {cols} columns, the ensemble has another number of dimensions"
            ));
        }
        Ok(())
    }
}
