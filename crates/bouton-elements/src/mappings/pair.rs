//! Two devices a synapse: w = gain·(g⁺ − g⁻). Has no parameters.
//!
//! A pulse on the plus device raises the weight, a pulse on the minus device lowers it, so that devices that only ever
//! gain conductance can learn both ways.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MappingModel, Side};
use crate::Element;
use crate::var::Var;

/// Two devices a synapse, one for each sign.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pair {}

impl Element for Pair {
    const NAME: &'static str = "pair";
    const PAGE: &'static str = include_str!("pair.rs");
}

impl MappingModel for Pair {
    fn sides(&self) -> &'static [Side] {
        &[Side::Plus, Side::Minus]
    }
    fn vars(&self) -> Vec<Var> {
        vec![]
    }
    #[inline(always)]
    fn weight(&self, gain: f64, g: &[f64]) -> f64 {
        gain * (g[0] - g[1])
    }
}
