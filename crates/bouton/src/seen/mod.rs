//! What a run sees of itself: populations, rules, and words about what looks at fault.
//!
//! It is measured while the run goes on: what neurons give, and what populations are given, by sums of the engine's, which some of
//! its steps add to; errors of rules by probes, at a thousand steps of the run. None of it changes a bit of the run.

mod words;

use std::num::NonZero;

use bouton_core::{Error, Matrix};
use bouton_elements::rules::Changes;
use bouton_engine::{ObserveId, SignalId, Simulation, Tallied};
use bouton_model::{ConnectionId, EnsembleId, Probe, RuleId, Target};

use crate::Simulator;

/// Samples of errors in a run, about.
const SAMPLES: u64 = 500;
/// Inputs and outputs of populations are summed in about so many steps of a run, in one row of steps of so many at the least and at
/// the most.
const SUMMED: u64 = 1000;
const ONE_OF: (u64, u64) = (4, 64);
/// What a population is given is averaged over each row, because between spikes it is no more than noise; and it reaches as far as
/// in so many rows: what a few steps bring, or noise once in a thousand, is nothing to be told.
const OFTEN: usize = 3;
/// Steps after which what was recorded is counted and forgotten. In single precision sums of spikes lose digits after some 500,000.
const DRAIN: u64 = 100_000;
/// Share of the run's beginning and end over which the error of a rule is taken.
const ENDS: f64 = 0.1;
/// Numbers of weights that are kept from the beginning of a run, to see how far they move: 256 MB of them.
const KEPT: usize = 1 << 25;

/// What was seen of a run: see [`Simulator::watch`].
#[derive(Debug)]
pub struct Seen {
    populations: Vec<SeenPopulation>,
    rules: Vec<SeenRule>,
    weights: Vec<Moved>,
    first: u64,
    /// Up to where what was recorded has been counted.
    drained: u64,
    /// Steps that were summed.
    summed: u64,
}

/// What was seen of a population.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SeenPopulation {
    /// Its path.
    pub path: String,
    /// The rate from which on its neurons are saturated (Hz), where there is one.
    pub limit: Option<f64>,
    ensemble: EnsembleId,
    radius: f64,
    /// The longest vectors that it was given, as a mean over rows of steps, longest first.
    given: [f64; OFTEN],
    /// Numbers of its input that are summed: none where it isn't kept.
    dimensions: usize,
    /// Of each neuron: the sum of what it gave, in Hz.
    sums: Vec<f64>,
}

impl SeenPopulation {
    /// How long the vectors are that it was given, in units of its radius: the mean over 8 steps, in the third longest of those that
    /// were looked at; 0 where there were fewer, or where its input isn't kept.
    pub fn reaches(&self) -> f64 {
        self.given[OFTEN - 1] / self.radius
    }
    /// Number of its neurons.
    pub fn neurons(&self) -> usize {
        self.sums.len()
    }
}

/// What was seen of a rule.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SeenRule {
    /// Its path.
    pub path: String,
    /// Its connection.
    pub connection: ConnectionId,
    /// Mean squares of the error, by step.
    error: Option<(ObserveId, Vec<(u64, f64)>)>,
}

/// Weights that rules change.
#[derive(Debug)]
struct Moved {
    connection: ConnectionId,
    /// As they were at the beginning; none where they are too many.
    start: Option<Matrix>,
}

/// How far the weights of a connection have moved.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SeenWeights {
    /// Root mean square of them now.
    pub now: f64,
    /// The same when it began, and of the difference; none where they are too many to be kept (2^25).
    pub moved: Option<(f64, f64)>,
}

impl Seen {
    fn begin(sim: &mut Simulator, last: u64) -> Result<Seen, Error> {
        let net = sim.net.clone();
        let (dt, first) = (sim.dt(), sim.n_steps());
        let every = (last.saturating_sub(first) / SAMPLES).max(1) as f64 * dt;
        let mut populations = vec![];
        for e in net.ensembles() {
            let Some(ensemble) = net.get_ensemble(e) else { continue };
            // In direct mode there are no neurons.
            if ensemble.neuron_type.is_direct() {
                continue;
            }
            populations.push(SeenPopulation {
                path: net.ensemble_path(e),
                limit: ensemble.neuron_type.model().saturates_at(dt),
                ensemble: e,
                radius: ensemble.radius,
                given: [0.0; OFTEN],
                dimensions: 0,
                sums: vec![0.0; ensemble.n_neurons],
            });
        }
        let (mut rules, mut errors, mut weights, mut kept) = (vec![], vec![], vec![], 0);
        for c in net.connections() {
            let Some((_, _, connection)) = net.get_connection(c) else { continue };
            let mut moves = false;
            for (k, rule) in connection.rules.iter().enumerate() {
                moves |= rule.changes() == Changes::Weights;
                let id: RuleId = c.rule_at(k);
                let target = Target::rule_error(id);
                if rule.has_error() && sim.can_attach(&target) {
                    errors.push((rules.len(), Probe::of(target).sample_every(every)));
                }
                rules.push(SeenRule { path: net.rule_path(id), connection: c, error: None });
            }
            if moves && let Ok((rows, cols)) = sim.weights_shape(c) {
                kept += rows * cols;
                let start = if kept <= KEPT { Some(sim.weights(c)?) } else { None };
                weights.push(Moved { connection: c, start });
            }
        }
        let (of, probes): (Vec<usize>, Vec<Probe>) = errors.into_iter().unzip();
        for (k, id) in of.into_iter().zip(sim.attach_probes(&probes)?) {
            rules[k].error = Some((id, vec![]));
        }
        Ok(Seen { populations, rules, weights, first, drained: first, summed: 0 })
    }

