//! The expression language of bouton.
//!
//! Functions of nodes and of connections in a model file are expressions; learning rules, neurons and
//! devices written as equations will extend the same language.
//!
//! ```
//! use bouton_expr::{Program, Scratch, Vars};
//!
//! let stimulus = Program::compile("0.6*sin(2*pi*t + 1)", &Vars::new().scalar("t"))?;
//! let mut out = [0.0];
//! stimulus.eval(&mut Scratch::new(), &[&[0.25]], &mut out);
//! assert_eq!(out[0], 0.6 * (2.0 * std::f64::consts::PI * 0.25 + 1.0).sin());
//!
//! // All evaluation points of a connection at once, a row each.
//! let product = Program::compile("x[0] * x[1]", &Vars::new().vector("x", 2))?;
//! let mut targets = [0.0; 3];
//! product.eval_rows(3, &[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], &mut targets);
//! assert_eq!(targets, [2.0, 12.0, 30.0]);
//! # Ok::<(), bouton_expr::ExprError>(())
//! ```
//!
//! # What can be written
//!
//! | | |
//! |---|---|
//! | numbers | `2`, `2.5`, `.5`, `1e-3` |
//! | names | a letter or `_`, then letters, digits, `_`: the variables of the place, and `pi`, `tau`, `e` |
//! | operators, loosest first | `or`; `and`; `not`; `<` `<=` `>` `>=` `==` `!=`; `+` `-`; `*` `/` `%`; sign `-` `+`; `^` |
//! | grouping | `( )` |
//! | component | `x[0]`, the last is `x[-1]`; the index is a constant integer |
//! | vector | `[a, b, c]`, each component one number |
//! | call | `sin(t)`, `clip(x, -1, 1)` |
//! | comment | from `#` to the end of the line |
//!
//! - `**` is another spelling of `^`. It is right associative and binds tighter than a sign before it:
//!   `-x^2` is `-(x^2)`, and `2^-x` is allowed.
//! - `%` gives the sign of the divisor, as in Python: `-1 % 3` is 2.
//! - Comparisons and `and`, `or`, `not` give 1 and 0; anything but 0 counts as true. Comparisons do not
//!   chain: write `a < b and b < c`.
//! - Functions and operators work on each component: `x^2` of a vector of 3 is a vector of 3. A number
//!   with a vector is used for every component; two vectors must have the same width.
//! - An expression over several lines stands in parentheses or brackets.
//! - Everything is evaluated, both sides of `where` too.
//!
//! ```
//! # use bouton_expr::{Program, Scratch, Vars};
//! # fn value(text: &str) -> f64 {
//! #     let vars = Vars::new().scalar("t").vector("x", 3);
//! #     let mut out = [0.0];
//! #     Program::compile(text, &vars).unwrap().eval(&mut Scratch::new(), &[&[0.5], &[3.0, 4.0, 12.0]], &mut out);
//! #     out[0]
//! # }
//! // with t = 0.5 and x = [3, 4, 12]
//! assert_eq!(value("-t^2"), -0.25);
//! assert_eq!(value("where(t < 2.5, 0, 1)"), 0.0);
//! assert_eq!(value("norm(x)"), 13.0);
//! assert_eq!(value("dot(x, [1, 0, 2]) + sum(x^2)"), 27.0 + 169.0);
//! assert_eq!(value("max(x) - x[-1]"), 0.0);
//! assert_eq!(value("-1 % 3"), 2.0);
//! ```
//!
//! # Functions
//!
//! Also in [`FUNCTIONS`], for programs.
//!
//! | call | gives |
//! |---|---|
//! | `sin(x)` `cos(x)` `tan(x)` | of an angle in radians |
//! | `asin(x)` `acos(x)` `atan(x)` | the angle |
//! | `atan2(y, x)` | the angle of the point (x, y) |
//! | `sinh(x)` `cosh(x)` `tanh(x)` | hyperbolic |
//! | `exp(x)` `expm1(x)` | eˣ; eˣ − 1, exact near 0 |
//! | `log(x)` `log1p(x)` `log2(x)` `log10(x)` | natural logarithm; of 1 + x, exact near 0; to base 2; to base 10 |
//! | `sqrt(x)` `pow(x, y)` | square root; xʸ, the same as `x^y` |
//! | `abs(x)` `sign(x)` | magnitude; −1, 0 or 1 |
//! | `floor(x)` `ceil(x)` `round(x)` | to an integer: down, up, to the nearest with a half to the even one |
//! | `min(a, b, ...)` `max(a, b, ...)` | smallest, largest; with one argument, of its components |
//! | `clip(x, lo, hi)` | x held between lo and hi |
//! | `where(c, a, b)` | a where c is not 0, else b |
//! | `heaviside(x, h0=0)` | 0 below zero, 1 above, h0 at zero |
//! | `sum(x)` `mean(x)` `norm(x)` | of the components: sum, mean, Euclidean length |
//! | `dot(a, b)` | sum of the products of the components |
//!
//! # Numbers
//!
//! Everything is `f64`, and each function is the one of Rust's standard library. As in NumPy, `x^2` is
//! `x*x`, `x^-1` is `1/x`, `x^0.5` is `sqrt(x)`; other powers are `powf`. `min`, `max`, `clip` and
//! `sign` pass NaN on. Sums go from the first component to the last. Dividing by zero gives an
//! infinity or NaN and is no error.
//!
//! # Ranks
//!
//! A variable can differ by presynaptic neuron, by postsynaptic neuron or by synapse ([`Rank`]), and
//! so can each term. [`Program::eval_block`] computes each term once for what it differs by: in
//! `lr * (pre*post - post^2 * w)` the square is taken once for each postsynaptic neuron.
//!
//! # Limits
//!
//! No expression can run code, read or write anything, or loop. A text has at most [`MAX_LENGTH`]
//! bytes, nests at most [`MAX_DEPTH`] deep, and vectors have at most [`MAX_WIDTH`] components; beyond
//! is an [`ExprError`], as is every other mistake.

#![forbid(unsafe_code)]

mod ast;
mod delays;
mod dialect;
mod error;
mod eval;
mod forms;
mod functions;
mod ir;
mod lanes;
mod lexer;
mod lower;
mod parser;
mod plan;
mod program;

pub use ast::{Ast, BinaryOp, Node, NodeId, NodeKind, UnaryOp};
pub use delays::Delayed;
pub use dialect::{Dialect, Unit};
pub use error::{ExprError, quote};
pub use eval::{Scratch, Work};
pub use forms::Motion;
pub use functions::{FUNCTIONS, Function};
pub use ir::{MAX_WIDTH, Rank, Var, Vars};
pub use parser::{MAX_DEPTH, MAX_LENGTH, parse};
pub use program::Program;
