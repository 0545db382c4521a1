//! The list of functions, operators and constants.
//!
//! Adding a function is one line in [`FUNCTIONS`] (and one in the table of the crate's documentation,
//! which a test compares with this list).

use crate::ast::{BinaryOp, UnaryOp};
use crate::ir::{Id, Ir, Reducer};
use crate::lanes::{Kernel, Operand, Run, kernel, map1, map2, map3};

/// A function that expressions can call.
pub struct Function {
    /// The name that is called.
    pub name: &'static str,
    /// The arguments as a user reads them, for example `"x, lo, hi"`.
    pub args: &'static str,
    /// What it gives, in one line.
    pub doc: &'static str,
    pub(crate) kind: Kind,
}

/// How a call becomes IR.
pub(crate) enum Kind {
    /// Elementwise. Arguments that are left out at the end come from `defaults`.
    Map { kernel: &'static Kernel, defaults: &'static [f64] },
    /// Elementwise over two or more arguments from the left; over the components of a single one.
    Fold { kernel: &'static Kernel, reducer: Reducer },
    /// Anything else, with a fixed number of arguments; an `Err` is the message.
    Build { arity: usize, build: fn(&mut Ir, &[Id]) -> Result<Id, String> },
}

/// Elementwise.
macro_rules! map {
    ($name:literal, $args:literal, $doc:literal, |$($a:ident),+| $body:expr) => {
        map!($name, $args, $doc, [], |$($a),+| $body)
    };
    ($name:literal, $args:literal, $doc:literal, [$($default:expr),*], |$($a:ident),+| $body:expr) => {{
        static KERNEL: Kernel = kernel!($name, |$($a),+| $body);
        let kind = Kind::Map { kernel: &KERNEL, defaults: &[$($default),*] };
        Function { name: $name, args: $args, doc: $doc, kind }
    }};
}

macro_rules! fold {
    ($name:literal, $args:literal, $doc:literal, $reducer:expr, |$a:ident, $b:ident| $body:expr) => {{
        static KERNEL: Kernel = kernel!($name, |$a, $b| $body);
        let kind = Kind::Fold { kernel: &KERNEL, reducer: $reducer };
        Function { name: $name, args: $args, doc: $doc, kind }
    }};
}

macro_rules! build {
    ($name:literal, $args:literal, $doc:literal, $arity:literal, $build:expr) => {
        Function { name: $name, args: $args, doc: $doc, kind: Kind::Build { arity: $arity, build: $build } }
    };
}

/// Every function there is.
pub static FUNCTIONS: &[Function] = &[
    map!("sin", "x", "sine of an angle in radians", |x| libm::sin(x)),
    map!("cos", "x", "cosine", |x| libm::cos(x)),
    map!("tan", "x", "tangent", |x| libm::tan(x)),
    map!("asin", "x", "inverse sine", |x| libm::asin(x)),
    map!("acos", "x", "inverse cosine", |x| libm::acos(x)),
    map!("atan", "x", "inverse tangent", |x| libm::atan(x)),
    map!("atan2", "y, x", "angle of the point (x, y)", |y, x| libm::atan2(y, x)),
    map!("sinh", "x", "hyperbolic sine", |x| libm::sinh(x)),
    map!("cosh", "x", "hyperbolic cosine", |x| libm::cosh(x)),
    map!("tanh", "x", "hyperbolic tangent", |x| libm::tanh(x)),
    map!("exp", "x", "e to the power x", |x| libm::exp(x)),
    map!("expm1", "x", "exp(x) - 1, exact near 0", |x| libm::expm1(x)),
    map!("log", "x", "natural logarithm", |x| libm::log(x)),
    map!("log1p", "x", "log(1 + x), exact near 0", |x| libm::log1p(x)),
    map!("log2", "x", "logarithm to base 2", |x| libm::log2(x)),
    map!("log10", "x", "logarithm to base 10", |x| libm::log10(x)),
    map!("sqrt", "x", "square root", |x| x.sqrt()),
    build!("pow", "x, y", "x to the power y, as x^y", 2, |ir, a| ir.power(a[0], a[1])),
    map!("abs", "x", "magnitude", |x| x.abs()),
    map!("sign", "x", "-1, 0 or 1", |x| sign(x)),
    map!("floor", "x", "largest integer not above x", |x| x.floor()),
    map!("ceil", "x", "smallest integer not below x", |x| x.ceil()),
    map!("round", "x", "nearest integer, a half to the even one", |x| x.round_ties_even()),
    fold!("min", "a, b, ...", "smallest; of one vector, its components", Reducer::Min, |a, b| min(a, b)),
    fold!("max", "a, b, ...", "largest; of one vector, its components", Reducer::Max, |a, b| max(a, b)),
    map!("clip", "x, lo, hi", "x held between lo and hi", |x, lo, hi| min(max(x, lo), hi)),
    map!("where", "c, a, b", "a where c is not 0, else b", |c, a, b| if c != 0.0 { a } else { b }),
    map!("heaviside", "x, h0=0", "0 below zero, 1 above, h0 at zero", [0.0], |x, h0| heaviside(x, h0)),
    build!("sum", "x", "sum of the components", 1, |ir, a| Ok(ir.reduce(Reducer::Sum, a[0]))),
    build!("mean", "x", "mean of the components", 1, |ir, a| {
        let sum = ir.reduce(Reducer::Sum, a[0]);
        let n = ir.constant(ir.width(a[0]) as f64);
        ir.map(binary(BinaryOp::Div), &[sum, n])
    }),
    build!("dot", "a, b", "sum of the products of the components", 2, |ir, a| dot(ir, a[0], a[1])),
    build!("norm", "x", "Euclidean length", 1, |ir, a| {
        let square = dot(ir, a[0], a[0])?;
        let sqrt = find("sqrt").and_then(Function::kernel).expect("is in this list");
        ir.map(sqrt, &[square])
    }),
];

/// An operation of three operands that is two: the inner one is an operand of the outer one, and nothing else reads it.
pub(crate) struct Pair {
    /// The operation on a and b.
    pub inner: BinaryOp,
    /// The one on what comes of that, and c.
    pub outer: BinaryOp,
    /// Which operand of the outer one the inner one may be.
    pub at: &'static [usize],
    /// Both in one loop over the lanes, each rounded: the same bits as one after the other.
    pub run: Run,
}

/// Every such pair there is.
pub(crate) static PAIRS: &[Pair] = {
    use BinaryOp::{Add, Mul, Pow, Sub};
    const SUM: Kernel = kernel!("a*b + c", |a, b, c| a * b + c);
    const LESS: Kernel = kernel!("a*b - c", |a, b, c| a * b - c);
    const FROM: Kernel = kernel!("c - a*b", |a, b, c| c - a * b);
    const PRODUCT: Kernel = kernel!("a*b*c", |a, b, c| a * b * c);
    &[
        Pair { inner: Mul, outer: Add, at: &[0, 1], run: SUM.run },
        Pair { inner: Mul, outer: Sub, at: &[0], run: LESS.run },
        Pair { inner: Mul, outer: Sub, at: &[1], run: FROM.run },
        Pair { inner: Mul, outer: Mul, at: &[0, 1], run: PRODUCT.run },
        Pair { inner: Pow, outer: Mul, at: &[0, 1], run: Run::Three(power_and_product) },
    ]
};

/// Names of numbers.
pub(crate) const CONSTANTS: &[(&str, f64)] =
    &[("pi", std::f64::consts::PI), ("tau", std::f64::consts::TAU), ("e", std::f64::consts::E)];

/// The function of a name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|f| f.name == name)
}

