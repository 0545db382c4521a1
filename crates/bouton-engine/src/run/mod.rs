//! Simulations: a program that runs.

mod look;
mod probes;
mod sim;
mod state;
mod tally;

use std::sync::Arc;

use bouton_core::Error;
use bouton_kernels::Level;

use crate::calls::Address;
use crate::live::{Edit, Log, Pick, read_knob};
use crate::plan::Passes;
use crate::probes::Unrecorded;
use crate::program::{Program, SignalId};
use sim::{Inner, Sim};
pub use tally::Tallied;

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

    /// Goes on after a step that a call ended: it stays half done, and the next is the next. For who takes what ended it for no
    /// fault of the simulation's, as another language's exception.
    pub fn go_on(&mut self) {
        (self.failed, self.unseen) = (None, true);
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
    /// Keeps signals as numbers at addresses that never change, for someone who reads and writes them there: between steps, or in
    /// [calls](crate::Sees::Memory) whose operands they are. From now on every operator that touches them runs as itself. What is
    /// written so is in no log.
    ///
    /// # Errors
    /// No memory for another plan; the old one stays.
    pub fn hold(&mut self, signals: &[SignalId]) -> Result<(), Error> {
        self.unseen = true;
        self.inner.hold(signals, false)
    }
    /// Makes a plan in which any call that [may](crate::Sees::Held) can ask for any signal in the middle of a step: what stands in it
    /// there is what the operators one by one would have made of it.
    ///
    /// # Errors
    /// Those of [`hold`](Simulation::hold).
    pub fn hold_any(&mut self) -> Result<(), Error> {
        self.inner.hold(&[], true)
    }
    /// Whether steps store a signal, or hand it on within a kernel, so that it stands as it was.
    pub fn stores(&self, s: SignalId) -> bool {
        self.inner.stores(s)
    }
    /// Where a signal lies, from its first element to its last; a part of the columns of a matrix with what is between. Good for
    /// as long as what is returned lives. What is found there is the signal where it is [held](Simulation::hold), or an operand of
    /// a call that sees memory.
    pub fn address(&self, s: SignalId) -> Address {
        self.inner.address(s)
    }
    /// Sets a signal between steps, past the door: for a front end with paths and a log of its own. Forms are opened from it.
    ///
    /// # Panics
    /// With other than one value an element.
    pub fn put_signal(&mut self, s: SignalId, values: &[f64]) {
        assert_eq!(values.len(), self.program.get(s).len());
        self.unseen = true;
        self.inner.put(s, values);
    }
    /// Sets how many steps were taken: the next is one more.
    pub fn set_n_steps(&mut self, steps: u64) {
        self.looked = steps;
        self.inner.set_steps(steps);
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
    /// No entry of that number; one of a call; one that the log no longer has, or whose values it has dropped; one that a
    /// checkpoint file had.
    pub fn undo(&mut self, entry: u64) -> Result<u64, Error> {
        let step = self.inner.n_steps();
        let (mut hand, log) = self.inner.hand();
        let (e, change) = log.undoing(entry)?;
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
    /// Takes the entries out of the log, oldest first; the next write has the next number. For writing the log of a long run
    /// in pieces. What was taken out can't be undone by its number.
    pub fn take_log(&mut self) -> Vec<crate::live::Entry> {
        self.inner.log_mut().take()
    }
    /// Sets how many bytes of values the log keeps; 256 MB unless it is set.
    pub fn set_log_limit(&mut self, bytes: usize) {
        self.inner.log_mut().set_limit(bytes);
    }
}
