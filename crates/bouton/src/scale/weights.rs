//! Live weights, a row at a time: a large matrix is looked at without a copy of it.

use bouton_engine::{SignalId, Simulation};
use bouton_model::ConnectionId;

use crate::simulator::Simulator;

/// The weights of a connection as they stand.
pub(super) struct Weights<'a> {
    sim: &'a Simulation,
    signal: SignalId,
    pub(super) shape: (usize, usize),
}

impl<'a> Weights<'a> {
    /// `None` if the connection has none.
    pub(super) fn of(sim: &'a Simulator, c: ConnectionId) -> Option<Weights<'a>> {
        let path = sim.views().weights_path(c).ok()?;
        let program = sim.simulation().program();
        let signal = program.knobs().get(&path)?.signal;
        let s = program.get(signal);
        Some(Weights { sim: sim.simulation(), signal, shape: (s.rows, s.cols) })
    }
    /// Row `r`, into a buffer.
    pub(super) fn row(&self, r: usize, out: &mut Vec<f64>) {
        self.sim.read_part(self.signal, r * self.shape.1, (r + 1) * self.shape.1, out);
    }
    /// Whether all are zero.
    pub(super) fn is_zero(&self) -> bool {
        let mut row = vec![];
        (0..self.shape.0).all(|r| {
            self.row(r, &mut row);
            row.iter().all(|w| *w == 0.0)
        })
    }
}
