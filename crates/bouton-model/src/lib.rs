//! What a user describes: networks of ensembles, nodes, connections and probes, as plain data.
//!
//! No maths and no input or output happens here. A [`Network`] is made by code or read from a model file; either way
//! [`Network::validate`] is the one place where its parameters are checked.

mod callback;
mod command;
mod connection;
mod ensemble;
mod ids;
mod network;
mod node;
mod paths;
mod probe;
mod rule;
mod validate;

pub use bouton_core::{Error, ErrorKind, Failure, Matrix, Slice, nearest, no_panic, solve};
pub use bouton_elements::transforms::Transform;
pub use bouton_elements::var::Over;
pub use callback::{RunningNode, RunningRule, Start, StatefulNode, StatefulRule};
pub use command::{Action, Command, Part, To, When};
pub use connection::{Connection, Function};
pub use ensemble::Ensemble;
pub use ids::{ConnectionId, End, EnsembleId, NetworkId, NodeId, Object, ProbeId, RuleId};
pub use network::{Contents, EnsembleArray, Network};
#[doc(hidden)]
pub use node::sealed;
pub use node::{LiveAccess, NodeFunction, NodeStep, Output};
pub use probe::{DeviceQuantity, Norm, Probe, Target};
pub use rule::{LearningRule, Period, Products, RuleFunction, RuleFunctionStep};
