//! `PDF`: any density of one number, as probabilities of points.
//!
//! A sample lies between two points; the distribution function passes
//! p₁ + … + pᵢ₋₁ + pᵢ/2 at point i and is straight in between. The first and
//! the last point have half of their probability each.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `x` | required | the points, ascending |
//! | `p` | required | their probabilities, of the sum 1 |

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DistributionModel, room};
use crate::Element;
use crate::interpolate::interpolated;
use crate::var::{Bounds, Var};

/// Any density of one number: points with their probabilities, and straight lines between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pdf {
    /// The points, ascending.
    pub x: Vec<f64>,
    /// Their probabilities, of the sum 1.
    pub p: Vec<f64>,
}

impl Element for Pdf {
    const NAME: &'static str = "pdf";
    const PAGE: &'static str = include_str!("pdf.rs");
    fn example() -> Option<Pdf> {
        Some(Pdf { x: vec![0.0, 1.0], p: vec![0.5, 0.5] })
    }
}

impl DistributionModel for Pdf {
    fn check(&self) -> Result<(), String> {
        if self.x.is_empty() || self.x.len() != self.p.len() {
            return Err(format!(
                "`x` and `p` must be as many, at least one, found {} and {}",
                self.x.len(),
                self.p.len()
            ));
        }
        if !self.x.iter().all(|x| x.is_finite()) || self.x.windows(2).any(|w| w[0] >= w[1]) {
            return Err("`x` must be finite and ascending".into());
        }
        if let Some(p) = self.p.iter().find(|p| !p.is_finite() || **p < 0.0) {
            return Err(format!("`p` must be finite and at least 0, found {p}"));
        }
        let sum: f64 = self.p.iter().sum();
        if (sum - 1.0).abs() > 1e-8 {
            return Err(format!("`p` must have the sum 1, found {sum}; divide each by that"));
        }
        Ok(())
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        let mut out = room(n, d)?;
        let mut sum = 0.0;
        let half = |p: &f64| {
            let before = 0.5 * sum;
            sum += p;
            before + 0.5 * sum
        };
        let passed: Vec<f64> = self.p.iter().map(half).collect();
        out.extend((0..n * d).map(|_| interpolated(rng.random_sample(), &passed, &self.x)));
        Ok(out)
    }

    fn vars(&self) -> Vec<Var> {
        vec![
            Var::list("x", "", &self.x, "the points, ascending").when_built(),
            Var::list("p", "", &self.p, "their probabilities, of the sum 1")
                .within(Bounds::AT_LEAST_0)
                .when_built(),
        ]
    }
}
