//! Calls: what a plan knows nothing of. A node's callback, a function, a process, a learning rule, pulses on devices, an
//! operator of another front end.
//!
//! A new kind of call touches no file of this crate: it implements [`Call`], and whoever makes the program puts it in.

use std::fmt::Debug;

use bouton_core::Failure;
use bouton_memory::{Held, Memory, Place, Room, Slots, Span, split};

use crate::kernels::{At, SimReal};
use crate::live::{Everything, Hand, Log};
use crate::plan::{AnyForm, Layout, Plan};
use crate::probes::{ObserveId, Probe};
use crate::program::{Program, Shape, SignalId};

/// What a call may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// Its operands.
    Operands,
    /// Everything that has a path; it may edit what it has as an operand to edit. It is then a barrier: no kernel holds
    /// operators from both of its sides.
    Everything,
    /// Its operands, and what is [held](crate::Simulation::hold), by addresses that it may have: where anything is held it is a
    /// barrier.
    Held,
    /// The numbers of its operands by their addresses, which it has from [`Simulation::hold`](crate::Simulation::hold): it is
    /// handed none. Its operands say where it stands in the order, and may meet each other. It is a barrier, and every operator
    /// that touches one of them runs as itself.
    Memory,
}

/// Where the numbers of a signal lie, from its first element to its last, and what keeps them there.
#[derive(Clone)]
pub enum Address {
    /// In double precision.
    F64(Held<f64>),
    /// In single precision.
    F32(Held<f32>),
}

/// What a call is started with.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// Time step (s).
    pub dt: f64,
    /// The seed that was drawn for it, if it asked for one.
    pub seed: Option<u32>,
}

/// Something that runs in a step and isn't a kernel.
pub trait Call: Debug + Send + Sync {
    /// Its name in listings.
    fn name(&self) -> &str;
    /// Refuses operands of other numbers or shapes than it takes.
    ///
    /// # Errors
    /// What was expected and found.
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let _ = on;
        Ok(())
    }
    /// What it may see.
    fn sees(&self) -> Sees {
        Sees::Operands
    }
    /// Positions among its operands of what its change wants of each row, and of the error row by row that this is made of, if it
    /// makes do without them: it is then given none of their elements. For a rule whose rows are encoders times what it makes of
    /// the error before the encoders, which it also writes.
    fn spares(&self) -> Option<[usize; 2]> {
        None
    }
    /// Starts it: once for each simulation, and at each reset, in the order of the step.
    ///
    /// # Errors
    /// It can't be started.
    fn start(&self, start: &Start) -> Result<Box<dyn Running>, String>;
}

/// A call that runs. It belongs to one simulation.
pub trait Running: Send {
    /// Takes one step.
    ///
    /// # Errors
    /// What went wrong; the run stops at this step.
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure>;
    /// What it holds beside signals, as bytes that [`load`](Running::load) takes; empty if nothing.
    ///
    /// # Errors
    /// It holds something that can't be saved.
    fn save(&self) -> Result<Vec<u8>, String> {
        Ok(vec![])
    }
    /// Goes on from what was saved.
    ///
    /// # Errors
    /// The bytes are not what [`save`](Running::save) gave.
    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        if saved.is_empty() {
            Ok(())
        } else {
            Err(format!("keeps nothing, and {} bytes were saved", saved.len()))
        }
    }
}

/// The numbers of a simulation, whatever their type.
pub(crate) enum Numbers<'a> {
    F64(&'a mut Memory<f64>),
    F32(&'a mut Memory<f32>),
}

/// Some of them, to be read.
#[derive(Clone, Copy)]
pub(crate) enum Seen<'a> {
    F64(&'a [f64]),
    F32(&'a [f32]),
}

impl Seen<'_> {
    pub(crate) fn at(self, k: usize) -> f64 {
        match self {
            Seen::F64(x) => x[k],
            Seen::F32(x) => f64::from(x[k]),
        }
    }
    pub(crate) fn extend(self, out: &mut Vec<f64>) {
        match self {
            Seen::F64(x) => out.extend_from_slice(x),
            Seen::F32(x) => out.extend(x.iter().map(|x| f64::from(*x))),
        }
    }
    /// What a form keeps, closed.
    pub(crate) fn close(self, form: &AnyForm, len: usize, constants: &[f64], out: &mut Vec<f64>) {
        match self {
            Seen::F64(x) => form.close_all(x, len, constants, out),
            Seen::F32(x) => form.close_all(x, len, constants, out),
        }
    }
}

/// Sets numbers; one that stays the same keeps its bits.
pub(crate) fn keep<T: SimReal>(y: &mut [T], values: &[f64]) {
    for (y, x) in y.iter_mut().zip(values) {
        let x = T::of(*x);
        *y = if x == *y { *y } else { x };
    }
}

/// A number type whose memory can be handed to calls.
pub(crate) trait CallReal: SimReal {
    fn numbers(m: &mut Memory<Self>) -> Numbers<'_>;
    fn seen(x: &[Self]) -> Seen<'_>;
    fn held(x: Held<Self>) -> Address;
}
impl CallReal for f64 {
    fn numbers(m: &mut Memory<f64>) -> Numbers<'_> {
        Numbers::F64(m)
    }
    fn seen(x: &[f64]) -> Seen<'_> {
        Seen::F64(x)
    }
    fn held(x: Held<f64>) -> Address {
        Address::F64(x)
    }
}
impl CallReal for f32 {
    fn numbers(m: &mut Memory<f32>) -> Numbers<'_> {
        Numbers::F32(m)
    }
    fn seen(x: &[f32]) -> Seen<'_> {
        Seen::F32(x)
    }
    fn held(x: Held<f32>) -> Address {
        Address::F32(x)
    }
}

