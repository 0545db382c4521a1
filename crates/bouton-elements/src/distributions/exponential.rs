//! `Exponential`: the exponential distribution, shifted and cut off.
//!
//! p(x) = exp(−(x − shift) / scale) / scale for shift ≤ x < high; what would lie at or above `high` is put
//! just below it.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `scale` | required | mean distance from `shift`, above 0 |
//! | `shift` | 0 | least value |
//! | `high` | infinity | bound that no sample meets |

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DistributionModel, fill};
use crate::Element;
use crate::var::{Bounds, Var};

/// The exponential distribution, shifted and cut off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// Mean distance from `shift`.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub scale: f64,
    /// Least value.
    #[serde(default)]
    pub shift: f64,
    /// Samples stay below it: those at or above are put at the next number below. Default: no limit.
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

impl Element for Exponential {
    const NAME: &'static str = "exponential";
    const PAGE: &'static str = include_str!("exponential.rs");
    fn example() -> Option<Exponential> {
        Some(Exponential { scale: 1.0, shift: 0.0, high: f64::INFINITY })
    }
}

impl DistributionModel for Exponential {
    fn check(&self) -> Result<(), String> {
        Bounds::POSITIVE.check("scale", self.scale)?;
        Bounds::ANY.check("shift", self.shift)?;
        if self.high > self.shift {
            Ok(())
        } else {
            Err(format!("`high` must be greater than `shift` ({}), found {}", self.shift, self.high))
        }
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        let last = self.high.next_down();
        let mut out = fill(n, d, || 0.0)?;
        for x in &mut out {
            let draw = rng.exponential(self.scale).map_err(|e| e.to_string())?;
            *x = (draw + self.shift).max(self.shift).min(last);
        }
        Ok(out)
    }

    fn vars(&self) -> Vec<Var> {
        let high = Some(self.high).filter(|x| *x < f64::INFINITY);
        let above = Bounds { low: self.shift, open: true, ..Bounds::ANY };
        vec![
            Var::fixed("scale", "", self.scale, Bounds::POSITIVE, "mean distance from `shift`"),
            Var::fixed("shift", "", self.shift, Bounds::ANY, "least value"),
            Var::optional("high", "", high, above, "samples stay below it; no limit when left out"),
        ]
    }
}
