//! Mappings: what weight the devices of one synapse make.
//!
//! To add one: a file with a struct of parameters that implements [`MappingModel`], and a line in the list at the end of
//! this page's source.

mod pair;
mod single;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use pair::Pair;
pub use single::{Sign, Single};

/// The side on which a device acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Its conductance raises the weight.
    Plus,
    /// Its conductance lowers the weight.
    Minus,
}

/// What a mapping is: which devices a synapse has. The weight is gain·(Σ g of plus devices − Σ g of minus devices), g the
/// normalised conductance.
pub trait MappingModel {
    /// The devices of a synapse, at most one for each side.
    fn sides(&self) -> &'static [Side];
}

macro_rules! mapping_list {
    ($($(#[$meta:meta])* $name:ident),* $(,)?) => {
        /// A mapping with its parameters. The list of all.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "type", rename_all = "snake_case")]
        pub enum Mapping {
            $($(#[$meta])* $name($name),)*
        }
        impl Mapping {
            /// The names of all mappings, as a model file writes them.
            pub const NAMES: &'static [&'static str] = &[$($name::NAME),*];
            /// What the mapping does.
            pub fn model(&self) -> &dyn MappingModel {
                match self { $(Mapping::$name(x) => x),* }
            }
        }
        $(impl From<$name> for Mapping {
            fn from(x: $name) -> Mapping { Mapping::$name(x) }
        })*
    };
}

mapping_list! {
    /// Two devices a synapse, one for each sign.
    Pair,
    /// One device a synapse.
    Single,
}

impl Default for Mapping {
    fn default() -> Mapping {
        Mapping::Pair(Pair {})
    }
}
