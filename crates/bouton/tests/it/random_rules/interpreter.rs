//! A rule as a tree, taken step by step: one number at a time, by loops over all weights, as `docs/rules.md` says it. It reads no text
//! and knows no ranks, forms or spikes that wait.

use super::grammar::{Assign, Expr, Motion, Over, Rule, What, When};

/// What a step is given.
pub struct Given<'a> {
    pub dt: f64,
    pub pre: &'a [f64],
    pub post: &'a [f64],
    pub pre_v: &'a [f64],
    pub post_v: &'a [f64],
    pub error: &'a [f64],
    pub scale: &'a [f64],
    pub factors: Vec<&'a [f64]>,
}

/// Everything that a rule has.
pub struct Interpreter<'r> {
    rule: &'r Rule,
    rows: usize,
    cols: usize,
    params: Vec<f64>,
    pub weights: Vec<f64>,
    pub states: Vec<Vec<f64>>,
    waits: Vec<f64>,
    /// By name and step, what it was when blocks read it.
    past: Vec<Vec<Vec<f64>>>,
}

/// What names stand for, all of one moment.
struct Now<'a> {
    rule: &'a Rule,
    cols: usize,
    rows: usize,
    params: &'a [f64],
    given: &'a Given<'a>,
    states: &'a [Vec<f64>],
    weights: &'a [f64],
    past: &'a [Vec<Vec<f64>>],
}

fn number(yes: bool) -> f64 {
    if yes { 1.0 } else { 0.0 }
}

/// Which number of a list of this extent belongs to a synapse.
fn at(over: Over, cols: usize, (i, j): (usize, usize)) -> usize {
    match over {
        Over::One => 0,
        Over::Pre => j,
        Over::Post => i,
        Over::Synapse => i * cols + j,
    }
}

impl Now<'_> {
    fn list(&self, name: usize) -> &[f64] {
        match self.rule.names[name].what {
            What::Factor(k) => self.given.factors[k],
            What::State(k) => &self.states[k],
            What::PreOut => self.given.pre,
            What::PostOut => self.given.post,
            What::PreV => self.given.pre_v,
            What::PostV => self.given.post_v,
            What::Weight => self.weights,
            What::Error => self.given.error,
            What::Scale => self.given.scale,
            What::Param(k) => &self.params[k..=k],
            What::Dt | What::NPre | What::NPost | What::Pi => &[],
        }
    }
    fn value(&self, e: &Expr, (i, j): (usize, usize)) -> f64 {
        let of = |e: &Expr| self.value(e, (i, j));
        match e {
            Expr::Number(x) | Expr::Unit(_, x) => *x,
            Expr::Name(k) => match self.rule.names[*k].what {
                What::Dt => self.given.dt,
                What::NPre => self.cols as f64,
                What::NPost => self.rows as f64,
                What::Pi => std::f64::consts::PI,
                _ => self.list(*k)[at(self.rule.names[*k].over, self.cols, (i, j))],
            },
            Expr::Delay(k, steps) => {
                let then = self.past[*k].len().checked_sub(*steps);
                then.map_or(0.0, |t| self.past[*k][t][at(self.rule.names[*k].over, self.cols, (i, j))])
            }
            Expr::Neg(a) => -of(a),
            Expr::Not(a) => number(of(a) == 0.0),
            Expr::Binary(op, a, b) => {
                let (a, b) = (of(a), of(b));
                match *op {
                    "+" => a + b,
                    "-" => a - b,
                    "*" => a * b,
                    "/" => a / b,
                    "%" => a - b * (a / b).floor(),
                    "^" => a.powf(b),
                    "<" => number(a < b),
                    ">" => number(a > b),
                    "<=" => number(a <= b),
                    ">=" => number(a >= b),
                    "==" => number(a == b),
                    "!=" => number(a != b),
                    "and" => number(a != 0.0 && b != 0.0),
                    "or" => number(a != 0.0 || b != 0.0),
                    other => panic!("{other}"),
                }
            }
            Expr::Call(f, args) => {
                let x: Vec<f64> = args.iter().map(of).collect();
                match *f {
                    "abs" => x[0].abs(),
                    "exp" => x[0].exp(),
                    "expm1" => x[0].exp_m1(),
                    "tanh" => x[0].tanh(),
                    "sin" => x[0].sin(),
                    "cos" => x[0].cos(),
                    "atan" => x[0].atan(),
                    "sqrt" => x[0].sqrt(),
                    "log1p" => x[0].ln_1p(),
                    "floor" => x[0].floor(),
                    "ceil" => x[0].ceil(),
                    "round" => x[0].round_ties_even(),
                    "sign" => number(x[0] > 0.0) - number(x[0] < 0.0),
                    "heaviside" => number(x[0] > 0.0),
                    "min" => x[0].min(x[1]),
                    "max" => x[0].max(x[1]),
                    "clip" => x[0].max(x[1]).min(x[2]),
                    "where" => {
                        if x[0] != 0.0 {
                            x[1]
                        } else {
                            x[2]
                        }
                    }
                    other => panic!("{other}"),
                }
            }
        }
    }
}

