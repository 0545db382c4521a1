//! What a run sees of itself: populations, rules, and words about what looks at fault.
//!
//! It is measured while the run goes on, by probes that are attached for it: errors of rules at some thousand steps of the
//! run; spikes, rates and what populations are given in a few stretches of it, because a population whose spikes somebody
//! looks at isn't encoded, stepped and decoded in one pass. None of it changes a bit of the run.

mod words;

use bouton_core::Error;
use bouton_elements::rules::Changes;
use bouton_engine::{ObserveId, Recorded, Simulation};
use bouton_model::{ConnectionId, EnsembleId, Probe, RuleId, Target};

use crate::Simulator;

/// Samples of errors in a run, about.
const SAMPLES: u64 = 2000;
/// Populations are looked at for this long in all (s), or for this share of the run where that is longer, in so many
/// stretches from its beginning to its end. A run of twice that is looked at as a whole: it is soon over.
const LOOK: f64 = 1.0;
const LOOK_SHARE: f64 = 1.0 / 300.0;
const STRETCHES: u64 = 4;
/// Steps between two samples of rates and of what populations are given.
const BETWEEN: f64 = 10.0;
/// Steps after which what was recorded is counted and forgotten.
const DRAIN: u64 = 256;
/// Share of the run's beginning and end over which the error of a rule is taken.
const ENDS: f64 = 0.1;
/// Numbers of weights that are kept from the beginning of a run, to see how far they move: 256 MB of them.
const KEPT: usize = 1 << 25;
/// Filter on what populations are given (s): between spikes it is no more than noise.
const SMOOTH: f64 = 0.02;

/// What was seen of a run: see [`Simulator::watch`].
#[derive(Debug)]
pub struct Seen {
    populations: Vec<SeenPopulation>,
    rules: Vec<SeenRule>,
    weights: Vec<Moved>,
    first: u64,
    /// Up to where what was recorded has been counted.
    drained: u64,
    /// First step and end of each stretch in which populations are looked at.
    stretches: Vec<(u64, u64)>,
}

/// What was seen of a population.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SeenPopulation {
    /// Its path.
    pub path: String,
    /// The rate from which on its neurons are saturated (Hz), where there is one.
    pub limit: Option<f64>,
    /// The longest vector that it was given, in units of its radius; 0 where that isn't kept.
    pub reaches: f64,
    ensemble: EnsembleId,
    radius: f64,
    /// While it is looked at.
    probe: Option<ObserveId>,
    given: Option<ObserveId>,
    /// Of each neuron: the sum of what it gave, in Hz.
    sums: Vec<f64>,
    samples: f64,
}

