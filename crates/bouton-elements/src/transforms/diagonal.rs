//! Each value times its own number: yᵢ = aᵢ·xᵢ.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | aᵢ | `values` | – | one number a value |

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Map, TransformModel, finite};
use crate::Element;
use crate::var::Var;

/// Each value times its own number. In a model file, the list alone will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagonal {
    /// One number a value that the connection carries.
    pub values: Vec<f64>,
}

impl Element for Diagonal {
    const NAME: &'static str = "diagonal";
    const PAGE: &'static str = include_str!("diagonal.rs");
    fn example() -> Option<Diagonal> {
        Some(Diagonal { values: vec![1.0] })
    }
}

impl TransformModel for Diagonal {
    fn check(&self) -> Result<(), String> {
        finite(&self.values)
    }
    fn outputs(&self, inputs: usize) -> Result<Option<usize>, String> {
        let n = self.values.len();
        if n == inputs {
            Ok(Some(n))
        } else {
            Err(format!("is a list of {n} numbers, the connection carries {inputs} values"))
        }
    }
    fn dense(&self) -> bool {
        false
    }
    fn make(&self, _: usize, _: usize, _: &mut RandomState) -> Result<Map, String> {
        Ok(Map::Diagonal(self.values.clone()))
    }
    fn vars(&self) -> Vec<Var> {
        vec![Var::list("values", "", &self.values, "one number a value").when_built()]
    }
}
