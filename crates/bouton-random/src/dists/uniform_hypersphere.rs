//! `UniformHypersphere`: independent points, uniform in the unit ball or on its surface.
//!
//! A vector of standard normals divided by its length is uniform on the sphere; in the ball it is stretched
//! by u^(1/d) with u uniform on [m^d, 1), which leaves out the ball of radius m (`min_magnitude`).
//!
//! | parameter | meaning | default |
//! |---|---|---|
//! | `surface` | on the sphere and not in the ball | false |
//! | `min_magnitude` | least length, from 0 to below 1; no effect on the surface | 0 |
//!
//! Reference: G. Marsaglia, Annals of Mathematical Statistics 43(2), 1972.

use serde::{Deserialize, Serialize};

use super::{Sample, ensure_min_magnitude};
use crate::error::DistError;
use crate::numpy::RandomState;

/// Independent points in or on the unit sphere.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UniformHypersphere {
    /// Whether points are on the sphere and not in the ball. Default: false.
    pub surface: bool,
    /// Least length of a point, from 0 to below 1; of no effect on the surface. Default: 0.
    pub min_magnitude: f64,
}

impl Sample for UniformHypersphere {
    fn check(&self) -> Result<(), DistError> {
        ensure_min_magnitude("UniformHypersphere.min_magnitude", self.min_magnitude)
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, DistError> {
        let mut points = rng.randn(n, d)?;
        for point in points.chunks_exact_mut(d) {
            let length = point.iter().map(|x| x * x).sum::<f64>().sqrt();
            point.iter_mut().for_each(|x| *x /= length);
        }
        if !self.surface {
            let low = libm::pow(self.min_magnitude, d as f64);
            let power = 1.0 / d as f64;
            // All directions are drawn before the first radius.
            for point in points.chunks_exact_mut(d) {
                let radius = libm::pow(rng.uniform(low, 1.0), power);
                point.iter_mut().for_each(|x| *x *= radius);
            }
        }
        Ok(points)
    }
}
