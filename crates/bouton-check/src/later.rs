//! What inputs give later than a trial: where one becomes larger then, that part is what a trial is of.
//!
//! Nodes that read only time are run by themselves, over all of the time that the model is meant to run, which takes little.
//! Where one gives more later than in the first seconds, a trial takes all of them from where they give most: they are
//! replaced by tables of what they give from then on. Where that leaves out what others give at other times, it takes parts in
//! which they do as well, one behind the other. The rest of the model begins as it does.

use std::sync::Arc;

use bouton::elements::processes::{Interpolation, PastEnd, Table};
use bouton::engine::Samples;
use bouton::model::{Error, Network, NodeId, Output, Probe};
use bouton::{Options, Simulator};

/// Steps at most in which the nodes are run: in a longer time steps are longer.
const STEPS: f64 = 20_000.0;
/// A value counts as larger from this factor on.
const LARGER: f64 = 1.5;
/// A part shows all of a value if it reaches this share of the largest.
const ALL: f64 = 0.7;
/// Parts overlap: each begins this share of its length behind the last.
const APART: f64 = 0.25;
/// Parts of one trial at most: it becomes as many times as long.
const PARTS: usize = 3;

/// A network whose inputs are those of a later time.
pub(crate) struct Later {
    pub(crate) net: Network,
    /// What the parts of the trial begin at (s).
    pub(crate) from: Vec<f64>,
    /// How long all of them are (s).
    pub(crate) seconds: f64,
}

/// The network with its inputs from where they are most active, if that isn't the beginning alone.
pub(crate) fn most_active(net: &Network, seconds: f64, run: f64, dt: f64) -> Result<Option<Later>, Error> {
    let moving: Vec<NodeId> = net.nodes().filter(|n| reads_only_time(net, *n)).collect();
    if moving.is_empty() {
        return Ok(None);
    }
    let step = dt * (run / STEPS / dt).ceil().max(1.0);
    let Some(all) = given(net, &moving, run, step)? else { return Ok(None) };
    let rows = all.iter().map(Samples::rows).min().unwrap_or(0);
    let length = ((seconds / step).round() as usize).clamp(1, rows.max(1));
    if rows <= length {
        return Ok(None);
    }
    // The largest value of each output in each part, and its mean square.
    let apart = ((length as f64 * APART) as usize).max(1);
    let starts: Vec<usize> = (0..=rows - length).step_by(apart).chain([rows - length]).collect();
    let largest = |from: usize, to: usize| -> Vec<f64> {
        let of = |s: &Samples| {
            let mut most = vec![0.0f64; s.width];
            (from..to).for_each(|k| most.iter_mut().zip(s.row(k)).for_each(|(m, x)| *m = m.max(x.abs())));
            most
        };
        all.iter().flat_map(of).collect()
    };
    let whole = largest(0, rows);
    let parts: Vec<Vec<f64>> = starts.iter().map(|s| largest(*s, s + length)).collect();
    if whole.iter().zip(&parts[0]).all(|(w, first)| *w <= LARGER * first) {
        return Ok(None);
    }
    // Of those that show most of them the one in which they are most active.
    let shown = |part: &[f64]| part.iter().zip(&whole).filter(|(p, w)| **p >= ALL * **w).count();
    let active = |from: usize, outputs: &[usize]| -> f64 {
        let squares = |s: &Samples| {
            let mut sums = vec![0.0; s.width];
            (from..from + length).for_each(|k| sums.iter_mut().zip(s.row(k)).for_each(|(m, x)| *m += x * x));
            sums
        };
        let all: Vec<f64> = all.iter().flat_map(squares).collect();
        outputs.iter().filter(|k| whole[**k] > 0.0).map(|k| all[*k] / (whole[*k] * whole[*k])).sum()
    };
    let first_most_active = |of: &dyn Fn(usize) -> bool, outputs: &[usize]| {
        let all = (0..parts.len()).filter(|k| of(*k)).map(|k| (k, active(starts[k], outputs)));
        // The first of equals.
        all.reduce(|a, b| if b.1 > a.1 { b } else { a }).map(|b| b.0)
    };
    let most = parts.iter().map(|p| shown(p)).max().unwrap_or(0);
    let every: Vec<usize> = (0..whole.len()).collect();
    let best = first_most_active(&|k| shown(&parts[k]) == most, &every).unwrap_or(0);
    // And parts that show what is much less in these, where others are.
    let mut chosen = vec![best];
    while chosen.len() < PARTS {
        let so_far = |k: usize| chosen.iter().map(|part| parts[*part][k]).fold(0.0, f64::max);
        let missing: Vec<usize> = (0..whole.len()).filter(|k| whole[*k] > LARGER * so_far(*k)).collect();
        let adds = |part: &[f64]| missing.iter().filter(|k| part[**k] >= ALL * whole[**k]).count();
        let most = parts.iter().map(|p| adds(p)).max().unwrap_or(0);
        if most == 0 {
            break;
        }
        chosen.extend(first_most_active(&|k| adds(&parts[k]) == most, &missing));
    }
    chosen.sort_unstable();
    if chosen == [0] {
        return Ok(None);
    }
    let rows = || chosen.iter().flat_map(|k| starts[*k]..starts[*k] + length);
    let mut later = net.clone();
    for (n, s) in moving.iter().zip(&all) {
        let values: Vec<f64> = rows().flat_map(|k| s.row(k).iter().copied()).collect();
        let table = Table {
            values: Arc::new(values),
            width: s.width,
            rate: 1.0 / step,
            interpolation: if step > dt { Interpolation::Linear } else { Interpolation::Hold },
            past_end: PastEnd::Hold,
            ..Table::default()
        };
        if let Some(node) = later.get_node_mut(*n) {
            *node = Output::process(table);
        }
    }
    let from = chosen.iter().map(|k| starts[*k] as f64 * step).collect();
    Ok(Some(Later { net: later, from, seconds: rows().count() as f64 * step }))
}

/// Whether what a node gives moves with time, and with nothing else.
fn reads_only_time(net: &Network, n: NodeId) -> bool {
    match net.get_node(n) {
        Some(Output::Function(f)) => f.size_in() == 0 && f.size_out() > 0,
        Some(Output::Process { size, .. }) => *size > 0,
        _ => false,
    }
}

/// What nodes give by themselves. `None` where they can't be run so: the trial itself says why.
fn given(net: &Network, nodes: &[NodeId], run: f64, step: f64) -> Result<Option<Vec<Samples>>, Error> {
    let mut only = Network::with_seed(net.seed().unwrap_or(0));
    let mut probes = vec![];
    for n in nodes {
        let Some(output) = net.get_node(*n) else { continue };
        let node = only.node(&format!("node{}", n.index()), output.clone());
        probes.push(only.probe(&format!("probe{}", n.index()), Probe::new(node)));
    }
    let Ok(mut sim) = Simulator::with(&only, Options { dt: step, threads: 1, ..Options::default() }) else {
        return Ok(None);
    };
    if sim.run(run).is_err() {
        return Ok(None);
    }
    Ok(Some(probes.into_iter().map(|p| sim.data(p)).collect::<Result<_, _>>()?))
}
