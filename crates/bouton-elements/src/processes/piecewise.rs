//! Values at given times.
//!
//! | parameter | default | unit |
//! |---|---|---|
//! | `times` | – | s, ascending |
//! | `values` | – | one row a time, or one value a time |
//! | `interpolation` | hold | what happens in between |
//!
//! | interpolation | between two times |
//! |---|---|
//! | `hold` | the last value is held |
//! | `linear` | a straight line |
//! | `nearest` | the value of the nearest time; of the earlier one in the middle |
//! | `quadratic` | a spline of degree 2 through all values, at least three |
//! | `cubic` | a spline of degree 3 through all values, at least four |
//!
//! Before the first time the value is 0; after the last one it is held with `hold`,
//! and 0 otherwise (as Nengo has it).
//!
//! Reference: de Boor 2001, A Practical Guide to Splines, ch. XIII (splines; "not a
//! knot" at their ends).

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spline::Spline;
use super::{ProcessModel, ProcessStep};
use crate::Element;
use crate::rows;
use crate::var::Var;

/// What happens between two given values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Between {
    /// The last value is held.
    #[default]
    Hold,
    /// A straight line.
    Linear,
    /// The value of the nearest time.
    Nearest,
    /// A spline of degree 2 through all values.
    Quadratic,
    /// A spline of degree 3 through all values.
    Cubic,
}

impl Between {
    /// The degree of the spline.
    fn degree(self) -> Option<usize> {
        match self {
            Between::Quadratic => Some(2),
            Between::Cubic => Some(3),
            _ => None,
        }
    }
}

/// Values at given times, held or interpolated. Before the first time they are 0; after the last they are held, or 0
/// where they are interpolated.
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
    pub interpolation: Between,
}

impl Element for Piecewise {
    const NAME: &'static str = "piecewise";
    const PAGE: &'static str = include_str!("piecewise.rs");
    fn example() -> Option<Piecewise> {
        Some(Piecewise { times: vec![0.0], values: vec![vec![1.0]], interpolation: Between::Hold })
    }
}

struct Running {
    p: Piecewise,
    dt: f64,
    spline: Option<Spline>,
}

impl Running {
    /// Where `t` lies: the first time that isn't before it. `None` outside of all times.
    fn place(&self, t: f64) -> Option<usize> {
        let times = &self.p.times;
        let i = times.partition_point(|x| *x < t);
        (i < times.len() && (i > 0 || times[0] == t)).then_some(i)
    }
}

