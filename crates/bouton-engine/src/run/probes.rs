//! Probes while a simulation runs: attached, asked, detached.

use std::collections::HashSet;

use bouton_core::Error;
use bouton_memory::room;

use super::{Sim, Simulation};
use crate::calls::{CallReal, Seen};
use crate::live::CheckpointProbe;
use crate::probes::{Observe, ObserveId, Probe, Recorded, Samples, Unrecorded};
use crate::program::{Role, Room, SignalId};

impl Simulation {
    /// Attaches a probe, from the next step on. Nothing else changes: not a bit of what follows. A filter begins at zero; before
    /// the first step behind a [`load`](Simulation::load) it goes on from the state that the checkpoint has of it.
    ///
    /// # Errors
    /// Rows or elements that the signal doesn't have.
    pub fn attach(&mut self, what: Observe) -> Result<ObserveId, Error> {
        self.attach_all(vec![what]).map(|ids| ids[0])
    }
    /// Attaches several, with one new plan at most.
    ///
    /// # Errors
    /// Those of [`attach`](Simulation::attach); then none is attached.
    pub fn attach_all(&mut self, what: Vec<Observe>) -> Result<Vec<ObserveId>, Error> {
        for w in &what {
            let rows = self.program.get(w.signal).rows;
            if let Some(r) = w.rows.iter().flatten().find(|r| **r >= rows) {
                return Err(Error::access(&w.of, format!("row {r} is out of range, there are {rows}")));
            }
            let picked = w.elements.iter().flatten().map(|k| (w.signal, *k)).chain(w.when.iter().copied());
            if let Some((s, k)) = picked.into_iter().find(|(s, k)| *k >= self.program.get(*s).len()) {
                let s = self.program.get(s);
                let m = format!("element {k} of `{}` is out of range, there are {}", s.name, s.len());
                return Err(Error::access(&w.of, m));
            }
        }
        let before = self.inner.probes_ref().len();
        let ids: Vec<ObserveId> = what.into_iter().map(|w| self.add(w)).collect();
        if self.pins(&ids).into_iter().any(|s| !self.inner.stores(s))
            && let Err(e) = self.inner.pin()
        {
            self.inner.probes().truncate(before);
            return Err(e);
        }
        self.inner.begin_probes(before);
        Ok(ids)
    }
    /// A probe that no plan knows of yet.
    fn add(&mut self, what: Observe) -> ObserveId {
        let s = self.program.get(what.signal);
        let (rows, cols) = (s.rows, s.cols);
        let (rows, width) = what.shape(rows, cols);
        let width = rows * width;
        let probes = self.inner.probes();
        let id = ObserveId(probes.iter().map(|p| p.id.0 + 1).max().unwrap_or(0));
        let state = what.filter.as_ref().map_or(0, |f| f.states() * width);
        let filtered = if what.filter.is_some() { width } else { 0 };
        probes.push(Probe {
            id,
            recorded: Recorded::new(width, what.events && what.filter.is_none()),
            cols,
            filtered: vec![0.0; filtered],
            state: vec![0.0; state],
            plain: None,
            what,
        });
        id
    }
    /// Signals that a plan has to store for probes, if it doesn't anyway.
    fn pins(&self, ids: &[ObserveId]) -> Vec<SignalId> {
        let looks_at = ids.iter().filter_map(|id| self.probe(*id).ok()).flat_map(|p| p.what.looks_at());
        let all: HashSet<SignalId> = looks_at.collect();
        let own = |s: &SignalId| {
            let s = self.program.get(*s);
            s.room == Room::Real && s.role != Role::Parameter
        };
        all.into_iter().filter(own).collect()
    }
    /// Detaches a probe and returns what it has recorded.
    ///
    /// # Errors
    /// There is no such probe.
    pub fn detach(&mut self, id: ObserveId) -> Result<Recorded, Error> {
        let recorded = self.detach_all(&[id])?;
        recorded.into_iter().next().ok_or_else(|| no_probe(id))
    }
    /// Detaches several, with one new plan at most, and returns what each has recorded.
    ///
    /// # Errors
    /// There is no such probe, or one is named twice; then none is detached.
    pub fn detach_all(&mut self, ids: &[ObserveId]) -> Result<Vec<Recorded>, Error> {
        for (k, id) in ids.iter().enumerate() {
            self.position(*id)?;
            if ids[..k].contains(id) {
                return Err(no_probe(*id));
            }
        }
        let pin = self.pins(ids).into_iter().any(|s| self.inner.pinned(s));
        let mut recorded = vec![];
        for id in ids {
            let k = self.position(*id)?;
            recorded.push(self.inner.probes().remove(k).recorded);
        }
        if pin {
            self.inner.pin()?;
        }
        Ok(recorded)
    }
    fn position(&self, id: ObserveId) -> Result<usize, Error> {
        self.inner.probes_ref().iter().position(|p| p.id == id).ok_or_else(|| no_probe(id))
    }
    fn probe(&self, id: ObserveId) -> Result<&Probe, Error> {
        Ok(&self.inner.probes_ref()[self.position(id)?])
    }
    /// What a probe records.
    ///
    /// # Errors
    /// There is no such probe.
    pub fn observed(&self, id: ObserveId) -> Result<&Observe, Error> {
        self.probe(id).map(|p| &p.what)
    }
    /// Rows and columns of what a probe records in a sample: a vector has one column.
    ///
    /// # Errors
    /// There is no such probe.
    pub fn sample_shape(&self, id: ObserveId) -> Result<(usize, usize), Error> {
        let p = self.probe(id)?;
        let cols = p.what.shape(1, p.cols).1;
        Ok((p.recorded.width() / cols.max(1), cols))
    }
    /// What a probe has recorded, as rows.
    ///
    /// # Errors
    /// There is no such probe, or no memory for a copy.
    pub fn samples(&self, id: ObserveId) -> Result<Samples, Error> {
        let p = self.probe(id)?;
        room::fits(p.recorded.bytes_as_rows()).map_err(|m| no_copy(p, &m))?;
        Ok(p.recorded.samples())
    }
    /// Whether [`Recorded::into_samples`] of what a probe has recorded fits the memory there is: spikes are kept as events,
    /// and take more as rows.
    ///
    /// # Errors
    /// There is no such probe, or no memory.
    pub fn rows_fit(&self, id: ObserveId) -> Result<(), Error> {
        let p = self.probe(id)?;
        match &p.recorded {
            Recorded::Rows(_) => Ok(()),
            events => room::fits(events.bytes_as_rows()).map_err(|m| no_copy(p, &m)),
        }
    }
    /// What a probe has recorded since it was last drained, as it is kept; the simulation forgets it. For writing long runs
    /// in blocks.
    ///
    /// # Errors
    /// There is no such probe.
    pub fn drain(&mut self, id: ObserveId) -> Result<Recorded, Error> {
        let k = self.position(id)?;
        Ok(self.inner.probes()[k].recorded.take())
    }
    /// Moves the values that a probe has recorded behind others, as rows: what [`drain`](Simulation::drain) gives, without memory
    /// that is taken anew each time. For whoever drains after every step.
    ///
    /// # Errors
    /// There is no such probe.
    pub fn drain_values(&mut self, id: ObserveId, to: &mut Vec<f64>) -> Result<(), Error> {
        let k = self.position(id)?;
        self.inner.probes()[k].recorded.move_values(to);
        Ok(())
    }
    /// Forgets what all probes have recorded.
    pub fn clear_recordings(&mut self) {
        self.inner.probes().iter_mut().for_each(|p| drop(p.recorded.take()));
    }
}

