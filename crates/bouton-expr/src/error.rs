//! The one error type of the crate, and how it is shown to a user.

use std::fmt;
use std::ops::Range;

/// Something is wrong with the text of an expression.
///
/// The message names what was found and what was expected; [`span`](ExprError::span) says where in
/// the text, in bytes; [`render`](ExprError::render) shows the line with carets under the place.
///
/// ```
/// use bouton_expr::{Program, Vars};
/// let err = Program::compile("2 * sine(t)", &Vars::new().scalar("t")).unwrap_err();
/// assert_eq!(err.message(), "unknown function `sine`; did you mean `sin`?");
/// assert_eq!(err.span(), 4..8);
/// assert_eq!(
///     err.render(),
///     "error: unknown function `sine`; did you mean `sin`?\n  |\n1 | 2 * sine(t)\n  |     ^^^^\n"
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ExprError {
    // Boxed so that a `Result` is not made large by its rare half.
    inner: Box<Inner>,
}

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    message: String,
    span: Range<usize>,
    text: String,
}

impl ExprError {
    /// An error at a place of a text which [`in_text`](Self::in_text) adds at the outermost call.
    pub(crate) fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { inner: Box::new(Inner { message: message.into(), span, text: String::new() }) }
    }

    /// The same error, with the text that it is about.
    pub(crate) fn in_text(mut self, text: &str) -> Self {
        self.inner.text = text.to_string();
        self
    }

    /// An error of a text at these bytes of it: for a language that expressions are part of.
    ///
    /// ```
    /// use bouton_expr::ExprError;
    /// let err = ExprError::at("on past: x += 1", 3..7, "expected `pre` or `post`, found `past`");
    /// assert_eq!(err.to_string(), "expected `pre` or `post`, found `past` (column 4)");
    /// ```
    pub fn at(text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self::new(message, span).in_text(text)
    }

    /// The same error where the expression begins at byte `start` of a larger text.
    ///
    /// ```
    /// use bouton_expr::{Program, Vars};
    /// let text = "x += 1\ny += 2 * z";
    /// let err = Program::compile(&text[12..], &Vars::new().scalar("y")).unwrap_err();
    /// assert_eq!(err.within(text, 12).line_column(), (2, 10));
    /// ```
    pub fn within(mut self, text: &str, start: usize) -> Self {
        let Range { start: from, end } = self.inner.span;
        self.inner.span = from + start..end + start;
        self.in_text(text)
    }

    /// What is wrong, in one line, without the place.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The bytes of the text that the message is about (`start..end`; empty at the end of the text).
    pub fn span(&self) -> Range<usize> {
        self.inner.span.clone()
    }

    /// Line and column, both from 1, the column in characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = self.inner.text.get(..self.inner.span.start).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The message, the line it is about, and carets under the place.
    pub fn render(&self) -> String {
        let Inner { message, span, text } = &*self.inner;
        let (line_number, column) = self.line_column();
        // A tab has no fixed width: one space for each keeps the carets in place.
        let line: String =
            text.split('\n').nth(line_number - 1).unwrap_or("").trim_end_matches('\r').replace('\t', " ");
        let marked = text.get(span.clone()).and_then(|s| s.split('\n').next()).unwrap_or("");
        let carets = "^".repeat(marked.trim_end_matches('\r').chars().count().max(1));
        let number = line_number.to_string();
        let gutter = " ".repeat(number.len());
        let indent = " ".repeat(column - 1);
        format!("error: {message}\n{gutter} |\n{number} | {line}\n{gutter} | {indent}{carets}\n")
    }
}

impl fmt::Display for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_column();
        if self.inner.text.contains('\n') {
            write!(f, "{} (line {line}, column {column})", self.inner.message)
        } else {
            write!(f, "{} (column {column})", self.inner.message)
        }
    }
}

// `unwrap` on a compile shows the place, not the fields.
impl fmt::Debug for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

impl std::error::Error for ExprError {}

/// A mistake in a model's description: the text of an expression.
impl From<ExprError> for bouton_core::Error {
    fn from(e: ExprError) -> bouton_core::Error {
        bouton_core::Error::caused(bouton_core::ErrorKind::Model, "", e)
    }
}

/// A piece of the user's text for a message, cut when it is long.
pub fn quote(text: &str) -> String {
    const MOST: usize = 40;
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(MOST).collect();
    if chars.next().is_some() { format!("`{head}…`") } else { format!("`{head}`") }
}

/// "; did you mean `sin`?" for the candidate nearest to `name`, or nothing.
pub(crate) fn suggestion<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    bouton_core::nearest(name, candidates).map_or(String::new(), |c| format!("; did you mean `{c}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_follow_characters_lines_and_tabs() {
        let err = ExprError::new("bad", 6..8).in_text("é+1\n\tab");
        assert_eq!(err.line_column(), (2, 2));
        assert_eq!(err.render(), "error: bad\n  |\n2 |  ab\n  |  ^^\n");
        // Past the end: one caret after the last character.
        assert_eq!(ExprError::new("end", 2..2).in_text("1+").render(), "error: end\n  |\n1 | 1+\n  |   ^\n");
    }
}
