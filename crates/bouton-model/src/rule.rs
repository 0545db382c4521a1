//! Learning rules: those of the list, and those written as one function.

use std::fmt;
use std::sync::Arc;

use bouton_elements::rules::{Applies, Changes, Rule, RuleFactor, RuleInput, Source};
use bouton_elements::synapses::Synapse;
use bouton_elements::var::{self, Bounds, Over, Role, Start as Begin, Var};

use crate::Failure;
use crate::callback::{Maker, Opaque, Plain, RunningRule, Start, StatefulRule};

/// What a rule written as a function is given in each step. Matrices are row-major, post × pre.
pub struct RuleFunctionStep<'a> {
    /// The rule as it was declared, for names.
    pub rule: &'a RuleFunction,
    /// Time at the end of the step (s).
    pub t: f64,
    /// Time step (s).
    pub dt: f64,
    /// Rows (post) and columns (pre).
    pub shape: (usize, usize),
    /// The inputs, in the order in which they were declared.
    pub inputs: &'a [&'a [f64]],
    /// The error (one value a row; onto neurons already times the scaled encoders), zeros if the rule has none.
    pub error: &'a [f64],
    /// The weights as this step's transmission used them.
    pub weights: &'a [f64],
    /// The state variables, in the order in which they were declared.
    pub state: &'a mut [&'a mut [f64]],
    /// The parameters, in the order in which they were declared.
    pub parameters: &'a [f64],
    /// The change of the weights, to be set; zero at the start of each call.
    pub delta: &'a mut [f64],
}

impl<'a> RuleFunctionStep<'a> {
    /// An input by its name: `pre`, `pre_filtered`, `post`, `post_filtered`; a second one of a kind is `pre_filtered_2`.
    ///
    /// # Errors
    /// A name that the rule has not declared.
    pub fn input(&self, name: &str) -> Result<&'a [f64], Failure> {
        let names = self.rule.inputs.iter().map(|i| i.name.as_str());
        Ok(self.inputs[position("input", name, names)?])
    }
    /// The present value of a parameter, by its name.
    ///
    /// # Errors
    /// A name that the rule has not declared.
    pub fn parameter(&self, name: &str) -> Result<f64, Failure> {
        let names = self.rule.parameters.iter().map(|p| &*p.name);
        Ok(self.parameters[position("parameter", name, names)?])
    }
    /// A state variable by its name, to read and to change.
    ///
    /// # Errors
    /// A name that the rule has not declared.
    pub fn state(&mut self, name: &str) -> Result<&mut [f64], Failure> {
        let names = self.rule.state.iter().map(|s| &*s.name);
        Ok(&mut *self.state[position("state variable", name, names)?])
    }
}

fn position<'n>(what: &str, name: &str, names: impl Iterator<Item = &'n str>) -> Result<usize, String> {
    let names: Vec<&str> = names.collect();
    names.iter().position(|n| *n == name).ok_or_else(|| match names.len() {
        0 => format!("there is no {what} `{name}`: the rule has declared none"),
        _ => format!("there is no {what} `{name}`; the rule has declared: {}", names.join(", ")),
    })
}

/// A learning rule written as one function.
///
/// ```
/// use bouton_model::RuleFunction;
/// // Hebb with decay: Δw = κ·dt·(post·pre − w·post²)
/// let oja = RuleFunction::new("oja", |s| {
///     let (pre, post, kappa) = (s.input("pre_filtered")?, s.input("post_filtered")?, s.parameter("kappa")?);
///     for (i, post) in post.iter().enumerate() {
///         for (j, pre) in pre.iter().enumerate() {
///             let k = i * s.shape.1 + j;
///             s.delta[k] = kappa * s.dt * (post * pre - s.weights[k] * post * post);
///         }
///     }
///     Ok(())
/// })
/// .pre_filtered(0.005)
/// .post_filtered(0.005)
/// .parameter("kappa", 1e-6);
/// ```
#[derive(Clone)]
pub struct RuleFunction {
    pub(crate) name: String,
    pub(crate) inputs: Vec<RuleInput>,
    pub(crate) error: bool,
    pub(crate) state: Vec<Var>,
    pub(crate) parameters: Vec<Var>,
    pub(crate) applies: Applies,
    pub(crate) maker: Maker<RunningRule>,
}

