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
use super::{NeuronModel, StateVar, both_precisions, check_number};
use crate::Element;

/// Rates of leaky integrate-and-fire neurons.
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
    fn step<T: Real>(&self, _: f64, j: &[T], out: &mut [T], _: &mut [&mut [T]]) {
        for (j, out) in j.iter().zip(out) {
            *out = T::of(self.amplitude * lif_rate(j.f64(), self.tau_rc, self.tau_ref));
        }
    }
}

impl NeuronModel for LifRate {
    fn spiking(&self) -> bool {
        false
    }
    fn check(&self) -> Result<(), String> {
        check_number("tau_rc", self.tau_rc, 0.0, true)?;
        check_number("tau_ref", self.tau_ref, 0.0, false)?;
        check_number("amplitude", self.amplitude, 0.0, true)
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
    fn state(&self) -> Vec<StateVar> {
        vec![]
    }
    both_precisions!();
}
