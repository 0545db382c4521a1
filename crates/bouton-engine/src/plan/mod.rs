//! Plans: kernels over the memory of a program, in the order of a step, and what each pass made of the operators.
//!
//! Passes are named and can be switched off one by one ([`Passes`]). Each says what it keeps: `bitwise` gives the same
//! bits as the operators one by one, `rounding` agrees within a bound. A plan can be thrown away between two steps and made
//! anew with others; the memory stays where it is.

mod explain;
mod forms;
mod layout;
mod passes;
mod reasons;
mod stages;

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use bouton_core::Error;
use bouton_memory::{Parts, Place, Room, Slots, Span, Steps, Turn};

use crate::calls::Sees;
use crate::kernels::{Code, Tally};
use crate::program::{Op, Operand, Program, SignalId};
pub use forms::Forms;
pub(crate) use forms::{AnyForm, Form, FormAt, Pending};
pub(crate) use forms::{factored, pending, spiked};
pub(crate) use layout::ALIGN;
pub use layout::Layout;

/// Makes the set of passes of their list. Those that keep every bit are `bitwise`, those that agree within a bound `rounding`.
macro_rules! passes {
    ($($(#[$doc:meta])* $name:ident: $keeps:ident,)*) => {
        /// Which passes a plan is made with. All by default; the results of a run with none are those of the operators as
        /// themselves, each at its place in the order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Passes {
            $($(#[$doc])* pub $name: bool,)*
        }
        impl Default for Passes {
            fn default() -> Passes {
                Passes { $($name: true,)* }
            }
        }
        impl Passes {
            /// No pass: every operator runs as itself.
            pub fn none() -> Passes {
                Passes { $($name: false,)* }
            }
            /// Only those that keep every bit.
            pub fn bitwise() -> Passes {
                Passes { $($name: passes!(@ $keeps),)* }
            }
            /// Each by a bit of a number, in the order of the list.
            pub fn of_bits(bits: u64) -> Passes {
                let mut k = 0;
                let mut next = || {
                    k += 1;
                    bits >> (k - 1) & 1 == 1
                };
                Passes { $($name: next(),)* }
            }
            /// Names of all, in the order of the list.
            pub const NAMES: &[&str] = &[$(stringify!($name)),*];
            /// Switches the pass of a name on or off; `None` if there is none.
            pub fn switch(&mut self, name: &str, on: bool) -> Option<()> {
                match name {
                    $(stringify!($name) => self.$name = on,)*
                    _ => return None,
                }
                Some(())
            }
            /// Those that are on here and there.
            #[must_use]
            pub fn and(self, other: Passes) -> Passes {
                Passes { $($name: self.$name && other.$name,)* }
            }
        }
    };
    (@ bitwise) => { true };
    (@ rounding) => { false };
}

passes! {
    /// All resets to zero become one, at the start of the step. Bitwise.
    merge_resets: bitwise,
    /// Bias and encoders of a population in one kernel. Bitwise.
    fuse_encoding: bitwise,
    /// Kernels that hand values on follow each other. Bitwise.
    locality: bitwise,
    /// Encoding, what is added to currents right behind it, LIF step and decoding of a population in one kernel, and what hands
    /// values on to it and from it, where they follow each other and nothing else needs what they hand on. Bitwise.
    fuse_populations: bitwise,
    /// Populations of one size that follow each other, also in memory, in one kernel, some at a time. Bitwise.
    join_populations: bitwise,
    /// LIF neurons without exp and log. Rounding: a few 1e-12 in the voltage.
    lif_phase: rounding,
    /// Products of spikes with large matrices that nothing else in a step touches: by columns, and of those only the ones
    /// that a spike meets. Bitwise.
    events: bitwise,
    /// Large matrices that are a product of few factors, or that a rule changes by such a product, as W0 + E·D, where the
    /// presynaptic neurons spike. Rounding: some 1e-16 of the largest weight.
    factored: rounding,
    /// Large matrices that one rule changes by outer products or by shares of rows, where the presynaptic neurons spike: these
    /// are added some at a time, and shares are a factor of each row. Rounding: some 1e-16 of the largest weight for each
    /// that waits, and for each step.
    pending: rounding,
    /// Large matrices that one rule changes at spikes, where the presynaptic neurons spike: what postsynaptic spikes change
    /// waits until a column is met. Bitwise.
    at_spikes: bitwise,
}

/// What a turn of a step does.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A loop.
    Code(Code),
    /// The call of this operator.
    Call(usize),
}

/// The pass of the turn that resets what is reset to zero.
const MERGED: &str = "merge_resets";

/// A turn of a step: what it does, on what, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Turning {
    pub(crate) what: What,
    pub(crate) on: Vec<Place>,
    /// Whether nothing is moved past it.
    pub(crate) barrier: bool,
    /// What it may see, if it is a call.
    pub(crate) sees: Sees,
    /// Path of the object that it belongs to.
    pub(crate) of: String,
    /// The pass that made it; empty if it is an operator as itself.
    pub(crate) pass: &'static str,
}

impl Turning {
    pub(crate) fn is_call(&self) -> bool {
        matches!(self.what, What::Call(_))
    }
    /// Numbers that it touches.
    pub(crate) fn work(&self) -> usize {
        match &self.what {
            What::Code(code) => code.work(&self.on.iter().map(|p| p.span.len).collect::<Vec<_>>()),
            What::Call(_) => 0,
        }
    }
}

/// What someone reaches by addresses, in calls or between steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holds {
    /// Base signals whose own memory is the truth at every moment: every operator that touches one of them runs as itself.
    pub(crate) signals: HashSet<SignalId>,
    /// Whether a call may ask for any signal in the middle of a step: each is then stored at the place of its operator, though
    /// perhaps in a form, which can be closed there.
    pub(crate) any: bool,
}

