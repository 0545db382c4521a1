//! What might mend a population or what is decoded from it: changes that are worth a trial.

use bouton::elements::synapses::{Lowpass, Synapse};
use bouton::io::table::significant;
use bouton::model::{ConnectionId, Ensemble, EnsembleId, Network, Object};

use crate::change::{Change, Parameter, scaled, sizes};
use crate::descriptions::descriptions;
use crate::measure::{Measured, Population};
use crate::shape::{Shape, ends, is_passing, outputs};

/// What a population is given should reach this far, in units of its radius.
const FILL: f64 = 0.9;
/// Below this a population makes too little of its range: its noise is six times what it need be.
pub(crate) const LITTLE: f64 = 0.16;
/// Above this it is driven beyond its range.
pub(crate) const MUCH: f64 = 1.3;
/// A dimension is out of line with the others by this factor.
const OUT_OF_LINE: f64 = 5.0;
/// Time constants that are tried (s): between populations, and onto what isn't one.
const BETWEEN: f64 = 0.01;
const OUTSIDE: f64 = 0.03;
/// The time step that is tried (s), and from where on a longer one is.
const STEP: f64 = 0.001;
pub(crate) const LONG: f64 = 0.0015;
/// Room for what comes once there is some.
const ROOMS: [f64; 5] = [1.0, 1.5, 2.0, 4.0, 8.0];
/// A plain number is taken if it differs from the measured one by less than this factor.
const NEAR: f64 = 2.0;

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
    format!("{x:.1e}").parse().unwrap_or(x)
}

