//! Text to a draft: what stands where. Expressions are left as the bytes that they are.

use std::ops::Range;

use bouton_core::nearest;
use bouton_expr::{ExprError, Rank, quote};

use crate::rule::{Assign, Side, When};

/// A name and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub name: String,
    pub span: Range<usize>,
    /// The comment at the end of its line.
    pub doc: String,
}

pub(crate) struct DraftInput {
    pub name: Named,
    pub rank: Rank,
    pub default: Option<Range<usize>>,
}

pub(crate) struct DraftState {
    pub name: Named,
    pub rank: Rank,
    pub rate: Range<usize>,
}

pub(crate) struct DraftStatement {
    pub target: Named,
    pub assign: Assign,
    pub value: Range<usize>,
}

/// A rule as it is written.
#[derive(Default)]
pub(crate) struct Draft {
    pub params: Vec<(Named, Range<usize>)>,
    pub inputs: Vec<DraftInput>,
    pub states: Vec<DraftState>,
    /// `on pre`, `on post`, `each step`.
    pub blocks: [Vec<DraftStatement>; 3],
    pub rate: Option<Range<usize>>,
    pub bound: Option<[Range<usize>; 2]>,
    pub encoders: bool,
    /// Whether the change acts at once, and where that stands.
    pub now: Option<(bool, Range<usize>)>,
}

/// The words that a line begins with, and what stands behind each.
const HEADS: [(&str, &str); 11] = [
    ("param", "param NAME = NUMBER"),
    ("input", "input NAME"),
    ("global", "global NAME' = EXPRESSION"),
    ("pre", "pre NAME' = EXPRESSION"),
    ("post", "post NAME' = EXPRESSION"),
    ("synapse", "synapse NAME' = EXPRESSION"),
    ("on", "on pre: STATEMENTS"),
    ("each", "each step: STATEMENTS"),
    ("bound", "bound w in [LOWEST, HIGHEST]"),
    ("target", "target encoders"),
    ("apply", "apply now"),
];

/// Bytes of the text, and how far they have been read.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str, range: Range<usize>) -> Cursor<'a> {
        Cursor { text, at: range.start, end: range.end }
    }
    fn rest(&self) -> &'a str {
        &self.text[self.at..self.end]
    }
    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }
    /// A letter or `_`, then letters, digits and `_`.
    fn word(&mut self) -> Option<(&'a str, Range<usize>)> {
        self.skip_blanks();
        let rest = self.rest();
        let len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        if len == 0 || rest.as_bytes()[0].is_ascii_digit() {
            return None;
        }
        let span = self.at..self.at + len;
        self.at += len;
        Some((&rest[..len], span))
    }
    fn eat(&mut self, sign: &str) -> bool {
        self.skip_blanks();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }
    /// "expected …, found …" at this place.
    fn expected(&mut self, what: &str) -> ExprError {
        self.skip_blanks();
        let rest = self.rest();
        let len = match self.word() {
            Some((word, span)) => {
                self.at = span.start;
                word.len()
            }
            None => rest.chars().next().map_or(0, char::len_utf8),
        };
        let found = if len == 0 { "the end".to_string() } else { quote(&rest[..len]) };
        let span = self.at..self.at + len;
        ExprError::at(self.text, span, format!("expected {what}, found {found}"))
    }
    fn expect(&mut self, sign: &str, what: &str) -> Result<(), ExprError> {
        if self.eat(sign) { Ok(()) } else { Err(self.expected(what)) }
    }
    fn name(&mut self, what: &str, doc: &str) -> Result<Named, ExprError> {
        match self.word() {
            Some((name, span)) => Ok(Named { name: name.into(), span, doc: doc.into() }),
            None => Err(self.expected(what)),
        }
    }
    /// One of some words.
    fn one_of(&mut self, words: &[&str]) -> Result<usize, ExprError> {
        let start = self.at;
        let list = words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(" or ");
        match self.word() {
            Some((word, span)) => words.iter().position(|w| *w == word).ok_or_else(|| {
                let near = nearest(word, words.iter().copied()).filter(|_| words.len() > 1);
                let near = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                ExprError::at(self.text, span, format!("expected {list}, found {}{near}", quote(word)))
            }),
            None => {
                self.at = start;
                Err(self.expected(&list))
            }
        }
    }
    fn done(&mut self) -> Result<(), ExprError> {
        self.skip_blanks();
        if self.at == self.end { Ok(()) } else { Err(self.expected("the end of the line")) }
    }
    /// What is left, as an expression.
    fn expression(&mut self) -> Range<usize> {
        trimmed(self.text, self.at..self.end)
    }
}

