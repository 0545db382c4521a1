//! The command line program, for `python -m bouton`.

use std::process::ExitCode;

use pyo3::prelude::*;

/// Runs the command line program with these arguments, the first of which is the program's name, and returns its exit status.
#[pyfunction]
pub(crate) fn main(py: Python<'_>, args: Vec<String>) -> u8 {
    let code = py.detach(|| bouton_cli::main_from(args, || Ok(())));
    // An exit code says nothing but whether it is another.
    (0..=u8::MAX).find(|k| ExitCode::from(*k) == code).unwrap_or(1)
}
