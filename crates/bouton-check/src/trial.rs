//! A trial: a model runs for a while, and what passes in it is recorded.

use std::time::Instant;

use bouton::engine::{Recorded, Samples};
use bouton::model::{
    Connection, ConnectionId, EnsembleId, Error, Matrix, Network, Object, Output, Probe, ProbeId, RuleId,
    Target, solve,
};
use bouton::nef::Seeds;
use bouton::{Options, Simulator};

use crate::candidates::low_pass;
use crate::shape::ends;

/// Filter on all that is recorded (s): short against signals, long against the time between spikes.
pub(crate) const FILTER: f64 = 0.02;
/// What probes of decoded values are called by, before the number of the ensemble.
const VALUE: &str = "value";
/// Samples of a trial, about.
const SAMPLES: f64 = 500.0;
/// Windows in which neurons are looked at, to see whether they ever fall silent.
const WINDOWS: usize = 10;
/// Weights of a connection that are kept from the start of a trial.
const KEPT: usize = 1 << 22;
/// A synapse shorter than this (s) smooths no spikes.
pub(crate) const SHORT: f64 = 0.002;
/// Dimensions up to which currents are taken for values, and the share of them that may be something else.
const DIMENSIONS: usize = 16;
const EXPLAINED: f64 = 0.3;
/// Steps between two looks at the clock.
const CHUNK: u64 = 20;

/// How trials are run.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) options: Options,
    pub(crate) seconds: f64,
    pub(crate) until: Instant,
}

/// What one run has shown.
pub(crate) struct Run {
    /// Simulated seconds.
    pub(crate) seconds: f64,
    /// By ensemble; `None` in direct mode.
    pub(crate) populations: Vec<Option<Ran>>,
    /// What each connection brings; by connection.
    pub(crate) brought: Vec<Option<Samples>>,
    /// The same as it is, unfiltered, where a connection has hardly a synapse of its own.
    pub(crate) raw: Vec<Option<Samples>>,
    /// What nodes give.
    pub(crate) nodes: Vec<Option<Samples>>,
    /// What connections decode before their transform, where it isn't just the value.
    pub(crate) decoded: Vec<(ConnectionId, Samples)>,
    /// Of rules.
    pub(crate) rules: Vec<RanRule>,
    /// Why it ended early.
    pub(crate) failed: Option<String>,
}

/// An ensemble in a run.
pub(crate) struct Ran {
    pub(crate) given: Samples,
    pub(crate) value: Samples,
    /// Mean rate of each neuron (Hz), and whether it fired in every window.
    pub(crate) rates: Vec<f64>,
    pub(crate) always: Vec<bool>,
    /// The largest input current of a neuron, where something ends at the neurons themselves.
    pub(crate) current: Option<f64>,
}

/// A rule in a run.
pub(crate) struct RanRule {
    pub(crate) rule: RuleId,
    pub(crate) error: Option<Samples>,
    /// rms of the weights at the start and at the end, and of the difference.
    pub(crate) weights: Option<(f64, f64, f64)>,
    /// Pulses a device.
    pub(crate) pulses: Option<f64>,
}

/// A network with probes on all that matters.
struct Watched {
    net: Network,
    /// What is given and what is decoded.
    ensembles: Vec<Option<(ProbeId, Option<ProbeId>)>>,
    spikes: Vec<Option<ProbeId>>,
    currents: Vec<Option<ProbeId>>,
    brought: Vec<Option<ProbeId>>,
    raw: Vec<Option<ProbeId>>,
    nodes: Vec<Option<ProbeId>>,
    decoded: Vec<(ConnectionId, ProbeId)>,
    /// What connections with full weights bring, as values.
    full: Vec<(ConnectionId, ProbeId)>,
    errors: Vec<(RuleId, Option<ProbeId>)>,
}

