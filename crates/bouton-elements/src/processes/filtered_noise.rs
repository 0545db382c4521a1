//! Noise through a synapse.
//!
//! In every step a number is drawn, and filtered as the synapse of a connection
//! does it, without the step of delay.
//!
//! | parameter | default | unit |
//! |---|---|---|
//! | `synapse` | low-pass, 0.005 s | the filter |
//! | `dist` | normal, mean 0, standard deviation 1 | what is drawn from |
//! | `scale` | true | divide by √dt, so that dt doesn't matter |
//! | `seed` | none | own seed; otherwise one is drawn by the simulator |
//!
//! ```toml
//! process = { type = "filtered_noise", synapse = { type = "alpha", tau = 1 } }
//! ```
//!
//! Through a low-pass filter of τ the variance is 1/(2τ) times that of `dist`,
//! for dt far below τ.
//!
//! Reference: Gillespie 1996, Exact numerical simulation of the Ornstein-Uhlenbeck
//! process and its integral, Physical Review E 54:2084.

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::white_noise::{Drawn, check_dist, dist_var};
use super::{ProcessModel, ProcessStep, SEED};
use crate::Element;
use crate::distributions::Distribution;
use crate::synapses::{Filter, Synapse};
use crate::var::{Bounds, Start, Var};

/// Noise in every step, through a synapse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FilteredNoise {
    /// The filter.
    pub synapse: Synapse,
    /// What is drawn from.
    pub dist: Distribution,
    /// Whether what is drawn is divided by √dt.
    pub scale: bool,
    /// Seed of its own. Default: drawn by the simulator.
    pub seed: Option<u32>,
}

impl Default for FilteredNoise {
    fn default() -> FilteredNoise {
        FilteredNoise {
            synapse: 0.005.into(),
            dist: Distribution::gaussian(0.0, 1.0),
            scale: true,
            seed: None,
        }
    }
}

impl Element for FilteredNoise {
    const NAME: &'static str = "filtered_noise";
    const PAGE: &'static str = include_str!("filtered_noise.rs");
}

/// Numbers that are drawn and filtered.
pub(super) struct Filtered {
    pub(super) drawn: Drawn,
    pub(super) filter: Filter,
    pub(super) input: Vec<f64>,
    /// The output and the states of the filter, one behind the other.
    pub(super) held: Vec<f64>,
}

impl Filtered {
    /// From rest.
    pub(super) fn new(drawn: Drawn, filter: Filter, width: usize) -> Filtered {
        let held = vec![0.0; width * (1 + filter.states())];
        Filtered { drawn, filter, input: vec![0.0; width], held }
    }
}

impl ProcessStep for Filtered {
    fn step(&mut self, _: f64, out: &mut [f64]) -> Result<(), String> {
        self.drawn.next(&mut self.input)?;
        let (y, x) = self.held.split_at_mut(self.input.len());
        self.filter.step(&self.input, x, y);
        out.copy_from_slice(y);
        Ok(())
    }
    fn save(&self) -> Vec<u8> {
        let held = self.held.iter().flat_map(|x| x.to_le_bytes());
        held.chain(self.drawn.save()).collect()
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        let (held, generator) = saved
            .split_at_checked(8 * self.held.len())
            .ok_or("these bytes are no state of filtered noise")?;
        self.drawn.load(generator)?;
        for (x, bytes) in self.held.iter_mut().zip(held.as_chunks::<8>().0) {
            *x = f64::from_le_bytes(*bytes);
        }
        Ok(())
    }
}

impl ProcessModel for FilteredNoise {
    fn check(&self, width: usize, dt: f64) -> Result<(), String> {
        let filter = self.synapse.model().check().and_then(|()| self.synapse.model().filter(dt));
        filter.map_err(|m| format!("`synapse`: {m}"))?;
        check_dist(&self.dist, width)
    }
    fn width(&self) -> Option<usize> {
        None
    }
    fn seed(&self) -> Option<u32> {
        self.seed
    }
    fn vars(&self) -> Vec<Var> {
        let start = Start::Name { is: self.synapse.name().into(), of: vec![] };
        vec![
            Var { start, ..Var::fixed("synapse", "", 0.0, Bounds::ANY, "the filter") },
            dist_var(Some(&self.dist), "what is drawn from"),
            Var::flag("scale", self.scale, "whether what is drawn is divided by √dt"),
            Var::optional("seed", "", self.seed.map(f64::from), Bounds::AT_LEAST_0, SEED),
        ]
    }
    fn start(&self, width: usize, dt: f64, rng: RandomState) -> Result<Box<dyn ProcessStep>, String> {
        let filter = self.synapse.model().filter(dt)?;
        Ok(Box::new(Filtered::new(Drawn::new(self.dist.clone(), self.scale, dt, rng), filter, width)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synapses::{Alpha, LinearFilter};

    /// The variance is that of the noise times the sum of the squared impulse response: of a low-pass filter
    /// (1 − a)²/(1 − a²)/dt, of noise that is uniform on [−1, 1) a third of it.
    #[test]
    fn the_variance_is_that_of_the_filter() {
        let (dt, tau) = (0.002, 0.02);
        let a = f64::exp(-dt / tau);
        for (dist, variance) in
            [(Distribution::gaussian(0.0, 1.3), 1.69), (Distribution::uniform(-1.0, 1.0), 1.0 / 3.0)]
        {
            for (scale, by) in [(true, 1.0 / dt), (false, 1.0)] {
                let p = FilteredNoise { synapse: tau.into(), dist: dist.clone(), scale, seed: None };
                p.check(800, dt).unwrap();
                let mut run = p.start(800, dt, RandomState::new(1)).unwrap();
                let (mut y, mut squares, mut count) = (vec![0.0; 800], 0.0, 0.0);
                for step in 0..4000 {
                    run.step(0.0, &mut y).unwrap();
                    if step >= 100 {
                        squares += y.iter().map(|y| y * y).sum::<f64>();
                        count += 800.0;
                    }
                }
                let expected = variance * by * (1.0 - a) * (1.0 - a) / (1.0 - a * a);
                // About 300,000 independent numbers: 0.26 % is their standard error.
                let found = squares / count;
                assert!((found - expected).abs() < 0.008 * expected, "{found}, not {expected}");
            }
        }
    }

    #[test]
    fn what_is_saved_goes_on() {
        let p = FilteredNoise { synapse: Alpha { tau: 0.01 }.into(), ..FilteredNoise::default() };
        let start = |seed| p.start(3, 0.001, RandomState::new(seed)).unwrap();
        let (mut a, mut b) = (start(1), start(2));
        let (mut x, mut y) = ([0.0; 3], [0.0; 3]);
        for _ in 0..7 {
            a.step(0.0, &mut x).unwrap();
        }
        b.load(&a.save()).unwrap();
        for _ in 0..500 {
            a.step(0.0, &mut x).unwrap();
            b.step(0.0, &mut y).unwrap();
            assert_eq!(x, y);
        }
        assert!(b.load(&[1, 2, 3]).is_err());
        let bad =
            FilteredNoise { synapse: LinearFilter::new([1.0], [0.0]).into(), ..FilteredNoise::default() };
        assert!(bad.check(1, 0.001).unwrap_err().contains("`synapse`: `den`"));
        let bad = FilteredNoise { dist: Distribution::gaussian(0.0, -1.0), ..FilteredNoise::default() };
        assert!(bad.check(1, 0.001).unwrap_err().contains("`dist`"));
    }
}
