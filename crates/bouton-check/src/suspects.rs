//! What looks at fault, by what was measured of a model.

use bouton::model::{EnsembleId, Network, NodeId, Object};

use crate::candidates::{self, MUCH};
use crate::change::Parameter;
use crate::measure::{self, Arriving, Learned, Measured, length};
use crate::score::Subject;
use crate::shape::{Shape, ends};
use crate::sources::NOTHING;
use crate::watch::decodes_of_its_own;

/// A population is looked at from this relative error on.
const ERROR: f64 = 0.05;
/// The same with a time step that is longer than usual.
const ERROR_OF_STEPS: f64 = 0.03;
/// A rule is looked at when this share of the error without learning is left.
const LEFT: f64 = 0.5;
/// Noise behind a synapse that smooths no spikes from which on it is looked at, relative to what is brought (rms): a twentieth,
/// as of the error of a population.
const NOISY: f64 = 0.05;
/// Share of neurons that are silent or at their highest rate from which on a population is looked at.
const ALL_OR_NOTHING: f64 = 0.8;
/// A synapse is looked at when less than this is left behind it.
const KEPT: f64 = 0.3;
/// Time constants above this (s) are looked at where this share of the signal is lost in them.
const SLOW: f64 = 0.15;
const LOST: f64 = 0.5;

/// What looks at fault.
pub(crate) struct Suspect {
    pub(crate) subject: Subject,
    /// Tells it from others.
    pub(crate) name: String,
    pub(crate) path: String,
    /// What it most likely is, if nothing helps.
    pub(crate) parameter: Parameter,
    /// Whether it is told even if nothing helps.
    pub(crate) evident: bool,
    pub(crate) depth: usize,
}

/// What looks at fault, what is nearest to the inputs first.
pub(crate) fn suspects(net: &Network, shape: &Shape, m: &Measured, dt: f64) -> Vec<Suspect> {
    let mut all = vec![];
    let depth = |e: EnsembleId| shape.depth[e.index()].saturating_mul(4);
    // What a rule makes that doesn't learn is judged by the rule.
    let bad = m.rules.iter().filter(|r| is_bad(r));
    let below: Vec<usize> =
        bad.flat_map(|r| shape.around(net, r.id).into_iter().skip(1)).map(|e| e.index()).collect();
    let errors: Vec<usize> =
        m.rules.iter().flat_map(|r| shape.errors_of(net, r.id)).map(|e| e.index()).collect();
    for e in net.ensembles() {
        let Some(p) = &m.populations[e.index()] else { continue };
        // An error is to become small.
        let error = errors.contains(&e.index()) && p.little();
        if below.contains(&e.index()) || error || only_rules_read(net, e) {
            continue;
        }
        let far = p.spans > MUCH || (p.little() && p.peak > 0.0);
        let stuck = p.silent + p.saturated > ALL_OR_NOTHING;
        let least = if dt > candidates::LONG { ERROR_OF_STEPS } else { ERROR };
        if !p.informed || (p.badness() < least && !far && !stuck) {
            continue;
        }
        all.push(Suspect {
            subject: Subject::Population(e.index()),
            name: format!("ensemble {}", p.path),
            path: p.path.clone(),
            parameter: Parameter::Radius,
            evident: far && p.badness() > measure::LOST && shape.into_neurons[e.index()].is_empty(),
            depth: depth(e),
        });
    }
    for e in net.ensembles() {
        let Some(p) = &m.populations[e.index()] else { continue };
        let alone = shape.into[e.index()].is_empty() && !shape.into_neurons[e.index()].is_empty();
        if alone && p.silent == 1.0 {
            all.push(Suspect {
                subject: Subject::Silent(e.index()),
                name: format!("silent {}", p.path),
                path: p.path.clone(),
                parameter: Parameter::Gain,
                evident: true,
                depth: depth(e),
            });
        }
    }
    for (k, a) in m.connections.iter().enumerate() {
        let (pre, ..) = ends(net, a.id);
        let at = match pre.object {
            Object::Ensemble(e) => depth(e),
            Object::Node(n) => behind(net, shape, n, &depth),
            _ => continue,
        };
        let mut push = |what: &str, subject, parameter| {
            all.push(Suspect {
                subject,
                name: format!("{what} {}", a.path),
                path: a.path.clone(),
                parameter,
                evident: false,
                depth: at.saturating_add(1),
            });
        };
        if a.informed && decodes_of_its_own(net, a.id) && a.error.iter().any(|r| *r > ERROR && r.is_finite())
        {
            push("decoders", Subject::Readout(k), Parameter::Regularisation);
        }
        let tau = ends(net, a.id).2.synapse.as_ref().and_then(candidates::low_pass).unwrap_or(0.0);
        let into_loop = a.into.is_some_and(|e| shape.looped.contains(&e.index()));
        let slow =
            a.kept.is_some_and(|k| k < KEPT) || (tau > SLOW && !into_loop && a.off.is_some_and(|l| l > LOST));
        if a.informed && slow {
            push("synapse", Subject::Filter(k), Parameter::Synapse);
        }
        if !into_loop && is_lost_alone(net, m, a) {
            push("alone", Subject::Alone(k), Parameter::Transform);
        }
        if !into_loop && is_noisy(a) {
            push("noise", Subject::Noise(k), Parameter::Synapse);
        }
    }
    for (k, r) in m.rules.iter().enumerate() {
        if !is_bad(r) {
            continue;
        }
        let (pre, post, _) = ends(net, r.id.connection);
        let of = |o| crate::shape::ensemble_of(o).map_or(0, depth);
        all.push(Suspect {
            subject: Subject::Rule(k),
            name: format!("rule {}", r.path),
            path: r.path.clone(),
            parameter: Parameter::Rate,
            evident: r.failed.is_some() || r.left() > 1.5 || r.pulses == Some(0.0),
            depth: of(post.object).max(of(pre.object)).saturating_add(2),
        });
    }
    all.sort_by_key(|s| s.depth);
    all
}