impl Holds {
    /// Those that calls of a program reach.
    pub(crate) fn of(program: &Program) -> Holds {
        let reaches =
            |op: &&crate::program::Operator| matches!(&op.op, Op::Call(c) if c.sees() == Sees::Memory);
        let on = program.operators().iter().filter(reaches).flat_map(|op| op.on.iter());
        Holds { any: false, signals: on.map(|o| program.base(o.signal)).collect() }
    }
    /// Whether nothing may be moved past a call.
    fn barrier(&self, sees: Sees) -> bool {
        match sees {
            Sees::Operands => false,
            Sees::Held => self.any || !self.signals.is_empty(),
            Sees::Everything | Sees::Memory => true,
        }
    }
}

/// What a plan is made for.
pub(crate) struct Wanted<'a> {
    pub(crate) program: &'a Program,
    /// Operators in the order of a step.
    pub(crate) order: &'a [usize],
    pub(crate) layout: &'a Layout,
    pub(crate) passes: Passes,
    /// Signals that somebody looks at, beside those that the program says.
    pub(crate) pins: &'a [SignalId],
    /// Signals that somebody reaches by their addresses.
    pub(crate) holds: &'a Holds,
    /// Signals that are summed, and where.
    pub(crate) tallies: &'a [(SignalId, Span)],
    pub(crate) threads: usize,
    /// Segments in which the plan's own numbers will lie: the simulation's, and in double precision.
    pub(crate) own: (u32, u32),
    /// Whether the simulation's numbers are of single precision.
    pub(crate) single: bool,
}

/// What runs in a step.
pub(crate) struct Plan {
    pub(crate) turns: Vec<Turning>,
    /// What each turn does, by itself: a step reads nothing else of it.
    pub(crate) whats: Vec<What>,
    /// The same for memory: slots, and what may run at once.
    pub(crate) steps: Steps,
    pub(crate) slots: Vec<Slots>,
    pub(crate) forms: Forms,
    /// Numbers of its own, by room.
    pub(crate) own: [usize; 2],
    /// Segments in which these lie.
    pub(crate) segments: (u32, u32),
    pub(crate) passes: Passes,
    /// Signals that are stored because somebody looks at them.
    pub(crate) pins: HashSet<SignalId>,
    /// What it stores, when somebody has asked.
    stored: OnceLock<Stored>,
}

/// A plan while it is made.
pub(crate) struct Draft<'a> {
    wanted: &'a Wanted<'a>,
    turns: Vec<Turning>,
    forms: Vec<FormAt>,
    /// Base signals that have a path and are only handed on, and where to.
    handed: Vec<(SignalId, Span)>,
    own: [usize; 2],
    /// Runs of turns that belong together; of one each without the pass that joins them.
    groups: Vec<std::ops::Range<usize>>,
    /// How many operands of operators are of a base signal.
    users: HashMap<SignalId, usize>,
    /// Base signals that something in a step writes.
    written: HashSet<SignalId>,
    /// Errors that are kept as values before the encoders.
    values: passes::Values,
    /// Base signals that no turn uses since a pass was applied: nothing needs to reset them.
    unused: HashSet<SignalId>,
}

