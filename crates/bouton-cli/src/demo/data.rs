//! The recorded pulse wave.

use std::sync::Arc;

use bouton::io::{CsvOptions, read_csv_from};
use bouton::prelude::*;
use bouton::{Error, ErrorKind};

const CSV: &str = include_str!("../../../../data/ppg-100hz.csv");

/// A recording with its split into a training and a test part.
#[derive(Clone, Debug)]
pub struct Pulse {
    /// Samples, scaled so that the training part spans −1 to 1.
    pub values: Arc<Vec<f64>>,
    /// Sampling rate (Hz).
    pub rate: f64,
    /// Share of the recording that is for training.
    pub train: f64,
}

impl Pulse {
    /// The recording that comes with bouton: 24.8 s of a human pulse wave at 100 Hz; two thirds are for training.
    pub fn shipped() -> Result<Pulse, Error> {
        let table = read_csv_from(CSV.as_bytes(), CsvOptions::default())
            .map_err(|e| Error::caused(ErrorKind::File, "ppg-100hz.csv", e))?;
        Ok(Pulse::scaled(&table.column(0), 100.0, 2.0 / 3.0))
    }

    /// A recording scaled to ±1 by the range of its training part: what comes later may go beyond.
    pub fn scaled(raw: &[f64], rate: f64, train: f64) -> Pulse {
        let n = ((raw.len() as f64 * train) as usize).max(1).min(raw.len());
        let low = raw[..n].iter().copied().fold(f64::INFINITY, f64::min);
        let high = raw[..n].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let half = (0.5 * (high - low)).max(f64::MIN_POSITIVE);
        let values = raw.iter().map(|v| (v - low) / half - 1.0).collect();
        Pulse { values: Arc::new(values), rate, train }
    }

    /// The first rows of it, as a recording of their own.
    pub fn first(&self, rows: usize) -> Pulse {
        Pulse { values: Arc::new(self.values[..rows].to_vec()), ..self.clone() }
    }

    /// Rows of the training part.
    pub fn train_rows(&self) -> usize {
        (self.values.len() as f64 * self.train) as usize
    }

    /// Length of the recording (s).
    pub fn seconds(&self) -> f64 {
        self.values.len() as f64 / self.rate
    }

    /// Length of the training part (s).
    pub fn train_seconds(&self) -> f64 {
        self.train_rows() as f64 / self.rate
    }

    /// The recording as the output of a node.
    pub fn output(&self) -> Output {
        Output::process(Table {
            values: self.values.clone(),
            width: 1,
            rate: self.rate,
            interpolation: Interpolation::Linear,
            past_end: PastEnd::Hold,
            ..Table::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_training_part_decides_the_scale() {
        let p = Pulse::scaled(&[2.0, 4.0, 3.0, 9.0], 100.0, 0.75);
        assert_eq!(*p.values, [-1.0, 1.0, 0.0, 6.0]);
        let shipped = Pulse::shipped().unwrap();
        assert_eq!((shipped.values.len(), shipped.train_rows()), (2483, 1655));
        let train = &shipped.values[..1655];
        assert!(
            train.iter().all(|v| (-1.0..=1.0).contains(v)) && train.contains(&1.0) && train.contains(&-1.0)
        );
    }
}
