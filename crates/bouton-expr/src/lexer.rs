//! Text to tokens.

use crate::dialect::{Dialect, Unit};
use crate::error::{ExprError, quote};
use std::ops::Range;

/// One token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token<'a> {
    pub tok: Tok<'a>,
    pub span: Range<usize>,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Tok<'a> {
    Number(f64),
    Name(&'a str),
    /// An operator, a bracket, a comma or a keyword, in its one spelling (`**` is `^`).
    Sym(&'static str),
    /// The end of a line outside of brackets. It will separate statements; today it may only stand
    /// before or after the expression.
    Newline,
    End,
}

/// Operators and brackets; a longer one stands before its own beginning.
const SYMBOLS: &[&str] =
    &["**", "<=", ">=", "==", "!=", "+", "-", "*", "/", "%", "^", "<", ">", "(", ")", "[", "]", ","];

/// Words that cannot be names.
pub(crate) const KEYWORDS: &[&str] = &["and", "or", "not"];

/// What other languages write, and what to write here.
const FOREIGN: &[(&str, &str)] = &[
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("!", "write `not`"),
    ("=", "a comparison is written `==`"),
    (".", "there are no dotted names; functions are called by their own name, as `sin(t)`"),
];

/// Whether `name` is one name, or several with dots between them.
pub(crate) fn is_dotted(name: &str) -> bool {
    name.split('.').all(is_identifier)
}

/// Whether `name` can be the name of a variable, keywords and functions aside.
pub(crate) fn is_identifier(name: &str) -> bool {
    !name.is_empty() && !name.as_bytes()[0].is_ascii_digit() && name.bytes().all(is_name_byte)
}

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// Splits a text; the last token is always `End`.
pub(crate) fn tokens(text: &str, dialect: Dialect) -> Result<Vec<Token<'_>>, ExprError> {
    let bytes = text.as_bytes();
    let mut out: Vec<Token<'_>> = Vec::new();
    let mut brackets = 0usize;
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let b = bytes[at];
        let tok = if b == b'\n' {
            at += 1;
            if brackets > 0 {
                continue;
            }
            Tok::Newline
        } else if b.is_ascii_whitespace() {
            at += 1;
            continue;
        } else if b == b'#' {
            while at < bytes.len() && bytes[at] != b'\n' {
                at += 1;
            }
            continue;
        } else if b.is_ascii_digit() || b == b'.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
            at = number_end(bytes, at);
            let number = &text[start..at];
            let value = match unit_after(text, at, dialect.units) {
                Some((unit, end)) => {
                    at = end;
                    unit.value(number)
                }
                None => number.parse().ok().filter(|x: &f64| x.is_finite()),
            };
            let Some(value) = value else {
                let message = format!("the number {} is too large", quote(&text[start..at]));
                return Err(ExprError::new(message, start..at));
            };
            Tok::Number(value)
        } else if is_name_byte(b) {
            let dots = |at: usize| {
                let next = bytes.get(at + 1).copied().unwrap_or(b' ');
                dialect.dotted && bytes[at] == b'.' && is_name_byte(next) && !next.is_ascii_digit()
            };
            while at < bytes.len() && (is_name_byte(bytes[at]) || dots(at)) {
                at += 1;
            }
            let name = &text[start..at];
            KEYWORDS.iter().find(|&&k| k == name).map_or(Tok::Name(name), |k| Tok::Sym(k))
        } else if let Some(&symbol) = SYMBOLS.iter().find(|s| text[at..].starts_with(**s)) {
            at += symbol.len();
            match symbol {
                "(" | "[" => brackets += 1,
                ")" | "]" => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            Tok::Sym(if symbol == "**" { "^" } else { symbol })
        } else {
            let (found, hint) = FOREIGN
                .iter()
                .find(|(f, _)| text[at..].starts_with(f))
                .map_or((None, ""), |&(f, hint)| (Some(f), hint));
            let found = found.unwrap_or_else(|| {
                let c = text[at..].chars().next().expect("not at the end");
                &text[at..at + c.len_utf8()]
            });
            let hint = if hint.is_empty() { String::new() } else { format!("; {hint}") };
            let message = format!("unexpected {}{hint}", quote(found));
            return Err(ExprError::new(message, at..at + found.len()));
        };
        out.push(Token { tok, span: start..at });
    }
    out.push(Token { tok: Tok::End, span: text.len()..text.len() });
    Ok(out)
}

/// The unit that follows a number after a blank, and where it ends.
fn unit_after(text: &str, at: usize, units: &'static [Unit]) -> Option<(Unit, usize)> {
    let behind = text[at..].trim_start_matches([' ', '\t']);
    let start = text.len() - behind.len();
    if start == at {
        return None;
    }
    let ends = |u: &&Unit| {
        let rest = behind.strip_prefix(u.name)?.as_bytes();
        // `/mV` is not the unit of `/mV^2`, and `m` none of `max`.
        (!rest.first().is_some_and(|b| is_name_byte(*b) || *b == b'^' && u.name.starts_with('/')))
            .then_some(())
    };
    let unit = units.iter().filter(|u| ends(u).is_some()).max_by_key(|u| u.name.len())?;
    Some((*unit, start + unit.name.len()))
}

/// Where the number that begins at `at` ends: digits, a point, digits, an exponent if it has digits.
fn number_end(bytes: &[u8], mut at: usize) -> usize {
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    at = digits(at);
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let end = digits(at + 1 + sign);
        if end > at + 1 + sign {
            return end;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toks(text: &str) -> Vec<Tok<'_>> {
        tokens(text, Dialect::default()).unwrap().into_iter().map(|t| t.tok).collect()
    }

    #[test]
    fn numbers_in_all_spellings() {
        use Tok::*;
        assert_eq!(
            toks("1 2.5 .5 5. 1e-3 2E+2 3e4"),
            [1.0, 2.5, 0.5, 5.0, 1e-3, 200.0, 3e4].map(Number).into_iter().chain([End]).collect::<Vec<_>>()
        );
        // Without digits there is no exponent: a number and a name.
        assert_eq!(toks("2e"), [Number(2.0), Name("e"), End]);
        assert_eq!(toks("2e-"), [Number(2.0), Name("e"), Sym("-"), End]);
    }

    #[test]
    fn symbols_keywords_comments_and_lines() {
        use Tok::*;
        assert_eq!(toks("a**b # c\n"), [Name("a"), Sym("^"), Name("b"), Newline, End]);
        assert_eq!(toks("(a\n)"), [Sym("("), Name("a"), Sym(")"), End]);
        assert_eq!(toks("not_ not"), [Name("not_"), Sym("not"), End]);
    }

    #[test]
    fn foreign_signs_say_what_to_write() {
        for (text, message, span) in [
            ("a && b", "unexpected `&&`; write `and`", 2..4),
            (
                "np.sin",
                "unexpected `.`; there are no dotted names; functions are called by their own name, as `sin(t)`",
                2..3,
            ),
            ("1+é", "unexpected `é`", 2..4),
            ("1e999", "the number `1e999` is too large", 0..5),
        ] {
            let err = tokens(text, Dialect::default()).unwrap_err();
            assert_eq!((err.message(), err.span()), (message, span));
        }
    }
}
