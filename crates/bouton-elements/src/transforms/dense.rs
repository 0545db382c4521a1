//! A matrix of all outputs by all inputs: yᵢ = Σⱼ wᵢⱼ·xⱼ.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | w | `init` | – | a matrix, one row an output; or a number that all have; or a distribution |
//!
//! A distribution is sampled once, when the model is built, with as many samples as there are outputs, each of as many
//! dimensions as there are inputs: for the same seed the same weights as Nengo's `Dense`. Of a number or a distribution the
//! matrix has the shape that fits the connection.

use std::sync::Arc;

use bouton_core::Matrix;
use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Map, TransformModel, finite};
use crate::Element;
use crate::distributions::{Distribution, Values, room};
use crate::var::{Bounds, Start, Var};

/// What a dense transform's weights are.
#[derive(Clone, Debug, PartialEq)]
pub enum Init {
    /// All of them this number.
    Number(f64),
    /// These (outputs × inputs).
    Matrix(Matrix),
    /// Drawn from a distribution.
    Drawn(Distribution),
}

/// A matrix of all outputs by all inputs, given or drawn. In a model file, the rows alone will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    /// The weights: rows, one an output; a list is a matrix of one column; a number or a distribution makes a matrix of the
    /// shape that fits.
    #[schemars(with = "Values")]
    pub init: Init,
}

impl Dense {
    /// Weights that are drawn, in the shape that fits the connection.
    pub fn drawn(from: impl Into<Distribution>) -> Dense {
        Dense { init: Init::Drawn(from.into()) }
    }
    /// Weights that are all the same, in the shape that fits the connection.
    pub fn filled(value: f64) -> Dense {
        Dense { init: Init::Number(value) }
    }
}

impl From<Matrix> for Dense {
    fn from(matrix: Matrix) -> Dense {
        Dense { init: Init::Matrix(matrix) }
    }
}

impl Element for Dense {
    const NAME: &'static str = "dense";
    const PAGE: &'static str = include_str!("dense.rs");
    fn example() -> Option<Dense> {
        Some(Dense::filled(1.0))
    }
}

impl TransformModel for Dense {
    fn check(&self) -> Result<(), String> {
        match &self.init {
            Init::Number(x) => finite(&[*x]),
            Init::Matrix(m) => finite(m.values()),
            Init::Drawn(d) => d.check().map_err(|m| format!("is drawn of a distribution that can't be: {m}")),
        }
    }
    fn outputs(&self, inputs: usize) -> Result<Option<usize>, String> {
        let shape = match &self.init {
            Init::Number(_) => return Ok(None),
            Init::Matrix(m) => m.shape(),
            // Given samples are a matrix too.
            Init::Drawn(d) => match d.fixed_shape() {
                Some(shape) => shape,
                None => return Ok(None),
            },
        };
        if shape.1 == inputs {
            return Ok(Some(shape.0));
        }
        let (rows, cols) = shape;
        Err(format!("must have {inputs} columns (values that the connection carries), found {rows} × {cols}"))
    }
    fn make(&self, outputs: usize, inputs: usize, rng: &mut RandomState) -> Result<Map, String> {
        Ok(Map::Dense(match &self.init {
            Init::Number(x) => {
                let mut all = room(outputs, inputs)?;
                all.resize(outputs * inputs, *x);
                Arc::new(all)
            }
            Init::Matrix(m) => m.shared(),
            Init::Drawn(d) => Arc::new(d.sample(outputs, inputs, rng)?),
        }))
    }
    fn vars(&self) -> Vec<Var> {
        let doc = "the weights: a matrix, a number that all have, or a distribution";
        let var = Var::fixed("init", "", 0.0, Bounds::ANY, doc);
        let start = match &self.init {
            Init::Number(x) => Start::Value(*x),
            Init::Matrix(m) => Start::Values(m.values().to_vec()),
            Init::Drawn(d) => Start::Name { is: d.name().into(), of: vec![] },
        };
        vec![Var { start, ..var }]
    }
}

impl Serialize for Init {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Init::Number(x) => x.serialize(s),
            Init::Drawn(d) => d.serialize(s),
            Init::Matrix(m) => {
                let rows = m.shape().0;
                let mut seq = s.serialize_seq(Some(rows))?;
                for r in 0..rows {
                    seq.serialize_element(m.row(r).unwrap_or(&[]))?;
                }
                seq.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Init {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Init, D::Error> {
        let rows: Vec<Vec<f64>> = match Values::deserialize(d)? {
            Values::Number(x) => return Ok(Init::Number(x)),
            Values::Drawn(d) => return Ok(Init::Drawn(d)),
            Values::Scalars(x) => x.into_iter().map(|x| vec![x]).collect(),
            Values::Rows(x) => x,
        };
        Matrix::from_rows(&rows)
            .map(Init::Matrix)
            .map_err(|m| serde::de::Error::custom(format!("`init`: {m}")))
    }
}
