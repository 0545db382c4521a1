//! Why a large matrix has no form of its own, for people.

use bouton_elements::rules::Change;
use bouton_kernels::MAX_COLUMNS;

use super::passes::events::{has_spikes, is_large, touching};
use super::{Forms, Holds};
use crate::kernels::Code;
use crate::program::{Op, Operator, Program, SignalId};

impl Forms {
    /// Of each large matrix that a product reads by rows: its signal, and why no form holds it.
    pub(super) fn missing(&self, program: &Program, holds: &Holds) -> Vec<(SignalId, String)> {
        let mut reasons: Vec<(SignalId, String)> = vec![];
        for op in program.operators() {
            let (Op::Kernel(Code::Dot(_)), [_, a, x]) = (&op.op, &*op.on) else { continue };
            let base = program.base(a.signal);
            let large = is_large(program.get(a.signal));
            if large && self.truth(base).is_none() && reasons.iter().all(|r| r.0 != base) {
                let held = [base, program.base(x.signal)].map(|s| holds.signals.contains(&s));
                let why = match held {
                    [true, _] => "someone reads and writes it at its address".into(),
                    [_, true] => "someone reads and writes what it is multiplied by at its address".into(),
                    _ => reason(program, a.signal, x.signal),
                };
                reasons.push((base, why));
            }
        }
        reasons
    }
}

fn reason(program: &Program, matrix: SignalId, x: SignalId) -> String {
    let (base, s) = (program.base(matrix), program.get(matrix));
    if s.view.is_some() {
        return "the product reads a part of it".into();
    }
    if s.cols > MAX_COLUMNS {
        return format!("it has {} columns, and forms have at most {MAX_COLUMNS}", s.cols);
    }
    if !has_spikes(program, x) {
        return "what it is multiplied by isn't spikes alone".into();
    }
    let is_dot = |op: &Operator| matches!(&op.op, Op::Kernel(Code::Dot(_)));
    let products = touching(program, base).filter(|op| is_dot(op)).count();
    if products > 1 {
        return format!("{products} products read it");
    }
    let mut apply = None;
    let mut also: Vec<String> = vec![];
    for op in touching(program, base).filter(|op| !is_dot(op)) {
        match &op.op {
            Op::Kernel(Code::Apply(a)) if op.on[0].signal == base => apply = Some(a),
            _ => also.push(format!("`{}` of {}", op.kind(), op.of)),
        }
    }
    if !also.is_empty() {
        return format!("it is used in each step by {}", also.join(", "));
    }
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
