//! Nodes: what comes from outside the neurons, and what goes out.

use std::fmt;
use std::sync::Arc;

use bouton_elements::processes::Process;

use crate::callback::{Maker, Numbers, Opaque, Plain, RunningNode, Start, StatefulNode};
use crate::{ConnectionId, EnsembleId, Error, Failure, Matrix};

/// Reading and writing weights from inside a step. The engine implements it; a node's callback is given it. The views
/// mean what they mean between steps.
///
/// It is implemented by the engine alone, so that it can grow.
pub trait LiveAccess: sealed::Sealed {
    /// A copy of the weights of a connection as they stand at this place in the step.
    fn weights(&self, connection: ConnectionId) -> Result<Matrix, Error>;
    /// Decoders of a decoded connection (outputs × neurons).
    fn decoders(&self, connection: ConnectionId) -> Result<Matrix, Error>;
    /// Encoders of an ensemble (neurons × dimensions).
    fn encoders(&self, ensemble: EnsembleId) -> Result<Matrix, Error>;
    /// Gains of an ensemble's neurons.
    fn gain(&self, ensemble: EnsembleId) -> Result<Vec<f64>, Error>;
    /// Bias currents of an ensemble's neurons.
    fn bias(&self, ensemble: EnsembleId) -> Result<Vec<f64>, Error>;
    /// What a connection delivers to each neuron of its post ensemble, as input current: of this step if the connection
    /// ran before the node, of the step before otherwise.
    fn current(&self, connection: ConnectionId) -> Result<Vec<f64>, Error>;
    /// Edits the weights of a connection that the node has declared ([`NodeFunction::edits`]). `edit` changes a copy,
    /// which is checked and written as a whole; if it fails, nothing is written. Every operator that reads the weights
    /// runs after the node, and so sees the new ones in this very step.
    fn edit_weights(
        &mut self,
        connection: ConnectionId,
        edit: &mut dyn FnMut(&mut Matrix) -> Result<(), Failure>,
    ) -> Result<(), Error>;
    /// Sets all weights of a connection that the node has declared, as [`edit_weights`](LiveAccess::edit_weights) does. It is
    /// for a node that holds the matrix and changes it in each step: what is given is checked and copied once.
    fn set_weights(&mut self, connection: ConnectionId, weights: &Matrix) -> Result<(), Error>;
}

/// Keeps [`LiveAccess`] from being implemented elsewhere.
pub mod sealed {
    /// What may be live access.
    pub trait Sealed {}
}

/// What a node's callback is given in each step.
pub struct NodeStep<'a> {
    /// Time at the end of the step (s): the first step is at dt.
    pub t: f64,
    /// The node's input.
    pub x: &'a [f64],
    /// The node's output, to be set; holds the value of the step before.
    pub out: &'a mut [f64],
    /// Weights of the model's connections.
    pub live: &'a mut dyn LiveAccess,
}

/// A node that computes its output by a callback.
///
/// A callback without state is a closure that all simulators of the network share:
///
/// ```
/// use bouton_model::NodeFunction;
/// let half = NodeFunction::new(1, 1, |s| {
///     s.out[0] = 0.5 * s.x[0];
///     Ok(())
/// });
/// ```
///
/// What changes from step to step belongs to a simulator. As numbers, which are saved with it:
///
/// ```
/// # use bouton_model::NodeFunction;
/// let sum = NodeFunction::with_state(1, 1, vec![0.0], |sum, s| {
///     sum[0] += s.x[0];
///     s.out[0] = sum[0];
///     Ok(())
/// });
/// ```
///
/// or as anything, made by each simulator when it starts and when it is reset:
///
/// ```
/// # use bouton_model::NodeFunction;
/// use std::collections::VecDeque;
/// let delayed = NodeFunction::made(1, 1, |start| {
///     let mut past = VecDeque::from(vec![0.0; (0.1 / start.dt) as usize]);
///     move |s| {
///         past.push_back(s.x[0]);
///         s.out[0] = past.pop_front().unwrap_or(0.0);
///         Ok(())
///     }
/// });
/// ```
///
/// A closure that changes what it holds does not compile in the short form, because a second simulator, or a reset one,
/// would go on where the first stopped:
///
/// ```compile_fail,E0594
/// # use bouton_model::NodeFunction;
/// let mut count = 0.0;
/// let counter = NodeFunction::new(0, 1, move |s| {
///     count += 1.0;
///     s.out[0] = count;
///     Ok(())
/// });
/// ```
#[derive(Clone)]
pub struct NodeFunction {
    pub(crate) size_in: usize,
    pub(crate) size_out: usize,
    pub(crate) edits: Vec<ConnectionId>,
    pub(crate) text: Option<String>,
    pub(crate) maker: Maker<RunningNode>,
}

