//! The parity suite: models that are built and run here and with Nengo 4.1, and compared number by number.
//!
//! A model is described once (`tests/parity/README.md` says how). `scripts/parity/oracle.py` gives it to Nengo and
//! writes parameters and probes to an `.npz` file; [`Model::read`] gives it to bouton; [`compare`] runs it and compares.

mod compare;
mod model;
mod own_rule;

pub use compare::{PARAMETER_LIMIT, PROBE_LIMIT, Report, Split, compare, table};
pub use model::Model;
