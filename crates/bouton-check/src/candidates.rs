//! What might mend a population or what is decoded from it: changes that are worth a trial.

use bouton::elements::synapses::{Lowpass, Synapse};
use bouton::io::table::significant;
use bouton::model::{ConnectionId, Ensemble, EnsembleId, Network, Object};

use crate::change::{Change, Parameter};
use crate::descriptions::descriptions;
use crate::measure::{Arriving, Measured, length};
use crate::scales::{FILL, scale, scales};
use crate::shape::{Shape, ends};

/// Below this a population makes too little of its range: its noise is six times what it need be.
pub(crate) const LITTLE: f64 = 0.16;
/// Above this it is driven beyond its range.
pub(crate) const MUCH: f64 = 1.3;
/// Time constants that are tried (s): between populations, and onto what isn't one.
const BETWEEN: f64 = 0.01;
const OUTSIDE: f64 = 0.03;
/// The time step that is tried (s), and from where on a longer one is.
const STEP: f64 = 0.001;
pub(crate) const LONG: f64 = 0.0015;

/// A change that is worth a trial.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) object: String,
    pub(crate) parameter: Parameter,
    pub(crate) change: Change,
    pub(crate) words: String,
    /// By how many powers of ten it makes the parameter plainer: what is odd is at fault rather than what is as usual.
    pub(crate) plainer: f64,
}

/// To two significant digits.
pub(crate) fn two_digits(x: f64) -> f64 {
    rounded(x, 2)
}

/// To so many significant digits.
pub(crate) fn rounded(x: f64, digits: usize) -> f64 {
    format!("{x:.*e}", digits - 1).parse().unwrap_or(x)
}

/// A number for a person.
pub(crate) fn plain(x: f64) -> String {
    short(x, 2)
}

/// The same with so many significant digits at most.
pub(crate) fn short(x: f64, digits: usize) -> String {
    let text = significant(x, digits);
    match text.split_once('e') {
        Some((m, e)) if m.contains('.') => {
            format!("{}e{e}", m.trim_end_matches('0').trim_end_matches('.'))
        }
        _ if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        _ => text,
    }
}

/// The number in the middle, the upper one of two; `None` of none.
pub(crate) fn median(x: impl Iterator<Item = f64>) -> Option<f64> {
    let mut x: Vec<f64> = x.collect();
    x.sort_by(f64::total_cmp);
    x.get(x.len() / 2).copied()
}

pub(crate) fn odd(x: f64) -> f64 {
    if x > 0.0 { x.log10().abs() } else { 0.0 }
}

/// All that might mend an ensemble, by what was measured of it.
pub(crate) fn population(
    net: &Network,
    shape: &Shape,
    m: &Measured,
    e: EnsembleId,
    dt: f64,
) -> Vec<Candidate> {
    let (Some(p), Some(ensemble)) = (&m.populations[e.index()], net.get_ensemble(e)) else { return vec![] };
    let mut all = vec![];
    if p.peak > 0.0 {
        scales(net, shape, m, e, p, ensemble, &mut all);
    }
    descriptions(net, e, ensemble, &mut all);
    if shape.into[e.index()].is_empty() && p.peak > 0.0 && p.out() {
        for c in &shape.into_neurons[e.index()] {
            scale(net, *c, None, FILL * ensemble.radius / p.peak, &mut all);
        }
    }
    for c in &shape.into_neurons[e.index()] {
        synapse(net, *c, BETWEEN, &mut all);
    }
    for c in shape.traced(net, e) {
        let connection = ends(net, c).2;
        if !shape.looped.contains(&e.index()) {
            synapse(net, c, BETWEEN, &mut all);
        }
        if connection.solver.model().weights() {
            solver(net, c, &mut all);
        }
    }
    time_step(dt, &mut all);
    all
}

pub(crate) fn ensemble_change(e: EnsembleId, parameter: Parameter, like: Ensemble) -> Change {
    Change::Ensemble { ensemble: e, parameter, like: Box::new(like) }
}

/// A synapse that is far from what is usual.
pub(crate) fn synapse(net: &Network, c: ConnectionId, usual: f64, all: &mut Vec<Candidate>) {
    let Some(tau) = ends(net, c).2.synapse.as_ref().and_then(low_pass) else { return };
    if (tau / usual).log10().abs() < 0.5 {
        return;
    }
    all.push(Candidate {
        object: net.connection_path(c),
        parameter: Parameter::Synapse,
        words: format!("set `synapse` to {} s (it is {} s)", plain(usual), plain(tau)),
        change: Change::Synapse { connection: c, synapse: Some(usual.into()) },
        plainer: odd(tau / usual),
    });
}

