//! What is better: figures of two trials compared.

use crate::measure::{Arriving, ERRORS, Learned, Measured, Population};

/// A connection's decoders count with this weight beside a population.
const READOUT: f64 = 0.5;

/// What an advice is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A population, by its number.
    Population(usize),
    /// What a connection decodes, by its place among the measured ones.
    Readout(usize),
    /// What is left of the signal behind a connection's synapse.
    Filter(usize),
    /// Noise that a connection's synapse lets through.
    Noise(usize),
    /// What a connection brings while it alone brings something.
    Alone(usize),
    /// A population that nothing drives but currents, and that never fires.
    Silent(usize),
    /// A rule, by its place among the measured ones.
    Rule(usize),
}

/// Root mean square of the errors of the dimensions that are given anything.
fn over_dimensions(p: &Population, of: impl Fn(f64) -> f64) -> f64 {
    let given = p.error.iter().zip(&p.given).filter(|(_, g)| **g > 0.0);
    let squares: Vec<f64> = given.map(|(r, _)| of(*r).powi(2)).collect();
    if squares.is_empty() { 0.0 } else { (squares.iter().sum::<f64>() / squares.len() as f64).sqrt() }
}

fn clip(r: f64) -> f64 {
    if r.is_nan() { ERRORS.1 } else { r.clamp(ERRORS.0, ERRORS.1) }
}

impl Population {
    /// Its relative error, in which every dimension counts the same that it is given anything in.
    pub(crate) fn badness(&self) -> f64 {
        over_dimensions(self, clip)
    }
    /// The same as it is.
    pub(crate) fn off(&self) -> f64 {
        over_dimensions(self, |r| r)
    }
}

/// The error of a subject in a trial; larger is worse.
pub(crate) fn error(m: &Measured, of: Subject) -> f64 {
    match of {
        Subject::Population(e) => m.populations[e].as_ref().map_or(0.0, Population::badness),
        Subject::Readout(k) => m.connections[k].error.iter().fold(0.0, |a, r| f64::max(a, clip(*r))),
        Subject::Filter(k) => m.connections[k].unfiltered(),
        Subject::Noise(k) => m.connections[k].noise.map_or(ERRORS.1, clip),
        Subject::Alone(k) => m.connections[k].alone.map_or(ERRORS.1, clip),
        Subject::Silent(e) => m.populations[e].as_ref().map_or(0.0, |p| p.silent.max(ERRORS.0)),
        Subject::Rule(k) => m.rules[k].left().clamp(ERRORS.0, 2.0 * ERRORS.1),
    }
}

/// The same for a person: what is better than needed is shown as it is.
pub(crate) fn shown(m: &Measured, of: Subject) -> f64 {
    match of {
        Subject::Population(e) => m.populations[e].as_ref().map_or(0.0, Population::off),
        Subject::Silent(e) => m.populations[e].as_ref().map_or(0.0, |p| p.silent),
        Subject::Rule(k) => m.rules[k].left(),
        Subject::Noise(k) => m.connections[k].noise.unwrap_or(0.0),
        Subject::Alone(k) => m.connections[k].alone.unwrap_or(0.0),
        other => error(m, other),
    }
}

/// The sum of the logarithms of all errors of a model: lower is better.
pub(crate) fn total(m: &Measured) -> f64 {
    let mut sum = 0.0;
    for p in m.populations.iter().flatten() {
        sum += clip(p.total).ln();
        if p.informed {
            sum += clip(p.badness()).ln();
        } else {
            sum += ERRORS.1.ln();
        }
    }
    for c in &m.connections {
        if let Some(worst) = c.error.iter().copied().reduce(f64::max) {
            sum += READOUT * clip(worst).ln();
        }
        sum += filter(c);
    }
    sum + rules(m)
}

/// The part of a synapse in it.
fn filter(c: &Arriving) -> f64 {
    if c.kept.is_some() { READOUT * c.unfiltered().ln() } else { 0.0 }
}

/// The same where a synapse is to smooth noise: by that it is judged, and not by the delay that it comes with.
pub(crate) fn total_but_delay(m: &Measured, k: usize) -> f64 {
    total(m) - filter(&m.connections[k]) + READOUT * error(m, Subject::Noise(k)).ln()
}

/// The same where it is judged by the times at which a connection alone brings something: of all times these may be few.
pub(crate) fn total_of_alone(m: &Measured, k: usize) -> f64 {
    total(m) + READOUT * error(m, Subject::Alone(k)).ln()
}

/// The part of rules in it. A run that breaks off is worse than any.
pub(crate) fn rules(m: &Measured) -> f64 {
    let left = |r: &Learned| 2.0 * r.left().clamp(ERRORS.0, 2.0 * ERRORS.1).ln();
    let sum: f64 = m.rules.iter().map(left).sum();
    if m.failed.is_some() { sum + 10.0 } else { sum }
}
