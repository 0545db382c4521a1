//! Figures of what populations represent.

use bouton::prelude::*;

use super::{Band, SIZES};
use crate::dice::Dice;
use crate::signal::{Input, Shape, Signal};

const SECONDS: f64 = 2.0;
/// Highest frequency of inputs (Hz).
const HIGH: f64 = 2.0;
/// Filter of the output (s).
const TAU: f64 = 0.02;

pub(super) fn bands() -> Vec<Band> {
    let band = |name, grid, run| Band { name, grid, sizes: SIZES, run };
    vec![
        band(
            "largest value of the input / radius",
            &[
                0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.7, 0.85, 1.0, 1.1, 1.2, 1.35, 1.5,
                1.75, 2.0, 2.5, 3.0,
            ],
            covered,
        ),
        band(
            "a connection's largest value / radius of its target, beside one that fills the rest",
            &[0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.7, 0.85, 1.0],
            beside,
        ),
        band(
            "share of neurons that never fire",
            &[0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.86, 0.9, 0.94, 0.97],
            silent,
        ),
        band(
            "share of neurons that always fire as fast as they can",
            &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.86, 0.9, 0.94, 0.97],
            saturated,
        ),
        band(
            "highest of max_rates (Hz)",
            &[5.0, 10.0, 20.0, 35.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 400.0],
            rates,
        ),
        band(
            "tau of the last synapse / period of the fastest part of the signal",
            &[0.0002, 0.0005, 0.001, 0.002, 0.004, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.2, 0.5],
            filtered,
        ),
        band(
            "time step × highest firing rate",
            &[0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0],
            stepped,
        ),
        band(
            "reg of the solver",
            &[1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.2, 0.4, 0.7, 1.0, 2.0, 4.0],
            regularised,
        ),
        band("evaluation points / neurons", &[0.02, 0.04, 0.06, 0.1, 0.15, 0.25, 0.5, 1.0, 2.0, 5.0], points),
    ]
}

/// A population that follows an input, and its output.
struct One {
    ensemble: Ensemble,
    connection: Connection,
    peak: f64,
    dt: f64,
    /// Whether the filter of the output is an error as well.
    against_input: bool,
}

fn input(seed: u32, peak: f64) -> Result<(Output, Signal), Error> {
    // A sum of sines is the same at each time step.
    let i = Input::draw(&mut Dice::new(seed), Shape::Table, 1, peak, HIGH, SECONDS);
    Ok((i.output()?, i.samples()?))
}

/// rms of `y` − `x` over that of `x`, from a tenth of the run on; samples `y` are `dt` apart.
fn off(y: &[f64], x: &Signal, dt: f64) -> f64 {
    let (mut off, mut size) = (0.0, 0.0);
    for (k, y) in y.iter().enumerate() {
        let t = (k + 1) as f64 * dt;
        if t > 0.1 * SECONDS {
            let x = x.at(t)[0];
            off += (y - x) * (y - x);
            size += x * x;
        }
    }
    (off / size).sqrt()
}

impl One {
    fn new(n: usize, seed: u32) -> One {
        One {
            ensemble: Ensemble::new(n, 1).seed(seed),
            connection: Connection::new().synapse(TAU),
            peak: 0.9,
            dt: 0.001,
            against_input: false,
        }
    }
    fn error(self, seed: u32) -> Result<f64, Error> {
        let (output, x) = input(seed, self.peak)?;
        let mut net = Network::with_seed(seed);
        let stim = net.node("stim", output);
        let a = net.ensemble("a", self.ensemble);
        net.connect(stim, a, Connection::new().no_synapse());
        let out = net.node("out", Output::passthrough(1));
        net.connect(a, out, self.connection);
        let probe = net.probe("out", Probe::new(out));
        let mut sim = Simulator::with(&net, Options { dt: self.dt, threads: 1, ..Options::default() })?;
        sim.run_steps((SECONDS / self.dt).round() as u64)?;
        let ideal = if self.against_input { x } else { x.lowpass(TAU) };
        Ok(off(&sim.data(probe)?.values, &ideal, self.dt))
    }
}

fn covered(n: usize, seed: u32, share: f64) -> Result<(f64, f64), Error> {
    Ok((share, One { peak: share, ..One::new(n, seed) }.error(seed)?))
}

fn beside(n: usize, seed: u32, share: f64) -> Result<(f64, f64), Error> {
    let (mine, x) = input(seed, 1.0)?;
    let (other, z) = input(seed + 1000, 1.0)?;
    let mut net = Network::with_seed(seed);
    let nodes = [net.node("mine", mine), net.node("other", other)];
    let cells = [net.ensemble("a", Ensemble::new(n, 1)), net.ensemble("c", Ensemble::new(n, 1))];
    let target = net.ensemble("target", Ensemble::new(n, 1));
    for ((node, cells), weight) in nodes.into_iter().zip(cells).zip([share, 1.0 - share]) {
        net.connect(node, cells, Connection::new().no_synapse());
        net.connect(cells, target, Connection::new().transform(weight));
    }
    let probe = net.probe("target", Probe::new(target).synapse(TAU));
    let mut sim = Simulator::with(&net, Options { threads: 1, ..Options::default() })?;
    sim.run(SECONDS)?;
    let (x, z) = (x.lowpass(0.005).lowpass(TAU), z.lowpass(0.005).lowpass(TAU));
    let y: Vec<f64> = sim.data(probe)?.values;
    // What is left when the other's part is taken away.
    let mine: Vec<f64> = y.iter().zip(&z.values).map(|(y, z)| (y - (1.0 - share) * z) / share).collect();
    Ok((share, off(&mine, &x, 0.001)))
}

