//! `Uniform`: uniform in an interval.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `low` | required | lower bound, may be met |
//! | `high` | required | upper bound, not met |
//! | `integer` | false | integers only |

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DistributionModel, fill};
use crate::Element;
use crate::var::{Bounds, Var};

/// Uniform on [low, high), or on the integers low, low + 1, …, high − 1.
///
/// ```
/// use bouton_elements::distributions::{Distribution, Uniform};
/// use bouton_elements::random::RandomState;
///
/// let max_rates = Distribution::from(Uniform { low: 200.0, high: 400.0, integer: false });
/// let x = max_rates.sample(50, 1, &mut RandomState::new(0))?;
/// assert!(x.iter().all(|v| (200.0..400.0).contains(v)));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Uniform {
    /// Lower bound; samples may equal it.
    pub low: f64,
    /// Upper bound; samples stay below it. It may be below `low`, unless `integer`.
    pub high: f64,
    /// Whether to draw integers; then both bounds are integers up to 2^53 in size.
    #[serde(default)]
    pub integer: bool,
}

impl Element for Uniform {
    const NAME: &'static str = "uniform";
    const PAGE: &'static str = include_str!("uniform.rs");
    fn example() -> Option<Uniform> {
        Some(Uniform { low: 0.0, high: 1.0, integer: false })
    }
}

impl Uniform {
    fn integer_bounds(&self) -> Result<(i64, i64), String> {
        let whole = |name: &str, v: f64| {
            let exact = v.fract() == 0.0 && v.abs() <= 9_007_199_254_740_992.0;
            if exact {
                Ok(v as i64)
            } else {
                Err(format!("`{name}` must be a whole number (`integer` is true), found {v}"))
            }
        };
        Ok((whole("low", self.low)?, whole("high", self.high)?))
    }
}

impl DistributionModel for Uniform {
    fn check(&self) -> Result<(), String> {
        Bounds::ANY.check("low", self.low)?;
        Bounds::ANY.check("high", self.high)?;
        if self.integer {
            let (low, high) = self.integer_bounds()?;
            if low >= high {
                return Err(format!(
                    "`low` must be less than `high` (`integer` is true), found low {low}, high {high}"
                ));
            }
            return Ok(());
        }
        if (self.high - self.low).is_finite() {
            return Ok(());
        }
        Err(format!("`high` - `low` must be finite, found low {}, high {}", self.low, self.high))
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        if !self.integer {
            return fill(n, d, || rng.uniform(self.low, self.high));
        }
        let (low, high) = self.integer_bounds()?;
        let mut out = fill(n, d, || 0.0)?;
        for x in &mut out {
            *x = rng.randint_range(low, high).map_err(|e| e.to_string())? as f64;
        }
        Ok(out)
    }

    fn vars(&self) -> Vec<Var> {
        vec![
            Var::fixed("low", "", self.low, Bounds::ANY, "lower bound; samples may equal it"),
            Var::fixed("high", "", self.high, Bounds::ANY, "upper bound; samples stay below it"),
            Var::flag(
                "integer",
                self.integer,
                "whether to draw integers; then both bounds are whole numbers",
            ),
        ]
    }
}
