//! What a rule is when it is understood: parameters, third factors, states, blocks, and what its change is made of.

use std::ops::Range;

use bouton_expr::{ExprError, Motion, Program, Rank};

use crate::at_spikes::AtSpikes;

/// The longest text of a rule, in bytes.
pub const MAX_TEXT: usize = 20_000;
/// The most names that a rule may hold, with those that are given (`w`, `dt`, `pre.out` and so on).
pub const MAX_NAMES: usize = 64;
/// The most statements that a rule may hold.
pub const MAX_STATEMENTS: usize = 200;

/// A side of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Before: the columns of the weights.
    Pre,
    /// After: the rows of the weights.
    Post,
}

/// What a rule reads of the neurons at one end, in each step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Read {
    /// Which end.
    pub side: Side,
    /// `out`, or a state of the neuron type; `v` is short for `voltage`.
    pub what: String,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its default in SI.
    pub value: f64,
    /// The unit that it was written with, such as `ms`; empty if it had none.
    pub unit: String,
    /// Whether it is made of earlier parameters: it then follows them, and can't be set.
    pub follows: bool,
    /// Whether it is a time constant by its name (`tau…`), and so must be greater than 0.
    pub positive: bool,
    /// The comment at the end of its line.
    pub doc: String,
    pub(crate) program: Program,
    pub(crate) span: Range<usize>,
}

impl Param {
    /// The unit of its value: that which it was written with, without a prefix.
    pub fn si_unit(&self) -> String {
        crate::units::si(&self.unit)
    }
}

/// A third factor: what connections to the rule deliver.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// Its name.
    pub name: String,
    /// One number for all, or one for each pre or post neuron.
    pub rank: Rank,
    /// What it is when nothing is connected to it, where the text says so; else it is 0 then, and waits for a connection.
    pub default: Option<f64>,
    /// The comment at the end of its line.
    pub doc: String,
}

/// A state.
#[derive(Clone, Debug)]
pub struct State {
    /// Its name.
    pub name: String,
    /// Where it lives.
    pub rank: Rank,
    /// How it is taken a step on.
    pub motion: Motion,
    /// The comment at the end of its line.
    pub doc: String,
    /// Its change per second, as it is written.
    pub(crate) rate: Program,
    /// Its next value.
    pub(crate) next: Program,
    /// What share of it is added to it, if that is all.
    pub(crate) share: Option<Program>,
}

/// What a rule keeps of a name for what it reads as it was: `delay(NAME, 3 ms)`.
///
/// It is memory of the rule's own, to be saved with the states: first the row that is written next, then the
/// [rows](Past::rows), one a step, each with a number for each of what the name differs by. All are 0 at the start.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// The name.
    pub name: String,
    /// What it has a number for.
    pub rank: Rank,
    /// The longest delay of it (s).
    pub seconds: f64,
    /// The number of the name.
    pub(crate) of: usize,
}

impl Past {
    /// Its rows at a time step of `dt` (s): the steps of the longest delay.
    pub fn rows(&self, dt: f64) -> usize {
        steps(self.seconds, dt)
    }
    /// How many numbers it is, of weights of so many rows (post) and columns (pre).
    pub fn len(&self, dt: f64, rows: usize, cols: usize) -> usize {
        past_len(self.seconds, dt, self.rank.count(rows, cols))
    }
}

/// How many numbers it takes to keep what `count` numbers were in the last `seconds`, with the place of the next row.
pub fn past_len(seconds: f64, dt: f64, count: usize) -> usize {
    steps(seconds, dt).saturating_mul(count).saturating_add(1)
}

/// A time in steps of `dt`, to the nearest; at least one.
pub(crate) fn steps(seconds: f64, dt: f64) -> usize {
    (seconds / dt + 0.5).floor().max(1.0) as usize
}

/// A name that is read as it was.
#[derive(Clone, Debug)]
pub(crate) struct DelayedRead {
    /// Which past holds it.
    pub past: usize,
    pub seconds: f64,
    pub span: Range<usize>,
}

/// When a block of statements runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// For the columns of pre neurons whose output is above 0: that spiked.
    Pre,
    /// For the rows of such post neurons.
    Post,
    /// Everywhere, in each step.
    Step,
}

/// How a statement sets its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assign {
    /// `+=`
    Add,
    /// `-=`
    Sub,
    /// `=`
    Set,
}

/// What a statement sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The weight: what is set is a change of it.
    Weight,
    /// A state, by its number.
    State(usize),
}

