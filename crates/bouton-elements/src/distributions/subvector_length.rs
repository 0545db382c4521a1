//! `SubvectorLength`: the length of a part of a random unit vector.
//!
//! The distribution `sqrt_beta` with m = subdimensions and n = dimensions − subdimensions.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `dimensions` | required | dimensions of the unit vector, at least 2 |
//! | `subdimensions` | 1 | dimensions of the part, at least 1, fewer than `dimensions` |

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DistributionModel, SqrtBeta, at_least, from, one};
use crate::Element;
use crate::var::Var;

/// The length of the first `subdimensions` coordinates of a random unit vector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubvectorLength {
    /// Dimensions of the unit vector, at least 2.
    #[schemars(range(min = 2))]
    pub dimensions: usize,
    /// Dimensions of the part, at least 1 and fewer than `dimensions`.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub subdimensions: usize,
}

impl Element for SubvectorLength {
    const NAME: &'static str = "subvector_length";
    const PAGE: &'static str = include_str!("subvector_length.rs");
    fn example() -> Option<SubvectorLength> {
        Some(SubvectorLength { dimensions: 2, subdimensions: 1 })
    }
}

impl DistributionModel for SubvectorLength {
    fn check(&self) -> Result<(), String> {
        at_least("dimensions", 2, self.dimensions)?;
        at_least("subdimensions", 1, self.subdimensions)?;
        if self.subdimensions < self.dimensions {
            return Ok(());
        }
        let (part, all) = (self.subdimensions, self.dimensions);
        Err(format!("`subdimensions` must be less than `dimensions` ({all}), found {part}"))
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        SqrtBeta { n: self.dimensions - self.subdimensions, m: self.subdimensions }.sample(n, d, rng)
    }

    fn vars(&self) -> Vec<Var> {
        let (all, part) = (self.dimensions as f64, self.subdimensions as f64);
        let below = crate::var::Bounds { high: all, open_high: true, ..from(1.0) };
        vec![
            Var::fixed("dimensions", "", all, from(2.0), "dimensions of the unit vector, a whole number"),
            Var::fixed("subdimensions", "", part, below, "dimensions of the part, fewer than `dimensions`"),
        ]
    }
}
