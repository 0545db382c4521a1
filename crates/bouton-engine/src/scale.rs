//! The scale check: which connections can't matter to what they lead to, or swamp it, by how much, and what mends it.
//!
//! A connection's **share** is what it can contribute to its target, divided by what the target needs to span its range,
//! both as root mean squares. 1 is a connection that fills the range by itself.
//!
//! | part | taken as |
//! |---|---|
//! | need of an ensemble | its values, uniform in the ball of its radius |
//! | need of neurons | the input currents that such values cause |
//! | need of a passing node | that of the ensembles behind it; of a rule's error, that of the ensemble that learns |
//! | fixed weights | the outputs of the weights as they stand, over the pre object's evaluation points |
//! | a node before the weights | its constant, table or noise where that is known, else values of up to ±1 |
//! | weights of devices | how far pulses to one side move them, against those that a solver would need |
//! | weights that a rule learns | the change of the output in one second, at an error as large as the range |
//!
//! Devices reach too little in all the pulses of the run, or too far in those of one second.
//!
//! It is an estimate: it judges orders of magnitude, each connection alone. A share below 1 % or above 100 is warned of.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt;

use bouton_elements::devices::{DeviceArray, Gain};
use bouton_elements::processes::Process;
use bouton_elements::rules::Rule;
use bouton_model::{
    Connection, ConnectionId, End, EnsembleId, Error, LearningRule, Matrix, Network, NodeId, Object, Output,
    Slice, Transform,
};
use bouton_random::{Purpose, Stream};

use crate::build::{Built, needed_weight};
use crate::simulator::Simulator;

/// Shares below this are too small.
const LEAST: f64 = 0.01;
/// Shares above this are too large.
const MOST: f64 = 100.0;
/// Pulses that a device may get when the run's length isn't known.
const PULSES: f64 = 10_000.0;
/// Share that a learning rate is set to: the output can go through its range in a third of a second. Faster than the
/// default of PES makes it, learning follows the noise of the spikes; much slower, it takes longer than a person waits.
const LEARN: f64 = 3.0;
/// Points at which a connection's output is looked at: root mean squares come out within some per cent.
const POINTS: usize = 64;
/// Devices of a connection that are looked at.
const DEVICES: usize = 4096;

/// What the scale check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleKind {
    /// The share is below 1 %.
    TooSmall,
    /// The share is above 100.
    TooLarge,
    /// All weights are zero, and something will learn them: stated, not warned of.
    ZeroButLearned,
}

/// What the scale check has to say of one connection. `Display` gives the whole sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct ScaleNote {
    /// The connection.
    pub connection: ConnectionId,
    /// Its path in the network.
    pub path: String,
    /// What it can contribute, as a share of what its target needs to span its range.
    pub share: f64,
    /// The factor on `parameter` that mends it; infinite where no factor does (weights of zero), 1 where none is needed.
    pub factor: f64,
    /// What the factor is for: `transform`, `gain` (of devices) or `learning_rate`.
    pub parameter: &'static str,
    /// What was found.
    pub kind: ScaleKind,
    /// The figure and the way out, without the connection's name.
    pub message: String,
}

impl ScaleNote {
    /// Whether this is a warning; otherwise it is only stated.
    pub fn is_warning(&self) -> bool {
        self.kind != ScaleKind::ZeroButLearned
    }
}

impl fmt::Display for ScaleNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path, self.message)
    }
}

impl Simulator {
    /// What the scale check found when the model was built.
    pub fn scale_notes(&self) -> &[ScaleNote] {
        &self.notes
    }

    /// Checks the scale of every connection as it stands now: live weights, gains and learning rates. `pulses` is how
    /// many each device may still get; 10,000 when it isn't known. Nothing is changed.
    pub fn scale_check(&self, pulses: Option<f64>) -> Result<Vec<ScaleNote>, Error> {
        let pulses = pulses.unwrap_or(PULSES);
        if !(pulses.is_finite() && pulses > 0.0) {
            let m = format!("`pulses` must be a finite number greater than 0, found {pulses}");
            return Err(Error::access("", m));
        }
        let check = Check::new(self, pulses);
        Ok(self.network().connections().flat_map(|id| check.connection(id)).collect())
    }
}