/// What a probe has recorded can't be copied.
fn no_probe(id: ObserveId) -> Error {
    Error::access("", format!("there is no probe {}", id.0))
}

fn no_copy(p: &Probe, m: &str) -> Error {
    let rows = p.recorded.steps().len();
    let m = format!(
        "what was recorded, as {rows} rows, {m}; take it in parts while it runs (`take`), or sample less often"
    );
    Error::access(&p.what.of, m)
}

impl<T: CallReal> Sim<T> {
    pub(super) fn clear_probes(&mut self) {
        self.idle = 0;
        for p in &mut self.probes {
            p.recorded.take();
            p.filtered.fill(0.0);
            p.state.fill(0.0);
        }
    }

    /// Gives the filters of probes from position `from` on what the checkpoint that was loaded has of them: of several of one
    /// description the first takes the first. What is left waits for probes that are attached before the next step.
    pub(super) fn take_filters(&mut self, from: usize) {
        for p in self.probes[from..].iter_mut().filter(|p| p.what.filter.is_some()) {
            let fits = |s: &CheckpointProbe| {
                s.of == p.what.of && (s.filtered.len(), s.state.len()) == (p.filtered.len(), p.state.len())
            };
            if let Some(k) = self.waiting.iter().position(fits) {
                let s = self.waiting.remove(k);
                (p.filtered, p.state) = (s.filtered, s.state);
            }
        }
    }

