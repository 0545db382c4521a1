//! The syntax tree.
//!
//! Nodes lie in one list, children before parents. So nothing that walks a tree needs recursion, and
//! a sum of thousands of terms (a tree thousands deep) cannot overflow the stack.

use std::fmt;
use std::ops::Range;

/// The place of a node in [`Ast::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeId(pub(crate) usize);

/// One node: what it is, and the bytes of the text that it came from.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it stands in the text.
    pub span: Range<usize>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// A number as written; a minus sign before it is a [`Unary`](Self::Unary) node.
    Number(f64),
    /// A variable or a constant.
    Name(String),
    /// `-a`, `not a`.
    Unary(UnaryOp, NodeId),
    /// `a + b` and the like.
    Binary(BinaryOp, NodeId, NodeId),
    /// `a[i]`; negative counts from the end.
    Index(NodeId, i64),
    /// `name(a, b)`; the name is the beginning of the node's span.
    Call {
        /// The function's name.
        name: String,
        /// The arguments.
        args: Vec<NodeId>,
    },
    /// `[a, b]`.
    Vector(Vec<NodeId>),
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-a`
    Neg,
    /// `not a`
    Not,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Each is what its name says; `symbol` has the spelling.
pub enum BinaryOp {
    Or,
    And,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
}

/// How tightly an operator binds: a higher number binds tighter.
pub(crate) mod prec {
    pub const LOWEST: u8 = 0;
    pub const OR: u8 = 1;
    pub const AND: u8 = 2;
    pub const NOT: u8 = 3;
    pub const COMPARE: u8 = 4;
    pub const SUM: u8 = 5;
    pub const PRODUCT: u8 = 6;
    pub const NEG: u8 = 7;
    pub const POWER: u8 = 8;
    pub const ATOM: u8 = 9;
}

impl BinaryOp {
    pub(crate) const ALL: [Self; 14] = {
        use BinaryOp::*;
        [Or, And, Lt, Le, Gt, Ge, Eq, Ne, Add, Sub, Mul, Div, Rem, Pow]
    };

    /// The operator as it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
            Self::Pow => "^",
        }
    }

    pub(crate) fn prec(self) -> u8 {
        match self {
            Self::Or => prec::OR,
            Self::And => prec::AND,
            Self::Lt | Self::Le | Self::Gt | Self::Ge | Self::Eq | Self::Ne => prec::COMPARE,
            Self::Add | Self::Sub => prec::SUM,
            Self::Mul | Self::Div | Self::Rem => prec::PRODUCT,
            Self::Pow => prec::POWER,
        }
    }

    /// What the left and the right operand must bind at least as tightly as, to need no parentheses.
    fn operand_prec(self) -> (u8, u8) {
        match self.prec() {
            // `a < b < c` is refused, so a comparison inside a comparison always has parentheses.
            prec::COMPARE => (prec::COMPARE + 1, prec::COMPARE + 1),
            // Right associative; a minus may stand bare in the exponent but not in the base.
            prec::POWER => (prec::ATOM, prec::NEG),
            p => (p, p + 1),
        }
    }
}

impl NodeKind {
    fn prec(&self) -> u8 {
        match self {
            Self::Unary(UnaryOp::Neg, _) => prec::NEG,
            Self::Unary(UnaryOp::Not, _) => prec::NOT,
            Self::Binary(op, ..) => op.prec(),
            _ => prec::ATOM,
        }
    }
}

/// A parsed expression.
///
/// `Display` prints it with the fewest parentheses; parsing that gives an equal tree. Equality
/// ignores the places in the text.
#[derive(Clone, Debug)]
pub struct Ast {
    pub(crate) nodes: Vec<Node>,
}

impl Ast {
    /// All nodes, children before their parents; the last one is the whole expression.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node with an id.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }
}

impl PartialEq for Ast {
    fn eq(&self, other: &Self) -> bool {
        // The order of the list follows from the tree, so equal lists are equal trees.
        self.nodes.len() == other.nodes.len()
            && self.nodes.iter().zip(&other.nodes).all(|(a, b)| a.kind == b.kind)
    }
}

impl fmt::Display for Ast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each node takes over its children's text; no recursion.
        let mut texts: Vec<String> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let mut take = |id: NodeId, least: u8| {
                let text = std::mem::take(&mut texts[id.0]);
                if self.nodes[id.0].kind.prec() < least { format!("({text})") } else { text }
            };
            let mut list =
                |ids: &[NodeId]| ids.iter().map(|&i| take(i, prec::LOWEST)).collect::<Vec<_>>().join(", ");
            let text = match &node.kind {
                // `{:?}` keeps every digit and does not write 1e300 out.
                NodeKind::Number(value) => format!("{value:?}"),
                NodeKind::Name(name) => name.clone(),
                NodeKind::Unary(UnaryOp::Neg, a) => format!("-{}", take(*a, prec::NEG)),
                NodeKind::Unary(UnaryOp::Not, a) => format!("not {}", take(*a, prec::NOT)),
                NodeKind::Binary(op, a, b) => {
                    let (left, right) = op.operand_prec();
                    // Appending keeps a long sum linear in its length.
                    let mut text = take(*a, left);
                    text.push(' ');
                    text.push_str(op.symbol());
                    text.push(' ');
                    text.push_str(&take(*b, right));
                    text
                }
                NodeKind::Index(a, i) => format!("{}[{i}]", take(*a, prec::ATOM)),
                NodeKind::Call { name, args } => format!("{name}({})", list(args)),
                NodeKind::Vector(items) => format!("[{}]", list(items)),
            };
            texts.push(text);
        }
        f.write_str(texts.last().map_or("", String::as_str))
    }
}
