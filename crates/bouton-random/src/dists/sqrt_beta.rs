//! `SqrtBeta`: the square root of a beta-distributed number.
//!
//! x = √y with y ~ Beta(m/2, n/2): the length of m coordinates of a random unit vector with n + m.
//!
//! | parameter | meaning | default |
//! |---|---|---|
//! | `n` | coordinates left out, at least 1 | required |
//! | `m` | coordinates of the part, at least 1 | 1 |
//!
//! Reference: A. R. Voelker, J. Gosmann and T. C. Stewart, "Efficiently sampling vectors and coordinates
//! from the n-sphere and n-ball", University of Waterloo, 2017.

use serde::{Deserialize, Serialize};

use super::{Sample, fill, one};
use crate::error::{DistError, ensure};
use crate::numpy::RandomState;

/// The square root of a Beta(m/2, n/2)-distributed number, in [0, 1].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqrtBeta {
    /// Coordinates left out, at least 1.
    pub n: usize,
    /// Coordinates of the part, at least 1. Default: 1.
    #[serde(default = "one")]
    pub m: usize,
}

impl Sample for SqrtBeta {
    fn check(&self) -> Result<(), DistError> {
        ensure(self.n >= 1, "SqrtBeta.n", "at least 1", self.n)?;
        ensure(self.m >= 1, "SqrtBeta.m", "at least 1", self.m)
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, DistError> {
        let (a, b) = (self.m as f64 / 2.0, self.n as f64 / 2.0);
        fill("SqrtBeta.sample", n, d, || rng.beta_unchecked(a, b).sqrt())
    }
}
