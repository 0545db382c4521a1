//! What a variable was some time ago: `delay(x, 3 ms)`, in a dialect that has it.

use std::ops::Range;

use crate::ast::{Ast, Node, NodeKind};
use crate::dialect::Dialect;
use crate::error::{ExprError, quote};
use crate::parser::parse_in;

/// The name of the function.
pub(crate) const DELAY: &str = "delay";

/// The longest delay (s).
const LONGEST: f64 = 100.0;

/// A variable as it was some time ago, as an expression names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Delayed {
    /// The variable.
    pub name: String,
    /// How long ago (s); greater than 0.
    pub seconds: f64,
    /// Where it stands in the expression.
    pub span: Range<usize>,
}

impl Delayed {
    /// All that an expression names, in their order.
    ///
    /// ```
    /// use bouton_expr::{Delayed, Dialect, Program, Scratch, Unit, Vars};
    /// const UNITS: &[Unit] = &[Unit::new("ms", -3)];
    /// let dialect = Dialect { delays: true, units: UNITS, ..Dialect::default() };
    /// let text = "x - delay(x, 3 ms)";
    /// let all = Delayed::all(text, dialect)?;
    /// assert_eq!((all[0].name.as_str(), all[0].seconds), ("x", 0.003));
    /// // It is a variable of its own, which the caller gives its value.
    /// let vars = Vars::new().scalar("x").scalar(&all[0].variable()).dialect(dialect);
    /// let mut out = [0.0];
    /// Program::compile(text, &vars)?.eval(&mut Scratch::new(), &[&[5.0], &[2.0]], &mut out);
    /// assert_eq!(out, [3.0]);
    /// # Ok::<(), bouton_expr::ExprError>(())
    /// ```
    ///
    /// # Errors
    /// What the text is no expression for, or a delay that is none.
    pub fn all(text: &str, dialect: Dialect) -> Result<Vec<Delayed>, ExprError> {
        let ast = parse_in(text, dialect)?;
        let calls = ast.nodes.iter().filter_map(|node| Delayed::of(&ast, node));
        calls.collect::<Result<_, _>>().map_err(|e: ExprError| e.in_text(text))
    }

    /// The name of the variable that holds its value.
    pub fn variable(&self) -> String {
        format!("{DELAY}({}, {:?})", self.name, self.seconds)
    }

    /// What a node says, if it is a delay.
    pub(crate) fn of(ast: &Ast, node: &Node) -> Option<Result<Delayed, ExprError>> {
        let NodeKind::Call { name, args } = &node.kind else { return None };
        if name != DELAY {
            return None;
        }
        let wrong = |message: String, span: Range<usize>| Some(Err(ExprError::new(message, span)));
        let [of, by] = &args[..] else {
            let message = format!(
                "`delay` takes what is delayed and by how much, as in `delay(x, 3 ms)`, found {} arguments",
                args.len()
            );
            return wrong(message, node.span.clone());
        };
        let (of, by) = (ast.node(*of), ast.node(*by));
        let NodeKind::Name(name) = &of.kind else {
            let message = "what is delayed is a name, as in `delay(x, 3 ms)`; to delay an expression, let a state hold it";
            return wrong(message.into(), of.span.clone());
        };
        let seconds = match by.kind {
            NodeKind::Number(x) => x,
            _ => {
                let message = "a delay is a number, as in `delay(x, 3 ms)`: what is kept has a fixed length";
                return wrong(message.into(), by.span.clone());
            }
        };
        if !(seconds > 0.0 && seconds <= LONGEST) {
            let message = format!(
                "a delay is greater than 0 and at most {LONGEST} s, found {}",
                quote(&seconds.to_string())
            );
            return wrong(message, by.span.clone());
        }
        Some(Ok(Delayed { name: name.clone(), seconds, span: node.span.clone() }))
    }
}
