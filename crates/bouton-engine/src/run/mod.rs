//! Simulations: state, clock, the loop over kernels.

mod calls;
mod rules;

use std::sync::Arc;

use bouton_elements::devices::DeviceArray;
use bouton_elements::neurons::{NeuronType, StepReal};
use bouton_elements::processes::ProcessStep;
use bouton_elements::rules::RuleReal;
use bouton_elements::synapses::Synapse;
use bouton_kernels::{Level, LifStep};
use bouton_model::{ConnectionId, EnsembleId, Error, Failure, Matrix, Network, Object, RunningNode, Start};
use bouton_random::RandomState;

use crate::arena::Arena;
use crate::build::{Built, BuiltEnsemble};
use crate::frozen::Frozen;
use crate::live::{LiveWeights, Reader, edit_weights, write_devices};
use crate::loops::Loops;
use crate::plan::{Kernel, Plan};
use crate::pool::Pool;
use crate::program::SignalId;
use crate::stages::Segment;
use crate::views::{ReadSignals, Views};
use rules::RuleRun;

/// A number type that a simulation can run in.
pub(crate) trait SimReal: StepReal + RuleReal {}
impl SimReal for f64 {}
impl SimReal for f32 {}

/// What the simulator needs of a simulation, whatever its number type.
pub(crate) trait Engine: ReadSignals + Send {
    fn step(&mut self) -> Result<(), Error>;
    fn n_steps(&self) -> u64;
    fn plan(&self) -> &Plan;
    /// Units of work that several threads share in a step; 0 with one thread or too little work.
    fn parallel_units(&self) -> usize;
    /// Named views of what is live.
    fn views(&self) -> Views<'_>;
    /// Sets the values of a signal. Weights are written by [`edit`](Engine::edit) and
    /// [`with_devices`](Engine::with_devices).
    fn write(&mut self, s: SignalId, values: &[f64]);
    /// Whether a number is finite in the simulation's precision.
    fn holds(&self, x: f64) -> bool;
    /// Gives an ensemble other encoders, gains and biases.
    fn set_ensemble(&mut self, e: EnsembleId, new: BuiltEnsemble) -> Result<(), String>;
    fn edit(
        &mut self,
        c: ConnectionId,
        edit: &mut dyn FnMut(&mut Matrix) -> Result<(), Failure>,
    ) -> Result<(), Failure>;
    fn devices(&self, c: ConnectionId) -> Option<&DeviceArray>;
    fn with_devices(
        &mut self,
        c: ConnectionId,
        f: &mut dyn FnMut(&mut DeviceArray) -> Result<(), String>,
    ) -> Result<(), String>;
    /// Stops a rule at all weights of a connection, at those marked in a mask (row-major), or at none.
    fn set_frozen(&mut self, c: ConnectionId, frozen: Frozen);
    fn parameters(&self, c: ConnectionId) -> Option<Vec<(String, f64)>>;
    fn set_parameter(&mut self, c: ConnectionId, name: &str, value: f64) -> Result<(), String>;
    /// Names of a rule's inputs and the filters on them.
    fn rule_synapses(&self, c: ConnectionId) -> Option<Vec<(String, Option<Synapse>)>>;
    fn set_rule_synapse(&mut self, c: ConnectionId, input: &str, synapse: &Synapse) -> Result<(), String>;
    fn reset(&mut self, keep_weights: bool, seed: Option<u32>) -> Result<(), Error>;
    /// A signal that holds a number which isn't finite: weights, if there are such, because that is where it begins as a
    /// rule; otherwise the first.
    fn not_finite(&self) -> Option<SignalId>;
}

pub(crate) struct Simulation<T> {
    arena: Arena<T>,
    plan: Plan,
    net: Arc<Network>,
    built: Arc<Built>,
    level: Level,
    dt: f64,
    n_steps: u64,
    lif: Vec<Option<LifStep<T>>>,
    rules: Vec<RuleRun>,
    /// Callbacks of nodes, made at the start.
    callbacks: Vec<RunningNode>,
    /// Parameters of ensembles as they are now.
    ensembles: Vec<Arc<BuiltEnsemble>>,
    /// By connection.
    weights: Vec<Option<LiveWeights>>,
    devices: Vec<Option<DeviceArray>>,
    frozen: Vec<Frozen>,
    processes: Vec<Box<dyn ProcessStep>>,
    sim_seed: u32,
    scratch: [Vec<f64>; 2],
    /// Segments and threads; empty with one thread or too little work.
    segments: Vec<Segment>,
    pool: Option<Pool>,
}

