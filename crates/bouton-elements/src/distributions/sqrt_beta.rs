//! `SqrtBeta`: the square root of a beta-distributed number.
//!
//! x = √y with y ~ Beta(m/2, n/2): the length of m coordinates of a random unit vector with n + m.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `n` | required | coordinates left out, at least 1 |
//! | `m` | 1 | coordinates of the part, at least 1 |
//!
//! Reference: A. R. Voelker, J. Gosmann and T. C. Stewart, "Efficiently sampling vectors and coordinates
//! from the n-sphere and n-ball", University of Waterloo, 2017.

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DistributionModel, at_least, fill, from, one};
use crate::Element;
use crate::var::Var;

/// The square root of a Beta(m/2, n/2)-distributed number, in [0, 1].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqrtBeta {
    /// Coordinates left out, at least 1.
    #[schemars(range(min = 1))]
    pub n: usize,
    /// Coordinates of the part, at least 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub m: usize,
}

impl Element for SqrtBeta {
    const NAME: &'static str = "sqrt_beta";
    const PAGE: &'static str = include_str!("sqrt_beta.rs");
    fn example() -> Option<SqrtBeta> {
        Some(SqrtBeta { n: 1, m: 1 })
    }
}

impl DistributionModel for SqrtBeta {
    fn check(&self) -> Result<(), String> {
        at_least("n", 1, self.n)?;
        at_least("m", 1, self.m)
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        let (a, b) = (self.m as f64 / 2.0, self.n as f64 / 2.0);
        let mut out = fill(n, d, || 0.0)?;
        for x in &mut out {
            *x = rng.beta(a, b).map_err(|e| e.to_string())?.sqrt();
        }
        Ok(out)
    }

    fn vars(&self) -> Vec<Var> {
        vec![
            Var::fixed("n", "", self.n as f64, from(1.0), "coordinates left out, a whole number"),
            Var::fixed("m", "", self.m as f64, from(1.0), "coordinates of the part, a whole number"),
        ]
    }
}
