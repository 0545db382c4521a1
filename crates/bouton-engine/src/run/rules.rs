//! Learning rules while they run.

use bouton_elements::policies::{Policy, Pulses};
use bouton_elements::rules::{Acts, RuleStep};
use bouton_elements::synapses::{Filter, Synapse};
use bouton_model::{
    ConnectionId, Error, Failure, LearningRule, RuleFunctionStep, RunningRule, Start, no_panic,
};

use super::calls::{copy_to, failed, finite, put};
use super::{SimReal, Simulation};
use crate::frozen::Frozen;
use crate::plan::{Kernel, Span};

/// A rule as it is now.
pub(super) struct RuleRun {
    rule: LearningRule,
    /// Parameters of a rule written as a function.
    parameters: Vec<f64>,
    /// The callback of such a rule, made at the start.
    callback: Option<RunningRule>,
    /// Inputs, and the filters on them.
    pub(super) synapses: Vec<(String, Option<Synapse>)>,
    pulses: Pulses,
    change: Vec<f64>,
    activity: Vec<f64>,
}

impl RuleRun {
    /// A rule as it was declared.
    pub(super) fn new(rule: &LearningRule) -> RuleRun {
        let parameters = match rule {
            LearningRule::Function(f) => f.parameters().iter().map(|p| p.1).collect(),
            _ => vec![],
        };
        RuleRun {
            rule: rule.clone(),
            parameters,
            callback: None,
            synapses: rule.inputs().into_iter().map(|i| (i.name, i.synapse)).collect(),
            pulses: Pulses::default(),
            change: vec![],
            activity: vec![],
        }
    }

    /// Makes the callback of a rule written as a function.
    pub(super) fn make_callback(&mut self, start: &Start) -> Result<(), Failure> {
        if let LearningRule::Function(f) = &self.rule {
            self.callback = Some(f.start(start)?);
        }
        Ok(())
    }

    pub(super) fn parameters(&self) -> Vec<(String, f64)> {
        match &self.rule {
            LearningRule::Element(r) => {
                r.model().parameters().into_iter().map(|(n, v)| (n.to_string(), v)).collect()
            }
            LearningRule::Function(f) => {
                f.parameters().iter().map(|p| p.0.clone()).zip(self.parameters.iter().copied()).collect()
            }
            _ => vec![],
        }
    }

    pub(super) fn set_parameter(&mut self, name: &str, value: f64) -> Result<(), String> {
        let f = match &mut self.rule {
            LearningRule::Element(r) => return r.model_mut().set_parameter(name, value),
            LearningRule::Function(f) => f,
            _ => return Err("the rule has no parameters".into()),
        };
        let names: Vec<&str> = f.parameters().iter().map(|p| p.0.as_str()).collect();
        match names.iter().position(|n| *n == name) {
            Some(i) if value.is_finite() => {
                self.parameters[i] = value;
                Ok(())
            }
            Some(_) => Err(format!("`{name}` must be finite, found {value}")),
            None => Err(format!(
                "the rule `{}` has no parameter `{name}`; it has: {}",
                f.name(),
                names.join(", ")
            )),
        }
    }
}

impl<T: SimReal> Simulation<T> {
    /// The rule of a connection.
    pub(super) fn rule_of(&self, c: ConnectionId) -> Option<usize> {
        self.plan.rules.iter().position(|r| r.connection.index() == c.index())
    }

    /// Puts another filter on an input of a rule; the filtered values go on from where they are.
    pub(super) fn set_synapse(&mut self, rule: usize, input: &str, synapse: &Synapse) -> Result<(), String> {
        let run = &self.rules[rule];
        let Some(k) = run.synapses.iter().position(|(name, _)| name == input) else {
            let names: Vec<&str> = run.synapses.iter().map(|(n, _)| n.as_str()).collect();
            return Err(format!("the rule has no input `{input}`; it has: {}", names.join(", ")));
        };
        synapse.model().check()?;
        let filter = synapse.model().discretise(self.dt)?;
        if run.synapses[k].1.is_none() {
            return Err(format!(
                "`{input}` was built without a filter, and none can be put in while it runs; build the model with a \
                 low-pass filter of `tau` 0, which is none"
            ));
        }
        let at = self.plan.rules[rule].inputs[k];
        for kernel in &mut self.plan.kernels {
            let new = match (&*kernel, &filter) {
                (Kernel::First { u, y, .. } | Kernel::Gain { u, y, .. }, Filter::First { a, b })
                    if *y == at =>
                {
                    Kernel::First { a: *a, b: *b, u: *u, y: *y }
                }
                (Kernel::First { u, y, .. } | Kernel::Gain { u, y, .. }, Filter::Gain(g)) if *y == at => {
                    Kernel::Gain { gain: *g, u: *u, y: *y }
                }
                (Kernel::Space { space, u, x, y }, Filter::Space(s)) if *y == at && s.n == space.n => {
                    Kernel::Space { space: Box::new(s.clone()), u: *u, x: *x, y: *y }
                }
                _ => continue,
            };
            *kernel = new;
            self.rules[rule].synapses[k].1 = Some(synapse.clone());
            return Ok(());
        }
        Err(format!(
            "the filter on `{input}` can only be changed to one of the same order while the model runs; build the model \
             with a filter of the order that is wanted"
        ))
    }

