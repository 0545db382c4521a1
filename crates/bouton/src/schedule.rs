//! What happens to a simulator from outside while it runs: commands at their times, and writes that are done again.

use bouton_core::Error;
use bouton_engine::{By, Edit, Entry, Pick};
use bouton_model::{Action, Command, ConnectionId, Part, To, When};

use crate::Simulator;

/// Commands that wait for their steps. What is due follows from the number of steps alone, so that a run that is loaded
/// from a checkpoint goes on with the commands that come then.
///
/// ```
/// use bouton::model::{Action, Command, Part, To, When};
/// use bouton::prelude::*;
/// use bouton::Schedule;
///
/// let mut net = Network::with_seed(1);
/// net.ensemble("a", Ensemble::new(10, 1));
/// let mut sim = Simulator::new(&net)?;
/// let what = Action::Set { path: "a.bias".into(), part: Part::All, to: To::Number(0.5) };
/// let schedule = Schedule::new(&mut sim, &[Command { when: When::At(0.01), what, place: String::new() }])?;
/// schedule.run_to(&mut sim, 20)?;
/// assert_eq!(sim.log().entries().next().map(|e| e.step), Some(10));
/// # Ok::<(), bouton::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    dt: f64,
    commands: Vec<(Command, What)>,
}

#[derive(Clone, Debug)]
enum What {
    Write(Edit),
    Frozen(ConnectionId, bool),
}

impl Schedule {
    /// Commands for a simulator, in the order in which those of one step are carried out. All are checked as things stand
    /// now, before anything runs.
    ///
    /// # Errors
    /// A time that makes no sense; a path or a connection that isn't there, with the nearest that is; values that aren't as
    /// many as were picked, or that can't be written.
    pub fn new(sim: &mut Simulator, commands: &[Command]) -> Result<Schedule, Error> {
        let dt = sim.dt();
        let mut out = Schedule { dt, commands: vec![] };
        for c in commands {
            let about = |e: Error| {
                let m = if e.object().is_empty() {
                    e.message().into()
                } else {
                    format!("`{}`: {}", e.object(), e.message())
                };
                Error::new(e.kind(), c.place.clone(), m)
            };
            check_times(&c.when, dt).map_err(|m| Error::model(c.place.clone(), m))?;
            let what = match &c.what {
                Action::Set { path, part, to } => {
                    let edit = edit(sim, path, *part, to).map_err(about)?;
                    sim.simulation_mut().check(&edit).map_err(about)?;
                    What::Write(edit)
                }
                Action::Freeze(name) => What::Frozen(learner(sim, name).map_err(about)?, true),
                Action::Thaw(name) => What::Frozen(learner(sim, name).map_err(about)?, false),
            };
            out.commands.push((c.clone(), what));
        }
        Ok(out)
    }
    /// Whether there are no commands.
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }
    /// The first step, at or behind `step`, before which something is to be done.
    pub fn next_step(&self, step: u64) -> Option<u64> {
        self.commands.iter().filter_map(|(c, _)| self.next_of(&c.when, step)).min()
    }
    /// Carries out what is due after the steps that the simulator has taken: writes like all others, in the log.
    ///
    /// # Errors
    /// What can't be written; the command is named.
    pub fn apply(&self, sim: &mut Simulator) -> Result<(), Error> {
        let step = sim.n_steps();
        for (c, what) in &self.commands {
            if self.next_of(&c.when, step) != Some(step) {
                continue;
            }
            let done = match what {
                What::Write(e) => sim.write(&e.path, e.pick.clone(), e.values.clone()).map(|_| ()),
                What::Frozen(id, true) => sim.freeze(*id),
                What::Frozen(id, false) => sim.unfreeze(*id),
            };
            done.map_err(|e| Error::caused(e.kind(), c.place.clone(), e))?;
        }
        Ok(())
    }
    /// Runs until `step` steps have been taken, with commands on the way. Those that are due at `step` itself wait for the
    /// run that goes on from there.
    ///
    /// # Errors
    /// Those of [`apply`](Schedule::apply) and of the run.
    pub fn run_to(&self, sim: &mut Simulator, step: u64) -> Result<(), Error> {
        while sim.n_steps() < step {
            self.apply(sim)?;
            let next = self.next_step(sim.n_steps() + 1).unwrap_or(step).min(step);
            sim.run_steps(next - sim.n_steps())?;
        }
        Ok(())
    }

    fn next_of(&self, when: &When, step: u64) -> Option<u64> {
        match when {
            When::At(t) => Some(steps(*t, self.dt)).filter(|k| *k >= step),
            When::Every { every, from, until } => {
                let at = |n: f64| steps(from + n * every, self.dt);
                // One before the estimate, since times are rounded to steps.
                let mut n = ((step as f64 * self.dt - from) / every).floor().max(1.0) - 1.0;
                while at(n) < step {
                    n += 1.0;
                }
                let last = until.map_or(u64::MAX, |t| steps(t, self.dt));
                Some(at(n)).filter(|k| *k <= last)
            }
        }
    }
}

