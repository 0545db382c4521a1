//! Part of `factored`: what a rule wants of each row of a matrix that is kept as W0 + E·D is needed before the encoders alone, as
//! a few values. Nothing computes the rows then, until somebody reads them or writes the encoders.

use std::collections::{HashMap, HashSet};

use bouton_memory::{Place, Room, Span};

use super::super::forms::{Encoded, Moved};
use super::super::{Draft, FormAt, Turning};
use super::factored::encoders;
use crate::kernels::Code;
use crate::program::{Op, Operator, SignalId};

/// Errors that are kept as values.
#[derive(Default)]
pub(in super::super) struct Values {
    /// By the operator that changes the matrix: where the form of the rows is.
    kept: HashMap<usize, Span>,
    /// Rules by their operators, and where the values are.
    rules: HashMap<usize, (Rule, Span)>,
    /// Operators that nothing needs.
    operators: HashSet<usize>,
}

impl Values {
    /// Where the form is of what a matrix is changed by.
    pub(super) fn of(&self, k: usize) -> Option<Place> {
        self.kept.get(&k).map(|span| Place { room: Room::Real, span: *span, write: true })
    }
    /// Whether an operator isn't needed.
    pub(in super::super) fn spares(&self, k: usize) -> bool {
        self.operators.contains(&k)
    }
}

/// The rule whose change a matrix is given.
struct Rule {
    /// Its operator.
    k: usize,
    /// What of its operands it can spare, and which are the values.
    spares: [usize; 2],
    values: usize,
    /// The error row by row.
    error: SignalId,
}

impl Draft<'_> {
    /// Finds the errors that can be kept as values, and makes their forms.
    pub(in super::super) fn values(&mut self) {
        let program = self.wanted.program;
        for (k, op) in program.operators().iter().enumerate() {
            let Some(encoders) = encoders(op) else { continue };
            let [matrix, _, _, post, _, _, values, _] = &op.on[..] else { continue };
            let Some(rule) = self.rule_of(post.signal, values.signal) else { continue };
            let Some(made) = self.made_of(rule.error, encoders) else { continue };
            if self.factors(matrix.signal).is_none() {
                continue;
            }
            let (rows, inner) = (program.get(post.signal).len(), program.get(values.signal).len());
            let form = Encoded { rows, inner };
            let (own, constants) = (self.own_real(form.numbers()), self.own_double(rows * inner));
            let at = own.part(rows, rows + inner);
            let (form, from) = (form.into(), Some(encoders));
            self.forms.push(FormAt { signal: post.signal, form, own, constants, from });
            let (form, constants) = (Moved.into(), constants.part(0, 0));
            self.forms.push(FormAt { signal: values.signal, form, own: at, constants, from: None });
            self.values.kept.insert(k, own);
            self.values.operators.extend(made);
            self.unused.insert(rule.error);
            self.values.rules.insert(rule.k, (rule, at));
        }
    }

    /// The rule that makes both of these for one change and nothing else, if it can spare the rows.
    fn rule_of(&self, post: SignalId, values: SignalId) -> Option<Rule> {
        let program = self.wanted.program;
        let whole = |s: SignalId| program.get(s).view.is_none() && !self.held(s);
        let twice = |s| whole(s) && self.users.get(&s) == Some(&2);
        if !twice(post) || !twice(values) {
            return None;
        }
        let writes = |op: &Operator, s| op.on.iter().position(|o| o.signal == s && o.access.writes());
        let (k, op) = program.operators().iter().enumerate().find(|(_, op)| writes(op, post).is_some())?;
        let Op::Call(call) = &op.op else { return None };
        let spares = call.spares()?;
        let [row, error] = spares.map(|k| op.on.get(k).map(|o| o.signal));
        let (error, values) = (error?, writes(op, values)?);
        (row == Some(post) && whole(error)).then_some(Rule { k, spares, values, error })
    }

    /// The operators that make an error row by row as encoders times values, if that is all that is done with it and nobody looks
    /// at it.
    fn made_of(&self, error: SignalId, encoders: SignalId) -> Option<Vec<usize>> {
        let program = self.wanted.program;
        let known = program.knobs().iter().any(|(_, knob)| program.base(knob.signal) == error);
        if known || self.looked_at().any(|s| s == error) || self.users.get(&error) != Some(&3) {
            return None;
        }
        let makes = |op: &Operator| match (&op.op, &*op.on) {
            (Op::Kernel(Code::Fill(f)), [y]) => y.signal == error && y.part.is_none() && f.value == 0.0,
            (Op::Kernel(Code::Dot(_)), [y, e, _]) => y.signal == error && e.signal == encoders,
            _ => false,
        };
        let made: Vec<usize> =
            program.operators().iter().enumerate().filter(|(_, op)| makes(op)).map(|(k, _)| k).collect();
        (made.len() == 2).then_some(made)
    }

    /// Gives a rule none of the rows, and the place of the values in their form.
    pub(in super::super) fn without_rows(&self, turn: &mut Turning, k: usize) {
        let Some((rule, at)) = self.values.rules.get(&k) else { return };
        for spared in rule.spares {
            turn.on[spared].span.len = 0;
        }
        turn.on[rule.values].span = *at;
    }
}
