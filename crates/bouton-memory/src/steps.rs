//! Steps: kernels on their slots, in an order, some of them at once.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use crate::memory::{Memory, Number};
use crate::pool::Pool;
use crate::slots::{Kinds, Packed, Place, Room, Slots};

/// A turn of a step.
#[derive(Clone, Debug)]
pub enum Turn {
    /// A kernel, which reaches what its slots name and nothing else.
    Kernel(Slots),
    /// A call, which runs alone and is given all of memory.
    Call,
}

/// A part of a step: positions of turns.
#[derive(Clone, Debug, PartialEq)]
pub enum Parts {
    /// Turns one after the other, on the thread that takes the step.
    Serial(Vec<usize>),
    /// Units of kernels; units may run at once, the kernels of one follow each other.
    Parallel(Vec<Vec<usize>>),
}

/// The turns of a step and how they are run.
pub struct Steps {
    turns: Vec<Turn>,
    parts: Vec<Parts>,
    /// Turns as a step reads them, and the operands of all, one behind the other: with thousands of small kernels, going
    /// from allocation to allocation would cost more than the numbers.
    rows: Vec<Row>,
    packed: Vec<Packed>,
    /// Elements that each segment must have, by room.
    reach: [Vec<usize>; 2],
}

/// A turn: where its operands begin, and how many of each kind it has.
#[derive(Clone, Copy)]
struct Row {
    first: usize,
    kinds: Kinds,
    call: bool,
}

fn room(r: Room) -> usize {
    match r {
        Room::Real => 0,
        Room::Double => 1,
    }
}

impl Steps {
    /// A step of these turns, run part by part. Each turn must occur once.
    ///
    /// # Errors
    /// A turn that is missing or occurs twice; a call among units that run at once; units that run at once of which one
    /// writes what another touches.
    pub fn new(turns: Vec<Turn>, parts: Vec<Parts>) -> Result<Steps, String> {
        let mut seen = vec![false; turns.len()];
        for p in &parts {
            let all: Box<dyn Iterator<Item = &usize>> = match p {
                Parts::Serial(ks) => Box::new(ks.iter()),
                Parts::Parallel(units) => Box::new(units.iter().flatten()),
            };
            for k in all {
                match seen.get_mut(*k) {
                    Some(s) if !*s => *s = true,
                    Some(_) => return Err(format!("turn {k} occurs twice")),
                    None => return Err(format!("there is no turn {k}")),
                }
            }
        }
        if let Some(k) = seen.iter().position(|s| !*s) {
            return Err(format!("turn {k} never comes"));
        }
        for p in &parts {
            if let Parts::Parallel(units) = p {
                apart(&turns, units)?;
            }
        }
        let mut reach = [vec![], vec![]];
        for t in &turns {
            let Turn::Kernel(slots) = t else { continue };
            for p in slots.places() {
                let list: &mut Vec<usize> = &mut reach[room(p.room)];
                let k = p.span.segment as usize;
                if list.len() <= k {
                    list.resize(k + 1, 0);
                }
                list[k] = list[k].max(p.span.end());
            }
        }
        let (mut rows, mut packed) = (Vec::with_capacity(turns.len()), vec![]);
        for t in &turns {
            let (first, call) = (packed.len(), matches!(t, Turn::Call));
            let kinds = match t {
                Turn::Kernel(slots) => {
                    packed.extend(slots.packed());
                    Kinds::of(slots.places())
                }
                Turn::Call => Kinds::MIXED,
            };
            rows.push(Row { first, kinds, call });
        }
        Ok(Steps { turns, parts, rows, packed, reach })
    }
    /// The turns.
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }
    /// The parts.
    pub fn parts(&self) -> &[Parts] {
        &self.parts
    }

    fn lies_in<T: Number>(&self, real: &Memory<T>, double: &Memory<f64>) -> bool {
        let [r, d] = &self.reach;
        r.len() <= real.segments()
            && d.len() <= double.segments()
            && r.iter().enumerate().all(|(k, n)| *n <= real.len(k as u32))
            && d.iter().enumerate().all(|(k, n)| *n <= double.len(k as u32))
    }
}

