//! A matrix by columns in the place of one by rows: what is side by side in memory is what one presynaptic neuron reaches.
//! Bit for bit.

/// The only place of a matrix: the memory of its rows stays untouched.
pub(crate) type ByColumns = super::columns::Columns<true>;
