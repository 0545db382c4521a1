//! What is made of the recordings of a trial: figures of populations, connections and rules.

use std::sync::Arc;

use bouton::engine::Samples;
use bouton::model::{ConnectionId, EnsembleId, Error, Network, Object, RuleId};

use crate::alone::alone;
use crate::asked::{Asked, asked};
use crate::brought::{decoded, filtered};
use crate::candidates::{LITTLE, MUCH, low_pass};
use crate::inform::inform;
use crate::shape::{Shape, ends, outputs};
use crate::trial::{self, Ran, Run, SHORT, Setting, rms};

/// Share of a trial at its beginning that is not looked at: neurons and filters start from nothing.
pub(crate) const START: f64 = 0.1;
/// Share of a trial's end over which the error of a rule is taken.
pub(crate) const END: f64 = 0.3;
/// The largest values, of which a run may have a few, are left out of a range.
pub(crate) const RANGE: f64 = 0.98;
/// A population gives nothing where it gives less than this share of its largest value.
const QUIET: f64 = 0.02;
/// From this relative error on nothing is left of what a population was given.
pub(crate) const LOST: f64 = 0.7;
/// Relative errors are taken to lie in this range: below it is better than needed, and lost is lost.
pub(crate) const ERRORS: (f64, f64) = (0.02, 1.5);
/// What a connection brings without learning counts as given from this share of what it brings with learning on.
const FIRST: f64 = 0.1;

/// A population in a trial.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Population {
    /// Its path.
    pub path: String,
    /// Number of neurons.
    pub neurons: usize,
    /// What it is given, by dimension: the largest value (0 is left out at 2 % of the time), in units of its radius.
    pub covers: Vec<f64>,
    /// The length of the vector that it is given, likewise.
    pub spans: f64,
    /// What is decoded against what is given, by dimension: rms of the difference, relative to that of what is given.
    /// Infinite where nothing is given.
    pub error: Vec<f64>,
    /// The largest decoded value, in units of the radius.
    pub decoded: f64,
    /// Mean rate (Hz).
    pub rate: f64,
    /// Share of neurons that never fire.
    pub silent: f64,
    /// Share of neurons that fire in every tenth of the trial.
    pub always: f64,
    /// Share of neurons at the highest rate that they can have, where there is one.
    pub saturated: f64,
    /// The largest input current of a neuron, where something ends at the neurons themselves.
    pub current: Option<f64>,
    pub(crate) given: Vec<f64>,
    /// The longest vector that it is given at all, in units of its radius.
    pub(crate) most: f64,
    /// rms of the difference, by dimension.
    pub(crate) noise: Vec<f64>,
    /// Whether what it is given is more than noise of others.
    pub(crate) informed: bool,
    /// Relative error with that of what it is given.
    pub(crate) total: f64,
    /// Largest values by dimension and length, in the model's units.
    pub(crate) peaks: Vec<f64>,
    pub(crate) peak: f64,
}

/// What a connection brings in a trial.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Arriving {
    /// Its path.
    pub path: String,
    /// rms of what it brings, by row.
    pub brings: Vec<f64>,
    /// The error of its target in that dimension, relative to what it brings: from 1 on it is lost there.
    pub lost: Vec<f64>,
    /// rms of what it decodes against what it should, by row before its transform; empty where that is its ensemble's value.
    pub error: Vec<f64>,
    /// Share of what it decodes that is left behind its synapse, where that can be told.
    pub kept: Option<f64>,
    /// What it brings against what it should bring, relative to that: with what its synapse delays.
    pub off: Option<f64>,
    /// Noise of what it brings as it is, from sample to sample, relative to what it should bring, where it comes from a
    /// population.
    pub noise: Option<f64>,
    /// The error of its population, relative to what it is given, while this alone brings something; `None` where it never does.
    pub alone: Option<f64>,
    /// Whether it has a synapse that smooths no spikes.
    pub(crate) short: bool,
    /// The largest value that it brings as it is, by row.
    pub(crate) largest: Vec<f64>,
    pub(crate) id: ConnectionId,
    pub(crate) peaks: Vec<f64>,
    pub(crate) into: Option<EnsembleId>,
    pub(crate) informed: bool,
    pub(crate) dimensions: Vec<usize>,
}