/// What a connection's end needs: rms of each of its values, where that is known, and the gain of each on the way in.
struct Need {
    rms: Vec<Option<f64>>,
    gains: Option<Vec<f64>>,
}

impl Need {
    /// rms over all values that are known; 0 if none is.
    fn total(&self) -> f64 {
        self.rms.iter().flatten().map(|r| r * r).sum::<f64>().sqrt()
    }
}

/// What goes into a connection's weights.
struct Inputs {
    points: Vec<Vec<f64>>,
    /// Whether the values were taken as ±1 because nothing is known of them.
    assumed: bool,
}

struct Check<'a> {
    sim: &'a Simulator,
    net: &'a Network,
    built: &'a Built,
    pulses: f64,
    /// Connections that start at each node.
    outgoing: Vec<Vec<ConnectionId>>,
    /// Connections that a node's callback edits.
    edited: HashSet<ConnectionId>,
    /// Needs behind passing nodes; empty while one is being looked for, so that a ring ends.
    passing: RefCell<HashMap<NodeId, Vec<Option<f64>>>>,
}

fn rms<'x>(values: impl Iterator<Item = &'x f64>) -> f64 {
    let (n, sum) = values.fold((0usize, 0.0), |(n, s), v| (n + 1, s + v * v));
    (sum / n.max(1) as f64).sqrt()
}

/// Positions of at most `most` of `size` things, spread evenly.
fn spread(size: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = size.min(most.max(1));
    (0..count).map(move |k| k * size / count)
}

fn picked(values: &[f64], slice: &Slice) -> Vec<f64> {
    match slice {
        Slice::All => values.to_vec(),
        s => s.indices(values.len()).into_iter().filter_map(|i| values.get(i).copied()).collect(),
    }
}

/// The nearest power of ten: what is mis-scaled is a unit, and the function that a connection computes need not fill the
/// range to the last digit.
fn power_of_ten(x: f64) -> f64 {
    10f64.powi(x.log10().round().clamp(-300.0, 300.0) as i32)
}

/// To two significant digits.
fn two_digits(x: f64) -> f64 {
    format!("{x:.1e}").parse().unwrap_or(x)
}

/// A number as a person writes it: 300, 0.25, 1.3e-7.
fn plain(x: f64) -> String {
    let text = if x != 0.0 && !(1e-3..1e4).contains(&x.abs()) {
        format!("{x:.1e}")
    } else {
        two_digits(x).to_string()
    };
    text.replace(".0e", "e")
}

fn share_text(share: f64) -> String {
    if share < 1.0 { format!("{} %", plain(100.0 * share)) } else { format!("{} times", plain(share)) }
}

