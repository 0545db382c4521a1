//! Recursive least squares: Δ = −k·E ⊗ P·r, with P the running
//! inverse of the correlations of the activities before.
//!
//! In each step, with r the filtered activities of the n neurons before
//! and E the error (output − target):
//!
//! ```text
//! g = P·r    k = 1/(1 + r·g)    P ← P − k·g·gᵀ    Δ = −k·E ⊗ g
//! ```
//!
//! P begins as κ·dt/n on its diagonal, in the first step. With an error
//! that is that of the weights of the same step, the weights after any
//! number of steps are those of ridge regression on all activities until
//! then, with the regularisation λ = n/(κ·dt): Σ(W·r − y)² + λ·(W − W₀)².
//! So it learns in a part of a second what PES takes seconds for; a step
//! takes n² operations, and P n² numbers. The delta of step t acts at
//! t + 1. An error that comes later than that (through a synapse) is of
//! older weights: with a rate that is too high the first steps go too far,
//! and slow is the way back, because nothing is forgotten.
//!
//! | symbol | name | default | unit |
//! |---|---|---|---|
//! | κ | `learning_rate` | 1e-3 | 1/(s·Hz²) |
//! | – | `pre_synapse` | lowpass 0.005 | s |
//! | P | `P`, a state (n × n) | κ·dt/n | 1/Hz² |
//!
//! On weights onto neurons E is the error times the post ensemble's scaled
//! encoders, as it is for PES. Zeros that are written to `P` make it begin
//! anew. In single precision P holds seven digits, and small errors of it
//! add up: prefer double precision for long runs.
//!
//! ```toml
//! format = 1
//! [nodes.stim]
//! expression = "sin(6*t)"
//! [nodes.target]
//! expression = "-(sin(6*t)^2)"
//! [ensembles.a]
//! n_neurons = 50
//! [nodes.out]
//! passthrough = 1
//! [[connections]]
//! pre = "stim"
//! post = "a"
//! [[connections]]
//! name = "learned"
//! pre = "a"
//! post = "out"
//! synapse = 0.005
//! function = "0*x"
//! rule = { type = "rls", learning_rate = 0.01 }
//! [[connections]]
//! pre = "out"
//! post = "learned.rule"
//! synapse = false
//! [[connections]]
//! pre = "target"
//! post = "learned.rule"
//! synapse = 0.005
//! [probes.learned]
//! target = "out"
//! ```
//!
//! Reference: Sussillo & Abbott 2009, Generating coherent patterns of
//! activity from chaotic neural networks, Neuron 63:544 (FORCE); the form
//! with κ·dt/n is Nengo's.
//!
//! Checked against Nengo's class in whole models (70 and 71 of
//! `models_equal_nengo`), and against ridge regression on all activities
//! at once (`the_weights_are_those_of_ridge_regression`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Change, RuleInput, RuleModel, RuleStep, Source};
use crate::Element;
use crate::synapses::{Lowpass, Synapse};
use crate::var::{Bounds, Over, Start, Var};

/// Recursive least squares: weights that are those of ridge regression on all activities so far, step by step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rls {
    /// Learning rate κ (1/(s·Hz²)): the inverse of the regularisation.
    #[schemars(range(min = 0))]
    pub learning_rate: f64,
    /// Filter on the presynaptic activity.
    pub pre_synapse: Option<Synapse>,
}

impl Default for Rls {
    fn default() -> Rls {
        Rls { learning_rate: 1e-3, pre_synapse: Some(Lowpass::default().into()) }
    }
}

impl Element for Rls {
    const NAME: &'static str = "rls";
    const PAGE: &'static str = include_str!("rls.rs");
}

impl Rls {
    /// RLS with this learning rate and the default filter.
    pub fn new(learning_rate: f64) -> Rls {
        Rls { learning_rate, ..Rls::default() }
    }
}

impl RuleModel for Rls {
    fn check(&self) -> Result<(), String> {
        Bounds::AT_LEAST_0.check("learning_rate", self.learning_rate)?;
        self.pre_synapse.as_ref().map_or(Ok(()), |s| s.model().check())
    }
    fn inputs(&self) -> Vec<RuleInput> {
        vec![RuleInput {
            name: "activities".into(),
            source: Source::Pre,
            synapse: self.pre_synapse.clone(),
            state: None,
        }]
    }
    fn has_error(&self) -> bool {
        true
    }
    fn makes(&self) -> Change {
        Change::Outer(1)
    }
    fn step(&self, s: &mut RuleStep<'_, '_>) {
        let ([r], [p], [scale, post, pre]) = (s.inputs, &mut s.states[..], &mut s.parts[..]) else { return };
        let n = r.len();
        let level = bouton_kernels::Level::detect();
        // A P that begins is positive on its diagonal ever after, and so never all zeros.
        if p.iter().all(|p| *p == 0.0) {
            let start = self.learning_rate * s.dt / n as f64;
            p.iter_mut().step_by(n + 1).for_each(|p| *p = start);
        }
        // g = P·r.
        pre.fill(0.0);
        bouton_kernels::gemv_inc(level, p, n, n, r, pre);
        let k = 1.0 / (1.0 + r.iter().zip(&**pre).map(|(r, g)| r * g).sum::<f64>());
        // √k·g on both sides: what is taken off is symmetric to the bit, and P stays so.
        let root = k.sqrt();
        let half: &mut Vec<f64> = s.memory.of();
        half.clear();
        half.extend(pre.iter().map(|g| root * g));
        bouton_kernels::outer_inc(level, -1.0, half, half, p);
        scale[0] = k;
        post.iter_mut().zip(s.error).for_each(|(p, e)| *p = -e);
    }
    fn vars(&self) -> Vec<Var> {
        let doc = "learning rate κ: the inverse of the regularisation";
        vec![
            Var::fixed("learning_rate", "1/(s·Hz²)", self.learning_rate, Bounds::AT_LEAST_0, doc),
            Var::state("P", "1/Hz²", Over::PrePre, Start::Value(0.0), "inverse of the correlations before"),
        ]
    }
    fn set_parameter(&mut self, name: &str, _: f64) -> Result<(), String> {
        Err(format!(
            "RLS has no parameter `{name}` that can change while it runs: the learning rate is what its state `P` begins with"
        ))
    }
    fn travel(&self, _: f64, _: f64, _: usize, _: f64) -> Option<f64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RuleMemory;

