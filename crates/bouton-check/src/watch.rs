//! What of a model is watched in a trial: probes on all that matters.

use bouton::model::{
    Connection, ConnectionId, Error, Network, Object, Output, Probe, ProbeId, RuleId, Target,
};
use bouton::nef::Seeds;

use crate::shape::ends;

/// Filter on all that is recorded (s): short against signals, long against the time between spikes.
pub(crate) const FILTER: f64 = 0.02;
/// What probes of decoded values are called by, before the number of the ensemble.
pub(crate) const VALUE: &str = "value";

/// A network with probes on all that matters.
pub(crate) struct Watched {
    pub(crate) net: Network,
    /// What is given and what is decoded.
    pub(crate) ensembles: Vec<Option<(ProbeId, Option<ProbeId>)>>,
    pub(crate) spikes: Vec<Option<ProbeId>>,
    pub(crate) currents: Vec<Option<ProbeId>>,
    pub(crate) brought: Vec<Option<ProbeId>>,
    pub(crate) raw: Vec<Option<ProbeId>>,
    pub(crate) nodes: Vec<Option<ProbeId>>,
    pub(crate) decoded: Vec<(ConnectionId, ProbeId)>,
    /// What connections with full weights bring, as values.
    pub(crate) full: Vec<(ConnectionId, ProbeId)>,
    pub(crate) errors: Vec<(RuleId, Option<ProbeId>)>,
}

pub(crate) fn watch(net: &Network, every: f64, dumb: &[usize]) -> Result<Watched, Error> {
    let mut w = Watched {
        net: net.clone(),
        ensembles: vec![],
        spikes: vec![],
        currents: vec![],
        brought: vec![],
        raw: vec![],
        nodes: vec![],
        decoded: vec![],
        full: vec![],
        errors: vec![],
    };
    w.net.clear_probes();
    let seeds = Seeds::derive(net, net.seed().unwrap_or(0))?;
    if net.seed().is_none() {
        // All trials of a model draw the same, so that they can be compared.
        w.net.set_seed(Some(0));
    }
    let probe = |of: Target| Probe::of(of).synapse(FILTER).sample_every(every);
    for e in net.ensembles() {
        let Some(ensemble) = net.get_ensemble(e) else { continue };
        if ensemble.neuron_type.is_direct() {
            w.ensembles.push(None);
            w.spikes.push(None);
            w.currents.push(None);
            continue;
        }
        let given = w.net.probe(&format!("given{}", e.index()), probe(Target::EnsembleInput(e)));
        let name = format!("{VALUE}{}", e.index());
        let speaks = !dumb.contains(&e.index());
        let value = speaks.then(|| w.net.probe(&name, probe(Target::Decoded(e))));
        w.ensembles.push(Some((given, value)));
        let mut spikes = Probe::of(Target::Spikes(e));
        if !ensemble.neuron_type.model().spiking() {
            spikes = spikes.sample_every(every);
        }
        w.spikes.push(Some(w.net.probe(&format!("spikes{}", e.index()), spikes)));
        let driven = net.connections().any(|c| ends(net, c).1.object == Object::Neurons(e));
        w.currents.push(
            driven.then(|| w.net.probe(&format!("current{}", e.index()), probe(Target::NeuronInput(e)))),
        );
    }
    for n in net.nodes() {
        let gives = net.get_node(n).is_some_and(|o| o.size_out() > 0);
        w.nodes.push(gives.then(|| w.net.probe(&format!("node{}", n.index()), probe(Target::Node(n)))));
    }
    for c in net.connections() {
        let (_, post, connection) = ends(net, c);
        // What goes straight into neurons is seen as their current.
        let seen = !matches!(post.object, Object::Neurons(_));
        w.brought.push(
            seen.then(|| w.net.probe(&format!("brought{}", c.index()), probe(Target::ConnectionOutput(c)))),
        );
        // What an error's unfiltered values are nobody asks.
        let asked = seen && !matches!(post.object, Object::Rule(_));
        let raw = Probe::of(Target::ConnectionOutput(c)).sample_every(every);
        w.raw.push(asked.then(|| w.net.probe(&format!("raw{}", c.index()), raw)));
        for (k, rule) in connection.rules.iter().enumerate() {
            let id = c.rule_at(k);
            let error = rule
                .has_error()
                .then(|| w.net.probe(&format!("error{}_{k}", c.index()), probe(Target::rule_error(id))));
            w.errors.push((id, error));
        }
    }
    let own: Vec<ConnectionId> = net.connections().filter(|c| decodes_of_its_own(net, *c)).collect();
    // In networks of their own, so that they change no seed of a connection or an ensemble.
    for c in own {
        let (pre, _, connection) = ends(net, c);
        let Ok(size) = net.object_size(pre.object, true) else { continue };
        let width = connection.function.as_ref().map_or(pre.slice.len(size), |f| f.width());
        let pre = pre.clone();
        let copy = Connection {
            synapse: None,
            transform: None,
            seed: Some(seeds.connections[c.index()]),
            ..connection.clone()
        };
        let (_, sink) = w.net.subnetwork(&format!("(decoded {})", c.index()), None, |net| {
            let sink = net.node("sink", Output::passthrough(width));
            net.connect(pre, sink, copy);
            sink
        });
        let p = w.net.probe(&format!("decoded{}", c.index()), probe(Target::Node(sink)));
        w.decoded.push((c, p));
    }
    for c in net.connections() {
        let (pre, post, connection) = ends(net, c);
        let (Object::Ensemble(_), Object::Ensemble(e)) = (pre.object, post.object) else { continue };
        if !connection.solver.model().weights() || !connection.rules.is_empty() {
            continue;
        }
        let size = net.object_size(Object::Ensemble(e), false)?;
        let (pre, slice) = (pre.clone(), post.slice.clone());
        let copy = Connection { solver: Connection::new().solver, ..connection.clone() };
        let (_, sink) = w.net.subnetwork(&format!("(full {})", c.index()), None, |net| {
            let sink = net.node("sink", Output::passthrough(size));
            net.connect(pre, sink.slice(slice), copy);
            sink
        });
        let p = w.net.probe(&format!("full{}", c.index()), probe(Target::Node(sink)));
        w.full.push((c, p));
    }
    Ok(w)
}

/// Whether a connection solves decoders that are not those of its ensemble's value.
pub(crate) fn decodes_of_its_own(net: &Network, c: ConnectionId) -> bool {
    let (pre, _, connection) = ends(net, c);
    let Object::Ensemble(e) = pre.object else { return false };
    if net.get_ensemble(e).is_none_or(|e| e.neuron_type.is_direct()) || connection.solver.model().weights() {
        return false;
    }
    let plain = Connection::new();
    connection.rules.is_empty()
        && connection.devices.is_none()
        && (connection.function.is_some()
            || connection.eval_points.is_some()
            || connection.solver != plain.solver)
}