impl<'a> Check<'a> {
    fn new(sim: &'a Simulator, pulses: f64) -> Check<'a> {
        let (net, built) = (sim.network(), sim.built());
        let mut outgoing = vec![vec![]; net.nodes().len()];
        for id in net.connections() {
            if let Some((End { object: Object::Node(n), .. }, ..)) = net.get_connection(id)
                && let Some(list) = outgoing.get_mut(n.index())
            {
                list.push(id);
            }
        }
        let mut edited = HashSet::new();
        for n in net.nodes() {
            if let Some(Output::Function(f)) = net.get_node(n) {
                edited.extend(f.edited());
            }
        }
        Check { sim, net, built, pulses, outgoing, edited, passing: RefCell::default() }
    }

    /// Everything there is to say of one connection. What can't be judged is passed over.
    fn connection(&self, id: ConnectionId) -> Vec<ScaleNote> {
        let Some((pre, post, c)) = self.net.get_connection(id) else { return vec![] };
        let weights = self.sim.weights(id).ok();
        let devices = self.sim.devices(id).ok();
        let rule = self.live_rule(id, c);
        // A rate of zero is the way to switch a rule off.
        let off = matches!(&rule, Some(LearningRule::Element(r)) if rate(r) == Some(0.0));
        let learns = (rule.is_some() && !off) || self.edited.contains(&id);
        let zero = weights.as_ref().is_some_and(|w| w.values().iter().all(|v| *v == 0.0));

        let mut notes = vec![];
        if zero && learns {
            notes.push(self.note(id, 0.0, 1.0, "transform", ScaleKind::ZeroButLearned, {
                "all its weights are zero; something learns them, so nothing is wrong with that".into()
            }));
        }
        if let (Some(d), true) = (devices, learns) {
            notes.extend(self.devices(id, c, d));
            return notes;
        }
        let need = self.need(post, c);
        if let Some(LearningRule::Element(r)) = &rule
            && learns
        {
            notes.extend(self.learned(id, pre, c, r, need.as_ref(), weights.as_ref()));
        }
        if zero && learns {
            return notes;
        }
        let Some((share, assumed)) = need.and_then(|n| self.fixed(pre, c, weights.as_ref(), &n)) else {
            return notes;
        };
        // Weights that something changes may start as small as they like.
        if learns && share < LEAST {
            return notes;
        }
        let parameter = if devices.is_some() { "gain" } else { "transform" };
        let target = self.net.object_path(post.object);
        let taken = if assumed { ", for inputs of up to ±1," } else { "" };
        if zero {
            let m = format!(
                "all its weights are zero and nothing changes them: it contributes nothing to `{target}`. No factor mends \
                 that; set the weights, or give the connection a learning rule"
            );
            notes.push(self.note(id, 0.0, f64::INFINITY, parameter, ScaleKind::TooSmall, m));
            return notes;
        }
        let Some((kind, limit)) = judge(share) else { return notes };
        let factor = power_of_ten(1.0 / share);
        let way = match (&c.transform, parameter) {
            (Transform::None, "transform") => format!("give it a `transform` of {}", plain(factor)),
            _ => format!("multiply `{parameter}` by {}", plain(factor)),
        };
        let m = format!(
            "what it contributes{taken} is {} what `{target}` needs to span its range ({limit}): {way}",
            of(share)
        );
        notes.push(self.note(id, share, factor, parameter, kind, m));
        notes
    }

    fn note(
        &self,
        connection: ConnectionId,
        share: f64,
        factor: f64,
        parameter: &'static str,
        kind: ScaleKind,
        message: String,
    ) -> ScaleNote {
        let path = self.net.connection_path(connection);
        ScaleNote { connection, path, share, factor, parameter, kind, message }
    }

    /// The rule with the parameters that it has now.
    fn live_rule(&self, id: ConnectionId, c: &Connection) -> Option<LearningRule> {
        let mut rule = c.rule.clone()?;
        if let (LearningRule::Element(r), Ok(live)) = (&mut rule, self.sim.rule_parameters(id)) {
            for (name, value) in live {
                // The value is one that the rule had accepted.
                let _ = r.model_mut().set_parameter(&name, value);
            }
        }
        Some(rule)
    }

    /// rms of each dimension of an ensemble, for values uniform in the ball of its radius.
    fn dimension_rms(&self, e: EnsembleId) -> Option<(f64, usize)> {
        let b = self.built.ensembles.get(e.index())?;
        Some((b.radius / (b.dimensions as f64 + 2.0).sqrt(), b.dimensions))
    }

    fn ensemble_need(&self, e: EnsembleId, slice: &Slice) -> Option<Need> {
        let (rms, d) = self.dimension_rms(e)?;
        Some(Need { rms: vec![Some(rms); slice.len(d)], gains: None })
    }

    fn need(&self, post: &End, c: &Connection) -> Option<Need> {
        match post.object {
            Object::Ensemble(e) if c.solver.model().weights() => self.neurons_need(e, &Slice::All, false),
            Object::Neurons(e) => self.neurons_need(e, &post.slice, true),
            Object::Ensemble(e) => self.ensemble_need(e, &post.slice),
            Object::Node(n) => {
                let all = self.node_need(n);
                let rms: Vec<_> = post
                    .slice
                    .indices(all.len())
                    .into_iter()
                    .map(|i| all.get(i).copied().flatten())
                    .collect();
                Some(Need { rms, gains: None })
            }
            Object::Rule(learned) => {
                let (_, target, _) = self.net.get_connection(learned)?;
                match target.object {
                    Object::Neurons(e) => self.ensemble_need(e, &Slice::All),
                    Object::Ensemble(e) => self.ensemble_need(e, &target.slice),
                    _ => None,
                }
            }
        }
    }

    /// The currents that span the range of some neurons; `gained` if their gain is applied after the weights.
    fn neurons_need(&self, e: EnsembleId, slice: &Slice, gained: bool) -> Option<Need> {
        let b = self.built.ensembles.get(e.index())?;
        let d = b.dimensions;
        let all: Vec<f64> = b
            .scaled_encoders
            .chunks_exact(d)
            .map(|r| (r.iter().map(|x| x * x).sum::<f64>() / (d as f64 + 2.0)).sqrt())
            // Encoders hold the radius's inverse: the current at the radius is theirs times the radius.
            .map(|r| r * b.radius)
            .collect();
        let rms = picked(&all, slice).into_iter().map(Some).collect();
        Some(Need { rms, gains: gained.then(|| picked(&b.gain, slice)) })
    }

    /// What the ensembles behind a passing node need of each of its values. `None` where nothing tells.
    fn node_need(&self, n: NodeId) -> Vec<Option<f64>> {
        let Some(output) = self.net.get_node(n) else { return vec![] };
        let mut all = vec![None; output.size_in()];
        if !matches!(output, Output::Passthrough { .. }) {
            return all;
        }
        if let Some(known) = self.passing.borrow().get(&n) {
            return if known.is_empty() { all } else { known.clone() };
        }
        self.passing.borrow_mut().insert(n, vec![]);
        for id in self.outgoing.get(n.index()).into_iter().flatten() {
            let Some((pre, post, c)) = self.net.get_connection(*id) else { continue };
            let factor = match c.transform {
                Transform::None => 1.0,
                Transform::Scalar(x) if x != 0.0 => x.abs(),
                _ => continue,
            };
            if c.function.is_some() || c.devices.is_some() || matches!(post.object, Object::Neurons(_)) {
                continue;
            }
            let Some(need) = self.need(post, c) else { continue };
            for (i, r) in pre.slice.indices(all.len()).into_iter().zip(need.rms) {
                if let (Some(place), Some(r)) = (all.get_mut(i), r) {
                    *place = Some(place.unwrap_or(0.0f64).max(r / factor));
                }
            }
        }
        self.passing.borrow_mut().insert(n, all.clone());
        all
    }

    /// Values of the pre object over its working range, as the weights see them.
    fn inputs(&self, pre: &End, c: &Connection, count: usize) -> Option<Inputs> {
        let mut assumed = false;
        let raw: Vec<Vec<f64>> = match pre.object {
            Object::Rule(_) => return None,
            Object::Ensemble(e) | Object::Neurons(e) => {
                let (ensemble, b) = (self.net.get_ensemble(e)?, self.built.ensembles.get(e.index())?);
                let d = b.dimensions;
                let at = spread(b.eval_points.len() / d, count);
                let points: Vec<f64> = at.flat_map(|k| &b.eval_points[k * d..][..d]).copied().collect();
                if ensemble.neuron_type.is_direct() {
                    points.chunks_exact(d).map(<[f64]>::to_vec).collect()
                } else {
                    let a = b.activities(ensemble, &points);
                    let rows = a.chunks_exact(b.gain.len());
                    let neurons = matches!(pre.object, Object::Neurons(_));
                    // A slice of an ensemble is in its decoders already.
                    let slice = if neurons { &pre.slice } else { &Slice::All };
                    let points = rows.map(|r| picked(r, slice)).collect();
                    return Some(Inputs { points, assumed });
                }
            }
            Object::Node(n) => {
                let output = self.net.get_node(n)?;
                let width = output.size_out();
                let uniform = |size: f64| {
                    let stream = Stream::new(0, n.index() as u64, Purpose::named("scale"), 0);
                    let value = |k: usize| size * (2.0 * stream.f64_at(k as u64) - 1.0);
                    (0..count).map(|p| (0..width).map(|i| value(p * width + i)).collect()).collect()
                };
                match output {
                    Output::Constant(x) => vec![x.clone()],
                    Output::Process { process: Process::Table(t), .. } if t.width > 0 => {
                        // More rows than points: a row costs nothing, and a recording may be mostly silent.
                        let rows = spread(t.values.len() / t.width, 16 * count);
                        rows.map(|k| t.values[k * t.width..][..t.width].to_vec()).collect()
                    }
                    Output::Process { process: Process::Piecewise(p), .. } => p.values.clone(),
                    Output::Process { process: Process::WhiteSignal(s), .. } => uniform(s.rms * 3f64.sqrt()),
                    _ => {
                        assumed = !is_known(output);
                        uniform(1.0)
                    }
                }
            }
        };
        let mut points = Vec::with_capacity(raw.len());
        for x in raw {
            let x = picked(&x, &pre.slice);
            points.push(match &c.function {
                None => x,
                Some(f) => {
                    let mut y = vec![0.0; f.width()];
                    // A function need not stand values that it is never given.
                    f.call(&x, &mut y).ok()?;
                    y
                }
            });
        }
        Some(Inputs { points, assumed })
    }

    /// Share of weights as they stand, and whether it rests on an assumed input.
    fn fixed(&self, pre: &End, c: &Connection, weights: Option<&Matrix>, need: &Need) -> Option<(f64, bool)> {
        let wanted = need.total();
        if !(wanted > 0.0 && wanted.is_finite()) {
            return None;
        }
        let (rows, cols) = weights.map_or((1, 1), Matrix::shape);
        // Nothing is known of such a value, and nothing is done to it: there is nothing to judge.
        if weights.is_none()
            && let Object::Node(n) = pre.object
            && !self.net.get_node(n).is_some_and(is_known)
        {
            return None;
        }
        let count = (20_000_000 / (rows * cols).max(1)).clamp(4, POINTS);
        let inputs = self.inputs(pre, c, count)?;
        if !inputs.points.iter().flatten().any(|x| *x != 0.0) {
            return None;
        }
        let neural = match pre.object {
            Object::Ensemble(e) => self.net.get_ensemble(e).is_some_and(|e| !e.neuron_type.is_direct()),
            _ => false,
        };
        let dense = neural || c.devices.is_some() || matches!(c.transform, Transform::Matrix(_));
        let mut sum = 0.0;
        for x in &inputs.points {
            let y: Vec<f64> = match weights {
                None => x.clone(),
                Some(w) if dense => (0..rows)
                    .filter_map(|r| w.row(r))
                    .map(|w| w.iter().zip(x).map(|(w, x)| w * x).sum())
                    .collect(),
                Some(w) if rows == 1 => x.iter().map(|x| w[(0, 0)] * x).collect(),
                Some(w) => x.iter().zip(w.values()).map(|(x, w)| w * x).collect(),
            };
            for (i, y) in y.iter().enumerate() {
                if need.rms.get(i).copied().flatten().is_some() {
                    let gain = need.gains.as_ref().and_then(|g| g.get(i)).copied().unwrap_or(1.0);
                    sum += (gain * y) * (gain * y);
                }
            }
        }
        let share = (sum / inputs.points.len().max(1) as f64).sqrt() / wanted;
        if !share.is_finite() {
            return None;
        }
        // Many values of ±1 may as well be a vector of length one: only what is large either way is too large.
        let width = inputs.points.first().map_or(1.0, |x| x.len() as f64).sqrt();
        let share = if inputs.assumed && share > MOST { (share / width).max(1.0) } else { share };
        Some((share, inputs.assumed))
    }

    /// How far one second of learning moves the output.
    fn learned(
        &self,
        id: ConnectionId,
        pre: &End,
        c: &Connection,
        rule: &Rule,
        need: Option<&Need>,
        weights: Option<&Matrix>,
    ) -> Option<ScaleNote> {
        let inputs = self.inputs(pre, c, POINTS)?;
        let activity = rms(inputs.points.iter().flatten());
        let columns = weights?.shape().1;
        // Behind a node nothing says how large an error is; PES's share doesn't depend on it.
        let known = need.filter(|n| n.total() > 0.0);
        let wanted = known.map_or(1.0, |n| n.total() / (n.rms.iter().flatten().count().max(1) as f64).sqrt());
        // A few neurons with very high gains fire in a small part of the range: the median is what the output follows.
        let gain = known.and_then(|n| n.gains.as_deref()).map_or(1.0, median);
        let travel = rule.model().travel(wanted, activity, columns, 1.0)?;
        let share = travel * activity * columns as f64 * gain / wanted;
        if !(share.is_finite() && share > 0.0) {
            return None;
        }
        let (kind, limit) = judge(share)?;
        let (way, factor) = match rate(rule) {
            Some(now) => {
                let to = two_digits(LEARN * now / share);
                (format!("set `learning_rate` to {} (now {})", plain(to), plain(now)), to / now)
            }
            None => {
                (format!("make the rule's changes {} times as large", plain(LEARN / share)), LEARN / share)
            }
        };
        let m = format!(
            "one second of learning moves its output by {} the range, at an error as large as the range ({limit}): {way}",
            of(share)
        );
        Some(self.note(id, share, factor, "learning_rate", kind, m))
    }

    /// How far pulses move weights of devices.
    fn devices(&self, id: ConnectionId, c: &Connection, d: &DeviceArray) -> Option<ScaleNote> {
        let needed = match c.devices.as_ref().map(|s| (s, &s.gain)) {
            // The automatic gain was made of it.
            Some((spec, Gain::Auto(a))) => self
                .built
                .devices
                .get(id.index())
                .and_then(Option::as_ref)
                .map(|d| d.gain() * spec.reach(a.pulses))?,
            _ => needed_weight(self.net, &self.built.ensembles, &self.built.seeds, id).ok()?,
        };
        let (rows, cols) = d.shape();
        let swing = |pulses: f64| {
            let widths: Vec<f64> = spread(rows * cols, DEVICES)
                .map(|k| d.reach(k, pulses))
                .map(|(low, high)| high - low)
                .collect();
            rms(widths.iter()) / d.sides().len().max(1) as f64
        };
        // Weights anywhere between the two ends that a synapse can reach: rms width/√12, and 1/√3 of half the width.
        let reach = |pulses: f64| swing(pulses) / 3f64.sqrt();
        // What all pulses together can't reach is too small. Reaching far in a long run is no fault, moving far in a short
        // time is: a second with a pulse in each step is held against the weights as a second of any other learning is.
        let second = (1.0 / self.sim.dt()).min(self.pulses);
        let (pulses, share) = match (reach(self.pulses) / needed, reach(second) / needed) {
            (all, _) if all < LEAST => (self.pulses, all),
            (_, fast) => (second, fast.max(LEAST)),
        };
        if !(share.is_finite() && needed > 0.0) {
            return None;
        }
        let (kind, limit) = judge(share)?;
        // As the automatic gain: one rms weight in 100 pulses, or in a tenth of those that there are.
        let step = swing((0.1 * self.pulses).clamp(1.0, 100.0));
        let to = two_digits(d.gain() * needed / step);
        if !(to.is_finite() && to > 0.0) {
            return None;
        }
        let m = format!(
            "{} pulses move its weights by rms {}, {} what it needs (rms {}) ({limit}): set `gain` to {} (now {})",
            plain(pulses),
            plain(share * needed),
            of(share),
            plain(needed),
            plain(to),
            plain(d.gain())
        );
        Some(self.note(id, share, to / d.gain(), "gain", kind, m))
    }
}

/// "3.2 % of" or "300 times", before what it is a share of.
fn of(share: f64) -> String {
    if share < 1.0 { format!("{} of", share_text(share)) } else { share_text(share) }
}

/// Whether the values of a node are known before it runs.
fn is_known(output: &Output) -> bool {
    match output {
        Output::Constant(_) => true,
        Output::Process { process, .. } => !matches!(process, Process::WhiteNoise(_)),
        Output::Function(_) | Output::Passthrough { .. } => false,
    }
}

fn judge(share: f64) -> Option<(ScaleKind, &'static str)> {
    if share < LEAST {
        Some((ScaleKind::TooSmall, "below 1 %"))
    } else if share > MOST {
        Some((ScaleKind::TooLarge, "above 100 times"))
    } else {
        None
    }
}

fn rate(rule: &Rule) -> Option<f64> {
    rule.model().parameters().into_iter().find(|(name, _)| *name == "learning_rate").map(|(_, v)| v)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(1.0)
}
