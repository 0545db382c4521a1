//! Schedules: what is done to a simulator, one thing after the other.

use crate::generate::{edit, mask, probe};
use crate::model::{Edit, Mask, Model, Neurons, Probe};
use crate::oracle::Oracle;
use crate::random::Random;

#[derive(Clone, Debug)]
pub enum Operation {
    Run(u64),
    Step,
    EditWeights(usize, Edit),
    /// Sets all weights.
    SetWeights(usize, Edit),
    /// An edit that must be refused and change nothing.
    BadEdit(usize, Bad),
    /// The same of an ensemble's gains, encoders and voltages.
    BadEnsemble(usize),
    EditGain(usize, f64),
    EditBias(usize, f64),
    EditEncoders(usize, f64),
    SetVoltage(usize, f64),
    SetRefractory(usize, f64),
    SetRate(usize, f64),
    SetRuleFilter(usize, f64),
    Freeze(usize),
    FreezeWhere(usize, Mask),
    Unfreeze(usize),
    SetDeviceGain(usize, f64),
    /// Plus or minus devices.
    SetConductances(usize, bool, f64),
    Reset,
    ResetKeepingWeights,
    /// Looks at everything there is to look at.
    Read,
    /// Takes what a probe has recorded.
    Drain(usize),
    /// All of it once more in another simulator, with so many threads and at another SIMD level: the bits must be the same,
    /// and the schedule goes on there.
    Repeat {
        threads: usize,
        level: usize,
    },
    Save,
    Load,
    Attach(Probe),
    Detach,
    Replan(usize),
}

#[derive(Clone, Copy, Debug)]
pub enum Bad {
    NotFinite,
    Shape,
    Refused,
    /// Farther than devices reach.
    OutOfReach,
}

impl Operation {
    /// All names, for the count of what was covered.
    pub const NAMES: [&str; 28] = [
        "run",
        "step",
        "edit weights",
        "set weights",
        "bad edit",
        "edit gain",
        "edit bias",
        "edit encoders",
        "set voltage",
        "set refractory time",
        "set rate",
        "set rule filter",
        "freeze",
        "freeze where",
        "unfreeze",
        "set device gain",
        "set conductances",
        "reset",
        "reset keeping weights",
        "read",
        "drain",
        "repeat",
        "save",
        "load",
        "attach",
        "detach",
        "replan",
        "bad edit of an ensemble",
    ];

    pub fn name(&self) -> &'static str {
        let k = match self {
            Operation::Run(_) => 0,
            Operation::Step => 1,
            Operation::EditWeights(..) => 2,
            Operation::SetWeights(..) => 3,
            Operation::BadEdit(..) => 4,
            Operation::EditGain(..) => 5,
            Operation::EditBias(..) => 6,
            Operation::EditEncoders(..) => 7,
            Operation::SetVoltage(..) => 8,
            Operation::SetRefractory(..) => 9,
            Operation::SetRate(..) => 10,
            Operation::SetRuleFilter(..) => 11,
            Operation::Freeze(_) => 12,
            Operation::FreezeWhere(..) => 13,
            Operation::Unfreeze(_) => 14,
            Operation::SetDeviceGain(..) => 15,
            Operation::SetConductances(..) => 16,
            Operation::Reset => 17,
            Operation::ResetKeepingWeights => 18,
            Operation::Read => 19,
            Operation::Drain(_) => 20,
            Operation::Repeat { .. } => 21,
            Operation::Save => 22,
            Operation::Load => 23,
            Operation::Attach(_) => 24,
            Operation::Detach => 25,
            Operation::Replan(_) => 26,
            Operation::BadEnsemble(_) => 27,
        };
        Operation::NAMES[k]
    }
}

/// A random schedule for a model.
pub fn schedule(r: &mut Random, m: &Model) -> Vec<Operation> {
    let weighted: Vec<usize> = (0..m.connections.len()).filter(|c| m.has_weights(*c)).collect();
    let learning: Vec<usize> =
        (0..m.connections.len()).filter(|c| m.connections[*c].rule.is_some()).collect();
    let of_devices: Vec<usize> =
        (0..m.connections.len()).filter(|c| m.connections[*c].devices.is_some()).collect();
    let mut all = vec![Operation::Run(r.count(1, 20) as u64)];
    for _ in 0..r.count(10, 41) {
        if r.chance(0.4) {
            all.push(if r.chance(0.3) { Operation::Step } else { Operation::Run(r.count(1, 16) as u64) });
            continue;
        }
        let next = match r.count(0, 10) {
            0..4 if !learning.is_empty() => {
                let c = r.of(&learning);
                rules(r, m, c)
            }
            4 if !of_devices.is_empty() => {
                let c = r.of(&of_devices);
                if r.chance(0.5) {
                    Operation::SetDeviceGain(c, r.real(0.5, 1.6))
                } else {
                    Operation::SetConductances(c, r.chance(0.5), r.real(0.0, 6.0))
                }
            }
            5 | 6 => {
                let c = r.of(&weighted);
                weights(r, m, c)
            }
            7 => {
                let e = r.count(0, m.ensembles.len());
                ensembles(r, m, e)
            }
            8 => life(r, m),
            _ => match r.count(0, 6) {
                0 => Operation::Repeat { threads: r.count(1, 4), level: r.count(0, 3) },
                1 if !m.probes.is_empty() => Operation::Drain(r.count(0, m.probes.len())),
                2 => Operation::Reset,
                3 => Operation::ResetKeepingWeights,
                _ => Operation::Read,
            },
        };
        all.push(next);
    }
    all.push(Operation::Run(r.count(1, 16) as u64));
    all
}

