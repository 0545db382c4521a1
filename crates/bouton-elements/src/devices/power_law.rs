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

use std::ops::Range;

use bouton_kernels::{Level, PowerLawConst, pulse_power_law, pulse_power_law_masked};
use bouton_random::Stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Columns, DeviceModel, drawn};
use crate::Element;
use crate::var::{Bounds, Over, Start, Var};

/// Resistance falls as a power of the number n of pulses: R = r0 + r1·n^c, c = a + b·voltage.
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

impl Element for PowerLaw {
    const NAME: &'static str = "power_law";
    const PAGE: &'static str = include_str!("power_law.rs");
}

impl PowerLaw {
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
        Bounds::POSITIVE.check("r0", self.r0)?;
        Bounds::POSITIVE.check("r1", self.r1)?;
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
        let n = count_at(self.r0, self.r1, c, self.initial);
        if n + 1.0 == n {
            return Err(format!(
                "with the exponent {c} the device is at {n:e} pulses when it has `initial` ({:e} Ω), and one more moves \
                 nothing; choose an exponent farther from 0, or an `initial` nearer to `r1`",
                self.initial
            ));
        }
        Ok(())
    }
    fn vars(&self) -> Vec<Var> {
        let d = self.nominal();
        let fixed = |name, unit, at: usize, doc| {
            Var::parameter(name, unit, d[at], Bounds::ANY, doc).over(Over::Synapse)
        };
        let doc = "the (real) number of pulses that leads to the present resistance";
        vec![
            fixed("r0", "Ω", R0, "resistance that many pulses lead to"),
            fixed("r1", "Ω", R1, "range of the resistance"),
            fixed("exponent", "", EXPONENT, "exponent c of the law"),
            fixed("least", "", LEAST, "count at which the resistance is r1: the smallest"),
            Var::state("count", "", Over::Synapse, Start::Value(d[COUNT]), doc),
        ]
    }
    fn nominal(&self) -> Vec<f64> {
        let (r0, r1, c) = (self.r0, self.r1, self.exponent());
        vec![r0, r1, c, count_at(r0, r1, c, r1), count_at(r0, r1, c, self.initial)]
    }
    fn draw(&self, spread: f64, index: u64, parameters: &Stream, initial: &Stream, d: &mut [f64]) {
        if spread == 0.0 {
            d.copy_from_slice(&self.nominal());
            return;
        }
        let of = |stream, k, mean, low, high| drawn(stream, k, mean, spread, (low, high));
        let (big, c) = (f64::MAX, self.exponent());
        let r0 = of(parameters, 3 * index, self.r0, 0.0, big);
        let r1 = of(parameters, 3 * index + 1, self.r1, 3.0 * self.r0, big);
        let c = of(parameters, 3 * index + 2, c, -big, (-0.01f64).max(c));
        let start = of(initial, index, self.initial, r0 * 1.000_001, r1);
        d.copy_from_slice(&[r0, r1, c, count_at(r0, r1, c, r1), count_at(r0, r1, c, start)]);
    }
    fn resistance(&self, d: &[f64]) -> f64 {
        resistance_at(d, d[COUNT])
    }
    fn bounds(&self, d: &[f64]) -> (f64, f64) {
        (d[R0], d[R1])
    }
    fn limits(&self, d: &[f64]) -> (f64, f64) {
        (1.0 / resistance_at(d, d[LEAST]), 1.0 / d[R0])
    }
    fn clip(&self, d: &[f64], resistance: f64) -> f64 {
        resistance.clamp(d[R0] * (1.0 + 1e-12), d[R1])
    }
    fn set(&self, d: &mut [f64], resistance: f64) {
        // At the very bound the count would be infinite, and every later pulse without effect.
        d[COUNT] = count_at(d[R0], d[R1], d[EXPONENT], resistance).min(1e300);
    }
    fn after(&self, d: &[f64], pulses: f64) -> f64 {
        resistance_at(d, d[COUNT] + pulses)
    }
    fn moves(&self, d: &[f64]) -> bool {
        d[COUNT] + 1.0 != d[COUNT]
    }
    fn pulse(&self, level: Level, c: &mut Columns<'_, '_>, row: Range<usize>, columns: &[u32], open: &[f64]) {
        let ([r0, r1, exponent, least], [count]) = (c.parameters, &mut *c.state) else { return };
        let law = PowerLawConst {
            r0: &r0[row.clone()],
            r1: &r1[row.clone()],
            c: &exponent[row.clone()],
            least: &least[row.clone()],
        };
        let width = row.len();
        let (n, g) = (&mut count[row.clone()], &mut c.conductance[row]);
        // Either form gives the same bits. Gathering costs about three times as much a device.
        if 3 * columns.len() >= width {
            pulse_power_law_masked(level, open, law, n, g, 0.0f64);
        } else {
            pulse_power_law(level, columns, law, n, g, 0.0f64);
        }
    }
}

/// Positions of the numbers of a device.
const R0: usize = 0;
const R1: usize = 1;
const EXPONENT: usize = 2;
const LEAST: usize = 3;
const COUNT: usize = 4;

/// The count that leads to a resistance (Ω); infinite at the lowest.
fn count_at(r0: f64, r1: f64, c: f64, resistance: f64) -> f64 {
    libm::pow((resistance - r0) / r1, 1.0 / c)
}

/// The resistance (Ω) that a count leads to.
fn resistance_at(d: &[f64], count: f64) -> f64 {
    d[R0] + d[R1] * libm::pow(count, d[EXPONENT])
}
