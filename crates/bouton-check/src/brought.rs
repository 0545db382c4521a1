//! What a connection brings against what it should bring: its decoders, its synapse, its noise.

use bouton::elements::transforms::{Dense, Init, Map, Transform};
use bouton::engine::Samples;
use bouton::model::{Connection, ConnectionId, Network, NodeId, Object, Slice};
use bouton::random::RandomState;

use crate::measure::{RANGE, relative, rows};
use crate::shape::{ends, is_passing};
use crate::trial::Run;

/// What is left of the signal behind a connection's synapse, how far it is off, and the noise of what it brings, all relative
/// to what its ensemble was given or its node gives, through its function and transform.
pub(crate) fn filtered(
    net: &Network,
    c: ConnectionId,
    s: &Samples,
    run: &Run,
) -> (Option<f64>, Option<f64>, Option<f64>) {
    let (pre, _, connection) = ends(net, c);
    let none = (None, None, None);
    if !connection.rules.is_empty() || connection.devices.is_some() || connection.solver.model().weights() {
        return none;
    }
    let against = |source: &Samples| through(connection, &pre.slice, source, s);
    let found = match pre.object {
        Object::Node(n) => run.nodes[n.index()].as_ref().and_then(against),
        Object::Ensemble(e) => run.populations[e.index()].as_ref().and_then(|r| {
            // A population that is silenced for a while is no fault of the synapse.
            match (against(&r.given), against(&r.value)) {
                (Some(given), Some(value)) if given.1 < value.1 => Some(given),
                (given, value) => value.or(given),
            }
        }),
        _ => None,
    };
    let noise = |wanted: f64| {
        let spikes = match pre.object {
            Object::Node(n) => sums_populations(net, n),
            o => matches!(o, Object::Ensemble(_)),
        };
        let raw = run.raw[c.index()].as_ref().filter(|_| spikes)?;
        Some(relative(jitter(raw), wanted))
    };
    found.map_or(none, |(kept, off, wanted)| (Some(kept), Some(off), noise(wanted)))
}

/// Whether a node passes on what populations give, and nothing else.
fn sums_populations(net: &Network, n: NodeId) -> bool {
    let into = |c: &ConnectionId| ends(net, *c).1.object == Object::Node(n);
    let mut all = net.connections().filter(into).map(|c| ends(net, c).0.object).peekable();
    is_passing(net, n) && all.peek().is_some() && all.all(|o| matches!(o, Object::Ensemble(_)))
}

/// Noise from sample to sample (rms over all values): what is smooth has no second differences, of white noise their square is
/// six times its own. The largest are left out, which are steps of the signal.
fn jitter(raw: &Samples) -> f64 {
    let all: Vec<&[f64]> = rows(raw).collect();
    let bends =
        |w: &[&[f64]]| (0..raw.width).map(|d| (w[0][d] - 2.0 * w[1][d] + w[2][d]).powi(2)).sum::<f64>();
    let mut bends: Vec<f64> = all.windows(3).map(bends).collect();
    bends.sort_by(f64::total_cmp);
    bends.truncate((bends.len() as f64 * RANGE).ceil() as usize);
    (bends.iter().sum::<f64>() / (6 * bends.len() * raw.width).max(1) as f64).sqrt()
}

/// What a connection brings against what it should bring of a source: how much there is of it, how far it is off, and how
/// much it should be (rms).
fn through(connection: &Connection, slice: &Slice, source: &Samples, s: &Samples) -> Option<(f64, f64, f64)> {
    let taken = slice.indices(source.width);
    let width = connection.function.as_ref().map_or(taken.len(), |f| f.width());
    let matrix = matrix(connection.transform.as_ref(), s.width, width)?;
    let (mut wanted, mut left, mut off, mut count) = (0.0, 0.0, 0.0, 0);
    let mut y = vec![0.0; width];
    for (x, row) in rows(source).zip(rows(s)) {
        let x: Vec<f64> = taken.iter().map(|d| x[*d]).collect();
        match &connection.function {
            Some(f) => f.call(&x, &mut y).ok()?,
            None => y.copy_from_slice(&x),
        }
        for (r, is) in row.iter().enumerate() {
            let should: f64 = (0..width).map(|i| matrix[r * width + i] * y[i]).sum();
            wanted += should * should;
            left += is * is;
            off += (is - should).powi(2);
            count += 1;
        }
    }
    let share = |x: f64| (x / wanted).sqrt();
    (wanted > 0.0).then(|| (share(left), share(off), (wanted / f64::from(count)).sqrt()))
}

