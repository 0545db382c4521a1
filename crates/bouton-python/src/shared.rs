//! What the calls of a simulation share with Python: step functions, the exception that ended a step, the clock.

use std::cell::RefCell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bouton_core::Failure;
use bouton_engine::{Io, SignalId};
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

/// What Python hands to the calls of one simulation, and they to it.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Python's step functions, by slot. They are made anew at each reset.
    steps: Mutex<Vec<Option<Py<PyAny>>>>,
    /// The exception that ended a step.
    raised: Mutex<Option<PyErr>>,
    /// Steps that are over.
    pub(crate) done: AtomicU64,
    /// Seeds that Python has drawn for processes, by slot.
    seeds: Mutex<Vec<u32>>,
}

/// What is behind a lock, also where a panic has left it.
pub(crate) fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What calls and simulation hold.
pub(crate) type Share = Arc<Shared>;

impl Shared {
    pub(crate) fn set_step(&self, slot: usize, step: Option<Py<PyAny>>) {
        let mut steps = locked(&self.steps);
        if steps.len() <= slot {
            steps.resize_with(slot + 1, || None);
        }
        steps[slot] = step;
    }
    /// Shows Python's garbage collector what is held here.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        // Whoever has the lock has Python's too, and doesn't collect.
        match self.steps.try_lock() {
            Ok(steps) => steps.iter().flatten().try_for_each(|s| visit.call(s)),
            Err(_) => Ok(()),
        }
    }
    /// Lets go of all of it. Steps without their functions aren't taken any more.
    pub(crate) fn clear(&self) {
        // Dropped after the lock is let go of: they may run code of their own.
        let all: Vec<_> = locked(&self.steps).iter_mut().map(Option::take).collect();
        drop(all);
        drop(self.take_raised());
    }
    pub(crate) fn set_seed(&self, slot: usize, seed: u32) {
        let mut seeds = locked(&self.seeds);
        let n = seeds.len().max(slot + 1);
        seeds.resize(n, 0);
        seeds[slot] = seed;
    }
    pub(crate) fn seed(&self, slot: usize) -> u32 {
        locked(&self.seeds).get(slot).copied().unwrap_or(0)
    }
    /// Whether anything of Python's runs in a step.
    pub(crate) fn has_steps(&self) -> bool {
        !locked(&self.steps).is_empty()
    }
    pub(crate) fn step(&self, py: Python<'_>, slot: usize) -> Option<Py<PyAny>> {
        let steps = locked(&self.steps);
        steps.get(slot).and_then(|s| s.as_ref().map(|s| s.clone_ref(py)))
    }
    /// Ends a step with an exception; what is returned ends the run.
    pub(crate) fn raise(&self, e: PyErr) -> Failure {
        let text = e.to_string();
        *locked(&self.raised) = Some(e);
        text.into()
    }
    pub(crate) fn take_raised(&self) -> Option<PyErr> {
        locked(&self.raised).take()
    }
    pub(crate) fn steps_done(&self) -> u64 {
        self.done.load(Ordering::Acquire)
    }
}

thread_local! {
    /// What runs on this thread, innermost last: whose call (by the address of what its simulation shares), what it reaches, and whether
    /// someone asked for memory.
    static RUNNING: RefCell<Vec<(*const Shared, NonNull<()>, bool)>> = const { RefCell::new(vec![]) };
}

/// Runs Python within a call of a simulation: meanwhile [`settle`] reaches what the call does.
pub(crate) fn within<R>(share: &Share, io: &mut Io<'_>, f: impl FnOnce() -> R) -> R {
    // The call's own hold on `io` is not used again before `f` has returned and the pointer is gone.
    let reach = NonNull::from(&mut *io).cast::<()>();
    // `share` is borrowed until the end: it stays where it is.
    RUNNING.with_borrow_mut(|all| all.push((Arc::as_ptr(share), reach, false)));
    /// Takes the pointer away again, also where `f` panics; says whether someone asked for memory.
    struct Within;
    impl Within {
        fn end(self) -> bool {
            let settled = RUNNING.with_borrow_mut(|all| all.pop().is_some_and(|r| r.2));
            std::mem::forget(self);
            settled
        }
    }
    impl Drop for Within {
        fn drop(&mut self) {
            RUNNING.with_borrow_mut(|all| _ = all.pop());
        }
    }
    let within = Within;
    let result = f();
    if within.end() {
        io.open_forms();
    }
    result
}

/// In a call of this simulation: makes every signal's own memory the truth until the call ends, and says whether this step stores a
/// signal; `None` outside of calls of this thread.
pub(crate) fn settle(share: &Share, signal: SignalId) -> Option<bool> {
    RUNNING.with_borrow_mut(|all| {
        let (_, reach, settled) = all.iter_mut().rev().find(|r| std::ptr::eq(r.0, Arc::as_ptr(share)))?;
        // SAFETY: `within` has put the pointer here and is still running below this frame, on this thread: what it points to is
        // alive, and nobody else uses it until `within` goes on. It is used for this moment alone; lifetimes don't escape.
        let io = unsafe { reach.cast::<Io<'_>>().as_mut() };
        if !std::mem::replace(settled, true) {
            io.close_forms();
        }
        Some(io.stores(signal))
    })
}
