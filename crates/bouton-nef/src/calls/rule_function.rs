//! A learning rule written as a function. Operands: the parts of its change and its states; its inputs, the error if it has
//! one, the third factors, the weights if it reads them, its parameters.

use bouton_core::{Failure, no_panic};
use bouton_elements::rules::{Applies, Change};
use bouton_engine::{At, Call, Io, Running, Start};
use bouton_model::{Products, RuleFunction, RuleFunctionStep, RunningRule};

use super::finite;

/// What a rule function wants in this step.
#[derive(Clone, Debug)]
pub(crate) struct RuleFunctionCall {
    pub(crate) rule: RuleFunction,
    /// Rows and columns of the weights.
    pub(crate) shape: (usize, usize),
    /// The callback's own.
    pub(crate) seed: u32,
    /// Whether the weights are made of devices, which keep them in bounds by themselves.
    pub(crate) on_devices: bool,
}

impl Call for RuleFunctionCall {
    fn name(&self) -> &str {
        "rule"
    }
    fn start(&self, start: &Start) -> Result<Box<dyn Running>, String> {
        if let Some(steps) = self.rule.period().map(|p| p.steps(start.dt)).filter(|n| *n < 1.0) {
            return Err(format!(
                "the rule `{}` acts every {} s, which is less than the time step of {} s; leave `every` out, or give it at \
                 least the time step",
                self.rule.name(),
                steps * start.dt,
                start.dt
            ));
        }
        let start = bouton_model::Start::new(start.dt, self.seed);
        let callback = self.rule.start(&start).map_err(|m| format!("the callback can't be made: {m}"))?;
        Ok(Box::new(Run { call: self.clone(), callback, parts: vec![], state: vec![] }))
    }
}

struct Run {
    call: RuleFunctionCall,
    callback: RunningRule,
    /// Copies, as those of the states: a function that fails leaves what it changes as it was.
    parts: Vec<Vec<f64>>,
    state: Vec<Vec<f64>>,
}

/// Between two calls nothing is wanted. What says so is set once, and the change for whoever looks at it.
fn rest(change: Change, io: &mut Io<'_>) {
    let mut gate = vec![];
    io.copy(0, &mut gate);
    if gate != [0.0] {
        io.set(0, &[0.0]);
        if change == Change::Rare {
            io.set(1, &vec![0.0; io.width(1)]);
        }
    }
}

impl Running for Run {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        let Run { call: RuleFunctionCall { rule, shape, on_devices, .. }, callback, parts, state } = self;
        let change = rule.makes();
        let since = match rule.period().map(|p| p.due(at.step, at.dt)) {
            None => 1,
            Some(Some(steps)) => steps,
            Some(None) => {
                rest(change, io);
                return Ok(());
            }
        };
        let now = rule.applies() == Applies::Now && !*on_devices;
        let single = !io.holds(1e300);
        let fits = |x: f64| if single { (x as f32).is_finite() } else { x.is_finite() };
        io.with(|writes, reads| {
            let (inputs, rest) = reads.split_at(rule.inputs().len());
            let none = vec![0.0; shape.0];
            let (error, rest) = if rule.has_error() { (rest[0], &rest[1..]) } else { (&none[..], rest) };
            finite(error, "the error")?;
            let (factors, rest) = rest.split_at(rule.factors().len());
            for (values, f) in factors.iter().zip(rule.factors()) {
                let what = if f.error { "error" } else { "third factor" };
                finite(values, &format!("the {what} `{}`", f.name))?;
            }
            let (weights, parameters) = rest.split_at(usize::from(rule.does_read_weights()));
            let weights = weights.first().copied().unwrap_or(&[]);
            let lens = change.parts(shape.0, shape.1);
            let (to, states) = writes.split_at_mut(lens.len());
            parts.resize(lens.len(), vec![]);
            for (part, (_, len)) in parts.iter_mut().zip(&lens) {
                part.clear();
                part.resize(*len, 0.0);
            }
            state.resize(states.len(), vec![]);
            for (copy, s) in state.iter_mut().zip(&*states) {
                copy.clear();
                copy.extend_from_slice(s);
            }
            let scale = {
                let mut states: Vec<&mut [f64]> = state.iter_mut().map(|s| &mut s[..]).collect();
                let (delta, post, pre): (&mut [f64], &mut [f64], &mut [f64]) = match &mut parts[..] {
                    [delta] => (delta, &mut [], &mut []),
                    [_, delta] => (delta, &mut [], &mut []),
                    [_, post, pre] => (&mut [], post, pre),
                    _ => (&mut [], &mut [], &mut []),
                };
                let mut step = RuleFunctionStep {
                    rule,
                    t: at.t,
                    dt: at.dt,
                    since: since as f64 * at.dt,
                    shape: *shape,
                    inputs,
                    error,
                    factors,
                    weights,
                    state: &mut states,
                    parameters: parameters[0],
                    delta,
                    products: Products { scale: 1.0, post, pre },
                };
                no_panic(|| callback.step(&mut step))?;
                step.products.scale
            };
            match &mut parts[..] {
                [gate, post, pre] => {
                    gate[0] = scale;
                    products_fit(scale, post, pre, *shape, fits)?;
                }
                [rest @ .., delta] => {
                    rest.iter_mut().for_each(|due| due[0] = 1.0);
                    let sum = |k: usize| if now { weights[k] + delta[k] } else { delta[k] };
                    if let Some(k) = (0..delta.len()).find(|k| !fits(sum(*k))) {
                        let at = (k / shape.1, k % shape.1);
                        let change = delta[k];
                        let m =
                            format!("the change of weight {at:?} is {change:?}; the weight must stay finite");
                        return Err(m.into());
                    }
                }
                [] => {}
            }
            let bad = state.iter().zip(rule.states()).find(|(s, _)| s.iter().any(|x| !fits(*x)));
            if let Some((_, bouton_elements::var::Var { name, .. })) = bad {
                return Err(format!("its state `{name}` is not finite any more").into());
            }
            to.iter_mut().zip(&*parts).for_each(|(to, from)| to.copy_from_slice(from));
            states.iter_mut().zip(&*state).for_each(|(to, from)| to.copy_from_slice(from));
            Ok(())
        })
    }
    fn save(&self) -> Result<Vec<u8>, String> {
        self.callback.save().ok_or_else(|| super::node::UNSAVED.into())
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        self.callback.load(saved).map_err(|m| m.to_string())
    }
}

/// Refuses factors that aren't finite, or whose largest product isn't: a matrix of products is not looked through.
fn products_fit(
    scale: f64,
    post: &[f64],
    pre: &[f64],
    (rows, cols): (usize, usize),
    fits: impl Fn(f64) -> bool,
) -> Result<(), Failure> {
    if !fits(scale) {
        return Err(format!("the scale of its change is {scale:?}; it must be finite").into());
    }
    for (side, values, len) in [("post", post, rows), ("pre", pre, cols)] {
        if let Some(k) = values.iter().position(|x| !fits(*x)) {
            let (f, i, found) = (k / len, k % len, values[k]);
            return Err(format!("`{side}` value {i} of product {f} is {found:?}; it must be finite").into());
        }
    }
    let most = |x: &[f64]| x.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let products = post.chunks(rows.max(1)).zip(pre.chunks(cols.max(1)));
    let sum: f64 = products.map(|(post, pre)| scale.abs() * most(post) * most(pre)).sum();
    if fits(sum) {
        return Ok(());
    }
    Err(format!("the products of its change reach {sum:?}; the weights must stay finite").into())
}
