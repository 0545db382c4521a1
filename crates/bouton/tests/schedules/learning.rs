//! What changes weights in the oracle: rules, edits, writes to devices, and what is frozen.

use crate::devices::Pairs;
use crate::model::{Cut, Edit, Part, Rule, at_once, hebb};
use crate::oracle::{Oracle, largest, lowpass, taken};

impl Oracle {
    /// The rule of a connection, after all else has been computed. It always runs; where weights are frozen, what it wants
    /// is dropped.
    pub fn learn(&mut self, c: usize) {
        let model = self.model.clone();
        let spec = &model.connections[c];
        let Some(rule) = &spec.rule else { return };
        let (rows, cols) = model.shape(c);
        let dt = model.dt;
        let (Part::Ensemble(e) | Part::Neurons(e)) = spec.pre.0 else { return };
        let cut = if spec.pre.0 == Part::Neurons(e) { &spec.pre.1 } else { &Cut::All };
        let pre = taken(&self.ensembles[e].out, cut);
        let tau = self.links[c].tau;
        let pre = match tau {
            None => pre,
            Some(tau) => {
                lowpass(dt, tau, &pre, &mut self.links[c].trace);
                self.links[c].trace.clone()
            }
        };
        let mut error = vec![0.0; rows];
        if rule.has_error() {
            let (x, size) = self.input(Part::Rule(c));
            (error, self.links[c].error) = (self.local(c, &x), x);
            let link = &mut self.links[c];
            link.error_size = link.error_size.max(size);
        }
        let mut delta = vec![0.0; rows * cols];
        let link = &mut self.links[c];
        match rule {
            Rule::Pes { .. } => {
                for (k, d) in delta.iter_mut().enumerate() {
                    *d = -link.rate * dt / cols as f64 * error[k / cols] * pre[k % cols];
                }
            }
            Rule::AtOnce { .. } => at_once(link.rate, dt, &pre, &error, &link.weights, &mut delta),
            Rule::Hebb { post: tau, .. } => {
                let (Part::Ensemble(e) | Part::Neurons(e)) = spec.post.0 else { return };
                let cut = if spec.full { &Cut::All } else { &spec.post.1 };
                let post = taken(&self.ensembles[e].out, cut);
                lowpass(dt, *tau, &post, &mut link.post_trace);
                hebb(link.rate, dt, &pre, &link.post_trace, &link.weights, &mut link.memory, &mut delta);
            }
            Rule::Mpes { dead_band, .. } => {
                self.pulse(c, &error, &pre, *dead_band);
                return;
            }
        }
        if matches!(rule, Rule::AtOnce { .. }) {
            let free = link.weights.iter_mut().zip(&delta).zip(&link.frozen).filter(|(_, f)| !**f);
            free.for_each(|((w, d), _)| *w += d);
            link.moved += largest(&delta);
            link.changes += 1.0;
            link.peak = link.peak.max(largest(&link.weights));
        }
        link.delta = delta;
    }

    /// The error of each row: where weights end at neurons, what the error is to each of them.
    fn local(&self, c: usize, error: &[f64]) -> Vec<f64> {
        let spec = &self.model.connections[c];
        let (e, rows, columns) = match (&spec.post.0, &spec.post.1) {
            (Part::Neurons(e), cut) => (*e, cut.of(self.model.ensembles[*e].n), Cut::All),
            (Part::Ensemble(e), cut) if spec.full => {
                (*e, (0..self.model.ensembles[*e].n).collect(), cut.clone())
            }
            _ => return error.to_vec(),
        };
        let (d, encoders) = (self.model.ensembles[e].dims, self.scaled_encoders(e));
        let columns = columns.of(d);
        rows.iter().map(|i| columns.iter().zip(error).map(|(k, x)| encoders[i * d + k] * x).sum()).collect()
    }

    /// One pulse on every synapse of an open column, by the sign of −error; none where no error is above the dead band.
    fn pulse(&mut self, c: usize, error: &[f64], pre: &[f64], dead_band: f64) {
        let link = &mut self.links[c];
        let top = largest(error);
        self.margin = self.margin.min((top - dead_band).abs() / link.error_size.max(dead_band));
        for a in pre {
            self.margin = self.margin.min((a - link.rate).abs());
        }
        let Some(pairs) = &mut link.devices else { return };
        if top <= dead_band {
            return;
        }
        let cols = pre.len();
        for (i, e) in error.iter().enumerate() {
            self.margin = self.margin.min(e.abs() / top);
            for (k, a) in pre.iter().enumerate() {
                let at = i * cols + k;
                if *a > link.rate && *e != 0.0 && !link.frozen[at] {
                    let before = link.weights[at];
                    pairs.pulse(at, *e < 0.0);
                    link.weights[at] = pairs.weight(at);
                    link.moved += (link.weights[at] - before).abs();
                }
            }
        }
    }

    /// An edit of weights, from outside or by a callback.
    pub fn edit(&mut self, c: usize, edit: &Edit, more: f64) {
        let (rows, cols) = self.model.shape(c);
        let link = &mut self.links[c];
        for r in 0..rows {
            for k in (0..cols).filter(|k| edit.takes(r, *k)) {
                let w = &mut link.weights[r * cols + k];
                let new = edit.value(r, k, *w, more);
                if let Some(pairs) = &mut link.devices
                    && new != *w
                {
                    pairs.set(r * cols + k, new);
                }
                *w = new;
            }
        }
        link.peak = link.peak.max(largest(&link.weights));
    }

    /// A raw write to devices: all weights follow.
    pub fn with_devices(&mut self, c: usize, write: impl Fn(&mut Pairs)) {
        let link = &mut self.links[c];
        let Some(pairs) = &mut link.devices else { return };
        write(pairs);
        link.weights = (0..pairs.plus.len()).map(|k| pairs.weight(k)).collect();
        link.peak = link.peak.max(largest(&link.weights));
    }

    /// Freezes the weights for which `mask` holds, and no others. Rules go on; what they want is dropped where its weight is
    /// frozen when it would act.
    pub fn freeze(&mut self, c: usize, mask: impl Fn(usize, usize) -> bool) {
        let (rows, cols) = self.model.shape(c);
        let link = &mut self.links[c];
        for k in 0..rows * cols {
            link.frozen[k] = mask(k / cols, k % cols);
        }
    }
}

/// The filter on the presynaptic activity that a rule was made with.
pub fn tau_of(rule: &Rule) -> Option<f64> {
    match rule {
        Rule::Pes { tau, .. } | Rule::AtOnce { tau, .. } => *tau,
        Rule::Hebb { pre, .. } => Some(*pre),
        // Spikes pass a filter that does nothing, which can be made another.
        Rule::Mpes { tau, .. } => Some(tau.unwrap_or(0.0)),
    }
}
