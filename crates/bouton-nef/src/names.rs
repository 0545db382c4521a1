//! Paths of what is live, by the object that it belongs to.

use std::collections::HashMap;

use bouton_elements::mappings::Side;
use bouton_model::{ConnectionId, EnsembleId, Network, NodeId};

/// The paths of a network's objects.
///
/// | path | what |
/// |---|---|
/// | `E.encoders`, `E.gain`, `E.bias` | of an ensemble |
/// | `E.neurons.X` | a state variable or a parameter of its neuron type |
/// | `N` | what a node gives |
/// | `C.weights`, `C.weighted` | weights of a connection, and what it delivers |
/// | `C.frozen` | 1 for each weight that rules may not change, else 0 |
/// | `C.bounds` | lowest and highest weight that rules may set, where there are some |
/// | `C.synapse.X` | a parameter of its synapse |
/// | `C.rule.X`, `C.rule.I.X` | a parameter of its rule, one of the filter on input I; of several rules `C.rules.K.X` |
/// | `C.devices.gain`, `C.devices.plus.X`, `C.policy.X` | of its devices and pulse policy |
///
/// A connection without a name is called `pre→post`; of several that are called alike, the second is `pre→post#2`.
#[derive(Clone, Debug)]
pub struct Names {
    ensembles: Vec<String>,
    nodes: Vec<String>,
    connections: Vec<String>,
    rules: Vec<usize>,
}

impl Names {
    /// The paths of a network.
    pub fn new(net: &Network) -> Names {
        let mut taken: HashMap<String, usize> = HashMap::new();
        let connections = net
            .connections()
            .map(|c| {
                let path = net.connection_path(c);
                let count = taken.entry(path.clone()).or_default();
                *count += 1;
                if *count == 1 { path } else { format!("{path}#{count}") }
            })
            .collect();
        let rules = net.connections().map(|c| net.get_connection(c).map_or(0, |c| c.2.rules.len())).collect();
        Names {
            ensembles: net.ensembles().map(|e| net.ensemble_path(e)).collect(),
            nodes: net.nodes().map(|n| net.node_path(n)).collect(),
            connections,
            rules,
        }
    }
    /// What all paths of an ensemble begin with.
    pub fn ensemble(&self, e: EnsembleId) -> &str {
        &self.ensembles[e.index()]
    }
    /// A state variable or parameter of an ensemble's neurons.
    pub fn neurons(&self, e: EnsembleId, name: &str) -> String {
        format!("{}.neurons.{name}", self.ensembles[e.index()])
    }
    /// What a node gives.
    pub fn node(&self, n: NodeId) -> String {
        self.nodes[n.index()].clone()
    }
    /// What all paths of a connection begin with.
    pub fn connection(&self, c: ConnectionId) -> &str {
        &self.connections[c.index()]
    }
    /// The weights of a connection.
    pub fn weights(&self, c: ConnectionId) -> String {
        format!("{}.weights", self.connections[c.index()])
    }
    /// Which weights of a connection rules may not change.
    pub fn frozen(&self, c: ConnectionId) -> String {
        format!("{}.frozen", self.connections[c.index()])
    }
    /// What all paths of rule `k` of a connection begin with.
    pub fn rule(&self, c: ConnectionId, k: usize) -> String {
        let path = &self.connections[c.index()];
        if self.rules[c.index()] > 1 { format!("{path}.rules.{k}") } else { format!("{path}.rule") }
    }
    /// Something of the devices of one side of a connection: a column of the device type, `conductance` or `pulses`.
    pub fn devices(&self, c: ConnectionId, side: Side, what: &str) -> String {
        format!("{}.devices.{}.{what}", self.connections[c.index()], side.name())
    }
    /// The gain of a connection's devices.
    pub fn device_gain(&self, c: ConnectionId) -> String {
        format!("{}.devices.gain", self.connections[c.index()])
    }
}
