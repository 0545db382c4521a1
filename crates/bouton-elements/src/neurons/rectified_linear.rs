//! Rectified linear rates: a·max(0, J).
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | a | `amplitude` | 1 | – |
//!
//! Reference: Nair & Hinton 2010, Rectified linear units improve restricted Boltzmann machines.

use bouton_kernels::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NeuronModel, NeuronStep};
use crate::Element;
use crate::var::{Bounds, Var};

/// Rectified linear rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RectifiedLinear {
    /// Scale of the output.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub amplitude: f64,
}

impl Default for RectifiedLinear {
    fn default() -> RectifiedLinear {
        RectifiedLinear { amplitude: 1.0 }
    }
}

/// Gains and biases of rectified linear neurons.
pub(super) fn linear_gain_bias(max_rates: &[f64], intercepts: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let gain: Vec<f64> = max_rates.iter().zip(intercepts).map(|(r, i)| r / (1.0 - i)).collect();
    let bias = gain.iter().zip(intercepts).map(|(g, i)| -i * g).collect();
    (gain, bias)
}

/// Maximum rates (Hz) and intercepts of rectified linear neurons.
pub(super) fn linear_rates_intercepts(gain: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let intercepts: Vec<f64> = gain.iter().zip(bias).map(|(g, b)| -b / g).collect();
    let rates = gain.iter().zip(&intercepts).map(|(g, i)| g * (1.0 - i)).collect();
    (rates, intercepts)
}

impl Element for RectifiedLinear {
    const NAME: &'static str = "rectified_linear";
    const PAGE: &'static str = include_str!("rectified_linear.rs");
}

impl RectifiedLinear {
    fn step<T: Real>(&self, at: &NeuronStep<'_>, j: &[T], out: &mut [T], _: &mut [&mut [T]]) {
        let &[amplitude] = at.parameters else { return };
        let a = T::of(amplitude);
        for (j, out) in j.iter().zip(out) {
            *out = a * j.at_least(T::ZERO);
        }
    }
}

impl NeuronModel for RectifiedLinear {
    fn spiking(&self) -> bool {
        false
    }
    fn check(&self) -> Result<(), String> {
        Bounds::POSITIVE.check("amplitude", self.amplitude)
    }
    fn gain_bias(&self, max_rates: &[f64], intercepts: &[f64]) -> Result<(Vec<f64>, Vec<f64>), String> {
        Ok(linear_gain_bias(max_rates, intercepts))
    }
    fn max_rates_intercepts(&self, gain: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>) {
        linear_rates_intercepts(gain, bias)
    }
    fn rates(&self, j: &mut [f64]) {
        for j in j {
            *j = self.amplitude * j.max(0.0);
        }
    }
    fn vars(&self) -> Vec<Var> {
        vec![Var::parameter("amplitude", "", self.amplitude, Bounds::POSITIVE, "scale of the output")]
    }
    both_precisions!();
}
