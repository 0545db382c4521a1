//! Connections: functions, transforms, synapses, learning, devices.

use std::fmt;
use std::sync::{Arc, Mutex};

use bouton_elements::devices::DeviceSpec;
use bouton_elements::rules::{Applies, Rule, RuleInput, Source};
use bouton_elements::solvers::Solver;
use bouton_elements::synapses::{Lowpass, Synapse};
use bouton_random::Distribution;

use crate::{Failure, Matrix, no_panic};

/// A function on a connection: from the (sliced) value of the pre object to `width` values.
#[derive(Clone)]
pub struct Function {
    width: usize,
    text: Option<String>,
    f: Arc<FunctionCallback>,
}

type FunctionCallback = dyn Fn(&[f64], &mut [f64]) -> Result<(), Failure> + Send + Sync;

impl Function {
    /// A function with `width` results.
    pub fn new(width: usize, f: impl Fn(&[f64], &mut [f64]) + Send + Sync + 'static) -> Function {
        Function {
            width,
            text: None,
            f: Arc::new(move |x, y| {
                f(x, y);
                Ok(())
            }),
        }
    }
    /// A function that can fail, with the text that it was made of.
    pub fn fallible(
        width: usize,
        text: Option<&str>,
        f: impl Fn(&[f64], &mut [f64]) -> Result<(), Failure> + Send + Sync + 'static,
    ) -> Function {
        Function { width, text: text.map(Into::into), f: Arc::new(f) }
    }
    /// Number of results.
    pub fn width(&self) -> usize {
        self.width
    }
    /// The text of the expression, if it is one.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
    /// Computes the results. A panic of the function is an error.
    pub fn call(&self, x: &[f64], y: &mut [f64]) -> Result<(), Failure> {
        no_panic(|| (self.f)(x, y))
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({}, {})", self.width, self.text.as_deref().unwrap_or("a closure"))
    }
}

/// A linear map on a connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Transform {
    /// None: values pass as they are.
    #[default]
    None,
    /// All values times a number.
    Scalar(f64),
    /// Each value times its own number.
    Diagonal(Vec<f64>),
    /// A matrix (outputs × inputs).
    Matrix(Matrix),
}

impl From<f64> for Transform {
    fn from(x: f64) -> Transform {
        Transform::Scalar(x)
    }
}
impl From<Vec<f64>> for Transform {
    fn from(x: Vec<f64>) -> Transform {
        Transform::Diagonal(x)
    }
}
impl From<Matrix> for Transform {
    fn from(x: Matrix) -> Transform {
        Transform::Matrix(x)
    }
}

/// What one of a rule's state variables is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// One value.
    Rule,
    /// One value a presynaptic neuron (column).
    Pre,
    /// One value a postsynaptic row.
    Post,
    /// One value a synapse (row-major, post × pre).
    Synapse,
}

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
        let names = self.rule.parameters.iter().map(|p| p.0.as_str());
        Ok(self.parameters[position("parameter", name, names)?])
    }
    /// A state variable by its name, to read and to change.
    ///
    /// # Errors
    /// A name that the rule has not declared.
    pub fn state(&mut self, name: &str) -> Result<&mut [f64], Failure> {
        let names = self.rule.state.iter().map(|s| s.0.as_str());
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

/// The callback of a rule written as a function. An `Err` stops the run at this step.
pub type RuleCallback = dyn FnMut(&mut RuleFunctionStep<'_>) -> Result<(), Failure> + Send;

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
    pub(crate) state: Vec<(String, Over, f64)>,
    pub(crate) parameters: Vec<(String, f64)>,
    pub(crate) applies: Applies,
    pub(crate) callback: Arc<Mutex<RuleCallback>>,
}

impl RuleFunction {
    /// A rule called `name` that sets `delta` in each step. Declare what it reads with the other methods.
    pub fn new(
        name: &str,
        callback: impl FnMut(&mut RuleFunctionStep<'_>) -> Result<(), Failure> + Send + 'static,
    ) -> RuleFunction {
        RuleFunction {
            name: name.into(),
            inputs: vec![],
            error: false,
            state: vec![],
            parameters: vec![],
            applies: Applies::NextStep,
            callback: Arc::new(Mutex::new(callback)),
        }
    }
    /// The second input of a kind is `pre_filtered_2`, and so on: a rule may need two traces of one spike train.
    fn input(mut self, name: &str, source: Source, synapse: Option<Synapse>) -> RuleFunction {
        let base = |n: &str| n.trim_end_matches(|c: char| c == '_' || c.is_ascii_digit()) == name;
        let same = self.inputs.iter().filter(|i| base(&i.name)).count();
        let name = if same == 0 { name.to_string() } else { format!("{name}_{}", same + 1) };
        self.inputs.push(RuleInput { name, source, synapse });
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
    /// Declares a state variable that starts at `initial` everywhere.
    pub fn state(mut self, name: &str, over: Over, initial: f64) -> RuleFunction {
        self.state.push((name.into(), over, initial));
        self
    }
    /// Declares a parameter that can be changed while the model runs.
    pub fn parameter(mut self, name: &str, value: f64) -> RuleFunction {
        self.parameters.push((name.into(), value));
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
                s.model().check().map_err(|m| format!("input `{}`: {m}", i.name))?;
            }
        }
        for (kind, name, value) in self
            .parameters
            .iter()
            .map(|(name, value)| ("parameter", name, value))
            .chain(self.state.iter().map(|(name, _, value)| ("state", name, value)))
        {
            if !value.is_finite() {
                return Err(format!("the {kind} `{name}` must be finite, found {value}"));
            }
        }
        let mut parameters: Vec<&str> = self.parameters.iter().map(|p| p.0.as_str()).collect();
        // Probes find inputs and states by name.
        let mut signals: Vec<&str> = self.inputs.iter().map(|i| i.name.as_str()).collect();
        signals.extend(self.state.iter().map(|s| s.0.as_str()));
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
    /// Its state variables: name, extent, initial value.
    pub fn states(&self) -> &[(String, Over, f64)] {
        &self.state
    }
    /// Its parameters.
    pub fn parameters(&self) -> &[(String, f64)] {
        &self.parameters
    }
    /// When its change acts.
    pub fn applies(&self) -> Applies {
        self.applies
    }
    /// The callback.
    pub fn callback(&self) -> &Arc<Mutex<RuleCallback>> {
        &self.callback
    }
}

impl fmt::Debug for RuleFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RuleFunction({})", self.name)
    }
}

