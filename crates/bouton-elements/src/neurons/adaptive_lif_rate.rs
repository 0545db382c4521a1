//! Rates of leaky integrate-and-fire neurons that adapt.
//!
//! r = a/(τ_ref + τ_rc·log1p(1/(J − n − 1))) for J − n > 1, else 0;
//! τ_n dn/dt = c·r − n.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | τ_n | `tau_n` | 1 | s |
//! | c | `inc_n` | 0.01 | s |
//! | τ_rc | `tau_rc` | 0.02 | s |
//! | τ_ref | `tau_ref` | 0.002 | s |
//! | a | `amplitude` | 1 | – |
//!
//! The state n (`adaptation`) is taken from the current, and starts at 0. It is
//! stepped by Euler, with the rate of the step. Gains, biases and decoders are
//! those of a neuron that has not adapted: at a constant current a neuron ends
//! below the rate that they are for.
//!
//! Reference: La Camera et al. 2004, Minimal models of adapted neuronal response
//! to in vivo-like input currents, Neural Computation 16:2101.

use bouton_kernels::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lif::{lif_gain_bias, lif_rate, lif_rates_intercepts};
use super::{NeuronModel, NeuronStep};
use crate::Element;
use crate::var::{Bounds, Over, Start, Var};

/// Rates of leaky integrate-and-fire neurons whose current falls by an adaptation that their own rate drives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveLifRate {
    /// Time constant of the adaptation (s).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_n: f64,
    /// Adaptation for each Hz of the rate (s).
    #[schemars(range(min = 0))]
    pub inc_n: f64,
    /// Membrane time constant (s).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_rc: f64,
    /// Refractory period (s).
    #[schemars(range(min = 0))]
    pub tau_ref: f64,
    /// Scale of the output.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub amplitude: f64,
}

impl Default for AdaptiveLifRate {
    fn default() -> AdaptiveLifRate {
        AdaptiveLifRate { tau_n: 1.0, inc_n: 0.01, tau_rc: 0.02, tau_ref: 0.002, amplitude: 1.0 }
    }
}

impl Element for AdaptiveLifRate {
    const NAME: &'static str = "adaptive_lif_rate";
    const PAGE: &'static str = include_str!("adaptive_lif_rate.rs");
}

/// The two parameters of an adaptation.
pub(super) fn adaptation_parameters(tau_n: f64, inc_n: f64) -> [Var; 2] {
    [
        Var::parameter("tau_n", "s", tau_n, Bounds::POSITIVE, "time constant of the adaptation"),
        Var::parameter("inc_n", "s", inc_n, Bounds::AT_LEAST_0, "adaptation for each Hz of the output"),
    ]
}

/// What is taken from the current.
pub(super) fn adaptation_state() -> Var {
    Var::state("adaptation", "", Over::Neuron, Start::Value(0.0), "what is taken from the current")
}

/// One step of the adaptation, by Euler, with the outputs of the step.
pub(super) fn adapt<T: Real>(dt: f64, (tau_n, inc_n): (f64, f64), out: &[T], n: &mut [T]) {
    let (rate, inc) = (T::of(dt / tau_n), T::of(inc_n));
    for (out, n) in out.iter().zip(n) {
        *n += rate * (inc * *out - *n);
    }
}

impl AdaptiveLifRate {
    fn step<T: Real>(&self, at: &NeuronStep<'_>, j: &[T], out: &mut [T], state: &mut [&mut [T]]) {
        let ([n], &[tau_n, inc_n, tau_rc, tau_ref, amplitude]) = (state, at.parameters) else { return };
        for ((j, n), out) in j.iter().zip(n.iter()).zip(out.iter_mut()) {
            *out = T::of(amplitude * lif_rate((*j - *n).f64(), tau_rc, tau_ref));
        }
        adapt(at.dt, (tau_n, inc_n), out, n);
    }
}

impl NeuronModel for AdaptiveLifRate {
    fn spiking(&self) -> bool {
        false
    }
    fn check(&self) -> Result<(), String> {
        crate::var::check(&self.vars())
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
        let [tau_n, inc_n] = adaptation_parameters(self.tau_n, self.inc_n);
        vec![
            tau_n,
            inc_n,
            Var::parameter("tau_rc", "s", self.tau_rc, Bounds::POSITIVE, "membrane time constant"),
            Var::parameter("tau_ref", "s", self.tau_ref, Bounds::AT_LEAST_0, "refractory period"),
            Var::parameter("amplitude", "", self.amplitude, Bounds::POSITIVE, "scale of the output"),
            adaptation_state(),
        ]
    }
    both_precisions!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::var::parameter_values;

    /// A long time at a constant current ends at the fixed point n = c·r(J − n), and gets there as e^(−t/τ) does where r is
    /// linear: the initial fall of the rate is that of dn/dt = c·r/τ_n.
    #[test]
    fn the_rate_falls_to_its_fixed_point() {
        let m = AdaptiveLifRate { tau_n: 0.4, inc_n: 0.013, ..AdaptiveLifRate::default() };
        let at = NeuronStep { dt: 0.0005, parameters: &parameter_values(&m.vars()) };
        let (j, mut out, mut n) = ([3.0], [0.0], vec![0.0]);
        let rate = |j: f64| 1.0 / (0.002 + 0.02 * f64::ln(j / (j - 1.0)));
        m.step_f64(&at, &j, &mut out, &mut [&mut n[..]]);
        assert!((out[0] - rate(3.0)).abs() < 1e-9, "{} Hz at first", out[0]);
        assert!((n[0] - 0.0005 / 0.4 * 0.013 * rate(3.0)).abs() < 1e-12, "{}", n[0]);
        for _ in 0..40_000 {
            m.step_f64(&at, &j, &mut out, &mut [&mut n[..]]);
        }
        // The fixed point by bisection.
        let (mut low, mut high) = (0.0, 1.9);
        for _ in 0..60 {
            let mid: f64 = 0.5 * (low + high);
            if mid < 0.013 * rate(3.0 - mid) { low = mid } else { high = mid }
        }
        assert!((n[0] - low).abs() < 1e-9 && (out[0] - rate(3.0 - low)).abs() < 1e-6, "{} {low}", n[0]);
    }
}
