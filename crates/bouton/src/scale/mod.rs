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
//! | a node before the weights | its constant, table or noise; where only a run shows what it gives, nothing is said |
//! | weights of devices | how far pulses to one side move them, against those that a solver would need |
//! | weights that a rule learns | the change of the output in one second, at an error as large as the range |
//!
//! Beside shares, two things are told that no factor on a weight mends: a rule without an error, and a time step too long
//! for the neurons.
//!
//! Devices reach too little in all the pulses of the run, or too far in those of one second.
//!
//! It is an estimate: it judges orders of magnitude, each connection alone. A share below 1 % or above 100 is warned of (of what a
//! rule learns in a second, above 300); not a large one that only shuts neurons.

mod loops;
mod share;
mod texts;
mod values;
mod weights;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use bouton_core::Error;
use bouton_elements::rules::{Changes, Rule};
use bouton_model::{
    Connection, ConnectionId, End, EnsembleId, LearningRule, Network, NodeId, Object, Output,
};
use bouton_nef::{Built, BuiltEnsemble};

use crate::simulator::Simulator;
use weights::Weights;

/// Shares below this are too small.
const LEAST: f64 = 0.01;
/// Shares above this are too large.
const MOST: f64 = 100.0;
/// A rule whose output goes through its range more often than this in a second is too fast: from here on the error of PES is twice
/// the least (docs/rules-of-thumb.md), and it soon runs away. It is best at 80 to 240.
const LEARNS_MOST: f64 = 300.0;
/// Pulses that a device may get when the run's length isn't known.
const PULSES: f64 = 10_000.0;
/// Share that a learning rate is set to: the output can go through its range in a third of a second. Faster than the
/// default of PES makes it, learning follows the noise of the spikes; much slower, it takes longer than a person waits.
const LEARN: f64 = 3.0;
/// Points at which a connection's output is looked at: root mean squares come out within some per cent.
const POINTS: usize = 64;
/// Share of devices that may be dead without a word.
const DEAD: f64 = 0.005;
/// Devices of a connection that are looked at.
const DEVICES: usize = 4096;

/// What the scale check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleKind {
    /// The share is below 1 %.
    TooSmall,
    /// The share is above 100; of what a rule learns in a second, above 300.
    TooLarge,
    /// All weights are zero, and something will learn them: stated, not warned of.
    ZeroButLearned,
    /// The learning rule waits for an error that nothing delivers: it learns nothing.
    NoError,
    /// A third factor of the learning rule is 0, because nothing is connected to it.
    NoFactor,
    /// The learning rule does something at spikes, and the neurons have rates.
    NoSpikes,
    /// A time constant in the text of the learning rule looks like one in another unit.
    Unit,
    /// More than one in two hundred devices can't be moved by a pulse.
    DeadDevices,
    /// Neurons are to fire more often than once a time step, which they can't.
    StepTooLong,
}

/// What the scale check has to say of one connection, or of an ensemble. `Display` gives the whole sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct ScaleNote {
    /// The connection; `None` if it is about an ensemble.
    pub connection: Option<ConnectionId>,
    /// Its path in the network.
    pub path: String,
    /// What it can contribute, as a share of what its target needs to span its range.
    pub share: f64,
    /// The factor on `parameter` that mends it; infinite where no factor does (weights of zero), 1 where none is needed.
    pub factor: f64,
    /// What the factor is for: `transform`, `gain` (of devices), `learning_rate` or `dt`; `rule` or `spread` where a
    /// factor mends nothing.
    pub parameter: &'static str,
    /// What was found.
    pub kind: ScaleKind,
    /// The figure and the way out, without the name.
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
        let ensembles = self.network().ensembles().filter_map(|e| check.ensemble(e));
        Ok(ensembles.chain(self.network().connections().flat_map(|id| check.connection(id))).collect())
    }
}

struct Check<'a> {
    sim: &'a Simulator,
    net: &'a Network,
    built: &'a Built,
    /// Parameters of ensembles as they are now.
    ensembles: Vec<Arc<BuiltEnsemble>>,
    pulses: f64,
    /// Objects whose values come back to them.
    looped: HashSet<Object>,
    /// Connections that start at each node.
    outgoing: Vec<Vec<ConnectionId>>,
    /// Connections that a node's callback edits.
    edited: HashSet<ConnectionId>,
    /// Connections whose rule is given an error.
    taught: HashSet<ConnectionId>,
    /// Needs behind passing nodes; empty while one is being looked for, so that a ring ends.
    passing: RefCell<HashMap<NodeId, Vec<Option<f64>>>>,
}