/// The time constant of a low-pass (s).
pub(crate) fn low_pass(s: &Synapse) -> Option<f64> {
    s.downcast_ref::<Lowpass>().map(|s| s.tau)
}

fn time_step(dt: f64, all: &mut Vec<Candidate>) {
    if dt > LONG {
        all.push(Candidate {
            object: String::new(),
            parameter: Parameter::TimeStep,
            words: format!("set `dt` to {} s (it is {} s)", plain(STEP), plain(dt)),
            change: Change::TimeStep(STEP),
            plainer: odd(dt / STEP),
        });
    }
}

fn solver(net: &Network, c: ConnectionId, all: &mut Vec<Candidate>) {
    let connection = ends(net, c).2;
    let weights = connection.solver.model().weights();
    let usual = bouton::elements::solvers::LstsqL2 { weights, ..Default::default() };
    let usual: bouton::elements::solvers::Solver = usual.into();
    if connection.solver.name() == usual.name() && connection.solver != usual {
        all.push(Candidate {
            object: net.connection_path(c),
            parameter: Parameter::Regularisation,
            words: "leave `reg` of its solver at 0.1".into(),
            change: Change::Solver { connection: c, solver: usual },
            plainer: 1.0,
        });
    }
}

/// All that might mend what a connection decodes.
pub(crate) fn readout(net: &Network, c: ConnectionId, dt: f64) -> Vec<Candidate> {
    let mut all = vec![];
    let (pre, _, connection) = ends(net, c);
    solver(net, c, &mut all);
    if connection.eval_points.is_some() {
        all.push(Candidate {
            object: net.connection_path(c),
            parameter: Parameter::EvalPoints,
            words: "leave out its `eval_points`".into(),
            change: Change::EvalPoints { connection: c, points: None },
            plainer: 1.0,
        });
    }
    if let Object::Ensemble(e) = pre.object
        && let Some(ensemble) = net.get_ensemble(e)
    {
        descriptions(net, e, ensemble, &mut all);
    }
    time_step(dt, &mut all);
    all
}

/// What might wake neurons that currents alone drive, and don't reach.
pub(crate) fn silent(net: &Network, shape: &Shape, m: &Measured, e: EnsembleId) -> Vec<Candidate> {
    let mut all = vec![];
    let (Some(p), Some(ensemble)) = (&m.populations[e.index()], net.get_ensemble(e)) else { return all };
    if let (Some(needs), Some(has)) = (threshold(ensemble), p.current.filter(|c| *c > 0.0)) {
        for c in &shape.into_neurons[e.index()] {
            for times in [2.0, 5.0, 15.0] {
                scale(net, *c, None, times * needs / has, &mut all);
            }
        }
    }
    descriptions(net, e, ensemble, &mut all);
    all
}

/// The current from which on neurons fire.
pub(crate) fn threshold(ensemble: &Ensemble) -> Option<f64> {
    let fires = |j: f64| {
        let mut rate = [j];
        ensemble.neuron_type.model().rates(&mut rate);
        rate[0] > 0.0
    };
    let (mut low, mut high) = (1e-6, 1e6);
    if fires(low) || !fires(high) {
        return None;
    }
    for _ in 0..60 {
        let middle = f64::sqrt(low * high);
        if fires(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// What might mend a connection that brings next to nothing while nothing else comes: what fills the range.
pub(crate) fn alone(net: &Network, a: &Arriving) -> Vec<Candidate> {
    let mut all = vec![];
    let brings = length(&a.largest);
    if let Some(ensemble) = a.into.and_then(|e| net.get_ensemble(e))
        && brings > 0.0
    {
        scale(net, a.id, None, FILL * ensemble.radius / brings, &mut all);
    }
    all
}

/// What might mend a connection behind whose synapse little is left, or much noise.
pub(crate) fn filter(net: &Network, c: ConnectionId) -> Vec<Candidate> {
    let mut all = vec![];
    let usual = match ends(net, c).1.object {
        Object::Ensemble(_) | Object::Neurons(_) => BETWEEN,
        _ => OUTSIDE,
    };
    synapse(net, c, usual, &mut all);
    all
}

/// What might smooth a connection's noise.
pub(crate) fn smoother(net: &Network, c: ConnectionId) -> Vec<Candidate> {
    let mut all = filter(net, c);
    // A fast signal needs less.
    if !matches!(ends(net, c).1.object, Object::Ensemble(_) | Object::Neurons(_)) {
        synapse(net, c, BETWEEN, &mut all);
    }
    all
}
