//! Random numbers of bouton.
//!
//! Two kinds, for two needs:
//!
//! * [`numpy::RandomState`] gives the numbers that NumPy < 2.4 gives for the same seed. The distributions of which
//!   encoders, evaluation points, rates and initial states are drawn when a model is built (in `bouton-elements`) draw
//!   from it.
//! * [`philox::Stream`] gives numbers that depend on a key (seed, object, purpose, step) and an index, and on
//!   nothing else: not on the order of operators, the number of threads or the platform. Devices and noise
//!   draw from here.
//!
//! ```
//! use bouton_random::RandomState;
//!
//! let mut rng = RandomState::new(0);
//! assert_eq!(rng.random_sample(), 0.548_813_503_927_324_8);
//! ```

mod error;
pub mod numpy;
pub mod philox;
mod special;

pub use error::DistError;
pub use numpy::RandomState;
pub use philox::{Purpose, Stream, StreamKey, object_key};
