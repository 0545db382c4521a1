//! Programs: signals and operators, and the order in which operators run.
//!
//! An operator declares what it sets, edits, increments, reads and updates. In a step, per signal: sets, then edits (by
//! callbacks), then increments, then reads, then updates. What is only updated carries state from step to step.
//! Among orders that keep this, the one of Kahn's algorithm with a first-in-first-out queue is taken, edges in order of
//! insertion: the order of Nengo's unoptimised operators, on which the seeds of its processes depend.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use bouton_elements::neurons::NeuronType;
use bouton_elements::processes::Process;
use bouton_elements::synapses::Filter;
use bouton_model::{ConnectionId, Error, Function, LearningRule, NodeFunction, Slice};

use crate::editors::order_editors;

/// A signal of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignalId(pub(crate) u32);

impl SignalId {
    /// Position in [`Program::signals`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A named array. A vector has one column.
#[derive(Clone, Debug)]
pub struct Signal {
    /// Name, for messages and listings.
    pub name: String,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
    /// Values at the start, row-major; zeros if `None`. Views have none of their own.
    pub initial: Option<Arc<Vec<f64>>>,
    /// For a view: its base, where it begins in it, and the distance between its rows there.
    pub view: Option<View>,
}

/// Where a view lies in its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The base signal (never a view itself).
    pub base: SignalId,
    /// First element.
    pub offset: usize,
    /// Elements between the beginnings of two rows.
    pub stride: usize,
}

impl Signal {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }
    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What an operator does.
#[derive(Clone)]
pub enum Action {
    /// Advances step and time.
    TimeUpdate,
    /// dst = value.
    Reset {
        /// Target.
        dst: SignalId,
        /// Value.
        value: f64,
    },
    /// `dst[to] = src[from]`, or `+=` with `inc`.
    Copy {
        /// Source.
        src: SignalId,
        /// Target.
        dst: SignalId,
        /// Elements of the source.
        from: Slice,
        /// Elements of the target.
        to: Slice,
        /// Whether the target is incremented.
        inc: bool,
        /// The connection whose learning rule's delta this adds to its weights, if it does.
        delta_of: Option<ConnectionId>,
    },
    /// y += a∘x; a single `a` scales all.
    ElementwiseInc {
        /// Factors.
        a: SignalId,
        /// Input.
        x: SignalId,
        /// Target.
        y: SignalId,
    },
    /// y += A·x.
    DotInc {
        /// Matrix.
        a: SignalId,
        /// Input.
        x: SignalId,
        /// Target.
        y: SignalId,
    },
    /// out = f(t, x): a node's callback.
    Node {
        /// Which node.
        node: usize,
        /// Makes the callback when a simulator starts.
        function: NodeFunction,
        /// Input, if it has one.
        x: Option<SignalId>,
        /// Output, if it has one.
        out: Option<SignalId>,
        /// Weights that it may edit.
        edits: Vec<(ConnectionId, SignalId)>,
    },
    /// out = f(x): a function on a connection from a node or a direct ensemble.
    Function {
        /// The function.
        function: Function,
        /// Input.
        x: SignalId,
        /// Output.
        out: SignalId,
    },
    /// Neurons: out and state from the current j.
    Neurons {
        /// Type and parameters.
        neurons: NeuronType,
        /// Which ensemble.
        ensemble: usize,
        /// Input current.
        j: SignalId,
        /// Output.
        out: SignalId,
        /// State variables.
        state: Vec<SignalId>,
    },
    /// A synapse: out and state, updated from the input.
    Filter {
        /// The discrete filter.
        filter: Filter,
        /// Input.
        u: SignalId,
        /// Output.
        out: SignalId,
        /// Inner state.
        state: Option<SignalId>,
        /// Whether operators that read the output in the same step run after the filter. Synapses deliver a step later;
        /// the filters of a rule's inputs don't.
        now: bool,
    },
    /// A process sets its output.
    Process {
        /// The process.
        process: Process,
        /// Output.
        out: SignalId,
    },
    /// Marks a signal as recorded.
    Probe {
        /// The signal.
        signal: SignalId,
    },
    /// A learning rule updates its delta, and weights at once if it is of that kind.
    Rule {
        /// The connection that learns.
        connection: ConnectionId,
        /// The rule.
        rule: LearningRule,
        /// Its inputs.
        inputs: Vec<SignalId>,
        /// Its (local) error.
        error: Option<SignalId>,
        /// The weights.
        weights: SignalId,
        /// Its delta.
        delta: Option<SignalId>,
        /// Its state variables.
        state: Vec<SignalId>,
        /// Whether the weights are written at once.
        now: bool,
    },
}

/// What an operator touches, by kind.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Set: the old value doesn't matter.
    pub sets: Vec<SignalId>,
    /// Edited by a callback, before increments and reads.
    pub edits: Vec<SignalId>,
    /// Incremented.
    pub incs: Vec<SignalId>,
    /// Read.
    pub reads: Vec<SignalId>,
    /// Updated, after all reads.
    pub updates: Vec<SignalId>,
}

