//! Every parameter of a model is checked here, once, whoever made the model.

mod connections;
mod objects;
mod probes;
mod rules;

use std::collections::HashMap;

use crate::{Error, Network};

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
            self.check_ensemble(id, dt)?;
        }
        for id in self.nodes() {
            self.check_node(id, dt)?;
        }
        for id in self.connections() {
            self.check_connection(id)?;
        }
        for id in self.probes() {
            self.check_probe(id)?;
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), Error> {
        let mut seen: HashMap<String, &str> = HashMap::new();
        let named = self
            .ensembles()
            .map(|e| (self.ensemble_path(e), "ensemble"))
            .chain(self.nodes().map(|n| (self.node_path(n), "node")))
            .chain(self.networks().skip(1).map(|n| (self.network_path(n), "network")))
            .chain(self.connections().filter_map(|c| Some((self.connection_name(c)?, "connection"))))
            .chain(self.probes().map(|p| (self.probe_path(p), "probe")));
        for (path, kind) in named {
            if path.is_empty() || path.ends_with('.') {
                return Err(Error::model(path, format!("every {kind} needs a name")));
            }
            // A probe may be called like what it records, and a connection like one of its ends.
            let own = matches!(kind, "probe" | "connection");
            let key = if own { format!("{kind} {path}") } else { path.clone() };
            match seen.insert(key, kind) {
                None => {}
                Some(other) if other == kind => {
                    return Err(Error::model(path, format!("the name is taken: two {kind}s are called so")));
                }
                Some(other) => {
                    let m = format!("the name is taken: one {other} and one {kind} are called so");
                    return Err(Error::model(path, m));
                }
            }
        }
        Ok(())
    }
}
