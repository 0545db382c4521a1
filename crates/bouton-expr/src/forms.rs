//! Other forms of an expression: its factors, and how a state that it moves is taken a step on.

use crate::ast::{BinaryOp, UnaryOp};
use crate::functions::{binary, find, unary};
use crate::ir::{Id, Ir, Op, Rank};
use crate::lanes::Kernel;
use crate::program::Program;

/// How a state is taken a step on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// Its right side is linear in the state: the solution over the step, where everything else stands still.
    Exact,
    /// By Euler: the state and the step times its right side.
    Euler,
}

impl Program {
    /// The result as a product of a term without `pre` variables and one without `post` variables, if
    /// it is written as products, quotients and signs of such terms. The first has rank `Scalar` or
    /// `Post` and takes in the scalars, the second `Scalar` or `Pre`; both take the same inputs.
    ///
    /// Their product is the result up to rounding, as factors are multiplied in another order. `None`
    /// says that no such form was found, not that there is none: a sum is not looked into.
    ///
    /// ```
    /// use bouton_expr::{Program, Rank, Vars};
    /// let vars = Vars::new().scalar("lr").pre("a").post("b").synapse("w");
    /// let (post, pre) = Program::compile("lr * a * (b - 1)", &vars)?.separable().unwrap();
    /// assert_eq!((post.rank(), pre.rank()), (Rank::Post, Rank::Pre));
    /// assert!(Program::compile("lr * a * b * w", &vars)?.separable().is_none());
    /// # Ok::<(), bouton_expr::ExprError>(())
    /// ```
    pub fn separable(&self) -> Option<(Program, Program)> {
        let (mut ir, [scalar, post, pre]) = self.split()?;
        // The scalars go with the post factor, in one product.
        let one = ir.constant(1.0);
        let post = if scalar == one {
            post
        } else if post == one {
            scalar
        } else {
            ir.map(binary(BinaryOp::Mul), &[scalar, post]).ok()?
        };
        let factor = |root| Self::from_ir(self.text.clone(), self.vars.clone(), ir.clone(), root);
        Some((factor(post), factor(pre)))
    }

    /// The same with the scalars by themselves: a factor of rank `Scalar`, one of `Post` and one of `Pre`. One that the
    /// product lacks is the number 1.
    ///
    /// ```
    /// use bouton_expr::{Program, Rank, Vars};
    /// let vars = Vars::new().scalar("lr").pre("a").post("b");
    /// let [scalar, post, pre] = Program::compile("-lr / 2 * a * b^2", &vars)?.factors().unwrap();
    /// assert_eq!([scalar.rank(), post.rank(), pre.rank()], [Rank::Scalar, Rank::Post, Rank::Pre]);
    /// # Ok::<(), bouton_expr::ExprError>(())
    /// ```
    pub fn factors(&self) -> Option<[Program; 3]> {
        let (ir, roots) = self.split()?;
        Some(roots.map(|root| Self::from_ir(self.text.clone(), self.vars.clone(), ir.clone(), root)))
    }

    /// What share of a variable is added to it, if the result is the variable and a product of it with a number for all: as of a
    /// state that decays, from [`step_of`](Program::step_of).
    ///
    /// ```
    /// use bouton_expr::{Program, Scratch, Vars};
    /// let vars = Vars::new().scalar("dt").scalar("tau").synapse("c");
    /// let (next, _) = Program::compile("-c/tau", &vars)?.step_of("c", "dt").unwrap();
    /// let share = next.share_of("c").unwrap();
    /// let mut out = [0.0];
    /// share.eval_block(&mut Scratch::new(), 1, 1, &[&[0.001], &[0.1], &[]], &mut out);
    /// assert_eq!(out, [(-0.01f64).exp_m1()]);
    /// assert!(Program::compile("c + c*c", &vars)?.share_of("c").is_none());
    /// # Ok::<(), bouton_expr::ExprError>(())
    /// ```
    pub fn share_of(&self, variable: &str) -> Option<Program> {
        let at = self.vars.list.iter().position(|v| v.name == variable)?;
        let operands = |id: Id, op: BinaryOp| match &self.ir.values[id.0].op {
            Op::Map(kernel, args) if *kernel == binary(op) => Some([args[0], args[1]]),
            _ => None,
        };
        // The one operand that isn't the variable itself, if the other is.
        let other = |[a, b]: [Id; 2]| {
            let is_it = |id: Id| self.ir.values[id.0].op == Op::Var(at);
            if is_it(a) { Some(b) } else { is_it(b).then_some(a) }
        };
        let share = other(operands(other(operands(self.root, BinaryOp::Add)?)?, BinaryOp::Mul)?)?;
        let scalar = self.ir.rank(share) == Rank::Scalar;
        scalar.then(|| Self::from_ir(self.text.clone(), self.vars.clone(), self.ir.clone(), share))
    }