/// An operator with the object that it belongs to.
#[derive(Clone)]
pub struct Operator {
    /// What it does.
    pub action: Action,
    /// Path of the object that it belongs to, for messages.
    pub object: String,
}

impl Operator {
    /// Short name of the kind of operator.
    pub fn kind(&self) -> &'static str {
        match &self.action {
            Action::TimeUpdate => "TimeUpdate",
            Action::Reset { .. } => "Reset",
            Action::Copy { .. } => "Copy",
            Action::ElementwiseInc { .. } => "ElementwiseInc",
            Action::DotInc { .. } => "DotInc",
            Action::Node { .. } => "Node",
            Action::Function { .. } => "Function",
            Action::Neurons { .. } => "Neurons",
            Action::Filter { .. } => "Filter",
            Action::Process { .. } => "Process",
            Action::Probe { .. } => "Probe",
            Action::Rule { .. } => "Rule",
        }
    }

    /// What it touches.
    pub fn access(&self) -> Access {
        let mut a = Access::default();
        match &self.action {
            // The clock is no signal: it is advanced before the first operator of each step.
            Action::TimeUpdate => {}
            Action::Reset { dst, .. } => a.sets.push(*dst),
            Action::Copy { src, dst, inc, .. } => {
                if *inc {
                    a.incs.push(*dst);
                } else {
                    a.sets.push(*dst);
                }
                a.reads.push(*src);
            }
            Action::ElementwiseInc { a: m, x, y } | Action::DotInc { a: m, x, y } => {
                a.incs.push(*y);
                a.reads.extend([*m, *x]);
            }
            Action::Node { x, out, edits, .. } => {
                a.sets.extend(out);
                a.edits.extend(edits.iter().map(|e| e.1));
                a.reads.extend(x);
            }
            Action::Function { x, out, .. } => {
                a.sets.push(*out);
                a.reads.push(*x);
            }
            Action::Neurons { j, out, state, .. } => {
                a.sets.push(*out);
                a.sets.extend(state);
                a.reads.push(*j);
            }
            Action::Filter { u, out, state, now, .. } => {
                a.reads.push(*u);
                if *now {
                    a.sets.push(*out);
                } else {
                    a.updates.push(*out);
                }
                a.updates.extend(state);
            }
            Action::Process { out, .. } => a.sets.push(*out),
            Action::Probe { signal } => a.reads.push(*signal),
            Action::Rule { inputs, error, weights, delta, state, now, .. } => {
                a.reads.extend(inputs);
                a.reads.extend(error);
                a.updates.extend(delta);
                a.updates.extend(state);
                // Written at once: an update, and so after every other reader.
                if *now {
                    a.updates.push(*weights);
                } else {
                    a.reads.push(*weights);
                }
            }
        }
        a
    }
}

/// Signals and operators of a model. The clock's operator is the first.
#[derive(Clone)]
pub struct Program {
    /// All signals.
    pub signals: Vec<Signal>,
    /// Operators, in order of insertion.
    pub operators: Vec<Operator>,
}

impl Default for Program {
    fn default() -> Program {
        let clock = Operator { action: Action::TimeUpdate, object: "clock".into() };
        Program { signals: vec![], operators: vec![clock] }
    }
}

impl Program {
    /// Adds a signal of zeros, or of given initial values.
    pub fn signal(
        &mut self,
        name: String,
        rows: usize,
        cols: usize,
        initial: Option<Arc<Vec<f64>>>,
    ) -> SignalId {
        let id = SignalId(self.signals.len() as u32);
        self.signals.push(Signal { name, rows, cols, initial, view: None });
        id
    }

    /// Adds a view of `rows` × `cols` elements that begins at `offset` in a signal; rows are as far apart as there.
    pub fn view(&mut self, of: SignalId, offset: usize, rows: usize, cols: usize) -> SignalId {
        let base = &self.signals[of.index()];
        let stride = base.view.map_or(base.cols, |v| v.stride);
        let (root, start) = base.view.map_or((of, 0), |v| (v.base, v.offset));
        let name = format!("{}[{offset}..]", base.name);
        let id = SignalId(self.signals.len() as u32);
        let view = Some(View { base: root, offset: start + offset, stride });
        self.signals.push(Signal { name, rows, cols, initial: None, view });
        id
    }

    /// Adds an operator for an object.
    pub fn add(&mut self, object: &str, action: Action) {
        self.operators.push(Operator { action, object: object.into() });
    }

    /// The base of a signal: itself, unless it is a view.
    pub fn base(&self, s: SignalId) -> SignalId {
        self.signals[s.index()].view.map_or(s, |v| v.base)
    }

    fn bounds(&self, s: SignalId) -> (usize, usize) {
        let x = &self.signals[s.index()];
        match x.view {
            None => (0, x.len()),
            Some(v) => (v.offset, v.offset + x.rows.saturating_sub(1) * v.stride + x.cols),
        }
    }