    const N: usize = 6;
    const ROWS: usize = 2;
    const DT: f64 = 0.001;

    fn noise(seed: &mut u64) -> f64 {
        *seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (*seed >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Solves a·x = b by elimination with pivots; b has several columns.
    fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
        let n = a.len();
        for c in 0..n {
            let pivot = (c..n).max_by(|i, j| a[*i][c].abs().total_cmp(&a[*j][c].abs())).unwrap();
            a.swap(c, pivot);
            b.swap(c, pivot);
            let (row, right) = (a[c].clone(), b[c].clone());
            for i in (0..n).filter(|i| *i != c) {
                let f = a[i][c] / row[c];
                a[i].iter_mut().zip(&row).for_each(|(x, y)| *x -= f * y);
                b[i].iter_mut().zip(&right).for_each(|(x, y)| *x -= f * y);
            }
        }
        (0..n).map(|i| b[i].iter().map(|x| x / a[i][i]).collect()).collect()
    }

    #[test]
    fn the_weights_are_those_of_ridge_regression() {
        let rule = Rls::new(0.3);
        let mut seed = 7;
        let start: Vec<f64> = (0..ROWS * N).map(|_| 1e-3 * noise(&mut seed)).collect();
        let (mut w, mut p, mut memory) = (start.clone(), vec![0.0; N * N], RuleMemory::default());
        // λ = n/(κ·dt).
        let lambda = N as f64 / (0.3 * DT);
        let mut a = vec![vec![0.0; N]; N];
        let mut b = vec![vec![0.0; ROWS]; N];
        (0..N).for_each(|i| a[i][i] = lambda);
        for i in 0..N {
            (0..ROWS).for_each(|o| b[i][o] = lambda * start[o * N + i]);
        }
        for _ in 0..300 {
            let r: Vec<f64> = (0..N).map(|_| 200.0 * noise(&mut seed)).collect();
            let y = [r[0] * 0.02 - 1.0, (r[1] - r[2]) * 0.01 + 0.3];
            for i in 0..N {
                (0..N).for_each(|j| a[i][j] += r[i] * r[j]);
                (0..ROWS).for_each(|o| b[i][o] += r[i] * y[o]);
            }
            let error: Vec<f64> =
                (0..ROWS).map(|o| (0..N).map(|i| w[o * N + i] * r[i]).sum::<f64>() - y[o]).collect();
            let (mut scale, mut post, mut pre) = ([0.0], [0.0; ROWS], [0.0; N]);
            rule.step(&mut RuleStep {
                dt: DT,
                shape: (ROWS, N),
                parameters: &[],
                inputs: &[&r],
                error: &error,
                factors: &[],
                weights: &[],
                states: &mut [&mut p],
                parts: &mut [&mut scale, &mut post, &mut pre],
                memory: &mut memory,
            });
            for (k, w) in w.iter_mut().enumerate() {
                *w += scale[0] * post[k / N] * pre[k % N];
            }
        }
        let batch = solve(a.clone(), b);
        let moved = w.iter().zip(&start).map(|(w, s)| (w - s).abs()).fold(0.0, f64::max);
        for (k, w) in w.iter().enumerate() {
            let expected = batch[k % N][k / N];
            assert!((w - expected).abs() < 1e-9 * moved, "{k}: {w} for {expected}, moved {moved}");
        }
        // P is the inverse of what was summed.
        let unit: Vec<Vec<f64>> =
            (0..N).map(|i| (0..N).map(|j| f64::from(u8::from(i == j))).collect()).collect();
        let inverse = solve(a, unit);
        for i in 0..N {
            for j in 0..N {
                assert!((p[i * N + j] - inverse[i][j]).abs() < 1e-9 * inverse[i][i], "{i}, {j}");
                assert_eq!(p[i * N + j].to_bits(), p[j * N + i].to_bits(), "it stays symmetric");
            }
        }
    }
}
