//! A simulation as Python holds it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use bouton::checkpoint::{self, More};
use bouton_engine::{Address, By, Edit, Observe, ObserveId, Pick, Reset, SignalId, Simulation};
use numpy::ndarray::ArrayView1;
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::live::{Path, now, paths, value};
use crate::program::passes;
use crate::raise;
use crate::shared::{Share, drain, locked, settle};

/// Steps between two looks at the clock and at signals such as Ctrl-C.
const LOOK: Duration = Duration::from_millis(20);

/// What keeps the memory of an array that was handed out.
#[pyclass(frozen)]
struct Numbers {
    #[allow(dead_code, reason = "it keeps the memory")]
    held: Address,
}

/// Memory of a signal and what may be done with it.
#[pyclass(frozen)]
pub(crate) struct Sim {
    sim: Mutex<Simulation>,
    ids: Vec<SignalId>,
    addresses: Vec<Address>,
    share: Share,
    /// Whether someone has hold of memory. Python's lock is then kept during a step, and also where Python runs in one: there
    /// memory may be handed out in its middle.
    held: AtomicBool,
    probes: Mutex<Vec<Recorded>>,
    /// What is to be held after the step that runs: these signals, or all; and whether there is anything.
    asked: Mutex<(Vec<SignalId>, bool)>,
    asks: AtomicBool,
    /// Python's clock: advances the signals of the clock and returns the step; and whether it is called before every step.
    clock: Mutex<Option<Py<PyAny>>>,
    ticks: AtomicBool,
}

/// A probe: how many numbers a sample has, and what it has recorded since it was last asked, where a thread may ask while another
/// takes steps.
struct Recorded {
    id: ObserveId,
    width: usize,
    values: Vec<f64>,
}

impl Recorded {
    fn of(sim: &Simulation, id: ObserveId) -> PyResult<Recorded> {
        let (rows, cols) = sim.sample_shape(id).map_err(|e| raise(&e))?;
        Ok(Recorded { id, width: rows * cols, values: vec![] })
    }
}

impl Sim {
    pub(crate) fn new(sim: Simulation, ids: Vec<SignalId>, share: Share) -> Sim {
        let addresses = ids.iter().map(|s| sim.address(*s)).collect();
        Sim {
            sim: Mutex::new(sim),
            ids,
            addresses,
            share,
            held: false.into(),
            probes: Mutex::default(),
            asked: Mutex::default(),
            asks: false.into(),
            clock: Mutex::default(),
            ticks: false.into(),
        }
    }
    fn lock(&self) -> PyResult<MutexGuard<'_, Simulation>> {
        now(&self.sim, "the simulation is in a step: this can be done between two steps only")
    }
    fn id(&self, k: u32) -> PyResult<SignalId> {
        self.ids
            .get(k as usize)
            .copied()
            .ok_or_else(|| PyValueError::new_err(format!("there is no signal {k}")))
    }
    /// Whether Python's clock is called before every step.
    fn ticks(&self) -> bool {
        self.ticks.load(Ordering::Acquire)
    }
    /// Advances Python's clock; a step that was set by hand is the engine's.
    fn tick(&self, sim: &mut Simulation) -> Result<(), bouton_core::Error> {
        let step = Python::attach(|py| {
            let clock = locked(&self.clock);
            let clock = clock.as_ref().map(|c| c.clone_ref(py));
            clock.map_or(Ok(sim.n_steps() + 1), |c| c.call0(py)?.extract::<u64>(py))
        });
        match step {
            Ok(step) if step > 0 && step != sim.n_steps() + 1 => sim.set_n_steps(step - 1),
            Ok(_) => {}
            Err(e) => return Err(bouton_core::Error::run("clock", self.share.raise(e).to_string())),
        }
        Ok(())
    }
    /// Holds what a call asked for in the step that is over.
    fn hold_what_was_asked(&self, sim: &mut Simulation) -> Result<(), bouton_core::Error> {
        self.asks.store(false, Ordering::Release);
        let (signals, all) = std::mem::take(&mut *locked(&self.asked));
        if all {
            sim.hold_any()?;
        }
        if signals.is_empty() { Ok(()) } else { sim.hold(&signals) }
    }
    /// Takes what probes have recorded out of the simulation.
    fn store(&self, sim: &mut Simulation) -> Result<(), bouton_core::Error> {
        locked(&self.probes).iter_mut().try_for_each(|p| sim.drain_values(p.id, &mut p.values))
    }
}

/// A logged write: its number, the steps that were over, the number of the write that it takes back, path, positions if not all,
/// values, and whether it can be repeated: its values are there, and it is from outside.
type Logged<'py> = (u64, u64, Option<u64>, String, Option<Vec<usize>>, Bound<'py, PyArray1<f64>>, bool);