    /// The result with the other sign, bit for bit (but for that of what is not a number). Of a product with a number for all
    /// the sign is that number's: it costs no pass over lanes.
    ///
    /// ```
    /// use bouton_expr::{Program, Scratch, Vars};
    /// let down = Program::compile("2*lr*x", &Vars::new().scalar("lr").pre("x"))?.negated();
    /// let mut out = [0.0; 2];
    /// down.eval_block(&mut Scratch::new(), 1, 2, &[&[0.5], &[3.0, -0.0]], &mut out);
    /// assert_eq!(out.map(f64::to_bits), [-3.0, 0.0].map(f64::to_bits));
    /// # Ok::<(), bouton_expr::ExprError>(())
    /// ```
    pub fn negated(&self) -> Program {
        let mut ir = self.ir.clone();
        let root = ir.negated(self.root);
        Self::from_ir(self.text.clone(), self.vars.clone(), ir, root)
    }

    /// The values of the factors: scalar, post, pre.
    fn split(&self) -> Option<(Ir, [Id; 3])> {
        if self.width() != 1 {
            return None;
        }
        let (mul, div, neg) = (binary(BinaryOp::Mul), binary(BinaryOp::Div), unary(UnaryOp::Neg));
        let mut ir = self.ir.clone();
        let one = ir.constant(1.0);
        let mut split: Vec<Option<[Id; 3]>> = Vec::with_capacity(self.root.0 + 1);
        for v in 0..=self.root.0 {
            let value = self.ir.values[v].clone();
            let whole = match value.rank {
                Rank::Scalar => Some([Id(v), one, one]),
                Rank::Post => Some([one, Id(v), one]),
                Rank::Pre => Some([one, one, Id(v)]),
                Rank::Synapse => None,
            };
            split.push(match &value.op {
                _ if value.width != 1 => None,
                Op::Map(kernel, args) if *kernel == mul || *kernel == div => {
                    let (a, b) = (split[args[0].0], split[args[1].0]);
                    let joined = a.zip(b).map(|(a, b)| {
                        let mut join = |a, b| match b == one {
                            true => a,
                            false if a == one && *kernel == mul => b,
                            false => ir.map(kernel, &[a, b]).expect("both have width 1"),
                        };
                        [join(a[0], b[0]), join(a[1], b[1]), join(a[2], b[2])]
                    });
                    joined.or(whole)
                }
                Op::Map(kernel, args) if *kernel == neg => {
                    let signed = split[args[0].0].map(|[s, p, q]| {
                        // The sign goes where something is: an operation on a one is an operation more.
                        let mut sign = |x| ir.map(neg, &[x]).expect("one operand");
                        if s != one || (p == one && q == one) {
                            [sign(s), p, q]
                        } else if p != one {
                            [s, sign(p), q]
                        } else {
                            [s, p, sign(q)]
                        }
                    });
                    signed.or(whole)
                }
                _ => whole,
            });
        }
        split[self.root.0].map(|roots| (ir, roots))
    }

