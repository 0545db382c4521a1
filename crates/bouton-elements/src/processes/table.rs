//! Rows of a table, played at a sampling rate: a recording as input.
//!
//! | parameter | default | unit |
//! |---|---|---|
//! | `rate` | – | Hz; row k belongs to t = k / rate |
//! | `times` | none | s, ascending; row k belongs to the k-th, in place of a rate |
//! | `interpolation` | hold | hold the last row, or linear |
//! | `past_end` | hold | hold the last row, zero, loop, or an error |
//!
//! The step that ends at t reads the table at t − dt, the time at which it began: row 0 is the first step's. Before the first
//! of the times the first row is held. A table with times ends with its last one, and one that begins again does so at its
//! first: the last row lasts no time then.

use std::sync::Arc;

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ProcessModel, ProcessStep};
use crate::Element;
use crate::var::{Bounds, Var};

/// What happens between two rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// The last row is held.
    #[default]
    Hold,
    /// A straight line.
    Linear,
}

/// What happens past the end of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PastEnd {
    /// The last row is held.
    #[default]
    Hold,
    /// All values are zero.
    Zero,
    /// The table begins again.
    Loop,
    /// The run stops with an error.
    Error,
}

/// Rows of a table at a sampling rate. In a model file, the `table` of a node.
///
/// No model file names it by its type: the rows are in a file of their own, which the `table` of a node names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Table {
    /// Rows, one behind the other.
    pub values: Arc<Vec<f64>>,
    /// Numbers in a row.
    pub width: usize,
    /// Rows a second (Hz); of no meaning where the rows have times.
    pub rate: f64,
    /// Time of each row (s), ascending; empty where they have a rate.
    pub times: Arc<Vec<f64>>,
    /// What happens between two rows.
    pub interpolation: Interpolation,
    /// What happens past the end.
    pub past_end: PastEnd,
}

impl Default for Table {
    fn default() -> Table {
        Table {
            values: Arc::new(vec![0.0]),
            width: 1,
            rate: 1.0,
            times: Arc::new(vec![]),
            interpolation: Interpolation::Hold,
            past_end: PastEnd::Hold,
        }
    }
}

impl Element for Table {
    const NAME: &'static str = "table";
    const PAGE: &'static str = include_str!("table.rs");
    const IN_FILES: bool = false;
}

impl Table {
    /// How long it lasts (s): to the end of its last row, or to its last time.
    pub fn seconds(&self) -> f64 {
        match self.times.last() {
            Some(t) => *t,
            None => (self.values.len() / self.width.max(1)) as f64 / self.rate,
        }
    }
    /// Of a table with times: the row at a time, with so much slack (s), and how far it is on the way to the next. A row
    /// behind the last one stands for the end.
    fn at(&self, t: f64, slack: f64) -> (usize, f64) {
        let (times, rows) = (&self.times, self.times.len());
        let mut t = t;
        let (first, last) = (times[0], times[rows - 1]);
        if self.past_end == PastEnd::Loop && last > first && t + slack >= last {
            t = first + (t + slack - first).rem_euclid(last - first) - slack;
        }
        let i = times.partition_point(|x| *x <= t + slack);
        if i == 0 {
            return (0, 0.0);
        }
        // The last row is held for as long as a step's slack, as it has no time of its own.
        if i == rows {
            return (if t > last + slack { rows } else { rows - 1 }, 0.0);
        }
        let (a, b) = (times[i - 1], times[i]);
        (i - 1, ((t - a) / (b - a)).clamp(0.0, 1.0))
    }
}

struct Running {
    p: Table,
    dt: f64,
}

impl ProcessStep for Running {
    fn step(&mut self, t: f64, out: &mut [f64]) -> Result<(), String> {
        let (w, p) = (self.p.width, &self.p);
        let rows = p.values.len() / w;
        let (mut i, frac) = if p.times.is_empty() {
            // A millionth of a row of slack: k·dt·rate falls short of whole numbers by rounding.
            let x = (t - self.dt) * p.rate + 1e-6;
            (x.floor().max(0.0) as usize, (x - x.floor() - 1e-6).max(0.0))
        } else {
            p.at(t - self.dt, 1e-6 * self.dt)
        };
        if i >= rows {
            match p.past_end {
                PastEnd::Hold => i = rows - 1,
                PastEnd::Loop => i %= rows,
                PastEnd::Zero => {
                    out.fill(0.0);
                    return Ok(());
                }
                PastEnd::Error => {
                    return Err(format!(
                        "the table ended: it has {rows} rows, and lasts {} s; \
                         give `past_end` (hold, zero or loop) or a shorter run",
                        p.seconds()
                    ));
                }
            }
        }
        let row = |i: usize| &p.values[i * w..(i + 1) * w];
        out.copy_from_slice(row(i));
        if p.interpolation == Interpolation::Linear {
            let next = if i + 1 < rows {
                i + 1
            } else if p.past_end == PastEnd::Loop {
                0
            } else {
                i
            };
            for (y, b) in out.iter_mut().zip(row(next)) {
                *y += (b - *y) * frac;
            }
        }
        Ok(())
    }
}

