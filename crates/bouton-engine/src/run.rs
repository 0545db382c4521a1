//! Simulations: state, clock, the loop over kernels.

use bouton_elements::devices::DeviceArray;
use bouton_elements::neurons::{NeuronType, StepReal};
use bouton_elements::policies::Pulses;
use bouton_elements::processes::ProcessStep;
use bouton_elements::rules::{Acts, RuleReal, RuleStep};
use bouton_elements::synapses::Filter;
use bouton_kernels::{Level, LifStep, Real};
use bouton_model::{ConnectionId, Error, LearningRule, LiveAccess, Matrix, NodeStep, RuleFunctionStep};
use bouton_random::RandomState;

use crate::arena::Arena;
use crate::build::Built;
use crate::plan::{Kernel, Plan, Span};
use crate::program::{Program, SignalId};

/// A number type that a simulation can run in.
pub(crate) trait SimReal: StepReal + RuleReal {}
impl SimReal for f64 {}
impl SimReal for f32 {}

/// What the simulator needs of a simulation, whatever its number type.
pub(crate) trait Engine: Send {
    fn step(&mut self) -> Result<(), Error>;
    fn n_steps(&self) -> u64;
    fn plan(&self) -> &Plan;
    /// Values of a signal, row-major, phase marks as times.
    fn read(&self, s: SignalId) -> Vec<f64>;
    fn read_into(&self, s: SignalId, out: &mut Vec<f64>);
    /// Sets the values of a signal. All writes from outside pass here or [`edit`](Engine::edit).
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

/// Weights of one connection for live access.
#[derive(Clone)]
struct LiveWeights {
    path: String,
    span: Span,
    shape: (usize, usize),
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
}

impl<T: SimReal> Simulation<T> {
    pub(crate) fn new(
        built: &Built,
        plan: Plan,
        dt: f64,
        level: Level,
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
                parameters: match &r.rule {
                    LearningRule::Function(f) => f.parameters().iter().map(|p| p.1).collect(),
                    LearningRule::Element(_) => vec![],
                },
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
        let mut sim = Simulation {
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
        let (arena, level) = (&self.arena, self.level);
        // SAFETY (of all accesses below): the order of operators refuses one that writes what it reads, signals have
        // spans of their own, and the plan refuses copies within one span. So the spans of a kernel that are written
        // overlap no other span of it, and kernels run one at a time.
        match &self.plan.kernels[k] {
            // SAFETY: as above.
            Kernel::Fill { dst, value } => {
                bouton_kernels::fill(unsafe { arena.get_mut(*dst) }, T::of(*value))
            }
            Kernel::Copy { src, dst, inc, rule } => {
                if rule.is_some_and(|c| self.frozen[c]) {
                    return Ok(());
                }
                // SAFETY: as above.
                let (x, y) = unsafe { (arena.get(*src), arena.get_mut(*dst)) };
                if *inc {
                    bouton_kernels::add_assign(level, x, y);
                } else {
                    y.copy_from_slice(x);
                }
            }
            Kernel::CopyIndexed { src, dst, from, to, inc } => {
                // SAFETY: as above.
                let (x, y) = unsafe { (arena.get(*src), arena.get_mut(*dst)) };
                let n =
                    from.as_ref().map_or(x.len(), |f| f.len()).min(to.as_ref().map_or(y.len(), |t| t.len()));
                for i in 0..n {
                    let a = from.as_ref().map_or(i, |f| f[i] as usize);
                    let b = to.as_ref().map_or(i, |t| t[i] as usize);
                    if *inc {
                        y[b] += x[a];
                    } else {
                        y[b] = x[a];
                    }
                }
            }
            Kernel::Scale { a, x, y } => {
                // SAFETY: as above.
                let (a, x, y) = unsafe { (arena.get(*a), arena.get(*x), arena.get_mut(*y)) };
                bouton_kernels::scale_inc(level, a, x, y);
            }
            Kernel::Gemv { a, stride, cols, x, y } => {
                // SAFETY: as above.
                let (a, x, y) = unsafe { (arena.get(*a), arena.get(*x), arena.get_mut(*y)) };
                bouton_kernels::gemv_inc(level, a, *stride, *cols, x, y);
            }
            Kernel::Encode { bias, enc_t, x, j } => {
                // SAFETY: as above.
                let (b, e, x, j) =
                    unsafe { (arena.get(*bias), arena.get(*enc_t), arena.get(*x), arena.get_mut(*j)) };
                bouton_kernels::encode(level, b, e, x, j);
            }
            Kernel::Neurons { population, j, out, state } => {
                // SAFETY: as above; each state variable has a span of its own.
                let (j, out, mut state) = unsafe {
                    let state: Vec<&mut [T]> = state.iter().map(|s| arena.get_mut(*s)).collect();
                    (arena.get(*j), arena.get_mut(*out), state)
                };
                T::step(self.plan.populations[*population].model(), self.dt, j, out, &mut state);
            }
            Kernel::LifPhase { population, j, v, mark, out } => {
                if let Some(p) = &self.lif[*population] {
                    // SAFETY: as above.
                    let (j, v, m, o) = unsafe {
                        (arena.get(*j), arena.get_mut(*v), arena.get_mut(*mark), arena.get_mut(*out))
                    };
                    bouton_kernels::lif_phase(level, p, j, v, m, o);
                }
            }
            Kernel::First { a, b, u, y } => {
                // SAFETY: as above.
                let (u, y) = unsafe { (arena.get(*u), arena.get_mut(*y)) };
                if let ([u], [y]) = (u, &mut *y) {
                    // One value, the most frequent case, is not worth a dispatch.
                    *y = T::of(*a) * *y + T::of(*b) * *u;
                } else {
                    bouton_kernels::lowpass(level, T::of(*a), T::of(*b), u, y);
                }
            }
            Kernel::Gain { gain, u, y } => {
                // SAFETY: as above.
                let (u, y) = unsafe { (arena.get(*u), arena.get_mut(*y)) };
                Filter::Gain(*gain).step(u, &mut [], y);
            }
            Kernel::Space { space, u, x, y } => {
                // SAFETY: as above.
                let (u, x, y) = unsafe { (arena.get(*u), arena.get_mut(*x), arena.get_mut(*y)) };
                space.step(u, x, y);
            }
            Kernel::Node { call } => return self.node(*call, t),
            Kernel::Function { call } => return self.function(*call, t),
            Kernel::Process { process } => {
                let p = &self.plan.processes[*process];
                // SAFETY: as above.
                let out = unsafe { arena.get_mut(p.out) };
                let mut y = std::mem::take(&mut self.scratch[0]);
                y.resize(out.len(), 0.0);
                let done = self.processes[*process].step(t, &mut y);
                for (out, y) in out.iter_mut().zip(&y) {
                    *out = T::of(*y);
                }
                self.scratch[0] = y;
                done.map_err(|m| Error::run(&p.object, format!("at t = {t:.6} s: {m}")))?;
            }
            Kernel::Rule { rule } => return self.rule(*rule, t),
        }
        Ok(())
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
                let copy =
                    |s: Span| -> Vec<f64> { unsafe { arena.get(s) }.iter().map(|v| v.f64()).collect() };
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

/// The one place through which every write of weights passes: from outside between steps, and from callbacks.
fn edit_weights<T: Real>(
    arena: &Arena<T>,
    w: &LiveWeights,
    devices: Option<&mut DeviceArray>,
    edit: &mut dyn FnMut(&mut Matrix) -> Result<(), String>,
) -> Result<(), Error> {
    let refuse = |m: String| Error::access(&w.path, m);
    // SAFETY: the caller holds the simulation, or is the only kernel that runs; the copy ends the borrow.
    let now: Vec<f64> = unsafe { arena.get(w.span) }.iter().map(|v| v.f64()).collect();
    let mut m = Matrix::new(w.shape.0, w.shape.1, now.clone())
        .ok_or_else(|| refuse("the weights have no shape".into()))?;
    edit(&mut m).map_err(refuse)?;
    if m.shape() != w.shape {
        return Err(refuse(format!(
            "the weights have shape {:?}, the edit left a matrix of {:?}",
            w.shape,
            m.shape()
        )));
    }
    if let Some(k) = m.values().iter().position(|v| !v.is_finite() || !T::of(*v).is_finite()) {
        let at = (k / w.shape.1, k % w.shape.1);
        return Err(refuse(format!(
            "the edit sets weight {at:?} to {}; weights must be finite. Nothing was written",
            m.values()[k]
        )));
    }
    let set = |values: &[f64]| {
        // SAFETY: as above.
        for (k, y) in unsafe { arena.get_mut(w.span) }.iter_mut().enumerate() {
            // What stays the same keeps its bits.
            if values[k] != now[k] {
                *y = T::of(values[k]);
            }
        }
    };
    match devices {
        None => set(m.values()),
        Some(array) => {
            array.set_weights_near(&now, m.values()).map_err(|u| {
                refuse(format!(
                    "weight {:?} can't be set to {:e}: from their present state its devices reach {:e} to {:e}. Nothing was \
                     written; choose a weight in that range, or a larger `gain`",
                    u.at, u.wanted, u.range.0, u.range.1
                ))
            })?;
            set(&array.weights_where(&now, m.values()));
        }
    }
    Ok(())
}

/// Live access from inside a step.
struct Live<'a, T> {
    arena: &'a Arena<T>,
    weights: &'a [Option<LiveWeights>],
    devices: &'a mut [Option<DeviceArray>],
    node: &'a crate::plan::NodeCall,
}

impl<T: Real> Live<'_, T> {
    fn of(&self, c: ConnectionId) -> Result<&LiveWeights, Error> {
        self.weights.get(c.index()).and_then(Option::as_ref).ok_or_else(|| {
            Error::access(&self.node.object, format!("connection {} has no weights", c.index()))
        })
    }
}

impl<T: Real> LiveAccess for Live<'_, T> {
    fn weights(&self, c: ConnectionId) -> Result<Matrix, Error> {
        let w = self.of(c)?;
        // SAFETY: only this kernel runs, and it holds no slice to write.
        let values = unsafe { self.arena.get(w.span) }.iter().map(|v| v.f64()).collect();
        Matrix::new(w.shape.0, w.shape.1, values)
            .ok_or_else(|| Error::access(&w.path, "the weights have no shape"))
    }
    fn edit_weights(
        &mut self,
        c: ConnectionId,
        edit: &mut dyn FnMut(&mut Matrix) -> Result<(), String>,
    ) -> Result<(), Error> {
        let w = self.of(c)?.clone();
        if !self.node.edits.contains(&c) {
            return Err(Error::access(
                &self.node.object,
                format!(
                    "edits the weights of `{}` without having declared it; add `.edits(connection)` to the node's function",
                    w.path
                ),
            ));
        }
        edit_weights(self.arena, &w, self.devices[c.index()].as_mut(), edit)
    }
}

impl<T: SimReal> Engine for Simulation<T> {
    fn step(&mut self) -> Result<(), Error> {
        let t = (self.n_steps + 1) as f64 * self.dt;
        for k in 0..self.plan.kernels.len() {
            self.kernel(k, t)?;
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
        f(array).map_err(|m| Error::access(&w.path, m))?;
        // SAFETY: `self` is borrowed mutably: no other slice of the arena is alive.
        let y = unsafe { self.arena.get_mut(w.span) };
        for (k, y) in y.iter_mut().enumerate() {
            *y = T::of(array.weight(k));
        }
        Ok(())
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
