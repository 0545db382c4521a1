//! Live access to weights: the one place where they are written, and the access that callbacks have.

use bouton_elements::devices::DeviceArray;
use bouton_kernels::Real;
use bouton_model::{ConnectionId, Error, LiveAccess, Matrix};

use crate::arena::Arena;
use crate::plan::{NodeCall, Span};

/// Weights of one connection for live access.
#[derive(Clone)]
pub(crate) struct LiveWeights {
    pub(crate) path: String,
    pub(crate) span: Span,
    pub(crate) shape: (usize, usize),
}

/// The one place where weights are written from outside a rule: by edits between steps, by callbacks, by writes to devices.
/// What stays the same keeps its bits.
fn store<T: Real>(arena: &Arena<T>, w: &LiveWeights, values: &[f64]) {
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
    w: &LiveWeights,
    array: &mut DeviceArray,
    write: &mut dyn FnMut(&mut DeviceArray) -> Result<(), String>,
) -> Result<(), Error> {
    write(array).map_err(|m| Error::access(&w.path, m))?;
    store(arena, w, &array.weights());
    Ok(())
}

/// An edit of weights, from outside between steps or by a callback: checked as a whole, then written as a whole.
pub(crate) fn edit_weights<T: Real>(
    arena: &Arena<T>,
    w: &LiveWeights,
    devices: Option<&mut DeviceArray>,
    edit: &mut dyn FnMut(&mut Matrix) -> Result<(), String>,
) -> Result<(), Error> {
    let refuse = |m: String| Error::access(&w.path, m);
    // SAFETY: the caller holds the simulation, or is the only kernel that runs; the copy ends the borrow.
    let now: Vec<f64> = unsafe { arena.get(w.span) }.iter().map(|v| v.f64()).collect();
    let mut m = Matrix::new(w.shape.0, w.shape.1, now.clone())
        .ok_or_else(|| refuse("the weights have no shape".into()))?;
    edit(&mut m).map_err(refuse)?;
    if m.shape() != w.shape {
        return Err(refuse(format!(
            "the weights have shape {:?}, the edit left a matrix of {:?}",
            w.shape,
            m.shape()
        )));
    }
    if let Some(k) = m.values().iter().position(|v| !v.is_finite() || !T::of(*v).is_finite()) {
        let at = (k / w.shape.1, k % w.shape.1);
        return Err(refuse(format!(
            "the edit sets weight {at:?} to {}; weights must be finite. Nothing was written",
            m.values()[k]
        )));
    }
    match devices {
        None => store(arena, w, m.values()),
        Some(array) => {
            array.set_weights_near(&now, m.values()).map_err(|u| {
                refuse(format!(
                    "weight {:?} can't be set to {:e}: from their present state its devices reach {:e} to {:e}. Nothing was \
                     written; choose a weight in that range, or a larger `gain`",
                    u.at, u.wanted, u.range.0, u.range.1
                ))
            })?;
            store(arena, w, &array.weights_where(&now, m.values()));
        }
    }
    Ok(())
}

/// Live access from inside a step.
pub(crate) struct Live<'a, T> {
    pub(crate) arena: &'a Arena<T>,
    pub(crate) weights: &'a [Option<LiveWeights>],
    pub(crate) devices: &'a mut [Option<DeviceArray>],
    pub(crate) node: &'a NodeCall,
}

impl<T: Real> Live<'_, T> {
    fn of(&self, c: ConnectionId) -> Result<&LiveWeights, Error> {
        self.weights.get(c.index()).and_then(Option::as_ref).ok_or_else(|| {
            Error::access(&self.node.object, format!("connection {} has no weights", c.index()))
        })
    }
}

impl<T: Real> LiveAccess for Live<'_, T> {
    fn weights(&self, c: ConnectionId) -> Result<Matrix, Error> {
        let w = self.of(c)?;
        // SAFETY: only this kernel runs, and it holds no slice to write.
        let values = unsafe { self.arena.get(w.span) }.iter().map(|v| v.f64()).collect();
        Matrix::new(w.shape.0, w.shape.1, values)
            .ok_or_else(|| Error::access(&w.path, "the weights have no shape"))
    }
    fn edit_weights(
        &mut self,
        c: ConnectionId,
        edit: &mut dyn FnMut(&mut Matrix) -> Result<(), String>,
    ) -> Result<(), Error> {
        let w = self.of(c)?.clone();
        if !self.node.edits.contains(&c) {
            return Err(Error::access(
                &self.node.object,
                format!(
                    "edits the weights of `{}` without having declared it; add `.edits(connection)` to the node's function",
                    w.path
                ),
            ));
        }
        edit_weights(self.arena, &w, self.devices[c.index()].as_mut(), edit)
    }
}
