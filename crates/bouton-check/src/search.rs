//! The search: from what comes in to what goes out, what looks at fault is mended as a trial, one cause at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bouton::Options;
use bouton::model::{EnsembleId, Error, Network, NodeId, Object};

use crate::candidates::{self, Candidate, LITTLE, MUCH};
use crate::change::Parameter;
use crate::measure::{self, Learned, Measured};
use crate::report::{Report, seen};
use crate::score::{self, Subject};
use crate::shape::{Shape, ends};
use crate::trial::{Run, SHORT, Setting, decodes_of_its_own};
use crate::{Advice, CheckOptions, Finding, learning};

/// Seconds of a trial, without learning and with it.
const SECONDS: (f64, f64) = (2.5, 6.0);
/// A population is looked at from this relative error on.
const ERROR: f64 = 0.05;
/// The same with a time step that is longer than usual.
const ERROR_OF_STEPS: f64 = 0.03;
/// A change must make it this much smaller.
const BETTER: f64 = 2.5;
/// A rule is looked at when this share of the error without learning is left.
const LEFT: f64 = 0.5;
/// And a change must leave less by this factor.
const LEARNS: f64 = 2.0;
/// A rule has learned what there is when less than this is left; else it may not be left with more by this factor.
const LEARNT: f64 = 0.025;
const WORSE: f64 = 1.1;
/// A synapse is looked at when less than this is left behind it, and a change must leave less lost by this factor.
const KEPT: f64 = 0.3;
const FILTERS: f64 = 1.6;
/// Noise of an unfiltered connection from which on it is looked at.
const NOISY: f64 = 0.4;
/// Parameters whose trials gain the same but for this share are as good as each other, and values of one parameter but for
/// this much (in natural logarithms).
const SAME: f64 = 0.25;
const VALUES: f64 = 0.2;
/// What a change must make smaller, and by how much, where a population is driven beyond its range: in a loop how far that
/// was shows bit by bit.
const BEYOND: f64 = 1.6;
/// Share of neurons that are silent or at their highest rate from which on a population is looked at.
const ALL_OR_NOTHING: f64 = 0.8;
/// Time constants above this (s) are looked at where this share of the signal is lost in them.
const SLOW: f64 = 0.15;
const LOST: f64 = 0.5;
/// Findings at most: a model with more faults than that is begun anew.
const MOST: usize = 12;

/// Checks a network.
pub(crate) fn check(
    net: &Network,
    options: &CheckOptions,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Report, Error> {
    net.validate(options.simulator.dt)?;
    let learns = crate::trial::learns(net);
    let usual = if learns { SECONDS.1 } else { SECONDS.0 };
    let seconds = options.seconds.unwrap_or_else(|| usual.min(options.run_seconds.unwrap_or(usual)));
    let start = Instant::now();
    let until = start + Duration::from_secs_f64(options.budget.min(1e6));
    let threads = options.simulator.threads.max(1);
    let mut search = Search {
        net: net.clone(),
        setting: Setting { options: Options { threads: 1, ..options.simulator }, seconds, until },
        threads,
        tell,
        trials: 0,
    };
    let mut first = search.setting;
    first.options.threads = threads;
    let begun = Instant::now();
    let found = measure::measure(net, &first, None)?;
    let took = begun.elapsed();
    search.trials += 1;
    let report = Report::of(&found, seconds);
    // A model of which one run takes all the time isn't tried at, and one that was cut off shows less.
    let mut now = found;
    let mut findings: Vec<Finding> = vec![];
    let mut given_up: Vec<String> = vec![];
    let mut rounds = 0;
    while rounds < MOST {
        let shape = Shape::of(&search.net);
        let suspects = search.suspects(&shape, &now);
        let Some(suspect) = suspects.into_iter().find(|s| !given_up.contains(&s.name)) else { break };
        if Instant::now() + took > until {
            break;
        }
        match search.mend(&shape, &now, &suspect, &findings)? {
            Some((candidate, better)) => {
                let mut seen = seen(&search.net, &now, suspect.subject, candidate.parameter);
                if matches!(suspect.subject, Subject::Rule(_) | Subject::Silent(_))
                    && candidate.object != suspect.path
                {
                    seen = format!("of `{}`: {seen}", suspect.path);
                }
                let (before, after) =
                    (score::shown(&now, suspect.subject), score::shown(&better, suspect.subject));
                candidate.change.apply(&mut search.net)?;
                if let Some(dt) = candidate.change.time_step() {
                    search.setting.options.dt = dt;
                }
                let object =
                    if candidate.object.is_empty() { suspect.path.clone() } else { candidate.object.clone() };
                let advice = Advice {
                    words: candidate.words.clone(),
                    change: candidate.change.clone(),
                    before,
                    after,
                };
                let earlier =
                    findings.iter_mut().find(|f| f.object == object && f.parameter == candidate.parameter);
                match earlier.and_then(|f| f.advice.as_mut()) {
                    // What was driven far beyond its range shows how far only bit by bit.
                    Some(first) => *first = first.then(net, &advice),
                    None => findings.push(Finding {
                        object,
                        parameter: candidate.parameter,
                        seen,
                        advice: Some(advice),
                    }),
                }
                now = *better;
                rounds += 1;
            }
            None => {
                if suspect.evident {
                    let parameter = suspect.parameter;
                    let seen = seen(&search.net, &now, suspect.subject, parameter);
                    findings.push(Finding { object: suspect.path.clone(), parameter, seen, advice: None });
                }
                given_up.push(suspect.name);
            }
        }
    }
    Ok(Report { findings, trials: search.trials, seconds_taken: start.elapsed().as_secs_f64(), ..report })
}

struct Search<'a> {
    /// The network with what was mended so far.
    net: Network,
    setting: Setting,
    threads: usize,
    tell: &'a (dyn Fn(&str) + Sync),
    trials: usize,
}

