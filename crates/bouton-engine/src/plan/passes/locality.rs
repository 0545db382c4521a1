//! `locality`: a kernel that reads what another has just written follows it at once, while it is in the nearest cache; such
//! runs are joined into groups. Pairs that conflict keep their order, so every bit is kept.

use std::collections::HashSet;

use super::super::stages::Pieces;
use super::super::{Draft, Turning, What};
use crate::kernels::Code;

impl Draft<'_> {
    /// Reorders the turns between barriers, and joins runs.
    pub(crate) fn localise(&mut self) {
        let pieces = Pieces::new(&self.turns);
        let mut order = Vec::with_capacity(self.turns.len());
        let all: Vec<usize> = (0..self.turns.len()).collect();
        for block in all.split_inclusive(|k| self.turns[*k].barrier) {
            self.schedule(&pieces, block, &mut order);
        }
        let mut old: Vec<Option<Turning>> = std::mem::take(&mut self.turns).into_iter().map(Some).collect();
        self.turns = order.iter().filter_map(|k| old[*k].take()).collect();
        self.groups = self.join(&pieces);
    }

    /// Groups of the turns as they stand.
    pub(crate) fn regroup(&mut self) {
        self.groups = self.join(&Pieces::new(&self.turns));
    }

    /// Depth first through the turns of a block: of those that are ready, the one made ready last.
    fn schedule(&self, pieces: &Pieces, block: &[usize], order: &mut Vec<usize>) {
        let n = block.len();
        let mut successors: Vec<Vec<u32>> = vec![vec![]; n];
        let mut waits = vec![0u32; n];
        let mut writer: Vec<Option<u32>> = vec![None; pieces.len()];
        let mut readers: Vec<Vec<u32>> = vec![vec![]; pieces.len()];
        for (i, k) in block.iter().enumerate() {
            let mut before = vec![];
            if self.turns[*k].barrier {
                // It ends its block: everything else comes before it.
                before.extend(0..i as u32);
            } else {
                let (reads, writes) = pieces.touched(&self.turns[*k]);
                before.extend(reads.iter().chain(&writes).filter_map(|p| writer[*p]));
                for p in &writes {
                    before.append(&mut readers[*p]);
                    writer[*p] = Some(i as u32);
                }
                for p in reads {
                    readers[p].push(i as u32);
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
        let touched = |t: &Turning| if t.barrier { (vec![], vec![]) } else { pieces.touched(t) };
        let mut readers: Vec<Vec<u32>> = vec![vec![]; pieces.len()];
        for (k, t) in self.turns.iter().enumerate() {
            for p in touched(t).0 {
                readers[p].push(k as u32);
            }
        }
        let mut groups: Vec<std::ops::Range<usize>> = vec![];
        let mut written = HashSet::new();
        for (k, t) in self.turns.iter().enumerate() {
            // A fill is of everything at once and would tie all together.
            let alone = t.is_call() || matches!(t.what, What::Code(Code::Fill(_)));
            let (reads, writes) = touched(t);
            let follows = !alone && reads.iter().chain(&writes).any(|p| written.contains(p));
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
}