impl<T: SimReal> Simulation<T> {
    pub(crate) fn new(
        net: Arc<Network>,
        built: Arc<Built>,
        plan: Plan,
        dt: f64,
        level: Level,
        threads: usize,
    ) -> Result<Simulation<T>, Error> {
        let arena = Arena::new(plan.arena).map_err(|m| {
            let largest = built.program.signals.iter().max_by_key(|s| s.len());
            let largest = largest
                .map_or(String::new(), |s| format!("; the most of it is `{}`, {} numbers", s.name, s.len()));
            Error::build("", format!("the simulation {m}{largest}"))
        })?;
        let lif = plan
            .populations
            .iter()
            .map(|n| if let NeuronType::Lif(l) = n { Some(l.constants(dt)) } else { None })
            .collect();
        let rules = plan.rules.iter().map(|r| RuleRun::new(&r.rule)).collect();
        let place = |w: SignalId| {
            let s = &built.program.signals[w.index()];
            LiveWeights { span: plan.spans[w.index()], shape: (s.rows, s.cols) }
        };
        let weights = built.connection_signals.iter().map(|c| c.weights.map(place)).collect();
        let segments = if threads > 1 { plan.segments() } else { vec![] };
        let parallel = segments.iter().any(|s| matches!(s, Segment::Parallel(_)));
        let mut sim = Simulation {
            segments: if parallel { segments } else { vec![] },
            pool: parallel.then(|| Pool::new(threads)),
            arena,
            level,
            dt,
            n_steps: 0,
            lif,
            rules,
            callbacks: vec![],
            weights,
            ensembles: built.ensembles.clone(),
            devices: built.devices.clone(),
            frozen: vec![Frozen::No; built.connection_signals.len()],
            processes: vec![],
            sim_seed: built.sim_seed,
            scratch: [vec![], vec![]],
            plan,
            net,
            built,
        };
        sim.check_precision()?;
        sim.start(false)?;
        Ok(sim)
    }

    /// Refuses what the number type can't hold: initial values, and gains of devices, which would be weights of infinity
    /// after some pulse.
    fn check_precision(&self) -> Result<(), Error> {
        let more = "which is more than the simulation's numbers hold";
        for (c, d) in self.net.connections().zip(&self.devices) {
            if let Some(d) = d.as_ref().filter(|d| !self.holds(d.gain())) {
                let m = format!("`gain` is {:e}, {more}; use double precision", d.gain());
                return Err(Error::build(self.net.connection_path(c), m));
            }
        }
        for s in &self.built.program.signals {
            if let Some(x) = s.initial.iter().flat_map(|v| v.iter()).find(|x| !self.holds(**x)) {
                let m = format!("holds {x:e} at the start, {more}; scale it, or use double precision");
                return Err(Error::build(&s.name, m));
            }
        }
        Ok(())
    }

    /// Makes the callbacks of nodes and rules. None of an earlier run is left: what they held was that run's.
    fn make_callbacks(&mut self) -> Result<(), Error> {
        let (dt, seeds) = (self.dt, &self.built.seeds);
        let failed = |object: &str, cause: Failure| {
            let m = format!("the callback can't be made: {cause}");
            Error::build(object, m).with_source(cause)
        };
        let nodes = self.plan.nodes.iter().map(|n| {
            let start = Start::new(dt, seeds.nodes[n.node]);
            n.function.start(&start).map_err(|e| failed(&n.object, e))
        });
        self.callbacks = nodes.collect::<Result<_, _>>()?;
        for (run, r) in self.rules.iter_mut().zip(&self.plan.rules) {
            let start = Start::new(dt, seeds.connections[r.connection.index()]);
            run.make_callback(&start).map_err(|e| failed(&r.object, e))?;
        }
        Ok(())
    }

    /// Initial values of all signals, callbacks, and processes from their seeds.
    fn start(&mut self, keep_weights: bool) -> Result<(), Error> {
        self.make_callbacks()?;
        let built = self.built.clone();
        let mut keep = vec![false; built.program.signals.len()];
        if keep_weights {
            let weights = built.connection_signals.iter().flat_map(|c| [c.weights, c.gains]);
            let encoders = built.ensemble_signals.iter().flat_map(|e| [e.encoders, e.bias]);
            weights.chain(encoders).flatten().for_each(|s| keep[s.index()] = true);
        }
        for (k, s) in built.program.signals.iter().enumerate() {
            if s.view.is_some() || keep[k] {
                continue;
            }
            match &s.initial {
                Some(values) => self.write(SignalId(k as u32), values),
                // SAFETY: `self` is borrowed mutably: no other slice of the arena is alive.
                None => unsafe { self.arena.get_mut(self.plan.spans[k]) }.fill(T::ZERO),
            }
        }
        self.refresh_shadows();
        let mut rng = RandomState::new(self.sim_seed);
        let mut seeds: Vec<Option<u32>> =
            self.plan.processes.iter().map(|p| p.process.model().seed()).collect();
        for draw in &self.plan.seed_draws {
            let drawn = rng.randint_maxint();
            if let Some(k) = draw {
                seeds[*k] = Some(drawn);
            }
        }
        self.processes.clear();
        for (p, seed) in self.plan.processes.iter().zip(seeds) {
            let rng = RandomState::new(seed.unwrap_or(0));
            let run =
                p.process.model().start(p.out.len, self.dt, rng).map_err(|m| Error::build(&p.object, m))?;
            self.processes.push(run);
        }
        self.n_steps = 0;
        Ok(())
    }

