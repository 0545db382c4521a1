//! One device a synapse: w = gain·g (excitatory) or w = −gain·g (inhibitory).
//!
//! | parameter | default |
//! |---|---|
//! | `sign` | excitatory |
//!
//! An excitatory device is pulsed when its weight should rise, an inhibitory one when it should fall; the other way there
//! is no pulse.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MappingModel, Side};
use crate::Element;
use crate::var::Var;

/// The sign of a single device's weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// w = gain·g; the device is on the plus side.
    #[default]
    Excitatory,
    /// w = −gain·g; the device is on the minus side.
    Inhibitory,
}

/// One device a synapse. It only ever goes one way: learning needs a connection of the other sign beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Single {
    /// The sign of the weight.
    pub sign: Sign,
}

impl Element for Single {
    const NAME: &'static str = "single";
    const PAGE: &'static str = include_str!("single.rs");
}

impl MappingModel for Single {
    fn sides(&self) -> &'static [Side] {
        match self.sign {
            Sign::Excitatory => &[Side::Plus],
            Sign::Inhibitory => &[Side::Minus],
        }
    }
    fn vars(&self) -> Vec<Var> {
        vec![Var::choice("sign", &self.sign, "the sign of the weight")]
    }
    fn weight(&self, gain: f64, g: &[f64]) -> f64 {
        match self.sign {
            Sign::Excitatory => gain * g[0],
            Sign::Inhibitory => -gain * g[0],
        }
    }
}