impl Function {
    pub(crate) fn kernel(&self) -> Option<&'static Kernel> {
        match self.kind {
            Kind::Map { kernel, .. } => Some(kernel),
            _ => None,
        }
    }

    /// The fewest and the most arguments.
    pub(crate) fn arity(&self) -> (usize, usize) {
        match self.kind {
            Kind::Map { kernel, defaults } => (kernel.run.arity() - defaults.len(), kernel.run.arity()),
            Kind::Fold { .. } => (1, usize::MAX),
            Kind::Build { arity, .. } => (arity, arity),
        }
    }

    /// The IR of a call; the number of arguments has been checked.
    pub(crate) fn call(&self, ir: &mut Ir, args: &[Id]) -> Result<Id, String> {
        match self.kind {
            Kind::Map { kernel, defaults } => {
                let left_out = kernel.run.arity() - args.len();
                let mut args = args.to_vec();
                args.extend(defaults[defaults.len() - left_out..].iter().map(|&d| ir.constant(d)));
                ir.map(kernel, &args)
            }
            Kind::Fold { reducer, .. } if args.len() == 1 => Ok(ir.reduce(reducer, args[0])),
            Kind::Fold { kernel, .. } => {
                args[1..].iter().try_fold(args[0], |all, &next| ir.map(kernel, &[all, next]))
            }
            Kind::Build { build, .. } => build(ir, args),
        }
    }
}

fn dot(ir: &mut Ir, a: Id, b: Id) -> Result<Id, String> {
    let (wa, wb) = (ir.width(a), ir.width(b));
    if wa != wb {
        return Err(format!("`dot` takes two vectors of the same width, found {wa} and {wb} components"));
    }
    let product = ir.map(binary(BinaryOp::Mul), &[a, b])?;
    Ok(ir.reduce(Reducer::Sum, product))
}

/// The loop of a unary operator.
pub(crate) fn unary(op: UnaryOp) -> &'static Kernel {
    static NEG: Kernel = kernel!("neg", |a| -a);
    static NOT: Kernel = kernel!("not", |a| truth(a == 0.0));
    match op {
        UnaryOp::Neg => &NEG,
        UnaryOp::Not => &NOT,
    }
}

