//! First-order low-pass filter: 1/(τs + 1); impulse response e^(−t/τ)/τ.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | τ | `tau` | 0.005 | s |
//!
//! τ = 0 is no filter, but still one step of delay, as every synapse is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Filter, SynapseModel};
use crate::Element;
use crate::var::{Bounds, Var};

/// First-order low-pass filter: 1/(τs + 1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Lowpass {
    /// Time constant (s), at least 0.
    #[schemars(range(min = 0))]
    pub tau: f64,
}

impl Default for Lowpass {
    fn default() -> Lowpass {
        Lowpass { tau: 0.005 }
    }
}

impl Element for Lowpass {
    const NAME: &'static str = "lowpass";
    const PAGE: &'static str = include_str!("lowpass.rs");
}

impl SynapseModel for Lowpass {
    fn check(&self) -> Result<(), String> {
        Bounds::AT_LEAST_0.check("tau", self.tau)
    }
    fn vars(&self) -> Vec<Var> {
        vec![Var::parameter("tau", "s", self.tau, Bounds::AT_LEAST_0, "time constant")]
    }
    fn transfer(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        Some((vec![1.0], vec![self.tau, 1.0]))
    }
    fn discretise(&self, dt: f64, parameters: &[f64]) -> Result<Filter, String> {
        let &[tau] = parameters else {
            return Err(format!("takes one parameter, `tau`, found {}", parameters.len()));
        };
        Bounds::AT_LEAST_0.check("tau", tau)?;
        if tau == 0.0 {
            return Ok(Filter::Gain(1.0));
        }
        Ok(Filter::First { a: libm::exp(-dt / tau), b: -libm::expm1(-dt / tau) })
    }
}