    /// Finds where the samples of probes from position `from` on lie as they are.
    pub(super) fn find_plain(&mut self, from: usize) {
        let Sim { probes, program, plan, layout, .. } = self;
        for p in &mut probes[from..] {
            let (id, s) = (p.what.signal, program.get(p.what.signal));
            let as_it_is =
                s.room == Room::Real && s.contiguous() && plan.forms.truth(program.base(id)).is_none();
            p.plain = (p.what.is_plain() && as_it_is).then(|| plan.forms.span(program, layout, id));
        }
    }

    /// Takes the samples of a step. An error is the first probe that something is wrong with; all others have recorded then.
    pub(super) fn record_all(&mut self) -> Result<(), (usize, Unrecorded)> {
        let (step, single) = (self.n_steps, size_of::<T>() == size_of::<f32>());
        // Many that sample seldom are not asked one by one in every step.
        if step <= self.idle {
            return Ok(());
        }
        self.idle = self.probes.iter().map(|p| p.idle_until(step)).min().unwrap_or(u64::MAX);
        let mut bad = None;
        let (mut probes, mut buffer) = (std::mem::take(&mut self.probes), std::mem::take(&mut self.buffer));
        for (k, p) in probes.iter_mut().enumerate() {
            // A filter runs in every step, whether it is sampled or not.
            if !p.due(step) && p.what.filter.is_none() {
                continue;
            }
            // Most of them. What follows would take as long as a small population, and longer where it was driven out of a cache.
            if let Some(span) = p.plain
                && let Seen::F64(row) = T::seen(self.real.get(span))
            {
                if let Err(why) = p.recorded.sample(step, row, self.level) {
                    bad = bad.or(Some((k, why)));
                }
                continue;
            }
            if !p.what.when.is_empty() {
                let hand = self.parts().0;
                if p.what.when.iter().all(|(s, k)| hand.element(*s, *k) == 0.0) {
                    continue;
                }
            }
            buffer.clear();
            // Of a large matrix the buffer alone is much.
            let len = p.what.elements.as_ref().map_or(self.program.get(p.what.signal).len(), Vec::len);
            if let Err(m) = room::reserve(&mut buffer, len) {
                bad = bad.or(Some((k, Unrecorded::NoRoom(m))));
                continue;
            }
            match &p.what.elements {
                None => super::Inner::read_into(self, p.what.signal, &mut buffer),
                Some(at) => {
                    let hand = self.parts().0;
                    buffer.extend(at.iter().map(|k| hand.element(p.what.signal, *k)));
                }
            }
            if let Some(rows) = &p.what.rows {
                let all = std::mem::take(&mut buffer);
                buffer.extend(rows.iter().flat_map(|r| &all[r * p.cols..(r + 1) * p.cols]));
            }
            if p.what.inverse {
                buffer.iter_mut().for_each(|x| *x = 1.0 / *x);
            }
            if p.what.norm.is_moved() {
                let s = self.program.get(p.what.signal);
                let start = s.initial.elements();
                let began = |k: usize| match s.room {
                    Room::Real => T::of(start(k)).f64(),
                    _ => start(k),
                };
                let began = |k: usize| if p.what.inverse { 1.0 / began(k) } else { began(k) };
                for (n, x) in buffer.iter_mut().enumerate() {
                    let row = p.what.rows.as_ref().map_or(n / p.cols, |rows| rows[n / p.cols]);
                    *x -= began(row * p.cols + n % p.cols);
                }
            }
            p.what.norm.take(&mut buffer, p.cols);
            // A filter delivers what it had at the end of the step before.
            if p.due(step) {
                let sample = if p.what.filter.is_some() { &p.filtered } else { &buffer };
                if let Err(why) = p.recorded.sample(step, sample, self.level) {
                    bad = bad.or(Some((k, why)));
                }
            }
            p.filter(&buffer, single);
        }
        (self.probes, self.buffer) = (probes, buffer);
        bad.map_or(Ok(()), Err)
    }
}
