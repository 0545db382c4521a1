//! All values times a number: y = a·x.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | a | `value` | – | – |

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Map, TransformModel, finite};
use crate::Element;
use crate::var::{Bounds, Var};

/// All values times a number. In a model file, the number alone will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scalar {
    /// The number.
    pub value: f64,
}

impl Element for Scalar {
    const NAME: &'static str = "scalar";
    const PAGE: &'static str = include_str!("scalar.rs");
    fn example() -> Option<Scalar> {
        Some(Scalar { value: 1.0 })
    }
}

impl TransformModel for Scalar {
    fn check(&self) -> Result<(), String> {
        finite(&[self.value])
    }
    fn outputs(&self, inputs: usize) -> Result<Option<usize>, String> {
        Ok(Some(inputs))
    }
    fn dense(&self) -> bool {
        false
    }
    fn make(&self, _: usize, _: usize, _: &mut RandomState) -> Result<Map, String> {
        Ok(Map::Scalar(self.value))
    }
    fn vars(&self) -> Vec<Var> {
        vec![Var::fixed("value", "", self.value, Bounds::ANY, "the number")]
    }
}
