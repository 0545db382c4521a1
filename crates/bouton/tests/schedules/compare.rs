//! Whether a simulator is where the oracle is.
//!
//! Both compute in double precision, in other orders of sums and other forms of the same equations, so that they agree to
//! rounding. How far that may carry them apart hangs on the quantity:
//!
//! | quantity | tolerance | why |
//! |---|---|---|
//! | steps, parameters, encoders, gains, biases, pulses | none | set or counted, not computed |
//! | voltages | 1e-9 | the phase form rounds by 1e-11 a step, and leaks forget it |
//! | refractory times | 1e-8 of a step | the time of a spike is a logarithm of (v − 1)/(J − 1) |
//! | values of nodes and currents | 1e-9 of the sums that make them | filters and sums carry 1e-15 a term |
//! | weights | 1e-11 of the way that the rule moved them, and 1e-15 of the largest a change | a change is a product of a rate and an error, each a sum |
//! | weights of devices | 1e-11 of gain · conductance | a power, to about 1e-14 |
//!
//! A fault that moves a quantity by more than a billionth of itself is seen.

use std::collections::BTreeMap;

use bouton::prelude::*;

use crate::model::{Neurons, Node, Part, Target, Transform};
use crate::network::{connection_id, ensemble_id};
use crate::oracle::{Oracle, largest};
use crate::subject::Subject;