/// Refuses units of which one writes what another touches.
fn apart(turns: &[Turn], units: &[Vec<usize>]) -> Result<(), String> {
    // Per segment, all operands by where they begin. Going through them in that order, only the furthest end of each of
    // the two kinds (written, read) and whose it is need be known, beside the furthest of the other units.
    let mut all: BTreeMap<(Room, u32), Vec<(Place, usize)>> = BTreeMap::new();
    for (u, kernels) in units.iter().enumerate() {
        for k in kernels {
            let Turn::Kernel(slots) = &turns[*k] else {
                return Err(format!("turn {k} is a call and can't run at once with others"));
            };
            for p in slots.places().iter().filter(|p| p.span.len > 0) {
                all.entry((p.room, p.span.segment)).or_default().push((*p, u));
            }
        }
    }
    for list in all.values_mut() {
        list.sort_by_key(|(p, _)| p.span.start);
        let (mut written, mut touched) = (Furthest::default(), Furthest::default());
        for (p, u) in list.iter() {
            let against = if p.write { &touched } else { &written };
            if against.beyond(p.span.start, *u) {
                return Err("units that run at once have numbers in common, and one writes them".into());
            }
            touched.add(p.span.end(), *u);
            if p.write {
                written.add(p.span.end(), *u);
            }
        }
    }
    Ok(())
}

/// The furthest end of operands seen so far, and the furthest of another unit than that one's.
#[derive(Default)]
struct Furthest {
    first: Option<(usize, usize)>,
    other: Option<(usize, usize)>,
}

impl Furthest {
    fn add(&mut self, end: usize, unit: usize) {
        match self.first {
            Some((e, u)) if u == unit => self.first = Some((e.max(end), u)),
            Some((e, _)) if e >= end => {
                if self.other.is_none_or(|(o, _)| o < end) {
                    self.other = Some((end, unit));
                }
            }
            before => {
                self.other = before;
                self.first = Some((end, unit));
            }
        }
    }
    /// Whether an operand of another unit goes beyond `start`.
    fn beyond(&self, start: usize, unit: usize) -> bool {
        [self.first, self.other].into_iter().flatten().any(|(e, u)| u != unit && e > start)
    }
}

/// What a kernel is handed: the slices of its slots, once.
pub struct Slices<'a, T> {
    steps: &'a Steps,
    turn: usize,
    real: &'a Memory<T>,
    double: &'a Memory<f64>,
    /// Written slices are handed out, and only on the thread that has this.
    _life: PhantomData<&'a mut [T]>,
}

/// The operands of a kernel that takes `W` written and `R` read ones of the simulation's number type, and `D` read ones in
/// double precision.
pub type Operands<'a, T, const W: usize, const R: usize, const D: usize> =
    ([&'a mut [T]; W], [&'a [T]; R], [&'a [f64]; D]);

/// The slices of a kernel, by kind, in the order of its slots.
pub struct Lists<'a, T> {
    /// Written, of the simulation's number type.
    pub writes: Vec<&'a mut [T]>,
    /// Read, of the simulation's number type.
    pub reads: Vec<&'a [T]>,
    /// Read, in double precision.
    pub doubles: Vec<&'a [f64]>,
}

impl<'a, T: Number> Slices<'a, T> {
    /// All slices at once: `W` that are written and `R` that are read, of the simulation's number type, and `D` that are
    /// read in double precision, each in the order of the slots.
    ///
    /// # Panics
    /// If the kernel has other numbers of operands, or writes double precision.
    #[inline(always)]
    pub fn take<const W: usize, const R: usize, const D: usize>(self) -> Operands<'a, T, W, R, D> {
        // The order written, read, read in double precision is checked when a program is made; others are refused here.
        let kinds = const { Kinds::ordered(W, R, D) };
        let row = &self.steps.rows[self.turn];
        assert!(row.kinds == kinds, "a kernel with other operands than its slots");
        let places = &self.steps.packed[row.first..];
        // SAFETY: there are W + R + D places from the turn's first on, of these kinds in this order. `run` checked that all spans lie in the
        // memories, and their segments are there. A span that is written meets no other of the kernel (`Slots::new`), nor
        // one of a kernel that runs at the same time (`Steps::new`), and `run` holds both memories by `&mut`; `self` is
        // taken, and made once a turn, so that slices are handed out once.
        unsafe {
            let w = std::array::from_fn(|k| {
                let s = places.get_unchecked(k);
                std::slice::from_raw_parts_mut(self.real.base_of(s.segment).add(s.start), s.len as usize)
            });
            let r = std::array::from_fn(|k| {
                let s = places.get_unchecked(W + k);
                std::slice::from_raw_parts(self.real.base_of(s.segment).add(s.start), s.len as usize)
            });
            let d = std::array::from_fn(|k| {
                let s = places.get_unchecked(W + R + k);
                std::slice::from_raw_parts(self.double.base_of(s.segment).add(s.start), s.len as usize)
            });
            (w, r, d)
        }
    }

    /// The same for kernels whose number of operands isn't fixed.
    ///
    /// # Panics
    /// If the kernel writes double precision.
    pub fn lists(self) -> Lists<'a, T> {
        let mut l = Lists { writes: vec![], reads: vec![], doubles: vec![] };
        let Turn::Kernel(slots) = &self.steps.turns[self.turn] else { return l };
        for p in slots.places() {
            let s = p.span;
            // SAFETY: as in `take`.
            unsafe {
                match (p.room, p.write) {
                    (Room::Real, true) => l
                        .writes
                        .push(std::slice::from_raw_parts_mut(self.real.base(s.segment).add(s.start), s.len)),
                    (Room::Real, false) => {
                        l.reads
                            .push(std::slice::from_raw_parts(self.real.base(s.segment).add(s.start), s.len));
                    }
                    (Room::Double, false) => {
                        l.doubles.push(std::slice::from_raw_parts(
                            self.double.base(s.segment).add(s.start),
                            s.len,
                        ));
                    }
                    (Room::Double, true) => panic!("a kernel that writes double precision"),
                }
            }
        }
        l
    }
}

