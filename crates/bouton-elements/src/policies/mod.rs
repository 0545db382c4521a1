//! Pulse policies: from the signed change that a rule wants to pulses on devices.
//!
//! To add one: a file with a struct of parameters that implements [`PolicyModel`] and [`Element`](crate::Element), and a line
//! in the list at the end of this page's source; from another crate, [`register_policy`]. Model files, their schema,
//! `bouton list` and the generic tests follow.

use crate::DynElement;
use crate::list::element_list;
use crate::var::Var;

pub use single_pulse::Gate;

/// What a rule wants of devices.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// An outer product, without the learning rate: one factor a row, one a column.
    Outer {
        /// Of each row (post), in the rule's units: of PES, minus the error.
        post: &'a [f64],
        /// Of each column (pre): of PES, the filtered activity.
        pre: &'a [f64],
    },
    /// A change of each weight, row-major, in units of weight.
    Dense(&'a [f64]),
}

/// The pulses of one step: which rows (post) want to go up or down, and which columns (pre) are open.
///
/// Every synapse of an open column gets a pulse on the device that moves its weight to the side of its row's sign, or of
/// its own, where each has one.
#[derive(Clone, Debug, Default)]
pub struct Pulses {
    /// For each row +1 (raise), −1 (lower) or 0 (leave).
    pub rows: Vec<i8>,
    /// The same for each synapse, row-major, in the place of `rows`; empty where rows do.
    pub signs: Vec<i8>,
    /// Open columns, ascending.
    pub columns: Vec<u32>,
    /// The same as a mask: 1 for each open column, else 0.
    pub open: Vec<f64>,
}

impl Pulses {
    /// No pulse at all.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.signs.clear();
        self.columns.clear();
    }
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

/// A policy: makes [`Pulses`] of what a rule wants.
pub trait PolicyModel: DynElement {
    /// Refuses parameters that make no sense.
    fn check(&self) -> Result<(), String>;
    /// Whether the presynaptic activity is to be filtered first; otherwise the policy sees the spikes of the step.
    fn filtered(&self) -> bool;
    /// The parameters that can change while the model runs, with their present values, and those that are
    /// [fixed](crate::var::Role::Fixed).
    fn vars(&self) -> Vec<Var>;
    /// Changes one of them; an unknown name or a bad value is an error.
    fn set_parameter(&mut self, name: &str, value: f64) -> Result<(), String>;
    /// `parameters` as they are now, in the order of [`vars`](PolicyModel::vars); `activity` is the presynaptic
    /// activity (Hz).
    fn pulses(&self, parameters: &[f64], wanted: Wanted<'_>, activity: &[f64], out: &mut Pulses);
}

element_list! {
    /// A pulse policy with its parameters.
    Policy: dyn PolicyModel, "policies", register_policy, |m| m.vars() => {
        single_pulse::SinglePulse,
    }
}

impl Default for Policy {
    fn default() -> Policy {
        SinglePulse::default().into()
    }
}
