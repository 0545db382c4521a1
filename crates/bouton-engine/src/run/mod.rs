//! Simulations: a program that runs.

mod look;
mod probes;
mod state;

use std::sync::Arc;

use bouton_core::Error;
use bouton_kernels::Level;
use bouton_memory::{Memory, Pool, Room, Span, run};
use bouton_random::RandomState;

use crate::calls::{CallReal, Context, Io, Running, Start};
use crate::kernels::At;
use crate::live::{Edit, Hand, Log, Pick, read_knob, read_signal};
use crate::plan::{Layout, Passes, Plan, Wanted, What};
use crate::probes::Probe;
use crate::program::{Draws, Initial, Op, Program, Role, SignalId};
use probes::Unrecorded;

/// Number type of a simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precision {
    /// Double precision.
    #[default]
    F64,
    /// Single precision: half the memory, results that differ from double precision by rounding.
    F32,
}

/// How a program is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Time step (s). Default 0.001.
    pub dt: f64,
    /// Seed of the draws that calls are started with. Default 0; who makes a program knows better.
    pub seed: u32,
    /// Number type.
    pub precision: Precision,
    /// Threads for steps with enough work. Results are the same bits for any number. Default 1.
    pub threads: usize,
    /// Passes of the plan.
    pub passes: Passes,
    /// SIMD level; the processor's highest by default. Results are the same bits at each.
    pub level: Option<Level>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            dt: 0.001,
            seed: 0,
            precision: Precision::F64,
            threads: 1,
            passes: Passes::default(),
            level: None,
        }
    }
}

/// What a reset keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reset {
    /// Nothing: everything is as at the start.
    All,
    /// Parameters: learned and edited weights, gains and rates, the state of devices, what is frozen.
    KeepWeights,
}

/// Steps between two looks at whether all numbers are finite.
const WATCH: u64 = 1000;
/// A run of steps ends with a look if as many were taken since the last: a look costs about as much as a step.
const LOOK: u64 = 32;

/// A program that runs.
pub struct Simulation {
    inner: Box<dyn Inner>,
    program: Arc<Program>,
    dt: f64,
    failed: Option<Error>,
    /// Whether a step has begun and not ended: a panic left it half done.
    stepping: bool,
    looked: u64,
    /// Whether numbers came in that nothing has looked at: the next look is at all of them.
    unseen: bool,
}

impl std::fmt::Debug for Simulation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Simulation({} signals, step {})", self.program.signals().len(), self.n_steps())
    }
}

/// What a simulation does that hangs on its number type.
trait Inner: Send {
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
    fn record(&mut self) -> Result<(), (usize, Unrecorded)>;
    fn save(&self) -> Result<crate::live::Checkpoint, Error>;
    fn load(&mut self, c: &crate::live::Checkpoint) -> Result<(), Error>;
}

/// A simulation in one number type.
struct Sim<T> {
    program: Arc<Program>,
    order: Vec<usize>,
    layout: Layout,
    real: Memory<T>,
    double: Memory<f64>,
    plan: Plan,
    /// By operator.
    running: Vec<Option<Box<dyn Running>>>,
    pool: Option<Pool>,
    threads: usize,
    level: Level,
    dt: f64,
    seed: u32,
    n_steps: u64,
    log: Log,
    probes: Vec<Probe>,
    buffer: Vec<f64>,
    /// Where numbers that a step writes lie.
    looks: Vec<(Room, Span)>,
}

impl Simulation {
    /// Starts a program: it is checked, ordered and planned, its signals get their initial values, and its calls start.
    ///
    /// # Errors
    /// A program that makes no sense or has a cycle; more memory than there is; a call that can't start.
    pub fn new(program: Program, options: Options) -> Result<Simulation, Error> {
        if !(options.dt.is_finite() && options.dt > 0.0) {
            return Err(Error::model(
                "",
                format!("`dt` must be a positive number of seconds, found {}", options.dt),
            ));
        }
        program.check()?;
        let program = Arc::new(program);
        let inner: Box<dyn Inner> = match options.precision {
            Precision::F64 => Box::new(Sim::<f64>::new(program.clone(), options)?),
            Precision::F32 => Box::new(Sim::<f32>::new(program.clone(), options)?),
        };
        Ok(Simulation {
            inner,
            program,
            dt: options.dt,
            failed: None,
            stepping: false,
            looked: 0,
            unseen: false,
        })
    }

