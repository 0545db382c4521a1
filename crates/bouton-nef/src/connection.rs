//! Connections: decoders, transform and encoders become weights; then synapse, gains, learning rule.

use std::sync::Arc;

use bouton_core::{Error, Slice};
use bouton_elements::transforms::Map;
use bouton_engine::{Bounds, Draws, Knob, Linked, Op, Operand, Role, Scale, SignalId};
use bouton_model::{Connection, ConnectionId, End, EnsembleId, Function, Network, Object};
use bouton_random::RandomState;

use super::{Builder, BuiltEnsemble, Seeds, calls, decoders};

/// Adds a row of a (k numbers) times b (k × c) to `y`.
fn add_row(a: &[f64], b: &[f64], y: &mut [f64]) {
    let c = y.len();
    for (f, b) in a.iter().zip(b.chunks_exact(c.max(1))) {
        y.iter_mut().zip(b).for_each(|(y, b)| *y += f * b);
    }
}

/// Dense a (r × k) times b (k × c). An error says that there is no memory for it.
fn product(a: &[f64], b: &[f64], r: usize, k: usize, c: usize) -> Result<Vec<f64>, String> {
    let mut y =
        bouton_memory::room::zeros(r * c).map_err(|m| format!("its {r} × {c} weights: the model {m}"))?;
    y.chunks_exact_mut(c.max(1)).zip(a.chunks_exact(k.max(1))).for_each(|(y, a)| add_row(a, b, y));
    Ok(y)
}

/// transform · decoders, and the number of rows of the result.
fn transformed(
    t: Option<&Map>,
    d: &Arc<Vec<f64>>,
    mid: usize,
    n: usize,
) -> Result<(Arc<Vec<f64>>, usize), String> {
    Ok(match t {
        None => (d.clone(), mid),
        Some(Map::Scalar(x)) => (Arc::new(d.iter().map(|d| x * d).collect()), mid),
        Some(Map::Diagonal(x)) => (Arc::new(d.iter().enumerate().map(|(k, d)| x[k / n] * d).collect()), mid),
        Some(Map::Dense(m)) => {
            let rows = m.len() / mid;
            (Arc::new(product(m, d, rows, mid, n)?), rows)
        }
        Some(Map::Linked(links, w)) => {
            let rows = links.outputs();
            let room = bouton_memory::room::zeros(rows * n);
            let mut y = room.map_err(|m| format!("its {rows} × {n} weights: the model {m}"))?;
            links.each(|r, c, k| add_row(&[w[k]], &d[c * n..(c + 1) * n], &mut y[r * n..(r + 1) * n]));
            (Arc::new(y), rows)
        }
    })
}

/// What is computed for a connection before its signals are made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Solved {
    /// Its decoders (decoded values × neurons), where it comes from what an ensemble's neurons represent.
    pub decoders: Option<Arc<Vec<f64>>>,
    /// The numbers of its transform.
    pub map: Option<Map>,
}

/// Solves the decoders of a connection, and makes its transform.
pub(crate) fn solved(
    net: &Network,
    ensembles: &[Arc<BuiltEnsemble>],
    seeds: &Seeds,
    id: ConnectionId,
) -> Result<Solved, Error> {
    let Some((pre, post, c)) = net.get_connection(id) else { return Ok(Solved::default()) };
    let path = net.connection_path(id);
    // One generator for both, in this order, as Nengo has it.
    let mut rng = RandomState::new(seeds.connections[id.index()]);
    let mut out = Solved::default();
    if let Object::Ensemble(e) = pre.object
        && let Some(ensemble) = net.get_ensemble(e).filter(|e| !e.neuron_type.is_direct())
    {
        let problem = decoders::Problem {
            path: &path,
            ensemble,
            built: &ensembles[e.index()],
            slice: &pre.slice,
            function: c.function.as_ref(),
            solver: &c.solver,
            connection: Some(c),
        };
        out.decoders = Some(Arc::new(problem.solve(&mut rng)?));
    }
    let Some(transform) = &c.transform else { return Ok(out) };
    let refuse = |m: String| Error::build(&path, format!("`transform` {m}"));
    let inputs = mid(net, pre, c);
    let outputs = match transform.model().outputs(inputs).map_err(refuse)? {
        Some(outputs) => outputs,
        None => {
            let outputs = post.slice.len(net.object_size(post.object, false)?);
            if transform.model().dense() {
                let bytes = 8.0 * outputs as f64 * inputs as f64;
                let much = |m| refuse(format!("of {outputs} × {inputs} {m}; take fewer neurons"));
                bouton_memory::room::fits(bytes).map_err(much)?;
            }
            outputs
        }
    };
    out.map = Some(transform.make(outputs, inputs, &mut rng).map_err(refuse)?);
    Ok(out)
}

