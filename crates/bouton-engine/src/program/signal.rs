//! Signals: where the numbers of a program live.

use std::sync::Arc;

pub use bouton_memory::Room;

/// A signal of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignalId(pub(crate) u32);

impl SignalId {
    /// Position in [`Program::signals`](super::Program::signals).
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a signal is for, and so what keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What describes the model, and what learning changes: weights, gains, rates, time constants, devices, masks. A
    /// checkpoint has it, and a reset may keep it.
    Parameter,
    /// What runs: voltages, filters, traces, pending changes. A checkpoint has it, and every reset starts it anew.
    State,
    /// What each step sets before it reads it. Nothing keeps it.
    Scratch,
}

/// Numbers that a program holds without a copy of its own: an array of another front end's, kept alive by what is here.
///
/// They never change. A program asks for them again at each reset.
pub trait Given: std::fmt::Debug + Send + Sync {
    /// All of them, the same each time.
    fn values(&self) -> &[f64];
}

impl Given for Vec<f64> {
    fn values(&self) -> &[f64] {
        self
    }
}

/// What a signal begins with.
#[derive(Clone, Debug, Default)]
pub enum Initial {
    /// Zeros. Memory that nobody writes is never taken.
    #[default]
    Zero,
    /// One value everywhere.
    Value(f64),
    /// These values, row-major.
    Values(Arc<dyn Given>),
}

impl Initial {
    /// The value of element `k`.
    pub fn at(&self, k: usize) -> f64 {
        self.elements()(k)
    }
    /// The values of elements, for many of them.
    pub fn elements(&self) -> impl Fn(usize) -> f64 {
        let (each, all) = match self {
            Initial::Zero => (None, 0.0),
            Initial::Value(x) => (None, *x),
            Initial::Values(v) => (Some(v.values()), 0.0),
        };
        move |k| each.map_or(all, |v| v[k])
    }
    /// The first value of `len` for which `found` holds.
    pub fn find(&self, len: usize, mut found: impl FnMut(f64) -> bool) -> Option<f64> {
        match self {
            Initial::Values(v) => v.values().iter().copied().find(|x| found(*x)),
            _ => (len > 0).then(|| self.at(0)).filter(|x| found(*x)),
        }
    }
}

impl From<Arc<Vec<f64>>> for Initial {
    fn from(values: Arc<Vec<f64>>) -> Initial {
        Initial::Values(values)
    }
}
impl From<Vec<f64>> for Initial {
    fn from(values: Vec<f64>) -> Initial {
        Initial::Values(Arc::new(values))
    }
}
impl From<f64> for Initial {
    fn from(value: f64) -> Initial {
        if value.to_bits() == 0 { Initial::Zero } else { Initial::Value(value) }
    }
}

/// Where a view lies in its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The base signal (never a view itself).
    pub base: SignalId,
    /// First element.
    pub offset: usize,
    /// Elements between the beginnings of two rows.
    pub stride: usize,
}

/// A named array. A vector has one column.
#[derive(Clone, Debug)]
pub struct Signal {
    /// Name, for messages, listings and checkpoints.
    pub name: String,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
    /// Number type: the simulation's, or double precision whatever that is.
    pub room: Room,
    /// What it is for. Views have the role of their base.
    pub role: Role,
    /// What it begins with. Views have nothing of their own.
    pub initial: Initial,
    /// For a view: where it lies.
    pub view: Option<View>,
}

impl Signal {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }
    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Elements between the beginnings of two rows.
    pub fn stride(&self) -> usize {
        self.view.map_or(self.cols, |v| v.stride)
    }
    /// Elements from the first to the last, those of others between its rows included.
    pub fn extent(&self) -> usize {
        if self.is_empty() { 0 } else { (self.rows - 1) * self.stride() + self.cols }
    }
    /// Whether its elements lie one behind the other.
    pub fn contiguous(&self) -> bool {
        self.rows <= 1 || self.stride() == self.cols
    }
}

/// The shape of an operand, as a kernel or a call sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
    /// Elements between the beginnings of two rows.
    pub stride: usize,
}

impl Shape {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }
    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
