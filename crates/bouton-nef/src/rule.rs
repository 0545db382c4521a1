//! Learning rules: what they read, the parts of their change, and what applies it: to weights, or to devices by pulses.

mod inputs;
mod pulses;

use std::sync::Arc;

use bouton_core::Error;
use bouton_elements::rules::{Applies, Change, Changes, Rule, past_len};
use bouton_elements::var::{self, Over, Start, Var, of_role};
use bouton_engine::{Apply, Bounds, Call, Copy, Delta, Draws, Initial, Knob, Op, Operand, Role, SignalId};
use bouton_model::{Connection, ConnectionId, LearningRule, Object, Target};

pub use pulses::{Pulsed, RulePulses};

use super::{Builder, RuleSignals, calls};
use crate::derived::freezing;

/// What a rule wants, as signals.
struct Wanted {
    /// What the rule makes.
    made: Change,
    /// What the weights or the pulses are given.
    change: Change,
    applies: Applies,
    /// Whether it waits for the next step.
    waits: bool,
    parts: Vec<SignalId>,
    /// The change as a matrix, for probes alone.
    seen: Option<SignalId>,
    /// The encoders that the error passes, onto neurons.
    encoders: Option<SignalId>,
    /// What the rule makes of the error before the encoders, where its change is the encoders times that.
    encoded: Option<SignalId>,
}

/// What the rules of a connection change: its weights, or the scaled encoders of the ensemble that it ends at.
#[derive(Clone, Copy)]
struct Learned {
    id: ConnectionId,
    changes: Changes,
    weights: SignalId,
    rows: usize,
    cols: usize,
    /// Which weights rules may not change, and whether there are any.
    frozen: SignalId,
    mode: SignalId,
    bounds: Option<SignalId>,
}

fn makes(rule: &LearningRule) -> (Change, Applies) {
    match rule {
        LearningRule::Element(r) => (r.model().makes(), r.model().applies()),
        LearningRule::Function(f) => (f.makes(), f.applies()),
        _ => (Change::Dense, Applies::NextStep),
    }
}

fn element(rule: &LearningRule) -> Option<&Rule> {
    match rule {
        LearningRule::Element(r) => Some(r),
        _ => None,
    }
}

fn is_at_spikes(change: Change) -> bool {
    matches!(change, Change::AtSpikes(_))
}

/// The shape of what a rule has a number for.
fn shape_over(over: Over, l: &Learned) -> (usize, usize) {
    match over {
        Over::One | Over::Neuron => (1, 1),
        Over::Numbers(n) => (n, 1),
        Over::Pre => (l.cols, 1),
        Over::Post => (l.rows, 1),
        Over::Synapse => (l.rows, l.cols),
        Over::PrePre => (l.cols, l.cols),
    }
}

