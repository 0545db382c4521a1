//! What of a simulation outlives a plan, and what outlives the simulation.

use bouton_core::Error;
use bouton_memory::{Room, Span};

use super::{Precision, Sim, Simulation};
use crate::calls::CallReal;
use crate::live::{
    Checkpoint, CheckpointProbe, Edit, Loaded, Pick, SavedCall, SavedForm, SavedSignal, Values,
};
use crate::plan::{Passes, Plan, Wanted};
use crate::program::{Op, Role, SignalId, Writes};

impl Simulation {
    /// All that the simulation goes on from.
    ///
    /// # Errors
    /// A call that holds something it can't save; it is named. A simulation that has failed.
    pub fn save(&self) -> Result<Checkpoint, Error> {
        if let Some(e) = &self.failed {
            return Err(Error::run(
                e.object(),
                format!("a run that went wrong can't be saved: {}", e.message()),
            ));
        }
        self.inner.save()
    }
    /// Goes on from a checkpoint of the same program: what runs afterwards has the bits that the saved simulation would
    /// have had. Recordings are cleared.
    ///
    /// Returns what the probes looked at whose filters have state in the checkpoint and that aren't attached here. That state
    /// waits: a probe of the same description (path, number of values, order of the filter) that is attached before the next
    /// step goes on from it, and a checkpoint that is saved before has it too. With the next step it is out of date, and
    /// forgotten.
    ///
    /// # Errors
    /// A checkpoint of another program, number type or time step; what differs is named, and nothing is changed.
    pub fn load(&mut self, c: &Checkpoint) -> Result<Vec<String>, Error> {
        let waiting = self.inner.load(c)?;
        (self.failed, self.stepping, self.looked, self.unseen) = (None, false, c.step, true);
        Ok(waiting)
    }
    /// Sets parameters by name from a checkpoint of another program: those whose names begin with one of `prefixes` (all
    /// parameters that can be written if there is none). Each is a write, checked and logged.
    ///
    /// # Errors
    /// With `strict`, anything that is missing or of another shape; nothing is written then. A value that is refused.
    pub fn load_by_name(&mut self, c: &Checkpoint, prefixes: &[&str], strict: bool) -> Result<Loaded, Error> {
        let mut report = Loaded::default();
        let mut edits = vec![];
        let wanted = |path: &str| prefixes.is_empty() || prefixes.iter().any(|p| path.starts_with(p));
        for (path, knob) in self.program.knobs().iter() {
            let s = self.program.get(knob.signal);
            if !wanted(path) || s.role != Role::Parameter || matches!(knob.writes, Writes::Never(_)) {
                continue;
            }
            // A part of a signal is saved with the whole.
            let base = self.program.get(self.program.base(knob.signal));
            match c.get(&base.name) {
                None => report.missing.push(path.into()),
                Some(v) if v.shape != (base.rows, base.cols) || v.values.len() != base.len() => {
                    report.other_shape.push(path.into());
                }
                Some(v) => {
                    let (all, offset) = (v.values.wide(), s.view.map_or(0, |v| v.offset));
                    let at = (0..s.rows).flat_map(|r| (0..s.cols).map(move |c| (r, c)));
                    let values = at.map(|(r, c)| all[offset + r * s.stride() + c]).collect();
                    edits.push(Edit { path: path.into(), pick: Pick::All, values });
                    report.matched.push(path.into());
                }
            }
        }
        let names = self.program.by_name();
        report.unused =
            c.signals.iter().filter(|s| !names.contains_key(&*s.name)).map(|s| s.name.clone()).collect();
        if strict && let Some(path) = report.missing.iter().chain(&report.other_shape).next() {
            let what = if report.missing.contains(path) {
                "the checkpoint doesn't have it"
            } else {
                "it has another shape there"
            };
            return Err(Error::access(
                path.clone(),
                format!("{what}; nothing was written. Load without `strict` to take what matches"),
            ));
        }
        for e in edits {
            self.apply(&e)?;
        }
        Ok(report)
    }
}