    pub(super) fn rule(&mut self, k: usize, t: f64) -> Result<(), Error> {
        if self.frozen[self.plan.rules[k].connection.index()] == Frozen::All {
            return Ok(());
        }
        let p = &self.plan.rules[k];
        if let Some(e) = p.error {
            // SAFETY: reads only.
            let error = unsafe { self.arena.get(e) };
            finite(error.iter().map(|x| x.f64()), "the error").map_err(|m| failed(&p.object, t, m))?;
        }
        match &self.rules[k].rule {
            LearningRule::Element(r) => {
                match r.model().acts() {
                    Acts::OnDevices(policy) => self.pulse(k, &policy),
                    Acts::OnWeights(_) => self.element_rule(k),
                }
                Ok(())
            }
            LearningRule::Function(_) => {
                // Out of the simulation while it runs, which it reads.
                let Some(mut callback) = self.rules[k].callback.take() else { return Ok(()) };
                let result = self.function_rule(k, &mut callback, t);
                self.rules[k].callback = Some(callback);
                result
            }
            // Refused when it is built.
            _ => Ok(()),
        }
    }

    /// Pulses on devices: the change that is wanted is −error ⊗ activity.
    fn pulse(&mut self, k: usize, policy: &Policy) {
        let (p, run) = (&self.plan.rules[k], &mut self.rules[k]);
        let Some(array) = &mut self.devices[p.connection.index()] else { return };
        copy_to(&self.arena, p.error, &mut run.change);
        run.change.iter_mut().for_each(|e| *e = -*e);
        copy_to(&self.arena, Some(p.inputs[0]), &mut run.activity);
        policy.model().pulses(&run.change, &run.activity, &mut run.pulses);
        // SAFETY: the weights are a signal of their own; inputs and error were copied.
        let w = unsafe { self.arena.get_mut(p.weights) };
        let changed = |k: usize, v: f64| w[k] = T::of(v);
        match &self.frozen[p.connection.index()] {
            Frozen::Where(mask) => array.pulse_unless(self.level, &run.pulses, mask, changed),
            _ => array.pulse(self.level, &run.pulses, changed),
        }
    }

    /// A rule of the list that acts on weights.
    fn element_rule(&mut self, k: usize) {
        let p = &self.plan.rules[k];
        let (LearningRule::Element(r), Some(delta)) = (&self.rules[k].rule, p.delta) else { return };
        // SAFETY: delta is a signal of its own.
        let (inputs, error, delta): (Vec<&[T]>, &[T], &mut [T]) = unsafe {
            let inputs = p.inputs.iter().map(|s| self.arena.get(*s)).collect();
            (inputs, p.error.map_or(&[][..], |s| self.arena.get(s)), self.arena.get_mut(delta))
        };
        let mut step = RuleStep { level: self.level, dt: T::of(self.dt), inputs: &inputs, error, delta };
        T::rule_step(r.model(), &mut step);
        self.frozen[p.connection.index()].hold(step.delta, T::ZERO);
    }

    fn function_rule(&self, k: usize, callback: &mut RunningRule, t: f64) -> Result<(), Error> {
        let p = &self.plan.rules[k];
        let LearningRule::Function(f) = &self.rules[k].rule else { return Ok(()) };
        let arena = &self.arena;
        let copy = |s: Span| -> Vec<f64> {
            let mut x = Vec::with_capacity(s.len);
            copy_to(arena, Some(s), &mut x);
            x
        };
        let inputs: Vec<Vec<f64>> = p.inputs.iter().map(|s| copy(*s)).collect();
        let inputs: Vec<&[f64]> = inputs.iter().map(|v| &v[..]).collect();
        let error = p.error.map_or_else(|| vec![0.0; p.shape.0], copy);
        let mut state: Vec<Vec<f64>> = p.state.iter().map(|s| copy(*s)).collect();
        let weights = copy(p.weights);
        let mut delta = vec![0.0; weights.len()];
        let result = {
            let mut state: Vec<&mut [f64]> = state.iter_mut().map(|s| &mut s[..]).collect();
            let mut step = RuleFunctionStep {
                rule: f,
                t,
                dt: self.dt,
                shape: p.shape,
                inputs: &inputs,
                error: &error,
                weights: &weights,
                state: &mut state,
                parameters: &self.rules[k].parameters,
                delta: &mut delta,
            };
            no_panic(|| callback.step(&mut step))
        };
        let fits = |x: f64| T::of(x).is_finite();
        let sum = |k: usize| if p.now { weights[k] + delta[k] } else { delta[k] };
        let result = result.and_then(|()| match (0..delta.len()).find(|k| !fits(sum(*k))) {
            None => Ok(()),
            Some(k) => {
                let at = (k / p.shape.1, k % p.shape.1);
                Err(format!("the change of weight {at:?} is {:?}; the weight must stay finite", delta[k])
                    .into())
            }
        });
        let bad = state.iter().zip(f.states()).find(|(s, _)| s.iter().any(|x| !fits(*x)));
        let result = result.and_then(|()| match bad {
            None => Ok(()),
            Some((_, (name, ..))) => Err(format!("its state `{name}` is not finite any more").into()),
        });
        result.map_err(|m| failed(&p.object, t, m))?;
        self.frozen[p.connection.index()].hold(&mut delta, 0.0);
        p.state.iter().zip(&state).for_each(|(s, v)| put(arena, *s, v));
        if let Some(d) = p.delta {
            put(arena, d, &delta);
        }
        if p.now {
            let new: Vec<f64> = weights.iter().zip(&delta).map(|(w, d)| w + d).collect();
            put(arena, p.weights, &new);
        }
        Ok(())
    }
}
