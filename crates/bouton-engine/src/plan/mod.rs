//! Plans: kernels over an arena, in the order of a step, and what each pass made of the operators.
//!
//! Passes are named and can be switched off one by one ([`Passes`]). Each says what it keeps: `bitwise` gives the same
//! bits as the operators one by one, `rounding` agrees within a bound.

mod kernel;
mod lower;

use std::collections::HashMap;
use std::fmt::Write as _;

use bouton_elements::neurons::NeuronType;
use bouton_elements::processes::Process;
use bouton_model::{ConnectionId, Error, Function, LearningRule, NodeFunction};

use crate::program::{Action, Program, SignalId};
pub(crate) use kernel::Kernel;
pub use kernel::Span;
use lower::fusable;

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

/// A node's callback in a plan.
pub(crate) struct NodeCall {
    pub(crate) object: String,
    pub(crate) node: usize,
    pub(crate) function: NodeFunction,
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

/// Where a kernel comes from, for listings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) object: String,
    /// The pass that made it; empty if it is an operator as itself.
    pub(crate) pass: &'static str,
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
    /// Of each kernel, where it comes from.
    pub(crate) origins: Vec<Origin>,
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
            origins: vec![],
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

    fn push(&mut self, kernel: Kernel, object: &str, pass: &'static str) {
        self.origins.push(Origin { object: object.into(), pass });
        self.kernels.push(kernel);
    }

    /// One line a kernel: what it is, numbers touched, whose it is, and the pass that made it.
    pub fn explain(&self) -> String {
        let mut s = String::new();
        let _ = writeln!(s, "{:<12} {:>10}  object", "kernel", "numbers");
        for (k, o) in self.kernels.iter().zip(&self.origins) {
            let (name, numbers) = k.describe();
            let _ = write!(s, "{name:<12} {numbers:>10}  {}", o.object);
            let _ = if o.pass.is_empty() { writeln!(s) } else { writeln!(s, "  [{}]", o.pass) };
        }
        let _ = writeln!(s, "{} kernels over {} numbers", self.kernels.len(), self.arena);
        s
    }
}
