//! Inputs of drawn models, and what should come of them, as samples of a millisecond.

use std::f64::consts::PI;
use std::sync::Arc;

use bouton::prelude::*;

use crate::dice::Dice;

/// Time between two samples (s), and the time step of well-scaled models.
pub const DT: f64 = 0.001;

/// Samples of some values; row k is at (k + 1) ms.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// Values in a row.
    pub width: usize,
    /// The rows, one behind the other.
    pub values: Vec<f64>,
}

impl Signal {
    /// What a node gives in `seconds`, run by itself.
    ///
    /// # Errors
    /// A node that can't run.
    pub fn of(output: &Output, seconds: f64) -> Result<Signal, Error> {
        let mut net = Network::with_seed(1);
        let node = net.node("node", output.clone());
        let probe = net.probe("probe", Probe::new(node));
        let mut sim = Simulator::with(&net, Options { dt: DT, threads: 1, ..Options::default() })?;
        sim.run(seconds)?;
        let s = sim.data(probe)?;
        Ok(Signal { width: s.width, values: s.values })
    }
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len() / self.width
    }
    /// The row at a time (s).
    pub fn at(&self, t: f64) -> &[f64] {
        let k = ((t / DT).round() as usize).clamp(1, self.rows()) - 1;
        &self.values[k * self.width..(k + 1) * self.width]
    }
    /// A function of each row.
    pub fn map(&self, width: usize, f: impl Fn(&[f64], &mut [f64])) -> Signal {
        let mut values = vec![0.0; self.rows() * width];
        for (x, y) in self.values.chunks(self.width).zip(values.chunks_mut(width)) {
            f(x, y);
        }
        Signal { width, values }
    }
    /// All values times a factor.
    pub fn times(&self, factor: f64) -> Signal {
        self.map(self.width, |x, y| y.iter_mut().zip(x).for_each(|(y, x)| *y = factor * x))
    }
    /// Behind a low-pass of `tau` seconds; 0 is no filter.
    pub fn lowpass(&self, tau: f64) -> Signal {
        if tau <= 0.0 {
            return self.clone();
        }
        let keep = (-DT / tau).exp();
        let mut y = vec![0.0; self.width];
        let mut values = Vec::with_capacity(self.values.len());
        for x in self.values.chunks(self.width) {
            values.extend_from_slice(&y);
            y.iter_mut().zip(x).for_each(|(y, x)| *y = keep * *y + (1.0 - keep) * x);
        }
        Signal { width: self.width, values }
    }
    /// The sum of all rows before each times a millisecond.
    pub fn integral(&self) -> Signal {
        let mut y = vec![0.0; self.width];
        let mut values = Vec::with_capacity(self.values.len());
        for x in self.values.chunks(self.width) {
            values.extend_from_slice(&y);
            y.iter_mut().zip(x).for_each(|(y, x)| *y += DT * x);
        }
        Signal { width: self.width, values }
    }
    /// The largest value, without its sign.
    pub fn peak(&self) -> f64 {
        self.values.iter().fold(0.0, |m: f64, x| m.max(x.abs()))
    }
}

/// How an input moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Sines, by a closure of time.
    Sine,
    /// Band-limited noise.
    White,
    /// Levels that are held, by a process.
    Steps,
    /// Always the same.
    Constant,
    /// A table that was recorded at 200 Hz.
    Table,
}

/// An input: a node, and what it gives.
#[derive(Clone, Debug)]
pub struct Input {
    /// How it moves.
    pub shape: Shape,
    /// The largest value of each dimension.
    pub peaks: Vec<f64>,
    /// For each dimension frequencies, phases and levels.
    numbers: Vec<Vec<[f64; 3]>>,
    seconds: f64,
    seed: u32,
}