    /// Copies what kernels read in another order than it is kept in.
    fn refresh_shadows(&mut self) {
        for s in &self.plan.shadows {
            let rows = s.source.len / s.cols;
            // SAFETY: a shadow has a span of its own, apart from its source.
            let (src, dst) = unsafe { (self.arena.get(s.source), self.arena.get_mut(s.dst)) };
            for (k, v) in src.iter().enumerate() {
                dst[k % s.cols * rows + k / s.cols] = *v;
            }
        }
    }

    /// Whether a signal holds a number that isn't finite.
    fn is_bad(&self, signal: usize) -> bool {
        // SAFETY: between kernels no slice to write is alive.
        let data = unsafe { self.arena.get(self.plan.spans[signal]) };
        data.iter().any(|v| !v.is_finite())
    }

    fn reader(&self) -> Reader<'_, T> {
        Reader { arena: &self.arena, plan: &self.plan, built: &self.built, lif: &self.lif }
    }

    fn kernel(&mut self, k: usize, t: f64) -> Result<(), Error> {
        match &self.plan.kernels[k] {
            Kernel::Node { call } => self.node(*call, t),
            Kernel::Function { call } => self.function(*call, t),
            Kernel::Process { process } => self.process(*process, t),
            Kernel::Rule { rule } => self.rule(*rule, t),
            _ => {
                self.loops().run(k);
                Ok(())
            }
        }
    }

    fn staged(&mut self, pool: &mut Pool, segments: &[Segment], t: f64) -> Result<(), Error> {
        for s in segments {
            match s {
                Segment::Serial(ks) => ks.iter().try_for_each(|k| self.kernel(*k, t))?,
                Segment::Parallel(units) => {
                    let loops = self.loops();
                    pool.run(units.len(), &|u| units[u].iter().for_each(|k| loops.run(*k)));
                }
            }
        }
        Ok(())
    }

    fn loops(&self) -> Loops<'_, T> {
        Loops {
            arena: &self.arena,
            plan: &self.plan,
            level: self.level,
            dt: self.dt,
            lif: &self.lif,
            frozen: &self.frozen,
        }
    }
}

impl<T: SimReal> ReadSignals for Simulation<T> {
    fn read_into(&self, s: SignalId, out: &mut Vec<f64>) {
        self.reader().read_into(s, out);
    }
}

