//! What a rule's change is made of.

/// What a rule's change of the weights (rows × columns, post × pre) is made of. The rule sets the parts in each step; one
/// kernel adds them to weights, or a pulse policy makes pulses of them.
///
/// | change | parts | Δw of row i, column j |
/// |---|---|---|
/// | `Outer(k)` | scale, post (k × rows), pre (k × columns) | Σ_f scale·post_f,i·pre_f,j |
/// | `Dense` | delta (rows × columns) | delta_i,j |
/// | `Rare` | due, delta (rows × columns) | delta_i,j, where due isn't 0 |
/// | `Scaled(k)` | shares (rows), and those of `Outer(k)` if k isn't 0 | shares_i·w_i,j + Σ_f scale·post_f,i·pre_f,j |
/// | `AtSpikes` | numbers, pre (spikes and operands, columns each), post (the same, rows each) | what [`at_spikes`] says, where i or j spiked |
///
/// The scale of an outer product is the learning rate and what goes with it: devices are given the factors without it, but
/// for its sign; where it is 0, nothing changes. A share is one of the weight as it is when the change acts, and so is the weight that `at_spikes` is given.
///
/// [`at_spikes`]: super::RuleModel::at_spikes
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A sum of outer products of this many factors.
    Outer(usize),
    /// A matrix.
    Dense,
    /// A matrix in some steps, and nothing in the others.
    Rare,
    /// A share of each weight, by rows, and a sum of outer products of this many factors.
    Scaled(usize),
    /// Columns of presynaptic neurons and rows of postsynaptic ones that spiked.
    AtSpikes(SpikeParts),
}

/// How many numbers a change at spikes is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpikeParts {
    /// Numbers for all; the last two are the bounds, if there are any.
    pub numbers: usize,
    /// Operands that have a number for each presynaptic neuron.
    pub pre: usize,
    /// Operands that have a number for each postsynaptic neuron.
    pub post: usize,
    /// Whether there are bounds: weights are kept within them whenever they act, whether they changed or not.
    pub bounded: bool,
    /// What `at_spikes` reads, by bit: of the spikes of each side (pre, post), which operands of each side (pre, post). The others
    /// it may be given empty.
    pub reads: [[u16; 2]; 2],
}

impl SpikeParts {
    /// Most operands of a side.
    pub const OPERANDS: usize = 16;
    /// The operands of a side (0: pre, 1: post) that are read at the spikes of one.
    pub fn read(self, spikes: usize, side: usize) -> impl Iterator<Item = usize> {
        (0..[self.pre, self.post][side]).filter(move |a| self.reads[spikes][side] >> a & 1 == 1)
    }
}

impl Change {
    /// Names and lengths of the parts for weights of `rows` × `cols`.
    pub fn parts(self, rows: usize, cols: usize) -> Vec<(&'static str, usize)> {
        let outer = |k| vec![("scale", 1), ("post", k * rows), ("pre", k * cols)];
        match self {
            Change::Outer(k) => outer(k),
            Change::Dense => vec![("delta", rows * cols)],
            Change::Rare => vec![("due", 1), ("delta", rows * cols)],
            Change::Scaled(0) => vec![("shares", rows)],
            Change::Scaled(k) => [vec![("shares", rows)], outer(k)].concat(),
            Change::AtSpikes(s) => {
                vec![("numbers", s.numbers), ("pre", (1 + s.pre) * cols), ("post", (1 + s.post) * rows)]
            }
        }
    }
    /// Whether what it comes to depends on the weights.
    pub fn reads_weights(self) -> bool {
        matches!(self, Change::Scaled(_) | Change::AtSpikes(_))
    }
}
