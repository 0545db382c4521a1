//! What is signal and what is noise of others, and how errors add up along the way.

use bouton::model::{ConnectionId, Network, Object};

use crate::measure::{Arriving, ERRORS, LOST, Measured, relative};
use crate::shape::{Shape, ends, is_passing};
use crate::trial::Run;

/// Which populations and connections carry more than the noise of others, and how much of it is lost on the way.
pub(crate) fn inform(net: &Network, shape: &Shape, run: &Run, m: &mut Measured) {
    let gives = |k: usize| run.nodes[k].as_ref().is_some_and(|s| s.values.iter().any(|x| *x != 0.0));
    let mut passing = vec![false; net.nodes().len()];
    for n in net.nodes() {
        if !is_passing(net, n) {
            passing[n.index()] = gives(n.index());
        }
    }
    for _ in 0..net.ensembles().len() + net.nodes().len() + 1 {
        let mut moved = false;
        for k in 0..m.connections.len() {
            let (pre, ..) = ends(net, m.connections[k].id);
            let informed = match pre.object {
                Object::Node(n) => passing[n.index()],
                Object::Ensemble(e) => match &m.populations[e.index()] {
                    // Where some of it is well decoded: a function may be of that alone.
                    // Or where nobody can say what it should be.
                    Some(p) => p.informed && (p.peak == 0.0 || p.error.iter().any(|r| *r < LOST)),
                    None => true,
                },
                _ => true,
            } && m.connections[k].brings.iter().any(|b| *b > 0.0);
            if informed && !m.connections[k].informed {
                m.connections[k].informed = true;
                moved = true;
            }
        }
        for n in net.nodes() {
            let into = &shape.into_node[n.index()];
            if is_passing(net, n) && !passing[n.index()] {
                passing[n.index()] = m.connections.iter().any(|a| a.informed && into.contains(&a.id));
                moved |= passing[n.index()];
            }
        }
        for e in net.ensembles() {
            let by = |a: &Arriving| a.informed && shape.into[e.index()].contains(&a.id);
            let driven = |c: &ConnectionId| match ends(net, *c).0.object {
                Object::Node(n) => passing[n.index()],
                Object::Ensemble(e) | Object::Neurons(e) => {
                    m.populations[e.index()].as_ref().is_none_or(|p| p.informed && p.badness() < LOST)
                }
                _ => false,
            };
            let informed = m.connections.iter().any(by) || shape.into_neurons[e.index()].iter().any(driven);
            if let Some(p) = &mut m.populations[e.index()]
                && informed
                && !p.informed
            {
                p.informed = true;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    for a in &mut m.connections {
        let Some(p) = a.into.and_then(|e| m.populations[e.index()].as_ref()) else { continue };
        a.lost = a
            .brings
            .iter()
            .zip(&a.dimensions)
            .map(|(b, d)| relative(p.noise.get(*d).copied().unwrap_or(0.0), *b))
            .collect();
    }
    totals(net, shape, m);
}

/// Errors add up along the way: as squares, each as much as its source contributes.
fn totals(net: &Network, shape: &Shape, m: &mut Measured) {
    let first = |n| if is_passing(net, n) { ERRORS.1 } else { 0.0 };
    let mut nodes: Vec<f64> = net.nodes().map(first).collect();
    let clip = |r: f64| r.clamp(ERRORS.0, ERRORS.1);
    let mut now: Vec<f64> = vec![0.0; m.populations.len()];
    for _ in 0..m.populations.len().min(20) + 2 {
        let of = |now: &[f64], nodes: &[f64], c: ConnectionId| match ends(net, c).0.object {
            Object::Node(n) => nodes[n.index()],
            Object::Ensemble(e) | Object::Neurons(e) => now[e.index()],
            _ => 0.0,
        };
        for n in net.nodes().filter(|n| is_passing(net, *n)) {
            let all = &shape.into_node[n.index()];
            let mut sums = (0.0, 0.0);
            for a in m.connections.iter().filter(|a| all.contains(&a.id)) {
                let size = a.brings.iter().map(|b| b * b).sum::<f64>();
                sums.0 += size * of(&now, &nodes, a.id).powi(2);
                sums.1 += size;
            }
            nodes[n.index()] = if sums.1 > 0.0 { (sums.0 / sums.1).sqrt() } else { 0.0 };
        }
        for k in 0..m.populations.len() {
            let Some(p) = &m.populations[k] else { continue };
            let local = p.local();
            let size = p.given.iter().map(|g| g * g).sum::<f64>();
            let mut sum = 0.0;
            for a in m.connections.iter().filter(|a| a.into.is_some_and(|e| e.index() == k)) {
                let own = matches!(ends(net, a.id).0.object, Object::Ensemble(e) if e.index() == k);
                if own {
                    continue;
                }
                let part = a.brings.iter().map(|b| b * b).sum::<f64>() / size.max(f64::MIN_POSITIVE);
                sum += part.min(1.0) * of(&now, &nodes, a.id).powi(2);
            }
            now[k] = clip((local * local + sum).sqrt());
        }
    }
    for (p, total) in m.populations.iter_mut().zip(now) {
        if let Some(p) = p {
            p.total = if p.informed { total } else { ERRORS.1 };
        }
    }
}
