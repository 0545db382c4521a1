//! The ground that bouton's crates stand on: the error type, matrices, slices, small systems of equations, and the nearest of some
//! names.
//!
//! This crate depends on no other crate, so that whatever has errors of its own can turn them into an [`Error`].

#![forbid(unsafe_code)]

mod error;
mod matrix;
mod nearest;
mod slice;
mod solve;

pub use error::{Error, ErrorKind, Failure, no_panic};
pub use matrix::Matrix;
pub use nearest::nearest;
pub use slice::Slice;
pub use solve::solve;
