//! Neuron types.
//!
//! To add one: a file with a struct of parameters that implements [`NeuronModel`] and [`Element`](crate::Element), and a line
//! in the list at the end of this page's source; from another crate, [`register_neuron`]. Model files, their schema,
//! `bouton list` and the generic tests follow.

use bouton_kernels::{Level, LifStep, Real};

use crate::DynElement;
use crate::list::element_list;
use crate::var::{Role, Var, of_role};

/// What a step of neurons is handed beside currents and states.
#[derive(Clone, Copy, Debug)]
pub struct NeuronStep<'a> {
    /// Time step (s).
    pub dt: f64,
    /// The parameters as they are now, in the order of [`NeuronModel::vars`].
    pub parameters: &'a [f64],
}

/// A special form of a neuron type that a plan may use in place of the type's own step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FastForm {
    /// Leaky integrate-and-fire without exp or log: [`bouton_kernels::lif_phase`]. State 0 is the voltage; state 1,
    /// the refractory time, is replaced by the phase mark.
    LifPhase,
}

/// What a neuron type is: how currents become activities, and how they step.
///
/// `j` is the input current of each neuron (gain, bias and encoding already in it), without unit: 1 is the threshold of
/// most types. Activities are in Hz; a spike in a step of `dt` has the height amplitude/dt.
pub trait NeuronModel: DynElement {
    /// Whether the output consists of spikes.
    fn spiking(&self) -> bool;
    /// Refuses parameters that make no sense; the message names the parameter, what was expected and what was found.
    fn check(&self) -> Result<(), String>;
    /// Gains and biases that give these maximum rates (Hz, at the radius) and intercepts.
    fn gain_bias(&self, max_rates: &[f64], intercepts: &[f64]) -> Result<(Vec<f64>, Vec<f64>), String>;
    /// Maximum rates (Hz) and intercepts that follow from these gains and biases.
    fn max_rates_intercepts(&self, gain: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>);
    /// Activity (Hz) just below the intercept: none, but for types without a threshold.
    fn intercept_rate(&self) -> f64 {
        0.0
    }
    /// Steady activities (Hz) at these currents, in place. Decoders are solved from them.
    fn rates(&self, j: &mut [f64]);
    /// The parameters that can change while the model runs, with their present values, and the states: in the order in
    /// which [`step_f64`](NeuronModel::step_f64) takes them.
    fn vars(&self) -> Vec<Var>;
    /// The states among them.
    fn states(&self) -> Vec<Var> {
        of_role(self.vars(), Role::State)
    }
    /// The highest rate (Hz) that a neuron can have with a time step of `dt` (s); `None` if there is no bound.
    fn fastest(&self, dt: f64) -> Option<f64> {
        let _ = dt;
        None
    }
    /// One step in double precision. Parameters are those of the step, not of `self`: they may have changed since.
    fn step_f64(&self, at: &NeuronStep<'_>, j: &[f64], out: &mut [f64], state: &mut [&mut [f64]]);
    /// One step in single precision. A type that has none of its own steps in double precision, which is slower; its
    /// states are rounded after each step.
    fn step_f32(&self, at: &NeuronStep<'_>, j: &[f32], out: &mut [f32], state: &mut [&mut [f32]]) {
        let wide = |x: &[f32]| x.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
        let narrow = |from: &[f64], to: &mut [f32]| to.iter_mut().zip(from).for_each(|(y, x)| *y = *x as f32);
        let (j, mut y) = (wide(j), wide(out));
        let mut states: Vec<Vec<f64>> = state.iter().map(|s| wide(s)).collect();
        self.step_f64(at, &j, &mut y, &mut states.iter_mut().map(|s| &mut s[..]).collect::<Vec<_>>());
        narrow(&y, out);
        state.iter_mut().zip(&states).for_each(|(to, from)| narrow(from, to));
    }
    /// The form that a plan may use instead of the step, where there is one.
    fn fast_form(&self) -> Option<FastForm> {
        None
    }
}

/// Picks the step of the simulation's number type. Implemented for `f64` and `f32`.
pub trait StepReal: Real {
    /// One step of `model`.
    fn step(
        model: &dyn NeuronModel,
        at: &NeuronStep<'_>,
        j: &[Self],
        out: &mut [Self],
        state: &mut [&mut [Self]],
    );
}
impl StepReal for f64 {
    fn step(
        model: &dyn NeuronModel,
        at: &NeuronStep<'_>,
        j: &[f64],
        out: &mut [f64],
        state: &mut [&mut [f64]],
    ) {
        model.step_f64(at, j, out, state);
    }
}
impl StepReal for f32 {
    fn step(
        model: &dyn NeuronModel,
        at: &NeuronStep<'_>,
        j: &[f32],
        out: &mut [f32],
        state: &mut [&mut [f32]],
    ) {
        model.step_f32(at, j, out, state);
    }
}

/// Writes the two steps of a type whose one generic step is an inherent function `step`.
macro_rules! both_precisions {
    () => {
        fn step_f64(&self, at: &NeuronStep<'_>, j: &[f64], out: &mut [f64], state: &mut [&mut [f64]]) {
            self.step(at, j, out, state);
        }
        fn step_f32(&self, at: &NeuronStep<'_>, j: &[f32], out: &mut [f32], state: &mut [&mut [f32]]) {
            self.step(at, j, out, state);
        }
    };
}

/// One step of the LIF phase form, for a plan that has chosen it.
pub fn step_lif_phase<T: Real>(
    level: Level,
    p: &LifStep<T>,
    j: &[T],
    v: &mut [T],
    mark: &mut [T],
    out: &mut [T],
) {
    bouton_kernels::lif_phase(level, p, j, v, mark, out);
}

element_list! {
    /// A neuron type with its parameters.
    NeuronType: dyn NeuronModel, "neurons", register_neuron, |m| m.vars() => {
        lif::Lif,
        lif_rate::LifRate,
        rectified_linear::RectifiedLinear,
        spiking_rectified_linear::SpikingRectifiedLinear,
        sigmoid::Sigmoid,
        tanh::Tanh,
        direct::Direct,
    }
}

impl Default for NeuronType {
    fn default() -> NeuronType {
        Lif::default().into()
    }
}

impl NeuronType {
    /// Whether this is [`Direct`]: no neurons, values pass through.
    pub fn is_direct(&self) -> bool {
        self.is::<Direct>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::var::{Start, parameter_values};

    /// One of each type with its defaults, as a model file makes it of the name alone.
    fn every_type() -> Vec<NeuronType> {
        NeuronType::names().into_iter().map(|n| NeuronType::named(n).unwrap()).collect()
    }

    /// For every type of the list: gain and bias give the maximum rate at 1 and that of the intercept below it, and the step's
    /// mean output over ten seconds is the steady rate.
    #[test]
    fn every_type_keeps_the_contract() {
        let (max_rates, intercepts) = ([210.0, 250.0, 390.0], [-0.9, 0.0, 0.5]);
        for neuron in every_type() {
            let (name, m) = (neuron.name(), neuron.model());
            m.check().unwrap();
            if neuron.is_direct() {
                // No neurons: one gain a value, and what comes in comes out.
                let (gain, bias) = m.gain_bias(&max_rates, &intercepts).unwrap();
                let (rates, ints) = m.max_rates_intercepts(&gain, &bias);
                assert_eq!(
                    (gain, bias, rates, ints),
                    (vec![1.0; 3], vec![0.0; 3], vec![1.0; 3], vec![0.0; 3])
                );
                continue;
            }
            let (gain, bias) = m.gain_bias(&max_rates, &intercepts).unwrap();
            let mut top: Vec<f64> = (0..3).map(|i| gain[i] + bias[i]).collect();
            m.rates(&mut top);
            let mut foot: Vec<f64> = (0..3).map(|i| gain[i] * (intercepts[i] - 1e-9) + bias[i]).collect();
            m.rates(&mut foot);
            let (rates, ints) = m.max_rates_intercepts(&gain, &bias);
            for i in 0..3 {
                assert!(
                    (top[i] - max_rates[i]).abs() < 1e-6 * max_rates[i],
                    "{name}: {} Hz at the radius",
                    top[i]
                );
                // Types that go through the intercept on a slope are a little off it, 1e-9 below.
                let off = (foot[i] - m.intercept_rate()).abs();
                assert!(off < 1e-5, "{name}: {} Hz below its intercept", foot[i]);
                assert!(
                    (rates[i] - max_rates[i]).abs() < 1e-6 && (ints[i] - intercepts[i]).abs() < 1e-9,
                    "{name}"
                );
            }
            let j: Vec<f64> = (0..3).map(|i| gain[i] * 0.8 + bias[i]).collect();
            let mut steady = j.clone();
            m.rates(&mut steady);
            let mut state: Vec<Vec<f64>> = m
                .states()
                .iter()
                .map(|s| match s.start {
                    Start::Value(x) => vec![x; 3],
                    Start::Uniform(a, b) => vec![0.5 * (a + b); 3],
                    Start::Values(ref x) => x.clone(),
                    ref other => panic!("{name}: a state can't start at {other:?}"),
                })
                .collect();
            let mut state: Vec<&mut [f64]> = state.iter_mut().map(|s| &mut s[..]).collect();
            let parameters = parameter_values(&m.vars());
            let at = NeuronStep { dt: 0.001, parameters: &parameters };
            let (mut out, mut sum) = ([0.0; 3], [0.0; 3]);
            for _ in 0..10_000 {
                m.step_f64(&at, &j, &mut out, &mut state);
                for i in 0..3 {
                    sum[i] += out[i] * 0.001;
                }
            }
            for i in 0..3 {
                assert!(
                    (sum[i] - 10.0 * steady[i]).abs() <= 1.0 + 1e-6,
                    "{name}: {} in 10 s, not {}",
                    sum[i],
                    10.0 * steady[i]
                );
            }
        }
    }
}