    /// The next value of the variable `state` when this is its rate of change and `dt` names the step: exactly where the
    /// rate is found to be linear in the state (what else is in it stands still over the step), else by Euler.
    ///
    /// "Found" goes by the form of the expression: sums, differences, signs, products with and quotients by what does not
    /// hold the state, and `where` with such a condition. `x/(x/a)` is not found to be linear, and is taken by Euler.
    ///
    /// ```
    /// use bouton_expr::{Motion, Program, Scratch, Vars};
    /// let vars = Vars::new().scalar("dt").scalar("tau").scalar("x");
    /// let (next, motion) = Program::compile("-x/tau", &vars)?.step_of("x", "dt").unwrap();
    /// assert_eq!(motion, Motion::Exact);
    /// let mut out = [0.0];
    /// next.eval(&mut Scratch::new(), &[&[0.02], &[0.02], &[1.0]], &mut out);
    /// assert!((out[0] - (-1.0f64).exp()).abs() < 1e-16);
    /// assert_eq!(Program::compile("-x^2", &vars)?.step_of("x", "dt").unwrap().1, Motion::Euler);
    /// # Ok::<(), bouton_expr::ExprError>(())
    /// ```
    ///
    /// `None` if there are no such variables, or one is a vector.
    pub fn step_of(&self, state: &str, dt: &str) -> Option<(Program, Motion)> {
        let var = |name: &str| self.vars.list.iter().position(|v| v.name == name && v.width == 1);
        let (state, dt) = (var(state)?, var(dt)?);
        if self.width() != 1 {
            return None;
        }
        let mut ir = self.ir.clone();
        let [x, dt] = [state, dt].map(|v| ir.var(v, &self.vars.list[v]));
        let kernel = |name: &str| find(name).expect("is in the list");
        let (add, mul, div) = (binary(BinaryOp::Add), binary(BinaryOp::Mul), binary(BinaryOp::Div));
        let linear = self.linear(&mut ir, x);
        let mut build = || -> Result<(Id, Motion), String> {
            let (next, motion) = match linear {
                // Of an expression a·x + b: x + (e^(a·dt) − 1)·(x + b/a), and x + b·dt where a is 0.
                Some(Linear { a: Some(a), b }) => {
                    let exponent = ir.map(mul, &[a, dt])?;
                    let growth = kernel("expm1").call(&mut ir, &[exponent])?;
                    let moved = match b {
                        None => ir.map(mul, &[growth, x])?,
                        Some(b) => {
                            let (zero, one) = (ir.constant(0.0), ir.constant(1.0));
                            let still = ir.map(binary(BinaryOp::Eq), &[a, zero])?;
                            let by = kernel("where").call(&mut ir, &[still, one, a])?;
                            let rest = ir.map(div, &[b, by])?;
                            let from = ir.map(add, &[x, rest])?;
                            let curved = ir.map(mul, &[growth, from])?;
                            let straight = ir.map(mul, &[b, dt])?;
                            kernel("where").call(&mut ir, &[still, straight, curved])?
                        }
                    };
                    (moved, Motion::Exact)
                }
                Some(Linear { a: None, b: None }) => return Ok((x, Motion::Exact)),
                Some(Linear { a: None, b: Some(b) }) => (ir.map(mul, &[b, dt])?, Motion::Exact),
                None => (ir.map(mul, &[self.root, dt])?, Motion::Euler),
            };
            Ok((ir.map(add, &[x, next])?, motion))
        };
        let (root, motion) = build().ok()?;
        Some((Self::from_ir(self.text.clone(), self.vars.clone(), ir, root), motion))
    }

    /// What this is made of if it is a·x + b in the variable x, where neither a nor b holds x: a and b, of which one that is
    /// missing is 0. `None` if it is not found to be: see [`step_of`](Program::step_of).
    ///
    /// ```
    /// use bouton_expr::{Program, Rank, Vars};
    /// let vars = Vars::new().scalar("c").pre("a").post("b").synapse("w");
    /// let (slope, rest) = Program::compile("b*(a - c*b*w)", &vars)?.linear_in("w").unwrap();
    /// assert_eq!((slope.unwrap().rank(), rest.unwrap().rank()), (Rank::Post, Rank::Synapse));
    /// assert!(Program::compile("w^2", &vars)?.linear_in("w").is_none());
    /// # Ok::<(), bouton_expr::ExprError>(())
    /// ```
    pub fn linear_in(&self, variable: &str) -> Option<(Option<Program>, Option<Program>)> {
        let at = self.vars.list.iter().position(|v| v.name == variable && v.width == 1)?;
        if self.width() != 1 {
            return None;
        }
        let mut ir = self.ir.clone();
        let x = ir.var(at, &self.vars.list[at]);
        let Linear { a, b } = self.linear(&mut ir, x)?;
        let part = |root| Self::from_ir(self.text.clone(), self.vars.clone(), ir.clone(), root);
        Some((a.map(part), b.map(part)))
    }

