//! `Gaussian`: the normal distribution.
//!
//! p(x) = exp(−(x − mean)² / (2 std²)) / (std √(2π))
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `mean` | required | centre |
//! | `std` | required | standard deviation, above 0 |

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DistributionModel, fill};
use crate::Element;
use crate::var::{Bounds, Var};

/// The normal distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gaussian {
    /// Centre.
    pub mean: f64,
    /// Standard deviation.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub std: f64,
}

impl Element for Gaussian {
    const NAME: &'static str = "gaussian";
    const PAGE: &'static str = include_str!("gaussian.rs");
    fn example() -> Option<Gaussian> {
        Some(Gaussian { mean: 0.0, std: 1.0 })
    }
}

impl DistributionModel for Gaussian {
    fn check(&self) -> Result<(), String> {
        Bounds::ANY.check("mean", self.mean)?;
        Bounds::POSITIVE.check("std", self.std)
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        fill(n, d, || rng.normal(self.mean, self.std))
    }

    fn vars(&self) -> Vec<Var> {
        vec![
            Var::fixed("mean", "", self.mean, Bounds::ANY, "centre"),
            Var::fixed("std", "", self.std, Bounds::POSITIVE, "standard deviation"),
        ]
    }
}