    /// Takes one step, and records.
    ///
    /// # Errors
    /// What a call says; a number that isn't finite where a probe looks, or, now and then, anywhere. The simulation then
    /// stands until it is reset; what was recorded is kept.
    pub fn step(&mut self) -> Result<(), Error> {
        if let Some(e) = &self.failed {
            return Err(Error::run(
                e.object(),
                format!(
                    "the simulator stopped at t = {:.6} s and can't go on; reset it. It stopped because: {}",
                    self.time(),
                    e.message()
                ),
            ));
        }
        if std::mem::replace(&mut self.stepping, true) {
            let m = "a panic ended the last step half way; reset the simulator".to_string();
            return Err(self.fail(Error::run("", m)));
        }
        let done = self.inner.step();
        self.stepping = false;
        if let Err(e) = done {
            return Err(self.fail(e));
        }
        if let Err((k, why)) = self.inner.record() {
            let of = self.inner.probes_ref()[k].what.of.clone();
            let at = format!("at t = {:.6} s; what was recorded until here is kept", self.time());
            let m = match why {
                Unrecorded::NotFinite => {
                    format!("is not finite {at}. Look at learning rates and at feedback without a limit")
                }
                Unrecorded::NoRoom(m) => format!(
                    "its recording {m} {at}. Take what is recorded while it runs (`take`), sample less often, or a part of it"
                ),
            };
            return Err(self.fail(Error::run(of, m)));
        }
        // Rarely, because it looks at every number: a long run without probes should not compute with NaN to its end.
        if self.n_steps() >= self.looked + WATCH { self.check_finite() } else { Ok(()) }
    }

    /// Takes `steps` steps.
    ///
    /// # Errors
    /// Those of [`step`](Simulation::step).
    pub fn run_steps(&mut self, steps: u64) -> Result<(), Error> {
        for _ in 0..steps {
            self.step()?;
        }
        // A run that is cut into many short ones should not look at all numbers after each.
        if self.n_steps() >= self.looked + LOOK || (steps > 1 && self.looked == 0) {
            self.check_finite()
        } else {
            Ok(())
        }
    }

    fn fail(&mut self, e: Error) -> Error {
        self.failed = Some(e.clone());
        e
    }

    /// Simulated time (s).
    pub fn time(&self) -> f64 {
        self.n_steps() as f64 * self.dt
    }
    /// Steps taken since the start or the last reset.
    pub fn n_steps(&self) -> u64 {
        self.inner.n_steps()
    }
    /// Time step (s).
    pub fn dt(&self) -> f64 {
        self.dt
    }
    /// What runs.
    pub fn program(&self) -> &Program {
        &self.program
    }
    /// Whether a number is finite in the simulation's number type.
    pub fn holds(&self, x: f64) -> bool {
        self.inner.holds(x)
    }
    /// Goes back to the start; calls are started anew. Recordings and the log are cleared.
    ///
    /// # Errors
    /// With [`Reset::KeepWeights`], parameters that aren't finite; then nothing is reset.
    pub fn reset(&mut self, what: Reset) -> Result<(), Error> {
        self.inner.reset(what, None)?;
        (self.failed, self.stepping, self.looked) = (None, false, 0);
        Ok(())
    }
    /// Makes the plan anew, with other passes, between two steps. Bitwise passes change no bit of what follows.
    ///
    /// # Errors
    /// No memory for the forms of the new plan; the old one stays.
    pub fn replan(&mut self, passes: Passes) -> Result<(), Error> {
        self.inner.replan(passes)
    }
    /// Passes of the plan.
    pub fn passes(&self) -> Passes {
        self.inner.passes()
    }
    /// The kernels of the plan, one a line.
    pub fn explain(&self) -> String {
        self.inner.explain()
    }
    /// Units of work that several threads share in a step; 0 with one thread, or when a step has too little work.
    pub fn parallel_units(&self) -> usize {
        self.inner.parallel_units()
    }

