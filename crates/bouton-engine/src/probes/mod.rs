//! Probes: what of a running program is recorded. They are attached and detached between steps and touch nothing of it; the
//! plan only stores what they look at.

mod store;

use bouton_elements::synapses::{Filter, StateSpace};

use crate::program::SignalId;
pub use store::{Event, Events, Recorded, Samples};

/// Names a probe of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObserveId(pub(crate) u32);

/// What a probe records.
#[derive(Clone, Debug)]
pub struct Observe {
    /// The signal.
    pub signal: SignalId,
    /// Rows of it; all if `None`.
    pub rows: Option<Vec<usize>>,
    /// Whether the inverse of each number is recorded: a resistance of a conductance.
    pub inverse: bool,
    /// Steps between two samples; 1 for every step. Need not be whole.
    pub every: f64,
    /// A filter on what is recorded: it delivers a step later, as every synapse does.
    pub filter: Option<Filter>,
    /// Whether the values are mostly zeros, and kept as events.
    pub events: bool,
    /// What it looks at, for messages.
    pub of: String,
}

impl Observe {
    /// Every step of a signal.
    pub fn new(signal: SignalId, of: impl Into<String>) -> Observe {
        Observe { signal, rows: None, inverse: false, every: 1.0, filter: None, events: false, of: of.into() }
    }
}

/// A probe while it runs.
pub(crate) struct Probe {
    pub(crate) id: ObserveId,
    pub(crate) what: Observe,
    pub(crate) recorded: Recorded,
    /// Width of the signal's rows.
    pub(crate) cols: usize,
    /// Output of the filter, and its state.
    pub(crate) filtered: Vec<f64>,
    pub(crate) state: Vec<f64>,
}

impl Probe {
    /// Whether step `step` is sampled.
    pub(crate) fn due(&self, step: u64) -> bool {
        self.what.every <= 1.0 || sampled(step, self.what.every)
    }
    /// Takes a step of the filter, if there is one. `single` rounds as a simulation in single precision does.
    pub(crate) fn filter(&mut self, x: &[f64], single: bool) {
        let Some(f) = &self.what.filter else { return };
        if single {
            let narrow = |v: &[f64]| v.iter().map(|x| *x as f32).collect::<Vec<f32>>();
            let (u, mut state, mut y) = (narrow(x), narrow(&self.state), narrow(&self.filtered));
            f.step(&u, &mut state, &mut y);
            self.state.iter_mut().zip(state).for_each(|(a, b)| *a = f64::from(b));
            self.filtered.iter_mut().zip(y).for_each(|(a, b)| *a = f64::from(b));
        } else {
            f.step(x, &mut self.state, &mut self.filtered);
        }
    }
}

/// Whether a step is sampled by a probe that leaves some out. Apart, because the compiler would take the remainder (100 ns)
/// for every probe in every step before it looks whether it is needed.
#[inline(never)]
fn sampled(step: u64, every: f64) -> bool {
    step as f64 % every < 1.0
}

/// Number of states of a filter on `width` values.
pub(crate) fn states(f: &Filter, width: usize) -> usize {
    match f {
        Filter::Space(StateSpace { n, .. }) => n * width,
        _ => 0,
    }
}
