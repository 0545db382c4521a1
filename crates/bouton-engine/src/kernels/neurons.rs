//! A population's step, as its neuron type does it.

use bouton_elements::neurons::{NeuronStep, NeuronType};

use super::{At, Kernel, SimReal, Slices};
use crate::program::Shape;

/// Outputs and states of neurons from their input currents: `out`, one operand a state variable, `j`, and the parameters
/// of the type in double precision.
#[derive(Clone, Debug)]
pub struct Neurons {
    /// The type.
    pub neurons: NeuronType,
}

impl Kernel for Neurons {
    const NAME: &'static str = "neurons";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let states = self.neurons.model().states().len();
        if on.len() != states + 3 {
            return Err(format!(
                "`{}` takes `out`, {states} states, `j` and its parameters, found {} operands",
                self.neurons.name(),
                on.len()
            ));
        }
        let n = on[0].len();
        if on[..states + 2].iter().any(|s| s.len() != n) {
            return Err("outputs, states and currents must be as many as the neurons".into());
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
