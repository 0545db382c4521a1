//! Step by step: parameters, spikes, pulse counts and weights.

use std::path::{Path, PathBuf};

use bouton::io::table::{Table, number};

use crate::Result;
use crate::files::Archive;
use crate::model::{Case, POPULATIONS};

/// Steps that both sides must go together.
const LEAST_STEPS: u64 = 500;
/// Largest difference of a weight until the spikes differ.
const WEIGHT_LIMIT: f64 = 1e-9;
/// Largest difference of gains, biases and encoders, relative to the largest of the array.
const PARAMETER_LIMIT: f64 = 1e-9;

/// What came of one case.
struct Outcome {
    /// Steps before the first spike that differs; all steps if none does.
    same_spikes: u64,
    /// Records (of weights and pulse counts) within those steps.
    records: usize,
    /// Pulses on all devices at the last of them, on either side.
    pulses: (f64, f64),
    /// Devices whose count differs at any of them.
    differing: usize,
    /// Largest difference of a weight.
    weight: f64,
    /// Largest weight.
    largest: f64,
    /// Largest relative difference of the drawn parameters.
    parameters: f64,
    /// Largest difference of a weight before the first step.
    initial: f64,
}

impl Outcome {
    fn holds(&self) -> bool {
        self.same_spikes >= LEAST_STEPS
            && self.records > 0
            && self.differing == 0
            && self.weight <= WEIGHT_LIMIT
            && self.initial <= WEIGHT_LIMIT
            && self.parameters <= PARAMETER_LIMIT
    }
}

/// Largest difference of two arrays of the same length.
fn difference(a: &[f64], b: &[f64]) -> Result<f64> {
    if a.len() != b.len() {
        return Err(format!("arrays of {} and {} numbers can't be compared", a.len(), b.len()).into());
    }
    if a.iter().chain(b).any(|v| !v.is_finite()) {
        return Ok(f64::INFINITY);
    }
    Ok(a.iter().zip(b).fold(0.0, |m, (a, b)| f64::max(m, (a - b).abs())))
}

fn largest(a: &[f64]) -> f64 {
    a.iter().fold(0.0, |m, v| f64::max(m, v.abs()))
}

/// The first step in which one side has a spike that the other lacks.
fn first_difference(a: &[f64], b: &[f64]) -> Option<u64> {
    // Both are sorted by step, then by neuron.
    let (a, b) = (a.chunks(2), b.chunks(2));
    let longest = a.len().max(b.len());
    let end = std::iter::repeat(None);
    let mut both = a.map(Some).chain(end.clone()).zip(b.map(Some).chain(end)).take(longest);
    both.find(|(a, b)| a != b).map(|(a, b)| {
        let step = |e: Option<&[f64]>| e.map_or(f64::INFINITY, |e| e[0]);
        step(a).min(step(b)) as u64
    })
}

/// Steps before the first spike that differs; all `steps` if none does.
pub fn same_spikes(ours: &Archive, theirs: &Archive, steps: u64) -> Result<u64> {
    let mut same = steps;
    for p in POPULATIONS {
        let name = format!("spikes.{p}");
        if let Some(step) = first_difference(&ours.values(&name)?, &theirs.values(&name)?) {
            same = same.min(step - 1);
        }
    }
    Ok(same)
}

fn outcome(dir: &Path, case: &Case) -> Result<Outcome> {
    let (dumped, ours, theirs) = (
        Archive::read(&dir.join("model.npz"))?,
        Archive::read(&dir.join("bouton.npz"))?,
        Archive::read(&dir.join("oracle.npz"))?,
    );
    let same = same_spikes(&ours, &theirs, case.steps())?;
    let mut parameters = 0.0f64;
    for p in POPULATIONS {
        for what in ["gain", "bias", "encoders"] {
            let name = format!("{what}.{p}");
            let (a, b) = (ours.values(&name)?, theirs.values(&name)?);
            parameters = parameters.max(difference(&a, &b)? / largest(&b));
        }
    }
    let steps = ours.values("record_steps")?;
    if steps != theirs.values("record_steps")? {
        return Err(format!("{}: the two sides recorded other steps", dir.display()).into());
    }
    let records = steps.iter().take_while(|s| **s as u64 <= same).count();
    let size = case.neurons * case.neurons;
    let part = |a: &Archive, name: &str| -> Result<Vec<f64>> {
        let mut v = a.values(name)?;
        if v.len() != steps.len() * size {
            return Err(format!("`{name}` has {} numbers", v.len()).into());
        }
        v.truncate(records * size);
        Ok(v)
    };
    let (mut differing, mut pulses) = (0, (0.0, 0.0));
    for name in ["pulses.plus", "pulses.minus"] {
        let (a, b) = (part(&ours, name)?, part(&theirs, name)?);
        let mut devices: Vec<usize> = (0..a.len()).filter(|k| a[*k] != b[*k]).map(|k| k % size).collect();
        devices.sort_unstable();
        devices.dedup();
        differing += devices.len();
        pulses.0 += a.iter().rev().take(size).sum::<f64>();
        pulses.1 += b.iter().rev().take(size).sum::<f64>();
    }
    let (a, b) = (part(&ours, "weights")?, part(&theirs, "weights")?);
    Ok(Outcome {
        same_spikes: same,
        records,
        pulses,
        differing,
        weight: difference(&a, &b)?,
        largest: largest(&a),
        parameters,
        initial: difference(&dumped.values("weights")?, &theirs.values("weights.initial")?)?,
    })
}

/// Prints a table of all cases. Whether all hold.
pub fn compare(dirs: &[PathBuf]) -> Result<bool> {
    let mut table = Table::new([
        "N",
        "spread",
        "seed",
        "steps",
        "same spikes until",
        "records",
        "pulses bouton",
        "pulses oracle",
        "devices that differ",
        "max |Δw|",
        "max |w|",
        "parameters",
        "",
    ]);
    let mut all = true;
    for dir in dirs {
        let case = Case::read(dir)?;
        let o = outcome(dir, &case)?;
        all &= o.holds();
        table.push([
            case.neurons.to_string(),
            format!("{}", case.spread),
            case.seed.to_string(),
            case.steps().to_string(),
            o.same_spikes.to_string(),
            o.records.to_string(),
            format!("{}", o.pulses.0),
            format!("{}", o.pulses.1),
            o.differing.to_string(),
            format!("{:.1e}", o.weight),
            number(o.largest),
            format!("{:.1e}", o.parameters),
            if o.holds() { "ok".into() } else { "FAILS".to_string() },
        ]);
    }
    table.print()?;
    println!(
        "limits: same spikes for {LEAST_STEPS} steps; until then equal pulse counts, weights to {WEIGHT_LIMIT:e}, drawn \
         parameters to {PARAMETER_LIMIT:e} relative"
    );
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differing_spike_is_found_on_either_side() {
        let a = [1.0, 0.0, 3.0, 1.0, 7.0, 0.0];
        assert_eq!(first_difference(&a, &a), None);
        assert_eq!(first_difference(&a, &a[..4]), Some(7));
        assert_eq!(first_difference(&a, &[1.0, 0.0, 2.0, 5.0, 7.0, 0.0]), Some(2));
        assert_eq!(first_difference(&[], &a), Some(1));
    }

    #[test]
    fn what_is_not_finite_differs() {
        assert_eq!(difference(&[1.0, 2.0], &[1.0, 2.5]).unwrap(), 0.5);
        assert_eq!(difference(&[f64::NAN], &[f64::NAN]).unwrap(), f64::INFINITY);
        assert!(difference(&[1.0], &[]).is_err());
    }
}
