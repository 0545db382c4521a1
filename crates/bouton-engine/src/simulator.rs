//! The simulator: a running model, its recordings, and live access to its weights.

use bouton_elements::devices::DeviceArray;
use bouton_elements::mappings::Side;
use bouton_kernels::Level;
use bouton_model::{
    ConnectionId, DeviceQuantity, EnsembleId, Error, Matrix, Network, NodeId, Object, ProbeId, Target,
};

use crate::build::{BuildOptions, Built, BuiltEnsemble, ProbeSource, build};
use crate::plan::{Passes, Plan};
use crate::program::SignalId;
use crate::record::{Samples, Store};
use crate::run::{Engine, Simulation};
use crate::scale::ScaleNote;

/// Number type of a simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Double precision.
    #[default]
    F64,
    /// Single precision: half the memory, results that differ from double precision by rounding.
    F32,
}

/// How a simulator is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Time step (s). Default 0.001.
    pub dt: f64,
    /// Seed of the simulator's own draws (processes). Default: the network's seed + 1.
    pub seed: Option<u32>,
    /// Number type.
    pub precision: Precision,
    /// Threads, for building and for steps with enough work. Results are the same bits for any number.
    pub threads: usize,
    /// Passes of the plan.
    pub passes: Passes,
    /// SIMD level; the processor's highest by default. Results are the same bits at each.
    pub level: Option<Level>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            dt: 0.001,
            seed: None,
            precision: Precision::F64,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            passes: Passes::default(),
            level: None,
        }
    }
}

/// What a reset keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Nothing: everything is as after building.
    All,
    /// Learned and edited weights, the state of devices, what is frozen, and parameters of rules.
    KeepWeights,
}

struct ProbeRun {
    source: ProbeSource,
    target: Target,
    period: f64,
    store: Store,
}

/// A model that runs.
pub struct Simulator {
    net: Network,
    built: Built,
    engine: Box<dyn Engine>,
    dt: f64,
    probes: Vec<ProbeRun>,
    buffer: Vec<f64>,
    failed: Option<Error>,
    pub(crate) notes: Vec<ScaleNote>,
}

impl Simulator {
    /// Builds a network with default options: time steps of 1 ms, double precision.
    pub fn new(net: &Network) -> Result<Simulator, Error> {
        Simulator::with(net, Options::default())
    }