impl Input {
    /// Draws one of so many dimensions, each of at most `peak`, without frequencies above `high` (Hz).
    pub fn draw(
        dice: &mut Dice,
        shape: Shape,
        dimensions: usize,
        peak: f64,
        high: f64,
        seconds: f64,
    ) -> Input {
        let numbers = (0..dimensions)
            .map(|_| {
                let parts = match shape {
                    Shape::Sine => 1,
                    Shape::Constant => 1,
                    Shape::Steps => 6,
                    Shape::White | Shape::Table => 5,
                };
                let mut parts: Vec<[f64; 3]> = (0..parts)
                    .map(|_| {
                        let sign = if dice.chance(0.5) { 1.0 } else { -1.0 };
                        let level = sign * dice.between(0.3, 1.0);
                        [dice.between(0.3 * high, high), dice.between(0.0, 2.0 * PI), level]
                    })
                    .collect();
                let most = parts.iter().fold(0.0, |m: f64, p| m.max(p[2].abs()));
                parts.iter_mut().for_each(|p| p[2] /= most);
                parts
            })
            .collect();
        Input { shape, peaks: vec![peak; dimensions], numbers, seconds, seed: dice.seed() }
    }
    fn levels(&self) -> Vec<Vec<f64>> {
        (0..6).map(|k| self.numbers.iter().zip(&self.peaks).map(|(n, p)| n[k][2] * p).collect()).collect()
    }
    /// A sum of sines at a time, and a bound on it that it comes near to.
    fn waves(parts: &[[f64; 3]], t: f64) -> f64 {
        parts.iter().map(|[hz, phase, level]| level * (2.0 * PI * hz * t + phase).sin()).sum()
    }
    fn largest_wave(&self, parts: &[[f64; 3]]) -> f64 {
        (0..(self.seconds / DT) as usize)
            .fold(0.0, |m: f64, k| m.max(Self::waves(parts, k as f64 * DT).abs()))
    }
    /// The node.
    pub fn output(&self) -> Result<Output, Error> {
        Ok(match self.shape {
            Shape::Constant => {
                Output::Constant(self.numbers.iter().zip(&self.peaks).map(|(n, p)| n[0][2] * p).collect())
            }
            Shape::Steps => {
                let times = (0..6).map(|k| self.seconds * k as f64 / 6.0).collect();
                Output::process(Piecewise { times, values: self.levels(), interpolation: Default::default() })
            }
            Shape::White if self.peaks.len() == 1 => {
                let mut p = WhiteSignal::new(self.seconds, self.numbers[0][0][0].max(2.0 / self.seconds));
                p.seed = Some(self.seed);
                let peak = Signal::of(&Output::process(p.clone()), self.seconds)?.peak();
                p.rms *= self.peaks[0] / peak;
                Output::process(p)
            }
            Shape::Table => {
                let rows = (self.seconds * 200.0) as usize + 1;
                let sizes: Vec<f64> = self.numbers.iter().map(|n| self.largest_wave(n)).collect();
                let value = |k: usize, d: usize| {
                    self.peaks[d] * Self::waves(&self.numbers[d], k as f64 / 200.0) / sizes[d]
                };
                let width = self.peaks.len();
                let values = (0..rows * width).map(|i| value(i / width, i % width)).collect();
                Output::process(Table {
                    values: Arc::new(values),
                    width,
                    rate: 200.0,
                    interpolation: Interpolation::Linear,
                    ..Table::default()
                })
            }
            Shape::Sine | Shape::White => {
                let numbers = self.numbers.clone();
                let scale: Vec<f64> =
                    numbers.iter().zip(&self.peaks).map(|(n, p)| p / self.largest_wave(n)).collect();
                Output::of_time(self.peaks.len(), move |t, y| {
                    for ((y, parts), scale) in y.iter_mut().zip(&numbers).zip(&scale) {
                        *y = scale * Self::waves(parts, t);
                    }
                })
            }
        })
    }
    /// What it gives.
    ///
    /// # Errors
    /// A node that can't run.
    pub fn samples(&self) -> Result<Signal, Error> {
        Signal::of(&self.output()?, self.seconds)
    }
}
