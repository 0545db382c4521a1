//! Saving, loading, replaying.

use std::path::Path;

use bouton_core::Error;
use bouton_engine::{Checkpoint, Loaded};
use bouton_model::{ConnectionId, EnsembleId, Object};

use super::Simulator;
use crate::checkpoint;

impl Simulator {
    /// All that the simulator goes on from: `run(a)`, save, load in another process, `run(b)` has the bits of `run(a + b)`.
    ///
    /// # Errors
    /// A callback that holds state and doesn't say how it is saved; it is named.
    pub fn save(&self) -> Result<Checkpoint, Error> {
        self.sim.save()
    }
    /// Goes on from a checkpoint of the same network. Recordings are cleared.
    ///
    /// Returns what filtered probes looked at that were attached to the simulator that was saved and aren't attached to this
    /// one. The state of their filters waits: a probe of the same that is attached before the next step goes on from it. With
    /// the next step it is forgotten.
    ///
    /// # Errors
    /// A checkpoint of another network, number type or time step; what differs is named, and nothing is changed.
    pub fn load(&mut self, c: &Checkpoint) -> Result<Vec<String>, Error> {
        let lost = self.sim.load(c)?;
        self.unwatch()?;
        Ok(lost)
    }
    /// Saves into a file: see [`checkpoint`](crate::checkpoint).
    ///
    /// # Errors
    /// Those of [`save`](Simulator::save); what the file system refuses.
    pub fn save_to(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        checkpoint::write(path, &self.save()?)
    }
    /// Goes on from a file that [`save_to`](Simulator::save_to) wrote. Returns what [`load`](Simulator::load) does.
    ///
    /// # Errors
    /// A file that is damaged or no checkpoint; those of [`load`](Simulator::load). Nothing is changed then.
    pub fn load_from(&mut self, path: impl AsRef<Path>) -> Result<Vec<String>, Error> {
        self.load(&checkpoint::read(path)?)
    }
    /// Sets parameters by name from a checkpoint of another network: weights, gains, encoders, devices. See
    /// [`Simulation::load_by_name`](bouton_engine::Simulation::load_by_name). The report says whether the encoders that
    /// loaded weights were learned with are those of this network.
    ///
    /// # Errors
    /// With `strict`, anything that is missing or of another shape; then nothing is written.
    pub fn load_by_name(&mut self, c: &Checkpoint, prefixes: &[&str], strict: bool) -> Result<Loaded, Error> {
        let mut report = self.sim.load_by_name(c, prefixes, strict)?;
        let net = self.net.clone();
        for connection in net.connections() {
            let Ok(weights) = self.views().weights_path(connection) else { continue };
            if !report
                .matched
                .iter()
                .any(|p| *p == weights || p.starts_with(&self.devices_prefix(connection)))
            {
                continue;
            }
            let pre = net.get_connection(connection).map(|(pre, ..)| pre.object);
            let (Some(Object::Ensemble(e)) | Some(Object::Neurons(e))) = pre else { continue };
            if self.views().own_ensemble(e).is_ok() && !self.views().is_direct(e) && !self.same_neurons(c, e)
            {
                report.other_encoders.push(net.connection_path(connection));
            }
        }
        Ok(report)
    }
    /// What the paths of a connection's devices begin with.
    fn devices_prefix(&self, c: ConnectionId) -> String {
        format!("{}.devices.", self.views().names().connection(c))
    }
    /// Whether an ensemble turns values into activities as it did in the checkpoint.
    fn same_neurons(&self, c: &Checkpoint, e: EnsembleId) -> bool {
        ["encoders", "gain", "bias"].iter().all(|what| {
            let path = format!("{}.{what}", self.views().names().ensemble(e));
            let program = self.sim.program();
            let Some(knob) = program.knobs().get(&path) else { return false };
            let Some(there) = c.get(&program.get(knob.signal).name) else { return false };
            let mut here = vec![];
            // A number type that holds less rounds: the same draw is the same there.
            let same = |(x, y): (&f64, &f64)| *x == *y || *x as f32 == *y as f32;
            self.sim.read_into(&path, &mut here).is_ok()
                && here.len() == there.values.len()
                && here.iter().zip(&there.values.wide()).all(same)
        })
    }
    /// Takes a write back, by the number of its entry in the log: a write of its own.
    ///
    /// # Errors
    /// No such entry; one that can't be taken back, and why: a callback's, one that the log has dropped or handed over, one
    /// that a checkpoint file had.
    pub fn undo(&mut self, entry: u64) -> Result<u64, Error> {
        self.sim.undo(entry)
    }
}