/// The depth of the deepest population that a node's input comes from.
fn behind(net: &Network, shape: &Shape, n: NodeId, depth: &dyn Fn(EnsembleId) -> usize) -> usize {
    let into = shape.traced_from(net, shape.into_node[n.index()].clone());
    let from = into.iter().filter_map(|c| crate::shape::ensemble_of(ends(net, *c).0.object));
    from.map(depth).max().unwrap_or(0)
}

/// Whether all that reads an ensemble's value learns: it is then as good as its rules, and tried at when they are bad.
fn only_rules_read(net: &Network, e: EnsembleId) -> bool {
    let mut learned = false;
    for c in net.connections() {
        let (pre, _, connection) = ends(net, c);
        if matches!(pre.object, Object::Ensemble(x) | Object::Neurons(x) if x.index() == e.index()) {
            if connection.rules.is_empty() {
                return false;
            }
            learned = true;
        }
    }
    learned
}

/// Whether a connection brings next to nothing to a population that others fill, at times when they don't, and is lost then.
fn is_lost_alone(net: &Network, m: &Measured, a: &Arriving) -> bool {
    let Some((e, ensemble)) = a.into.and_then(|e| Some((e, net.get_ensemble(e)?))) else { return false };
    // Of a population that all bring little to it is told by itself.
    let filled = m.populations[e.index()].as_ref().is_some_and(|p| !p.little());
    filled
        && a.informed
        && length(&a.largest) < NOTHING * ensemble.radius
        && a.alone.is_some_and(|error| error > measure::LOST)
}

/// Whether what a connection brings is full of spikes that its synapse doesn't smooth.
fn is_noisy(a: &Arriving) -> bool {
    a.informed && a.short && a.noise.is_some_and(|n| n > NOISY)
}

/// Whether a rule leaves too much of its error.
fn is_bad(r: &Learned) -> bool {
    r.left() >= LEFT && r.without > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_of_a_twentieth_of_the_signal_is_looked_at_where_a_synapse_smooths_nothing() {
        let of = |twentieths: f64| Arriving {
            informed: true,
            short: true,
            noise: Some(twentieths / 20.0),
            ..Arriving::nothing()
        };
        assert!(!is_noisy(&of(0.995)) && is_noisy(&of(1.005)));
        let short = |short| Arriving { short, ..of(10.0) };
        assert!(is_noisy(&short(true)) && !is_noisy(&short(false)));
        let informed = |informed| Arriving { informed, ..of(10.0) };
        assert!(!is_noisy(&informed(false)) && !is_noisy(&Arriving { noise: None, ..of(10.0) }));
    }
}
