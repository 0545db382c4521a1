//! Operators: what is done in a step, with its operands as data.

use std::sync::Arc;

use super::signal::SignalId;
use crate::calls::Call;
use crate::kernels::Code;

/// How an operator uses an operand. In a step, per signal: sets, then edits, then increments, then reads, then updates; so they
/// are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Set: the old value doesn't matter.
    Set,
    /// Edited by a call, before increments and reads.
    Edit,
    /// Incremented.
    Inc,
    /// Read.
    Read,
    /// Updated, after all reads. What is only updated carries state from step to step.
    Update,
}

impl Access {
    /// Whether the operand is written.
    pub fn writes(self) -> bool {
        self != Access::Read
    }
}

/// An operand: a signal, or a range of its elements, and how it is used.
#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    /// The signal, or a view.
    pub signal: SignalId,
    /// How it is used.
    pub access: Access,
    /// Elements from..to that are touched, where it isn't all of them. The order of a step goes by whole signals; what may
    /// run at once goes by this.
    pub part: Option<(usize, usize)>,
}

impl Operand {
    /// A signal that is set.
    pub fn set(signal: SignalId) -> Operand {
        Operand { signal, access: Access::Set, part: None }
    }
    /// A signal that is edited.
    pub fn edit(signal: SignalId) -> Operand {
        Operand { signal, access: Access::Edit, part: None }
    }
    /// A signal that is incremented.
    pub fn inc(signal: SignalId) -> Operand {
        Operand { signal, access: Access::Inc, part: None }
    }
    /// A signal that is read.
    pub fn read(signal: SignalId) -> Operand {
        Operand { signal, access: Access::Read, part: None }
    }
    /// A signal that is updated.
    pub fn update(signal: SignalId) -> Operand {
        Operand { signal, access: Access::Update, part: None }
    }
    /// Only elements `from..to` of it.
    pub fn part(mut self, from: usize, to: usize) -> Operand {
        self.part = Some((from, to));
        self
    }
}

/// What an operator does.
#[derive(Clone, Debug)]
pub enum Op {
    /// Step and time. They are no signal, and advance before the first operator of a step; this keeps their place in the
    /// order.
    Clock,
    /// Somebody looks at the operand after the step: it has to be stored.
    Probe,
    /// A loop over its operands.
    Kernel(Code),
    /// What the plan knows nothing of.
    Call(Arc<dyn Call>),
}

/// Whether a seed is drawn for an operator when a simulation starts, in the order of the step. The order of the draws is
/// Nengo's, which draws for some operators that don't use it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Draws {
    /// None.
    #[default]
    No,
    /// One, which nobody needs.
    Unused,
    /// One, which the call is started with.
    Seed,
}

/// An operator with the object that it belongs to.
#[derive(Clone, Debug)]
pub struct Operator {
    /// What it does.
    pub op: Op,
    /// What it touches, in the order that the kernel or call expects: written, then read, then read in double precision.
    pub on: Box<[Operand]>,
    /// Path of the object that it belongs to, for messages.
    pub of: String,
    /// Whether a seed is drawn for it.
    pub draws: Draws,
}

impl Operator {
    /// Short name of what it does.
    pub fn kind(&self) -> &str {
        match &self.op {
            Op::Clock => "clock",
            Op::Probe => "probe",
            Op::Kernel(code) => code.name(),
            Op::Call(call) => call.name(),
        }
    }
    /// Operands with this access.
    pub fn with(&self, access: Access) -> impl Iterator<Item = SignalId> + '_ {
        self.on.iter().filter(move |o| o.access == access).map(|o| o.signal)
    }
}
