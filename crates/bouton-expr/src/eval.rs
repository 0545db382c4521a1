//! Running a plan: one loop an operation, over blocks of lanes.

use crate::functions::{max, min};
use crate::ir::{Rank, Reducer, Var};
use crate::lanes::{Operand, Run};
use crate::plan::{Place, Plan, Step, StepKind, component};
use std::ops::Range;

/// Lanes in a block: what an operation costs besides its loop, as much as 100 lanes, is shared by these. Blocks of 256 would
/// leave room for a dozen in the first-level cache; rules have one or two, and took 7 % longer by them.
pub(crate) const LANES: usize = 1024;

/// Numbers that all blocks together may have before blocks get shorter (wide vectors): 8 MB.
const BLOCK_NUMBERS: usize = 1 << 20;

/// Memory for intermediate results, kept between calls so that a call allocates nothing.
///
/// One can be used with any number of programs, in turn.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    memory: Vec<f64>,
    work: Work,
}

impl Scratch {
    /// An empty one; the first call gives it its size.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was computed in all calls so far.
    pub fn work(&self) -> Work {
        self.work
    }
}

/// Numbers computed, by the rank of what they were computed for. One operation on one lane and one
/// component counts 1 (two that one loop computes, as a product and a sum with it, count as one), so this shows what was
/// hoisted out of which loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Once a call.
    pub scalar: u64,
    /// Once for each presynaptic neuron (or row of a batch).
    pub pre: u64,
    /// Once for each postsynaptic neuron.
    pub post: u64,
    /// Once for each synapse.
    pub synapse: u64,
}

impl Work {
    fn add(&mut self, rank: Rank, n: usize) {
        let counter = match rank {
            Rank::Scalar => &mut self.scalar,
            Rank::Pre => &mut self.pre,
            Rank::Post => &mut self.post,
            Rank::Synapse => &mut self.synapse,
        };
        *counter += n as u64;
    }
}

/// The lanes of one block.
#[derive(Clone, Copy)]
struct At {
    phase: Rank,
    /// The postsynaptic neuron, in the synapse phase.
    row: usize,
    first: usize,
    n: usize,
}

/// All of the memory but the part that is being written.
struct Others<'m> {
    before: &'m [f64],
    after: &'m [f64],
    after_starts: usize,
}

impl<'m> Others<'m> {
    fn get(&self, at: usize, n: usize) -> &'m [f64] {
        if at < self.before.len() {
            &self.before[at..at + n]
        } else {
            &self.after[at - self.after_starts..][..n]
        }
    }
}

/// One call.
struct Run1<'a> {
    plan: &'a Plan,
    vars: &'a [Var],
    inputs: &'a [&'a [f64]],
    n_post: usize,
    n_pre: usize,
    lanes: usize,
    /// The first synapse of which inputs and output have a number.
    base: usize,
    /// Where each kind of place begins in the memory; scalars at 0.
    blocks: usize,
    pres: usize,
    posts: usize,
    memory: &'a mut [f64],
    out: &'a mut [f64],
    work: &'a mut Work,
}

/// What a call is given, and where it puts what it computes.
pub(crate) struct Call<'a> {
    pub plan: &'a Plan,
    pub vars: &'a [Var],
    pub inputs: &'a [&'a [f64]],
    /// Postsynaptic and presynaptic neurons.
    pub shape: (usize, usize),
    pub scratch: &'a mut Scratch,
    pub out: &'a mut [f64],
}

/// Runs a plan. The lengths of inputs and output have been checked.
pub(crate) fn run(call: Call<'_>) {
    let mut run = Run1::new(call, 0);
    run.by_neurons();
    if run.plan.rank == Rank::Synapse {
        for row in 0..run.n_post {
            run.phase(Rank::Synapse, row, 0..run.n_pre);
        }
    }
}

/// Runs what differs by no synapse, for pieces that follow with the same scratch.
pub(crate) fn begin(call: Call<'_>) {
    Run1::new(call, 0).by_neurons();
}

