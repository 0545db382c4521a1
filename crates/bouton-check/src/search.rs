//! The search: from what comes in to what goes out, what looks at fault is mended as a trial, one cause at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bouton::Options;
use bouton::io::table::significant;
use bouton::model::{EnsembleId, Error, Network};

use crate::candidates::{self, Candidate};
use crate::change::Parameter;
use crate::choice::best;
use crate::measure::{self, Measured};
use crate::report::{Report, seen};
use crate::score::{self, Subject};
use crate::shape::Shape;
use crate::suspects::{Suspect, suspects};
use crate::trial::{Run, Setting, learns};
use crate::{Advice, CheckOptions, Finding, later, learning, work};

/// Seconds of a trial, without learning and with it.
const SECONDS: (f64, f64) = (2.5, 6.0);
/// What is said where the time limit was over.
const LIMIT: &str = "the time limit was over; on a faster machine it may find more";
/// Findings at most: a model with more faults than that is begun anew.
const MOST: usize = 12;

/// Checks a network.
pub(crate) fn check(
    net: &Network,
    options: &CheckOptions,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Report, Error> {
    net.validate(options.simulator.dt)?;
    let usual = if learns(net) { SECONDS.1 } else { SECONDS.0 };
    let seconds = options.seconds.unwrap_or_else(|| usual.min(options.run_seconds.unwrap_or(usual)));
    let start = Instant::now();
    // A day is no limit.
    let until = options.time_limit.map(|t| start + Duration::from_secs_f64(t.min(86_400.0)));
    let threads = options.simulator.threads.max(1);
    let dt = options.simulator.dt;
    let later = match options.run_seconds.filter(|run| *run > seconds) {
        Some(run) => later::most_active(net, seconds, run, dt)?,
        None => None,
    };
    let (shown, from, seconds) =
        later.map_or_else(|| (net.clone(), vec![], seconds), |l| (l.net, l.from, l.seconds));
    let mut search = Search {
        net: shown,
        setting: Setting { options: Options { threads: 1, ..options.simulator }, seconds, until },
        threads,
        tell,
        trials: 0,
        left: options.budget,
        cut: None,
    };
    let mut first = search.setting;
    first.options.threads = threads;
    let found = measure::measure(&search.net, &first, None)?;
    search.trials += 1;
    search.left -= search.cost(None);
    let report = Report { from, ..Report::of(&found, seconds) };
    let mut now = found;
    let mut findings: Vec<Finding> = vec![];
    let mut given_up: Vec<String> = vec![];
    let mut rounds = 0;
    while rounds < MOST {
        let shape = Shape::of(&search.net);
        let suspects = suspects(&search.net, &shape, &now, search.setting.options.dt);
        let Some(suspect) = suspects.into_iter().find(|s| !given_up.contains(&s.name)) else { break };
        // A model of which one run takes all that there is isn't tried at.
        if search.is_over(search.cost(None)) {
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
    let (trials, cut) = (search.trials, search.cut);
    Ok(Report { findings, trials, cut, seconds_taken: start.elapsed().as_secs_f64(), ..report })
}

struct Search<'a> {
    /// The network with what was mended so far.
    net: Network,
    setting: Setting,
    threads: usize,
    tell: &'a (dyn Fn(&str) + Sync),
    trials: usize,
    /// What is left of the budget.
    left: f64,
    /// Why no more is tried.
    cut: Option<String>,
}

impl Search<'_> {
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
            Subject::Noise(k) => candidates::smoother(net, now.connections[k].id),
            Subject::Alone(k) => candidates::alone(net, &now.connections[k]),
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
            let id = now.rules[k].id;
            let mut mended = self.net.clone();
            tried[best].0.change.apply(&mut mended)?;
            let to =
                learning::rate(&mended, id).zip(learning::rate(&self.net, id)).map_or(1.0, |(a, b)| a / b);
            let finer = [0.1, 0.1f64.sqrt(), 10f64.sqrt(), 10.0].map(|f| f * to);
            let more = learning::rates(&self.net, id, finer.into_iter());
            tried.extend(self.try_all(more, now, &suspect.path));
        }
        Ok(best(now, suspect.subject, &tried, earlier).map(|k| {
            let (candidate, measured) = tried.swap_remove(k);
            (candidate, Box::new(measured))
        }))
    }

    /// What a trial takes of the budget.
    fn cost(&self, of: Option<&Candidate>) -> f64 {
        let runs = if learns(&self.net) && of.is_none_or(|c| !is_the_same_without(c)) { 2 } else { 1 };
        let (seconds, dt) = (self.setting.seconds, self.setting.options.dt);
        work::of_trial(&self.net, of.map(|c| &c.change), seconds, dt, runs)
    }

    /// Whether the budget has no room for this, or the time limit is over; then it is noted why.
    fn is_over(&mut self, cost: f64) -> bool {
        if self.setting.over() {
            self.cut = Some(LIMIT.into());
        } else if cost > self.left {
            self.cut = Some(format!(
                "a trial takes {}, and {} is left of the budget",
                significant(cost, 2),
                significant(self.left.max(0.0), 2)
            ));
        }
        self.cut.is_some()
    }

    /// Runs the network with each of some changes. What can't be built or run is left out.
    fn try_all(&mut self, mut all: Vec<Candidate>, now: &Measured, path: &str) -> Vec<(Candidate, Measured)> {
        // What there is a budget for is chosen before the first is run, so that nothing depends on who is first.
        let mut fit = 0;
        for c in &all {
            let cost = self.cost(Some(c));
            if self.is_over(cost) {
                break;
            }
            self.left -= cost;
            fit += 1;
        }
        all.truncate(fit);
        let next = AtomicUsize::new(0);
        let done = Mutex::new(vec![]);
        let workers = self.threads.min(all.len()).max(1);
        let (net, setting, all, tell) = (&self.net, &self.setting, &all, self.tell);
        let work = || {
            loop {
                let k = next.fetch_add(1, Ordering::Relaxed);
                let Some(c) = all.get(k) else { break };
                if setting.over() {
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
        if self.setting.over() {
            self.cut = Some(LIMIT.into());
        }
        self.trials += done.len();
        done.into_iter().map(|(k, m)| (all[k].clone(), m)).collect()
    }
}

/// Whether the run without learning is the same with a change.
fn is_the_same_without(c: &Candidate) -> bool {
    matches!(c.parameter, Parameter::Rate | Parameter::Threshold)
}

/// One trial.
fn attempt(net: &Network, setting: &Setting, c: &Candidate, off: Option<&Arc<Run>>) -> Option<Measured> {
    let mut changed = net.clone();
    c.change.apply(&mut changed).ok()?;
    let mut setting = *setting;
    if let Some(dt) = c.change.time_step() {
        setting.options.dt = dt;
    }
    let m = measure::measure(&changed, &setting, off.filter(|_| is_the_same_without(c)).cloned()).ok()?;
    // What was cut off by the clock shows nothing.
    (!setting.over()).then_some(m)
}
