//! `Samples`: given samples, where a distribution is expected.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `values` | required | n samples, each of d numbers; both must be what is asked for |

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DistributionModel, equal_rows, room};
use crate::Element;
use crate::var::Var;

/// Given samples. In a model file, a list of numbers or of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Samples {
    /// n samples, each a vector of d numbers (a scalar has d = 1).
    pub values: Vec<Vec<f64>>,
}

impl Element for Samples {
    const NAME: &'static str = "samples";
    const PAGE: &'static str = include_str!("samples.rs");
    const IN_FILES: bool = false;
    fn example() -> Option<Samples> {
        Some(Samples::scalars(&[0.0]))
    }
}

impl Samples {
    /// Scalar samples.
    pub fn scalars(values: &[f64]) -> Samples {
        Samples { values: values.iter().map(|&v| vec![v]).collect() }
    }
}

impl DistributionModel for Samples {
    fn check(&self) -> Result<(), String> {
        equal_rows("values", &self.values)
    }

    fn sample(&self, n: usize, d: usize, _rng: &mut RandomState) -> Result<Vec<f64>, String> {
        let rows = self.values.len();
        if rows != n {
            return Err(format!("`values` must be the {n} samples that are asked for, found {rows}"));
        }
        if let Some(found) = self.values.first().map(Vec::len).filter(|f| *f != d) {
            return Err(format!("`values` must be samples of {d} dimensions, found {found}"));
        }
        let mut out = room(n, d)?;
        out.extend(self.values.iter().flatten());
        Ok(out)
    }

    fn fixed_shape(&self) -> Option<(usize, usize)> {
        Some((self.values.len(), self.values.first().map_or(0, Vec::len)))
    }

    fn vars(&self) -> Vec<Var> {
        vec![Var::list("values", "", &self.values.concat(), "the samples, one behind the other").when_built()]
    }
}
