//! Izhikevich's neurons: two equations for many kinds of spiking.
//!
//! dv/dt = 0.04v² + 5v + 140 − u + J, du/dt = a(bv − u), per millisecond;
//! v ≥ 30 is a spike: then v = c, and u grows by d.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | a | `tau_recovery` | 0.02 | 1/ms |
//! | b | `coupling` | 0.2 | – |
//! | c | `reset_voltage` | −65 | mV |
//! | d | `reset_recovery` | 8 | – |
//!
//! The defaults are regular spiking. The states are v (`voltage`, mV), uniform
//! on [0, 1) at first, and u (`recovery`), 0 at first. Both are stepped by
//! Euler, v first; a spike and its reset come before u moves. Currents below
//! −30 are taken as −30.
//!
//! There is no formula for the rate: it is counted over 1000 steps of 1 ms at a
//! constant current, behind one that doesn't count. Gains and biases are
//! interpolated between 101 such rates, and so meet the maximum rates and
//! intercepts roughly.
//!
//! Reference: Izhikevich 2003, Simple model of spiking neurons, IEEE
//! Transactions on Neural Networks 14:1569 (which steps v in two halves).

use bouton_kernels::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NeuronModel, NeuronStep};
use crate::Element;
use crate::interpolate::interpolated;
use crate::var::{Bounds, Over, Start, Var, parameter_values};

/// Izhikevich's neurons: a quadratic voltage and a recovery variable, for many kinds of spiking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Izhikevich {
    /// How fast the recovery follows (1/ms): a.
    pub tau_recovery: f64,
    /// How much the recovery follows the voltage: b.
    pub coupling: f64,
    /// Voltage after a spike (mV): c.
    pub reset_voltage: f64,
    /// What a spike adds to the recovery: d.
    pub reset_recovery: f64,
}

impl Default for Izhikevich {
    fn default() -> Izhikevich {
        Izhikevich { tau_recovery: 0.02, coupling: 0.2, reset_voltage: -65.0, reset_recovery: 8.0 }
    }
}

impl Element for Izhikevich {
    const NAME: &'static str = "izhikevich";
    const PAGE: &'static str = include_str!("izhikevich.rs");
}

/// Currents between which rates are interpolated: an odd number, so that 0 is among them.
const CURRENTS: usize = 101;

/// n numbers from `a` to `b`, both included.
fn spaced(a: f64, b: f64, n: usize) -> Vec<f64> {
    let step = (b - a) / (n - 1) as f64;
    let mut x: Vec<f64> = (0..n).map(|k| k as f64 * step + a).collect();
    x[n - 1] = b;
    x
}

impl Izhikevich {
    fn step<T: Real>(&self, at: &NeuronStep<'_>, j: &[T], out: &mut [T], state: &mut [&mut [T]]) {
        let ([v, u], &[a, b, c, d]) = (state, at.parameters) else { return };
        let [a, b, c, d, dt] = [a, b, c, d, at.dt].map(T::of);
        let [milli, square, linear, offset, top] = [1000.0, 0.04, 5.0, 140.0, 30.0].map(T::of);
        let spike = T::ONE / dt;
        for (((j, out), v), u) in j.iter().zip(out).zip(v.iter_mut()).zip(u.iter_mut()) {
            let j = j.at_least(-top);
            let dv = (square * (*v * *v) + linear * *v + offset - *u + j) * milli;
            *v += dv * dt;
            let spikes = *v >= top;
            *out = if spikes { spike } else { T::ZERO };
            *v = if spikes { c } else { *v };
            *u += a * (b * *v - *u) * milli * dt;
            *u += if spikes { d } else { T::ZERO };
        }
    }
}

