//! What follows from edits of a network's parameters, and the paths of the parameters.

use std::sync::Arc;

use bouton_core::Slice;
use bouton_elements::var::{self, parameter_values};
use bouton_engine::{Bounds, Derive, Derived, Knob, Role, SignalId};
use bouton_model::EnsembleId;

use super::Builder;

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
        let vars = self.net.get_ensemble(id).map_or(vec![], |e| e.neuron_type.model().vars());
        let values = parameter_values(&vars);
        let name = self.names.neurons(id, "parameters");
        let all = self.program.double(name, values.len(), 1, Role::Parameter, values);
        let mut at = 0;
        for var in vars.iter().filter(|v| v.role == var::Role::Parameter) {
            let count = var.values().len();
            let one = self.program.view(all, at, count, 1);
            at += count;
            let knob = Knob::plain(one, var.unit, var.bounds, var.doc);
            self.program.knobs_mut().add(self.names.neurons(id, &var.name), knob);
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
        for (var, signal) in e.neuron_type.model().states().iter().zip(&s.state) {
            let knob = Knob::plain(*signal, var.unit, var.bounds, var.doc);
            knobs.add(format!("{path}.neurons.{}", var.name), knob);
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
