//! A simulation in one number type: memory, plan, calls, and the step.

use std::sync::Arc;

use bouton_core::Error;
use bouton_kernels::Level;
use bouton_memory::{Memory, Pool, Room, run};
use bouton_random::RandomState;

use super::look::Looks;
use super::tally::{Tallied, Tallies};
use super::{Options, Reset};
use crate::calls::{Address, CallReal, Context, Io, Running, Sees, Start};
use crate::kernels::At;
use crate::live::{CheckpointProbe, Hand, Log, read_signal};
use crate::plan::{Holds, Layout, Passes, Plan, Wanted, What};
use crate::probes::Probe;
use crate::probes::Unrecorded;
use crate::program::{Draws, Initial, Op, Program, Role, SignalId};

/// What a simulation does that hangs on its number type.
pub(super) trait Inner: Send {
    fn step(&mut self) -> Result<(), Error>;
    fn n_steps(&self) -> u64;
    fn hand(&mut self) -> (Hand<'_>, &mut Log);
    fn read_into(&self, s: SignalId, out: &mut Vec<f64>);
    fn read_part(&self, s: SignalId, from: usize, to: usize, out: &mut Vec<f64>);
    fn holds(&self, x: f64) -> bool;
    fn written_finite(&self) -> bool;
    fn not_finite(&self, role: Option<Role>) -> Option<SignalId>;
    fn reset(&mut self, what: Reset, seed: Option<u32>) -> Result<(), Error>;
    fn replan(&mut self, passes: Passes) -> Result<(), Error>;
    fn passes(&self) -> Passes;
    fn explain(&self) -> String;
    fn parallel_units(&self) -> usize;
    fn log(&self) -> &Log;
    fn log_mut(&mut self) -> &mut Log;
    fn probes(&mut self) -> &mut Vec<Probe>;
    fn probes_ref(&self) -> &[Probe];
    fn pin(&mut self) -> Result<(), Error>;
    fn hold(&mut self, signals: &[SignalId], any: bool) -> Result<(), Error>;
    fn address(&self, s: SignalId) -> Address;
    fn stores(&self, s: SignalId) -> bool;
    fn pinned(&self, s: SignalId) -> bool;
    fn set_steps(&mut self, steps: u64);
    fn put(&mut self, s: SignalId, values: &[f64]);
    fn record(&mut self) -> Result<(), (usize, Unrecorded)>;
    fn tally(&mut self, signals: [&[SignalId]; 2], steps: Tallied) -> Result<(), Error>;
    fn take_tallies(&mut self, to: &mut [&mut [f64]], rows: &mut Vec<f64>) -> Result<u64, String>;
    fn save(&self) -> Result<crate::live::Checkpoint, Error>;
    fn load(&mut self, c: &crate::live::Checkpoint) -> Result<Vec<String>, Error>;
    fn begin_probes(&mut self, from: usize);
}

/// Plain values of a signal, by element.
pub(super) type Plain<'a> = Box<dyn Fn(usize) -> f64 + 'a>;

/// A simulation in one number type.
pub(super) struct Sim<T> {
    pub(super) program: Arc<Program>,
    pub(super) order: Vec<usize>,
    pub(super) layout: Layout,
    pub(super) real: Memory<T>,
    pub(super) double: Memory<f64>,
    pub(super) plan: Plan,
    /// By operator.
    pub(super) running: Vec<Option<Box<dyn Running>>>,
    pub(super) pool: Option<Pool>,
    pub(super) threads: usize,
    pub(super) level: Level,
    pub(super) dt: f64,
    pub(super) seed: u32,
    pub(super) n_steps: u64,
    pub(super) holds: Holds,
    pub(super) log: Log,
    pub(super) probes: Vec<Probe>,
    /// Filters of the checkpoint that was loaded, of probes that aren't attached; until the next step.
    pub(super) waiting: Vec<CheckpointProbe>,
    /// Up to this step no probe records, and none has a filter.
    pub(super) idle: u64,
    pub(super) buffer: Vec<f64>,
    /// Where numbers that a step writes lie.
    pub(super) looks: Looks,
    pub(super) tallies: Tallies,
}

impl<T: CallReal> Sim<T> {
    pub(super) fn new(program: Arc<Program>, options: Options) -> Result<Sim<T>, Error> {
        let order = program.order()?;
        let layout = Layout::new(&program, &order);
        let single = size_of::<T>() == size_of::<f32>();
        let more = "which is more than the simulation's numbers hold";
        for s in program.signals() {
            let fits = |x: f64| if s.room == Room::Real { T::of(x).is_finite() } else { x.is_finite() };
            if let Some(x) = s.initial.find(s.len(), |x| !fits(x)) {
                let m = format!("holds {x:e} at the start, {more}; scale it, or use double precision");
                return Err(Error::build(&s.name, m));
            }
        }
        let (mut real, mut double) = (Memory::<T>::default(), Memory::default());
        let sizes = [layout.size(Room::Real), layout.size(Room::Double)];
        let bytes = sizes[0] as f64 * size_of::<T>() as f64 + sizes[1] as f64 * 8.0;
        let room = bouton_memory::room::fits(bytes);
        room.and_then(|()| real.add(sizes[0])).and_then(|_| double.add(sizes[1])).map_err(|m| {
            let largest = program.signals().iter().max_by_key(|s| s.len());
            let largest = largest
                .map_or(String::new(), |s| format!("; the most of it is `{}`, {} numbers", s.name, s.len()));
            Error::build("", format!("the simulation {m}{largest}"))
        })?;
        let holds = Holds::of(&program);
        let wanted = Wanted {
            program: &program,
            order: &order,
            layout: &layout,
            passes: options.passes,
            pins: &[],
            holds: &holds,
            tallies: &[],
            threads: options.threads,
            own: (real.next(), double.next()),
            single,
        };
        let plan = Plan::new(&wanted)?;
        let no_room = |m: String| Error::build("", format!("the forms of the plan: {m}"));
        real.add(plan.own[0]).and_then(|_| double.add(plan.own[1])).map_err(no_room)?;
        let mut sim = Sim {
            pool: None,
            running: vec![],
            threads: options.threads,
            level: options.level.unwrap_or_else(Level::detect),
            dt: options.dt,
            seed: options.seed,
            n_steps: 0,
            holds,
            log: Log::default(),
            probes: vec![],
            idle: 0,
            waiting: vec![],
            buffer: vec![],
            looks: Looks::default(),
            tallies: Tallies::default(),
            program,
            order,
            layout,
            real,
            double,
            plan,
        };
        sim.planned();
        sim.start(Reset::All)?;
        Ok(sim)
    }

