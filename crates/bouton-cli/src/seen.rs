//! What a run says of itself at its end: populations, rules, devices, time.
//!
//! It is measured while the run goes on, by probes that are attached for it: errors of rules at some thousand steps of the
//! run; spikes, rates and what populations are given in a few stretches of it, because a population whose spikes somebody
//! looks at isn't encoded, stepped and decoded in one pass. None of it changes a bit of the run, and none of it is recorded.

use bouton::Error;
use bouton::elements::rules::Changes;
use bouton::engine::{ObserveId, Recorded, Simulation};
use bouton::io::table::{Table, significant};
use bouton::model::{ConnectionId, EnsembleId, Probe, RuleId, Target};
use bouton::prelude::Simulator;
use bouton_check::saturates_at;

use crate::record;

/// Samples of errors in a run, about.
const SAMPLES: u64 = 2000;
/// Populations are looked at for this long in all (s), or for this share of the run where that is longer, in so many
/// stretches from its beginning to its end. A run of twice that is looked at as a whole: it is soon over.
const LOOK: f64 = 1.0;
const LOOK_SHARE: f64 = 1.0 / 300.0;
const STRETCHES: u64 = 4;
/// Steps between two samples of rates and of what populations are given.
const BETWEEN: f64 = 10.0;
/// Share of the run's beginning and end over which the error of a rule is taken.
const ENDS: f64 = 0.1;
/// Numbers of weights that are kept from the beginning of a run, to see how far they move: 256 MB of them.
const KEPT: usize = 1 << 25;
/// Filter on what populations are given (s): between spikes it is no more than noise.
const SMOOTH: f64 = 0.02;
/// Input beyond this, in units of the radius, is told.
const BEYOND: f64 = 1.5;
/// An error that grows by more than this factor is told.
const GROWS: f64 = 1.5;
/// Lines of a table that are shown.
pub(crate) const LINES: usize = 20;

/// What is measured of a run.
pub(crate) struct Seen {
    populations: Vec<Population>,
    rules: Vec<Learning>,
    weights: Vec<Moved>,
    first: u64,
    /// First step and end of each stretch in which populations are looked at.
    stretches: Vec<(u64, u64)>,
}

struct Population {
    path: String,
    ensemble: EnsembleId,
    /// The rate from which on its neurons are saturated (Hz).
    limit: Option<f64>,
    /// While it is looked at.
    probe: Option<ObserveId>,
    /// Of each neuron: the sum of what it gave, in Hz.
    sums: Vec<f64>,
    samples: f64,
    /// What it is given, and the longest such vector in units of its radius.
    given: Option<ObserveId>,
    radius: f64,
    reaches: f64,
}

struct Learning {
    path: String,
    connection: ConnectionId,
    /// Mean squares of the error, by step.
    error: Option<(ObserveId, Vec<(u64, f64)>)>,
}

/// Weights that rules change.
struct Moved {
    connection: ConnectionId,
    /// As they were at the beginning; none where they are too many.
    start: Option<Vec<f64>>,
}

impl Seen {
    /// Begins to look, at a run that goes to step `total`.
    pub(crate) fn begin(sim: &mut Simulator, total: u64) -> Result<Seen, Error> {
        let net = sim.network().clone();
        let (dt, first) = (sim.dt(), sim.n_steps());
        let every = (total.saturating_sub(first) / SAMPLES).max(1) as f64 * dt;
        let mut populations = vec![];
        for e in net.ensembles() {
            let Some(ensemble) = net.get_ensemble(e) else { continue };
            let neurons = ensemble.neuron_type.model();
            // In direct mode there are no neurons.
            if ensemble.neuron_type.is_direct() {
                continue;
            }
            populations.push(Population {
                path: net.ensemble_path(e),
                ensemble: e,
                limit: saturates_at(neurons, dt),
                probe: None,
                sums: vec![0.0; ensemble.n_neurons],
                samples: 0.0,
                given: None,
                radius: ensemble.radius,
                reaches: 0.0,
            });
        }
        let (mut rules, mut weights, mut kept) = (vec![], vec![], 0);
        for c in net.connections() {
            let Some((_, _, connection)) = net.get_connection(c) else { continue };
            let mut moves = false;
            for (k, rule) in connection.rules.iter().enumerate() {
                moves |= rule.changes() == Changes::Weights;
                let id: RuleId = c.rule_at(k);
                let error = if rule.has_error() {
                    let probe = Probe::of(Target::rule_error(id)).sample_every(every);
                    sim.attach_probe(&probe).ok().map(|p| (p, vec![]))
                } else {
                    None
                };
                rules.push(Learning { path: net.rule_path(id), connection: c, error });
            }
            if moves && let Ok((rows, cols)) = sim.weights_shape(c) {
                kept += rows * cols;
                let start = if kept <= KEPT { Some(sim.weights(c)?.values().to_vec()) } else { None };
                weights.push(Moved { connection: c, start });
            }
        }
        let mut seen = Seen { populations, rules, weights, first, stretches: stretches(first, total, dt) };
        seen.turn(sim)?;
        Ok(seen)
    }