/// Whole steps in a time.
fn steps(t: f64, dt: f64) -> u64 {
    (t / dt).round() as u64
}

fn check_times(when: &When, dt: f64) -> Result<(), String> {
    let time = |name: &str, t: f64| {
        // Beyond 2^53 steps can't be counted.
        if t.is_finite() && t >= 0.0 && t / dt <= 9e15 {
            Ok(())
        } else {
            Err(format!("`{name}` must be a time (s), at least 0, found {t}"))
        }
    };
    match when {
        When::At(t) => time("at", *t),
        When::Every { every, from, until } => {
            time("every", *every)?;
            time("from", *from)?;
            if *every < dt * (1.0 - 1e-9) {
                return Err(format!("`every` must be at least a time step of {dt} s, found {every}"));
            }
            let Some(until) = until else { return Ok(()) };
            time("until", *until)?;
            if until < from {
                return Err(format!(
                    "`until` ({until} s) is before `from` ({from} s): nothing would ever be done"
                ));
            }
            Ok(())
        }
    }
}

/// The write of a command.
fn edit(sim: &Simulator, path: &str, part: Part, to: &To) -> Result<Edit, Error> {
    let program = sim.simulation().program();
    let s = program.get(program.knobs().find(path)?.signal);
    let (pick, shape) = match part {
        Part::All => (Pick::All, (s.rows, s.cols)),
        Part::Row(r) => (Pick::Row(r), (1, s.cols)),
        Part::Column(c) => (Pick::Column(c), (s.rows, 1)),
        Part::Element(r, c) => (Pick::Element(r, c), (1, 1)),
    };
    let count = shape.0 * shape.1;
    let wrong = |found: String| {
        Error::access(
            path,
            format!("`to` takes a number, or {count} in the shape {} × {}; found {found}", shape.0, shape.1),
        )
    };
    let values = match to {
        To::Number(x) => vec![*x; count],
        To::List(v) if v.len() == count => v.clone(),
        To::List(v) => return Err(wrong(format!("a list of {}", v.len()))),
        To::Rows(rows) if rows.len() == shape.0 && rows.iter().all(|r| r.len() == shape.1) => rows.concat(),
        To::Rows(rows) => {
            let width = rows.first().map_or(0, Vec::len);
            return Err(wrong(format!("{} rows, the first of {width}", rows.len())));
        }
    };
    Ok(Edit { path: path.into(), pick, values })
}

/// The connection of a name, which has a rule to stop.
fn learner(sim: &mut Simulator, name: &str) -> Result<ConnectionId, Error> {
    let net = sim.network();
    let Some(c) = net.connections().find(|c| sim.views().names().connection(*c) == name) else {
        let names: Vec<&str> = net.connections().map(|c| sim.views().names().connection(c)).collect();
        let hint = match bouton_model::nearest(name, names.iter().copied()) {
            Some(n) => format!("; did you mean `{n}`?"),
            None if names.is_empty() => String::new(),
            None => format!("; there are: {}", names.join(", ")),
        };
        return Err(Error::access(name, format!("there is no connection of that name{hint}")));
    };
    if sim.network().get_connection(c).is_none_or(|(.., c)| c.rules.is_empty()) {
        return Err(Error::access(name, "the connection has no learning rule, and so nothing to stop"));
    }
    Ok(c)
}

/// Writes of a log, to be done again by another simulator of the same network. Those of callbacks are not done: the
/// callbacks run again, and what they write is compared.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    entries: Vec<Entry>,
    next: usize,
}

