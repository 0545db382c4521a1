//! Probes while the simulator runs.

use bouton_elements::devices::DeviceArray;
use bouton_elements::mappings::Side;
use bouton_model::{DeviceQuantity, Error, Network, ProbeId, Slice, Target};

use super::Simulator;
use crate::build::{Built, ProbeSource};
use crate::record::{Samples, Store};

/// A probe while it runs.
pub(super) struct ProbeRun {
    source: ProbeSource,
    target: Target,
    slice: Slice,
    period: f64,
    store: Store,
}

impl Simulator {
    pub(super) fn record(&mut self) -> Result<(), Error> {
        let step = self.engine.n_steps();
        let mut bad = None;
        for (k, p) in self.probes.iter_mut().enumerate() {
            if p.period > 1.0 && step as f64 % p.period >= 1.0 {
                continue;
            }
            match (&p.source, &p.target) {
                (ProbeSource::Signal(s), _) => self.engine.read_into(*s, &mut self.buffer),
                (ProbeSource::Devices, Target::Devices(c, side, q)) => {
                    device_values(self.engine.devices(*c), *side, *q, &p.slice, &mut self.buffer);
                }
                (ProbeSource::Devices, _) => {}
            }
            if bad.is_none() && self.buffer.iter().any(|v| !v.is_finite()) {
                bad = Some(k);
            }
            p.store.push(step, self.buffer.iter().copied());
        }
        match bad {
            None => Ok(()),
            Some(k) => {
                let target = self.net.target_path(&self.probes[k].target);
                Err(self.fail(Error::run(
                    target,
                    format!(
                        "is not finite at t = {:.6} s; what was recorded until here is kept. Look at learning rates and \
                         at feedback without a limit",
                        self.time()
                    ),
                )))
            }
        }
    }

    /// What a probe has recorded.
    pub fn data(&self, probe: ProbeId) -> Result<Samples, Error> {
        self.probe_run(probe).map(|p| p.store.samples())
    }
    fn probe_run(&self, probe: ProbeId) -> Result<&ProbeRun, Error> {
        self.net.get_probe(probe).map(|_| &self.probes[probe.index()]).ok_or_else(|| {
            Error::access(self.net.probe_path(probe), "this probe is not in the simulator's network")
        })
    }
    /// Rows and columns of what a probe records in a sample: a vector has one column.
    pub fn probe_shape(&self, probe: ProbeId) -> Result<(usize, usize), Error> {
        let run = self.probe_run(probe)?;
        let cols = match (&run.source, &run.target) {
            (ProbeSource::Signal(s), _) => self.built.program.signals[s.index()].cols,
            (ProbeSource::Devices, Target::Devices(c, ..)) => self.devices(*c)?.shape().1,
            (ProbeSource::Devices, _) => 1,
        };
        Ok((run.store.width / cols.max(1), cols))
    }
    /// What a probe has recorded since it was last drained; the simulator forgets it. For writing long runs in blocks.
    pub fn drain(&mut self, probe: ProbeId) -> Result<Samples, Error> {
        let s = self.data(probe)?;
        self.probes[probe.index()].store.clear();
        Ok(s)
    }
    /// Times (s) of the samples that a probe has recorded.
    pub fn times(&self, probe: ProbeId) -> Result<Vec<f64>, Error> {
        self.data(probe).map(|s| s.steps.iter().map(|k| *k as f64 * self.dt).collect())
    }
    /// Forgets what all probes have recorded.
    pub fn clear_probes(&mut self) {
        self.probes.iter_mut().for_each(|p| p.store.clear());
    }
}

pub(super) fn probe_run(net: &Network, built: &Built, id: ProbeId, dt: f64) -> Result<ProbeRun, Error> {
    let missing = || Error::build(net.probe_path(id), "the probe is missing");
    let p = net.get_probe(id).ok_or_else(missing)?;
    let source = built.probes[id.index()].clone();
    let width = match (&source, &p.target) {
        (ProbeSource::Signal(s), _) => built.program.signals[s.index()].len(),
        (ProbeSource::Devices, Target::Devices(c, ..)) => {
            let (rows, cols) = built.devices[c.index()].as_ref().map_or((0, 0), DeviceArray::shape);
            p.slice.check(rows).map_err(|m| Error::build(net.probe_path(id), m))?;
            p.slice.len(rows) * cols
        }
        (ProbeSource::Devices, _) => 0,
    };
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
    let period = p.sample_every.map_or(1.0, |s| s / dt);
    let store = Store::new(width, spikes && p.synapse.is_none());
    Ok(ProbeRun { source, target: p.target.clone(), slice: p.slice.clone(), period, store })
}

/// A quantity of the devices of some rows, row-major.
fn device_values(
    devices: Option<&DeviceArray>,
    side: Side,
    q: DeviceQuantity,
    rows: &Slice,
    out: &mut Vec<f64>,
) {
    out.clear();
    let Some(d) = devices else { return };
    let Some(k) = d.sides().iter().position(|s| *s == side) else { return };
    let (bank, (all, cols)) = (&d.banks()[k], d.shape());
    for row in rows.indices(all) {
        let row = row * cols..(row + 1) * cols;
        match q {
            DeviceQuantity::Conductance => out.extend(&bank.conductance[row]),
            DeviceQuantity::Resistance => out.extend(bank.conductance[row].iter().map(|g| 1.0 / g)),
            DeviceQuantity::Pulses => out.extend(bank.pulses[row].iter().map(|p| f64::from(*p))),
            // One that the engine doesn't know yet: recorded as what stops a run.
            _ => out.extend(row.map(|_| f64::NAN)),
        }
    }
}
