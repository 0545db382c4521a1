//! What Python needs of bouton: programs made operator by operator, simulations that run them, arrays that share their memory.
//!
//! The Python package decides what becomes an operator; this crate hands it on. A program that is made here is checked by the
//! engine as any other is (`Program::check`).

mod calls;
mod checksum;
mod cli;
mod devices;
mod gains;
mod lent;
mod live;
mod native;
mod program;
mod rates;
mod rule;
mod shared;
mod sim;

use pyo3::create_exception;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

create_exception!(_bouton, Error, PyRuntimeError, "What bouton says: an object, and what is wrong with it.");

/// bouton's error as Python's, with the object's name before the message.
pub(crate) fn raise(e: &bouton_core::Error) -> PyErr {
    Error::new_err(e.to_string())
}

/// The engine, for the Python package `bouton`.
#[pymodule]
mod _bouton {
    #[pymodule_export]
    use super::Error;
    #[pymodule_export]
    use super::checksum::checksum;
    #[pymodule_export]
    use super::cli::main;
    #[pymodule_export]
    use super::devices::{Devices, Drawn, policy_is_filtered};
    #[pymodule_export]
    use super::native::{Model, Native};
    #[pymodule_export]
    use super::program::Program;
    #[pymodule_export]
    use super::rates::{inverse_overdrive, lif_rates, saturates_at};
    #[pymodule_export]
    use super::rule::Rule;
    #[pymodule_export]
    use super::sim::{Checkpoint, Sim};

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("__version__", env!("CARGO_PKG_VERSION"))?;
        m.add("passes", bouton_engine::Passes::NAMES.to_vec())
    }
}