    /// Steps that may be taken before what was recorded is counted.
    fn until(&self, now: u64) -> u64 {
        (self.drained + DRAIN).saturating_sub(now).max(1)
    }

    /// Counts what was recorded, if it is time.
    fn follow(&mut self, sim: &mut Simulation) -> Result<(), Error> {
        if sim.n_steps() < self.drained + DRAIN { Ok(()) } else { self.drain(sim) }
    }

    /// Begins to sum what neurons give and populations are given, in a run up to step `last`.
    fn sum(&mut self, sim: &mut Simulator, last: u64) -> Result<(), Error> {
        let one_of = ((last - self.first) / SUMMED).clamp(ONE_OF.0, ONE_OF.1);
        let one_of = NonZero::new(one_of).unwrap_or(NonZero::<u64>::MIN);
        let net = sim.net.clone();
        let find = |t: Target| sim.built().sources.find(&net, &t).map(|s| s.signal);
        let outs: Vec<SignalId> =
            self.populations.iter().filter_map(|p| find(Target::Spikes(p.ensemble))).collect();
        let mut given: Vec<SignalId> = vec![];
        for p in &mut self.populations {
            if let Some(s) = find(Target::EnsembleInput(p.ensemble)) {
                p.dimensions = sim.sim.program().get(s).len();
                given.push(s);
            }
        }
        sim.sim.tally(&outs, &given, one_of)
    }

    /// Counts what was recorded since.
    fn drain(&mut self, sim: &mut Simulation) -> Result<(), Error> {
        self.drained = sim.n_steps();
        let mut sums: Vec<&mut [f64]> = self.populations.iter_mut().map(|p| &mut p.sums[..]).collect();
        let mut rows = vec![];
        self.summed += sim.take_tallies(&mut sums, &mut rows)?;
        let mut rest = &rows[..];
        while !rest.is_empty() {
            for p in &mut self.populations {
                let (sums, behind) = rest.split_at(p.dimensions);
                rest = behind;
                let length = sums.iter().map(|x| x * x).sum::<f64>().sqrt() / Tallied::ROW as f64;
                let at = p.given.partition_point(|g| *g >= length);
                if at < OFTEN {
                    p.given[at..].rotate_right(1);
                    p.given[at] = length;
                }
            }
        }
        for (probe, errors) in self.rules.iter_mut().filter_map(|r| r.error.as_mut()) {
            let s = sim.drain(*probe)?.into_samples();
            for (k, step) in s.steps.iter().enumerate() {
                let row = s.row(k);
                errors.push((*step, row.iter().map(|x| x * x).sum::<f64>() / row.len().max(1) as f64));
            }
        }
        Ok(())
    }

    /// All populations but those in direct mode, in the order of the network.
    pub fn populations(&self) -> &[SeenPopulation] {
        &self.populations
    }
    /// All rules, in the order of the network.
    pub fn rules(&self) -> &[SeenRule] {
        &self.rules
    }
    /// Mean rate of each neuron of a population (Hz) in the steps that were looked at; none before the first of them.
    pub fn rates(&self, population: &SeenPopulation) -> Option<Vec<f64>> {
        let steps = self.summed as f64;
        (steps > 0.0).then(|| population.sums.iter().map(|s| s / steps).collect())
    }
    /// Root mean square of a rule's error in the first and in the last tenth of the time since it is watched; none where it has no
    /// error, or nothing is known yet.
    pub fn errors(&self, rule: &SeenRule) -> (Option<f64>, Option<f64>) {
        let Some((_, errors)) = &rule.error else { return (None, None) };
        let span = ((self.drained - self.first) as f64 * ENDS).ceil().max(1.0) as u64;
        let of = |keep: &dyn Fn(u64) -> bool| {
            let all: Vec<f64> = errors.iter().filter(|e| keep(e.0)).map(|e| e.1).collect();
            (!all.is_empty()).then(|| (all.iter().sum::<f64>() / all.len() as f64).sqrt())
        };
        (of(&|s| s <= self.first + span), of(&|s| s + span > self.drained))
    }
    /// For how long it was looked at what neurons give (s): rows of 8 steps, spread evenly.
    pub fn looked(&self, dt: f64) -> f64 {
        self.summed as f64 * dt
    }
    /// How far the weights of a connection have moved that its rules change; `None` where they change none, or the weights
    /// can't be read.
    pub fn weights(&self, sim: &Simulator, connection: ConnectionId) -> Option<SeenWeights> {
        let start = &self.weights.iter().find(|m| m.connection == connection)?.start;
        let now = sim.weights(connection).ok()?;
        let rms = |sum: f64| (sum / now.values().len().max(1) as f64).sqrt();
        let moved = start.as_ref().map(Matrix::values).map(|start| {
            let by = now.values().iter().zip(start).map(|(a, b)| (a - b) * (a - b)).sum();
            (rms(start.iter().map(|x| x * x).sum()), rms(by))
        });
        Some(SeenWeights { now: rms(now.values().iter().map(|x| x * x).sum()), moved })
    }
}

