//! What the calls of a simulation share with Python: step functions, the exception that ended a step, the clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bouton_core::Failure;
use pyo3::prelude::*;

/// What Python hands to the calls of one simulation, and they to it.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Python's step functions, by slot. They are made anew at each reset.
    steps: Mutex<Vec<Option<Py<PyAny>>>>,
    /// The exception that ended a step.
    raised: Mutex<Option<PyErr>>,
    /// Steps that are over.
    pub(crate) done: AtomicU64,
}

/// What calls and simulation hold.
pub(crate) type Share = Arc<Shared>;

impl Shared {
    pub(crate) fn set_step(&self, slot: usize, step: Option<Py<PyAny>>) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if steps.len() <= slot {
            steps.resize_with(slot + 1, || None);
        }
        steps[slot] = step;
    }
    /// Whether anything of Python's runs in a step.
    pub(crate) fn has_steps(&self) -> bool {
        !self.steps.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
    pub(crate) fn step(&self, py: Python<'_>, slot: usize) -> Option<Py<PyAny>> {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.get(slot).and_then(|s| s.as_ref().map(|s| s.clone_ref(py)))
    }
    /// Ends a step with an exception; what is returned ends the run.
    pub(crate) fn raise(&self, e: PyErr) -> Failure {
        let text = e.to_string();
        *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(e);
        text.into()
    }
    pub(crate) fn take_raised(&self) -> Option<PyErr> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
    pub(crate) fn steps_done(&self) -> u64 {
        self.done.load(Ordering::Acquire)
    }
}
