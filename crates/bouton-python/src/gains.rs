//! Live gains of a network that Nengo has built: there a gain is a factor of the encoders, and numbers of its own wherever a connection
//! onto the neurons, or a rule, has it.

use bouton_engine::{Door, DoorAccess, SignalId};

/// Numbers that are a gain times a factor: of which neurons, in their order, and the factor.
#[derive(Clone, Debug)]
pub(crate) struct Follows {
    pub(crate) signal: SignalId,
    pub(crate) neurons: Vec<usize>,
    pub(crate) factor: f64,
}

/// A write of gains: rows of the scaled encoders are rescaled, and what follows is set anew.
#[derive(Debug)]
pub(crate) struct Gains {
    pub(crate) gain: SignalId,
    /// Scaled encoders, and their dimensions.
    pub(crate) encoders: SignalId,
    pub(crate) dimensions: usize,
    pub(crate) follows: Vec<Follows>,
}

impl Door for Gains {
    fn write(&self, at: &[usize], values: &[f64], numbers: &mut dyn DoorAccess) -> Result<(), String> {
        if let Some(x) = values.iter().find(|x| **x <= 0.0) {
            return Err(format!("gains must be above 0, found {x}"));
        }
        for (k, new) in at.iter().zip(values) {
            let old = numbers.at(self.gain, *k);
            // A number that stays the same keeps its bits.
            if old == *new {
                continue;
            }
            for e in k * self.dimensions..(k + 1) * self.dimensions {
                let scaled = numbers.at(self.encoders, e);
                numbers.set(self.encoders, e, scaled / old * new);
            }
            for f in &self.follows {
                let those = f.neurons.iter().enumerate().filter(|(_, neuron)| *neuron == k);
                those.for_each(|(place, _)| numbers.set(f.signal, place, new * f.factor));
            }
            numbers.set(self.gain, *k, *new);
        }
        Ok(())
    }
}
