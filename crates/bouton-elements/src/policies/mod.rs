//! Pulse policies: from the signed change that a rule wants to pulses on devices.
//!
//! To add one: a file with a struct of parameters, and a line in the list at the end of this page's source.

mod single_pulse;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::list::element_list;

pub use single_pulse::{Gate, SinglePulse};

/// The pulses of one step: which rows (post) want to go up or down, and which columns (pre) are open.
///
/// Every synapse of an open column gets a pulse on the device that moves its weight to the side of its row's sign.
#[derive(Clone, Debug, Default)]
pub struct Pulses {
    /// For each row +1 (raise), −1 (lower) or 0 (leave).
    pub rows: Vec<i8>,
    /// Open columns, ascending.
    pub columns: Vec<u32>,
    /// The same as a mask: 1 for each open column, else 0.
    pub open: Vec<f64>,
}

impl Pulses {
    /// Sets the open columns of `width`.
    pub fn open(&mut self, width: usize, columns: impl IntoIterator<Item = u32>) {
        self.columns.clear();
        self.columns.extend(columns);
        self.open.clear();
        self.open.resize(width, 0.0);
        for c in &self.columns {
            self.open[*c as usize] = 1.0;
        }
    }
}

/// A policy: makes [`Pulses`] of a separable change, post factor ⊗ pre activity.
pub trait PolicyModel {
    /// Refuses parameters that make no sense.
    fn check(&self) -> Result<(), String>;
    /// Whether the presynaptic activity is to be filtered first; otherwise the policy sees the spikes of the step.
    fn filtered(&self) -> bool;
    /// Names and values of the numbers that can be changed while the model runs.
    fn parameters(&self) -> Vec<(&'static str, f64)>;
    /// Changes one of them; an unknown name or a bad value is an error.
    fn set_parameter(&mut self, name: &str, value: f64) -> Result<(), String>;
    /// `change` is the wanted change of each row (in units of the rule), `activity` the presynaptic activity (Hz).
    fn pulses(&self, change: &[f64], activity: &[f64], out: &mut Pulses);
}

element_list! {
    /// A pulse policy with its parameters.
    Policy: dyn PolicyModel {
        /// One pulse a step on every synapse whose column is open.
        SinglePulse,
    }
}

impl Default for Policy {
    fn default() -> Policy {
        Policy::SinglePulse(SinglePulse::default())
    }
}
