//! Mappings: what weight the devices of one synapse make.
//!
//! To add one: a file with a struct of parameters that implements [`MappingModel`], and a line in the list at the end of
//! this page's source.

mod pair;
mod single;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::list::element_list;

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

impl Side {
    /// `plus` or `minus`.
    pub fn name(self) -> &'static str {
        match self {
            Side::Plus => "plus",
            Side::Minus => "minus",
        }
    }
}

/// What a mapping is: which devices a synapse has. The weight is gain·(Σ g of plus devices − Σ g of minus devices), g the
/// normalised conductance.
pub trait MappingModel {
    /// The devices of a synapse, at most one for each side.
    fn sides(&self) -> &'static [Side];
}

element_list! {
    /// A mapping with its parameters.
    Mapping: dyn MappingModel {
        /// Two devices a synapse, one for each sign.
        Pair,
        /// One device a synapse. It only ever goes one way: learning needs a connection of the other sign beside it.
        Single,
    }
}

impl Default for Mapping {
    fn default() -> Mapping {
        Mapping::Pair(Pair {})
    }
}