impl NeuronModel for Izhikevich {
    fn spiking(&self) -> bool {
        true
    }
    fn fastest(&self, dt: f64) -> Option<f64> {
        // One spike a step at most.
        Some(1.0 / dt)
    }
    fn check(&self) -> Result<(), String> {
        crate::var::check(&self.vars())
    }
    fn gain_bias(&self, max_rates: &[f64], intercepts: &[f64]) -> Result<(Vec<f64>, Vec<f64>), String> {
        let highest = max_rates.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut threshold, mut top) = (None, None);
        let mut reach = 10.0;
        for _ in 0..10 {
            let j = spaced(-reach, reach, CURRENTS);
            let mut rates = j.clone();
            self.rates(&mut rates);
            threshold = threshold.or(rates.iter().rposition(|r| *r <= 0.0).map(|k| j[k]));
            top = top.or(rates.iter().position(|r| *r >= highest).map(|k| j[k]));
            if threshold.is_some() && top.is_some() {
                break;
            }
            reach *= 2.0;
        }
        let Some(threshold) = threshold else {
            return Err("no current was found at which these neurons are silent, so that `intercepts` can't be met; give \
                        `gain` and `bias` in their place"
                .into());
        };
        let Some(top) = top else {
            return Err(format!(
                "no current was found at which these neurons fire at {highest} Hz: lower `max_rates`, or give `gain` and \
                 `bias` in their place"
            ));
        };
        let j = spaced(threshold, top, CURRENTS);
        let mut rates = j.clone();
        self.rates(&mut rates);
        let of = |(rate, intercept): (&f64, &f64)| {
            let at_radius = interpolated(*rate, &rates, &j);
            let gain = (threshold - at_radius) / (intercept - 1.0);
            (gain, at_radius - gain)
        };
        Ok(max_rates.iter().zip(intercepts).map(of).unzip())
    }
    fn max_rates_intercepts(&self, gain: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut rates: Vec<f64> = gain.iter().zip(bias).map(|(g, b)| g + b).collect();
        self.rates(&mut rates);
        let x = spaced(-1.0, 1.0, CURRENTS);
        let intercept = |(g, b): (&f64, &f64)| {
            let mut rates: Vec<f64> = x.iter().map(|x| g * x + b).collect();
            self.rates(&mut rates);
            // The last point of silence before the first rate.
            x[rates.iter().position(|r| *r > 0.0).unwrap_or(0).saturating_sub(1)]
        };
        (rates, gain.iter().zip(bias).map(intercept).collect())
    }
    fn rates(&self, j: &mut [f64]) {
        let parameters = parameter_values(&self.vars());
        let at = NeuronStep { dt: 0.001, parameters: &parameters };
        const FEW: usize = 256;
        for j in j.chunks_mut(FEW) {
            let (mut v, mut u, mut out, mut sum) = ([0.0; FEW], [0.0; FEW], [0.0; FEW], [0.0; FEW]);
            for k in 0..=1000 {
                self.step(&at, j, &mut out, &mut [&mut v, &mut u]);
                if k > 0 {
                    sum.iter_mut().zip(&out).for_each(|(sum, out)| *sum += out);
                }
            }
            j.iter_mut().zip(&sum).for_each(|(j, sum)| *j = sum / 1000.0);
        }
    }
    fn vars(&self) -> Vec<Var> {
        let parameter = |name, unit, value, doc| Var::parameter(name, unit, value, Bounds::ANY, doc);
        vec![
            parameter("tau_recovery", "1/ms", self.tau_recovery, "how fast the recovery follows"),
            parameter("coupling", "", self.coupling, "how much the recovery follows the voltage"),
            parameter("reset_voltage", "mV", self.reset_voltage, "voltage after a spike"),
            parameter("reset_recovery", "", self.reset_recovery, "what a spike adds to the recovery"),
            Var::state("voltage", "mV", Over::Neuron, Start::Uniform(0.0, 1.0), "voltage; 30 is a spike"),
            Var::state("recovery", "", Over::Neuron, Start::Value(0.0), "recovery"),
        ]
    }
    both_precisions!();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Below the spike the two equations have a fixed point, 0.04v² + 5v + 140 − bv + J = 0 with u = bv: for a = 0.02, b = 0.2
    /// and J = 0 it is v = −70, u = −14 (Izhikevich 2003, fig. 2: the resting potential).
    #[test]
    fn the_resting_potential_is_that_of_the_paper() {
        let m = Izhikevich::default();
        let at = NeuronStep { dt: 0.001, parameters: &parameter_values(&m.vars()) };
        let (mut v, mut u, mut out) = ([-68.0], [-14.0], [0.0]);
        for _ in 0..5000 {
            m.step_f64(&at, &[0.0], &mut out, &mut [&mut v, &mut u]);
        }
        assert!((v[0] + 70.0).abs() < 1e-6 && (u[0] + 14.0).abs() < 1e-6, "{v:?} {u:?}");
        // From J = 3.7807 on there is none any more: ((5 − b)² − 4·0.04·(140 + J)) = 0 at J = 4, but the point loses its
        // stability where the trace of the Jacobian 0.08v + 5 − a is 0, a little before.
        let mut j = [3.7, 3.9];
        m.rates(&mut j);
        assert!(j[0] == 0.0 && j[1] > 0.0, "{j:?}");
    }

    #[test]
    fn a_step_is_that_of_the_equations() {
        let m = Izhikevich { tau_recovery: 0.1, coupling: 0.25, reset_voltage: -60.0, reset_recovery: 2.0 };
        let at = NeuronStep { dt: 0.0005, parameters: &parameter_values(&m.vars()) };
        let (mut v, mut u, mut out) = ([-50.0, 29.0, -62.0], [-10.0, -12.0, 3.0], [0.0; 3]);
        m.step_f64(&at, &[7.0, 10.0, -40.0], &mut out, &mut [&mut v, &mut u]);
        // By hand, half a millisecond: −50 + 0.5·(100 − 250 + 140 + 10 + 7); 29 + 0.5·(33.64 + 145 + 140 + 12 + 10) is a spike;
        // −62 + 0.5·(153.76 − 310 + 140 − 3 − 30).
        let expected = [-46.5, -60.0, -86.62];
        // u + 0.5·0.1·(0.25v − u), with the new v; and 2 for a spike.
        let recovery = [
            -10.0 + 0.05 * (-11.625 + 10.0),
            -12.0 + 0.05 * (-15.0 + 12.0) + 2.0,
            3.0 + 0.05 * (-21.655 - 3.0),
        ];
        assert_eq!(out, [0.0, 2000.0, 0.0]);
        for k in 0..3 {
            assert!((v[k] - expected[k]).abs() < 1e-12 && (u[k] - recovery[k]).abs() < 1e-12, "{v:?} {u:?}");
        }
    }

    #[test]
    fn gains_come_close_to_what_is_asked() {
        let m = Izhikevich::default();
        let (rates, intercepts) = ([60.0, 100.0], [-0.5, 0.3]);
        let (gain, bias) = m.gain_bias(&rates, &intercepts).unwrap();
        let (found, ints) = m.max_rates_intercepts(&gain, &bias);
        for k in 0..2 {
            assert!(
                (found[k] - rates[k]).abs() <= 3.0 && (ints[k] - intercepts[k]).abs() < 0.05,
                "{found:?} {ints:?}"
            );
        }
        let e = m.gain_bias(&[2000.0], &[0.0]).unwrap_err();
        assert!(e.contains("2000 Hz") && e.contains("max_rates"), "{e}");
    }
}
