//! The devices that are asked for, and those that are drawn.

use std::collections::BTreeMap;

use bouton_random::{Purpose, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Device, own};
use crate::distributions::Values;
use crate::mappings::{Mapping, Side};
use crate::policies::Policy;
use crate::var;

/// How the gain of a device connection is found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Gain {
    /// This number: weight = gain × normalised conductance (difference).
    Fixed(#[schemars(extend("exclusiveMinimum" = 0))] f64),
    /// From the weights that the model needs.
    Auto(AutoGain),
}

/// The gain at which a given number of pulses from the start makes a weight of the size that the model needs:
/// gain = rms|w| / Δg(pulses), w the weights that a solver would put in the connection's place, for its function, or, where it has
/// none, for the value brought from the range (radius) of one ensemble to that of the other; Δg of a device without spread, from
/// its start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoGain {
    /// Pulses for one rms weight. Fewer are coarser and reach further. 100 unless a gain is given.
    #[serde(rename = "auto_pulses")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub pulses: f64,
}

impl Default for Gain {
    fn default() -> Gain {
        Gain::Auto(AutoGain { pulses: 100.0 })
    }
}

/// What the conductance is measured by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bounds {
    /// g = (1/R − 1/R1)/(1/R0 − 1/R1) with the nominal bounds of the device type: what hardware can know.
    #[default]
    Nominal,
    /// The same with each device's own bounds, as in the published rule: perfect knowledge of every device.
    Own,
    /// g = 1/R in siemens, as it is.
    Raw,
}

/// Whether the two devices of a synapse share their parameters' spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpreadOf {
    /// Every device has its own.
    #[default]
    Device,
    /// R0, R1 and c are drawn once a synapse; only the starting resistances differ. As published.
    Synapse,
}

/// The devices that a connection's weights are made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceSpec {
    /// The device type and its parameters.
    pub device: Device,
    /// The devices of a synapse.
    pub mapping: Mapping,
    /// Weight per normalised conductance.
    pub gain: Gain,
    /// What the conductance is measured by.
    pub bounds: Bounds,
    /// Relative spread of the device parameters: standard deviation / mean (0.15 is the published one). Every parameter
    /// and the start are normal, cut off where a device would make no sense, so that a large spread comes out smaller.
    #[schemars(range(min = 0, max = 1))]
    pub spread: f64,
    /// Whether the devices of a synapse share their spread.
    pub spread_of: SpreadOf,
    /// Parameters of the device type that differ between devices, by their names: one number for all, a row for each post neuron
    /// or value and a column for each pre neuron or value, or drawn from a distribution. With `spread` they are the means. Gain
    /// and nominal bounds are those of `device`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub each: BTreeMap<String, Values>,
    /// The same for the devices on the side `plus` alone; goes before `each`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub plus: BTreeMap<String, Values>,
    /// The same for the devices on the side `minus` alone; goes before `each`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub minus: BTreeMap<String, Values>,
    /// How pulses are made of what a rule wants. A rule that brings its own policy (`mpes`) goes before.
    pub policy: Policy,
    /// Seed of the draws; the connection's own when left out. Devices also hang on the connection's name and on the number
    /// of its columns, and on nothing else.
    pub seed: Option<u32>,
}

impl DeviceSpec {
    /// Refuses parameters that make no sense.
    pub fn check(&self) -> Result<(), String> {
        self.device.model().check()?;
        self.device.within_bounds()?;
        let policy = self.policy.model().check().and_then(|()| self.policy.within_bounds());
        policy.map_err(|m| format!("`policy`: {m}"))?;
        var::Bounds::AT_LEAST_0.check("spread", self.spread)?;
        if self.spread > 1.0 {
            return Err(format!(
                "`spread` must be at most 1 (it is a share of the mean), found {}",
                self.spread
            ));
        }
        own::check(self)?;
        match &self.gain {
            Gain::Fixed(g) => var::Bounds::POSITIVE.check("gain", *g),
            Gain::Auto(a) => var::Bounds::POSITIVE.check("auto_pulses", a.pulses),
        }
    }

    /// Normalised conductance of a device without spread at a resistance (Ω).
    pub fn normalised(&self, resistance: f64) -> f64 {
        let m = self.device.model();
        let d = m.nominal();
        let (offset, scale) = measure(self.bounds, m.bounds(&d), m.bounds(&d));
        (1.0 / resistance - offset) * scale
    }