impl SeenPopulation {
    /// Number of its neurons.
    pub fn neurons(&self) -> usize {
        self.sums.len()
    }
    /// Mean rate of each neuron (Hz) in the time that was looked at; none before that has begun.
    pub fn rates(&self) -> Option<Vec<f64>> {
        (self.samples > 0.0).then(|| self.sums.iter().map(|s| s / self.samples).collect())
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
    start: Option<Vec<f64>>,
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
                reaches: 0.0,
                ensemble: e,
                radius: ensemble.radius,
                probe: None,
                given: None,
                sums: vec![0.0; ensemble.n_neurons],
                samples: 0.0,
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
                let start = if kept <= KEPT { Some(sim.weights(c)?.values().to_vec()) } else { None };
                weights.push(Moved { connection: c, start });
            }
        }
        // All at once: each time is a new plan.
        let (of, probes): (Vec<usize>, Vec<Probe>) = errors.into_iter().unzip();
        for (k, id) in of.into_iter().zip(sim.attach_probes(&probes)?) {
            rules[k].error = Some((id, vec![]));
        }
        let stretches = stretches(first, last, dt);
        Ok(Seen { populations, rules, weights, first, drained: first, stretches })
    }

    /// Steps that may be taken before what was recorded is counted, or looking begins or ends.
    fn until(&self, now: u64) -> u64 {
        let ends = self.stretches.iter().flat_map(|s| [s.0, s.1]);
        let turn = ends.filter(|s| *s > now).min().unwrap_or(u64::MAX);
        let full = if self.looks(now) { self.drained + DRAIN } else { u64::MAX };
        turn.min(full).saturating_sub(now).max(1)
    }

    fn looks(&self, step: u64) -> bool {
        self.stretches.iter().any(|s| (s.0..s.1).contains(&step))
    }

    /// Counts what was recorded and begins or ends to look, if it is time.
    fn follow(&mut self, sim: &mut Simulator) -> Result<(), Error> {
        let now = sim.n_steps();
        let turns = self.stretches.iter().any(|s| s.0 == now || s.1 == now);
        let due = turns || (self.looks(now) && now >= self.drained + DRAIN);
        if !due {
            return Ok(());
        }
        self.drain(&mut sim.sim)?;
        if turns { self.turn(sim) } else { Ok(()) }
    }

    /// Looks at populations, or no longer does, as it is meant to be from where the simulator stands.
    fn turn(&mut self, sim: &mut Simulator) -> Result<(), Error> {
        let (look, every) = (self.looks(sim.n_steps()), BETWEEN * sim.dt());
        // All at once: each time is a new plan.
        if look && self.populations.iter().all(|p| p.probe.is_none()) {
            let net = sim.net.clone();
            let spiking = |e| net.get_ensemble(e).is_some_and(|e| e.neuron_type.model().spiking());
            let (mut probes, mut given) = (vec![], vec![]);
            for (k, p) in self.populations.iter().enumerate() {
                let probe = Probe::of(Target::Spikes(p.ensemble));
                probes.push(if spiking(p.ensemble) { probe } else { probe.sample_every(every) });
                let target = Target::EnsembleInput(p.ensemble);
                if sim.can_attach(&target) {
                    given.push((k, Probe::of(target).synapse(SMOOTH).sample_every(every)));
                }
            }
            probes.extend(given.iter().map(|(_, p)| p.clone()));
            let mut ids = sim.attach_probes(&probes)?.into_iter();
            for (p, id) in self.populations.iter_mut().zip(&mut ids) {
                p.probe = Some(id);
            }
            for ((k, _), id) in given.iter().zip(ids) {
                self.populations[*k].given = Some(id);
            }
        } else if !look {
            let all = self.populations.iter_mut().flat_map(|p| [p.probe.take(), p.given.take()]);
            let all: Vec<ObserveId> = all.flatten().collect();
            sim.sim.detach_all(&all)?;
        }
        Ok(())
    }

    /// Counts what was recorded since.
    fn drain(&mut self, sim: &mut Simulation) -> Result<(), Error> {
        self.drained = sim.n_steps();
        for p in &mut self.populations {
            let Some(probe) = p.probe else { continue };
            match sim.drain(probe)? {
                Recorded::Events(e) => {
                    e.events.iter().for_each(|x| p.sums[x.column as usize] += x.value);
                    p.samples += e.steps.len() as f64;
                }
                Recorded::Rows(s) => {
                    for k in 0..s.rows() {
                        p.sums.iter_mut().zip(s.row(k)).for_each(|(sum, x)| *sum += x);
                    }
                    p.samples += s.rows() as f64;
                }
            }
            if let Some(given) = p.given {
                let s = sim.drain(given)?.into_samples();
                for k in 0..s.rows() {
                    let length = s.row(k).iter().map(|x| x * x).sum::<f64>().sqrt();
                    p.reaches = p.reaches.max(length / p.radius);
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
    /// For how long populations were looked at (s), where that was not the whole run.
    pub fn looked(&self, dt: f64) -> Option<f64> {
        let looked: u64 = self.stretches.iter().map(|s| s.1.min(self.drained).saturating_sub(s.0)).sum();
        (self.stretches.len() > 1).then_some(looked as f64 * dt)
    }
    /// How far the weights of a connection have moved that its rules change; `None` where they change none, or the weights
    /// can't be read.
    pub fn weights(&self, sim: &Simulator, connection: ConnectionId) -> Option<SeenWeights> {
        let start = &self.weights.iter().find(|m| m.connection == connection)?.start;
        let now = sim.weights(connection).ok()?;
        let rms = |sum: f64| (sum / now.values().len().max(1) as f64).sqrt();
        let moved = start.as_ref().map(|start| {
            let by = now.values().iter().zip(start).map(|(a, b)| (a - b) * (a - b)).sum();
            (rms(start.iter().map(|x| x * x).sum()), rms(by))
        });
        Some(SeenWeights { now: rms(now.values().iter().map(|x| x * x).sum()), moved })
    }
}

/// Stretches of a run from step `first` to `last` in which populations are looked at.
fn stretches(first: u64, last: u64, dt: f64) -> Vec<(u64, u64)> {
    let run = last.saturating_sub(first);
    let look = (LOOK / dt).max(run as f64 * LOOK_SHARE) as u64;
    if run <= 2 * look {
        return vec![(first, last)];
    }
    let length = look / STRETCHES;
    // The first begins with the run, and the last ends with it.
    (0..STRETCHES).map(|k| first + k * (run - length) / (STRETCHES - 1)).map(|s| (s, s + length)).collect()
}

impl Simulator {
    /// Begins to see what a run of `seconds` from here does, for [`check`](Simulator::check) and [`seen`](Simulator::seen): rates
    /// and inputs of populations for a second of it (a 300th of longer runs) in four stretches from its beginning to its
    /// end; errors of rules, and how far weights move, over the whole of it. It changes no bit of the run, and costs about
    /// a hundredth of it. It ends with [`unwatch`](Simulator::unwatch), a reset or a checkpoint that is loaded.
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
        let turned = seen.turn(self);
        self.seen = Some(seen);
        if turned.is_err() {
            self.unwatch()?;
        }
        turned
    }
    /// Ends looking; what was seen is forgotten.
    ///
    /// # Errors
    /// No memory for a new plan.
    pub fn unwatch(&mut self) -> Result<(), Error> {
        let Some(seen) = self.seen.take() else { return Ok(()) };
        let of = seen.populations.iter().flat_map(|p| [p.probe, p.given]).flatten();
        let all: Vec<ObserveId> =
            of.chain(seen.rules.iter().filter_map(|r| Some(r.error.as_ref()?.0))).collect();
        self.sim.detach_all(&all).map(drop)
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
                let looked = seen.follow(self);
                self.seen = Some(seen);
                ran.and(looked)?;
            }
        }
        Ok(())
    }
}
