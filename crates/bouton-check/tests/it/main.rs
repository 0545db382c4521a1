//! Tests of the check.

mod cases;
mod confirmed;
mod ordinary;