/// Number of values between function and transform.
pub(crate) fn mid(net: &Network, pre: &End, c: &Connection) -> usize {
    c.function
        .as_ref()
        .map_or_else(|| net.object_size(pre.object, true).map_or(0, |n| pre.slice.len(n)), Function::width)
}

impl Builder<'_> {
    pub(super) fn connection(&mut self, id: ConnectionId) -> Result<(), Error> {
        let Some((pre, post, c)) = self.net.get_connection(id) else { return Ok(()) };
        let path = self.net.connection_path(id);
        let name = self.names.connection(id).to_string();
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

        let Solved { decoders, map } = self.solved[id.index()].clone();
        let mid = mid(self.net, pre, c);
        let full = c.solver.model().weights() && decoders.is_some();
        let (weights, value) = if let Some(spec) = &c.devices {
            let (rows, cols) = self.device_shape(pre, post, mid, full)?;
            let x = self.neural_input(&path, pre, x);
            let (signals, w) = self.devices(id, spec, (rows, cols))?;
            self.conn[id.index()].devices = signals;
            let (weights, y) = self.weighted((&path, &name), x, (rows, cols), w);
            (Some(weights), y)
        } else if let Some(d) = &decoders {
            let n = self.program.get(x).len();
            let no_room = |m: String| Error::build(&path, m);
            let (mut w, mut rows) = transformed(map.as_ref(), d, mid, n).map_err(no_room)?;
            if full && let Object::Ensemble(e) = post.object {
                let encoders = self.ensembles[e.index()].encoders_of(&post.slice);
                let count = encoders.len() / rows;
                w = Arc::new(product(&encoders, &w, count, rows, n).map_err(no_room)?);
                rows = count;
            }
            let (weights, y) = self.weighted((&path, &name), x, (rows, n), w);
            (Some(weights), y)
        } else {
            let mut x = self.sliced(&path, x, &pre.slice);
            if let Some(f) = &c.function {
                x = self.function((&path, &name), f, x);
            }
            self.linear((&path, &name), map, x)
        };
        if full && let Object::Ensemble(e) = post.object {
            out = self.ens[e.index()].neuron_in.ok_or_else(|| missing("post", post.object))?;
            // The slice is in the encoders already.
            post_slice = Slice::All;
        }
        let s = &mut self.conn[id.index()];
        (s.weights, s.full) = (weights, full);
        match (weights, &c.devices) {
            (Some(w), Some(spec)) => self.device_knobs(id, spec, w),
            (Some(w), None) => {
                let knob = Knob::plain(w, "", Bounds::ANY, "weights, post × pre");
                self.program.knobs_mut().add(self.names.weights(id), knob);
            }
            (None, _) => {}
        }

        let knobs = Self::synapse_path(&self.names, id);
        let value = self.filter(&path, value, c.synapse.as_ref(), false, &knobs)?;
        self.conn[id.index()].weighted = Some(value);
        let knob = Knob::read_only(value, "", "what the connection delivers", "it is computed in each step");
        self.program.knobs_mut().add(format!("{name}.weighted"), knob);
        if let Object::Neurons(e) = post.object {
            self.onto_neurons((&path, &name), id, e, &post_slice, value, out);
        } else {
            self.program.copy(&path, (value, &Slice::All), (out, &post_slice), true);
        }
        self.rules(id)
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
            Object::Rule(r) => self.conn[r.connection.index()].rules.get(r.number).and_then(|r| r.error),
            Object::Factor(r, k) => {
                self.conn[r.connection.index()].rules.get(r.number).and_then(|r| r.factors.get(k)).copied()
            }
            _ => None,
        }
    }

    fn neural_input(&mut self, path: &str, pre: &End, x: SignalId) -> SignalId {
        // A slice of an ensemble is of what it represents and already in the decoders; one of neurons is of its outputs.
        if matches!(pre.object, Object::Neurons(_)) { self.sliced(path, x, &pre.slice) } else { x }
    }

    fn function(&mut self, (path, name): (&str, &str), f: &Function, x: SignalId) -> SignalId {
        let out = self.program.signal(format!("{name}.function"), f.width(), 1, Role::Scratch, 0.0);
        let call = Arc::new(calls::FunctionCall { function: f.clone() });
        self.program.add(path, Op::Call(call), [Operand::set(out), Operand::read(x)], Draws::No);
        out
    }

    /// A transform on its own: weights, product.
    fn linear(
        &mut self,
        (path, name): (&str, &str),
        map: Option<Map>,
        x: SignalId,
    ) -> (Option<SignalId>, SignalId) {
        let n = self.program.get(x).len();
        let values = match map {
            None => return (None, x),
            Some(Map::Dense(m)) => {
                let (w, y) = self.weighted((path, name), x, (m.len() / n, n), m);
                return (Some(w), y);
            }
            Some(Map::Linked(links, w)) => {
                let ((rows, cols), outputs) = (links.shape(), links.outputs());
                let p = &mut self.program;
                let weights = p.signal(format!("{name}.weights"), rows, cols, Role::Parameter, w);
                let y = p.signal(format!("{name}.weighted"), outputs, 1, Role::State, 0.0);
                p.reset(path, y, 0.0);
                let on = [Operand::inc(y), Operand::read(weights), Operand::read(x)];
                p.kernel(path, Linked::new(links), on);
                return (Some(weights), y);
            }
            Some(Map::Diagonal(d)) => d,
            Some(Map::Scalar(s)) => vec![s],
        };
        let p = &mut self.program;
        let a = p.signal(format!("{name}.weights"), values.len(), 1, Role::Parameter, values);
        let y = p.signal(format!("{name}.weighted"), n, 1, Role::State, 0.0);
        p.reset(path, y, 0.0);
        p.kernel(path, Scale, [Operand::inc(y), Operand::read(a), Operand::read(x)]);
        (Some(a), y)
    }

    /// The gains of the post neurons, and the sum into their currents.
    fn onto_neurons(
        &mut self,
        (path, name): (&str, &str),
        id: ConnectionId,
        e: EnsembleId,
        slice: &Slice,
        value: SignalId,
        out: SignalId,
    ) {
        let gain = self.ensembles[e.index()].gain.clone();
        let picked: Vec<f64> = slice.indices(gain.len()).into_iter().map(|i| gain[i]).collect();
        let n = picked.len();
        let gains = self.program.signal(format!("{name}.gains"), n, 1, Role::Parameter, picked);
        self.conn[id.index()].gains = Some(gains);
        let knob =
            Knob::read_only(gains, "", "gains of the post neurons", "they follow from the ensemble's `gain`");
        self.program.knobs_mut().add(format!("{name}.gains"), knob);
        self.derive_gains(path, e, slice, gains);
        let target = match slice {
            Slice::Indices(_) => {
                let s = self.program.signal(format!("{name}.sliced_out"), n, 1, Role::Scratch, 0.0);
                self.program.reset(path, s, 0.0);
                self.program.copy(path, (s, &Slice::All), (out, slice), true);
                s
            }
            range => self.sliced(path, out, range),
        };
        let on = [Operand::inc(target), Operand::read(gains), Operand::read(value)];
        self.program.kernel(path, Scale, on);
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
}

