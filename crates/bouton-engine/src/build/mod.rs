//! From a model to a program: seeds, drawn parameters, decoders, then signals and operators in Nengo's order.

mod connection;
mod decoders;
mod ensemble;
mod parallel;
mod probe;
mod rule;
mod seeds;

use std::sync::Arc;

use bouton_elements::devices::DeviceArray;
use bouton_model::{
    ConnectionId, EnsembleId, Error, Network, NetworkId, NodeId, Object, Output, ProbeId, Slice,
};

use crate::program::{Action, Program, SignalId};
pub use ensemble::BuiltEnsemble;
pub use seeds::Seeds;

/// Signals of an ensemble.
#[derive(Clone, Debug, Default)]
pub struct EnsembleSignals {
    /// Summed input (dimensions).
    pub input: Option<SignalId>,
    /// Neuron input currents.
    pub neuron_in: Option<SignalId>,
    /// Neuron outputs; the value itself for a direct ensemble.
    pub out: Option<SignalId>,
    /// Bias currents.
    pub bias: Option<SignalId>,
    /// Scaled encoders (neurons × dimensions).
    pub encoders: Option<SignalId>,
    /// State variables, in the neuron type's order.
    pub state: Vec<SignalId>,
}

/// Signals of a connection and of its rule.
#[derive(Clone, Debug, Default)]
pub struct ConnectionSignals {
    /// What goes in.
    pub input: Option<SignalId>,
    /// The weights, if it has any.
    pub weights: Option<SignalId>,
    /// What comes out, after the synapse.
    pub weighted: Option<SignalId>,
    /// Gains applied after the weights, onto neurons.
    pub gains: Option<SignalId>,
    /// Whether the weights are a matrix from neurons to neuron currents (a weight solver's): gain and radius included.
    pub full: bool,
    /// The rule's error.
    pub error: Option<SignalId>,
    /// The rule's delta.
    pub delta: Option<SignalId>,
    /// The rule's named inputs and states.
    pub named: Vec<(String, SignalId)>,
}

/// What a probe records.
#[derive(Clone, Debug)]
pub enum ProbeSource {
    /// A signal.
    Signal(SignalId),
    /// A device quantity, read when sampled.
    Devices,
}

/// A model after building.
pub struct Built {
    /// Signals and operators.
    pub program: Program,
    /// Seeds of all objects.
    pub seeds: Seeds,
    /// Seed of the simulator's own draws (processes).
    pub sim_seed: u32,
    /// Parameters of each ensemble.
    pub ensembles: Vec<Arc<BuiltEnsemble>>,
    /// Signals of each ensemble.
    pub ensemble_signals: Vec<EnsembleSignals>,
    /// Signals of each connection.
    pub connection_signals: Vec<ConnectionSignals>,
    /// Decoders (decoded values × neurons) of each connection that has some, without transform and encoders.
    pub decoders: Vec<Option<Arc<Vec<f64>>>>,
    /// Devices of each connection that has some.
    pub devices: Vec<Option<DeviceArray>>,
    /// rms of the weights that a solver would put in the place of each connection's devices.
    pub needed: Vec<Option<f64>>,
    /// Source of each probe.
    pub probes: Vec<ProbeSource>,
    /// Output signal of each node.
    pub node_out: Vec<Option<SignalId>>,
}

/// How a model is built.
#[derive(Clone, Copy, Debug)]
pub struct BuildOptions {
    /// Time step (s).
    pub dt: f64,
    /// Seed of the top network when it has none itself.
    pub fallback_seed: u32,
    /// Threads for drawing and solving.
    pub threads: usize,
}

struct Builder<'a> {
    net: &'a Network,
    dt: f64,
    program: Program,
    seeds: Seeds,
    ensembles: Vec<Arc<BuiltEnsemble>>,
    decoders: Vec<Option<Arc<Vec<f64>>>>,
    probe_decoders: Vec<Option<Arc<Vec<f64>>>>,
    ens: Vec<EnsembleSignals>,
    node_in: Vec<Option<SignalId>>,
    node_out: Vec<Option<SignalId>>,
    conn: Vec<ConnectionSignals>,
    devices: Vec<Option<DeviceArray>>,
    needed: Vec<Option<f64>>,
    /// Edits that node callbacks declared: operator and connection. Connections are built after nodes.
    edits: Vec<(usize, ConnectionId)>,
    probes: Vec<Option<ProbeSource>>,
}