impl Simulator {
    /// Begins to see what a run of `seconds` from here does, for [`check`](Simulator::check) and [`seen`](Simulator::seen): rates
    /// and inputs of populations in about a thousand of its steps (a quarter of fewer than 4,000, a 64th of more than 64,000), in
    /// rows of 8; errors of rules, and how far weights move, over the whole of it. It changes no bit of the run, and costs a
    /// hundredth of a run of a minute.
    /// It ends with [`unwatch`](Simulator::unwatch), a reset or a checkpoint that is loaded.
    ///
    /// ```
    /// use bouton::prelude::*;
    ///
    /// let mut net = Network::with_seed(1);
    /// let stim = net.node("stim", Output::Constant(vec![10.0]));
    /// let a = net.ensemble("a", Ensemble::new(50, 1));
    /// net.connect(stim, a, Connection::new());
    /// let mut sim = Simulator::new(&net)?;
    /// sim.watch(1.0)?;
    /// sim.run(1.0)?;
    /// assert!(sim.check()?[0].contains("given up to 10 times its radius"));
    /// # Ok::<(), bouton::Error>(())
    /// ```
    ///
    /// # Errors
    /// A time that makes no sense; no memory for what is kept.
    pub fn watch(&mut self, seconds: f64) -> Result<(), Error> {
        self.unwatch()?;
        let last = self.n_steps() + self.steps(seconds)?;
        let mut seen = Box::new(Seen::begin(self, last)?);
        let summed = seen.sum(self, last);
        self.seen = Some(seen);
        if summed.is_err() {
            self.unwatch()?;
        }
        summed
    }
    /// Ends looking; what was seen is forgotten.
    ///
    /// # Errors
    /// No memory for a new plan.
    pub fn unwatch(&mut self) -> Result<(), Error> {
        let Some(seen) = self.seen.take() else { return Ok(()) };
        let all: Vec<ObserveId> = seen.rules.iter().filter_map(|r| Some(r.error.as_ref()?.0)).collect();
        self.sim.detach_all(&all)?;
        self.sim.tally(&[], &[], NonZero::<u64>::MIN)
    }
    /// What was seen since [`watch`](Simulator::watch), up to now; `None` where nobody looks.
    ///
    /// # Errors
    /// None that [`run`](Simulator::run) doesn't have.
    pub fn seen(&mut self) -> Result<Option<&Seen>, Error> {
        if let Some(seen) = &mut self.seen {
            seen.drain(&mut self.sim)?;
        }
        Ok(self.seen.as_deref())
    }
    /// What was seen when [`seen`](Simulator::seen) or [`check`](Simulator::check) last looked.
    pub fn seen_so_far(&self) -> Option<&Seen> {
        self.seen.as_deref()
    }
    /// What looks at fault in what was seen since [`watch`](Simulator::watch), a sentence each: inputs beyond the radius,
    /// populations that have not fired, errors that grow, gates of pulses that never open. Nothing is tried: what mends it
    /// says `bouton check`, or the crate `bouton-check`.
    ///
    /// # Errors
    /// Nobody looks.
    pub fn check(&mut self) -> Result<Vec<String>, Error> {
        self.seen()?;
        match &self.seen {
            Some(seen) => Ok(seen.words(self)),
            None => Err(Error::access("", "nothing was looked at: call `watch` before the run")),
        }
    }
    /// Takes steps while somebody looks.
    pub(crate) fn run_seen(&mut self, steps: u64) -> Result<(), Error> {
        let end = self.n_steps().saturating_add(steps);
        while self.n_steps() < end {
            let now = self.n_steps();
            let Some(chunk) = self.seen.as_ref().map(|s| s.until(now)) else {
                return self.sim.run_steps(end - now);
            };
            let ran = self.sim.run_steps(chunk.min(end - now));
            if let Some(mut seen) = self.seen.take() {
                let looked = seen.follow(&mut self.sim);
                self.seen = Some(seen);
                ran.and(looked)?;
            }
        }
        Ok(())
    }
}
