//! The engine by itself: programs written by hand, without a network. One program, so that it is linked once.

mod costs;
mod edits;
mod finite;
mod forms;
mod held;
mod log;
mod order;
mod passes;
mod probes;
mod programs;
mod tallies;
mod views;
mod weights;
