//! The memory of a simulation, and the one way to it.
//!
//! * [`Memory`] holds numbers in segments whose addresses never change. Pages are taken when they are first written.
//! * [`Slots`] are the operands of a kernel: spans that it reads and writes. Operands of which one is written and meets
//!   another are refused when they are made.
//! * [`Steps`] are the turns of a step: kernels on slots, and calls that run alone. Units that run at once are refused if
//!   they meet.
//! * [`run`] takes a step: each kernel is handed the slices of its slots, on one thread or on those of a [`Pool`].
//!
//! All unsafe code of the project is here and in the dispatch of `bouton-kernels`. Everything public is safe whatever it
//! is given: what would let two slices of one number be alive at once is checked where it is made.

mod memory;
mod pool;
pub mod room;
mod slots;
mod steps;
mod sync;
mod zeros;

pub use memory::{Held, Memory, Number};
pub use pool::Pool;
pub use slots::{Place, Room, Slots, Span};
pub use steps::{Lists, Operands, Parts, Slices, Split, Steps, Turn, run, split};
