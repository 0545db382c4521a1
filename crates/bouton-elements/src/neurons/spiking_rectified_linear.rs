//! Spikes at a rectified linear rate: dv/dt = max(0, J); every whole number that v passes is a spike.
//!
//! Several spikes can fall into one step; the output is then that many times amplitude/dt.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | a | `amplitude` | 1 | – |

use bouton_kernels::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rectified_linear::{linear_gain_bias, linear_rates_intercepts};
use super::{NeuronModel, NeuronStep};
use crate::Element;
use crate::var::{Bounds, Over, Start, Var};

/// Spikes at a rectified linear rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SpikingRectifiedLinear {
    /// Scale of the output; a spike has the height amplitude/dt.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub amplitude: f64,
}

impl Default for SpikingRectifiedLinear {
    fn default() -> SpikingRectifiedLinear {
        SpikingRectifiedLinear { amplitude: 1.0 }
    }
}

impl Element for SpikingRectifiedLinear {
    const NAME: &'static str = "spiking_rectified_linear";
    const PAGE: &'static str = include_str!("spiking_rectified_linear.rs");
}

impl SpikingRectifiedLinear {
    fn step<T: Real>(&self, at: &NeuronStep<'_>, j: &[T], out: &mut [T], state: &mut [&mut [T]]) {
        let ([v], &[amplitude]) = (state, at.parameters) else { return };
        let (spike, dt) = (T::of(amplitude / at.dt), T::of(at.dt));
        for ((j, out), v) in j.iter().zip(out).zip(v.iter_mut()) {
            *v += j.at_least(T::ZERO) * dt;
            let n = v.floor();
            *out = spike * n;
            *v -= n;
        }
    }
}

impl NeuronModel for SpikingRectifiedLinear {
    fn spiking(&self) -> bool {
        true
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
        vec![
            Var::parameter("amplitude", "", self.amplitude, Bounds::POSITIVE, "scale of the output"),
            Var::state(
                "voltage",
                "",
                Over::Neuron,
                Start::Uniform(0.0, 1.0),
                "a spike for every whole number that it passes",
            ),
        ]
    }
    both_precisions!();
}
