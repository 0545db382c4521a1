//! What a plan is, for people.

use std::fmt::Write as _;

use super::{Holds, Layout, Plan, What};
use crate::kernels::Code;
use crate::program::{Program, Room};

impl Plan {
    /// One line a turn: what it is, numbers touched, whose it is, and the pass that made it; then forms, and memory.
    /// A form says what it takes beside the signal that it is of, numbers being of `size` bytes.
    pub(crate) fn explain(&self, program: &Program, layout: &Layout, holds: &Holds, size: usize) -> String {
        let mut s = String::new();
        let _ = writeln!(s, "{:<12} {:>10}  object", "kernel", "numbers");
        for t in &self.turns {
            let name = match &t.what {
                What::Code(Code::Copy(c)) if c.inc => "add",
                What::Code(code) => code.name(),
                What::Call(k) => program.operators()[*k].kind(),
            };
            let _ = write!(s, "{name:<12} {:>10}  {}", t.work(), t.of);
            if let What::Code(Code::Population(p)) = &t.what
                && p.of.count > 1
            {
                let _ = write!(s, " and {} more", p.of.count - 1);
            }
            let _ = if t.pass.is_empty() { writeln!(s) } else { writeln!(s, "  [{}]", t.pass) };
        }
        let numbers = layout.size(Room::Real);
        let _ = writeln!(s, "{} kernels over {numbers} numbers", self.turns.len());
        for form in distinct(self.forms.iter().map(|f| f.form.name())) {
            let of: Vec<_> = self.forms.iter().filter(|f| f.form.name() == form).collect();
            let len: usize = of.iter().map(|f| f.own.len).sum();
            let bytes = size * len + 8 * of.iter().map(|f| f.constants.len).sum::<usize>();
            let what = match of.as_slice() {
                [one] => format!("of `{}`", program.get(one.signal).name),
                many => format!("of {} signals", many.len()),
            };
            let _ = writeln!(s, "form `{form}` {what}: {len} numbers of its own, {bytes} bytes");
        }
        for (signal, why) in self.forms.missing(program, holds) {
            let _ = writeln!(s, "no form of `{}`: {why}", program.get(signal).name);
        }
        s
    }
}

fn distinct(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut all: Vec<_> = names.collect();
    all.sort_unstable();
    all.dedup();
    all
}
