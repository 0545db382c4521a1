//! The experiment, and bouton's run of it.
//!
//! Experiment A of Tiotto et al. 2021: `pre`, `post` and `error` have N LIF neurons and represent three values; the
//! input is three sines of 4 s, apart by a third of a period. `pre`'s neurons drive `post`'s through memristor pairs;
//! the error is post − pre, and goes to the rule. The target function is the identity. Learning ends after the whole
//! seconds in three quarters of the run; from that step on neither side gives pulses. (The publication inhibits the
//! error population; both sides can end learning at the same step exactly, which is why that is done here.)
//!
//! Ensembles, node, connections and probes are made in the order of `scripts/mpes/oracle.py`: seeds depend on it.

use std::f64::consts::PI;
use std::path::Path;

use bouton::prelude::*;

use crate::Result;
use crate::files::{Archive, Arrays};

/// Dimensions of the represented value.
pub const DIMENSIONS: usize = 3;
/// Populations whose spikes are kept.
pub const POPULATIONS: [&str; 3] = ["pre", "post", "error"];
/// Time step (s).
const DT: f64 = 0.001;
/// Filter of the recorded values (s).
const PROBE_TAU: f64 = 0.01;

/// What is run.
#[derive(Clone, Debug)]
pub struct Case {
    /// Neurons in each population.
    pub neurons: usize,
    /// Relative spread of the devices.
    pub spread: f64,
    /// Seed of the network.
    pub seed: u32,
    /// Gain of the devices.
    pub gain: f64,
    /// Duration (s).
    pub seconds: f64,
    /// Steps from one record of weights and pulse counts to the next; 0 for the last step only.
    pub every: u64,
}

impl Default for Case {
    fn default() -> Case {
        Case { neurons: 10, spread: 0.15, seed: 1, gain: 1e4, seconds: 30.0, every: 0 }
    }
}

impl Case {
    /// Steps of the run.
    pub fn steps(&self) -> u64 {
        (self.seconds / DT).round() as u64
    }
    /// Steps in which the rule may give pulses.
    pub fn learn_steps(&self) -> u64 {
        ((0.75 * self.seconds).floor() / DT).round() as u64
    }
    /// Reads the case of a folder.
    pub fn read(dir: &Path) -> Result<Case> {
        let a = Archive::read(&dir.join("model.npz"))?;
        Ok(Case {
            neurons: a.scalar("neurons")? as usize,
            spread: a.scalar("spread")?,
            seed: a.scalar("seed")? as u32,
            gain: a.scalar("gain")?,
            seconds: a.scalar("seconds")?,
            every: a.scalar("every")? as u64,
        })
    }
}

