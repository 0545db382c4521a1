//! Band-limited noise: flat spectrum up to a frequency, repeating after a period.
//!
//! | parameter | default | unit |
//! |---|---|---|
//! | `period` | – | s; the signal repeats after it |
//! | `high` | – | Hz; no power above |
//! | `rms` | 0.5 | root mean square |
//! | `y0` | none | start where the signal is closest to this |
//! | `seed` | none | own seed; otherwise one is drawn by the simulator |
//!
//! Real and imaginary parts of each Fourier coefficient are normal; those above `high` are zero; the rest is scaled so
//! that the rms is kept.

use bouton_random::RandomState;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ProcessModel, ProcessStep, SEED};
use crate::Element;
use crate::var::{Bounds, Var};

/// Band-limited noise: a flat spectrum up to a frequency, repeating after a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhiteSignal {
    /// Period (s) after which the signal repeats.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub period: f64,
    /// Highest frequency (Hz).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub high: f64,
    /// Root mean square.
    #[serde(default = "half")]
    #[schemars(range(min = 0))]
    pub rms: f64,
    /// The signal starts where it is closest to this value.
    #[serde(default)]
    pub y0: Option<f64>,
    /// Seed of its own. Default: drawn by the simulator.
    #[serde(default)]
    pub seed: Option<u32>,
}

fn half() -> f64 {
    0.5
}

impl Element for WhiteSignal {
    const NAME: &'static str = "white_signal";
    const PAGE: &'static str = include_str!("white_signal.rs");
    fn example() -> Option<WhiteSignal> {
        Some(WhiteSignal::new(1.0, 10.0))
    }
}

impl WhiteSignal {
    /// A signal of this period (s) and bandwidth (Hz) with rms 0.5.
    pub fn new(period: f64, high: f64) -> WhiteSignal {
        WhiteSignal { period, high, rms: 0.5, y0: None, seed: None }
    }
}

struct Running {
    signal: Vec<f64>,
    width: usize,
    dt: f64,
}

impl ProcessStep for Running {
    fn step(&mut self, t: f64, out: &mut [f64]) -> Result<(), String> {
        let rows = self.signal.len() / self.width;
        // t is a whole number of steps; half-way cases don't occur.
        let i = (t / self.dt).round() as usize % rows;
        out.copy_from_slice(&self.signal[i * self.width..(i + 1) * self.width]);
        Ok(())
    }
}

