//! What types have in common that make spikes of the rates of another: see [`NeuronModel::base`](super::NeuronModel::base).

use bouton_kernels::Real;
use bouton_random::RandomState;

use super::NeuronType;
use crate::var::{Bounds, Start, Var};

/// The variable that says which type gives the rates.
pub(super) fn base_var(base: &NeuronType) -> Var {
    let doc = "the type that gives the rates; its parameters have paths that begin with `base`";
    let var = Var::fixed("base", "", 0.0, Bounds::ANY, doc);
    Var { start: Start::Name { is: base.name().into(), of: vec![] }, ..var }
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

/// Draws from a generator that is kept as numbers: see [`NeuronModel::draws`](super::NeuronModel::draws).
pub(super) fn draw<T: Real>(generator: &mut [T], draw: impl FnOnce(&mut RandomState)) {
    if generator.len() != RandomState::NUMBERS {
        return;
    }
    let mut rng = RandomState::from_numbers(|k| generator[k].f64());
    draw(&mut rng);
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