impl ProcessModel for Table {
    fn check(&self, width: usize, _: f64) -> Result<(), String> {
        Bounds::POSITIVE.check("rate", self.rate)?;
        if self.width == 0 || self.values.is_empty() || !self.values.len().is_multiple_of(self.width) {
            return Err("the table must have at least one row, and rows of equal length".into());
        }
        if width != self.width {
            return Err(format!("the node has {width} values, the table {} columns", self.width));
        }
        if !self.times.is_empty() && self.times.len() * self.width != self.values.len() {
            return Err(format!(
                "the table has {} times for {} rows",
                self.times.len(),
                self.values.len() / self.width
            ));
        }
        if self.times.windows(2).any(|w| w[0] >= w[1]) || self.times.iter().any(|t| !t.is_finite()) {
            return Err("the times of the table must be finite and ascending".into());
        }
        match self.values.iter().position(|v| !v.is_finite()) {
            Some(k) => Err(format!("row {} of the table is not finite: {}", k / self.width, self.values[k])),
            None => Ok(()),
        }
    }
    fn width(&self) -> Option<usize> {
        Some(self.width)
    }
    fn seed(&self) -> Option<u32> {
        None
    }
    fn vars(&self) -> Vec<Var> {
        vec![
            Var::fixed("rate", "Hz", self.rate, Bounds::POSITIVE, "rows a second"),
            Var::choice("interpolation", &self.interpolation, "what happens between two rows"),
            Var::choice("past_end", &self.past_end, "what happens past the end"),
        ]
    }
    fn start(&self, _: usize, dt: f64, _: RandomState) -> Result<Box<dyn ProcessStep>, String> {
        Ok(Box::new(Running { p: self.clone(), dt }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_last_their_time_and_the_end_is_as_asked() {
        let table = |interpolation, past_end| Table {
            values: Arc::new(vec![1.0, 2.0, 4.0]),
            width: 1,
            rate: 100.0,
            times: Arc::new(vec![]),
            interpolation,
            past_end,
        };
        let at = |t: &Table, k: u32| {
            let mut y = [9.0];
            t.start(1, 0.001, RandomState::new(0)).unwrap().step(f64::from(k) * 0.001, &mut y).map(|()| y[0])
        };
        let held = table(Interpolation::Hold, PastEnd::Hold);
        assert_eq!(
            [1, 10, 11, 20, 21, 30, 31, 99].map(|k| at(&held, k).unwrap()),
            [1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 4.0, 4.0]
        );
        assert_eq!(at(&table(Interpolation::Hold, PastEnd::Loop), 31).unwrap(), 1.0);
        assert_eq!(at(&table(Interpolation::Hold, PastEnd::Zero), 31).unwrap(), 0.0);
        assert!(at(&table(Interpolation::Hold, PastEnd::Error), 31).unwrap_err().contains("3 rows"));
        let linear = table(Interpolation::Linear, PastEnd::Hold);
        assert!((at(&linear, 6).unwrap() - 1.5).abs() < 1e-6 && (at(&linear, 1).unwrap() - 1.0).abs() < 1e-6);
        assert!(
            (at(&linear, 14).unwrap() - 2.6).abs() < 1e-6 && (at(&linear, 26).unwrap() - 4.0).abs() < 1e-6
        );
        let round = table(Interpolation::Linear, PastEnd::Loop);
        assert!((at(&round, 26).unwrap() - 2.5).abs() < 1e-6 && (at(&round, 36).unwrap() - 1.5).abs() < 1e-6);
        // Rows at times of their own: held, on a straight line, at the end, and round.
        let timed = |interpolation, past_end| Table {
            times: Arc::new(vec![0.002, 0.004, 0.01]),
            ..table(interpolation, past_end)
        };
        let held = timed(Interpolation::Hold, PastEnd::Hold);
        assert_eq!(
            [1, 2, 3, 4, 5, 10, 11, 99].map(|k| at(&held, k).unwrap()),
            [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0]
        );
        let straight = timed(Interpolation::Linear, PastEnd::Zero);
        let y = [3, 4, 5, 8, 11, 12].map(|k| at(&straight, k).unwrap());
        let wanted = [1.0, 1.5, 2.0, 3.0, 4.0, 0.0];
        assert!(y.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6), "{y:?}");
        assert!(at(&timed(Interpolation::Hold, PastEnd::Error), 12).unwrap_err().contains("0.01 s"));
        // Eight milliseconds from the first time to the last: step 12 is where step 4 was.
        let round = timed(Interpolation::Linear, PastEnd::Loop);
        for k in [3, 4, 5, 8, 10] {
            let (a, b) = (at(&round, k).unwrap(), at(&round, k + 8).unwrap());
            assert!((a - b).abs() < 1e-6, "step {k}: {a} and {b}");
        }
        let few = Table { times: Arc::new(vec![0.0]), ..timed(Interpolation::Hold, PastEnd::Hold) };
        assert!(few.check(1, 0.001).unwrap_err().contains("1 times for 3 rows"));
        // Two columns, of which neither is taken for the other.
        let two = Table { values: Arc::new(vec![1.0, -1.0, 2.0, -5.0, 4.0, 9.0]), width: 2, ..linear };
        let mut y = [0.0; 2];
        two.start(2, 0.001, RandomState::new(0)).unwrap().step(0.013, &mut y).unwrap();
        assert!((y[0] - 2.4).abs() < 1e-6 && (y[1] + 2.2).abs() < 1e-6, "{y:?}");
    }
}
