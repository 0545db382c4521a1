//! Transforms: the linear map of a connection, from the values that it carries to those that it delivers.
//!
//! To add one: a file with a struct of parameters that implements [`TransformModel`] and [`Element`](crate::Element), and a
//! line in the list at the end of this page's source; from another crate, [`register_transform`]. Model files, their schema,
//! `bouton list` and the generic tests follow.
//!
//! A transform says how many values it delivers, and makes the numbers of its map once, when the model is built. What it made
//! is the connection's weights (or is folded into them, behind an ensemble), and these are live.

use std::sync::Arc;

use bouton_core::Matrix;
use bouton_random::RandomState;

use crate::DynElement;
use crate::list::element_list;
use crate::var::Var;

mod links;

pub use dense::Init;
pub use links::{Axis, Links, Listed, Numbers, Padding, Windows};

/// The numbers of a linear map, in the shortest form that it has.
#[derive(Clone, Debug, PartialEq)]
pub enum Map {
    /// All values times a number.
    Scalar(f64),
    /// Each value times its own number.
    Diagonal(Vec<f64>),
    /// A matrix (outputs × inputs), row-major.
    Dense(Arc<Vec<f64>>),
    /// Numbers of which each connects some values and not others.
    Linked(Arc<Links>, Arc<Vec<f64>>),
}

impl Map {
    /// How many numbers it has.
    pub fn len(&self) -> usize {
        self.values().len()
    }
    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// All of its numbers.
    pub fn values(&self) -> &[f64] {
        match self {
            Map::Scalar(x) => std::slice::from_ref(x),
            Map::Diagonal(x) => x,
            Map::Dense(x) | Map::Linked(_, x) => x,
        }
    }
}

/// What a transform is.
pub trait TransformModel: DynElement {
    /// Refuses parameters that make no sense.
    ///
    /// # Errors
    /// The message names what was expected and what was found.
    fn check(&self) -> Result<(), String>;
    /// How many values it makes of `inputs` values; `None` if as many as are wanted.
    ///
    /// # Errors
    /// It doesn't take that many. The message goes on from "`transform` ".
    fn outputs(&self, inputs: usize) -> Result<Option<usize>, String>;
    /// Whether its numbers are a matrix (outputs × inputs), in which rules can learn each weight; otherwise they are one
    /// number, or one a value. It is what [`make`](Self::make) gives: [`Map::Dense`].
    fn dense(&self) -> bool {
        true
    }
    /// Which values its numbers connect, where they are neither a matrix nor one number or one a value:
    /// [`make`](Self::make) then gives [`Map::Linked`].
    fn links(&self) -> Option<Links> {
        None
    }
    /// Makes its numbers for this many outputs and inputs, which fit [`outputs`](Self::outputs). `rng` is that of the
    /// connection, behind the draws for its decoders: as Nengo has it, so that the same seed gives the same weights.
    ///
    /// # Errors
    /// They can't be made.
    fn make(&self, outputs: usize, inputs: usize, rng: &mut RandomState) -> Result<Map, String>;
    /// Its parameters, with their present values. All are [fixed](crate::var::Role::Fixed): the weights that it makes have a
    /// path while the model runs, what they were made of has none.
    fn vars(&self) -> Vec<Var>;
}

element_list! {
    /// A transform with its parameters.
    Transform: dyn TransformModel, "transforms", register_transform, |m| m.vars() => {
        scalar::Scalar,
        diagonal::Diagonal,
        dense::Dense,
        sparse::Sparse,
        convolution::Convolution,
        convolution_transpose::ConvolutionTranspose,
    }
}

impl Transform {
    /// The numbers of its map: checked, of the right length, and finite.
    ///
    /// # Errors
    /// What [`check`](TransformModel::check), [`outputs`](TransformModel::outputs) and [`make`](TransformModel::make) say;
    /// numbers that are not finite.
    pub fn make(&self, outputs: usize, inputs: usize, rng: &mut RandomState) -> Result<Map, String> {
        let model = self.model();
        model.check()?;
        if let Some(n) = model.outputs(inputs)?.filter(|n| *n != outputs) {
            return Err(format!("makes {n} values of {inputs}, and {outputs} are wanted"));
        }
        let map = model.make(outputs, inputs, rng)?;
        // Whoever wrote it may have counted wrongly.
        let (expected, found) = match &map {
            Map::Scalar(_) => (1, 1),
            Map::Diagonal(x) => (outputs, x.len()),
            Map::Dense(x) => (outputs * inputs, x.len()),
            Map::Linked(links, x) if (links.outputs(), links.inputs()) == (outputs, inputs) => {
                let (rows, columns) = links.shape();
                (rows * columns, x.len())
            }
            Map::Linked(links, _) => {
                return Err(format!(
                    "of the type `{}` connects {} outputs and {} inputs, and {outputs} and {inputs} are wanted",
                    self.name(),
                    links.outputs(),
                    links.inputs()
                ));
            }
        };
        if expected != found || matches!(map, Map::Dense(_)) != model.dense() {
            return Err(format!(
                "of the type `{}` gave {found} numbers for {outputs} outputs and {inputs} inputs; a dense one gives \
                 {outputs} × {inputs}, another one number, or one a value",
                self.name()
            ));
        }
        match map.values().iter().find(|x| !x.is_finite()) {
            Some(x) => Err(format!("must be finite, found {x}")),
            None => Ok(map),
        }
    }
}

/// A number scales all values.
impl From<f64> for Transform {
    fn from(value: f64) -> Transform {
        Scalar { value }.into()
    }
}
/// A list scales each value.
impl From<Vec<f64>> for Transform {
    fn from(values: Vec<f64>) -> Transform {
        Diagonal { values }.into()
    }
}
/// A matrix (outputs × inputs).
impl From<Matrix> for Transform {
    fn from(matrix: Matrix) -> Transform {
        Dense::from(matrix).into()
    }
}

/// Refuses numbers that aren't finite.
fn finite(values: &[f64]) -> Result<(), String> {
    match values.iter().find(|x| !x.is_finite()) {
        Some(x) => Err(format!("must be finite, found {x}")),
        None => Ok(()),
    }
}
