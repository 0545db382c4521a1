//! Connections: decoders, transform and encoders become weights; then synapse, gains, learning rule.

use std::sync::Arc;

use bouton_elements::devices::{DeviceArray, DeviceSpec, Gain};
use bouton_model::{
    Connection, ConnectionId, End, EnsembleId, Error, Function, Network, Object, Slice, Transform,
};
use bouton_random::object_key;

use super::{Builder, BuiltEnsemble, Seeds, decoders};
use crate::program::{Action, SignalId};

/// Dense a (r × k) times b (k × c).
fn product(a: &[f64], b: &[f64], r: usize, k: usize, c: usize) -> Vec<f64> {
    let mut y = vec![0.0; r * c];
    for i in 0..r {
        for m in 0..k {
            let f = a[i * k + m];
            for (y, b) in y[i * c..(i + 1) * c].iter_mut().zip(&b[m * c..(m + 1) * c]) {
                *y += f * b;
            }
        }
    }
    y
}

/// transform · decoders, and the number of rows of the result.
fn transformed(t: &Transform, d: &Arc<Vec<f64>>, mid: usize, n: usize) -> (Arc<Vec<f64>>, usize) {
    match t {
        Transform::None => (d.clone(), mid),
        Transform::Scalar(x) => (Arc::new(d.iter().map(|d| x * d).collect()), mid),
        Transform::Diagonal(x) => (Arc::new(d.iter().enumerate().map(|(k, d)| x[k / n] * d).collect()), mid),
        Transform::Matrix(m) => (Arc::new(product(m.values(), d, m.shape().0, mid, n)), m.shape().0),
    }
}

