//! The work of a trial, counted: what a budget is in. It is the same on any machine, however busy.

use bouton::model::{Ensemble, Network, Object};

use crate::change::Change;
use crate::shape::{ends, outputs};

/// Numbers that a step touches of each neuron, beside its encoders.
const NEURON: usize = 8;
/// How many times the numbers of a connection a rule touches, and devices.
const RULE: usize = 2;
const DEVICES: usize = 2;
/// Evaluation points at least, of an ensemble that doesn't say.
const POINTS: usize = 750;
/// Products of a solver that take as long as one number of a step.
const SOLVED: f64 = 16.0;

/// What solving an ensemble's decoders takes.
fn solving(e: &Ensemble) -> f64 {
    let points = e.n_eval_points.unwrap_or(POINTS.max(2 * e.n_neurons));
    e.n_neurons as f64 * e.n_neurons as f64 * points as f64 / SOLVED
}

/// Numbers that a network touches in a step, and what building it takes, in numbers as well.
fn of(net: &Network) -> (f64, f64) {
    let (mut step, mut build) = (0, 0.0);
    for e in net.ensembles().filter_map(|e| net.get_ensemble(e)) {
        if e.neuron_type.is_direct() {
            step += e.dimensions;
        } else {
            step += e.n_neurons * (NEURON + e.dimensions);
            build += solving(e);
        }
    }
    for c in net.connections() {
        let (pre, post, connection) = ends(net, c);
        let size = |o, before| net.object_size(o, before).unwrap_or(0);
        let into = outputs(net, c);
        let from = pre.slice.len(size(pre.object, true));
        let dense = connection.transform.as_ref().is_some_and(|t| t.model().dense());
        let all = match (pre.object, post.object) {
            (Object::Ensemble(a), Object::Ensemble(b)) if connection.solver.model().weights() => {
                let n = |e| net.get_ensemble(e).map_or(0, |e: &Ensemble| e.n_neurons);
                n(a) * n(b)
            }
            (Object::Ensemble(e), _) => {
                let width = connection.function.as_ref().map_or(from, |f| f.width());
                let n = net.get_ensemble(e).map_or(0, |e| e.n_neurons);
                n * width + if dense { width * into } else { into }
            }
            _ if dense || connection.devices.is_some() || !connection.rules.is_empty() => from * into,
            _ => into,
        };
        let devices = if connection.devices.is_some() { DEVICES } else { 1 };
        step += all * (devices + RULE * connection.rules.len());
    }
    (step as f64, build)
}

/// What a trial of so many seconds takes, with a change.
pub(crate) fn of_trial(net: &Network, change: Option<&Change>, seconds: f64, dt: f64, runs: usize) -> f64 {
    let (step, build) = of(net);
    let dt = change.and_then(Change::time_step).unwrap_or(dt);
    runs as f64 * (build + step * (seconds / dt).ceil())
}