impl Plan {
    /// Makes a plan.
    pub(crate) fn new(wanted: &Wanted<'_>) -> Result<Plan, Error> {
        let (mut users, mut written) = (HashMap::new(), HashSet::new());
        for op in wanted.program.operators().iter().filter(|op| !matches!(op.op, Op::Probe)) {
            for o in &op.on {
                let base = wanted.program.base(o.signal);
                *users.entry(base).or_default() += 1;
                if o.access.writes() {
                    written.insert(base);
                }
            }
        }
        let (turns, forms, handed, groups) = (vec![], vec![], vec![], vec![]);
        let (values, unused) = (passes::Values::default(), HashSet::new());
        let mut d =
            Draft { wanted, turns, forms, handed, own: [0, 0], groups, users, written, values, unused };
        let (mut passes, program) = (wanted.passes, wanted.program);
        if wanted.holds.any {
            (passes.merge_resets, passes.fuse_encoding, passes.fuse_populations) = (false, false, false);
        }
        if passes.factored && !wanted.holds.any {
            d.values();
        }
        if passes.merge_resets {
            d.merge_resets();
        }
        let fused = if passes.fuse_encoding { d.fusable() } else { HashMap::new() };
        let copies: HashSet<usize> = fused.values().copied().collect();
        for &k in wanted.order {
            let op = &program.operators()[k];
            if (passes.merge_resets && d.is_merged(k)) || copies.contains(&k) || d.values.spares(k) {
                continue;
            }
            let handed = !matches!(&op.op, Op::Call(call) if call.sees() == Sees::Memory);
            let on = op.on.iter().filter(|_| handed).map(|o| wanted.layout.place(program, o)).collect();
            let (what, sees) = match &op.op {
                Op::Clock | Op::Probe => continue,
                Op::Call(call) => (What::Call(k), call.sees()),
                Op::Kernel(code) => (What::Code(code.clone()), Sees::Operands),
            };
            let barrier = wanted.holds.barrier(sees);
            let mut turn = Turning { what, on, barrier, sees, of: op.of.clone(), pass: "" };
            if let Some(bias) = fused.get(&k) {
                d.encode(&mut turn, *bias, k);
            } else {
                if passes.lif_phase {
                    d.lif_phase(&mut turn, k);
                }
                if passes.factored {
                    d.factored(&mut turn, k);
                    d.without_rows(&mut turn, k);
                }
                if passes.pending {
                    d.pending(&mut turn, k);
                }
                if passes.at_spikes {
                    d.at_spikes(&mut turn, k);
                }
                if passes.events {
                    d.events(&mut turn, k);
                }
            }
            d.turns.push(turn);
        }
        d.groups = (0..d.turns.len()).map(|k| k..k + 1).collect();
        if passes.locality {
            d.localise();
        }
        if passes.fuse_populations {
            d.fuse_populations();
        }
        if passes.join_populations {
            d.join_populations();
        }
        d.tally();
        d.finish()
    }
}

impl Plan {
    /// Whether a step stores a signal that it writes: what one loop hands on to the next within a kernel it doesn't.
    pub(crate) fn stores(&self, program: &Program, layout: &Layout, s: SignalId) -> bool {
        let (base, span, room) = (program.base(s), layout.span(s), program.get(s).room);
        let stored = self.stored.get_or_init(|| Stored::new(program, &self.turns));
        // What is reset with all others has its value only if what is then added to it is stored; its parts with it.
        let set = |span| stored.set.meets(room, span);
        let reset = || stored.reset.meets(room, span) && set(layout.span(base));
        !stored.written.contains(&base) || self.forms.truth(base).is_some() || set(span) || reset()
    }
}

/// What a step stores of what it writes.
struct Stored {
    /// Base signals that operators write, resets aside; but what a call that sees memory names it writes as it likes.
    written: HashSet<SignalId>,
    /// What turns write, but for the one that resets, and what that resets.
    set: Places,
    reset: Places,
}

/// Places by their beginnings, each with the furthest end up to there: places may lie within others.
struct Places(Vec<((Room, u32), usize, usize)>);

impl Places {
    fn new(of: impl Iterator<Item = Place>) -> Places {
        let mut places: Vec<_> = of.map(|p| ((p.room, p.span.segment), p.span.start, p.span.end())).collect();
        places.sort_unstable();
        let mut before = None;
        for (segment, _, end) in &mut places {
            if let Some((_, furthest)) = before.filter(|b: &((Room, u32), usize)| b.0 == *segment) {
                *end = furthest.max(*end);
            }
            before = Some((*segment, *end));
        }
        Places(places)
    }
    /// Whether one of them has an element of these.
    fn meets(&self, room: Room, span: Span) -> bool {
        let segment = (room, span.segment);
        let before = self.0.partition_point(|p| (p.0, p.1) < (segment, span.end()));
        self.0[..before].last().is_some_and(|p| p.0 == segment && p.2 > span.start)
    }
}

