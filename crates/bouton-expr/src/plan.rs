//! IR to steps: what runs in which loop, and where each result lies.
//!
//! A plan is made for the ranks that the inputs have *in one kind of call*: for a single point all
//! are scalars; for a batch of rows the inputs that differ by row play the part of `Pre`. A value is
//! computed in the loop of its own rank and in no deeper one; that is the hoisting.

use crate::functions::{PAIRS, Pair, binary};
use crate::ir::{Id, Op, Rank, Reducer, Value, Var};
use crate::lanes::Run;
use std::collections::HashMap;

/// Where a value lies. Offsets count components; the executor knows how many lanes each has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    Const(f64),
    /// An input as the caller gave it, from a component on.
    Input {
        var: usize,
        rank: Rank,
        comp: usize,
    },
    /// One number a component, for the whole call.
    Scalar(usize),
    /// One block a component, until the block ends.
    Block(usize),
    /// One number a component and presynaptic neuron, for the whole call.
    Pre(usize),
    /// One number a component and postsynaptic neuron, for the whole call.
    Post(usize),
    /// A vector whose components lie in different places, by its number in [`Plan::packs`].
    Pack(usize),
    /// The caller's output.
    Out,
}

/// One operation in one loop.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub kind: StepKind,
    pub dest: Place,
    pub width: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum StepKind {
    /// The operands, and whether each has a component for each of the result's.
    Map(Run, [(Place, bool); 3]),
    Reduce(Reducer, Place, usize),
    /// Components `comp..comp + width` of an input whose components lie side by side.
    Load {
        var: usize,
        comp: usize,
    },
    /// Scalars side by side.
    Gather(Vec<Place>),
}

/// The steps of one kind of call.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Steps by the rank of their results, in the order of [`Rank`].
    pub phases: [Vec<Step>; 4],
    pub packs: Vec<Vec<Place>>,
    /// Where the result lies at the end of its phase; `Out` if a step writes it there itself.
    pub result: Place,
    pub rank: Rank,
    pub width: usize,
    /// Whether the loop over synapses reads nothing that differs by row or column alone: it may run over all of them at once.
    pub flat: bool,
    /// Components of each kind of place.
    pub scalars: usize,
    pub blocks: usize,
    pub pres: usize,
    pub posts: usize,
}

/// Gives out offsets; a freed one is used again for the same width.
#[derive(Default)]
struct Offsets {
    next: usize,
    free: HashMap<usize, Vec<usize>>,
}

impl Offsets {
    fn take(&mut self, width: usize) -> usize {
        self.free.get_mut(&width).and_then(Vec::pop).unwrap_or_else(|| {
            self.next += width;
            self.next - width
        })
    }

    fn give(&mut self, offset: usize, width: usize) {
        self.free.entry(width).or_default().push(offset);
    }
}

/// How a value comes to be.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    /// Not needed.
    Unused,
    /// No step: a constant, an input used in place, a component of something, a vector by parts.
    Alias,
    /// A step with a result of its own.
    Step,
    /// What its only reader computes on the way, rounded as it would be by itself.
    Within,
}

struct Planner<'a> {
    values: &'a [Value],
    vars: &'a [Var],
    root: usize,
    rank: Vec<Rank>,
    /// Whether an operation reads it as a whole (a component may be read without that).
    whole: Vec<bool>,
    role: Vec<Role>,
}

