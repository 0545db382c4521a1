//! The ground that all of bouton stands on: errors, matrices, slices, the name that was meant.

mod error;
mod matrix;
mod nearest;
mod slice;

pub use error::{Error, ErrorKind, no_panic};
pub use matrix::Matrix;
pub use nearest::nearest;
pub use slice::Slice;
