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
/// callbacks run again, and what they write is compared. Of the log one entry is held at a time, so that one in a file may
/// be longer than memory.
pub struct Replay<'a> {
    entries: Box<dyn Iterator<Item = Result<Entry, Error>> + 'a>,
    /// The next entry, once it was looked at.
    ahead: Option<Entry>,
    next: u64,
}

impl std::fmt::Debug for Replay<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Replay(at entry {})", self.next)
    }
}

impl<'a> Replay<'a> {
    /// The writes of a log, oldest first. All are looked at now.
    ///
    /// # Errors
    /// A log that has lost entries; an entry whose values the log has dropped: it can't be done again.
    pub fn new(log: impl IntoIterator<Item = &'a Entry>) -> Result<Replay<'a>, Error> {
        let entries: Vec<&Entry> = log.into_iter().collect();
        for (k, e) in (0..).zip(&entries) {
            can_be_done(k, e)?;
        }
        Ok(Replay::of(entries.into_iter().map(|e| Ok(e.without_undo()))))
    }
    /// The writes that an iterator gives, oldest first, the number 0 at the beginning. Each is looked at when it comes.
    pub fn of(entries: impl Iterator<Item = Result<Entry, Error>> + 'a) -> Replay<'a> {
        Replay { entries: Box::new(entries), ahead: None, next: 0 }
    }
    /// The next entry, if there is one.
    fn ahead(&mut self) -> Result<Option<&Entry>, Error> {
        if self.ahead.is_none()
            && let Some(e) = self.entries.next().transpose()?
        {
            can_be_done(self.next, &e)?;
            self.ahead = Some(e);
        }
        Ok(self.ahead.as_ref())
    }
    /// Entries that were done again or compared.
    pub fn done(&self) -> u64 {
        self.next
    }
    /// The number of steps after which the next entry is to be done or compared.
    ///
    /// # Errors
    /// An entry that can't be read, or done again.
    pub fn next_step(&mut self) -> Result<Option<u64>, Error> {
        Ok(self.ahead()?.map(|e| e.step))
    }
    /// Does the writes that are due after the steps that the simulator has taken, having compared what callbacks have
    /// written until then.
    ///
    /// # Errors
    /// A write that the log doesn't have at this place, or that has another digest, or that nothing made; the step and the
    /// path are named. An entry that can't be read, or done again.
    pub fn apply(&mut self, sim: &mut Simulator) -> Result<(), Error> {
        loop {
            self.compare(sim)?;
            let step = sim.n_steps();
            let Some(e) = self.ahead()?.filter(|e| e.step <= step) else { return Ok(()) };
            match e.by {
                By::Outside if e.step == step => sim.write(&e.path, e.pick.clone(), e.values.to_vec())?,
                By::Undo(k) if e.step == step => sim.undo(k)?,
                _ => return Err(left_out(e)),
            };
        }
    }
    /// Compares the simulator's log, as far as it goes, with this one.
    ///
    /// # Errors
    /// The first entry that is another; one that can't be read.
    pub fn compare(&mut self, sim: &Simulator) -> Result<(), Error> {
        // Numbers follow each other; the first entries may be gone.
        let first = sim.log().entries().next().map_or(0, |e| e.number);
        for here in sim.log().entries().skip(self.next.saturating_sub(first) as usize) {
            let there = self.ahead()?;
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
            self.ahead = None;
            self.next += 1;
        }
        Ok(())
    }
    /// That nothing of the log up to the steps that the simulator has taken is left undone.
    ///
    /// # Errors
    /// The first entry that is left; one that can't be read.
    pub fn finish(&mut self, sim: &Simulator) -> Result<(), Error> {
        self.compare(sim)?;
        let step = sim.n_steps();
        let left = |e: &&Entry| e.step < step || (e.step == step && matches!(e.by, By::Call(_)));
        self.ahead()?.filter(left).map_or(Ok(()), |e| Err(left_out(e)))
    }
}

/// Refuses an entry that isn't the one of this number, or that has lost its values.
fn can_be_done(number: u64, e: &Entry) -> Result<(), Error> {
    if e.number != number {
        let m =
            format!("the log has lost entry {number}; take it out in pieces with `take_log`, or run shorter");
        return Err(Error::access("", m));
    }
    if matches!(e.by, By::Call(_)) || e.is_whole() {
        return Ok(());
    }
    let m = format!(
        "entry {number} of the log has lost its values and can't be replayed; give the log more room with `set_log_limit`, or \
         take its entries out in time with `take_log`"
    );
    Err(Error::access(&e.path, m))
}

/// The error of an entry that nothing wrote.
fn left_out(e: &Entry) -> Error {
    let m = format!(
        "the replay differs in step {}: the log has a write there (entry {}), and nothing wrote",
        e.step, e.number
    );
    Error::run(&e.path, m)
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
            let next = replay.next_step()?.unwrap_or(step).clamp(self.n_steps() + 1, step);
            self.run_steps(next - self.n_steps())?;
        }
        replay.finish(self)
    }
}