    /// What hangs on the plan, after it was made.
    pub(super) fn planned(&mut self) {
        self.looks = self.written();
        self.find_plain(0);
        self.make_pool();
    }
    pub(super) fn make_pool(&mut self) {
        let parallel = self.plan.steps.parts().iter().any(|p| matches!(p, bouton_memory::Parts::Parallel(_)));
        match (parallel, &self.pool) {
            (true, None) => self.pool = Some(Pool::new(self.threads)),
            (false, _) => self.pool = None,
            _ => {}
        }
    }

    /// Initial values of all signals, and calls from their seeds.
    pub(super) fn start(&mut self, what: Reset) -> Result<(), Error> {
        let program = self.program.clone();
        for (k, s) in program.signals().iter().enumerate() {
            let keep = what == Reset::KeepWeights && s.role == Role::Parameter;
            // What a form is the truth of is opened from its start below; its own memory isn't touched.
            if s.view.is_some() || keep || self.plan.forms.truth(SignalId(k as u32)).is_some() {
                continue;
            }
            let span = self.layout.span(SignalId(k as u32));
            let fresh = self.running.is_empty();
            match (s.room, &s.initial) {
                // Memory that was never written is zero, and costs nothing until it is.
                (_, Initial::Zero) if fresh => {}
                (Room::Real, Initial::Values(v)) => {
                    let values = v.values().iter();
                    self.real.get_mut(span).iter_mut().zip(values).for_each(|(y, x)| *y = T::of(*x));
                }
                (Room::Real, other) => self.real.get_mut(span).fill(T::of(other.at(0))),
                (Room::Double, Initial::Values(v)) => self.double.get_mut(span).copy_from_slice(v.values()),
                (Room::Double, other) => self.double.get_mut(span).fill(other.at(0)),
            }
        }
        let seeds = self.seeds(self.seed);
        let start = |(op, seed): (&crate::program::Operator, Option<u32>)| match &op.op {
            Op::Call(c) => {
                c.start(&Start { dt: self.dt, seed }).map(Some).map_err(|m| Error::build(&op.of, m))
            }
            _ => Ok(None),
        };
        self.running = program.operators().iter().zip(seeds).map(start).collect::<Result<_, _>>()?;
        self.open_forms(&|s| {
            let x = program.get(s);
            let keep = what == Reset::KeepWeights && x.role == Role::Parameter;
            let at = x.initial.elements();
            (!keep).then(|| Box::new(move |k| T::of(at(k)).f64()) as Plain<'_>)
        });
        self.n_steps = 0;
        self.log.clear();
        self.clear_probes();
        self.clear_tallies();
        self.waiting.clear();
        Ok(())
    }

    /// The seed of each operator's call, drawn in the order of the step.
    pub(super) fn seeds(&self, seed: u32) -> Vec<Option<u32>> {
        let mut rng = RandomState::new(seed);
        let mut seeds = vec![None; self.program.operators().len()];
        for &k in &self.order {
            match self.program.operators()[k].draws {
                Draws::No => {}
                Draws::Unused => drop(rng.randint_maxint()),
                Draws::Seed => seeds[k] = Some(rng.randint_maxint()),
            }
        }
        seeds
    }

    /// Opens forms: those that are the truth from their plain values (where there are none they stay as they are), copies
    /// from the signals' own memory.
    pub(super) fn open_forms<'a>(&mut self, plain: &dyn Fn(SignalId) -> Option<Plain<'a>>) {
        let forms = std::mem::take(&mut self.plan.forms);
        let (mut hand, _) = self.parts();
        for f in forms.iter() {
            if !f.form.truth() {
                hand.refresh_form(f);
            } else if let Some(plain) = plain(f.signal) {
                hand.refresh_constants(f);
                hand.open(f, &plain);
            }
        }
        self.plan.forms = forms;
    }

