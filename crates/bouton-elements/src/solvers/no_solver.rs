//! No solving: the decoders are given, or zero (for learning from scratch).
//!
//! | parameter | default | unit |
//! |---|---|---|
//! | `values` | zeros | decoders, one row a result (dimensions × neurons), as weights are read and recorded |
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
    /// Decoders, one row a result and one column a neuron, as weights are read and recorded; zeros when left out.
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
        let doc = "decoders, one row a result; zeros when left out";
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
        let has = |rows: usize, width: usize| values.len() == rows && values.iter().all(|r| r.len() == width);
        if !has(d, n) {
            let way = if has(n, d) { "; transpose them" } else { "" };
            return Err(format!(
                "`values` must have {d} rows (results) of {n} numbers (neurons), as weights have, found {} rows of {}{way}",
                values.len(),
                values.first().map_or(0, Vec::len)
            ));
        }
        Ok((0..n).flat_map(|i| values.iter().map(move |r| r[i])).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_as_weights_do() {
        let solve = |values: &[&[f64]]| {
            let values = Some(values.iter().map(|r| r.to_vec()).collect());
            let shape = SolveShape { points: 1, neurons: 3, dimensions: 2 };
            NoSolver { values, weights: false }.solve(&[], &[], shape, &mut RandomState::new(0))
        };
        // Decoders: a row a neuron.
        assert_eq!(solve(&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]]).unwrap(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        let e = solve(&[&[1.0, 4.0], &[2.0, 5.0], &[3.0, 6.0]]).unwrap_err();
        assert!(e.contains("2 rows (results) of 3 numbers") && e.contains("transpose"), "{e}");
        assert!(!solve(&[&[1.0]]).unwrap_err().contains("transpose"));
    }
}
