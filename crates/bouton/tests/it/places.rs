//! Rules at the places where they can learn, and what they have learned there: what several tests stand on.

use bouton::elements::rules::Changes;
use bouton::prelude::*;

/// Where a rule learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Decoders,
    Full,
    Neurons,
    /// From a node to neurons.
    Node,
    /// From neurons to neurons, where weights are made of devices and changes become pulses.
    Devices,
}

pub const PLACES: [Place; 5] = [Place::Decoders, Place::Full, Place::Neurons, Place::Node, Place::Devices];

/// A rule between two ensembles of one dimension, with everything that it reads; between neurons with the weights `start`, and from
/// a node as from neurons that each spike in every eleventh step. `None` where it can't be: one of encoders goes past them, one of
/// neurons has none to read, or one that gives pulses has no devices.
pub fn placed(
    name: &str,
    place: Place,
    [pre, post]: [Ensemble; 2],
    start: Matrix,
) -> Option<(Network, ConnectionId)> {
    let mut net = Network::with_seed(4);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (40.0 * t).sin()));
    let (a, b) = (net.ensemble("a", pre), net.ensemble("b", post));
    net.connect(stim, a, Connection::new().no_synapse());
    net.connect(stim, b, Connection::new().no_synapse());
    let rule = Rule::named(name).unwrap();
    let posts = rule.model().inputs().iter().any(|i| i.name.starts_with("post"));
    let learn = Connection::new().learn(rule.clone());
    let on_encoders = rule.model().changes() == Changes::Encoders;
    let pulses = rule.model().policy().is_some();
    let fits = match place {
        Place::Decoders => on_encoders || !posts && !pulses,
        Place::Devices => !on_encoders,
        _ => !on_encoders && !pulses,
    };
    if !fits {
        return None;
    }
    let c = connected(&mut net, place, [a, b], learn, start);
    if rule.model().has_error() {
        net.connect(stim, c.rule(), Connection::new());
    }
    for factor in rule.model().factors() {
        let factor = net.factor(c, &factor.name).unwrap();
        net.connect(stim, factor, Connection::new().transform(0.1));
    }
    net.probe("spikes", Probe::new(b.neurons()));
    Some((net, c))
}

/// A connection `c` at a place, between neurons or from a node with the weights `start`.
pub fn connected(
    net: &mut Network,
    place: Place,
    [a, b]: [EnsembleId; 2],
    learn: Connection,
    start: Matrix,
) -> ConnectionId {
    match place {
        Place::Decoders => net.connect_as("c", a, b, learn),
        Place::Full => {
            net.connect_as("c", a, b, learn.solver(LstsqL2 { weights: true, ..LstsqL2::default() }))
        }
        Place::Neurons => net.connect_as("c", a.neurons(), b.neurons(), learn.transform(start)),
        Place::Node => {
            let spikes = Output::of_time(start.shape().1, |t, y| {
                let step = (1000.0 * t).round() as usize;
                y.iter_mut().enumerate().for_each(|(k, y)| *y = spike_of(step, k));
            });
            let node = net.node("spikes", spikes);
            net.connect_as("c", node, b.neurons(), learn.transform(start))
        }
        Place::Devices => {
            // The default dead band is of errors: the changes of most rules are smaller.
            let policy = SinglePulse { dead_band: 0.0, ..SinglePulse::default() }.into();
            let devices = DeviceSpec { policy, spread: 0.15, ..DeviceSpec::default() };
            net.connect_as("c", a.neurons(), b.neurons(), learn.devices(devices))
        }
    }
}

/// What value `k` of the node is in a step.
pub fn spike_of(step: usize, k: usize) -> f64 {
    if (step + k).is_multiple_of(11) { 1000.0 } else { 0.0 }
}

/// What the rule of a connection has changed.
pub fn learned(sim: &Simulator, c: ConnectionId) -> Matrix {
    let (_, post, connection) = sim.network().get_connection(c).unwrap();
    let found = match (connection.rules[0].changes(), post.object) {
        (Changes::Encoders, Object::Ensemble(e)) => sim.encoders(e),
        _ => sim.weights(c),
    };
    found.unwrap()
}

/// The largest difference of two matrices.
pub fn apart(a: &Matrix, b: &Matrix) -> f64 {
    a.values().iter().zip(b.values()).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()))
}

/// The bits of a matrix.
pub fn bits(w: &Matrix) -> Vec<u64> {
    w.values().iter().map(|w| w.to_bits()).collect()
}
