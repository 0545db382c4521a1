//! The engine by itself: programs written by hand, without a network. One program, so that it is linked once.

mod accesses;
mod calls;
mod checks;
mod costs;
mod door;
mod edits;
mod finite;
mod forms;
mod fused;
mod held;
mod joined;
mod learning;
mod log;
mod order;
mod passes;
mod probes;
mod programs;
mod saved;
mod tallies;
mod views;
mod weights;
