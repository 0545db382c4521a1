//! Random choices of a draw, from one seed.

use bouton::random::RandomState;

/// What a draw takes its choices from.
#[derive(Clone, Debug)]
pub struct Dice(RandomState);

impl Dice {
    /// Equal seeds give equal choices.
    pub fn new(seed: u32) -> Dice {
        Dice(RandomState::new(seed))
    }
    /// A number from `low` to `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.random_sample()
    }
    /// A number from `low` to `high` whose logarithm is uniform.
    pub fn log(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }
    /// A whole number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        ((n as f64 * self.0.random_sample()) as usize).min(n.saturating_sub(1))
    }
    /// A whole number from `low` to `high`, both included.
    pub fn whole(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high + 1 - low)
    }
    /// Whether something of probability `p` happens.
    pub fn chance(&mut self, p: f64) -> bool {
        self.0.random_sample() < p
    }
    /// A seed.
    pub fn seed(&mut self) -> u32 {
        self.0.next_u32() >> 1
    }
}
