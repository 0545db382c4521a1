//! Alpha-function synapse: 1/(τs + 1)²; impulse response t/τ²·e^(−t/τ).
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | τ | `tau` | 0.005 | s |
//!
//! Reference: Mainen & Sejnowski 1995, Reliability of spike timing in neocortical neurons, Science 268:1503.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Filter, LinearFilter, SynapseModel};
use crate::Element;
use crate::var::{Bounds, Var};

/// Alpha function: two equal low-pass filters in a row, 1/(τs + 1)².
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Alpha {
    /// Time constant (s), at least 0.
    #[schemars(range(min = 0))]
    pub tau: f64,
}

impl Default for Alpha {
    fn default() -> Alpha {
        Alpha { tau: 0.005 }
    }
}

impl Element for Alpha {
    const NAME: &'static str = "alpha";
    const PAGE: &'static str = include_str!("alpha.rs");
}

impl SynapseModel for Alpha {
    fn check(&self) -> Result<(), String> {
        Bounds::AT_LEAST_0.check("tau", self.tau)
    }
    fn vars(&self) -> Vec<Var> {
        vec![Var::parameter("tau", "s", self.tau, Bounds::AT_LEAST_0, "time constant")]
    }
    fn transfer(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        Some((vec![1.0], vec![self.tau * self.tau, 2.0 * self.tau, 1.0]))
    }
    fn discretise(&self, dt: f64, parameters: &[f64]) -> Result<Filter, String> {
        let &[tau] = parameters else {
            return Err(format!("takes one parameter, `tau`, found {}", parameters.len()));
        };
        Bounds::AT_LEAST_0.check("tau", tau)?;
        LinearFilter::new(vec![1.0], vec![tau * tau, 2.0 * tau, 1.0]).filter(dt)
    }
}
