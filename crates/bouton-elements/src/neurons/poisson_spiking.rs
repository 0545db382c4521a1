//! Spikes at random, at the rates of another type: a Poisson process.
//!
//! In each step there are n spikes, n ~ Poisson(|r|·dt), and the output is
//! sign(r)·n·a/dt.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | r | `base` | – | the type that gives the rates (Hz) |
//! | a | `amplitude` | 1 | – |
//!
//! Spikes are drawn from a stream of the ensemble: NumPy's legacy generator of
//! its seed + 1, a draw a neuron and step. Its state is saved with the
//! simulation, and a reset begins it anew. The rates can be probed as
//! `rate_out`, and the base's own states by their names. Gains, biases and
//! decoders are those of the base.
//!
//! ```toml
//! neuron_type = { type = "poisson_spiking", base = { type = "sigmoid" } }
//! ```
//!
//! Reference: Dayan & Abbott 2001, Theoretical Neuroscience, §1.4.

use bouton_kernels::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spikes_of_rates::{self, of_its_base};
use super::{LifRate, NeuronModel, NeuronStep, NeuronType};
use crate::Element;
use crate::var::Var;

/// Spikes at random, independent of each other, at the rates of another type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoissonSpiking {
    /// The type that gives the rates.
    pub base: NeuronType,
    /// Scale of the output; a spike has the height amplitude/dt.
    #[serde(default = "spikes_of_rates::one")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub amplitude: f64,
}

impl Element for PoissonSpiking {
    const NAME: &'static str = "poisson_spiking";
    const PAGE: &'static str = include_str!("poisson_spiking.rs");
    fn example() -> Option<PoissonSpiking> {
        Some(PoissonSpiking::of(LifRate::default()))
    }
}

impl PoissonSpiking {
    /// Spikes at the rates of a type, of height 1/dt.
    pub fn of(base: impl Into<NeuronType>) -> PoissonSpiking {
        PoissonSpiking { base: base.into(), amplitude: 1.0 }
    }
    fn step<T: Real>(&self, at: &NeuronStep<'_>, rates: &[T], out: &mut [T], state: &mut [&mut [T]]) {
        // What can't be a rate is none: the next look at all numbers says that it isn't finite.
        spikes_of_rates::draw(at, rates, out, state, |rng, expected| {
            rng.poisson(expected).unwrap_or(0) as f64
        });
    }
}

impl NeuronModel for PoissonSpiking {
    fn draws(&self) -> bool {
        true
    }
    fn vars(&self) -> Vec<Var> {
        spikes_of_rates::vars(&self.base, self.amplitude)
    }
    of_its_base!();
}