/// To two significant digits: a power of ten may be three times too large or too small, which is often as far off as what
/// it is to mend.
fn two_digits(x: f64) -> f64 {
    format!("{x:.1e}").parse().unwrap_or(x)
}

/// The factor that makes of a share one that fills the range. A finite one: a share may be too small for its inverse.
fn filling(share: f64) -> f64 {
    two_digits((1.0 / share).clamp(1e-300, 1e300))
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
        let ensembles = net.ensembles().map(|e| live_ensemble(sim, e)).collect();
        let mut outgoing = vec![vec![]; net.nodes().len()];
        let mut taught = HashSet::new();
        for id in net.connections() {
            if let Some((End { object: Object::Node(n), .. }, ..)) = net.get_connection(id)
                && let Some(list) = outgoing.get_mut(n.index())
            {
                list.push(id);
            }
            if let Some((_, post, _)) = net.get_connection(id)
                && let Object::Rule(learned) = post.object
            {
                taught.insert(learned.connection);
            }
        }
        let mut edited = HashSet::new();
        for n in net.nodes() {
            if let Some(Output::Function(f)) = net.get_node(n) {
                edited.extend(f.edited());
            }
        }
        let looped = loops::looped(net);
        Check {
            sim,
            net,
            built,
            ensembles,
            pulses,
            looped,
            outgoing,
            edited,
            taught,
            passing: RefCell::default(),
        }
    }

    /// Everything there is to say of one connection. What can't be judged is passed over.
    fn connection(&self, id: ConnectionId) -> Vec<ScaleNote> {
        let Some((pre, post, c)) = self.net.get_connection(id) else { return vec![] };
        let weights = Weights::of(self.sim, id);
        let devices = self.sim.devices(id).ok();
        let rule = self.live_rule(id, c);
        // A rate of zero is the way to switch a rule off.
        let off = matches!(&rule, Some(LearningRule::Element(r)) if rate(r) == Some(0.0));
        let deaf = rule.as_ref().is_some_and(|r| r.has_error() && !off && !self.taught.contains(&id));
        let learns = (rule.is_some() && !off && !deaf) || self.edited.contains(&id);
        let zero = weights.as_ref().is_some_and(Weights::is_zero);

        let mut notes = self.texts(id, (pre, post), c);
        if deaf {
            let m = "its learning rule waits for an error that nothing delivers, and learns nothing: connect an error to the \
                     rule";
            notes.push(self.note(id, 0.0, f64::INFINITY, "rule", ScaleKind::NoError, m.into()));
        }
        if zero && learns {
            notes.push(self.note(id, 0.0, 1.0, "transform", ScaleKind::ZeroButLearned, {
                "all its weights are zero at the start; something learns them".into()
            }));
        }
        if let (Some(d), true) = (&devices, learns) {
            let standing = || {
                let need = self.need(post, c)?;
                self.fixed(pre, c, weights.as_ref(), &need).map(|s| s.share)
            };
            notes.extend(self.devices(id, post.object, d, standing));
            return notes;
        }
        let need = self.need(post, c);
        if let Some(LearningRule::Element(r)) = &rule
            && learns
        {
            notes.extend(self.learned(id, pre, c, r, need.as_ref(), weights.as_ref()));
        }
        // What was said of weights of zero is enough.
        if zero && (learns || deaf) {
            return notes;
        }
        let Some(standing) = need.and_then(|n| self.fixed(pre, c, weights.as_ref(), &n)) else {
            return notes;
        };
        let share = standing.share;
        // Weights that something changes may start as small as they like.
        if learns && share < LEAST {
            return notes;
        }
        let parameter = if devices.is_some() { "gain" } else { "transform" };
        let target = self.net.object_path(post.object);
        if zero {
            let m = format!(
                "all its weights are zero and nothing changes them: it contributes nothing to `{target}`. No factor mends \
                 that; set the weights, or give the connection a learning rule"
            );
            notes.push(self.note(id, 0.0, f64::INFINITY, parameter, ScaleKind::TooSmall, m));
            return notes;
        }
        // What a callback gives, only a run shows (`bouton check`): nothing is assumed of it.
        if standing.assumed {
            return notes;
        }
        let Some((kind, limit)) = judge(share, MOST) else { return notes };
        // Neurons that are shut are shut however strongly.
        if kind == ScaleKind::TooLarge && !standing.excites && matches!(post.object, Object::Neurons(_)) {
            return notes;
        }
        // In a loop what comes in adds up, as in an integrator: a hundredth of it is enough.
        if kind == ScaleKind::TooSmall && share >= 0.01 * LEAST && self.in_a_loop(post.object) {
            return notes;
        }
        let factor = filling(share);
        let way = match (&c.transform, parameter) {
            (None, "transform") => format!("give it a `transform` of {}", plain(factor)),
            _ => format!("multiply `{parameter}` by {}", plain(factor)),
        };
        let m = format!(
            "what it contributes is {} what `{target}` needs to span its range ({limit}): {way}",
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
        ScaleNote { connection: Some(connection), path, share, factor, parameter, kind, message }
    }

    /// Whether the neurons of an ensemble can fire as often as they should.
    fn ensemble(&self, id: EnsembleId) -> Option<ScaleNote> {
        let (e, b) = (self.net.get_ensemble(id)?, self.ensembles.get(id.index())?);
        let dt = self.sim.dt();
        let fastest = e.neuron_type.model().fastest(dt)?;
        let wanted = b.max_rates.iter().fold(0.0f64, |m, r| m.max(*r));
        if wanted <= fastest {
            return None;
        }
        // Two digits, rounded down: what is printed mends it.
        let limit = dt * fastest / wanted;
        let unit = 10f64.powf(limit.log10().floor() - 1.0);
        let to = (limit / unit).floor() * unit;
        let m = format!(
            "its neurons should fire at up to {wanted:.0} Hz, and can't fire at more than {fastest:.0} Hz with a time step \
             of {dt} s: what is decoded from them is wrong. Set `dt` to {} at most, or lower `max_rates`",
            plain(to)
        );
        Some(ScaleNote {
            connection: None,
            path: self.net.ensemble_path(id),
            share: wanted / fastest,
            factor: to / dt,
            parameter: "dt",
            kind: ScaleKind::StepTooLong,
            message: m,
        })
    }

    /// Whether what an object gives comes back to it.
    fn in_a_loop(&self, start: Object) -> bool {
        loops::place(start).is_some_and(|o| self.looped.contains(&o))
    }

    /// The rule with the parameters that it has now, if it changes weights.
    fn live_rule(&self, id: ConnectionId, c: &Connection) -> Option<LearningRule> {
        let mut rule = c.rules.first().filter(|r| r.changes() == Changes::Weights).cloned()?;
        if let (LearningRule::Element(r), Ok(live)) = (&mut rule, self.sim.rule_parameters(id)) {
            for (name, value) in live {
                // The value is one that the rule had accepted.
                let _ = r.model_mut().set_parameter(&name, value);
            }
        }
        Some(rule)
    }
}

