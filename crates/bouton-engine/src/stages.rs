//! Stages: which kernels may run at once.
//!
//! A kernel's stage is one more than the highest stage of an earlier kernel that it conflicts with (one writes what the
//! other reads or writes). Running stage by stage, in any order within a stage, keeps the order of every pair that
//! conflicts, and so every bit. Stages depend on the model, never on the number of threads.

use crate::plan::{Kernel, Plan, Span};

/// Numbers touched in a stage below which more than one thread costs more than it gains (about 10 µs of work).
const WORTH: usize = 30_000;
/// Units of work that a stage is cut into: enough for threads to even out, few enough to claim cheaply.
const UNITS: usize = 16;

/// A part of a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Segment {
    /// Kernels one after the other, on the thread that runs the simulation.
    Serial(Vec<usize>),
    /// Units of kernels; units may run at once.
    Parallel(Vec<Vec<usize>>),
}

/// Spans that a kernel reads and writes; `None` for a node, whose callback may read any weights.
pub(crate) fn spans(plan: &Plan, k: &Kernel) -> Option<(Vec<Span>, Vec<Span>)> {
    Some(match k {
        Kernel::Fill { dst, .. } => (vec![], vec![*dst]),
        // Additions to part of a signal read it: what they are added to counts as written.
        Kernel::Copy { src, dst, .. } | Kernel::CopyIndexed { src, dst, .. } => (vec![*src], vec![*dst]),
        Kernel::Scale { a, x, y } | Kernel::Gemv { a, x, y, .. } => (vec![*a, *x], vec![*y]),
        Kernel::Encode { bias, enc_t, x, j } => (vec![*bias, *enc_t, *x], vec![*j]),
        Kernel::Neurons { j, out, state, .. } => {
            (vec![*j], std::iter::once(*out).chain(state.iter().copied()).collect())
        }
        Kernel::LifPhase { j, v, mark, out, .. } => (vec![*j], vec![*v, *mark, *out]),
        Kernel::Population { bias, enc, x, v, mark, decoders, y, .. } => {
            (vec![*bias, *enc, *x, *decoders], vec![*v, *mark, *y])
        }
        Kernel::EncodeLif { bias, enc_t, x, v, mark, out, .. } => {
            (vec![*bias, *enc_t, *x], vec![*v, *mark, *out])
        }
        Kernel::First { u, y, .. } | Kernel::Gain { u, y, .. } => (vec![*u], vec![*y]),
        Kernel::Space { u, x, y, .. } => (vec![*u], vec![*x, *y]),
        Kernel::Function { call } => {
            let f = &plan.functions[*call];
            (vec![f.x], vec![f.out])
        }
        Kernel::Process { process } => (vec![], vec![plan.processes[*process].out]),
        Kernel::Rule { rule } => {
            let r = &plan.rules[*rule];
            let reads = r.inputs.iter().copied().chain(r.error).collect();
            let writes = r.state.iter().copied().chain(r.delta).chain([r.weights]).collect();
            (reads, writes)
        }
        Kernel::Node { .. } => return None,
    })
}

fn calls(k: &Kernel) -> bool {
    matches!(k, Kernel::Node { .. } | Kernel::Function { .. } | Kernel::Process { .. } | Kernel::Rule { .. })
}

/// The arena cut at the borders of all spans: two spans meet exactly when they share a piece.
struct Pieces {
    starts: Vec<usize>,
}

impl Pieces {
    fn new(plan: &Plan) -> Pieces {
        let mut starts = vec![];
        for k in &plan.kernels {
            if let Some((reads, writes)) = spans(plan, k) {
                for s in reads.iter().chain(&writes) {
                    starts.extend([s.start, s.start + s.len]);
                }
            }
        }
        starts.sort_unstable();
        starts.dedup();
        Pieces { starts }
    }
    fn of(&self, s: &Span) -> std::ops::Range<usize> {
        let at = |x: usize| self.starts.partition_point(|b| *b < x);
        at(s.start)..at(s.start + s.len)
    }
    fn of_all(&self, spans: &[Span]) -> Vec<usize> {
        spans.iter().flat_map(|s| self.of(s)).collect()
    }
}

/// Pieces that a group of kernels reads and writes; `None` for a node.
type Touched = Option<(Vec<usize>, Vec<usize>)>;