    /// Change of the normalised conductance of a device without spread after `pulses` pulses from the start.
    pub fn reach(&self, pulses: f64) -> f64 {
        let m = self.device.model();
        let d = m.nominal();
        self.normalised(m.after(&d, pulses)) - self.normalised(m.resistance(&d))
    }

    /// Bytes that the devices of a `rows` × `cols` connection take while it runs.
    pub fn bytes(&self, rows: usize, cols: usize) -> f64 {
        // Beside its columns: conductance, offset, scale, pulses.
        let a_device = self.device.model().vars().len() + 4;
        8.0 * (a_device * self.mapping.model().sides().len()) as f64 * rows as f64 * cols as f64
    }

    /// Draws the devices of a `rows` × `cols` connection. `seed` and `object` name the random streams: device (i, j) is the
    /// same whatever else the model holds.
    ///
    /// # Errors
    /// Parameters of their own that are not of the shape, or that a device can't have.
    pub fn draw(&self, rows: usize, cols: usize, seed: u64, object: u64) -> Result<Drawn, String> {
        let m = self.device.model();
        let (nominal, columns) = (m.bounds(&m.nominal()), m.vars().len());
        let sides = self.mapping.model().sides().iter().map(|side| {
            let shared = self.spread_of == SpreadOf::Synapse;
            let name = if shared || *side == Side::Plus { "device.plus" } else { "device.minus" };
            let start = if *side == Side::Plus { "device.plus.initial" } else { "device.minus.initial" };
            let parameters = Stream::new(seed, object, Purpose::named(name), 0);
            let initial = Stream::new(seed, object, Purpose::named(start), 0);
            let size = rows * cols;
            let room = || Vec::with_capacity(size);
            let mut s = DrawnSide {
                side: *side,
                columns: (0..columns).map(|_| room()).collect(),
                conductance: room(),
                offset: room(),
                scale: room(),
            };
            let mut d = vec![0.0; columns];
            let mut own = own::Own::of(self, *side, (rows, cols), seed, object)?;
            for k in 0..size {
                own.device(k)?.model().draw(self.spread, k as u64, &parameters, &initial, &mut d);
                let (offset, scale) = measure(self.bounds, m.bounds(&d), nominal);
                s.columns.iter_mut().zip(&d).for_each(|(c, x)| c.push(*x));
                s.conductance.push(1.0 / m.resistance(&d));
                s.offset.push(offset);
                s.scale.push(scale);
            }
            Ok(s)
        });
        Ok(Drawn { shape: (rows, cols), sides: sides.collect::<Result<_, String>>()? })
    }
}

/// Offset (S) and scale (1/S) that make a conductance a normalised one, by the bounds (Ω) of the device and of the type.
fn measure(bounds: Bounds, own: (f64, f64), nominal: (f64, f64)) -> (f64, f64) {
    let of = |(low, high): (f64, f64)| (1.0 / high, 1.0 / (1.0 / low - 1.0 / high));
    match bounds {
        Bounds::Nominal => of(nominal),
        Bounds::Own => of(own),
        Bounds::Raw => (0.0, 1.0),
    }
}

/// The devices of one side, as they were drawn: arrays over synapses, row-major (post × pre).
#[derive(Clone, Debug, PartialEq)]
pub struct DrawnSide {
    /// Which side.
    pub side: Side,
    /// The numbers of each device, in the order of [`DeviceModel::vars`](super::DeviceModel::vars).
    pub columns: Vec<Vec<f64>>,
    /// Conductances (S).
    pub conductance: Vec<f64>,
    /// What is taken off each for a normalised one (S).
    pub offset: Vec<f64>,
    /// What each is then multiplied by (1/S).
    pub scale: Vec<f64>,
}

/// The devices of a connection, as they were drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// Rows (post) and columns (pre).
    pub shape: (usize, usize),
    /// One a side of the mapping.
    pub sides: Vec<DrawnSide>,
}

impl Drawn {
    /// The weights that the devices make, row-major.
    pub fn weights(&self, mapping: &Mapping, gain: f64) -> Vec<f64> {
        let measured = |s: &DrawnSide, k: usize| (s.conductance[k] - s.offset[k]) * s.scale[k];
        (0..self.shape.0 * self.shape.1)
            .map(|k| {
                let g: Vec<f64> = self.sides.iter().map(|s| measured(s, k)).collect();
                mapping.model().weight(gain, &g)
            })
            .collect()
    }
}
