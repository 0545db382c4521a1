//! Plans: kernels over an arena, in the order of a step, and what each pass made of the operators.
//!
//! Passes are named and can be switched off one by one ([`Passes`]). Each says what it keeps: `bitwise` gives the same
//! bits as the operators one by one, `rounding` agrees within a bound.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use bouton_elements::neurons::{FastForm, NeuronType};
use bouton_elements::processes::Process;
use bouton_elements::synapses::{Filter, StateSpace};
use bouton_model::{ConnectionId, Error, Function, LearningRule, NodeCallback, Slice};

use crate::program::{Action, Program, SignalId};

/// Which passes a plan is made with. All by default; the results of a run with none are those of the operators as
/// themselves, each at its place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes {
    /// All resets to zero become one, at the start of the step. Bitwise.
    pub merge_resets: bool,
    /// Bias and encoders of a population in one kernel. Bitwise.
    pub fuse_encoding: bool,
    /// Kernels that hand values on follow each other. Bitwise.
    pub locality: bool,
    /// Encoding, LIF step and decoding of a population in one kernel, where they follow each other and nothing else
    /// needs what they hand on. Bitwise.
    pub fuse_populations: bool,
    /// LIF neurons without exp and log. Rounding: a few 1e-12 in the voltage.
    pub lif_phase: bool,
}

impl Default for Passes {
    fn default() -> Passes {
        Passes {
            merge_resets: true,
            fuse_encoding: true,
            locality: true,
            fuse_populations: true,
            lif_phase: true,
        }
    }
}

impl Passes {
    /// No pass: every operator runs as itself.
    pub fn none() -> Passes {
        Passes {
            merge_resets: false,
            fuse_encoding: false,
            locality: false,
            fuse_populations: false,
            lif_phase: false,
        }
    }
    /// Only those that keep every bit.
    pub fn bitwise() -> Passes {
        Passes { lif_phase: false, ..Passes::default() }
    }
}

/// Contiguous elements of the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First element.
    pub start: usize,
    /// Number of elements.
    pub len: usize,
}

impl Span {
    fn overlaps(self, other: Span) -> bool {
        self.start < other.start + other.len && other.start < self.start + self.len
    }
}

/// A kernel: a loop on spans, or a call.
#[derive(Clone, Debug)]
pub(crate) enum Kernel {
    Fill {
        dst: Span,
        value: f64,
    },
    Copy {
        src: Span,
        dst: Span,
        inc: bool,
        rule: Option<usize>,
    },
    CopyIndexed {
        src: Span,
        dst: Span,
        from: Option<Box<[u32]>>,
        to: Option<Box<[u32]>>,
        inc: bool,
    },
    Scale {
        a: Span,
        x: Span,
        y: Span,
    },
    Gemv {
        a: Span,
        stride: usize,
        cols: usize,
        x: Span,
        y: Span,
    },
    Encode {
        bias: Span,
        enc_t: Span,
        x: Span,
        j: Span,
    },
    Neurons {
        population: usize,
        j: Span,
        out: Span,
        state: Vec<Span>,
    },
    LifPhase {
        population: usize,
        j: Span,
        v: Span,
        mark: Span,
        out: Span,
    },
    EncodeLif {
        population: usize,
        bias: Span,
        enc_t: Span,
        x: Span,
        v: Span,
        mark: Span,
        out: Span,
    },
    Population {
        population: usize,
        bias: Span,
        enc: Span,
        x: Span,
        v: Span,
        mark: Span,
        decoders: Span,
        y: Span,
    },
    First {
        a: f64,
        b: f64,
        u: Span,
        y: Span,
    },
    Gain {
        gain: f64,
        u: Span,
        y: Span,
    },
    Space {
        space: Box<StateSpace>,
        u: Span,
        x: Span,
        y: Span,
    },
    Node {
        call: usize,
    },
    Function {
        call: usize,
    },
    Process {
        process: usize,
    },
    Rule {
        rule: usize,
    },
}

