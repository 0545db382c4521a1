//! Synapses: linear filters on whatever a connection carries.
//!
//! To add one: a file with a struct of parameters that implements [`SynapseModel`], and a line in the list at the end of
//! this page's source.

mod alpha;
mod linear;
mod lowpass;
mod statespace;

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use alpha::Alpha;
pub use linear::LinearFilter;
pub use lowpass::Lowpass;
pub use statespace::{Filter, StateSpace};

/// What a synapse is: a transfer function, and how it steps.
pub trait SynapseModel: Debug + Send + Sync {
    /// Refuses parameters that make no sense; the message names the parameter, what was expected and what was found.
    fn check(&self) -> Result<(), String>;
    /// The discrete filter for a time step `dt` (s), by zero-order hold: exact for inputs that are constant in a step.
    fn discretise(&self, dt: f64) -> Result<Filter, String>;
}

macro_rules! synapse_list {
    ($($(#[$meta:meta])* $name:ident),* $(,)?) => {
        /// A synapse with its parameters. The list of all.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "type", rename_all = "snake_case")]
        pub enum Synapse {
            $($(#[$meta])* $name($name),)*
        }
        impl Synapse {
            /// The names of all synapses, as a model file writes them.
            pub const NAMES: &'static [&'static str] = &[$($name::NAME),*];
            /// The name of this synapse, as a model file writes it.
            pub fn name(&self) -> &'static str {
                match self { $(Synapse::$name(_) => $name::NAME),* }
            }
            /// What the synapse does.
            pub fn model(&self) -> &dyn SynapseModel {
                match self { $(Synapse::$name(x) => x),* }
            }
        }
        $(impl From<$name> for Synapse {
            fn from(x: $name) -> Synapse { Synapse::$name(x) }
        })*
    };
}

synapse_list! {
    /// First-order low-pass filter.
    Lowpass,
    /// Alpha function: two equal low-pass filters in a row.
    Alpha,
    /// Any rational transfer function.
    LinearFilter,
}

/// A number is a low-pass filter with that time constant (s).
impl From<f64> for Synapse {
    fn from(tau: f64) -> Synapse {
        Lowpass { tau }.into()
    }
}
