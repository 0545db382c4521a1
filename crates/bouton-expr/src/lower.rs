//! Syntax tree to IR: names, types, and what is wrong with them.

use crate::ast::{Ast, BinaryOp, Node, NodeKind};
use crate::delays::{DELAY, Delayed};
use crate::dialect::Dialect;
use crate::error::{ExprError, quote, suggestion};
use crate::functions::{FUNCTIONS, Function, binary, find, unary};
use crate::ir::{Id, Ir, MAX_WIDTH, Vars};
use crate::lexer::{KEYWORDS, is_dotted, is_identifier};

/// Refuses variables that no expression could name, or that would be ambiguous.
pub(crate) fn check_vars(vars: &Vars) -> Result<(), ExprError> {
    for (i, var) in vars.list.iter().enumerate() {
        let name = &var.name;
        let named = if vars.dialect.dotted { is_dotted(name) } else { is_identifier(name) }
            || (vars.dialect.delays && name.starts_with("delay("));
        let wrong = if !named {
            "is not a name: a letter or `_`, then letters, digits and `_`".to_string()
        } else if KEYWORDS.contains(&name.as_str()) {
            "is a word of the language".to_string()
        } else if find(name).is_some() {
            "is the name of a function".to_string()
        } else if vars.list[..i].iter().any(|v| v.name == *name) {
            "is declared twice".to_string()
        } else if var.width == 0 || var.width > MAX_WIDTH {
            format!("has {} components; from 1 to {MAX_WIDTH} are possible", var.width)
        } else {
            continue;
        };
        return Err(ExprError::new(format!("the variable {} {wrong}", quote(name)), 0..0));
    }
    Ok(())
}

/// The IR of a tree, and the value that is its result.
pub(crate) fn lower(text: &str, ast: &Ast, vars: &Vars) -> Result<(Ir, Id), ExprError> {
    let mut lowering = Lowering { text, ast, vars, ir: Ir::default(), ids: Vec::new() };
    // Children stand before parents, so one pass without recursion has every operand at hand.
    for node in &ast.nodes {
        let id = lowering.node(node)?;
        lowering.ids.push(id);
    }
    let root = *lowering.ids.last().expect("a parsed expression has a node");
    Ok((lowering.ir, root))
}

struct Lowering<'a> {
    text: &'a str,
    ast: &'a Ast,
    vars: &'a Vars,
    ir: Ir,
    /// The value of each node so far.
    ids: Vec<Id>,
}

