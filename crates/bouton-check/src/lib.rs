//! The check of a model: it is run, what it does is measured, and what looks mis-scaled is mended as a trial.
//!
//! Nothing is assumed of the input. A model is run for a short while with its learning on and once more with it off, and
//! of every population, connection and rule it is measured what they are given and what they make of it. Where something
//! is lost, changes are tried one by one in runs of their own; an advice is one of these that was better, with the figure
//! before and after.
//!
//! *Better* means that what a population decodes is nearer to what it is given, or that a rule's own error falls further,
//! and nothing else in the model gets worse. How much of its range a population uses is never better or worse by itself.
//!
//! ```
//! use bouton::prelude::*;
//! use bouton_check::{CheckOptions, Parameter, check};
//!
//! let mut net = Network::with_seed(1);
//! let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (6.0 * t).sin()));
//! let a = net.ensemble("a", Ensemble::new(50, 1));
//! let c = net.connect(stim, a, Connection::new().transform(800.0));
//! let report = check(&net, &CheckOptions::default())?;
//! let found = &report.findings[0];
//! assert_eq!((&found.object[..], found.parameter), ("stim→a", Parameter::Transform));
//! found.advice.as_ref().unwrap().apply(&mut net)?;
//! assert!(check(&net, &CheckOptions::default())?.findings.is_empty());
//! # Ok::<(), bouton::Error>(())
//! ```
#![forbid(unsafe_code)]

mod alone;
mod asked;
mod brought;
mod candidates;
mod change;
mod choice;
mod descriptions;
mod inform;
mod later;
mod learning;
mod measure;
mod report;
mod scales;
mod score;
mod search;
mod shape;
mod sources;
mod suspects;
mod trial;
mod watch;
mod work;

use bouton::Error;
use bouton::model::Network;

pub use change::{Change, Parameter};
pub use measure::{Arriving, Learned, Population};
pub use report::Report;

/// How a model is checked.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// Length of a trial run (simulated seconds). `None`: 2.5 s, with learning rules 6 s, and no longer than
    /// [`run_seconds`](CheckOptions::run_seconds).
    pub seconds: Option<f64>,
    /// How long the model is meant to run (simulated seconds). Where inputs that read only time become larger later than the
    /// trial, it is a trial of that later part. `None`: as long as the trial.
    pub run_seconds: Option<f64>,
    /// How the simulators of trials are made. Their threads are also the trials that run at once.
    pub simulator: bouton::Options,
    /// Work for trials: numbers that a model's steps touch, and what solving its decoders takes, counted in numbers too.
    /// What is found is the same on any machine, with any number of threads. Default 1e10.
    pub budget: f64,
    /// Wall time for trials (s), after which nothing more is tried. What is found then depends on the machine; the report
    /// says so ([`Report::cut`]). `None`: none.
    pub time_limit: Option<f64>,
}

/// The default of [`CheckOptions::budget`].
pub const BUDGET: f64 = 1e10;

impl Default for CheckOptions {
    fn default() -> CheckOptions {
        CheckOptions {
            seconds: None,
            run_seconds: None,
            simulator: bouton::Options::default(),
            budget: BUDGET,
            time_limit: None,
        }
    }
}

/// Something in a model that is at fault.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// Path of the ensemble, connection or rule.
    pub object: String,
    /// What of it.
    pub parameter: Parameter,
    /// What was seen, with figures.
    pub seen: String,
    /// What mends it; `None` where nothing that was tried is better.
    pub advice: Option<Advice>,
}

/// A change that a trial has shown to be better.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Advice {
    /// What to do, for a person.
    pub words: String,
    /// The change itself.
    pub change: Change,
    /// The error before it, relative to the signal: of what the population decodes, or of the rule's own error to that
    /// without learning.
    pub before: f64,
    /// The same with the change.
    pub after: f64,
}

impl Advice {
    /// Changes a network. A change of the time step is none of the network: see [`Change::time_step`].
    ///
    /// # Errors
    /// The object is not in the network, or no longer of the kind that it was.
    pub fn apply(&self, net: &mut Network) -> Result<(), Error> {
        self.change.apply(net)
    }
    /// This one and then another of the same object and parameter, as one.
    fn then(&self, net: &Network, next: &Advice) -> Advice {
        let change = match (&self.change, &next.change) {
            (
                Change::Scale { connection, rows, factor },
                Change::Scale { connection: c, rows: r, factor: next },
            ) if connection == c && rows == r => {
                Change::Scale { connection: *connection, rows: rows.clone(), factor: factor * next }
            }
            (Change::Ensemble { parameter: Parameter::Radius, .. }, c @ Change::Ensemble { .. }) => c.clone(),
            (first, next) => Change::All(vec![first.clone(), next.clone()]),
        };
        let words = change.words(net).unwrap_or_else(|| format!("{}; then {}", self.words, next.words));
        Advice { words, change, before: self.before, after: next.after }
    }
}

/// Runs a model, measures it, and tries what might mend it. The network itself is not changed.
///
/// # Errors
/// A model that can't be built; options that make no sense.
pub fn check(net: &Network, options: &CheckOptions) -> Result<Report, Error> {
    check_telling(net, options, &|_| {})
}

/// [`check`] that tells before each trial what is tried, from whichever thread does it.
///
/// # Errors
/// Those of [`check`].
pub fn check_telling(
    net: &Network,
    options: &CheckOptions,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Report, Error> {
    for (name, value, what) in [
        ("seconds", options.seconds, "a number of seconds"),
        ("run_seconds", options.run_seconds, "a number of seconds"),
        ("time_limit", options.time_limit, "a number of seconds"),
        ("budget", Some(options.budget), "a number"),
    ] {
        if let Some(x) = value.filter(|x| !(x.is_finite() && *x > 0.0)) {
            return Err(Error::model("", format!("`{name}` must be {what} greater than 0, found {x}")));
        }
    }
    search::check(net, options, tell)
}
