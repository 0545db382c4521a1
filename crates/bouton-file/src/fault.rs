//! An error at a line of the file.

use bouton_model::{Error, ErrorKind};

/// What is wrong, and on which line (0: none).
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    kind: ErrorKind,
    line: usize,
    message: String,
    /// The error that caused it, if one did.
    cause: Option<Error>,
}

impl Fault {
    pub(crate) fn new(line: usize, message: impl Into<String>) -> Fault {
        Fault { kind: ErrorKind::Model, line, message: message.into(), cause: None }
    }

    /// The same, caused by another error, and of its kind.
    pub(crate) fn caused_by(mut self, cause: Error) -> Fault {
        self.kind = cause.kind();
        self.cause = Some(cause);
        self
    }
}

impl From<Fault> for Error {
    fn from(f: Fault) -> Error {
        let e = match f.line {
            0 => Error::new(f.kind, "", f.message),
            line => Error::new(f.kind, "", format!("line {line}: {}", f.message)),
        };
        match f.cause {
            None => e,
            Some(cause) => e.with_source(cause),
        }
    }
}

/// A hint at the nearest of some names: `; did you mean ...`, `; there are: ...`, or nothing.
pub(crate) fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    hint_in("", name, known)
}

/// The same for names that are written behind `prefix`.
pub(crate) fn hint_in<'a>(prefix: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match bouton_model::nearest(name, known.iter().copied()) {
        Some(n) => format!("; did you mean `{prefix}{n}`?"),
        None if known.is_empty() => String::new(),
        None if known.len() <= 24 => format!("; there are: {}", known.join(", ")),
        None => format!("; there are: {}, …", known[..24].join(", ")),
    }
}

/// A name as it stands in a message: cut when it is long.
pub(crate) fn quoted(name: &str) -> String {
    if name.chars().count() <= 80 {
        return format!("`{}`", name.escape_debug());
    }
    format!("`{}…`", name.chars().take(80).collect::<String>().escape_debug())
}