impl ProcessModel for WhiteSignal {
    fn check(&self, _: usize, dt: f64) -> Result<(), String> {
        Bounds::POSITIVE.check("period", self.period)?;
        Bounds::POSITIVE.check("high", self.high)?;
        Bounds::AT_LEAST_0.check("rms", self.rms)?;
        if let Some(y0) = self.y0.filter(|y| !y.is_finite()) {
            return Err(format!("`y0` must be finite, found {y0}"));
        }
        let nyquist = 0.5 / dt;
        if self.high < 1.0 / self.period {
            return Err(format!(
                "`high` must be at least 1/period ({} Hz), so that the signal has a frequency, found {} Hz",
                1.0 / self.period,
                self.high
            ));
        }
        if self.high > nyquist {
            return Err(format!(
                "`high` must be at most half the sampling rate ({nyquist} Hz), found {} Hz",
                self.high
            ));
        }
        if self.period / dt > 1e9 {
            return Err(format!("`period` must be below 1e9 time steps, found {} s", self.period));
        }
        Ok(())
    }
    fn width(&self) -> Option<usize> {
        None
    }
    fn seed(&self) -> Option<u32> {
        self.seed
    }
    fn vars(&self) -> Vec<Var> {
        let y0 = "the signal starts where it is closest to this value";
        vec![
            Var::fixed("period", "s", self.period, Bounds::POSITIVE, "the signal repeats after it"),
            Var::fixed("high", "Hz", self.high, Bounds::POSITIVE, "highest frequency"),
            Var::fixed("rms", "", self.rms, Bounds::AT_LEAST_0, "root mean square"),
            Var::optional("y0", "", self.y0, Bounds::ANY, y0),
            Var::optional("seed", "", self.seed.map(f64::from), Bounds::AT_LEAST_0, SEED),
        ]
    }
    fn start(&self, width: usize, dt: f64, mut rng: RandomState) -> Result<Box<dyn ProcessStep>, String> {
        let n = (self.period / dt / 2.0).ceil() as usize;
        let sigma = self.rms * 0.5f64.sqrt();
        let size = (n + 1) * width;
        let imaginary: Vec<f64> = (0..size).map(|_| rng.normal(0.0, sigma)).collect();
        let real: Vec<f64> = (0..size).map(|_| rng.normal(0.0, sigma)).collect();
        let cut = |k: usize| k as f64 / (2.0 * n as f64 * dt) > self.high;
        let zeroed = (0..=n).filter(|k| cut(*k)).count();
        let correction = (1.0 - zeroed as f64 / n as f64).sqrt();
        let fft = FftPlanner::new().plan_fft_inverse(2 * n);
        let mut signal = vec![0.0; 2 * n * width];
        let mut column = vec![Complex::new(0.0, 0.0); 2 * n];
        for d in 0..width {
            column.fill(Complex::new(0.0, 0.0));
            for k in (1..=n).filter(|k| !cut(*k)) {
                let im = if k == n { 0.0 } else { imaginary[k * width + d] };
                let mut c = Complex::new(real[k * width + d], im);
                if correction > 0.0 {
                    c /= correction;
                }
                c *= (2.0 * n as f64).sqrt();
                column[k] = c;
                if k < n {
                    column[2 * n - k] = c.conj();
                }
            }
            fft.process(&mut column);
            let y: Vec<f64> = column.iter().map(|c| c.re / (2 * n) as f64).collect();
            let shift = self.y0.map_or(0, |y0| {
                let mut best = 0;
                for (k, v) in y.iter().enumerate() {
                    if (y0 - v).abs() < (y0 - y[best]).abs() {
                        best = k;
                    }
                }
                // The first step is at dt, not at 0.
                best + 2 * n - 1
            });
            for k in 0..2 * n {
                signal[k * width + d] = y[(k + shift) % (2 * n)];
            }
        }
        Ok(Box::new(Running { signal, width, dt }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_lies_below_the_cut_and_the_rms_is_kept() {
        let p = WhiteSignal::new(2.0, 5.0);
        p.check(1, 0.001).unwrap();
        let mut run = p.start(1, 0.001, RandomState::new(3)).unwrap();
        let mut y = [0.0];
        let values: Vec<f64> = (1..=2000)
            .map(|k| {
                run.step(f64::from(k) * 0.001, &mut y).unwrap();
                y[0]
            })
            .collect();
        // One frequency just above the cut, one below, by direct correlation.
        let power = |hz: f64| {
            let (mut c, mut s) = (0.0, 0.0);
            for (k, v) in values.iter().enumerate() {
                let a = std::f64::consts::TAU * hz * k as f64 * 0.001;
                c += v * a.cos();
                s += v * a.sin();
            }
            (c * c + s * s).sqrt() / 1000.0
        };
        assert!(power(5.5) < 1e-12 && power(3.0) > 1e-3);
        run.step(2.001, &mut y).unwrap();
        assert!((y[0] - values[0]).abs() < 1e-15, "the signal doesn't repeat");
        assert!(p.check(1, 0.2).unwrap_err().contains("`high`"));
    }

    /// `steps` values of each column.
    fn signal(p: &WhiteSignal, width: usize, steps: u32) -> Vec<f64> {
        let mut run = p.start(width, 0.001, RandomState::new(5)).unwrap();
        let mut y = vec![0.0; width];
        let mut step = |k: u32| {
            run.step(f64::from(k) * 0.001, &mut y).unwrap();
            y.clone()
        };
        (1..=steps).flat_map(&mut step).collect()
    }

    #[test]
    fn the_rms_is_what_was_asked_whatever_is_cut() {
        for high in [150.0, 400.0] {
            let p = WhiteSignal { rms: 0.4, ..WhiteSignal::new(8.0, high) };
            let x = signal(&p, 30, 8000);
            let rms = (x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64).sqrt();
            // 30 · 8 · high frequencies were drawn: half a per cent is more than six of their deviations.
            assert!((rms - 0.4).abs() < 0.005 * 0.4, "up to {high} Hz: {rms}");
        }
    }

    #[test]
    fn it_begins_nearest_to_the_value_that_was_asked() {
        let at = |y0| signal(&WhiteSignal { y0, ..WhiteSignal::new(1.0, 20.0) }, 2, 1000);
        let (free, asked) = (at(None), at(Some(0.3)));
        for column in 0..2 {
            let of = |x: &[f64]| x.iter().skip(column).step_by(2).copied().collect::<Vec<f64>>();
            let (free, asked) = (of(&free), of(&asked));
            assert!(free.iter().all(|v| (0.3 - asked[0]).abs() <= (0.3 - v).abs()), "{}", asked[0]);
            // The same signal from another place on.
            let from = free.iter().position(|v| *v == asked[0]).unwrap();
            assert!((0..1000).all(|k| asked[k] == free[(k + from) % 1000]));
        }
    }
}
