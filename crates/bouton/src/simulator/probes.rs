//! Probes of the network while the simulator runs, and probes attached meanwhile.

use bouton_core::{Error, Slice};
use bouton_elements::synapses::{Filter, Synapse};
use bouton_engine::{Observe, ObserveId, Recorded, Samples};
use bouton_model::{Network, Norm, Probe, ProbeId, Target};
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
    /// The probe is of another network; there is no memory for spikes as rows, and then they stay.
    pub fn drain(&mut self, probe: ProbeId) -> Result<Samples, Error> {
        self.sim.rows_fit(self.observed(probe)?)?;
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
    /// Attaches a probe as a network has it, with slice, synapse and sampling period, from the next step on. A synapse begins
    /// at zero, and delivers a step later, as every synapse does.
    ///
    /// # Errors
    /// A decoded value: decoders are solved when a model is built, so that such a probe has to be declared in the network. A
    /// target that isn't kept: the change of a rule that is kept as factors, unless a probe of the network looks at it. A slice
    /// that doesn't fit.
    pub fn attach_probe(&mut self, probe: &Probe) -> Result<ObserveId, Error> {
        let what = self.observe(probe)?;
        self.sim.attach(what)
    }
    /// Attaches several, with one new plan at most.
    ///
    /// # Errors
    /// Those of [`attach_probe`](Simulator::attach_probe); then none is attached.
    pub fn attach_probes(&mut self, probes: &[Probe]) -> Result<Vec<ObserveId>, Error> {
        let what = probes.iter().map(|p| self.observe(p)).collect::<Result<Vec<_>, Error>>()?;
        self.sim.attach_all(what)
    }
    /// Whether a probe of this can be attached while the model runs.
    pub fn can_attach(&self, target: &Target) -> bool {
        self.built.sources.find(&self.net, target).is_some()
    }
    fn observe(&self, probe: &Probe) -> Result<Observe, Error> {
        let of = self.net.target_path(&probe.target);
        let refuse = |m: String| Error::access(&of, m);
        self.net.check_elements(probe).map_err(refuse)?;
        let shape = |s| {
            let s = self.sim.program().get(s);
            (s.rows, s.cols)
        };
        let found = self.built.sources.find_picked(&self.net, probe, shape).map_err(refuse)?;
        let source = found.ok_or_else(|| {
            refuse(
                "is not kept while the model runs; declare a probe of it in the network, before it is built"
                    .into(),
            )
        })?;
        let s = self.sim.program().get(source.signal);
        probe.slice.check(s.rows).map_err(refuse)?;
        let rows = (probe.slice != Slice::All).then(|| probe.slice.indices(s.rows));
        let dt = self.dt();
        let filter = match &probe.synapse {
            None => None,
            Some(s) => Some(discretised(s, dt).map_err(refuse)?),
        };
        if let Some(every) = probe.sample_every.filter(|e| !(e.is_finite() && *e > 0.0)) {
            return Err(refuse(format!(
                "`sample_every` must be a positive number of seconds, found {every}"
            )));
        }
        if probe.norm != Norm::None && filter.is_some() {
            let m =
                "a norm is taken of the values as they are, without a `synapse`; leave one of the two out";
            return Err(refuse(m.into()));
        }
        let events = filter.is_none() && probe.norm == Norm::None && is_spiking(&self.net, &probe.target);
        Ok(Observe {
            signal: source.signal,
            rows,
            elements: source.elements,
            when: source.when,
            inverse: source.inverse,
            norm: norm(probe.norm),
            every: probe.sample_every.map_or(1.0, |s| s / dt),
            filter,
            events,
            of,
        })
    }
    /// What a probe that was attached has recorded so far, as rows.
    ///
    /// # Errors
    /// There is no such probe.
    pub fn samples(&self, id: ObserveId) -> Result<Samples, Error> {
        self.sim.samples(id)
    }
    /// Detaches a probe that was attached, and returns what it has recorded.
    ///
    /// # Errors
    /// There is no such probe; it is one of the network's; there is no memory for spikes as rows.
    pub fn detach(&mut self, id: ObserveId) -> Result<Samples, Error> {
        if self.probes.contains(&id) {
            return Err(Error::access(
                "",
                "probes of the network can't be detached; those that were attached can",
            ));
        }
        self.sim.rows_fit(id)?;
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
        && (p.synapse.is_some() || matches!(p.slice, Slice::Indices(_) | Slice::Steps { .. }))
    {
        return Err(Error::build(
            net.probe_path(id),
            "`refractory_time` is recorded as it is, without synapse or list of indices",
        ));
    }
    let spikes = is_spiking(net, &p.target);
    Ok(Observe {
        signal: source.signal,
        rows: source.rows.clone(),
        elements: source.elements.clone(),
        when: source.when.clone(),
        inverse: source.inverse,
        norm: norm(p.norm),
        every: p.sample_every.map_or(1.0, |s| s / dt),
        filter: None,
        events: spikes && p.synapse.is_none() && p.norm == Norm::None,
        of: net.target_path(&p.target),
    })
}

/// What the engine calls it.
fn norm(norm: Norm) -> bouton_engine::Norm {
    match norm {
        Norm::All => bouton_engine::Norm::All,
        Norm::Rows => bouton_engine::Norm::Rows,
        Norm::Moved => bouton_engine::Norm::Moved,
        Norm::MovedRows => bouton_engine::Norm::MovedRows,
        _ => bouton_engine::Norm::None,
    }
}

/// Whether what a target gives is mostly zeros.
fn is_spiking(net: &Network, target: &Target) -> bool {
    match target {
        Target::Spikes(e) => net.get_ensemble(*e).is_some_and(|e| e.neuron_type.model().spiking()),
        _ => false,
    }
}

/// A synapse's filter at this time step (s).
fn discretised(s: &Synapse, dt: f64) -> Result<Filter, String> {
    s.model().check()?;
    s.model().filter(dt)
}
