//! Synapses: linear filters on whatever a connection carries.
//!
//! To add one: a file with a struct of parameters that implements [`SynapseModel`] and [`Element`](crate::Element), and a line
//! in the list at the end of this page's source; from another crate, [`register_synapse`]. Model files, their schema,
//! `bouton list` and the generic tests follow.

mod alpha;
mod linear;
mod lowpass;
mod statespace;

use crate::DynElement;
use crate::list::element_list;
use crate::var::{Var, parameter_values};

pub use alpha::Alpha;
pub use linear::LinearFilter;
pub use lowpass::Lowpass;
pub use statespace::{Filter, StateSpace};

/// What a synapse is: a transfer function, and how it steps.
pub trait SynapseModel: DynElement {
    /// Refuses parameters that make no sense; the message names the parameter, what was expected and what was found.
    fn check(&self) -> Result<(), String>;
    /// The parameters that can change while the model runs, with their present values.
    fn vars(&self) -> Vec<Var>;
    /// The discrete filter for a time step `dt` (s), by zero-order hold: exact for inputs that are constant in a step.
    /// `parameters` are those of the moment, in the order of [`vars`](SynapseModel::vars), lists one number behind the
    /// other; they may have changed since `self` was made, and nonsense among them is refused.
    fn discretise(&self, dt: f64, parameters: &[f64]) -> Result<Filter, String>;
    /// The same with its own parameters.
    fn filter(&self, dt: f64) -> Result<Filter, String> {
        self.discretise(dt, &parameter_values(&self.vars()))
    }
}

element_list! {
    /// A synapse with its parameters.
    Synapse: dyn SynapseModel, "synapses", register_synapse, |m| m.vars() => {
        /// First-order low-pass filter: 1/(τs + 1).
        Lowpass,
        /// Alpha function: two equal low-pass filters in a row, 1/(τs + 1)².
        Alpha,
        /// Any rational transfer function: num(s)/den(s).
        LinearFilter,
    }
}

/// A number is a low-pass filter with that time constant (s).
impl From<f64> for Synapse {
    fn from(tau: f64) -> Synapse {
        Lowpass { tau }.into()
    }
}
