//! Why a large matrix has no form of its own, for people.

use bouton_elements::rules::Change;
use bouton_kernels::{LANES, MAX_COLUMNS};

use super::Draft;
use super::passes::events::SMALLEST;
use crate::kernels::Code;
use crate::program::{Op, Operator, Room, SignalId};

impl Draft<'_> {
    /// Of each large matrix that a product reads by rows: its signal, and why no form holds it.
    pub(super) fn reasons(&self) -> Vec<(SignalId, String)> {
        let program = self.wanted.program;
        let mut reasons: Vec<(SignalId, String)> = vec![];
        for op in program.operators() {
            let (Op::Kernel(Code::Dot(_)), [_, a, x]) = (&op.op, &*op.on) else { continue };
            let (base, s) = (program.base(a.signal), program.get(a.signal));
            let large = s.rows.min(s.cols) >= 2 * LANES && s.rows * s.cols >= SMALLEST;
            let formed = self.forms.iter().any(|f| f.signal == base && f.form.truth());
            if large && s.room == Room::Real && !formed && reasons.iter().all(|r| r.0 != base) {
                reasons.push((base, self.reason(a.signal, x.signal)));
            }
        }
        reasons
    }

    fn reason(&self, matrix: SignalId, x: SignalId) -> String {
        let (program, s) = (self.wanted.program, self.wanted.program.get(matrix));
        let base = program.base(matrix);
        if s.view.is_some() {
            return "the product reads a part of it".into();
        }
        if s.cols > MAX_COLUMNS {
            return format!("it has {} columns, and forms have at most {MAX_COLUMNS}", s.cols);
        }
        if !self.spikes(x, 4) {
            return "what it is multiplied by isn't spikes alone".into();
        }
        let others = |op: &&Operator| {
            !matches!(&op.op, Op::Kernel(Code::Dot(_) | Code::Apply(_))) || op.on[0].signal != base
        };
        let products = self.touching(base).filter(|op| matches!(&op.op, Op::Kernel(Code::Dot(_)))).count();
        if products > 1 {
            return format!("{products} products read it");
        }
        let also: Vec<String> = self
            .touching(base)
            .filter(|op| !matches!(&op.op, Op::Kernel(Code::Dot(_))))
            .filter(others)
            .map(|op| format!("`{}` of {}", op.kind(), op.of))
            .collect();
        if !also.is_empty() {
            return format!("it is used in each step by {}", also.join(", "));
        }
        let apply = self.touching(base).find_map(|op| match &op.op {
            Op::Kernel(Code::Apply(a)) => Some(a),
            _ => None,
        });
        match apply {
            Some(a) if a.changes.len() > 1 => format!("{} rules change it", a.changes.len()),
            Some(a) if a.bounded => "the connection's `bounds` are kept by every weight in each step".into(),
            Some(a) => match *a.changes {
                [Change::Dense | Change::Rare] => "the rule's change is a matrix".into(),
                [Change::Outer(k) | Change::Scaled(k)] if k > 1 => {
                    format!("the rule's change is a sum of {k} products")
                }
                _ => "the passes for it are switched off".into(),
            },
            None => "the passes for it are switched off".into(),
        }
    }
}