impl Replay {
    /// The writes of a log, oldest first.
    ///
    /// # Errors
    /// An entry whose values the log has dropped: it can't be done again.
    pub fn new<'a>(log: impl IntoIterator<Item = &'a Entry>) -> Result<Replay, Error> {
        let entries: Vec<Entry> = log.into_iter().map(Entry::without_undo).collect();
        if entries.first().is_some_and(|e| e.number > 0) {
            return Err(Error::access("", "the log has lost its first entries; a shorter run keeps all"));
        }
        if let Some(e) = entries.iter().find(|e| !matches!(e.by, By::Call(_)) && !e.is_whole()) {
            let m = format!(
                "entry {} of the log has lost its values and can't be replayed; give the log more room with `set_log_limit`",
                e.number
            );
            return Err(Error::access(&e.path, m));
        }
        Ok(Replay { entries, next: 0 })
    }
    /// The number of steps after which the next write from outside is due.
    pub fn next_step(&self) -> Option<u64> {
        self.entries[self.next..].iter().find(|e| !matches!(e.by, By::Call(_))).map(|e| e.step)
    }
    /// Does the writes that are due after the steps that the simulator has taken, having compared what callbacks have
    /// written until then.
    ///
    /// # Errors
    /// A write that the log doesn't have at this place, or that has another digest; the step and the path are named.
    pub fn apply(&mut self, sim: &mut Simulator) -> Result<(), Error> {
        loop {
            self.compare(sim)?;
            let Some(e) = self.entries.get(self.next).filter(|e| e.step == sim.n_steps()).cloned() else {
                return Ok(());
            };
            match e.by {
                By::Outside => sim.write(&e.path, e.pick.clone(), e.values.to_vec())?,
                By::Undo(k) => sim.undo(k)?,
                // The call comes in a step that wasn't taken yet.
                By::Call(_) => return Ok(()),
            };
            self.compare(sim)?;
        }
    }
    /// Compares the simulator's log, as far as it goes, with this one.
    ///
    /// # Errors
    /// The first entry that is another.
    pub fn compare(&mut self, sim: &Simulator) -> Result<(), Error> {
        // Numbers follow each other; the first entries may be gone.
        let first = sim.log().entries().next().map_or(0, |e| e.number as usize);
        for here in sim.log().entries().skip(self.next.saturating_sub(first)) {
            let there = self.entries.get(self.next);
            let same = there.is_some_and(|e| {
                (e.number, e.step, e.digest) == (here.number, here.step, here.digest)
                    && e.path == here.path
                    && e.by == here.by
            });
            if !same {
                let was = there.map_or("nothing".into(), |e| {
                    format!("entry {} (`{}`, step {}, digest {:016x})", e.number, e.path, e.step, e.digest)
                });
                let m = format!(
                    "the replay differs in step {}: it wrote entry {} with the digest {:016x}, and the log has {was} there",
                    here.step, here.number, here.digest
                );
                return Err(Error::run(&here.path, m));
            }
            self.next += 1;
        }
        Ok(())
    }
    /// That nothing of the log up to `step` is left undone.
    ///
    /// # Errors
    /// The first entry that is left.
    pub fn finish(&mut self, sim: &Simulator) -> Result<(), Error> {
        self.compare(sim)?;
        let step = sim.n_steps();
        let missing = self
            .entries
            .get(self.next)
            .filter(|e| e.step < step || (e.step == step && matches!(e.by, By::Call(_))));
        match missing {
            None => Ok(()),
            Some(e) => {
                let m = format!(
                    "the replay differs in step {}: the log has a write there (entry {}), and nothing wrote",
                    e.step, e.number
                );
                Err(Error::run(&e.path, m))
            }
        }
    }
}

impl Simulator {
    /// Repeats the writes of a log at their steps, running from where the simulator stands (the start, of the same network
    /// with the same options) until `step` steps have been taken. Callbacks run again, and the digests of what they write
    /// are compared with those in the log.
    ///
    /// # Errors
    /// A log that has lost values; the first write that differs, with its step and path; those of a run.
    pub fn replay<'a>(&mut self, log: impl IntoIterator<Item = &'a Entry>, step: u64) -> Result<(), Error> {
        let mut replay = Replay::new(log)?;
        while self.n_steps() < step {
            replay.apply(self)?;
            // A step, once the log has writes of calls in it: the first that differs is then the one that is named.
            let next = replay.next_step().unwrap_or(step).clamp(self.n_steps() + 1, step);
            self.run_steps(next - self.n_steps())?;
        }
        replay.finish(self)
    }
}
