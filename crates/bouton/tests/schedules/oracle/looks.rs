//! What probes of the oracle see, and what a connection delivers as current.

use super::Oracle;
use crate::model::{Part, Target};

impl Oracle {
    /// What is to be recorded, as it stands.
    pub(super) fn target(&self, target: &Target) -> Vec<f64> {
        match target {
            Target::Spikes(e) => self.ensembles[*e].out.clone(),
            Target::Input(e) => self.ensembles[*e].input.clone(),
            Target::Current(e) => self.ensembles[*e].current.clone(),
            Target::Voltage(e) => self.ensembles[*e].voltage.clone(),
            Target::Node(n) => self.nodes[*n].clone(),
            Target::Weights(c) => self.links[*c].weights.clone(),
            Target::Output(c) => self.output(*c),
            Target::Error(c) => self.links[*c].error.clone(),
            Target::Delta(c) => self.links[*c].delta.clone(),
            Target::Trace(c) => self.links[*c].trace.clone(),
            Target::Minus(c) => {
                let pairs = self.links[*c].devices.as_ref();
                pairs.map_or(vec![], |p| p.minus.iter().map(|d| d.conductance()).collect())
            }
        }
    }

    /// What a connection delivers to each neuron that it reaches, as current.
    pub fn current(&self, c: usize) -> Option<Vec<f64>> {
        let (spec, value) = (&self.model.connections[c], self.output(c));
        match spec.post.0 {
            _ if spec.full => Some(value),
            Part::Neurons(e) => {
                let gain = &self.ensembles[e].gain;
                Some(spec.post.1.of(gain.len()).iter().zip(value).map(|(i, v)| gain[*i] * v).collect())
            }
            Part::Ensemble(e) => {
                let d = self.model.ensembles[e].dims;
                let (scaled, cut) = (self.scaled_encoders(e), spec.post.1.of(d));
                let row = |r: &[f64]| cut.iter().zip(&value).map(|(k, v)| r[*k] * v).sum();
                Some(scaled.chunks(d).map(row).collect())
            }
            _ => None,
        }
    }
}

/// Whether two probes look at the same.
pub(super) fn same(a: &Target, b: &Target) -> bool {
    format!("{a:?}") == format!("{b:?}")
}