/// Numbers that are handed over at a time.
const PIECE: usize = 1 << 16;

/// From here on a clock of 64-bit floats stands still.
const MOST_STEPS: u64 = 1 << 53;

fn fault(name: &str, m: impl Into<String>) -> Error {
    Error::access(name, format!("the checkpoint is of another model: {}. Nothing was changed", m.into()))
}

impl<T: CallReal> Sim<T> {
    fn precision() -> Precision {
        if size_of::<T>() == size_of::<f32>() { Precision::F32 } else { Precision::F64 }
    }

    /// A new plan over the same memory. Forms that both plans have go over as they are.
    pub(super) fn plan_anew(&mut self, passes: Passes) -> Result<(), Error> {
        // Another plan may store what this one only hands on.
        for (s, to) in self.plan.forms.handed() {
            let handed = self.real.get(*to).to_vec();
            self.real.get_mut(self.layout.span(*s)).copy_from_slice(&handed);
        }
        let pins = self.pins();
        let mut wanted = self.wanted(passes, &pins, &[]);
        // Forms that lie where they lay stay there: a large one isn't held twice, not even for a moment.
        let plan = Plan::new(&wanted)?;
        if plan.own == self.plan.own && plan.forms.same(&self.plan.forms) {
            self.plan = plan;
            self.planned();
            return self.plan_tallies();
        }
        wanted.own = (self.real.next(), self.double.next());
        let plan = Plan::new(&wanted)?;
        let no_room = |m: String| Error::build("", format!("the forms of the plan: {m}"));
        let real = self.real.add(plan.own[0]).map_err(no_room)?;
        if let Err(m) = self.double.add(plan.own[1]) {
            self.real.remove(real);
            return Err(no_room(m));
        }
        // What was kept in another way goes back to its own memory, what is kept in the same way is handed over.
        let old = std::mem::replace(&mut self.plan, plan);
        let new = std::mem::take(&mut self.plan.forms);
        let same = |signal, name: &str, forms: &crate::plan::Forms| {
            forms.of(signal).find(|f| f.form.name() == name).cloned()
        };
        for f in old.forms.iter().filter(|f| f.form.truth()) {
            if same(f.signal, f.form.name(), &new).is_some() {
                continue;
            }
            let mut plain = vec![];
            let len = self.program.get(f.signal).len();
            f.form.close_all(self.real.get(f.own), len, self.double.get(f.constants), &mut plain);
            let to = self.real.get_mut(self.layout.span(f.signal));
            to.iter_mut().zip(&plain).for_each(|(y, x)| *y = T::of(*x));
        }
        for f in new.iter() {
            match same(f.signal, f.form.name(), &old.forms) {
                Some(before) if f.form.truth() => {
                    // Piece by piece: of a large matrix a third copy would be much.
                    let n = f.own.len.min(before.own.len);
                    for from in (0..n).step_by(PIECE) {
                        let to = n.min(from + PIECE);
                        let own = self.real.get(before.own.part(from, to)).to_vec();
                        self.real.get_mut(f.own.part(from, to)).copy_from_slice(&own);
                    }
                    let constants = self.double.get(before.constants).to_vec();
                    self.double.get_mut(f.constants).copy_from_slice(&constants);
                }
                _ => self.parts().0.refresh_form(f),
            }
        }
        self.plan.forms = new;
        self.real.remove(old.segments.0);
        self.double.remove(old.segments.1);
        self.planned();
        self.plan_tallies()
    }