impl Stored {
    fn new(program: &Program, turns: &[Turning]) -> Stored {
        let (mut written, mut named) = (HashSet::new(), HashSet::new());
        for op in program.operators().iter().filter(|op| !matches!(op.op, Op::Kernel(Code::Fill(_)))) {
            let memory = matches!(&op.op, Op::Call(c) if c.sees() == Sees::Memory);
            let of = if memory { &mut named } else { &mut written };
            of.extend(op.on.iter().filter(|o| o.access.writes()).map(|o| program.base(o.signal)));
        }
        let of = |merged: bool| {
            let turns = turns.iter().filter(move |t| (t.pass == MERGED) == merged);
            Places::new(turns.flat_map(|t| &t.on).filter(|p| p.write).copied())
        };
        Stored { written: &written - &named, set: of(false), reset: of(true) }
    }
}

impl Draft<'_> {
    /// Turns that sum signals as the step leaves them; those that a population sums in its pass have none.
    fn tally(&mut self) {
        if self.wanted.tallies.is_empty() {
            return;
        }
        let written = self.turns.iter().flat_map(|t| &t.on).filter(|p| p.write);
        let done: HashSet<Span> = written.map(|p| p.span).collect();
        for (signal, sums) in self.wanted.tallies.iter().filter(|(_, sums)| !done.contains(sums)) {
            let from = self.wanted.layout.place(self.wanted.program, &Operand::read(*signal));
            self.groups.push(self.turns.len()..self.turns.len() + 1);
            self.turns.push(Turning {
                what: What::Code(Tally.into()),
                on: vec![Place { room: Room::Real, span: *sums, write: true }, from],
                barrier: false,
                sees: Sees::Operands,
                of: self.wanted.program.get(*signal).name.clone(),
                pass: "",
            });
        }
    }
    /// Whether something in a step may write to what a signal is a part of.
    fn written(&self, s: SignalId) -> bool {
        self.written.contains(&self.wanted.program.base(s)) || self.held(s)
    }
    /// Base signals of the simulation's number type, and where they lie.
    fn real_signals(&self) -> impl Iterator<Item = (Span, SignalId)> {
        let all = (0..).map(SignalId).zip(self.wanted.program.signals());
        let bases = all.filter(|(_, s)| s.view.is_none() && s.room == Room::Real);
        bases.map(|(id, _)| (self.wanted.layout.span(id), id))
    }
    /// Base signals that a probe looks at, of the program or of the simulation.
    fn looked_at(&self) -> impl Iterator<Item = SignalId> {
        let program = self.wanted.program;
        let probes = program.operators().iter().filter(|op| matches!(op.op, Op::Probe));
        let probed = probes.flat_map(|op| op.on.iter()).map(|o| o.signal);
        probed.chain(self.wanted.pins.iter().copied()).map(|s| program.base(s))
    }
    /// Whether someone reaches what a signal is a part of by its address.
    fn held(&self, s: SignalId) -> bool {
        self.wanted.holds.signals.contains(&self.wanted.program.base(s))
    }
    /// Numbers of the plan's own, in the simulation's type.
    fn own_real(&mut self, len: usize) -> Span {
        let start = self.own[0];
        self.own[0] += len.next_multiple_of(ALIGN);
        Span { segment: self.wanted.own.0, start, len }
    }
    /// The same in double precision.
    fn own_double(&mut self, len: usize) -> Span {
        let start = self.own[1];
        self.own[1] += len;
        Span { segment: self.wanted.own.1, start, len }
    }

    fn finish(self) -> Result<Plan, Error> {
        let fault = |of: &str, m: String| Error::build(of, format!("the plan is faulty: {m}"));
        let slots = self
            .turns
            .iter()
            .map(|t| Slots::new(t.on.clone()).map_err(|m| fault(&t.of, m)))
            .collect::<Result<Vec<_>, _>>()?;
        let turn =
            |(t, s): (&Turning, &Slots)| if t.is_call() { Turn::Call } else { Turn::Kernel(s.clone()) };
        let turns = self.turns.iter().zip(&slots).map(turn).collect();
        let mut parts = if self.wanted.threads > 1 { self.parts() } else { vec![] };
        if !parts.iter().any(|p| matches!(p, Parts::Parallel(_))) {
            parts = vec![Parts::Serial((0..self.turns.len()).collect())];
        }
        let steps = Steps::new(turns, parts).map_err(|m| fault("", m))?;
        let Draft { turns, forms, handed, own, wanted, .. } = self;
        let whats = turns.iter().map(|t| t.what.clone()).collect();
        Ok(Plan {
            turns,
            whats,
            steps,
            slots,
            forms: Forms::new(forms, handed),
            own,
            segments: wanted.own,
            passes: wanted.passes,
            pins: wanted.pins.iter().copied().collect(),
            stored: OnceLock::new(),
        })
    }
}