struct Model {
    net: Network,
    populations: [EnsembleId; 3],
    learned: ConnectionId,
    spikes: [ProbeId; 3],
    values: [(&'static str, ProbeId); 2],
}

fn describe(case: &Case) -> Model {
    let n = case.neurons;
    let mut net = Network::with_seed(case.seed);
    let stim = net.node(
        "stim",
        Output::of_time(DIMENSIONS, |t, y| {
            for (i, y) in y.iter_mut().enumerate() {
                *y = (2.0 * PI / 4.0 * t + 2.0 * PI * i as f64 / DIMENSIONS as f64).sin();
            }
        }),
    );
    let pre = net.ensemble("pre", Ensemble::new(n, DIMENSIONS));
    let post = net.ensemble("post", Ensemble::new(n, DIMENSIONS));
    let error = net.ensemble("error", Ensemble::new(n, DIMENSIONS).radius(2.0));
    net.connect(stim, pre, Connection::new());
    let devices = DeviceSpec {
        gain: Gain::Fixed(case.gain),
        bounds: Bounds::Own,
        spread: case.spread,
        spread_of: SpreadOf::Synapse,
        ..DeviceSpec::default()
    };
    let learned = net.connect_as(
        "learned",
        pre.neurons(),
        post.neurons(),
        Connection::new().devices(devices).learn(Mpes::default()),
    );
    net.connect(post, error, Connection::new());
    net.connect(pre, error, Connection::new().transform(-1.0));
    net.connect(error, learned.rule(), Connection::new());
    let values = [
        ("value.pre", net.probe("pre value", Probe::new(pre).synapse(PROBE_TAU))),
        ("value.post", net.probe("post value", Probe::new(post).synapse(PROBE_TAU))),
    ];
    let populations = [pre, post, error];
    let [a, b, c] = populations;
    let mut record = |name, e: EnsembleId| net.probe(name, Probe::new(e.neurons()));
    let spikes = [record("pre spikes", a), record("post spikes", b), record("error spikes", c)];
    Model { net, populations, learned, spikes, values }
}

fn simulator(net: &Network) -> Result<Simulator> {
    Ok(Simulator::with(net, Options { dt: DT, threads: 1, ..Options::default() })?)
}

/// Draws the devices, and writes them with the case to `DIR/model.npz`.
pub fn dump(dir: &Path, case: &Case) -> Result<()> {
    std::fs::create_dir_all(dir)?;
    let m = describe(case);
    let sim = simulator(&m.net)?;
    let n = case.neurons;
    let mut out = Arrays::default();
    out.scalar("neurons", n as f64);
    out.scalar("spread", case.spread);
    out.scalar("seed", f64::from(case.seed));
    out.scalar("gain", case.gain);
    out.scalar("seconds", case.seconds);
    out.scalar("steps", case.steps() as f64);
    out.scalar("learn_steps", case.learn_steps() as f64);
    out.scalar("every", case.every as f64);
    let devices = sim.devices(m.learned)?;
    for side in devices.sides() {
        for (name, column) in [("r0", "r0"), ("r1", "r1"), ("c", "exponent"), ("n", "count")] {
            out.real(&format!("{}.{name}", side.name()), &[n, n], devices.column(*side, column));
        }
    }
    out.real("weights", &[n, n], sim.weights(m.learned)?.values().to_vec());
    out.write(&dir.join("model.npz"))
}

/// Runs the case of a folder, and writes `DIR/bouton.npz`.
pub fn run(dir: &Path) -> Result<()> {
    let case = Case::read(dir)?;
    let m = describe(&case);
    let mut sim = simulator(&m.net)?;
    let n = case.neurons;
    let start = std::time::Instant::now();
    let (mut steps, mut weights) = (vec![], vec![]);
    let mut pulses = [vec![], vec![]];
    for step in 1..=case.steps() {
        sim.step()?;
        if step == case.learn_steps() {
            sim.freeze(m.learned)?;
        }
        if step == case.steps() || (case.every > 0 && step % case.every == 0) {
            steps.push(step as i64);
            weights.extend_from_slice(sim.weights(m.learned)?.values());
            let devices = sim.devices(m.learned)?;
            for (all, side) in pulses.iter_mut().zip(devices.sides()) {
                all.extend(devices.column(*side, "pulses").iter().map(|p| *p as i64));
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let mut out = Arrays::default();
    let rows = steps.len();
    out.scalar("wall_s", seconds);
    out.whole("record_steps", &[rows], steps);
    out.real("weights", &[rows, n, n], weights);
    for (name, p) in ["plus", "minus"].iter().zip(pulses) {
        out.whole(&format!("pulses.{name}"), &[rows, n, n], p);
    }
    for (name, p) in m.values {
        let s = sim.data(p)?;
        out.real(name, &[s.rows(), s.width], s.values);
    }
    for ((name, e), p) in POPULATIONS.iter().zip(m.populations).zip(m.spikes) {
        let s = sim.data(p)?;
        let mut events = vec![];
        for (row, step) in s.steps.iter().enumerate() {
            for (neuron, height) in s.row(row).iter().enumerate() {
                if *height != 0.0 {
                    events.extend([*step as i64, neuron as i64]);
                }
            }
        }
        out.whole(&format!("spikes.{name}"), &[events.len() / 2, 2], events);
        out.real(&format!("gain.{name}"), &[n], sim.gain(e)?);
        out.real(&format!("bias.{name}"), &[n], sim.bias(e)?);
        out.real(&format!("encoders.{name}"), &[n, DIMENSIONS], sim.encoders(e)?.values().to_vec());
    }
    out.write(&dir.join("bouton.npz"))?;
    println!(
        "{}: {} neurons, {} s in {seconds:.2} s, {} pulses",
        dir.display(),
        n,
        case.seconds,
        sim.devices(m.learned)?.pulses()
    );
    Ok(())
}
