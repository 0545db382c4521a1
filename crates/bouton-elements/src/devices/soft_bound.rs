//! Device whose conductance comes nearer to its upper bound by the same share with each SET pulse:
//! G(n) = Gmin + (Gmax − Gmin)·(1 − e^(−n/A)).
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | Gmin | `g_min` | 3.077e-9 | S |
//! | Gmax | `g_max` | 3.846e-8 | S |
//! | A | `pulses` | 40 | pulses |
//! | G(start) | `initial` | 3.077e-9 | S |
//!
//! One pulse: G ← G + (Gmax − G)·(1 − e^(−1/A)). The state kept is the share that is left, x = (Gmax − G)/(Gmax − Gmin), so that
//! a pulse is one product and no rounding adds up in G. Gmax is what pulses lead to in the end; where a curve is given by the
//! conductance after its last pulse instead, Gmax = Gmin + (G(P) − Gmin)/(1 − e^(−P/A)). There is no RESET.
//!
//! A is how many pulses take 63 % of the range; it is measured, and small where a device is strongly non-linear. The bounds are
//! those of Ag:a-Si that the reference simulates with; its devices take 97 pulses from one end to the other.
//!
//! Spread s: Gmin, Gmax, A and G(start) are normal with standard deviation s × mean, truncated to Gmin > 0,
//! Gmax > 1.01·Gmin, A ≥ 1e-3 and Gmin ≤ G(start) < Gmax.
//!
//! Reference: Chen, Peng & Yu 2018, NeuroSim: a circuit-level macro model for benchmarking neuro-inspired architectures in
//! online learning, IEEE TCAD 37:3067, eq. 1 (the curve of potentiation).

use std::ops::Range;

use bouton_kernels::Level;
use bouton_random::Stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Columns, DeviceModel, drawn};
use crate::Element;
use crate::var::{Bounds, Over, Start, Var};

/// Conductance that saturates with the number n of pulses: G = g_min + (g_max − g_min)·(1 − e^(−n/pulses)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SoftBound {
    /// Lowest conductance (S).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub g_min: f64,
    /// Conductance that many pulses lead to (S).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub g_max: f64,
    /// Pulses that take 1 − 1/e of the range.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub pulses: f64,
    /// Conductance at the start (S).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub initial: f64,
}

impl Default for SoftBound {
    fn default() -> SoftBound {
        SoftBound { g_min: 3.077e-9, g_max: 3.846e-8, pulses: 40.0, initial: 3.077e-9 }
    }
}

impl Element for SoftBound {
    const NAME: &'static str = "soft_bound";
    const PAGE: &'static str = include_str!("soft_bound.rs");
}

/// Positions of the numbers of a device.
const MIN: usize = 0;
const MAX: usize = 1;
const KEEPS: usize = 2;
const LEFT: usize = 3;

/// The conductance (S) when this share of the range is left.
fn conductance(d: &[f64], left: f64) -> f64 {
    d[MAX] - left * (d[MAX] - d[MIN])
}

/// The numbers of a device.
fn device(g_min: f64, g_max: f64, pulses: f64, initial: f64) -> [f64; 4] {
    [g_min, g_max, libm::exp(-1.0 / pulses), (g_max - initial) / (g_max - g_min)]
}

