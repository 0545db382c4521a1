//! What a caller holds: a compiled expression.

use crate::error::ExprError;
use crate::eval::{self, Call, Scratch, run};
use crate::ir::{Id, Ir, Listing, Rank, Vars};
use crate::lower::{check_vars, lower};
use crate::parser::parse_in;
use crate::plan::Plan;
use std::fmt;

/// Components of intermediate results that one point may need: 32 MB, far beyond any real use.
const MAX_COMPONENTS: usize = 1 << 22;

/// A compiled expression.
///
/// It holds no state: it can be shared between threads, each with a [`Scratch`] of its own. Inputs
/// are given as one slice for each variable, in the order in which [`Vars`] declared them; a slice of
/// another length than documented is a mistake of the caller and panics.
#[derive(Clone)]
pub struct Program {
    pub(crate) text: String,
    pub(crate) vars: Vars,
    pub(crate) ir: Ir,
    pub(crate) root: Id,
    /// Whether the result depends on each of the variables.
    used: Vec<bool>,
    /// For a single point: every input is a scalar.
    point: Plan,
    /// For a block of synapses: every input has the rank it was declared with.
    block: Plan,
}

impl Program {
    /// Compiles a text that may name these variables.
    ///
    /// ```
    /// use bouton_expr::{Program, Scratch, Vars};
    /// let vars = Vars::new().scalar("t").vector("x", 3);
    /// let program = Program::compile("[x[0]*x[1], x[2] + t]", &vars)?;
    /// let mut out = [0.0; 2];
    /// program.eval(&mut Scratch::new(), &[&[0.5], &[2.0, 3.0, 4.0]], &mut out);
    /// assert_eq!(out, [6.0, 4.5]);
    /// # Ok::<(), bouton_expr::ExprError>(())
    /// ```
    pub fn compile(text: &str, vars: &Vars) -> Result<Self, ExprError> {
        check_vars(vars).map_err(|e| e.in_text(text))?;
        let ast = parse_in(text, vars.dialect)?;
        let (ir, root) = lower(text, &ast, vars).map_err(|e| e.in_text(text))?;
        let program = Self::from_ir(text.to_string(), vars.clone(), ir, root);
        for plan in [&program.point, &program.block] {
            let components = plan.scalars + plan.blocks + plan.pres + plan.posts;
            if components > MAX_COMPONENTS {
                let message = format!(
                    "intermediate results of {components} components are needed; the most is {MAX_COMPONENTS}"
                );
                return Err(ExprError::new(message, 0..text.len()).in_text(text));
            }
        }
        Ok(program)
    }

    pub(crate) fn from_ir(text: String, vars: Vars, ir: Ir, root: Id) -> Self {
        let used = ir.used(root, vars.list.len());
        let plan = |ranks: Vec<Rank>| Plan::new(&ir.values, &vars.list, root, &ranks);
        let point = plan(vec![Rank::Scalar; vars.list.len()]);
        let block = plan(vars.iter().map(|v| v.rank).collect());
        Self { text, vars, ir, root, used, point, block }
    }

    /// The text it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The variables it was compiled for.
    pub fn vars(&self) -> &Vars {
        &self.vars
    }

    /// The number of components of the result; 1 for a number.
    pub fn width(&self) -> usize {
        self.ir.width(self.root)
    }

    /// What the result varies over, given the declared ranks of the variables.
    pub fn rank(&self) -> Rank {
        self.ir.rank(self.root)
    }

    /// Whether the result depends on a variable.
    pub fn uses(&self, name: &str) -> bool {
        self.vars.list.iter().position(|v| v.name == name).is_some_and(|v| self.used[v])
    }

    /// Whether the result depends on each of the variables, in their order.
    pub fn used(&self) -> &[bool] {
        &self.used
    }

    /// How many operations are run for each value of a rank in [`eval_block`](Self::eval_block).
    /// An operation on a vector counts once.
    pub fn operations(&self, rank: Rank) -> usize {
        self.block.phases[rank as usize].len()
    }