/// Runs the synapses from one of a row on, as many as the output has numbers. Inputs of synapses have the numbers of these alone.
pub(crate) fn piece(call: Call<'_>, row: usize, first: usize) {
    let (count, n_pre) = (call.out.len(), call.shape.1);
    if call.plan.flat {
        return Run1::new(call, 0).phase(Rank::Synapse, 0, 0..count);
    }
    let mut run = Run1::new(call, row * n_pre + first);
    let (mut row, mut first, mut left) = (row, first, count);
    while left > 0 {
        let these = first..n_pre.min(first + left);
        left -= these.len();
        run.phase(Rank::Synapse, row, these);
        (row, first) = (row + 1, 0);
    }
}

impl<'a> Run1<'a> {
    fn new(call: Call<'a>, base: usize) -> Run1<'a> {
        let Call { plan, vars, inputs, shape: (n_post, n_pre), scratch, out } = call;
        // One long row, where rows are all alike.
        let (n_post, n_pre) = if plan.flat { (1, n_post * n_pre) } else { (n_post, n_pre) };
        let lanes = (BLOCK_NUMBERS / plan.blocks.max(1)).clamp(1, LANES);
        let blocks = plan.scalars;
        let pres = blocks + plan.blocks * lanes;
        let posts = pres + plan.pres * n_pre;
        let size = posts + plan.posts * n_post;
        let Scratch { memory, work } = scratch;
        if memory.len() < size {
            memory.resize(size, 0.0);
        }
        Run1 { plan, vars, inputs, n_post, n_pre, lanes, base, blocks, pres, posts, memory, out, work }
    }

    /// What differs by no synapse.
    fn by_neurons(&mut self) {
        let plan = self.plan;
        for step in &plan.phases[Rank::Scalar as usize] {
            self.scalar_step(step);
        }
        if plan.rank == Rank::Scalar {
            self.store(At { phase: Rank::Scalar, row: 0, first: 0, n: 1 });
        }
        self.phase(Rank::Pre, 0, 0..self.n_pre);
        self.phase(Rank::Post, 0, 0..self.n_post);
    }

    /// All steps of a phase, block by block.
    fn phase(&mut self, phase: Rank, row: usize, these: Range<usize>) {
        let plan = self.plan;
        let steps = &plan.phases[phase as usize];
        if steps.is_empty() && plan.rank != phase {
            return;
        }
        let Range { start: mut first, end } = these;
        while first < end {
            let at = At { phase, row, first, n: self.lanes.min(end - first) };
            for step in steps {
                for c in 0..step.width {
                    self.lane_step(step, c, at);
                }
            }
            if plan.rank == phase {
                self.store(at);
            }
            first += at.n;
        }
    }

    /// The number of a block's first synapse.
    fn pair(&self, at: At) -> usize {
        at.row * self.n_pre + at.first - self.base
    }

    /// A step whose result is one number a component: the loop is over components.
    fn scalar_step(&mut self, step: &Step) {
        self.work.add(Rank::Scalar, step.width);
        let at = At { phase: Rank::Scalar, row: 0, first: 0, n: step.width };
        let (out, others) = match step.dest {
            Place::Out => whole(self.out, self.memory),
            Place::Scalar(at) => split(self.memory, at, step.width),
            place => unreachable!("a scalar at {place:?}"),
        };
        let inputs = self.inputs;
        let read = |place: Place, wide: bool| match place {
            Place::Const(value) => Operand::Uniform(value),
            Place::Scalar(o) if wide => Operand::Lanes(others.get(o, at.n)),
            Place::Scalar(o) => Operand::Uniform(others.get(o, 1)[0]),
            Place::Input { var, comp, .. } if wide => Operand::Lanes(&inputs[var][comp..comp + at.n]),
            Place::Input { var, comp, .. } => Operand::Uniform(inputs[var][comp]),
            place => unreachable!("a scalar at {place:?}"),
        };
        match &step.kind {
            StepKind::Map(f, operands) => apply(*f, out, operands, read),
            StepKind::Reduce(reducer, place, width) => {
                let number = |c| match read(component(&[], *place, c), false) {
                    Operand::Uniform(x) => x,
                    Operand::Lanes(_) => unreachable!("one component was asked for"),
                };
                out[0] = (1..*width).fold(number(0), |all, c| fold(*reducer, all, number(c)));
            }
            StepKind::Gather(places) => {
                for (o, place) in out.iter_mut().zip(places) {
                    if let Operand::Uniform(x) = read(*place, false) {
                        *o = x;
                    }
                }
            }
            StepKind::Load { .. } => unreachable!("scalars are read in place"),
        }
    }

    /// One component of a step over the lanes of a block.
    fn lane_step(&mut self, step: &Step, c: usize, at: At) {
        self.work.add(at.phase, at.n);
        let read = Reader {
            plan: self.plan,
            inputs: self.inputs,
            n_post: self.n_post,
            n_pre: self.n_pre,
            lanes: self.lanes,
            base: self.base,
            bases: [self.blocks, self.pres, self.posts],
            at,
        };
        let first_pair = self.pair(at);
        let (out, others) = match step.dest {
            Place::Out if at.phase == Rank::Synapse => {
                whole(&mut self.out[first_pair..][..at.n], self.memory)
            }
            Place::Out => whole(&mut self.out[at.first..][..at.n], self.memory),
            Place::Block(o) => split(self.memory, self.blocks + (o + c) * self.lanes, at.n),
            Place::Pre(o) => split(self.memory, self.pres + (o + c) * self.n_pre + at.first, at.n),
            Place::Post(o) => split(self.memory, self.posts + (o + c) * self.n_post + at.first, at.n),
            place => unreachable!("lanes at {place:?}"),
        };
        match &step.kind {
            StepKind::Map(f, operands) => {
                apply(*f, out, operands, |place, wide| {
                    read.operand(place, if wide { c } else { 0 }, &others)
                });
            }
            StepKind::Reduce(reducer, place, width) => {
                let value = |c| read.operand(*place, c, &others);
                match value(0) {
                    Operand::Uniform(x) => out.fill(x),
                    Operand::Lanes(x) => out.copy_from_slice(x),
                }
                for c in 1..*width {
                    accumulate(*reducer, out, value(c));
                }
            }
            StepKind::Load { var, comp } => {
                let width = self.vars[*var].width;
                let first = if at.phase == Rank::Synapse { first_pair } else { at.first };
                let from = self.inputs[*var][first * width + comp + c..].iter().step_by(width);
                for (o, &x) in out.iter_mut().zip(from) {
                    *o = x;
                }
            }
            StepKind::Gather(_) => unreachable!("only scalars are gathered"),
        }
    }

    /// The result to the caller's output, components side by side, unless a step wrote it there.
    fn store(&mut self, at: At) {
        if self.plan.result == Place::Out {
            return;
        }
        let read = Reader {
            plan: self.plan,
            inputs: self.inputs,
            n_post: self.n_post,
            n_pre: self.n_pre,
            lanes: self.lanes,
            base: self.base,
            bases: [self.blocks, self.pres, self.posts],
            at,
        };
        let others = Others { before: self.memory, after: &[], after_starts: 0 };
        let width = self.plan.width;
        let first = if at.phase == Rank::Synapse { self.pair(at) } else { at.first };
        let out = &mut self.out[first * width..][..at.n * width];
        for c in 0..width {
            let to = out[c..].iter_mut().step_by(width);
            match read.operand(self.plan.result, c, &others) {
                Operand::Uniform(x) => to.for_each(|o| *o = x),
                Operand::Lanes(x) => to.zip(x).for_each(|(o, &x)| *o = x),
            }
        }
    }
}

/// Finds operands for the lanes of a block.
struct Reader<'a> {
    plan: &'a Plan,
    inputs: &'a [&'a [f64]],
    n_post: usize,
    n_pre: usize,
    lanes: usize,
    base: usize,
    bases: [usize; 3],
    at: At,
}

