//! `Gaussian`: the normal distribution.
//!
//! p(x) = exp(−(x − mean)² / (2 std²)) / (std √(2π))
//!
//! | parameter | meaning | default |
//! |---|---|---|
//! | `mean` | centre | required |
//! | `std` | standard deviation, above 0 | required |

use serde::{Deserialize, Serialize};

use super::{Sample, ensure_finite, fill};
use crate::error::{DistError, ensure};
use crate::numpy::RandomState;

/// The normal distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gaussian {
    /// Centre.
    pub mean: f64,
    /// Standard deviation, above 0.
    pub std: f64,
}

impl Sample for Gaussian {
    fn check(&self) -> Result<(), DistError> {
        ensure_finite("Gaussian.mean", self.mean)?;
        ensure(self.std > 0.0 && self.std.is_finite(), "Gaussian.std", "finite and above 0", self.std)
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, DistError> {
        fill("Gaussian.sample", n, d, || rng.normal(self.mean, self.std))
    }
}
