//! A node's callback. Operands: out if it has one, x if it has one, and the weights that it edits.

use std::sync::{Arc, OnceLock};

use bouton_core::{Error, Failure, Matrix, no_panic};
use bouton_engine::{At, Call, Edit, Everything, Io, Pick, Running, Sees, Start};
use bouton_model::{ConnectionId, EnsembleId, LiveAccess, NodeFunction, NodeStep, RunningNode};

use super::finite;
use crate::views::{ReadPaths, Views, changes, edited_copy};

/// out = f(t, x).
pub(crate) struct NodeCall {
    function: NodeFunction,
    seed: u32,
    x: bool,
    out: bool,
    views: Arc<OnceLock<Arc<Views>>>,
}

impl std::fmt::Debug for NodeCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.function.fmt(f)
    }
}

impl NodeCall {
    /// `seed` is the callback's own; `x` and `out` say whether it has input and output.
    pub(crate) fn new(
        function: NodeFunction,
        seed: u32,
        (x, out): (bool, bool),
        views: Arc<OnceLock<Arc<Views>>>,
    ) -> NodeCall {
        NodeCall { function, seed, x, out, views }
    }
}

impl Call for NodeCall {
    fn name(&self) -> &str {
        "node"
    }
    fn sees(&self) -> Sees {
        Sees::Everything
    }
    fn start(&self, start: &Start) -> Result<Box<dyn Running>, String> {
        let views = self.views.get().ok_or("is started before its network is built")?.clone();
        Ok(Box::new(Run {
            callback: self
                .function
                .start(&bouton_model::Start::new(start.dt, self.seed))
                .map_err(|m| format!("the callback can't be made: {m}"))?,
            views,
            x: self.x.then(|| usize::from(self.out)),
            out: self.out.then_some(0),
            buffers: Default::default(),
        }))
    }
}

struct Run {
    callback: RunningNode,
    views: Arc<Views>,
    x: Option<usize>,
    out: Option<usize>,
    buffers: (Vec<f64>, Vec<f64>),
}

impl Running for Run {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        let (x, y) = (&mut self.buffers.0, &mut self.buffers.1);
        for (buffer, k) in [(&mut *x, self.x), (&mut *y, self.out)] {
            buffer.clear();
            if let Some(k) = k {
                io.copy(k, buffer);
            }
        }
        finite(x, "the input")?;
        let everything = io.everything().ok_or("the engine shows a node nothing")?;
        let mut live = Live { views: &self.views, everything };
        // What a callback that panicked has left half done is its own affair.
        let callback = &mut self.callback;
        no_panic(|| callback.step(&mut NodeStep { t: at.t, x, out: y, live: &mut live }))?;
        match y.iter().find(|v| !io.holds(**v)) {
            Some(v) if x.is_empty() => return Err(format!("the output is {v:?}; it must be finite").into()),
            Some(v) => return Err(format!("the output is {v:?}; it must be finite (input {x:?})").into()),
            None => {}
        }
        if let Some(k) = self.out {
            io.set(k, y);
        }
        Ok(())
    }
    fn save(&self) -> Result<Vec<u8>, String> {
        self.callback.save().ok_or_else(|| UNSAVED.into())
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        self.callback.load(saved).map_err(|m| m.to_string())
    }
}

/// Why a callback's state isn't saved.
pub(super) const UNSAVED: &str =
    "its callback holds state and doesn't say how it is saved; make it by `with_state` or `stateful`";

/// Live access from inside a step.
struct Live<'a> {
    views: &'a Views,
    everything: Everything<'a>,
}

impl Live<'_> {
    /// The path of weights that the node has declared to edit.
    fn declared(&self, c: ConnectionId) -> Result<String, Error> {
        let path = self.views.weights_path(c)?;
        if self.everything.may_edit(&path) {
            return Ok(path);
        }
        let m = "the node edits these weights without having declared it; add `.edits(connection)` to the node's function";
        Err(Error::access(self.views.network().connection_path(c), m))
    }
}

impl ReadPaths for Everything<'_> {
    fn read_path(&self, path: &str) -> Result<Vec<f64>, Error> {
        self.read(path, &Pick::All)
    }
    fn shape_of(&self, path: &str) -> Result<(usize, usize), Error> {
        self.shape(path)
    }
}

impl bouton_model::sealed::Sealed for Live<'_> {}

impl LiveAccess for Live<'_> {
    fn weights(&self, c: ConnectionId) -> Result<Matrix, Error> {
        self.views.weights(&self.everything, c)
    }
    fn decoders(&self, c: ConnectionId) -> Result<Matrix, Error> {
        self.views.decoders(&self.everything, c)
    }
    fn encoders(&self, e: EnsembleId) -> Result<Matrix, Error> {
        self.views.encoders(&self.everything, e)
    }
    fn gain(&self, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.views.gain(&self.everything, e)
    }
    fn bias(&self, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.views.bias(&self.everything, e)
    }
    fn current(&self, c: ConnectionId) -> Result<Vec<f64>, Error> {
        self.views.current(&self.everything, c)
    }
    fn edit_weights(
        &mut self,
        c: ConnectionId,
        edit: &mut dyn FnMut(&mut Matrix) -> Result<(), Failure>,
    ) -> Result<(), Error> {
        let path = self.declared(c)?;
        let before = self.views.weights(&self.everything, c)?;
        let object = self.views.network().connection_path(c);
        let after = edited_copy(&object, &before, edit)?;
        let done = match changes(before.values(), after.values()) {
            None => return Ok(()),
            Some((Pick::All, _)) => self.everything.set(&path, after.values()),
            Some((pick, values)) => self.everything.edit(&Edit { path, pick, values: values.into_owned() }),
        };
        done.map_err(|e| Error::access(object, e.message()))
    }
    fn set_weights(&mut self, c: ConnectionId, weights: &Matrix) -> Result<(), Error> {
        let path = self.declared(c)?;
        let object = || self.views.network().connection_path(c);
        let (found, wanted) = (weights.shape(), self.everything.shape(&path)?);
        if found != wanted {
            let m = format!(
                "the weights have shape {wanted:?}, found a matrix of {found:?}. Nothing was written"
            );
            return Err(Error::access(object(), m));
        }
        self.everything.set(&path, weights.values()).map_err(|e| Error::access(object(), e.message()))
    }
}
