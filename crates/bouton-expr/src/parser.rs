//! Tokens to a syntax tree, by precedence climbing (a Pratt parser).

use crate::ast::{Ast, BinaryOp, Node, NodeId, NodeKind, UnaryOp, prec};
use crate::dialect::Dialect;
use crate::error::{ExprError, quote};
use crate::lexer::{Tok, Token, tokens};
use std::ops::Range;

/// The longest text that is parsed, in bytes.
pub const MAX_LENGTH: usize = 10_000;
/// The deepest nesting of parentheses, brackets, calls, signs and exponents.
pub const MAX_DEPTH: usize = 100;

/// Parses a text to a syntax tree. Names are not looked up.
///
/// ```
/// let ast = bouton_expr::parse("-x**2 + (a*b)")?;
/// assert_eq!(ast.to_string(), "-x ^ 2.0 + a * b");
/// # Ok::<(), bouton_expr::ExprError>(())
/// ```
pub fn parse(text: &str) -> Result<Ast, ExprError> {
    parse_in(text, Dialect::default())
}

/// The same in a dialect.
pub(crate) fn parse_in(text: &str, dialect: Dialect) -> Result<Ast, ExprError> {
    parse_text(text, dialect).map_err(|e| e.in_text(text))
}

fn parse_text(text: &str, dialect: Dialect) -> Result<Ast, ExprError> {
    if text.len() > MAX_LENGTH {
        let message = format!("the expression has {} bytes; the most is {MAX_LENGTH}", text.len());
        return Err(ExprError::new(message, 0..0));
    }
    let mut parser = Parser { text, tokens: tokens(text, dialect)?, at: 0, nodes: Vec::new(), depth: 0 };
    parser.skip_newlines();
    parser.expr(prec::LOWEST)?;
    let ended_by_line = parser.peek() == Tok::Newline;
    parser.skip_newlines();
    match parser.peek() {
        Tok::End => Ok(Ast { nodes: parser.nodes }),
        _ if ended_by_line => Err(parser.error(
            "one expression was expected, and the end of the line ended it; to go on over several lines, put it in parentheses",
        )),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    nodes: Vec<Node>,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Tok<'a> {
        self.tokens[self.at].tok
    }

    fn span(&self) -> Range<usize> {
        self.tokens[self.at].span.clone()
    }

    /// Moves on; `End` is never passed.
    fn bump(&mut self) -> Token<'a> {
        let token = self.tokens[self.at].clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Tok::Sym(s) if s == symbol);
        if found {
            self.bump();
        }
        found
    }

    fn skip_newlines(&mut self) {
        while self.peek() == Tok::Newline {
            self.bump();
        }
    }

    fn push(&mut self, kind: NodeKind, span: Range<usize>) -> NodeId {
        self.nodes.push(Node { kind, span });
        NodeId(self.nodes.len() - 1)
    }

    /// From the start of `a` to the end of the token before this one.
    fn span_from(&self, start: usize) -> Range<usize> {
        start..self.tokens[self.at - 1].span.end
    }

    fn error(&self, message: impl Into<String>) -> ExprError {
        ExprError::new(message, self.span())
    }

    /// "expected …, found …", at the present token.
    fn unexpected(&self, expected: &str) -> ExprError {
        let found = match self.peek() {
            Tok::End => "the end".to_string(),
            Tok::Newline => "the end of the line".to_string(),
            _ => quote(&self.text[self.span()]),
        };
        let after_value = self.at > 0
            && matches!(self.tokens[self.at - 1].tok, Tok::Number(_) | Tok::Name(_) | Tok::Sym(")" | "]"));
        let hint = match self.peek() {
            Tok::Number(_) | Tok::Name(_) | Tok::Sym("(") if after_value => "; a product is written with `*`",
            _ => "",
        };
        self.error(format!("expected {expected}, found {found}{hint}"))
    }

    /// An expression whose operators bind at least as tightly as `least`.
    ///
    /// The list of nodes stays in the order children, parent: a node is pushed when its last child is.
    fn expr(&mut self, least: u8) -> Result<NodeId, ExprError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(format!("nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let start = self.span().start;
        let mut left = self.prefix(least)?;
        let mut compared = false;
        while let Some(op) = self.binary_op().filter(|op| op.prec() >= least) {
            if op.prec() == prec::COMPARE {
                if compared {
                    return Err(
                        self.error("comparisons cannot be chained; write `a < b and b < c` for `a < b < c`")
                    );
                }
                compared = true;
            }
            self.bump();
            let right_least = if op == BinaryOp::Pow { prec::NEG } else { op.prec() + 1 };
            let right = self.expr(right_least)?;
            let span = self.span_from(start);
            left = self.push(NodeKind::Binary(op, left, right), span);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn binary_op(&self) -> Option<BinaryOp> {
        let Tok::Sym(symbol) = self.peek() else { return None };
        BinaryOp::ALL.into_iter().find(|op| op.symbol() == symbol)
    }

    /// A sign or `not` before an expression, or an atom with its indices.
    fn prefix(&mut self, least: u8) -> Result<NodeId, ExprError> {
        let start = self.span().start;
        let (op, operand_least) = match self.peek() {
            Tok::Sym("-") => (Some(UnaryOp::Neg), prec::NEG),
            // A plus sign changes nothing and leaves no node.
            Tok::Sym("+") => (None, prec::NEG),
            Tok::Sym("not") if least > prec::NOT => {
                return Err(self.error("`not` needs parentheses here"));
            }
            Tok::Sym("not") => (Some(UnaryOp::Not), prec::NOT),
            _ => return self.indexed(),
        };
        self.bump();
        let operand = self.expr(operand_least)?;
        let span = self.span_from(start);
        Ok(op.map_or(operand, |op| self.push(NodeKind::Unary(op, operand), span)))
    }

    fn indexed(&mut self) -> Result<NodeId, ExprError> {
        let start = self.span().start;
        let mut node = self.atom()?;
        while self.eat("[") {
            let index = self.index()?;
            let span = self.span_from(start);
            node = self.push(NodeKind::Index(node, index), span);
        }
        Ok(node)
    }

    /// A constant integer and the closing bracket.
    fn index(&mut self) -> Result<i64, ExprError> {
        let negative = self.eat("-");
        let text = match self.peek() {
            Tok::Number(_) => &self.text[self.span()],
            _ => return Err(self.unexpected("a constant integer as the index")),
        };
        let Some(index) = text.parse::<u32>().ok() else {
            return Err(self.unexpected("a constant integer as the index"));
        };
        self.bump();
        self.close("]")?;
        Ok(if negative { -i64::from(index) } else { i64::from(index) })
    }

    fn close(&mut self, bracket: &'static str) -> Result<(), ExprError> {
        if self.eat(bracket) { Ok(()) } else { Err(self.unexpected(&format!("`{bracket}`"))) }
    }

    fn atom(&mut self) -> Result<NodeId, ExprError> {
        let start = self.span().start;
        match self.peek() {
            Tok::Number(value) => {
                let span = self.bump().span;
                Ok(self.push(NodeKind::Number(value), span))
            }
            Tok::Name(name) => {
                let name_span = self.bump().span;
                if !self.eat("(") {
                    return Ok(self.push(NodeKind::Name(name.to_string()), name_span));
                }
                let args = self.list(")")?;
                let span = self.span_from(start);
                let name = name.to_string();
                Ok(self.push(NodeKind::Call { name, args }, span))
            }
            Tok::Sym("(") => {
                self.bump();
                let inner = self.expr(prec::LOWEST)?;
                self.close(")")?;
                Ok(inner)
            }
            Tok::Sym("[") => {
                self.bump();
                let items = self.list("]")?;
                let span = self.span_from(start);
                if items.is_empty() {
                    return Err(ExprError::new("a vector needs at least one component", span));
                }
                Ok(self.push(NodeKind::Vector(items), span))
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    /// Expressions between commas up to the closing bracket; a comma may stand after the last.
    fn list(&mut self, bracket: &'static str) -> Result<Vec<NodeId>, ExprError> {
        let mut items = Vec::new();
        while !self.eat(bracket) {
            items.push(self.expr(prec::LOWEST)?);
            if !self.eat(",") {
                if !self.eat(bracket) {
                    return Err(self.unexpected(&format!("`,` or `{bracket}`")));
                }
                break;
            }
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, printed: &str) {
        let ast = parse(text).unwrap_or_else(|e| panic!("{e:?}"));
        assert_eq!(ast.to_string(), printed);
        assert_eq!(parse(printed).unwrap(), ast, "{printed} does not parse to the same tree");
    }

    fn fails(text: &str, message: &str, span: Range<usize>) {
        let err = parse(text).unwrap_err();
        assert_eq!((err.message(), err.span()), (message, span), "{text}");
    }

    #[test]
    fn operators_bind_as_in_python() {
        check("-x^2", "-x ^ 2.0");
        check("(-x)^2", "(-x) ^ 2.0");
        check("2^-x^2", "2.0 ^ -x ^ 2.0");
        check("(a^b)^c", "(a ^ b) ^ c");
        check("a^b^c", "a ^ b ^ c");
        check("a-(b-c)-d", "a - (b - c) - d");
        check("a*(b/c)%d", "a * (b / c) % d");
        check("-a*b", "-a * b");
        check("-(a*b)", "-(a * b)");
        check("not a == b and c or d", "not a == b and c or d");
        check("(not a) == b", "(not a) == b");
        check("(a < b) == c", "(a < b) == c");
        check("a or (b or c)", "a or (b or c)");
        check("+x - -y", "x - -y");
        check("f(a, (b), [c, d],)[0][-1]", "f(a, b, [c, d])[0][-1]");
        check("(a+b)[1]", "(a + b)[1]");
        check("\n (a\n + b) # sum\n\n", "a + b");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        fails("", "expected a value, found the end", 0..0);
        fails("2 *", "expected a value, found the end", 3..3);
        fails("2 * )", "expected a value, found `)`", 4..5);
        fails("2x", "expected an operator or the end, found `x`; a product is written with `*`", 1..2);
        fails("sin(t", "expected `,` or `)`, found the end", 5..5);
        fails("(t", "expected `)`, found the end", 2..2);
        fails("x[i]", "expected a constant integer as the index, found `i`", 2..3);
        fails("x[1.5]", "expected a constant integer as the index, found `1.5`", 2..5);
        fails("[]", "a vector needs at least one component", 0..2);
        fails("a < b < c", "comparisons cannot be chained; write `a < b and b < c` for `a < b < c`", 6..7);
        fails("a == not b", "`not` needs parentheses here", 5..8);
        let message = "one expression was expected, and the end of the line ended it; to go on over several lines, put it in parentheses";
        fails("a\n+ b", message, 2..3);
    }

    #[test]
    fn depth_and_length_are_limited() {
        for (open, close) in [("(", ")"), ("[", "]"), ("f(", ")"), ("-", ""), ("2^", ""), ("not ", "")] {
            let nested = |n: usize| format!("{}x{}", open.repeat(n), close.repeat(n));
            assert!(parse(&nested(MAX_DEPTH - 1)).is_ok(), "{open}");
            let err = parse(&nested(MAX_DEPTH)).unwrap_err();
            assert_eq!(err.message(), "nested more than 100 deep");
        }
        assert!(parse(&"(".repeat(9_000)).is_err());
        assert!(parse(&"1+".repeat(6_000)).unwrap_err().message().contains("12000 bytes"));
        // A long sum is a deep tree, and no problem.
        let sum = format!("{}1", "1+".repeat(4_999));
        assert!(parse(&sum).unwrap().to_string().ends_with("1.0 + 1.0"));
        assert_eq!(parse(&sum).unwrap().nodes().len(), 9_999);
    }
}
