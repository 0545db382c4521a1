//! Rules at the places where they can learn, and what they have learned there: what several tests stand on.

use bouton::elements::rules::Changes;
use bouton::prelude::*;

/// Where a rule learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Decoders,
    Full,
    Neurons,
}

pub const PLACES: [Place; 3] = [Place::Decoders, Place::Full, Place::Neurons];

/// A rule between two ensembles of one dimension, with everything that it reads; between neurons with the weights `start`. `None`
/// where it can't be: one of encoders goes past them, or one of neurons has none to read.
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
    let c = match place {
        Place::Full | Place::Neurons if on_encoders => return None,
        Place::Decoders if posts && !on_encoders => return None,
        Place::Decoders => net.connect_as("c", a, b, learn),
        Place::Full => {
            net.connect_as("c", a, b, learn.solver(LstsqL2 { weights: true, ..LstsqL2::default() }))
        }
        Place::Neurons => net.connect_as("c", a.neurons(), b.neurons(), learn.transform(start)),
    };
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