impl Lowering<'_> {
    fn node(&mut self, node: &Node) -> Result<Id, ExprError> {
        let at = |message: String| ExprError::new(message, node.span.clone());
        match &node.kind {
            NodeKind::Number(value) => Ok(self.ir.constant(*value)),
            NodeKind::Name(name) => self.name(name).map_err(at),
            NodeKind::Unary(op, a) => self.ir.map(unary(*op), &[self.ids[a.0]]).map_err(at),
            NodeKind::Binary(op, a, b) => {
                let (a, b) = (self.ids[a.0], self.ids[b.0]);
                let result = match op {
                    BinaryOp::Pow => self.ir.power(a, b),
                    _ => self.ir.map(binary(*op), &[a, b]),
                };
                result.map_err(at)
            }
            NodeKind::Index(base, index) => {
                let id = self.ids[base.0];
                let width = self.ir.width(id);
                let from_start = if *index < 0 { index + width as i64 } else { *index };
                if from_start < 0 || from_start >= width as i64 {
                    let s = if width == 1 { "" } else { "s" };
                    // A name reads as itself; anything longer is quoted.
                    let base = &self.text[self.ast.node(*base).span.clone()];
                    let base = if is_identifier(base) { base.to_string() } else { quote(base) };
                    return Err(at(format!(
                        "{base} has {width} component{s}, index {index} is out of range"
                    )));
                }
                Ok(self.ir.component(id, from_start as usize))
            }
            NodeKind::Call { name, .. } if name == DELAY && self.vars.dialect.delays => {
                // Its arguments are read as they are written; what they are now is not needed.
                let delayed = Delayed::of(self.ast, node).expect("it is one")?;
                match self.vars.list.iter().position(|v| v.name == delayed.variable()) {
                    Some(index) => Ok(self.ir.var(index, &self.vars.list[index])),
                    None => Err(at(format!("{} can't be delayed here", quote(&delayed.name)))),
                }
            }
            NodeKind::Call { name, args } => {
                let name_span = node.span.start..node.span.start + name.len();
                let function = self.function(name).map_err(|m| ExprError::new(m, name_span))?;
                check_arity(function, args.len()).map_err(at)?;
                let args: Vec<Id> = args.iter().map(|a| self.ids[a.0]).collect();
                function.call(&mut self.ir, &args).map_err(at)
            }
            NodeKind::Vector(items) => {
                for item in items {
                    let width = self.ir.width(self.ids[item.0]);
                    if width != 1 {
                        let span = self.ast.node(*item).span.clone();
                        let message = format!(
                            "each component of a vector must be one number, found {width} components; take one of them by its index"
                        );
                        return Err(ExprError::new(message, span));
                    }
                }
                let items = items.iter().map(|i| self.ids[i.0]).collect();
                Ok(self.ir.pack(items))
            }
        }
    }

    fn name(&mut self, name: &str) -> Result<Id, String> {
        if let Some(index) = self.vars.list.iter().position(|v| v.name == name) {
            return Ok(self.ir.var(index, &self.vars.list[index]));
        }
        if let Some((_, value)) = self.vars.dialect.constants().find(|c| c.0 == name) {
            return Ok(self.ir.constant(value));
        }
        if let Some(f) = find(name) {
            return Err(format!("`{name}` is a function; call it: `{name}({})`", f.args));
        }
        let Dialect { undeclared, .. } = self.vars.dialect;
        let mut names: Vec<&str> = self.variables().collect();
        names.extend(self.vars.dialect.constants().map(|c| c.0));
        if undeclared.is_empty() {
            names.extend(functions());
        }
        let guess = suggestion(name, names);
        let guess = if guess.is_empty() { self.known() } else { guess };
        let way = match (undeclared, guess.ends_with('?')) {
            ("", _) => String::new(),
            (way, true) => format!(" If not, {way}"),
            (way, false) => format!("; {way}"),
        };
        Err(format!("unknown name {}{guess}{way}", quote(name)))
    }

    fn function(&self, name: &str) -> Result<&'static Function, String> {
        if let Some(f) = find(name) {
            return Ok(f);
        }
        if self.variables().any(|v| v == name) || self.vars.dialect.constants().any(|c| c.0 == name) {
            let message = "is not a function; a product is written with `*`, a component `x[0]`";
            return Err(format!("`{name}` {message}"));
        }
        Err(format!("unknown function {}{}", quote(name), suggestion(name, functions())))
    }

    fn variables(&self) -> impl Iterator<Item = &str> {
        self.vars.list.iter().map(|v| v.name.as_str())
    }

    /// The variables there are, for a message about a name that resembles none.
    fn known(&self) -> String {
        let names: Vec<_> = self.variables().take(8).map(|v| format!("`{v}`")).collect();
        if names.is_empty() {
            String::new()
        } else {
            format!("; the variables here are {}", names.join(", "))
        }
    }
}

// Not `&'static str`: the caller puts them in one list with names that live shorter.
fn functions<'a>() -> impl Iterator<Item = &'a str> {
    FUNCTIONS.iter().map(|f| f.name)
}

fn check_arity(function: &Function, found: usize) -> Result<(), String> {
    let (fewest, most) = function.arity();
    if (fewest..=most).contains(&found) {
        return Ok(());
    }
    let expected = match (fewest, most) {
        (n, usize::MAX) => format!("at least {n}"),
        (n, m) if n == m => n.to_string(),
        (n, m) => format!("{n} or {m}"),
    };
    let s = if expected.ends_with('1') { "" } else { "s" };
    let Function { name, args, .. } = function;
    Err(format!("`{name}({args})` takes {expected} argument{s}, found {found}"))
}