    /// Signals that probes look at.
    pub(super) fn pins(&self) -> Vec<SignalId> {
        self.probes.iter().flat_map(|p| p.what.looks_at()).collect()
    }
    /// What a plan over this memory is made for.
    pub(super) fn wanted<'a>(
        &'a self,
        passes: Passes,
        pins: &'a [SignalId],
        tallies: &'a [(SignalId, Span)],
    ) -> Wanted<'a> {
        Wanted {
            program: &self.program,
            order: &self.order,
            layout: &self.layout,
            passes,
            pins,
            holds: &self.holds,
            tallies,
            threads: self.threads,
            own: self.plan.segments,
            single: Self::precision() == Precision::F32,
        }
    }

    /// Plain values: a form is closed.
    fn values(&self, s: SignalId) -> Values {
        let span = self.plan.forms.span(&self.program, &self.layout, s);
        if self.plan.forms.truth(s).is_some() {
            let mut plain = vec![];
            super::Inner::read_into(self, s, &mut plain);
            return match Self::precision() {
                Precision::F64 => Values::F64(plain),
                Precision::F32 => Values::F32(plain.iter().map(|v| *v as f32).collect()),
            };
        }
        match self.program.get(s).room {
            Room::Double => Values::F64(self.double.get(span).to_vec()),
            Room::Real => self.real_values(span),
        }
    }
    fn real_values(&self, span: Span) -> Values {
        let x = self.real.get(span);
        match Self::precision() {
            Precision::F64 => Values::F64(x.iter().map(|v| v.f64()).collect()),
            Precision::F32 => Values::F32(x.iter().map(|v| v.f64() as f32).collect()),
        }
    }

    /// Base signals that a checkpoint has: all, for what a step sets anew can be read before the next step.
    fn saved(&self) -> Vec<SignalId> {
        let all = self.program.signals().iter().enumerate();
        all.filter(|(_, s)| s.view.is_none()).map(|(k, _)| SignalId(k as u32)).collect()
    }

    pub(super) fn save_all(&self) -> Result<Checkpoint, Error> {
        let saved = self.saved();
        let bytes: usize = saved.iter().map(|s| 8 * self.program.get(*s).len()).sum();
        bouton_memory::room::fits(bytes as f64)
            .map_err(|m| Error::run("", format!("can't be saved: a checkpoint {m}")))?;
        let signals = saved.iter().map(|s| {
            let x = self.program.get(*s);
            SavedSignal { name: x.name.clone(), shape: (x.rows, x.cols), values: self.values(*s) }
        });
        let forms = saved.iter().enumerate().filter_map(|(k, s)| {
            // Of plain values that have all of a form, it is made anew.
            let f = self.plan.forms.truth(*s).filter(|f| !f.form.exact())?;
            Some(SavedForm { signal: k, form: f.form.name().into(), values: self.real_values(f.own) })
        });
        let mut calls = vec![];
        for (operator, r) in self.running.iter().enumerate() {
            let Some(r) = r else { continue };
            let of = &self.program.operators()[operator].of;
            let bytes = r.save().map_err(|m| Error::run(of, format!("can't be saved: {m}")))?;
            if !bytes.is_empty() {
                calls.push(SavedCall { operator, of: of.clone(), bytes });
            }
        }
        let filtered = self.probes.iter().filter(|p| p.what.filter.is_some());
        let filtered = filtered.map(|p| CheckpointProbe {
            of: p.what.of.clone(),
            filtered: p.filtered.clone(),
            state: p.state.clone(),
        });
        let probes = filtered.chain(self.waiting.iter().cloned()).collect();
        Ok(Checkpoint {
            step: self.n_steps,
            dt: self.dt,
            precision: Self::precision(),
            seed: self.seed,
            signals: signals.collect(),
            forms: forms.collect(),
            calls,
            probes,
            log: self.log.entries().cloned().collect(),
            dropped: self.log.dropped(),
            next_entry: self.log.next_number(),
        })
    }

    /// Refuses a checkpoint of another program.
    fn fits(&self, c: &Checkpoint) -> Result<(), Error> {
        if c.dt.to_bits() != self.dt.to_bits() {
            return Err(fault("", format!("its time step is {} s, here it is {} s", c.dt, self.dt)));
        }
        if c.precision != Self::precision() {
            return Err(fault(
                "",
                format!("its numbers are {:?}, here they are {:?}", c.precision, Self::precision()),
            ));
        }
        if c.step > MOST_STEPS {
            return Err(fault("", format!("its step is {}, more than can be counted", c.step)));
        }
        let saved = self.saved();
        for (k, s) in saved.iter().enumerate() {
            let x = self.program.get(*s);
            let Some(v) = c.signals.get(k) else { return Err(fault(&x.name, "it isn't there")) };
            if v.name != x.name {
                return Err(fault(&x.name, format!("`{}` is in its place", v.name)));
            }
            if v.shape != (x.rows, x.cols) || v.values.len() != x.len() {
                return Err(fault(
                    &x.name,
                    format!("it has the shape {:?} there, and {:?} here", v.shape, (x.rows, x.cols)),
                ));
            }
            let single = matches!(v.values, Values::F32(_));
            if single != (x.room == Room::Real && Self::precision() == Precision::F32) {
                return Err(fault(&x.name, "its numbers are of another type"));
            }
        }
        if let Some(v) = c.signals.get(saved.len()) {
            return Err(fault(&v.name, "there is nothing of that name here"));
        }
        for f in &c.forms {
            let Some(s) = saved.get(f.signal) else { return Err(fault(&f.form, "a form of no signal")) };
            let here = self.plan.forms.truth(*s).filter(|h| h.form.name() == f.form);
            if here.is_some_and(|h| h.own.len != f.values.len()) {
                return Err(fault(&self.program.get(*s).name, "its form has another length"));
            }
        }
        for call in &c.calls {
            let op = self.program.operators().get(call.operator);
            if !op.is_some_and(|op| op.of == call.of && matches!(op.op, Op::Call(_))) {
                return Err(fault(&call.of, "it keeps something there, and there is no such call here"));
            }
        }
        Ok(())
    }

    pub(super) fn load_all(&mut self, c: &Checkpoint) -> Result<Vec<String>, Error> {
        self.fits(c)?;
        // Calls first, those started anew: they alone can refuse.
        let program = self.program.clone();
        let seeds = self.seeds(c.seed);
        let mut running = Vec::with_capacity(program.operators().len());
        for (k, op) in program.operators().iter().enumerate() {
            let Op::Call(call) = &op.op else {
                running.push(None);
                continue;
            };
            let start = crate::calls::Start { dt: self.dt, seed: seeds[k] };
            let mut r = call.start(&start).map_err(|m| Error::build(&op.of, m))?;
            let bytes = c.calls.iter().find(|s| s.operator == k).map_or(&[][..], |s| &s.bytes);
            r.load(bytes)
                .map_err(|m| Error::access(&op.of, format!("can't go on from the checkpoint: {m}")))?;
            running.push(Some(r));
        }
        self.running = running;
        for (s, v) in self.saved().into_iter().zip(&c.signals) {
            if self.plan.forms.truth(s).is_none() {
                self.set_values(self.program.get(s).room, self.layout.span(s), &v.values);
            }
        }
        let saved = self.saved();
        self.open_forms(&|s| {
            let at = saved.binary_search(&s).ok()?;
            Some(Box::new(move |k| c.signals[at].values.at(k)))
        });
        for f in &c.forms {
            let here = self.plan.forms.truth(saved[f.signal]).filter(|h| h.form.name() == f.form).cloned();
            if let Some(h) = here {
                self.set_values(Room::Real, h.own, &f.values);
            }
        }
        (self.n_steps, self.seed) = (c.step, c.seed);
        self.clear_probes();
        self.clear_tallies();
        self.waiting.clone_from(&c.probes);
        self.take_filters(0);
        self.log.restore(c.log.clone(), c.dropped, c.next_entry);
        Ok(self.waiting.iter().map(|w| w.of.clone()).collect())
    }

    fn set_values(&mut self, room: Room, span: Span, values: &Values) {
        match (room, values) {
            (Room::Double, v) => self.double.get_mut(span).copy_from_slice(&v.wide()),
            (Room::Real, Values::F64(v)) => {
                self.real.get_mut(span).iter_mut().zip(v).for_each(|(y, x)| *y = T::of(*x));
            }
            (Room::Real, Values::F32(v)) => {
                self.real.get_mut(span).iter_mut().zip(v).for_each(|(y, x)| *y = T::of(f64::from(*x)));
            }
        }
    }
}