/// Builds a model. [`Network::validate`] has passed.
pub fn build(net: &Network, options: BuildOptions) -> Result<Built, Error> {
    let top = net.seed().unwrap_or(options.fallback_seed);
    let seeds = Seeds::derive(net, top)?;
    let ids: Vec<EnsembleId> = net.ensembles().collect();
    let ensembles = parallel::map(options.threads, &ids, |id| {
        let e = net.get_ensemble(*id).ok_or_else(|| Error::build("", "an ensemble is missing"))?;
        BuiltEnsemble::new(&net.ensemble_path(*id), e, seeds.ensembles[id.index()]).map(Arc::new)
    })?;
    let ids: Vec<ConnectionId> = net.connections().collect();
    let decoders =
        parallel::map(options.threads, &ids, |id| connection_decoders(net, &ensembles, &seeds, *id))?;
    let ids: Vec<ProbeId> = net.probes().collect();
    let probe_decoders =
        parallel::map(options.threads, &ids, |id| probe::probe_decoders(net, &ensembles, &seeds, *id))?;
    let mut b = Builder {
        net,
        dt: options.dt,
        program: Program::default(),
        ens: vec![EnsembleSignals::default(); ensembles.len()],
        node_in: vec![None; net.nodes().len()],
        node_out: vec![None; net.nodes().len()],
        conn: vec![ConnectionSignals::default(); net.connections().len()],
        devices: vec![None; net.connections().len()],
        needed: vec![None; net.connections().len()],
        edits: vec![],
        probes: vec![None; net.probes().len()],
        seeds,
        ensembles,
        decoders,
        probe_decoders,
    };
    b.network(&net.all_contents(), NetworkId::from_index(0))?;
    b.declare_edits()?;
    let probes = b.probes.into_iter().map(|p| p.unwrap_or(ProbeSource::Devices)).collect();
    Ok(Built {
        program: b.program,
        seeds: b.seeds,
        sim_seed: net.seed().map_or(options.fallback_seed.wrapping_add(1), |s| s.wrapping_add(1)),
        ensembles: b.ensembles,
        ensemble_signals: b.ens,
        connection_signals: b.conn,
        decoders: b.decoders,
        devices: b.devices,
        needed: b.needed,
        probes,
        node_out: b.node_out,
    })
}

fn connection_decoders(
    net: &Network,
    ensembles: &[Arc<BuiltEnsemble>],
    seeds: &Seeds,
    id: ConnectionId,
) -> Result<Option<Arc<Vec<f64>>>, Error> {
    let Some((pre, _, c)) = net.get_connection(id) else { return Ok(None) };
    let Object::Ensemble(e) = pre.object else { return Ok(None) };
    let Some(ensemble) = net.get_ensemble(e).filter(|e| !e.neuron_type.is_direct()) else { return Ok(None) };
    let path = net.connection_path(id);
    let problem = decoders::Problem {
        path: &path,
        ensemble,
        built: &ensembles[e.index()],
        slice: &pre.slice,
        function: c.function.as_ref(),
        solver: &c.solver,
        connection: Some(c),
        seed: seeds.connections[id.index()],
    };
    problem.solve().map(|d| Some(Arc::new(d)))
}