impl Builder<'_> {
    /// All rules of a connection.
    pub(super) fn rules(&mut self, id: ConnectionId) -> Result<(), Error> {
        let Some((_, post, c)) = self.net.get_connection(id) else { return Ok(()) };
        let all = c.rules.clone();
        let Some(first) = all.first() else { return Ok(()) };
        let path = self.net.connection_path(id);
        // All of them change the same.
        let changes = first.changes();
        let weights = match (changes, post.object) {
            (Changes::Encoders, Object::Ensemble(e)) => self.ens[e.index()].encoders,
            _ => self.conn[id.index()].weights,
        };
        let Some(weights) = weights else {
            return Err(Error::build(
                path,
                "there are no weights to learn; give the connection a `transform`",
            ));
        };
        let learned = self.learned(id, c, (changes, weights))?;
        let devices = c.devices.clone().map(Arc::new);
        let wanted: Vec<Wanted> = all
            .iter()
            .enumerate()
            .map(|(k, r)| self.parts(&learned, k, r, devices.is_some()))
            .collect::<Result<_, _>>()?;
        let learning: Vec<(&Wanted, &LearningRule)> = wanted.iter().zip(&all).collect();
        // Before the rules, as Nengo has it: what they wanted in the last step is added to the weights in this one.
        if devices.is_none() {
            self.apply(&learned, &learning, Applies::NextStep)?;
        }
        for (k, (rule, wanted)) in all.iter().zip(&wanted).enumerate() {
            self.rule(&learned, k, rule, wanted, devices.is_some())?;
        }
        match &devices {
            Some(spec) => self.pulses(&learned, &learning, spec),
            None => self.apply(&learned, &learning, Applies::Now),
        }
    }

    fn learned(
        &mut self,
        id: ConnectionId,
        c: &Connection,
        (changes, weights): (Changes, SignalId),
    ) -> Result<Learned, Error> {
        let path = self.net.connection_path(id);
        self.within_bounds(&path, c, (changes, weights))?;
        let name = self.names.connection(id).to_string();
        let p = &mut self.program;
        let (rows, cols) = (p.get(weights).rows, p.get(weights).cols);
        // What rules may not change from the start on is frozen; without a mask the memory is never taken.
        let held: Option<Vec<f64>> = c.mask.as_ref().map(|m| m.values().iter().map(|x| 1.0 - x).collect());
        let start = held.as_ref().map_or(0.0, |h| freezing(h));
        let frozen = match held {
            Some(h) => p.signal(self.names.frozen(id), rows, cols, Role::Parameter, h),
            None => p.signal(self.names.frozen(id), rows, cols, Role::Parameter, 0.0),
        };
        let mode = p.double(format!("{name}.freezing"), 1, 1, Role::Parameter, start);
        let bounds = c.bounds.map(|(low, high)| {
            // Infinity is no number that a signal holds: the largest finite one bounds as well.
            let finite = |x: f64| x.clamp(f64::MIN, f64::MAX);
            let s =
                p.double(format!("{name}.bounds"), 2, 1, Role::Parameter, vec![finite(low), finite(high)]);
            let knob = Knob::plain(s, "", Bounds::ANY, "lowest and highest weight that rules may make");
            p.knobs_mut().add(format!("{name}.bounds"), knob);
            s
        });
        let zero_or_one = Bounds { high: 1.0, ..Bounds::AT_LEAST_0 };
        let knob =
            Knob::plain(frozen, "", zero_or_one, "1 for each weight that rules may not change, else 0");
        p.knobs_mut().add(self.names.frozen(id), knob);
        self.derive_freezing(&path, frozen, mode);
        self.conn[id.index()].frozen = Some(frozen);
        self.conn[id.index()].rules = vec![];
        Ok(Learned { id, changes, weights, rows, cols, frozen, mode, bounds })
    }

    /// Refuses weights that start outside the bounds, where rules may change them: the first step would move them there, whatever the rules want.
    fn within_bounds(
        &self,
        path: &str,
        c: &Connection,
        (changes, weights): (Changes, SignalId),
    ) -> Result<(), Error> {
        let Some((low, high)) = c.bounds else { return Ok(()) };
        let signal = self.program.get(weights);
        let free = |k: usize| c.mask.as_ref().is_none_or(|m| m.values().get(k) != Some(&0.0));
        let outside = |k: &usize| {
            let w = signal.initial.at(*k);
            free(*k) && !(w >= low && w <= high)
        };
        let Some(k) = (0..signal.len()).find(outside) else { return Ok(()) };
        let (at, w) = ((k / signal.cols, k % signal.cols), signal.initial.at(k));
        let (what, others) = match changes {
            Changes::Weights => {
                ("weight {at} (post, pre)", "other weights to start with (`transform`, `solver`, `function`)")
            }
            Changes::Encoders => ("scaled encoder {at} (neuron, dimension)", "the ensemble other encoders"),
        };
        let what = what.replace("{at}", &format!("{at:?}"));
        Err(Error::build(
            path,
            format!(
                "the {what} starts at {w}, and `bounds` are {low} and {high}; give bounds that hold it, {others}, or a `mask` \
                 that keeps rules from it"
            ),
        ))
    }

    /// The signals of what a rule wants.
    fn parts(
        &mut self,
        l: &Learned,
        k: usize,
        rule: &LearningRule,
        on_devices: bool,
    ) -> Result<Wanted, Error> {
        let (made, applies) = makes(rule);
        let path = self.names.rule(l.id, k);
        let mut signals = RuleSignals::default();
        // Pulses are made of what doesn't hang on the weights, or of a matrix.
        let change = if on_devices && made.reads_weights() { Change::Dense } else { made };
        // What waits for the next step is state.
        let waits = applies == Applies::NextStep && !on_devices;
        let role = if waits { Role::State } else { Role::Scratch };
        let parts: Vec<SignalId> = change
            .parts(l.rows, l.cols)
            .into_iter()
            .map(|(name, len)| {
                let (rows, cols) = if name == "delta" { (l.rows, l.cols) } else { (len, 1) };
                let start = match change {
                    // What waits in the first step is no change: of no bounds.
                    Change::AtSpikes(s) if s.bounded && name == "numbers" => {
                        let mut start = vec![0.0; len];
                        start[len - 2..].copy_from_slice(&[f64::from(f32::MIN), f64::from(f32::MAX)]);
                        Initial::from(start)
                    }
                    _ => Initial::from(0.0),
                };
                self.program.signal(format!("{path}.{name}"), rows, cols, role, start)
            })
            .collect();
        // Whoever looks at the change wants it as a matrix; the weights are given it as before.
        let target = Target::RuleDelta(l.id.rule_at(k));
        let looks = self.net.probes().any(|p| self.net.get_probe(p).is_some_and(|p| p.target == target));
        let matrix = matches!(change, Change::Dense | Change::Rare);
        let seen = (looks && !matrix)
            .then(|| self.program.signal(format!("{path}.delta"), l.rows, l.cols, role, 0.0));
        signals.delta = if matrix { parts.last().copied() } else { seen };
        self.conn[l.id.index()].rules.push(signals);
        let encoders = if rule.has_error() { self.error_encoders(l, k)? } else { None };
        let linear = match rule {
            LearningRule::Element(r) => {
                r.model().linear_in_error() && !on_devices && change == Change::Outer(1)
            }
            _ => false,
        };
        let encoded = encoders.filter(|_| linear).map(|e| {
            let d = self.program.get(e).cols;
            self.program.signal(format!("{path}.encoded"), d, 1, role, 0.0)
        });
        Ok(Wanted { made, change, applies, waits, parts, seen, encoders, encoded })
    }

    /// What adds the changes of all rules that act at this time.
    fn apply(
        &mut self,
        l: &Learned,
        learning: &[(&Wanted, &LearningRule)],
        when: Applies,
    ) -> Result<(), Error> {
        let learning = learning.iter().filter(|(w, _)| w.applies == when);
        let these: Vec<&Wanted> = learning.clone().map(|(w, _)| *w).collect();
        if these.is_empty() {
            return Ok(());
        }
        let at_spikes = learning.filter_map(|(w, rule)| element(rule).filter(|_| is_at_spikes(w.change)));
        let weights = match (when, l.changes) {
            (Applies::NextStep, Changes::Weights) => Operand::inc(l.weights),
            // Before the encoders follow them.
            (Applies::NextStep, Changes::Encoders) => Operand::edit(l.weights),
            // Written at once: an update, and so after every other reader.
            (Applies::Now, _) => Operand::update(l.weights),
        };
        let mut on = vec![weights, Operand::read(l.frozen)];
        on.extend(these.iter().flat_map(|w| &w.parts).map(|s| Operand::read(*s)));
        // What one change is made of: a plan may keep the weights as what these make of them.
        let factors = match these[..] {
            [Wanted { encoders: Some(e), encoded: Some(x), .. }] => vec![*e, *x],
            _ => vec![],
        };
        let encoded = !factors.is_empty();
        on.extend(factors.into_iter().map(Operand::read));
        on.push(Operand::read(l.mode));
        on.extend(l.bounds.map(Operand::read));
        let changes = these.iter().map(|w| w.change).collect();
        let path = self.net.rule_path(l.id.rule());
        let at_spikes = at_spikes.cloned().collect();
        let bounded = l.bounds.is_some();
        self.program.kernel(&path, Apply { changes, at_spikes, cols: l.cols, bounded, encoded }, on);
        if l.changes == Changes::Encoders {
            self.encoders_follow(&path, l);
        }
        Ok(())
    }

    /// One rule.
    fn rule(
        &mut self,
        l: &Learned,
        k: usize,
        rule: &LearningRule,
        wanted: &Wanted,
        on_devices: bool,
    ) -> Result<(), Error> {
        let path = self.net.rule_path(l.id.rule_at(k));
        let name = self.names.rule(l.id, k);
        let mut error = None;
        if rule.has_error() {
            let size = self.net.object_size(Object::Rule(l.id.rule_at(k)), false)?;
            let signal = self.program.signal(format!("{name}.error"), size, 1, Role::Scratch, 0.0);
            self.program.reset(&path, signal, 0.0);
            self.conn[l.id.index()].rules[k].error = Some(signal);
            error = Some(signal);
        }
        let mut inputs = vec![];
        for input in rule.inputs() {
            let activity = self.rule_input(&path, l, input.source, input.state.as_deref())?;
            let knobs = format!("{name}.{}", input.name);
            let s = self.filter(&path, activity, input.synapse.as_ref(), true, &knobs)?;
            self.conn[l.id.index()].rules[k].named.push((input.name, s));
            inputs.push(s);
        }
        let raw = error;
        if let (Some(e), Some(encoders)) = (error, wanted.encoders) {
            error = Some(self.local_error(&path, &name, l, encoders, e));
        }
        let parameters = self.rule_parameters(&name, rule);
        let read = |s: &SignalId| Operand::read(*s);
        let before = wanted.encoded.and(raw);
        let mut reads: Vec<Operand> = inputs.iter().chain(&error).chain(&before).map(read).collect();
        let (made, waits) = (wanted.made, wanted.waits);
        let write = |s: &SignalId| if waits { Operand::update(*s) } else { Operand::set(*s) };
        // Parts that are to be seen as a matrix are made in the step in which they are seen, and then wait.
        let whole = if made == wanted.change { wanted.seen } else { Some(wanted.parts[0]) };
        let direct = made == wanted.change && !(waits && whole.is_some());
        let parts: Vec<SignalId> = if direct {
            wanted.parts.clone()
        } else {
            let all = made.parts(l.rows, l.cols).into_iter();
            let made = |(n, len)| (format!("{name}.made.{n}"), len);
            all.map(made).map(|(n, len)| self.program.signal(n, len, 1, Role::Scratch, 0.0)).collect()
        };
        let set = |s: &SignalId| if direct { write(s) } else { Operand::set(*s) };
        let paths = element(rule).is_some();
        let states = self.rule_states(l, k, &name, &rule.states(), paths);
        reads.extend(self.rule_factors(l, k, &path, &name, &rule.factors())?.iter().map(read));
        let weights = match rule {
            LearningRule::Element(r) => r.model().reads_weights(),
            LearningRule::Function(f) => f.does_read_weights(),
            _ => false,
        };
        reads.extend(weights.then(|| Operand::read(l.weights)));
        let call: Arc<dyn Call> = match rule {
            LearningRule::Element(r) => Arc::new(calls::RuleCall {
                rule: r.clone(),
                shape: (l.rows, l.cols),
                parts: parts.len(),
                states: states.len(),
                inputs: inputs.len(),
                encoded: wanted.encoded.is_some(),
                factors: rule.factors().into_iter().map(|f| f.name).collect(),
            }),
            LearningRule::Function(f) => {
                let seed = self.seeds.connections[l.id.index()].wrapping_add(k as u32);
                Arc::new(calls::RuleFunctionCall {
                    rule: f.clone(),
                    shape: (l.rows, l.cols),
                    seed,
                    on_devices,
                })
            }
            _ => return Err(Error::build(path, "this kind of rule is not known here")),
        };
        let on: Vec<Operand> = parts
            .iter()
            .map(set)
            .chain(states.iter().map(|s| Operand::update(*s)))
            .chain(wanted.encoded.iter().map(write))
            .chain(reads)
            .chain([Operand::read(parameters)])
            .collect();
        self.program.add(&path, Op::Call(call), on, Draws::No);
        if let Some(delta) = whole {
            let weights = made.reads_weights().then(|| Operand::read(l.weights));
            // Updated as the parts are: a filter on it sees what was wanted in the step before, as in Nengo.
            let on = [write(&delta)].into_iter().chain(weights).chain(parts.iter().map(read));
            let rule = element(rule).filter(|_| is_at_spikes(made)).cloned();
            let on: Vec<Operand> = on.collect();
            self.program.kernel(&path, Delta::new(made, rule, l.cols), on);
        }
        if made == wanted.change && !direct {
            for (from, to) in parts.iter().zip(&wanted.parts) {
                self.program.kernel(&path, Copy { inc: false }, vec![Operand::update(*to), read(from)]);
            }
        }
        Ok(())
    }

    /// The states of a rule, a signal each. `paths`: whether each has a path, which needs names that no parameter has.
    fn rule_states(
        &mut self,
        l: &Learned,
        k: usize,
        name: &str,
        states: &[Var],
        paths: bool,
    ) -> Vec<SignalId> {
        let mut signals = vec![];
        for var in states {
            let (r, c) = match (shape_over(var.over, l), var.past) {
                (shape, None) => shape,
                ((r, c), Some(seconds)) => (past_len(seconds, self.dt, r * c), 1),
            };
            let start = match &var.start {
                Start::Values(x) => Initial::from(x.clone()),
                _ => Initial::from(var.values().first().copied().unwrap_or(0.0)),
            };
            let path = format!("{name}.{}", var.name);
            let s = self.program.signal(path.clone(), r, c, Role::State, start);
            if paths {
                let knob = Knob::plain(s, var.unit.clone(), var.bounds, var.doc.clone());
                self.program.knobs_mut().add(path, knob);
            }
            self.conn[l.id.index()].rules[k].named.push((var.name.to_string(), s));
            signals.push(s);
        }
        signals
    }

    /// The parameters of a rule, as one signal with a path each.
    fn rule_parameters(&mut self, name: &str, rule: &LearningRule) -> SignalId {
        // Not those of a policy that the rule brings: they are the pulses'.
        let parameters = match rule {
            LearningRule::Element(r) => of_role(r.model().vars(), var::Role::Parameter),
            rule => rule.parameters(),
        };
        let values = var::parameter_values(&parameters);
        let p = &mut self.program;
        let all = p.double(format!("{name}.parameters"), values.len(), 1, Role::Parameter, values);
        let only = parameters.len() == 1;
        let mut at = 0;
        for var in parameters {
            let count = var.values().len();
            let one = if only { all } else { p.view(all, at, count, 1) };
            at += count;
            let knob = Knob::plain(one, var.unit.clone(), var.bounds, var.doc.clone());
            p.knobs_mut().add(format!("{name}.{}", var.name), knob);
        }
        all
    }
}
