//! Connections of devices: what is drawn becomes columns, which are signals.

use std::sync::Arc;

use bouton_core::Error;
use bouton_elements::devices::{DeviceSpec, Drawn, Gain, One, SynapseDevices};
use bouton_engine::{Bounds, Derive, Derived, Door, DoorAccess, Knob, Program, Role, SignalId};
use bouton_model::ConnectionId;
use bouton_random::object_key;

use super::{Builder, DeviceSignals};
use crate::connection::needed_weight;

/// What doors and computations need of a connection's devices.
#[derive(Clone, Debug)]
struct Bank {
    spec: Arc<DeviceSpec>,
    signals: Vec<DeviceSignals>,
    gain: SignalId,
    cols: usize,
}

impl Bank {
    fn synapse(&self, k: usize, numbers: &dyn DoorAccess) -> SynapseDevices<'_> {
        let one = |s: &DeviceSignals| One {
            d: s.columns.iter().map(|c| numbers.at(*c, k)).collect(),
            conductance: numbers.at(s.conductance, k),
            offset: numbers.at(s.offset, k),
            scale: numbers.at(s.scale, k),
        };
        SynapseDevices {
            device: self.spec.device.model(),
            mapping: self.spec.mapping.model(),
            gain: numbers.at(self.gain, 0),
            ones: self.signals.iter().map(one).collect(),
        }
    }
    /// Sets what of a device has changed.
    fn put(&self, k: usize, side: usize, before: &One, now: &One, numbers: &mut dyn DoorAccess) {
        for (c, (a, b)) in self.signals[side].columns.iter().zip(before.d.iter().zip(&now.d)) {
            if a != b {
                numbers.set(*c, k, *b);
            }
        }
        if before.conductance != now.conductance {
            numbers.set(self.signals[side].conductance, k, now.conductance);
        }
    }
}

/// An ideal write: the state of the devices is set so that the weights are these.
#[derive(Debug)]
struct IdealWrite {
    bank: Bank,
    weights: SignalId,
}

impl Door for IdealWrite {
    fn write(&self, at: &[usize], values: &[f64], numbers: &mut dyn DoorAccess) -> Result<(), String> {
        for (k, w) in at.iter().zip(values) {
            // What a simulation in single precision shows is not the devices' weight to the last bit.
            if numbers.at(self.weights, *k) == *w {
                continue;
            }
            let mut s = self.bank.synapse(*k, numbers);
            let before = s.ones.clone();
            s.write(*w).map_err(|u| {
                format!(
                    "weight {:?} can't be set to {:e}: its devices reach {:e} to {:e}; choose a weight in that range, or a \
                     larger `gain`",
                    (k / self.bank.cols, k % self.bank.cols),
                    u.wanted,
                    u.range.0,
                    u.range.1
                )
            })?;
            for (side, (a, b)) in before.iter().zip(&s.ones).enumerate() {
                self.bank.put(*k, side, a, b, numbers);
            }
        }
        Ok(())
    }
}

/// A raw write: conductances (S), clipped to each device's own bounds.
#[derive(Debug)]
struct RawWrite {
    bank: Bank,
    side: usize,
}

impl Door for RawWrite {
    fn write(&self, at: &[usize], values: &[f64], numbers: &mut dyn DoorAccess) -> Result<(), String> {
        if let Some(x) = values.iter().find(|x| **x <= 0.0) {
            return Err(format!("conductances must be positive finite numbers (S), found {x:e}"));
        }
        for (k, g) in at.iter().zip(values) {
            let mut s = self.bank.synapse(*k, numbers);
            let before = s.ones[self.side].clone();
            s.set_conductance(self.side, *g);
            self.bank.put(*k, self.side, &before, &s.ones[self.side], numbers);
        }
        Ok(())
    }
}

/// The conductances of devices from their numbers, where these were edited.
#[derive(Debug)]
struct Conductance {
    spec: Arc<DeviceSpec>,
}

impl Conductance {
    fn of(&self, d: &[f64]) -> f64 {
        1.0 / self.spec.device.model().resistance(d)
    }
}

