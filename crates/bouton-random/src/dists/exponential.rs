//! `Exponential`: the exponential distribution, shifted and cut off.
//!
//! p(x) = exp(−(x − shift) / scale) / scale for shift ≤ x < high; what would lie at or above `high` is put
//! just below it.
//!
//! | parameter | meaning | default |
//! |---|---|---|
//! | `scale` | mean distance from `shift`, above 0 | required |
//! | `shift` | least value | 0 |
//! | `high` | bound that no sample meets | infinity |

use serde::{Deserialize, Serialize};

use super::{Sample, ensure_finite};
use crate::error::{DistError, ensure};
use crate::numpy::RandomState;

/// The exponential distribution, shifted and cut off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// Mean distance from `shift`, above 0.
    pub scale: f64,
    /// Least value. Default: 0.
    #[serde(default)]
    pub shift: f64,
    /// Samples at or above this are put at the next number below it. Above `shift`. Default: infinity.
    #[serde(default = "infinity", skip_serializing_if = "is_infinite")]
    pub high: f64,
}

fn infinity() -> f64 {
    f64::INFINITY
}

/// Files such as JSON cannot hold an infinity, so that the default is left out.
fn is_infinite(v: &f64) -> bool {
    *v == f64::INFINITY
}

impl Sample for Exponential {
    fn check(&self) -> Result<(), DistError> {
        ensure(
            self.scale > 0.0 && self.scale.is_finite(),
            "Exponential.scale",
            "finite and above 0",
            self.scale,
        )?;
        ensure_finite("Exponential.shift", self.shift)?;
        ensure(
            self.high > self.shift,
            "Exponential.high",
            &format!("above shift ({})", self.shift),
            self.high,
        )
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, DistError> {
        let mut out = crate::error::room("Exponential.sample", n, d)?;
        let last = self.high.next_down();
        for _ in 0..n * d {
            out.push((rng.exponential(self.scale)? + self.shift).max(self.shift).min(last));
        }
        Ok(out)
    }
}