/// The learning rule of a connection.
#[derive(Clone, Debug)]
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
    /// Its inputs beside the error.
    pub fn inputs(&self) -> Vec<RuleInput> {
        match self {
            LearningRule::Element(r) => r.model().inputs(),
            LearningRule::Function(f) => f.inputs.clone(),
        }
    }
}

/// How a connection carries values from one object to another.
///
/// From an ensemble, decoders are solved for `function`. From neurons, `transform` is the weight matrix.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Filter on the way. Default: low-pass of 5 ms. `None` has no filter and no delay.
    pub synapse: Option<Synapse>,
    /// Function computed on the way. Default: the value itself.
    pub function: Option<Function>,
    /// Linear map on the way, after the function.
    pub transform: Transform,
    /// How decoders are solved.
    pub solver: Solver,
    /// Evaluation points of its own, in place of the pre ensemble's.
    pub eval_points: Option<Distribution>,
    /// Whether those are in units of the pre ensemble's radius. Default true.
    pub scale_eval_points: bool,
    /// Learning rule.
    pub rule: Option<LearningRule>,
    /// Devices that the weights are made of.
    pub devices: Option<DeviceSpec>,
    /// Seed; derived from the network's when not given.
    pub seed: Option<u32>,
}

impl Default for Connection {
    fn default() -> Connection {
        Connection {
            synapse: Some(Lowpass::default().into()),
            function: None,
            transform: Transform::None,
            solver: Solver::default(),
            eval_points: None,
            scale_eval_points: true,
            rule: None,
            devices: None,
            seed: None,
        }
    }
}

impl Connection {
    /// A connection with a 5 ms low-pass synapse.
    pub fn new() -> Connection {
        Connection::default()
    }
    /// Sets the synapse: a time constant (s), or any synapse.
    pub fn synapse(mut self, synapse: impl Into<Synapse>) -> Connection {
        self.synapse = Some(synapse.into());
        self
    }
    /// No filter and no delay.
    pub fn no_synapse(mut self) -> Connection {
        self.synapse = None;
        self
    }
    /// Sets the function: `width` results of the (sliced) pre value.
    pub fn function(
        self,
        width: usize,
        f: impl Fn(&[f64], &mut [f64]) + Send + Sync + 'static,
    ) -> Connection {
        self.with_function(Function::new(width, f))
    }
    /// Sets the function.
    pub fn with_function(mut self, function: Function) -> Connection {
        self.function = Some(function);
        self
    }
    /// Sets the transform: a number, a list (diagonal) or a [`Matrix`].
    pub fn transform(mut self, transform: impl Into<Transform>) -> Connection {
        self.transform = transform.into();
        self
    }
    /// Sets the solver.
    pub fn solver(mut self, solver: impl Into<Solver>) -> Connection {
        self.solver = solver.into();
        self
    }
    /// Sets evaluation points of its own.
    pub fn eval_points(mut self, eval_points: impl Into<Distribution>) -> Connection {
        self.eval_points = Some(eval_points.into());
        self
    }
    /// Sets the learning rule.
    pub fn learn(mut self, rule: impl Into<LearningRule>) -> Connection {
        self.rule = Some(rule.into());
        self
    }
    /// Makes the weights of devices.
    pub fn devices(mut self, devices: DeviceSpec) -> Connection {
        self.devices = Some(devices);
        self
    }
    /// Sets the seed.
    pub fn seed(mut self, seed: u32) -> Connection {
        self.seed = Some(seed);
        self
    }
}