impl DeviceModel for SoftBound {
    fn check(&self) -> Result<(), String> {
        for (name, x) in [("g_min", self.g_min), ("g_max", self.g_max), ("pulses", self.pulses)] {
            Bounds::POSITIVE.check(name, x)?;
        }
        if self.g_max <= 1.01 * self.g_min {
            return Err(format!(
                "`g_max` ({:e} S) must be more than 1 % above `g_min` ({:e} S)",
                self.g_max, self.g_min
            ));
        }
        if !(self.initial >= self.g_min && self.initial < self.g_max) {
            return Err(format!(
                "`initial` must not be below `g_min` ({:e} S), and below `g_max` ({:e} S), found {:e} S",
                self.g_min, self.g_max, self.initial
            ));
        }
        if !self.moves(&self.nominal()) {
            return Err(format!(
                "with `pulses` = {:e} a pulse is lost in rounding; choose fewer",
                self.pulses
            ));
        }
        Ok(())
    }
    fn vars(&self) -> Vec<Var> {
        let d = self.nominal();
        let fixed = |name, unit, at: usize, doc| {
            Var::parameter(name, unit, d[at], Bounds::ANY, doc).over(Over::Synapse)
        };
        let doc = "share of the range that is left below g_max";
        vec![
            fixed("g_min", "S", MIN, "lowest conductance"),
            fixed("g_max", "S", MAX, "conductance that many pulses lead to"),
            fixed("keeps", "", KEEPS, "share of what is left that a pulse leaves, e^(−1/A)"),
            Var::state("left", "", Over::Synapse, Start::Value(d[LEFT]), doc),
        ]
    }
    fn nominal(&self) -> Vec<f64> {
        device(self.g_min, self.g_max, self.pulses, self.initial).to_vec()
    }
    fn draw(&self, spread: f64, index: u64, parameters: &Stream, initial: &Stream, d: &mut [f64]) {
        if spread == 0.0 {
            d.copy_from_slice(&self.nominal());
            return;
        }
        let of = |stream, k, mean, low, high| drawn(stream, k, mean, spread, (low, high));
        let big = f64::MAX;
        let g_min = of(parameters, 3 * index, self.g_min, f64::MIN_POSITIVE, big);
        let g_max = of(parameters, 3 * index + 1, self.g_max, 1.01 * g_min, big).max(1.01 * g_min);
        let pulses = of(parameters, 3 * index + 2, self.pulses, 1e-3, big);
        let start = of(initial, index, self.initial, g_min, g_max).clamp(g_min, g_max * (1.0 - 1e-12));
        d.copy_from_slice(&device(g_min, g_max, pulses, start));
    }
    fn resistance(&self, d: &[f64]) -> f64 {
        1.0 / conductance(d, d[LEFT])
    }
    fn bounds(&self, d: &[f64]) -> (f64, f64) {
        (1.0 / d[MAX], 1.0 / d[MIN])
    }
    fn limits(&self, d: &[f64]) -> (f64, f64) {
        (d[MIN], d[MAX])
    }
    fn clip(&self, d: &[f64], resistance: f64) -> f64 {
        resistance.clamp((1.0 + 1e-12) / d[MAX], 1.0 / d[MIN])
    }
    fn set(&self, d: &mut [f64], resistance: f64) {
        d[LEFT] = ((d[MAX] - 1.0 / resistance) / (d[MAX] - d[MIN])).clamp(0.0, 1.0);
    }
    fn after(&self, d: &[f64], pulses: f64) -> f64 {
        1.0 / conductance(d, d[LEFT] * libm::pow(d[KEEPS], pulses))
    }
    fn moves(&self, d: &[f64]) -> bool {
        conductance(d, d[LEFT] * d[KEEPS]) != conductance(d, d[LEFT])
    }
    fn pulse(&self, _: Level, c: &mut Columns<'_, '_>, row: Range<usize>, columns: &[u32], _: &[f64]) {
        let ([g_min, g_max, keeps], [left]) = (c.parameters, &mut *c.state) else { return };
        for k in columns.iter().map(|k| row.start + *k as usize) {
            left[k] *= keeps[k];
            c.conductance[k] = g_max[k] - left[k] * (g_max[k] - g_min[k]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulses_follow_the_curve() {
        let law = SoftBound { g_min: 1e-9, g_max: 5e-8, pulses: 30.0, initial: 1e-9 };
        law.check().unwrap();
        let d = law.nominal();
        // Gmin + (Gmax − Gmin)·(1 − e^(−n/A)), in Python.
        for (n, g) in [(1.0, 2.606_411_077e-9), (10.0, 1.488_996_578e-8), (97.0, 4.806_813_286e-8)] {
            let found = 1.0 / law.after(&d, n);
            assert!((found / g - 1.0).abs() < 1e-9, "after {n}: {found:e}, wanted {g:e}");
        }
        let (mut left, mut g) = (vec![d[LEFT]; 3], vec![1e-9; 3]);
        let parameters: Vec<Vec<f64>> = d[..3].iter().map(|x| vec![*x; 3]).collect();
        let parameters: Vec<&[f64]> = parameters.iter().map(|p| &p[..]).collect();
        for _ in 0..10 {
            let mut state: Vec<&mut [f64]> = vec![&mut left];
            let mut c = Columns { parameters: &parameters, state: &mut state, conductance: &mut g };
            law.pulse(Level::BASELINE, &mut c, 1..3, &[1], &[0.0, 1.0]);
        }
        assert!((g[2] / 1.488_996_578e-8 - 1.0).abs() < 1e-9 && g[..2] == [1e-9, 1e-9], "{g:?}");
    }

    #[test]
    fn the_last_conductance_of_a_curve_gives_its_bound() {
        // The reference's form: G = B·(1 − e^(−P/A)) + Gmin, B = (G(Pmax) − Gmin)/(1 − e^(−Pmax/A)).
        let (g_min, last, most, a) = (3.077e-9, 3.846e-8, 97.0, 20.0f64);
        let b = (last - g_min) / (1.0 - (-most / a).exp());
        let law = SoftBound { g_min, g_max: g_min + b, pulses: a, initial: g_min };
        let d = law.nominal();
        assert!((1.0 / law.after(&d, most) / last - 1.0).abs() < 1e-12);
        assert!((1.0 / law.after(&d, 40.0) / (b * (1.0 - (-2.0f64).exp()) + g_min) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_set_is_what_it_has() {
        let law = SoftBound::default();
        let mut d = law.nominal();
        for g in [3.077e-9, 1e-8, 3.8e-8] {
            let r = law.clip(&d, 1.0 / g);
            law.set(&mut d, r);
            assert!((1.0 / law.resistance(&d) / g - 1.0).abs() < 1e-12);
        }
        let r = law.clip(&d, 1e3);
        law.set(&mut d, r);
        assert!(1.0 / law.resistance(&d) <= 3.846e-8);
    }
}