/// A statement of a block.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub target: Target,
    pub assign: Assign,
    pub value: Program,
}

/// The statements that run at one time, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub when: When,
    pub statements: Vec<Statement>,
    /// What they set, each once; and whether its value within the block is needed, because a later statement reads it or one
    /// sets it outright.
    pub targets: Vec<(Target, bool)>,
    /// The names that they read, by number.
    pub reads: Vec<usize>,
}

/// What a rule's change of the weights is made of.
#[derive(Clone, Debug)]
pub(crate) enum Made {
    /// One product of a number, of a number for each row and of one for each column.
    Outer(Box<[Program; 3]>),
    /// A share of each weight, by rows; and such a product.
    Scaled(Box<Program>, Option<Box<[Program; 3]>>),
    /// What statements on the weight in the blocks `on pre` and `on post` say.
    AtSpikes(Box<AtSpikes>),
    /// A number for each weight.
    Dense,
}

/// What a rule's change of the weights is made of: what a [step](crate::Step) sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Makes {
    /// One product: a number, one for each row, and one for each column.
    Product,
    /// A share of each weight, one for each row; and the three parts of a product, if there is one. The change is the share times
    /// the weight as it is when the change acts, and the product.
    Scaled {
        /// Whether there is a product.
        product: bool,
    },
    /// What spikes change: numbers for all; one for each column (the output of the pre neuron, then what the rule reads), one
    /// operand behind the other; and one for each row. [`Rule::at_spikes`] says what they come to, weight by weight.
    AtSpikes {
        /// How many numbers; the last two are the bounds, if the rule has some.
        numbers: usize,
        /// How many operands that differ by pre neuron, beside the output.
        pre: usize,
        /// The same by post neuron.
        post: usize,
        /// Whether the rule has bounds. Weights are to be kept within them whenever the change acts.
        bounded: bool,
        /// What [`Rule::at_spikes`] reads, by bit: of the spikes of each side (pre, post), which operands of each side.
        reads: [[u16; 2]; 2],
    },
    /// A number for each weight.
    Dense,
}

/// A name that expressions can hold: what it is, and what it varies over.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub name: String,
    pub rank: Rank,
    pub what: What,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Param(usize),
    Factor(usize),
    State(usize),
    Read(usize),
    Weight,
    Error,
    Delayed(usize),
    Scale,
    Dt,
    NPre,
    NPost,
    /// A constant that the language knows; it needs no value.
    Known,
}

/// A learning rule that was read from a text.
///
/// ```
/// use bouton_rules::Rule;
/// let stdp = Rule::parse(
///     "param A_plus = 0.01, A_minus = 0.0105, tau_s = 20 ms
///      pre  x' = -x/tau_s
///      post y' = -y/tau_s
///      on pre:  w -= A_minus*y; x += 1
///      on post: w += A_plus*x;  y += 1
///      bound w in [0, 1]",
/// )?;
/// assert_eq!(stdp.params()[2].value, 0.02);
/// assert!(stdp.explain().contains("exact"));
/// # Ok::<(), bouton_expr::ExprError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rule {
    pub(crate) text: String,
    pub(crate) params: Vec<Param>,
    pub(crate) factors: Vec<Factor>,
    pub(crate) states: Vec<State>,
    pub(crate) reads: Vec<Read>,
    pub(crate) pasts: Vec<Past>,
    pub(crate) delays: Vec<DelayedRead>,
    pub(crate) names: Vec<Name>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) rate: Option<Program>,
    pub(crate) made: Made,
    pub(crate) bound: Option<[Program; 2]>,
    pub(crate) encoders: bool,
    pub(crate) now: bool,
}

