//! Probes: what is recorded.

use bouton_elements::mappings::Side;
use bouton_elements::solvers::Solver;
use bouton_elements::synapses::Synapse;

use crate::{ConnectionId, EnsembleId, NodeId, Object, RuleId, Slice};

/// What of a device a probe records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceQuantity {
    /// Resistance (Ω).
    Resistance,
    /// Conductance (S).
    Conductance,
    /// Pulses received since the start.
    Pulses,
}

/// What of its target's values a probe records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Norm {
    /// The values themselves.
    #[default]
    None,
    /// The square root of the sum of their squares, over all of them: one number.
    All,
    /// The same of each row: one number a row, of weights for each postsynaptic neuron.
    Rows,
    /// As [`All`](Norm::All), of how far the values are from those that the model was built with: what was learned.
    Moved,
    /// As [`Rows`](Norm::Rows), of the same.
    MovedRows,
}

/// What a probe records.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Target {
    /// The value that an ensemble represents, decoded.
    Decoded(EnsembleId),
    /// The summed input of an ensemble.
    EnsembleInput(EnsembleId),
    /// Encoders times gain / radius (neurons × dimensions).
    ScaledEncoders(EnsembleId),
    /// The output of neurons: spikes (height amplitude/dt) or rates (Hz).
    Spikes(EnsembleId),
    /// The input current of neurons.
    NeuronInput(EnsembleId),
    /// A state variable of neurons by name, such as `voltage`.
    NeuronState(EnsembleId, String),
    /// The output of a node.
    Node(NodeId),
    /// The weights of a connection (post × pre).
    Weights(ConnectionId),
    /// What a connection delivers, after its synapse.
    ConnectionOutput(ConnectionId),
    /// What goes into a connection.
    ConnectionInput(ConnectionId),
    /// The error of a learning rule.
    RuleError(RuleId),
    /// The change that a learning rule wants in this step (post × pre), frozen or not.
    RuleDelta(RuleId),
    /// An input or state variable of a learning rule by name, such as PES's `activities`.
    RuleSignal(RuleId, String),
    /// A third factor of a learning rule, by its number among those of the rule.
    RuleFactor(RuleId, usize),
    /// The devices of a connection on one side of the mapping (post × pre).
    Devices(ConnectionId, Side, DeviceQuantity),
}

impl Target {
    /// The same with ids that are this network's own, where they can be.
    pub(crate) fn adopted(self, model: u32) -> Target {
        match self {
            Target::Decoded(e) => Target::Decoded(e.adopted(model)),
            Target::EnsembleInput(e) => Target::EnsembleInput(e.adopted(model)),
            Target::ScaledEncoders(e) => Target::ScaledEncoders(e.adopted(model)),
            Target::Spikes(e) => Target::Spikes(e.adopted(model)),
            Target::NeuronInput(e) => Target::NeuronInput(e.adopted(model)),
            Target::NeuronState(e, name) => Target::NeuronState(e.adopted(model), name),
            Target::Node(n) => Target::Node(n.adopted(model)),
            Target::Weights(c) => Target::Weights(c.adopted(model)),
            Target::ConnectionOutput(c) => Target::ConnectionOutput(c.adopted(model)),
            Target::ConnectionInput(c) => Target::ConnectionInput(c.adopted(model)),
            Target::RuleError(r) => Target::RuleError(r.adopted(model)),
            Target::RuleDelta(r) => Target::RuleDelta(r.adopted(model)),
            Target::RuleSignal(r, name) => Target::RuleSignal(r.adopted(model), name),
            Target::RuleFactor(r, k) => Target::RuleFactor(r.adopted(model), k),
            Target::Devices(c, side, q) => Target::Devices(c.adopted(model), side, q),
        }
    }
    /// The connection of which it has a number for each synapse (some signals of rules have fewer); `None` where it is of something
    /// else.
    pub fn synapses(&self) -> Option<ConnectionId> {
        match self {
            Target::Weights(c) | Target::Devices(c, ..) => Some(*c),
            Target::RuleDelta(r) | Target::RuleSignal(r, _) => Some(r.connection),
            _ => None,
        }
    }
    /// The error of a learning rule: of the only or first one of a connection, or of `connection.rule_at(k)`.
    pub fn rule_error(rule: impl Into<RuleId>) -> Target {
        Target::RuleError(rule.into())
    }
    /// The change that a learning rule wants in this step (post × pre), frozen or not: of the only or first one of a connection, or of
    /// `connection.rule_at(k)`.
    pub fn rule_delta(rule: impl Into<RuleId>) -> Target {
        Target::RuleDelta(rule.into())
    }
    /// An input or state variable by name of a learning rule: of the only or first one of a connection, or of
    /// `connection.rule_at(k)`.
    pub fn rule_signal(rule: impl Into<RuleId>, name: impl Into<String>) -> Target {
        Target::RuleSignal(rule.into(), name.into())
    }
}

