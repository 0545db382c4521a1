//! Devices: what a synapse is made of, and what a pulse does to it.
//!
//! Four layers stay apart: a **rule** wants a signed change; a **pulse policy** ([`crate::policies`]) makes pulses of it;
//! a **device** (here) answers a pulse; a **mapping** ([`crate::mappings`]) makes a weight of the devices of a synapse.
//!
//! A device type says which numbers each device has, as columns over the synapses of a connection: parameters that are drawn
//! once, and state that pulses move. It keeps none of them.
//!
//! To add one: a file with a struct of parameters that implements [`DeviceModel`] and [`Element`](crate::Element), and a line
//! in the list at the end of this page's source; from another crate, [`register_device`]. Model files, their schema,
//! `bouton list` and the generic tests follow.

mod own;
mod spec;
mod synapse;

use std::ops::Range;

use bouton_kernels::Level;
use bouton_random::Stream;
use bouton_random::philox::TruncatedNormal;

use crate::DynElement;
use crate::list::element_list;
use crate::var::Var;

pub use spec::{AutoGain, Bounds, DeviceSpec, Drawn, DrawnSide, Gain, SpreadOf};
pub use synapse::{One, SynapseDevices, Unreachable};

/// The devices of one side of a connection, or of some rows of it: arrays over synapses, row-major (post × pre).
pub struct Columns<'a, 'b> {
    /// Parameters, in the order of [`DeviceModel::vars`].
    pub parameters: &'a [&'a [f64]],
    /// State, in that order.
    pub state: &'a mut [&'b mut [f64]],
    /// Conductance (S), always that of the state.
    pub conductance: &'a mut [f64],
}

/// What a device is: its numbers, their spread, and its answer to a pulse. `d` are the numbers of one device, in the order
/// of [`vars`](DeviceModel::vars).
pub trait DeviceModel: DynElement {
    /// Refuses parameters that make no sense.
    fn check(&self) -> Result<(), String>;
    /// The numbers of each device, over synapses: parameters that are drawn once, then state that pulses move. They start
    /// at those of a device without spread.
    fn vars(&self) -> Vec<Var>;
    /// The device without spread, at its start.
    fn nominal(&self) -> Vec<f64>;
    /// Device number `index` of an array with a relative spread (standard deviation / mean), at its start. Draws are
    /// truncated to values that a device can have.
    fn draw(&self, spread: f64, index: u64, parameters: &Stream, initial: &Stream, d: &mut [f64]);
    /// Resistance (Ω) by its state.
    fn resistance(&self, d: &[f64]) -> f64;
    /// The lowest and the highest resistance (Ω) that a conductance is measured by.
    fn bounds(&self, d: &[f64]) -> (f64, f64);
    /// The lowest and the highest conductance (S) that its state can be set to.
    fn limits(&self, d: &[f64]) -> (f64, f64);
    /// The resistance (Ω) nearest to a wanted one that the device can have.
    fn clip(&self, d: &[f64], resistance: f64) -> f64;
    /// Sets its state so that it has this resistance (Ω), which lies within its limits.
    fn set(&self, d: &mut [f64], resistance: f64);
    /// Resistance (Ω) after so many more pulses.
    fn after(&self, d: &[f64], pulses: f64) -> f64;
    /// Whether a pulse moves it. A device that is so far along its law that a pulse is lost in rounding is dead.
    fn moves(&self, d: &[f64]) -> bool;
    /// One pulse on the devices of the open columns of the row that lies at `row`. `columns` are the open ones, counted from
    /// the row's beginning, ascending; `open` is the same as a mask of 0 and 1 over the row.
    fn pulse(&self, level: Level, c: &mut Columns<'_, '_>, row: Range<usize>, columns: &[u32], open: &[f64]);
}

/// A number of a device with a relative spread: normal around its mean, within bounds. The quantile of the uniform draw `k`, so
/// that device number `k` is the same whatever was drawn before it. An interval without mass in reach, which can only come from
/// parameters that `check` refuses, gives the mean.
fn drawn(stream: &Stream, k: u64, mean: f64, spread: f64, (low, high): (f64, f64)) -> f64 {
    TruncatedNormal::new(mean, spread * mean.abs(), low, high).map_or(mean, |t| t.quantile(stream.f64_at(k)))
}

element_list! {
    /// A device type with its parameters.
    Device: dyn DeviceModel, "devices", register_device, |m| m.vars() => {
        power_law::PowerLaw,
        soft_bound::SoftBound,
    }
}

impl Default for Device {
    fn default() -> Device {
        PowerLaw::default().into()
    }
}
