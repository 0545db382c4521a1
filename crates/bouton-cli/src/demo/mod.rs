//! The demonstration: a population learns the square of a recorded pulse wave through memristors.
//!
//! A population `pre` represents the input; its spikes go through a matrix of synapses to a population `post`, whose
//! decoded value should become the square of the input. The matrix is what differs between the methods of [`Method`];
//! neurons, data and everything else are the same. It learns for the first two thirds of the recording, and is tested
//! on the rest with learning off. Scaling, learning rate and gains see the first part only.

pub mod data;
pub mod metrics;
mod model;
mod report;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bouton::prelude::*;

use crate::signals::Stop;
pub use data::Pulse;
pub use metrics::Scores;
pub use model::{Method, Model, NEURONS, Trial, describe, devices};
pub use report::{NOTE, figure, tables, write_recording, write_scores};

/// How the demonstration is run.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Number of seeds, at least 1.
    pub seeds: usize,
    /// Threads: seeds run side by side.
    pub threads: usize,
}

/// What one method did with one seed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: usize,
    /// The method, with its resolved parameters.
    pub method: Method,
    /// Scores on the test part.
    pub scores: Scores,
    /// Mean pulses a device.
    pub pulses: f64,
    /// Largest change of a weight that 10,000 pulses can make, for devices.
    pub reach: f64,
    /// Gain of the devices, 0 without.
    pub gain: f64,
    /// Wall time for a simulated second (s).
    pub wall: f64,
    /// Recordings, of the lowest seed that was finished.
    pub trial: Option<Trial>,
}

/// All outcomes: one list of methods a seed.
#[derive(Clone, Debug)]
pub struct Report {
    /// The input.
    pub pulse: Pulse,
    /// By seed, by method: the seeds that were finished, at least one.
    pub outcomes: Vec<Vec<Outcome>>,
    /// Number of seeds asked for.
    pub asked: usize,
}

/// Learning rates of PES that are tried.
pub const PES_RATES: [f64; 5] = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2];

/// Share of the training part on which a learning rate learns; the rest of it chooses.
const CHOOSE_AFTER: f64 = 2.0 / 3.0;

/// Runs the demonstration. `done(k, of)` is called after each simulation. `stop` ends it early: the report is then of the
/// seeds that were finished, and an error if there is none.
pub fn run(
    pulse: &Pulse,
    options: &DemoOptions,
    done: &(dyn Fn(usize, usize) + Sync),
    stop: &Stop,
) -> Result<Report, Error> {
    let total = options.seeds * simulations();
    let finished = AtomicUsize::new(0);
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![]);
    let count = || done(finished.fetch_add(1, Ordering::Relaxed) + 1, total);
    std::thread::scope(|scope| {
        for _ in 0..options.threads.clamp(1, options.seeds) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= options.seeds || stop.asked() {
                        break;
                    }
                    let Some(r) = one_seed(pulse, seed, &count, stop).transpose() else { break };
                    if let Ok(mut all) = results.lock() {
                        all.push((seed, r));
                        keep_one_recording(&mut all);
                    }
                }
            });
        }
    });
    let mut all = results.into_inner().unwrap_or_default();
    all.sort_by_key(|r| r.0);
    let outcomes = all.into_iter().map(|r| r.1).collect::<Result<Vec<_>, _>>()?;
    if outcomes.is_empty() {
        return Err(Error::run("", "stopped before the first seed was done; there is nothing to report"));
    }
    Ok(Report { pulse: pulse.clone(), outcomes, asked: options.seeds })
}

/// Simulations of one seed.
pub fn simulations() -> usize {
    // Zero weights, solved weights, PES.
    PES_RATES.len() + 3 + Method::all_mpes().len()
}

type SeedResult = (usize, Result<Vec<Outcome>, Error>);

/// Recordings are large: those of the lowest seed are enough for files and figure.
fn keep_one_recording(all: &mut [SeedResult]) {
    let lowest = all.iter().filter(|r| r.1.is_ok()).map(|r| r.0).min();
    for (seed, r) in all.iter_mut() {
        if Some(*seed) != lowest {
            r.iter_mut().flatten().for_each(|o| o.trial = None);
        }
    }
}

/// All methods with one seed; `None` if it was stopped.
fn one_seed(
    pulse: &Pulse,
    seed: usize,
    count: &dyn Fn(),
    stop: &Stop,
) -> Result<Option<Vec<Outcome>>, Error> {
    // The rate is chosen inside the training part: learn on its beginning, compare on its end.
    let inner = pulse.first(pulse.train_rows());
    let inner = Pulse { train: CHOOSE_AFTER, ..inner };
    let mut best = (f64::INFINITY, PES_RATES[0]);
    for rate in PES_RATES {
        let mse = match tried(&inner, seed, Method::Pes { rate }, stop) {
            Ok(Some(o)) => o.scores.mse,
            Ok(None) => return Ok(None),
            // A rate that is too high runs away: it is not the best.
            Err(_) => f64::INFINITY,
        };
        if mse < best.0 {
            best = (mse, rate);
        }
        count();
    }
    let mut all = vec![];
    let others = [Method::Zero, Method::Constant, Method::Solved, Method::Pes { rate: best.1 }];
    for method in others.into_iter().chain(Method::all_mpes()) {
        let Some(one) = tried(pulse, seed, method, stop)? else { return Ok(None) };
        all.push(one);
        if !matches!(method, Method::Constant) {
            count();
        }
    }
    Ok(Some(all))
}

/// Runs one method with one seed on a recording, and scores it on the test part.
///
/// # Errors
/// What can't be built or run.
pub fn outcome(pulse: &Pulse, seed: usize, method: Method) -> Result<Outcome, Error> {
    let one = tried(pulse, seed, method, &Stop::new())?;
    one.ok_or_else(|| Error::run("", "stopped, though nobody asked for it"))
}

/// The same; `None` if it was stopped.
fn tried(pulse: &Pulse, seed: usize, method: Method, stop: &Stop) -> Result<Option<Outcome>, Error> {
    let start = Instant::now();
    let Some(trial) = model::run(pulse, seed, method, stop)? else { return Ok(None) };
    let wall = start.elapsed().as_secs_f64() / pulse.seconds();
    let scores = trial.scores(pulse);
    let (pulses, reach, gain) = (trial.pulses, trial.reach, trial.gain);
    Ok(Some(Outcome { seed, method, scores, pulses, reach, gain, wall, trial: Some(trial) }))
}