/// Rules are equal when their texts are.
impl PartialEq for Rule {
    fn eq(&self, other: &Rule) -> bool {
        self.text == other.text
    }
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is wrong with the text: the place, what was expected and found, and a way out.
    pub fn parse(text: &str) -> Result<Rule, ExprError> {
        crate::resolve::rule(text)
    }
    /// The text that it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// Its parameters in their order, those that follow others among them.
    pub fn params(&self) -> &[Param] {
        &self.params
    }
    /// Those that can be set, in the order in which steps are given them.
    pub fn settable(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|p| !p.follows)
    }
    /// Its third factors.
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }
    /// Its states.
    pub fn states(&self) -> &[State] {
        &self.states
    }
    /// What it keeps of names that it reads as they were, in the order in which steps are given it.
    pub fn pasts(&self) -> &[Past] {
        &self.pasts
    }
    /// What it reads of the neurons at both ends, in the order in which steps are given it.
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }
    /// Whether it reads the weights.
    pub fn reads_weights(&self) -> bool {
        let at = self.names.iter().position(|n| n.what == What::Weight);
        let holds = |p: &Program| at.is_some_and(|at| p.used()[at]);
        let states = self.states.iter().map(|s| &s.next);
        let in_states =
            states.chain(self.blocks.iter().flat_map(|b| &b.statements).map(|s| &s.value)).any(holds);
        let set = || self.blocks.iter().flat_map(|b| &b.targets).any(|t| *t == (Target::Weight, true));
        match self.made {
            Made::Dense => {
                in_states || self.bound.is_some() || set() || self.rate.as_ref().is_some_and(holds)
            }
            // Whoever takes the change has the weight.
            _ => in_states,
        }
    }
    /// Whether it has an error.
    pub fn has_error(&self) -> bool {
        self.uses(What::Error) || self.pasts.iter().any(|p| self.names[p.of].what == What::Error)
    }
    /// Whether the `post` of its one product is the error times what is the same for all rows: of encoders times an error it is
    /// then encoders times what [`post_of_error`](Rule::post_of_error) makes of that error.
    pub fn linear_in_error(&self) -> bool {
        let Made::Outer(factors) = &self.made else { return false };
        let [_, post, _] = &**factors;
        let reads = |n: &Name| n.rank == Rank::Scalar || n.what == What::Error;
        let alone = self.names.iter().zip(post.used()).all(|(n, used)| !used || reads(n));
        let linear = || matches!(post.linear_in("error"), Some((Some(a), None)) if a.rank() == Rank::Scalar);
        alone && linear()
    }
    /// Whether it has a block of statements for this time.
    pub fn has_block(&self, when: When) -> bool {
        self.blocks.iter().any(|b| b.when == when)
    }
    /// Whether its matrix is the post ensemble's scaled encoders (neurons × dimensions) in place of the weights. What it reads
    /// as `pre.out` is then the value that the ensemble is given, one number a dimension.
    pub fn on_encoders(&self) -> bool {
        self.encoders
    }
    /// Whether it reads `scale`: gain/radius of the post neurons.
    pub fn reads_scale(&self) -> bool {
        self.uses(What::Scale)
    }
    /// Whether its change is written at once, and not in the next step.
    pub fn acts_now(&self) -> bool {
        self.now
    }
    /// What its change is made of.
    pub fn makes(&self) -> Makes {
        match &self.made {
            Made::Outer(_) => Makes::Product,
            Made::Scaled(_, product) => Makes::Scaled { product: product.is_some() },
            Made::AtSpikes(s) => {
                let [numbers, pre, post] = [0, 1, 2].map(|k| s.reads[k].len());
                let bounded = self.bound.is_some();
                let reads = [0, 1].map(|spikes| [1, 2].map(|side| s.read(spikes, side)));
                Makes::AtSpikes { numbers: numbers + 2 * usize::from(bounded), pre, post, bounded, reads }
            }
            Made::Dense => Makes::Dense,
        }
    }
    /// The lines of comment at its beginning, without their signs: the user's page.
    pub fn page(&self) -> String {
        page(&self.text)
    }
    fn uses(&self, what: What) -> bool {
        let at = self.names.iter().position(|n| n.what == what);
        at.is_some_and(|at| self.programs().any(|p| p.used()[at]))
    }
    /// All expressions but those of parameters.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &Program> {
        let states = self.states.iter().map(|s| &s.next);
        let statements = self.blocks.iter().flat_map(|b| &b.statements).map(|s| &s.value);
        let at_spikes = match &self.made {
            Made::AtSpikes(s) => &s.blocks[..],
            _ => &[],
        };
        let at_spikes = at_spikes.iter().flat_map(|b| &b.statements).map(|s| &s.value);
        states.chain(statements).chain(at_spikes).chain(&self.rate).chain(self.bound.iter().flatten())
    }
}

/// The lines of comment at the beginning of a text, without their signs.
pub fn page(text: &str) -> String {
    let head = text.lines().take_while(|l| l.starts_with('#'));
    let lines = head.map(|l| l[1..].strip_prefix(' ').unwrap_or(&l[1..]));
    lines.fold(String::new(), |all, line| all + line + "\n")
}
