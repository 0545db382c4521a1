//! A matrix by columns, so that what lies side by side can be worked on side by side. A copy: bit for bit.

/// The transposed of a matrix that no kernel writes.
pub(crate) type Transposed = super::columns::Columns<false>;
