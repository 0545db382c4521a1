//! What follows from an edit: scaled encoders from gains, coefficients of a filter from its time constant.

use std::fmt::Debug;
use std::sync::Arc;

use super::SignalId;

/// Computes signals from others, in double precision. It runs when one of what it reads was edited from outside or by a
/// call, before anything else sees the edit; never in a step by itself.
///
/// A computation of which each number hangs on a few others says so, by [`follows`](Derive::follows) and
/// [`element`](Derive::element): an edit of some numbers then costs what follows from these.
pub trait Derive: Debug + Send + Sync {
    /// Computes `writes` (their present values at first) from `reads`. `dt` is the time step (s).
    ///
    /// # Errors
    /// Values that make no sense together; the edit is then refused as a whole.
    fn derive(&self, dt: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String>;
    /// The elements of the one signal that it writes which hang on elements `at` of what it reads at position `read`, in any
    /// order; `None` where all are computed together.
    fn follows(&self, read: usize, at: &[usize]) -> Option<Vec<usize>> {
        let _ = (read, at);
        None
    }
    /// Element `k` of the one signal that it writes, to the bit as [`derive`](Derive::derive) has it; `read(r, i)` is element
    /// `i` of what it reads at position `r`.
    ///
    /// # Errors
    /// Those of `derive`; a computation that doesn't say what [`follows`](Derive::follows).
    fn element(&self, dt: f64, read: &dyn Fn(usize, usize) -> f64, k: usize) -> Result<f64, String> {
        let _ = (dt, read);
        Err(format!("element {k} is not computed by itself"))
    }
}

/// A computation with its signals.
#[derive(Clone, Debug)]
pub struct Derived {
    /// The computation.
    pub what: Arc<dyn Derive>,
    /// Signals that it reads.
    pub reads: Vec<SignalId>,
    /// Signals that it writes; none that it reads.
    pub writes: Vec<SignalId>,
    /// Path of the object that it belongs to, for messages.
    pub of: String,
}