/// A recording of some value while the model runs.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What is recorded.
    pub target: Target,
    /// Which of its values.
    pub slice: Slice,
    /// Single elements (row, column), of a target that has one number a synapse: (post, pre). Default: all.
    pub elements: Option<Vec<(usize, usize)>>,
    /// Whether a sample is taken only in steps in which a neuron of one of the `elements` spikes. Default: no.
    pub at_spikes: bool,
    /// Filter on the recording. Default: none.
    pub synapse: Option<Synapse>,
    /// Whether norms are recorded in place of the values. Default: the values.
    pub norm: Norm,
    /// Sampling period (s). Default: every step.
    pub sample_every: Option<f64>,
    /// How a decoded value's decoders are solved.
    pub solver: Solver,
    /// Seed; derived from the network's when not given.
    pub seed: Option<u32>,
}

impl Probe {
    /// A probe of any target.
    pub fn of(target: Target) -> Probe {
        Probe {
            target,
            slice: Slice::All,
            elements: None,
            at_spikes: false,
            synapse: None,
            norm: Norm::None,
            sample_every: None,
            solver: Solver::default(),
            seed: None,
        }
    }
    /// The default of an object: the decoded value of an ensemble, the output of neurons or a node, a rule's error.
    pub fn new(object: impl Into<crate::End>) -> Probe {
        let end = object.into();
        let target = match end.object {
            Object::Ensemble(e) => Target::Decoded(e),
            Object::Neurons(e) => Target::Spikes(e),
            Object::Node(n) => Target::Node(n),
            Object::Rule(r) => Target::RuleError(r),
            Object::Factor(r, k) => Target::RuleFactor(r, k),
        };
        Probe { slice: end.slice, ..Probe::of(target) }
    }
    /// The weights of a connection.
    pub fn weights(connection: ConnectionId) -> Probe {
        Probe::of(Target::Weights(connection))
    }
    /// The membrane voltages of an ensemble's neurons.
    pub fn voltage(ensemble: EnsembleId) -> Probe {
        Probe::of(Target::NeuronState(ensemble, "voltage".into()))
    }
    /// Sets the filter: a time constant (s), or any synapse.
    pub fn synapse(mut self, synapse: impl Into<Synapse>) -> Probe {
        self.synapse = Some(synapse.into());
        self
    }
    /// Records the norm of all values (‖W‖ of weights, ‖Δw‖ of a rule's change), or of each row, in place of the values; or of how
    /// far they have moved since the model was built (‖W − W₀‖). It is taken at the samples alone, and of what is recorded then;
    /// it goes without a synapse.
    ///
    /// ```
    /// use bouton_model::{Connection, Ensemble, Matrix, Network, Norm, Probe};
    /// let mut net = Network::with_seed(1);
    /// let (a, b) = (net.ensemble("a", Ensemble::new(20, 1)), net.ensemble("b", Ensemble::new(10, 1)));
    /// let w = Connection::new().transform(Matrix::filled(10, 20, 1e-3));
    /// let c = net.connect(a.neurons(), b.neurons(), w);
    /// net.probe("size", Probe::weights(c).norm(Norm::All).sample_every(0.01));
    /// net.probe("rows", Probe::weights(c).norm(Norm::Rows).sample_every(0.01));
    /// net.probe("learned", Probe::weights(c).norm(Norm::Moved).sample_every(0.01));
    /// net.validate(0.001).unwrap();
    /// ```
    pub fn norm(mut self, norm: Norm) -> Probe {
        self.norm = norm;
        self
    }
    /// Records single synapses, each as (post, pre), in place of the whole matrix: of weights, of devices, and of what a rule has
    /// of each synapse (its change, its states). A sample costs what is picked. It goes without slice, norm and synapse.
    ///
    /// ```
    /// use bouton_model::{Connection, Ensemble, Matrix, Network, Probe};
    /// let mut net = Network::with_seed(1);
    /// let (a, b) = (net.ensemble("a", Ensemble::new(20, 1)), net.ensemble("b", Ensemble::new(10, 1)));
    /// let w = Connection::new().transform(Matrix::filled(10, 20, 1e-3));
    /// let c = net.connect(a.neurons(), b.neurons(), w);
    /// net.probe("two", Probe::weights(c).elements([(3, 17), (4, 0)]).at_spikes());
    /// net.validate(0.001).unwrap();
    /// ```
    pub fn elements(mut self, elements: impl IntoIterator<Item = (usize, usize)>) -> Probe {
        self.elements = Some(elements.into_iter().collect());
        self
    }
    /// Takes a sample only in steps in which a neuron before or behind one of the [`elements`](Probe::elements) spikes, as it is at the
    /// end of that step: what a rule that acts at spikes has made of it. (Of decoders only the neurons before them
    /// count, and behind a node the neurons alone.)
    pub fn at_spikes(mut self) -> Probe {
        self.at_spikes = true;
        self
    }
    /// Sets the sampling period (s).
    pub fn sample_every(mut self, period: f64) -> Probe {
        self.sample_every = Some(period);
        self
    }
    /// Records only some values.
    pub fn slice(mut self, slice: impl Into<Slice>) -> Probe {
        self.slice = slice.into();
        self
    }
}