/// Rates and intercepts of neurons, as drawn by default.
fn tuning(n: usize, seed: u32) -> (Vec<f64>, Vec<f64>) {
    let mut dice = Dice::new(seed);
    (0..n).map(|_| (dice.between(200.0, 400.0), dice.between(-1.0, 0.9))).unzip()
}

fn silent(n: usize, seed: u32, share: f64) -> Result<(f64, f64), Error> {
    let (rates, mut intercepts) = tuning(n, seed);
    let count = (share * n as f64).round() as usize;
    // The input reaches 0.9.
    intercepts.iter_mut().take(count).for_each(|i| *i = 0.95);
    let one = One::new(n, seed);
    let ensemble = one.ensemble.clone().max_rates(rates).intercepts(intercepts);
    Ok((count as f64 / n as f64, One { ensemble, ..one }.error(seed)?))
}

fn saturated(n: usize, seed: u32, share: f64) -> Result<(f64, f64), Error> {
    let (rates, intercepts) = tuning(n, seed);
    let one = One::new(n, seed);
    let made = one.ensemble.neuron_type.model().gain_bias(&rates, &intercepts);
    let (gain, mut bias) = made.map_err(|m| Error::model("a", m))?;
    let count = (share * n as f64).round() as usize;
    bias.iter_mut().take(count).for_each(|b| *b = 3000.0);
    let ensemble = one.ensemble.clone().gain_bias(gain, bias);
    Ok((count as f64 / n as f64, One { ensemble, ..one }.error(seed)?))
}

fn rates(n: usize, seed: u32, highest: f64) -> Result<(f64, f64), Error> {
    let one = One::new(n, seed);
    let ensemble = one.ensemble.clone().max_rates(Distribution::uniform(0.5 * highest, highest));
    Ok((highest, One { ensemble, ..one }.error(seed)?))
}

fn filtered(n: usize, seed: u32, ratio: f64) -> Result<(f64, f64), Error> {
    let one = One::new(n, seed);
    let connection = Connection::new().synapse(ratio / HIGH);
    Ok((ratio, One { connection, against_input: true, ..one }.error(seed)?))
}

fn stepped(n: usize, seed: u32, product: f64) -> Result<(f64, f64), Error> {
    Ok((product, One { dt: product / 400.0, ..One::new(n, seed) }.error(seed)?))
}

fn regularised(n: usize, seed: u32, reg: f64) -> Result<(f64, f64), Error> {
    let one = One::new(n, seed);
    let connection = one.connection.clone().solver(LstsqL2 { reg, weights: false });
    Ok((reg, One { connection, ..one }.error(seed)?))
}

fn points(n: usize, seed: u32, ratio: f64) -> Result<(f64, f64), Error> {
    let mut one = One::new(n, seed);
    let count = (ratio * n as f64).round().max(1.0);
    one.ensemble.n_eval_points = Some(count as usize);
    Ok((count / n as f64, one.error(seed)?))
}

/// The weights between neurons that a solver makes for the identity, from `n` neurons to `n` others: their root mean square
/// before the post gain, and the mean rate (Hz) of a presynaptic neuron over the radius.
///
/// # Errors
/// A network that can't be built.
pub(super) fn solved(n: usize, seed: u32) -> Result<(f64, f64), Error> {
    let mut net = Network::with_seed(seed);
    let (a, b) = (net.ensemble("a", Ensemble::new(n, 1)), net.ensemble("b", Ensemble::new(n, 1)));
    let c = net.connect(a, b, Connection::new().solver(LstsqL2 { weights: true, ..LstsqL2::default() }));
    let sim = Simulator::with(&net, Options { threads: 1, ..Options::default() })?;
    let (w, post) = (sim.weights(c)?, sim.gain(b)?);
    let w = Matrix::from_fn(n, n, |i, j| w[(i, j)] / post[i]);
    let (gain, bias, encoders) = (sim.gain(a)?, sim.bias(a)?, sim.encoders(a)?);
    let neurons = Ensemble::new(n, 1).neuron_type;
    let mut sum = 0.0;
    for k in 0..=20 {
        let x = k as f64 / 10.0 - 1.0;
        let mut rates: Vec<f64> = (0..n).map(|i| gain[i] * encoders[(i, 0)] * x + bias[i]).collect();
        neurons.model().rates(&mut rates);
        sum += rates.iter().sum::<f64>() / (21 * n) as f64;
    }
    Ok((w.rms(), sum))
}
