//! Named views of weights and of what goes with them. They mean the same between steps and inside one: both read by path.

use std::borrow::Cow;
use std::sync::Arc;

use bouton_core::{Error, ErrorKind, Failure, Matrix};
use bouton_engine::Pick;
use bouton_model::{ConnectionId, EnsembleId, Network, Object};

use super::{Builder, Names};

/// Reads what has a path.
pub trait ReadPaths {
    /// All values, row-major.
    ///
    /// # Errors
    /// There is nothing of that path.
    fn read_path(&self, path: &str) -> Result<Vec<f64>, Error>;
    /// Rows and columns.
    ///
    /// # Errors
    /// There is nothing of that path.
    fn shape_of(&self, path: &str) -> Result<(usize, usize), Error>;
}

/// What views are made of: the network, its paths, and what of the build isn't a signal.
pub struct Views {
    net: Arc<Network>,
    names: Names,
    /// Decoders (decoded values × neurons) of each connection that has some, without transform and encoders.
    decoders: Vec<Option<Arc<Vec<f64>>>>,
    /// By connection: whether it has weights, and whether they are a matrix onto neuron currents (a weight solver's).
    weights: Vec<(bool, bool)>,
    /// By ensemble: dimensions and radius.
    ensembles: Vec<(usize, f64)>,
}

impl Views {
    pub(crate) fn new(net: Arc<Network>, b: &Builder<'_>) -> Views {
        Views {
            net,
            names: b.names.clone(),
            decoders: b.solved.iter().map(|s| s.decoders.clone()).collect(),
            weights: b.conn.iter().map(|c| (c.weights.is_some(), c.full)).collect(),
            ensembles: b.ensembles.iter().map(|e| (e.dimensions, e.radius)).collect(),
        }
    }
    /// The network.
    pub fn network(&self) -> &Arc<Network> {
        &self.net
    }
    /// Paths of its objects.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Refuses connections of other networks.
    ///
    /// # Errors
    /// One of another network.
    pub fn own(&self, c: ConnectionId) -> Result<(), Error> {
        let none = || {
            Error::access(self.net.connection_path(c), "this connection is not in the simulator's network")
        };
        self.net.get_connection(c).map(|_| ()).ok_or_else(none)
    }
    /// Refuses ensembles of other networks.
    ///
    /// # Errors
    /// One of another network.
    pub fn own_ensemble(&self, e: EnsembleId) -> Result<(), Error> {
        self.net.get_ensemble(e).map(|_| ()).ok_or_else(|| {
            Error::access(self.net.ensemble_path(e), "this ensemble is not in the simulator's network")
        })
    }

    /// The path of a connection's weights.
    ///
    /// # Errors
    /// It has none, or is of another network.
    pub fn weights_path(&self, c: ConnectionId) -> Result<String, Error> {
        self.own(c)?;
        if self.weights[c.index()].0 {
            return Ok(self.names.weights(c));
        }
        let m =
            "this connection has no weights: it has neither decoders nor a transform; give it a `transform`";
        Err(Error::access(self.net.connection_path(c), m))
    }

    /// The weights of a connection, post × pre.
    ///
    /// # Errors
    /// It has none.
    pub fn weights(&self, from: &dyn ReadPaths, c: ConnectionId) -> Result<Matrix, Error> {
        let path = self.weights_path(c)?;
        let (rows, cols) = from.shape_of(&path)?;
        Matrix::new(rows, cols, from.read_path(&path)?)
            .ok_or_else(|| Error::access(self.net.connection_path(c), "the weights have no shape"))
    }

    /// The decoders of a connection: those that were solved where something is folded into the weights, else the weights.
    ///
    /// # Errors
    /// It has none.
    pub fn decoders(&self, from: &dyn ReadPaths, c: ConnectionId) -> Result<Matrix, Error> {
        let none = || {
            Error::access(
                self.net.connection_path(c),
                "this connection has no decoders: it does not come from the value that an ensemble's neurons represent",
            )
        };
        self.own(c)?;
        let solved = self.decoders.get(c.index()).and_then(Option::as_ref).ok_or_else(none)?;
        let (_, _, conn) = self.net.get_connection(c).ok_or_else(none)?;
        let folded = conn.transform.is_some() || self.weights[c.index()].1;
        if !folded {
            return self.weights(from, c);
        }
        let cols = from.shape_of(&self.weights_path(c)?)?.1;
        Matrix::new(solved.len() / cols, cols, solved.to_vec()).ok_or_else(none)
    }

    /// Something of an ensemble that has neurons.
    fn of_neurons(&self, from: &dyn ReadPaths, e: EnsembleId, what: &str) -> Result<Vec<f64>, Error> {
        self.own_ensemble(e)?;
        if self.is_direct(e) {
            return Ok(vec![]);
        }
        from.read_path(&format!("{}.{what}", self.names.ensemble(e)))
    }
    /// Whether an ensemble has no neurons.
    pub fn is_direct(&self, e: EnsembleId) -> bool {
        self.net.get_ensemble(e).is_some_and(|e| e.neuron_type.is_direct())
    }

