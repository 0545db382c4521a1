//! Simulations: state, clock, the loop over kernels.

use bouton_elements::devices::DeviceArray;
use bouton_elements::neurons::{NeuronType, StepReal};
use bouton_elements::policies::Pulses;
use bouton_elements::processes::ProcessStep;
use bouton_elements::rules::{Acts, RuleReal, RuleStep};
use bouton_kernels::{Level, LifStep};
use bouton_model::{ConnectionId, Error, LearningRule, Matrix, NodeStep, RuleFunctionStep};
use bouton_random::RandomState;

use crate::arena::Arena;
use crate::build::Built;
use crate::live::{Live, LiveWeights, edit_weights, write_devices};
use crate::loops::Loops;
use crate::plan::{Kernel, Plan, Span};
use crate::pool::Pool;
use crate::program::{Program, SignalId};
use crate::stages::Segment;

/// A number type that a simulation can run in.
pub(crate) trait SimReal: StepReal + RuleReal {}
impl SimReal for f64 {}
impl SimReal for f32 {}

/// What the simulator needs of a simulation, whatever its number type.
pub(crate) trait Engine: Send {
    fn step(&mut self) -> Result<(), Error>;
    fn n_steps(&self) -> u64;
    fn plan(&self) -> &Plan;
    /// Units of work that several threads share in a step; 0 with one thread or too little work.
    fn parallel_units(&self) -> usize;
    /// Values of a signal, row-major, phase marks as times.
    fn read(&self, s: SignalId) -> Vec<f64>;
    fn read_into(&self, s: SignalId, out: &mut Vec<f64>);
    /// Sets the values of a signal. Weights are written by [`edit`](Engine::edit) and
    /// [`with_devices`](Engine::with_devices).
    fn write(&mut self, s: SignalId, values: &[f64]);
    fn edit(
        &mut self,
        c: ConnectionId,
        edit: &mut dyn FnMut(&mut Matrix) -> Result<(), String>,
    ) -> Result<(), Error>;
    fn devices(&self, c: ConnectionId) -> Option<&DeviceArray>;
    fn with_devices(
        &mut self,
        c: ConnectionId,
        f: &mut dyn FnMut(&mut DeviceArray) -> Result<(), String>,
    ) -> Result<(), Error>;
    fn set_frozen(&mut self, c: ConnectionId, frozen: bool);
    fn parameters(&self, c: ConnectionId) -> Option<Vec<(String, f64)>>;
    fn set_parameter(&mut self, c: ConnectionId, name: &str, value: f64) -> Result<(), String>;
    fn reset(&mut self, keep_weights: bool, seed: Option<u32>) -> Result<(), Error>;
    /// The first signal that holds a number which isn't finite.
    fn not_finite(&self) -> Option<SignalId>;
}

struct RuleRun {
    rule: LearningRule,
    parameters: Vec<f64>,
    pulses: Pulses,
    change: Vec<f64>,
    activity: Vec<f64>,
}

/// Parameters of a rule written as a function, as it was declared.
fn rule_parameters(rule: &LearningRule) -> Vec<f64> {
    match rule {
        LearningRule::Function(f) => f.parameters().iter().map(|p| p.1).collect(),
        LearningRule::Element(_) => vec![],
    }
}

pub(crate) struct Simulation<T> {
    arena: Arena<T>,
    plan: Plan,
    program: Program,
    level: Level,
    dt: f64,
    n_steps: u64,
    lif: Vec<Option<LifStep<T>>>,
    rules: Vec<RuleRun>,
    /// By connection.
    weights: Vec<Option<LiveWeights>>,
    devices: Vec<Option<DeviceArray>>,
    initial_devices: Vec<Option<DeviceArray>>,
    frozen: Vec<bool>,
    processes: Vec<Box<dyn ProcessStep>>,
    sim_seed: u32,
    scratch: [Vec<f64>; 2],
    /// Segments and threads; empty with one thread or too little work.
    segments: Vec<Segment>,
    pool: Option<Pool>,
}