/// A rule in a trial.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Learned {
    /// Its path.
    pub path: String,
    /// rms of its error in the last third of the trial.
    pub error: f64,
    /// The same at the beginning.
    pub first: f64,
    /// The same in the last third of a trial without learning.
    pub without: f64,
    /// How far its weights move in a second (rms), and their rms at the start.
    pub moved: Option<(f64, f64)>,
    /// Pulses a device and second.
    pub pulses: Option<f64>,
    /// Why its trial ended early.
    pub failed: Option<String>,
    pub(crate) id: RuleId,
    /// What it is to teach, where that can be told.
    pub(crate) asked: Option<Asked>,
}

impl Learned {
    /// Its error relative to that without learning. Where the population that it teaches makes more of an error than it would
    /// if it gave nothing at all, by how much.
    pub fn left(&self) -> f64 {
        if self.failed.is_some() {
            return ERRORS.1 * 2.0;
        }
        self.drowned().map_or(self.of_without(), |d| self.of_without().max(d))
    }
    pub(crate) fn of_without(&self) -> f64 {
        if self.without > 0.0 { self.error / self.without } else { 1.0 }
    }
    /// By what factor the error is larger than if the population gave nothing, where it is.
    pub(crate) fn drowned(&self) -> Option<f64> {
        self.asked.map(|a| a.left).filter(|l| *l > 1.0)
    }
}

/// All figures of a trial.
#[derive(Clone)]
pub(crate) struct Measured {
    pub(crate) seconds: f64,
    pub(crate) populations: Vec<Option<Population>>,
    pub(crate) connections: Vec<Arriving>,
    pub(crate) rules: Vec<Learned>,
    pub(crate) failed: Option<String>,
    /// The run with learning off.
    pub(crate) off: Option<Arc<Run>>,
}

/// Runs a network with its learning on and off, and measures both. `off` is a run with learning off of another trial, where
/// that would be the same.
pub(crate) fn measure(net: &Network, setting: &Setting, off: Option<Arc<Run>>) -> Result<Measured, Error> {
    let shape = Shape::of(net);
    let on = trial::run(net, setting, true)?;
    let off = match off {
        None if trial::learns(net) => Some(Arc::new(trial::run(net, setting, false)?)),
        off => off,
    };
    let mut m = figures(net, &shape, setting, &on, off.as_deref());
    m.off = off;
    Ok(m)
}

fn figures(net: &Network, shape: &Shape, setting: &Setting, on: &Run, off: Option<&Run>) -> Measured {
    let mut populations = vec![];
    for e in net.ensembles() {
        let ran = |r: &Run| {
            let ran = r.populations[e.index()].as_ref()?;
            Some(population(net, e, ran, setting.options.dt))
        };
        let with = ran(on);
        let without = off.and_then(ran);
        // Where something is given without learning it is the model's own; a rule that runs away says nothing of it.
        let size = |p: &Option<Population>| p.as_ref().map_or(0.0, |p| rms(&p.given));
        let first = size(&without) > 0.0 && (size(&without) >= FIRST * size(&with) || on.failed.is_some());
        populations.push(if first { without } else { with });
    }
    let calm = off.unwrap_or(on);
    let mut m = Measured {
        seconds: on.seconds,
        populations,
        connections: vec![],
        rules: vec![],
        failed: on.failed.clone(),
        off: None,
    };
    for c in net.connections() {
        let from =
            if ends(net, c).2.rules.is_empty() && !learned_to_speak(net, c, on, calm) { calm } else { on };
        if let Some(s) = &from.brought[c.index()] {
            let mut a = arriving(net, c, s, from.raw[c.index()].as_ref());
            (a.kept, a.off, a.noise) = filtered(net, c, s, from);
            a.alone = alone(net, c, from);
            m.connections.push(a);
        }
    }
    for a in &mut m.connections {
        if let Some((c, s)) = calm.decoded.iter().find(|d| d.0 == a.id) {
            a.error = decoded(net, *c, s, calm);
        } else if matches!(ends(net, a.id).0.object, Object::Ensemble(_))
            && ends(net, a.id).2.rules.is_empty()
        {
            // What it decodes is its ensemble's value itself.
            a.error = vec![0.0];
        }
    }
    inform(net, shape, calm, &mut m);
    for (k, r) in on.rules.iter().enumerate() {
        let Some(error) = &r.error else { continue };
        let last = |s: &Samples| tail(s, END);
        let without = off.and_then(|o| o.rules.get(k)?.error.as_ref()).map_or(0.0, last);
        m.rules.push(Learned {
            path: net.rule_path(r.rule),
            error: last(error),
            first: head(error, END),
            without,
            moved: r.weights.map(|(start, _, by)| (by / on.seconds.max(1e-9), start)),
            pulses: r.pulses.map(|p| p / on.seconds.max(1e-9)),
            failed: on.failed.clone(),
            id: r.rule,
            asked: asked(net, shape, on, r.rule),
        });
    }
    m
}

