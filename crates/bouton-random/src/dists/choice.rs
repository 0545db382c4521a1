//! `Choice`: one of a set of scalars or vectors.
//!
//! Option i has the probability wᵢ / Σw.
//!
//! | parameter | meaning | default |
//! |---|---|---|
//! | `options` | N options, each of d numbers | required |
//! | `weights` | N numbers of at least 0, their sum above 0 | equal |

use serde::{Deserialize, Serialize};

use super::Sample;
use crate::error::{DistError, ensure, room};
use crate::numpy::{RandomState, cumulative};

/// One of a set of scalars or vectors, by weights.
///
/// ```
/// use bouton_random::{Distribution, RandomState, dists::Choice};
///
/// let sign = Distribution::from(Choice::scalars(&[1.0, -1.0]));
/// let x = sign.sample(4, 1, &mut RandomState::new(0))?;
/// assert!(x.iter().all(|v| v.abs() == 1.0));
/// # Ok::<(), bouton_random::DistError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The options, each a vector of d numbers (a scalar has d = 1); at least one.
    pub options: Vec<Vec<f64>>,
    /// One weight an option, of any sum above 0. Default: all equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl Choice {
    /// Equally likely scalars.
    pub fn scalars(options: &[f64]) -> Choice {
        Choice { options: options.iter().map(|&v| vec![v]).collect(), weights: None }
    }

    fn cumulative(&self) -> Result<Vec<f64>, DistError> {
        let n = self.options.len();
        match &self.weights {
            Some(weights) => cumulative("Choice.weights", weights, n),
            None => cumulative("Choice.weights", &vec![1.0; n], n),
        }
    }
}

impl Sample for Choice {
    fn check(&self) -> Result<(), DistError> {
        ensure(!self.options.is_empty(), "Choice.options", "at least one option", "none")?;
        let d = self.options[0].len();
        for (i, option) in self.options.iter().enumerate() {
            let expected = format!("{d} numbers, as options[0] has");
            ensure(option.len() == d, &format!("Choice.options[{i}]"), &expected, option.len())?;
        }
        self.cumulative().map(drop)
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, DistError> {
        let found = self.options[0].len();
        ensure(found == d, "Choice.options", &format!("options of {d} dimensions"), found)?;
        let mut out = room("Choice.sample", n, d)?;
        let cdf = self.cumulative()?;
        for _ in 0..n {
            let u = rng.random_sample();
            // The last sum may be a rounding error below 1.
            let i = cdf.partition_point(|&c| c < u).min(cdf.len() - 1);
            out.extend_from_slice(&self.options[i]);
        }
        Ok(out)
    }
}