impl<T: SimReal> Simulation<T> {
    pub(crate) fn new(
        built: &Built,
        plan: Plan,
        dt: f64,
        level: Level,
        threads: usize,
        paths: &[String],
    ) -> Result<Simulation<T>, Error> {
        let lif = plan
            .populations
            .iter()
            .map(|n| if let NeuronType::Lif(l) = n { Some(l.constants(dt)) } else { None })
            .collect();
        let rules = plan
            .rules
            .iter()
            .map(|r| RuleRun {
                rule: r.rule.clone(),
                parameters: rule_parameters(&r.rule),
                pulses: Pulses::default(),
                change: vec![],
                activity: vec![],
            })
            .collect();
        let weights = built
            .connection_signals
            .iter()
            .zip(paths)
            .map(|(c, path)| {
                c.weights.map(|w| {
                    let s = &built.program.signals[w.index()];
                    LiveWeights { path: path.clone(), span: plan.spans[w.index()], shape: (s.rows, s.cols) }
                })
            })
            .collect();
        let segments = if threads > 1 { plan.segments() } else { vec![] };
        let parallel = segments.iter().any(|s| matches!(s, Segment::Parallel(_)));
        let mut sim = Simulation {
            segments: if parallel { segments } else { vec![] },
            pool: parallel.then(|| Pool::new(threads)),
            arena: Arena::new(plan.arena),
            program: built.program.clone(),
            level,
            dt,
            n_steps: 0,
            lif,
            rules,
            weights,
            devices: built.devices.clone(),
            initial_devices: built.devices.clone(),
            frozen: vec![false; built.connection_signals.len()],
            processes: vec![],
            sim_seed: built.sim_seed,
            scratch: [vec![], vec![]],
            plan,
        };
        sim.start(false)?;
        Ok(sim)
    }