fn weights(r: &mut Random, m: &Model, c: usize) -> Operation {
    let mut bad = r.of(&[Bad::NotFinite, Bad::Shape, Bad::Refused]);
    if m.connections[c].devices.is_some() && r.chance(0.5) {
        bad = Bad::OutOfReach;
    }
    match r.count(0, 8) {
        0 => Operation::BadEdit(c, bad),
        1 => Operation::SetWeights(c, edit(r, m, c)),
        _ => Operation::EditWeights(c, edit(r, m, c)),
    }
}

fn rules(r: &mut Random, m: &Model, c: usize) -> Operation {
    let Some(rule) = &m.connections[c].rule else { return Operation::Read };
    match r.count(0, 7) {
        0 | 1 => Operation::Freeze(c),
        2..4 => Operation::FreezeWhere(c, mask(r)),
        4 | 5 => Operation::Unfreeze(c),
        _ if r.chance(0.5) && rule.input().is_some() => {
            Operation::SetRuleFilter(c, r.of(&[0.0, 0.003, 0.02]))
        }
        _ => Operation::SetRate(c, rule.rate() * r.real(0.0, 3.0)),
    }
}

fn ensembles(r: &mut Random, m: &Model, e: usize) -> Operation {
    match r.count(0, 6) {
        0 => Operation::EditGain(e, r.real(0.0, 6.0)),
        1 => Operation::EditBias(e, r.real(0.0, 6.0)),
        2 => Operation::EditEncoders(e, r.real(0.0, 6.0)),
        k @ (3 | 4) if matches!(m.ensembles[e].neurons, Neurons::Lif { .. }) => match k {
            3 => Operation::SetVoltage(e, r.real(0.0, 6.0)),
            _ => Operation::SetRefractory(e, r.real(0.0, 6.0)),
        },
        _ => Operation::BadEnsemble(e),
    }
}

/// What comes with checkpoints, probes that come and go, and other plans while a simulator runs.
fn life(r: &mut Random, m: &Model) -> Operation {
    match r.count(0, 5) {
        0 => Operation::Save,
        1 => Operation::Load,
        2 => Operation::Attach(probe(r, m)),
        3 => Operation::Detach,
        _ => Operation::Replan(r.count(0, 256)),
    }
}

/// Numbers that an operation sets, one a neuron.
pub fn wave(seed: f64, k: usize) -> f64 {
    (seed + 1.7 * k as f64).sin()
}

impl Oracle {
    /// Does what an operation says. What is between simulators (a repetition, another plan) is nothing to the oracle.
    pub fn apply(&mut self, op: &Operation) {
        let model = self.model.clone();
        match op {
            Operation::Run(n) => (0..*n).for_each(|_| self.step()),
            Operation::Step => self.step(),
            Operation::EditWeights(c, edit) | Operation::SetWeights(c, edit) => self.edit(*c, edit, 1.0),
            Operation::EditGain(e, seed) => {
                let gain = self.ensembles[*e].gain.iter_mut().enumerate();
                gain.for_each(|(k, g)| *g *= 1.0 + 0.2 * wave(*seed, k));
            }
            Operation::EditBias(e, seed) => {
                let bias = self.ensembles[*e].bias.iter_mut().enumerate();
                bias.for_each(|(k, b)| *b += 0.2 * wave(*seed, k));
            }
            Operation::EditEncoders(e, seed) => {
                let encoders = self.ensembles[*e].encoders.iter_mut().enumerate();
                encoders.for_each(|(k, x)| *x = 0.9 * *x + 0.2 * wave(*seed, k));
            }
            Operation::SetVoltage(e, seed) => {
                let v = self.ensembles[*e].voltage.iter_mut().enumerate();
                v.for_each(|(k, v)| *v = voltage(*seed, k));
            }
            Operation::SetRefractory(e, seed) => {
                let r = self.ensembles[*e].refractory.iter_mut().enumerate();
                r.for_each(|(k, r)| *r = refractory(*seed, k, model.dt));
            }
            Operation::SetRate(c, rate) => self.links[*c].rate = *rate,
            Operation::SetRuleFilter(c, tau) => self.links[*c].tau = Some(*tau),
            Operation::Freeze(c) => self.freeze(*c, |_, _| true),
            Operation::FreezeWhere(c, mask) => self.freeze(*c, |r, k| mask.holds(r, k)),
            Operation::Unfreeze(c) => self.freeze(*c, |_, _| false),
            Operation::SetDeviceGain(c, factor) => {
                let gain = model.connections[*c].devices.as_ref().map_or(0.0, |d| d.gain);
                self.with_devices(*c, |d| d.gain = factor * gain);
            }
            Operation::SetConductances(c, plus, seed) => self.with_devices(*c, |d| {
                let side = if *plus { &mut d.plus } else { &mut d.minus };
                side.iter_mut().enumerate().for_each(|(k, d)| d.set_conductance(conductance(*seed, k)));
            }),
            Operation::Reset => self.reset(false),
            Operation::ResetKeepingWeights => self.reset(true),
            Operation::Drain(p) => {
                self.records[*p].steps.clear();
                self.records[*p].rows.clear();
            }
            _ => {}
        }
    }
}

/// A voltage below the threshold.
pub fn voltage(seed: f64, k: usize) -> f64 {
    0.45 + 0.5 * wave(seed, k)
}

/// A refractory time: over for some, up to four steps for others.
pub fn refractory(seed: f64, k: usize, dt: f64) -> f64 {
    (2.0 + 2.03 * wave(seed, k)).max(0.0) * dt
}

/// A conductance that a device may have (S).
pub fn conductance(seed: f64, k: usize) -> f64 {
    1.0 / (6e7 + 5e7 * wave(seed, k))
}