impl NodeFunction {
    /// A callback without state, with `size_in` inputs and `size_out` outputs. An `Err` stops the run at this step.
    pub fn new(
        size_in: usize,
        size_out: usize,
        callback: impl Fn(&mut NodeStep<'_>) -> Result<(), Failure> + Send + Sync + 'static,
    ) -> NodeFunction {
        let callback = Arc::new(callback);
        NodeFunction::of(
            size_in,
            size_out,
            Maker::new(true, move |_: &Start| -> RunningNode { Box::new(Plain(callback.clone())) }),
        )
    }
    /// A callback that each simulator makes by `maker` when it starts and when it is reset, and that may hold what it
    /// likes. What it holds can't be saved: see [`with_state`](NodeFunction::with_state) and
    /// [`stateful`](NodeFunction::stateful).
    pub fn made<F>(
        size_in: usize,
        size_out: usize,
        maker: impl Fn(&Start) -> F + Send + Sync + 'static,
    ) -> NodeFunction
    where
        F: FnMut(&mut NodeStep<'_>) -> Result<(), Failure> + Send + 'static,
    {
        NodeFunction::of(
            size_in,
            size_out,
            Maker::new(false, move |start: &Start| -> RunningNode { Box::new(Opaque(maker(start))) }),
        )
    }
    /// A callback whose state is numbers: each simulator begins with `initial`, when it starts and when it is reset, and
    /// hands them to `callback` in each step to read and to change. They are saved with the simulator.
    pub fn with_state(
        size_in: usize,
        size_out: usize,
        initial: Vec<f64>,
        callback: impl Fn(&mut [f64], &mut NodeStep<'_>) -> Result<(), Failure> + Send + Sync + 'static,
    ) -> NodeFunction {
        let f = Arc::new(callback);
        let make =
            move |_: &Start| -> RunningNode { Box::new(Numbers { state: initial.clone(), f: f.clone() }) };
        NodeFunction::of(size_in, size_out, Maker::new(true, make))
    }
    /// A callback that is made as by [`made`](NodeFunction::made), and says how its state is saved.
    pub fn stateful<S>(
        size_in: usize,
        size_out: usize,
        maker: impl Fn(&Start) -> S + Send + Sync + 'static,
    ) -> NodeFunction
    where
        S: StatefulNode + 'static,
    {
        NodeFunction::of(
            size_in,
            size_out,
            Maker::new(true, move |start: &Start| -> RunningNode { Box::new(maker(start)) }),
        )
    }
    fn of(size_in: usize, size_out: usize, maker: Maker<RunningNode>) -> NodeFunction {
        NodeFunction { size_in, size_out, edits: vec![], text: None, maker }
    }
    /// Declares that the callback edits the weights of `connection`: it is then ordered before everything that reads them.
    /// For a node that exists already see [`Network::edits`](crate::Network::edits), which says the order of several.
    pub fn edits(mut self, connection: ConnectionId) -> NodeFunction {
        self.declare(connection);
        self
    }
    pub(crate) fn declare(&mut self, connection: ConnectionId) {
        if !self.edits.contains(&connection) {
            self.edits.push(connection);
        }
    }
    /// Keeps the text of the expression that the callback computes, for messages.
    pub fn with_text(mut self, text: &str) -> NodeFunction {
        self.text = Some(text.into());
        self
    }
    /// The connections whose weights the callback may edit.
    pub fn edited(&self) -> &[ConnectionId] {
        &self.edits
    }
    /// Number of inputs.
    pub fn size_in(&self) -> usize {
        self.size_in
    }
    /// Number of outputs.
    pub fn size_out(&self) -> usize {
        self.size_out
    }
    /// The text of the expression, if it is one.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
    /// Whether all state that the callback holds can be saved: true if it holds none, or says how.
    pub fn saves(&self) -> bool {
        self.maker.saves()
    }
    /// A callback for one simulator, at its start.
    ///
    /// # Errors
    /// A panic of the maker.
    pub fn start(&self, start: &Start) -> Result<RunningNode, Failure> {
        self.maker.start(start)
    }
}

impl fmt::Debug for NodeFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.as_deref().unwrap_or("a callback");
        write!(f, "NodeFunction({} -> {}, {text})", self.size_in, self.size_out)
    }
}

/// What a node's output is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Output {
    /// The sum of its inputs.
    Passthrough {
        /// Number of values.
        size: usize,
    },
    /// Always the same values.
    Constant(Vec<f64>),
    /// Computed in every step.
    Function(NodeFunction),
    /// A process.
    Process {
        /// The process.
        process: Process,
        /// Number of values.
        size: usize,
    },
}

