//! An error at a line of the file.

use bouton_model::{Error, ErrorKind};

/// What is wrong, and on which line (0: none).
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    kind: ErrorKind,
    line: usize,
    message: String,
}

impl Fault {
    pub(crate) fn new(line: usize, message: impl Into<String>) -> Fault {
        Fault { kind: ErrorKind::Model, line, message: message.into() }
    }

    /// The same, of another kind.
    pub(crate) fn of_kind(mut self, kind: ErrorKind) -> Fault {
        self.kind = kind;
        self
    }
}

impl From<Fault> for Error {
    fn from(f: Fault) -> Error {
        match f.line {
            0 => Error::new(f.kind, "", f.message),
            line => Error::new(f.kind, "", format!("line {line}: {}", f.message)),
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
    // From one letter every other is near; and the distance takes time that grows with the lengths of both.
    let near = match name.chars().count() {
        2..=200 => bouton_model::nearest(name, known.iter().copied()),
        _ => None,
    };
    match near {
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