    /// The first step behind `now` at which looking at populations begins or ends: a block must not go past it.
    pub(crate) fn turns(&self, now: u64) -> u64 {
        let ends = self.stretches.iter().flat_map(|s| [s.0, s.1]);
        ends.filter(|s| *s > now).min().unwrap_or(u64::MAX)
    }

    /// Looks at populations, or no longer does, as it is meant to be from where the simulator stands.
    fn turn(&mut self, sim: &mut Simulator) -> Result<(), Error> {
        let (now, every) = (sim.n_steps(), BETWEEN * sim.dt());
        let look = self.stretches.iter().any(|s| (s.0..s.1).contains(&now));
        // All at once: each time is a new plan.
        if look && self.populations.iter().all(|p| p.probe.is_none()) {
            let spiking = |e| sim.network().get_ensemble(e).is_some_and(|e| e.neuron_type.model().spiking());
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
            sim.simulation_mut().detach_all(&all)?;
        }
        Ok(())
    }

    /// Takes what was measured since.
    pub(crate) fn block(&mut self, sim: &mut Simulator) -> Result<(), Error> {
        self.drain(sim.simulation_mut())?;
        self.turn(sim)
    }

    fn drain(&mut self, sim: &mut Simulation) -> Result<(), Error> {
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

    /// The tables that are printed at the end.
    pub(crate) fn tables(&self, sim: &Simulator) -> Vec<Table> {
        let mut out = vec![self.populations(sim), self.rules(sim), devices(sim)];
        out.retain(|t| !t.is_empty());
        out
    }

    /// What looks at fault, a sentence each. Nothing was tried: `bouton check` says what mends it.
    pub(crate) fn words(&self, sim: &Simulator) -> Vec<String> {
        let mut all = vec![];
        for p in &self.populations {
            if p.reaches > BEYOND {
                let by = significant(p.reaches, 2);
                all.push(format!(
                    "`{}` is given up to {by} times its radius: beyond that nothing is decoded",
                    p.path
                ));
            } else if p.samples > 0.0 && p.sums.iter().all(|s| *s == 0.0) {
                all.push(format!("`{}`: none of its {} neurons has fired", p.path, p.sums.len()));
            }
        }
        for r in &self.rules {
            let (start, end) = self.course(r, sim);
            if sim.devices(r.connection).is_ok_and(|d| d.pulses() == 0) && start.is_some_and(|e| e > 0.0) {
                all.push(format!("`{}`: not one pulse: its gate never opens", r.path));
            } else if let (Some(start), Some(end)) = (start, end)
                && end > GROWS * start
            {
                let (start, end) = (significant(start, 3), significant(end, 3));
                all.push(format!("`{}`: its error grows, from {start} to {end}", r.path));
            }
        }
        if all.len() > LINES {
            let more = all.len() - LINES;
            all.truncate(LINES);
            all.push(format!("and {more} more of these"));
        }
        all
    }

    /// The root mean square of a rule's error at the start and at the end.
    fn course(&self, r: &Learning, sim: &Simulator) -> (Option<f64>, Option<f64>) {
        let last = sim.n_steps();
        let span = ((last - self.first) as f64 * ENDS).ceil().max(1.0) as u64;
        let Some((_, errors)) = &r.error else { return (None, None) };
        let of = |keep: &dyn Fn(u64) -> bool| {
            let all: Vec<f64> = errors.iter().filter(|e| keep(e.0)).map(|e| e.1).collect();
            (!all.is_empty()).then(|| (all.iter().sum::<f64>() / all.len() as f64).sqrt())
        };
        (of(&|s| s <= self.first + span), of(&|s| s + span > last))
    }

    fn populations(&self, sim: &Simulator) -> Table {
        // Of how much of the run: silent is who did not fire in that time.
        let now = sim.n_steps();
        let looked: u64 = self.stretches.iter().map(|s| s.1.min(now).saturating_sub(s.0)).sum();
        let name = match self.stretches.len() {
            1 => "population".into(),
            _ => format!("population ({} s of it)", significant(looked as f64 * sim.dt(), 2)),
        };
        let mut t = Table::new([&name, "neurons", "mean rate", "highest", "silent", "saturated"])
            .units(["", "", "Hz", "Hz", "", ""]);
        for p in self.populations.iter().take(LINES) {
            let n = p.sums.len();
            if p.samples == 0.0 {
                t.push([&p.path, &n.to_string(), "–", "–", "–", "–"]);
                continue;
            }
            let rates: Vec<f64> = p.sums.iter().map(|s| s / p.samples).collect();
            let silent = rates.iter().filter(|r| **r == 0.0).count();
            let saturated = p.limit.map(|l| rates.iter().filter(|r| **r >= l).count());
            t.push([
                p.path.clone(),
                n.to_string(),
                significant(rates.iter().sum::<f64>() / n as f64, 3),
                significant(rates.iter().copied().fold(0.0, f64::max), 3),
                share(silent, n),
                saturated.map_or("–".into(), |s| share(s, n)),
            ]);
        }
        t.more_of(self.populations.len());
        t
    }

    fn rules(&self, sim: &Simulator) -> Table {
        let mut t = Table::new(["rule", "weights moved", "rms now", "error at start", "at end"]);
        for r in self.rules.iter().take(LINES) {
            let moved = self.weights.iter().find(|m| m.connection == r.connection);
            let (moved, now) = moved.map_or(("–".into(), "–".into()), |m| m.words(sim));
            let word = |x: Option<f64>| x.map_or("–".into(), |x| significant(x, 3));
            let (start, end) = self.course(r, sim);
            let (start, end) = (word(start), word(end));
            t.push([r.path.clone(), moved, now, start, end]);
        }
        t.more_of(self.rules.len());
        t
    }
}

/// Stretches of a run from step `first` to `total` in which populations are looked at.
fn stretches(first: u64, total: u64, dt: f64) -> Vec<(u64, u64)> {
    let run = total.saturating_sub(first);
    let look = (LOOK / dt).max(run as f64 * LOOK_SHARE) as u64;
    if run <= 2 * look {
        return vec![(first, total)];
    }
    let length = look / STRETCHES;
    // The first begins with the run, and the last ends with it.
    (0..STRETCHES).map(|k| first + k * (run - length) / (STRETCHES - 1)).map(|s| (s, s + length)).collect()
}

impl Moved {
    /// How far the weights have moved, as a share of what they were, and their root mean square now.
    fn words(&self, sim: &Simulator) -> (String, String) {
        let Ok(now) = sim.weights(self.connection) else { return ("–".into(), "–".into()) };
        let rms = |sum: f64| (sum / now.values().len().max(1) as f64).sqrt();
        let is = rms(now.values().iter().map(|x| x * x).sum());
        let Some(start) = &self.start else { return ("–".into(), significant(is, 3)) };
        let by = rms(now.values().iter().zip(start).map(|(a, b)| (a - b) * (a - b)).sum());
        let was = rms(start.iter().map(|x| x * x).sum());
        let moved = match (by == 0.0, was == 0.0) {
            (true, _) => "not at all".into(),
            (_, true) => format!("by {} from 0", significant(by, 3)),
            _ => percent(by / was),
        };
        (moved, significant(is, 3))
    }
}

fn devices(sim: &Simulator) -> Table {
    let mut t = Table::new(["devices of", "devices", "pulses", "a device", "dead"]);
    let all: Vec<_> = record::arrays(sim).collect();
    for (path, d, _) in all.iter().take(LINES) {
        let n = d.sides().len() * d.shape().0 * d.shape().1;
        t.push([
            path.clone(),
            n.to_string(),
            d.pulses().to_string(),
            significant(d.pulses() as f64 / n.max(1) as f64, 3),
            share(d.dead(), n),
        ]);
    }
    t.more_of(all.len());
    t
}

fn share(k: usize, n: usize) -> String {
    match k {
        0 => "0".into(),
        _ => percent(k as f64 / n as f64),
    }
}

/// A share in per cent, with two digits.
fn percent(x: f64) -> String {
    let x = 100.0 * x;
    if x < 0.01 {
        return format!("{} %", significant(x, 2));
    }
    let digits = if x >= 9.95 {
        0
    } else if x >= 0.995 {
        1
    } else {
        2
    };
    format!("{x:.digits$} %")
}