impl Builder<'_> {
    pub(super) fn connection(&mut self, id: ConnectionId) -> Result<(), Error> {
        let Some((pre, post, c)) = self.net.get_connection(id) else { return Ok(()) };
        let path = self.net.connection_path(id);
        let missing = |what: &str, o: Object| {
            Error::build(
                &path,
                format!(
                    "the {what} object `{}` is not built yet; connections must be in the network of their ends, or above",
                    self.net.object_path(o)
                ),
            )
        };
        let x = self.output_of(pre.object).ok_or_else(|| missing("pre", pre.object))?;
        let mut out = self.input_of(post.object).ok_or_else(|| missing("post", post.object))?;
        self.conn[id.index()].input = Some(x);
        let mut post_slice = post.slice.clone();

        let decoders = self.decoders[id.index()].clone();
        let mid = self.mid(pre, c);
        let full = c.solver.model().weights() && decoders.is_some();
        let (in_signal, weights, value) = if let Some(spec) = &c.devices {
            let (rows, cols) = self.device_shape(pre, post, mid, full)?;
            let x = self.neural_input(&path, pre, x);
            let array = self.device_array(id, spec, rows, cols)?;
            let w = Arc::new(array.weights());
            self.devices[id.index()] = Some(array);
            let (weights, y) = self.weighted(&path, x, rows, cols, w);
            (x, Some(weights), y)
        } else if let Some(d) = &decoders {
            let n = self.program.signals[x.index()].len();
            let (mut w, mut rows) = transformed(&c.transform, d, mid, n);
            if full && let Object::Ensemble(e) = post.object {
                let encoders = self.ensembles[e.index()].encoders_of(&post.slice);
                let count = encoders.len() / rows;
                w = Arc::new(product(&encoders, &w, count, rows, n));
                rows = count;
            }
            let (weights, y) = self.weighted(&path, x, rows, n, w);
            (x, Some(weights), y)
        } else {
            let mut x = self.sliced(&path, x, &pre.slice);
            if let Some(f) = &c.function {
                x = self.function(&path, f, x);
            }
            self.linear(&path, &c.transform, x)
        };
        if full && let Object::Ensemble(e) = post.object {
            out = self.ens[e.index()].neuron_in.ok_or_else(|| missing("post", post.object))?;
            // The slice is in the encoders already.
            post_slice = Slice::All;
        }
        let _ = in_signal;
        let s = &mut self.conn[id.index()];
        (s.weights, s.full) = (weights, full);

        let value = self.filtered(&path, value, c.synapse.as_ref())?;
        self.conn[id.index()].weighted = Some(value);
        if let Object::Neurons(e) = post.object {
            self.onto_neurons(&path, id, e, &post_slice, value, out);
        } else {
            let copy = Action::Copy {
                src: value,
                dst: out,
                from: Slice::All,
                to: post_slice,
                inc: true,
                delta_of: None,
            };
            self.program.add(&path, copy);
        }
        if !c.rules.is_empty() {
            self.rule(id)?;
        }
        Ok(())
    }

    fn output_of(&self, o: Object) -> Option<SignalId> {
        match o {
            Object::Ensemble(e) | Object::Neurons(e) => self.ens[e.index()].out,
            Object::Node(n) => self.node_out[n.index()],
            _ => None,
        }
    }

    fn input_of(&self, o: Object) -> Option<SignalId> {
        match o {
            Object::Ensemble(e) => self.ens[e.index()].input,
            Object::Neurons(e) => self.ens[e.index()].neuron_in,
            Object::Node(n) => self.node_in[n.index()],
            Object::Rule(r) => self.conn[r.connection.index()].error,
            _ => None,
        }
    }

    /// Number of values between function and transform.
    fn mid(&self, pre: &End, c: &Connection) -> usize {
        c.function.as_ref().map_or_else(
            || self.net.object_size(pre.object, true).map_or(0, |n| pre.slice.len(n)),
            Function::width,
        )
    }

    fn neural_input(&mut self, path: &str, pre: &End, x: SignalId) -> SignalId {
        // A slice of an ensemble is of what it represents and already in the decoders; one of neurons is of its outputs.
        if matches!(pre.object, Object::Neurons(_)) { self.sliced(path, x, &pre.slice) } else { x }
    }

    fn function(&mut self, path: &str, f: &Function, x: SignalId) -> SignalId {
        let out = self.program.signal(format!("{path}.function"), f.width(), 1, None);
        self.program.add(path, Action::Function { function: f.clone(), x, out });
        out
    }

    /// A transform on its own: input, weights, product.
    fn linear(&mut self, path: &str, t: &Transform, x: SignalId) -> (SignalId, Option<SignalId>, SignalId) {
        let n = self.program.signals[x.index()].len();
        match t {
            Transform::None => (x, None, x),
            Transform::Matrix(m) => {
                let (w, y) = self.weighted(path, x, m.shape().0, n, m.shared());
                (x, Some(w), y)
            }
            Transform::Scalar(_) | Transform::Diagonal(_) => {
                let values = match t {
                    Transform::Diagonal(d) => d.clone(),
                    Transform::Scalar(s) => vec![*s],
                    _ => vec![],
                };
                let a =
                    self.program.signal(format!("{path}.weights"), values.len(), 1, Some(Arc::new(values)));
                let y = self.program.signal(format!("{path}.weighted"), n, 1, None);
                self.program.add(path, Action::Reset { dst: y, value: 0.0 });
                self.program.add(path, Action::ElementwiseInc { a, x, y });
                (x, Some(a), y)
            }
        }
    }

    /// The gains of the post neurons, and the sum into their currents.
    fn onto_neurons(
        &mut self,
        path: &str,
        id: ConnectionId,
        e: EnsembleId,
        slice: &Slice,
        value: SignalId,
        out: SignalId,
    ) {
        let gain = self.ensembles[e.index()].gain.clone();
        let picked: Vec<f64> = slice.indices(gain.len()).into_iter().map(|i| gain[i]).collect();
        let n = picked.len();
        let gains = self.program.signal(format!("{path}.gains"), n, 1, Some(Arc::new(picked)));
        self.conn[id.index()].gains = Some(gains);
        let target = match slice {
            Slice::Indices(_) => {
                let s = self.program.signal(format!("{path}.sliced_out"), n, 1, None);
                self.program.add(path, Action::Reset { dst: s, value: 0.0 });
                let copy = Action::Copy {
                    src: s,
                    dst: out,
                    from: Slice::All,
                    to: slice.clone(),
                    inc: true,
                    delta_of: None,
                };
                self.program.add(path, copy);
                s
            }
            range => self.sliced(path, out, range),
        };
        self.program.add(path, Action::ElementwiseInc { a: gains, x: value, y: target });
    }

    fn device_shape(&self, pre: &End, post: &End, mid: usize, full: bool) -> Result<(usize, usize), Error> {
        let cols = match pre.object {
            Object::Ensemble(e) => self.ensembles[e.index()].gain.len(),
            o => pre.slice.len(self.net.object_size(o, true)?),
        };
        let rows = match post.object {
            Object::Ensemble(e) if full => self.ensembles[e.index()].gain.len(),
            _ if matches!(pre.object, Object::Ensemble(_)) => mid,
            o => post.slice.len(self.net.object_size(o, false)?),
        };
        Ok((rows, cols))
    }

    fn device_array(
        &mut self,
        id: ConnectionId,
        spec: &DeviceSpec,
        rows: usize,
        cols: usize,
    ) -> Result<DeviceArray, Error> {
        let path = self.net.connection_path(id);
        let needed = needed_weight(self.net, &self.ensembles, &self.seeds, id);
        self.needed[id.index()] = needed.as_ref().ok().copied();
        let gain = match &spec.gain {
            Gain::Fixed(g) => *g,
            Gain::Auto(a) => {
                let needed = needed?;
                let step = spec.reach(a.pulses);
                if !(step > 0.0 && needed > 0.0) {
                    return Err(Error::build(
                        path,
                        format!(
                            "no automatic gain: the weights needed have rms {needed:e} and {} pulses change the conductance by \
                             {step:e}; give `gain` as a number",
                            a.pulses
                        ),
                    ));
                }
                needed / step
            }
        };
        let seed = spec.seed.unwrap_or(self.seeds.connections[id.index()]);
        Ok(DeviceArray::new(spec, gain, rows, cols, u64::from(seed), object_key(&path)))
    }
}

