//! Leaky integrate-and-fire neurons.
//!
//! τ_rc dv/dt = J − v; at v = 1 a spike, then v = 0 for τ_ref.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | τ_rc | `tau_rc` | 0.02 | s |
//! | τ_ref | `tau_ref` | 0.002 | s |
//! | v_min | `min_voltage` | 0 | – |
//! | a | `amplitude` | 1 | – |
//!
//! Steady rate: 1/(τ_ref + τ_rc·log1p(1/(J−1))) for J > 1, else 0.
//!
//! Reference: Eliasmith & Anderson 2003, Neural Engineering, §2.1 and appendix; Koch 1999, Biophysics of Computation.

use bouton_kernels::{LifStep, Real, lif_textbook};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FastForm, NeuronModel, NeuronStep};
use crate::Element;
use crate::var::{Bounds, Over, Start, Var};

/// Leaky integrate-and-fire: τ_rc dv/dt = J − v; at v = 1 a spike, then v = 0 for τ_ref.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Lif {
    /// Membrane time constant (s).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_rc: f64,
    /// Refractory period (s).
    #[schemars(range(min = 0))]
    pub tau_ref: f64,
    /// Lowest voltage, at most 0.
    #[schemars(range(max = 0))]
    pub min_voltage: f64,
    /// Scale of the output; a spike has the height amplitude/dt.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub amplitude: f64,
}

impl Default for Lif {
    fn default() -> Lif {
        Lif { tau_rc: 0.02, tau_ref: 0.002, min_voltage: 0.0, amplitude: 1.0 }
    }
}

impl Element for Lif {
    const NAME: &'static str = "lif";
    const PAGE: &'static str = include_str!("lif.rs");
}

impl Lif {
    fn step<T: Real>(&self, at: &NeuronStep<'_>, j: &[T], out: &mut [T], state: &mut [&mut [T]]) {
        if let ([v, refractory], &[tau_rc, tau_ref, min_voltage, amplitude]) = (state, at.parameters) {
            let step = LifStep::new(at.dt, tau_rc, tau_ref, min_voltage, amplitude);
            lif_textbook(&step, j, v, refractory, out);
        }
    }
}

/// Rate (Hz, before the amplitude) of LIF neurons at current `j`.
pub(super) fn lif_rate(j: f64, tau_rc: f64, tau_ref: f64) -> f64 {
    let over = j - 1.0;
    if over > 0.0 { 1.0 / (tau_ref + tau_rc * libm::log1p(1.0 / over)) } else { 0.0 }
}

/// Gains and biases of LIF neurons.
pub(super) fn lif_gain_bias(
    max_rates: &[f64],
    intercepts: &[f64],
    tau_rc: f64,
    tau_ref: f64,
) -> Result<(Vec<f64>, Vec<f64>), String> {
    let limit = 1.0 / tau_ref;
    if let Some(r) = max_rates.iter().find(|r| r.is_nan() || **r >= limit) {
        return Err(format!(
            "`max_rates` must be below the inverse refractory period ({limit:.3} Hz), found {r:.3} Hz"
        ));
    }
    let (mut gain, mut bias) = (Vec::with_capacity(max_rates.len()), Vec::with_capacity(max_rates.len()));
    for (r, i) in max_rates.iter().zip(intercepts) {
        let x = 1.0 / (1.0 - libm::exp((tau_ref - 1.0 / r) / tau_rc));
        let g = (1.0 - x) / (i - 1.0);
        gain.push(g);
        bias.push(1.0 - g * i);
    }
    Ok((gain, bias))
}

/// Maximum rates (Hz) and intercepts of LIF neurons.
pub(super) fn lif_rates_intercepts(
    gain: &[f64],
    bias: &[f64],
    tau_rc: f64,
    tau_ref: f64,
) -> (Vec<f64>, Vec<f64>) {
    let rates = gain.iter().zip(bias).map(|(g, b)| lif_rate(g + b, tau_rc, tau_ref)).collect();
    let intercepts = gain.iter().zip(bias).map(|(g, b)| (1.0 - b) / g).collect();
    (rates, intercepts)
}

impl NeuronModel for Lif {
    fn spiking(&self) -> bool {
        true
    }
    fn fastest(&self, dt: f64) -> Option<f64> {
        // One spike a step at most.
        Some(1.0 / dt)
    }
    fn check(&self) -> Result<(), String> {
        Bounds::POSITIVE.check("tau_rc", self.tau_rc)?;
        Bounds::AT_LEAST_0.check("tau_ref", self.tau_ref)?;
        Bounds::POSITIVE.check("amplitude", self.amplitude)?;
        if self.min_voltage.is_nan() || self.min_voltage > 0.0 {
            return Err(format!("`min_voltage` must be at most 0, found {}", self.min_voltage));
        }
        Ok(())
    }
    fn gain_bias(&self, max_rates: &[f64], intercepts: &[f64]) -> Result<(Vec<f64>, Vec<f64>), String> {
        lif_gain_bias(max_rates, intercepts, self.tau_rc, self.tau_ref)
    }
    fn max_rates_intercepts(&self, gain: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>) {
        lif_rates_intercepts(gain, bias, self.tau_rc, self.tau_ref)
    }
    fn rates(&self, j: &mut [f64]) {
        for j in j {
            *j = self.amplitude * lif_rate(*j, self.tau_rc, self.tau_ref);
        }
    }
    fn vars(&self) -> Vec<Var> {
        // A spike falls within the step in which the voltage passes the threshold: no voltage is left above it.
        let threshold = Bounds { high: 1.0, ..Bounds::ANY };
        vec![
            Var::parameter("tau_rc", "s", self.tau_rc, Bounds::POSITIVE, "membrane time constant"),
            Var::parameter("tau_ref", "s", self.tau_ref, Bounds::AT_LEAST_0, "refractory period"),
            Var::parameter("min_voltage", "", self.min_voltage, Bounds::AT_MOST_0, "lowest voltage"),
            Var::parameter("amplitude", "", self.amplitude, Bounds::POSITIVE, "scale of the output"),
            Var::state("voltage", "", Over::Neuron, Start::Uniform(0.0, 1.0), "voltage; 1 is the threshold")
                .within(threshold),
            Var::state(
                "refractory_time",
                "s",
                Over::Neuron,
                Start::Value(0.0),
                "what is left of the refractory period",
            ),
        ]
    }
    both_precisions!();
    fn fast_form(&self) -> Option<FastForm> {
        Some(FastForm::LifPhase)
    }
}
