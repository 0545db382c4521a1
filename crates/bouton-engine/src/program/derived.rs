//! What follows from an edit: scaled encoders from gains, coefficients of a filter from its time constant.

use std::fmt::Debug;
use std::sync::Arc;

use super::SignalId;

/// Computes signals from others, in double precision. It runs when one of what it reads was edited from outside or by a
/// call, before anything else sees the edit; never in a step by itself.
pub trait Derive: Debug + Send + Sync {
    /// Computes `writes` (their present values at first) from `reads`. `dt` is the time step (s).
    ///
    /// # Errors
    /// Values that make no sense together; the edit is then refused as a whole.
    fn derive(&self, dt: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String>;
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
