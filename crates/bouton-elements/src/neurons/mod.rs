//! Neuron types.
//!
//! To add one: a file with a struct of parameters that implements [`NeuronModel`] and [`Element`](crate::Element), and a line
//! in the list at the end of this page's source; from another crate, [`register_neuron`]. Model files, their schema,
//! `bouton list` and the generic tests follow.

use bouton_kernels::{Level, LifStep, Real};

use crate::DynElement;
use crate::list::element_list;
use crate::var::{Over, Role, Start, Var, of_role};

mod spikes_of_rates;

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

/// A current beyond all bounds, and the share of the highest rate from which on a neuron is saturated.
const LARGE: f64 = 1e12;
const HIGHEST: f64 = 0.95;

/// What a neuron type is: how currents become activities, and how they step.
///
/// `j` is the input current of each neuron (gain, bias and encoding already in it), without unit: 1 is the threshold of
/// most types. Activities are in Hz; a spike in a step of `dt` has the height amplitude/dt.
///
/// A type may make spikes of the rates of another, its [`base`](NeuronModel::base): what it steps on is then not a current but
/// what the base gave in this step.
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
    /// The type whose outputs it takes in the place of currents: it steps before it, in every step.
    fn base(&self) -> Option<&NeuronType> {
        None
    }
    /// Whether its steps draw random numbers. Behind its states a step is then handed a generator, as the
    /// [numbers](bouton_random::RandomState::NUMBERS) of a
    /// [`RandomState`](bouton_random::RandomState), which it draws from and keeps: so that it is saved, and begins
    /// anew, with everything else. It starts as the stream of the neurons' states (the ensemble's seed + 1), behind the draws
    /// for these.
    fn draws(&self) -> bool {
        false
    }
    /// The highest rate (spikes/s) that a neuron can have with a time step of `dt` (s); `None` if there is no bound.
    fn fastest(&self, dt: f64) -> Option<f64> {
        let _ = dt;
        None
    }
    /// The output (Hz, with the amplitude) from which on a neuron counts as saturated with a time step of `dt` (s), where there
    /// is one: 95 % of the highest that it can have, which is that of a current beyond all bounds, or what the time step allows.
    fn saturates_at(&self, dt: f64) -> Option<f64> {
        let mut rate = [LARGE];
        self.rates(&mut rate);
        // Twice the current, twice the rate: no bound.
        let limit = Some(rate[0]).filter(|r| r.is_finite() && *r < LARGE * 1e-3);
        // The height of a spike, where a type has one.
        let height = self.vars().into_iter().find(|v| v.name == "amplitude").map(|v| v.start);
        let height = if let Some(Start::Value(a)) = height { a } else { 1.0 };
        limit.into_iter().chain(self.fastest(dt).map(|f| height * f)).reduce(f64::min).map(|h| h * HIGHEST)
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
        adaptive_lif::AdaptiveLif,
        adaptive_lif_rate::AdaptiveLifRate,
        izhikevich::Izhikevich,
        regular_spiking::RegularSpiking,
        poisson_spiking::PoissonSpiking,
        stochastic_spiking::StochasticSpiking,
        direct::Direct,
    }
}

