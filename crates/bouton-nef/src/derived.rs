//! What follows from edits of a network's parameters, and the parameters themselves.

use std::sync::Arc;

use bouton_core::Slice;
use bouton_elements::neurons::{Lif, LifRate, NeuronType, RectifiedLinear, SpikingRectifiedLinear};
use bouton_elements::synapses::{Alpha, Filter, LinearFilter, Lowpass, Synapse};
use bouton_engine::{Bounds, Derive, Derived, Knob, Role, SignalId};
use bouton_model::EnsembleId;

use super::Builder;

/// A parameter that has a path.
pub(crate) struct Var {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) bounds: Bounds,
    pub(crate) doc: &'static str,
}

const POSITIVE: Bounds = Bounds { low: 0.0, high: f64::INFINITY, open: true };
const AT_LEAST_0: Bounds = Bounds { low: 0.0, high: f64::INFINITY, open: false };

/// Parameters of a synapse, with their values.
pub(crate) fn synapse_parameters(s: &Synapse) -> (Vec<Var>, Vec<Vec<f64>>) {
    let tau = Var { name: "tau", unit: "s", bounds: AT_LEAST_0, doc: "time constant" };
    let list = |name, doc| Var { name, unit: "", bounds: Bounds::ANY, doc };
    if let Some(l) = s.downcast_ref::<Lowpass>() {
        (vec![tau], vec![vec![l.tau]])
    } else if let Some(a) = s.downcast_ref::<Alpha>() {
        (vec![tau], vec![vec![a.tau]])
    } else if let Some(f) = s.downcast_ref::<LinearFilter>() {
        (
            vec![
                list("num", "coefficients of the numerator, highest power first"),
                list("den", "coefficients of the denominator, highest power first"),
            ],
            vec![f.num.clone(), f.den.clone()],
        )
    } else {
        (vec![], vec![])
    }
}

/// Names of the parameters of a synapse that have a path.
pub fn synapse_parameter_names(s: &Synapse) -> Vec<&'static str> {
    synapse_parameters(s).0.into_iter().map(|v| v.name).collect()
}

/// The parameters of a synapse, one behind the other.
pub fn synapse_values(s: &Synapse) -> Vec<f64> {
    synapse_parameters(s).1.concat()
}

/// The filter of a synapse with these parameters, in the order of [`synapse_parameters`].
pub(crate) fn discretise(s: &Synapse, dt: f64, p: &[f64]) -> Result<Filter, String> {
    let s = synapse_with(s, p);
    s.model().check()?;
    s.model().discretise(dt)
}

/// A synapse with other parameters, one behind the other.
pub fn synapse_with(s: &Synapse, p: &[f64]) -> Synapse {
    if s.is::<Lowpass>() {
        Lowpass { tau: p[0] }.into()
    } else if s.is::<Alpha>() {
        Alpha { tau: p[0] }.into()
    } else if let Some(f) = s.downcast_ref::<LinearFilter>() {
        let (num, den) = p.split_at(f.num.len());
        LinearFilter { num: num.into(), den: den.into(), analog: f.analog }.into()
    } else {
        s.clone()
    }
}

/// Parameters of a neuron type, with their values.
fn neuron_parameters(n: &NeuronType) -> (Vec<Var>, Vec<f64>) {
    let lif = |tau_rc, tau_ref| {
        let vars = vec![
            Var { name: "tau_rc", unit: "s", bounds: POSITIVE, doc: "membrane time constant" },
            Var { name: "tau_ref", unit: "s", bounds: AT_LEAST_0, doc: "refractory period" },
        ];
        (vars, vec![tau_rc, tau_ref])
    };
    let amplitude = || Var { name: "amplitude", unit: "", bounds: POSITIVE, doc: "scale of the output" };
    if let Some(l) = n.downcast_ref::<Lif>() {
        let (mut vars, mut values) = lif(l.tau_rc, l.tau_ref);
        let low = Bounds { low: f64::NEG_INFINITY, high: 0.0, open: false };
        vars.extend([Var { name: "min_voltage", unit: "", bounds: low, doc: "lowest voltage" }, amplitude()]);
        values.extend([l.min_voltage, l.amplitude]);
        (vars, values)
    } else if let Some(l) = n.downcast_ref::<LifRate>() {
        let (mut vars, mut values) = lif(l.tau_rc, l.tau_ref);
        vars.push(amplitude());
        values.push(l.amplitude);
        (vars, values)
    } else if let Some(r) = n.downcast_ref::<RectifiedLinear>() {
        (vec![amplitude()], vec![r.amplitude])
    } else if let Some(r) = n.downcast_ref::<SpikingRectifiedLinear>() {
        (vec![amplitude()], vec![r.amplitude])
    } else {
        (vec![], vec![])
    }
}

/// Scaled encoders: encoder · gain / radius.
#[derive(Debug)]
struct ScaleEncoders {
    dimensions: usize,
    radius: f64,
}