    /// Whether two signals have elements in common, judged by the range that each spans in the base.
    pub fn overlap(&self, a: SignalId, b: SignalId) -> bool {
        if self.base(a) != self.base(b) {
            return false;
        }
        let ((a0, a1), (b0, b1)) = (self.bounds(a), self.bounds(b));
        a0 < b1 && b0 < a1
    }

    /// The order of the operators in a step (indices into `operators`). A cycle is an error that names its objects.
    pub fn order(&self) -> Result<Vec<usize>, Error> {
        let edges = self.dependencies();
        let n = self.operators.len();
        let mut incoming = vec![0usize; n];
        for e in edges.iter().flatten() {
            incoming[*e as usize] += 1;
        }
        let mut queue: VecDeque<usize> = (0..n).filter(|i| incoming[*i] == 0).collect();
        let mut order = Vec::with_capacity(n);
        while let Some(i) = queue.pop_front() {
            order.push(i);
            for e in &edges[i] {
                let k = *e as usize;
                incoming[k] -= 1;
                if incoming[k] == 0 {
                    queue.push_back(k);
                }
            }
        }
        if order.len() == n {
            return Ok(order);
        }
        Err(self.cycle(&edges, &incoming))
    }

    fn cycle(&self, edges: &[Vec<u32>], incoming: &[usize]) -> Error {
        // Every operator that is left waits for one that is left: going back along such edges must come round.
        let left: Vec<usize> = (0..edges.len()).filter(|i| incoming[*i] > 0).collect();
        let mut waits: HashMap<usize, usize> = HashMap::new();
        for i in &left {
            for e in &edges[*i] {
                if incoming[*e as usize] > 0 {
                    waits.insert(*e as usize, *i);
                }
            }
        }
        let mut at = left[0];
        let mut seen = HashSet::new();
        while seen.insert(at) {
            at = waits.get(&at).copied().unwrap_or(at);
        }
        let (start, mut names) = (at, vec![]);
        loop {
            let name = &self.operators[at].object;
            if names.last() != Some(name) {
                names.push(name.clone());
            }
            at = waits.get(&at).copied().unwrap_or(start);
            if at == start {
                break;
            }
        }
        names.reverse();
        names.dedup();
        Error::build(
            names.first().cloned().unwrap_or_default(),
            format!(
                "these objects need each other's values within one step: {}. Give one of the connections between them a \
                 synapse (a low-pass of 0 s is only a delay of one step)",
                names.join(" → ")
            ),
        )
    }

    /// For each operator, those that must run after it.
    pub fn dependencies(&self) -> Vec<Vec<u32>> {
        #[derive(Default)]
        struct Uses {
            order: Vec<SignalId>,
            by: HashMap<SignalId, Vec<u32>>,
            bases: HashMap<SignalId, Vec<SignalId>>,
        }
        impl Uses {
            fn add(&mut self, p: &Program, s: SignalId, op: u32) {
                let list = self.by.entry(s).or_insert_with(|| {
                    self.order.push(s);
                    self.bases.entry(p.base(s)).or_default().push(s);
                    vec![]
                });
                list.push(op);
            }
            /// Operators on the signal itself, then on others that overlap it.
            fn touching(&self, p: &Program, s: SignalId, out: &mut Vec<u32>) {
                out.extend(self.by.get(&s).into_iter().flatten());
                for other in self.bases.get(&p.base(s)).into_iter().flatten() {
                    if *other != s && p.overlap(s, *other) {
                        out.extend(&self.by[other]);
                    }
                }
            }
        }
        let (mut sets, mut edits, mut incs, mut reads, mut updates) =
            (Uses::default(), Uses::default(), Uses::default(), Uses::default(), Uses::default());
        for (k, op) in self.operators.iter().enumerate() {
            let (a, k) = (op.access(), k as u32);
            a.sets.iter().for_each(|s| sets.add(self, *s, k));
            a.edits.iter().for_each(|s| edits.add(self, *s, k));
            a.incs.iter().for_each(|s| incs.add(self, *s, k));
            a.reads.iter().for_each(|s| reads.add(self, *s, k));
            a.updates.iter().for_each(|s| updates.add(self, *s, k));
        }
        let mut edges = vec![vec![]; self.operators.len()];
        let mut known = HashSet::new();
        let mut before = vec![];
        let mut connect = |later: &Uses, earlier: &[&Uses]| {
            for s in &later.order {
                before.clear();
                for e in earlier {
                    e.touching(self, *s, &mut before);
                }
                for &a in &before {
                    for &b in &later.by[s] {
                        if known.insert((a, b)) {
                            edges[a as usize].push(b);
                        }
                    }
                }
            }
        };
        connect(&edits, &[&sets]);
        connect(&incs, &[&sets, &edits]);
        connect(&reads, &[&sets, &incs, &edits]);
        connect(&updates, &[&sets, &incs, &edits, &reads]);
        for s in &edits.order {
            order_editors(self, &edits.by[s], &mut edges);
        }
        edges
    }
}
