//! A distribution, or numbers in its place.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::Distribution;
use crate::content::Content;
use crate::rows::Rows;

/// A distribution, a number that all have, or the numbers themselves: one a row, or a list of rows.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Values {
    /// Drawn from it.
    Drawn(Distribution),
    /// The same for all.
    Number(f64),
    /// The numbers themselves, one a row.
    Scalars(Vec<f64>),
    /// The rows themselves.
    Rows(Vec<Vec<f64>>),
}

// By hand, so that the message of a distribution reaches whoever wrote the file.
impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Values, D::Error> {
        let read = match Content::deserialize(d)? {
            table @ Content::Map(_) => Distribution::deserialize(table).map(Values::Drawn),
            list @ Content::Seq(_) => Rows::deserialize(list).map(|rows| match rows {
                Rows::Numbers(x) => Values::Scalars(x),
                Rows::Rows(x) => Values::Rows(x),
            }),
            number => f64::deserialize(number).map(Values::Number),
        };
        read.map_err(serde::de::Error::custom)
    }
}

impl From<Values> for Distribution {
    fn from(values: Values) -> Distribution {
        match values {
            Values::Drawn(d) => d,
            Values::Number(x) => x.into(),
            Values::Scalars(x) => x.into(),
            Values::Rows(x) => x.into(),
        }
    }
}
