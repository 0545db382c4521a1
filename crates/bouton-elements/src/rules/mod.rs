//! Learning rules.
//!
//! To add one: a file with a struct of parameters that implements [`RuleModel`], and a line in the list at the end of
//! this page's source. A rule declares what it reads and when its change acts; the engine wires that up.

mod change;
mod mpes;
mod pes;

use std::fmt::Debug;

use bouton_kernels::{Level, Real};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::list::element_list;

pub use change::Change;
pub use mpes::Mpes;
pub use pes::Pes;

use crate::policies::Policy;
use crate::synapses::Synapse;

/// Where a rule's input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Activity of the presynaptic neurons (one value a column).
    Pre,
    /// Activity of the postsynaptic neurons (one value a row).
    Post,
}

/// An input of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleInput {
    /// Its name, for probes and messages.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// Filter on it; `None` reads the activity of the same step, unfiltered.
    pub synapse: Option<Synapse>,
}

/// When a rule's change acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Applies {
    /// The delta of step t is added to the weights in step t + 1, before transmission.
    #[default]
    NextStep,
    /// Written after all readers of step t: probes see it at t, transmission at t + 1.
    Now,
}

/// What a rule changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Acts {
    /// The weights, by a delta.
    OnWeights(Applies),
    /// Devices, by pulses of this policy. The change acts at once, after all readers of the step.
    OnDevices(Policy),
}

/// What one step of a rule reads and writes. Matrices are row-major, post × pre.
pub struct RuleStep<'a, T> {
    /// SIMD level for kernels.
    pub level: Level,
    /// Time step (s).
    pub dt: T,
    /// The inputs, in the order in which the rule declared them.
    pub inputs: &'a [&'a [T]],
    /// The error: one value a row. For weights onto neurons it is already encoded (encoders · error).
    pub error: &'a [T],
    /// The change of this step, to be set.
    pub delta: &'a mut [T],
}

/// What a rule is.
pub trait RuleModel: Debug + Send + Sync {
    /// Refuses parameters that make no sense.
    fn check(&self) -> Result<(), String>;
    /// Inputs beside the error.
    fn inputs(&self) -> Vec<RuleInput>;
    /// Whether the rule has an error, which connections to the rule deliver.
    fn has_error(&self) -> bool;
    /// What it changes, and when.
    fn acts(&self) -> Acts;
    /// One step in double precision: sets `delta`. Rules on devices leave it alone; their wanted change is
    /// −error ⊗ input 0, and the policy makes pulses of it.
    fn step_f64(&self, s: &mut RuleStep<'_, f64>);
    /// One step in single precision.
    fn step_f32(&self, s: &mut RuleStep<'_, f32>);
    /// The names and values of the numbers that can be changed while the model runs.
    fn parameters(&self) -> Vec<(&'static str, f64)>;
    /// Changes one of them; an unknown name is an error.
    fn set_parameter(&mut self, name: &str, value: f64) -> Result<(), String>;
    /// How far (rms over rows and columns, in units of weight) the rule can move the weights in `seconds` when the
    /// error (per row) and the presynaptic activity (Hz) have these rms values. `None` if the rule can't say.
    fn travel(&self, error: f64, activity: f64, columns: usize, seconds: f64) -> Option<f64>;
}

/// Picks the step of the simulation's number type.
pub trait RuleReal: Real {
    /// One step of `rule`.
    fn rule_step(rule: &dyn RuleModel, s: &mut RuleStep<'_, Self>);
}
impl RuleReal for f64 {
    fn rule_step(rule: &dyn RuleModel, s: &mut RuleStep<'_, f64>) {
        rule.step_f64(s);
    }
}
impl RuleReal for f32 {
    fn rule_step(rule: &dyn RuleModel, s: &mut RuleStep<'_, f32>) {
        rule.step_f32(s);
    }
}

element_list! {
    /// A learning rule with its parameters.
    Rule: dyn RuleModel {
        /// Prescribed error sensitivity: Δ = −(κ·dt/n)·E ⊗ a, E the error and a the filtered activity of the n presynaptic
        /// neurons.
        Pes,
        /// Prescribed error sensitivity by pulses on memristors: where PES would raise a weight, a pulse on its plus device,
        /// where it would lower one, on its minus device.
        Mpes,
    }
}