    /// The values of what has a path, row-major.
    ///
    /// # Errors
    /// There is nothing of that path, or no such element.
    pub fn read(&mut self, path: &str, pick: &Pick) -> Result<Vec<f64>, Error> {
        read_knob(&self.inner.hand().0, path, pick)
    }
    /// The values of what has a path, into a buffer.
    ///
    /// # Errors
    /// There is nothing of that path.
    pub fn read_into(&self, path: &str, out: &mut Vec<f64>) -> Result<(), Error> {
        let s = self.program.knobs().find(path)?.signal;
        self.read_signal(s, out);
        Ok(())
    }
    /// The values of a signal, into a buffer. What the plan doesn't store stands as it was.
    pub fn read_signal(&self, s: SignalId, out: &mut Vec<f64>) {
        out.clear();
        self.inner.read_into(s, out);
    }
    /// Elements `from..to` (row-major) of a signal whose rows lie one behind the other, into a buffer. For looking at large
    /// matrices without a copy of them.
    ///
    /// # Panics
    /// Outside the signal, or of a part of the columns of another.
    pub fn read_part(&self, s: SignalId, from: usize, to: usize, out: &mut Vec<f64>) {
        assert!(self.program.get(s).contiguous() && from <= to && to <= self.program.get(s).len());
        out.clear();
        self.inner.read_part(s, from, to, out);
    }
    /// The one door of writes from outside: checked and written as a whole, with what follows from it, and logged. The next
    /// step sees it. Returns the number of the log's entry.
    ///
    /// # Errors
    /// No such path or element; other numbers than were picked; numbers outside the bounds, or that aren't finite; what a
    /// door or a computation behind it refuses. Nothing is written then.
    pub fn apply(&mut self, edit: &Edit) -> Result<u64, Error> {
        self.write(edit, crate::live::By::Outside)
    }
    /// Whether [`apply`](Simulation::apply) would take a write as things stand; nothing is written.
    ///
    /// # Errors
    /// What `apply` would refuse.
    pub fn check(&mut self, edit: &Edit) -> Result<(), Error> {
        self.inner.hand().0.prepare(edit).map(|_| ())
    }
    fn write(&mut self, edit: &Edit, by: crate::live::By) -> Result<u64, Error> {
        let step = self.inner.n_steps();
        let (mut hand, log) = self.inner.hand();
        let written = hand.prepare(edit)?;
        let before = hand.commit(&written);
        Ok(log.outside(step, by, edit, (written, before)))
    }
    /// Takes a write back: what it wrote, and what followed from it, is written as it was before. A write that came later is
    /// overwritten where the two meet. It is a write of its own, with an entry in the log.
    ///
    /// # Errors
    /// No entry of that number; one of a call; one whose values the log has dropped.
    pub fn undo(&mut self, entry: u64) -> Result<u64, Error> {
        let step = self.inner.n_steps();
        let (mut hand, log) = self.inner.hand();
        let e = log.get(entry).ok_or_else(|| Error::access("", format!("the log has no entry {entry}")))?;
        let Some(change) = e.change.clone() else {
            let m = "can't be taken back: the log has its digest alone";
            return Err(Error::access(&e.path, format!("entry {entry} {m}")));
        };
        let edit = Edit { path: e.path.clone(), pick: e.pick.clone(), values: e.values.to_vec() };
        let written = change.1.clone();
        let before = hand.commit(&written);
        // What was there before may be what a run that went wrong had left.
        self.unseen = true;
        Ok(log.outside(step, crate::live::By::Undo(entry), &edit, (written, before)))
    }
    /// The log of writes.
    pub fn log(&self) -> &Log {
        self.inner.log()
    }
    /// Sets how many bytes of values the log keeps; 256 MB unless it is set.
    pub fn set_log_limit(&mut self, bytes: usize) {
        self.inner.log_mut().set_limit(bytes);
    }
}

