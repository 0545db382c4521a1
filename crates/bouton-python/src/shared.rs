//! What the calls of a simulation share with Python: step functions, the exception that ended a step, the clock.

use std::cell::RefCell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bouton_core::Failure;
use bouton_engine::{Io, ObserveId, SignalId};
use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3::{PyTraverseError, PyVisit};

/// What Python hands to the calls of one simulation, and they to it.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Python's step functions, by slot, or None. They are made anew at each reset. A list of Python's is guarded by Python's lock
    /// without one of its own, which would be a hundredth of a function that calls NumPy once.
    steps: Py<PyList>,
    /// Whether anything of Python's runs in a step.
    any: AtomicBool,
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
    pub(crate) fn new(py: Python<'_>) -> Share {
        Arc::new(Shared {
            steps: PyList::empty(py).unbind(),
            any: false.into(),
            raised: Mutex::default(),
            done: AtomicU64::default(),
            seeds: Mutex::default(),
        })
    }
    /// Makes a slot for a step function; returns its number.
    pub(crate) fn add_step(&self, py: Python<'_>, step: Option<Py<PyAny>>) -> PyResult<usize> {
        let steps = self.steps.bind(py);
        self.any.store(true, Ordering::Release);
        steps.append(step)?;
        Ok(steps.len() - 1)
    }
    pub(crate) fn set_step(&self, py: Python<'_>, slot: usize, step: Option<Py<PyAny>>) -> PyResult<()> {
        self.steps.bind(py).set_item(slot, step)
    }
    /// Shows Python's garbage collector what is held here.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.steps)
    }
    /// Lets go of all of it. Steps without their functions aren't taken any more.
    pub(crate) fn clear(&self, py: Python<'_>) -> PyResult<()> {
        drop(self.take_raised());
        let steps = self.steps.bind(py);
        steps.del_slice(0, steps.len())
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
        self.any.load(Ordering::Acquire)
    }
    pub(crate) fn step<'py>(&self, py: Python<'py>, slot: usize) -> Option<Bound<'py, PyAny>> {
        self.steps.bind(py).get_item(slot).ok().filter(|step| !step.is_none())
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

/// A call of a simulation in which Python runs.
struct Frame {
    /// Whose call, by the address of what its simulation shares.
    share: *const Shared,
    /// What it reaches.
    reach: NonNull<()>,
    /// Whether someone asked for memory.
    settled: bool,
}

thread_local! {
    /// The calls of this thread, innermost last.
    static RUNNING: RefCell<Vec<Frame>> = const { RefCell::new(vec![]) };
}

/// Takes the innermost call away again, also where what runs in it panics.
struct Within<'a>(&'a RefCell<Vec<Frame>>);

impl Within<'_> {
    /// Says whether someone asked for memory.
    fn end(self) -> bool {
        let frame = self.0.borrow_mut().pop();
        std::mem::forget(self);
        frame.is_some_and(|f| f.settled)
    }
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().pop();
    }
}

/// Runs Python within a call of a simulation: meanwhile [`settle`] and [`drain`] reach what the call does.
pub(crate) fn within<R>(share: &Share, io: &mut Io<'_>, f: impl FnOnce() -> R) -> R {
    // The call's own hold on `io` is not used again before `f` has returned and the pointer is gone; `share` is borrowed until the end:
    // it stays where it is.
    let reach = NonNull::from(&mut *io).cast::<()>();
    // What belongs to a thread is asked for once: of a function of a microsecond each time is half a percent.
    RUNNING.with(|running| {
        running.borrow_mut().push(Frame { share: Arc::as_ptr(share), reach, settled: false });
        let within = Within(running);
        let result = f();
        if within.end() {
            io.open_forms();
        }
        result
    })
}

/// In a call of this simulation: makes every signal's own memory the truth until the call ends, and says whether this step stores a
/// signal; `None` outside of calls of this thread.
pub(crate) fn settle(share: &Share, signal: SignalId) -> Option<bool> {
    reach(share, |io, settled| {
        if !std::mem::replace(settled, true) {
            io.close_forms();
        }
        io.stores(signal)
    })
}

/// In a call of this simulation: moves what a probe has recorded until the step before behind other values; nothing outside of calls of
/// this thread.
pub(crate) fn drain(share: &Share, id: ObserveId, to: &mut Vec<f64>) {
    reach(share, |io, _| io.drain_values(id, to));
}

/// Does something with what the innermost call of a simulation on this thread reaches, if there is one.
fn reach<R>(share: &Share, f: impl FnOnce(&mut Io<'_>, &mut bool) -> R) -> Option<R> {
    RUNNING.with_borrow_mut(|all| {
        let frame = all.iter_mut().rev().find(|f| std::ptr::eq(f.share, Arc::as_ptr(share)))?;
        // SAFETY: `within` has put the pointer here and is still running below this frame, on this thread: what it points to is
        // alive, and nobody else uses it until `within` goes on. `f` is one of the two above, which run no code of others, and so
        // get no second one of it; lifetimes don't escape.
        let io = unsafe { frame.reach.cast::<Io<'_>>().as_mut() };
        Some(f(io, &mut frame.settled))
    })
}