/// The range without blanks at its ends.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_start().len();
    // Of blanks alone nothing is left, at the beginning.
    start..(range.start + part.trim_end().len()).max(start)
}

/// The parts of a range between signs that stand in no brackets, without blanks at their ends. A comment in brackets is passed
/// over.
fn split(text: &str, range: Range<usize>, sign: u8) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut depth, mut comment) = (vec![], range.start, 0usize, false);
    for at in range.clone() {
        match text.as_bytes()[at] {
            b'\n' => comment = false,
            _ if comment => {}
            b'#' => comment = true,
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b if b == sign && depth == 0 => {
                parts.push(trimmed(text, start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(trimmed(text, start..range.end));
    parts
}

/// The lines of a rule without their comments, and these. What is open in brackets goes on over the end of a line.
fn lines(text: &str) -> Vec<(Range<usize>, &str)> {
    let mut out = vec![];
    let (mut start, mut end, mut depth) = (0, None, 0usize);
    let bytes = text.as_bytes();
    let mut comment = None;
    for at in 0..=bytes.len() {
        match bytes.get(at) {
            Some(b'\n') if depth > 0 => (comment, end) = (None, None),
            Some(b'\n') | None => {
                let doc = comment.map_or("", |c: usize| text[c..at].trim());
                out.push((trimmed(text, start..end.unwrap_or(at)), doc));
                (start, end, comment, depth) = (at + 1, None, None, 0);
            }
            _ if comment.is_some() => {}
            Some(b'#') => (comment, end) = (Some(at + 1), Some(at)),
            Some(b'(' | b'[') => depth += 1,
            Some(b')' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    out.retain(|(range, _)| !range.is_empty());
    out
}

/// What stands where in a text.
pub(crate) fn draft(text: &str) -> Result<Draft, ExprError> {
    let mut draft = Draft::default();
    for (line, doc) in lines(text) {
        let head = Cursor::new(text, line.clone()).word().map(|w| w.0);
        // In a block `;` is between statements.
        let pieces = match head {
            Some("on" | "each") => vec![line],
            _ => split(text, line, b';'),
        };
        for piece in pieces.into_iter().filter(|p| !p.is_empty()) {
            draft.line(Cursor::new(text, piece), doc)?;
        }
    }
    Ok(draft)
}

impl Draft {
    /// One line, or one of several between `;`.
    fn line(&mut self, mut c: Cursor<'_>, doc: &str) -> Result<(), ExprError> {
        let start = c.at;
        let Some((head, span)) = c.word() else {
            return Err(c.expected("a line that begins with a word, such as `param`, `pre`, `on` or `w'`"));
        };
        let rank = |r| Some(r);
        let place = match head {
            "global" => rank(Rank::Scalar),
            "pre" => rank(Rank::Pre),
            "post" => rank(Rank::Post),
            "synapse" => rank(Rank::Synapse),
            _ => None,
        };
        if let Some(rank) = place {
            if c.rest().starts_with('.') {
                let message =
                    format!("`{head}.…` can be read and not set; a state is `{head} NAME' = EXPRESSION`");
                return Err(ExprError::at(c.text, span, message));
            }
            let name = c.name("the name of a state", doc)?;
            c.expect("'", "`'` and `=`: how the state moves between events, per second")?;
            c.expect("=", "`=`")?;
            let rate = c.expression();
            self.states.push(DraftState { name, rank, rate });
            return Ok(());
        }
        match head {
            "param" => {
                for part in split(c.text, c.at..c.end, b',') {
                    let mut c = Cursor::new(c.text, part);
                    let name = c.name("the name of a parameter", doc)?;
                    c.expect("=", "`=` and the default")?;
                    self.params.push((name, c.expression()));
                }
            }
            "input" => {
                let name = c.name("the name of a third factor", doc)?;
                let rank = match (Cursor { ..c }).word() {
                    Some(("per", _)) => {
                        c.word();
                        [Rank::Pre, Rank::Post][c.one_of(&["pre", "post"])?]
                    }
                    _ => Rank::Scalar,
                };
                let default = c.eat("=").then(|| c.expression());
                if default.is_none() {
                    c.skip_blanks();
                    if c.at != c.end {
                        return Err(c.expected("`per pre`, `per post`, `=` or the end of the line"));
                    }
                }
                self.inputs.push(DraftInput { name, rank, default });
            }
            "on" => {
                let side = [Side::Pre, Side::Post][c.one_of(&["pre", "post"])?];
                let when = if side == Side::Pre { When::Pre } else { When::Post };
                self.block(c, when, doc)?;
            }
            "each" => {
                c.one_of(&["step"])?;
                self.block(c, When::Step, doc)?;
            }
            "bound" => {
                c.one_of(&["w"])?;
                c.one_of(&["in"])?;
                c.expect("[", "`[` and two numbers, as `[0, w_max]`")?;
                let inside = c.rest().strip_suffix(']').map(|inner| c.at..c.at + inner.len());
                let Some(inside) = inside else {
                    c.at = c.end;
                    return Err(c.expected("`]`"));
                };
                let parts = split(c.text, inside.clone(), b',');
                let [low, high] = &parts[..] else {
                    let message = format!("expected two numbers, lowest and highest, found {}", parts.len());
                    return Err(ExprError::at(c.text, inside, message));
                };
                if self.bound.replace([low.clone(), high.clone()]).is_some() {
                    return Err(twice(c.text, span, "`bound`"));
                }
            }
            "target" => {
                c.one_of(&["encoders"])?;
                c.done()?;
                self.encoders = true;
            }
            "apply" => {
                let now = c.one_of(&["now", "next"])? == 0;
                if !now {
                    c.eat("step");
                }
                c.done()?;
                if self.now.replace((now, span.clone())).is_some() {
                    return Err(twice(c.text, span, "`apply`"));
                }
            }
            "w" if c.eat("'") => {
                c.expect("=", "`=`: the change of the weight per second")?;
                let rate = c.expression();
                if self.rate.replace(rate).is_some() {
                    return Err(twice(c.text, span, "`w'`"));
                }
            }
            _ => return Err(unknown(c, head, start)),
        }
        Ok(())
    }

    /// The statements of a block.
    fn block(&mut self, mut c: Cursor<'_>, when: When, doc: &str) -> Result<(), ExprError> {
        c.expect(":", "`:` and statements")?;
        let before = self.blocks[when as usize].len();
        for part in split(c.text, c.at..c.end, b';').into_iter().filter(|p| !p.is_empty()) {
            let mut c = Cursor::new(c.text, part);
            let target = c.name("a statement `NAME += EXPRESSION`", doc)?;
            let assign = if c.eat("+=") {
                Assign::Add
            } else if c.eat("-=") {
                Assign::Sub
            } else if !c.rest().trim_start().starts_with("==") && c.eat("=") {
                Assign::Set
            } else {
                let way =
                    if c.eat("'") { "; a motion stands on a line of its own, outside of blocks" } else { "" };
                let e = c.expected("`+=`, `-=` or `=`");
                return Err(ExprError::at(c.text, e.span(), format!("{}{way}", e.message())));
            };
            let value = c.expression();
            self.blocks[when as usize].push(DraftStatement { target, assign, value });
        }
        if self.blocks[when as usize].len() == before {
            return Err(c.expected("a statement `NAME += EXPRESSION` on the same line"));
        }
        Ok(())
    }
}

fn twice(text: &str, span: Range<usize>, what: &str) -> ExprError {
    ExprError::at(text, span, format!("{what} is given twice; write one line"))
}

/// What is wrong with a line that begins with no word of the language.
fn unknown(mut c: Cursor<'_>, head: &str, start: usize) -> ExprError {
    let span = start..start + head.len();
    let name = quote(head);
    let message = if c.eat("'") {
        format!("where does the state {name} live? Write `global`, `pre`, `post` or `synapse` before it")
    } else if c.eat("+=") || c.eat("-=") {
        "a statement stands in a block: write `on pre:`, `on post:` or `each step:` before it. What changes all the time is a \
         motion: `w' = EXPRESSION`"
            .into()
    } else if c.eat("=") {
        format!("what is {name}? A parameter is `param {head} = NUMBER`, a motion `w' = EXPRESSION`")
    } else {
        match nearest(head, HEADS.iter().map(|h| h.0)) {
            Some(near) => {
                let form = HEADS.iter().find(|h| h.0 == near).map_or("", |h| h.1);
                format!("no line begins with {name}; did you mean `{form}`?")
            }
            None => {
                let words = HEADS.iter().map(|h| format!("`{}`", h.0)).collect::<Vec<_>>().join(", ");
                format!("no line begins with {name}; it begins with {words} or `w'`")
            }
        }
    };
    ExprError::at(c.text, span, message)
}