impl Planner<'_> {
    /// Ranks in this kind of call, from those of the variables.
    fn infer_ranks(&mut self, var_ranks: &[Rank]) {
        for value in self.values {
            let of = |i: &Id| self.rank[i.0];
            let join = |ids: &[Id]| ids.iter().fold(Rank::Scalar, |r, i| r.join(of(i)));
            let rank = match &value.op {
                Op::Const(_) => Rank::Scalar,
                Op::Var(v) => var_ranks[*v],
                Op::Comp(a, _) | Op::Reduce(_, a) => of(a),
                Op::Pack(items) | Op::Map(_, items) => join(items),
            };
            self.rank.push(rank);
        }
    }

    /// What is needed, from the result backwards: all users of a value stand after it.
    fn infer_roles(&mut self) {
        let mut used = vec![false; self.values.len()];
        used[self.root] = true;
        self.whole[self.root] = !matches!(self.values[self.root].op, Op::Pack(_));
        for v in (0..=self.root).rev() {
            if !used[v] {
                continue;
            }
            let scalar = self.rank[v] == Rank::Scalar;
            let wide = self.values[v].width > 1;
            let whole = self.whole[v];
            self.role[v] = match &self.values[v].op {
                Op::Const(_) => Role::Alias,
                // Wide inputs in lanes lie side by side by row: they are copied, each component by itself.
                Op::Var(_) if wide && !scalar && whole => Role::Step,
                Op::Var(_) => Role::Alias,
                Op::Comp(base, _) => {
                    used[base.0] = true;
                    let base_is_var = matches!(self.values[base.0].op, Op::Var(_));
                    if base_is_var && !scalar { Role::Step } else { Role::Alias }
                }
                Op::Pack(items) => {
                    for i in items {
                        used[i.0] = true;
                        self.whole[i.0] = true;
                    }
                    // A loop over components needs them side by side; lanes are looped over one
                    // component at a time.
                    if scalar && whole { Role::Step } else { Role::Alias }
                }
                Op::Map(_, args) => {
                    for a in args {
                        used[a.0] = true;
                        self.whole[a.0] = true;
                    }
                    Role::Step
                }
                Op::Reduce(_, a) => {
                    used[a.0] = true;
                    self.whole[a.0] = true;
                    Role::Step
                }
            };
        }
    }

    /// Operations whose only reader, in the same loop, can compute them on the way: they need no pass of their own over the
    /// lanes.
    fn take_pairs(&mut self) {
        let mut readers = vec![0; self.values.len()];
        for v in (0..=self.root).filter(|v| self.role[*v] != Role::Unused) {
            let read = match &self.values[v].op {
                Op::Comp(base, _) => std::slice::from_ref(base),
                _ => self.operands(v),
            };
            read.iter().for_each(|i| readers[i.0] += 1);
        }
        for v in 0..=self.root {
            // A number that is computed once is not worth it.
            if self.role[v] != Role::Step || self.rank[v] == Rank::Scalar {
                continue;
            }
            let alike =
                |p: usize| self.rank[p] == self.rank[v] && self.values[p].width == self.values[v].width;
            let by_itself = |p: usize| self.role[p] == Role::Step && self.within(p).is_none();
            let mut inner = self.operands(v).iter().enumerate().map(|(at, p)| (at, p.0));
            let taken = inner.find(|(at, p)| {
                readers[*p] == 1 && alike(*p) && by_itself(*p) && self.pair(v, *at).is_some()
            });
            if let Some((_, p)) = taken {
                self.role[p] = Role::Within;
            }
        }
    }

    /// The pair that a value and its operand of this number are.
    fn pair(&self, v: usize, at: usize) -> Option<&'static Pair> {
        let Op::Map(outer, args) = &self.values[v].op else { return None };
        let Op::Map(inner, _) = &self.values[args.get(at)?.0].op else { return None };
        PAIRS
            .iter()
            .find(|p| p.at.contains(&at) && **outer == *binary(p.outer) && **inner == *binary(p.inner))
    }

    /// The pair that a step computes at once, with its three operands.
    fn within(&self, v: usize) -> Option<(&'static Pair, [Id; 3])> {
        let Op::Map(_, args) = &self.values[v].op else { return None };
        let at = args.iter().position(|a| self.role[a.0] == Role::Within)?;
        let Op::Map(_, inner) = &self.values[args[at].0].op else { return None };
        Some((self.pair(v, at)?, [inner[0], inner[1], args[1 - at]]))
    }

    /// The steps whose memory a read of `v` reads. Aliases are at most two deep.
    fn owners(&self, v: usize, out: &mut Vec<usize>) {
        match (&self.values[v].op, self.role[v]) {
            (_, Role::Step) => out.push(v),
            (Op::Map(_, factors), Role::Within) => factors.iter().for_each(|i| self.owners(i.0, out)),
            (Op::Comp(base, _), _) => self.owners(base.0, out),
            (Op::Pack(items), _) => items.iter().for_each(|i| self.owners(i.0, out)),
            _ => {}
        }
    }

    /// The values that a step reads.
    fn operands(&self, v: usize) -> &[Id] {
        match &self.values[v].op {
            Op::Map(_, ids) | Op::Pack(ids) => ids,
            Op::Reduce(_, id) => std::slice::from_ref(id),
            Op::Const(_) | Op::Var(_) | Op::Comp(..) => &[],
        }
    }
}

impl Plan {
    /// The plan for a call in which the variables have these ranks.
    pub fn new(values: &[Value], vars: &[Var], root: Id, var_ranks: &[Rank]) -> Self {
        let n = values.len();
        let mut p = Planner {
            values,
            vars,
            root: root.0,
            rank: Vec::with_capacity(n),
            whole: vec![false; n],
            role: vec![Role::Unused; n],
        };
        p.infer_ranks(var_ranks);
        p.infer_roles();
        p.take_pairs();
        // When is each result last read, and is it read in a deeper loop than its own?
        let mut last_read = vec![0; n];
        let mut escapes = vec![false; n];
        let mut owners = Vec::new();
        for v in (0..=root.0).filter(|&v| p.role[v] == Role::Step) {
            owners.clear();
            p.operands(v).iter().for_each(|i| p.owners(i.0, &mut owners));
            for &o in &owners {
                if p.rank[o] == p.rank[v] {
                    last_read[o] = v;
                } else {
                    escapes[o] = true;
                }
            }
        }
        owners.clear();
        p.owners(root.0, &mut owners);
        for &o in &owners {
            escapes[o] |= p.rank[o] != p.rank[root.0];
            last_read[o] = usize::MAX;
        }
        p.assign(&last_read, &escapes)
    }
}

