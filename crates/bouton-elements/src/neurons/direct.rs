//! No neurons: an ensemble's value passes through, and functions of its connections are computed exactly.
//!
//! For finding out what of a model's behaviour is due to its neurons. Has no parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NeuronModel, NeuronStep};
use crate::Element;
use crate::var::Var;

/// No neurons: values pass through, functions are computed exactly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Direct {}

impl Element for Direct {
    const NAME: &'static str = "direct";
    const PAGE: &'static str = include_str!("direct.rs");
}

impl NeuronModel for Direct {
    fn spiking(&self) -> bool {
        false
    }
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
    fn gain_bias(&self, max_rates: &[f64], _: &[f64]) -> Result<(Vec<f64>, Vec<f64>), String> {
        Ok((vec![1.0; max_rates.len()], vec![0.0; max_rates.len()]))
    }
    fn max_rates_intercepts(&self, gain: &[f64], _: &[f64]) -> (Vec<f64>, Vec<f64>) {
        (vec![1.0; gain.len()], vec![0.0; gain.len()])
    }
    fn rates(&self, _: &mut [f64]) {}
    fn vars(&self) -> Vec<Var> {
        vec![]
    }
    fn step_f64(&self, _: &NeuronStep<'_>, j: &[f64], out: &mut [f64], _: &mut [&mut [f64]]) {
        out.copy_from_slice(j);
    }
    fn step_f32(&self, _: &NeuronStep<'_>, j: &[f32], out: &mut [f32], _: &mut [&mut [f32]]) {
        out.copy_from_slice(j);
    }
}
