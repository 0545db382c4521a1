//! Spikes at the rates of another type, rounded at random.
//!
//! |r|·dt spikes are expected in a step: q whole ones and a rest f. There are q,
//! and one more with probability f; the output is sign(r)·n·a/dt.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | r | `base` | – | the type that gives the rates (Hz) |
//! | a | `amplitude` | 1 | – |
//!
//! Where rates are far below 1/dt this is nearly a Poisson process; where they
//! are above, the number of spikes varies by one. They are drawn from a stream
//! of the ensemble: NumPy's legacy generator of its seed + 1, a draw a neuron
//! and step. Its state is saved with the simulation, and a reset begins it anew.
//! The rates can be probed as `rate_out`, and the base's own states by their
//! names. Gains, biases and decoders are those of the base.
//!
//! ```toml
//! neuron_type = { type = "stochastic_spiking", base = { type = "lif_rate" } }
//! ```
//!
//! Reference: Gupta et al. 2015, Deep learning with limited numerical precision,
//! ICML (stochastic rounding).

use bouton_kernels::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spikes_of_rates::{self, of_its_base};
use super::{LifRate, NeuronModel, NeuronStep, NeuronType};
use crate::Element;
use crate::var::Var;

/// Spikes at the rates of another type: the number in a step is rounded up or down at random.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StochasticSpiking {
    /// The type that gives the rates.
    pub base: NeuronType,
    /// Scale of the output; a spike has the height amplitude/dt.
    #[serde(default = "spikes_of_rates::one")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub amplitude: f64,
}

impl Element for StochasticSpiking {
    const NAME: &'static str = "stochastic_spiking";
    const PAGE: &'static str = include_str!("stochastic_spiking.rs");
    fn example() -> Option<StochasticSpiking> {
        Some(StochasticSpiking::of(LifRate::default()))
    }
}

impl StochasticSpiking {
    /// Spikes at the rates of a type, of height 1/dt.
    pub fn of(base: impl Into<NeuronType>) -> StochasticSpiking {
        StochasticSpiking { base: base.into(), amplitude: 1.0 }
    }
    fn step<T: Real>(&self, at: &NeuronStep<'_>, rates: &[T], out: &mut [T], state: &mut [&mut [T]]) {
        spikes_of_rates::draw(at, rates, out, state, |rng, expected| {
            let n = expected.trunc();
            n + f64::from(u8::from(rng.random_sample() < expected - n))
        });
    }
}

impl NeuronModel for StochasticSpiking {
    fn draws(&self) -> bool {
        true
    }
    fn vars(&self) -> Vec<Var> {
        spikes_of_rates::vars(&self.base, self.amplitude)
    }
    of_its_base!();
}
