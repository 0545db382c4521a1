//! `SubvectorLength`: the length of a part of a random unit vector.
//!
//! The distribution [`SqrtBeta`] with m = subdimensions and n = dimensions − subdimensions.
//!
//! | parameter | meaning | default |
//! |---|---|---|
//! | `dimensions` | dimensions of the unit vector, at least 2 | required |
//! | `subdimensions` | dimensions of the part, at least 1, fewer than `dimensions` | 1 |

use serde::{Deserialize, Serialize};

use super::{Sample, SqrtBeta, one};
use crate::error::{DistError, ensure};
use crate::numpy::RandomState;

/// The length of the first `subdimensions` coordinates of a random unit vector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubvectorLength {
    /// Dimensions of the unit vector, at least 2.
    pub dimensions: usize,
    /// Dimensions of the part, at least 1 and fewer than `dimensions`. Default: 1.
    #[serde(default = "one")]
    pub subdimensions: usize,
}

impl Sample for SubvectorLength {
    fn check(&self) -> Result<(), DistError> {
        ensure(self.dimensions >= 2, "SubvectorLength.dimensions", "at least 2", self.dimensions)?;
        ensure(
            (1..self.dimensions).contains(&self.subdimensions),
            "SubvectorLength.subdimensions",
            &format!("at least 1 and below dimensions ({})", self.dimensions),
            self.subdimensions,
        )
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, DistError> {
        SqrtBeta { n: self.dimensions - self.subdimensions, m: self.subdimensions }.sample(n, d, rng)
    }
}
