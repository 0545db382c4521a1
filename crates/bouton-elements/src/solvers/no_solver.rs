//! No solving: the decoders are given, or zero (for learning from scratch).
//!
//! | parameter | default | unit |
//! |---|---|---|
//! | `values` | zeros | decoders, one row a neuron (neurons × dimensions) |
//! | `weights` | false | make full connection weights of them |

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SolveShape, SolverModel};
use crate::Element;
use crate::var::{Bounds, Var};

/// No solving: given decoders, or zeros.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NoSolver {
    /// Decoders, one row a neuron; zeros when left out.
    pub values: Option<Vec<Vec<f64>>>,
    /// Whether full connection weights are made.
    pub weights: bool,
}

impl Element for NoSolver {
    const NAME: &'static str = "no_solver";
    const PAGE: &'static str = include_str!("no_solver.rs");
}

impl SolverModel for NoSolver {
    fn weights(&self) -> bool {
        self.weights
    }
    fn needs_activities(&self) -> bool {
        false
    }
    fn check(&self) -> Result<(), String> {
        let bad = self.values.iter().flatten().flatten().find(|v| !v.is_finite());
        bad.map_or(Ok(()), |v| Err(format!("`values` must be finite, found {v}")))
    }
    fn vars(&self) -> Vec<Var> {
        let doc = "decoders, one row a neuron; zeros when left out";
        let values = match &self.values {
            Some(rows) => Var::list("values", "", &rows.concat(), doc).when_built(),
            None => Var::optional("values", "", None, Bounds::ANY, doc),
        };
        vec![values, Var::flag("weights", self.weights, "whether full connection weights are made")]
    }
    fn solve(
        &self,
        _: &[f64],
        _: &[f64],
        shape: SolveShape,
        _: &mut RandomState,
    ) -> Result<Vec<f64>, String> {
        let (n, d) = (shape.neurons, shape.dimensions);
        let Some(values) = &self.values else { return Ok(vec![0.0; n * d]) };
        if values.len() != n || values.iter().any(|r| r.len() != d) {
            return Err(format!(
                "`values` must have {n} rows (neurons) of {d} numbers (dimensions), found {} rows of {}",
                values.len(),
                values.first().map_or(0, Vec::len)
            ));
        }
        Ok(values.concat())
    }
}