/// A node's callback in a plan.
pub(crate) struct NodeCall {
    pub(crate) object: String,
    pub(crate) callback: Arc<Mutex<NodeCallback>>,
    pub(crate) x: Option<Span>,
    pub(crate) out: Option<Span>,
    pub(crate) edits: Vec<ConnectionId>,
}

/// A connection's function in a plan.
pub(crate) struct FunctionCall {
    pub(crate) object: String,
    pub(crate) function: Function,
    pub(crate) x: Span,
    pub(crate) out: Span,
}

/// A process in a plan.
pub(crate) struct ProcessPlan {
    pub(crate) object: String,
    pub(crate) process: Process,
    pub(crate) out: Span,
}

/// A learning rule in a plan.
pub(crate) struct RulePlan {
    pub(crate) object: String,
    pub(crate) connection: ConnectionId,
    pub(crate) rule: LearningRule,
    pub(crate) inputs: Vec<Span>,
    pub(crate) error: Option<Span>,
    pub(crate) weights: Span,
    pub(crate) shape: (usize, usize),
    pub(crate) delta: Option<Span>,
    pub(crate) state: Vec<Span>,
    pub(crate) now: bool,
}

/// A transposed copy of a matrix that changes only between steps.
pub(crate) struct Shadow {
    pub(crate) source: Span,
    pub(crate) cols: usize,
    pub(crate) dst: Span,
}

/// What runs in a step.
pub struct Plan {
    /// Where each base signal and contiguous view lies; strided views have no span of their own.
    pub(crate) spans: Vec<Span>,
    pub(crate) strides: Vec<usize>,
    pub(crate) arena: usize,
    pub(crate) kernels: Vec<Kernel>,
    pub(crate) populations: Vec<NeuronType>,
    pub(crate) nodes: Vec<NodeCall>,
    pub(crate) functions: Vec<FunctionCall>,
    pub(crate) processes: Vec<ProcessPlan>,
    pub(crate) rules: Vec<RulePlan>,
    pub(crate) shadows: Vec<Shadow>,
    /// Signals whose refractory times are kept as phase marks, with the population that they belong to.
    pub(crate) marks: HashMap<SignalId, usize>,
    /// Seeds of processes are drawn in the order of the step; this is, for each draw, the process that gets it.
    pub(crate) seed_draws: Vec<Option<usize>>,
    pub(crate) explanation: Vec<String>,
    /// Runs of kernels that belong together; of one kernel each without the pass that joins them.
    pub(crate) groups: Vec<std::ops::Range<usize>>,
}

/// Elements by which the beginnings of signals are aligned: a cache line of f64.
const ALIGN: usize = 8;

impl Plan {
    /// Makes a plan of a program.
    pub fn new(program: &Program, passes: Passes) -> Result<Plan, Error> {
        let order = program.order()?;
        let mut spans = vec![Span { start: 0, len: 0 }; program.signals.len()];
        let mut strides = vec![0; program.signals.len()];
        let mut arena = 0;
        // What is reset to zero lies together, so that one loop can do it.
        let mut resets = vec![false; program.signals.len()];
        if passes.merge_resets {
            for op in &program.operators {
                if let Action::Reset { dst, value } = op.action
                    && value == 0.0
                    && program.signals[dst.index()].view.is_none()
                {
                    resets[dst.index()] = true;
                }
            }
        }
        let mut region = 0;
        for first in [true, false] {
            for (k, s) in program.signals.iter().enumerate() {
                if s.view.is_none() && resets[k] == first {
                    spans[k] = Span { start: arena, len: s.len() };
                    strides[k] = s.cols;
                    arena += s.len().next_multiple_of(ALIGN);
                }
            }
            if first {
                region = arena;
            }
        }
        for (k, s) in program.signals.iter().enumerate() {
            if let Some(v) = s.view {
                let extent = s.rows.saturating_sub(1) * v.stride + s.cols;
                spans[k] = Span { start: spans[v.base.index()].start + v.offset, len: extent };
                strides[k] = v.stride;
            }
        }
        let mut plan = Plan {
            spans,
            strides,
            arena,
            kernels: Vec::with_capacity(order.len()),
            populations: vec![],
            nodes: vec![],
            functions: vec![],
            processes: vec![],
            rules: vec![],
            shadows: vec![],
            marks: HashMap::new(),
            seed_draws: vec![],
            explanation: vec![],
            groups: vec![],
        };
        if passes.merge_resets && region > 0 {
            let count = resets.iter().filter(|r| **r).count();
            plan.push(
                Kernel::Fill { dst: Span { start: 0, len: region }, value: 0.0 },
                &format!("{count} resets"),
                "merge_resets",
            );
        }
        let fused = if passes.fuse_encoding { fusable(program, &order) } else { HashMap::new() };
        let copies: HashMap<usize, usize> = fused.iter().map(|(dot, copy)| (*copy, *dot)).collect();
        for &k in &order {
            if copies.contains_key(&k) {
                continue;
            }
            if let Action::Reset { dst, .. } = program.operators[k].action
                && resets[dst.index()]
            {
                continue;
            }
            plan.lower(program, k, fused.get(&k).copied(), passes)?;
        }
        plan.groups = (0..plan.kernels.len()).map(|k| k..k + 1).collect();
        if passes.locality {
            plan.localise();
        }
        if passes.fuse_populations {
            plan.fuse_populations(program);
        }
        Ok(plan)
    }