fn watch(net: &Network, every: f64, dumb: &[usize]) -> Result<Watched, Error> {
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
        let short = connection.synapse.as_ref().and_then(low_pass).is_some_and(|tau| tau < SHORT);
        let raw = Probe::of(Target::ConnectionOutput(c)).sample_every(every);
        w.raw.push((seen && short).then(|| w.net.probe(&format!("raw{}", c.index()), raw)));
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

/// Runs a network, with its learning or without.
pub(crate) fn run(net: &Network, setting: &Setting, learning: bool) -> Result<Run, Error> {
    let dt = setting.options.dt;
    let every = (setting.seconds / SAMPLES / dt).floor().max(1.0) * dt;
    let mut dumb = vec![];
    let (w, mut sim) = loop {
        let w = watch(net, every, &dumb)?;
        match Simulator::with(&w.net, setting.options) {
            Ok(sim) => break (w, sim),
            Err(e) => {
                // Of neurons that fire nowhere nothing can be decoded; the model itself may not ask for it.
                let of = e.object().strip_prefix(VALUE).and_then(|k| k.parse().ok());
                dumb.push(of.filter(|k| !dumb.contains(k)).ok_or(e)?);
            }
        }
    };
    if !learning {
        for c in w.net.connections() {
            if !ends(&w.net, c).2.rules.is_empty() {
                // A rule that changes no weights has nothing to be frozen.
                let _ = sim.freeze(c);
            }
        }
    }
    let start: Vec<Option<Vec<f64>>> = w.errors.iter().map(|(r, _)| weights(&sim, r.connection)).collect();
    let total = sim.steps(setting.seconds)?.max(1);
    let mut failed = None;
    while sim.n_steps() < total {
        if let Err(e) = sim.run_steps(CHUNK.min(total - sim.n_steps())) {
            failed = Some(e.message().to_string());
            break;
        }
        if Instant::now() > setting.until {
            failed = Some("the time for trials was over".into());
            break;
        }
    }
    let seconds = sim.time();
    let mut populations = vec![];
    for (e, probes) in w.ensembles.iter().enumerate() {
        let Some((given, value)) = probes else {
            populations.push(None);
            continue;
        };
        let (rates, always) = match w.spikes[e] {
            Some(p) => rates(&mut sim, p)?,
            None => (vec![], vec![]),
        };
        let mut given = sim.data(*given)?;
        let value = match value {
            Some(p) => sim.data(*p)?,
            None => Samples { values: vec![0.0; given.values.len()], ..given.clone() },
        };
        let mut current = None;
        if let Some(p) = w.currents[e] {
            let all = sim.data(p)?;
            current = all.values.iter().copied().reduce(f64::max);
            let id = EnsembleId::from_index(e);
            // What is learned onto neurons has no value yet.
            let learned = |c: ConnectionId| {
                let (_, post, connection) = ends(net, c);
                matches!(post.object, Object::Neurons(x) if x.index() == e) && !connection.rules.is_empty()
            };
            let by_value = net
                .connections()
                .any(|c| matches!(ends(net, c).1.object, Object::Ensemble(x) if x.index() == e));
            if !by_value
                && !net.connections().any(learned)
                && let Some(values) = as_values(&sim, id, &all)
            {
                given.values = values;
            }
        }
        populations.push(Some(Ran { given, value, rates, always, current }));
    }
    let mut full = vec![];
    for (c, p) in &w.full {
        let s = sim.data(*p)?;
        if let Object::Ensemble(e) = ends(net, *c).1.object
            && let Some(Some(ran)) = populations.get_mut(e.index())
        {
            let ran: &mut Ran = ran;
            ran.given.values.iter_mut().zip(&s.values).for_each(|(x, y)| *x += y);
        }
        full.push((*c, s));
    }
    let data = |p: &Option<ProbeId>| p.map(|p| sim.data(p)).transpose();
    let mut brought: Vec<Option<Samples>> = w.brought.iter().map(data).collect::<Result<_, _>>()?;
    for (c, s) in full {
        // Of the values that it ends at.
        let taken = ends(net, c).1.slice.indices(s.width);
        let values =
            (0..s.rows()).flat_map(|k| taken.iter().map(|d| s.row(k)[*d]).collect::<Vec<_>>()).collect();
        brought[c.index()] = Some(Samples { width: taken.len(), values, steps: s.steps.clone() });
    }
    let raw = w.raw.iter().map(data).collect::<Result<_, _>>()?;
    let nodes = w.nodes.iter().map(data).collect::<Result<_, _>>()?;
    let decoded = w.decoded.iter().map(|(c, p)| Ok((*c, sim.data(*p)?))).collect::<Result<_, Error>>()?;
    let mut rules = vec![];
    for ((rule, error), start) in w.errors.iter().zip(start) {
        let weights = start.and_then(|s| Some((s, weights(&sim, rule.connection)?))).map(|(a, b)| {
            let difference: Vec<f64> = a.iter().zip(&b).map(|(a, b)| b - a).collect();
            (rms(&a), rms(&b), rms(&difference))
        });
        let pulses = sim.devices(rule.connection).ok().map(|d| {
            let (rows, columns) = d.shape();
            d.pulses() as f64 / ((d.sides().len() * rows * columns).max(1)) as f64
        });
        rules.push(RanRule { rule: *rule, error: data(error)?, weights, pulses });
    }
    Ok(Run { seconds, populations, brought, raw, nodes, decoded, rules, failed })
}

fn weights(sim: &Simulator, c: ConnectionId) -> Option<Vec<f64>> {
    let net = sim.network();
    let moves = ends(net, c).2.rules.iter().any(|r| r.changes() == bouton::elements::rules::Changes::Weights);
    let (rows, cols) = sim.weights_shape(c).ok()?;
    if !moves || rows * cols > KEPT {
        return None;
    }
    Some(sim.weights(c).ok()?.values().to_vec())
}

/// What input currents of neurons stand for: the values whose currents are nearest to them. `None` where they are no
/// currents of a value, or of too many dimensions.
fn as_values(sim: &Simulator, e: EnsembleId, currents: &Samples) -> Option<Vec<f64>> {
    let (encoders, gain, bias) = (sim.encoders(e).ok()?, sim.gain(e).ok()?, sim.bias(e).ok()?);
    let radius = sim.network().get_ensemble(e)?.radius;
    let (n, d) = encoders.shape();
    if d > DIMENSIONS {
        return None;
    }
    let scaled = Matrix::from_fn(n, d, |i, k| encoders[(i, k)] * gain[i] / radius);
    let square = Matrix::from_fn(d, d, |a, b| (0..n).map(|i| scaled[(i, a)] * scaled[(i, b)]).sum());
    let rows = currents.rows();
    let input = |k: usize, i: usize| currents.row(k)[i] - bias[i];
    // The normal equations of all samples: a column each.
    let of = |a: usize, k: usize| (0..n).map(|i| scaled[(i, a)] * input(k, i)).sum();
    let mut x: Vec<f64> = (0..d * rows).map(|at| of(at / rows, at % rows)).collect();
    solve(square.values(), d, &mut x, rows)?;
    let (mut size, mut off) = (0.0, 0.0);
    for k in 0..rows {
        for i in 0..n {
            let (is, j): (f64, f64) = ((0..d).map(|a| scaled[(i, a)] * x[a * rows + k]).sum(), input(k, i));
            size += j * j;
            off += (j - is) * (j - is);
        }
    }
    let values = (0..rows).flat_map(|k| (0..d).map(move |a| (a, k))).map(|(a, k)| x[a * rows + k]).collect();
    (off < EXPLAINED * size).then_some(values)
}

/// Mean rates of neurons (Hz), and which of them fired in every window of the run.
fn rates(sim: &mut Simulator, probe: ProbeId) -> Result<(Vec<f64>, Vec<bool>), Error> {
    let (width, rows, values): (usize, usize, Vec<(usize, usize, f64)>) = match sim.take(probe)? {
        Recorded::Events(e) => {
            let all = e.events.iter().map(|x| (x.row as usize, x.column as usize, x.value)).collect();
            (e.width, e.steps.len(), all)
        }
        Recorded::Rows(s) => {
            let all = (0..s.values.len()).filter(|k| s.values[*k] != 0.0);
            (s.width, s.rows(), all.map(|k| (k / s.width, k % s.width, s.values[k])).collect())
        }
    };
    let mut sums = vec![0.0; width];
    let mut seen = vec![0u32; width];
    for (row, column, value) in values {
        sums[column] += value.abs();
        seen[column] |= 1 << (row * WINDOWS / rows.max(1)).min(WINDOWS - 1);
    }
    let all = (1u32 << WINDOWS) - 1;
    Ok((sums.iter().map(|s| s / rows.max(1) as f64).collect(), seen.iter().map(|s| *s == all).collect()))
}

/// Root mean square.
pub(crate) fn rms(x: &[f64]) -> f64 {
    (x.iter().map(|x| x * x).sum::<f64>() / x.len().max(1) as f64).sqrt()
}

/// Whether a network learns.
pub(crate) fn learns(net: &Network) -> bool {
    net.connections().any(|c| !ends(net, c).2.rules.is_empty())
}
