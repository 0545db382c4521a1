//! Calls of programs that Python makes: functions, operators that stay Python's, and what Nengo's learning rules want.

use std::sync::Arc;

use bouton_core::Failure;
use bouton_engine::{At, Call, Io, Running, Sees, Shape, Start};
use bouton_nef::ProcessCall;
use numpy::{PyArray1, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyFloat;

use crate::shared::{Share, within};

/// An operator that stays Python's: its step function works on arrays that share the engine's memory. Its operands are only for
/// the order.
#[derive(Clone, Debug)]
pub(crate) struct Foreign {
    pub(crate) share: Share,
    pub(crate) slot: usize,
    pub(crate) name: String,
}

impl Call for Foreign {
    fn name(&self) -> &str {
        &self.name
    }
    fn sees(&self) -> Sees {
        Sees::Memory
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(self.clone()))
    }
}

impl Running for Foreign {
    fn step(&mut self, _: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        within(&self.share, io, || {
            Python::attach(|py| {
                let Some(step) = self.share.step(py, self.slot) else {
                    return Err("has no step function".into());
                };
                step.call0().map(|_| ()).map_err(|e| self.share.raise(e))
            })
        })
    }
}

/// A process of the list. Where it has no seed of its own, Python draws it, in the order of a step and again at each reset.
#[derive(Debug)]
pub(crate) struct Seeded {
    pub(crate) process: Arc<ProcessCall>,
    pub(crate) share: Share,
    pub(crate) slot: usize,
}

impl Call for Seeded {
    fn name(&self) -> &str {
        self.process.name()
    }
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        self.process.check(on)
    }
    fn start(&self, start: &Start) -> Result<Box<dyn Running>, String> {
        // What can't be started says so at once.
        let running = self.process.start(&Start { dt: start.dt, seed: Some(0) })?;
        let (process, share, slot) = (self.process.clone(), self.share.clone(), self.slot);
        Ok(Box::new(RunningSeeded { process, share, slot, dt: start.dt, seed: None, running }))
    }
}

struct RunningSeeded {
    process: Arc<ProcessCall>,
    share: Share,
    slot: usize,
    dt: f64,
    /// With what it was begun: at its first step, since it is drawn after everything was started.
    seed: Option<u32>,
    running: Box<dyn Running>,
}

impl RunningSeeded {
    fn begin(&mut self, seed: u32) -> Result<(), String> {
        if self.seed != Some(seed) {
            self.running = self.process.start(&Start { dt: self.dt, seed: Some(seed) })?;
            self.seed = Some(seed);
        }
        Ok(())
    }
}

impl Running for RunningSeeded {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        if self.seed.is_none() {
            self.begin(self.share.seed(self.slot))?;
        }
        self.running.step(at, io)
    }
    fn save(&self) -> Result<Vec<u8>, String> {
        let Some(seed) = self.seed else { return Ok(self.share.seed(self.slot).to_le_bytes().to_vec()) };
        Ok([seed.to_le_bytes().to_vec(), self.running.save()?].concat())
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        let Some((seed, rest)) = saved.split_first_chunk::<4>() else {
            return Err(format!("needs a seed, found {} bytes", saved.len()));
        };
        self.begin(u32::from_le_bytes(*seed))?;
        // Before its first step it has no state yet.
        if rest.is_empty() { Ok(()) } else { self.running.load(rest) }
    }
}

/// A function of time, of values, or of both, as a node's or a connection's: it is given copies, and what it returns is set.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) share: Share,
    /// The function.
    pub(crate) slot: usize,
    /// What makes values of what the function returned, where that is no plain float or array: given the function, what it
    /// returned and the number of values.
    pub(crate) check: usize,
    pub(crate) takes_time: bool,
    pub(crate) takes_values: bool,
    pub(crate) returns: bool,
    /// Whether values are handed over in single precision.
    pub(crate) single: bool,
}

impl Call for Function {
    fn name(&self) -> &str {
        "function"
    }
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let wanted = usize::from(self.returns) + usize::from(self.takes_values);
        if on.len() == wanted { Ok(()) } else { Err(format!("takes {wanted} operands, found {}", on.len())) }
    }
    fn sees(&self) -> Sees {
        Sees::Held
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(RunningFunction { call: self.clone(), buffer: vec![] }))
    }
}

/// Calls with one argument, without the tuple that PyO3 makes for it where it is built for all versions of Python.
fn call_with<'py>(f: &Bound<'py, PyAny>, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let end = std::ptr::null_mut::<ffi::PyObject>();
    // SAFETY: both objects are alive and borrowed during the call, on the thread that is attached to the interpreter; the list of
    // arguments ends with a null pointer. What is returned is ours, or null with an exception set.
    unsafe {
        let y = ffi::PyObject_CallFunctionObjArgs(f.as_ptr(), x.as_ptr(), end);
        Bound::from_owned_ptr_or_err(f.py(), y)
    }
}

struct RunningFunction {
    call: Function,
    buffer: Vec<f64>,
}

