//! Sums of signals over a run, at next to no cost: rates of neurons.

use std::collections::HashSet;
use std::num::NonZero;

use bouton_core::Error;
use bouton_memory::{Room, Span};

use super::sim::Inner;
use super::{Sim, Simulation};
use crate::calls::CallReal;
use crate::kernels::Tallied;
use crate::program::SignalId;

impl Simulation {
    /// Sums signals, element by element, from the next step on, in place of those that were summed before: in one of so many rows
    /// of 32 steps, spread so that whatever returns after some time is met at all its places. A population that is encoded, stepped
    /// and decoded in one pass still is, and not a bit of what follows changes. The sums begin at zero, and do so again with a
    /// reset or a checkpoint that is loaded.
    ///
    /// # Errors
    /// A signal that isn't of the simulation's number type, or a part of the columns of a matrix, or that is named twice; no
    /// memory for the sums. Then all is as before.
    pub fn tally(&mut self, signals: &[SignalId], one_of: NonZero<u64>) -> Result<(), Error> {
        let mut named = HashSet::new();
        for s in signals {
            let x = self.program.get(*s);
            let refuse = |m: &str| Err(Error::access(&x.name, format!("can't be summed: {m}")));
            if x.room != Room::Real || !x.contiguous() {
                return refuse("its numbers don't lie side by side in the simulation's own type");
            }
            if !named.insert(*s) {
                return refuse("it is named twice");
            }
        }
        self.inner.tally(signals, Tallied { one_of })
    }
    /// Adds the sums since [`tally`](Simulation::tally), or since this was asked last, to `to`, a list for each signal in their order;
    /// they begin anew. Returns in how many steps they were summed.
    ///
    /// # Panics
    /// Where `to` isn't of the signals' number and lengths.
    pub fn take_tallies(&mut self, to: &mut [Vec<f64>]) -> u64 {
        self.inner.take_tallies(to)
    }
}

/// What is summed.
pub(super) struct Tallies {
    /// Signals, and where their sums lie.
    pub(super) of: Vec<(SignalId, Span)>,
    /// The segment of memory in which that is.
    segment: Option<u32>,
    /// Steps that are summed, and how many were.
    pub(super) steps: Tallied,
    summed: u64,
}

impl Default for Tallies {
    fn default() -> Tallies {
        Tallies { of: vec![], segment: None, steps: Tallied { one_of: NonZero::<u64>::MIN }, summed: 0 }
    }
}

impl Tallies {
    /// Follows a step that was taken.
    pub(super) fn stepped(&mut self, step: u64) {
        self.summed += u64::from(self.steps.has(step));
    }
}

impl<T: CallReal> Sim<T> {
    /// Sums other signals: a new segment of memory, and a new plan.
    pub(super) fn tally_anew(&mut self, signals: &[SignalId], steps: Tallied) -> Result<(), Error> {
        let mut new = Tallies { steps, ..Tallies::default() };
        let all: usize = signals.iter().map(|s| self.program.get(*s).len()).sum();
        if all > 0 {
            let no_room = |m: String| Error::run("", format!("the sums of signals: {m}"));
            let segment = self.real.add(all).map_err(no_room)?;
            let mut start = 0;
            for s in signals {
                let len = self.program.get(*s).len();
                new.of.push((*s, Span { segment, start, len }));
                start += len;
            }
            new.segment = Some(segment);
        }
        let mut old = std::mem::replace(&mut self.tallies, new);
        let planned = self.plan_anew(self.passes());
        if planned.is_err() {
            std::mem::swap(&mut self.tallies, &mut old);
        }
        if let Some(segment) = old.segment {
            self.real.remove(segment);
        }
        planned
    }
    /// Begins the sums anew.
    pub(super) fn clear_tallies(&mut self) {
        self.tallies.summed = 0;
        for (_, span) in &self.tallies.of {
            self.real.get_mut(*span).fill(T::of(0.0));
        }
    }
    /// Adds the sums to lists, and begins them anew; how many steps they were.
    pub(super) fn hand_out_sums(&mut self, to: &mut [Vec<f64>]) -> u64 {
        assert_eq!(to.len(), self.tallies.of.len(), "a list for each signal that is summed");
        for ((_, span), to) in self.tallies.of.iter().zip(&mut *to) {
            assert_eq!(to.len(), span.len, "a number for each that is summed");
            let sums = self.real.get(*span);
            to.iter_mut().zip(sums).for_each(|(to, x)| *to += x.f64());
        }
        let steps = self.tallies.summed;
        self.clear_tallies();
        steps
    }
}
