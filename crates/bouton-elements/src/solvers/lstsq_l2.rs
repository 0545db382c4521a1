//! Least squares with L2 regularisation: argmin ‖A·D − Y‖² + m·σ²·‖D‖², σ = reg·max(A), m evaluation points.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | reg | `reg` | 0.1 | share of the highest activity |
//! | – | `weights` | false | solve for full connection weights |
//!
//! Solved by Cholesky factorisation of AᵀA + mσ²I (of AAᵀ + mσ²I when there are fewer points than neurons).
//!
//! Reference: Eliasmith & Anderson 2003, Neural Engineering, appendix A; regularisation as noise of a share `reg` of the
//! highest rate.

use bouton_random::RandomState;
use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Side};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SolveShape, SolverModel};
use crate::Element;
use crate::var::{Bounds, Var};

/// Least squares with L2 regularisation: argmin ‖A·D − Y‖² + m·σ²·‖D‖², σ = reg·max(A), for the activities A at m
/// evaluation points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LstsqL2 {
    /// Regularisation, as a share of the highest activity.
    #[schemars(range(min = 0))]
    pub reg: f64,
    /// Whether full connection weights are made.
    pub weights: bool,
}

impl Default for LstsqL2 {
    fn default() -> LstsqL2 {
        LstsqL2 { reg: 0.1, weights: false }
    }
}

impl Element for LstsqL2 {
    const NAME: &'static str = "lstsq_l2";
    const PAGE: &'static str = include_str!("lstsq_l2.rs");
}

impl SolverModel for LstsqL2 {
    fn weights(&self) -> bool {
        self.weights
    }
    fn check(&self) -> Result<(), String> {
        Bounds::AT_LEAST_0.check("reg", self.reg)
    }
    fn vars(&self) -> Vec<Var> {
        let reg = "regularisation, as a share of the highest activity";
        vec![
            Var::fixed("reg", "", self.reg, Bounds::AT_LEAST_0, reg),
            Var::flag("weights", self.weights, "whether full connection weights are made"),
        ]
    }
    fn solve(
        &self,
        a: &[f64],
        y: &[f64],
        shape: SolveShape,
        _: &mut RandomState,
    ) -> Result<Vec<f64>, String> {
        let SolveShape { points: m, neurons: n, dimensions: d } = shape;
        let sigma = self.reg * a.iter().fold(f64::NEG_INFINITY, |x, y| x.max(*y));
        let ridge = m as f64 * sigma * sigma;
        let a = MatRef::from_row_major_slice(a, m, n);
        let y = MatRef::from_row_major_slice(y, m, d);
        let by_points = m < n;
        let k = if by_points { m } else { n };
        let mut gram = Mat::<f64>::zeros(k, k);
        let (l, r) = if by_points { (a, a.transpose()) } else { (a.transpose(), a) };
        // Only the lower triangle is computed and read.
        faer::linalg::matmul::triangular::matmul(
            gram.as_mut(),
            faer::linalg::matmul::triangular::BlockStructure::TriangularLower,
            faer::Accum::Replace,
            l,
            faer::linalg::matmul::triangular::BlockStructure::Rectangular,
            r,
            faer::linalg::matmul::triangular::BlockStructure::Rectangular,
            1.0,
            faer::Par::Seq,
        );
        for i in 0..k {
            gram[(i, i)] += ridge;
        }
        let factor = gram.llt(Side::Lower).map_err(|_| {
            format!(
                "the activities of {n} neurons at {m} evaluation points can't be solved with `reg` = {}: \
                 the system is singular; use a larger `reg` or more evaluation points",
                self.reg
            )
        })?;
        let x = if by_points { a.transpose() * factor.solve(y) } else { factor.solve(a.transpose() * y) };
        Ok((0..n * d).map(|i| x[(i / d, i % d)]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_solution_satisfies_the_normal_equations() {
        let mut rng = RandomState::new(7);
        for (m, n) in [(40, 12), (12, 40)] {
            let a: Vec<f64> = (0..m * n).map(|_| rng.uniform(0.0, 300.0)).collect();
            let y: Vec<f64> = (0..m * 2).map(|_| rng.uniform(-1.0, 1.0)).collect();
            let solver = LstsqL2::default();
            let x =
                solver.solve(&a, &y, SolveShape { points: m, neurons: n, dimensions: 2 }, &mut rng).unwrap();
            let sigma = 0.1 * a.iter().fold(0.0f64, |s, v| s.max(*v));
            // Aᵀ(A·x − y) + mσ²x = 0, to rounding of numbers of the size of AᵀA·x.
            for k in 0..2 {
                let residual: Vec<f64> = (0..m)
                    .map(|p| (0..n).map(|i| a[p * n + i] * x[i * 2 + k]).sum::<f64>() - y[p * 2 + k])
                    .collect();
                for i in 0..n {
                    let g: f64 = (0..m).map(|p| a[p * n + i] * residual[p]).sum::<f64>();
                    let r = g + m as f64 * sigma * sigma * x[i * 2 + k];
                    assert!(r.abs() < 1e-8 * g.abs().max(1.0), "gradient {r}");
                }
            }
        }
    }
}