    /// The expression as a·x + b, both without x.
    fn linear(&self, ir: &mut Ir, x: Id) -> Option<Linear> {
        use BinaryOp::{Add, Div, Mul, Sub};
        let op = |k: &&'static Kernel, o: BinaryOp| *k == binary(o);
        let (neg, choose) = (unary(UnaryOp::Neg), find("where")?.kernel()?);
        let mut known: Vec<Option<Linear>> = Vec::with_capacity(self.root.0 + 1);
        for v in 0..=self.root.0 {
            let value = &self.ir.values[v];
            let free = |i: &Id| known[i.0].is_some_and(|l| l.a.is_none());
            let itself = Some(Linear { a: None, b: Some(Id(v)) });
            let found = match &value.op {
                _ if value.width != 1 => None,
                _ if Id(v) == x => Some(Linear { a: Some(ir.constant(1.0)), b: None }),
                Op::Const(_) | Op::Var(_) => itself,
                Op::Comp(..) | Op::Pack(_) | Op::Reduce(..) => itself.filter(|_| !self.ir.holds(Id(v), x)),
                Op::Map(_, args) if args.iter().all(free) => itself,
                Op::Map(k, args) if op(k, Add) || op(k, Sub) => known[args[0].0]
                    .zip(known[args[1].0])
                    .and_then(|(l, r)| l.with(r, |l, r| ir.sum(k, l, r))),
                Op::Map(k, args) if *k == neg => {
                    known[args[0].0].and_then(|l| l.each(|part| ir.map(k, &[part]).ok()))
                }
                // One of the factors, or the dividend, may hold the state.
                Op::Map(k, args) if (op(k, Mul) || op(k, Div)) && free(&args[1]) => {
                    known[args[0].0].and_then(|l| l.each(|part| ir.map(k, &[part, args[1]]).ok()))
                }
                Op::Map(k, args) if op(k, Mul) && free(&args[0]) => {
                    known[args[1].0].and_then(|r| r.each(|part| ir.map(k, &[args[0], part]).ok()))
                }
                Op::Map(k, args) if *k == choose && free(&args[0]) => {
                    let zero = ir.constant(0.0);
                    known[args[1].0].zip(known[args[2].0]).and_then(|(l, r)| {
                        l.with(r, |l, r| {
                            let (l, r) = (l.unwrap_or(zero), r.unwrap_or(zero));
                            ir.map(k, &[args[0], l, r]).ok().map(Some)
                        })
                    })
                }
                Op::Map(..) => None,
            };
            known.push(found);
        }
        known[self.root.0]
    }

    /// The variables that something is divided by as they are, without a sign, a factor or a function: time constants,
    /// where this is the rate of change of a state.
    pub fn divisors(&self) -> Vec<&str> {
        let div = binary(BinaryOp::Div);
        let by = |i: &Id| match self.ir.values[i.0].op {
            Op::Var(v) => Some(self.vars.list[v].name.as_str()),
            _ => None,
        };
        let values = self.ir.values[..=self.root.0].iter();
        values
            .filter_map(|v| match &v.op {
                Op::Map(k, args) if *k == div => by(&args[1]),
                _ => None,
            })
            .collect()
    }
}

/// a·x + b; what is missing is 0.
#[derive(Clone, Copy)]
struct Linear {
    a: Option<Id>,
    b: Option<Id>,
}

impl Linear {
    /// The same of both parts; nothing where something fails.
    fn each(self, mut f: impl FnMut(Id) -> Option<Id>) -> Option<Linear> {
        let part = |p: Option<Id>, f: &mut dyn FnMut(Id) -> Option<Id>| match p {
            Some(p) => f(p).map(Some),
            None => Some(None),
        };
        Some(Linear { a: part(self.a, &mut f)?, b: part(self.b, &mut f)? })
    }
    /// Both parts with those of another.
    fn with(
        self,
        other: Linear,
        mut f: impl FnMut(Option<Id>, Option<Id>) -> Option<Option<Id>>,
    ) -> Option<Linear> {
        let mut part = |l: Option<Id>, r: Option<Id>| match (l, r) {
            (None, None) => Some(None),
            (l, r) => f(l, r),
        };
        Some(Linear { a: part(self.a, other.a)?, b: part(self.b, other.b)? })
    }
}

impl Ir {
    /// Whether a value is made of another.
    fn holds(&self, root: Id, x: Id) -> bool {
        let mut needed = vec![false; root.0 + 1];
        needed[root.0] = true;
        for v in (0..=root.0).rev() {
            if !needed[v] {
                continue;
            }
            if Id(v) == x {
                return true;
            }
            match &self.values[v].op {
                Op::Const(_) | Op::Var(_) => {}
                Op::Comp(a, _) | Op::Reduce(_, a) => needed[a.0] = true,
                Op::Pack(ids) | Op::Map(_, ids) => ids.iter().for_each(|i| needed[i.0] = true),
            }
        }
        false
    }

    /// A sum or difference of which a part may be missing.
    fn sum(&mut self, kernel: &'static Kernel, l: Option<Id>, r: Option<Id>) -> Option<Option<Id>> {
        let minus = kernel == binary(BinaryOp::Sub);
        match (l, r) {
            (Some(l), Some(r)) => self.map(kernel, &[l, r]).ok().map(Some),
            (None, Some(r)) if minus => self.map(unary(UnaryOp::Neg), &[r]).ok().map(Some),
            (l, r) => Some(l.or(r)),
        }
    }
}
