//! `CosineSimilarity`: the cosine of the angle between two random vectors.
//!
//! A random sign times [`SqrtBeta`] with m = 1 and n = dimensions − 1: also a coordinate of a random unit
//! vector.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `dimensions` | required | dimensions of the vectors, at least 2 |
//!
//! Reference: A. R. Voelker, J. Gosmann and T. C. Stewart, "Efficiently sampling vectors and coordinates
//! from the n-sphere and n-ball", University of Waterloo, 2017.

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DistributionModel, SqrtBeta, at_least, fill, from};
use crate::Element;
use crate::var::Var;

/// The cosine of the angle between two random vectors, in [−1, 1].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CosineSimilarity {
    /// Dimensions of the vectors, at least 2.
    #[schemars(range(min = 2))]
    pub dimensions: usize,
}

impl Element for CosineSimilarity {
    const NAME: &'static str = "cosine_similarity";
    const PAGE: &'static str = include_str!("cosine_similarity.rs");
    fn example() -> Option<CosineSimilarity> {
        Some(CosineSimilarity { dimensions: 2 })
    }
}

impl DistributionModel for CosineSimilarity {
    fn check(&self) -> Result<(), String> {
        at_least("dimensions", 2, self.dimensions)
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        // All signs are drawn before the first length.
        let mut out = fill(n, d, || if rng.random_sample() <= 0.5 { 1.0 } else { -1.0 })?;
        let lengths = SqrtBeta { n: self.dimensions - 1, m: 1 }.sample(n, d, rng)?;
        out.iter_mut().zip(lengths).for_each(|(v, length)| *v *= length);
        Ok(out)
    }

    fn vars(&self) -> Vec<Var> {
        let doc = "dimensions of the vectors, a whole number";
        vec![Var::fixed("dimensions", "", self.dimensions as f64, from(2.0), doc)]
    }
}
