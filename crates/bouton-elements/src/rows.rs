//! Rows of numbers as files write them: a list of rows, or a list of numbers where a row has one.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// A list of rows, or a list of numbers: one a row.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Rows {
    /// One number a row.
    Numbers(Vec<f64>),
    /// Rows of numbers.
    Rows(Vec<Vec<f64>>),
}

/// Reads rows in either form.
pub(crate) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Vec<f64>>, D::Error> {
    Ok(match Rows::deserialize(from)? {
        Rows::Numbers(x) => x.into_iter().map(|x| vec![x]).collect(),
        Rows::Rows(x) => x,
    })
}
