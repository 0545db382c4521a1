//! The one error type of this crate.

use std::fmt;

/// A parameter that a generator cannot use.
///
/// The message names the parameter, what was expected and what was found.
#[derive(Clone, PartialEq, Eq)]
pub struct DistError {
    parameter: String,
    expected: String,
    found: String,
}

impl DistError {
    /// An error about `parameter` (such as `"exponential.scale"`): what was `expected`, what was `found`.
    pub fn new(
        parameter: impl Into<String>,
        expected: impl Into<String>,
        found: impl fmt::Display,
    ) -> DistError {
        DistError { parameter: parameter.into(), expected: expected.into(), found: found.to_string() }
    }

    /// The parameter at fault, as `function.parameter`.
    pub fn parameter(&self) -> &str {
        &self.parameter
    }

    /// What would have been accepted.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What was given.
    pub fn found(&self) -> &str {
        &self.found
    }
}

impl fmt::Display for DistError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.parameter, self.expected, self.found)
    }
}

impl fmt::Debug for DistError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DistError({self})")
    }
}

impl std::error::Error for DistError {}

/// A parameter of a model that makes no sense.
impl From<DistError> for bouton_core::Error {
    fn from(e: DistError) -> bouton_core::Error {
        bouton_core::Error::caused(bouton_core::ErrorKind::Model, "", e)
    }
}

/// `Ok` when `ok`; otherwise an error about `parameter`.
pub(crate) fn ensure(
    ok: bool,
    parameter: &str,
    expected: &str,
    found: impl fmt::Display,
) -> Result<(), DistError> {
    if ok { Ok(()) } else { Err(DistError::new(parameter, expected, found)) }
}

/// Room for `n * d` numbers, or an error when that many cannot be held.
pub(crate) fn room(what: &str, n: usize, d: usize) -> Result<Vec<f64>, DistError> {
    let too_many = || DistError::new(what, "a number of samples that fits in memory", format!("{n} x {d}"));
    let len = n.checked_mul(d).ok_or_else(too_many)?;
    let mut out = Vec::new();
    out.try_reserve_exact(len).map_err(|_| too_many())?;
    Ok(out)
}
