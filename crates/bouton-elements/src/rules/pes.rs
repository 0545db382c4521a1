//! Prescribed error sensitivity: Δ = −(κ·dt/n)·E ⊗ a.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | κ | `learning_rate` | 1e-4 | 1/(s·Hz) |
//! | – | `pre_synapse` | lowpass 0.005 | s |
//!
//! a is the filtered activity of the n presynaptic neurons, E the error (post − target). On weights onto neurons E is the
//! error times the post ensemble's scaled encoders. The delta of step t acts at t + 1.
//!
//! Reference: MacNeil & Eliasmith 2011, Fine-tuning and the stability of recurrent neural networks, PLoS ONE 6:e22885.

use bouton_kernels::{Real, outer_set};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Acts, Applies, RuleInput, RuleModel, RuleStep, Source};
use crate::neurons::check_number;
use crate::synapses::{Lowpass, Synapse};

/// Prescribed error sensitivity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pes {
    /// Learning rate κ (1/(s·Hz)).
    #[schemars(range(min = 0))]
    pub learning_rate: f64,
    /// Filter on the presynaptic activity.
    pub pre_synapse: Option<Synapse>,
}

impl Default for Pes {
    fn default() -> Pes {
        Pes { learning_rate: 1e-4, pre_synapse: Some(Lowpass::default().into()) }
    }
}

impl Pes {
    pub(super) const NAME: &'static str = "pes";

    /// PES with this learning rate and the default filter.
    pub fn new(learning_rate: f64) -> Pes {
        Pes { learning_rate, ..Pes::default() }
    }

    fn step<T: Real>(&self, s: &mut RuleStep<'_, T>) {
        let pre = s.inputs[0];
        let factor = T::of(-self.learning_rate * s.dt.f64() / pre.len() as f64);
        // A few rows: the factor of each on the stack. The product (factor·E)·a is in Nengo's order.
        for (row, e) in s.delta.chunks_exact_mut(pre.len().max(1)).zip(s.error) {
            outer_set(s.level, &[factor * *e], pre, row);
        }
    }
}

impl RuleModel for Pes {
    fn check(&self) -> Result<(), String> {
        check_number("learning_rate", self.learning_rate, 0.0, false)?;
        self.pre_synapse.as_ref().map_or(Ok(()), |s| s.model().check())
    }
    fn inputs(&self) -> Vec<RuleInput> {
        vec![RuleInput { name: "activities".into(), source: Source::Pre, synapse: self.pre_synapse.clone() }]
    }
    fn has_error(&self) -> bool {
        true
    }
    fn acts(&self) -> Acts {
        Acts::OnWeights(Applies::NextStep)
    }
    fn step_f64(&self, s: &mut RuleStep<'_, f64>) {
        self.step(s);
    }
    fn step_f32(&self, s: &mut RuleStep<'_, f32>) {
        self.step(s);
    }
    fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![("learning_rate", self.learning_rate)]
    }
    fn set_parameter(&mut self, name: &str, value: f64) -> Result<(), String> {
        if name != "learning_rate" {
            return Err(format!(
                "PES has no parameter `{name}` that can change while it runs; it has `learning_rate`"
            ));
        }
        check_number("learning_rate", value, 0.0, false)?;
        self.learning_rate = value;
        Ok(())
    }
    fn travel(&self, error: f64, activity: f64, columns: usize, seconds: f64) -> Option<f64> {
        Some(self.learning_rate * seconds * error * activity / columns as f64)
    }
}