impl<T: SimReal> Engine for Simulation<T> {
    fn step(&mut self) -> Result<(), Error> {
        let t = (self.n_steps + 1) as f64 * self.dt;
        if let Some(mut pool) = self.pool.take() {
            let segments = std::mem::take(&mut self.segments);
            let result = self.staged(&mut pool, &segments, t);
            (self.pool, self.segments) = (Some(pool), segments);
            result?;
        } else {
            for k in 0..self.plan.kernels.len() {
                self.kernel(k, t)?;
            }
        }
        self.n_steps += 1;
        Ok(())
    }
    fn n_steps(&self) -> u64 {
        self.n_steps
    }
    fn plan(&self) -> &Plan {
        &self.plan
    }
    fn parallel_units(&self) -> usize {
        let units = |s: &Segment| if let Segment::Parallel(u) = s { u.len() } else { 0 };
        self.segments.iter().map(units).sum()
    }
    fn views(&self) -> Views<'_> {
        Views { net: &self.net, built: &self.built, ensembles: &self.ensembles, signals: self }
    }
    fn holds(&self, x: f64) -> bool {
        T::of(x).is_finite()
    }
    fn write(&mut self, s: SignalId, values: &[f64]) {
        let mark = self.plan.marks.get(&s).and_then(|p| self.lif[*p]);
        // SAFETY: `self` is borrowed mutably: no other slice of the arena is alive.
        for (y, v) in unsafe { self.arena.get_mut(self.plan.spans[s.index()]) }.iter_mut().zip(values) {
            *y = T::of(mark.map_or(*v, |p| p.mark(*v)));
        }
    }
    fn set_ensemble(&mut self, e: EnsembleId, new: BuiltEnsemble) -> Result<(), String> {
        if let Some(x) = new.scaled_encoders.iter().chain(&*new.bias).find(|x| !self.holds(**x)) {
            return Err(format!(
                "gain times encoder, or bias, would be {x}: it must be finite. Nothing was written"
            ));
        }
        let signals = &self.built.ensemble_signals[e.index()];
        let mut writes =
            vec![(signals.encoders, new.scaled_encoders.clone()), (signals.bias, new.bias.clone())];
        for c in self.net.connections() {
            // Gains that were folded into the weights of a weight solver stay as they were solved.
            if let Some((_, post, _)) = self.net.get_connection(c)
                && matches!(post.object, Object::Neurons(n) if n.index() == e.index())
            {
                let taken = post.slice.indices(new.gain.len()).into_iter().map(|i| new.gain[i]).collect();
                writes.push((self.built.connection_signals[c.index()].gains, Arc::new(taken)));
            }
        }
        for (s, values) in writes {
            if let Some(s) = s {
                self.write(s, &values);
            }
        }
        self.refresh_shadows();
        self.ensembles[e.index()] = Arc::new(new);
        Ok(())
    }
    fn edit(
        &mut self,
        c: ConnectionId,
        edit: &mut dyn FnMut(&mut Matrix) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let w = self.weights[c.index()].ok_or("the connection has no weights")?;
        edit_weights(&self.arena, w, self.devices[c.index()].as_mut(), edit)
    }
    fn devices(&self, c: ConnectionId) -> Option<&DeviceArray> {
        self.devices.get(c.index()).and_then(Option::as_ref)
    }
    fn with_devices(
        &mut self,
        c: ConnectionId,
        f: &mut dyn FnMut(&mut DeviceArray) -> Result<(), String>,
    ) -> Result<(), String> {
        let weights = self.weights.get(c.index()).copied().flatten();
        let array = self.devices.get_mut(c.index()).and_then(Option::as_mut);
        let (Some(w), Some(array)) = (weights, array) else {
            return Err("the connection has no devices".into());
        };
        write_devices(&self.arena, w, array, f)
    }
    fn set_frozen(&mut self, c: ConnectionId, frozen: Frozen) {
        for r in self.plan.rules.iter().filter(|r| r.connection.index() == c.index()) {
            if let Some(d) = r.delta {
                // SAFETY: `self` is borrowed mutably: no other slice of the arena is alive.
                frozen.hold(unsafe { self.arena.get_mut(d) }, T::ZERO);
            }
        }
        self.frozen[c.index()] = frozen;
    }
    fn parameters(&self, c: ConnectionId) -> Option<Vec<(String, f64)>> {
        self.rule_of(c).map(|k| self.rules[k].parameters())
    }
    fn set_parameter(&mut self, c: ConnectionId, name: &str, value: f64) -> Result<(), String> {
        let k = self.rule_of(c).ok_or("the connection has no learning rule")?;
        self.rules[k].set_parameter(name, value).map_err(|m| match name {
            "pre_synapse" | "gate" => format!("{m}; filters are changed by `set_rule_synapse`"),
            _ => m,
        })
    }
    fn rule_synapses(&self, c: ConnectionId) -> Option<Vec<(String, Option<Synapse>)>> {
        self.rule_of(c).map(|k| self.rules[k].synapses.clone())
    }
    fn set_rule_synapse(&mut self, c: ConnectionId, input: &str, synapse: &Synapse) -> Result<(), String> {
        let k = self.rule_of(c).ok_or("the connection has no learning rule")?;
        self.set_synapse(k, input, synapse)
    }
    fn reset(&mut self, keep_weights: bool, seed: Option<u32>) -> Result<(), Error> {
        let weights = self.built.connection_signals.iter().filter_map(|c| c.weights);
        if keep_weights && let Some(w) = weights.into_iter().find(|w| self.is_bad(w.index())) {
            let m = "these weights hold numbers that aren't finite and can't be kept: reset everything, or set them first";
            return Err(Error::run(&self.built.program.signals[w.index()].name, m));
        }
        if let Some(s) = seed {
            self.sim_seed = s;
        }
        if !keep_weights {
            self.devices = self.built.devices.clone();
            self.ensembles = self.built.ensembles.clone();
            self.frozen.fill(Frozen::No);
            for k in 0..self.rules.len() {
                let fresh = RuleRun::new(&self.plan.rules[k].rule);
                for (input, synapse) in &fresh.synapses {
                    if let Some(s) = synapse {
                        let object = self.plan.rules[k].object.clone();
                        self.set_synapse(k, input, s).map_err(|m| Error::run(object, m))?;
                    }
                }
                self.rules[k] = fresh;
            }
        }
        self.start(keep_weights)
    }
    fn not_finite(&self) -> Option<SignalId> {
        let signals = &self.built.program.signals;
        let first = (0..signals.len()).find(|k| signals[*k].view.is_none() && self.is_bad(*k))?;
        let weights = self.built.connection_signals.iter().filter_map(|c| c.weights);
        let learned = weights.into_iter().find(|w| self.is_bad(w.index()));
        Some(learned.unwrap_or(SignalId(first as u32)))
    }
}
