//! What a connection's end needs, and what goes into its weights.

use bouton_core::Slice;
use bouton_elements::processes::{Piecewise, Table, WhiteNoise, WhiteSignal};
use bouton_elements::transforms::Scalar;
use bouton_model::{Connection, End, EnsembleId, NodeId, Object, Output};
use bouton_random::{Purpose, Stream};

use super::Check;

/// What a connection's end needs: rms of each of its values, where that is known, and the gain of each on the way in.
pub(super) struct Need {
    pub(super) rms: Vec<Option<f64>>,
    pub(super) gains: Option<Vec<f64>>,
}

impl Need {
    /// rms over all values that are known; 0 if none is.
    pub(super) fn total(&self) -> f64 {
        self.rms.iter().flatten().map(|r| r * r).sum::<f64>().sqrt()
    }
}

/// What goes into a connection's weights.
pub(super) struct Inputs {
    pub(super) points: Vec<Vec<f64>>,
    /// Whether the values were taken as ±1 because nothing is known of them.
    pub(super) assumed: bool,
}

pub(super) fn rms<'x>(values: impl Iterator<Item = &'x f64>) -> f64 {
    let (n, sum) = values.fold((0usize, 0.0), |(n, s), v| (n + 1, s + v * v));
    (sum / n.max(1) as f64).sqrt()
}

/// Positions of at most `most` of `size` things, spread evenly.
pub(super) fn spread(size: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = size.min(most.max(1));
    (0..count).map(move |k| k * size / count)
}

pub(super) fn picked(values: &[f64], slice: &Slice) -> Vec<f64> {
    match slice {
        Slice::All => values.to_vec(),
        s => s.indices(values.len()).into_iter().filter_map(|i| values.get(i).copied()).collect(),
    }
}

