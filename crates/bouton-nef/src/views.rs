//! Named views of weights and of what goes with them. They mean the same between steps and inside one.

use std::sync::Arc;

use bouton_model::{ConnectionId, EnsembleId, Error, Matrix, Network, Object, Transform};

use crate::build::{Built, BuiltEnsemble};
use crate::program::SignalId;

/// Reads signals as they stand.
pub(crate) trait ReadSignals {
    /// Values of a signal, row-major, phase marks as times.
    fn read_into(&self, s: SignalId, out: &mut Vec<f64>);

    fn read(&self, s: SignalId) -> Vec<f64> {
        let mut out = vec![];
        self.read_into(s, &mut out);
        out
    }
}

/// What views are made of.
pub(crate) struct Views<'a> {
    pub(crate) net: &'a Network,
    pub(crate) built: &'a Built,
    /// Parameters of ensembles as they are now.
    pub(crate) ensembles: &'a [Arc<BuiltEnsemble>],
    pub(crate) signals: &'a dyn ReadSignals,
}

impl Views<'_> {
    /// Refuses connections of other networks.
    pub(crate) fn own(&self, c: ConnectionId) -> Result<(), Error> {
        let none = || {
            Error::access(self.net.connection_path(c), "this connection is not in the simulator's network")
        };
        self.net.get_connection(c).map(|_| ()).ok_or_else(none)
    }

    /// The signal of a connection's weights.
    pub(crate) fn weights_signal(&self, c: ConnectionId) -> Result<SignalId, Error> {
        self.own(c)?;
        self.built.connection_signals[c.index()].weights.ok_or_else(|| {
            let path = self.net.connection_path(c);
            let m = "this connection has no weights: it has neither decoders nor a transform; give it a `transform`";
            Error::access(path, m)
        })
    }

    pub(crate) fn weights(&self, c: ConnectionId) -> Result<Matrix, Error> {
        let s = self.weights_signal(c)?;
        let x = &self.built.program.signals[s.index()];
        Matrix::new(x.rows, x.cols, self.signals.read(s))
            .ok_or_else(|| Error::access(self.net.connection_path(c), "the weights have no shape"))
    }

    pub(crate) fn decoders(&self, c: ConnectionId) -> Result<Matrix, Error> {
        let none = || {
            Error::access(
                self.net.connection_path(c),
                "this connection has no decoders: it does not come from the value that an ensemble's neurons represent",
            )
        };
        self.own(c)?;
        let solved = self.built.decoders.get(c.index()).and_then(Option::as_ref).ok_or_else(none)?;
        let (_, _, conn) = self.net.get_connection(c).ok_or_else(none)?;
        let folded =
            !matches!(conn.transform, Transform::None) || self.built.connection_signals[c.index()].full;
        if !folded {
            return self.weights(c);
        }
        let cols = self.weights(c)?.shape().1;
        Matrix::new(solved.len() / cols, cols, solved.to_vec()).ok_or_else(none)
    }

    pub(crate) fn ensemble(&self, e: EnsembleId) -> Result<&BuiltEnsemble, Error> {
        let own = self.net.get_ensemble(e).map(|_| e.index());
        let b = own.and_then(|k| self.ensembles.get(k)).map(AsRef::as_ref);
        b.ok_or_else(|| {
            Error::access(self.net.ensemble_path(e), "this ensemble is not in the simulator's network")
        })
    }

    pub(crate) fn encoders(&self, e: EnsembleId) -> Result<Matrix, Error> {
        let b = self.ensemble(e)?;
        let (d, x) = (b.dimensions, b.encoders.to_vec());
        Matrix::new(x.len() / d, d, x)
            .ok_or_else(|| Error::access(self.net.ensemble_path(e), "the encoders have no shape"))
    }

    pub(crate) fn gain(&self, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.ensemble(e).map(|b| b.gain.to_vec())
    }

    pub(crate) fn bias(&self, e: EnsembleId) -> Result<Vec<f64>, Error> {
        self.ensemble(e).map(|b| b.bias.to_vec())
    }

    pub(crate) fn current(&self, c: ConnectionId) -> Result<Vec<f64>, Error> {
        self.own(c)?;
        let none = |m: &str| Error::access(self.net.connection_path(c), m);
        let (_, post, _) =
            self.net.get_connection(c).ok_or_else(|| none("this connection is not in the network"))?;
        let s = &self.built.connection_signals[c.index()];
        let value = self.signals.read(s.weighted.ok_or_else(|| none("this connection delivers nothing"))?);
        match post.object {
            _ if s.full => Ok(value),
            Object::Neurons(_) => {
                let gains = s.gains.map(|g| self.signals.read(g)).unwrap_or_default();
                Ok(value.iter().zip(&gains).map(|(v, g)| v * g).collect())
            }
            Object::Ensemble(e) => {
                let b = self.ensemble(e)?;
                let (d, taken) = (b.dimensions, post.slice.indices(b.dimensions));
                let rows = b.scaled_encoders.chunks_exact(d);
                Ok(rows.map(|r| taken.iter().zip(&value).map(|(k, v)| r[*k] * v).sum()).collect())
            }
            _ => Err(none("this connection does not end at neurons")),
        }
    }
}