    /// Initial values of all signals, and processes from their seeds.
    fn start(&mut self, keep_weights: bool) -> Result<(), Error> {
        let keep: Vec<Span> =
            if keep_weights { self.weights.iter().flatten().map(|w| w.span).collect() } else { vec![] };
        for (k, s) in self.program.signals.iter().enumerate() {
            let span = self.plan.spans[k];
            if s.view.is_some() || keep.contains(&span) {
                continue;
            }
            let mark = self.plan.marks.get(&SignalId(k as u32)).and_then(|p| self.lif[*p]);
            // SAFETY: `self` is borrowed mutably: no other slice of the arena is alive.
            let y = unsafe { self.arena.get_mut(span) };
            match &s.initial {
                None => y.fill(T::ZERO),
                Some(values) => {
                    for (y, v) in y.iter_mut().zip(values.iter()) {
                        *y = T::of(mark.map_or(*v, |p| p.mark(*v)));
                    }
                }
            }
        }
        for s in &self.plan.shadows {
            let rows = s.source.len / s.cols;
            // SAFETY: a shadow has a span of its own, apart from its source.
            let (src, dst) = unsafe { (self.arena.get(s.source), self.arena.get_mut(s.dst)) };
            for (k, v) in src.iter().enumerate() {
                dst[k % s.cols * rows + k / s.cols] = *v;
            }
        }
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

    fn process(&mut self, k: usize, t: f64) -> Result<(), Error> {
        let p = &self.plan.processes[k];
        let mut y = std::mem::take(&mut self.scratch[0]);
        y.resize(p.out.len, 0.0);
        let done = self.processes[k].step(t, &mut y);
        // SAFETY: `self` is borrowed mutably: no other slice of the arena is alive.
        for (out, y) in unsafe { self.arena.get_mut(p.out) }.iter_mut().zip(&y) {
            *out = T::of(*y);
        }
        self.scratch[0] = y;
        done.map_err(|m| Error::run(&p.object, format!("at t = {t:.6} s: {m}")))
    }

    fn node(&mut self, call: usize, t: f64) -> Result<(), Error> {
        let n = &self.plan.nodes[call];
        let mut x = std::mem::take(&mut self.scratch[0]);
        let mut y = std::mem::take(&mut self.scratch[1]);
        x.clear();
        y.clear();
        if let Some(s) = n.x {
            // SAFETY: no slice to write is alive.
            x.extend(unsafe { self.arena.get(s) }.iter().map(|v| v.f64()));
        }
        if let Some(s) = n.out {
            // SAFETY: as above.
            y.extend(unsafe { self.arena.get(s) }.iter().map(|v| v.f64()));
        }
        let mut live =
            Live { arena: &self.arena, weights: &self.weights, devices: &mut self.devices, node: n };
        let result = match n.callback.lock() {
            Ok(mut f) => f(&mut NodeStep { t, x: &x, out: &mut y, live: &mut live }),
            Err(_) => Err("its callback panicked in an earlier step".into()),
        };
        let bad = y.iter().find(|v| !v.is_finite());
        let result = match (result, bad) {
            (Err(m), _) => Err(m),
            (Ok(()), Some(v)) => Err(format!("the output is {v}; it must be finite (input {x:?})")),
            (Ok(()), None) => Ok(()),
        };
        if result.is_ok()
            && let Some(s) = n.out
        {
            // SAFETY: the callback has returned; no other slice is alive.
            for (out, y) in unsafe { self.arena.get_mut(s) }.iter_mut().zip(&y) {
                *out = T::of(*y);
            }
        }
        (self.scratch[0], self.scratch[1]) = (x, y);
        result.map_err(|m| Error::run(&self.plan.nodes[call].object, format!("at t = {t:.6} s: {m}")))
    }

    fn function(&mut self, call: usize, t: f64) -> Result<(), Error> {
        let f = &self.plan.functions[call];
        let mut x = std::mem::take(&mut self.scratch[0]);
        let mut y = std::mem::take(&mut self.scratch[1]);
        x.clear();
        y.clear();
        // SAFETY: no slice to write is alive.
        x.extend(unsafe { self.arena.get(f.x) }.iter().map(|v| v.f64()));
        y.resize(f.out.len, 0.0);
        let result = f.function.call(&x, &mut y);
        let result = match (result, y.iter().find(|v| !v.is_finite())) {
            (Ok(()), Some(v)) => Err(format!("the function gave {v} at {x:?}; it must be finite")),
            (r, _) => r,
        };
        if result.is_ok() {
            // SAFETY: input and output are different signals, and the input was copied.
            for (out, y) in unsafe { self.arena.get_mut(f.out) }.iter_mut().zip(&y) {
                *out = T::of(*y);
            }
        }
        (self.scratch[0], self.scratch[1]) = (x, y);
        result.map_err(|m| Error::run(&self.plan.functions[call].object, format!("at t = {t:.6} s: {m}")))
    }

    fn rule(&mut self, k: usize, t: f64) -> Result<(), Error> {
        let p = &self.plan.rules[k];
        if self.frozen[p.connection.index()] {
            return Ok(());
        }
        let run = &mut self.rules[k];
        let arena = &self.arena;
        match &mut run.rule {
            LearningRule::Element(r) => {
                let model = r.model();
                if let Acts::OnDevices(policy) = model.acts() {
                    let Some(array) = &mut self.devices[p.connection.index()] else { return Ok(()) };
                    run.change.clear();
                    run.activity.clear();
                    // SAFETY: reads only.
                    unsafe {
                        if let Some(e) = p.error {
                            run.change.extend(arena.get(e).iter().map(|e| -e.f64()));
                        }
                        run.activity.extend(arena.get(p.inputs[0]).iter().map(|a| a.f64()));
                    }
                    policy.model().pulses(&run.change, &run.activity, &mut run.pulses);
                    // SAFETY: the weights are a signal of their own; inputs and error were copied.
                    let w = unsafe { arena.get_mut(p.weights) };
                    array.pulse(self.level, &run.pulses, |k, v| w[k] = T::of(v));
                    return Ok(());
                }
                let Some(delta) = p.delta else { return Ok(()) };
                // SAFETY: delta is a signal of its own.
                let (inputs, error, delta): (Vec<&[T]>, &[T], &mut [T]) = unsafe {
                    let inputs = p.inputs.iter().map(|s| arena.get(*s)).collect();
                    (inputs, p.error.map_or(&[][..], |s| arena.get(s)), arena.get_mut(delta))
                };
                let mut step =
                    RuleStep { level: self.level, dt: T::of(self.dt), inputs: &inputs, error, delta };
                T::rule_step(model, &mut step);
            }
            LearningRule::Function(f) => {
                let (object, callback) = (&p.object, f.callback().clone());
                // SAFETY: reads only.
                let copy = |s: Span| -> Vec<f64> {
                    // SAFETY: reads only; nothing is written until everything was copied.
                    let x = unsafe { arena.get(s) };
                    x.iter().map(|v| v.f64()).collect()
                };
                let inputs: Vec<Vec<f64>> = p.inputs.iter().map(|s| copy(*s)).collect();
                let inputs: Vec<&[f64]> = inputs.iter().map(|v| &v[..]).collect();
                let error = p.error.map_or_else(|| vec![0.0; p.shape.0], copy);
                let mut state: Vec<Vec<f64>> = p.state.iter().map(|s| copy(*s)).collect();
                let weights = copy(p.weights);
                let mut delta = vec![0.0; weights.len()];
                {
                    let mut state: Vec<&mut [f64]> = state.iter_mut().map(|s| &mut s[..]).collect();
                    let mut step = RuleFunctionStep {
                        t,
                        dt: self.dt,
                        shape: p.shape,
                        inputs: &inputs,
                        error: &error,
                        weights: &weights,
                        state: &mut state,
                        parameters: &run.parameters,
                        delta: &mut delta,
                    };
                    let result = match callback.lock() {
                        Ok(mut f) => f(&mut step),
                        Err(_) => Err("it panicked in an earlier step".into()),
                    };
                    result.map_err(|m| Error::run(object, format!("at t = {t:.6} s: {m}")))?;
                }
                if let Some(k) = delta.iter().position(|d| !d.is_finite()) {
                    let at = (k / p.shape.1, k % p.shape.1);
                    return Err(Error::run(
                        object,
                        format!("at t = {t:.6} s: the change of weight {at:?} is {}", delta[k]),
                    ));
                }
                // SAFETY: everything read was copied; state, delta and weights are signals of their own.
                unsafe {
                    for (s, v) in p.state.iter().zip(&state) {
                        arena.get_mut(*s).iter_mut().zip(v).for_each(|(y, v)| *y = T::of(*v));
                    }
                    if let Some(d) = p.delta {
                        arena.get_mut(d).iter_mut().zip(&delta).for_each(|(y, v)| *y = T::of(*v));
                    }
                    if p.now {
                        arena
                            .get_mut(p.weights)
                            .iter_mut()
                            .zip(&delta)
                            .for_each(|(w, d)| *w = T::of(w.f64() + d));
                    }
                }
            }
        }
        Ok(())
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
    fn read(&self, s: SignalId) -> Vec<f64> {
        let mut out = vec![];
        self.read_into(s, &mut out);
        out
    }
    fn read_into(&self, s: SignalId, out: &mut Vec<f64>) {
        out.clear();
        let x = &self.program.signals[s.index()];
        let (span, stride) = (self.plan.spans[s.index()], self.plan.strides[s.index()]);
        let mark = self.plan.marks.get(&self.program.base(s)).and_then(|p| self.lif[*p].as_ref());
        // SAFETY: between kernels no slice to write is alive.
        let data = unsafe { self.arena.get(span) };
        for r in 0..x.rows {
            let row = data[r * stride..r * stride + x.cols].iter().map(|v| v.f64());
            match mark {
                None => out.extend(row),
                Some(p) => out.extend(row.map(|m| p.refractory_time(m))),
            }
        }
    }
    fn write(&mut self, s: SignalId, values: &[f64]) {
        let mark = self.plan.marks.get(&s).and_then(|p| self.lif[*p]);
        // SAFETY: `self` is borrowed mutably: no other slice of the arena is alive.
        for (y, v) in unsafe { self.arena.get_mut(self.plan.spans[s.index()]) }.iter_mut().zip(values) {
            *y = T::of(mark.map_or(*v, |p| p.mark(*v)));
        }
    }
    fn edit(
        &mut self,
        c: ConnectionId,
        edit: &mut dyn FnMut(&mut Matrix) -> Result<(), String>,
    ) -> Result<(), Error> {
        let Some(w) = self.weights.get(c.index()).cloned().flatten() else {
            return Err(Error::access("", format!("connection {} has no weights", c.index())));
        };
        edit_weights(&self.arena, &w, self.devices[c.index()].as_mut(), edit)
    }
    fn devices(&self, c: ConnectionId) -> Option<&DeviceArray> {
        self.devices.get(c.index()).and_then(Option::as_ref)
    }
    fn with_devices(
        &mut self,
        c: ConnectionId,
        f: &mut dyn FnMut(&mut DeviceArray) -> Result<(), String>,
    ) -> Result<(), Error> {
        let (Some(w), Some(array)) = (
            self.weights.get(c.index()).cloned().flatten(),
            self.devices.get_mut(c.index()).and_then(Option::as_mut),
        ) else {
            return Err(Error::access("", format!("connection {} has no devices", c.index())));
        };
        write_devices(&self.arena, &w, array, f)
    }
    fn set_frozen(&mut self, c: ConnectionId, frozen: bool) {
        if frozen {
            for r in self.plan.rules.iter().filter(|r| r.connection == c) {
                if let Some(d) = r.delta {
                    // SAFETY: `self` is borrowed mutably: no other slice of the arena is alive.
                    unsafe { self.arena.get_mut(d) }.fill(T::ZERO);
                }
            }
        }
        self.frozen[c.index()] = frozen;
    }
    fn parameters(&self, c: ConnectionId) -> Option<Vec<(String, f64)>> {
        let k = self.plan.rules.iter().position(|r| r.connection == c)?;
        Some(match &self.rules[k].rule {
            LearningRule::Element(r) => {
                r.model().parameters().into_iter().map(|(n, v)| (n.to_string(), v)).collect()
            }
            LearningRule::Function(f) => f
                .parameters()
                .iter()
                .map(|p| p.0.clone())
                .zip(self.rules[k].parameters.iter().copied())
                .collect(),
        })
    }
    fn set_parameter(&mut self, c: ConnectionId, name: &str, value: f64) -> Result<(), String> {
        let Some(k) = self.plan.rules.iter().position(|r| r.connection == c) else {
            return Err("the connection has no learning rule".into());
        };
        match &mut self.rules[k].rule {
            LearningRule::Element(r) => r.model_mut().set_parameter(name, value),
            LearningRule::Function(f) => {
                let names: Vec<&str> = f.parameters().iter().map(|p| p.0.as_str()).collect();
                match names.iter().position(|n| *n == name) {
                    Some(i) if value.is_finite() => {
                        self.rules[k].parameters[i] = value;
                        Ok(())
                    }
                    Some(_) => Err(format!("`{name}` must be finite, found {value}")),
                    None => Err(format!(
                        "the rule `{}` has no parameter `{name}`; it has: {}",
                        f.name(),
                        names.join(", ")
                    )),
                }
            }
        }
    }
    fn reset(&mut self, keep_weights: bool, seed: Option<u32>) -> Result<(), Error> {
        if let Some(s) = seed {
            self.sim_seed = s;
        }
        if !keep_weights {
            self.devices = self.initial_devices.clone();
            self.frozen.fill(false);
            for (run, plan) in self.rules.iter_mut().zip(&self.plan.rules) {
                run.rule = plan.rule.clone();
                run.parameters = rule_parameters(&plan.rule);
            }
        }
        self.start(keep_weights)
    }
    fn not_finite(&self) -> Option<SignalId> {
        self.program.signals.iter().enumerate().find_map(|(k, s)| {
            // SAFETY: between kernels no slice to write is alive.
            let data = unsafe { self.arena.get(self.plan.spans[k]) };
            (s.view.is_none() && data.iter().any(|v| !v.is_finite())).then_some(SignalId(k as u32))
        })
    }
}