impl Plan {
    /// Reorders kernels so that one that reads what another has just written follows it at once, while it is in the
    /// nearest cache; then joins such runs into groups. Pairs that conflict keep their order, so every bit is kept.
    pub(crate) fn localise(&mut self) {
        let pieces = Pieces::new(self);
        let mut order = Vec::with_capacity(self.kernels.len());
        let all: Vec<usize> = (0..self.kernels.len()).collect();
        for block in all.split_inclusive(|k| matches!(self.kernels[*k], Kernel::Node { .. })) {
            self.schedule(&pieces, block, &mut order);
        }
        let mut old: Vec<Option<Kernel>> = std::mem::take(&mut self.kernels).into_iter().map(Some).collect();
        let mut origins = std::mem::take(&mut self.origins);
        for k in &order {
            self.kernels.extend(old[*k].take());
            self.origins.push(std::mem::take(&mut origins[*k]));
        }
        self.groups = self.join(&pieces);
    }

    /// Groups of the kernels as they stand.
    pub(crate) fn regroup(&mut self) {
        self.groups = self.join(&Pieces::new(self));
    }

    /// Depth first through the kernels of a block: of those that are ready, the one made ready last.
    fn schedule(&self, pieces: &Pieces, block: &[usize], order: &mut Vec<usize>) {
        let n = block.len();
        let mut successors: Vec<Vec<u32>> = vec![vec![]; n];
        let mut waits = vec![0u32; n];
        let mut writer: Vec<Option<u32>> = vec![None; pieces.starts.len()];
        let mut readers: Vec<Vec<u32>> = vec![vec![]; pieces.starts.len()];
        for (i, k) in block.iter().enumerate() {
            let mut before = vec![];
            match spans(self, &self.kernels[*k]) {
                // A node ends its block: everything else comes before it.
                None => before.extend(0..i as u32),
                Some((reads, writes)) => {
                    let (reads, writes) = (pieces.of_all(&reads), pieces.of_all(&writes));
                    before.extend(reads.iter().chain(&writes).filter_map(|p| writer[*p]));
                    for p in &writes {
                        before.append(&mut readers[*p]);
                        writer[*p] = Some(i as u32);
                    }
                    for p in reads {
                        readers[p].push(i as u32);
                    }
                }
            }
            before.sort_unstable();
            before.dedup();
            for b in before {
                successors[b as usize].push(i as u32);
                waits[i] += 1;
            }
        }
        let mut ready: Vec<usize> = (0..n).rev().filter(|i| waits[*i] == 0).collect();
        while let Some(i) = ready.pop() {
            order.push(block[i]);
            for s in successors[i].iter().rev() {
                waits[*s as usize] -= 1;
                if waits[*s as usize] == 0 {
                    ready.push(*s as usize);
                }
            }
        }
    }

    /// Runs of loops of which each touches what the run has written, where that has few readers: what many read is
    /// better handed to all of them at once.
    fn join(&self, pieces: &Pieces) -> Vec<std::ops::Range<usize>> {
        let mut readers: Vec<Vec<u32>> = vec![vec![]; pieces.starts.len()];
        for (k, kernel) in self.kernels.iter().enumerate() {
            for p in pieces.of_all(&spans(self, kernel).unwrap_or_default().0) {
                readers[p].push(k as u32);
            }
        }
        let mut groups: Vec<std::ops::Range<usize>> = vec![];
        let mut written = std::collections::HashSet::new();
        for (k, kernel) in self.kernels.iter().enumerate() {
            // A fill is of everything at once and would tie all together.
            let alone = calls(kernel) || matches!(kernel, Kernel::Fill { .. });
            let touched = spans(self, kernel).unwrap_or_default();
            let writes = pieces.of_all(&touched.1);
            let follows =
                !alone && pieces.of_all(&touched.0).iter().chain(&writes).any(|p| written.contains(p));
            match groups.last_mut() {
                Some(g) if follows => g.end = k + 1,
                _ => {
                    written.clear();
                    groups.push(k..k + 1);
                }
            }
            let mut by: Vec<u32> = writes.iter().flat_map(|p| readers[*p].iter().copied()).collect();
            by.sort_unstable();
            by.dedup();
            if !alone && by.len() <= 3 {
                written.extend(writes);
            }
        }
        groups
    }

    fn touched(&self, pieces: &Pieces, group: std::ops::Range<usize>) -> Touched {
        let (mut reads, mut writes) = (vec![], vec![]);
        for k in group {
            let (r, w) = spans(self, &self.kernels[k])?;
            reads.extend(pieces.of_all(&r));
            writes.extend(pieces.of_all(&w));
        }
        Some((reads, writes))
    }

