//! Figures of what rules learn.

use bouton::prelude::*;

use super::{Band, SIZES};
use crate::dice::Dice;
use crate::signal::{Input, Shape, Signal};

/// How long PES learns; the last third counts (s).
const PES_SECONDS: f64 = 6.0;
/// How long pulses teach devices; the last third counts (s).
const MPES_SECONDS: f64 = 9.0;
/// Full matrices of devices of 500 × 500 take minutes.
const SMALL: &[usize] = &[50, 100];

pub(super) fn bands() -> Vec<Band> {
    vec![
        Band {
            name: "PES: share of the error that is learned in a second at first, learning_rate × mean square of the activities",
            grid: &[1e-7, 3e-7, 1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2],
            sizes: SIZES,
            run: pes,
        },
        Band {
            name: "mPES: gain of the devices / automatic gain",
            grid: &[1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0],
            sizes: SMALL,
            run: gain,
        },
        Band {
            name: "mPES: pulses a device and second, of a higher threshold",
            // The first one is the least: it is swept from the highest threshold on, so that the figure ascends.
            grid: &[600.0, 400.0, 300.0, 250.0, 200.0, 150.0, 100.0, 50.0, 20.0, 5.0, 0.5],
            sizes: SMALL,
            run: threshold,
        },
    ]
}

struct Lesson {
    net: Network,
    pre: EnsembleId,
    learned: ConnectionId,
    probe: ProbeId,
    ideal: Signal,
    seconds: f64,
}

/// A connection that learns the identity, with the error as a sum.
fn lesson(
    n: usize,
    seed: u32,
    seconds: f64,
    of_neurons: bool,
    connection: Connection,
) -> Result<Lesson, Error> {
    let input = Input::draw(&mut Dice::new(seed), Shape::Table, 1, 0.9, 0.8, seconds);
    let ideal = input.samples()?.lowpass(0.03);
    let mut net = Network::with_seed(seed);
    let stim = net.node("stim", input.output()?);
    let pre = net.ensemble("pre", Ensemble::new(n, 1));
    let post = net.ensemble("post", Ensemble::new(n, 1));
    let error = net.node("error", Output::passthrough(1));
    net.connect(stim, pre, Connection::new());
    let from = if of_neurons { pre.neurons() } else { Object::Ensemble(pre) };
    let to = if of_neurons { post.neurons() } else { Object::Ensemble(post) };
    let learned = net.connect(from, to, connection);
    net.connect(post, error, Connection::new());
    net.connect(stim, error, Connection::new().transform(-1.0));
    net.connect(error, learned.rule(), Connection::new().no_synapse());
    let probe = net.probe("post", Probe::new(post).synapse(0.03));
    Ok(Lesson { net, pre, learned, probe, ideal, seconds })
}

impl Lesson {
    fn run(&self) -> Result<(Simulator, f64), Error> {
        let mut sim = Simulator::with(&self.net, Options { threads: 1, ..Options::default() })?;
        sim.run(self.seconds)?;
        let (mut off, mut size) = (0.0, 0.0);
        let values = sim.data(self.probe)?.values;
        let from = values.len() * 2 / 3;
        for (y, x) in values.iter().zip(&self.ideal.values).skip(from) {
            off += (y - x) * (y - x);
            size += x * x;
        }
        let error: f64 = (off / size).sqrt();
        // Learning that runs away has an error of any size; 10 is as bad.
        let error = if error.is_finite() { error.min(10.0) } else { 10.0 };
        Ok((sim, error))
    }
}

fn pes(n: usize, seed: u32, rate: f64) -> Result<(f64, f64), Error> {
    let c = Connection::new().function(1, |_, y| y[0] = 0.0).learn(Pes::new(rate));
    let mut l = lesson(n, seed, PES_SECONDS, false, c)?;
    // As the rule sees them.
    let activities = l.net.probe("activities", Probe::new(l.pre.neurons()).synapse(0.005).sample_every(0.01));
    let (sim, error) = l.run()?;
    let a = sim.data(activities)?.values;
    let square = a.iter().map(|a| a * a).sum::<f64>() / a.len() as f64;
    Ok((rate * square, error))
}

fn devices(n: usize, seed: u32, factor: f64, threshold: f64) -> Result<(f64, f64), Error> {
    let spec = |gain| DeviceSpec { spread: 0.15, gain, ..DeviceSpec::default() };
    let policy = Policy::from(SinglePulse { threshold, ..SinglePulse::default() });
    let rule = || Mpes { policy: policy.clone(), ..Mpes::default() };
    let c = |gain| Connection::new().devices(spec(gain)).learn(rule());
    let automatic = lesson(n, seed, MPES_SECONDS, true, c(Gain::default()))?;
    let gain = Simulator::with(&automatic.net, Options { threads: 1, ..Options::default() })?
        .devices(automatic.learned)?
        .gain();
    let l = lesson(n, seed, MPES_SECONDS, true, c(Gain::Fixed(factor * gain)))?;
    let (sim, error) = l.run()?;
    let d = sim.devices(l.learned)?;
    let count = (d.shape().0 * d.shape().1 * d.sides().len()) as f64;
    Ok((d.pulses() as f64 / count / MPES_SECONDS, error))
}

fn gain(n: usize, seed: u32, factor: f64) -> Result<(f64, f64), Error> {
    Ok((factor, devices(n, seed, factor, 0.5)?.1))
}

fn threshold(n: usize, seed: u32, threshold: f64) -> Result<(f64, f64), Error> {
    devices(n, seed, 1.0, threshold)
}
