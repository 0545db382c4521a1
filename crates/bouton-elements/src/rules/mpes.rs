//! Prescribed error sensitivity by pulses on memristors (mPES).
//!
//! The wanted change is PES's, −E ⊗ a; its sign, not its size, decides: the pulse policy gives pulses to the devices of
//! every synapse whose presynaptic neuron is active, on the side that moves the weight towards a smaller error. There is
//! no learning rate; the gain of the devices is the only scale.
//!
//! | parameter | default | unit |
//! |---|---|---|
//! | `pre_synapse` | lowpass 0.005 | s |
//! | `policy` | single_pulse | gate, threshold (Hz), dead band |
//!
//! E is the error times the scaled encoders of the post ensemble. Pulses act at once, after all readers of the step.
//!
//! Reference: Tiotto, Goossens, Borst, Banerjee & Taatgen 2021, Frontiers in Neuroscience 14:627276, algorithm 1.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Change, Pes, RuleInput, RuleModel, RuleStep, Source};
use crate::Element;
use crate::policies::Policy;
use crate::synapses::{Lowpass, Synapse};
use crate::var::Var;

/// Prescribed error sensitivity by pulses on memristors: where PES would raise a weight, a pulse on its plus device,
/// where it would lower one, on its minus device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mpes {
    /// Filter on the presynaptic activity, before the gate.
    pub pre_synapse: Option<Synapse>,
    /// How the wanted change becomes pulses.
    pub policy: Policy,
}

impl Default for Mpes {
    fn default() -> Mpes {
        Mpes { pre_synapse: Some(Lowpass::default().into()), policy: Policy::default() }
    }
}

impl Element for Mpes {
    const NAME: &'static str = "mpes";
    const PAGE: &'static str = include_str!("mpes.rs");
}

impl RuleModel for Mpes {
    fn check(&self) -> Result<(), String> {
        self.policy.model().check()?;
        self.pre_synapse.as_ref().map_or(Ok(()), |s| s.model().check())
    }
    fn inputs(&self) -> Vec<RuleInput> {
        // The spikes themselves pass a filter that does nothing, so that the gate can change while the model runs.
        let synapse = match &self.pre_synapse {
            Some(s) if self.policy.model().filtered() => s.clone(),
            _ => Lowpass { tau: 0.0 }.into(),
        };
        vec![RuleInput {
            name: "activities".into(),
            source: Source::Pre,
            synapse: Some(synapse),
            state: None,
        }]
    }
    fn has_error(&self) -> bool {
        true
    }
    fn makes(&self) -> Change {
        Change::Outer(1)
    }
    fn policy(&self) -> Option<&Policy> {
        Some(&self.policy)
    }
    fn step(&self, s: &mut RuleStep<'_, '_>) {
        // What PES wants; the rate is the devices' affair.
        let RuleStep { dt, shape, inputs, error, .. } = *s;
        Pes::default().step(&mut RuleStep {
            dt,
            shape,
            parameters: &[1.0],
            inputs,
            error,
            factors: &[],
            weights: &[],
            states: &mut [],
            parts: &mut *s.parts,
            memory: &mut *s.memory,
        });
    }
    fn vars(&self) -> Vec<Var> {
        vec![]
    }
    fn set_parameter(&mut self, name: &str, value: f64) -> Result<(), String> {
        self.policy.model_mut().set_parameter(name, value)
    }
    fn travel(&self, _: f64, _: f64, _: usize, _: f64) -> Option<f64> {
        None
    }
}