    /// The stage of each group.
    pub(crate) fn stages(&self) -> Vec<u32> {
        let pieces = Pieces::new(self);
        let mut written = vec![0u32; pieces.starts.len()];
        let mut read = vec![0u32; pieces.starts.len()];
        let (mut barrier, mut top) = (1, 0);
        let mut stages = Vec::with_capacity(self.groups.len());
        for g in &self.groups {
            let mut stage = barrier;
            match self.touched(&pieces, g.clone()) {
                None => {
                    stage = top.max(barrier) + 1;
                    barrier = stage + 1;
                }
                Some((reads, writes)) => {
                    for p in &reads {
                        stage = stage.max(written[*p] + 1);
                    }
                    for p in &writes {
                        stage = stage.max(written[*p] + 1).max(read[*p] + 1);
                    }
                    for p in &reads {
                        read[*p] = read[*p].max(stage);
                    }
                    for p in &writes {
                        written[*p] = stage;
                    }
                }
            }
            top = top.max(stage);
            stages.push(stage);
        }
        stages
    }

    /// The step as segments: stages with enough work are cut into units, the rest runs serially.
    pub(crate) fn segments(&self) -> Vec<Segment> {
        let stages = self.stages();
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.sort_by_key(|g| stages[*g]);
        let mut segments: Vec<Segment> = vec![];
        let serial = |segments: &mut Vec<Segment>, ks: Vec<usize>| match segments.last_mut() {
            Some(Segment::Serial(all)) => all.extend(ks),
            _ if ks.is_empty() => {}
            _ => segments.push(Segment::Serial(ks)),
        };
        let kernels = |gs: &[usize]| gs.iter().flat_map(|g| self.groups[*g].clone()).collect::<Vec<usize>>();
        for stage in order.chunk_by(|a, b| stages[*a] == stages[*b]) {
            let called = |g: &&usize| self.groups[**g].clone().any(|k| calls(&self.kernels[k]));
            let (calls, loops): (Vec<usize>, Vec<usize>) = stage.iter().partition(called);
            let work: usize = loops.iter().map(|g| self.work(*g)).sum();
            serial(&mut segments, kernels(&calls));
            if work < WORTH || loops.len() < 2 {
                serial(&mut segments, kernels(&loops));
                continue;
            }
            let mut units: Vec<Vec<usize>> = vec![vec![]];
            let mut filled = 0;
            for g in loops {
                if filled >= work / UNITS {
                    units.push(vec![]);
                    filled = 0;
                }
                filled += self.work(g);
                if let Some(u) = units.last_mut() {
                    u.extend(self.groups[g].clone());
                }
            }
            segments.push(Segment::Parallel(units));
        }
        segments
    }

    fn work(&self, group: usize) -> usize {
        // A call of a loop costs about as much as touching twenty numbers.
        self.groups[group].clone().map(|k| 20 + self.kernels[k].describe().1).sum()
    }
}

#[cfg(test)]
mod tests {
    use bouton_model::{Connection, Ensemble, Network, Output, Probe};

    use super::*;
    use crate::{BuildOptions, Passes, build};

    /// No two kernels of one stage meet, and kernels that conflict keep their order.
    #[test]
    fn kernels_of_a_stage_do_not_meet() {
        let mut net = Network::with_seed(1);
        let stim = net.node("stim", Output::of_time(4, |t, y| y.fill(t)));
        let ea = net.ensemble_array("array", 4, &Ensemble::new(20, 1));
        net.connect(stim, ea.input, Connection::new());
        net.connect(ea.output, ea.input, Connection::new().synapse(0.1));
        net.probe("out", Probe::new(ea.output).synapse(0.01));
        let built = build(&net, BuildOptions { dt: 0.001, fallback_seed: 0, threads: 1 }).unwrap();
        let plan = Plan::new(&built.program, Passes::default()).unwrap();
        let stages = plan.stages();
        assert!(plan.groups.len() < plan.kernels.len(), "nothing was joined");
        let meet = |a: &[Span], b: &[Span]| {
            a.iter().any(|x| b.iter().any(|y| x.start < y.start + y.len && y.start < x.start + x.len))
        };
        let mut at_once = 0;
        for (i, a) in plan.groups.iter().enumerate() {
            for (k, b) in plan.groups.iter().enumerate().skip(i + 1) {
                at_once += usize::from(stages[i] == stages[k]);
                for (x, y) in a.clone().flat_map(|x| b.clone().map(move |y| (x, y))) {
                    let conflict = match (spans(&plan, &plan.kernels[x]), spans(&plan, &plan.kernels[y])) {
                        (Some((ra, wa)), Some((rb, wb))) => {
                            meet(&wa, &wb) || meet(&wa, &rb) || meet(&ra, &wb)
                        }
                        _ => true,
                    };
                    assert!(
                        !conflict || stages[i] < stages[k],
                        "kernels {x} and {y} meet in stage {}",
                        stages[i]
                    );
                }
            }
        }
        // The last one is tied to the low-pass that waits for all.
        assert!(at_once >= 3, "the populations can't run at once");
    }
}