/// What looks at fault.
struct Suspect {
    subject: Subject,
    /// Tells it from others.
    name: String,
    path: String,
    /// What it most likely is, if nothing helps.
    parameter: Parameter,
    /// Whether it is told even if nothing helps.
    evident: bool,
    depth: usize,
}

impl Search<'_> {
    /// What looks at fault, what is nearest to the inputs first.
    fn suspects(&self, shape: &Shape, m: &Measured) -> Vec<Suspect> {
        let net = &self.net;
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
            let error = errors.contains(&e.index()) && p.spans < LITTLE;
            if below.contains(&e.index()) || error || only_rules_read(net, e) {
                continue;
            }
            let far = p.spans > MUCH || (p.spans < LITTLE && p.peak > 0.0);
            let stuck = p.silent + p.saturated > ALL_OR_NOTHING;
            let least = if self.setting.options.dt > candidates::LONG { ERROR_OF_STEPS } else { ERROR };
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
                Object::Node(n) => self.behind(shape, n, &depth),
                _ => continue,
            };
            let mut push = |what: &str, subject, parameter| {
                all.push(Suspect {
                    subject,
                    name: format!("{what} {}", a.path),
                    path: a.path.clone(),
                    parameter,
                    evident: false,
                    depth: at + 1,
                });
            };
            if a.informed
                && decodes_of_its_own(net, a.id)
                && a.error.iter().any(|r| *r > ERROR && r.is_finite())
            {
                push("decoders", Subject::Readout(k), Parameter::Regularisation);
            }
            let tau = ends(net, a.id).2.synapse.as_ref().and_then(candidates::low_pass).unwrap_or(0.0);
            let into_loop = a.into.is_some_and(|e| shape.looped.contains(&e.index()));
            let slow = a.kept.is_some_and(|k| k < KEPT)
                || (tau > SLOW && !into_loop && a.off.is_some_and(|l| l > LOST));
            let noisy = tau < SHORT && a.noise.is_some_and(|n| n > NOISY);
            if a.informed && (slow || noisy) {
                push("synapse", Subject::Filter(k), Parameter::Synapse);
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
                depth: of(post.object).max(of(pre.object)) + 2,
            });
        }
        all.sort_by_key(|s| s.depth);
        all
    }

    /// The depth of the deepest population that a node's input comes from.
    fn behind(&self, shape: &Shape, n: NodeId, depth: &dyn Fn(EnsembleId) -> usize) -> usize {
        let into = shape.traced_from(&self.net, shape.into_node[n.index()].clone());
        let from = into.iter().filter_map(|c| crate::shape::ensemble_of(ends(&self.net, *c).0.object));
        from.map(depth).max().unwrap_or(0)
    }

    /// The change that mends a suspect best, if one does, with the trial that shows it.
    fn mend(
        &mut self,
        shape: &Shape,
        now: &Measured,
        suspect: &Suspect,
        earlier: &[Finding],
    ) -> Result<Option<(Candidate, Box<Measured>)>, Error> {
        let (net, dt) = (&self.net, self.setting.options.dt);
        let all = match suspect.subject {
            Subject::Population(e) => candidates::population(net, shape, now, EnsembleId::from_index(e), dt),
            Subject::Silent(e) => candidates::silent(net, shape, now, EnsembleId::from_index(e)),
            Subject::Readout(k) => candidates::readout(net, now.connections[k].id, dt),
            Subject::Filter(k) => candidates::filter(net, now.connections[k].id),
            Subject::Rule(k) => {
                let rule = &now.rules[k];
                let mut all = learning::rule(net, shape, now, rule);
                for e in shape.around(net, rule.id) {
                    all.extend(candidates::population(net, shape, now, e, dt));
                }
                let mut seen = std::collections::HashSet::new();
                all.retain(|c| seen.insert((c.object.clone(), c.words.clone())));
                all
            }
        };
        let mut tried = self.try_all(all, now, &suspect.path);
        if let Subject::Rule(k) = suspect.subject
            && let Some(best) = best(now, suspect.subject, &tried, earlier)
            && tried[best].0.parameter == Parameter::Rate
        {
            // Between the powers of ten.
            let mut mended = self.net.clone();
            tried[best].0.change.apply(&mut mended)?;
            let finer = [0.1, 0.1f64.sqrt(), 10f64.sqrt(), 10.0];
            let more = learning::rates(&mended, now.rules[k].id, finer.into_iter());
            tried.extend(self.try_all(more, now, &suspect.path));
        }
        Ok(best(now, suspect.subject, &tried, earlier).map(|k| {
            let (candidate, measured) = tried.swap_remove(k);
            (candidate, Box::new(measured))
        }))
    }

    /// Runs the network with each of some changes. What can't be built or run is left out.
    fn try_all(&mut self, all: Vec<Candidate>, now: &Measured, path: &str) -> Vec<(Candidate, Measured)> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(vec![]);
        let workers = self.threads.min(all.len()).max(1);
        let (net, setting, all, tell) = (&self.net, &self.setting, &all, self.tell);
        let work = || {
            loop {
                let k = next.fetch_add(1, Ordering::Relaxed);
                let Some(c) = all.get(k) else { break };
                if Instant::now() > setting.until {
                    break;
                }
                tell(&format!("{path}: {}", c.words));
                if let Some(m) = attempt(net, setting, c, now.off.as_ref()) {
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((k, m));
                }
            }
        };
        std::thread::scope(|s| (0..workers).for_each(|_| drop(s.spawn(work))));
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|d| d.0);
        self.trials += done.len();
        done.into_iter().map(|(k, m)| (all[k].clone(), m)).collect()
    }
}

