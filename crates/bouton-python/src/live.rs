//! What both kinds of simulation have: a lock that nobody waits for, and what has a path.

use std::sync::{Mutex, MutexGuard, TryLockError};

use bouton_engine::{Pick, Program, Simulation};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::raise;

/// What has a path: the path, rows, columns, unit and meaning.
pub(crate) type Path = (String, usize, usize, String, String);

/// What is behind a lock, if nobody has it; otherwise an error of these words.
pub(crate) fn now<'a, T>(of: &'a Mutex<T>, busy: &'static str) -> PyResult<MutexGuard<'a, T>> {
    match of.try_lock() {
        Ok(s) => Ok(s),
        Err(TryLockError::Poisoned(p)) => Ok(p.into_inner()),
        Err(TryLockError::WouldBlock) => Err(PyRuntimeError::new_err(busy)),
    }
}

/// All that has a path.
pub(crate) fn paths(program: &Program) -> Vec<Path> {
    let row = |(path, k): (&str, &bouton_engine::Knob)| {
        let s = program.get(k.signal);
        (path.to_string(), s.rows, s.cols, k.unit.to_string(), k.doc.to_string())
    };
    program.knobs().iter().map(row).collect()
}

/// The values of what has a path, with its rows and columns.
pub(crate) fn value<'py>(
    py: Python<'py>,
    sim: &mut Simulation,
    path: &str,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let s = sim.program().knobs().find(path).map_err(|e| raise(&e))?.signal;
    let (rows, cols) = (sim.program().get(s).rows, sim.program().get(s).cols);
    let values = sim.read(path, &Pick::All).map_err(|e| raise(&e))?;
    PyArray1::from_vec(py, values).reshape([rows, cols])
}
