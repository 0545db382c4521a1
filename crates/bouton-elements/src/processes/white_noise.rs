//! Independent noise in every step.
//!
//! | parameter | default | unit |
//! |---|---|---|
//! | `mean` | 0 | – |
//! | `std` | 1 | – |
//! | `scale` | true | divide by √dt, so that the integral doesn't depend on dt |
//! | `seed` | none | own seed; otherwise one is drawn by the simulator |

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ProcessModel, ProcessStep, SEED};
use crate::Element;
use crate::var::{Bounds, Var};

/// Independent normal noise in every step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WhiteNoise {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    #[schemars(range(min = 0))]
    pub std: f64,
    /// Whether values are divided by √dt.
    pub scale: bool,
    /// Seed of its own. Default: drawn by the simulator.
    pub seed: Option<u32>,
}

impl Default for WhiteNoise {
    fn default() -> WhiteNoise {
        WhiteNoise { mean: 0.0, std: 1.0, scale: true, seed: None }
    }
}

impl Element for WhiteNoise {
    const NAME: &'static str = "white_noise";
    const PAGE: &'static str = include_str!("white_noise.rs");
}

struct Running {
    rng: RandomState,
    mean: f64,
    std: f64,
    factor: f64,
}

impl ProcessStep for Running {
    fn step(&mut self, _: f64, out: &mut [f64]) -> Result<(), String> {
        for y in out {
            *y = self.factor * self.rng.normal(self.mean, self.std);
        }
        Ok(())
    }
    fn save(&self) -> Vec<u8> {
        self.rng.to_bytes()
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        self.rng = RandomState::from_bytes(saved).ok_or("these bytes are no state of a random generator")?;
        Ok(())
    }
}

impl ProcessModel for WhiteNoise {
    fn check(&self, _: usize, _: f64) -> Result<(), String> {
        Bounds::ANY.check("mean", self.mean)?;
        Bounds::AT_LEAST_0.check("std", self.std)
    }
    fn width(&self) -> Option<usize> {
        None
    }
    fn seed(&self) -> Option<u32> {
        self.seed
    }
    fn vars(&self) -> Vec<Var> {
        vec![
            Var::fixed("mean", "", self.mean, Bounds::ANY, "mean"),
            Var::fixed("std", "", self.std, Bounds::AT_LEAST_0, "standard deviation"),
            Var::flag("scale", self.scale, "whether values are divided by √dt"),
            Var::optional("seed", "", self.seed.map(f64::from), Bounds::AT_LEAST_0, SEED),
        ]
    }
    fn start(&self, _: usize, dt: f64, rng: RandomState) -> Result<Box<dyn ProcessStep>, String> {
        let factor = if self.scale { 1.0 / dt.sqrt() } else { 1.0 };
        Ok(Box::new(Running { rng, mean: self.mean, std: self.std, factor }))
    }
}
