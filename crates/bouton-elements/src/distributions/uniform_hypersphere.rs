//! `UniformHypersphere`: independent points, uniform in the unit ball or on its surface.
//!
//! A vector of standard normals divided by its length is uniform on the sphere; in the ball it is stretched
//! by u^(1/d) with u uniform on [m^d, 1), which leaves out the ball of radius m (`min_magnitude`).
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `surface` | false | on the sphere and not in the ball |
//! | `min_magnitude` | 0 | least length, from 0 to below 1; no effect on the surface |
//!
//! Reference: G. Marsaglia, Annals of Mathematical Statistics 43(2), 1972.

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BELOW_1, DistributionModel};
use crate::Element;
use crate::var::Var;

/// Independent points in or on the unit sphere.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UniformHypersphere {
    /// Whether points are on the sphere and not in the ball.
    pub surface: bool,
    /// Least length of a point; of no effect on the surface.
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    pub min_magnitude: f64,
}

impl Element for UniformHypersphere {
    const NAME: &'static str = "uniform_hypersphere";
    const PAGE: &'static str = include_str!("uniform_hypersphere.rs");
}

impl DistributionModel for UniformHypersphere {
    fn check(&self) -> Result<(), String> {
        BELOW_1.check("min_magnitude", self.min_magnitude)
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        let mut points = rng.randn(n, d).map_err(|e| e.to_string())?;
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

    fn vars(&self) -> Vec<Var> {
        let least = "least length of a point; of no effect on the surface";
        vec![
            Var::flag("surface", self.surface, "whether points are on the sphere and not in the ball"),
            Var::fixed("min_magnitude", "", self.min_magnitude, BELOW_1, least),
        ]
    }
}
