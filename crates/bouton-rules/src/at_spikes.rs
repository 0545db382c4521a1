//! Rules that change weights at spikes alone: their statements on the weight are taken out of the blocks, and computed for weights
//! one behind the other when the change acts.

use bouton_expr::{ExprError, Program, Rank, Vars};

use crate::draft::Draft;
use crate::resolve::Resolver;
use crate::rule::*;
use crate::run::{self, Memory, Values};
use crate::units::DIALECT;

/// Statements on the weight alone, taken out of their blocks. They are compiled for weights one behind the other: whatever
/// differs by neuron has a number for each.
#[derive(Clone, Debug)]
pub(crate) struct AtSpikes {
    /// What they read, by number: what there is one of, what differs by pre neuron, and by post neuron.
    pub reads: [Vec<usize>; 3],
    /// Of `on pre` and of `on post`.
    pub blocks: [WeightBlock; 2],
    /// Which of the rule's names is the weight.
    weight: usize,
}

/// Names of a rule for which there is little room to set up; most have fewer.
const FEW: usize = 16;

/// The most operands of a side that weights are changed by at spikes.
pub(crate) const MAX_OPERANDS: usize = u16::BITS as usize;

impl AtSpikes {
    /// The operands of a side (1: pre, 2: post) that a block reads, by bit.
    pub(crate) fn read(&self, block: usize, side: usize) -> u16 {
        let reads = |k: usize| self.blocks[block].statements.iter().any(|s| s.value.used()[k]);
        self.reads[side].iter().enumerate().fold(0, |bits, (a, k)| bits | u16::from(reads(*k)) << a)
    }
}

/// A statement on the weight.
#[derive(Clone, Debug)]
pub(crate) struct OnWeight {
    pub assign: Assign,
    /// The value as it is written.
    pub value: Program,
    /// What is added, or what the weight is set to: the value, or its opposite where that is taken away.
    change: Program,
}

/// The statements on the weight in a block.
#[derive(Clone, Debug, Default)]
pub(crate) struct WeightBlock {
    pub statements: Vec<OnWeight>,
    /// Whether a statement reads the weight, or sets it outright.
    pub local: bool,
}

impl Resolver<'_> {
    /// The statements on the weight, if they are all that changes it, stand in `on pre` and `on post` alone, and read nothing
    /// that differs by synapse but the weight, and nothing that their block has just changed; and if no other statement of their
    /// block reads the weight behind them.
    pub(crate) fn at_spikes(&self, d: &Draft, blocks: &[Block]) -> Result<Option<AtSpikes>, ExprError> {
        let on_weight = |s: &Statement| s.target == Target::Weight;
        let mut used = vec![false; self.names.len()];
        for b in blocks {
            for (k, s) in b.statements.iter().enumerate().filter(|(_, s)| on_weight(s)) {
                if b.when == When::Step {
                    return Ok(None);
                }
                let changed = |name: &Name| {
                    let by = |s: &Statement| matches!((name.what, s.target), (What::State(a), Target::State(b)) if a == b);
                    b.statements[..k].iter().any(by)
                };
                let weight = |at: usize| self.names[at].what == What::Weight;
                let reads_weight =
                    |s: &Statement| (0..self.names.len()).any(|at| weight(at) && s.value.used()[at]);
                if b.statements[k + 1..].iter().any(|s| !on_weight(s) && reads_weight(s)) {
                    return Ok(None);
                }
                for (at, name) in self.names.iter().enumerate().filter(|(at, _)| s.value.used()[*at]) {
                    if (name.rank == Rank::Synapse && name.what != What::Weight) || changed(name) {
                        return Ok(None);
                    }
                    used[at] = true;
                }
            }
        }
        let each = |rank: Rank| if rank == Rank::Scalar { Rank::Scalar } else { Rank::Pre };
        let one_behind_the_other = self
            .names
            .iter()
            .fold(Vars::new().dialect(DIALECT), |vars, n| vars.var(&n.name, each(n.rank), 1));
        let mut these = [WeightBlock::default(), WeightBlock::default()];
        let weight = self.names.iter().position(|n| n.what == What::Weight);
        for (to, statements) in these.iter_mut().zip(&d.blocks) {
            for s in statements.iter().filter(|s| s.target.name == "w") {
                let value = self.compile_for(s.value.clone(), &one_behind_the_other)?;
                to.local |= s.assign == Assign::Set || weight.is_some_and(|w| value.used()[w]);
                let change = if s.assign == Assign::Sub { value.negated() } else { value.clone() };
                to.statements.push(OnWeight { assign: s.assign, value, change });
            }
        }
        let of = |rank: Rank| (0..used.len()).filter(|k| used[*k] && self.names[*k].rank == rank).collect();
        let reads: [Vec<usize>; 3] = [of(Rank::Scalar), of(Rank::Pre), of(Rank::Post)];
        let few = reads[1..].iter().all(|r| r.len() <= MAX_OPERANDS);
        Ok(few.then_some(AtSpikes { reads, blocks: these, weight: weight.unwrap_or(0) }))
    }
}