    /// Builds a network.
    pub fn with(net: &Network, options: Options) -> Result<Simulator, Error> {
        net.validate(options.dt)?;
        // Without a seed every run differs, as in Nengo.
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| d.as_nanos() as u64);
        let fallback_seed =
            (now ^ (u64::from(std::process::id()) << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let build_options = BuildOptions {
            dt: options.dt,
            fallback_seed: fallback_seed as u32,
            threads: options.threads.max(1),
        };
        let mut built = build(net, build_options)?;
        if let Some(s) = options.seed {
            built.sim_seed = s;
        }
        let plan = Plan::new(&built.program, options.passes)?;
        let level = options.level.map_or_else(Level::detect, Level::clamped);
        let paths: Vec<String> = net.connections().map(|c| net.connection_path(c)).collect();
        let engine: Box<dyn Engine> = match options.precision {
            Precision::F64 => {
                Box::new(Simulation::<f64>::new(&built, plan, options.dt, level, options.threads, &paths)?)
            }
            Precision::F32 => {
                Box::new(Simulation::<f32>::new(&built, plan, options.dt, level, options.threads, &paths)?)
            }
        };
        let probes = net.probes().map(|p| probe_run(net, &built, p, options.dt)).collect::<Result<_, _>>()?;
        let net = net.clone();
        let (dt, buffer, notes) = (options.dt, vec![], vec![]);
        let mut sim = Simulator { net, built, engine, dt, probes, buffer, failed: None, notes };
        sim.notes = sim.scale_check(None)?;
        Ok(sim)
    }

    /// Runs for `seconds` of simulated time, rounded to whole steps.
    pub fn run(&mut self, seconds: f64) -> Result<(), Error> {
        if !(seconds.is_finite() && seconds >= 0.0) {
            return Err(Error::run(
                "",
                format!("the time to run must be a number of seconds, at least 0, found {seconds}"),
            ));
        }
        self.run_steps((seconds / self.dt).round() as u64)
    }

    /// Takes `steps` steps.
    pub fn run_steps(&mut self, steps: u64) -> Result<(), Error> {
        for _ in 0..steps {
            self.step()?;
        }
        match self.engine.not_finite() {
            None => Ok(()),
            Some(s) => {
                let name = self.built.program.signals[s.index()].name.clone();
                Err(self.fail(Error::run(
                    name,
                    format!(
                        "holds a number that isn't finite at t = {:.6} s; what was recorded until here is kept. A learning \
                         rate that is too high does this; record the signal to see when it began",
                        self.time()
                    ),
                )))
            }
        }
    }

    fn fail(&mut self, e: Error) -> Error {
        self.failed = Some(e.clone());
        e
    }

    /// Takes one step, and records.
    pub fn step(&mut self) -> Result<(), Error> {
        if let Some(e) = &self.failed {
            return Err(Error::run(
                e.object(),
                format!(
                    "the simulator stopped at t = {:.6} s and can't go on; reset it. It stopped because: {}",
                    self.time(),
                    e.message()
                ),
            ));
        }
        if let Err(e) = self.engine.step() {
            return Err(self.fail(e));
        }
        self.record()
    }

    fn record(&mut self) -> Result<(), Error> {
        let step = self.engine.n_steps();
        let mut bad = None;
        for (k, p) in self.probes.iter_mut().enumerate() {
            if p.period > 1.0 && step as f64 % p.period >= 1.0 {
                continue;
            }
            match (&p.source, &p.target) {
                (ProbeSource::Signal(s), _) => self.engine.read_into(*s, &mut self.buffer),
                (ProbeSource::Devices, Target::Devices(c, side, q)) => {
                    device_values(self.engine.devices(*c), *side, *q, &mut self.buffer);
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

    /// Simulated time (s).
    pub fn time(&self) -> f64 {
        self.engine.n_steps() as f64 * self.dt
    }
    /// Steps taken since the start or the last reset.
    pub fn n_steps(&self) -> u64 {
        self.engine.n_steps()
    }
    /// Time step (s).
    pub fn dt(&self) -> f64 {
        self.dt
    }
    /// The model, as it was built.
    pub fn network(&self) -> &Network {
        &self.net
    }
    /// Seeds, parameters and signals of the model.
    pub fn built(&self) -> &Built {
        &self.built
    }
    /// What a probe has recorded.
    pub fn data(&self, probe: ProbeId) -> Result<Samples, Error> {
        self.probes
            .get(probe.index())
            .map(|p| p.store.samples())
            .ok_or_else(|| Error::access("", format!("the simulator has no probe {}", probe.index())))
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
    /// Goes back to the start. Recordings are cleared.
    pub fn reset(&mut self, what: Reset) -> Result<(), Error> {
        self.failed = None;
        self.clear_probes();
        self.engine.reset(what == Reset::KeepWeights, None)
    }
    /// Units of work that several threads share in a step; 0 with one thread, or when a step has too little work.
    pub fn parallel_units(&self) -> usize {
        self.engine.parallel_units()
    }
    /// The kernels of the plan, one a line.
    pub fn explain(&self) -> String {
        self.engine.plan().explain()
    }

    fn weights_signal(&self, c: ConnectionId) -> Result<SignalId, Error> {
        let path = self.net.connection_path(c);
        let signals = self.built.connection_signals.get(c.index());
        let signals = signals
            .ok_or_else(|| Error::access(&path, "this connection is not in the simulator's network"))?;
        signals.weights.ok_or_else(|| {
            Error::access(path, "this connection has no weights: it has neither decoders nor a transform; give it a `transform`")
        })
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
    pub fn weights(&self, c: ConnectionId) -> Result<Matrix, Error> {
        let s = self.weights_signal(c)?;
        let x = &self.built.program.signals[s.index()];
        Matrix::new(x.rows, x.cols, self.engine.read(s))
            .ok_or_else(|| Error::access("", "the weights have no shape"))
    }

    /// Edits the weights of a connection: `edit` changes a copy, which is checked and written as a whole. If it fails,
    /// nothing is written. The next step sees the new weights before it adds a rule's pending change.
    ///
    /// On devices the edit is ideal: it sets the state of the device on the side of the change (see
    /// [`DeviceArray::set_weights`]); a weight that they can't reach is an error that says the range.
    pub fn edit_weights(
        &mut self,
        c: ConnectionId,
        mut edit: impl FnMut(&mut Matrix) -> Result<(), String>,
    ) -> Result<(), Error> {
        self.weights_signal(c)?;
        self.engine.edit(c, &mut edit)
    }

    /// Sets all weights of a connection.
    pub fn set_weights(&mut self, c: ConnectionId, weights: &Matrix) -> Result<(), Error> {
        self.edit_weights(c, |w| w.assign(weights))
    }

    /// Stops all change of a connection's weights by its rule; a pending change is dropped. Edits still work.
    pub fn freeze(&mut self, c: ConnectionId) -> Result<(), Error> {
        self.weights_signal(c)?;
        self.engine.set_frozen(c, true);
        Ok(())
    }

    /// Lets a connection's rule change its weights again.
    pub fn unfreeze(&mut self, c: ConnectionId) -> Result<(), Error> {
        self.weights_signal(c)?;
        self.engine.set_frozen(c, false);
        Ok(())
    }

    /// Decoders of a decoded connection (outputs × neurons). Where a transform or encoders are folded into the weights
    /// they are those that were solved; otherwise they are the live weights.
    pub fn decoders(&self, c: ConnectionId) -> Result<Matrix, Error> {
        let path = self.net.connection_path(c);
        let none = || {
            Error::access(
                &path,
                "this connection has no decoders: it does not come from an ensemble with neurons",
            )
        };
        let solved = self.built.decoders.get(c.index()).and_then(Option::as_ref).ok_or_else(none)?;
        let (_, _, conn) = self.net.get_connection(c).ok_or_else(none)?;
        let live = matches!(conn.transform, bouton_model::Transform::None)
            && !self.built.connection_signals[c.index()].full;
        if live {
            return self.weights(c);
        }
        let cols = self.weights(c)?.shape().1;
        Matrix::new(solved.len() / cols, cols, solved.to_vec()).ok_or_else(none)
    }

    fn ensemble(&self, e: EnsembleId) -> Result<&BuiltEnsemble, Error> {
        let b = self.built.ensembles.get(e.index()).map(AsRef::as_ref);
        b.ok_or_else(|| {
            Error::access(self.net.ensemble_path(e), "this ensemble is not in the simulator's network")
        })
    }

    /// Encoders of an ensemble (neurons × dimensions), of unit length.
    pub fn encoders(&self, e: EnsembleId) -> Result<Matrix, Error> {
        let b = self.ensemble(e)?;
        let (d, x) = (b.dimensions, b.encoders.to_vec());
        Matrix::new(x.len() / d, d, x).ok_or_else(|| Error::access("", "the encoders have no shape"))
    }
    /// Gains of an ensemble's neurons.
    pub fn gain(&self, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.ensemble(e).map(|b| b.gain.to_vec())
    }
    /// Bias currents of an ensemble's neurons.
    pub fn bias(&self, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.ensemble(e).map(|b| b.bias.to_vec())
    }
    /// What a connection delivers to each neuron of its post ensemble, as input current (threshold 1).
    pub fn current(&self, c: ConnectionId) -> Result<Vec<f64>, Error> {
        let path = self.net.connection_path(c);
        let none = |m: &str| Error::access(&path, m);
        let (_, post, _) =
            self.net.get_connection(c).ok_or_else(|| none("this connection is not in the network"))?;
        let s = &self.built.connection_signals[c.index()];
        let value = self.engine.read(s.weighted.ok_or_else(|| none("this connection delivers nothing"))?);
        match post.object {
            _ if s.full => Ok(value),
            Object::Neurons(_) => {
                let gains = s.gains.map(|g| self.engine.read(g)).unwrap_or_default();
                Ok(value.iter().zip(&gains).map(|(v, g)| v * g).collect())
            }
            Object::Ensemble(e) => {
                let b = self.ensemble(e)?;
                let (d, taken) = (b.dimensions, post.slice.indices(b.dimensions));
                let rows = b.scaled_encoders.chunks_exact(d);
                Ok(rows.map(|r| taken.iter().zip(&value).map(|(k, v)| r[*k] * v).sum()).collect())
            }
            _ => Err(none("this connection does not end at neurons")),
        }
    }

    /// Names and values of the parameters of a connection's rule that can change while it runs.
    pub fn rule_parameters(&self, c: ConnectionId) -> Result<Vec<(String, f64)>, Error> {
        let none = || Error::access(self.net.connection_path(c), "the connection has no learning rule");
        self.engine.parameters(c).ok_or_else(none)
    }
    /// Changes a parameter of a connection's rule, from the next step on.
    pub fn set_rule_parameter(&mut self, c: ConnectionId, name: &str, value: f64) -> Result<(), Error> {
        let path = self.net.connection_path(c);
        self.engine.set_parameter(c, name, value).map_err(|m| Error::access(path, m))
    }
    /// The devices of a connection.
    pub fn devices(&self, c: ConnectionId) -> Result<&DeviceArray, Error> {
        self.engine
            .devices(c)
            .ok_or_else(|| Error::access(self.net.connection_path(c), "the connection has no devices"))
    }
    /// Changes the gain of a connection's devices; its weights change with it.
    pub fn set_device_gain(&mut self, c: ConnectionId, gain: f64) -> Result<(), Error> {
        if !(gain.is_finite() && gain > 0.0) {
            let m = format!("`gain` must be a finite number greater than 0, found {gain}");
            return Err(Error::access(self.net.connection_path(c), m));
        }
        self.engine.with_devices(c, &mut |d| {
            d.set_gain(gain);
            Ok(())
        })
    }
    /// Sets the conductances (S, post × pre) of one side of a connection's devices, clipped to each device's bounds.
    pub fn set_conductances(&mut self, c: ConnectionId, side: Side, values: &Matrix) -> Result<(), Error> {
        self.engine.with_devices(c, &mut |d| d.set_conductance(side, values.values()))
    }
    /// The present output of a node.
    pub fn node_output(&self, n: NodeId) -> Result<Vec<f64>, Error> {
        let s = self.built.node_out.get(n.index()).copied().flatten();
        s.map(|s| self.engine.read(s))
            .ok_or_else(|| Error::access(self.net.node_path(n), "the node has no output"))
    }
    /// A state variable of an ensemble's neurons, such as `voltage` or `refractory_time` (s; 0 when it is over).
    pub fn neuron_state(&self, e: EnsembleId, name: &str) -> Result<Vec<f64>, Error> {
        self.state_signal(e, name).map(|s| self.engine.read(s))
    }
    /// Sets a state variable of an ensemble's neurons.
    pub fn set_neuron_state(&mut self, e: EnsembleId, name: &str, values: &[f64]) -> Result<(), Error> {
        let s = self.state_signal(e, name)?;
        let n = self.built.program.signals[s.index()].len();
        if values.len() != n || values.iter().any(|v| !v.is_finite()) {
            let m = format!(
                "`{name}` takes {n} finite numbers, found {} of which some may not be finite",
                values.len()
            );
            return Err(Error::access(self.net.ensemble_path(e), m));
        }
        self.engine.write(s, values);
        Ok(())
    }
    fn state_signal(&self, e: EnsembleId, name: &str) -> Result<SignalId, Error> {
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

fn probe_run(net: &Network, built: &Built, id: ProbeId, dt: f64) -> Result<ProbeRun, Error> {
    let missing = || Error::build(net.probe_path(id), "the probe is missing");
    let p = net.get_probe(id).ok_or_else(missing)?;
    let source = built.probes[id.index()].clone();
    let width = match (&source, &p.target) {
        (ProbeSource::Signal(s), _) => built.program.signals[s.index()].len(),
        (ProbeSource::Devices, Target::Devices(c, ..)) => {
            built.devices[c.index()].as_ref().map_or(0, |d| d.shape().0 * d.shape().1)
        }
        (ProbeSource::Devices, _) => 0,
    };
    if let Target::NeuronState(_, name) = &p.target
        && name == "refractory_time"
        && (p.synapse.is_some() || matches!(p.slice, bouton_model::Slice::Indices(_)))
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
    Ok(ProbeRun { source, target: p.target.clone(), period, store })
}

fn device_values(devices: Option<&DeviceArray>, side: Side, q: DeviceQuantity, out: &mut Vec<f64>) {
    out.clear();
    let Some(d) = devices else { return };
    let Some(k) = d.sides().iter().position(|s| *s == side) else { return };
    let bank = &d.banks()[k];
    match q {
        DeviceQuantity::Conductance => out.extend(&bank.conductance),
        DeviceQuantity::Resistance => out.extend(bank.conductance.iter().map(|g| 1.0 / g)),
        DeviceQuantity::Pulses => out.extend(bank.pulses.iter().map(|p| f64::from(*p))),
    }
}