/// All slices of some slots, by kind, in the order of the slots.
pub struct Split<'a, T> {
    /// Written, of the simulation's number type.
    pub real_writes: Vec<&'a mut [T]>,
    /// Read, of the simulation's number type.
    pub real_reads: Vec<&'a [T]>,
    /// Written, in double precision.
    pub double_writes: Vec<&'a mut [f64]>,
    /// Read, in double precision.
    pub double_reads: Vec<&'a [f64]>,
}

/// The slices of some slots, for whoever holds both memories.
///
/// # Panics
/// If a slot lies outside the memories.
pub fn split<'a, T: Number>(
    real: &'a mut Memory<T>,
    double: &'a mut Memory<f64>,
    slots: &Slots,
) -> Split<'a, T> {
    let mut s =
        Split { real_writes: vec![], real_reads: vec![], double_writes: vec![], double_reads: vec![] };
    for p in slots.places() {
        let inside = match p.room {
            Room::Real => real.holds(p.span),
            Room::Double => double.holds(p.span),
        };
        assert!(inside, "operands outside the memory");
        let (base, n) = (p.span.segment, p.span.len);
        // SAFETY: in range; both memories are held by `&mut` for as long as the slices live, and what is written meets no
        // other of the slots (`Slots::new`).
        unsafe {
            match (p.room, p.write) {
                (Room::Real, true) => {
                    s.real_writes.push(std::slice::from_raw_parts_mut(real.base(base).add(p.span.start), n));
                }
                (Room::Real, false) => {
                    s.real_reads.push(std::slice::from_raw_parts(real.base(base).add(p.span.start), n));
                }
                (Room::Double, true) => {
                    s.double_writes
                        .push(std::slice::from_raw_parts_mut(double.base(base).add(p.span.start), n));
                }
                (Room::Double, false) => {
                    s.double_reads.push(std::slice::from_raw_parts(double.base(base).add(p.span.start), n));
                }
            }
        }
    }
    s
}

