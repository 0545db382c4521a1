//! Kernels that call: processes, callbacks of nodes, functions of connections.

use std::sync::PoisonError;

use bouton_model::{Error, NodeStep, no_panic};

use super::{SimReal, Simulation};
use crate::live::{Live, Reader};

/// Numbers that aren't finite stop where a callback would be given them: it may make something of them that looks well.
pub(super) fn finite(x: impl IntoIterator<Item = f64>, what: &str) -> Result<(), String> {
    match x.into_iter().find(|v| !v.is_finite()) {
        None => Ok(()),
        Some(v) => Err(format!(
            "{what} is {v}; what was recorded until here is kept. Look at learning rates, and at feedback without a limit"
        )),
    }
}

/// An error in the step that ends at `t` (s).
pub(super) fn failed(object: &str, t: f64, message: &str) -> Error {
    Error::run(object, format!("at t = {t:.6} s: {message}"))
}

impl<T: SimReal> Simulation<T> {
    pub(super) fn process(&mut self, k: usize, t: f64) -> Result<(), Error> {
        let p = &self.plan.processes[k];
        let mut y = std::mem::take(&mut self.scratch[0]);
        y.resize(p.out.len, 0.0);
        let done = self.processes[k].step(t, &mut y);
        // SAFETY: `self` is borrowed mutably: no other slice of the arena is alive.
        for (out, y) in unsafe { self.arena.get_mut(p.out) }.iter_mut().zip(&y) {
            *out = T::of(*y);
        }
        self.scratch[0] = y;
        done.map_err(|m| failed(&p.object, t, &m))
    }

    pub(super) fn node(&mut self, call: usize, t: f64) -> Result<(), Error> {
        let n = &self.plan.nodes[call];
        let mut x = std::mem::take(&mut self.scratch[0]);
        let mut y = std::mem::take(&mut self.scratch[1]);
        x.clear();
        y.clear();
        if let Some(s) = n.x {
            // SAFETY: no slice to write is alive.
            x.extend(unsafe { self.arena.get(s) }.iter().map(|v| v.f64()));
        }
        if let Some(s) = n.out {
            // SAFETY: as above.
            y.extend(unsafe { self.arena.get(s) }.iter().map(|v| v.f64()));
        }
        let mut live = Live {
            net: &self.net,
            reader: Reader { arena: &self.arena, plan: &self.plan, built: &self.built, lif: &self.lif },
            ensembles: &self.ensembles,
            weights: &self.weights,
            devices: &mut self.devices,
            node: n,
        };
        let result = finite(x.iter().copied(), "the input").and_then(|()| {
            // A callback that panicked left the lock poisoned; what it holds is the user's own affair.
            let mut f = n.callback.lock().unwrap_or_else(PoisonError::into_inner);
            no_panic(|| f(&mut NodeStep { t, x: &x, out: &mut y, live: &mut live }))
        });
        let bad = y.iter().find(|v| !T::of(**v).is_finite());
        let result = match (result, bad) {
            (Err(m), _) => Err(m),
            (Ok(()), Some(v)) if x.is_empty() => Err(format!("the output is {v:?}; it must be finite")),
            (Ok(()), Some(v)) => Err(format!("the output is {v:?}; it must be finite (input {x:?})")),
            (Ok(()), None) => Ok(()),
        };
        if result.is_ok()
            && let Some(s) = n.out
        {
            // SAFETY: the callback has returned; no other slice is alive.
            for (out, y) in unsafe { self.arena.get_mut(s) }.iter_mut().zip(&y) {
                *out = T::of(*y);
            }
        }
        (self.scratch[0], self.scratch[1]) = (x, y);
        result.map_err(|m| failed(&self.plan.nodes[call].object, t, &m))
    }

    pub(super) fn function(&mut self, call: usize, t: f64) -> Result<(), Error> {
        let f = &self.plan.functions[call];
        let mut x = std::mem::take(&mut self.scratch[0]);
        let mut y = std::mem::take(&mut self.scratch[1]);
        x.clear();
        y.clear();
        // SAFETY: no slice to write is alive.
        x.extend(unsafe { self.arena.get(f.x) }.iter().map(|v| v.f64()));
        y.resize(f.out.len, 0.0);
        let result =
            finite(x.iter().copied(), "the input of the function").and_then(|()| f.function.call(&x, &mut y));
        let result = match (result, y.iter().find(|v| !T::of(**v).is_finite())) {
            (Ok(()), Some(v)) => Err(format!("the function gave {v:?} at {x:?}; it must be finite")),
            (r, _) => r,
        };
        if result.is_ok() {
            // SAFETY: input and output are different signals, and the input was copied.
            for (out, y) in unsafe { self.arena.get_mut(f.out) }.iter_mut().zip(&y) {
                *out = T::of(*y);
            }
        }
        (self.scratch[0], self.scratch[1]) = (x, y);
        result.map_err(|m| failed(&self.plan.functions[call].object, t, &m))
    }
}