impl<T: CallReal> Sim<T> {
    fn new(program: Arc<Program>, options: Options) -> Result<Sim<T>, Error> {
        let order = program.order()?;
        let layout = Layout::new(&program);
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
        let wanted = Wanted {
            program: &program,
            order: &order,
            layout: &layout,
            passes: options.passes,
            pins: &[],
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
            log: Log::default(),
            probes: vec![],
            buffer: vec![],
            looks: vec![],
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
    fn planned(&mut self) {
        self.looks = self.written();
        self.make_pool();
    }
    fn make_pool(&mut self) {
        let parallel = self.plan.steps.parts().iter().any(|p| matches!(p, bouton_memory::Parts::Parallel(_)));
        match (parallel, &self.pool) {
            (true, None) => self.pool = Some(Pool::new(self.threads)),
            (false, _) => self.pool = None,
            _ => {}
        }
    }

    /// Initial values of all signals, and calls from their seeds.
    fn start(&mut self, what: Reset) -> Result<(), Error> {
        let program = self.program.clone();
        for (k, s) in program.signals().iter().enumerate() {
            let keep = what == Reset::KeepWeights && s.role == Role::Parameter;
            if s.view.is_some() || keep {
                continue;
            }
            let span = self.layout.span(SignalId(k as u32));
            let fresh = self.running.is_empty();
            match (s.room, &s.initial) {
                // Memory that was never written is zero, and costs nothing until it is.
                (_, Initial::Zero) if fresh => {}
                (Room::Real, Initial::Values(v)) => {
                    self.real.get_mut(span).iter_mut().zip(v.iter()).for_each(|(y, x)| *y = T::of(*x));
                }
                (Room::Real, other) => self.real.get_mut(span).fill(T::of(other.at(0))),
                (Room::Double, Initial::Values(v)) => self.double.get_mut(span).copy_from_slice(v),
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
        self.open_forms();
        self.n_steps = 0;
        self.log.clear();
        self.clear_probes();
        Ok(())
    }

    /// The seed of each operator's call, drawn in the order of the step.
    fn seeds(&self, seed: u32) -> Vec<Option<u32>> {
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

    /// Opens all forms from the signals' own memory.
    fn open_forms(&mut self) {
        let forms = std::mem::take(&mut self.plan.forms);
        let (mut hand, _) = self.parts();
        for f in forms.iter() {
            hand.refresh_form(f, true);
        }
        drop(hand);
        self.plan.forms = forms;
    }

    /// What reads and writes, and the log.
    fn parts(&mut self) -> (Hand<'_>, &mut Log) {
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
        let Sim { program, layout, plan, running, log, real, double, pool, dt, .. } = self;
        let (program, layout, plan, dt) = (&**program, &*layout, &*plan, *dt);
        let kernel = |k: usize, s: bouton_memory::Slices<'_, T>| {
            if let What::Code(code) = &plan.whats[k] {
                code.run(&at, s);
            }
        };
        run(&plan.steps, real, double, pool.as_mut(), &kernel, |k, real, double| {
            let What::Call(operator) = plan.whats[k] else { return Ok(()) };
            let Some(call) = &mut running[operator] else { return Ok(()) };
            let context = plan.turns[k].barrier.then_some(Context {
                program,
                layout,
                forms: &plan.forms,
                log,
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
        Ok(())
    }
    fn n_steps(&self) -> u64 {
        self.n_steps
    }
    fn hand(&mut self) -> (Hand<'_>, &mut Log) {
        self.parts()
    }
    fn read_into(&self, s: SignalId, out: &mut Vec<f64>) {
        let numbers = |span, out: &mut Vec<f64>| out.extend(self.real.get(span).iter().map(|v| v.f64()));
        read_signal(&self.program, &self.layout, &self.plan.forms, (&numbers, &self.double), s, out);
    }
    fn read_part(&self, s: SignalId, from: usize, to: usize, out: &mut Vec<f64>) {
        if self.plan.forms.truth(self.program.base(s)).is_some() {
            let mut all = vec![];
            self.read_into(s, &mut all);
            out.extend_from_slice(&all[from..to]);
            return;
        }
        let span = self.layout.span(s).part(from, to);
        match self.program.get(s).room {
            Room::Real => out.extend(self.real.get(span).iter().map(|v| v.f64())),
            Room::Double => out.extend_from_slice(self.double.get(span)),
        }
    }
    fn holds(&self, x: f64) -> bool {
        T::of(x).is_finite()
    }
    fn written_finite(&self) -> bool {
        self.are_finite(&self.looks)
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
        self.plan.explain(&self.program, &self.layout, size_of::<T>())
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
        &mut self.probes
    }
    fn probes_ref(&self) -> &[Probe] {
        &self.probes
    }
    fn pin(&mut self) -> Result<(), Error> {
        self.plan_anew(self.plan.passes)
    }
    fn record(&mut self) -> Result<(), (usize, Unrecorded)> {
        self.record_all()
    }
    fn save(&self) -> Result<crate::live::Checkpoint, Error> {
        self.save_all()
    }
    fn load(&mut self, c: &crate::live::Checkpoint) -> Result<(), Error> {
        self.load_all(c)
    }
}
