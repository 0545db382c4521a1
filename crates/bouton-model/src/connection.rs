//! Connections: functions, transforms, synapses, learning, devices.

use std::fmt;
use std::sync::Arc;

use bouton_elements::devices::DeviceSpec;
use bouton_elements::distributions::Distribution;
use bouton_elements::solvers::Solver;
use bouton_elements::synapses::{Lowpass, Synapse};
use bouton_elements::transforms::Transform;

use crate::{Failure, LearningRule, Matrix, no_panic};

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

/// How a connection carries values from one object to another.
///
/// From an ensemble, decoders are solved for `function`. From neurons, `transform` is the weight matrix.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Filter on the way. Default: low-pass of 5 ms. `None` has no filter and no delay.
    pub synapse: Option<Synapse>,
    /// Function computed on the way. Default: the value itself.
    pub function: Option<Function>,
    /// Linear map on the way, after the function. Default: none, values pass as they are.
    pub transform: Option<Transform>,
    /// How decoders are solved.
    pub solver: Solver,
    /// Evaluation points of its own, in place of the pre ensemble's.
    pub eval_points: Option<Distribution>,
    /// Whether those are in units of the pre ensemble's radius. Default true.
    pub scale_eval_points: bool,
    /// Learning rules. Each adds its change to the weights. Default: none.
    pub rules: Vec<LearningRule>,
    /// Lowest and highest weight that rules may make, as they stand in `Simulator::weights`. Default: no bounds.
    pub bounds: Option<(f64, f64)>,
    /// Which weights rules may change, 1, and which they leave as they are, 0 (of the shape of the weights, post × pre).
    /// Default: all may change.
    pub mask: Option<Matrix>,
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
            transform: None,
            solver: Solver::default(),
            eval_points: None,
            scale_eval_points: true,
            rules: vec![],
            bounds: None,
            mask: None,
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
    /// Sets the transform: a number, a list (diagonal), a [`Matrix`], or any
    /// [transform](bouton_elements::transforms).
    pub fn transform(mut self, transform: impl Into<Transform>) -> Connection {
        self.transform = Some(transform.into());
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
    /// Sets the learning rule, in place of those that were set before.
    pub fn learn(mut self, rule: impl Into<LearningRule>) -> Connection {
        self.rules = vec![rule.into()];
        self
    }
    /// Adds a learning rule to those that were set before: the weights change by the sum of what they want.
    /// [`ConnectionId::rule_at`](crate::ConnectionId::rule_at) names each.
    pub fn also_learn(mut self, rule: impl Into<LearningRule>) -> Connection {
        self.rules.push(rule.into());
        self
    }
    /// Keeps what rules make of the weights within bounds, in units of the weights; either may be infinite. `low` must be
    /// below `high`, and there must be a rule.
    pub fn bounds(mut self, low: f64, high: f64) -> Connection {
        self.bounds = Some((low, high));
        self
    }
    /// Says which weights rules may change: ones may change, zeros stay as they are. A matrix of the weights' shape, post ×
    /// pre; there must be a rule.
    pub fn mask(mut self, mask: Matrix) -> Connection {
        self.mask = Some(mask);
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