impl Derive for ScaleEncoders {
    fn derive(&self, _: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String> {
        let (gain, encoders) = (reads[0], reads[1]);
        let factor = |k: usize| gain[k / self.dimensions] / self.radius;
        writes[0].iter_mut().zip(encoders).enumerate().for_each(|(k, (y, x))| *y = x * factor(k));
        match writes[0].iter().find(|x| !x.is_finite()) {
            None => Ok(()),
            Some(x) => Err(format!("gain times encoder would be {x}: it must be finite")),
        }
    }
}

/// The gains that a connection onto neurons applies after its weights.
#[derive(Debug)]
struct PostGains {
    slice: Slice,
}

impl Derive for PostGains {
    fn derive(&self, _: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String> {
        writes[0] = self.slice.indices(reads[0].len()).into_iter().map(|i| reads[0][i]).collect();
        Ok(())
    }
}

/// Whether anything is frozen: 0 nothing, 1 everything, 2 some.
#[derive(Debug)]
struct Freezing;

impl Derive for Freezing {
    fn derive(&self, _: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String> {
        writes[0][0] = freezing(reads[0]);
        Ok(())
    }
}

/// 0 if nothing is marked, 1 if everything is, 2 if some.
pub(crate) fn freezing(mask: &[f64]) -> f64 {
    let held = mask.iter().filter(|x| **x != 0.0).count();
    if held == 0 {
        0.0
    } else if held == mask.len() {
        1.0
    } else {
        2.0
    }
}

impl Builder<'_> {
    /// The parameters of an ensemble's neuron type, as one signal with a path each.
    pub(crate) fn neuron_parameters(&mut self, id: EnsembleId) -> SignalId {
        let (vars, values) =
            self.net.get_ensemble(id).map_or((vec![], vec![]), |e| neuron_parameters(&e.neuron_type));
        let name = self.names.neurons(id, "parameters");
        let all = self.program.double(name, values.len(), 1, Role::Parameter, values);
        let live = self.net.get_ensemble(id).is_some_and(|e| e.neuron_type.is::<Lif>());
        for (k, var) in vars.iter().enumerate().filter(|_| live) {
            let one = self.program.view(all, k, 1, 1);
            let knob = Knob::plain(one, var.unit, var.bounds, var.doc);
            self.program.knobs_mut().add(self.names.neurons(id, var.name), knob);
        }
        all
    }

    /// Paths of an ensemble.
    pub(crate) fn ensemble_knobs(&mut self, id: EnsembleId) {
        let Some(e) = self.net.get_ensemble(id).filter(|e| !e.neuron_type.is_direct()) else { return };
        let (built, s) = (self.ensembles[id.index()].clone(), self.ens[id.index()].clone());
        let path = self.names.ensemble(id).to_string();
        let (n, d) = (e.n_neurons, e.dimensions);
        let p = &mut self.program;
        let gain = p.double(format!("{path}.gain"), n, 1, Role::Parameter, built.gain.clone());
        let encoders = p.double(format!("{path}.encoders"), n, d, Role::Parameter, built.encoders.clone());
        let knobs = p.knobs_mut();
        knobs.add(format!("{path}.gain"), Knob::plain(gain, "", Bounds::ANY, "gain of each neuron"));
        let doc = "preferred direction of each neuron, as it is: not scaled to unit length";
        knobs.add(format!("{path}.encoders"), Knob::plain(encoders, "", Bounds::ANY, doc));
        if let Some(bias) = s.bias {
            knobs.add(
                format!("{path}.bias"),
                Knob::plain(bias, "", Bounds::ANY, "bias current of each neuron"),
            );
        }
        let phase = e.neuron_type.model().fast_form().is_some();
        for (var, signal) in e.neuron_type.model().state().iter().zip(&s.state) {
            // The phase form takes a spike to fall within the step in which the voltage passes the threshold.
            let high = if phase && var.name == "voltage" { 1.0 } else { f64::INFINITY };
            let bounds = Bounds { high, ..Bounds::ANY };
            knobs.add(
                format!("{path}.neurons.{}", var.name),
                Knob::plain(*signal, var.unit, bounds, "state of the neurons"),
            );
        }
        if let Some(scaled) = s.encoders {
            p.derive(Derived {
                what: Arc::new(ScaleEncoders { dimensions: d, radius: built.radius }),
                reads: vec![gain, encoders],
                writes: vec![scaled],
                of: path,
            });
        }
        self.ens[id.index()].gain = Some(gain);
    }

    /// A connection's gains follow from those of the ensemble that it ends at.
    pub(crate) fn derive_gains(&mut self, path: &str, e: EnsembleId, slice: &Slice, gains: SignalId) {
        if let Some(gain) = self.ens[e.index()].gain {
            self.program.derive(Derived {
                what: Arc::new(PostGains { slice: slice.clone() }),
                reads: vec![gain],
                writes: vec![gains],
                of: path.into(),
            });
        }
    }

    /// Whether anything is frozen follows from the mask.
    pub(crate) fn derive_freezing(&mut self, path: &str, frozen: SignalId, mode: SignalId) {
        self.program.derive(Derived {
            what: Arc::new(Freezing),
            reads: vec![frozen],
            writes: vec![mode],
            of: path.into(),
        });
    }
}
