//! Devices: what a synapse is made of, and what a pulse does to it.
//!
//! Four layers stay apart: a **rule** wants a signed change; a **pulse policy** ([`crate::policies`]) makes pulses of it;
//! a **device** (here) answers a pulse; a **mapping** ([`crate::mappings`]) makes a weight of the devices of a synapse.
//!
//! To add a device: a file with a struct of parameters that implements [`DeviceModel`], and a line in the list at the
//! end of this page's source.

mod array;
mod power_law;
mod write;

use std::fmt::Debug;

use bouton_kernels::Level;
use bouton_random::Stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::list::element_list;

use crate::policies::Pulses;
pub use array::{AutoGain, Bounds, DeviceArray, DeviceSpec, Gain, SpreadOf};
pub use power_law::PowerLaw;
pub use write::Unreachable;

/// The fixed parameters of one device after its spread was drawn.
///
/// Resistances in Ω. What the numbers mean beyond the bounds is the device type's own affair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeviceDraw {
    /// Lowest resistance (Ω).
    pub r_min: f64,
    /// Highest resistance (Ω).
    pub r_max: f64,
    /// A shape parameter (the exponent, of a power law).
    pub shape: f64,
    /// Resistance at the start (Ω).
    pub initial: f64,
}

/// The devices of one polarity of a connection: arrays over synapses, row-major (post × pre).
///
/// Parameters are what was drawn at build; `count` and `conductance` are the state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceBank {
    /// Lowest resistance of each device (Ω).
    pub r_min: Vec<f64>,
    /// Range of each device (Ω), as its law has it.
    pub r_range: Vec<f64>,
    /// Shape parameter of each device.
    pub shape: Vec<f64>,
    /// Smallest value of the internal state.
    pub least: Vec<f64>,
    /// Internal state: the (real) number of pulses that leads to the present resistance.
    pub count: Vec<f64>,
    /// Conductance (S), always that of `count`.
    pub conductance: Vec<f64>,
    /// Pulses that each device has received since the start.
    pub pulses: Vec<u32>,
}

/// What a device is: its spread, and its answer to a pulse.
pub trait DeviceModel: Debug + Send + Sync {
    /// Refuses parameters that make no sense.
    fn check(&self) -> Result<(), String>;
    /// The device without spread.
    fn nominal(&self) -> DeviceDraw;
    /// Device number `index` of an array with a relative spread (standard deviation / mean). Draws are truncated to
    /// values that a device can have.
    fn draw(&self, spread: f64, index: u64, parameters: &Stream, initial: &Stream) -> DeviceDraw;
    /// Internal state for a resistance (Ω); infinite at the lowest.
    fn count_at(&self, draw: &DeviceDraw, resistance: f64) -> f64;
    /// Resistance (Ω) for an internal state.
    fn resistance_at(&self, draw: &DeviceDraw, count: f64) -> f64;
    /// Range parameter that [`DeviceBank::r_range`] holds.
    fn range(&self, draw: &DeviceDraw) -> f64;
    /// One pulse on the devices of the open columns of the row that begins at `start`.
    fn pulse(&self, level: Level, bank: &mut DeviceBank, start: usize, pulses: &Pulses);
}

element_list! {
    /// A device type with its parameters.
    Device: dyn DeviceModel {
        /// Resistance falls as a power of the number n of pulses: R = r0 + r1·n^c, c = a + b·voltage.
        PowerLaw,
    }
}

impl Default for Device {
    fn default() -> Device {
        Device::PowerLaw(PowerLaw::default())
    }
}
