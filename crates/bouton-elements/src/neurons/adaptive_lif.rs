//! Leaky integrate-and-fire neurons that adapt.
//!
//! τ_rc dv/dt = J − n − v; at v = 1 a spike, then v = 0 for τ_ref;
//! τ_n dn/dt = −n, and every spike adds a·c/τ_n to n.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | τ_n | `tau_n` | 1 | s |
//! | c | `inc_n` | 0.01 | s |
//! | τ_rc | `tau_rc` | 0.02 | s |
//! | τ_ref | `tau_ref` | 0.002 | s |
//! | v_min | `min_voltage` | 0 | – |
//! | a | `amplitude` | 1 | – |
//!
//! The state n (`adaptation`) starts at 0 and is stepped by Euler, behind the
//! voltage. Gains, biases and decoders are those of a neuron that has not
//! adapted.
//!
//! Reference: La Camera et al. 2004, Minimal models of adapted neuronal response
//! to in vivo-like input currents, Neural Computation 16:2101.

use bouton_kernels::{LifStep, Real, lif_textbook};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::adaptive_lif_rate::{adapt, adaptation_parameters, adaptation_state};
use super::{Lif, NeuronModel, NeuronStep};
use crate::Element;
use crate::var::Var;

/// Leaky integrate-and-fire neurons whose current falls by an adaptation that their own spikes drive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveLif {
    /// Time constant of the adaptation (s).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_n: f64,
    /// Adaptation for each Hz of the output (s): a spike adds `amplitude` · `inc_n` / `tau_n`.
    #[schemars(range(min = 0))]
    pub inc_n: f64,
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

impl Default for AdaptiveLif {
    fn default() -> AdaptiveLif {
        AdaptiveLif {
            tau_n: 1.0,
            inc_n: 0.01,
            tau_rc: 0.02,
            tau_ref: 0.002,
            min_voltage: 0.0,
            amplitude: 1.0,
        }
    }
}

impl Element for AdaptiveLif {
    const NAME: &'static str = "adaptive_lif";
    const PAGE: &'static str = include_str!("adaptive_lif.rs");
}

impl AdaptiveLif {
    /// The same without adaptation.
    fn lif(&self) -> Lif {
        let AdaptiveLif { tau_rc, tau_ref, min_voltage, amplitude, .. } = *self;
        Lif { tau_rc, tau_ref, min_voltage, amplitude }
    }
    fn step<T: Real>(&self, at: &NeuronStep<'_>, j: &[T], out: &mut [T], state: &mut [&mut [T]]) {
        let ([v, refractory, n], &[tau_n, inc_n, tau_rc, tau_ref, min_voltage, amplitude]) =
            (state, at.parameters)
        else {
            return;
        };
        let step = LifStep::new(at.dt, tau_rc, tau_ref, min_voltage, amplitude);
        // What is left of the current, a few neurons at a time.
        const FEW: usize = 64;
        let mut left = [T::ZERO; FEW];
        let parts = v.chunks_mut(FEW).zip(refractory.chunks_mut(FEW)).zip(out.chunks_mut(FEW));
        for ((j, n), ((v, refractory), out)) in j.chunks(FEW).zip(n.chunks(FEW)).zip(parts) {
            for ((left, j), n) in left.iter_mut().zip(j).zip(n) {
                *left = *j - *n;
            }
            lif_textbook(&step, &left[..j.len()], v, refractory, out);
        }
        adapt(at.dt, (tau_n, inc_n), out, n);
    }
}

impl NeuronModel for AdaptiveLif {
    fn spiking(&self) -> bool {
        true
    }
    fn fastest(&self, dt: f64) -> Option<f64> {
        self.lif().fastest(dt)
    }
    fn check(&self) -> Result<(), String> {
        crate::var::check(&self.vars())
    }
    fn gain_bias(&self, max_rates: &[f64], intercepts: &[f64]) -> Result<(Vec<f64>, Vec<f64>), String> {
        self.lif().gain_bias(max_rates, intercepts)
    }
    fn max_rates_intercepts(&self, gain: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>) {
        self.lif().max_rates_intercepts(gain, bias)
    }
    fn rates(&self, j: &mut [f64]) {
        self.lif().rates(j);
    }
    fn vars(&self) -> Vec<Var> {
        let mut vars = adaptation_parameters(self.tau_n, self.inc_n).to_vec();
        vars.extend(self.lif().vars());
        vars.push(adaptation_state());
        vars
    }
    both_precisions!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::var::parameter_values;

    /// Between spikes n falls as (1 − dt/τ_n)^k, and a spike adds a·c/τ_n; the mean rate is that of the fixed point
    /// n = c·r(J − n), within the ripple of n.
    #[test]
    fn spikes_drive_the_adaptation() {
        let m = AdaptiveLif { tau_n: 4.0, inc_n: 0.02, amplitude: 1.5, ..AdaptiveLif::default() };
        let (dt, j) = (0.0002, [2.5; 70]);
        let at = NeuronStep { dt, parameters: &parameter_values(&m.vars()) };
        // They begin at voltages all over, so that the mean of all counts parts of spikes.
        let begin = (0..70).map(|k| f64::from(k) / 70.0).collect();
        let (mut out, mut states) = ([0.0; 70], [begin, vec![0.0; 70], vec![0.0; 70]]);
        let (mut expected, mut spikes) = (0.0, 0.0);
        for step in 0..100_000 {
            let [v, r, n] = &mut states;
            m.step_f64(&at, &j, &mut out, &mut [&mut v[..], &mut r[..], &mut n[..]]);
            expected += 1.5 * 0.02 / 4.0 * f64::from(u8::from(out[69] > 0.0)) - dt / 4.0 * expected;
            assert!((n[69] - expected).abs() < 1e-9 * (1.0 + expected), "{} is not {expected}", n[69]);
            spikes += if step >= 50_000 { out.iter().sum::<f64>() / 1.5 * dt / 70.0 } else { 0.0 };
        }
        let rate = |j: f64| 1.0 / (0.002 + 0.02 * f64::ln(j / (j - 1.0)));
        let (mut low, mut high) = (0.0, 1.49);
        for _ in 0..60 {
            let mid: f64 = 0.5 * (low + high);
            if mid < 1.5 * 0.02 * rate(2.5 - mid) { low = mid } else { high = mid }
        }
        let (found, steady) = (spikes / 10.0, rate(2.5 - low));
        assert!((found - steady).abs() < 0.003 * steady, "{found} Hz, not {steady}");
    }
}
