//! Between which bounds a number may lie, as the schema has it.

use std::fmt;

use serde_json::Value;

/// The bounds of a number; where there are none, everything holds, also NaN.
pub(crate) struct Limits {
    /// The least value, and whether it is one that the number may have.
    low: Option<(f64, bool)>,
    high: Option<(f64, bool)>,
}

/// The bounds in a schema.
pub(crate) fn limits(schema: &Value) -> Limits {
    let of = |key: &str, met: bool| schema.get(key).and_then(Value::as_f64).map(|x| (x, met));
    Limits {
        low: of("exclusiveMinimum", false).or(of("minimum", true)),
        high: of("exclusiveMaximum", false).or(of("maximum", true)),
    }
}

impl Limits {
    /// Whether a number lies within.
    pub(crate) fn hold(&self, x: f64) -> bool {
        let low = self.low.is_none_or(|(low, met)| x > low || (met && x == low));
        let high = self.high.is_none_or(|(high, met)| x < high || (met && x == high));
        low && high
    }
}

/// In words behind "a number": nothing, or ` of at least 0`.
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.low, self.high) {
            (None, None) => Ok(()),
            (Some((low, true)), Some((high, true))) => write!(f, " from {low} to {high}"),
            (low, high) => {
                match low {
                    Some((low, true)) => write!(f, " of at least {low}")?,
                    Some((low, false)) => write!(f, " above {low}")?,
                    None => {}
                }
                let and = if low.is_some() { " and" } else { "" };
                match high {
                    Some((high, true)) => write!(f, "{and} of at most {high}"),
                    Some((high, false)) => write!(f, "{and} below {high}"),
                    None => Ok(()),
                }
            }
        }
    }
}
