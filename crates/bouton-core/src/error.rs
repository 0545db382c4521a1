//! The one error type of a user's mistake.

use std::fmt;

/// What went wrong, said in terms of the model: which object, which parameter, what was expected and found, a way out.
///
/// The message is for people; [`Error::object`] and [`Error::kind`] are for programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    object: String,
    message: String,
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
        Error { kind, object: object.into(), message: message.into() }
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

impl std::error::Error for Error {}

/// Runs a callback of the user's. A panic in it becomes an error, so that nothing already computed is lost, and the model
/// can be run again.
pub fn no_panic(f: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    // What the callback leaves half done is its own; of ours it has only copies, which an error drops.
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
    result.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<&str>().map(|s| (*s).to_string());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(format!("it panicked: {text}"))
    })
}
