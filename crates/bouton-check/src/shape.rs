//! The shape of a model: what leads to what.

use std::collections::HashSet;

use bouton::model::{Connection, ConnectionId, End, EnsembleId, Network, NodeId, Object, Output, RuleId};

/// Nodes that pass values on are looked through this far.
const THROUGH: usize = 8;

/// A network, and what leads to what in it.
pub(crate) struct Shape {
    /// Connections that end at the value of each ensemble.
    pub(crate) into: Vec<Vec<ConnectionId>>,
    /// Connections that end at the neurons of each ensemble.
    pub(crate) into_neurons: Vec<Vec<ConnectionId>>,
    /// Connections that end at each node.
    pub(crate) into_node: Vec<Vec<ConnectionId>>,
    /// Connections that bring an error to a rule.
    pub(crate) errors: Vec<(RuleId, ConnectionId)>,
    /// Steps from what comes from outside, by ensemble.
    pub(crate) depth: Vec<usize>,
    /// Ensembles whose value comes back to them, by other ways than learning.
    pub(crate) looped: HashSet<usize>,
    /// Where each ensemble and each node, in this order, leads to.
    next: Vec<Vec<usize>>,
}

/// A connection that is in the network.
pub(crate) fn ends(net: &Network, c: ConnectionId) -> (&End, &End, &Connection) {
    net.get_connection(c).expect("a connection of this network")
}

/// Number of values that a connection brings.
pub(crate) fn outputs(net: &Network, c: ConnectionId) -> usize {
    let Some((_, post, _)) = net.get_connection(c) else { return 0 };
    net.object_size(post.object, false).map_or(0, |n| post.slice.len(n))
}

pub(crate) fn is_passing(net: &Network, n: NodeId) -> bool {
    matches!(net.get_node(n), Some(Output::Passthrough { .. }))
}

/// The ensemble that an object is of.
pub(crate) fn ensemble_of(o: Object) -> Option<EnsembleId> {
    match o {
        Object::Ensemble(e) | Object::Neurons(e) => Some(e),
        _ => None,
    }
}

impl Shape {
    pub(crate) fn of(net: &Network) -> Shape {
        let n = net.ensembles().len();
        let mut s = Shape {
            into: vec![vec![]; n],
            into_neurons: vec![vec![]; n],
            into_node: vec![vec![]; net.nodes().len()],
            errors: vec![],
            depth: vec![usize::MAX; n],
            looped: HashSet::new(),
            next: vec![],
        };
        for c in net.connections() {
            match ends(net, c).1.object {
                Object::Ensemble(e) => s.into[e.index()].push(c),
                Object::Neurons(e) => s.into_neurons[e.index()].push(c),
                Object::Node(n) => s.into_node[n.index()].push(c),
                Object::Rule(r) => s.errors.push((r, c)),
                _ => {}
            }
        }
        s.measure_depth(net);
        s.find_loops(net);
        s
    }

    /// Whether an object only passes on what others bring it.
    pub(crate) fn passes_on(&self, net: &Network, o: Object) -> bool {
        matches!(o, Object::Node(n) if is_passing(net, n) && !self.into_node[n.index()].is_empty())
    }

    /// Connections into an ensemble's value, and into the nodes that only pass on what they are given on the way to it.
    pub(crate) fn traced(&self, net: &Network, e: EnsembleId) -> Vec<ConnectionId> {
        self.traced_from(net, self.into[e.index()].clone())
    }

    /// These connections, and those into passing nodes that they start at.
    pub(crate) fn traced_from(&self, net: &Network, from: Vec<ConnectionId>) -> Vec<ConnectionId> {
        let mut all = from;
        let mut at = 0;
        for _ in 0..THROUGH {
            let end = all.len();
            for k in at..end {
                if let Object::Node(n) = ends(net, all[k]).0.object
                    && is_passing(net, n)
                {
                    for c in &self.into_node[n.index()] {
                        if !all.contains(c) {
                            all.push(*c);
                        }
                    }
                }
            }
            if all.len() == end {
                break;
            }
            at = end;
        }
        all
    }

    /// The ensembles that a rule stands between: the one before its connection, the one behind it, and those that its error
    /// comes from.
    pub(crate) fn around(&self, net: &Network, rule: RuleId) -> Vec<EnsembleId> {
        let (pre, post, _) = ends(net, rule.connection);
        let mut all: Vec<EnsembleId> = vec![];
        all.extend(ensemble_of(pre.object));
        if all.is_empty() {
            return all;
        }
        all.extend(ensemble_of(post.object));
        let errors = self.errors_of(net, rule);
        errors.into_iter().for_each(|e| {
            if !all.contains(&e) {
                all.push(e);
            }
        });
        all
    }

    /// The connections that bring a rule its error.
    pub(crate) fn bringing_error(&self, rule: RuleId) -> Vec<ConnectionId> {
        self.errors.iter().filter(|(r, _)| *r == rule).map(|(_, c)| *c).collect()
    }

    /// The ensembles that a rule's error comes from.
    pub(crate) fn errors_of(&self, net: &Network, rule: RuleId) -> Vec<EnsembleId> {
        let from = self.traced_from(net, self.bringing_error(rule)).into_iter();
        from.filter_map(|c| ensemble_of(ends(net, c).0.object)).collect()
    }

    fn measure_depth(&mut self, net: &Network) {
        let mut node = vec![usize::MAX; net.nodes().len()];
        for n in net.nodes() {
            if self.into_node[n.index()].is_empty() {
                node[n.index()] = 0;
            }
        }
        // As often as there are objects at most: the longest way without a ring.
        for _ in 0..net.ensembles().len() + net.nodes().len() {
            let mut moved = false;
            for c in net.connections() {
                let (pre, post, _) = ends(net, c);
                let from = match pre.object {
                    Object::Node(n) => node[n.index()],
                    o => ensemble_of(o).map_or(usize::MAX, |e| self.depth[e.index()]),
                };
                let to = match post.object {
                    Object::Node(n) => &mut node[n.index()],
                    o => match ensemble_of(o) {
                        Some(e) => &mut self.depth[e.index()],
                        None => continue,
                    },
                };
                if from < usize::MAX && from + 1 < *to {
                    *to = from + 1;
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
    }

    /// The place of an ensemble or a node among all that something leads to.
    pub(crate) fn place(&self, o: Object) -> Option<usize> {
        match o {
            Object::Node(k) => Some(self.into.len() + k.index()),
            o => ensemble_of(o).map(|e| e.index()),
        }
    }

    /// What an ensemble's value reaches, by place; itself where that comes back.
    pub(crate) fn reached_from(&self, e: EnsembleId) -> Vec<bool> {
        let (mut seen, mut todo) = (vec![false; self.next.len()], self.next[e.index()].clone());
        while let Some(k) = todo.pop() {
            if !std::mem::replace(&mut seen[k], true) {
                todo.extend(&self.next[k]);
            }
        }
        seen
    }

    fn find_loops(&mut self, net: &Network) {
        self.next = vec![vec![]; self.into.len() + self.into_node.len()];
        for c in net.connections() {
            let (pre, post, _) = ends(net, c);
            if let (Some(a), Some(b)) = (self.place(pre.object), self.place(post.object)) {
                self.next[a].push(b);
            }
        }
        for e in net.ensembles() {
            if self.reached_from(e)[e.index()] {
                self.looped.insert(e.index());
            }
        }
    }
}
