//! What types have in common that make spikes of the rates of another: see [`NeuronModel::base`](super::NeuronModel::base).

use bouton_kernels::Real;
use bouton_random::RandomState;

use super::{NeuronStep, NeuronType};
use crate::var::{Bounds, Start, Var};

/// The variable that says which type gives the rates.
fn base_var(base: &NeuronType) -> Var {
    let doc = "the type that gives the rates; its parameters have paths that begin with `base`";
    let var = Var::fixed("base", "", 0.0, Bounds::ANY, doc);
    Var { start: Start::Name { is: base.name().into(), of: vec![] }, ..var }
}

/// The scale of the output unless told.
pub(super) fn one() -> f64 {
    1.0
}

/// The variables that all have.
pub(super) fn vars(base: &NeuronType, amplitude: f64) -> Vec<Var> {
    vec![base_var(base), Var::parameter("amplitude", "", amplitude, Bounds::POSITIVE, "scale of the output")]
}

/// Refuses a base that isn't one, and a scale that makes no sense.
pub(super) fn check(base: &NeuronType, amplitude: f64) -> Result<(), String> {
    Bounds::POSITIVE.check("amplitude", amplitude)?;
    if base.model().spiking() {
        return Err(format!(
            "`base` must be a type that gives rates, found `{}`, which spikes; take its rates (`lif_rate` for `lif`)",
            base.name()
        ));
    }
    if base.is_direct() {
        return Err("`base` must be a type that gives rates, found `direct`, which has no neurons".into());
    }
    let about = |m: String| format!("`base`: {m}");
    base.model().check().and_then(|()| base.within_bounds()).map_err(about)
}

/// Spikes that are drawn: of each neuron `draw` gives their number, of which so many are expected. The generator is the one state,
/// kept as numbers: see [`NeuronModel::draws`](super::NeuronModel::draws).
pub(super) fn draw<T: Real>(
    at: &NeuronStep<'_>,
    rates: &[T],
    out: &mut [T],
    state: &mut [&mut [T]],
    draw: impl Fn(&mut RandomState, f64) -> f64,
) {
    let ([generator], &[amplitude]) = (state, at.parameters) else { return };
    if generator.len() != RandomState::NUMBERS {
        return;
    }
    let mut rng = RandomState::from_numbers(|k| generator[k].f64());
    for (r, out) in rates.iter().zip(out) {
        let r = r.f64();
        let n = draw(&mut rng, r.abs() * at.dt);
        let sign = if r < 0.0 { -1.0 } else { 1.0 };
        *out = T::of(amplitude / at.dt * n * sign);
    }
    rng.put_numbers(|k, x| generator[k] = T::of(x));
}

/// Writes what follows from the base: a struct with the fields `base` and `amplitude`.
macro_rules! of_its_base {
    () => {
        fn spiking(&self) -> bool {
            true
        }
        fn base(&self) -> Option<&NeuronType> {
            Some(&self.base)
        }
        fn check(&self) -> Result<(), String> {
            spikes_of_rates::check(&self.base, self.amplitude)
        }
        fn gain_bias(&self, max_rates: &[f64], intercepts: &[f64]) -> Result<(Vec<f64>, Vec<f64>), String> {
            self.base.model().gain_bias(max_rates, intercepts)
        }
        fn max_rates_intercepts(&self, gain: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>) {
            self.base.model().max_rates_intercepts(gain, bias)
        }
        fn intercept_rate(&self) -> f64 {
            self.base.model().intercept_rate()
        }
        fn rates(&self, j: &mut [f64]) {
            self.base.model().rates(j);
        }
        both_precisions!();
    };
}
pub(super) use of_its_base;
