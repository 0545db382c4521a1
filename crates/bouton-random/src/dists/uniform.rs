//! `Uniform`: uniform in an interval.
//!
//! | parameter | meaning | default |
//! |---|---|---|
//! | `low` | lower bound, may be met | required |
//! | `high` | upper bound, not met | required |
//! | `integer` | integers only | false |

use serde::{Deserialize, Serialize};

use super::{Sample, ensure_finite, fill};
use crate::error::{DistError, ensure};
use crate::numpy::RandomState;

/// Uniform on [low, high), or on the integers low, low + 1, …, high − 1.
///
/// ```
/// use bouton_random::{Distribution, RandomState, dists::Uniform};
///
/// let max_rates = Distribution::from(Uniform { low: 200.0, high: 400.0, integer: false });
/// let x = max_rates.sample(50, 1, &mut RandomState::new(0))?;
/// assert!(x.iter().all(|v| (200.0..400.0).contains(v)));
/// # Ok::<(), bouton_random::DistError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uniform {
    /// Lower bound; samples may equal it.
    pub low: f64,
    /// Upper bound; samples stay below it. It may be below `low`, unless `integer`.
    pub high: f64,
    /// Whether to draw integers; then both bounds are integers up to 2^53 in size. Default: false.
    #[serde(default)]
    pub integer: bool,
}

impl Uniform {
    fn integer_bounds(&self) -> Result<(i64, i64), DistError> {
        let whole = |parameter, v: f64| {
            let exact = v.fract() == 0.0 && v.abs() <= 9_007_199_254_740_992.0;
            ensure(exact, parameter, "a whole number (integer is true)", v).map(|()| v as i64)
        };
        Ok((whole("Uniform.low", self.low)?, whole("Uniform.high", self.high)?))
    }
}

impl Sample for Uniform {
    fn check(&self) -> Result<(), DistError> {
        ensure_finite("Uniform.low", self.low)?;
        ensure_finite("Uniform.high", self.high)?;
        let found = format_args!("low {}, high {}", self.low, self.high);
        if self.integer {
            let (low, high) = self.integer_bounds()?;
            return ensure(low < high, "Uniform.low", "less than high (integer is true)", found);
        }
        ensure((self.high - self.low).is_finite(), "Uniform.high", "high - low to be finite", found)
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, DistError> {
        if !self.integer {
            return fill("Uniform.sample", n, d, || rng.uniform(self.low, self.high));
        }
        let (low, high) = self.integer_bounds()?;
        let mut out = crate::error::room("Uniform.sample", n, d)?;
        for _ in 0..n * d {
            out.push(rng.randint_range(low, high)? as f64);
        }
        Ok(out)
    }
}