    fn push(&mut self, kernel: Kernel, object: &str, why: &str) {
        let (name, bytes) = describe(&kernel);
        self.explanation.push(format!(
            "{name:<12} {bytes:>10}  {object}{}",
            if why.is_empty() { String::new() } else { format!("  [{why}]") }
        ));
        self.kernels.push(kernel);
    }

    /// One line a kernel: what it is, numbers touched, whose it is, and the pass that made it.
    pub fn explain(&self) -> String {
        let mut s = String::new();
        let _ = writeln!(s, "{:<12} {:>10}  object", "kernel", "numbers");
        for line in &self.explanation {
            let _ = writeln!(s, "{line}");
        }
        let _ = writeln!(s, "{} kernels over {} numbers", self.kernels.len(), self.arena);
        s
    }

    fn span(&self, s: SignalId) -> Span {
        self.spans[s.index()]
    }

    fn contiguous(&self, program: &Program, s: SignalId) -> Result<Span, Error> {
        let x = &program.signals[s.index()];
        if x.rows > 1 && self.strides[s.index()] != x.cols {
            return Err(Error::build(
                &x.name,
                "a part of the columns of a matrix can only be used in a product",
            ));
        }
        Ok(self.span(s))
    }

    fn lower(
        &mut self,
        program: &Program,
        k: usize,
        bias_copy: Option<usize>,
        passes: Passes,
    ) -> Result<(), Error> {
        let op = &program.operators[k];
        let object = op.object.clone();
        match &op.action {
            Action::TimeUpdate | Action::Probe { .. } => {}
            Action::Reset { dst, value } => {
                let dst = self.contiguous(program, *dst)?;
                self.push(Kernel::Fill { dst, value: *value }, &object, "");
            }
            Action::Copy { src, dst, from, to, inc, delta_of } => {
                let (s, d) = (self.contiguous(program, *src)?, self.contiguous(program, *dst)?);
                self.copy(&object, s, d, from, to, *inc, *delta_of)?;
            }
            Action::ElementwiseInc { a, x, y } => {
                let kernel = Kernel::Scale {
                    a: self.contiguous(program, *a)?,
                    x: self.contiguous(program, *x)?,
                    y: self.contiguous(program, *y)?,
                };
                self.push(kernel, &object, "");
            }
            Action::DotInc { a, x, y } => {
                let (cols, stride) = (program.signals[a.index()].cols, self.strides[a.index()]);
                let (m, x, y) = (self.span(*a), self.span(*x), self.span(*y));
                match bias_copy.map(|c| &program.operators[c].action) {
                    Some(Action::Copy { src, .. }) => {
                        let bias = self.span(*src);
                        let enc_t = if cols == 1 { m } else { self.shadow(m, cols) };
                        self.push(Kernel::Encode { bias, enc_t, x, j: y }, &object, "fuse_encoding");
                    }
                    _ => self.push(Kernel::Gemv { a: m, stride, cols, x, y }, &object, ""),
                }
            }
            Action::Node { callback, x, out, edits, .. } => {
                let call = self.nodes.len();
                let (x, out) = (x.map(|s| self.span(s)), out.map(|s| self.span(s)));
                let edits = edits.iter().map(|e| e.0).collect();
                self.nodes.push(NodeCall {
                    object: object.clone(),
                    callback: callback.clone(),
                    x,
                    out,
                    edits,
                });
                self.push(Kernel::Node { call }, &object, "");
            }
            Action::Function { function, x, out } => {
                let call = self.functions.len();
                let (x, out) = (self.span(*x), self.span(*out));
                self.functions.push(FunctionCall {
                    object: object.clone(),
                    function: function.clone(),
                    x,
                    out,
                });
                self.push(Kernel::Function { call }, &object, "");
            }
            Action::Neurons { neurons, j, out, state, .. } => {
                let population = self.populations.len();
                self.populations.push(neurons.clone());
                let (j, out) = (self.span(*j), self.span(*out));
                match (neurons.model().fast_form(), &state[..]) {
                    (Some(FastForm::LifPhase), [v, r]) if passes.lif_phase => {
                        self.marks.insert(*r, population);
                        let kernel =
                            Kernel::LifPhase { population, j, v: self.span(*v), mark: self.span(*r), out };
                        self.push(kernel, &object, "lif_phase");
                    }
                    _ => {
                        let state = state.iter().map(|s| self.span(*s)).collect();
                        self.push(Kernel::Neurons { population, j, out, state }, &object, "");
                    }
                }
            }
            Action::Filter { filter, u, out, state, .. } => {
                self.seed_draws.push(None);
                let (u, y) = (self.contiguous(program, *u)?, self.span(*out));
                let kernel = match (filter, state) {
                    (Filter::First { a, b }, _) => Kernel::First { a: *a, b: *b, u, y },
                    (Filter::Space(s), Some(x)) => {
                        Kernel::Space { space: Box::new(s.clone()), u, x: self.span(*x), y }
                    }
                    (Filter::Gain(g), _) => Kernel::Gain { gain: *g, u, y },
                    (Filter::Space(_), None) => return Err(Error::build(object, "a filter without state")),
                };
                self.push(kernel, &object, "");
            }
            Action::Process { process, out } => {
                let k = self.processes.len();
                if process.model().seed().is_none() {
                    self.seed_draws.push(Some(k));
                }
                let out = self.span(*out);
                self.processes.push(ProcessPlan { object: object.clone(), process: process.clone(), out });
                self.push(Kernel::Process { process: k }, &object, "");
            }
            Action::Rule { connection, rule, inputs, error, weights, delta, state, now } => {
                let w = &program.signals[weights.index()];
                let plan = RulePlan {
                    object: object.clone(),
                    connection: *connection,
                    rule: rule.clone(),
                    inputs: inputs.iter().map(|s| self.span(*s)).collect(),
                    error: error.map(|s| self.span(s)),
                    weights: self.span(*weights),
                    shape: (w.rows, w.cols),
                    delta: delta.map(|s| self.span(s)),
                    state: state.iter().map(|s| self.span(*s)).collect(),
                    now: *now,
                };
                let k = self.rules.len();
                self.rules.push(plan);
                self.push(Kernel::Rule { rule: k }, &object, "");
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one operator")]
    fn copy(
        &mut self,
        object: &str,
        src: Span,
        dst: Span,
        from: &Slice,
        to: &Slice,
        inc: bool,
        delta_of: Option<ConnectionId>,
    ) -> Result<(), Error> {
        let part = |s: Span, slice: &Slice| match slice {
            Slice::All => Some(s),
            Slice::Range(a, b) => Some(Span { start: s.start + a, len: b.min(&s.len) - a }),
            Slice::Indices(_) => None,
        };
        let indices = |slice: &Slice| match slice {
            Slice::Indices(i) => Some(i.iter().map(|i| *i as u32).collect::<Box<[u32]>>()),
            _ => None,
        };
        if src.overlaps(dst) {
            return Err(Error::build(object, "copies a signal onto itself"));
        }
        let kernel = match (part(src, from), part(dst, to)) {
            (Some(src), Some(dst)) if src.len == dst.len => {
                // The rule's number is not known yet: rules are lowered after the operator that adds their delta.
                let rule = delta_of.map(ConnectionId::index);
                Kernel::Copy { src, dst, inc, rule }
            }
            (Some(src), Some(dst)) => {
                return Err(Error::build(
                    object,
                    format!("delivers {} values where {} are taken", src.len, dst.len),
                ));
            }
            (s, d) => Kernel::CopyIndexed {
                src: s.unwrap_or(src),
                dst: d.unwrap_or(dst),
                from: indices(from),
                to: indices(to),
                inc,
            },
        };
        self.push(kernel, object, "");
        Ok(())
    }

    fn shadow(&mut self, source: Span, cols: usize) -> Span {
        let dst = Span { start: self.arena, len: source.len };
        self.arena += source.len.next_multiple_of(ALIGN);
        self.shadows.push(Shadow { source, cols, dst });
        dst
    }
}

/// Encoders (index of their DotInc) that can be fused with the copy of the bias (index of it): the copy is the only set
/// of the current, and the product is the first increment of it in the order of the step, so that sums keep their order.
fn fusable(program: &Program, order: &[usize]) -> HashMap<usize, usize> {
    let mut set_by: HashMap<SignalId, usize> = HashMap::new();
    let mut done: HashMap<SignalId, bool> = HashMap::new();
    let mut fused = HashMap::new();
    for &k in order {
        let action = &program.operators[k].action;
        if let Action::Copy { src, dst, from: Slice::All, to: Slice::All, inc: false, .. } = action
            && program.signals[dst.index()].view.is_none()
            && program.signals[src.index()].len() == program.signals[dst.index()].len()
        {
            set_by.insert(*dst, k);
            continue;
        }
        for s in program.operators[k].access().incs {
            let first = done.insert(program.base(s), true).is_none();
            if let (true, Action::DotInc { a, x, y }, Some(copy)) = (first, action, set_by.get(&s)) {
                let (m, n) = (&program.signals[a.index()], program.signals[x.index()].len());
                // Wider products sum in lanes along the row, which columns side by side would not repeat.
                if *y == s && m.view.is_none() && n < 2 * bouton_kernels::LANES {
                    fused.insert(k, *copy);
                }
            }
        }
    }
    fused
}

pub(crate) fn describe(k: &Kernel) -> (&'static str, usize) {
    match k {
        Kernel::Fill { dst, .. } => ("fill", dst.len),
        Kernel::Copy { src, inc, .. } => (if *inc { "add" } else { "copy" }, 2 * src.len),
        Kernel::CopyIndexed { src, dst, .. } => ("copy indexed", src.len.min(dst.len) * 2),
        Kernel::Scale { x, .. } => ("scale", 3 * x.len),
        Kernel::Gemv { cols, y, .. } => ("product", cols * y.len + cols + y.len),
        Kernel::Encode { enc_t, j, .. } => ("encode", enc_t.len + 2 * j.len),
        Kernel::Neurons { j, state, .. } => ("neurons", j.len * (2 + state.len())),
        Kernel::LifPhase { j, .. } => ("lif phase", 4 * j.len),
        Kernel::EncodeLif { enc_t, out, .. } => ("encode lif", enc_t.len + 4 * out.len),
        Kernel::Population { v, decoders, .. } => ("population", 4 * v.len + decoders.len),
        Kernel::First { u, .. } => ("low-pass", 2 * u.len),
        Kernel::Gain { u, .. } => ("delay", 2 * u.len),
        Kernel::Space { u, x, .. } => ("filter", 2 * u.len + x.len),
        Kernel::Node { .. } => ("node", 0),
        Kernel::Function { .. } => ("function", 0),
        Kernel::Process { .. } => ("process", 0),
        Kernel::Rule { .. } => ("rule", 0),
    }
}
