//! Sums of signals over a run, at next to no cost: rates of neurons.

use std::collections::HashSet;
use std::num::NonZero;

use bouton_core::Error;
use bouton_memory::{Room, Span};

use super::{Sim, Simulation};
use crate::calls::CallReal;
use crate::kernels::Code;
use crate::plan::{Plan, What};
use crate::program::SignalId;

impl Simulation {
    /// Sums signals, element by element, from the next step on, in place of those that were summed before: of each so many
    /// rows of 8 steps one, at places so mixed that nothing that returns after some time is met at one of its places alone. `whole`
    /// are summed over all of these steps, `rows` over each row by itself. What is summed is what a step leaves. A population that
    /// is encoded, stepped and decoded in one pass still is, and not a bit of what follows changes. The sums begin at zero, and do
    /// so again with a reset or a checkpoint that is loaded.
    ///
    /// # Errors
    /// A signal that isn't of the simulation's number type, or a part of the columns of a matrix, or that is named twice, or that the
    /// plan keeps in another form; no memory for the sums. Then all is as before.
    pub fn tally(
        &mut self,
        whole: &[SignalId],
        rows: &[SignalId],
        one_of: NonZero<u64>,
    ) -> Result<(), Error> {
        let mut named = HashSet::new();
        for s in whole.iter().chain(rows) {
            let x = self.program.get(*s);
            let refuse = |m: &str| Err(Error::access(&x.name, format!("can't be summed: {m}")));
            if x.room != Room::Real || !x.contiguous() {
                return refuse("its numbers don't lie side by side in the simulation's own type");
            }
            if !named.insert(*s) {
                return refuse("it is named twice");
            }
        }
        self.inner.tally([whole, rows], Tallied::one_of(one_of))
    }
    /// Adds the sums since [`tally`](Simulation::tally), or since this was asked last, to `to`, a list for each signal of `whole` in
    /// their order, and puts those of each row that has ended since behind `rows`, one signal behind the other; they begin
    /// anew. A row that was begun when summing began is left out of `rows`. Returns in how many steps `whole` was summed.
    ///
    /// # Errors
    /// Lists that aren't as many as the signals, or not of their lengths; then nothing is added.
    pub fn take_tallies(&mut self, to: &mut [&mut [f64]], rows: &mut Vec<f64>) -> Result<u64, Error> {
        self.inner.take_tallies(to, rows).map_err(|m| Error::access("", m))
    }
}

/// Steps in a row that are summed. A neuron that fires evenly is counted more closely in a row than in as many single steps; long
/// rows are few, and see a signal at few of its moments (of a population that follows a sine of 1.4 Hz for 10 s, by a thousand steps:
/// rows of 8 have its mean rate to 0.2 % and each neuron's to 4 Hz, single steps to 9 Hz, rows of 32 to 6 % and 13 Hz).
const ROW: u64 = 8;

/// The steps that are summed: of each so many rows of 8 one, at a place that is mixed from their number, so that nothing that
/// returns after some time is met at one of its places alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tallied {
    of: NonZero<u64>,
}

impl Tallied {
    /// One of so many rows; all for one.
    pub fn one_of(n: NonZero<u64>) -> Tallied {
        Tallied { of: n }
    }
    /// Steps in a row.
    pub const ROW: u64 = ROW;
    /// Whether a step (the first is 1) is one of them.
    pub fn has(self, step: u64) -> bool {
        self.has_row(row(step))
    }
    fn has_row(self, row: u64) -> bool {
        row % self.of == mixed(row / self.of) % self.of
    }
}

/// The row that a step is in.
fn row(step: u64) -> u64 {
    step.wrapping_sub(1) / ROW
}