impl<'r> Interpreter<'r> {
    pub fn new(rule: &'r Rule, (rows, cols): (usize, usize), weights: Vec<f64>) -> Interpreter<'r> {
        let count = |over: Over| match over {
            Over::One => 1,
            Over::Pre => cols,
            Over::Post => rows,
            Over::Synapse => rows * cols,
        };
        let states = rule.states.iter().map(|s| vec![0.0; count(rule.names[s.name].over)]).collect();
        let nothing = Given {
            dt: 0.0,
            pre: &[],
            post: &[],
            pre_v: &[],
            post_v: &[],
            error: &[],
            scale: &[],
            factors: vec![],
        };
        let mut params = vec![];
        for p in &rule.params {
            let now = Now {
                rule,
                cols,
                rows,
                params: &params,
                given: &nothing,
                states: &[],
                weights: &[],
                past: &[],
            };
            let value = now.value(p, (0, 0));
            params.push(value);
        }
        let waits = vec![0.0; rows * cols];
        Interpreter { rule, rows, cols, params, weights, states, waits, past: vec![vec![]; rule.names.len()] }
    }

    fn now<'a>(&'a self, given: &'a Given<'a>, states: &'a [Vec<f64>], weights: &'a [f64]) -> Now<'a> {
        let (rule, params, past) = (self.rule, &self.params, &self.past);
        Now { rule, cols: self.cols, rows: self.rows, params, given, states, weights, past }
    }

    /// All places of what has this extent, and one synapse of each.
    fn places(&self, over: Over) -> Vec<(usize, usize)> {
        match over {
            Over::One => vec![(0, 0)],
            Over::Pre => (0..self.cols).map(|j| (0, j)).collect(),
            Over::Post => (0..self.rows).map(|i| (i, 0)).collect(),
            Over::Synapse => (0..self.rows).flat_map(|i| (0..self.cols).map(move |j| (i, j))).collect(),
        }
    }

    pub fn step(&mut self, given: &Given<'_>) {
        self.weights.iter_mut().zip(&mut self.waits).for_each(|(w, d)| *w += std::mem::take(d));
        // All states move at once.
        let mut moved = self.states.clone();
        {
            let now = self.now(given, &self.states, &self.weights);
            for (k, s) in self.rule.states.iter().enumerate() {
                for (n, p) in self.places(self.rule.names[s.name].over).into_iter().enumerate() {
                    let x = self.states[k][n];
                    moved[k][n] = match &s.motion {
                        Motion::Linear(None, None) => x,
                        Motion::Linear(None, Some(b)) => x + given.dt * now.value(b, p),
                        Motion::Linear(Some(a), b) => {
                            let (a, b) = (now.value(a, p), b.as_ref().map_or(0.0, |b| now.value(b, p)));
                            let left = (a * given.dt).exp();
                            left * x + b * (a * given.dt).exp_m1() / a
                        }
                        Motion::Other(rate) => x + given.dt * now.value(rate, p),
                    };
                }
            }
        }
        let mut sums = moved.clone();
        let mut change = vec![0.0; self.weights.len()];
        {
            let now = self.now(given, &moved, &self.weights);
            if let Some(rate) = &self.rule.rate {
                for (n, p) in self.places(Over::Synapse).into_iter().enumerate() {
                    change[n] = given.dt * now.value(rate, p);
                }
            }
            for (when, statements) in &self.rule.blocks {
                // A block sees what it has changed, and no other does.
                let (mut states, mut weights) = (moved.clone(), self.weights.clone());
                for s in statements {
                    let target = &self.rule.names[s.target];
                    let mut made = vec![];
                    for (n, p) in self.places(target.over).into_iter().enumerate() {
                        let runs = match when {
                            When::Pre => given.pre[p.1] > 0.0,
                            When::Post => given.post[p.0] > 0.0,
                            When::Step => true,
                        };
                        if runs {
                            made.push((n, self.now(given, &states, &weights).value(&s.value, p)));
                        }
                    }
                    let list = match target.what {
                        What::State(k) => &mut states[k],
                        _ => &mut weights,
                    };
                    for (n, x) in made {
                        match s.assign {
                            Assign::Add => list[n] += x,
                            Assign::Sub => list[n] -= x,
                            Assign::Set => list[n] = x,
                        }
                    }
                }
                for (k, state) in states.iter().enumerate() {
                    for (n, x) in state.iter().enumerate() {
                        sums[k][n] += x - moved[k][n];
                    }
                }
                for (n, w) in weights.iter().enumerate() {
                    change[n] += w - self.weights[n];
                }
            }
            if let Some([low, high]) = &self.rule.bound {
                let (low, high) = (now.value(low, (0, 0)), now.value(high, (0, 0)));
                for (d, w) in change.iter_mut().zip(&self.weights) {
                    *d = (w + *d).max(low).min(high) - w;
                }
            }
        }
        let read: Vec<Vec<f64>> = {
            let now = self.now(given, &moved, &self.weights);
            (0..self.rule.names.len()).map(|k| now.list(k).to_vec()).collect()
        };
        for (k, (past, read)) in self.past.iter_mut().zip(read).enumerate() {
            // The weight and parameters are never delayed.
            if !matches!(self.rule.names[k].what, What::Weight | What::Param(_)) {
                past.push(read);
            }
        }
        self.states = sums;
        self.waits = change;
        if self.rule.now {
            self.weights.iter_mut().zip(&mut self.waits).for_each(|(w, d)| *w += std::mem::take(d));
        }
    }
}