/// rms of the weights that a solver would put in the place of a connection from neurons: encoders / radius (or scaled,
/// or none) times decoders of the represented value; without a function, of that value brought from the range of the ensemble that
/// it comes from to that of the one that it goes to, because nothing says what a rule will be taught. 0 where there are no neurons
/// to decode. `solved` are the connection's own decoders, which are taken where its solver is the default.
pub(crate) fn needed_weight(
    net: &Network,
    ensembles: &[Arc<BuiltEnsemble>],
    seeds: &Seeds,
    solved: Option<&Arc<Vec<f64>>>,
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
    };
    let mid = problem.width();
    let own = solved.filter(|_| c.solver == solver && c.eval_points.is_none());
    let d = own.map_or_else(
        || problem.solve(&mut RandomState::new(seeds.connections[id.index()])).map(Arc::new),
        |d| Ok(d.clone()),
    )?;
    let root = |squares: f64, n: usize| (squares / n.max(1) as f64).sqrt();
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
    let range = match post.object {
        Object::Ensemble(p) | Object::Neurons(p) if c.function.is_none() => {
            ensembles[p.index()].radius / built.radius
        }
        _ => 1.0,
    };
    let Some((enc, dims)) = encoders else { return Ok(range * root(d.iter().map(|w| w * w).sum(), d.len())) };
    // Where the two ensembles represent different numbers of values, the decoders are dealt out in turn.
    let dealt: Vec<f64> = (0..dims).flat_map(|k| d[k % mid * n..][..n].to_vec()).collect();
    // A row at a time: the matrix that the weights would be may be larger than the memory there is.
    let mut row = vec![0.0; n];
    let squares = enc.chunks_exact(dims.max(1)).fold(0.0, |sum: f64, e| {
        row.fill(0.0);
        add_row(e, &dealt, &mut row);
        row.iter().fold(sum, |sum, w| sum + w * w)
    });
    Ok(range * root(squares, enc.len() / dims.max(1) * n))
}
