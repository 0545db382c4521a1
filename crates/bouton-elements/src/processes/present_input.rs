//! Given inputs, one after the other, each for the same time.
//!
//! | parameter | default | unit |
//! |---|---|---|
//! | `inputs` | – | one row an input, or one value an input |
//! | `presentation_time` | – | s; how long each is shown |
//!
//! Behind the last one the first comes again. The first step shows the first.
//!
//! ```toml
//! [nodes.shown.process]
//! type = "present_input"
//! inputs = [[1, 0], [0, 1]]
//! presentation_time = 0.1
//! ```

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ProcessModel, ProcessStep};
use crate::Element;
use crate::rows;
use crate::var::{Bounds, Var};

/// Given inputs, one after the other, each for the same time; behind the last one the first comes again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentInput {
    /// One row an input, or one value an input.
    #[serde(deserialize_with = "rows::read")]
    #[schemars(with = "rows::Rows")]
    pub inputs: Vec<Vec<f64>>,
    /// How long each is shown (s).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub presentation_time: f64,
}

impl Element for PresentInput {
    const NAME: &'static str = "present_input";
    const PAGE: &'static str = include_str!("present_input.rs");
    fn example() -> Option<PresentInput> {
        Some(PresentInput { inputs: vec![vec![1.0]], presentation_time: 0.1 })
    }
}

struct Running {
    p: PresentInput,
    dt: f64,
}

impl ProcessStep for Running {
    fn step(&mut self, t: f64, out: &mut [f64]) -> Result<(), String> {
        // A little more than what has passed, so that rounding doesn't show an input for a step too long.
        let shown = ((t - self.dt) / self.p.presentation_time + 1e-7) as usize;
        out.copy_from_slice(&self.p.inputs[shown % self.p.inputs.len()]);
        Ok(())
    }
}

impl ProcessModel for PresentInput {
    fn check(&self, width: usize, _: f64) -> Result<(), String> {
        Bounds::POSITIVE.check("presentation_time", self.presentation_time)?;
        if self.inputs.is_empty() {
            return Err("`inputs` must have one row at least, found none".into());
        }
        if let Some(v) = self.inputs.iter().find(|v| v.len() != width) {
            return Err(format!("every row of `inputs` must have {width} numbers, found one of {}", v.len()));
        }
        match self.inputs.iter().flatten().find(|v| !v.is_finite()) {
            Some(v) => Err(format!("`inputs` must be finite, found {v}")),
            None => Ok(()),
        }
    }
    fn width(&self) -> Option<usize> {
        self.inputs.first().map(Vec::len)
    }
    fn seed(&self) -> Option<u32> {
        None
    }
    fn vars(&self) -> Vec<Var> {
        let rows = "the inputs, one row behind the other";
        let time = "how long each is shown";
        vec![
            Var::list("inputs", "", &self.inputs.concat(), rows).when_built(),
            Var::fixed("presentation_time", "s", self.presentation_time, Bounds::POSITIVE, time),
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
    fn each_input_is_shown_as_long() {
        let p = PresentInput {
            inputs: vec![vec![1.0, 2.0], vec![3.0, 4.0], vec![5.0, 6.0]],
            presentation_time: 0.003,
        };
        p.check(2, 0.001).unwrap();
        let mut run = p.start(2, 0.001, RandomState::new(0)).unwrap();
        for step in 1..=30_000u32 {
            let mut y = [0.0; 2];
            run.step(f64::from(step) * 0.001, &mut y).unwrap();
            let shown = f64::from((step - 1) / 3 % 3);
            assert_eq!(y, [1.0 + 2.0 * shown, 2.0 + 2.0 * shown], "step {step}");
        }
        // Two and a half steps each: 3, 2, 3, 2.
        let p = PresentInput { inputs: vec![vec![0.0], vec![1.0]], presentation_time: 0.0025 };
        let mut run = p.start(1, 0.001, RandomState::new(0)).unwrap();
        let shown = [1, 2, 3, 4, 5, 6, 7, 8].map(|k| {
            let mut y = [9.0];
            run.step(f64::from(k) * 0.001, &mut y).unwrap();
            y[0]
        });
        assert_eq!(shown, [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
        let e = |inputs, presentation_time| {
            PresentInput { inputs, presentation_time }.check(1, 0.001).unwrap_err()
        };
        assert!(
            e(vec![], 1.0).contains("`inputs`") && e(vec![vec![1.0]], 0.0).contains("`presentation_time`")
        );
        assert!(e(vec![vec![1.0], vec![]], 1.0).contains("1 numbers, found one of 0"));
    }
}
