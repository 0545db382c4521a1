//! Programs: signals, operators with their operands, and what of it has a path.
//!
//! A program knows no network. Whoever has one makes a program of it (`bouton-nef` does, of networks; a test or another
//! front end may write one by hand), and it is checked once, before it is planned ([`Program::check`]).

mod check;
mod derived;
mod knobs;
mod operator;
mod order;
mod signal;

use std::collections::HashMap;

use bouton_core::Slice;

pub use derived::{Derive, Derived};
pub use knobs::{Bounds, Door, DoorAccess, Knob, KnobTable, Writes};
pub use operator::{Access, Draws, Op, Operand, Operator};
pub use signal::{Given, Initial, Role, Room, Shape, Signal, SignalId, View};

use crate::kernels::{Code, Copy, Fill, Gather};

/// Signals, operators and paths of a model. The clock's operator is the first.
#[derive(Clone, Debug)]
pub struct Program {
    signals: Vec<Signal>,
    operators: Vec<Operator>,
    derived: Vec<Derived>,
    knobs: KnobTable,
    editors: Vec<usize>,
    order: Option<Vec<usize>>,
}

impl Default for Program {
    fn default() -> Program {
        let clock = Operator { op: Op::Clock, on: Box::new([]), of: "clock".into(), draws: Draws::No };
        Program {
            signals: vec![],
            operators: vec![clock],
            derived: vec![],
            knobs: KnobTable::default(),
            editors: vec![],
            order: None,
        }
    }
}

impl Program {
    /// All signals.
    pub fn signals(&self) -> &[Signal] {
        &self.signals
    }
    /// A signal.
    ///
    /// # Panics
    /// If it is of another program.
    pub fn get(&self, s: SignalId) -> &Signal {
        &self.signals[s.index()]
    }
    /// All operators, in order of insertion.
    pub fn operators(&self) -> &[Operator] {
        &self.operators
    }
    /// What follows from edits, in order.
    pub fn derived(&self) -> &[Derived] {
        &self.derived
    }
    /// What has a path.
    pub fn knobs(&self) -> &KnobTable {
        &self.knobs
    }
    /// What has a path, to add to it.
    pub fn knobs_mut(&mut self) -> &mut KnobTable {
        &mut self.knobs
    }
    /// Operators that edit, in the order in which those run that edit the same numbers. Those that are not named come after,
    /// in the order of insertion.
    pub fn editors(&self) -> &[usize] {
        &self.editors
    }
    /// Names the order of operators that edit (positions in [`operators`](Program::operators)).
    pub fn set_editors(&mut self, editors: Vec<usize>) {
        self.editors = editors;
    }
    /// The order of the operators, where it was given.
    pub(crate) fn given_order(&self) -> Option<&[usize]> {
        self.order.as_deref()
    }
    /// Gives the order of the operators (positions in [`operators`](Program::operators)), in place of the one that follows from
    /// their operands: for a front end whose own operators, which the program doesn't have, stand in an order of theirs.
    pub fn set_order(&mut self, order: Vec<usize>) {
        self.order = Some(order);
    }

    /// Adds a signal of the simulation's number type.
    pub fn signal(
        &mut self,
        name: impl Into<String>,
        rows: usize,
        cols: usize,
        role: Role,
        initial: impl Into<Initial>,
    ) -> SignalId {
        self.push(Signal {
            name: name.into(),
            rows,
            cols,
            room: Room::Real,
            role,
            initial: initial.into(),
            view: None,
        })
    }
    /// Adds a signal in double precision.
    pub fn double(
        &mut self,
        name: impl Into<String>,
        rows: usize,
        cols: usize,
        role: Role,
        initial: impl Into<Initial>,
    ) -> SignalId {
        self.push(Signal {
            name: name.into(),
            rows,
            cols,
            room: Room::Double,
            role,
            initial: initial.into(),
            view: None,
        })
    }
    /// Adds a view of `rows` × `cols` elements that begins at `offset` in a signal; rows are as far apart as there.
    pub fn view(&mut self, of: SignalId, offset: usize, rows: usize, cols: usize) -> SignalId {
        let base = &self.signals[of.index()];
        let (stride, room, role) = (base.stride(), base.room, base.role);
        let (root, start) = base.view.map_or((of, 0), |v| (v.base, v.offset));
        let name = format!("{}[{offset}..]", base.name);
        let view = Some(View { base: root, offset: start + offset, stride });
        self.push(Signal { name, rows, cols, room, role, initial: Initial::Zero, view })
    }
    fn push(&mut self, signal: Signal) -> SignalId {
        let id =
            SignalId(u32::try_from(self.signals.len()).expect("fewer than four thousand million signals"));
        self.signals.push(signal);
        id
    }

