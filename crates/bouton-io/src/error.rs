//! The one error type of this crate.

use std::fmt;
use std::path::Path;

/// What went wrong while reading, writing or drawing.
///
/// The message names the file or object, what was found and what was expected. The cause, where there is
/// one (an operating-system error, a broken archive), is reached through [`std::error::Error::source`] and
/// is already part of the message.
pub struct Error {
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync + 'static>>,
}

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a message and no cause.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// An error about a file: `what` is the verb, as in "cannot read".
    pub(crate) fn file(
        what: &str,
        path: &Path,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self { message: format!("{what} {}: {source}", path.display()), source: Some(Box::new(source)) }
    }

    /// The same error with its place put in front of the message.
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

// `unwrap` in an example prints Debug: the sentence is what a reader wants there too.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|s| s.as_ref() as &(dyn std::error::Error + 'static))
    }
}

impl From<std::io::Error> for Error {
    fn from(source: std::io::Error) -> Self {
        Self { message: source.to_string(), source: Some(Box::new(source)) }
    }
}

/// A file that could not be read or written.
impl From<Error> for bouton_core::Error {
    fn from(e: Error) -> bouton_core::Error {
        bouton_core::Error::caused(bouton_core::ErrorKind::File, "", e)
    }
}