impl Check<'_> {
    /// rms of each dimension of an ensemble, for values uniform in the ball of its radius.
    fn dimension_rms(&self, e: EnsembleId) -> Option<(f64, usize)> {
        let b = self.ensembles.get(e.index())?;
        Some((b.radius / (b.dimensions as f64 + 2.0).sqrt(), b.dimensions))
    }

    fn ensemble_need(&self, e: EnsembleId, slice: &Slice) -> Option<Need> {
        let (rms, d) = self.dimension_rms(e)?;
        Some(Need { rms: vec![Some(rms); slice.len(d)], gains: None })
    }

    pub(super) fn need(&self, post: &End, c: &Connection) -> Option<Need> {
        match post.object {
            Object::Ensemble(e) if c.solver.model().weights() => self.neurons_need(e, &Slice::All, false),
            Object::Neurons(e) => self.neurons_need(e, &post.slice, true),
            Object::Ensemble(e) => self.ensemble_need(e, &post.slice),
            Object::Node(n) => {
                let all = self.node_need(n);
                let rms: Vec<_> = post
                    .slice
                    .indices(all.len())
                    .into_iter()
                    .map(|i| all.get(i).copied().flatten())
                    .collect();
                Some(Need { rms, gains: None })
            }
            Object::Rule(learned) => {
                let (_, target, _) = self.net.get_connection(learned.connection)?;
                match target.object {
                    Object::Neurons(e) => self.ensemble_need(e, &Slice::All),
                    Object::Ensemble(e) => self.ensemble_need(e, &target.slice),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The currents that span the range of some neurons; `gained` if their gain is applied after the weights.
    fn neurons_need(&self, e: EnsembleId, slice: &Slice, gained: bool) -> Option<Need> {
        let b = self.ensembles.get(e.index())?;
        let d = b.dimensions;
        let all: Vec<f64> = b
            .scaled_encoders
            .chunks_exact(d)
            .map(|r| (r.iter().map(|x| x * x).sum::<f64>() / (d as f64 + 2.0)).sqrt())
            // Encoders hold the radius's inverse: the current at the radius is theirs times the radius.
            .map(|r| r * b.radius)
            .collect();
        let rms = picked(&all, slice).into_iter().map(Some).collect();
        Some(Need { rms, gains: gained.then(|| picked(&b.gain, slice)) })
    }

    /// What the ensembles behind a passing node need of each of its values. `None` where nothing tells.
    fn node_need(&self, n: NodeId) -> Vec<Option<f64>> {
        let Some(output) = self.net.get_node(n) else { return vec![] };
        let mut all = vec![None; output.size_in()];
        if !matches!(output, Output::Passthrough { .. }) {
            return all;
        }
        if let Some(known) = self.passing.borrow().get(&n) {
            return if known.is_empty() { all } else { known.clone() };
        }
        self.passing.borrow_mut().insert(n, vec![]);
        for id in self.outgoing.get(n.index()).into_iter().flatten() {
            let Some((pre, post, c)) = self.net.get_connection(*id) else { continue };
            let factor = match c.transform.as_ref().map(|t| t.downcast_ref::<Scalar>()) {
                None => 1.0,
                Some(Some(Scalar { value })) if *value != 0.0 => value.abs(),
                _ => continue,
            };
            if c.function.is_some() || c.devices.is_some() || matches!(post.object, Object::Neurons(_)) {
                continue;
            }
            let Some(need) = self.need(post, c) else { continue };
            for (i, r) in pre.slice.indices(all.len()).into_iter().zip(need.rms) {
                if let (Some(place), Some(r)) = (all.get_mut(i), r) {
                    *place = Some(place.unwrap_or(0.0f64).max(r / factor));
                }
            }
        }
        self.passing.borrow_mut().insert(n, all.clone());
        all
    }

    /// Values of the pre object over its working range, as the weights see them.
    pub(super) fn inputs(&self, pre: &End, c: &Connection, count: usize) -> Option<Inputs> {
        let mut assumed = false;
        let raw: Vec<Vec<f64>> = match pre.object {
            Object::Ensemble(e) | Object::Neurons(e) => {
                let (ensemble, b) = (self.net.get_ensemble(e)?, self.ensembles.get(e.index())?);
                let d = b.dimensions;
                let at = spread(b.eval_points.len() / d, count);
                let points: Vec<f64> = at.flat_map(|k| &b.eval_points[k * d..][..d]).copied().collect();
                if ensemble.neuron_type.is_direct() {
                    points.chunks_exact(d).map(<[f64]>::to_vec).collect()
                } else {
                    let a = b.activities(ensemble, &points);
                    let rows = a.chunks_exact(b.gain.len());
                    let neurons = matches!(pre.object, Object::Neurons(_));
                    // A slice of an ensemble is in its decoders already.
                    let slice = if neurons { &pre.slice } else { &Slice::All };
                    let points = rows.map(|r| picked(r, slice)).collect();
                    return Some(Inputs { points, assumed });
                }
            }
            Object::Node(n) => {
                let output = self.net.get_node(n)?;
                let width = output.size_out();
                let uniform = |size: f64| {
                    let stream = Stream::new(0, n.index() as u64, Purpose::named("scale"), 0);
                    let value = |k: usize| size * (2.0 * stream.f64_at(k as u64) - 1.0);
                    (0..count).map(|p| (0..width).map(|i| value(p * width + i)).collect()).collect()
                };
                match output {
                    Output::Constant(x) => vec![x.clone()],
                    Output::Process { process, .. } => {
                        if let Some(t) = process.downcast_ref::<Table>().filter(|t| t.width > 0) {
                            // More rows than points: a row costs nothing, and a recording may be mostly silent.
                            let rows = spread(t.values.len() / t.width, 16 * count);
                            rows.map(|k| t.values[k * t.width..][..t.width].to_vec()).collect()
                        } else if let Some(p) = process.downcast_ref::<Piecewise>() {
                            p.values.clone()
                        } else if let Some(s) = process.downcast_ref::<WhiteSignal>() {
                            uniform(s.rms * 3f64.sqrt())
                        } else {
                            assumed = !is_known(output);
                            uniform(1.0)
                        }
                    }
                    _ => {
                        assumed = !is_known(output);
                        uniform(1.0)
                    }
                }
            }
            _ => return None,
        };
        let raw = raw.iter().map(|x| picked(x, &pre.slice));
        let points = match &c.function {
            None => raw.collect(),
            // A closure may count its calls, or not stand values that it is never given: looking must not call it.
            Some(f) if f.text().is_none() => return None,
            Some(f) => {
                let call = |x: Vec<f64>| {
                    let mut y = vec![0.0; f.width()];
                    // A function need not stand values that it is never given.
                    f.call(&x, &mut y).ok().map(|()| y)
                };
                raw.map(call).collect::<Option<_>>()?
            }
        };
        Some(Inputs { points, assumed })
    }
}

/// Whether the values of a node are known before it runs.
pub(super) fn is_known(output: &Output) -> bool {
    match output {
        Output::Constant(_) => true,
        Output::Process { process, .. } => !process.is::<WhiteNoise>(),
        _ => false,
    }
}
