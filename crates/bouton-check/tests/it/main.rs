//! Tests of the check.

mod budget;
mod cases;
mod confirmed;
mod later;
mod neurons;
mod ordinary;
mod sources;
mod taught;