    /// The intermediate form as text, one value a line with its rank.
    ///
    /// ```
    /// use bouton_expr::{Program, Vars};
    /// let vars = Vars::new().pre("a").post("b");
    /// let program = Program::compile("a * b^2", &vars)?;
    /// assert_eq!(
    ///     program.listing(),
    ///     "%0: pre = a\n%1: post = b\n%2: scalar = 2.0\n%3: post = square %1\n%4: synapse = * %0 %3\n"
    /// );
    /// # Ok::<(), bouton_expr::ExprError>(())
    /// ```
    pub fn listing(&self) -> String {
        Listing(&self.ir, &self.vars).to_string()
    }

    /// Evaluates one point. Each input has as many numbers as its variable has components, and `out`
    /// as many as [`width`](Self::width). Allocates only while `scratch` is smaller than needed.
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn eval(&self, scratch: &mut Scratch, inputs: &[&[f64]], out: &mut [f64]) {
        self.check(inputs, |_| 1);
        self.check_out(out, 1);
        run(self.call(&self.point, inputs, (1, 1), scratch, out));
    }

    /// Evaluates a batch of points. An input is either one row (used for all points) or `n_rows` rows,
    /// each of its variable's components; `out` gets `n_rows` rows of [`width`](Self::width) numbers.
    /// What depends on no input with rows is computed once.
    ///
    /// The result of each row has the same bits as [`eval`](Self::eval) of that row.
    ///
    /// ```
    /// use bouton_expr::{Program, Vars};
    /// let vars = Vars::new().scalar("t").vector("x", 2);
    /// let program = Program::compile("x + t", &vars)?;
    /// let mut out = [0.0; 4];
    /// program.eval_rows(2, &[&[10.0], &[1.0, 2.0, 3.0, 4.0]], &mut out);
    /// assert_eq!(out, [11.0, 12.0, 13.0, 14.0]);
    /// # Ok::<(), bouton_expr::ExprError>(())
    /// ```
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn eval_rows(&self, n_rows: usize, inputs: &[&[f64]], out: &mut [f64]) {
        let rows = |v: usize| if inputs[v].len() == self.vars.list[v].width { 1 } else { n_rows };
        self.check(inputs, rows);
        self.check_out(out, n_rows);
        if n_rows == 0 {
            return;
        }
        let ranks: Vec<_> =
            (0..inputs.len()).map(|v| if rows(v) == 1 { Rank::Scalar } else { Rank::Pre }).collect();
        let plan = Plan::new(&self.ir.values, &self.vars.list, self.root, &ranks);
        let mut scratch = Scratch::new();
        if plan.rank == Rank::Scalar {
            let (first, rest) = out.split_at_mut(self.width());
            run(self.call(&plan, inputs, (1, 1), &mut scratch, first));
            rest.chunks_exact_mut(first.len()).for_each(|row| row.copy_from_slice(first));
        } else {
            run(self.call(&plan, inputs, (1, n_rows), &mut scratch, out));
        }
    }

    /// Evaluates for all synapses between `n_pre` and `n_post` neurons. An input has one value
    /// (of its variable's components, side by side) for each of its rank's count: 1, `n_pre`, `n_post`,
    /// or `n_post` rows of `n_pre`; one that the result does not depend on may be left empty. The result has the shape of the program's [`rank`](Self::rank):
    /// `out` has [`out_len`](Self::out_len) numbers.
    ///
    /// Each term is computed in the loop of its own rank: once, once for each pre or post neuron, or,
    /// in blocks along the row of a post neuron, for each synapse.
    ///
    /// ```
    /// use bouton_expr::{Program, Scratch, Vars};
    /// let vars = Vars::new().scalar("lr").pre("pre").post("post").synapse("w");
    /// let oja = Program::compile("lr * (pre*post - post^2 * w)", &vars)?;
    /// let mut dw = [0.0; 6];
    /// oja.eval_block(
    ///     &mut Scratch::new(),
    ///     2,
    ///     3,
    ///     &[&[0.5], &[1.0, 2.0, 3.0], &[1.0, 2.0], &[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]],
    ///     &mut dw,
    /// );
    /// assert_eq!(dw, [0.5, 1.0, 1.5, -1.0, 0.0, 1.0]);
    /// # Ok::<(), bouton_expr::ExprError>(())
    /// ```
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn eval_block(
        &self,
        scratch: &mut Scratch,
        n_post: usize,
        n_pre: usize,
        inputs: &[&[f64]],
        out: &mut [f64],
    ) {
        let count = |v: usize| match self.used[v] || !inputs[v].is_empty() {
            true => self.vars.list[v].rank.count(n_post, n_pre),
            false => 0,
        };
        self.check(inputs, count);
        self.check_out(out, self.rank().count(n_post, n_pre));
        run(self.call(&self.block, inputs, (n_post, n_pre), scratch, out));
    }

