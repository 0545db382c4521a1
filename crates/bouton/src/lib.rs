//! bouton: a simulator for the Neural Engineering Framework (NEF) in which every weight is live: it can be read,
//! written, learned by a rule, or be a memristor, while the model runs.
//!
//! A population that follows an input:
//!
//! ```
//! use bouton::prelude::*;
//!
//! let mut net = Network::with_seed(1);
//! let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (6.0 * t).sin()));
//! let a = net.ensemble("a", Ensemble::new(100, 1));
//! net.connect(stim, a, Connection::new().no_synapse());
//! let probe = net.probe("value", Probe::new(a).synapse(0.03));
//!
//! let mut sim = Simulator::new(&net)?;
//! sim.run(0.5)?;
//! let value = sim.data(probe)?;
//! assert_eq!(value.rows(), 500);
//! # Ok::<(), bouton::Error>(())
//! ```
//!
//! Weights change while it runs, from outside or from a node, without a learning rule:
//!
//! ```
//! # use bouton::prelude::*;
//! # let mut net = Network::with_seed(1);
//! # let (a, b) = (net.ensemble("a", Ensemble::new(50, 1)), net.ensemble("b", Ensemble::new(50, 1)));
//! let c = net.connect(a, b, Connection::new());
//! let mut sim = Simulator::new(&net)?;
//! sim.edit_weights(c, |w| {
//!     w.fill(0.0);
//!     w[(0, 3)] = 1e-3;
//!     Ok(())
//! })?;
//! assert_eq!(sim.weights(c)?[(0, 3)], 1e-3);
//! # Ok::<(), bouton::Error>(())
//! ```

pub mod checkpoint;
mod scale;
mod schedule;
mod seen;
mod simulator;

pub use bouton_elements as elements;
pub use bouton_engine as engine;
pub use bouton_expr as expr;
pub use bouton_io as io;
pub use bouton_kernels::{Level, Tier};
pub use bouton_model as model;
pub use bouton_model::{Error, ErrorKind, Failure};
pub use bouton_nef as nef;
pub use bouton_random as random;
pub use scale::{ScaleKind, ScaleNote};
pub use schedule::{Replay, Schedule};
pub use seen::{Seen, SeenPopulation, SeenRule, SeenWeights};
pub use simulator::{Devices, Options, Simulator};

/// Everything that a program usually names.
pub mod prelude {
    pub use crate::{Devices, Options, ScaleKind, ScaleNote, Simulator};
    pub use bouton_elements::devices::{AutoGain, Bounds, Device, DeviceSpec, Gain, PowerLaw, SpreadOf};
    pub use bouton_elements::distributions::Distribution;
    pub use bouton_elements::mappings::{Mapping, Pair, Side, Sign, Single};
    pub use bouton_elements::neurons::{
        Direct, Lif, LifRate, NeuronType, RectifiedLinear, SpikingRectifiedLinear,
    };
    pub use bouton_elements::policies::{Gate, Policy, SinglePulse};
    pub use bouton_elements::processes::{
        Interpolation, PastEnd, Piecewise, Process, Table, WhiteNoise, WhiteSignal,
    };
    pub use bouton_elements::rules::{Mpes, Pes, Rls, Rule};
    pub use bouton_elements::solvers::{LstsqL2, NoSolver, Solver};
    pub use bouton_elements::synapses::{Alpha, LinearFilter, Lowpass, Synapse};
    pub use bouton_engine::{Edit, ObserveId, Passes, Pick, Precision, Recorded, Reset, Samples};
    pub use bouton_model::{
        Connection, ConnectionId, DeviceQuantity, End, Ensemble, EnsembleArray, EnsembleId, Error, ErrorKind,
        Failure, Function, LearningRule, LiveAccess, Matrix, Network, NodeFunction, NodeId, NodeStep, Norm,
        Object, Output, Over, Probe, ProbeId, Products, RuleFunction, RuleFunctionStep, RuleId, Slice, Start,
        StatefulNode, StatefulRule, Target, Transform,
    };
}