    /// What reads and writes, and the log.
    pub(super) fn parts(&mut self) -> (Hand<'_>, &mut Log) {
        let hand = Hand {
            program: &self.program,
            layout: &self.layout,
            forms: &self.plan.forms,
            numbers: T::numbers(&mut self.real),
            double: &mut self.double,
            dt: self.dt,
        };
        (hand, &mut self.log)
    }
}

impl<T: CallReal> Inner for Sim<T> {
    fn step(&mut self) -> Result<(), Error> {
        let step = self.n_steps + 1;
        let at = At { level: self.level, dt: self.dt, t: step as f64 * self.dt, step };
        let Sim { program, layout, plan, running, log, real, double, pool, dt, tallies, probes, .. } = self;
        let sums = tallies.of_step(step);
        let summed = sums.is_some();
        let plan = sums.unwrap_or(plan);
        let (program, layout, dt) = (&**program, &*layout, *dt);
        let kernel = |k: usize, s: bouton_memory::Slices<'_, T>| {
            if let What::Code(code) = &plan.whats[k] {
                code.run(&at, s);
            }
        };
        run(&plan.steps, real, double, pool.as_mut(), &kernel, |k, real, double| {
            let What::Call(operator) = plan.whats[k] else { return Ok(()) };
            let Some(call) = &mut running[operator] else { return Ok(()) };
            let sees = plan.turns[k].sees;
            let context = (sees != Sees::Operands).then_some(Context {
                program,
                layout,
                plan,
                sees,
                log,
                probes,
                operator,
                dt,
                step,
            });
            let mut io = Io { numbers: T::numbers(real), double, slots: &plan.slots[k], context };
            call.step(&at, &mut io).map_err(|m| {
                Error::run(&program.operators()[operator].of, format!("at t = {:.6} s: {m}", at.t))
                    .with_source(m)
            })
        })?;
        self.n_steps = step;
        self.waiting.clear();
        if summed {
            self.end_of_row();
        }
        Ok(())
    }
    fn n_steps(&self) -> u64 {
        self.n_steps
    }
    fn hand(&mut self) -> (Hand<'_>, &mut Log) {
        self.parts()
    }
    fn read_into(&self, s: SignalId, out: &mut Vec<f64>) {
        let numbers = |span| T::seen(self.real.get(span));
        read_signal(&self.program, &self.layout, &self.plan.forms, (&numbers, &self.double), s, out);
    }
    fn read_part(&self, s: SignalId, from: usize, to: usize, out: &mut Vec<f64>) {
        let (x, base) = (self.program.get(s), self.program.base(s));
        if let Some(f) = self.plan.forms.truth(base) {
            // Asked for row by row, and so not the whole for each.
            let (own, constants) = (self.real.get(f.own), self.double.get(f.constants));
            let (len, offset) = (self.program.get(base).len(), x.view.map_or(0, |v| v.offset));
            let inner = |k: usize| offset + k / x.cols * x.stride() + k % x.cols;
            out.extend((from..to).map(|k| f.form.at(inner(k), len, &|at| own[at].f64(), constants)));
            return;
        }
        let span = self.plan.forms.span(&self.program, &self.layout, s).part(from, to);
        match self.program.get(s).room {
            Room::Real => out.extend(self.real.get(span).iter().map(|v| v.f64())),
            Room::Double => out.extend_from_slice(self.double.get(span)),
        }
    }
    fn holds(&self, x: f64) -> bool {
        T::of(x).is_finite()
    }
    fn written_finite(&self) -> bool {
        self.written_are_finite()
    }
    fn not_finite(&self, role: Option<Role>) -> Option<SignalId> {
        self.first_not_finite(role)
    }
    fn reset(&mut self, what: Reset, seed: Option<u32>) -> Result<(), Error> {
        if what == Reset::KeepWeights
            && let Some(s) = self.not_finite(Some(Role::Parameter))
        {
            let m = "these numbers aren't finite and can't be kept: reset everything, or set them first";
            return Err(Error::run(&self.program.get(s).name, m));
        }
        self.seed = seed.unwrap_or(self.seed);
        self.start(what)
    }
    fn replan(&mut self, passes: Passes) -> Result<(), Error> {
        self.plan_anew(passes)
    }
    fn passes(&self) -> Passes {
        self.plan.passes
    }
    fn explain(&self) -> String {
        self.plan.explain(&self.program, &self.layout, &self.holds, size_of::<T>()) + &self.tallies.explain()
    }
    fn parallel_units(&self) -> usize {
        let units =
            |p: &bouton_memory::Parts| if let bouton_memory::Parts::Parallel(u) = p { u.len() } else { 0 };
        self.plan.steps.parts().iter().map(units).sum()
    }
    fn log(&self) -> &Log {
        &self.log
    }
    fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }
    fn probes(&mut self) -> &mut Vec<Probe> {
        self.idle = 0;
        &mut self.probes
    }
    fn probes_ref(&self) -> &[Probe] {
        &self.probes
    }
    fn pin(&mut self) -> Result<(), Error> {
        self.plan_anew(self.plan.passes)
    }
    fn hold(&mut self, signals: &[SignalId], any: bool) -> Result<(), Error> {
        let before = self.holds.clone();
        self.holds.signals.extend(signals.iter().map(|s| self.program.base(*s)));
        self.holds.any |= any;
        if self.holds == before {
            return Ok(());
        }
        let planned = self.plan_anew(self.plan.passes);
        if planned.is_err() {
            self.holds = before;
        }
        planned
    }
    fn stores(&self, s: SignalId) -> bool {
        self.plan.stores(&self.program, &self.layout, s)
    }
    fn pinned(&self, s: SignalId) -> bool {
        self.plan.pins.contains(&s)
    }
    fn address(&self, s: SignalId) -> Address {
        let span = self.layout.span(s);
        match self.program.get(s).room {
            Room::Real => T::held(self.real.hold(span)),
            Room::Double => Address::F64(self.double.hold(span)),
        }
    }
    fn set_steps(&mut self, steps: u64) {
        (self.n_steps, self.idle) = (steps, 0);
    }
    fn put(&mut self, s: SignalId, values: &[f64]) {
        self.parts().0.put_signal(s, values);
    }
    fn record(&mut self) -> Result<(), (usize, Unrecorded)> {
        self.record_all()
    }
    fn tally(&mut self, signals: [&[SignalId]; 2], steps: Tallied) -> Result<(), Error> {
        self.tally_anew(signals, steps)
    }
    fn take_tallies(&mut self, to: &mut [&mut [f64]], rows: &mut Vec<f64>) -> Result<u64, String> {
        self.hand_out_sums(to, rows)
    }
    fn save(&self) -> Result<crate::live::Checkpoint, Error> {
        self.save_all()
    }
    fn load(&mut self, c: &crate::live::Checkpoint) -> Result<Vec<String>, Error> {
        self.load_all(c)
    }
    fn begin_probes(&mut self, from: usize) {
        self.take_filters(from);
        self.find_plain(from);
    }
}
