//! Probes: what of a running program is recorded. They are attached and detached between steps and touch nothing of it; the
//! plan only stores what they look at.

mod store;

use bouton_elements::synapses::Filter;
use bouton_kernels::Level;
use bouton_memory::Span;

use crate::program::SignalId;
pub use store::{Event, Events, Recorded, Samples};

/// Names a probe of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObserveId(pub(crate) u32);

/// What of the values a sample holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Norm {
    /// The values themselves.
    #[default]
    None,
    /// The square root of the sum of their squares, over all of them: one number.
    All,
    /// The same of each row: one number a row.
    Rows,
    /// As [`All`](Norm::All), of how far the values are from those that the signal began with.
    Moved,
    /// As [`Rows`](Norm::Rows), of the same.
    MovedRows,
}

impl Norm {
    /// Rows and columns of a sample of a matrix of this shape.
    pub(crate) fn shape(self, rows: usize, cols: usize) -> (usize, usize) {
        match self {
            Norm::None => (rows, cols),
            Norm::All | Norm::Moved => (1, 1),
            Norm::Rows | Norm::MovedRows => (rows, 1),
        }
    }
    /// Whether it is of how far values have moved.
    pub(crate) fn is_moved(self) -> bool {
        matches!(self, Norm::Moved | Norm::MovedRows)
    }
    /// Puts norms in the place of the values of rows of `cols` numbers. Squares are summed in their order, so that threads and
    /// SIMD levels don't show, in units of the largest number, so that no square is too large or too small.
    pub(crate) fn take(self, values: &mut Vec<f64>, cols: usize) {
        let norm = |x: &[f64]| {
            let most = x.iter().fold(0.0, |m: f64, x| if x.is_nan() { f64::NAN } else { m.max(x.abs()) });
            if most == 0.0 || !most.is_finite() {
                return most;
            }
            most * x.iter().map(|x| (x / most) * (x / most)).sum::<f64>().sqrt()
        };
        match self {
            Norm::None => {}
            Norm::All | Norm::Moved => *values = vec![norm(values)],
            Norm::Rows | Norm::MovedRows => *values = values.chunks(cols.max(1)).map(norm).collect(),
        }
    }
}

/// What a probe records.
#[derive(Clone, Debug)]
pub struct Observe {
    /// The signal.
    pub signal: SignalId,
    /// Rows of it; all if `None`.
    pub rows: Option<Vec<usize>>,
    /// Single elements in place of rows, by their positions row by row.
    pub elements: Option<Vec<usize>>,
    /// Elements of signals of which one has to be other than zero in a step that is sampled: spikes. Empty: every step.
    pub when: Vec<(SignalId, usize)>,
    /// Whether the inverse of each number is recorded: a resistance of a conductance.
    pub inverse: bool,
    /// Whether norms are recorded in place of the values, before the filter.
    pub norm: Norm,
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
    /// Rows and columns of a sample, of a signal of this shape.
    pub(crate) fn shape(&self, rows: usize, cols: usize) -> (usize, usize) {
        match &self.elements {
            Some(at) => (at.len(), 1),
            None => self.norm.shape(self.rows.as_ref().map_or(rows, Vec::len), cols),
        }
    }
    /// Whether a sample is all of the signal's values as they are.
    pub(crate) fn is_plain(&self) -> bool {
        let all = self.rows.is_none() && self.elements.is_none() && self.when.is_empty();
        all && !self.inverse && self.norm == Norm::None && self.filter.is_none()
    }
    /// Signals that it looks at.
    pub(crate) fn looks_at(&self) -> impl Iterator<Item = SignalId> {
        std::iter::once(self.signal).chain(self.when.iter().map(|w| w.0))
    }
    /// Every step of a signal.
    pub fn new(signal: SignalId, of: impl Into<String>) -> Observe {
        Observe {
            signal,
            rows: None,
            elements: None,
            when: vec![],
            inverse: false,
            norm: Norm::None,
            every: 1.0,
            filter: None,
            events: false,
            of: of.into(),
        }
    }
}

/// Why a probe took no sample, or one that no run goes on from.
pub(crate) enum Unrecorded {
    /// A number that isn't finite.
    NotFinite,
    /// There is no memory for it.
    NoRoom(String),
}

impl Recorded {
    /// Adds a row, and looks at it.
    pub(crate) fn sample(&mut self, step: u64, row: &[f64], level: Level) -> Result<(), Unrecorded> {
        self.push(step, row).map_err(Unrecorded::NoRoom)?;
        if self.last_is_finite(level) { Ok(()) } else { Err(Unrecorded::NotFinite) }
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
    /// Where its samples lie in memory as they are, with the plan that there is.
    pub(crate) plain: Option<Span>,
}

impl Probe {
    /// Whether step `step` is sampled: the first at or behind each multiple.
    pub(crate) fn due(&self, step: u64) -> bool {
        self.what.every <= 1.0 || since(step, self.what.every) < 1.0
    }
    /// Behind step `step`, up to which step it does nothing.
    pub(crate) fn idle_until(&self, step: u64) -> u64 {
        if self.what.filter.is_some() || self.what.every <= 1.0 {
            return step;
        }
        // A sample is the first step at or behind a multiple. What is left to the next one may be rounded up to a whole number, but
        // not past it: the sample lies no earlier than so many whole steps on.
        let left = self.what.every - since(step, self.what.every);
        step.saturating_add(left as u64).saturating_sub(1).max(step)
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

/// Steps since the last multiple of `every`. Apart, because the compiler would take the remainder (100 ns, and a tenth of it of whole
/// numbers) for every probe in every step before it looks whether it is needed.
#[inline(never)]
fn since(step: u64, every: f64) -> f64 {
    let whole = every as u64;
    if whole as f64 == every && whole > 0 { (step % whole) as f64 } else { step as f64 % every }
}
