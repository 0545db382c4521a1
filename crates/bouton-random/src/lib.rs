//! Random numbers of bouton.
//!
//! Two kinds, for two needs:
//!
//! * [`numpy::RandomState`] and [`dists::Distribution`] give the numbers that Nengo 4.1 with NumPy < 2.4
//!   gives for the same seed, and leave the generator in the same state. What is sampled when a model is
//!   built (encoders, evaluation points, maximum rates, intercepts, initial states) comes from here.
//! * [`philox::Stream`] gives numbers that depend on a key (seed, object, purpose, step) and an index, and on
//!   nothing else: not on the order of operators, the number of threads or the platform. Devices and noise
//!   draw from here.
//!
//! ```
//! use bouton_random::{Distribution, RandomState};
//!
//! let mut rng = RandomState::new(1);
//! let encoders = Distribution::scattered_surface().sample(50, 2, &mut rng)?;
//! assert_eq!(encoders.len(), 100);
//! # Ok::<(), bouton_random::DistError>(())
//! ```

pub mod dists;
mod error;
pub mod numpy;
pub mod philox;
mod special;

pub use dists::Distribution;
pub use error::DistError;
pub use numpy::RandomState;
pub use philox::{Purpose, Stream, StreamKey, object_key};