/// One trial.
fn attempt(net: &Network, setting: &Setting, c: &Candidate, off: Option<&Arc<Run>>) -> Option<Measured> {
    let mut changed = net.clone();
    c.change.apply(&mut changed).ok()?;
    let mut setting = *setting;
    if let Some(dt) = c.change.time_step() {
        setting.options.dt = dt;
    }
    // Without learning it is the same run, whatever the rate.
    let same = matches!(c.parameter, Parameter::Rate | Parameter::Threshold);
    let m = measure::measure(&changed, &setting, off.filter(|_| same).cloned()).ok()?;
    // What was cut off by the clock shows nothing.
    (Instant::now() < setting.until).then_some(m)
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

/// Whether a rule leaves too much of its error.
fn is_bad(r: &Learned) -> bool {
    r.left() >= LEFT && r.without > 0.0
}

/// Whether no rule learns worse than it did: what only a rule reads is as good as the rule makes it.
fn learns_as_well(now: &Measured, then: &Measured) -> bool {
    now.rules.iter().zip(&then.rules).all(|(a, b)| {
        let worse = b.left() > WORSE * a.left() && b.left() > LEARNT;
        // Without learning it may have been better or worse too.
        !worse || (b.failed.is_none() && b.error <= WORSE * a.error)
    })
}

/// The best of some trials, if it is good enough.
fn best(now: &Measured, of: Subject, tried: &[(Candidate, Measured)], earlier: &[Finding]) -> Option<usize> {
    let (before, total) = (score::error(now, of), score::total(now));
    let beyond = match of {
        Subject::Population(e) => now.populations[e].as_ref().is_some_and(|p| p.spans > MUCH),
        _ => false,
    };
    let needed = match of {
        Subject::Rule(_) => LEARNS,
        Subject::Filter(_) => FILTERS,
        _ if beyond => BEYOND,
        _ => BETTER,
    };
    let mut good: Vec<(usize, f64)> = vec![];
    for (k, (_, m)) in tried.iter().enumerate() {
        let after = score::error(m, of);
        let gain = match of {
            // What it drives is as good as its error says.
            Subject::Rule(_) => score::rules(now) - score::rules(m),
            _ => total - score::total(m),
        };
        let share = match of {
            Subject::Silent(_) => 0.1,
            Subject::Filter(_) => 0.25,
            _ => 0.5,
        };
        let least = share * (before / after).ln().min(2.0);
        if after * needed <= before && gain > least && learns_as_well(now, m) {
            good.push((k, gain));
        }
    }
    let most = good.iter().map(|g| g.1).fold(f64::NEG_INFINITY, f64::max);
    // First the parameter, then its value.
    let candidate = |g: &(usize, f64)| &tried[g.0].0;
    let plainest = |a: &(usize, f64), b: &(usize, f64)| {
        let key = |g: &(usize, f64)| {
            let c = candidate(g);
            (earlier.iter().any(|f| f.object == c.object && f.parameter == c.parameter), c.plainer, g.1)
        };
        let ((na, pa, ga), (nb, pb, gb)) = (key(a), key(b));
        na.cmp(&nb).then(pa.total_cmp(&pb)).then(ga.total_cmp(&gb))
    };
    let same = good.iter().copied().filter(|g| g.1 > most - SAME * most.max(1.0));
    let chosen = same.max_by(plainest)?;
    let of_it = |g: &&(usize, f64)| {
        let (a, b) = (candidate(g), candidate(&chosen));
        a.object == b.object && a.parameter == b.parameter
    };
    let most = good.iter().filter(of_it).map(|g| g.1).fold(f64::NEG_INFINITY, f64::max);
    let values = good.iter().filter(of_it).copied().filter(|g| g.1 > most - VALUES);
    values.max_by(plainest).map(|g| g.0)
}
