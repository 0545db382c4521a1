//! The devices of a connection, as they stand.

use std::borrow::Cow;

use bouton_core::Error;
use bouton_elements::devices::{DeviceSpec, One, SynapseDevices};
use bouton_elements::mappings::Side;
use bouton_engine::Simulation;
use bouton_model::ConnectionId;

use super::Simulator;

/// The devices of a connection, as they stand. Arrays are over synapses, row-major (post × pre).
#[derive(Debug)]
pub struct Devices<'a> {
    sim: &'a Simulation,
    spec: &'a DeviceSpec,
    /// What the paths begin with.
    path: String,
    shape: (usize, usize),
}

impl Devices<'_> {
    /// Rows (post) and columns (pre).
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }
    /// The sides of the mapping: the devices of a synapse.
    pub fn sides(&self) -> &'static [Side] {
        self.spec.mapping.model().sides()
    }
    /// What was asked for.
    pub fn spec(&self) -> &DeviceSpec {
        self.spec
    }
    fn read(&self, what: &str) -> Vec<f64> {
        let mut out = vec![];
        // Paths of devices are there when the connection has some: `Simulator::devices` looked.
        let _ = self.sim.read_into(&format!("{}.devices.{what}", self.path), &mut out);
        out
    }
    /// Weight per normalised conductance.
    pub fn gain(&self) -> f64 {
        self.read("gain").first().copied().unwrap_or(f64::NAN)
    }
    /// A number of each device of a side: a column of the device type, `conductance` (S) or `pulses`. Empty if there is no
    /// such side or number.
    pub fn column(&self, side: Side, name: &str) -> Vec<f64> {
        self.read(&format!("{}.{name}", side.name()))
    }
    /// Conductances of a side (S).
    pub fn conductance(&self, side: Side) -> Vec<f64> {
        self.column(side, "conductance")
    }
    /// Pulses given to all devices since the start.
    pub fn pulses(&self) -> u64 {
        self.sides().iter().flat_map(|s| self.column(*s, "pulses")).sum::<f64>() as u64
    }
    /// The devices of some synapses (row-major positions).
    pub(crate) fn synapses(&self, at: &[usize]) -> Vec<SynapseDevices<'_>> {
        let names = self.spec.device.model().vars().into_iter().map(|c| c.name);
        let names: Vec<Cow<'static, str>> = names.collect();
        let gain = self.gain();
        // What a device type has of its own, and what every device has.
        type Side = (Vec<Vec<f64>>, [Vec<f64>; 3]);
        let sides: Vec<Side> = self
            .sides()
            .iter()
            .map(|s| {
                let columns = names.iter().map(|n| self.column(*s, n)).collect();
                (columns, ["conductance", "offset", "scale"].map(|n| self.column(*s, n)))
            })
            .collect();
        let of = |k: usize| {
            let one = |(d, [g, offset, scale]): &Side| One {
                d: d.iter().map(|c| c[k]).collect(),
                conductance: g[k],
                offset: offset[k],
                scale: scale[k],
            };
            SynapseDevices {
                device: self.spec.device.model(),
                mapping: self.spec.mapping.model(),
                gain,
                ones: sides.iter().map(one).collect(),
            }
        };
        at.iter().map(|k| of(*k)).collect()
    }
    /// Devices that a pulse doesn't move: so far along their law that one pulse more is lost in rounding, as with
    /// exponents near zero, which a large spread draws.
    pub fn dead(&self) -> usize {
        let m = self.spec.device.model();
        let names: Vec<Cow<'static, str>> = m.vars().into_iter().map(|c| c.name).collect();
        let dead = |side: &Side| {
            let columns: Vec<Vec<f64>> = names.iter().map(|n| self.column(*side, n)).collect();
            let mut d = vec![0.0; columns.len()];
            (0..self.shape.0 * self.shape.1)
                .filter(|k| {
                    d.iter_mut().zip(&columns).for_each(|(x, c)| *x = c[*k]);
                    !m.moves(&d)
                })
                .count()
        };
        self.sides().iter().map(dead).sum()
    }
}

impl Simulator {
    /// The devices of a connection.
    ///
    /// # Errors
    /// It has none.
    pub fn devices(&self, c: ConnectionId) -> Result<Devices<'_>, Error> {
        self.views().own(c)?;
        let none = || Error::access(self.net.connection_path(c), "the connection has no devices");
        let (.., conn) = self.net.get_connection(c).ok_or_else(none)?;
        let spec = conn.devices.as_ref().ok_or_else(none)?;
        let path = self.views().names().connection(c).to_string();
        let weights = self.sim.program().knobs().find(&format!("{path}.weights"))?.signal;
        let s = self.sim.program().get(weights);
        Ok(Devices { sim: &self.sim, spec, path, shape: (s.rows, s.cols) })
    }
}
