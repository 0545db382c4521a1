//! The integral of noise: Brownian motion, a Wiener process.
//!
//! y ← y + dt·x, x drawn in every step.
//!
//! | parameter | default | unit |
//! |---|---|---|
//! | `dist` | normal, mean 0, standard deviation 1 | what is drawn from |
//! | `scale` | true | divide by √dt |
//! | `seed` | none | own seed; otherwise one is drawn by the simulator |
//!
//! Divided by √dt, the variance grows by that of `dist` a second.
//!
//! Reference: Gillespie 1996, Exact numerical simulation of the Ornstein-Uhlenbeck
//! process and its integral, Physical Review E 54:2084.

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::filtered_noise::Filtered;
use super::white_noise::{Drawn, check_dist, dist_var};
use super::{ProcessModel, ProcessStep, SEED};
use crate::Element;
use crate::distributions::Distribution;
use crate::synapses::Filter;
use crate::var::{Bounds, Var};

/// The integral of noise: Brownian motion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BrownNoise {
    /// What is drawn from.
    pub dist: Distribution,
    /// Whether what is drawn is divided by √dt.
    pub scale: bool,
    /// Seed of its own. Default: drawn by the simulator.
    pub seed: Option<u32>,
}

impl Default for BrownNoise {
    fn default() -> BrownNoise {
        BrownNoise { dist: Distribution::gaussian(0.0, 1.0), scale: true, seed: None }
    }
}

impl Element for BrownNoise {
    const NAME: &'static str = "brown_noise";
    const PAGE: &'static str = include_str!("brown_noise.rs");
}

impl ProcessModel for BrownNoise {
    fn check(&self, width: usize, _: f64) -> Result<(), String> {
        check_dist(&self.dist, width)
    }
    fn width(&self) -> Option<usize> {
        None
    }
    fn seed(&self) -> Option<u32> {
        self.seed
    }
    fn vars(&self) -> Vec<Var> {
        vec![
            dist_var(Some(&self.dist), "what is drawn from"),
            Var::flag("scale", self.scale, "whether what is drawn is divided by √dt"),
            Var::optional("seed", "", self.seed.map(f64::from), Bounds::AT_LEAST_0, SEED),
        ]
    }
    fn start(&self, width: usize, dt: f64, rng: RandomState) -> Result<Box<dyn ProcessStep>, String> {
        let drawn = Drawn::new(self.dist.clone(), self.scale, dt, rng);
        Ok(Box::new(Filtered::new(drawn, Filter::First { a: 1.0, b: dt }, width)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The variance after t is σ²·t, whatever the time step.
    #[test]
    fn the_variance_grows_with_time() {
        for dt in [0.001, 0.004] {
            let p = BrownNoise { dist: Distribution::gaussian(0.0, 1.5), ..BrownNoise::default() };
            p.check(40_000, dt).unwrap();
            let mut run = p.start(40_000, dt, RandomState::new(3)).unwrap();
            let mut y = vec![0.0; 40_000];
            for _ in 0..(0.2 / dt).round() as usize {
                run.step(0.0, &mut y).unwrap();
            }
            let variance = y.iter().map(|y| y * y).sum::<f64>() / 40_000.0;
            let expected = 1.5 * 1.5 * 0.2;
            // The standard error of 40,000 squares is 0.7 %.
            assert!((variance - expected).abs() < 0.009 * expected, "{variance}, not {expected}");
        }
    }
}
