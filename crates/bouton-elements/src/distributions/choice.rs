//! `Choice`: one of a set of scalars or vectors.
//!
//! Option i has the probability wᵢ / Σw.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `options` | required | N options, each of d numbers |
//! | `weights` | equal | N numbers of at least 0, their sum above 0 |

use bouton_random::RandomState;
use bouton_random::numpy::cumulative;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DistributionModel, equal_rows, room};
use crate::Element;
use crate::rows;
use crate::var::{Bounds, Var};

/// One of a set of vectors (a scalar is a vector of one), by weights.
///
/// ```
/// use bouton_elements::distributions::{Choice, Distribution};
/// use bouton_elements::random::RandomState;
///
/// let sign = Distribution::from(Choice::scalars(&[1.0, -1.0]));
/// let x = sign.sample(4, 1, &mut RandomState::new(0))?;
/// assert!(x.iter().all(|v| v.abs() == 1.0));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The options: rows, or numbers.
    #[serde(deserialize_with = "rows::read")]
    #[schemars(with = "rows::Rows")]
    pub options: Vec<Vec<f64>>,
    /// One weight an option, of any positive sum. Default: all equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl Element for Choice {
    const NAME: &'static str = "choice";
    const PAGE: &'static str = include_str!("choice.rs");
    fn example() -> Option<Choice> {
        Some(Choice::scalars(&[1.0]))
    }
}

impl Choice {
    /// Equally likely scalars.
    pub fn scalars(options: &[f64]) -> Choice {
        Choice { options: options.iter().map(|&v| vec![v]).collect(), weights: None }
    }

    fn cumulative(&self) -> Result<Vec<f64>, String> {
        let n = self.options.len();
        let made = match &self.weights {
            Some(weights) => cumulative("weights", weights, n),
            None => cumulative("weights", &vec![1.0; n], n),
        };
        made.map_err(|e| format!("`{}` must be {}, found {}", e.parameter(), e.expected(), e.found()))
    }
}

impl DistributionModel for Choice {
    fn check(&self) -> Result<(), String> {
        if self.options.is_empty() {
            return Err("`options` must be at least one, found none".into());
        }
        equal_rows("options", &self.options)?;
        self.cumulative().map(drop)
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        let found = self.options[0].len();
        if found != d {
            return Err(format!("`options` must have {d} dimensions, found {found}"));
        }
        let mut out = room(n, d)?;
        let cdf = self.cumulative()?;
        for _ in 0..n {
            let u = rng.random_sample();
            // The last sum may be a rounding error below 1.
            let i = cdf.partition_point(|&c| c < u).min(cdf.len() - 1);
            out.extend_from_slice(&self.options[i]);
        }
        Ok(out)
    }

    fn vars(&self) -> Vec<Var> {
        let options = self.options.concat();
        let weights = match &self.weights {
            Some(w) => Var::list("weights", "", w, "one weight an option; all equal when left out"),
            None => Var::optional(
                "weights",
                "",
                None,
                Bounds::ANY,
                "one weight an option; all equal when left out",
            ),
        };
        vec![
            Var::list("options", "", &options, "the options, one behind the other").when_built(),
            weights.within(Bounds::AT_LEAST_0).when_built(),
        ]
    }
}