impl Running for RunningFunction {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        let RunningFunction { call, buffer } = self;
        let outputs = usize::from(call.returns);
        let n = if call.returns { io.width(0) } else { 0 };
        if call.takes_values {
            io.copy(outputs, buffer);
        }
        let done: PyResult<()> = within(&call.share, io, || {
            Python::attach(|py| {
                let Some(f) = call.share.step(py, call.slot) else { return Ok(()) };
                let values = || -> Bound<'_, PyAny> {
                    if call.single {
                        let narrow: Vec<f32> = buffer.iter().map(|x| *x as f32).collect();
                        PyArray1::from_vec(py, narrow).into_any()
                    } else {
                        PyArray1::from_slice(py, buffer).into_any()
                    }
                };
                let y = match (call.takes_time, call.takes_values) {
                    (true, true) => f.call1((at.t, values()))?,
                    (true, false) => call_with(&f, PyFloat::new(py, at.t).as_any())?,
                    (false, true) => call_with(&f, &values())?,
                    (false, false) => f.call0()?,
                };
                if !call.returns {
                    return Ok(());
                }
                let y = &y;
                // The usual things first: a float (of Python or NumPy), an array of as many numbers.
                if let Ok(x) = y.cast::<PyFloat>().map(|x| x.value())
                    && x.is_finite()
                {
                    buffer.clear();
                    buffer.resize(n, x);
                    return Ok(());
                }
                if let Ok(a) = y.cast::<PyArray1<f64>>()
                    && a.len() == n
                    && a.is_contiguous()
                {
                    let view = a.try_readonly()?;
                    if let Ok(x) = view.as_slice()
                        && x.iter().all(|x| x.is_finite())
                    {
                        buffer.clear();
                        buffer.extend_from_slice(x);
                        return Ok(());
                    }
                }
                let Some(check) = call.share.step(py, call.check) else { return Ok(()) };
                let checked = check.call1((&f, y, n))?;
                let checked = checked.cast_into::<PyArray1<f64>>()?;
                buffer.clear();
                buffer.extend_from_slice(checked.try_readonly()?.as_slice()?);
                Ok(())
            })
        });
        done.map_err(|e| call.share.raise(e))?;
        if call.returns {
            if buffer.len() != n {
                return Err(format!("returned {} values, and {n} are needed", buffer.len()).into());
            }
            io.set(0, buffer);
        }
        Ok(())
    }
}

/// What one of Nengo's learning rules wants in a step, from activities that were filtered before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Learn {
    /// Δ = −(κ·dt/n)·E ⊗ a: sets scale, post, pre, and, `encoded`, what the encoders are multiplied by; reads activities, error,
    /// the error before the encoders, and κ.
    Pes {
        /// Whether the error has passed encoders.
        encoded: bool,
    },
    /// Δ = κ·dt·a_post·(a_post − θ) ⊗ a_pre: sets scale, post, pre; reads pre, post, θ, and κ.
    Bcm,
    /// Δ = κ·dt·(a_post ⊗ a_pre − β·a_post²·W): sets shares, scale, post, pre; reads pre, post, and κ, β.
    Oja,
    /// Δ = κ·dt·learn·(s·a_post ⊗ x − a_post·E): sets shares, scale, post, pre; reads x, post, the learning signal, s, and κ.
    Voja,
}

impl Learn {
    pub(crate) fn named(name: &str, encoded: bool) -> Option<Learn> {
        Some(match name {
            "pes" => Learn::Pes { encoded },
            "bcm" => Learn::Bcm,
            "oja" => Learn::Oja,
            "voja" => Learn::Voja,
            _ => return None,
        })
    }
    fn counts(self) -> (usize, usize) {
        match self {
            Learn::Pes { encoded } => (3 + usize::from(encoded), 3 + usize::from(encoded)),
            Learn::Bcm => (3, 4),
            Learn::Oja => (4, 3),
            Learn::Voja => (4, 5),
        }
    }
}

impl Call for Learn {
    fn name(&self) -> &str {
        match self {
            Learn::Pes { .. } => "pes",
            Learn::Bcm => "bcm",
            Learn::Oja => "oja",
            Learn::Voja => "voja",
        }
    }
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let (w, r) = self.counts();
        if on.len() == w + r { Ok(()) } else { Err(format!("takes {} operands, found {}", w + r, on.len())) }
    }
    fn spares(&self) -> Option<[usize; 2]> {
        (*self == Learn::Pes { encoded: true }).then_some([1, 5])
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(*self))
    }
}

impl Running for Learn {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        io.with(|w, r| match (self, w, r) {
            (Learn::Pes { .. }, [scale, post, pre, encoded @ ..], [a, e, before @ .., rate]) => {
                scale[0] = -rate[0] * at.dt / a.len() as f64;
                post.copy_from_slice(e);
                pre.copy_from_slice(a);
                encoded.iter_mut().zip(before).for_each(|(y, x)| y.copy_from_slice(x));
                Ok(())
            }
            (Learn::Bcm, [scale, post, pre], [a, b, theta, rate]) => {
                let alpha = rate[0] * at.dt;
                scale[0] = 1.0;
                for ((y, b), theta) in post.iter_mut().zip(*b).zip(*theta) {
                    *y = alpha * b * (b - theta);
                }
                pre.copy_from_slice(a);
                Ok(())
            }
            (Learn::Oja, [shares, scale, post, pre], [a, b, parameters]) => {
                let (alpha, beta) = (parameters[0] * at.dt, parameters[1]);
                scale[0] = 1.0;
                for ((s, y), b) in shares.iter_mut().zip(post.iter_mut()).zip(*b) {
                    *s = -beta * (alpha * b * b);
                    *y = alpha * b;
                }
                pre.copy_from_slice(a);
                Ok(())
            }
            (Learn::Voja, [shares, scale, post, pre], [x, b, learn, factors, rate]) => {
                let alpha = rate[0] * at.dt * learn[0];
                scale[0] = 1.0;
                for (((s, y), b), factor) in shares.iter_mut().zip(post.iter_mut()).zip(*b).zip(*factors) {
                    *s = -alpha * b;
                    *y = alpha * (factor * b);
                }
                pre.copy_from_slice(x);
                Ok(())
            }
            _ => Err("was made with other operands".into()),
        })
    }
}
