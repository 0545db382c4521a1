//! Checkpoints: all that a simulation goes on from, as plain data. Whoever has files writes them.

use crate::run::Precision;

use super::Entry;

/// Numbers as they are kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Double precision.
    F64(Vec<f64>),
    /// Single precision.
    F32(Vec<f32>),
}

impl Values {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Values::F64(v) => v.len(),
            Values::F32(v) => v.len(),
        }
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Value `k`, as double precision.
    pub fn at(&self, k: usize) -> f64 {
        match self {
            Values::F64(v) => v[k],
            Values::F32(v) => f64::from(v[k]),
        }
    }
    /// As double precision.
    pub fn wide(&self) -> Vec<f64> {
        match self {
            Values::F64(v) => v.clone(),
            Values::F32(v) => v.iter().map(|x| f64::from(*x)).collect(),
        }
    }
}

/// A signal's numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedSignal {
    /// The signal's name.
    pub name: String,
    /// Rows and columns.
    pub shape: (usize, usize),
    /// The numbers, row-major, as they lie in its own memory.
    pub values: Values,
}

/// The numbers of a form, which are the truth where there is one: closing it would round.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedForm {
    /// Position of the signal among those saved.
    pub signal: usize,
    /// Name of the form.
    pub form: String,
    /// The form's own numbers.
    pub values: Values,
}

/// What a call holds beside signals.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedCall {
    /// Position of the operator.
    pub operator: usize,
    /// What it is and whose.
    pub of: String,
    /// What it gave.
    pub bytes: Vec<u8>,
}

/// The filter of a probe.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckpointProbe {
    /// What it looks at.
    pub of: String,
    /// Output and state of its filter.
    pub filtered: Vec<f64>,
    /// State of the filter.
    pub state: Vec<f64>,
}

/// All that a simulation goes on from.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Steps taken.
    pub step: u64,
    /// Time step (s).
    pub dt: f64,
    /// Number type.
    pub precision: Precision,
    /// Seed of the draws that calls were started with.
    pub seed: u32,
    /// Parameters and state, base signals only, in the order of the program.
    pub signals: Vec<SavedSignal>,
    /// Forms that are the truth.
    pub forms: Vec<SavedForm>,
    /// Calls that hold something.
    pub calls: Vec<SavedCall>,
    /// Filters of probes.
    pub probes: Vec<CheckpointProbe>,
    /// The log as far as it was kept, oldest entry first.
    pub log: Vec<Entry>,
    /// The number that the next entry of the log will have.
    pub next_entry: u64,
    /// How many entries of the log have lost their values.
    pub dropped: u64,
}

impl Checkpoint {
    /// A saved signal by its name.
    pub fn get(&self, name: &str) -> Option<&SavedSignal> {
        self.signals.iter().find(|s| s.name == name)
    }
}

/// What came of loading some of a checkpoint by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// Paths that were set.
    pub matched: Vec<String>,
    /// Paths that were wanted, and that the checkpoint doesn't have.
    pub missing: Vec<String>,
    /// Paths of other shapes there and here.
    pub other_shape: Vec<String>,
    /// Names in the checkpoint that nothing here is called.
    pub unused: Vec<String>,
    /// Connections whose weights were set, and whose pre ensemble has other encoders, gains or biases here than in the
    /// checkpoint (or that has none of these there): the weights were learned from other activities, and give something
    /// else here. A simulation knows of no ensembles; who does fills it.
    pub other_encoders: Vec<String>,
}