/// Whether a connection starts at a population that gives next to nothing without learning.
fn learned_to_speak(net: &Network, c: ConnectionId, on: &Run, calm: &Run) -> bool {
    let (Object::Ensemble(e) | Object::Neurons(e)) = ends(net, c).0.object else { return false };
    let size = |r: &Run| r.populations[e.index()].as_ref().map_or(0.0, |p| rms(&p.value.values));
    on.failed.is_none() && size(calm) < FIRST * size(on)
}

/// The rows of a recording behind its beginning.
pub(crate) fn rows(s: &Samples) -> impl Iterator<Item = &[f64]> {
    let from = (s.rows() as f64 * START) as usize;
    (from..s.rows()).map(|k| s.row(k))
}

fn columns(s: &Samples) -> Vec<Vec<f64>> {
    let mut all = vec![vec![]; s.width];
    for row in rows(s) {
        all.iter_mut().zip(row).for_each(|(c, x)| c.push(*x));
    }
    all
}

pub(crate) fn tail(s: &Samples, share: f64) -> f64 {
    let from = (s.rows() as f64 * (1.0 - share)) as usize;
    rms(s.values.get(from * s.width..).unwrap_or_default())
}

fn head(s: &Samples, share: f64) -> f64 {
    let (from, to) = ((s.rows() as f64 * 0.02) as usize, (s.rows() as f64 * share) as usize);
    rms(s.values.get(from * s.width..to * s.width).unwrap_or_default())
}

/// The value that all but a few don't exceed.
pub(crate) fn range(x: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = x.map(f64::abs).collect();
    all.sort_by(f64::total_cmp);
    let k = ((all.len() as f64 * RANGE) as usize).min(all.len().saturating_sub(1));
    all.get(k).copied().unwrap_or(0.0)
}

/// The length of a vector.
pub(crate) fn length(row: &[f64]) -> f64 {
    row.iter().map(|x| x * x).sum::<f64>().sqrt()
}

pub(crate) fn relative(noise: f64, signal: f64) -> f64 {
    if signal > 0.0 { noise / signal } else { f64::INFINITY }
}

