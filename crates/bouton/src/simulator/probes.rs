//! Probes of the network while the simulator runs, and probes attached meanwhile.

use bouton_core::{Error, Slice};
use bouton_engine::{Observe, ObserveId, Recorded, Samples};
use bouton_model::{Network, ProbeId, Target};
use bouton_nef::Built;

use super::Simulator;

impl Simulator {
    /// What a probe has recorded, as rows.
    ///
    /// # Errors
    /// The probe is of another network.
    pub fn data(&self, probe: ProbeId) -> Result<Samples, Error> {
        self.sim.samples(self.observed(probe)?)
    }
    pub(crate) fn observed(&self, probe: ProbeId) -> Result<ObserveId, Error> {
        self.net.get_probe(probe).map(|_| self.probes[probe.index()]).ok_or_else(|| {
            Error::access(self.net.probe_path(probe), "this probe is not in the simulator's network")
        })
    }
    /// Rows and columns of what a probe records in a sample: a vector has one column.
    ///
    /// # Errors
    /// The probe is of another network.
    pub fn probe_shape(&self, probe: ProbeId) -> Result<(usize, usize), Error> {
        self.sim.sample_shape(self.observed(probe)?)
    }
    /// What a probe has recorded since it was last drained, as rows; the simulator forgets it. For writing long runs in
    /// blocks.
    ///
    /// # Errors
    /// The probe is of another network.
    pub fn drain(&mut self, probe: ProbeId) -> Result<Samples, Error> {
        self.take(probe).map(Recorded::into_samples)
    }
    /// The same as it is kept: spikes as events.
    ///
    /// # Errors
    /// The probe is of another network.
    pub fn take(&mut self, probe: ProbeId) -> Result<Recorded, Error> {
        let id = self.observed(probe)?;
        self.sim.drain(id)
    }
    /// Times (s) of the samples that a probe has recorded.
    ///
    /// # Errors
    /// The probe is of another network.
    pub fn times(&self, probe: ProbeId) -> Result<Vec<f64>, Error> {
        self.data(probe).map(|s| s.steps.iter().map(|k| *k as f64 * self.dt()).collect())
    }
    /// Forgets what all probes have recorded.
    pub fn clear_probes(&mut self) {
        self.sim.clear_recordings();
    }

    /// Attaches a probe to what has a path, from the next step on: every step, unfiltered. Nothing else changes, not a bit.
    /// [`Simulation::attach`](bouton_engine::Simulation::attach) has filters and sampling.
    ///
    /// # Errors
    /// There is nothing of that path.
    pub fn attach(&mut self, path: &str) -> Result<ObserveId, Error> {
        let signal = self.sim.program().knobs().find(path)?.signal;
        self.sim.attach(Observe::new(signal, path))
    }
    /// Detaches a probe that was attached, and returns what it has recorded.
    ///
    /// # Errors
    /// There is no such probe; it is one of the network's.
    pub fn detach(&mut self, id: ObserveId) -> Result<Samples, Error> {
        if self.probes.contains(&id) {
            return Err(Error::access(
                "",
                "probes of the network can't be detached; those that were attached can",
            ));
        }
        self.sim.detach(id).map(Recorded::into_samples)
    }
}

/// What a probe of the network records.
pub(super) fn observe(net: &Network, built: &Built, id: ProbeId, dt: f64) -> Result<Observe, Error> {
    let missing = || Error::build(net.probe_path(id), "the probe is missing");
    let p = net.get_probe(id).ok_or_else(missing)?;
    let source = built.probes.get(id.index()).ok_or_else(missing)?;
    if let Target::NeuronState(_, name) = &p.target
        && name == "refractory_time"
        && (p.synapse.is_some() || matches!(p.slice, Slice::Indices(_)))
    {
        return Err(Error::build(
            net.probe_path(id),
            "`refractory_time` is recorded as it is, without synapse or list of indices",
        ));
    }
    let spikes = match &p.target {
        Target::Spikes(e) => net.get_ensemble(*e).is_some_and(|e| e.neuron_type.model().spiking()),
        _ => false,
    };
    Ok(Observe {
        signal: source.signal,
        rows: source.rows.clone(),
        inverse: source.inverse,
        every: p.sample_every.map_or(1.0, |s| s / dt),
        filter: None,
        events: spikes && p.synapse.is_none(),
        of: net.target_path(&p.target),
    })
}
