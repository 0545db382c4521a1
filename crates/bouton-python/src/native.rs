//! Model files of bouton's own, built and run from Python.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use bouton::Schedule;
use bouton::model::ProbeId;
use bouton::prelude::{Options, Precision, Simulator};
use bouton_engine::{Pick, Reset};
use bouton_file::LoadOptions;
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;

use crate::live::{Path, now, paths, value};
use crate::program::passes;
use crate::raise;

/// Wall time between two looks at signals such as Ctrl-C.
const LOOK: Duration = Duration::from_millis(20);

/// A model file that was read.
#[pyclass(frozen)]
pub(crate) struct Model {
    model: bouton_file::Model,
}

#[pymethods]
impl Model {
    /// Reads a model file; `set` are overrides as `--set` takes them.
    #[new]
    #[pyo3(signature = (path, set, seed, rules))]
    fn new(
        path: PathBuf,
        set: Vec<(String, String)>,
        seed: Option<u32>,
        rules: Option<PathBuf>,
    ) -> PyResult<Model> {
        let options = LoadOptions { set, seed, rules, ..LoadOptions::default() };
        bouton_file::load(&path, &options).map(|model| Model { model }).map_err(|e| raise(&e))
    }
    /// Time step (s).
    fn dt(&self) -> f64 {
        self.model.dt
    }
    /// How long a run lasts unless told otherwise (s).
    fn time(&self) -> Option<f64> {
        self.model.time
    }
    /// What was taken for granted.
    fn notes(&self) -> Vec<String> {
        self.model.notes.clone()
    }
    /// Builds it.
    #[pyo3(signature = (dt, threads, single, passes))]
    fn start(
        &self,
        py: Python<'_>,
        dt: Option<f64>,
        threads: usize,
        single: bool,
        passes: &Bound<'_, PyAny>,
    ) -> PyResult<Native> {
        let precision = if single { Precision::F32 } else { Precision::F64 };
        let options = Options {
            dt: dt.unwrap_or(self.model.dt),
            threads: threads.max(1),
            precision,
            passes: self::passes(passes)?,
            ..Options::default()
        };
        py.detach(|| {
            let mut sim = Simulator::with(&self.model.network, options)?;
            let schedule = Schedule::new(&mut sim, &self.model.commands)?;
            Ok(Native { run: Mutex::new((sim, schedule)) })
        })
        .map_err(|e: bouton::Error| raise(&e))
    }
}

/// A simulation of a model file.
#[pyclass(frozen)]
pub(crate) struct Native {
    run: Mutex<(Simulator, Schedule)>,
}

impl Native {
    fn lock(&self) -> PyResult<MutexGuard<'_, (Simulator, Schedule)>> {
        now(&self.run, "the simulation runs in another thread: this can be done between two runs only")
    }
}

/// The probe of a name.
fn probe(sim: &Simulator, name: &str) -> PyResult<ProbeId> {
    let net = sim.network();
    let of = |p: &ProbeId| net.probe_path(*p) == name;
    net.probes().find(of).ok_or_else(|| {
        let names: Vec<String> = net.probes().map(|p| net.probe_path(p)).collect();
        PyKeyError::new_err(format!("there is no probe `{name}`; there are {}", names.join(", ")))
    })
}

#[pymethods]
impl Native {
    /// Runs for so many seconds of simulated time, no longer than `wall` seconds; returns the steps that are left.
    fn run(&self, py: Python<'_>, steps: u64, wall: f64) -> PyResult<u64> {
        let mut run = self.lock()?;
        let (sim, schedule) = &mut *run;
        let end = sim.n_steps() + steps;
        let begin = Instant::now();
        while sim.n_steps() < end && begin.elapsed().as_secs_f64() < wall {
            py.detach(|| {
                let start = Instant::now();
                while sim.n_steps() < end && start.elapsed() < LOOK {
                    let to = (sim.n_steps() + 16).min(end);
                    schedule.run_to(sim, to)?;
                }
                Ok(())
            })
            .map_err(|e: bouton::Error| raise(&e))?;
            py.check_signals()?;
        }
        Ok(end - sim.n_steps())
    }
    /// Steps of so many seconds.
    fn steps(&self, seconds: f64) -> PyResult<u64> {
        self.lock()?.0.steps(seconds).map_err(|e| raise(&e))
    }
    /// Steps that are over.
    fn n_steps(&self) -> PyResult<u64> {
        Ok(self.lock()?.0.n_steps())
    }
    /// Simulated time (s).
    fn time(&self) -> PyResult<f64> {
        Ok(self.lock()?.0.time())
    }
    /// Names of the probes.
    fn probes(&self) -> PyResult<Vec<String>> {
        let run = self.lock()?;
        let net = run.0.network();
        Ok(net.probes().map(|p| net.probe_path(p)).collect())
    }
    /// What a probe has recorded: times (s), and a row a sample.
    #[allow(clippy::type_complexity, reason = "two arrays")]
    fn data<'py>(
        &self,
        py: Python<'py>,
        name: &str,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray2<f64>>, (usize, usize))> {
        let run = self.lock()?;
        let sim = &run.0;
        let p = probe(sim, name)?;
        let times = sim.times(p).map_err(|e| raise(&e))?;
        let shape = sim.probe_shape(p).map_err(|e| raise(&e))?;
        let samples = sim.data(p).map_err(|e| raise(&e))?;
        let (rows, width) = (samples.rows(), samples.width);
        Ok((
            PyArray1::from_vec(py, times),
            PyArray1::from_vec(py, samples.values).reshape([rows, width])?,
            shape,
        ))
    }
    /// All paths: each with rows, columns, unit and meaning.
    fn paths(&self) -> PyResult<Vec<Path>> {
        Ok(paths(self.lock()?.0.simulation().program()))
    }
    /// The values of what has a path.
    fn get<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyArray2<f64>>> {
        value(py, self.lock()?.0.simulation_mut(), path)
    }
    /// Sets what has a path, checked and logged; returns the entry's number.
    #[pyo3(signature = (path, values, positions=None))]
    fn set(&self, path: &str, values: Vec<f64>, positions: Option<Vec<usize>>) -> PyResult<u64> {
        let pick = positions.map_or(Pick::All, |p| Pick::Where(p.into()));
        self.lock()?.0.write(path, pick, values).map_err(|e| raise(&e))
    }
    /// Takes a logged write back.
    fn undo(&self, entry: u64) -> PyResult<u64> {
        self.lock()?.0.undo(entry).map_err(|e| raise(&e))
    }
    /// Saves all state to a file.
    fn save(&self, path: PathBuf) -> PyResult<()> {
        self.lock()?.0.save_to(path).map_err(|e| raise(&e))
    }
    /// Goes on from a file.
    fn load(&self, path: PathBuf) -> PyResult<()> {
        self.lock()?.0.load_from(path).map(drop).map_err(|e| raise(&e))
    }
    /// Starts anew; with `keep_weights` parameters stay as they are.
    fn reset(&self, keep_weights: bool) -> PyResult<()> {
        let what = if keep_weights { Reset::KeepWeights } else { Reset::All };
        self.lock()?.0.reset(what).map_err(|e| raise(&e))
    }
    /// The plan, a line a kernel.
    fn explain(&self) -> PyResult<String> {
        Ok(self.lock()?.0.explain())
    }
    /// Notes of the scale check: whether each is a warning, and its words.
    fn check(&self) -> PyResult<Vec<(bool, String)>> {
        let run = self.lock()?;
        let notes = run.0.scale_check(None).map_err(|e| raise(&e))?;
        Ok(notes.iter().map(|n| (n.is_warning(), n.to_string())).collect())
    }
}
