//! The elements of bouton's models: neurons, synapses, distributions, transforms, solvers,
//! processes, rules, pulse policies, devices, mappings.
//!
//! One file an element, one list a kind (at the end of each folder's page). The head of an element's file is the user's
//! page: equation, table of symbols with defaults and units, reference.

mod element;
mod interpolate;
mod list;
mod listing;
mod rows;

pub mod content;
pub mod devices;
pub mod distributions;
pub mod mappings;
pub mod neurons;
pub mod policies;
pub mod processes;
pub mod rules;
pub mod solvers;
pub mod synapses;
pub mod transforms;
pub mod var;

pub use bouton_random as random;
pub use devices::register_device;
pub use distributions::register_distribution;
pub use element::{Def, DynElement, Element, ElementOf, IsA, Kind, Registry, find, register, registered};
pub use listing::{Listed, ListedKind, kinds};
pub use mappings::register_mapping;
pub use neurons::register_neuron;
pub use policies::register_policy;
pub use processes::register_process;
pub use rules::register_rule;
pub use solvers::register_solver;
pub use synapses::register_synapse;
pub use transforms::register_transform;
