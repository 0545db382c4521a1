//! Sigmoid rates: (1/τ_ref)/(1 + e^(−J)).
//!
//! A neuron never falls silent: at its intercept (J = 0) it has half of its highest rate, below it less. The maximum rate has
//! to lie between that and 1/τ_ref.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | τ_ref | `tau_ref` | 0.0025 | s |
//!
//! Reference: Wilson & Cowan 1972, Excitatory and inhibitory interactions in localized populations of model neurons,
//! Biophysical Journal 12:1, eq. 15 (there with a threshold and a slope, which bias and gain are here).

use bouton_kernels::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NeuronModel, NeuronStep};
use crate::Element;
use crate::var::{Bounds, Var};

/// Sigmoid rate: (1/τ_ref)/(1 + e^(−J)). Never silent; half of the highest rate at the intercept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sigmoid {
    /// Inverse of the highest rate (s).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_ref: f64,
}

impl Default for Sigmoid {
    fn default() -> Sigmoid {
        Sigmoid { tau_ref: 0.0025 }
    }
}

impl Element for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const PAGE: &'static str = include_str!("sigmoid.rs");
}

fn rate<T: Real>(j: T, tau_ref: T) -> T {
    // 1 + e^(−J) by e^x − 1, which the number types have; without bound for very negative J, and the rate is then 0.
    T::ONE / (tau_ref * (T::of(2.0) + (T::ZERO - j).exp_m1()))
}

impl Sigmoid {
    fn step<T: Real>(&self, at: &NeuronStep<'_>, j: &[T], out: &mut [T], _: &mut [&mut [T]]) {
        let &[tau_ref] = at.parameters else { return };
        for (j, out) in j.iter().zip(out) {
            *out = rate(*j, T::of(tau_ref));
        }
    }
}

impl NeuronModel for Sigmoid {
    fn spiking(&self) -> bool {
        false
    }
    fn check(&self) -> Result<(), String> {
        Bounds::POSITIVE.check("tau_ref", self.tau_ref)
    }
    fn gain_bias(&self, max_rates: &[f64], intercepts: &[f64]) -> Result<(Vec<f64>, Vec<f64>), String> {
        let highest = 1.0 / self.tau_ref;
        let of = |(r, i): (&f64, &f64)| {
            // Below half of the highest, the rate at the intercept, a neuron would have to fall towards the radius.
            if !(*r > 0.5 * highest && *r < highest) {
                return Err(format!(
                    "`max_rates` must lie between {} Hz (the rate at the intercept) and 1/`tau_ref` = {highest} Hz, found {r}",
                    0.5 * highest
                ));
            }
            let gain = -libm::log(highest / r - 1.0) / (1.0 - i);
            Ok((gain, -gain * i))
        };
        max_rates.iter().zip(intercepts).map(of).collect()
    }
    fn max_rates_intercepts(&self, gain: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>) {
        gain.iter().zip(bias).map(|(g, b)| (rate(g + b, self.tau_ref), -b / g)).collect()
    }
    fn intercept_rate(&self) -> f64 {
        0.5 / self.tau_ref
    }
    fn rates(&self, j: &mut [f64]) {
        for j in j {
            *j = rate(*j, self.tau_ref);
        }
    }
    fn vars(&self) -> Vec<Var> {
        vec![Var::parameter("tau_ref", "s", self.tau_ref, Bounds::POSITIVE, "inverse of the highest rate")]
    }
    both_precisions!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_follow_the_logistic_function() {
        let mut j = [-800.0, -1.0, 0.0, 0.3, 40.0];
        Sigmoid::default().rates(&mut j);
        // Values of the logistic function to 16 digits.
        let expected = [0.0, 400.0 * 0.268_941_421_369_995_1, 200.0, 400.0 * 0.574_442_516_811_659, 400.0];
        for (j, e) in j.iter().zip(expected) {
            assert!((j - e).abs() < 1e-9, "{j} Hz, not {e}");
        }
        for wrong in [200.0, 400.0, f64::NAN] {
            let e = Sigmoid::default().gain_bias(&[wrong], &[0.0]).unwrap_err();
            assert!(e.contains("max_rates") && e.contains("200 Hz") && e.contains("400 Hz"), "{e}");
        }
    }
}