/// The loop of a binary operator.
pub(crate) fn binary(op: BinaryOp) -> &'static Kernel {
    static OR: Kernel = kernel!("or", |a, b| truth((a != 0.0) | (b != 0.0)));
    static AND: Kernel = kernel!("and", |a, b| truth((a != 0.0) & (b != 0.0)));
    static LT: Kernel = kernel!("<", |a, b| truth(a < b));
    static LE: Kernel = kernel!("<=", |a, b| truth(a <= b));
    static GT: Kernel = kernel!(">", |a, b| truth(a > b));
    static GE: Kernel = kernel!(">=", |a, b| truth(a >= b));
    static EQ: Kernel = kernel!("==", |a, b| truth(a == b));
    static NE: Kernel = kernel!("!=", |a, b| truth(a != b));
    static ADD: Kernel = kernel!("+", |a, b| a + b);
    static SUB: Kernel = kernel!("-", |a, b| a - b);
    static MUL: Kernel = kernel!("*", |a, b| a * b);
    static DIV: Kernel = kernel!("/", |a, b| a / b);
    static REM: Kernel = kernel!("%", |a, b| modulo(a, b));
    static POW: Kernel = Kernel { name: "^", run: Run::Two(power) };
    match op {
        BinaryOp::Or => &OR,
        BinaryOp::And => &AND,
        BinaryOp::Lt => &LT,
        BinaryOp::Le => &LE,
        BinaryOp::Gt => &GT,
        BinaryOp::Ge => &GE,
        BinaryOp::Eq => &EQ,
        BinaryOp::Ne => &NE,
        BinaryOp::Add => &ADD,
        BinaryOp::Sub => &SUB,
        BinaryOp::Mul => &MUL,
        BinaryOp::Div => &DIV,
        BinaryOp::Rem => &REM,
        BinaryOp::Pow => &POW,
    }
}

/// Powers. Of one exponent for all, which is a parameter more often than not, 0, 1 and 2 are the bits of `pow` for less.
fn power(out: &mut [f64], a: Operand<'_>, b: Operand<'_>) {
    match b {
        Operand::Uniform(0.0) => out.fill(1.0),
        Operand::Uniform(1.0) => map1(out, a, |a| a),
        Operand::Uniform(2.0) => map1(out, a, |a| a * a),
        b => map2(out, a, b, libm::pow),
    }
}

/// A power and a product with it, with the bits of one after the other.
fn power_and_product(out: &mut [f64], a: Operand<'_>, b: Operand<'_>, c: Operand<'_>) {
    match b {
        Operand::Uniform(0.0) => map1(out, c, |c| c),
        Operand::Uniform(1.0) => map2(out, a, c, |a, c| a * c),
        Operand::Uniform(2.0) => map2(out, a, c, |a, c| a * a * c),
        b => map3(out, a, b, c, |a, b, c| libm::pow(a, b) * c),
    }
}

/// The loop that replaces a power with a constant exponent, where NumPy has one too.
pub(crate) fn constant_power(exponent: f64) -> Option<&'static Kernel> {
    static SQUARE: Kernel = kernel!("square", |a| a * a);
    static RECIPROCAL: Kernel = kernel!("reciprocal", |a| 1.0 / a);
    if exponent == 2.0 {
        Some(&SQUARE)
    } else if exponent == -1.0 {
        Some(&RECIPROCAL)
    } else if exponent == 0.5 {
        find("sqrt").and_then(Function::kernel)
    } else {
        None
    }
}

fn truth(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

/// NumPy's: 0 for both zeros, NaN for NaN (`f64::signum` gives 1 for zero).
fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        // NaN stays; -0 becomes 0.
        x + 0.0
    }
}

/// NumPy's `minimum`: a NaN on either side comes out (`f64::min` would lose it).
pub(crate) fn min(a: f64, b: f64) -> f64 {
    if a <= b || a.is_nan() { a } else { b }
}

/// NumPy's `maximum`.
pub(crate) fn max(a: f64, b: f64) -> f64 {
    if a >= b || a.is_nan() { a } else { b }
}

fn heaviside(x: f64, h0: f64) -> f64 {
    if x == 0.0 {
        h0
    } else if x.is_nan() {
        x
    } else {
        truth(x > 0.0)
    }
}

/// The remainder with the sign of the divisor, as in Python (Rust's has the sign of the dividend).
fn modulo(a: f64, b: f64) -> f64 {
    let r = a % b;
    if r == 0.0 {
        // NaN if b is 0 does not come here; a zero takes the divisor's sign as well.
        0.0_f64.copysign(b)
    } else if (r < 0.0) != (b < 0.0) {
        r + b
    } else {
        r
    }
}
