//! `fuse_encoding`: bias and encoders of a population in one kernel, for fewer than 16 dimensions. Bitwise.
//!
//! Encoders (their product) can be fused with the copy of the bias where the copy is the only set of the current, and the
//! product is the first increment of it in the order of the step, so that sums keep their order. Not where anything in a
//! step writes the encoders: the transposed copy would go stale.

use std::collections::{HashMap, HashSet};

use bouton_memory::{Place, Room};

use super::super::forms::Transposed;
use super::super::{Draft, FormAt, Turning, What};
use crate::kernels::{Code, Encode};
use crate::program::{Access, Op, Operator, SignalId};

/// A copy of a whole signal into a whole signal.
fn whole_copy(op: &Operator) -> Option<(SignalId, SignalId)> {
    match (&op.op, &*op.on) {
        (Op::Kernel(Code::Copy(c)), [y, x])
            if !c.inc && y.access == Access::Set && y.part.is_none() && x.part.is_none() =>
        {
            Some((x.signal, y.signal))
        }
        _ => None,
    }
}

impl Draft<'_> {
    /// Products that can be fused, with the copy of the bias that goes with each.
    pub(crate) fn fusable(&self) -> HashMap<usize, usize> {
        let program = self.wanted.program;
        let mut set_by: HashMap<SignalId, usize> = HashMap::new();
        let mut done: HashSet<SignalId> = HashSet::new();
        let mut fused = HashMap::new();
        for &k in self.wanted.order {
            let op = &program.operators()[k];
            if let Some((x, y)) = whole_copy(op)
                && program.get(y).view.is_none()
                && program.get(x).len() == program.get(y).len()
            {
                set_by.insert(y, k);
                continue;
            }
            for s in op.with(Access::Inc) {
                let first = done.insert(program.base(s));
                let (true, Op::Kernel(Code::Dot(_)), Some(copy)) = (first, &op.op, set_by.get(&s)) else {
                    continue;
                };
                let (m, n) = (op.on[1].signal, program.get(op.on[2].signal).len());
                // Wider products sum in lanes along the row, which columns side by side would not repeat.
                let bias = program.operators()[*copy].on[1].signal;
                let held = self.held(s) || self.held(bias);
                if program.get(m).view.is_none() && n < 2 * bouton_kernels::LANES && !self.written(m) && !held
                {
                    fused.insert(k, *copy);
                }
            }
        }
        fused
    }

    /// Makes the product `dot` a kernel that also does the copy `bias`.
    pub(crate) fn encode(&mut self, turn: &mut Turning, bias: usize, dot: usize) {
        let program = self.wanted.program;
        let [j, m, x] = turn.on[..] else { return };
        let bias = self.wanted.layout.place(program, &program.operators()[bias].on[1]);
        let signal = program.operators()[dot].on[1].signal;
        let cols = program.get(signal).cols;
        // One column is its own transposed.
        let m = if cols == 1 {
            m
        } else {
            let own = self.own_real(m.span.len);
            let constants = self.own_double(0);
            self.forms.push(FormAt { signal, form: Transposed { cols }.into(), own, constants, from: None });
            Place { room: Room::Real, span: own, write: false }
        };
        turn.what = What::Code(Encode { plus: false }.into());
        turn.on = vec![j, bias, m, x];
        turn.pass = "fuse_encoding";
    }
}
