//! A trial: a model runs for a while, and what passes in it is recorded.

use std::time::Instant;

use bouton::engine::{Recorded, Samples};
use bouton::model::{ConnectionId, EnsembleId, Error, Matrix, Network, Object, ProbeId, RuleId, solve};
use bouton::{Options, Simulator};

use crate::measure::START;
use crate::shape::ends;
use crate::watch::{FILTER, VALUE, watch};

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
/// A current disturbs neurons from this share on of what a value of one radius drives them with (rms over the neurons, their
/// encoders aside). Less of it shifts what they represent by less than a tenth of the radius.
const DISTURBED: f64 = 0.1;
/// Steps between two looks at the clock.
const CHUNK: u64 = 20;

/// How trials are run.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) options: Options,
    pub(crate) seconds: f64,
    /// When no more time is left, where there is a limit.
    pub(crate) until: Option<Instant>,
}

impl Setting {
    /// Whether the time limit is over.
    pub(crate) fn over(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() > until)
    }
}

/// What one run has shown.
pub(crate) struct Run {
    /// Simulated seconds.
    pub(crate) seconds: f64,
    /// By ensemble; `None` in direct mode.
    pub(crate) populations: Vec<Option<Ran>>,
    /// What each connection brings; by connection.
    pub(crate) brought: Vec<Option<Samples>>,
    /// The same as it is, unfiltered.
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
    /// Whether that is next to nothing, by row, where a value drives the neurons as well.
    pub(crate) open: Option<Vec<bool>>,
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
        if setting.over() {
            failed = Some("the time limit was over".into());
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
        let (mut current, mut open) = (None, None);
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
            if by_value {
                open = undisturbed(&sim, id, &all, &given);
            } else if !net.connections().any(learned)
                && let Some(values) = as_values(&sim, id, &all)
            {
                given.values = values;
            }
        }
        populations.push(Some(Ran { given, value, rates, always, current, open }));
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
    let mut raw: Vec<Option<Samples>> = w.raw.iter().map(data).collect::<Result<_, _>>()?;
    for (c, s) in full {
        // Of the values that it ends at.
        let taken = ends(net, c).1.slice.indices(s.width);
        let values =
            (0..s.rows()).flat_map(|k| taken.iter().map(|d| s.row(k)[*d]).collect::<Vec<_>>()).collect();
        brought[c.index()] = Some(Samples { width: taken.len(), values, steps: s.steps.clone() });
        raw[c.index()] = None;
    }
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

/// The part of a bias that a recording shows at a step: its filter starts from nothing. Gains of neurons that are to fire once a
/// second are a billionth of their bias, and what is left of it would hide all else.
fn shown(step: u64, dt: f64) -> f64 {
    -f64::exp_m1(-(step as f64 - 1.0) * dt / FILTER)
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
    let shown: Vec<f64> = currents.steps.iter().map(|n| shown(*n, sim.dt())).collect();
    let input = |k: usize, i: usize| currents.row(k)[i] - bias[i] * shown[k];
    // The normal equations of all samples: a column each.
    let of = |a: usize, k: usize| (0..n).map(|i| scaled[(i, a)] * input(k, i)).sum();
    let mut x: Vec<f64> = (0..d * rows).map(|at| of(at / rows, at % rows)).collect();
    solve(square.values(), d, &mut x, rows)?;
    let (mut size, mut off) = (0.0, 0.0);
    // What filters have hardly let through is small, and may be anything.
    for k in (rows as f64 * START) as usize..rows {
        for i in 0..n {
            let (is, j): (f64, f64) = ((0..d).map(|a| scaled[(i, a)] * x[a * rows + k]).sum(), input(k, i));
            size += j * j;
            off += (j - is) * (j - is);
        }
    }
    let values = (0..rows).flat_map(|k| (0..d).map(move |a| (a, k))).map(|(a, k)| x[a * rows + k]).collect();
    (off < EXPLAINED * size).then_some(values)
}

/// In which rows nothing but a value drives neurons, to a tenth of what a value of a radius does.
fn undisturbed(sim: &Simulator, e: EnsembleId, currents: &Samples, given: &Samples) -> Option<Vec<bool>> {
    let (encoders, gain, bias) = (sim.encoders(e).ok()?, sim.gain(e).ok()?, sim.bias(e).ok()?);
    let radius = sim.network().get_ensemble(e)?.radius;
    let usual = rms(&gain) * DISTURBED;
    let row = |k: usize| {
        let (x, j) = (given.row(k), currents.row(k));
        let by_value =
            |i: usize| x.iter().enumerate().map(|(d, x)| encoders[(i, d)] * x).sum::<f64>() / radius;
        let shown = shown(currents.steps[k], sim.dt());
        let rest: Vec<f64> =
            (0..gain.len()).map(|i| j[i] - bias[i] * shown - gain[i] * by_value(i)).collect();
        rms(&rest) < usual
    };
    Some((0..currents.rows().min(given.rows())).map(row).collect())
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

#[cfg(test)]
mod tests {
    use super::*;
    use bouton::model::{Ensemble, Probe, Target};

    #[test]
    fn neurons_are_disturbed_from_a_tenth_of_what_a_value_of_their_radius_drives_them_with() {
        for radius in [1.0, 20.0] {
            let mut net = Network::with_seed(1);
            let e = net.ensemble("a", Ensemble::new(40, 1).radius(radius));
            let sim = Simulator::new(&net).unwrap();
            let (encoders, gain, bias) =
                (sim.encoders(e).unwrap(), sim.gain(e).unwrap(), sim.bias(e).unwrap());
            // Currents of some values, of a range and beyond it, and beside them a part of those of a radius: the same way as a
            // value of one sign, or shutting all.
            let values = [0.0, 0.3, -1.0, 1.4].map(|x| x * radius);
            for (part, shuts) in [0.0995, 0.1005].into_iter().flat_map(|p| [(p, false), (p, true)]) {
                let current = |x: f64, i: usize| {
                    let other = if shuts { -gain[i] } else { gain[i] * encoders[(i, 0)] };
                    gain[i] * encoders[(i, 0)] * x / radius + bias[i] + part * other
                };
                // Late enough for a filter to show all of a bias.
                let steps: Vec<u64> = (10_000..10_000 + values.len() as u64).collect();
                let all = values.iter().flat_map(|x| (0..gain.len()).map(|i| current(*x, i))).collect();
                let currents = Samples { width: gain.len(), values: all, steps: steps.clone() };
                let given = Samples { width: 1, values: values.to_vec(), steps };
                let open = undisturbed(&sim, e, &currents, &given).unwrap();
                assert_eq!(open, [part < 0.1; 4], "{part} of the current of {radius}");
            }
        }
    }
    #[test]
    fn a_recording_of_a_current_shows_so_much_of_a_bias_from_the_first_step_on() {
        let mut net = Network::with_seed(1);
        let a = net.ensemble("a", Ensemble::new(3, 1));
        let p = Probe::of(Target::NeuronInput(a)).synapse(FILTER).sample_every(0.005);
        let p = net.probe("p", p);
        let mut sim = Simulator::new(&net).unwrap();
        sim.run(0.4).unwrap();
        let (s, bias) = (sim.data(p).unwrap(), sim.bias(a).unwrap());
        for (k, step) in s.steps.iter().enumerate() {
            for (is, bias) in s.row(k).iter().zip(&bias) {
                let should = bias * shown(*step, sim.dt());
                assert!((is - should).abs() < 1e-14 * bias.abs(), "step {step}: {is}, {should}");
            }
        }
    }
}