/// How near to its tolerance each quantity came.
#[derive(Default)]
pub struct Nearest(pub BTreeMap<&'static str, f64>);

pub struct Comparison<'a, 'm> {
    pub oracle: &'a Oracle,
    pub subject: &'a Subject<'m>,
    pub nearest: &'a mut Nearest,
}

type Compared = Result<(), String>;

impl Comparison<'_, '_> {
    fn values(
        &mut self,
        what: &'static str,
        of: &str,
        found: &[f64],
        wanted: &[f64],
        tolerance: f64,
    ) -> Compared {
        if found.len() != wanted.len() {
            return Err(format!("{what} of {of}: {} values, wanted {}", found.len(), wanted.len()));
        }
        for (k, (x, y)) in found.iter().zip(wanted).enumerate() {
            let off = (x - y).abs();
            if off.is_nan() || off > tolerance {
                return Err(format!(
                    "{what} of {of}, value {k}: bouton has {x:e}, the oracle {y:e}; they differ by {off:e}, tolerance \
                     {tolerance:e}"
                ));
            }
            if tolerance > 0.0 {
                let near = self.nearest.0.entry(what).or_default();
                *near = near.max(off / tolerance);
            }
        }
        Ok(())
    }

    /// Everything.
    pub fn all(&mut self) -> Compared {
        let model = self.oracle.model.clone();
        if self.subject.sim.n_steps() != self.oracle.steps {
            let (n, m) = (self.subject.sim.n_steps(), self.oracle.steps);
            return Err(format!("bouton has taken {n} steps, the oracle {m}"));
        }
        for e in 0..model.ensembles.len() {
            self.ensemble(e).map_err(|m| format!("{m} (ensemble {:?})", model.ensembles[e]))?;
        }
        for n in 0..model.nodes.len() {
            if !matches!(model.nodes[n], Node::Editor { .. }) {
                let found = self.subject.sim.node_output(NodeId::from_index(n)).map_err(|e| e.to_string())?;
                let tolerance = 1e-9 * self.oracle.node_size[n];
                self.values("output", &format!("n{n}"), &found, &self.oracle.nodes[n], tolerance)?;
            }
        }
        for c in 0..model.connections.len() {
            self.connection(c).map_err(|m| format!("{m} (connection {:?})", short(&model.connections[c])))?;
        }
        for p in 0..self.oracle.probes.len() {
            self.probe(p)?;
        }
        Ok(())
    }

    fn ensemble(&mut self, k: usize) -> Compared {
        let (sim, model, name) = (&self.subject.sim, self.oracle.model.clone(), format!("e{k}"));
        let (e, p) = (ensemble_id(k), &self.oracle.ensembles[k]);
        let text = |e: Error| e.to_string();
        self.values("encoders", &name, sim.encoders(e).map_err(text)?.values(), &p.encoders, 0.0)?;
        self.values("gain", &name, &sim.gain(e).map_err(text)?, &p.gain, 0.0)?;
        self.values("bias", &name, &sim.bias(e).map_err(text)?, &p.bias, 0.0)?;
        if !matches!(model.ensembles[k].neurons, Neurons::Lif { .. }) {
            return Ok(());
        }
        let v = sim.neuron_state(e, "voltage").map_err(text)?;
        self.values("voltage", &name, &v, &p.voltage, 1e-9)?;
        // A neuron is free in the next step when at most a step is left, whatever the number says.
        let left = |x: &[f64]| x.iter().map(|r| r.max(model.dt)).collect::<Vec<f64>>();
        let r = sim.neuron_state(e, "refractory_time").map_err(text)?;
        self.values("refractory time", &name, &left(&r), &left(&p.refractory), 1e-8 * model.dt)
    }

    /// How far a weight may be off.
    fn weight_tolerance(&self, c: usize) -> f64 {
        let link = &self.oracle.links[c];
        match &link.devices {
            Some(p) => {
                let top = p.plus.iter().chain(&p.minus).map(|d| d.g()).fold(0.0, f64::max);
                1e-11 * p.gain * top
            }
            None => 1e-11 * link.moved + 1e-15 * link.peak * (1.0 + link.changes),
        }
    }

    fn connection(&mut self, k: usize) -> Compared {
        let (sim, model, name) = (&self.subject.sim, self.oracle.model.clone(), format!("c{k}"));
        let (c, link, spec) = (connection_id(k), &self.oracle.links[k], &model.connections[k]);
        let text = |e: Error| e.to_string();
        if model.has_weights(k) {
            let (w, tolerance) = (sim.weights(c).map_err(text)?, self.weight_tolerance(k));
            self.values("weights", &name, w.values(), &link.weights, tolerance)?;
            let plain = matches!(spec.transform, Transform::None) && !spec.full && spec.devices.is_none();
            if plain && matches!(spec.pre.0, Part::Ensemble(_)) {
                let d = sim.decoders(c).map_err(text)?;
                self.values("decoders", &name, d.values(), &link.weights, tolerance)?;
            }
        } else if sim.weights(c).is_ok() {
            return Err(format!("{name} has weights and should have none"));
        }
        match self.oracle.current(k) {
            None if sim.current(c).is_err() => {}
            // Nothing has been delivered yet. What is shown then is not said anywhere: zeros, but for what comes from a
            // constant without weights or filter on the way.
            Some(_) if self.oracle.steps == 0 => {}
            None => return Err(format!("{name} has a current and should have none")),
            Some(wanted) => {
                let factor = match spec.post.0 {
                    Part::Neurons(e) => largest(&self.oracle.ensembles[e].gain),
                    Part::Ensemble(e) if !spec.full => {
                        model.ensembles[e].dims as f64 * largest(&self.oracle.scaled_encoders(e))
                    }
                    _ => 1.0,
                };
                let tolerance = 1e-9 * factor * link.size;
                self.values("current", &name, &sim.current(c).map_err(text)?, &wanted, tolerance)?;
            }
        }
        if let Some(rule) = &spec.rule {
            let all = sim.rule_parameters(c).map_err(text)?;
            let found: Vec<f64> = all.iter().filter(|p| p.0 == rule.parameter()).map(|p| p.1).collect();
            self.values("parameter", &name, &found, &[link.rate], 0.0)?;
        }
        if let Some(pairs) = &link.devices {
            let array = sim.devices(c).map_err(text)?;
            self.values("device gain", &name, &[array.gain()], &[pairs.gain], 0.0)?;
            for (side, devices) in array.sides().iter().zip([&pairs.plus, &pairs.minus]) {
                let wanted: Vec<f64> = devices.iter().map(|d| d.conductance()).collect();
                let tolerance = 1e-11 * largest(&wanted);
                self.values("conductance", &name, &array.conductance(*side), &wanted, tolerance)?;
                let wanted: Vec<f64> = devices.iter().map(|d| f64::from(d.given)).collect();
                self.values("pulses", &name, &array.column(*side, "pulses"), &wanted, 0.0)?;
            }
        }
        Ok(())
    }

    fn probe(&mut self, k: usize) -> Compared {
        let (spec, record) = (&self.oracle.probes[k], &self.oracle.records[k]);
        let own = self.oracle.model.probes.len();
        let sim = &self.subject.sim;
        let data = match k.checked_sub(own) {
            None => sim.data(ProbeId::from_index(k)),
            Some(k) => sim.samples(self.subject.attached[k]),
        };
        let data = data.map_err(|e| e.to_string())?;
        let name = format!("p{k} ({:?})", spec.target);
        if data.steps != record.steps {
            return Err(format!(
                "{name}: bouton has samples at {:?}, the oracle at {:?}",
                data.steps, record.steps
            ));
        }
        let wanted = record.rows.concat();
        let top = largest(&wanted);
        let o = self.oracle;
        let tolerance = match spec.target {
            Target::Spikes(_) | Target::Trace(_) => 1e-9 * (1.0 + top),
            Target::Voltage(_) => 1e-9,
            Target::Input(e) | Target::Current(e) => 1e-9 * o.ensembles[e].size.max(top),
            Target::Node(n) => 1e-9 * o.node_size[n].max(top),
            Target::Output(c) => 1e-9 * o.links[c].size.max(top),
            Target::Error(c) => 1e-9 * o.links[c].error_size.max(top),
            Target::Weights(c) => self.weight_tolerance(c).max(1e-13 * top),
            Target::Delta(_) => 1e-9 * top,
            Target::Minus(_) => 1e-11 * top,
        };
        self.values("samples", &name, &data.values, &wanted, tolerance)
    }
}

/// A connection without its numbers, for messages.
fn short(c: &crate::model::Connection) -> String {
    let transform = match &c.transform {
        Transform::Matrix(rows, cols, _) => format!("matrix {rows} × {cols}"),
        other => format!("{other:?}"),
    };
    format!(
        "{:?} → {:?}, {:?}, {:?}, {transform}, full {}, {:?}, {:?}",
        c.pre, c.post, c.filter, c.function, c.full, c.rule, c.devices
    )
}
