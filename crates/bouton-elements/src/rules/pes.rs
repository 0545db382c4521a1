//! Prescribed error sensitivity: Δ = −(κ·dt/n)·E ⊗ a.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | κ | `learning_rate` | 1e-4 | 1/(s·Hz) |
//! | – | `pre_synapse` | lowpass 0.005 | s |
//!
//! a is the filtered activity of the n presynaptic neurons, E the error (post − target). On weights onto neurons E is the
//! error times the post ensemble's scaled encoders. The delta of step t acts at t + 1. On devices the pulse policy is given
//! −E and a, and acts at once.
//!
//! Reference: MacNeil & Eliasmith 2011, Fine-tuning and the stability of recurrent neural networks, PLoS ONE 6:e22885.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Change, RuleInput, RuleModel, RuleStep, Source};
use crate::Element;
use crate::synapses::{Lowpass, Synapse};
use crate::var::{Bounds, Var};

/// Prescribed error sensitivity: Δ = −(κ·dt/n)·E ⊗ a, E the error and a the filtered activity of the n presynaptic
/// neurons.
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

impl Element for Pes {
    const NAME: &'static str = "pes";
    const PAGE: &'static str = include_str!("pes.rs");
}

impl Pes {
    /// PES with this learning rate and the default filter.
    pub fn new(learning_rate: f64) -> Pes {
        Pes { learning_rate, ..Pes::default() }
    }
}

impl RuleModel for Pes {
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
    fn linear_in_error(&self) -> bool {
        true
    }
    fn spares_rows(&self) -> bool {
        true
    }
    fn post_of_error(&self, _: &mut RuleStep<'_, '_>, error: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(error).for_each(|(p, e)| *p = -e);
    }
    fn makes(&self) -> Change {
        Change::Outer(1)
    }
    fn step(&self, s: &mut RuleStep<'_, '_>) {
        if let ([pre], [scale, post, activities]) = (s.inputs, &mut s.parts[..]) {
            // (κ·dt/n · −E)·a: products in Nengo's order.
            scale[0] = s.parameters[0] * s.dt / pre.len() as f64;
            post.iter_mut().zip(s.error).for_each(|(p, e)| *p = -e);
            activities.copy_from_slice(pre);
        }
    }
    fn vars(&self) -> Vec<Var> {
        vec![Var::parameter(
            "learning_rate",
            "1/(s·Hz)",
            self.learning_rate,
            Bounds::AT_LEAST_0,
            "learning rate κ",
        )]
    }
    fn set_parameter(&mut self, name: &str, value: f64) -> Result<(), String> {
        if name != "learning_rate" {
            return Err(format!(
                "PES has no parameter `{name}` that can change while it runs; it has `learning_rate`"
            ));
        }
        Bounds::AT_LEAST_0.check("learning_rate", value)?;
        self.learning_rate = value;
        Ok(())
    }
    fn travel(&self, error: f64, activity: f64, columns: usize, seconds: f64) -> Option<f64> {
        Some(self.learning_rate * seconds * error * activity / columns as f64)
    }
}
