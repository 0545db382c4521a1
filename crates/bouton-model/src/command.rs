//! Commands: writes at times that are known before a run.

/// When a command is carried out: between two steps, when as many steps have been taken as its time has.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// Once, at a time (s).
    At(f64),
    /// Again and again.
    Every {
        /// Time between two (s).
        every: f64,
        /// Time of the first (s).
        from: f64,
        /// Time of the last at most (s); none: to the end of the run.
        until: Option<f64>,
    },
}

/// Which elements a command sets. Rows and columns are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All.
    All,
    /// A row.
    Row(usize),
    /// A column.
    Column(usize),
    /// One element: row and column.
    Element(usize, usize),
}

/// What a command sets elements to.
#[derive(Clone, Debug, PartialEq)]
pub enum To {
    /// One number, which all elements get.
    Number(f64),
    /// A number an element, row-major.
    List(Vec<f64>),
    /// Rows of a matrix.
    Rows(Vec<Vec<f64>>),
}

/// What a command does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Writes to what has a path.
    Set {
        /// The path.
        path: String,
        /// Which elements.
        part: Part,
        /// The values.
        to: To,
    },
    /// Stops all change of a connection's weights by its rules; the connection's path.
    Freeze(String),
    /// Lets them change again; the connection's path.
    Thaw(String),
}

/// A write at times that are known before a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// When.
    pub when: When,
    /// What.
    pub what: Action,
    /// Where it was read, for messages, such as `commands[0] (line 12)`; may be empty.
    pub place: String,
}
