//! Kernels: loops on spans of the arena, and calls.

use bouton_elements::synapses::StateSpace;
use bouton_model::ConnectionId;

/// Contiguous elements of the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First element.
    pub start: usize,
    /// Number of elements.
    pub len: usize,
}

impl Span {
    pub(super) fn overlaps(self, other: Span) -> bool {
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
        /// The connection whose rule's delta this adds to its weights, if it does.
        delta_of: Option<ConnectionId>,
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

impl Kernel {
    /// Its name, and how many numbers it touches.
    pub(crate) fn describe(&self) -> (&'static str, usize) {
        match self {
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
}
