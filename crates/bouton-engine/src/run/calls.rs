//! Kernels that call: processes, callbacks of nodes, functions of connections.

use bouton_kernels::Real;
use bouton_model::{Error, Failure, NodeStep, no_panic};

use super::{SimReal, Simulation};
use crate::arena::Arena;
use crate::live::{Live, Reader};
use crate::plan::Span;

/// Numbers that aren't finite stop where a callback would be given them: it may make something of them that looks well.
pub(super) fn finite(x: impl IntoIterator<Item = f64>, what: &str) -> Result<(), Failure> {
    match x.into_iter().find(|v| !v.is_finite()) {
        None => Ok(()),
        Some(v) => Err(format!(
            "{what} is {v}; what was recorded until here is kept. Look at learning rates, and at feedback without a limit"
        )
        .into()),
    }
}

/// Copies the values of a span; none for none.
pub(super) fn copy_to<T: Real>(arena: &Arena<T>, s: Option<Span>, x: &mut Vec<f64>) {
    x.clear();
    if let Some(s) = s {
        // SAFETY: the caller is the only kernel that runs, and holds no slice to write.
        x.extend(unsafe { arena.get(s) }.iter().map(|v| v.f64()));
    }
}

/// Sets the values of a span.
pub(super) fn put<T: Real>(arena: &Arena<T>, s: Span, y: &[f64]) {
    // SAFETY: the caller is the only kernel that runs, and holds no slice of the arena.
    for (out, y) in unsafe { arena.get_mut(s) }.iter_mut().zip(y) {
        *out = T::of(*y);
    }
}

/// An error in the step that ends at `t` (s).
pub(super) fn failed(object: &str, t: f64, cause: Failure) -> Error {
    Error::run(object, format!("at t = {t:.6} s: {cause}")).with_source(cause)
}

impl<T: SimReal> Simulation<T> {
    pub(super) fn process(&mut self, k: usize, t: f64) -> Result<(), Error> {
        let p = &self.plan.processes[k];
        let mut y = std::mem::take(&mut self.scratch[0]);
        y.resize(p.out.len, 0.0);
        let done = self.processes[k].step(t, &mut y);
        put(&self.arena, p.out, &y);
        self.scratch[0] = y;
        done.map_err(|m| failed(&p.object, t, m.into()))
    }

    pub(super) fn node(&mut self, call: usize, t: f64) -> Result<(), Error> {
        let n = &self.plan.nodes[call];
        let mut x = std::mem::take(&mut self.scratch[0]);
        let mut y = std::mem::take(&mut self.scratch[1]);
        copy_to(&self.arena, n.x, &mut x);
        copy_to(&self.arena, n.out, &mut y);
        let mut live = Live {
            net: &self.net,
            reader: Reader { arena: &self.arena, plan: &self.plan, built: &self.built, lif: &self.lif },
            ensembles: &self.ensembles,
            weights: &self.weights,
            devices: &mut self.devices,
            node: n,
        };
        let result = finite(x.iter().copied(), "the input").and_then(|()| {
            // What a callback that panicked has left half done is its own affair.
            let f = &mut self.callbacks[call];
            no_panic(|| f.step(&mut NodeStep { t, x: &x, out: &mut y, live: &mut live }))
        });
        let bad = y.iter().find(|v| !T::of(**v).is_finite());
        let result = match (result, bad) {
            (Err(m), _) => Err(m),
            (Ok(()), Some(v)) if x.is_empty() => {
                Err(format!("the output is {v:?}; it must be finite").into())
            }
            (Ok(()), Some(v)) => Err(format!("the output is {v:?}; it must be finite (input {x:?})").into()),
            (Ok(()), None) => Ok(()),
        };
        if result.is_ok()
            && let Some(s) = n.out
        {
            put(&self.arena, s, &y);
        }
        (self.scratch[0], self.scratch[1]) = (x, y);
        result.map_err(|m| failed(&self.plan.nodes[call].object, t, m))
    }

    pub(super) fn function(&mut self, call: usize, t: f64) -> Result<(), Error> {
        let f = &self.plan.functions[call];
        let mut x = std::mem::take(&mut self.scratch[0]);
        let mut y = std::mem::take(&mut self.scratch[1]);
        copy_to(&self.arena, Some(f.x), &mut x);
        y.clear();
        y.resize(f.out.len, 0.0);
        let result =
            finite(x.iter().copied(), "the input of the function").and_then(|()| f.function.call(&x, &mut y));
        let result = match (result, y.iter().find(|v| !T::of(**v).is_finite())) {
            (Ok(()), Some(v)) => Err(format!("the function gave {v:?} at {x:?}; it must be finite").into()),
            (r, _) => r,
        };
        if result.is_ok() {
            put(&self.arena, f.out, &y);
        }
        (self.scratch[0], self.scratch[1]) = (x, y);
        result.map_err(|m| failed(&self.plan.functions[call].object, t, m))
    }
}
