//! From a model to a running simulation: Model → Program → Plan → Simulation → Recording.
//!
//! * [`build`] makes a [`Program`] of a model: signals and operators with declared accesses, in Nengo's order.
//! * [`Plan`] makes kernels over an arena of a program; its passes can be switched off one by one.
//! * [`Simulator`] runs a plan, records probes, and gives access to weights while it runs.

mod arena;
mod build;
mod editors;
mod frozen;
mod fuse;
mod live;
mod loops;
mod memory;
mod plan;
mod pool;
mod program;
mod record;
mod run;
mod scale;
mod simulator;
mod stages;
mod views;

pub use build::{
    BuildOptions, Built, BuiltEnsemble, ConnectionSignals, EnsembleSignals, ProbeSource, Seeds, build,
};
pub use plan::{Passes, Plan, Span};
pub use program::{Access, Action, Operator, Program, Signal, SignalId, View};
pub use record::Samples;
pub use scale::{ScaleKind, ScaleNote};
pub use simulator::{Options, Precision, Reset, Simulator};