/// A checkpoint that was read.
#[pyclass(frozen)]
pub(crate) struct Checkpoint {
    state: bouton_engine::Checkpoint,
    more: Option<More>,
}

#[pymethods]
impl Checkpoint {
    /// Reads a file.
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Checkpoint> {
        let (state, more) = py.detach(|| checkpoint::read_with(path)).map_err(|e| raise(&e))?;
        Ok(Checkpoint { state, more })
    }
    /// Time step (s).
    fn dt(&self) -> f64 {
        self.state.dt
    }
    /// What the front end has said in it.
    fn text(&self) -> Option<&str> {
        self.more.as_ref().map(|m| &*m.text)
    }
    /// What the front end has kept in it.
    fn numbers<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.more.as_ref().map_or(&[], |m| &m.numbers))
    }
}

#[pymethods]
impl Sim {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.share.traverse(&visit)?;
        match self.clock.try_lock() {
            Ok(clock) => clock.iter().try_for_each(|c| visit.call(c)),
            Err(_) => Ok(()),
        }
    }
    fn __clear__(&self, py: Python<'_>) -> PyResult<()> {
        let clock = locked(&self.clock).take();
        drop(clock);
        self.share.clear(py)
    }

    /// Saves all state to a file, with what Python keeps beside it.
    fn save(&self, py: Python<'_>, path: PathBuf, text: String, numbers: Vec<f64>) -> PyResult<()> {
        let c = self.lock()?.save().map_err(|e| raise(&e))?;
        py.detach(|| checkpoint::write_with(path, &c, Some(More { text, numbers }))).map_err(|e| raise(&e))
    }
    /// Goes on from a checkpoint.
    fn load(&self, py: Python<'_>, saved: &Checkpoint) -> PyResult<()> {
        let mut sim = self.lock()?;
        let sim = &mut *sim;
        py.detach(|| sim.load(&saved.state).map(drop)).map_err(|e| raise(&e))?;
        self.share.done.store(sim.n_steps(), Ordering::Release);
        locked(&self.probes).iter_mut().for_each(|p| p.values.clear());
        Ok(())
    }
    /// The log of writes.
    fn log<'py>(&self, py: Python<'py>) -> PyResult<Vec<Logged<'py>>> {
        let sim = self.lock()?;
        let entry = |e: &bouton_engine::Entry| {
            let signal = sim.program().knobs().find(&e.path)?.signal;
            let s = sim.program().get(signal);
            let refuse = |m: String| bouton_core::Error::access(&e.path, m);
            let at = e.pick.positions((s.rows, s.cols)).map_err(refuse)?;
            let undone = if let By::Undo(k) = e.by { Some(k) } else { None };
            let whole = e.is_whole() && !matches!(e.by, By::Call(_));
            Ok((e.number, e.step, undone, e.path.clone(), at, PyArray1::from_slice(py, &e.values), whole))
        };
        sim.log().entries().map(entry).collect::<Result<_, bouton_core::Error>>().map_err(|e| raise(&e))
    }
    /// Begins to record what has a path, or the inverse of it, every so many steps; returns the number of the probe.
    fn observe(&self, path: &str, every: f64, inverse: bool) -> PyResult<usize> {
        let mut sim = self.lock()?;
        let signal = sim.program().knobs().find(path).map_err(|e| raise(&e))?.signal;
        let id =
            sim.attach(Observe { every, inverse, ..Observe::new(signal, path) }).map_err(|e| raise(&e))?;
        let mut probes = locked(&self.probes);
        probes.push(Recorded::of(&sim, id)?);
        Ok(probes.len() - 1)
    }
    /// Sets the seed of a process that has none, before its first step.
    fn set_seed(&self, slot: usize, seed: u32) {
        self.share.set_seed(slot, seed);
    }

    /// Takes up to `steps` steps, no longer than `seconds`; returns how many.
    fn run(&self, py: Python<'_>, steps: u64, seconds: f64) -> PyResult<u64> {
        let mut sim = self.lock()?;
        let calls = self.share.has_steps();
        let begin = Instant::now();
        let end = begin.checked_add(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
        let mut done = 0;
        while done < steps {
            let mut piece = |sim: &mut Simulation| {
                let start = Instant::now();
                // A look at the clock costs as much as a small kernel: of quick steps not all have one.
                let (mut left, mut last) = (1_u32, Duration::ZERO);
                while done < steps {
                    if self.ticks() {
                        self.tick(sim)?;
                    }
                    sim.step()?;
                    done += 1;
                    // Most steps ask for nothing.
                    if self.asks.load(Ordering::Acquire) {
                        self.hold_what_was_asked(sim)?;
                    }
                    self.share.done.store(sim.n_steps(), Ordering::Release);
                    left -= 1;
                    if left == 0 {
                        let now = start.elapsed();
                        if now > LOOK {
                            break;
                        }
                        left = if now - last < LOOK / 64 { 8 } else { 1 };
                        last = now;
                    }
                }
                Ok(())
            };
            let keep = calls || self.held.load(Ordering::Acquire);
            let result: Result<(), bouton_core::Error> = if keep {
                piece(&mut sim)
            } else {
                let sim = &mut *sim;
                py.detach(|| piece(sim))
            };
            // For other threads, which can't reach it in a step.
            if calls {
                self.store(&mut sim).map_err(|e| raise(&e))?;
            }
            if let Err(e) = result {
                return Err(match self.share.take_raised() {
                    Some(raised) => {
                        // What Python raised ends this step alone, as in Nengo.
                        sim.go_on();
                        raised
                    }
                    None => raise(&e),
                });
            }
            // Between two steps other threads have their turn.
            if keep {
                py.detach(|| ());
            }
            py.check_signals()?;
            if end.is_some_and(|e| Instant::now() >= e) {
                break;
            }
        }
        Ok(done)
    }
    /// Steps that are over; also while it runs.
    fn n_steps(&self) -> u64 {
        self.share.steps_done()
    }
    /// Sets the number of steps that are over.
    fn set_n_steps(&self, steps: u64) -> PyResult<()> {
        self.lock()?.set_n_steps(steps);
        self.share.done.store(steps, Ordering::Release);
        Ok(())
    }
    /// Sets the step function of a slot.
    fn set_step(&self, py: Python<'_>, slot: usize, step: Option<Py<PyAny>>) -> PyResult<()> {
        self.share.set_step(py, slot, step)
    }
    /// Starts everything anew.
    fn reset(&self) -> PyResult<()> {
        self.lock()?.reset(Reset::All).map_err(|e| raise(&e))?;
        self.share.done.store(0, Ordering::Release);
        Ok(())
    }

    /// Begins to record several, with one new plan.
    fn observe_all(&self, what: Vec<(u32, f64, String)>) -> PyResult<()> {
        let all = what
            .into_iter()
            .map(|(signal, every, of)| Ok(Observe { every, ..Observe::new(self.id(signal)?, of) }))
            .collect::<PyResult<Vec<_>>>()?;
        let mut sim = self.lock()?;
        let ids = sim.attach_all(all).map_err(|e| raise(&e))?;
        *locked(&self.probes) = ids.into_iter().map(|id| Recorded::of(&sim, id)).collect::<PyResult<_>>()?;
        Ok(())
    }
    /// What a probe has recorded since it was last asked, one row a sample.
    fn take<'py>(&self, py: Python<'py>, probe: usize) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (id, width, mut values) = match locked(&self.probes).get_mut(probe) {
            Some(p) => (p.id, p.width, std::mem::take(&mut p.values)),
            None => return Err(PyValueError::new_err(format!("there is no probe {probe}"))),
        };
        match self.sim.try_lock() {
            Ok(mut sim) => match values.is_empty() {
                true => values = sim.drain(id).map_err(|e| raise(&e))?.into_samples().values,
                false => sim.drain_values(id, &mut values).map_err(|e| raise(&e))?,
            },
            // In a step: what was recorded until the last one is there; for other threads, until it last looked at the clock.
            Err(_) if self.share.has_steps() => drain(&self.share, id, &mut values),
            Err(_) => drop(self.lock()?),
        }
        let rows = values.len() / width.max(1);
        PyArray1::from_vec(py, values).reshape([rows, width])
    }

    /// The values of a signal, in a new array.
    fn read<'py>(&self, py: Python<'py>, signal: u32) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let mut out = vec![];
        self.lock()?.read_signal(self.id(signal)?, &mut out);
        Ok(PyArray1::from_vec(py, out))
    }
    /// Sets a signal between steps.
    fn put(&self, signal: u32, values: Vec<f64>) -> PyResult<()> {
        let s = self.id(signal)?;
        let mut sim = self.lock()?;
        let n = sim.program().get(s).len();
        if n != values.len() {
            return Err(PyValueError::new_err(format!("{} values for {n}", values.len())));
        }
        sim.put_signal(s, &values);
        Ok(())
    }
    /// Holds signals: from now on every operator that touches them runs as itself, on the memory that `array` shares. In a step,
    /// from its end on.
    fn hold(&self, signals: Vec<u32>) -> PyResult<()> {
        let ids = signals.iter().map(|k| self.id(*k)).collect::<PyResult<Vec<_>>>()?;
        self.held.store(true, Ordering::Release);
        match self.sim.try_lock() {
            Ok(mut sim) => sim.hold(&ids).map_err(|e| raise(&e)),
            Err(_) => {
                locked(&self.asked).0.extend(ids);
                self.asks.store(true, Ordering::Release);
                Ok(())
            }
        }
    }
    /// Has any signal be stored where its operator stands, so that it can be held in the middle of a step. In a step, from its end on.
    fn hold_any(&self) -> PyResult<()> {
        self.held.store(true, Ordering::Release);
        match self.sim.try_lock() {
            Ok(mut sim) => sim.hold_any().map_err(|e| raise(&e)),
            Err(_) => {
                locked(&self.asked).1 = true;
                self.asks.store(true, Ordering::Release);
                Ok(())
            }
        }
    }
    /// Whether the signal stands as the last step left it: what is handed on within a kernel isn't stored. In a call of a step,
    /// makes the memory of every signal the truth until the call ends; None where a step runs in another thread.
    fn settle(&self, signal: u32) -> PyResult<Option<bool>> {
        let id = self.id(signal)?;
        Ok(match self.sim.try_lock() {
            Ok(sim) => Some(sim.stores(id) || sim.n_steps() == 0),
            Err(_) => settle(&self.share, id),
        })
    }
    /// Whether a step runs.
    fn busy(&self) -> bool {
        self.sim.try_lock().is_err()
    }
    /// Sets what advances Python's signals of the clock and returns the step, and whether it is called before every step.
    fn set_clock(&self, clock: Py<PyAny>, every_step: bool) {
        *locked(&self.clock) = Some(clock);
        self.ticks.store(every_step, Ordering::Release);
    }
    /// The memory of a signal as a flat array that shares it. What is in it is the signal where it is held.
    fn array<'py>(&self, py: Python<'py>, signal: u32) -> PyResult<Bound<'py, PyAny>> {
        let address = self.addresses.get(signal as usize).cloned();
        let held = address.ok_or_else(|| PyValueError::new_err(format!("there is no signal {signal}")))?;
        if !self.share.has_steps() && !self.held.load(Ordering::Acquire) {
            // Not while a step runs without Python's lock.
            let _between = self.lock()?;
            self.held.store(true, Ordering::Release);
        }
        self.held.store(true, Ordering::Release);
        Ok(match &held {
            Address::F64(h) => {
                let (at, n) = (h.address(), h.len());
                let owner = Bound::new(py, Numbers { held })?.into_any();
                // SAFETY: the numbers lie there for as long as `owner` lives. Python reads and writes them while it has its lock. The
                // engine keeps that lock during a step if an array was handed out before (`held`), or could be in the step
                // (`has_steps`), and touches nothing between two.
                unsafe { PyArray1::borrow_from_array(&ArrayView1::from_shape_ptr(n, at), owner) }.into_any()
            }
            Address::F32(h) => {
                let (at, n) = (h.address(), h.len());
                let owner = Bound::new(py, Numbers { held })?.into_any();
                // SAFETY: as above.
                unsafe { PyArray1::borrow_from_array(&ArrayView1::from_shape_ptr(n, at), owner) }.into_any()
            }
        })
    }

    /// Sets what has a path, checked and logged: all of it, or elements by position.
    #[pyo3(signature = (path, values, positions=None))]
    fn set(&self, path: String, values: Vec<f64>, positions: Option<Vec<usize>>) -> PyResult<u64> {
        let pick = positions.map_or(Pick::All, |p| Pick::Where(p.into()));
        self.lock()?.apply(&Edit { path, pick, values }).map_err(|e| raise(&e))
    }
    /// The values of what has a path, with its rows and columns.
    fn get<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyArray2<f64>>> {
        value(py, &mut *self.lock()?, path)
    }
    /// All paths: each with rows, columns, unit and meaning.
    fn paths(&self) -> PyResult<Vec<Path>> {
        Ok(paths(self.lock()?.program()))
    }
    /// Takes a logged write back.
    fn undo(&self, entry: u64) -> PyResult<u64> {
        self.lock()?.undo(entry).map_err(|e| raise(&e))
    }
    /// The plan, a line a kernel.
    fn explain(&self) -> PyResult<String> {
        Ok(self.lock()?.explain())
    }
    /// Makes the plan anew with other passes.
    fn replan(&self, given: &Bound<'_, PyAny>) -> PyResult<()> {
        let passes = passes(given)?;
        self.lock()?.replan(passes).map_err(|e| raise(&e))
    }
    /// Raises an error if a number isn't finite.
    fn check_finite(&self) -> PyResult<()> {
        self.lock()?.check_finite().map_err(|e| raise(&e))
    }
}
