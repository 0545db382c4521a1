//! The order in which operators run.
//!
//! In a step, per signal: sets, then edits (by calls), then increments, then reads, then updates. Among the orders that
//! keep this, the one of Kahn's algorithm with a first-in-first-out queue is taken, edges in order of insertion: the order
//! of Nengo's unoptimised operators, on which the seeds of its processes depend.

use std::collections::{HashMap, HashSet, VecDeque};

use bouton_core::Error;

use super::operator::Access;
use super::{Program, SignalId};

/// Operators that use signals in one way.
#[derive(Default)]
struct Uses {
    order: Vec<SignalId>,
    by: HashMap<SignalId, Vec<u32>>,
    bases: HashMap<SignalId, Vec<SignalId>>,
}

impl Uses {
    fn of(p: &Program, access: Access) -> Uses {
        let mut uses = Uses::default();
        for (k, op) in p.operators().iter().enumerate() {
            for s in op.with(access) {
                let list = uses.by.entry(s).or_insert_with(|| {
                    uses.order.push(s);
                    uses.bases.entry(p.base(s)).or_default().push(s);
                    vec![]
                });
                list.push(k as u32);
            }
        }
        uses
    }
    /// Operators on the signal itself, then on others that overlap it.
    fn touching(&self, p: &Program, s: SignalId, out: &mut Vec<u32>) {
        out.extend(self.by.get(&s).into_iter().flatten());
        for other in self.bases.get(&p.base(s)).into_iter().flatten() {
            if *other != s && p.overlap(s, *other) {
                out.extend(&self.by[other]);
            }
        }
    }
}

impl Program {
    /// The order of the operators in a step (positions in [`operators`](Program::operators)).
    ///
    /// # Errors
    /// A cycle; its objects are named. An order that was given and isn't one.
    pub fn order(&self) -> Result<Vec<usize>, Error> {
        if let Some(order) = self.given_order() {
            return self.follows(order).map(|()| order.to_vec());
        }
        let mut edges = self.dependencies();
        if let Some(order) = kahn(&edges, None) {
            if self.order_editors(&mut edges) {
                // What was added follows an order that exists.
                return Ok(kahn(&edges, None).unwrap_or(order));
            }
            return Ok(order);
        }
        let mut incoming = incoming(&edges);
        kahn(&edges, Some(&mut incoming));
        Err(self.cycle(&edges, &incoming))
    }

    /// Refuses an order that doesn't have each operator once, or in which one comes before what it needs: of two that touch the
    /// same numbers, sets come before edits, these before increments, reads and updates.
    fn follows(&self, order: &[usize]) -> Result<(), Error> {
        let mut place = vec![usize::MAX; self.operators().len()];
        for (k, op) in order.iter().enumerate() {
            match place.get_mut(*op) {
                Some(p) if *p == usize::MAX => *p = k,
                _ => {
                    return Err(Error::build(
                        "",
                        format!("the order has operator {op} twice, or there is none"),
                    ));
                }
            }
        }
        if let Some(a) = place.iter().position(|p| *p == usize::MAX) {
            return Err(Error::build(&self.operators()[a].of, "the order that was given doesn't have it"));
        }
        let mut by: HashMap<SignalId, Vec<(usize, usize, usize, Access)>> = HashMap::new();
        for (k, op) in self.operators().iter().enumerate() {
            for o in &op.on {
                let (base, from, to) = self.touched(o);
                by.entry(base).or_default().push((from, to, k, o.access));
            }
        }
        for touches in by.values_mut() {
            touches.sort_unstable();
            for (i, (_, to, k, r)) in touches.iter().enumerate() {
                let meeting = touches[i + 1..].iter().take_while(|other| other.0 < *to);
                for (_, _, other, q) in meeting.filter(|other| other.2 != *k && other.3 != *r) {
                    let (first, second) = if r < q { (*k, *other) } else { (*other, *k) };
                    if place[first] > place[second] {
                        let (a, b) = (&self.operators()[first], &self.operators()[second]);
                        let m = format!("the {} of `{}` has to come before it, and doesn't", a.kind(), a.of);
                        return Err(Error::build(&b.of, m));
                    }
                }
            }
        }
        Ok(())
    }

