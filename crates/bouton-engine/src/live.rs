//! Live access to weights: the one place where they are written, and the access that callbacks have.

use std::sync::Arc;

use bouton_elements::devices::DeviceArray;
use bouton_kernels::{LifStep, Real};
use bouton_model::{ConnectionId, EnsembleId, Error, ErrorKind, Failure, LiveAccess, Matrix, Network};

use crate::arena::Arena;
use crate::build::{Built, BuiltEnsemble};
use crate::plan::{NodeCall, Plan, Span};
use crate::program::SignalId;
use crate::views::{ReadSignals, Views};

/// Where the weights of a connection lie.
#[derive(Clone, Copy)]
pub(crate) struct LiveWeights {
    pub(crate) span: Span,
    pub(crate) shape: (usize, usize),
}

/// The one place where weights are written from outside a rule: by edits between steps, by callbacks, by writes to devices.
/// What stays the same keeps its bits.
fn store<T: Real>(arena: &Arena<T>, w: LiveWeights, values: &[f64]) {
    // SAFETY: the caller holds the simulation, or is the only kernel that runs, and holds no slice of the arena.
    for (y, v) in unsafe { arena.get_mut(w.span) }.iter_mut().zip(values) {
        if y.f64() != *v {
            *y = T::of(*v);
        }
    }
}

/// A raw write to the devices of a connection: `write` changes them, and the weights follow.
pub(crate) fn write_devices<T: Real>(
    arena: &Arena<T>,
    w: LiveWeights,
    array: &mut DeviceArray,
    write: &mut dyn FnMut(&mut DeviceArray) -> Result<(), String>,
) -> Result<(), String> {
    let before = array.clone();
    write(array)?;
    let weights = array.weights();
    if let Some(x) = weights.iter().find(|x| !T::of(**x).is_finite()) {
        *array = before;
        return Err(format!(
            "a weight would be {x:e}, which is more than the simulation's numbers hold. Nothing was written"
        ));
    }
    store(arena, w, &weights);
    Ok(())
}

/// An edit of weights, from outside between steps or by a callback: checked as a whole, then written as a whole.
pub(crate) fn edit_weights<T: Real>(
    arena: &Arena<T>,
    w: LiveWeights,
    devices: Option<&mut DeviceArray>,
    edit: &mut dyn FnMut(&mut Matrix) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // SAFETY: the caller holds the simulation, or is the only kernel that runs; the copy ends the borrow.
    let now: Vec<f64> = unsafe { arena.get(w.span) }.iter().map(|v| v.f64()).collect();
    let mut m = Matrix::new(w.shape.0, w.shape.1, now.clone()).ok_or("the weights have no shape")?;
    edit(&mut m)?;
    if m.shape() != w.shape {
        return Err(format!(
            "the weights have shape {:?}, the edit left a matrix of {:?}",
            w.shape,
            m.shape()
        )
        .into());
    }
    if let Some(k) = m.values().iter().position(|v| !v.is_finite() || !T::of(*v).is_finite()) {
        let at = (k / w.shape.1, k % w.shape.1);
        let x = m.values()[k];
        if !now[k].is_finite() {
            return Err(format!(
                "weight {at:?} is {} since the run went wrong, and the edit leaves it {x}: set all such weights in one edit, \
                 or reset. Nothing was written",
                now[k]
            )
            .into());
        }
        return Err(format!(
            "the edit sets weight {at:?} to {x:e}; weights must be finite. Nothing was written"
        )
        .into());
    }
    match devices {
        None => store(arena, w, m.values()),
        Some(array) => {
            array.set_weights_near(&now, m.values()).map_err(|u| {
                format!(
                    "weight {:?} can't be set to {:e}: its devices reach {:e} to {:e}. Nothing was \
                     written; choose a weight in that range, or a larger `gain`",
                    u.at, u.wanted, u.range.0, u.range.1
                )
            })?;
            store(arena, w, &array.weights_where(&now, m.values()));
        }
    }
    Ok(())
}

/// Signals as they lie in an arena.
pub(crate) struct Reader<'a, T> {
    pub(crate) arena: &'a Arena<T>,
    pub(crate) plan: &'a Plan,
    pub(crate) built: &'a Built,
    pub(crate) lif: &'a [Option<LifStep<T>>],
}

impl<T: Real> ReadSignals for Reader<'_, T> {
    fn read_into(&self, s: SignalId, out: &mut Vec<f64>) {
        out.clear();
        let program = &self.built.program;
        let x = &program.signals[s.index()];
        let (span, stride) = (self.plan.spans[s.index()], self.plan.strides[s.index()]);
        let mark = self.plan.marks.get(&program.base(s)).and_then(|p| self.lif[*p].as_ref());
        // SAFETY: between kernels, or in the only kernel that runs: no slice to write is alive.
        let data = unsafe { self.arena.get(span) };
        for r in 0..x.rows {
            let row = data[r * stride..r * stride + x.cols].iter().map(|v| v.f64());
            match mark {
                None => out.extend(row),
                Some(p) => out.extend(row.map(|m| p.refractory_time(m))),
            }
        }
    }
}

/// Live access from inside a step.
pub(crate) struct Live<'a, T> {
    pub(crate) net: &'a Network,
    pub(crate) reader: Reader<'a, T>,
    pub(crate) ensembles: &'a [Arc<BuiltEnsemble>],
    pub(crate) weights: &'a [Option<LiveWeights>],
    pub(crate) devices: &'a mut [Option<DeviceArray>],
    pub(crate) node: &'a NodeCall,
}

impl<T: Real> Live<'_, T> {
    fn views(&self) -> Views<'_> {
        let Reader { built, .. } = self.reader;
        Views { net: self.net, built, ensembles: self.ensembles, signals: &self.reader }
    }
}

impl<T> bouton_model::sealed::Sealed for Live<'_, T> {}

impl<T: Real> LiveAccess for Live<'_, T> {
    fn weights(&self, c: ConnectionId) -> Result<Matrix, Error> {
        self.views().weights(c)
    }
    fn decoders(&self, c: ConnectionId) -> Result<Matrix, Error> {
        self.views().decoders(c)
    }
    fn encoders(&self, e: EnsembleId) -> Result<Matrix, Error> {
        self.views().encoders(e)
    }
    fn gain(&self, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.views().gain(e)
    }
    fn bias(&self, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.views().bias(e)
    }
    fn current(&self, c: ConnectionId) -> Result<Vec<f64>, Error> {
        self.views().current(c)
    }
    fn edit_weights(
        &mut self,
        c: ConnectionId,
        edit: &mut dyn FnMut(&mut Matrix) -> Result<(), Failure>,
    ) -> Result<(), Error> {
        self.views().weights_signal(c)?;
        let refuse = |m: String| Error::access(self.net.connection_path(c), m);
        let Some(w) =
            self.weights[c.index()].filter(|_| self.node.edits.iter().any(|e| e.index() == c.index()))
        else {
            return Err(refuse(format!(
                "the node `{}` edits these weights without having declared it; add `.edits(connection)` to the node's \
                 function",
                self.node.object
            )));
        };
        edit_weights(self.reader.arena, w, self.devices[c.index()].as_mut(), edit)
            .map_err(|cause| Error::caused(ErrorKind::Access, self.net.connection_path(c), cause))
    }
}