impl RuleFunction {
    /// A rule called `name` that sets `delta` in each step. Declare what it reads with the other methods.
    ///
    /// The callback is the same for all simulators of the network, and so holds nothing that changes: declare state with
    /// [`state`](RuleFunction::state), or use [`made`](RuleFunction::made).
    pub fn new(
        name: &str,
        callback: impl Fn(&mut RuleFunctionStep<'_>) -> Result<(), Failure> + Send + Sync + 'static,
    ) -> RuleFunction {
        let callback = Arc::new(callback);
        RuleFunction::of(
            name,
            Maker::new(true, move |_: &Start| -> RunningRule { Box::new(Plain(callback.clone())) }),
        )
    }
    /// A rule whose callback is made by each simulator when it starts and when it is reset, and may hold what it likes.
    /// What it holds can't be saved; numbers that belong to weights or neurons are better declared as
    /// [`state`](RuleFunction::state), which can be probed as well.
    pub fn made<F>(name: &str, maker: impl Fn(&Start) -> F + Send + Sync + 'static) -> RuleFunction
    where
        F: FnMut(&mut RuleFunctionStep<'_>) -> Result<(), Failure> + Send + 'static,
    {
        RuleFunction::of(
            name,
            Maker::new(false, move |start: &Start| -> RunningRule { Box::new(Opaque(maker(start))) }),
        )
    }
    /// A rule whose callback is made as by [`made`](RuleFunction::made), and says how its state is saved.
    pub fn stateful<S>(name: &str, maker: impl Fn(&Start) -> S + Send + Sync + 'static) -> RuleFunction
    where
        S: StatefulRule + 'static,
    {
        RuleFunction::of(
            name,
            Maker::new(true, move |start: &Start| -> RunningRule { Box::new(maker(start)) }),
        )
    }
    fn of(name: &str, maker: Maker<RunningRule>) -> RuleFunction {
        RuleFunction {
            name: name.into(),
            inputs: vec![],
            error: false,
            state: vec![],
            parameters: vec![],
            applies: Applies::NextStep,
            maker,
        }
    }
    /// The second input of a kind is `pre_filtered_2`, and so on: a rule may need two traces of one spike train.
    fn input(mut self, name: &str, source: Source, synapse: Option<Synapse>) -> RuleFunction {
        let base = |n: &str| n.trim_end_matches(|c: char| c == '_' || c.is_ascii_digit()) == name;
        let same = self.inputs.iter().filter(|i| base(&i.name)).count();
        let name = if same == 0 { name.to_string() } else { format!("{name}_{}", same + 1) };
        self.inputs.push(RuleInput { name, source, synapse, state: None });
        self
    }
    /// Reads the presynaptic spikes of the step (height 1/dt) or rates (Hz).
    pub fn pre_spikes(self) -> RuleFunction {
        self.input("pre", Source::Pre, None)
    }
    /// Reads the presynaptic activity through a filter (a time constant in s, or any synapse).
    pub fn pre_filtered(self, synapse: impl Into<Synapse>) -> RuleFunction {
        self.input("pre_filtered", Source::Pre, Some(synapse.into()))
    }
    /// Reads the postsynaptic spikes of the step (height 1/dt) or rates (Hz). The connection must end at neurons.
    pub fn post_spikes(self) -> RuleFunction {
        self.input("post", Source::Post, None)
    }
    /// Reads the postsynaptic activity through a filter. The connection must end at neurons.
    pub fn post_filtered(self, synapse: impl Into<Synapse>) -> RuleFunction {
        self.input("post_filtered", Source::Post, Some(synapse.into()))
    }
    /// The rule has an error, to which connections can be made.
    pub fn error(mut self) -> RuleFunction {
        self.error = true;
        self
    }
    /// Declares a state variable that starts at `initial` everywhere: one number ([`Over::One`]), one a column
    /// ([`Over::Pre`]), one a row ([`Over::Post`]), one a synapse ([`Over::Synapse`], row-major, post × pre), one a
    /// pair of columns ([`Over::PrePre`], row-major, pre × pre), or so many.
    pub fn state(self, name: &str, over: Over, initial: f64) -> RuleFunction {
        self.var(Var::state(name.to_string(), "", over, Begin::Value(initial), "state of the rule"))
    }
    /// Declares a parameter that can be changed while the model runs, to any finite number.
    pub fn parameter(self, name: &str, value: f64) -> RuleFunction {
        self.var(Var::parameter(name.to_string(), "", value, Bounds::ANY, "parameter of the rule"))
    }
    /// Declares a parameter or a state with its unit, bounds and meaning, as elements declare theirs.
    ///
    /// ```
    /// use bouton_elements::var::{Bounds, Var};
    /// use bouton_model::RuleFunction;
    /// let rule = RuleFunction::new("decay", |_| Ok(()))
    ///     .var(Var::parameter("tau", "s", 0.1, Bounds::POSITIVE, "time constant of the decay"));
    /// assert_eq!(rule.parameters()[0].unit, "s");
    /// ```
    pub fn var(mut self, var: Var) -> RuleFunction {
        let to = if var.is_state() { &mut self.state } else { &mut self.parameters };
        to.push(var);
        self
    }
    /// The change is written at once, after all readers of the step, instead of in the next step.
    pub fn now(mut self) -> RuleFunction {
        self.applies = Applies::Now;
        self
    }
    /// Refuses declarations that make no sense.
    pub fn check(&self) -> Result<(), String> {
        for i in &self.inputs {
            if let Some(s) = &i.synapse {
                let checked = s.model().check().and_then(|()| s.within_bounds());
                checked.map_err(|m| format!("input `{}`: {m}", i.name))?;
            }
        }
        for v in &self.parameters {
            let plain = v.role == Role::Parameter && v.over == Over::One && v.values().len() == 1;
            if !plain {
                return Err(format!(
                    "the parameter `{}` must be one number that can change while the model runs; what is fixed is held by \
                     the callback, and what is many is a state",
                    v.name
                ));
            }
        }
        var::check(&self.parameters)?;
        for v in &self.state {
            let fits = match (&v.start, v.over) {
                (_, Over::Neuron) => false,
                (Begin::Value(_), _) => true,
                (Begin::Values(x), Over::One) => x.len() == 1,
                (Begin::Values(x), Over::Numbers(n)) => x.len() == n,
                _ => false,
            };
            if !fits {
                return Err(format!(
                    "the state `{}` must be over one, `Pre`, `Post`, `Synapse` or some numbers, and start at one number, or \
                     at as many as it has, found {:?} that starts at {:?}",
                    v.name, v.over, v.start
                ));
            }
            if let Some(x) = v.values().into_iter().find(|x| !v.bounds.hold(*x)) {
                v.bounds.check(&v.name, x).map_err(|m| format!("the state {m}"))?;
            }
        }
        let mut parameters: Vec<&str> = self.parameters.iter().map(|p| &*p.name).collect();
        // Probes find inputs and states by name.
        let mut signals: Vec<&str> = self.inputs.iter().map(|i| i.name.as_str()).collect();
        signals.extend(self.state.iter().map(|s| &*s.name));
        for names in [&mut parameters, &mut signals] {
            names.sort_unstable();
            if let Some(pair) = names.windows(2).find(|w| w[0] == w[1]) {
                return Err(format!("two things are called `{}`; give them different names", pair[0]));
            }
        }
        Ok(())
    }
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Its inputs.
    pub fn inputs(&self) -> &[RuleInput] {
        &self.inputs
    }
    /// Whether it has an error.
    pub fn has_error(&self) -> bool {
        self.error
    }
    /// Its state variables, in the order in which they were declared.
    pub fn states(&self) -> &[Var] {
        &self.state
    }
    /// Its parameters, in the order in which they were declared.
    pub fn parameters(&self) -> &[Var] {
        &self.parameters
    }
    /// When its change acts.
    pub fn applies(&self) -> Applies {
        self.applies
    }
    /// Whether all state that the callback holds can be saved: true if it holds none, or says how.
    pub fn saves(&self) -> bool {
        self.maker.saves()
    }
    /// A callback for one simulator, at its start.
    ///
    /// # Errors
    /// A panic of the maker.
    pub fn start(&self, start: &Start) -> Result<RunningRule, Failure> {
        self.maker.start(start)
    }
}

impl fmt::Debug for RuleFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RuleFunction({})", self.name)
    }
}

/// The learning rule of a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LearningRule {
    /// One that comes with bouton.
    Element(Rule),
    /// One written as a function.
    Function(RuleFunction),
}

impl<R: Into<Rule>> From<R> for LearningRule {
    fn from(r: R) -> LearningRule {
        LearningRule::Element(r.into())
    }
}
impl From<RuleFunction> for LearningRule {
    fn from(r: RuleFunction) -> LearningRule {
        LearningRule::Function(r)
    }
}

impl LearningRule {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            LearningRule::Element(r) => r.name(),
            LearningRule::Function(f) => &f.name,
        }
    }
    /// Whether it has an error, to which connections can be made.
    pub fn has_error(&self) -> bool {
        match self {
            LearningRule::Element(r) => r.model().has_error(),
            LearningRule::Function(f) => f.error,
        }
    }
    /// The matrix that it changes. A function changes weights.
    pub fn changes(&self) -> Changes {
        match self {
            LearningRule::Element(r) => r.model().changes(),
            LearningRule::Function(_) => Changes::Weights,
        }
    }
    /// Its inputs beside the error.
    pub fn inputs(&self) -> Vec<RuleInput> {
        match self {
            LearningRule::Element(r) => r.model().inputs(),
            LearningRule::Function(f) => f.inputs.clone(),
        }
    }
    /// Its states, in the order in which they were declared.
    pub fn states(&self) -> Vec<Var> {
        match self {
            LearningRule::Element(r) => var::of_role(r.model().vars(), Role::State),
            LearningRule::Function(f) => f.state.clone(),
        }
    }
    /// Its third factors, to which connections can be made.
    pub fn factors(&self) -> Vec<RuleFactor> {
        match self {
            LearningRule::Element(r) => r.model().factors(),
            LearningRule::Function(_) => vec![],
        }
    }
    /// Its parameters that can change while the model runs, with the values that it was made with: those of the pulse policy,
    /// where it brings one.
    pub fn parameters(&self) -> Vec<Var> {
        match self {
            LearningRule::Element(r) => {
                let vars = r.model().policy().map_or_else(|| r.model().vars(), |p| p.model().vars());
                var::of_role(vars, Role::Parameter)
            }
            LearningRule::Function(f) => f.parameters.clone(),
        }
    }
}