    /// Adds an operator for an object, and returns its position.
    pub fn add(&mut self, of: &str, op: Op, on: impl Into<Box<[Operand]>>, draws: Draws) -> usize {
        self.operators.push(Operator { op, on: on.into(), of: of.into(), draws });
        self.operators.len() - 1
    }
    /// Adds a kernel for an object.
    pub fn kernel(&mut self, of: &str, code: impl Into<Code>, on: impl Into<Box<[Operand]>>) -> usize {
        self.add(of, Op::Kernel(code.into()), on, Draws::No)
    }
    /// Adds more operands to an operator that was added before.
    pub fn touch(&mut self, operator: usize, on: impl IntoIterator<Item = Operand>) {
        let op = &mut self.operators[operator];
        let mut all = std::mem::take(&mut op.on).into_vec();
        all.extend(on);
        op.on = all.into();
    }
    /// Adds `y = value`, everywhere in `y`.
    pub fn reset(&mut self, of: &str, y: SignalId, value: f64) {
        self.kernel(of, Fill { value }, [Operand::set(y)]);
    }
    /// Adds `to[slice] = from[slice]`, or `+=` with `inc`.
    pub fn copy(&mut self, of: &str, from: (SignalId, &Slice), to: (SignalId, &Slice), inc: bool) {
        let operand = |s: SignalId, write| match (write, inc) {
            (false, _) => Operand::read(s),
            (true, false) => Operand::set(s),
            (true, true) => Operand::inc(s),
        };
        let part = |o: Operand, slice: &Slice, len: usize| match slice {
            Slice::Range(a, b) => o.part(*a, *b.min(&len)),
            _ => o,
        };
        let (n, m) = (self.get(from.0).len(), self.get(to.0).len());
        let on = [part(operand(to.0, true), to.1, m), part(operand(from.0, false), from.1, n)];
        let indices = |slice: &Slice| match slice {
            Slice::Indices(i) => Some(i.iter().map(|i| *i as u32).collect::<Box<[u32]>>()),
            _ => None,
        };
        match (indices(from.1), indices(to.1)) {
            (None, None) => self.kernel(of, Copy { inc }, on),
            (from, to) => self.kernel(of, Gather { from, to, inc }, on),
        };
    }
    /// Adds something that follows from edits.
    pub fn derive(&mut self, d: Derived) {
        self.derived.push(d);
    }

    /// The base of a signal: itself, unless it is a view.
    pub fn base(&self, s: SignalId) -> SignalId {
        self.signals[s.index()].view.map_or(s, |v| v.base)
    }
    /// First element and end of a signal in its base.
    pub(crate) fn bounds(&self, s: SignalId) -> (usize, usize) {
        let x = &self.signals[s.index()];
        let offset = x.view.map_or(0, |v| v.offset);
        (offset, offset + x.extent())
    }
    /// Whether two signals have elements in common, judged by the range that each spans in the base.
    pub fn overlap(&self, a: SignalId, b: SignalId) -> bool {
        if self.base(a) != self.base(b) {
            return false;
        }
        let ((a0, a1), (b0, b1)) = (self.bounds(a), self.bounds(b));
        a0 < b1 && b0 < a1
    }
    /// The range in its base that an operand touches.
    pub(crate) fn touched(&self, o: &Operand) -> (SignalId, usize, usize) {
        let (a, b) = self.bounds(o.signal);
        let (a, b) = o.part.map_or((a, b), |(from, to)| (a + from, (a + to).min(b)));
        (self.base(o.signal), a, b)
    }
    /// The shape of an operand: a part of a signal is a vector.
    pub fn shape(&self, o: &Operand) -> Shape {
        let s = self.get(o.signal);
        match o.part {
            None => Shape { rows: s.rows, cols: s.cols, stride: s.stride() },
            Some((a, b)) => Shape { rows: b.saturating_sub(a), cols: 1, stride: 1 },
        }
    }
    /// Signals by name; of several with one name, the first.
    pub fn by_name(&self) -> HashMap<&str, SignalId> {
        let mut all = HashMap::new();
        for (k, s) in self.signals.iter().enumerate() {
            all.entry(s.name.as_str()).or_insert(SignalId(k as u32));
        }
        all
    }
}