fn population(net: &Network, id: EnsembleId, ran: &Ran, dt: f64) -> Population {
    let (radius, neurons, limit) = net
        .get_ensemble(id)
        .map_or((1.0, 0, None), |e| (e.radius, e.n_neurons, e.neuron_type.model().saturates_at(dt)));
    // Where something else drives the neurons as well, it may silence them for a while: then only what is between counts, and
    // where there is no between, what they say.
    let loud = rows(&ran.value).map(length).fold(0.0, f64::max) * QUIET;
    let from = ran.given.rows() - rows(&ran.given).count();
    let open = ran.open.as_ref().map(|o| &o[from..]).filter(|o| o.iter().any(|o| *o));
    let all = || rows(&ran.given).zip(rows(&ran.value)).enumerate();
    let heard = |(k, (_, v)): &(usize, (&[f64], &[f64]))| match (open, ran.current) {
        (Some(open), _) => open[*k],
        (None, Some(_)) => length(v) > loud,
        (None, None) => true,
    };
    let heard: Vec<(&[f64], &[f64])> = all().filter(heard).map(|(_, pair)| pair).collect();
    let dimensions = ran.given.width;
    let given: Vec<Vec<f64>> = (0..dimensions).map(|d| heard.iter().map(|(g, _)| g[d]).collect()).collect();
    let value: Vec<Vec<f64>> = (0..dimensions).map(|d| heard.iter().map(|(_, v)| v[d]).collect()).collect();
    let noise: Vec<f64> = given
        .iter()
        .zip(&value)
        .map(|(g, v)| rms(&g.iter().zip(v).map(|(a, b)| a - b).collect::<Vec<_>>()))
        .collect();
    let sizes: Vec<f64> = given.iter().map(|g| rms(g)).collect();
    let peaks: Vec<f64> = given.iter().map(|g| range(g.iter().copied())).collect();
    let peak = range(rows(&ran.given).map(length));
    let share = |k: usize| k as f64 / ran.rates.len().max(1) as f64;
    let limit = limit.unwrap_or(f64::INFINITY);
    Population {
        path: net.ensemble_path(id),
        neurons,
        covers: peaks.iter().map(|p| p / radius).collect(),
        spans: peak / radius,
        most: rows(&ran.given).map(length).fold(0.0, f64::max) / radius,
        error: noise.iter().zip(&sizes).map(|(n, s)| relative(*n, *s)).collect(),
        decoded: range(rows(&ran.value).map(length)) / radius,
        rate: ran.rates.iter().sum::<f64>() / ran.rates.len().max(1) as f64,
        silent: share(ran.rates.iter().filter(|r| **r == 0.0).count()),
        always: share(ran.always.iter().filter(|a| **a).count()),
        saturated: share(ran.rates.iter().filter(|r| **r >= limit).count()),
        current: ran.current,
        given: sizes,
        noise,
        informed: false,
        total: ERRORS.1,
        peaks,
        peak,
    }
}

fn arriving(net: &Network, c: ConnectionId, s: &Samples, raw: Option<&Samples>) -> Arriving {
    let (_, post, connection) = ends(net, c);
    let into = match post.object {
        Object::Ensemble(e) => Some(e),
        _ => None,
    };
    let all = columns(s);
    let dimensions = net.object_size(post.object, false).map_or(vec![], |n| post.slice.indices(n));
    // What is recorded is what is delivered to the slice, one number an output.
    debug_assert!(outputs(net, c) == all.len() || into.is_none());
    Arriving {
        path: net.connection_path(c),
        brings: all.iter().map(|x| rms(x)).collect(),
        short: connection.synapse.as_ref().and_then(low_pass).is_some_and(|tau| tau < SHORT),
        largest: columns(raw.filter(|raw| raw.width == s.width).unwrap_or(s))
            .iter()
            .map(|x| range(x.iter().copied()))
            .collect(),
        id: c,
        peaks: all.iter().map(|x| range(x.iter().copied())).collect(),
        into,
        dimensions,
        ..Arriving::nothing()
    }
}

impl Population {
    /// Whether it makes too little of its range: not even its largest value says that it is meant so.
    pub(crate) fn little(&self) -> bool {
        self.most < LITTLE
    }
    /// Whether it is given too little or too much.
    pub(crate) fn out(&self) -> bool {
        self.little() || self.spans > MUCH
    }
    /// Its relative error over the dimensions in which it is given something.
    pub(crate) fn local(&self) -> f64 {
        let (noise, given) = (rms(&self.noise), rms(&self.given));
        relative(noise, given).min(ERRORS.1)
    }
}

impl Arriving {
    /// One of which nothing is known.
    pub(crate) fn nothing() -> Arriving {
        Arriving {
            path: String::new(),
            brings: vec![],
            lost: vec![],
            error: vec![],
            kept: None,
            off: None,
            noise: None,
            alone: None,
            short: false,
            largest: vec![],
            id: ConnectionId::from_index(0),
            peaks: vec![],
            into: None,
            informed: false,
            dimensions: vec![],
        }
    }
    /// How much of a signal its synapse loses, or how noisy it leaves it.
    pub(crate) fn unfiltered(&self) -> f64 {
        let noise = self.noise.filter(|_| self.short).unwrap_or(0.0);
        self.off.unwrap_or(0.0).max(noise).clamp(ERRORS.0, ERRORS.1)
    }
}