/// Name of the rates of a type that makes spikes of them.
pub const RATE_OUT: &str = "rate_out";

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
    /// The types that step, one after the other: its [base](NeuronModel::base), if it has one, and itself.
    pub fn layers(&self) -> Vec<&NeuronType> {
        self.model().base().into_iter().chain([self]).collect()
    }
    /// What can be looked at of each neuron while it runs, beside its input and output: the states of its
    /// [layers](NeuronType::layers), and between them what the base gives, [`RATE_OUT`].
    pub fn states(&self) -> Vec<Var> {
        let own = self.model().states();
        match self.model().base() {
            None => own,
            Some(base) => {
                let doc = "what the base type gives";
                let rates = Var::state(RATE_OUT, "Hz", Over::Neuron, Start::Value(0.0), doc);
                [base.model().states(), vec![rates], own].concat()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bouton_random::RandomState;

    use super::*;
    use crate::var::{Start, parameter_values};

    #[test]
    fn a_neuron_is_saturated_from_95_percent_of_what_refractory_time_and_time_step_allow() {
        let of = |n: NeuronType, dt: f64| n.model().saturates_at(dt);
        let near = |a: Option<f64>, b: f64| assert!((a.unwrap() / b - 1.0).abs() < 1e-6, "{a:?}, not {b}");
        for amplitude in [1.0, 3.0] {
            let lif = Lif { tau_ref: 0.002, amplitude, ..Lif::default() };
            // 500 spikes a second at most, and one a step.
            near(of(lif.clone().into(), 0.001), amplitude * 475.0);
            near(of(lif.into(), 0.005), amplitude * 190.0);
            let rate = LifRate { tau_ref: 0.002, amplitude, ..LifRate::default() };
            near(of(rate.into(), 0.005), amplitude * 475.0);
        }
        near(of(Sigmoid { tau_ref: 0.0025 }.into(), 0.001), 380.0);
        assert_eq!(of(RectifiedLinear::default().into(), 0.001), None);
    }

    /// One of each type with its defaults, or the example of one that needs more.
    fn every_type() -> Vec<NeuronType> {
        let all = <dyn NeuronModel as crate::Kind>::registry().all();
        all.iter().map(|d| d.example().unwrap()).collect()
    }

    /// A layer: its type, parameters and states.
    type Layer<'a> = (&'a NeuronType, Vec<f64>, Vec<Vec<f64>>);

    /// A population at rest that steps, layer by layer.
    struct Population<'a> {
        layers: Vec<Layer<'a>>,
    }

    impl Population<'_> {
        /// Spikes of the first neuron in each of 10,000 steps of 1 ms.
        fn counted(mut self, j: f64) -> Vec<f64> {
            (0..10_000).map(|_| (self.step(0.001, &[j])[0] * 0.001).round()).collect()
        }
        fn new(neuron: &NeuronType, n: usize) -> Population<'_> {
            let of = |t: &'_ NeuronType| {
                let start = |s: Var| match s.start {
                    Start::Value(x) => vec![x; n],
                    Start::Uniform(a, b) => vec![0.5 * (a + b); n],
                    Start::Values(x) => x,
                    other => panic!("{}: a state can't start at {other:?}", t.name()),
                };
                let mut state: Vec<Vec<f64>> = t.model().states().into_iter().map(start).collect();
                if t.model().draws() {
                    state.push(RandomState::new(7).to_numbers());
                }
                (parameter_values(&t.model().vars()), state)
            };
            let layers =
                neuron.layers().into_iter().map(|t| (t, of(t))).map(|(t, (p, s))| (t, p, s)).collect();
            Population { layers }
        }
        fn step(&mut self, dt: f64, j: &[f64]) -> Vec<f64> {
            let mut x = j.to_vec();
            for (t, parameters, state) in &mut self.layers {
                let mut out = vec![0.0; x.len()];
                let mut state: Vec<&mut [f64]> = state.iter_mut().map(|s| &mut s[..]).collect();
                t.model().step_f64(&NeuronStep { dt, parameters }, &x, &mut out, &mut state);
                x = out;
            }
            x
        }
    }

    /// For every type of the list: gain and bias give the maximum rate at 1 and that of the intercept below it, and the step's
    /// mean output over ten seconds is the steady rate.
    #[test]
    fn every_type_keeps_the_contract() {
        let (max_rates, intercepts) = ([210.0, 250.0, 390.0], [-0.9, 0.0, 0.5]);
        for neuron in every_type() {
            // Adaptation takes from the rates: what is asked is without it.
            let neuron = neuron.with(&[("inc_n", &[0.0])]).unwrap_or(neuron);
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
            // Rates that are counted are met roughly; its file has the test.
            if neuron.is::<Izhikevich>() {
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
            let mut population = Population::new(&neuron, 3);
            let mut sum = [0.0; 3];
            for _ in 0..10_000 {
                let out = population.step(0.001, &j);
                sum.iter_mut().zip(&out).for_each(|(sum, out)| *sum += out * 0.001);
            }
            for i in 0..3 {
                // Six standard deviations of what is drawn at random: of a Poisson process the most that it can be.
                let expected = 10.0 * steady[i];
                let slack = if m.draws() { 6.0 * expected.sqrt() } else { 1.0 + 1e-6 };
                assert!((sum[i] - expected).abs() <= slack, "{name}: {} in 10 s, not {expected}", sum[i]);
            }
        }
    }

    /// Spikes of every kind of rate, negative ones too: their number is that of the rate, and it varies as it should.
    #[test]
    fn spikes_have_the_rates_of_their_base_and_the_variance_of_their_kind() {
        let (dt, r) = (0.001, [350.0, -220.0, 80.0]);
        let base = Tanh { tau_ref: 0.0025 };
        let j: Vec<f64> = r.iter().map(|r| libm::atanh(r * 0.0025)).collect();
        let kinds: [(NeuronType, &dyn Fn(f64) -> f64); 3] = [
            // The whole numbers that a line passes: a step is one or none, but the sum doesn't spread at all.
            (RegularSpiking { base: base.clone().into(), amplitude: 1.7 }.into(), &|m| m * (1.0 - m)),
            (StochasticSpiking { base: base.clone().into(), amplitude: 1.7 }.into(), &|m| m * (1.0 - m)),
            (PoissonSpiking { base: base.into(), amplitude: 1.7 }.into(), &|m| m),
        ];
        for (neuron, variance) in kinds {
            // Ten neurons of each rate.
            let j: Vec<f64> = j.iter().flat_map(|j| [*j; 10]).collect();
            let mut p = Population::new(&neuron, 30);
            let (steps, mut sum, mut squares) = (200_000, [0.0; 3], [0.0; 3]);
            for _ in 0..steps {
                for (k, out) in p.step(dt, &j).into_iter().enumerate() {
                    let n = out * dt / 1.7;
                    assert!((n - n.round()).abs() < 1e-9, "{}: {n} spikes in a step", neuron.name());
                    sum[k / 10] += n;
                    squares[k / 10] += n * n;
                }
            }
            let count = f64::from(steps) * 10.0;
            for k in 0..3 {
                let mean = sum[k] / count;
                let spread = squares[k] / count - mean * mean;
                let (rate, var) = (r[k] * dt, variance((r[k] * dt).abs()));
                // Five standard errors: of the largest rate 0.6 %.
                let (slack, wide) =
                    (5.0 * (var / count).sqrt(), 5.0 * ((var + 2.0 * var * var) / count).sqrt());
                assert!((mean - rate).abs() < slack, "{}: {mean}, not {rate}", neuron.name());
                assert!((spread - var).abs() < wide, "{}: {spread}, not {var}", neuron.name());
            }
        }
    }

    /// Rates above one a step: whole spikes always come, and the rest at random.
    #[test]
    fn several_spikes_fall_into_a_step() {
        let base: NeuronType = RectifiedLinear { amplitude: 1.0 }.into();
        let mut p = Population::new(&StochasticSpiking { base: base.clone(), amplitude: 1.0 }.into(), 1)
            .counted(4300.0);
        p.sort_by(f64::total_cmp);
        assert_eq!((p[0], p[9_999]), (4.0, 5.0));
        assert!((p.iter().sum::<f64>() / 1e4 - 4.3).abs() < 0.023);
        let p = Population::new(&PoissonSpiking { base, amplitude: 1.0 }.into(), 1).counted(12_000.0);
        let mean = p.iter().sum::<f64>() / 1e4;
        let variance = p.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / 1e4;
        assert!((mean - 12.0).abs() < 0.18 && (variance - 12.0).abs() < 0.9, "{mean} {variance}");
    }

    #[test]
    fn a_base_must_give_rates() {
        let refused = |base: NeuronType| RegularSpiking { base, amplitude: 1.0 }.check().unwrap_err();
        assert!(
            refused(Lif::default().into()).contains("`base` must be a type that gives rates, found `lif`")
        );
        assert!(refused(Direct {}.into()).contains("no neurons"));
        let bad = LifRate { tau_rc: -1.0, ..LifRate::default() };
        assert!(refused(bad.into()).contains("`base`: `tau_rc` must be a finite number greater than 0"));
        let e = PoissonSpiking { base: Sigmoid::default().into(), amplitude: 0.0 }.check().unwrap_err();
        assert!(e.contains("`amplitude`"), "{e}");
    }
}