impl Reader<'_> {
    #[inline]
    fn operand<'m>(&'m self, place: Place, c: usize, others: &Others<'m>) -> Operand<'m> {
        let At { phase, row, first, n } = self.at;
        let [blocks, pres, posts] = self.bases;
        match component(&self.plan.packs, place, c) {
            Place::Const(value) => Operand::Uniform(value),
            Place::Scalar(o) => Operand::Uniform(others.get(o, 1)[0]),
            Place::Block(o) => Operand::Lanes(others.get(blocks + o * self.lanes, n)),
            Place::Pre(o) => Operand::Lanes(others.get(pres + o * self.n_pre + first, n)),
            Place::Post(o) if phase == Rank::Synapse => {
                Operand::Uniform(others.get(posts + o * self.n_post + row, 1)[0])
            }
            Place::Post(o) => Operand::Lanes(others.get(posts + o * self.n_post + first, n)),
            // An input that is not a scalar and has several components is loaded, not read in place.
            Place::Input { var, rank, comp } => match rank {
                Rank::Scalar => Operand::Uniform(self.inputs[var][comp]),
                Rank::Post if phase == Rank::Synapse => Operand::Uniform(self.inputs[var][row]),
                Rank::Pre | Rank::Post => Operand::Lanes(&self.inputs[var][first..first + n]),
                Rank::Synapse => {
                    Operand::Lanes(&self.inputs[var][row * self.n_pre + first - self.base..][..n])
                }
            },
            place @ (Place::Pack(_) | Place::Out) => unreachable!("an operand at {place:?}"),
        }
    }
}

