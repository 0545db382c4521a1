//! Passes: each is a file that says what it does, what it keeps, and when it may not be applied.

mod at_spikes;
pub(super) mod events;
mod factored;
mod fuse_encoding;
mod fuse_populations;
mod join_populations;
mod lif_phase;
mod locality;
mod merge_resets;
mod pending;
mod values;

pub(super) use values::Values;