impl Numbers<'_> {
    /// A span of them.
    pub(crate) fn see(&self, s: Span) -> Seen<'_> {
        match self {
            Numbers::F64(m) => Seen::F64(m.get(s)),
            Numbers::F32(m) => Seen::F32(m.get(s)),
        }
    }
    /// Appends the values of a span of the simulation's numbers.
    pub(crate) fn read(&self, s: Span, out: &mut Vec<f64>) {
        self.see(s).extend(out);
    }
    #[inline]
    pub(crate) fn set(&mut self, s: Span, values: &[f64]) {
        match self {
            Numbers::F64(m) => m.get_mut(s).copy_from_slice(values),
            Numbers::F32(m) => m.get_mut(s).iter_mut().zip(values).for_each(|(y, x)| *y = *x as f32),
        }
    }
    /// Sets a span; a number that stays the same keeps its bits.
    pub(crate) fn keep(&mut self, s: Span, values: &[f64]) {
        match self {
            Numbers::F64(m) => keep(m.get_mut(s), values),
            Numbers::F32(m) => keep(m.get_mut(s), values),
        }
    }
    /// Sets numbers of a span one by one, as `put` says: where in it, and what.
    pub(crate) fn put_all(&mut self, s: Span, put: impl FnOnce(&mut dyn FnMut(usize, f64))) {
        match self {
            Numbers::F64(m) => {
                let y = m.get_mut(s);
                put(&mut |k, x| y[k] = x);
            }
            Numbers::F32(m) => {
                let y = m.get_mut(s);
                put(&mut |k, x| y[k] = x as f32);
            }
        }
    }
    /// The number that is kept of `x`.
    pub(crate) fn rounded(&self, x: f64) -> f64 {
        match self {
            Numbers::F64(_) => x,
            Numbers::F32(_) => f64::from(x as f32),
        }
    }
}

/// What a call that sees more than its operands needs beside the numbers.
pub(crate) struct Context<'a> {
    pub(crate) program: &'a Program,
    pub(crate) layout: &'a Layout,
    pub(crate) plan: &'a Plan,
    pub(crate) sees: Sees,
    pub(crate) log: &'a mut Log,
    pub(crate) probes: &'a mut [Probe],
    /// Which operator.
    pub(crate) operator: usize,
    pub(crate) dt: f64,
    pub(crate) step: u64,
}

/// What a call reaches: its operands, by position; and everything that has a path, if it asked for that.
pub struct Io<'a> {
    pub(crate) numbers: Numbers<'a>,
    pub(crate) double: &'a mut Memory<f64>,
    pub(crate) slots: &'a Slots,
    pub(crate) context: Option<Context<'a>>,
}