impl Output {
    /// A node that passes `size` values on.
    pub fn passthrough(size: usize) -> Output {
        Output::Passthrough { size }
    }
    /// `size` values computed from the time at the end of the step (s). For what remembers something from step to step see
    /// [`NodeFunction`].
    pub fn of_time(size: usize, f: impl Fn(f64, &mut [f64]) + Send + Sync + 'static) -> Output {
        Output::Function(NodeFunction::new(0, size, move |s| {
            f(s.t, s.out);
            Ok(())
        }))
    }
    /// `size_out` values computed from time (s) and `size_in` inputs. For what remembers something from step to step see
    /// [`NodeFunction`].
    pub fn function(
        size_in: usize,
        size_out: usize,
        f: impl Fn(f64, &[f64], &mut [f64]) + Send + Sync + 'static,
    ) -> Output {
        Output::Function(NodeFunction::new(size_in, size_out, move |s| {
            f(s.t, s.x, s.out);
            Ok(())
        }))
    }
    /// A process of as many values as it fixes itself, or one.
    pub fn process(process: impl Into<Process>) -> Output {
        let process = process.into();
        let size = process.model().width().unwrap_or(1);
        Output::Process { process, size }
    }
    /// Number of inputs.
    pub fn size_in(&self) -> usize {
        match self {
            Output::Passthrough { size } => *size,
            Output::Function(f) => f.size_in,
            _ => 0,
        }
    }
    /// Number of outputs.
    pub fn size_out(&self) -> usize {
        match self {
            Output::Passthrough { size } | Output::Process { size, .. } => *size,
            Output::Constant(x) => x.len(),
            Output::Function(f) => f.size_out,
        }
    }
}

/// Numbers are a constant node.
impl From<Vec<f64>> for Output {
    fn from(x: Vec<f64>) -> Output {
        Output::Constant(x)
    }
}
/// A number is a constant node of one value.
impl From<f64> for Output {
    fn from(x: f64) -> Output {
        Output::Constant(vec![x])
    }
}
impl From<NodeFunction> for Output {
    fn from(f: NodeFunction) -> Output {
        Output::Function(f)
    }
}
impl From<Process> for Output {
    fn from(p: Process) -> Output {
        Output::process(p)
    }
}
