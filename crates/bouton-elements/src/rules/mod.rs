//! Learning rules.
//!
//! To add one: a file with a struct of parameters that implements [`RuleModel`] and [`Element`](crate::Element), and a line
//! in the list at the end of this page's source; from another crate, [`register_rule`]. Model files, their schema,
//! `bouton list` and the generic tests follow.
//!
//! A rule declares what it reads, and what its change is made of; it never sees whether weights or devices take the change.
//!
//! A rule can also be a text: [`Rule::text`]. Those that come with bouton are the texts of `bouton-rules`; others are added to
//! them by [`register_rule_text`], or a folder of them by [`register_rule_folder`].

mod change;
mod folder;
mod text;

use std::any::Any;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DynElement;
use crate::list::element_list;
use crate::var::{Over, Var};

pub use bouton_rules::{When, past_len};
pub use change::{Change, SpikeParts};
pub use folder::register_rule_folder;
pub use text::{TextRule, register_rule_text};

use crate::policies::Policy;
use crate::synapses::Synapse;

/// Where a rule's input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Activity of the presynaptic neurons (one value a column). See [`Changes::Encoders`] for what it is there.
    Pre,
    /// Activity of the postsynaptic neurons (one value a row).
    Post,
    /// What an encoder of each postsynaptic neuron is multiplied by: gain / radius, as it is now (one value a row).
    Scale,
}

/// An input of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleInput {
    /// Its name, for probes and messages.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// Filter on it; `None` reads the activity of the same step, unfiltered.
    pub synapse: Option<Synapse>,
    /// The state of the neuron type that is read in place of the activity, as it is after the neurons' step.
    pub state: Option<String>,
}

/// A third factor of a rule: what connections to it deliver, added up.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleFactor {
    /// Its name.
    pub name: String,
    /// What it has a number for: [`Over::One`], [`Over::Pre`] or [`Over::Post`].
    pub over: Over,
    /// What it is when nothing is connected to it. `None`: 0, and a model that connects nothing to it is warned of.
    pub default: Option<f64>,
    /// Whether it is a further error, over [`Over::Post`]: connections deliver it in the dimensions of the error, and onto
    /// neurons it is encoded as the error is.
    pub error: bool,
}

/// The matrix that a rule changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Changes {
    /// The weights of its connection (post × pre).
    #[default]
    Weights,
    /// The scaled encoders (gain / radius · encoder) of the ensemble that its connection ends at: a row a neuron, a column a
    /// dimension. [`Source::Pre`] is then the value that the ensemble is given, by all its connections, one number a
    /// dimension. Such a rule has no error, and acts in the next step.
    Encoders,
}

/// What a rule may keep from one step to the next for speed alone: memory for what it computes on the way. It isn't saved, and a
/// new one at any time must change no bit.
#[derive(Default)]
pub struct RuleMemory(Option<Box<dyn Any + Send>>);

impl RuleMemory {
    /// The memory of this type, made when it is first asked for.
    pub fn of<T: Default + Send + 'static>(&mut self) -> &mut T {
        if !self.0.as_ref().is_some_and(|m| m.is::<T>()) {
            self.0 = Some(Box::new(T::default()));
        }
        let memory = self.0.as_mut().and_then(|m| m.downcast_mut());
        memory.expect("it was made of this type")
    }
}

/// When a rule's change acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Applies {
    /// The change of step t is added to the weights in step t + 1, before transmission.
    #[default]
    NextStep,
    /// Written after all readers of step t: probes see it at t, transmission at t + 1.
    Now,
}

/// What one step of a rule reads and writes. Matrices are row-major, post × pre.
pub struct RuleStep<'a, 'b> {
    /// Time step (s).
    pub dt: f64,
    /// Rows (post) and columns (pre).
    pub shape: (usize, usize),
    /// The parameters as they are now, in the order of [`RuleModel::vars`].
    pub parameters: &'a [f64],
    /// The inputs, in the order in which the rule declared them.
    pub inputs: &'a [&'a [f64]],
    /// The error: one value a row. For weights onto neurons it is already encoded (encoders · error). Empty if the rule
    /// has none.
    pub error: &'a [f64],
    /// The third factors, in the order in which the rule declared them.
    pub factors: &'a [&'a [f64]],
    /// The weights as this step's transmission used them. Empty if the rule doesn't read them.
    pub weights: &'a [f64],
    /// The states, in the order of [`RuleModel::vars`].
    pub states: &'a mut [&'b mut [f64]],
    /// What the change is made of, to be set: see [`Change`].
    pub parts: &'a mut [&'b mut [f64]],
    /// Room for what is computed on the way.
    pub memory: &'a mut RuleMemory,
}