impl Io<'_> {
    #[inline]
    fn place(&self, k: usize) -> Place {
        self.slots.places()[k]
    }
    /// Number of operands.
    pub fn len(&self) -> usize {
        self.slots.places().len()
    }
    /// Whether there are no operands.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Number of elements of operand `k`.
    #[inline]
    pub fn width(&self, k: usize) -> usize {
        self.place(k).span.len
    }
    /// Whether a number is finite in the simulation's number type.
    pub fn holds(&self, x: f64) -> bool {
        self.numbers.rounded(x).is_finite()
    }
    /// Copies the values of operand `k`.
    pub fn copy(&self, k: usize, out: &mut Vec<f64>) {
        out.clear();
        let p = self.place(k);
        match p.room {
            Room::Real => self.numbers.read(p.span, out),
            Room::Double => out.extend_from_slice(self.double.get(p.span)),
        }
    }
    /// Sets operand `k`.
    ///
    /// # Panics
    /// If it isn't one that is written, or of another length.
    #[inline]
    pub fn set(&mut self, k: usize, values: &[f64]) {
        let p = self.place(k);
        assert!(p.write && p.span.len == values.len(), "operand {k} can't be set to {} values", values.len());
        match p.room {
            Room::Real => self.numbers.set(p.span, values),
            Room::Double => self.double.get_mut(p.span).copy_from_slice(values),
        }
    }
    /// All operands at once: those that are written and those that are read, each in their order. In double precision they
    /// are the numbers themselves, otherwise copies that are written back.
    pub fn with<R>(&mut self, f: impl FnOnce(&mut [&mut [f64]], &[&[f64]]) -> R) -> R {
        let (mut writes, mut reads) = (Vec::new(), Vec::new());
        // The two rooms' slices, put in the order of the operands.
        fn order<'s>(
            slots: &Slots,
            (rw, rr): (Vec<&'s mut [f64]>, Vec<&'s [f64]>),
            (dw, dr): (Vec<&'s mut [f64]>, Vec<&'s [f64]>),
            writes: &mut Vec<&'s mut [f64]>,
            reads: &mut Vec<&'s [f64]>,
        ) {
            let (mut rw, mut rr, mut dw, mut dr) =
                (rw.into_iter(), rr.into_iter(), dw.into_iter(), dr.into_iter());
            for p in slots.places() {
                match (p.room, p.write) {
                    (Room::Real, true) => writes.extend(rw.next()),
                    (Room::Real, false) => reads.extend(rr.next()),
                    (Room::Double, true) => writes.extend(dw.next()),
                    (Room::Double, false) => reads.extend(dr.next()),
                }
            }
        }
        match &mut self.numbers {
            Numbers::F64(m) => {
                let s = split(m, self.double, self.slots);
                let (real, double) = ((s.real_writes, s.real_reads), (s.double_writes, s.double_reads));
                order(self.slots, real, double, &mut writes, &mut reads);
                f(&mut writes, &reads)
            }
            Numbers::F32(m) => {
                let s = split(m, self.double, self.slots);
                let wide = |x: &[f32]| x.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
                let mut w: Vec<Vec<f64>> = s.real_writes.iter().map(|x| wide(x)).collect();
                let r: Vec<Vec<f64>> = s.real_reads.iter().map(|x| wide(x)).collect();
                let real = (w.iter_mut().map(|x| &mut x[..]).collect(), r.iter().map(|x| &x[..]).collect());
                order(self.slots, real, (s.double_writes, s.double_reads), &mut writes, &mut reads);
                let result = f(&mut writes, &reads);
                drop((writes, reads));
                for (to, from) in s.real_writes.into_iter().zip(&w) {
                    to.iter_mut().zip(from).for_each(|(y, x)| *y = *x as f32);
                }
                result
            }
        }
    }
    /// For a call that sees what is [held](Sees::Held), in which someone asks for the address of a signal that isn't held yet:
    /// every signal's own memory becomes the truth, until [`open_forms`](Io::open_forms) is called before the call ends.
    pub fn close_forms(&mut self) {
        self.forms(false);
    }
    /// Goes on in this step with what stands in the signals' own memory.
    pub fn open_forms(&mut self) {
        self.forms(true);
    }
    fn forms(&mut self, open: bool) {
        let Some(Everything { mut hand, .. }) = self.reach() else { return };
        for f in hand.forms.iter() {
            match (open, f.form.truth()) {
                (true, _) => hand.refresh_form(f),
                (false, true) => {
                    let plain = hand.read(f.signal);
                    hand.numbers.set(hand.layout.span(f.signal), &plain);
                }
                (false, false) => {}
            }
        }
    }
    /// Whether the plan of this step stores a signal: what it hands on from one loop to the next it may not.
    pub fn stores(&self, s: SignalId) -> bool {
        let Some(c) = &self.context else { return false };
        c.plan.stores(c.program, c.layout, s)
    }
    /// Moves the values that a probe has recorded until the step before behind others, for whatever sees more than its operands.
    pub fn drain_values(&mut self, id: ObserveId, to: &mut Vec<f64>) {
        let probes = self.context.iter_mut().flat_map(|c| c.probes.iter_mut());
        probes.filter(|p| p.id == id).for_each(|p| p.recorded.move_values(to));
    }
    /// What has a path, for a call that [sees everything](Sees::Everything); `None` for others.
    pub fn everything(&mut self) -> Option<Everything<'_>> {
        let all = self.context.as_ref().is_some_and(|c| c.sees == Sees::Everything);
        if all { self.reach() } else { None }
    }
    /// The same for whatever sees more than its operands.
    fn reach(&mut self) -> Option<Everything<'_>> {
        let c = self.context.as_mut()?;
        let numbers = match &mut self.numbers {
            Numbers::F64(m) => Numbers::F64(m),
            Numbers::F32(m) => Numbers::F32(m),
        };
        let hand = Hand {
            program: c.program,
            layout: c.layout,
            forms: &c.plan.forms,
            numbers,
            double: self.double,
            dt: c.dt,
        };
        Some(Everything { hand, log: c.log, operator: c.operator, step: c.step })
    }
}
