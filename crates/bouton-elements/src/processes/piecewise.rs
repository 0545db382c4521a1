//! Values at given times.
//!
//! | parameter | default | unit |
//! |---|---|---|
//! | `times` | – | s, ascending |
//! | `values` | – | one row a time, or one value a time |
//! | `interpolation` | hold | hold the last value, or linear |
//!
//! Before the first time the value is 0; after the last one it is held, or 0 with linear interpolation (as Nengo has it).

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ProcessModel, ProcessStep};
use crate::Element;
use crate::rows;
use crate::var::Var;

/// What happens between two given values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// The last value is held.
    #[default]
    Hold,
    /// A straight line.
    Linear,
}

/// Values at given times, held or interpolated. Before the first time they are 0; after the last they are held, or 0
/// with linear interpolation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Piecewise {
    /// Times (s), ascending.
    pub times: Vec<f64>,
    /// One row of values a time, or one value a time.
    #[serde(deserialize_with = "rows::read")]
    #[schemars(with = "rows::Rows")]
    pub values: Vec<Vec<f64>>,
    /// What happens in between.
    #[serde(default)]
    pub interpolation: Interpolation,
}

impl Element for Piecewise {
    const NAME: &'static str = "piecewise";
    const PAGE: &'static str = include_str!("piecewise.rs");
    fn example() -> Option<Piecewise> {
        Some(Piecewise { times: vec![0.0], values: vec![vec![1.0]], interpolation: Interpolation::Hold })
    }
}

struct Running {
    p: Piecewise,
    dt: f64,
}

impl ProcessStep for Running {
    fn step(&mut self, t: f64, out: &mut [f64]) -> Result<(), String> {
        let times = &self.p.times;
        out.fill(0.0);
        match self.p.interpolation {
            // Half a step of slack, so that a value begins in the step that its time falls on.
            Interpolation::Hold => {
                let i = times.partition_point(|x| *x < t + 0.5 * self.dt);
                if i > 0 {
                    out.copy_from_slice(&self.p.values[i - 1]);
                }
            }
            Interpolation::Linear => {
                let i = times.partition_point(|x| *x < t);
                if i == 0 || i == times.len() {
                    if i == 0 && times[0] == t {
                        out.copy_from_slice(&self.p.values[0]);
                    }
                    return Ok(());
                }
                let (a, b) = (&self.p.values[i - 1], &self.p.values[i]);
                let slope = 1.0 / (times[i] - times[i - 1]);
                for (k, y) in out.iter_mut().enumerate() {
                    *y = (b[k] - a[k]) * slope * (t - times[i - 1]) + a[k];
                }
            }
        }
        Ok(())
    }
}

impl ProcessModel for Piecewise {
    fn check(&self, width: usize, _: f64) -> Result<(), String> {
        if self.times.is_empty() || self.times.len() != self.values.len() {
            return Err(format!(
                "`times` and `values` must have the same number of entries, at least one, found {} and {}",
                self.times.len(),
                self.values.len()
            ));
        }
        if self.times.windows(2).any(|w| w[0] >= w[1]) || self.times.iter().any(|t| !t.is_finite()) {
            return Err("`times` must be finite and ascending".into());
        }
        if let Some(v) = self.values.iter().find(|v| v.len() != width) {
            return Err(format!("every row of `values` must have {width} numbers, found one of {}", v.len()));
        }
        if self.values.iter().flatten().any(|v| !v.is_finite()) {
            return Err("`values` must be finite".into());
        }
        Ok(())
    }
    fn width(&self) -> Option<usize> {
        self.values.first().map(Vec::len)
    }
    fn seed(&self) -> Option<u32> {
        None
    }
    fn vars(&self) -> Vec<Var> {
        let rows = "the values at these times, one row behind the other";
        vec![
            Var::list("times", "s", &self.times, "times, ascending").when_built(),
            Var::list("values", "", &self.values.concat(), rows).when_built(),
            Var::choice("interpolation", &self.interpolation, "what happens in between"),
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
    fn values_begin_on_their_step() {
        let mut p = Piecewise {
            times: vec![0.002, 0.004],
            values: vec![vec![1.0], vec![3.0]],
            interpolation: Interpolation::Hold,
        };
        let at = |p: &Piecewise, k: u32| {
            let mut y = [9.0];
            p.start(1, 0.001, RandomState::new(0)).unwrap().step(f64::from(k) * 0.001, &mut y).unwrap();
            y[0]
        };
        assert_eq!([1, 2, 3, 4, 9].map(|k| at(&p, k)), [0.0, 1.0, 1.0, 3.0, 3.0]);
        p.interpolation = Interpolation::Linear;
        let y = [1, 2, 3, 4, 5].map(|k| at(&p, k));
        assert!((y[2] - 2.0).abs() < 1e-12 && y[0] == 0.0 && y[4] == 0.0, "{y:?}");
        // A quarter of the way between two times, of two values at once.
        let two = Piecewise {
            times: vec![0.002, 0.01],
            values: vec![vec![1.0, -2.0], vec![3.0, 6.0]],
            interpolation: Interpolation::Linear,
        };
        let mut y = [9.0; 2];
        two.check(2, 0.001).unwrap();
        two.start(2, 0.001, RandomState::new(0)).unwrap().step(0.004, &mut y).unwrap();
        assert!((y[0] - 1.5).abs() < 1e-12 && y[1].abs() < 1e-12, "{y:?}");
        assert!(two.check(1, 0.001).unwrap_err().contains("1 numbers, found one of 2"));
        p.times.swap(0, 1);
        assert!(p.check(1, 0.001).unwrap_err().contains("ascending"));
    }
}
