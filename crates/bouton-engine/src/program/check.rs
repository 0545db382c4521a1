//! What every program has to be, whoever made it. It is asked once, before a plan is made.

use std::collections::HashMap;

use bouton_core::Error;

use super::{Access, Op, Operand, Operator, Program, Room, SignalId, Writes};
use crate::calls::Sees;

impl Program {
    /// Refuses a program that makes no sense: signals of other programs, initial values of other sizes, views outside their
    /// base, numbers that two operators set or two update in one step, operands of which one is written and meets another,
    /// kernels and calls on shapes that they don't take, paths that name two things.
    ///
    /// # Errors
    /// The first fault found, with the object that the operator belongs to, or the signal's name.
    pub fn check(&self) -> Result<(), Error> {
        for (k, s) in self.signals.iter().enumerate() {
            self.check_signal(k).map_err(|m| Error::build(&s.name, m))?;
        }
        for op in &self.operators {
            self.check_operator(op).map_err(|m| Error::build(&op.of, format!("{}: {m}", op.kind())))?;
        }
        for (access, what) in [(Access::Set, "set"), (Access::Update, "update")] {
            self.check_alone(access, what)?;
        }
        for d in &self.derived {
            let of = |m: String| Error::build(&d.of, m);
            for s in d.reads.iter().chain(&d.writes) {
                self.known(*s).map_err(of)?;
            }
            if d.writes.iter().any(|w| d.reads.iter().any(|r| self.overlap(*w, *r))) {
                return Err(of("what follows from an edit is written where it is read".into()));
            }
        }
        for (path, knob) in self.knobs.iter() {
            self.known(knob.signal).map_err(|m| Error::build(path, m))?;
            let s = self.get(knob.signal);
            if matches!(knob.writes, Writes::Plain) && !s.contiguous() {
                return Err(Error::build(
                    path,
                    "names a part of the columns of a matrix, which can't be written",
                ));
            }
        }
        match self.knobs.twice() {
            [] => Ok(()),
            [path, ..] => Err(Error::build(path.clone(), "is the path of two things")),
        }
    }

    fn known(&self, s: SignalId) -> Result<(), String> {
        if s.index() < self.signals.len() { Ok(()) } else { Err(format!("there is no signal {}", s.index())) }
    }

    fn check_signal(&self, k: usize) -> Result<(), String> {
        let s = &self.signals[k];
        let Some(len) = s.rows.checked_mul(s.cols) else {
            return Err(format!("{} × {} numbers can't be counted", s.rows, s.cols));
        };
        if let super::Initial::Values(v) = &s.initial
            && v.values().len() != len
        {
            return Err(format!("begins with {} values, and has {} × {}", v.values().len(), s.rows, s.cols));
        }
        let Some(v) = s.view else { return Ok(()) };
        self.known(v.base)?;
        let base = &self.signals[v.base.index()];
        if base.view.is_some() {
            return Err(format!("is a view of `{}`, which is one itself", base.name));
        }
        if s.room != base.room {
            return Err(format!("is a view of `{}` of another number type", base.name));
        }
        if s.cols > v.stride && s.rows > 1 {
            return Err(format!("has rows of {} that are {} apart", s.cols, v.stride));
        }
        let end = v.offset.checked_add(s.extent());
        if end.is_none_or(|e| e > base.len()) {
            return Err(format!(
                "reaches from {} to {} of `{}`, which has {} numbers",
                v.offset,
                end.map_or("beyond all".into(), |e| e.to_string()),
                base.name,
                base.len()
            ));
        }
        Ok(())
    }

    fn check_operator(&self, op: &Operator) -> Result<(), String> {
        for o in &op.on {
            self.known(o.signal)?;
            let s = self.get(o.signal);
            if let Some((a, b)) = o.part
                && !(a <= b && b <= s.len() && s.contiguous())
            {
                return Err(format!("takes {a}..{b} of `{}`, which has {} numbers", s.name, s.len()));
            }
        }
        // Who is handed no numbers may name them as it likes.
        let handed = !matches!(&op.op, Op::Call(call) if call.sees() == Sees::Memory);
        for (i, a) in op.on.iter().enumerate().filter(|_| handed) {
            for b in &op.on[i + 1..] {
                let ((x, a0, a1), (y, b0, b1)) = (self.touched(a), self.touched(b));
                if (a.access.writes() || b.access.writes()) && x == y && a0 < b1 && b0 < a1 {
                    return Err(format!(
                        "writes what it also uses otherwise: `{}` and `{}` have numbers in common",
                        self.get(a.signal).name,
                        self.get(b.signal).name
                    ));
                }
            }
        }
        let shapes: Vec<_> = op.on.iter().map(|o| self.shape(o)).collect();
        match &op.op {
            Op::Clock => Ok(()),
            Op::Probe if op.on.len() == 1 && op.on[0].access == Access::Read => Ok(()),
            Op::Probe => Err("looks at one signal".into()),
            Op::Call(call) => call.check(&shapes),
            Op::Kernel(code) => {
                self.check_kinds(&op.on)?;
                for (k, o) in op.on.iter().enumerate() {
                    if !self.get(o.signal).contiguous() && !code.strided(k) {
                        return Err(format!(
                            "`{}` is a part of the columns of a matrix, which can only be used in a product",
                            self.get(o.signal).name
                        ));
                    }
                }
                code.check(&shapes)
            }
        }
    }

    /// Kernels have operands in the order written, read, read in double precision.
    fn check_kinds(&self, on: &[Operand]) -> Result<(), String> {
        let kind = |o: &Operand| match (self.get(o.signal).room, o.access.writes()) {
            (Room::Real, true) => Ok(0),
            (Room::Real, false) => Ok(1),
            (Room::Double, false) => Ok(2),
            (Room::Double, true) => Err("a kernel can't write double precision"),
        };
        let kinds = on.iter().map(kind).collect::<Result<Vec<u8>, _>>()?;
        if kinds.is_sorted() {
            Ok(())
        } else {
            Err("operands must be those written, read, read in double precision".into())
        }
    }

    /// No number is set twice in a step, and none updated twice.
    fn check_alone(&self, access: Access, what: &str) -> Result<(), Error> {
        let mut by: HashMap<SignalId, Vec<(usize, usize, usize)>> = HashMap::new();
        for (k, op) in self.operators.iter().enumerate() {
            for o in op.on.iter().filter(|o| o.access == access) {
                let (base, a, b) = self.touched(o);
                if a < b {
                    by.entry(base).or_default().push((a, b, k));
                }
            }
        }
        for (base, mut list) in by {
            list.sort_unstable();
            for w in list.windows(2) {
                if w[1].0 < w[0].1 {
                    let (a, b) = (&self.operators[w[0].2].of, &self.operators[w[1].2].of);
                    return Err(Error::build(
                        &self.get(base).name,
                        format!("both `{a}` and `{b}` {what} the same numbers of it in a step"),
                    ));
                }
            }
        }
        Ok(())
    }
}
