//! Types, ranks, and the list of values that a program is.

use crate::ast::{BinaryOp, UnaryOp};
use crate::dialect::Dialect;
use crate::functions::{binary, constant_power, unary};
use crate::lanes::{Kernel, Operand, Run};
use std::collections::HashMap;
use std::fmt;

/// The widest vector.
pub const MAX_WIDTH: usize = 65_536;

/// What a term varies over.
///
/// A term's rank is the join of the ranks of what it is made of: a product of a [`Pre`](Rank::Pre)
/// and a [`Post`](Rank::Post) is a [`Synapse`](Rank::Synapse).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rank {
    /// One value for all.
    Scalar,
    /// One value for each presynaptic neuron.
    Pre,
    /// One value for each postsynaptic neuron.
    Post,
    /// One value for each pair of a post- and a presynaptic neuron.
    Synapse,
}

impl Rank {
    /// The smallest rank that both fit in.
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Scalar, r) | (r, Self::Scalar) => r,
            _ => Self::Synapse,
        }
    }

    /// How many values there are of this rank.
    pub fn count(self, n_post: usize, n_pre: usize) -> usize {
        match self {
            Self::Scalar => 1,
            Self::Pre => n_pre,
            Self::Post => n_post,
            Self::Synapse => n_post * n_pre,
        }
    }
}

/// A variable that an expression can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Var {
    /// Its name.
    pub name: String,
    /// What it varies over.
    pub rank: Rank,
    /// Its number of components; 1 for a scalar.
    pub width: usize,
}

/// The variables that an expression can name, in the order in which their values will be given.
///
/// ```
/// use bouton_expr::{Rank, Vars};
/// let node = Vars::new().scalar("t").vector("x", 3);
/// let rule = Vars::new().scalar("lr").pre("pre").post("post").synapse("w").var("e", Rank::Post, 2);
/// ```
///
/// A variable may have the name of a constant, and hides it. A name that cannot be used, or a width
/// of 0, is an error of [`Program::compile`](crate::Program::compile).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vars {
    pub(crate) list: Vec<Var>,
    pub(crate) dialect: Dialect,
}

impl Vars {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a variable with one component and one value for all.
    pub fn scalar(self, name: &str) -> Self {
        self.var(name, Rank::Scalar, 1)
    }

    /// Adds a vector, the same for all.
    pub fn vector(self, name: &str, width: usize) -> Self {
        self.var(name, Rank::Scalar, width)
    }

    /// Adds a number for each presynaptic neuron.
    pub fn pre(self, name: &str) -> Self {
        self.var(name, Rank::Pre, 1)
    }

    /// Adds a number for each postsynaptic neuron.
    pub fn post(self, name: &str) -> Self {
        self.var(name, Rank::Post, 1)
    }

    /// Adds a number for each synapse.
    pub fn synapse(self, name: &str) -> Self {
        self.var(name, Rank::Synapse, 1)
    }

    /// Adds a variable of any rank and width.
    pub fn var(mut self, name: &str, rank: Rank, width: usize) -> Self {
        self.list.push(Var { name: name.to_string(), rank, width });
        self
    }

    /// The same, for expressions of a dialect.
    pub fn dialect(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }

    /// The variables in order.
    pub fn iter(&self) -> impl Iterator<Item = &Var> {
        self.list.iter()
    }
}

/// The place of a value in [`Ir::values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id(pub usize);

/// How the components of a vector become one number, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reducer {
    Sum,
    Min,
    Max,
}

/// What makes a value. Operands always stand before it in the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    /// The bits of a number, so that equal constants are one value.
    Const(u64),
    Var(usize),
    /// One component of a vector that is not a `Pack`.
    Comp(Id, usize),
    /// A vector of two or more values of width 1.
    Pack(Vec<Id>),
    /// Elementwise; an operand of width 1 is used for all components.
    Map(&'static Kernel, Vec<Id>),
    Reduce(Reducer, Id),
}

/// A value with its type.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub op: Op,
    pub rank: Rank,
    pub width: usize,
}

/// The list of values, in single assignment: each is made once, and equal ones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ir {
    pub values: Vec<Value>,
    seen: HashMap<Op, Id>,
}

impl Ir {
    pub fn width(&self, id: Id) -> usize {
        self.values[id.0].width
    }

    pub fn rank(&self, id: Id) -> Rank {
        self.values[id.0].rank
    }

    /// Which of the variables a value is made of.
    pub fn used(&self, root: Id, vars: usize) -> Vec<bool> {
        // From the result backwards: operands stand before what is made of them.
        let (mut needed, mut used) = (vec![false; self.values.len()], vec![false; vars]);
        needed[root.0] = true;
        for v in (0..=root.0).rev() {
            if !needed[v] {
                continue;
            }
            match &self.values[v].op {
                Op::Var(var) => used[*var] = true,
                Op::Const(_) => {}
                Op::Comp(a, _) | Op::Reduce(_, a) => needed[a.0] = true,
                Op::Pack(ids) | Op::Map(_, ids) => ids.iter().for_each(|i| needed[i.0] = true),
            }
        }
        used
    }

    fn push(&mut self, op: Op, rank: Rank, width: usize) -> Id {
        let next = Id(self.values.len());
        *self.seen.entry(op).or_insert_with_key(|op| {
            self.values.push(Value { op: op.clone(), rank, width });
            next
        })
    }

