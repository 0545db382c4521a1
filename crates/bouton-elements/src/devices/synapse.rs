//! The devices of one synapse: their weight, how far it reaches, and writes to it from outside.

use super::DeviceModel;
use crate::mappings::{MOST_SIDES, MappingModel, Side};

/// A weight that devices can't be set to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unreachable {
    /// What was asked for.
    pub wanted: f64,
    /// Lowest and highest weight that this synapse can be set to.
    pub range: (f64, f64),
}

/// One device.
#[derive(Clone, Debug, PartialEq)]
pub struct One {
    /// Its numbers, in the order of [`DeviceModel::vars`].
    pub d: Vec<f64>,
    /// Its conductance (S).
    pub conductance: f64,
    /// What is taken off for a normalised one (S).
    pub offset: f64,
    /// What it is then multiplied by (1/S).
    pub scale: f64,
}

impl One {
    /// A conductance (S) as a normalised one.
    fn normalised(&self, conductance: f64) -> f64 {
        (conductance - self.offset) * self.scale
    }
    /// Its normalised conductance.
    pub fn g(&self) -> f64 {
        self.normalised(self.conductance)
    }
}

/// The devices of one synapse.
#[derive(Clone, Debug)]
pub struct SynapseDevices<'a> {
    /// Their type.
    pub device: &'a dyn DeviceModel,
    /// What weight they make.
    pub mapping: &'a dyn MappingModel,
    /// Weight per normalised conductance.
    pub gain: f64,
    /// One a side of the mapping.
    pub ones: Vec<One>,
}

impl SynapseDevices<'_> {
    /// The weight that some number of each device makes.
    fn made_of(&self, g: impl Fn(usize, Side) -> f64) -> f64 {
        let mut all = [0.0; MOST_SIDES];
        let sides = self.mapping.sides();
        for (k, (slot, side)) in all.iter_mut().zip(sides).enumerate() {
            *slot = g(k, *side);
        }
        self.mapping.weight(self.gain, &all[..sides.len().min(MOST_SIDES)])
    }
    fn limits(&self, k: usize) -> (f64, f64) {
        let (low, high) = self.device.limits(&self.ones[k].d);
        (self.ones[k].normalised(low), self.ones[k].normalised(high))
    }

    /// Its weight.
    pub fn weight(&self) -> f64 {
        self.made_of(|k, _| self.ones[k].g())
    }

    /// Lowest and highest weight that it can be set to.
    pub fn range(&self) -> (f64, f64) {
        let at = |raised: Side| {
            self.made_of(|k, side| if side == raised { self.limits(k).1 } else { self.limits(k).0 })
        };
        (at(Side::Minus), at(Side::Plus))
    }

    /// Lowest and highest weight that it comes to when so many more pulses, from its present state, all go to one side.
    pub fn reach(&self, pulses: f64) -> (f64, f64) {
        let at = |pulsed: Side| {
            self.made_of(|k, side| {
                let one = &self.ones[k];
                if side == pulsed { one.normalised(1.0 / self.device.after(&one.d, pulses)) } else { one.g() }
            })
        };
        (at(Side::Minus), at(Side::Plus))
    }

    /// Sets the state so that the weight is `wanted`: an ideal write, without pulses.
    ///
    /// The rule: the device on the side of the change rises (the plus device for a higher weight, the minus device for a
    /// lower one), as with pulses, and the other keeps its state; only where the first is at its bound does the other fall
    /// by the rest. A single device is set either way.
    ///
    /// # Errors
    /// A weight out of reach; nothing is changed.
    pub fn write(&mut self, wanted: f64) -> Result<(), Unreachable> {
        let range = self.range();
        if !(wanted >= range.0 && wanted <= range.1) {
            return Err(Unreachable { wanted, range });
        }
        // Weights are linear in the normalised conductances, rising on the plus side and falling on the minus side.
        let x = wanted / self.gain;
        match *self.mapping.sides() {
            [Side::Plus, Side::Minus] => {
                let up = wanted > self.weight();
                let (rises, falls) = if up { (0, 1) } else { (1, 0) };
                let difference = if up { x } else { -x };
                let top = self.limits(rises).1;
                let g = difference + self.ones[falls].g();
                self.set(rises, g.min(top));
                if g > top {
                    self.set(falls, self.ones[rises].g() - difference);
                }
            }
            [Side::Minus] => self.set(0, -x),
            _ => self.set(0, x),
        }
        Ok(())
    }

    /// Sets the state of one device by its normalised conductance.
    fn set(&mut self, k: usize, g: f64) {
        let one = &mut self.ones[k];
        self.device.set(&mut one.d, 1.0 / (g / one.scale + one.offset));
        one.conductance = 1.0 / self.device.resistance(&one.d);
    }

    /// Sets the conductance (S) of one device: a raw write, clipped to the device's own bounds.
    pub fn set_conductance(&mut self, k: usize, conductance: f64) {
        let one = &mut self.ones[k];
        let resistance = self.device.clip(&one.d, 1.0 / conductance);
        self.device.set(&mut one.d, resistance);
        one.conductance = 1.0 / self.device.resistance(&one.d);
    }
}

#[cfg(test)]
mod tests;
