//! Nodes: what comes from outside the neurons, and what goes out.

use std::fmt;
use std::sync::{Arc, Mutex};

use bouton_elements::processes::Process;

use crate::{ConnectionId, EnsembleId, Error, Failure, Matrix};

/// Reading and writing weights from inside a step. The engine implements it; a node's callback is given it. The views
/// mean what they mean between steps.
pub trait LiveAccess {
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

/// A callback of a node. An `Err` stops the run at this step.
pub type NodeCallback = dyn FnMut(&mut NodeStep<'_>) -> Result<(), Failure> + Send;

/// A node that computes its output by a callback.
#[derive(Clone)]
pub struct NodeFunction {
    pub(crate) size_in: usize,
    pub(crate) size_out: usize,
    pub(crate) edits: Vec<ConnectionId>,
    pub(crate) text: Option<String>,
    pub(crate) callback: Arc<Mutex<NodeCallback>>,
}

impl NodeFunction {
    /// A callback with `size_in` inputs and `size_out` outputs.
    ///
    /// The callback belongs to the network: two simulators of one network share what it has captured.
    pub fn new(
        size_in: usize,
        size_out: usize,
        callback: impl FnMut(&mut NodeStep<'_>) -> Result<(), Failure> + Send + 'static,
    ) -> NodeFunction {
        NodeFunction {
            size_in,
            size_out,
            edits: vec![],
            text: None,
            callback: Arc::new(Mutex::new(callback)),
        }
    }
    /// Declares that the callback edits the weights of `connection`: it is then ordered before everything that reads them.
    pub fn edits(mut self, connection: ConnectionId) -> NodeFunction {
        self.edits.push(connection);
        self
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
    /// The callback.
    pub fn callback(&self) -> &Arc<Mutex<NodeCallback>> {
        &self.callback
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
    /// `size` values computed from the time at the end of the step (s).
    pub fn of_time(size: usize, mut f: impl FnMut(f64, &mut [f64]) + Send + 'static) -> Output {
        Output::Function(NodeFunction::new(0, size, move |s| {
            f(s.t, s.out);
            Ok(())
        }))
    }
    /// `size_out` values computed from time (s) and `size_in` inputs.
    pub fn function(
        size_in: usize,
        size_out: usize,
        mut f: impl FnMut(f64, &[f64], &mut [f64]) + Send + 'static,
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
