//! Independent noise in every step.
//!
//! | parameter | default | unit |
//! |---|---|---|
//! | `mean` | 0 | – |
//! | `std` | 1 | – |
//! | `dist` | none | a distribution that is drawn from in place of the normal one |
//! | `scale` | true | divide by √dt, so that the integral doesn't depend on dt |
//! | `seed` | none | own seed; otherwise one is drawn by the simulator |

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ProcessModel, ProcessStep, SEED};
use crate::Element;
use crate::distributions::Distribution;
use crate::var::{Bounds, Start, Var};

/// Independent noise in every step: normal, or of another distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WhiteNoise {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    #[schemars(range(min = 0))]
    pub std: f64,
    /// A distribution that is drawn from in place of the normal one; `mean` and `std` are then left as they are by default.
    pub dist: Option<Distribution>,
    /// Whether values are divided by √dt.
    pub scale: bool,
    /// Seed of its own. Default: drawn by the simulator.
    pub seed: Option<u32>,
}

impl Default for WhiteNoise {
    fn default() -> WhiteNoise {
        WhiteNoise { mean: 0.0, std: 1.0, dist: None, scale: true, seed: None }
    }
}

impl Element for WhiteNoise {
    const NAME: &'static str = "white_noise";
    const PAGE: &'static str = include_str!("white_noise.rs");
}

/// Numbers that are drawn in every step, one a value.
pub(super) struct Drawn {
    rng: RandomState,
    dist: Distribution,
    factor: f64,
}

impl Drawn {
    /// From a distribution; with `scale` divided by √dt.
    pub(super) fn new(dist: Distribution, scale: bool, dt: f64, rng: RandomState) -> Drawn {
        Drawn { rng, dist, factor: if scale { 1.0 / dt.sqrt() } else { 1.0 } }
    }
    /// Those of the next step.
    pub(super) fn next(&mut self, out: &mut [f64]) -> Result<(), String> {
        let x = self.dist.sample(1, out.len(), &mut self.rng)?;
        out.iter_mut().zip(&x).for_each(|(y, x)| *y = self.factor * x);
        Ok(())
    }
    /// The generator, as bytes.
    pub(super) fn save(&self) -> Vec<u8> {
        self.rng.to_bytes()
    }
    /// Goes on from what was saved.
    pub(super) fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        self.rng = RandomState::from_bytes(saved).ok_or("these bytes are no state of a random generator")?;
        Ok(())
    }
}

/// Refuses a distribution that can't give as many values in a step.
pub(super) fn check_dist(dist: &Distribution, width: usize) -> Result<(), String> {
    // One draw of a generator of its own says it.
    let drawn = dist.check().and_then(|()| dist.sample(1, width.max(1), &mut RandomState::new(0)));
    drawn.map(|_| ()).map_err(|m| format!("`dist`: {m}"))
}

/// A variable that says which distribution is drawn from.
pub(super) fn dist_var(dist: Option<&Distribution>, doc: &'static str) -> Var {
    let start = dist.map_or(Start::Absent, |d| Start::Name { is: d.name().into(), of: vec![] });
    Var { start, ..Var::fixed("dist", "", 0.0, Bounds::ANY, doc) }
}

impl ProcessStep for Drawn {
    fn step(&mut self, _: f64, out: &mut [f64]) -> Result<(), String> {
        self.next(out)
    }
    fn save(&self) -> Vec<u8> {
        Drawn::save(self)
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        Drawn::load(self, saved)
    }
}

impl ProcessModel for WhiteNoise {
    fn check(&self, width: usize, _: f64) -> Result<(), String> {
        Bounds::ANY.check("mean", self.mean)?;
        Bounds::AT_LEAST_0.check("std", self.std)?;
        match &self.dist {
            Some(_) if (self.mean, self.std) != (0.0, 1.0) => {
                Err("`dist` takes the place of `mean` and `std`; leave them out".into())
            }
            Some(dist) => check_dist(dist, width),
            None => Ok(()),
        }
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
            dist_var(self.dist.as_ref(), "what is drawn from in place of the normal distribution"),
            Var::flag("scale", self.scale, "whether values are divided by √dt"),
            Var::optional("seed", "", self.seed.map(f64::from), Bounds::AT_LEAST_0, SEED),
        ]
    }
    fn start(&self, _: usize, dt: f64, rng: RandomState) -> Result<Box<dyn ProcessStep>, String> {
        // A normal distribution has a width; without one all draws are the mean.
        let level = || {
            if self.std > 0.0 {
                Distribution::gaussian(self.mean, self.std)
            } else {
                Distribution::uniform(self.mean, self.mean)
            }
        };
        let dist = self.dist.clone().unwrap_or_else(level);
        Ok(Box::new(Drawn::new(dist, self.scale, dt, rng)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_the_moments_that_were_asked() {
        let moments = |p: WhiteNoise| {
            p.check(600_000, 0.002).unwrap();
            let mut y = vec![0.0; 600_000];
            p.start(600_000, 0.002, RandomState::new(1)).unwrap().step(0.0, &mut y).unwrap();
            let mean = y.iter().sum::<f64>() / 6e5;
            (mean, y.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / 6e5)
        };
        let near = |(mean, variance): (f64, f64), m: f64, v: f64| {
            // Five standard errors: of the variance of normal numbers 0.9 %.
            assert!(
                (mean - m).abs() <= 5.0 * (v / 6e5).sqrt() && (variance - v).abs() <= 0.0095 * v,
                "{mean} {variance}"
            );
        };
        let noise = WhiteNoise { mean: 0.3, std: 2.0, ..WhiteNoise::default() };
        near(moments(noise.clone()), 0.3 / 0.002f64.sqrt(), 4.0 / 0.002);
        near(moments(WhiteNoise { scale: false, ..noise.clone() }), 0.3, 4.0);
        let dist = Some(Distribution::uniform(-1.0, 3.0));
        near(
            moments(WhiteNoise { dist: dist.clone(), scale: false, ..WhiteNoise::default() }),
            1.0,
            16.0 / 12.0,
        );
        let (mean, variance) = moments(WhiteNoise { std: 0.0, scale: false, ..noise.clone() });
        assert!((mean - 0.3).abs() < 1e-9 && variance < 1e-16, "{mean} {variance}");
        let e = WhiteNoise { dist, ..noise }.check(1, 0.001).unwrap_err();
        assert!(e.contains("takes the place of `mean` and `std`"), "{e}");
    }
}
