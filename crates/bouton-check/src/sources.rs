//! What of a population's input comes from where, and which of several sources may be at fault.
//!
//! A population that is given too little by several connections says not by itself which of them is too weak. What is known
//! is that one thing is at fault rather than two: if it is this connection, the others are as they are meant to be. So none of
//! them brings next to nothing. Where that leaves several, none is to be scaled by itself, unless it is by far the strongest:
//! weak ones beside it may be meant to be weak.

use bouton::model::{ConnectionId, EnsembleId, Network, Object};

use crate::change::sizes;
use crate::measure::{Measured, length};
use crate::shape::{Shape, ends, is_passing, outputs};

/// Nobody means what brings less than this share of a radius: it is a tenth of the noise of a large population.
pub(crate) const NOTHING: f64 = 1e-3;
/// One is by far the strongest if it brings so many times what any other does.
const STRONGEST: f64 = 10.0;
/// Ways that are followed at most.
const WAYS: usize = 4096;

/// A way that leads to a dimension of an ensemble: a row of a connection, and the transforms behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) connection: ConnectionId,
    pub(crate) dimension: usize,
    pub(crate) row: usize,
    /// By how much nodes that pass it on scale it.
    pub(crate) factor: f64,
}

/// All ways to an ensemble, through nodes that only pass on what they are given.
pub(crate) fn ways(net: &Network, shape: &Shape, e: EnsembleId) -> Vec<Way> {
    let mut all: Vec<Way> = vec![];
    let dimensions = net.get_ensemble(e).map_or(0, |e| e.dimensions);
    for c in &shape.into[e.index()] {
        let post = ends(net, *c).1;
        let rows = post.slice.indices(dimensions).into_iter().enumerate();
        all.extend(rows.map(|(row, dimension)| Way { connection: *c, dimension, row, factor: 1.0 }));
    }
    let mut at = 0;
    while at < all.len() && all.len() < WAYS {
        let Way { connection: c, dimension, row, factor } = all[at];
        at += 1;
        let (pre, _, connection) = ends(net, c);
        let Object::Node(n) = pre.object else { continue };
        let diagonal = connection.transform.as_ref().is_none_or(|t| !t.model().dense());
        if !is_passing(net, n) || connection.function.is_some() || !diagonal {
            continue;
        }
        let size = net.object_size(pre.object, true).unwrap_or(0);
        let Some(value) = pre.slice.indices(size).get(row).copied() else { continue };
        let scale = sizes(connection.transform.as_ref(), outputs(net, c));
        let factor = factor * scale.and_then(|s| s.get(row).copied()).unwrap_or(1.0);
        for before in &shape.into_node[n.index()] {
            let rows = ends(net, *before).1.slice.indices(size);
            for (row, v) in rows.iter().enumerate() {
                let known = |w: &Way| w.connection == *before && w.dimension == dimension && w.row == row;
                if *v == value && !all.iter().any(known) {
                    all.push(Way { connection: *before, dimension, row, factor });
                }
            }
        }
    }
    all
}

/// A connection that brings something of its own.
struct Source {
    connection: ConnectionId,
    /// What it brings at most, by dimension of the ensemble.
    largest: Vec<f64>,
}

/// Where a population's input comes from.
pub(crate) struct Sources {
    /// All connections on the ways to it.
    pub(crate) connections: Vec<ConnectionId>,
    /// Those that bring something, from elsewhere than the population itself, and that nothing is learned on.
    own: Vec<Source>,
}

impl Sources {
    pub(crate) fn of(net: &Network, shape: &Shape, m: &Measured, e: EnsembleId, ways: &[Way]) -> Sources {
        let mut connections: Vec<ConnectionId> = ways.iter().map(|w| w.connection).collect();
        connections.sort();
        connections.dedup();
        let dimensions = net.get_ensemble(e).map_or(0, |e| e.dimensions);
        let back = shape.reached_from(e);
        let source = |c: &ConnectionId| {
            let (pre, _, connection) = ends(net, *c);
            if shape.passes_on(net, pre.object)
                || shape.place(pre.object).is_some_and(|k| back[k])
                || !connection.rules.is_empty()
                || connection.devices.is_some()
            {
                return None;
            }
            let a = m.connections.iter().find(|a| a.id == *c && a.informed)?;
            let mut largest = vec![0.0; dimensions];
            for w in ways.iter().filter(|w| w.connection == *c) {
                largest[w.dimension] = a.largest.get(w.row).copied().unwrap_or(0.0) * w.factor;
            }
            Some(Source { connection: *c, largest })
        };
        let own = connections.iter().filter_map(source).collect();
        Sources { connections, own }
    }

    /// What the strongest brings.
    pub(crate) fn strongest(&self) -> Option<f64> {
        self.own.iter().map(|s| length(&s.largest)).filter(|s| *s > 0.0).reduce(f64::max)
    }

    /// Whether there are several.
    pub(crate) fn several(&self) -> bool {
        self.own.len() > 1
    }

    /// Those that bring something to the same dimensions as one: itself, and what both bring to these.
    fn beside<'a>(&'a self, one: &'a Source) -> impl Iterator<Item = (&'a Source, f64, f64)> + 'a {
        let others = self.own.iter().filter(|s| s.connection != one.connection);
        others.filter_map(|other| {
            let both: Vec<usize> =
                (0..one.largest.len()).filter(|d| one.largest[*d] > 0.0 && other.largest[*d] > 0.0).collect();
            let size = |s: &Source| both.iter().map(|d| s.largest[*d].powi(2)).sum::<f64>().sqrt();
            (!both.is_empty()).then(|| (other, size(one), size(other)))
        })
    }

    /// Whether all others bring what may be meant.
    fn others_are_meant(&self, one: &Source, radius: f64) -> bool {
        self.beside(one).all(|(_, _, other)| other >= NOTHING * radius)
    }

    /// Whether a connection may be what is at fault where a population of a radius is given too little.
    pub(crate) fn may_be_at_fault(&self, c: ConnectionId, radius: f64) -> bool {
        let Some(one) = self.own.iter().find(|s| s.connection == c) else { return true };
        let strongest = self.beside(one).all(|(_, own, other)| own >= STRONGEST * other);
        let alone = self.beside(one).all(|(other, ..)| !self.others_are_meant(other, radius));
        self.others_are_meant(one, radius) && (strongest || alone)
    }

    /// Whether others bring something to the same dimensions as a connection.
    pub(crate) fn has_others_beside(&self, c: ConnectionId) -> bool {
        self.own.iter().find(|s| s.connection == c).is_some_and(|one| self.beside(one).next().is_some())
    }

    /// Whether the radius may be: then each brings something of it as it should be.
    pub(crate) fn radius_may_be_at_fault(&self) -> bool {
        self.own.iter().all(|one| self.beside(one).all(|(_, own, other)| own >= NOTHING * other))
    }
}
