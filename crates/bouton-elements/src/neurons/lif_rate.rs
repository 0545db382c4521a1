//! Rates of leaky integrate-and-fire neurons.
//!
//! a/(τ_ref + τ_rc·log1p(1/(J−1))) for J > 1, else 0, at every step.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | τ_rc | `tau_rc` | 0.02 | s |
//! | τ_ref | `tau_ref` | 0.002 | s |
//! | a | `amplitude` | 1 | – |
//!
//! Reference: Eliasmith & Anderson 2003, Neural Engineering, eq. 2.3.

use bouton_kernels::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lif::{lif_gain_bias, lif_rate, lif_rates_intercepts};
use super::{NeuronModel, NeuronStep};
use crate::Element;
use crate::var::{Bounds, Var};

/// Rate of a leaky integrate-and-fire neuron: a/(τ_ref + τ_rc·log1p(1/(J − 1))) for J > 1, else 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LifRate {
    /// Membrane time constant (s).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_rc: f64,
    /// Refractory period (s).
    #[schemars(range(min = 0))]
    pub tau_ref: f64,
    /// Scale of the output.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub amplitude: f64,
}

impl Default for LifRate {
    fn default() -> LifRate {
        LifRate { tau_rc: 0.02, tau_ref: 0.002, amplitude: 1.0 }
    }
}

impl Element for LifRate {
    const NAME: &'static str = "lif_rate";
    const PAGE: &'static str = include_str!("lif_rate.rs");
}

impl LifRate {
    fn step<T: Real>(&self, at: &NeuronStep<'_>, j: &[T], out: &mut [T], _: &mut [&mut [T]]) {
        let &[tau_rc, tau_ref, amplitude] = at.parameters else { return };
        for (j, out) in j.iter().zip(out) {
            *out = T::of(amplitude * lif_rate(j.f64(), tau_rc, tau_ref));
        }
    }
}

impl NeuronModel for LifRate {
    fn spiking(&self) -> bool {
        false
    }
    fn check(&self) -> Result<(), String> {
        Bounds::POSITIVE.check("tau_rc", self.tau_rc)?;
        Bounds::AT_LEAST_0.check("tau_ref", self.tau_ref)?;
        Bounds::POSITIVE.check("amplitude", self.amplitude)
    }
    fn gain_bias(&self, max_rates: &[f64], intercepts: &[f64]) -> Result<(Vec<f64>, Vec<f64>), String> {
        lif_gain_bias(max_rates, intercepts, self.tau_rc, self.tau_ref)
    }
    fn max_rates_intercepts(&self, gain: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>) {
        lif_rates_intercepts(gain, bias, self.tau_rc, self.tau_ref)
    }
    fn rates(&self, j: &mut [f64]) {
        for j in j {
            *j = self.amplitude * lif_rate(*j, self.tau_rc, self.tau_ref);
        }
    }
    fn vars(&self) -> Vec<Var> {
        vec![
            Var::parameter("tau_rc", "s", self.tau_rc, Bounds::POSITIVE, "membrane time constant"),
            Var::parameter("tau_ref", "s", self.tau_ref, Bounds::AT_LEAST_0, "refractory period"),
            Var::parameter("amplitude", "", self.amplitude, Bounds::POSITIVE, "scale of the output"),
        ]
    }
    both_precisions!();
}