/// A number for a person.
pub(crate) fn plain(x: f64) -> String {
    let text = significant(x, 2);
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

/// A factor, and the plain one near it that makes `size` to 1, on the side where there is room: of a transform below, of a
/// radius above.
fn factors(factor: f64, size: f64, above: bool) -> Vec<f64> {
    let mut all = vec![two_digits(factor)];
    let snapped = 1.0 / size;
    let by = if above { factor / snapped } else { snapped / factor };
    if size > 0.0 && snapped != 1.0 && by < 1.05 && by > 1.0 / NEAR {
        all.push(snapped);
    }
    all.retain(|f| f.is_finite() && *f > 0.0 && *f != 1.0);
    all
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
    if shape.into[e.index()].is_empty() && p.peak > 0.0 && !(LITTLE..=MUCH).contains(&p.spans) {
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

/// Radius, transforms, and rows of transforms.
fn scales(
    net: &Network,
    shape: &Shape,
    m: &Measured,
    e: EnsembleId,
    p: &Population,
    ensemble: &Ensemble,
    all: &mut Vec<Candidate>,
) {
    let path = net.ensemble_path(e);
    let out = !(LITTLE..=MUCH).contains(&p.spans);
    // In a loop that is driven beyond its range more comes once there is room for it.
    let looped = shape.looped.contains(&e.index()) && p.spans > MUCH;
    // And weights that are given from neurons to neurons are those for one radius.
    let bare =
        |c: ConnectionId| matches!(ends(net, c).0.object, Object::Neurons(x) if x.index() == e.index());
    let rooms: &[f64] = if looped || net.connections().any(bare) { &ROOMS } else { &[1.0] };
    if out {
        let all_factors =
            rooms.iter().flat_map(|r| factors(r * p.peak / FILL / ensemble.radius, ensemble.radius, true));
        for f in all_factors {
            let value = two_digits(f * ensemble.radius);
            let change = ensemble_change(e, Parameter::Radius, ensemble.clone().radius(value));
            all.push(Candidate {
                object: path.clone(),
                parameter: Parameter::Radius,
                words: change.words(net).unwrap_or_default(),
                change,
                plainer: odd(ensemble.radius) - odd(value),
            });
        }
    }
    let ways = ways(net, shape, e);
    let connections: Vec<ConnectionId> = {
        let mut c: Vec<_> = ways.iter().map(|w| w.0).collect();
        c.sort();
        c.dedup();
        c
    };
    for c in &connections {
        if matches!(ends(net, *c).0.object, Object::Ensemble(from) if from.index() == e.index()) {
            continue;
        }
        // What only passes is mended before it.
        if let Object::Node(n) = ends(net, *c).0.object
            && is_passing(net, n)
            && !shape.into_node[n.index()].is_empty()
        {
            continue;
        }
        let Some(a) = m.connections.iter().find(|a| a.id == *c) else { continue };
        // What this connection alone brings to this ensemble.
        let own: Vec<f64> =
            ways.iter().filter(|w| w.0 == *c).filter_map(|w| a.peaks.get(w.2).copied()).collect();
        let brings = own.iter().map(|x| x * x).sum::<f64>().sqrt();
        if brings.is_nan() || brings <= 0.0 {
            continue;
        }
        let alone = connections.len() == 1 || shape.looped.contains(&e.index());
        // Of several that cancel each other, as in an error, none is to be scaled by itself.
        let cancels = p.spans < LITTLE && !(0.5..=2.0).contains(&(brings / p.peak));
        if out && (alone || !cancels) {
            let factor = FILL * ensemble.radius / if alone { p.peak } else { brings };
            if !(LITTLE..=MUCH).contains(&(1.0 / factor)) {
                rooms.iter().for_each(|r| scale(net, *c, None, factor / r, all));
            }
        }
        // Rows that are out of line with the other dimensions.
        if ensemble.dimensions > 1 || own.len() < a.peaks.len() {
            rows(net, m, &ways, *c, p, ensemble, out, all);
        }
    }
}

/// Ways that lead to an ensemble's dimensions: connection, dimension, row of the connection.
fn ways(net: &Network, shape: &Shape, e: EnsembleId) -> Vec<(ConnectionId, usize, usize)> {
    let mut all = vec![];
    let dimensions = net.get_ensemble(e).map_or(0, |e| e.dimensions);
    for c in &shape.into[e.index()] {
        let post = ends(net, *c).1;
        let rows = post.slice.indices(dimensions).into_iter().enumerate();
        all.extend(rows.map(|(row, d)| (*c, d, row)));
    }
    let mut at = 0;
    while at < all.len() && all.len() < 4096 {
        let (c, d, row) = all[at];
        at += 1;
        let (pre, _, connection) = ends(net, c);
        let Object::Node(n) = pre.object else { continue };
        let diagonal = connection.transform.as_ref().is_none_or(|t| !t.model().dense());
        if !is_passing(net, n) || connection.function.is_some() || !diagonal {
            continue;
        }
        let size = net.object_size(pre.object, true).unwrap_or(0);
        let Some(value) = pre.slice.indices(size).get(row).copied() else { continue };
        for before in &shape.into_node[n.index()] {
            let rows = ends(net, *before).1.slice.indices(size);
            for (r, v) in rows.iter().enumerate() {
                if *v == value && !all.contains(&(*before, d, r)) {
                    all.push((*before, d, r));
                }
            }
        }
    }
    all
}

#[allow(clippy::too_many_arguments)]
fn rows(
    net: &Network,
    m: &Measured,
    ways: &[(ConnectionId, usize, usize)],
    c: ConnectionId,
    p: &Population,
    ensemble: &Ensemble,
    out: bool,
    all: &mut Vec<Candidate>,
) {
    let Some(a) = m.connections.iter().find(|a| a.id == c) else { return };
    for (_, d, row) in ways.iter().filter(|w| w.0 == c) {
        let (d, row) = (*d, *row);
        let brings = a.peaks.get(row).copied().unwrap_or(0.0);
        let peak = p.peaks.get(d).copied().unwrap_or(0.0);
        if !(brings > 0.0 && peak > 0.0) {
            continue;
        }
        // Against the other dimensions, where they are within the range; else against the radius.
        let others = (0..p.peaks.len()).filter(|k| *k != d && p.peaks[*k] > 0.0).map(|k| p.peaks[k]);
        let share = FILL * ensemble.radius / (ensemble.dimensions as f64).sqrt();
        let within = LITTLE * share..=MUCH * ensemble.radius;
        let target = median(others).filter(|u| within.contains(u)).unwrap_or(share);
        // Rows of one connection are out of line with each other, too.
        let beside = (0..a.peaks.len()).filter(|k| *k != row).map(|k| a.peaks[k]);
        let in_line = median(beside)
            .is_some_and(|b| b > 0.0 && (1.0 / OUT_OF_LINE..=OUT_OF_LINE).contains(&(brings / b)));
        if in_line {
            continue;
        }
        let factor = target / brings;
        let single = ensemble.dimensions == 1;
        if (1.0 / OUT_OF_LINE..=OUT_OF_LINE).contains(&factor) || (single && !out) {
            continue;
        }
        scale(net, c, Some(row), factor, all);
    }
}

/// A transform, or a row of it, times a factor.
fn scale(net: &Network, c: ConnectionId, row: Option<usize>, factor: f64, all: &mut Vec<Candidate>) {
    let connection = ends(net, c).2;
    let n = outputs(net, c);
    let rows = row.map(|r| vec![r]);
    if connection.devices.is_some()
        || scaled(connection.transform.as_ref(), rows.as_deref(), n, 2.0).is_none()
    {
        return;
    }
    let sizes = sizes(connection.transform.as_ref(), n).unwrap_or_default();
    let size = match row {
        Some(r) => {
            let others = (0..sizes.len()).filter(|k| *k != r).map(|k| sizes[k]);
            let usual = median(others).filter(|u| *u > 0.0).unwrap_or(1.0);
            sizes.get(r).copied().unwrap_or(0.0) / usual
        }
        None => sizes.iter().copied().fold(0.0, f64::max),
    };
    for f in factors(factor, size, false) {
        let change = Change::Scale { connection: c, rows: rows.clone(), factor: f };
        all.push(Candidate {
            object: net.connection_path(c),
            parameter: Parameter::Transform,
            words: change.words(net).unwrap_or_default(),
            change,
            plainer: odd(size) - odd(size * f),
        });
    }
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