impl Builder<'_> {
    /// Ensembles and nodes, then nested networks, then connections with their rules, then probes.
    fn network(&mut self, all: &[bouton_model::Contents], id: NetworkId) -> Result<(), Error> {
        let c = &all[id.index()];
        for e in &c.ensembles {
            self.ensemble(*e);
        }
        for n in &c.nodes {
            self.node(*n);
        }
        for n in &c.networks {
            self.network(all, *n)?;
        }
        for k in &c.connections {
            self.connection(*k)?;
        }
        for p in &c.probes {
            self.probe(*p)?;
        }
        Ok(())
    }

    fn ensemble(&mut self, id: EnsembleId) {
        let Some(e) = self.net.get_ensemble(id) else { return };
        let path = self.net.ensemble_path(id);
        let built = self.ensembles[id.index()].clone();
        let (n, d) = (e.n_neurons, e.dimensions);
        let p = &mut self.program;
        let input = p.signal(format!("{path}.input"), d, 1, None);
        p.add(&path, Action::Reset { dst: input, value: 0.0 });
        let mut s = EnsembleSignals { input: Some(input), ..EnsembleSignals::default() };
        let (neuron_in, out);
        if e.neuron_type.is_direct() {
            neuron_in = p.signal(format!("{path}.value"), d, 1, None);
            out = neuron_in;
            p.add(&path, Action::Reset { dst: neuron_in, value: 0.0 });
        } else {
            neuron_in = p.signal(format!("{path}.neurons.input"), n, 1, None);
            out = p.signal(format!("{path}.neurons.output"), n, 1, None);
            let bias = p.signal(format!("{path}.bias"), n, 1, Some(built.bias.clone()));
            let copy = Action::Copy {
                src: bias,
                dst: neuron_in,
                from: Slice::All,
                to: Slice::All,
                inc: false,
                delta_of: None,
            };
            p.add(&path, copy);
            s.bias = Some(bias);
            for (var, values) in e.neuron_type.model().state().iter().zip(&built.state) {
                s.state.push(p.signal(format!("{path}.neurons.{}", var.name), n, 1, Some(values.clone())));
            }
            let action = Action::Neurons {
                neurons: e.neuron_type.clone(),
                ensemble: id.index(),
                j: neuron_in,
                out,
                state: s.state.clone(),
            };
            p.add(&path, action);
        }
        let rows = built.scaled_encoders.len() / d;
        let encoders =
            p.signal(format!("{path}.scaled_encoders"), rows, d, Some(built.scaled_encoders.clone()));
        p.add(&path, Action::DotInc { a: encoders, x: input, y: neuron_in });
        (s.neuron_in, s.out, s.encoders) = (Some(neuron_in), Some(out), Some(encoders));
        self.ens[id.index()] = s;
    }

    fn node(&mut self, id: NodeId) {
        let Some(output) = self.net.get_node(id) else { return };
        let path = self.net.node_path(id);
        let p = &mut self.program;
        let x = (output.size_in() > 0).then(|| {
            let x = p.signal(format!("{path}.input"), output.size_in(), 1, None);
            p.add(&path, Action::Reset { dst: x, value: 0.0 });
            x
        });
        self.node_in[id.index()] = x;
        let width = output.size_out();
        self.node_out[id.index()] = match output {
            Output::Passthrough { .. } => x,
            Output::Constant(values) => {
                Some(p.signal(format!("{path}.output"), width, 1, Some(Arc::new(values.clone()))))
            }
            Output::Function(f) => {
                let out = (width > 0).then(|| p.signal(format!("{path}.output"), width, 1, None));
                for c in f.edited() {
                    self.edits.push((p.operators.len(), *c));
                }
                let action = Action::Node { node: id.index(), function: f.clone(), x, out, edits: vec![] };
                p.add(&path, action);
                out
            }
            Output::Process { process, .. } => {
                let out = p.signal(format!("{path}.output"), width, 1, None);
                p.add(&path, Action::Process { process: process.clone(), out });
                Some(out)
            }
            // One that the engine doesn't know yet gives nothing: connections from it are refused.
            _ => None,
        };
    }

    fn declare_edits(&mut self) -> Result<(), Error> {
        for (op, c) in std::mem::take(&mut self.edits) {
            let path = self.program.operators[op].object.clone();
            let Some(weights) = self.conn[c.index()].weights else {
                return Err(Error::build(
                    path,
                    format!(
                        "declares edits of the weights of `{}`, which has none (no decoders and no transform); give it a \
                         `transform`",
                        self.net.connection_path(c)
                    ),
                ));
            };
            if let Action::Node { edits, .. } = &mut self.program.operators[op].action {
                edits.push((c, weights));
            }
        }
        Ok(())
    }

    /// The part of a vector signal that a slice takes: a view for a range, a copy for a list of indices.
    fn sliced(&mut self, path: &str, s: SignalId, slice: &Slice) -> SignalId {
        let n = self.program.signals[s.index()].len();
        match slice {
            Slice::All => s,
            Slice::Range(a, b) => self.program.view(s, *a, b.min(&n) - a, 1),
            Slice::Indices(i) => {
                let name = format!("{}.sliced", self.program.signals[s.index()].name);
                let out = self.program.signal(name, i.len(), 1, None);
                let copy = Action::Copy {
                    src: s,
                    dst: out,
                    from: slice.clone(),
                    to: Slice::All,
                    inc: false,
                    delta_of: None,
                };
                self.program.add(path, copy);
                out
            }
        }
    }

    /// A synapse on a signal, or the signal itself. What it delivers is read a step later.
    fn filtered(
        &mut self,
        path: &str,
        s: SignalId,
        synapse: Option<&bouton_elements::synapses::Synapse>,
    ) -> Result<SignalId, Error> {
        self.filter(path, s, synapse, false)
    }

    /// A filter on a signal, or the signal itself. With `now`, it is read after the filter ran, in the same step: so
    /// Nengo filters what a learning rule reads.
    fn filter(
        &mut self,
        path: &str,
        s: SignalId,
        synapse: Option<&bouton_elements::synapses::Synapse>,
        now: bool,
    ) -> Result<SignalId, Error> {
        let Some(synapse) = synapse else { return Ok(s) };
        let filter = synapse.model().discretise(self.dt).map_err(|m| Error::build(path, m))?;
        let (rows, cols) = (self.program.signals[s.index()].rows, self.program.signals[s.index()].cols);
        let name = format!("{}.{}", self.program.signals[s.index()].name, synapse.name());
        let out = self.program.signal(name.clone(), rows, cols, None);
        let states = filter.states();
        let state =
            (states > 0).then(|| self.program.signal(format!("{name}.state"), states, rows * cols, None));
        self.program.add(path, Action::Filter { filter, u: s, out, state, now });
        Ok(out)
    }

    /// weights · input: the signals of the weights and of the product.
    fn weighted(
        &mut self,
        path: &str,
        x: SignalId,
        rows: usize,
        cols: usize,
        w: Arc<Vec<f64>>,
    ) -> (SignalId, SignalId) {
        let weights = self.program.signal(format!("{path}.weights"), rows, cols, Some(w));
        let y = self.program.signal(format!("{path}.weighted"), rows, 1, None);
        self.program.add(path, Action::Reset { dst: y, value: 0.0 });
        self.program.add(path, Action::DotInc { a: weights, x, y });
        (weights, y)
    }
}
