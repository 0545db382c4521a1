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
fn spans(plan: &Plan, k: &Kernel) -> Option<(Vec<Span>, Vec<Span>)> {
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

impl Plan {
    /// The stage of each kernel.
    pub(crate) fn stages(&self) -> Vec<u32> {
        let mut written = vec![0u32; self.arena];
        let mut read = vec![0u32; self.arena];
        let (mut barrier, mut top) = (0, 0);
        let mut stages = Vec::with_capacity(self.kernels.len());
        for k in &self.kernels {
            let mut stage = barrier;
            match spans(self, k) {
                None => {
                    stage = top + 1;
                    barrier = stage + 1;
                }
                Some((reads, writes)) => {
                    for s in &reads {
                        stage = written[s.start..s.start + s.len].iter().fold(stage, |m, w| m.max(w + 1));
                    }
                    for s in &writes {
                        let range = s.start..s.start + s.len;
                        stage = written[range.clone()].iter().fold(stage, |m, w| m.max(w + 1));
                        stage = read[range].iter().fold(stage, |m, r| m.max(r + 1));
                    }
                    for s in &reads {
                        read[s.start..s.start + s.len].iter_mut().for_each(|r| *r = (*r).max(stage));
                    }
                    for s in &writes {
                        written[s.start..s.start + s.len].fill(stage);
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
        let mut order: Vec<usize> = (0..self.kernels.len()).collect();
        order.sort_by_key(|k| stages[*k]);
        let mut segments: Vec<Segment> = vec![];
        let serial = |segments: &mut Vec<Segment>, ks: Vec<usize>| match segments.last_mut() {
            Some(Segment::Serial(all)) => all.extend(ks),
            _ if ks.is_empty() => {}
            _ => segments.push(Segment::Serial(ks)),
        };
        for group in order.chunk_by(|a, b| stages[*a] == stages[*b]) {
            let (called, loops): (Vec<usize>, Vec<usize>) =
                group.iter().partition(|k| calls(&self.kernels[**k]));
            let work: usize = loops.iter().map(|k| self.work(*k)).sum();
            serial(&mut segments, called);
            if work < WORTH || loops.len() < 2 {
                serial(&mut segments, loops);
                continue;
            }
            let mut units: Vec<Vec<usize>> = vec![vec![]];
            let mut filled = 0;
            for k in loops {
                if filled >= work / UNITS {
                    units.push(vec![]);
                    filled = 0;
                }
                filled += self.work(k);
                if let Some(u) = units.last_mut() {
                    u.push(k);
                }
            }
            segments.push(Segment::Parallel(units));
        }
        segments
    }

    fn work(&self, k: usize) -> usize {
        // A call of a loop costs about as much as touching twenty numbers.
        20 + crate::plan::describe(&self.kernels[k]).1
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
        assert!(stages.iter().max().unwrap() < &(plan.kernels.len() as u32 / 2), "nothing can run at once");
        let meet = |a: &[Span], b: &[Span]| {
            a.iter().any(|x| b.iter().any(|y| x.start < y.start + y.len && y.start < x.start + x.len))
        };
        let mut conflicts = 0;
        for (i, a) in plan.kernels.iter().enumerate() {
            for (k, b) in plan.kernels.iter().enumerate().skip(i + 1) {
                let conflict = match (spans(&plan, a), spans(&plan, b)) {
                    (Some((ra, wa)), Some((rb, wb))) => meet(&wa, &wb) || meet(&wa, &rb) || meet(&ra, &wb),
                    _ => true,
                };
                conflicts += usize::from(conflict);
                assert!(
                    !conflict || stages[i] < stages[k],
                    "kernels {i} and {k} meet in stage {}",
                    stages[i]
                );
            }
        }
        assert!(conflicts > 10);
    }
}
