//! What a rule's change is made of.

/// What a rule's change of the weights (rows × columns, post × pre) is made of. The rule sets the parts in each step; one
/// kernel adds them to weights, or a pulse policy makes pulses of them.
///
/// | change | parts | Δw of row i, column j |
/// |---|---|---|
/// | `Outer(k)` | scale, post (k × rows), pre (k × columns) | Σ_f scale·post_f,i·pre_f,j |
/// | `Dense` | delta (rows × columns) | delta_i,j |
/// | `Rare` | due, delta (rows × columns) | delta_i,j, where due isn't 0 |
/// | `OnPre` | rows, spikes (columns) | rows_i·spikes_j, where spikes_j isn't 0 |
/// | `OnPost` | spikes (rows), columns | spikes_i·columns_j, where spikes_i isn't 0 |
/// | `RowScale` | factors (rows) | (factors_i − 1)·w_i,j |
///
/// The scale of an outer product is the learning rate and what goes with it: devices are given the factors without it, but
/// for its sign; where it is 0, nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A sum of outer products of this many factors.
    Outer(usize),
    /// A matrix.
    Dense,
    /// A matrix in some steps, and nothing in the others.
    Rare,
    /// Columns of presynaptic neurons that spiked.
    OnPre,
    /// Rows of postsynaptic neurons that spiked.
    OnPost,
    /// A factor on each row.
    RowScale,
}

impl Change {
    /// Names and lengths of the parts for weights of `rows` × `cols`.
    pub fn parts(self, rows: usize, cols: usize) -> Vec<(&'static str, usize)> {
        match self {
            Change::Outer(k) => vec![("scale", 1), ("post", k * rows), ("pre", k * cols)],
            Change::Dense => vec![("delta", rows * cols)],
            Change::Rare => vec![("due", 1), ("delta", rows * cols)],
            Change::OnPre => vec![("rows", rows), ("spikes", cols)],
            Change::OnPost => vec![("spikes", rows), ("columns", cols)],
            Change::RowScale => vec![("factors", rows)],
        }
    }
}