/// What was drawn for an ensemble, with the encoders, gains and biases that it has now.
fn live_ensemble(sim: &Simulator, e: EnsembleId) -> Arc<BuiltEnsemble> {
    let built = &sim.built().ensembles[e.index()];
    if sim.views().is_direct(e) {
        return built.clone();
    }
    let (Ok(encoders), Ok(gain), Ok(bias)) = (sim.encoders(e), sim.gain(e), sim.bias(e)) else {
        return built.clone();
    };
    let same = encoders.values() == &built.encoders[..] && gain == *built.gain && bias == *built.bias;
    if same {
        return built.clone();
    }
    let mut live = BuiltEnsemble {
        encoders: encoders.shared(),
        gain: Arc::new(gain),
        bias: Arc::new(bias),
        ..(**built).clone()
    };
    live.scale_encoders();
    Arc::new(live)
}

/// "3.2 % of" or "300 times", before what it is a share of.
fn of(share: f64) -> String {
    if share < 1.0 { format!("{} of", share_text(share)) } else { share_text(share) }
}

fn judge(share: f64, most: f64) -> Option<(ScaleKind, String)> {
    if share < LEAST {
        Some((ScaleKind::TooSmall, "below 1 %".into()))
    } else if share > most {
        Some((ScaleKind::TooLarge, format!("above {} times", plain(most))))
    } else {
        None
    }
}

fn rate(rule: &Rule) -> Option<f64> {
    rule.model().vars().iter().find(|v| v.name == "learning_rate").and_then(|v| v.values().first().copied())
}
