//! `CosineSimilarity`: the cosine of the angle between two random vectors.
//!
//! A random sign times [`SqrtBeta`] with m = 1 and n = dimensions − 1: also a coordinate of a random unit
//! vector.
//!
//! | parameter | meaning | default |
//! |---|---|---|
//! | `dimensions` | dimensions of the vectors, at least 2 | required |
//!
//! Reference: A. R. Voelker, J. Gosmann and T. C. Stewart, "Efficiently sampling vectors and coordinates
//! from the n-sphere and n-ball", University of Waterloo, 2017.

use serde::{Deserialize, Serialize};

use super::{Sample, SqrtBeta, fill};
use crate::error::{DistError, ensure};
use crate::numpy::RandomState;

/// The cosine of the angle between two random vectors, in [−1, 1].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CosineSimilarity {
    /// Dimensions of the vectors, at least 2.
    pub dimensions: usize,
}

impl Sample for CosineSimilarity {
    fn check(&self) -> Result<(), DistError> {
        ensure(self.dimensions >= 2, "CosineSimilarity.dimensions", "at least 2", self.dimensions)
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, DistError> {
        // All signs are drawn before the first length.
        let mut out =
            fill("CosineSimilarity.sample", n, d, || if rng.random_sample() <= 0.5 { 1.0 } else { -1.0 })?;
        let lengths = SqrtBeta { n: self.dimensions - 1, m: 1 }.sample(n, d, rng)?;
        out.iter_mut().zip(lengths).for_each(|(v, length)| *v *= length);
        Ok(out)
    }
}