/// The part of the memory that is written, and the rest to read.
fn split(memory: &mut [f64], at: usize, n: usize) -> (&mut [f64], Others<'_>) {
    let (before, rest) = memory.split_at_mut(at);
    let (out, after) = rest.split_at_mut(n);
    (out, Others { before, after, after_starts: at + n })
}

/// The caller's output to write, and all of the memory to read.
fn whole<'m>(out: &'m mut [f64], memory: &'m [f64]) -> (&'m mut [f64], Others<'m>) {
    (out, Others { before: memory, after: &[], after_starts: memory.len() })
}

#[inline]
fn apply<'m>(
    run: Run,
    out: &mut [f64],
    operands: &[(Place, bool); 3],
    read: impl Fn(Place, bool) -> Operand<'m>,
) {
    let arg = |i: usize| read(operands[i].0, operands[i].1);
    match run {
        Run::One(f) => f(out, arg(0)),
        Run::Two(f) => f(out, arg(0), arg(1)),
        Run::Three(f) => f(out, arg(0), arg(1), arg(2)),
    }
}

fn fold(reducer: Reducer, a: f64, b: f64) -> f64 {
    match reducer {
        Reducer::Sum => a + b,
        Reducer::Min => min(a, b),
        Reducer::Max => max(a, b),
    }
}

/// One more component, for all lanes.
fn accumulate(reducer: Reducer, out: &mut [f64], value: Operand<'_>) {
    // Generic, so that each function is compiled into its loop.
    fn each(out: &mut [f64], value: Operand<'_>, f: impl Fn(f64, f64) -> f64) {
        match value {
            Operand::Uniform(x) => out.iter_mut().for_each(|o| *o = f(*o, x)),
            Operand::Lanes(x) => out.iter_mut().zip(x).for_each(|(o, &x)| *o = f(*o, x)),
        }
    }
    match reducer {
        Reducer::Sum => each(out, value, |a, b| a + b),
        Reducer::Min => each(out, value, min),
        Reducer::Max => each(out, value, max),
    }
}
