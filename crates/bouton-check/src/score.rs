//! What is better: figures of two trials compared.

use crate::measure::{ERRORS, Measured, Population};

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
    /// A population that nothing drives but currents, and that never fires.
    Silent(usize),
    /// A rule, by its place among the measured ones.
    Rule(usize),
}

fn clip(r: f64) -> f64 {
    if r.is_nan() { ERRORS.1 } else { r.clamp(ERRORS.0, ERRORS.1) }
}

impl Population {
    /// Its relative error, in which every dimension counts the same that it is given anything in.
    pub(crate) fn badness(&self) -> f64 {
        let given = self.error.iter().zip(&self.given).filter(|(_, g)| **g > 0.0);
        let squares: Vec<f64> = given.map(|(r, _)| clip(*r).powi(2)).collect();
        if squares.is_empty() { 0.0 } else { (squares.iter().sum::<f64>() / squares.len() as f64).sqrt() }
    }
}

/// The error of a subject in a trial; larger is worse.
pub(crate) fn error(m: &Measured, of: Subject) -> f64 {
    match of {
        Subject::Population(e) => m.populations[e].as_ref().map_or(0.0, Population::badness),
        Subject::Readout(k) => m.connections[k].error.iter().fold(0.0, |a, r| f64::max(a, clip(*r))),
        Subject::Filter(k) => m.connections[k].unfiltered(),
        Subject::Silent(e) => m.populations[e].as_ref().map_or(0.0, |p| p.silent.max(ERRORS.0)),
        Subject::Rule(k) => m.rules[k].left().clamp(ERRORS.0, 2.0 * ERRORS.1),
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
        if c.kept.is_some() {
            sum += READOUT * c.unfiltered().ln();
        }
    }
    for r in &m.rules {
        sum += 2.0 * r.left().clamp(ERRORS.0, 2.0 * ERRORS.1).ln();
    }
    if m.failed.is_some() { sum + 10.0 } else { sum }
}
