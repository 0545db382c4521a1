//! From a network to a program: seeds, drawn parameters, decoders, then signals and operators in Nengo's order, and a path
//! for everything that is live.
//!
//! This is the one place that knows both networks and programs. What runs afterwards knows paths alone: [`Names`] says
//! which path an object has, and [`Views`] what the named views of it (weights, encoders, currents) are made of.
#![forbid(unsafe_code)]

mod calls;
mod connection;
mod decoders;
mod derived;
mod devices;
mod ensemble;
mod filters;
mod names;
mod parallel;
mod probe;
mod room;
mod rule;
mod seeds;
mod views;

use std::sync::{Arc, OnceLock};

use bouton_core::{Error, Slice};
use bouton_elements::mappings::Side;
use bouton_elements::neurons::RATE_OUT;
use bouton_engine::{Dot, Draws, Knob, Op, Operand, Program, Role, SignalId};
use bouton_model::{ConnectionId, EnsembleId, Network, NetworkId, NodeId, Output, ProbeId};

pub use calls::{ProcessCall, RuleCall};
pub use derived::Freezing;
pub use devices::{add_device_knobs, add_devices, device_gain, draw_devices};
pub use ensemble::BuiltEnsemble;
pub use names::Names;
pub use probe::{ProbeSource, Sources};
pub use rule::{Pulsed, RulePulses};
pub use seeds::Seeds;
pub use views::{ReadPaths, Views, changes, edited};

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
    /// Encoders as they are, not scaled (neurons × dimensions).
    pub plain_encoders: Option<SignalId>,
    /// Gains.
    pub gain: Option<SignalId>,
    /// Gains / radius, where a rule reads them.
    pub scale: Option<SignalId>,
    /// State variables, in the order of [`NeuronType::states`](bouton_elements::neurons::NeuronType::states).
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
    /// Which weights rules may not change.
    pub frozen: Option<SignalId>,
    /// Its rules.
    pub rules: Vec<RuleSignals>,
    /// Its devices, one a side of the mapping.
    pub devices: Vec<DeviceSignals>,
}

/// Signals of a learning rule.
#[derive(Clone, Debug, Default)]
pub struct RuleSignals {
    /// Its error.
    pub error: Option<SignalId>,
    /// Its change as a matrix, where it is kept.
    pub delta: Option<SignalId>,
    /// Its third factors.
    pub factors: Vec<SignalId>,
    /// Its named inputs, states and third factors.
    pub named: Vec<(String, SignalId)>,
}

/// Signals of the devices of one side.
#[derive(Clone, Debug)]
pub struct DeviceSignals {
    /// Which side.
    pub side: Side,
    /// The numbers of each device, in the order of the device type's columns.
    pub columns: Vec<SignalId>,
    /// Conductances (S).
    pub conductance: SignalId,
    /// What is taken off each for a normalised one (S).
    pub offset: SignalId,
    /// What each is then multiplied by (1/S).
    pub scale: SignalId,
    /// Pulses since the start.
    pub pulses: SignalId,
    /// Weight per normalised conductance; one for all sides.
    pub gain: SignalId,
}

/// A model after building.
pub struct Built {
    /// Signals, operators and paths.
    pub program: Program,
    /// Seeds of all objects.
    pub seeds: Seeds,
    /// Seed of the simulator's own draws (processes).
    pub sim_seed: u32,
    /// Parameters of each ensemble, as they were drawn.
    pub ensembles: Vec<Arc<BuiltEnsemble>>,
    /// rms of the weights that a solver would put in the place of each connection's devices.
    pub needed: Vec<Option<f64>>,
    /// What each probe records.
    pub probes: Vec<ProbeSource>,
    /// Where what probes can record is found.
    pub sources: Sources,
    /// Paths, and what the named views are made of.
    pub views: Arc<Views>,
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
    names: Names,
    program: Program,
    seeds: Seeds,
    ensembles: Vec<Arc<BuiltEnsemble>>,
    solved: Vec<connection::Solved>,
    probe_decoders: Vec<Option<Arc<Vec<f64>>>>,
    ens: Vec<EnsembleSignals>,
    node_in: Vec<Option<SignalId>>,
    node_out: Vec<Option<SignalId>>,
    conn: Vec<ConnectionSignals>,
    needed: Vec<Option<f64>>,
    /// Operators of node callbacks that edit something, with the node and what it edits. Connections are built after nodes.
    editors: Vec<(usize, NodeId)>,
    probes: Vec<Option<ProbeSource>>,
    /// What callbacks see; known when everything is built.
    views: Arc<OnceLock<Arc<Views>>>,
}