impl ProcessStep for Running {
    fn step(&mut self, t: f64, out: &mut [f64]) -> Result<(), String> {
        let times = &self.p.times;
        out.fill(0.0);
        match self.p.interpolation {
            // Half a step of slack, so that a value begins in the step that its time falls on.
            Between::Hold => {
                let i = times.partition_point(|x| *x < t + 0.5 * self.dt);
                if i > 0 {
                    out.copy_from_slice(&self.p.values[i - 1]);
                }
            }
            Between::Linear => match self.place(t) {
                None => {}
                Some(0) => out.copy_from_slice(&self.p.values[0]),
                Some(i) => {
                    let (a, b) = (&self.p.values[i - 1], &self.p.values[i]);
                    let (since, between) = (t - times[i - 1], times[i] - times[i - 1]);
                    for (k, y) in out.iter_mut().enumerate() {
                        // In this order, as SciPy has it and with it Nengo: bit for bit.
                        *y = (b[k] - a[k]) / between * since + a[k];
                    }
                }
            },
            Between::Nearest => {
                if let Some(i) = self.place(t) {
                    let earlier = i > 0 && t <= 0.5 * times[i] + 0.5 * times[i - 1];
                    out.copy_from_slice(&self.p.values[i - usize::from(earlier)]);
                }
            }
            Between::Quadratic | Between::Cubic => {
                if let (Some(_), Some(spline)) = (self.place(t), &self.spline) {
                    spline.at(t, out);
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
        if let Some(degree) = self.interpolation.degree().filter(|d| self.times.len() <= *d) {
            return Err(format!(
                "`interpolation` by a spline of degree {degree} needs {} times at least, found {}; give more, or take `linear`",
                degree + 1,
                self.times.len()
            ));
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
        let spline = self.interpolation.degree().and_then(|d| Spline::through(&self.times, &self.values, d));
        Ok(Box::new(Running { p: self.clone(), dt, spline }))
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
            interpolation: Between::Hold,
        };
        let at = |p: &Piecewise, k: u32| {
            let mut y = [9.0];
            p.start(1, 0.001, RandomState::new(0)).unwrap().step(f64::from(k) * 0.001, &mut y).unwrap();
            y[0]
        };
        assert_eq!([1, 2, 3, 4, 9].map(|k| at(&p, k)), [0.0, 1.0, 1.0, 3.0, 3.0]);
        p.interpolation = Between::Linear;
        let y = [1, 2, 3, 4, 5].map(|k| at(&p, k));
        assert!((y[2] - 2.0).abs() < 1e-12 && y[0] == 0.0 && y[4] == 0.0, "{y:?}");
        // A quarter of the way between two times, of two values at once.
        let two = Piecewise {
            times: vec![0.002, 0.01],
            values: vec![vec![1.0, -2.0], vec![3.0, 6.0]],
            interpolation: Between::Linear,
        };
        let mut y = [9.0; 2];
        two.check(2, 0.001).unwrap();
        two.start(2, 0.001, RandomState::new(0)).unwrap().step(0.004, &mut y).unwrap();
        assert!((y[0] - 1.5).abs() < 1e-12 && y[1].abs() < 1e-12, "{y:?}");
        assert!(two.check(1, 0.001).unwrap_err().contains("1 numbers, found one of 2"));
        p.times.swap(0, 1);
        assert!(p.check(1, 0.001).unwrap_err().contains("ascending"));
    }
    /// The values that a kind gives at some times; outside of the given ones it is 0.
    #[test]
    fn interpolations_are_those_of_their_kind() {
        let of = |interpolation| {
            let p = Piecewise {
                times: vec![0.01, 0.02, 0.04, 0.05],
                values: vec![vec![1.0], vec![-1.0], vec![2.0], vec![8.0]],
                interpolation,
            };
            p.check(1, 0.001).unwrap();
            [0.009, 0.01, 0.015, 0.01505, 0.03, 0.031, 0.05, 0.051].map(|t| {
                let mut y = [9.0];
                p.start(1, 0.001, RandomState::new(0)).unwrap().step(t, &mut y).unwrap();
                y[0]
            })
        };
        assert_eq!(of(Between::Nearest), [0.0, 1.0, 1.0, -1.0, -1.0, 2.0, 8.0, 0.0]);
        // The parabola and the cubic through the first points, by Newton's divided differences, are the spline where there
        // are no inner knots; here: −1 at 0.02, and the cubic of all four.
        let cubic = |t: f64| {
            1.0 - 200.0 * (t - 0.01)
                + 35_000.0 / 3.0 * (t - 0.01) * (t - 0.02)
                + 250_000.0 / 3.0 * (t - 0.01) * (t - 0.02) * (t - 0.04)
        };
        let cubics = of(Between::Cubic);
        for (y, t) in cubics[1..7].iter().zip([0.01, 0.015, 0.01505, 0.03, 0.031, 0.05]) {
            assert!((y - cubic(t)).abs() < 1e-12, "{t}: {y} is not {}", cubic(t));
        }
        assert_eq!((cubics[0], cubics[7]), (0.0, 0.0));
        let short = Piecewise {
            times: vec![0.0, 1.0],
            values: vec![vec![1.0], vec![2.0]],
            interpolation: Between::Quadratic,
        };
        assert!(short.check(1, 0.001).unwrap_err().contains("3 times at least, found 2"));
    }
}