/// Takes a step. `kernel(k, slices)` does turn `k`, perhaps while others of its part run; `call(k, real, double)` does a
/// call, alone. The first error ends the step.
///
/// # Panics
/// If a slot lies outside the memories.
pub fn run<T: Number, E>(
    steps: &Steps,
    real: &mut Memory<T>,
    double: &mut Memory<f64>,
    mut pool: Option<&mut Pool>,
    kernel: &(impl Fn(usize, Slices<'_, T>) + Sync),
    mut call: impl FnMut(usize, &mut Memory<T>, &mut Memory<f64>) -> Result<(), E>,
) -> Result<(), E> {
    // Calls are given `&mut` memories and could drop a segment or put another memory in place: the spans are checked
    // again after each.
    assert!(steps.lies_in(real, double), "operands outside the memory");
    for part in &steps.parts {
        match part {
            Parts::Serial(ks) => {
                for &k in ks {
                    if !steps.rows[k].call {
                        kernel(
                            k,
                            Slices { steps, turn: k, real: &*real, double: &*double, _life: PhantomData },
                        );
                    } else {
                        call(k, real, double)?;
                        assert!(steps.lies_in(real, double), "a call took memory away");
                    }
                }
            }
            Parts::Parallel(units) => {
                let (real, double) = (&*real, &*double);
                let unit = |u: usize| {
                    for &k in &units[u] {
                        kernel(k, Slices { steps, turn: k, real, double, _life: PhantomData });
                    }
                };
                match &mut pool {
                    Some(pool) => pool.run(units.len(), &unit),
                    None => (0..units.len()).for_each(unit),
                }
            }
        }
    }
    Ok(())
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::slots::Span;

    fn kernel(write: (usize, usize), read: (usize, usize)) -> Turn {
        let place = |(a, n), write| Place { room: Room::Real, span: Span::new(a, n), write };
        Turn::Kernel(Slots::new([place(write, true), place(read, false)]).unwrap())
    }

    #[test]
    fn units_that_meet_are_refused() {
        let make = |a: Turn, b: Turn| {
            Steps::new(vec![a, b], vec![Parts::Parallel(vec![vec![0], vec![1]])]).map(|_| ())
        };
        assert_eq!(make(kernel((0, 8), (8, 8)), kernel((16, 8), (8, 8))), Ok(()));
        for (a, b) in [
            (kernel((0, 8), (8, 8)), kernel((4, 4), (16, 8))),
            (kernel((0, 8), (8, 8)), kernel((16, 8), (7, 1))),
            (kernel((16, 8), (0, 8)), kernel((6, 4), (40, 8))),
        ] {
            assert!(make(a, b).unwrap_err().contains("in common"));
        }
        assert!(make(kernel((0, 8), (8, 8)), Turn::Call).unwrap_err().contains("call"));
        // One long operand of one unit, with short ones of others inside it.
        let turns = vec![kernel((100, 4), (0, 90)), kernel((110, 4), (0, 3)), kernel((50, 4), (120, 4))];
        let e = Steps::new(turns, vec![Parts::Parallel(vec![vec![0], vec![1], vec![2]])])
            .map(|_| ())
            .unwrap_err();
        assert!(e.contains("in common"));
    }

    #[test]
    fn every_turn_occurs_once() {
        let two = || vec![kernel((0, 8), (8, 8)), Turn::Call];
        for (parts, part) in [
            (vec![Parts::Serial(vec![0])], "turn 1 never"),
            (vec![Parts::Serial(vec![0, 1, 0])], "turn 0 occurs twice"),
            (vec![Parts::Serial(vec![0, 1, 7])], "no turn 7"),
        ] {
            assert!(Steps::new(two(), parts).map(|_| ()).unwrap_err().contains(part));
        }
    }

    /// Kernels add one to what follows in a chain of spans, on one and on three threads, with a call in the middle.
    #[test]
    fn a_step_is_the_same_on_any_number_of_threads() {
        let n = 64;
        let go = |threads: usize| {
            let mut turns: Vec<Turn> = (0..n).map(|k| kernel((1000 + 8 * k, 8), (8 * k, 8))).collect();
            turns.push(Turn::Call);
            let units = (0..n).map(|k| vec![k]).collect();
            let steps = Steps::new(turns, vec![Parts::Parallel(units), Parts::Serial(vec![n])]).unwrap();
            let (mut real, mut double) = (Memory::<f64>::default(), Memory::default());
            real.add(2000).unwrap();
            for (k, v) in real.get_mut(Span::new(0, 1000)).iter_mut().enumerate() {
                *v = k as f64;
            }
            let mut pool = Pool::new(threads);
            for _ in 0..50 {
                let done: Result<(), String> = run(
                    &steps,
                    &mut real,
                    &mut double,
                    Some(&mut pool),
                    &|_, s| {
                        let ([y], [x], []) = s.take();
                        y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
                    },
                    |_, real, _| {
                        real.get_mut(Span::new(0, 8)).iter_mut().for_each(|x| *x += 1.0);
                        Ok(())
                    },
                );
                done.unwrap();
            }
            real.get(Span::new(0, 2000)).to_vec()
        };
        let one = go(1);
        assert_eq!(one[1001], 50.0 * 1.0 + (0..50).sum::<i32>() as f64);
        assert_eq!((go(2), go(3)), (one.clone(), one));
    }

    #[test]
    #[should_panic(expected = "outside the memory")]
    fn slots_outside_the_memory_are_refused() {
        let steps = Steps::new(vec![kernel((0, 8), (8, 8))], vec![Parts::Serial(vec![0])]).unwrap();
        let (mut real, mut double) = (Memory::<f64>::default(), Memory::default());
        real.add(15).unwrap();
        let _ = run::<f64, String>(&steps, &mut real, &mut double, None, &|_, _| {}, |_, _, _| Ok(()));
    }

    #[test]
    #[should_panic(expected = "took memory away")]
    fn a_call_that_takes_memory_away_ends_the_step() {
        let steps =
            Steps::new(vec![Turn::Call, kernel((0, 8), (8, 8))], vec![Parts::Serial(vec![0, 1])]).unwrap();
        let (mut real, mut double) = (Memory::<f64>::default(), Memory::default());
        real.add(16).unwrap();
        let _ = run::<f64, String>(&steps, &mut real, &mut double, None, &|_, _| {}, |_, real, _| {
            real.remove(0);
            Ok(())
        });
    }
}