    /// Begins to [evaluate a block](Self::eval_block) piece by piece, for a result of rank `Synapse` and width 1: computes what
    /// differs by no synapse, and keeps it in `scratch`. Inputs of synapses may be empty.
    ///
    /// ```
    /// use bouton_expr::{Program, Scratch, Vars};
    /// let vars = Vars::new().scalar("a").post("y").synapse("w");
    /// let (program, shape) = (Program::compile("exp(a)*y*w", &vars)?, (2, 3));
    /// let (mut scratch, mut out) = (Scratch::new(), [0.0; 2]);
    /// program.begin(&mut scratch, shape, &[&[0.0], &[1.0, 2.0], &[]]);
    /// program.piece(&mut scratch, shape, (1, 1), &[&[0.0], &[1.0, 2.0], &[5.0, 6.0]], &mut out);
    /// assert_eq!(out, [10.0, 12.0]);
    /// # Ok::<(), bouton_expr::ExprError>(())
    /// ```
    ///
    /// # Panics
    /// If the result is of another rank or width, or a slice has another length.
    pub fn begin(&self, scratch: &mut Scratch, shape: (usize, usize), inputs: &[&[f64]]) {
        assert!(self.rank() == Rank::Synapse && self.width() == 1, "`{}` in pieces", self.text);
        let count = |v: usize| match self.vars.list[v].rank {
            _ if inputs[v].is_empty() && !self.used[v] => 0,
            Rank::Synapse => inputs[v].len() / self.vars.list[v].width,
            rank => rank.count(shape.0, shape.1),
        };
        self.check(inputs, count);
        eval::begin(self.call(&self.block, inputs, shape, scratch, &mut []));
    }

    /// Evaluates the synapses from `at` (row and column) on, row by row, as many as `out` has numbers, with the bits that
    /// [`eval_block`](Self::eval_block) gives them. Inputs are those of [`begin`](Self::begin), and of synapses the numbers of
    /// these alone; `scratch` is the one that it was given, untouched since.
    ///
    /// # Panics
    /// If a slice is too short.
    pub fn piece(
        &self,
        scratch: &mut Scratch,
        shape: (usize, usize),
        at: (usize, usize),
        inputs: &[&[f64]],
        out: &mut [f64],
    ) {
        eval::piece(self.call(&self.block, inputs, shape, scratch, out), at.0, at.1);
    }

    fn call<'a>(
        &'a self,
        plan: &'a Plan,
        inputs: &'a [&'a [f64]],
        shape: (usize, usize),
        scratch: &'a mut Scratch,
        out: &'a mut [f64],
    ) -> Call<'a> {
        Call { plan, vars: &self.vars.list, inputs, shape, scratch, out }
    }

    /// The length of the output of [`eval_block`](Self::eval_block).
    pub fn out_len(&self, n_post: usize, n_pre: usize) -> usize {
        self.rank().count(n_post, n_pre) * self.width()
    }

    /// That there is an input for each variable, of as many values as `count` says.
    #[track_caller]
    fn check(&self, inputs: &[&[f64]], count: impl Fn(usize) -> usize) {
        let vars = &self.vars.list;
        assert_eq!(inputs.len(), vars.len(), "`{}` needs one input for each variable", self.text);
        for (v, (input, var)) in inputs.iter().zip(vars).enumerate() {
            assert_eq!(
                input.len(),
                count(v) * var.width,
                "length of the input `{}` of `{}`",
                var.name,
                self.text
            );
        }
    }

    #[track_caller]
    fn check_out(&self, out: &[f64], count: usize) {
        assert_eq!(out.len(), count * self.width(), "length of the output of `{}`", self.text);
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Program({:?}, {:?}, width {})", self.text, self.rank(), self.width())
    }
}