/// Weights that the spikes of one side change, one behind the other, and what the rule reads there.
pub struct SpikeStep<'a> {
    /// Whose spikes they are.
    pub of: Source,
    /// The numbers for all.
    pub numbers: &'a [f64],
    /// The operands of presynaptic neurons, a number a weight each.
    pub pre: &'a [&'a [f64]],
    /// The operands of postsynaptic neurons, a number a weight each.
    pub post: &'a [&'a [f64]],
    /// The weights.
    pub weights: &'a [f64],
    /// Their change, to be set.
    pub change: &'a mut [f64],
    /// Room for what is computed on the way.
    pub memory: &'a mut RuleMemory,
}

/// What a rule is.
pub trait RuleModel: DynElement {
    /// Refuses parameters that make no sense.
    fn check(&self) -> Result<(), String>;
    /// Inputs beside the error.
    fn inputs(&self) -> Vec<RuleInput>;
    /// Whether the rule has an error, which connections to the rule deliver.
    fn has_error(&self) -> bool;
    /// Third factors, which connections to them deliver.
    fn factors(&self) -> Vec<RuleFactor> {
        vec![]
    }
    /// Whether it reads the weights.
    fn reads_weights(&self) -> bool {
        false
    }
    /// Whether the `post` of its one outer product is the error, row by row, times what is the same for all rows: of encoders
    /// times an error it is then encoders times [what the rule makes of that error](RuleModel::post_of_error), and weights may be kept as
    /// such a product.
    fn linear_in_error(&self) -> bool {
        false
    }
    /// What `post` is of another error, of other rows, in the step that was just taken: for a rule that is linear in it.
    fn post_of_error(&self, _: &mut RuleStep<'_, '_>, _: &[f64], out: &mut [f64]) {
        out.fill(0.0);
    }
    /// Whether [`step`](RuleModel::step) makes do with no row of the error, and sets no row of `post` then: for a rule that is linear in
    /// the error, which a plan may keep as it is before the encoders.
    fn spares_rows(&self) -> bool {
        false
    }
    /// The matrix that it changes.
    fn changes(&self) -> Changes {
        Changes::Weights
    }
    /// What its change is made of.
    fn makes(&self) -> Change;
    /// The change of weights at the spikes of one side, for a rule that makes [`Change::AtSpikes`]: each from itself and its own
    /// operands, whichever stand beside it. The parts that it is given may be those of an earlier step than the last, but
    /// for each weight they come in order.
    fn at_spikes(&self, s: &mut SpikeStep<'_>) {
        s.change.fill(0.0);
    }
    /// When its change acts on weights. Pulses on devices act at once.
    fn applies(&self) -> Applies {
        Applies::NextStep
    }
    /// The pulse policy, where the rule brings its own: it is then for devices alone.
    fn policy(&self) -> Option<&Policy> {
        None
    }
    /// One step: sets the parts of the change.
    fn step(&self, s: &mut RuleStep<'_, '_>);
    /// The parameters that can change while the model runs, with their present values; then its states. A state is saved,
    /// can be probed, and has a path.
    fn vars(&self) -> Vec<Var>;
    /// Changes one of them; an unknown name is an error.
    fn set_parameter(&mut self, name: &str, value: f64) -> Result<(), String>;
    /// How far (rms over rows and columns, in units of weight) the rule can move the weights in `seconds` when the
    /// error (per row) and the presynaptic activity (Hz) have these rms values. `None` if the rule can't say.
    fn travel(&self, error: f64, activity: f64, columns: usize, seconds: f64) -> Option<f64>;
}

element_list! {
    /// A learning rule with its parameters.
    Rule: dyn RuleModel, "rules", register_rule, |m| m.vars() => {
        pes::Pes,
        mpes::Mpes,
        rls::Rls,
    }
    and text::definitions()
}
