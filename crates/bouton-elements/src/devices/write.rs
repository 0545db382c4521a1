//! Writes to devices from outside: ideal (a weight is set) and raw (a conductance is set).

use super::{DeviceArray, DeviceDraw};
use crate::mappings::Side;

/// A weight that devices can't be set to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unreachable {
    /// Row (post) and column (pre).
    pub at: (usize, usize),
    /// What was asked for.
    pub wanted: f64,
    /// Lowest and highest weight that this synapse can be set to.
    pub range: (f64, f64),
}

impl DeviceArray {
    /// Sets the state so that the weights are `wanted` (row-major): an ideal write, without pulses.
    ///
    /// The rule: a synapse whose weight stays the same keeps its devices. Otherwise the device on the side of the change
    /// rises (the plus device for a higher weight, the minus device for a lower one), as with pulses, and the other keeps
    /// its state; only where the first is at its bound does the other fall by the rest. A single device is set either way.
    /// Nothing is changed when any weight can't be reached.
    pub fn set_weights(&mut self, wanted: &[f64]) -> Result<(), Unreachable> {
        let now = self.weights();
        self.set_weights_near(&now, wanted)
    }

    /// [`set_weights`](DeviceArray::set_weights) of the synapses for which `wanted` differs from `shown`: weights that
    /// a simulation in single precision shows are not those of the devices to the last bit.
    pub fn set_weights_near(&mut self, shown: &[f64], wanted: &[f64]) -> Result<(), Unreachable> {
        for (k, &w) in wanted.iter().enumerate() {
            if w == shown[k] {
                continue;
            }
            let (low, high) = self.range(k);
            if !(w >= low && w <= high) {
                return Err(Unreachable {
                    at: (k / self.cols, k % self.cols),
                    wanted: w,
                    range: (low, high),
                });
            }
        }
        for (k, &w) in wanted.iter().enumerate() {
            let now = self.weight(k);
            if w == shown[k] {
                continue;
            }
            let x = w / self.gain;
            match *self.sides {
                [Side::Plus, Side::Minus] => {
                    let (rises, falls) = if w > now { (0, 1) } else { (1, 0) };
                    let difference = if w > now { x } else { -x };
                    let top = self.most(rises, k);
                    let g = difference + self.g(falls, k);
                    self.set_device(rises, k, g.min(top));
                    if g > top {
                        self.set_device(falls, k, self.g(rises, k) - difference);
                    }
                }
                [Side::Minus] => self.set_device(0, k, -x),
                _ => self.set_device(0, k, x),
            }
        }
        Ok(())
    }

    /// Sets the state of one device by its normalised conductance.
    fn set_device(&mut self, bank: usize, k: usize, g: f64) {
        let (offset, scale) = (self.measures[bank].0[k], self.measures[bank].1[k]);
        let b = &mut self.banks[bank];
        let resistance = 1.0 / (g / scale + offset);
        let d = DeviceDraw { r_min: b.r_min[k], r_max: b.r_range[k], shape: b.shape[k], initial: resistance };
        let m = self.device.model();
        // At the very bound the count would be infinite, and every later pulse without effect.
        b.count[k] = m.count_at(&d, resistance).min(1e300);
        b.conductance[k] = 1.0 / m.resistance_at(&d, b.count[k]);
    }

    /// The devices' weights where `wanted` differs from `shown`, and `shown` elsewhere.
    pub fn weights_where(&self, shown: &[f64], wanted: &[f64]) -> Vec<f64> {
        shown
            .iter()
            .zip(wanted)
            .enumerate()
            .map(|(k, (s, w))| if s == w { *s } else { self.weight(k) })
            .collect()
    }

    /// Sets the conductance (S) of every device of a side: a raw write. Values are clipped to each device's own bounds.
    pub fn set_conductance(&mut self, side: Side, values: &[f64]) -> Result<(), String> {
        let Some(bank) = self.sides.iter().position(|s| *s == side) else {
            return Err(format!("the synapses have no {} device", side.name()));
        };
        if values.len() != self.rows * self.cols || values.iter().any(|v| !(*v > 0.0 && v.is_finite())) {
            return Err(format!(
                "conductances must be {} × {} positive finite numbers (S)",
                self.rows, self.cols
            ));
        }
        let b = &mut self.banks[bank];
        let m = self.device.model();
        for (k, v) in values.iter().enumerate() {
            let d =
                DeviceDraw { r_min: b.r_min[k], r_max: b.r_range[k], shape: b.shape[k], initial: 1.0 / v };
            let resistance = (1.0 / v).clamp(d.r_min * (1.0 + 1e-12), d.r_max);
            b.count[k] = m.count_at(&d, resistance);
            b.conductance[k] = 1.0 / m.resistance_at(&d, b.count[k]);
        }
        Ok(())
    }
}
