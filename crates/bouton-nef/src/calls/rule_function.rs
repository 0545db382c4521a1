//! A learning rule written as a function. Operands: its delta and its states; its inputs, the error if it has one, the
//! weights, its parameters.

use bouton_core::{Failure, no_panic};
use bouton_elements::rules::Applies;
use bouton_engine::{At, Call, Io, Running, Start};
use bouton_model::{RuleFunction, RuleFunctionStep, RunningRule};

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
        let start = bouton_model::Start::new(start.dt, self.seed);
        let callback = self.rule.start(&start).map_err(|m| format!("the callback can't be made: {m}"))?;
        Ok(Box::new(Run { call: self.clone(), callback, delta: vec![], state: vec![] }))
    }
}

struct Run {
    call: RuleFunctionCall,
    callback: RunningRule,
    delta: Vec<f64>,
    /// Copies: a function that fails leaves its states as they were.
    state: Vec<Vec<f64>>,
}

impl Running for Run {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        let Run { call: RuleFunctionCall { rule, shape, on_devices, .. }, callback, delta, state } = self;
        let now = rule.applies() == Applies::Now && !*on_devices;
        let single = !io.holds(1e300);
        let fits = |x: f64| if single { (x as f32).is_finite() } else { x.is_finite() };
        io.with(|writes, reads| {
            let (inputs, rest) = reads.split_at(rule.inputs().len());
            let none = vec![0.0; shape.0];
            let (error, rest) = if rule.has_error() { (rest[0], &rest[1..]) } else { (&none[..], rest) };
            finite(error, "the error")?;
            let (weights, parameters) = (rest[0], rest[1]);
            delta.clear();
            delta.resize(weights.len(), 0.0);
            state.resize(writes.len() - 1, vec![]);
            for (copy, s) in state.iter_mut().zip(&writes[1..]) {
                copy.clear();
                copy.extend_from_slice(s);
            }
            {
                let mut states: Vec<&mut [f64]> = state.iter_mut().map(|s| &mut s[..]).collect();
                let mut step = RuleFunctionStep {
                    rule,
                    t: at.t,
                    dt: at.dt,
                    shape: *shape,
                    inputs,
                    error,
                    weights,
                    state: &mut states,
                    parameters,
                    delta,
                };
                no_panic(|| callback.step(&mut step))?;
            }
            let sum = |k: usize| if now { weights[k] + delta[k] } else { delta[k] };
            if let Some(k) = (0..delta.len()).find(|k| !fits(sum(*k))) {
                let at = (k / shape.1, k % shape.1);
                return Err(format!(
                    "the change of weight {at:?} is {:?}; the weight must stay finite",
                    delta[k]
                )
                .into());
            }
            let bad = state.iter().zip(rule.states()).find(|(s, _)| s.iter().any(|x| !fits(*x)));
            if let Some((_, bouton_elements::var::Var { name, .. })) = bad {
                return Err(format!("its state `{name}` is not finite any more").into());
            }
            writes[0].copy_from_slice(delta);
            writes[1..].iter_mut().zip(&*state).for_each(|(to, from)| to.copy_from_slice(from));
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