impl Derive for Conductance {
    fn derive(&self, _: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String> {
        let mut d = vec![0.0; reads.len()];
        for (k, y) in writes[0].iter_mut().enumerate() {
            d.iter_mut().zip(reads).for_each(|(d, c)| *d = c[k]);
            *y = self.of(&d);
        }
        Ok(())
    }
    fn follows(&self, _: usize, at: &[usize]) -> Option<Vec<usize>> {
        Some(at.to_vec())
    }
    fn element(&self, _: f64, read: &dyn Fn(usize, usize) -> f64, k: usize) -> Result<f64, String> {
        let d: Vec<f64> = (0..self.spec.device.model().vars().len()).map(|c| read(c, k)).collect();
        Ok(self.of(&d))
    }
}

/// Weights from conductances: gain first, then conductance, offset and scale of each side.
#[derive(Debug)]
struct DeviceWeights {
    spec: Arc<DeviceSpec>,
}

impl DeviceWeights {
    /// The weight of a synapse from its gain and from conductance, offset and scale of each of its devices.
    fn of(&self, gain: f64, sides: impl Iterator<Item = [f64; 3]>) -> f64 {
        let g: Vec<f64> = sides.map(|[g, offset, scale]| (g - offset) * scale).collect();
        self.spec.mapping.model().weight(gain, &g)
    }
}

impl Derive for DeviceWeights {
    fn derive(&self, _: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String> {
        for (k, w) in writes[0].iter_mut().enumerate() {
            *w = self.of(reads[0][0], reads[1..].chunks_exact(3).map(|s| [s[0][k], s[1][k], s[2][k]]));
        }
        Ok(())
    }
    fn follows(&self, read: usize, at: &[usize]) -> Option<Vec<usize>> {
        // All hang on the gain.
        (read > 0).then(|| at.to_vec())
    }
    fn element(&self, _: f64, read: &dyn Fn(usize, usize) -> f64, k: usize) -> Result<f64, String> {
        let sides = 0..self.spec.mapping.model().sides().len();
        Ok(self.of(read(0, 0), sides.map(|s| [1, 2, 3].map(|c| read(3 * s + c, k)))))
    }
}

/// The gain of devices whose weights are to have the root mean square `needed` after the pulses that their spec says.
///
/// # Errors
/// Nothing is needed, or pulses change nothing.
pub fn device_gain(spec: &DeviceSpec, needed: f64) -> Result<f64, String> {
    let pulses = match &spec.gain {
        Gain::Fixed(g) => return Ok(*g),
        Gain::Auto(a) => a.pulses,
    };
    let step = spec.reach(pulses);
    if step > 0.0 && needed > 0.0 {
        return Ok(needed / step);
    }
    Err(format!(
        "no automatic gain: the weights needed have rms {needed:e} and {pulses} pulses change the conductance by {step:e}; give \
         `gain` as a number"
    ))
}

/// Draws the devices of a connection that is called `path`; `seed` is its own, for where the spec has none.
///
/// # Errors
/// Parameters or starting values that have another shape, or that a device can't have.
pub fn draw_devices(
    spec: &DeviceSpec,
    (rows, cols): (usize, usize),
    path: &str,
    seed: u32,
) -> Result<Drawn, String> {
    let drawn = spec.draw(rows, cols, u64::from(spec.seed.unwrap_or(seed)), object_key(path));
    drawn.map_err(|m| format!("`devices`: {m}"))
}

/// Adds the signals of devices that were drawn to a program. `name` is what their paths begin with.
pub fn add_devices(
    p: &mut Program,
    name: &str,
    spec: &DeviceSpec,
    drawn: Drawn,
    gain: f64,
) -> Vec<DeviceSignals> {
    let (rows, cols) = drawn.shape;
    let gain = p.double(format!("{name}.devices.gain"), 1, 1, Role::Parameter, gain);
    let knob = Knob::plain(gain, "", Bounds::POSITIVE, "weight per normalised conductance");
    p.knobs_mut().add(format!("{name}.devices.gain"), knob);
    let columns = spec.device.model().vars();
    let mut signals = vec![];
    for s in drawn.sides {
        let at = |what: &str| format!("{name}.devices.{}.{what}", s.side.name());
        let mut column =
            |what: &str, values: Vec<f64>| p.double(at(what), rows, cols, Role::Parameter, values);
        signals.push(DeviceSignals {
            side: s.side,
            columns: columns.iter().zip(s.columns).map(|(c, x)| column(&c.name, x)).collect(),
            conductance: column("conductance", s.conductance),
            offset: column("offset", s.offset),
            scale: column("scale", s.scale),
            pulses: p.double(at("pulses"), rows, cols, Role::Parameter, 0.0),
            gain,
        });
    }
    signals
}

/// Gives the devices of a connection their paths, which begin with `name`, and says what follows from edits of them. `path` is the
/// object that it all belongs to, `weights` what the devices make.
pub fn add_device_knobs(
    p: &mut Program,
    (name, path): (&str, &str),
    spec: &DeviceSpec,
    signals: &[DeviceSignals],
    weights: SignalId,
) {
    let Some(gain) = signals.first().map(|s| s.gain) else { return };
    let spec = Arc::new(spec.clone());
    let cols = p.get(weights).cols;
    let bank = Bank { spec: spec.clone(), signals: signals.to_vec(), gain, cols };
    let doc =
        "weights of the devices; a write sets the devices' state so that they are these, without pulses";
    let door = Arc::new(IdealWrite { bank: bank.clone(), weights });
    p.knobs_mut().add(format!("{name}.weights"), Knob::through(weights, "", doc, door));
    for (k, s) in signals.iter().enumerate() {
        let at = |what: &str| format!("{name}.devices.{}.{what}", s.side.name());
        for (c, signal) in spec.device.model().vars().iter().zip(&s.columns) {
            p.knobs_mut().add(at(&c.name), Knob::plain(*signal, c.unit.clone(), c.bounds, c.doc.clone()));
        }
        let doc = "conductances; a write sets the devices' state, clipped to their bounds";
        let door = Arc::new(RawWrite { bank: bank.clone(), side: k });
        p.knobs_mut().add(at("conductance"), Knob::through(s.conductance, "S", doc, door));
        let knob = Knob::read_only(s.pulses, "", "pulses since the start", "they are counted");
        p.knobs_mut().add(at("pulses"), knob);
        let fixed = "it follows from the bounds of the devices as they were drawn";
        for (name, signal, unit, doc) in [
            ("offset", s.offset, "S", "what is taken off a conductance for a normalised one"),
            ("scale", s.scale, "1/S", "what that is multiplied by"),
        ] {
            p.knobs_mut().add(at(name), Knob::read_only(signal, unit, doc, fixed));
        }
        p.derive(Derived {
            what: Arc::new(Conductance { spec: spec.clone() }),
            reads: s.columns.clone(),
            writes: vec![s.conductance],
            of: path.into(),
        });
    }
    let sides = signals.iter().flat_map(|s| [s.conductance, s.offset, s.scale]);
    p.derive(Derived {
        what: Arc::new(DeviceWeights { spec }),
        reads: std::iter::once(gain).chain(sides).collect(),
        writes: vec![weights],
        of: path.into(),
    });
}

impl Builder<'_> {
    /// Draws the devices of a connection; returns their signals and the weights that they make.
    pub(crate) fn devices(
        &mut self,
        id: ConnectionId,
        spec: &DeviceSpec,
        shape: (usize, usize),
    ) -> Result<(Vec<DeviceSignals>, Arc<Vec<f64>>), Error> {
        let path = self.net.connection_path(id);
        let needed = needed_weight(
            self.net,
            &self.ensembles,
            &self.seeds,
            self.solved[id.index()].decoders.as_ref(),
            id,
        );
        self.needed[id.index()] = needed.as_ref().ok().copied();
        let needed = match &spec.gain {
            Gain::Fixed(_) => 0.0,
            Gain::Auto(_) => needed?,
        };
        let refuse = |m: String| Error::build(&path, m);
        let gain = device_gain(spec, needed).map_err(refuse)?;
        let drawn = draw_devices(spec, shape, &path, self.seeds.connections[id.index()]).map_err(refuse)?;
        let weights = Arc::new(drawn.weights(&spec.mapping, gain));
        let name = self.names.connection(id).to_string();
        Ok((add_devices(&mut self.program, &name, spec, drawn, gain), weights))
    }

    /// Paths of a connection's devices, and what follows from edits of them.
    pub(crate) fn device_knobs(&mut self, id: ConnectionId, spec: &DeviceSpec, weights: SignalId) {
        let (name, path) = (self.names.connection(id).to_string(), self.net.connection_path(id));
        let signals = self.conn[id.index()].devices.clone();
        add_device_knobs(&mut self.program, (&name, &path), spec, &signals, weights);
    }
}