impl Planner<'_> {
    /// Gives every value a place and every step its operands.
    fn assign(&self, last_read: &[usize], escapes: &[bool]) -> Plan {
        let n = self.values.len();
        let mut plan = Plan {
            phases: Default::default(),
            packs: Vec::new(),
            result: Place::Out,
            rank: self.rank[self.root],
            width: self.values[self.root].width,
            flat: false,
            scalars: 0,
            blocks: 0,
            pres: 0,
            posts: 0,
        };
        // Blocks of different loops are never alive together: each phase counts from 0.
        let mut offsets: [Offsets; 4] = Default::default();
        let mut dying: Vec<Vec<usize>> = vec![Vec::new(); n];
        let mut places = vec![Place::Out; n];
        for v in 0..=self.root {
            let Value { op, width, .. } = &self.values[v];
            let rank = self.rank[v];
            places[v] = match (self.role[v], op) {
                (Role::Unused | Role::Within, _) => continue,
                (Role::Alias, Op::Const(bits)) => Place::Const(f64::from_bits(*bits)),
                (Role::Alias, Op::Var(var)) => Place::Input { var: *var, rank, comp: 0 },
                (Role::Alias, Op::Comp(base, c)) => component(&plan.packs, places[base.0], *c),
                (Role::Alias, Op::Pack(items)) => {
                    plan.packs.push(items.iter().map(|i| places[i.0]).collect());
                    Place::Pack(plan.packs.len() - 1)
                }
                (Role::Alias, Op::Map(..) | Op::Reduce(..)) => unreachable!("always a step"),
                (Role::Step, _) => {
                    let kind = self.step(v, &places);
                    let direct = v == self.root
                        && matches!(kind, StepKind::Map(..) | StepKind::Reduce(..))
                        && (rank == Rank::Scalar || *width == 1);
                    let dest = if direct {
                        Place::Out
                    } else {
                        match rank {
                            Rank::Scalar => Place::Scalar(offsets[0].take(*width)),
                            Rank::Pre if escapes[v] => {
                                plan.pres += width;
                                Place::Pre(plan.pres - width)
                            }
                            Rank::Post if escapes[v] => {
                                plan.posts += width;
                                Place::Post(plan.posts - width)
                            }
                            r => Place::Block(offsets[r as usize].take(*width)),
                        }
                    };
                    plan.phases[rank as usize].push(Step { kind, dest, width: *width });
                    // Freed only now: a result must not lie over its own operands.
                    for dead in std::mem::take(&mut dying[v]) {
                        if let Place::Scalar(at) | Place::Block(at) = places[dead] {
                            offsets[rank as usize].give(at, self.values[dead].width);
                        }
                    }
                    if !escapes[v] && last_read[v] < n && last_read[v] > v {
                        dying[last_read[v]].push(v);
                    }
                    dest
                }
            };
        }
        plan.result = places[self.root];
        plan.scalars = offsets[0].next;
        plan.blocks = offsets[1..].iter().map(|o| o.next).max().unwrap_or(0);
        let of_a_side =
            |v: usize| self.role[v] != Role::Unused && matches!(self.rank[v], Rank::Pre | Rank::Post);
        plan.flat = plan.rank == Rank::Synapse && !(0..=self.root).any(of_a_side);
        plan
    }

    fn step(&self, v: usize, places: &[Place]) -> StepKind {
        match &self.values[v].op {
            Op::Map(kernel, args) => {
                let mut operands = [(Place::Const(0.0), false); 3];
                let within = self.within(v);
                let (run, args) = match &within {
                    Some((pair, args)) => (pair.run, &args[..]),
                    None => (kernel.run, &args[..]),
                };
                for (operand, a) in operands.iter_mut().zip(args) {
                    *operand = (places[a.0], self.values[a.0].width > 1);
                }
                StepKind::Map(run, operands)
            }
            Op::Reduce(reducer, a) => StepKind::Reduce(*reducer, places[a.0], self.values[a.0].width),
            Op::Var(var) => StepKind::Load { var: *var, comp: 0 },
            Op::Comp(base, comp) => {
                let Op::Var(var) = self.values[base.0].op else { unreachable!("others are aliases") };
                debug_assert!(*comp < self.vars[var].width);
                StepKind::Load { var, comp: *comp }
            }
            Op::Pack(items) => StepKind::Gather(items.iter().map(|i| places[i.0]).collect()),
            Op::Const(_) => unreachable!("a constant needs no step"),
        }
    }
}

/// The place of one component of what lies at a place.
pub(crate) fn component(packs: &[Vec<Place>], place: Place, c: usize) -> Place {
    match place {
        Place::Const(_) | Place::Out => place,
        Place::Input { var, rank, comp } => Place::Input { var, rank, comp: comp + c },
        Place::Scalar(at) => Place::Scalar(at + c),
        Place::Block(at) => Place::Block(at + c),
        Place::Pre(at) => Place::Pre(at + c),
        Place::Post(at) => Place::Post(at + c),
        Place::Pack(pack) => packs[pack][c],
    }
}
