//! The engine by itself: programs written by hand, without a network. One program, so that it is linked once.

mod costs;
mod edits;
mod finite;
mod held;
mod log;
mod probes;
mod programs;
mod tallies;
mod views;