    fn cycle(&self, edges: &[Vec<u32>], incoming: &[usize]) -> Error {
        // Every operator that is left waits for one that is left: going back along such edges must come round.
        let left: Vec<usize> = (0..edges.len()).filter(|i| incoming[*i] > 0).collect();
        let mut waits: HashMap<usize, usize> = HashMap::new();
        for i in &left {
            for e in &edges[*i] {
                if incoming[*e as usize] > 0 {
                    waits.insert(*e as usize, *i);
                }
            }
        }
        let mut at = left[0];
        let mut seen = HashSet::new();
        while seen.insert(at) {
            at = waits.get(&at).copied().unwrap_or(at);
        }
        let (start, mut names) = (at, vec![]);
        loop {
            let name = &self.operators()[at].of;
            if names.last() != Some(name) {
                names.push(name.clone());
            }
            at = waits.get(&at).copied().unwrap_or(start);
            if at == start {
                break;
            }
        }
        names.reverse();
        names.dedup();
        Error::build(
            names.first().cloned().unwrap_or_default(),
            format!(
                "these objects need each other's values within one step: {}. Give one of the connections between them a \
                 synapse (a low-pass of 0 s is only a delay of one step)",
                names.join(" → ")
            ),
        )
    }

    /// For each operator, those that must run after it, but for the order of two that edit the same numbers.
    pub fn dependencies(&self) -> Vec<Vec<u32>> {
        let uses = |access| Uses::of(self, access);
        let (sets, edits, incs) = (uses(Access::Set), uses(Access::Edit), uses(Access::Inc));
        let (reads, updates) = (uses(Access::Read), uses(Access::Update));
        let mut edges = vec![vec![]; self.operators().len()];
        let mut known = HashSet::new();
        let mut before = vec![];
        let mut connect = |later: &Uses, earlier: &[&Uses]| {
            for s in &later.order {
                before.clear();
                for e in earlier {
                    e.touching(self, *s, &mut before);
                }
                for &a in &before {
                    for &b in &later.by[s] {
                        if known.insert((a, b)) {
                            edges[a as usize].push(b);
                        }
                    }
                }
            }
        };
        connect(&edits, &[&sets]);
        connect(&incs, &[&sets, &edits]);
        connect(&reads, &[&sets, &incs, &edits]);
        connect(&updates, &[&sets, &incs, &edits, &reads]);
        edges
    }

    /// Adds edges between operators that edit the same numbers: in the order of [`editors`](Program::editors), unless the
    /// later one comes before the earlier by what they read and write. Returns whether there were any.
    fn order_editors(&self, edges: &mut [Vec<u32>]) -> bool {
        let mut rank = vec![usize::MAX; self.operators().len()];
        for (k, op) in self.editors().iter().enumerate() {
            rank[*op] = k;
        }
        let mut editors: Vec<usize> = (0..self.operators().len())
            .filter(|k| self.operators()[*k].with(Access::Edit).next().is_some())
            .collect();
        editors.sort_by_key(|k| (rank[*k], *k));
        let mut added = false;
        for (i, &a) in editors.iter().enumerate() {
            for &b in &editors[i + 1..] {
                let meet = self.operators()[a]
                    .with(Access::Edit)
                    .any(|x| self.operators()[b].with(Access::Edit).any(|y| self.overlap(x, y)));
                if !meet {
                    continue;
                }
                let (from, to) = if reaches(edges, b, a) { (b, a) } else { (a, b) };
                if !edges[from].contains(&(to as u32)) {
                    edges[from].push(to as u32);
                    added = true;
                }
            }
        }
        added
    }
}

fn incoming(edges: &[Vec<u32>]) -> Vec<usize> {
    let mut incoming = vec![0usize; edges.len()];
    for e in edges.iter().flatten() {
        incoming[*e as usize] += 1;
    }
    incoming
}

/// Kahn's algorithm; `None` with a cycle. `left` gets the number of edges that each operator still waits for.
fn kahn(edges: &[Vec<u32>], left: Option<&mut Vec<usize>>) -> Option<Vec<usize>> {
    let n = edges.len();
    let mut incoming = incoming(edges);
    let mut queue: VecDeque<usize> = (0..n).filter(|i| incoming[*i] == 0).collect();
    let mut order = Vec::with_capacity(n);
    while let Some(i) = queue.pop_front() {
        order.push(i);
        for e in &edges[i] {
            let k = *e as usize;
            incoming[k] -= 1;
            if incoming[k] == 0 {
                queue.push_back(k);
            }
        }
    }
    if let Some(left) = left {
        *left = incoming;
    }
    (order.len() == n).then_some(order)
}

/// Whether there is a way from one operator to another.
fn reaches(edges: &[Vec<u32>], from: usize, to: usize) -> bool {
    let (mut seen, mut open) = (HashSet::from([from]), vec![from]);
    while let Some(k) = open.pop() {
        if k == to {
            return true;
        }
        open.extend(edges[k].iter().map(|e| *e as usize).filter(|e| seen.insert(*e)));
    }
    false
}