impl Rule {
    /// What spikes change the weights by, as far as it doesn't hang on the weights.
    pub(crate) fn spike_parts(
        &self,
        a: &AtSpikes,
        values: &[&[f64]],
        bounds: Option<[f64; 2]>,
        change: &mut [&mut [f64]],
    ) {
        let [numbers, pre, post] = change else { return };
        let [ones, of_pre, of_post] = &a.reads;
        let scalars = ones.iter().map(|k| values[*k][0]).chain(bounds.into_iter().flatten());
        numbers.iter_mut().zip(scalars).for_each(|(to, x)| *to = x);
        for (to, side, reads) in [(pre, Side::Pre, of_pre), (post, Side::Post, of_post)] {
            let n = to.len() / (1 + reads.len());
            let out = self.output_of(side);
            let out = out.and_then(|k| self.names.iter().position(|n| n.what == What::Read(k)));
            let (spikes, operands) = to.split_at_mut(n);
            match out.filter(|_| !a.blocks[side as usize].statements.is_empty()) {
                Some(k) => spikes.copy_from_slice(values[k]),
                None => spikes.fill(0.0),
            }
            for (to, k) in operands.chunks_exact_mut(n.max(1)).zip(reads) {
                to.copy_from_slice(values[*k]);
            }
        }
    }

    /// The change of weights at the spikes of one side, for a rule that makes [`Makes::AtSpikes`]: each from itself and its
    /// own operands.
    ///
    /// `numbers` are as they were set by a step; of each operand that is read there is a number for each of the weights.
    ///
    /// # Panics
    /// If slices have other lengths than that.
    pub fn at_spikes(
        &self,
        memory: &mut Memory,
        side: Side,
        numbers: &[f64],
        operands: [&[&[f64]]; 2],
        weights: &[f64],
        change: &mut [f64],
    ) {
        let Made::AtSpikes(a) = &self.made else {
            change.fill(0.0);
            return;
        };
        // To set up room for all the names that a rule may have costs as much as an operation.
        let names = self.names.len();
        let mut some: [&[f64]; FEW];
        let mut all: Values<'_>;
        let inputs = if names <= FEW {
            some = [&[]; FEW];
            &mut some[..names]
        } else {
            all = [&[]; MAX_NAMES];
            &mut all[..names]
        };
        a.reads[0].iter().zip(numbers).for_each(|(k, x)| inputs[*k] = std::slice::from_ref(x));
        for (reads, operands) in a.reads[1..].iter().zip(operands) {
            reads.iter().zip(operands).for_each(|(k, x)| inputs[*k] = x);
        }
        let block = &a.blocks[side as usize];
        let (scratch, now, out) = memory.for_spikes();
        let n = weights.len();
        // Of one statement that adds, which is the rule, the value is the change.
        if let [s] = &block.statements[..]
            && s.assign != Assign::Set
            && s.change.rank() != Rank::Scalar
        {
            inputs[a.weight] = weights;
            s.change.eval_block(scratch, 1, n, inputs, change);
            return;
        }
        change.fill(0.0);
        for s in &block.statements {
            out.resize(s.change.out_len(1, n), 0.0);
            if block.local {
                now.clear();
                now.extend(weights.iter().zip(&*change).map(|(w, d)| w + d));
                let mut inputs = inputs.to_vec();
                inputs[a.weight] = now;
                s.change.eval_block(scratch, 1, n, &inputs, out);
            } else {
                s.change.eval_block(scratch, 1, n, inputs, out);
            }
            let assign = if s.assign == Assign::Set { Assign::Set } else { Assign::Add };
            run::assign(assign, change, Rank::Pre, (out, s.change.rank()), (1, n), weights);
        }
    }
}
