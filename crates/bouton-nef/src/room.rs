//! Whether a model fits the memory there is: asked once, before anything is drawn.

use bouton_core::Error;
use bouton_model::{ConnectionId, EnsembleId, Network, Object};

use crate::connection::mid;

/// Something that takes memory.
enum Taker {
    Ensemble(EnsembleId),
    /// A connection, its rows and columns, and what they are of.
    Connection(ConnectionId, (usize, usize), &'static str),
}

/// Refuses a model that would not fit. What it says is the least that the model will take: a program of the same numbers
/// asks again, when all sizes are known.
pub(crate) fn check_room(net: &Network) -> Result<(), Error> {
    let (mut all, mut most) = (0.0, (0.0, None));
    let mut add = |bytes: f64, what: Taker| {
        all += bytes;
        if bytes > most.0 {
            most = (bytes, Some(what));
        }
    };
    for id in net.ensembles() {
        let Some(e) = net.get_ensemble(id).filter(|e| !e.neuron_type.is_direct()) else { continue };
        // Encoders as they were drawn and scaled, both of them once more while it runs, for resets; about a dozen numbers a
        // neuron; evaluation points, unless they were given.
        let (n, d) = (e.n_neurons as f64, e.dimensions as f64);
        let points = if e.eval_points.fixed_shape().is_some() { 0.0 } else { e.eval_point_count() as f64 };
        add(8.0 * (4.0 * n * d + 12.0 * n + points * d), Taker::Ensemble(id));
    }
    for id in net.connections() {
        let Some((pre, post, c)) = net.get_connection(id) else { continue };
        let size = |o: Object, pre: bool| match o {
            Object::Ensemble(e) => net.get_ensemble(e).map_or(0, |e| e.n_neurons),
            o => net.object_size(o, pre).unwrap_or(0),
        };
        let (rows, cols) = (size(post.object, false), size(pre.object, true));
        let neural = |e| net.get_ensemble(e).is_some_and(|e| !e.neuron_type.is_direct());
        let decoded = matches!(pre.object, Object::Ensemble(e) if neural(e));
        let numbers = |(rows, cols): (usize, usize)| 8.0 * rows as f64 * cols as f64;
        let (bytes, shape, what) = match (&c.devices, &c.transform) {
            // What they start with is kept beside what they are, for resets; and the weights.
            (Some(spec), _) => {
                (2.0 * (spec.bytes(rows, cols) + numbers((rows, cols))), (rows, cols), "synapses of devices")
            }
            (None, _) if decoded && c.solver.model().weights() => {
                (2.0 * numbers((rows, cols)), (rows, cols), "weights of a solver")
            }
            (None, Some(t)) if t.model().dense() => {
                let values = mid(net, pre, c);
                // What it refuses is said where it is made.
                let Ok(outputs) = t.model().outputs(values) else { continue };
                let outputs = outputs
                    .unwrap_or_else(|| net.object_size(post.object, false).map_or(0, |n| post.slice.len(n)));
                if decoded {
                    (2.0 * numbers((outputs, cols)), (outputs, cols), "weights, of transform and decoders,")
                } else {
                    // The matrix is there already, if the user holds it.
                    (numbers((outputs, values)), (outputs, values), "weights")
                }
            }
            _ => continue,
        };
        add(bytes, Taker::Connection(id, shape, what));
    }
    let Err(m) = bouton_memory::room::fits(all) else { return Ok(()) };
    Err(match most.1 {
        None => Error::build("", format!("the model {m}")),
        Some(Taker::Ensemble(id)) => {
            let (n, d) = net.get_ensemble(id).map_or((0, 0), |e| (e.n_neurons, e.dimensions));
            let m =
                format!("the model {m}, the most of it for its {n} neurons of {d} dimensions; take fewer");
            Error::build(net.ensemble_path(id), m)
        }
        Some(Taker::Connection(id, (rows, cols), what)) => {
            let m = format!(
                "the model {m}, the most of it for its {rows} × {cols} {what}: {:.3} GB; take fewer neurons",
                most.0 / 1e9
            );
            Error::build(net.connection_path(id), m)
        }
    })
}