/// rms of the weights that a solver would put in the place of a connection from neurons: encoders / radius (or scaled,
/// or none) times decoders of the represented value. 0 where there are no neurons to decode.
fn needed_weight(
    net: &Network,
    ensembles: &[Arc<BuiltEnsemble>],
    seeds: &Seeds,
    id: ConnectionId,
) -> Result<f64, Error> {
    let Some((pre, post, c)) = net.get_connection(id) else { return Ok(0.0) };
    let path = net.connection_path(id);
    let (Object::Ensemble(e) | Object::Neurons(e)) = pre.object else { return Ok(0.0) };
    let Some(ensemble) = net.get_ensemble(e).filter(|e| !e.neuron_type.is_direct()) else { return Ok(0.0) };
    let built = &ensembles[e.index()];
    let n = built.gain.len();
    let solver = bouton_elements::solvers::LstsqL2::default().into();
    let slice = if matches!(pre.object, Object::Neurons(_)) { &Slice::All } else { &pre.slice };
    let problem = decoders::Problem {
        path: &path,
        ensemble,
        built,
        slice,
        function: c.function.as_ref(),
        solver: &solver,
        connection: None,
        seed: seeds.connections[id.index()],
    };
    let (d, mid) = (problem.solve()?, problem.width());
    let rms = |w: &[f64]| (w.iter().map(|w| w * w).sum::<f64>() / w.len().max(1) as f64).sqrt();
    let full = c.solver.model().weights();
    let encoders = match post.object {
        Object::Ensemble(p) if full => {
            let b = &ensembles[p.index()];
            Some((b.encoders_of(&post.slice), post.slice.len(b.dimensions)))
        }
        Object::Neurons(p) => {
            let b = &ensembles[p.index()];
            Some((b.encoders.iter().map(|x| x / b.radius).collect(), b.dimensions))
        }
        _ => None,
    };
    let Some((enc, dims)) = encoders else { return Ok(rms(&d)) };
    // Where the two ensembles represent different numbers of values, the decoders are dealt out in turn.
    let dealt: Vec<f64> = (0..dims).flat_map(|k| d[k % mid * n..][..n].to_vec()).collect();
    Ok(rms(&product(&enc, &dealt, enc.len() / dims, dims, n)))
}
