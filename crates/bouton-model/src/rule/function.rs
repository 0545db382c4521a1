//! A learning rule as one function, and what it declares.

use std::fmt;
use std::sync::Arc;

use bouton_elements::rules::{Applies, Change, RuleFactor, RuleInput, Source};
use bouton_elements::synapses::Synapse;
use bouton_elements::var::{self, Bounds, Over, Role, Start as Begin, Var};

use super::RuleFunctionStep;
use crate::Failure;
use crate::callback::{Maker, Opaque, Plain, RunningRule, Start, StatefulRule};

/// How often something happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Period {
    /// Once in so many time steps.
    Steps(u64),
    /// Once in so many seconds.
    Seconds(f64),
}

impl Period {
    /// In time steps of `dt` seconds. Seconds that are a whole number of steps, but for rounding, are that number.
    pub fn steps(self, dt: f64) -> f64 {
        match self {
            Period::Steps(n) => n as f64,
            Period::Seconds(s) => {
                let (n, whole) = (s / dt, (s / dt).round());
                if (n - whole).abs() < 1e-9 * whole { whole } else { n }
            }
        }
    }
    /// How many steps of `dt` seconds there are between step `step`, the first of which is 1, and the one before it in which it
    /// happened, or the start; `None` if it doesn't happen in this one.
    pub fn due(self, step: u64, dt: f64) -> Option<u64> {
        let n = self.steps(dt);
        let due = |k: u64| n <= 1.0 || k as f64 % n < 1.0;
        let before = || (1..=step).find(|k| *k == step || due(step - k));
        due(step).then(before).flatten()
    }
    fn check(self) -> Result<(), String> {
        match self {
            Period::Steps(0) => Err("acts every 0 steps; give it at least 1 (`every_steps`)".into()),
            Period::Seconds(s) if !(s.is_finite() && s > 0.0) => {
                Err(format!("acts every {s} s; give it a positive number of seconds (`every`)"))
            }
            _ => Ok(()),
        }
    }
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
    pub(crate) factors: Vec<RuleFactor>,
    /// How many outer products its change is made of; a matrix if `None`.
    pub(crate) products: Option<usize>,
    /// Whether it reads the weights though its change is made of products.
    pub(crate) weights: bool,
    pub(crate) every: Option<Period>,
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
            factors: vec![],
            products: None,
            weights: false,
            every: None,
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
    /// A further error, beside [`error`](RuleFunction::error) or without it: connections to
    /// [`Network::factor`](crate::Network::factor) of this name deliver it, in the dimensions of the error. The function finds
    /// it by [`factor`](RuleFunctionStep::factor), one value a row: onto neurons it is already times the scaled encoders.
    ///
    /// ```
    /// use bouton_model::{Connection, Network, Output, RuleFunction};
    /// # use bouton_elements::transforms::Transform;
    /// # use bouton_model::{Ensemble, Matrix};
    /// let rule = RuleFunction::new("two errors", |s| {
    ///     let (fast, slow, pre) = (s.factor("fast")?, s.factor("slow")?, s.input("pre")?);
    ///     for (i, row) in s.delta.chunks_exact_mut(s.shape.1).enumerate() {
    ///         row.iter_mut().zip(pre).for_each(|(d, a)| *d = -1e-7 * s.dt * (fast[i] + 0.1 * slow[i]) * a);
    ///     }
    ///     Ok(())
    /// })
    /// .pre_spikes()
    /// .error_named("fast")
    /// .error_named("slow");
    /// let mut net = Network::with_seed(1);
    /// let (a, b) = (net.ensemble("a", Ensemble::new(20, 1)), net.ensemble("b", Ensemble::new(10, 1)));
    /// let start = Matrix::filled(10, 20, 0.0);
    /// let c = net.connect(a.neurons(), b.neurons(), Connection::new().transform(start).learn(rule));
    /// let error = net.node("error", vec![0.5]);
    /// for (name, tau) in [("fast", 0.005), ("slow", 0.1)] {
    ///     let end = net.factor(c.rule(), name).unwrap();
    ///     net.connect(error, end, Connection::new().synapse(tau));
    /// }
    /// net.validate(0.001).unwrap();
    /// ```
    pub fn error_named(mut self, name: &str) -> RuleFunction {
        self.factors.push(RuleFactor { name: name.into(), over: Over::Post, default: None, error: true });
        self
    }
    /// A third factor, which connections to [`Network::factor`](crate::Network::factor) of this name deliver and which adds
    /// up: one number ([`Over::One`]), or one a column ([`Over::Pre`]) or row ([`Over::Post`]). It is `default` when nothing
    /// is connected to it. The function finds it by [`factor`](RuleFunctionStep::factor).
    ///
    /// ```
    /// use bouton_model::{Connection, Ensemble, Matrix, Network, Over, RuleFunction};
    /// let rule = RuleFunction::new("gated", |s| {
    ///     let (reward, pre) = (s.factor("reward")?[0], s.input("pre_filtered")?);
    ///     for row in s.delta.chunks_exact_mut(s.shape.1) {
    ///         row.iter_mut().zip(pre).for_each(|(d, a)| *d = 1e-8 * s.dt * reward * a);
    ///     }
    ///     Ok(())
    /// })
    /// .pre_filtered(0.02)
    /// .factor("reward", Over::One, 0.0);
    /// let mut net = Network::with_seed(1);
    /// let (a, b) = (net.ensemble("a", Ensemble::new(20, 1)), net.ensemble("b", Ensemble::new(10, 1)));
    /// let start = Matrix::filled(10, 20, 0.0);
    /// let c = net.connect(a.neurons(), b.neurons(), Connection::new().transform(start).learn(rule));
    /// let dopamine = net.node("dopamine", vec![1.0]);
    /// let reward = net.factor(c.rule(), "reward").unwrap();
    /// net.connect(dopamine, reward, Connection::new());
    /// net.validate(0.001).unwrap();
    /// ```
    pub fn factor(mut self, name: &str, over: Over, default: f64) -> RuleFunction {
        self.factors.push(RuleFactor {
            name: name.into(),
            over,
            default: (default != 0.0).then_some(default),
            error: false,
        });
        self
    }
    /// The change is a sum of so many outer products, and the function sets their factors
    /// ([`Products`](crate::Products)) in place of a matrix: that is what it then costs, however large the weights are. With
    /// one product and without bounds or a second rule, a large matrix that spikes meet is changed by 64 of them at once;
    /// devices are given the factors of one product as those of PES.
    ///
    /// The function reads no weights then, unless [`reads_weights`](RuleFunction::reads_weights) says so.
    ///
    /// ```
    /// use bouton_model::RuleFunction;
    /// // Δw = κ·dt·post ⊗ pre
    /// let hebb = RuleFunction::new("hebb", |s| {
    ///     let (pre, post, kappa) = (s.input("pre_filtered")?, s.input("post_filtered")?, s.parameter("kappa")?);
    ///     s.products.scale = kappa * s.dt;
    ///     let (rows, columns) = s.product(0)?;
    ///     rows.copy_from_slice(post);
    ///     columns.copy_from_slice(pre);
    ///     Ok(())
    /// })
    /// .products(1)
    /// .pre_filtered(0.005)
    /// .post_filtered(0.005)
    /// .parameter("kappa", 1e-9);
    /// assert!(!hebb.does_read_weights());
    /// ```
    pub fn products(mut self, products: usize) -> RuleFunction {
        self.products = Some(products);
        self
    }
    /// The function reads the weights, though its change is made of [products](RuleFunction::products). One whose change is
    /// a matrix always does. The weights are then a matrix in every step.
    pub fn reads_weights(mut self) -> RuleFunction {
        self.weights = true;
        self
    }
    /// The rule acts once in so many seconds, in the steps in which a probe of that sampling period takes its samples: the
    /// first time when one period is over. In between nothing changes, and nothing is copied. Filters on its inputs run in
    /// every step; an input without a filter holds the spikes of the one step. What is due is counted from the start of the
    /// simulation, and so goes on in its phase after a checkpoint.
    ///
    /// ```
    /// use bouton_model::RuleFunction;
    /// // Every 10 ms, as much as would have been lost in every step: 1/s.
    /// let decay = RuleFunction::new("decay", |s| {
    ///     s.delta.iter_mut().zip(s.weights).for_each(|(d, w)| *d = -s.since * w);
    ///     Ok(())
    /// })
    /// .every(0.01);
    /// assert_eq!(decay.period().unwrap().steps(0.001), 10.0);
    /// ```
    pub fn every(mut self, seconds: f64) -> RuleFunction {
        self.every = Some(Period::Seconds(seconds));
        self
    }
    /// The rule acts once in so many time steps: see [`every`](RuleFunction::every).
    pub fn every_steps(mut self, steps: u64) -> RuleFunction {
        self.every = Some(Period::Steps(steps));
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
        for f in &self.factors {
            if !matches!(f.over, Over::One | Over::Pre | Over::Post) {
                let m = "a third factor is one number, or one for each pre or post neuron";
                return Err(format!(
                    "the third factor `{}` is over {:?}; {m} (`Over::One`, `Pre`, `Post`)",
                    f.name, f.over
                ));
            }
            if let Some(found) = f.default.filter(|x| !x.is_finite()) {
                let name = &f.name;
                return Err(format!(
                    "the third factor `{name}` is {found} when nothing is connected to it; give it a finite number"
                ));
            }
            if f.name == "error" || f.name == "delta" {
                return Err(format!(
                    "`{}` is what `Probe` finds the rule's own by; give the third factor or error another name",
                    f.name
                ));
            }
        }
        if self.products == Some(0) {
            return Err(
                "is made of 0 products; give it at least 1, or leave `products` out for a matrix".into()
            );
        }
        if self.weights && self.products.is_none() {
            return Err(
                "`reads_weights` is for a change that is made of `products`: one that is a matrix is always given the weights"
                    .into(),
            );
        }
        if let Some(p) = &self.every {
            p.check()?;
        }
        let mut parameters: Vec<&str> = self.parameters.iter().map(|p| &*p.name).collect();
        // Probes find inputs, states and third factors by name.
        let mut signals: Vec<&str> = self.inputs.iter().map(|i| i.name.as_str()).collect();
        signals.extend(self.state.iter().map(|s| &*s.name));
        signals.extend(self.factors.iter().map(|f| f.name.as_str()));
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
    /// Its third factors and further errors, in the order in which they were declared.
    pub fn factors(&self) -> &[RuleFactor] {
        &self.factors
    }
    /// What its change is made of.
    pub fn makes(&self) -> Change {
        match (self.products, self.every) {
            (Some(n), _) => Change::Outer(n),
            (None, None) => Change::Dense,
            (None, Some(_)) => Change::Rare,
        }
    }
    /// Whether it is given the weights.
    pub fn does_read_weights(&self) -> bool {
        self.products.is_none() || self.weights
    }
    /// How often it acts; in every step if `None`.
    pub fn period(&self) -> Option<Period> {
        self.every
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