    /// Encoders of an ensemble (neurons × dimensions).
    ///
    /// # Errors
    /// It is of another network.
    pub fn encoders(&self, from: &dyn ReadPaths, e: EnsembleId) -> Result<Matrix, Error> {
        self.own_ensemble(e)?;
        let d = self.ensembles[e.index()].0;
        if self.is_direct(e) {
            return Ok(Matrix::from_fn(d, d, |r, c| f64::from(u8::from(r == c))));
        }
        let x = self.of_neurons(from, e, "encoders")?;
        Matrix::new(x.len() / d, d, x)
            .ok_or_else(|| Error::access(self.net.ensemble_path(e), "the encoders have no shape"))
    }
    /// Gains of an ensemble's neurons.
    ///
    /// # Errors
    /// It is of another network.
    pub fn gain(&self, from: &dyn ReadPaths, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.of_neurons(from, e, "gain")
    }
    /// Bias currents of an ensemble's neurons.
    ///
    /// # Errors
    /// It is of another network.
    pub fn bias(&self, from: &dyn ReadPaths, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.of_neurons(from, e, "bias")
    }

    /// What a connection delivers to each neuron of its post ensemble, as input current (threshold 1).
    ///
    /// # Errors
    /// It doesn't end at neurons.
    pub fn current(&self, from: &dyn ReadPaths, c: ConnectionId) -> Result<Vec<f64>, Error> {
        self.own(c)?;
        let none = |m: &str| Error::access(self.net.connection_path(c), m);
        let (_, post, _) =
            self.net.get_connection(c).ok_or_else(|| none("this connection is not in the network"))?;
        let name = self.names.connection(c);
        let value = from.read_path(&format!("{name}.weighted"))?;
        match post.object {
            _ if self.weights[c.index()].1 => Ok(value),
            Object::Neurons(_) => {
                let gains = from.read_path(&format!("{name}.gains"))?;
                Ok(value.iter().zip(&gains).map(|(v, g)| v * g).collect())
            }
            Object::Ensemble(e) => {
                let (d, radius) = self.ensembles[e.index()];
                let (encoders, gain) = (self.encoders(from, e)?, self.gain(from, e)?);
                let taken = post.slice.indices(d);
                let row = |(n, r): (usize, &[f64])| {
                    let factor = gain.get(n).map_or(1.0, |g| g / radius);
                    taken.iter().zip(&value).map(|(k, v)| r[*k] * factor * v).sum()
                };
                Ok(encoders.values().chunks_exact(d).enumerate().map(row).collect())
            }
            _ => Err(none("this connection does not end at neurons")),
        }
    }
}

/// What an edit changes of a matrix: which elements, and their new values. `None` if nothing.
///
/// # Errors
/// What the edit says; a matrix of another shape; numbers that aren't finite. `object` is what the error is about.
pub fn edited(
    object: &str,
    before: &Matrix,
    edit: &mut dyn FnMut(&mut Matrix) -> Result<(), Failure>,
) -> Result<Option<(Pick, Vec<f64>)>, Error> {
    let after = edited_copy(object, before, edit)?;
    Ok(changes(before.values(), after.values()).map(|(pick, values)| (pick, values.into_owned())))
}

/// What an edit makes of a matrix.
///
/// # Errors
/// What the edit says; a matrix of another shape; numbers that aren't finite. `object` is what the error is about.
pub fn edited_copy(
    object: &str,
    before: &Matrix,
    edit: &mut dyn FnMut(&mut Matrix) -> Result<(), Failure>,
) -> Result<Matrix, Error> {
    let mut after = before.clone();
    edit(&mut after).map_err(|cause| Error::caused(ErrorKind::Access, object, cause))?;
    if after.shape() != before.shape() {
        let m = format!(
            "the weights have shape {:?}, the edit left a matrix of {:?}",
            before.shape(),
            after.shape()
        );
        return Err(Error::access(object, m));
    }
    let (old, new) = (before.values(), after.values());
    if let Some(k) = new.iter().position(|v| !v.is_finite()) {
        let (at, x) = ((k / before.shape().1, k % before.shape().1), new[k]);
        let m = if old[k].is_finite() {
            format!("the edit sets weight {at:?} to {x:e}; weights must be finite. Nothing was written")
        } else {
            format!(
                "weight {at:?} is {} since the run went wrong, and the edit leaves it {x}: set all such weights in one edit, or \
                 reset. Nothing was written",
                old[k]
            )
        };
        return Err(Error::access(object, m));
    }
    Ok(after)
}

/// Which numbers differ, and what they are after an edit; all if these are the most. `None` if none does.
pub fn changes<'a>(before: &[f64], after: &'a [f64]) -> Option<(Pick, Cow<'a, [f64]>)> {
    let differ = |(b, a): (&f64, &f64)| usize::from(b != a);
    match before.iter().zip(after).map(differ).sum::<usize>() {
        0 => None,
        n if 2 * n > before.len() => Some((Pick::All, after.into())),
        _ => {
            let changed: Vec<usize> = (0..before.len()).filter(|k| before[*k] != after[*k]).collect();
            let values: Vec<f64> = changed.iter().map(|k| after[*k]).collect();
            Some((Pick::Where(changed.into()), values.into()))
        }
    }
}
