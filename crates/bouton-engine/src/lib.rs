//! Runs programs: signals and operators become a plan of kernels; the plan runs; what it computes is read and written, saved,
//! and replayed.
//!
//! * [`Program`] is signals, operators with their operands, and paths. It knows no network: `bouton-nef` makes programs of
//!   networks, and a program may as well be written by hand.
//! * [`Simulation`] runs one: it plans, steps, reads and edits by path, records, saves and loads.
//! * [`Call`] is what a plan knows nothing of: callbacks, functions, processes, rules, devices, foreign operators.
#![forbid(unsafe_code)]

mod calls;
mod decays;
mod kernels;
mod live;
mod plan;
mod probes;
mod program;
mod run;
mod spikes;

pub use calls::{Address, Call, Io, Running, Sees, Start};
pub use kernels::all::*;
pub use kernels::{At, Code, SimReal};
pub use live::{
    By, Checkpoint, CheckpointProbe, Edit, Entry, Everything, Loaded, Log, Pick, SavedCall, SavedForm,
    SavedSignal, Values, digest,
};
pub use plan::Passes;
pub use probes::{Event, Events, Norm, Observe, ObserveId, Recorded, Samples};
pub use program::{
    Access, Bounds, Derive, Derived, Door, DoorAccess, Draws, Given, Initial, Knob, KnobTable, Op, Operand,
    Operator, Program, Role, Room, Shape, Signal, SignalId, View, Writes,
};
pub use run::{Options, Precision, Reset, Simulation, Tallied};
