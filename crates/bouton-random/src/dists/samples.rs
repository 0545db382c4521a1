//! `Samples`: given samples, where a distribution is expected.
//!
//! | parameter | meaning | default |
//! |---|---|---|
//! | `values` | n samples, each of d numbers; both must be what is asked for | required |

use serde::{Deserialize, Serialize};

use super::Sample;
use crate::error::{DistError, ensure, room};
use crate::numpy::RandomState;

/// Given samples. Draws nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Samples {
    /// n samples, each a vector of d numbers (a scalar has d = 1).
    pub values: Vec<Vec<f64>>,
}

impl Samples {
    /// Scalar samples.
    pub fn scalars(values: &[f64]) -> Samples {
        Samples { values: values.iter().map(|&v| vec![v]).collect() }
    }
}

impl Sample for Samples {
    fn check(&self) -> Result<(), DistError> {
        let d = self.values.first().map_or(0, Vec::len);
        for (i, value) in self.values.iter().enumerate() {
            let expected = format!("{d} numbers, as values[0] has");
            ensure(value.len() == d, &format!("Samples.values[{i}]"), &expected, value.len())?;
        }
        Ok(())
    }

    fn sample(&self, n: usize, d: usize, _rng: &mut RandomState) -> Result<Vec<f64>, DistError> {
        let rows = self.values.len();
        ensure(rows == n, "Samples.values", &format!("the {n} samples that are asked for"), rows)?;
        if let Some(first) = self.values.first() {
            let expected = format!("samples of {d} dimensions");
            ensure(first.len() == d, "Samples.values", &expected, first.len())?;
        }
        let mut out = room("Samples.sample", n, d)?;
        out.extend(self.values.iter().flatten());
        Ok(out)
    }
}
