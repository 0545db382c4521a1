//! Spikes at regular intervals, at the rates of another type.
//!
//! dv/dt = r; every whole number that v passes is a spike of height a/dt.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | r | `base` | – | the type that gives the rates (Hz) |
//! | a | `amplitude` | 1 | – |
//!
//! Several spikes can fall into one step. Of a rate below 0 (`tanh`) there are
//! spikes of height −a/dt. The state v (`voltage`) is uniform on [0, 1) at
//! first. The rates can be probed as `rate_out`, and the base's own states by
//! their names. Gains, biases and decoders are those of the base.
//!
//! ```toml
//! neuron_type = { type = "regular_spiking", base = { type = "lif_rate" } }
//! ```
//!
//! Reference: Voelker, Rasmussen & Eliasmith 2020, A spike in performance:
//! training hybrid-spiking neural networks with quantized activation functions,
//! arXiv:2002.03553.

use bouton_kernels::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spikes_of_rates::{self, of_its_base};
use super::{LifRate, NeuronModel, NeuronStep, NeuronType};
use crate::Element;
use crate::var::{Over, Start, Var};

/// Spikes at regular intervals, at the rates of another type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegularSpiking {
    /// The type that gives the rates.
    pub base: NeuronType,
    /// Scale of the output; a spike has the height amplitude/dt.
    #[serde(default = "spikes_of_rates::one")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub amplitude: f64,
}

impl Element for RegularSpiking {
    const NAME: &'static str = "regular_spiking";
    const PAGE: &'static str = include_str!("regular_spiking.rs");
    fn example() -> Option<RegularSpiking> {
        Some(RegularSpiking::of(LifRate::default()))
    }
}

impl RegularSpiking {
    /// Spikes at the rates of a type, of height 1/dt.
    pub fn of(base: impl Into<NeuronType>) -> RegularSpiking {
        RegularSpiking { base: base.into(), amplitude: 1.0 }
    }
    fn step<T: Real>(&self, at: &NeuronStep<'_>, rates: &[T], out: &mut [T], state: &mut [&mut [T]]) {
        let ([v], &[amplitude]) = (state, at.parameters) else { return };
        let (spike, dt) = (T::of(amplitude / at.dt), T::of(at.dt));
        for ((r, out), v) in rates.iter().zip(out).zip(v.iter_mut()) {
            *v += dt * *r;
            let n = v.floor();
            *out = spike * n;
            *v -= n;
        }
    }
}

impl NeuronModel for RegularSpiking {
    fn vars(&self) -> Vec<Var> {
        let doc = "a spike for every whole number that it passes";
        let mut vars = spikes_of_rates::vars(&self.base, self.amplitude);
        vars.push(Var::state("voltage", "", Over::Neuron, Start::Uniform(0.0, 1.0), doc));
        vars
    }
    of_its_base!();
}
