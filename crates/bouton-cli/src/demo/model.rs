//! The model of the demonstration, and one run of it.

use bouton::Error;
use bouton::prelude::*;

use super::Pulse;
use super::metrics::{Scores, scores};
use crate::signals::Stop;

/// Neurons in each population.
pub const NEURONS: usize = 100;
/// Filter of the recorded output (s).
const PROBE_TAU: f64 = 0.01;
/// Synapses whose weights and conductances are recorded over time: this many rows and columns of the matrix.
const WATCHED: usize = 8;
/// Rows and columns between two that are watched.
pub(super) const STRIDE: usize = NEURONS / WATCHED;

/// What the synapses between the two populations are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Weights of zero, without learning.
    Zero,
    /// Not a network: the mean of the target over the training part.
    Constant,
    /// Weights that the NEF solves for the function.
    Solved,
    /// Ideal synapses, learned by PES from zero.
    Pes {
        /// Learning rate.
        rate: f64,
    },
    /// Memristor pairs, learned by mPES.
    Mpes {
        /// Gain; `None` is automatic.
        gain: Option<f64>,
        /// Whether conductances are measured by each device's own bounds and the spread is shared by a pair, as
        /// published, rather than by what hardware can know.
        as_published: bool,
    },
}

impl Method {
    /// mPES with the automatic gain on what hardware has: every device its own spread, nominal bounds.
    pub fn mpes_auto() -> Method {
        Method::Mpes { gain: None, as_published: false }
    }
    /// mPES as published: gain 1e4, each device's own bounds, a spread that the devices of a pair share.
    pub fn mpes_published() -> Method {
        Method::Mpes { gain: Some(1e4), as_published: true }
    }
    /// Gain and devices apart: each with each.
    pub fn all_mpes() -> [Method; 4] {
        [
            Method::mpes_auto(),
            Method::Mpes { gain: Some(1e4), as_published: false },
            Method::Mpes { gain: None, as_published: true },
            Method::mpes_published(),
        ]
    }
    /// Whether its weights are learned.
    pub fn learns(&self) -> bool {
        matches!(self, Method::Pes { .. } | Method::Mpes { .. })
    }
    /// Name for tables and figures.
    pub fn name(&self) -> String {
        match self {
            Method::Zero => "zero weights".into(),
            Method::Constant => "best constant".into(),
            Method::Solved => "NEF-solved".into(),
            Method::Pes { .. } => "PES, ideal synapses".into(),
            Method::Mpes { gain, as_published } => {
                let rule = if *as_published { "published mPES" } else { "mPES" };
                gain.map_or_else(|| format!("{rule}, auto gain"), |g| format!("{rule}, gain {g:e}"))
            }
        }
    }
    /// Name for columns and files.
    pub fn slug(&self) -> &'static str {
        match self {
            Method::Zero => "zero",
            Method::Constant => "constant",
            Method::Solved => "solved",
            Method::Pes { .. } => "pes",
            Method::Mpes { gain: None, as_published: false } => "mpes",
            Method::Mpes { gain: Some(_), as_published: false } => "mpes_gain",
            Method::Mpes { gain: None, as_published: true } => "mpes_published_auto",
            Method::Mpes { gain: Some(_), as_published: true } => "mpes_published",
        }
    }
}

/// What a run recorded.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Times of the samples (s).
    pub times: Vec<f64>,
    /// Input, target and output at those times; input and target through the filter of the output's probe.
    pub input: Vec<f64>,
    /// The target.
    pub target: Vec<f64>,
    /// The decoded output.
    pub output: Vec<f64>,
    /// Times of the weight samples (s).
    pub slow_times: Vec<f64>,
    /// Number of synapses watched.
    pub watched: usize,
    /// Weights of the watched synapses.
    pub weights: Vec<f64>,
    /// Conductances (S) of their plus devices.
    pub plus: Vec<f64>,
    /// Conductances (S) of their minus devices.
    pub minus: Vec<f64>,
    /// Mean pulses a device.
    pub pulses: f64,
    /// Largest change of a weight that 10,000 pulses can make.
    pub reach: f64,
    /// Gain of the devices.
    pub gain: f64,
}

impl Trial {
    /// Scores on the test part.
    pub fn scores(&self, pulse: &Pulse) -> Scores {
        let from = self.times.iter().position(|t| *t > pulse.train_seconds() + 1e-9).unwrap_or(0);
        scores(&self.output[from..], &self.target[from..])
    }
}

/// The network, its learned connection and its probes.
pub struct Model {
    /// The network.
    pub net: Network,
    /// The populations.
    pub pre: EnsembleId,
    /// The populations.
    pub post: EnsembleId,
    /// The connection from neurons to neurons, if the method has one that learns.
    pub learned: Option<ConnectionId>,
    /// Probes: input, target, output.
    pub probes: [ProbeId; 3],
}

/// The devices of a method, if it has some.
pub fn devices(method: Method, seed: usize) -> Option<DeviceSpec> {
    let Method::Mpes { gain, as_published } = method else { return None };
    Some(DeviceSpec {
        spread: 0.15,
        gain: gain.map_or_else(Gain::default, Gain::Fixed),
        bounds: if as_published { Bounds::Own } else { Bounds::Nominal },
        spread_of: if as_published { SpreadOf::Synapse } else { SpreadOf::Device },
        seed: Some(seed as u32),
        ..DeviceSpec::default()
    })
}

