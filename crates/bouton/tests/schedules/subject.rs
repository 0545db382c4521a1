//! What schedules are tried on: a simulator of bouton, with what was done to it so far.

use bouton::prelude::*;

use crate::devices::{Device, Pairs};
use crate::model;
use crate::model::{Model, Neurons, Part};
use crate::network::{self, change, connection_id, ensemble_id};
use crate::population::{Population, Start, folded};
use crate::schedule::{Bad, Operation, conductance, refractory, voltage, wave};

pub struct Subject<'a> {
    pub name: &'static str,
    pub model: &'a Model,
    net: &'a Network,
    options: Options,
    pub sim: Simulator,
    done: Vec<Operation>,
    /// Probes that were attached while it ran.
    pub attached: Vec<ObserveId>,
    checkpoint: Option<bouton::engine::Checkpoint>,
}

fn text(e: impl std::fmt::Display) -> String {
    e.to_string()
}

impl<'a> Subject<'a> {
    pub fn new(
        name: &'static str,
        model: &'a Model,
        net: &'a Network,
        options: Options,
    ) -> Result<Subject<'a>, String> {
        let options = Options { dt: model.dt, ..options };
        let sim = Simulator::with(net, options).map_err(text)?;
        Ok(Subject { name, model, net, options, sim, done: vec![], attached: vec![], checkpoint: None })
    }

    /// Does what an operation says. `false` if it is one that bouton doesn't have yet.
    pub fn apply(&mut self, op: &Operation) -> Result<bool, String> {
        if let Operation::Repeat { threads, level } = op {
            self.repeat(*threads, *level)?;
            return Ok(true);
        }
        let took_place = self.act(op)?;
        self.done.push(op.clone());
        Ok(took_place)
    }

    fn act(&mut self, op: &Operation) -> Result<bool, String> {
        let (sim, dt) = (&mut self.sim, self.model.dt);
        let done = match op {
            Operation::Run(n) => sim.run_steps(*n),
            Operation::Step => sim.step(),
            Operation::EditWeights(c, edit) => sim.edit_weights(connection_id(*c), |w| change(w, edit, 1.0)),
            Operation::SetWeights(c, edit) => {
                let c = connection_id(*c);
                let mut w = sim.weights(c).map_err(text)?;
                change(&mut w, edit, 1.0).map_err(text)?;
                sim.set_weights(c, &w)
            }
            Operation::BadEdit(c, bad) => {
                let refused = sim.edit_weights(connection_id(*c), |w| {
                    match bad {
                        Bad::NotFinite => {
                            w.fill(2.0);
                            w[(0, 0)] = f64::NAN;
                        }
                        Bad::OutOfReach => w[(0, 0)] = 1e9 * (1.0 + w[(0, 0)].abs()),
                        Bad::Shape => *w = Matrix::filled(w.shape().0 + 1, w.shape().1, 0.0),
                        Bad::Refused => {
                            w.fill(1.0);
                            return Err("no".into());
                        }
                    }
                    Ok(())
                });
                return refused.err().map(|_| true).ok_or_else(|| "a bad edit was taken".into());
            }
            Operation::BadEnsemble(e) => {
                let e = ensemble_id(*e);
                let refused = [
                    sim.edit_gain(e, |g| {
                        g[0] = f64::INFINITY;
                        Ok(())
                    }),
                    sim.edit_encoders(e, |m| {
                        *m = Matrix::filled(1, 1 + m.shape().1, 0.5);
                        Ok(())
                    }),
                    sim.edit_bias(e, |b| {
                        b.fill(0.0);
                        Err("no".into())
                    }),
                    sim.set_neuron_state(e, "voltage", &[0.5]),
                    sim.set_neuron_state(e, "colour", &[0.5]),
                ];
                let taken = refused.iter().position(Result::is_ok);
                return taken.map_or(Ok(true), |k| Err(format!("bad edit {k} of an ensemble was taken")));
            }
            Operation::EditGain(e, seed) => sim.edit_gain(ensemble_id(*e), |g| {
                g.iter_mut().enumerate().for_each(|(k, g)| *g *= 1.0 + 0.2 * wave(*seed, k));
                Ok(())
            }),
            Operation::EditBias(e, seed) => sim.edit_bias(ensemble_id(*e), |b| {
                b.iter_mut().enumerate().for_each(|(k, b)| *b += 0.2 * wave(*seed, k));
                Ok(())
            }),
            Operation::EditEncoders(e, seed) => sim.edit_encoders(ensemble_id(*e), |m| {
                let x = m.values_mut().iter_mut().enumerate();
                x.for_each(|(k, x)| *x = 0.9 * *x + 0.2 * wave(*seed, k));
                Ok(())
            }),
            Operation::SetVoltage(e, seed) => {
                let v: Vec<f64> = (0..self.model.ensembles[*e].n).map(|k| voltage(*seed, k)).collect();
                sim.set_neuron_state(ensemble_id(*e), "voltage", &v)
            }
            Operation::SetRefractory(e, seed) => {
                let n = self.model.ensembles[*e].n;
                let r: Vec<f64> = (0..n).map(|k| refractory(*seed, k, dt)).collect();
                sim.set_neuron_state(ensemble_id(*e), "refractory_time", &r)
            }
            Operation::SetRate(c, rate) => {
                let name = self.model.connections[*c].rule.as_ref().map_or("", model::Rule::parameter);
                sim.set_rule_parameter(connection_id(*c), name, *rate)
            }
            Operation::SetRuleFilter(c, tau) => {
                let input = self.model.connections[*c].rule.as_ref().and_then(model::Rule::input);
                sim.set_rule_synapse(connection_id(*c), input.unwrap_or(""), *tau)
            }
            Operation::Freeze(c) => sim.freeze(connection_id(*c)),
            Operation::FreezeWhere(c, mask) => sim.freeze_where(connection_id(*c), |r, k| mask.holds(r, k)),
            Operation::Unfreeze(c) => sim.unfreeze(connection_id(*c)),
            Operation::SetDeviceGain(c, factor) => {
                let gain = self.model.connections[*c].devices.as_ref().map_or(0.0, |d| d.gain);
                sim.set_device_gain(connection_id(*c), factor * gain)
            }
            Operation::SetConductances(c, plus, seed) => {
                let (rows, cols) = self.model.shape(*c);
                let values = Matrix::from_fn(rows, cols, |r, k| conductance(*seed, r * cols + k));
                let side = if *plus { Side::Plus } else { Side::Minus };
                sim.set_conductances(connection_id(*c), side, &values)
            }
            Operation::Reset => sim.reset(Reset::All),
            Operation::ResetKeepingWeights => sim.reset(Reset::KeepWeights),
            Operation::Read => {
                self.look();
                Ok(())
            }
            Operation::Drain(p) => sim.drain(ProbeId::from_index(*p)).map(|_| ()),
            Operation::Repeat { .. } => Ok(()),
            Operation::Save => return self.save(),
            Operation::Load => return self.load(),
            Operation::Attach(p) => return self.attach(p),
            Operation::Detach => return self.detach(),
            Operation::Replan(passes) => return self.replan(passes_of(*passes)),
        };
        done.map(|()| true).map_err(text)
    }

    /// Keeps a checkpoint.
    fn save(&mut self) -> Result<bool, String> {
        self.checkpoint = Some(self.sim.save().map_err(text)?);
        Ok(true)
    }

    /// Goes back to the last checkpoint. Only called after `save` has said that there is one.
    fn load(&mut self) -> Result<bool, String> {
        let c = self.checkpoint.as_ref().ok_or("there is no checkpoint")?;
        self.sim.load(c).map_err(text)?;
        Ok(true)
    }

    /// Attaches a probe; its name goes to the end of `attached`. The change of a rule need not be kept.
    fn attach(&mut self, probe: &model::Probe) -> Result<bool, String> {
        if matches!(probe.target, model::Target::Delta(_)) {
            return Ok(false);
        }
        let id = self.sim.attach_probe(&network::probe(self.model, probe)).map_err(text)?;
        self.attached.push(id);
        Ok(true)
    }

    /// Detaches the probe at the end of `attached`. Only called when there is one.
    fn detach(&mut self) -> Result<bool, String> {
        let id = self.attached.pop().ok_or("nothing is attached")?;
        self.sim.detach(id).map_err(text)?;
        Ok(true)
    }

    /// Goes on with another plan.
    fn replan(&mut self, passes: Passes) -> Result<bool, String> {
        self.sim.replan(passes).map_err(text)?;
        Ok(true)
    }

    /// Everything once more in a simulator with other options: the same bits.
    fn repeat(&mut self, threads: usize, level: usize) -> Result<(), String> {
        let levels = bouton::Level::available();
        let level = Some(levels[level % levels.len()]);
        let options = Options { threads, level, ..self.options };
        let mut other = Subject::new(self.name, self.model, self.net, options)?;
        for op in &self.done {
            other.apply(op)?;
        }
        let (a, b) = (self.bits()?, other.bits()?);
        if a != b {
            return Err(format!("with {threads} threads and {level:?} the bits are others"));
        }
        *self = other;
        Ok(())
    }

    /// State and weights as bits.
    fn bits(&self) -> Result<Vec<u64>, String> {
        let mut all = vec![];
        for (e, spec) in self.model.ensembles.iter().enumerate() {
            if let Neurons::Lif { .. } = spec.neurons {
                all.extend(self.sim.neuron_state(ensemble_id(e), "voltage").map_err(text)?);
                all.extend(self.sim.neuron_state(ensemble_id(e), "refractory_time").map_err(text)?);
            }
        }
        for c in (0..self.model.connections.len()).filter(|c| self.model.has_weights(*c)) {
            all.extend(self.sim.weights(connection_id(c)).map_err(text)?.values());
            all.extend(self.sim.current(connection_id(c)).unwrap_or_default());
        }
        for p in (0..self.model.probes.len()).map(ProbeId::from_index) {
            all.extend(self.sim.data(p).map_err(text)?.values);
        }
        Ok(all.into_iter().map(f64::to_bits).collect())
    }

    /// Looks at whatever there is; what is not there says so, and that is not of interest here.
    fn look(&self) {
        let sim = &self.sim;
        let _ = (sim.explain(), sim.time(), sim.parallel_units(), sim.built());
        for c in sim.network().connections() {
            let _ = (sim.weights(c), sim.decoders(c), sim.current(c), sim.devices(c));
            let _ = (sim.rule_parameters(c), sim.rule_synapses(c));
        }
        for e in sim.network().ensembles() {
            let _ = (sim.encoders(e), sim.gain(e), sim.bias(e), sim.neuron_state(e, "voltage"));
        }
        for n in sim.network().nodes() {
            let _ = sim.node_output(n);
        }
        for p in sim.network().probes() {
            let _ = (sim.data(p), sim.times(p), sim.probe_shape(p));
        }
    }

    /// What the build has made. The weights of decoded connections are checked against their decoders here, because the
    /// oracle takes them as they are.
    pub fn start(&self) -> Result<Start, String> {
        let (m, sim) = (self.model, &self.sim);
        let mut start = Start { ensembles: vec![], weights: vec![], devices: vec![] };
        for (k, spec) in m.ensembles.iter().enumerate() {
            let e = ensemble_id(k);
            let state = |name: &str| match spec.neurons {
                Neurons::Lif { .. } => sim.neuron_state(e, name).map_err(text),
                _ => Ok(vec![]),
            };
            start.ensembles.push(Population {
                encoders: sim.encoders(e).map_err(text)?.values().to_vec(),
                gain: sim.gain(e).map_err(text)?,
                bias: sim.bias(e).map_err(text)?,
                voltage: state("voltage")?,
                refractory: state("refractory_time")?,
                ..Population::default()
            });
        }
        for (k, spec) in m.connections.iter().enumerate() {
            let c = connection_id(k);
            let weights = m.has_weights(k).then(|| sim.weights(c)).transpose().map_err(text)?;
            if let Some(w) = &weights
                && w.shape() != m.shape(k)
            {
                return Err(format!("the weights of c{k} have shape {:?}, not {:?}", w.shape(), m.shape(k)));
            }
            if let (Part::Ensemble(_), None, Some(w)) = (spec.pre.0, &spec.devices, &weights) {
                let decoders = sim.decoders(c).map_err(text)?;
                let wanted = folded(m, &start, k, decoders.values());
                if wanted.iter().zip(w.values()).any(|(a, b)| (a - b).abs() > 1e-14 * (1.0 + b.abs())) {
                    return Err(format!("the weights of c{k} are not what its decoders make"));
                }
            }
            start.weights.push(weights.map(|w| w.values().to_vec()));
            start.devices.push(spec.devices.as_ref().map(|d| self.pairs(c, d)).transpose()?);
        }
        Ok(start)
    }

    fn pairs(&self, c: ConnectionId, spec: &model::Devices) -> Result<Pairs, String> {
        let array = self.sim.devices(c).map_err(text)?;
        // The bounds of a device of this type without spread.
        let (low, high) = (200.0, 2.3e8);
        let side = |side: Side| {
            let [r0, r1, c, n] = ["r0", "r1", "exponent", "count"].map(|name| array.column(side, name));
            let device = |i: usize| Device {
                r0: r0[i],
                r1: r1[i],
                c: c[i],
                n: n[i],
                given: 0,
                bounds: if spec.own { (r0[i], r1[i]) } else { (low, high) },
            };
            (0..n.len()).map(device).collect()
        };
        Ok(Pairs { gain: array.gain(), plus: side(Side::Plus), minus: side(Side::Minus) })
    }
}

/// Passes by the bits of a number.
pub fn passes_of(bits: usize) -> Passes {
    Passes::of_bits(bits as u64)
}