/// The numbers of a transform, row by row; `None` where they are drawn or no matrix.
fn matrix(t: Option<&Transform>, outputs: usize, inputs: usize) -> Option<Vec<f64>> {
    let diagonal = |x: &dyn Fn(usize) -> f64| {
        (0..outputs * inputs).map(|k| if k / inputs == k % inputs { x(k / inputs) } else { 0.0 }).collect()
    };
    let Some(t) = t else { return Some(diagonal(&|_| 1.0)) };
    if let Some(d) = t.downcast_ref::<Dense>()
        && matches!(d.init, Init::Drawn(_))
    {
        return None;
    }
    // What isn't drawn doesn't ask for a draw.
    match t.make(outputs, inputs, &mut RandomState::new(0)).ok()? {
        Map::Scalar(x) => Some(diagonal(&|_| x)),
        Map::Diagonal(x) => Some(diagonal(&|k| x[k])),
        Map::Dense(x) => Some(x.to_vec()),
        Map::Linked(..) => None,
    }
}

/// Relative error of what a connection decodes, by row, against its function: of what its ensemble was given, or of what
/// that represents, whichever it is nearer to. (A population that is silenced for a while is no fault of its decoders.)
pub(crate) fn decoded(net: &Network, c: ConnectionId, s: &Samples, run: &Run) -> Vec<f64> {
    let (pre, _, connection) = ends(net, c);
    let Object::Ensemble(e) = pre.object else { return vec![] };
    let (Some(ran), Some(ensemble)) = (&run.populations[e.index()], net.get_ensemble(e)) else {
        return vec![];
    };
    let taken = pre.slice.indices(ensemble.dimensions);
    let against = |source: &Samples| -> Option<Vec<f64>> {
        let (mut noise, mut signal) = (vec![0.0; s.width], vec![0.0; s.width]);
        let mut wanted = vec![0.0; s.width];
        for (x, y) in rows(source).zip(rows(s)) {
            let x: Vec<f64> = taken.iter().map(|d| x[*d]).collect();
            match &connection.function {
                Some(f) => f.call(&x, &mut wanted).ok()?,
                None => wanted.copy_from_slice(&x),
            }
            for k in 0..s.width {
                noise[k] += (y[k] - wanted[k]).powi(2);
                signal[k] += wanted[k].powi(2);
            }
        }
        Some(noise.iter().zip(&signal).map(|(n, s)| relative(n.sqrt(), s.sqrt())).collect())
    };
    match (against(&ran.given), against(&ran.value)) {
        (Some(a), Some(b)) => a.iter().zip(&b).map(|(a, b)| a.min(*b)).collect(),
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_what_second_differences_say_and_a_slope_or_a_few_steps_are_none() {
        let of = |f: &dyn Fn(usize) -> f64| {
            let values: Vec<f64> = (0..1000).map(f).collect();
            jitter(&Samples { width: 1, steps: (0..1000).collect(), values })
        };
        // Differences of ±4, whose squares are six times those of what white noise would have.
        let alternates = of(&|k| if k % 2 == 0 { 1.0 } else { -1.0 });
        assert!((alternates - (16.0f64 / 6.0).sqrt()).abs() < 1e-12, "{alternates}");
        assert!(of(&|k| 3.0 * k as f64) < 1e-9);
        assert!(of(&|k| (k / 300) as f64) == 0.0);
        // White noise of 1, less the largest 2 % of differences, which have an eighth of its square.
        let mut dice = RandomState::new(1);
        let white: Vec<f64> = (0..1000).map(|_| dice.normal(0.0, 1.0)).collect();
        let measured = of(&|k| white[k]);
        assert!((0.87..0.99).contains(&measured), "{measured}");
    }
}
