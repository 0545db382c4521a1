//! Fusion of a population's kernels: encoding, LIF step and decoding in one pass over its neurons.
//!
//! A pair is fused where the second follows the first and nothing else, no kernel and no probe, needs what is handed on:
//! it then stays in registers and is never stored. The sums keep their order, and so every bit.

use std::collections::HashMap;

use bouton_kernels::{LANES, MAX_DECODED};

use crate::plan::{Kernel, Origin, Plan, Span};
use crate::program::{Action, Program};
use crate::stages::spans;

/// How often elements are used, by kernels and by probes.
struct Users {
    /// By first element of a span. Spans of one signal begin inside it, so that all of them are found.
    count: HashMap<usize, usize>,
    seen: Vec<Span>,
}

impl Users {
    fn new(plan: &Plan, program: &Program) -> Users {
        let probed = |a: &Action| {
            if let Action::Probe { signal } = a { Some(plan.spans[signal.index()]) } else { None }
        };
        let mut seen: Vec<Span> = program.operators.iter().filter_map(|op| probed(&op.action)).collect();
        seen.sort_by_key(|s| s.start);
        let mut count = HashMap::new();
        for k in &plan.kernels {
            // A node reads weights alone, never what populations hand on.
            let (reads, writes) = spans(plan, k).unwrap_or_default();
            for s in reads.iter().chain(&writes) {
                *count.entry(s.start).or_default() += 1;
            }
        }
        Users { count, seen }
    }

    /// Whether a whole signal is only used by two kernels.
    fn just_two(&self, s: Span) -> bool {
        let used: usize = (s.start..s.start + s.len).filter_map(|e| self.count.get(&e)).sum();
        // Signals don't overlap: a probe of this one begins in it.
        let first = self.seen.partition_point(|p| p.start < s.start);
        let probed = self.seen.get(first).is_some_and(|p| p.start < s.start + s.len);
        used == 2 && !probed
    }
}

impl Plan {
    /// Fuses what can be fused.
    pub(crate) fn fuse_populations(&mut self, program: &Program) {
        let users = Users::new(self, program);
        let mut kernels: Vec<Kernel> = Vec::with_capacity(self.kernels.len());
        let mut origins: Vec<Origin> = Vec::with_capacity(self.kernels.len());
        for (k, origin) in
            std::mem::take(&mut self.kernels).into_iter().zip(std::mem::take(&mut self.origins))
        {
            match kernels.last().and_then(|last| fused(&users, last, &k)) {
                Some(both) => {
                    kernels.pop();
                    kernels.push(both);
                    if let Some(o) = origins.last_mut() {
                        o.pass = "fuse_populations";
                    }
                }
                None => {
                    kernels.push(k);
                    origins.push(origin);
                }
            }
        }
        (self.kernels, self.origins) = (kernels, origins);
        self.regroup();
    }
}

/// The kernel that does the work of two, if there is one.
fn fused(users: &Users, first: &Kernel, second: &Kernel) -> Option<Kernel> {
    match (first, second) {
        (Kernel::Encode { bias, enc_t, x, j }, Kernel::LifPhase { population, j: from, v, mark, out })
            if j == from && users.just_two(*j) =>
        {
            let (population, bias, enc_t, x, v, mark, out) =
                (*population, *bias, *enc_t, *x, *v, *mark, *out);
            Some(Kernel::EncodeLif { population, bias, enc_t, x, v, mark, out })
        }
        (
            Kernel::EncodeLif { population, bias, enc_t, x, v, mark, out },
            Kernel::Gemv { a, stride, cols, x: from, y },
        ) if out == from
            && x.len == 1
            && stride == cols
            && *cols == out.len
            && *cols >= 2 * LANES
            && y.len <= MAX_DECODED
            && users.just_two(*out) =>
        {
            let (population, bias, enc, x, v, mark, decoders, y) =
                (*population, *bias, *enc_t, *x, *v, *mark, *a, *y);
            Some(Kernel::Population { population, bias, enc, x, v, mark, decoders, y })
        }
        _ => None,
    }
}
