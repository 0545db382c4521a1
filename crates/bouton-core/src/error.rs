//! The one error type of a user's mistake, and what a callback of the user's fails with.

use std::fmt;
use std::sync::Arc;

/// What a callback of the user's fails with: any error, or text.
///
/// `?` turns every error type into it, and so `String` and `&str`.
///
/// ```
/// use bouton_core::Failure;
/// fn half(x: &str) -> Result<f64, Failure> {
///     let x: f64 = x.parse()?;
///     if x < 0.0 {
///         return Err(format!("{x} is below 0").into());
///     }
///     Ok(x / 2.0)
/// }
/// assert_eq!(half("3").unwrap(), 1.5);
/// assert_eq!(half("-1").unwrap_err().to_string(), "-1 is below 0");
/// ```
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong, said in terms of the model: which object, which parameter, what was expected and found, a way out.
///
/// The message is for people; [`Error::object`] and [`Error::kind`] are for programs. Where another error was the cause
/// (a callback's, a file's), [`source`](std::error::Error::source) gives it; its text is already part of the message.
/// Two errors are equal if kind, object and message are, whatever their causes.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    object: String,
    message: String,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl PartialEq for Error {
    fn eq(&self, other: &Error) -> bool {
        (self.kind, &self.object, &self.message) == (other.kind, &other.object, &other.message)
    }
}

/// The stage at which an [`Error`] arose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The description of the model makes no sense.
    Model,
    /// The model can't be built (decoders can't be solved, operators form a cycle, …).
    Build,
    /// A step could not be taken; everything up to the step before is kept.
    Run,
    /// A live access was refused; nothing was changed.
    Access,
    /// A file could not be read or written.
    File,
}

impl Error {
    /// An error about `object` (its path in the network; empty if it is about none).
    pub fn new(kind: ErrorKind, object: impl Into<String>, message: impl Into<String>) -> Error {
        Error { kind, object: object.into(), message: message.into(), source: None }
    }
    /// An error about `object` that a failure caused: its text is the message.
    ///
    /// ```
    /// use std::error::Error as _;
    /// use bouton_core::{Error, ErrorKind};
    /// let e = Error::caused(ErrorKind::Run, "node", "x".parse::<f64>().unwrap_err());
    /// assert_eq!(e.to_string(), "node: invalid float literal");
    /// assert!(e.source().unwrap().is::<std::num::ParseFloatError>());
    /// ```
    pub fn caused(kind: ErrorKind, object: impl Into<String>, cause: impl Into<Failure>) -> Error {
        let cause = cause.into();
        Error::new(kind, object, cause.to_string()).with_source(cause)
    }
    /// The same error with the failure that caused it, whose text the message should hold.
    pub fn with_source(mut self, cause: impl Into<Failure>) -> Error {
        self.source = Some(Arc::from(cause.into()));
        self
    }
    /// A mistake in a model's description.
    pub fn model(object: impl Into<String>, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Model, object, message)
    }
    /// A model that can't be built.
    pub fn build(object: impl Into<String>, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Build, object, message)
    }
    /// A step that could not be taken.
    pub fn run(object: impl Into<String>, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Run, object, message)
    }
    /// A live access that was refused.
    pub fn access(object: impl Into<String>, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Access, object, message)
    }
    /// A file that could not be read or written.
    pub fn file(object: impl Into<String>, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::File, object, message)
    }
    /// The stage at which it arose.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
    /// Path of the object that it is about; empty if it is about none.
    pub fn object(&self) -> &str {
        &self.object
    }
    /// What went wrong, without the object's name.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.object.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.object, self.message)
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|s| s.as_ref() as &(dyn std::error::Error + 'static))
    }
}

/// Runs a callback of the user's. A panic in it becomes an error, so that nothing already computed is lost, and the model
/// can be run again.
///
/// # Errors
/// That of the callback, or one that says what it panicked with.
pub fn no_panic(f: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    // What the callback leaves half done is its own; of ours it has only copies, which an error drops.
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
    result.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<&str>().map(|s| (*s).to_string());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(format!("it panicked: {text}").into())
    })
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn errors_are_equal_by_what_they_say_and_keep_their_cause() {
        let plain = Error::run("a", "it broke");
        let caused = Error::caused(ErrorKind::Run, "a", "it broke");
        assert_eq!(plain, caused);
        assert!(plain.source().is_none());
        assert_eq!(caused.clone().source().map(ToString::to_string), Some("it broke".into()));
        assert_ne!(plain, Error::build("a", "it broke"));
    }

    #[test]
    fn a_panic_is_a_failure_with_its_text() {
        let text = |r: Result<(), Failure>| r.unwrap_err().to_string();
        assert_eq!(text(no_panic(|| panic!("at {}", 3))), "it panicked: at 3");
        assert_eq!(text(no_panic(|| Err("no".into()))), "no");
    }
}