    pub fn constant(&mut self, value: f64) -> Id {
        self.push(Op::Const(value.to_bits()), Rank::Scalar, 1)
    }

    /// The number that a value is at compile time.
    pub fn as_constant(&self, id: Id) -> Option<f64> {
        match self.values[id.0].op {
            Op::Const(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    pub fn var(&mut self, index: usize, var: &Var) -> Id {
        self.push(Op::Var(index), var.rank, var.width)
    }

    /// One component; the index has been checked.
    pub fn component(&mut self, id: Id, index: usize) -> Id {
        match &self.values[id.0].op {
            Op::Pack(items) => items[index],
            _ if self.width(id) == 1 => id,
            _ => self.push(Op::Comp(id, index), self.rank(id), 1),
        }
    }

    /// A vector of values of width 1.
    pub fn pack(&mut self, items: Vec<Id>) -> Id {
        if let [one] = items[..] {
            return one;
        }
        let rank = items.iter().fold(Rank::Scalar, |r, &i| r.join(self.rank(i)));
        let width = items.len();
        self.push(Op::Pack(items), rank, width)
    }

    /// An elementwise function; an error if the widths differ. Numbers are folded by the loop that
    /// would have run, so folding changes no bit.
    pub fn map(&mut self, kernel: &'static Kernel, args: &[Id]) -> Result<Id, String> {
        let mut width = 1;
        let mut rank = Rank::Scalar;
        for &a in args {
            let w = self.width(a);
            if w != 1 && width != 1 && w != width {
                return Err(format!(
                    "`{}` takes operands of the same width, found {width} and {w} components",
                    kernel.name
                ));
            }
            width = width.max(w);
            rank = rank.join(self.rank(a));
        }
        let numbers: Option<Vec<f64>> = args.iter().map(|&a| self.as_constant(a)).collect();
        if let Some(numbers) = numbers {
            let mut out = [0.0];
            let operands: Vec<_> = numbers.into_iter().map(Operand::Uniform).collect();
            match (kernel.run, &operands[..]) {
                (Run::One(f), &[a]) => f(&mut out, a),
                (Run::Two(f), &[a, b]) => f(&mut out, a, b),
                (Run::Three(f), &[a, b, c]) => f(&mut out, a, b, c),
                _ => unreachable!("the number of operands was checked"),
            }
            return Ok(self.constant(out[0]));
        }
        Ok(self.push(Op::Map(kernel, args.to_vec()), rank, width))
    }

    /// `base ^ exponent`, by multiplication and the like where NumPy does so for arrays.
    pub fn power(&mut self, base: Id, exponent: Id) -> Result<Id, String> {
        let exponent_value = self.as_constant(exponent);
        if exponent_value == Some(1.0) {
            return Ok(base);
        }
        match exponent_value.and_then(constant_power) {
            Some(kernel) => self.map(kernel, &[base]),
            None => self.map(binary(BinaryOp::Pow), &[base, exponent]),
        }
    }

    /// The same with the other sign.
    pub fn negated(&mut self, id: Id) -> Id {
        self.signed(id).unwrap_or_else(|| self.opposite(id))
    }

    /// The same of a product that has a factor which is a number for all, and takes the sign.
    fn signed(&mut self, id: Id) -> Option<Id> {
        if self.rank(id) == Rank::Scalar {
            return Some(self.opposite(id));
        }
        let Op::Map(kernel, mut args) = self.values[id.0].op.clone() else { return None };
        if *kernel != *binary(BinaryOp::Mul) {
            return None;
        }
        let (at, factor) = args.iter().enumerate().find_map(|(at, a)| Some((at, self.signed(*a)?)))?;
        args[at] = factor;
        self.map(kernel, &args).ok()
    }

    fn opposite(&mut self, id: Id) -> Id {
        self.map(unary(UnaryOp::Neg), &[id]).expect("one operand")
    }

    /// The components as one number.
    pub fn reduce(&mut self, reducer: Reducer, id: Id) -> Id {
        if self.width(id) == 1 {
            return id;
        }
        self.push(Op::Reduce(reducer, id), self.rank(id), 1)
    }
}

/// The list as text, for people who want to see what their expression became.
pub(crate) struct Listing<'a>(pub &'a Ir, pub &'a Vars);

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |ids: &[Id]| ids.iter().map(|i| format!("%{}", i.0)).collect::<Vec<_>>().join(" ");
        for (i, value) in self.0.values.iter().enumerate() {
            let rank = format!("{:?}", value.rank).to_lowercase();
            let width = if value.width == 1 { String::new() } else { format!("[{}]", value.width) };
            let op = match &value.op {
                Op::Const(bits) => format!("{:?}", f64::from_bits(*bits)),
                Op::Var(v) => self.1.list[*v].name.clone(),
                Op::Comp(a, c) => format!("%{}[{c}]", a.0),
                Op::Pack(items) => format!("[{}]", names(items)),
                Op::Map(kernel, args) => format!("{} {}", kernel.name, names(args)),
                Op::Reduce(reducer, a) => format!("{} %{}", format!("{reducer:?}").to_lowercase(), a.0),
            };
            writeln!(f, "%{i}: {rank}{width} = {op}")?;
        }
        Ok(())
    }
}
