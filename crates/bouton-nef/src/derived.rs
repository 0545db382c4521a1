//! What follows from edits of a network's parameters, and the paths of the parameters.

use std::sync::Arc;

use bouton_core::Slice;
use bouton_elements::neurons::{NeuronType, RATE_OUT};
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

impl ScaleEncoders {
    fn scaled(&self, gain: f64, encoder: f64) -> Result<f64, String> {
        let y = encoder * (gain / self.radius);
        if y.is_finite() { Ok(y) } else { Err(format!("gain times encoder would be {y}: it must be finite")) }
    }
}

impl Derive for ScaleEncoders {
    fn derive(&self, _: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String> {
        let (gain, encoders) = (reads[0], reads[1]);
        for (k, (y, x)) in writes[0].iter_mut().zip(encoders).enumerate() {
            *y = self.scaled(gain[k / self.dimensions], *x)?;
        }
        Ok(())
    }
    fn follows(&self, read: usize, at: &[usize]) -> Option<Vec<usize>> {
        let d = self.dimensions;
        Some(if read == 0 { at.iter().flat_map(|n| n * d..(n + 1) * d).collect() } else { at.to_vec() })
    }
    fn element(&self, _: f64, read: &dyn Fn(usize, usize) -> f64, k: usize) -> Result<f64, String> {
        self.scaled(read(0, k / self.dimensions), read(1, k))
    }
}

/// What encoders are multiplied by: gain / radius.
#[derive(Debug)]
struct ScaleOf {
    radius: f64,
}

impl Derive for ScaleOf {
    fn derive(&self, _: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String> {
        writes[0] = reads[0].iter().map(|gain| gain / self.radius).collect();
        Ok(())
    }
    fn follows(&self, _: usize, at: &[usize]) -> Option<Vec<usize>> {
        Some(at.to_vec())
    }
    fn element(&self, _: f64, read: &dyn Fn(usize, usize) -> f64, k: usize) -> Result<f64, String> {
        Ok(read(0, k) / self.radius)
    }
}

/// The gains that a connection onto neurons applies after its weights.
#[derive(Debug)]
struct PostGains {
    /// The neuron of each.
    neurons: Vec<usize>,
    /// Neurons in order, with the place of each in the list above.
    places: Vec<(usize, usize)>,
}

impl PostGains {
    fn new(neurons: Vec<usize>) -> PostGains {
        let mut places: Vec<_> = neurons.iter().enumerate().map(|(k, n)| (*n, k)).collect();
        places.sort_unstable();
        PostGains { neurons, places }
    }
}

impl Derive for PostGains {
    fn derive(&self, _: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String> {
        writes[0] = self.neurons.iter().map(|n| reads[0][*n]).collect();
        Ok(())
    }
    fn follows(&self, _: usize, at: &[usize]) -> Option<Vec<usize>> {
        let of = |n: &usize| {
            let from = self.places.partition_point(|p| p.0 < *n);
            let n = *n;
            self.places[from..].iter().take_while(move |p| p.0 == n).map(|p| p.1)
        };
        Some(at.iter().flat_map(of).collect())
    }
    fn element(&self, _: f64, read: &dyn Fn(usize, usize) -> f64, k: usize) -> Result<f64, String> {
        Ok(read(0, self.neurons[k]))
    }
}

/// Whether anything is frozen, from what is: 0 nothing, 1 everything, 2 some. It hangs on the whole mask.
#[derive(Debug)]
pub struct Freezing;

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
    /// The parameters of a layer of an ensemble's neuron type, as one signal with a path each; `lead` is what their names
    /// begin with.
    pub(crate) fn neuron_parameters(&mut self, id: EnsembleId, layer: &NeuronType, lead: &str) -> SignalId {
        let vars = layer.model().vars();
        let values = parameter_values(&vars);
        let name = self.names.neurons(id, &format!("{lead}parameters"));
        let all = self.program.double(name, values.len(), 1, Role::Parameter, values);
        let mut at = 0;
        for var in vars.iter().filter(|v| v.role == var::Role::Parameter) {
            let count = var.values().len();
            let one = self.program.view(all, at, count, 1);
            at += count;
            let knob = Knob::plain(one, var.unit.clone(), var.bounds, var.doc.clone());
            self.program.knobs_mut().add(self.names.neurons(id, &format!("{lead}{}", var.name)), knob);
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
        for (var, signal) in e.neuron_type.states().iter().zip(&s.state) {
            let knob = if var.name == RATE_OUT {
                Knob::read_only(*signal, var.unit.clone(), var.doc.clone(), "it is computed in each step")
            } else {
                Knob::plain(*signal, var.unit.clone(), var.bounds, var.doc.clone())
            };
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
        let s = &mut self.ens[id.index()];
        (s.gain, s.plain_encoders) = (Some(gain), Some(encoders));
    }

    /// What the encoders of an ensemble are multiplied by, one number a neuron; it follows from the gains.
    pub(crate) fn scale(&mut self, e: EnsembleId) -> Option<SignalId> {
        let gain = self.ens[e.index()].gain?;
        if let Some(scale) = self.ens[e.index()].scale {
            return Some(scale);
        }
        let (path, radius) = (self.names.ensemble(e).to_string(), self.ensembles[e.index()].radius);
        let values: Vec<f64> = self.ensembles[e.index()].gain.iter().map(|g| g / radius).collect();
        let n = values.len();
        let scale = self.program.double(format!("{path}.scale"), n, 1, Role::Parameter, values);
        self.program.derive(Derived {
            what: Arc::new(ScaleOf { radius }),
            reads: vec![gain],
            writes: vec![scale],
            of: path,
        });
        self.ens[e.index()].scale = Some(scale);
        Some(scale)
    }

    /// A connection's gains follow from those of the ensemble that it ends at.
    pub(crate) fn derive_gains(&mut self, path: &str, e: EnsembleId, slice: &Slice, gains: SignalId) {
        if let Some(gain) = self.ens[e.index()].gain {
            let n = self.program.get(gain).len();
            self.program.derive(Derived {
                what: Arc::new(PostGains::new(slice.indices(n))),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An elementwise computation has the bits of the whole one, and says what hangs on an element: no more and no less.
    #[track_caller]
    fn check(what: &dyn Derive, reads: &[Vec<f64>], len: usize) {
        let whole = |reads: &[Vec<f64>]| {
            let reads: Vec<&[f64]> = reads.iter().map(|r| &r[..]).collect();
            let mut writes = vec![vec![0.0; len]];
            what.derive(0.001, &reads, &mut writes).unwrap();
            writes.remove(0)
        };
        let before = whole(reads);
        for (r, k) in (0..reads.len()).flat_map(|r| (0..reads[r].len()).map(move |k| (r, k))) {
            let mut reads = reads.to_vec();
            reads[r][k] += 0.37;
            let after = whole(&reads);
            let mut changed: Vec<usize> = (0..len).filter(|k| before[*k] != after[*k]).collect();
            let mut said = what.follows(r, &[k]).unwrap();
            said.sort_unstable();
            changed.sort_unstable();
            assert_eq!(said, changed, "element {k} of {r}");
            for k in said {
                let one = what.element(0.001, &|r, k| reads[r][k], k).unwrap();
                assert_eq!(one.to_bits(), after[k].to_bits());
            }
        }
    }

    #[test]
    fn what_follows_from_an_element_is_computed_alone_with_the_same_bits() {
        let wave = |n: usize| (0..n).map(|k| 1.0 + (0.7 * k as f64).sin() / 3.0).collect::<Vec<f64>>();
        check(&ScaleEncoders { dimensions: 3, radius: 1.7 }, &[wave(4), wave(12)], 12);
        check(&ScaleOf { radius: 1.7 }, &[wave(5)], 5);
        // Neurons twice, in another order, and some not at all.
        check(&PostGains::new(vec![3, 0, 3, 5]), &[wave(6)], 4);
        let e = ScaleEncoders { dimensions: 1, radius: 0.5 };
        let e = e.element(0.001, &|_, _| 1e200, 0).unwrap_err();
        assert!(e.contains("must be finite"), "{e}");
    }
}
