//! What a user describes: networks of ensembles, nodes, connections and probes, as plain data.
//!
//! No maths and no input or output happens here. A [`Network`] is made by code or read from a model file; either way
//! [`Network::validate`] is the one place where its parameters are checked.

mod connection;
mod ensemble;
mod ids;
mod network;
mod node;
mod probe;
mod validate;

pub use bouton_core::{Error, ErrorKind, Failure, Matrix, Slice, nearest, no_panic};
pub use connection::{
    Connection, Function, LearningRule, Over, RuleCallback, RuleFunction, RuleFunctionStep, Transform,
};
pub use ensemble::Ensemble;
pub use ids::{ConnectionId, End, EnsembleId, NetworkId, NodeId, Object, ProbeId};
pub use network::{Contents, EnsembleArray, Network};
pub use node::{LiveAccess, NodeCallback, NodeFunction, NodeStep, Output};
pub use probe::{DeviceQuantity, Probe, Target};
