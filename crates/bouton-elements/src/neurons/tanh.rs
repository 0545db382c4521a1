//! Hyperbolic tangent: (1/τ_ref)·tanh(J). Outputs of both signs.
//!
//! The output is 0 at the intercept (J = 0) and negative below it; `max_rates` is the output at the radius, which has to be
//! below 1/τ_ref.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | τ_ref | `tau_ref` | 0.0025 | s |
//!
//! Reference: Cybenko 1989, Approximation by superpositions of a sigmoidal function, Mathematics of Control, Signals and
//! Systems 2:303.

use bouton_kernels::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NeuronModel, NeuronStep};
use crate::Element;
use crate::var::{Bounds, Var};

/// Hyperbolic tangent: (1/τ_ref)·tanh(J), of both signs, 0 at the intercept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tanh {
    /// Inverse of the highest output (s).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_ref: f64,
}

impl Default for Tanh {
    fn default() -> Tanh {
        Tanh { tau_ref: 0.0025 }
    }
}

impl Element for Tanh {
    const NAME: &'static str = "tanh";
    const PAGE: &'static str = include_str!("tanh.rs");
}

fn rate<T: Real>(j: T, tau_ref: T) -> T {
    // tanh|J| = −x/(2 + x), x = e^(−2|J|) − 1: never without bound.
    let size = if j < T::ZERO { T::ZERO - j } else { j };
    let x = (T::of(-2.0) * size).exp_m1();
    let y = (T::ZERO - x) / ((T::of(2.0) + x) * tau_ref);
    if j < T::ZERO { T::ZERO - y } else { y }
}

impl Tanh {
    fn step<T: Real>(&self, at: &NeuronStep<'_>, j: &[T], out: &mut [T], _: &mut [&mut [T]]) {
        let &[tau_ref] = at.parameters else { return };
        for (j, out) in j.iter().zip(out) {
            *out = rate(*j, T::of(tau_ref));
        }
    }
}

impl NeuronModel for Tanh {
    fn spiking(&self) -> bool {
        false
    }
    fn check(&self) -> Result<(), String> {
        Bounds::POSITIVE.check("tau_ref", self.tau_ref)
    }
    fn gain_bias(
        &self,
        max_rates: &[f64],
        intercepts: &[f64],
    ) -> Result<(Vec<f64>, Vec<f64>), String> {
        let highest = 1.0 / self.tau_ref;
        let of = |(r, i): (&f64, &f64)| {
            if r.is_nan() || r.abs() >= highest {
                return Err(format!(
                    "`max_rates` must lie within ±1/`tau_ref` = ±{highest} Hz, found {r}"
                ));
            }
            let gain = libm::atanh(r * self.tau_ref) / (1.0 - i);
            Ok((gain, -gain * i))
        };
        max_rates.iter().zip(intercepts).map(of).collect()
    }
    fn max_rates_intercepts(&self, gain: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>) {
        gain.iter()
            .zip(bias)
            .map(|(g, b)| (rate(g + b, self.tau_ref), -b / g))
            .collect()
    }
    fn rates(&self, j: &mut [f64]) {
        for j in j {
            *j = rate(*j, self.tau_ref);
        }
    }
    fn vars(&self) -> Vec<Var> {
        vec![Var::parameter(
            "tau_ref",
            "s",
            self.tau_ref,
            Bounds::POSITIVE,
            "inverse of the highest output",
        )]
    }
    both_precisions!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_follow_the_hyperbolic_tangent() {
        let mut j = [-500.0, -1.0, 0.0, 0.3, 500.0];
        Tanh::default().rates(&mut j);
        let expected = [
            -400.0,
            -400.0 * 0.761_594_155_955_764_9,
            0.0,
            400.0 * 0.291_312_612_451_590_9,
            400.0,
        ];
        for (j, e) in j.iter().zip(expected) {
            assert!((j - e).abs() < 1e-9, "{j}, not {e}");
        }
        let e = Tanh::default().gain_bias(&[-401.0], &[0.0]).unwrap_err();
        assert!(e.contains("max_rates") && e.contains("400"), "{e}");
    }
}
