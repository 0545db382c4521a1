//! A population's step, as its neuron type does it.

use bouton_elements::neurons::{NeuronStep, NeuronType};
use bouton_elements::random::RandomState;
use bouton_elements::var::parameter_values;

use super::{At, Kernel, SimReal, Slices};
use crate::program::Shape;

/// Outputs and states of neurons from their input currents: `out`, one operand a state variable, of a type that
/// [draws](bouton_elements::neurons::NeuronModel::draws) its generator, `j`, and the parameters of the type in double
/// precision. Of a type with a [base](bouton_elements::neurons::NeuronModel::base) it is the last step alone, and `j` what the
/// base gave.
#[derive(Clone, Debug)]
pub struct Neurons {
    /// The type.
    pub neurons: NeuronType,
}

impl Kernel for Neurons {
    const NAME: &'static str = "neurons";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (name, model) = (self.neurons.name(), self.neurons.model());
        let states = model.states().len();
        let generators = usize::from(model.draws());
        if on.len() != states + generators + 3 {
            let generator = if model.draws() { "a generator, " } else { "" };
            return Err(format!(
                "`{name}` takes `out`, {states} states, {generator}`j` and its parameters, found {} operands",
                on.len()
            ));
        }
        let n = on[0].len();
        let (neural, others) = on.split_at(states + 1);
        if neural.iter().chain([&others[generators]]).any(|s| s.len() != n) {
            return Err("outputs, states and currents must be as many as the neurons".into());
        }
        let wanted = RandomState::NUMBERS;
        if let Some(s) = others[..generators].iter().find(|s| s.len() != wanted) {
            return Err(format!(
                "the generator of `{name}` has {} numbers, and {wanted} are needed",
                s.len()
            ));
        }
        let parameters = parameter_values(&model.vars()).len();
        if on[on.len() - 1].len() != parameters {
            return Err(format!("`{name}` has {parameters} parameters, found {}", on[on.len() - 1].len()));
        }
        Ok(())
    }
    fn work(&self, on: &[usize]) -> usize {
        on[0] * on.len().saturating_sub(1)
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let mut l = s.lists();
        if let ([out, state @ ..], [j], [parameters]) = (&mut l.writes[..], &l.reads[..], &l.doubles[..]) {
            T::step(self.neurons.model(), &NeuronStep { dt: at.dt, parameters }, j, out, state);
        }
    }
}