/// Builds a model. [`Network::validate`] has passed.
///
/// # Errors
/// What can't be drawn, solved or put together; the object is named.
pub fn build(net: &Arc<Network>, options: BuildOptions) -> Result<Built, Error> {
    let top = net.seed().unwrap_or(options.fallback_seed);
    let seeds = Seeds::derive(net, top)?;
    room::check_room(net)?;
    let ids: Vec<EnsembleId> = net.ensembles().collect();
    let ensembles = parallel::map(options.threads, &ids, |id| {
        let e = net.get_ensemble(*id).ok_or_else(|| Error::build("", "an ensemble is missing"))?;
        BuiltEnsemble::new(&net.ensemble_path(*id), e, seeds.ensembles[id.index()]).map(Arc::new)
    })?;
    let ids: Vec<ConnectionId> = net.connections().collect();
    let solved = parallel::map(options.threads, &ids, |id| connection::solved(net, &ensembles, &seeds, *id))?;
    let ids: Vec<ProbeId> = net.probes().collect();
    let probe_decoders =
        parallel::map(options.threads, &ids, |id| probe::probe_decoders(net, &ensembles, &seeds, *id))?;
    let mut b = Builder {
        net,
        dt: options.dt,
        names: Names::new(net),
        program: Program::default(),
        ens: vec![EnsembleSignals::default(); ensembles.len()],
        node_in: vec![None; net.nodes().len()],
        node_out: vec![None; net.nodes().len()],
        conn: vec![ConnectionSignals::default(); net.connections().len()],
        needed: vec![None; net.connections().len()],
        editors: vec![],
        probes: vec![None; net.probes().len()],
        views: Arc::default(),
        seeds,
        ensembles,
        solved,
        probe_decoders,
    };
    b.network(&net.all_contents(), NetworkId::from_index(0))?;
    b.declare_edits()?;
    let views = Arc::new(Views::new(net.clone(), &b));
    // The builder alone sets it, here, once.
    let _ = b.views.set(views.clone());
    let probes = b.probes.into_iter().flatten().collect();
    Ok(Built {
        program: b.program,
        seeds: b.seeds,
        sim_seed: net.seed().map_or(options.fallback_seed.wrapping_add(1), |s| s.wrapping_add(1)),
        ensembles: b.ensembles,
        needed: b.needed,
        probes,
        sources: Sources { ens: b.ens, conn: b.conn, node_out: b.node_out },
        views,
    })
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
        let input = p.signal(format!("{path}.input"), d, 1, Role::Scratch, 0.0);
        p.reset(&path, input, 0.0);
        let mut s = EnsembleSignals { input: Some(input), ..EnsembleSignals::default() };
        let (neuron_in, out);
        if e.neuron_type.is_direct() {
            neuron_in = p.signal(format!("{path}.value"), d, 1, Role::Scratch, 0.0);
            out = neuron_in;
            p.reset(&path, neuron_in, 0.0);
        } else {
            neuron_in = p.signal(format!("{path}.neurons.input"), n, 1, Role::Scratch, 0.0);
            out = p.signal(format!("{path}.neurons.output"), n, 1, Role::Scratch, 0.0);
            let bias = p.signal(format!("{path}.bias"), n, 1, Role::Parameter, built.bias.clone());
            p.copy(&path, (bias, &Slice::All), (neuron_in, &Slice::All), false);
            s.bias = Some(bias);
            self.neurons(id, &built, (neuron_in, out), &mut s.state);
        }
        if let Some(noise) = &e.noise {
            let p = &mut self.program;
            let draws = if noise.model().seed().is_none() { Draws::Seed } else { Draws::No };
            let call =
                calls::ProcessCall { process: noise.clone(), width: p.get(neuron_in).len(), adds: true };
            p.add(&path, Op::Call(Arc::new(call)), [Operand::inc(neuron_in)], draws);
        }
        let p = &mut self.program;
        let rows = built.scaled_encoders.len() / d;
        let scaled = p.signal(
            format!("{path}.scaled_encoders"),
            rows,
            d,
            Role::Parameter,
            built.scaled_encoders.clone(),
        );
        p.kernel(
            &path,
            Dot { stride: d },
            [Operand::inc(neuron_in), Operand::read(scaled), Operand::read(input)],
        );
        (s.neuron_in, s.out, s.encoders) = (Some(neuron_in), Some(out), Some(scaled));
        self.ens[id.index()] = s;
        self.ensemble_knobs(id);
    }

    /// The step of an ensemble's neurons: of each layer of their type on what the one before gave.
    fn neurons(
        &mut self,
        id: EnsembleId,
        built: &BuiltEnsemble,
        (j, out): (SignalId, SignalId),
        states: &mut Vec<SignalId>,
    ) {
        let Some(e) = self.net.get_ensemble(id) else { return };
        let (path, n) = (self.net.ensemble_path(id), e.n_neurons);
        let layers = e.neuron_type.layers();
        let mut input = j;
        for (k, layer) in layers.iter().enumerate() {
            let model = layer.model();
            let last = k + 1 == layers.len();
            let p = &mut self.program;
            let mut own = vec![];
            for (var, values) in model.states().iter().zip(&built.state[k]) {
                let name = format!("{path}.neurons.{}", var.name);
                own.push(p.signal(name, n, 1, Role::State, values.clone()));
            }
            states.extend(&own);
            if let Some(generator) = &built.generator[k] {
                let name = format!("{path}.neurons.generator");
                own.push(p.signal(name, generator.len(), 1, Role::State, generator.clone()));
            }
            let gives = if last {
                out
            } else {
                p.signal(format!("{path}.neurons.{RATE_OUT}"), n, 1, Role::State, 0.0)
            };
            if !last {
                states.push(gives);
            }
            let parameters = self.neuron_parameters(id, layer, if last { "" } else { "base." });
            let mut on = vec![Operand::set(gives)];
            on.extend(own.into_iter().map(Operand::set));
            on.extend([Operand::read(input), Operand::read(parameters)]);
            self.program.kernel(&path, bouton_engine::Neurons { neurons: (*layer).clone() }, on);
            input = gives;
        }
    }

    fn node(&mut self, id: NodeId) {
        let Some(output) = self.net.get_node(id) else { return };
        let path = self.net.node_path(id);
        let p = &mut self.program;
        let x = (output.size_in() > 0).then(|| {
            let x = p.signal(format!("{path}.input"), output.size_in(), 1, Role::Scratch, 0.0);
            p.reset(&path, x, 0.0);
            x
        });
        self.node_in[id.index()] = x;
        let width = output.size_out();
        let name = format!("{path}.output");
        let out = match output {
            Output::Passthrough { .. } => x,
            Output::Constant(values) => Some(p.signal(name, width, 1, Role::Parameter, values.clone())),
            Output::Function(f) => {
                // A callback finds in its output what it left there a step before.
                let out = (width > 0).then(|| p.signal(name, width, 1, Role::State, 0.0));
                let seed = self.seeds.nodes[id.index()];
                let call =
                    calls::NodeCall::new(f.clone(), seed, (x.is_some(), out.is_some()), self.views.clone());
                let on: Vec<Operand> =
                    out.map(Operand::set).into_iter().chain(x.map(Operand::read)).collect();
                let operator = p.add(&path, Op::Call(Arc::new(call)), on, Draws::No);
                if !f.edited().is_empty() {
                    self.editors.push((operator, id));
                }
                out
            }
            Output::Process { process, .. } => {
                let out = p.signal(name, width, 1, Role::State, 0.0);
                let draws = if process.model().seed().is_none() { Draws::Seed } else { Draws::No };
                let call = calls::ProcessCall { process: process.clone(), width, adds: false };
                p.add(&path, Op::Call(Arc::new(call)), [Operand::set(out)], draws);
                Some(out)
            }
            // One that isn't known here yet gives nothing: connections from it are refused.
            _ => None,
        };
        self.node_out[id.index()] = out;
        if let Some(out) = out {
            let knob = match output {
                Output::Constant(_) => {
                    Knob::plain(out, "", bouton_engine::Bounds::ANY, "what the node gives")
                }
                _ => Knob::read_only(
                    out,
                    "",
                    "what the node gave in the last step",
                    "it is computed in each step",
                ),
            };
            self.program.knobs_mut().add(self.names.node(id), knob);
        }
    }

    /// Adds what callbacks edit to their operands, in the order in which editors of the same weights run: that of the nodes.
    fn declare_edits(&mut self) -> Result<(), Error> {
        let mut editors = std::mem::take(&mut self.editors);
        editors.sort_by_key(|e| e.1);
        for (operator, node) in &editors {
            let Some(Output::Function(f)) = self.net.get_node(*node) else { continue };
            let mut edits: Vec<SignalId> = vec![];
            for c in f.edited() {
                let Some(weights) = self.conn[c.index()].weights else {
                    return Err(Error::build(
                        self.net.node_path(*node),
                        format!(
                            "declares edits of the weights of `{}`, which has none (no decoders and no transform); give it \
                             a `transform`",
                            self.net.connection_path(*c)
                        ),
                    ));
                };
                // Declaring it twice is once.
                if !edits.contains(&weights) {
                    edits.push(weights);
                }
            }
            self.program.touch(*operator, edits.into_iter().map(Operand::edit));
        }
        self.program.set_editors(editors.into_iter().map(|e| e.0).collect());
        Ok(())
    }

    /// The part of a vector signal that a slice takes: a view for a range, a copy for a list of indices.
    fn sliced(&mut self, path: &str, s: SignalId, slice: &Slice) -> SignalId {
        let n = self.program.get(s).len();
        match slice {
            Slice::All => s,
            Slice::Range(a, b) => self.program.view(s, *a, b.min(&n) - a, 1),
            Slice::Indices(_) | Slice::Steps { .. } => {
                let i = slice.indices(n);
                let name = format!("{}.sliced", self.program.get(s).name);
                let out = self.program.signal(name, i.len(), 1, Role::Scratch, 0.0);
                self.program.copy(path, (s, &Slice::Indices(i)), (out, &Slice::All), false);
                out
            }
        }
    }

    /// weights · input: the signals of the weights and of the product. `name` is what signals are called by.
    fn weighted(
        &mut self,
        (path, name): (&str, &str),
        x: SignalId,
        (rows, cols): (usize, usize),
        w: Arc<Vec<f64>>,
    ) -> (SignalId, SignalId) {
        let p = &mut self.program;
        let weights = p.signal(format!("{name}.weights"), rows, cols, Role::Parameter, w);
        // State, because it is looked at between steps.
        let y = p.signal(format!("{name}.weighted"), rows, 1, Role::State, 0.0);
        p.reset(path, y, 0.0);
        p.kernel(path, Dot { stride: cols }, [Operand::inc(y), Operand::read(weights), Operand::read(x)]);
        (weights, y)
    }
}
