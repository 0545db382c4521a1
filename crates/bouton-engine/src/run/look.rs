//! Whether all numbers are finite: a long run should not compute with NaN to its end.

use bouton_core::Error;
use bouton_memory::{Room, Span};

use super::{Sim, Simulation};
use crate::calls::CallReal;
use crate::plan::{ALIGN, FormAt};
use crate::program::{Op, Role, SignalId};

impl Simulation {
    /// Stops at a number that isn't finite, wherever it is.
    ///
    /// # Errors
    /// There is one; the signal is named: parameters, if one of them holds it, because that is where it begins with a rule.
    pub fn check_finite(&mut self) -> Result<(), Error> {
        self.looked = self.n_steps();
        // Whatever else could write has looked at what it writes.
        if !std::mem::take(&mut self.unseen) && self.inner.written_finite() {
            return Ok(());
        }
        let found = self.inner.not_finite(Some(Role::Parameter)).or_else(|| self.inner.not_finite(None));
        let Some(s) = found else { return Ok(()) };
        let m = format!(
            "holds a number that isn't finite at t = {:.6} s; what was recorded until here is kept. A learning rate that is too \
             high does this, values or weights that are too large, and feedback without a limit; record the signal to see \
             when it began",
            self.time()
        );
        Err(self.fail(Error::run(self.program.get(s).name.clone(), m)))
    }
}

/// What is to be looked at after steps.
#[derive(Default)]
pub(super) struct Looks {
    pub(super) pieces: Vec<(Room, Span)>,
    pub(super) forms: Vec<FormAt>,
}

impl<T: CallReal> Sim<T> {
    /// Whether all numbers that steps have written are finite.
    pub(super) fn written_are_finite(&self) -> bool {
        let form = |f: &FormAt| {
            let own = self.real.get(f.own);
            let range = f.form.counts(own.len(), &|k| own[k].f64());
            bouton_kernels::all_finite(self.level, &own[range])
        };
        self.are_finite(&self.looks.pieces) && self.looks.forms.iter().all(form)
    }
    /// Where a base signal's numbers are kept.
    fn kept(&self, s: SignalId) -> (Room, Span) {
        let span = self.plan.forms.truth(s).map_or(self.layout.span(s), |f| f.own);
        (self.program.get(s).room, span)
    }
    /// Where numbers that a step writes lie, in few pieces: a look costs little where most of a model is parameters that
    /// stand still. With the forms of which a step writes a part, and which say themselves what that is.
    pub(super) fn written(&self) -> Looks {
        let mut is = vec![false; self.program.signals().len()];
        for op in self.program.operators().iter().filter(|op| !matches!(op.op, Op::Probe)) {
            for o in op.on.iter().filter(|o| o.access.writes()) {
                is[self.program.base(o.signal).index()] = true;
            }
        }
        let signals = is.iter().zip(0..).filter(|(is, _)| **is);
        let (mut all, mut forms) = (vec![], vec![]);
        for (_, k) in signals {
            match self.plan.forms.truth(SignalId(k)) {
                Some(f) if f.form.partial() => forms.push(f.clone()),
                _ => all.push(self.kept(SignalId(k))),
            }
        }
        all.sort_by_key(|(room, s)| (*room, s.segment, s.start));
        let mut pieces: Vec<(Room, Span)> = vec![];
        for (room, s) in all {
            match pieces.last_mut() {
                // Between them lies what fills up, which stays zero, or a number that stands still.
                Some((r, last))
                    if *r == room && last.segment == s.segment && s.start < last.end() + ALIGN =>
                {
                    last.len = last.len.max(s.end() - last.start);
                }
                _ => pieces.push((room, s)),
            }
        }
        Looks { pieces, forms }
    }
    pub(super) fn are_finite(&self, pieces: &[(Room, Span)]) -> bool {
        pieces.iter().all(|(room, span)| match room {
            Room::Real => bouton_kernels::all_finite(self.level, self.real.get(*span)),
            Room::Double => bouton_kernels::all_finite(self.level, self.double.get(*span)),
        })
    }
    /// The first base signal, of a role if one is given, that holds a number that isn't finite.
    pub(super) fn first_not_finite(&self, role: Option<Role>) -> Option<SignalId> {
        let signals = self.program.signals().iter().zip(0..);
        let mut looked = signals.filter(|(s, _)| s.view.is_none() && role.is_none_or(|r| s.role == r));
        looked.find(|(_, k)| !self.are_finite(&[self.kept(SignalId(*k))])).map(|(_, k)| SignalId(k))
    }
}