/// Numbers that follow each other, mixed: a step of SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number
/// generators, OOPSLA 2014).
fn mixed(n: u64) -> u64 {
    let x = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

/// What is summed.
pub(super) struct Tallies {
    /// Signals, and where their sums lie: first those that are summed as a whole.
    pub(super) of: Vec<(SignalId, Span)>,
    /// How many are summed as a whole.
    whole: usize,
    /// The segment of memory in which the sums are.
    segment: Option<u32>,
    /// Sums of rows that have ended, and steps of the one that has not.
    rows: Vec<f64>,
    begun: u64,
    /// Steps that are summed, and how many were.
    steps: Tallied,
    summed: u64,
    /// The row of the last step, and whether it is summed: asked for once a row.
    row: (u64, bool),
    /// What runs in these steps: the simulation's plan, with what sums in it.
    plan: Option<Plan>,
}

impl Default for Tallies {
    fn default() -> Tallies {
        Tallies {
            of: vec![],
            whole: 0,
            segment: None,
            rows: vec![],
            begun: 0,
            steps: Tallied::one_of(NonZero::<u64>::MIN),
            summed: 0,
            row: (u64::MAX, false),
            plan: None,
        }
    }
}

impl Tallies {
    /// A line of what sums, for listings.
    pub(super) fn explain(&self) -> String {
        let Some(plan) = &self.plan else { return String::new() };
        let is = |what: &&What| matches!(what, What::Code(Code::Population(p)) if p.sums);
        let fused = plan.whats.iter().filter(is).count();
        format!(
            "{} signals are summed in some of the steps, {fused} of them within a population's pass\n",
            self.of.len()
        )
    }
    /// The plan of a step that is summed; `None` where it is the simulation's.
    pub(super) fn of_step(&mut self, step: u64) -> Option<&Plan> {
        let plan = self.plan.as_ref()?;
        let row = row(step);
        if row != self.row.0 {
            self.row = (row, self.steps.has_row(row));
        }
        if !self.row.1 {
            return None;
        }
        self.summed += 1;
        Some(plan)
    }
}

impl<T: CallReal> Sim<T> {
    /// Sums other signals, as a whole and by rows: a new segment of memory, and a plan.
    pub(super) fn tally_anew(
        &mut self,
        [whole, rows]: [&[SignalId]; 2],
        steps: Tallied,
    ) -> Result<(), Error> {
        let mut new = Tallies { steps, whole: whole.len(), ..Tallies::default() };
        let signals = [whole, rows].concat();
        let all: usize = signals.iter().map(|s| self.program.get(*s).len()).sum();
        if all > 0 {
            let no_room = |m: String| Error::run("", format!("the sums of signals: {m}"));
            let segment = self.real.add(all).map_err(no_room)?;
            let mut start = 0;
            for s in &signals {
                let len = self.program.get(*s).len();
                new.of.push((*s, Span { segment, start, len }));
                start += len;
            }
            new.segment = Some(segment);
        }
        let mut old = std::mem::replace(&mut self.tallies, new);
        let planned = self.plan_tallies();
        if planned.is_err() {
            std::mem::swap(&mut self.tallies, &mut old);
        }
        if let Some(segment) = old.segment {
            self.real.remove(segment);
        }
        planned
    }
    /// The plan of steps that are summed: the simulation's, over the same memory and forms, with what sums in it.
    pub(super) fn plan_tallies(&mut self) -> Result<(), Error> {
        self.tallies.plan = None;
        if self.tallies.of.is_empty() {
            return Ok(());
        }
        // Its own memory isn't the truth then.
        let formed = |s: &&(SignalId, Span)| self.plan.forms.truth(self.program.base(s.0)).is_some();
        if let Some((s, _)) = self.tallies.of.iter().find(formed) {
            let m = "can't be summed: the plan keeps it in another form (see `explain`)";
            return Err(Error::access(&self.program.get(*s).name, m));
        }
        let pins = self.pins();
        let plan = Plan::new(&self.wanted(self.plan.passes, &pins, &self.tallies.of))?;
        if plan.own != self.plan.own || !plan.forms.same(&self.plan.forms) {
            return Err(Error::build(
                "",
                "the plan is faulty: where signals are summed other forms are kept",
            ));
        }
        self.tallies.plan = Some(plan);
        Ok(())
    }
    /// After a step that was summed: the sums of a row that ends with it.
    pub(super) fn end_of_row(&mut self) {
        let Tallies { of, whole, rows, begun, .. } = &mut self.tallies;
        *begun += 1;
        if self.n_steps.is_multiple_of(ROW) {
            for (_, span) in &of[*whole..] {
                let sums = self.real.get_mut(*span);
                if *begun == ROW {
                    rows.extend(sums.iter().map(|x| x.f64()));
                }
                sums.fill(T::of(0.0));
            }
            *begun = 0;
        }
    }
    /// Begins the sums anew.
    pub(super) fn clear_tallies(&mut self) {
        (self.tallies.summed, self.tallies.begun) = (0, 0);
        self.tallies.rows.clear();
        for (_, span) in &self.tallies.of {
            self.real.get_mut(*span).fill(T::of(0.0));
        }
    }
    /// Adds the sums to lists, and begins them anew; how many steps they were. A row that has not ended goes on.
    pub(super) fn hand_out_sums(
        &mut self,
        to: &mut [&mut [f64]],
        rows: &mut Vec<f64>,
    ) -> Result<u64, String> {
        let whole = &self.tallies.of[..self.tallies.whole];
        let lens: Vec<usize> = whole.iter().map(|(_, span)| span.len).collect();
        if to.iter().map(|to| to.len()).ne(lens.iter().copied()) {
            return Err(format!(
                "the sums of {} signals were asked for, and {} are summed, or of other lengths: who asked for other sums since?",
                to.len(),
                lens.len()
            ));
        }
        for ((_, span), to) in whole.iter().zip(to) {
            let sums = self.real.get_mut(*span);
            to.iter_mut().zip(&*sums).for_each(|(to, x)| *to += x.f64());
            sums.fill(T::of(0.0));
        }
        rows.append(&mut self.tallies.rows);
        Ok(std::mem::take(&mut self.tallies.summed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_so_many_rows_one_is_summed_and_what_returns_is_met_at_all_its_places() {
        for n in [1, 4, 16] {
            let tallied = Tallied::one_of(NonZero::new(n).unwrap());
            let rows: Vec<bool> = (1..=8 * n * 4000).map(|k| tallied.has(k)).collect();
            let (rows, rest) = rows.as_chunks::<8>();
            assert!(rest.is_empty() && rows.iter().all(|r| r.iter().all(|x| *x == r[0])));
            for few in rows.chunks(n as usize) {
                assert_eq!(few.iter().filter(|r| r[0]).count(), 1);
            }
            // Of what returns after so many rows each place is met as often as chance has it.
            for period in [2, 3, 8, 16, 21, 87] {
                for phase in 0..period {
                    let met = rows.iter().skip(phase).step_by(period).filter(|r| r[0]).count();
                    let wanted = (4000 / period) as f64;
                    let off = (met as f64 - wanted).abs();
                    assert!(off <= 5.0 * wanted.sqrt() + 1.0, "{met} of {wanted} at {phase} of {period}");
                }
            }
        }
    }
}
