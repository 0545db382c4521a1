//! Memristor whose resistance falls as a power of the number of SET pulses: R(n) = R0 + R1·n^c, c = a + b·V.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | R0 | `r0` | 200 | Ω |
//! | R1 | `r1` | 2.3e8 | Ω |
//! | a | `a` | −0.093 | – |
//! | b | `b` | −0.53 | 1/V |
//! | V | `voltage` | 0.1 | V |
//! | R(start) | `initial` | 1e8 | Ω |
//!
//! One pulse: n = ((R − R0)/R1)^(1/c), R ← R0 + R1·(n+1)^c. The state kept is n (a real number), which is the same
//! mathematically and needs one power a pulse. There is no RESET: a device only ever falls in resistance.
//!
//! Spread s: R0, R1, c and R(start) are normal with standard deviation s × mean, truncated to R0 > 0, R1 > 3·R0(mean),
//! c ≤ −0.01 (an exponent near zero or above would pin the device at R0) and R0 < R(start) ≤ R1.
//!
//! Reference: Tiotto, Goossens, Borst, Banerjee & Taatgen 2021, Learning to approximate functions using Nb-doped SrTiO3
//! memristors, Frontiers in Neuroscience 14:627276, eq. 7 and following. [`PowerLaw::thread_2020`] has the values of its
//! author's first experiments.

use bouton_kernels::{Level, PowerLawConst, pulse_power_law, pulse_power_law_masked};
use bouton_random::Stream;
use bouton_random::philox::TruncatedNormal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DeviceBank, DeviceDraw, DeviceModel};
use crate::neurons::check_number;
use crate::policies::Pulses;

/// Memristor whose resistance falls as a power of the number of pulses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PowerLaw {
    /// Resistance that many pulses lead to (Ω).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub r0: f64,
    /// Resistance range (Ω).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub r1: f64,
    /// Exponent at 0 V.
    pub a: f64,
    /// Change of the exponent with voltage (1/V).
    pub b: f64,
    /// Voltage of a pulse (V).
    pub voltage: f64,
    /// Resistance at the start (Ω).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub initial: f64,
}

impl Default for PowerLaw {
    fn default() -> PowerLaw {
        PowerLaw { r0: 200.0, r1: 2.3e8, a: -0.093, b: -0.53, voltage: 0.1, initial: 1e8 }
    }
}

impl PowerLaw {
    pub(super) const NAME: &'static str = "power_law";

    /// The parameters of the first experiments (2020): R0 = 100 Ω, R1 = 2.5e8 Ω, c = −0.128 − 0.522·1 V = −0.65, from
    /// the middle of the range.
    pub fn thread_2020() -> PowerLaw {
        PowerLaw { r0: 100.0, r1: 2.5e8, a: -0.128, b: -0.522, voltage: 1.0, initial: 1e8 }
    }

    /// The exponent c = a + b·V.
    pub fn exponent(&self) -> f64 {
        self.a + self.b * self.voltage
    }
}

impl DeviceModel for PowerLaw {
    fn check(&self) -> Result<(), String> {
        check_number("r0", self.r0, 0.0, true)?;
        check_number("r1", self.r1, 0.0, true)?;
        if self.r1 <= self.r0 {
            return Err(format!(
                "`r1` (the range, {:e} Ω) must be above `r0` (the lowest resistance, {:e} Ω)",
                self.r1, self.r0
            ));
        }
        let c = self.exponent();
        if !c.is_finite() || c >= 0.0 {
            return Err(format!(
                "the exponent a + b·voltage must be below 0 (a pulse lowers the resistance), found {c}"
            ));
        }
        if !(self.initial > self.r0 && self.initial <= self.r1) {
            return Err(format!(
                "`initial` must lie above `r0` ({} Ω) and not above `r1` ({} Ω), found {} Ω",
                self.r0, self.r1, self.initial
            ));
        }
        let n = self.count_at(&self.nominal(), self.initial);
        if n + 1.0 == n {
            return Err(format!(
                "with the exponent {c} the device is at {n:e} pulses when it has `initial` ({:e} Ω), and one more moves \
                 nothing; choose an exponent farther from 0, or an `initial` nearer to `r1`",
                self.initial
            ));
        }
        Ok(())
    }
    fn nominal(&self) -> DeviceDraw {
        DeviceDraw { r_min: self.r0, r_max: self.r1, shape: self.exponent(), initial: self.initial }
    }
    fn draw(&self, spread: f64, index: u64, parameters: &Stream, initial: &Stream) -> DeviceDraw {
        if spread == 0.0 {
            return self.nominal();
        }
        // The quantile of one uniform draw: device number `index` is the same whatever was drawn before it. An
        // interval without mass in reach can only come from parameters that `check` refuses.
        let of = |stream: &Stream, k: u64, mean: f64, low: f64, high: f64| {
            TruncatedNormal::new(mean, spread * mean.abs(), low, high)
                .map_or(mean, |t| t.quantile(stream.f64_at(k)))
        };
        let (big, c) = (f64::MAX, self.exponent());
        let r_min = of(parameters, 3 * index, self.r0, 0.0, big);
        let r_max = of(parameters, 3 * index + 1, self.r1, 3.0 * self.r0, big);
        let shape = of(parameters, 3 * index + 2, c, -big, (-0.01f64).max(c));
        let initial = of(initial, index, self.initial, r_min * 1.000_001, r_max);
        DeviceDraw { r_min, r_max, shape, initial }
    }
    fn count_at(&self, d: &DeviceDraw, resistance: f64) -> f64 {
        libm::pow((resistance - d.r_min) / d.r_max, 1.0 / d.shape)
    }
    fn resistance_at(&self, d: &DeviceDraw, count: f64) -> f64 {
        d.r_min + d.r_max * libm::pow(count, d.shape)
    }
    fn range(&self, d: &DeviceDraw) -> f64 {
        d.r_max
    }
    fn pulse(&self, level: Level, bank: &mut DeviceBank, start: usize, pulses: &Pulses) {
        let width = pulses.open.len();
        let row = start..start + width;
        let law = PowerLawConst {
            r0: &bank.r_min[row.clone()],
            r1: &bank.r_range[row.clone()],
            c: &bank.shape[row.clone()],
            least: &bank.least[row.clone()],
        };
        let (n, g) = (&mut bank.count[row.clone()], &mut bank.conductance[row]);
        // Either form gives the same bits. Gathering costs about three times as much a device.
        if 3 * pulses.columns.len() >= width {
            pulse_power_law_masked(level, &pulses.open, law, n, g, 0.0f64);
        } else {
            pulse_power_law(level, &pulses.columns, law, n, g, 0.0f64);
        }
    }
}