/// Describes the network for one method.
pub fn describe(pulse: &Pulse, seed: usize, method: Method) -> Model {
    // Populations have seeds of their own, so that every method meets the same neurons.
    let s = 1000 + 10 * seed as u32;
    let mut net = Network::with_seed(s);
    let stim = net.node("pulse", pulse.output());
    let target = net.node("target", Output::function(1, 1, |_, x, y| y[0] = x[0] * x[0]));
    let pre = net.ensemble("pre", Ensemble::new(NEURONS, 1).seed(s + 1));
    let post = net.ensemble("post", Ensemble::new(NEURONS, 1).seed(s + 2));
    net.connect(stim, pre, Connection::new().no_synapse());
    net.connect(stim, target, Connection::new().no_synapse());
    let learned = match method {
        Method::Zero | Method::Constant => None,
        Method::Solved => {
            let solver = LstsqL2 { weights: true, ..LstsqL2::default() };
            let c = Connection::new().function(1, |x, y| y[0] = x[0] * x[0]).solver(solver);
            net.connect_as("solved", pre, post, c);
            None
        }
        Method::Pes { rate } => {
            let c = Connection::new().transform(Matrix::filled(NEURONS, NEURONS, 0.0)).learn(Pes::new(rate));
            Some(net.connect_as("learned", pre.neurons(), post.neurons(), c))
        }
        Method::Mpes { .. } => {
            let c = Connection { devices: devices(method, seed), ..Connection::new() }.learn(Mpes::default());
            Some(net.connect_as("learned", pre.neurons(), post.neurons(), c))
        }
    };
    if let Some(c) = learned {
        let error = net.ensemble("error", Ensemble::new(NEURONS, 1).radius(2.0).seed(s + 3));
        net.connect(post, error, Connection::new());
        net.connect(target, error, Connection::new().transform(-1.0));
        net.connect(error, c.rule(), Connection::new());
    }
    let probe = |p: Probe| p.synapse(PROBE_TAU).sample_every(0.01);
    let probes = [
        net.probe("input", probe(Probe::new(stim))),
        net.probe("target", probe(Probe::new(target))),
        net.probe("output", probe(Probe::new(post))),
    ];
    Model { net, pre, post, learned, probes }
}

/// Runs one method: learns on the training part, then with learning off; `None` if it was stopped.
pub fn run(pulse: &Pulse, seed: usize, method: Method, stop: &Stop) -> Result<Option<Trial>, Error> {
    let m = describe(pulse, seed, method);
    let mut sim = Simulator::with(&m.net, Options { threads: 1, ..Options::default() })?;
    let mut t = Trial {
        times: vec![],
        input: vec![],
        target: vec![],
        output: vec![],
        slow_times: vec![],
        watched: WATCHED * WATCHED,
        weights: vec![],
        plus: vec![],
        minus: vec![],
        pulses: 0.0,
        reach: 0.0,
        gain: 0.0,
    };
    let (total, train) =
        ((pulse.seconds() * 1000.0).round() as u64, (pulse.train_seconds() * 1000.0).round() as u64);
    watch(&sim, m.learned, &mut t)?;
    while sim.n_steps() < total {
        if stop.asked() {
            return Ok(None);
        }
        if sim.n_steps() == train
            && let Some(c) = m.learned
        {
            sim.freeze(c)?;
        }
        let until = if sim.n_steps() < train { train } else { total };
        sim.run_steps(100.min(until - sim.n_steps()))?;
        watch(&sim, m.learned, &mut t)?;
    }
    t.times = sim.times(m.probes[0])?;
    t.input = sim.data(m.probes[0])?.values;
    t.target = sim.data(m.probes[1])?.values;
    t.output = sim.data(m.probes[2])?.values;
    if method == Method::Constant {
        let n = t.times.iter().filter(|x| **x <= pulse.train_seconds() + 1e-9).count().max(1);
        let mean = t.target[..n].iter().sum::<f64>() / n as f64;
        t.output.fill(mean);
    }
    if let (Some(c), Some(spec)) = (m.learned, devices(method, seed)) {
        let d = sim.devices(c)?;
        let count = (d.sides().len() * NEURONS * NEURONS) as f64;
        t.pulses = d.pulses() as f64 / count;
        t.gain = d.gain();
        t.reach = d.gain() * DeviceSpec { bounds: Bounds::Nominal, ..spec }.reach(10_000.0);
    }
    Ok(Some(t))
}

/// Weights and conductances of every few synapses, at this moment.
fn watch(sim: &Simulator, learned: Option<ConnectionId>, t: &mut Trial) -> Result<(), Error> {
    let Some(c) = learned else { return Ok(()) };
    t.slow_times.push(sim.time());
    let w = sim.weights(c)?;
    let banks = sim.devices(c).ok().map(|d| [Side::Plus, Side::Minus].map(|s| d.conductance(s)));
    for r in 0..WATCHED {
        for k in 0..WATCHED {
            let (row, col) = (r * STRIDE, k * STRIDE);
            t.weights.push(w[(row, col)]);
            if let Some([plus, minus]) = &banks {
                t.plus.push(plus[row * NEURONS + col]);
                t.minus.push(minus[row * NEURONS + col]);
            }
        }
    }
    Ok(())
}
