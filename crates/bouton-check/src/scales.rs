//! Scales that are worth a trial: radii, transforms and rows of transforms, by what a population is given.

use bouton::model::{ConnectionId, Ensemble, EnsembleId, Network, Object};

use crate::candidates::{Candidate, LITTLE, MUCH, ensemble_change, median, odd, two_digits};
use crate::change::{Change, Parameter, scaled, sizes};
use crate::measure::{Measured, Population, length};
use crate::shape::{Shape, ends, outputs};
use crate::sources::{NOTHING, Sources, Way, ways};

/// What a population is given should reach this far, in units of its radius.
pub(crate) const FILL: f64 = 0.9;
/// A dimension is out of line with the others by this factor.
const OUT_OF_LINE: f64 = 5.0;
/// Room for what comes once there is some.
const ROOMS: [f64; 5] = [1.0, 1.5, 2.0, 4.0, 8.0];
/// The same in a loop that adds up what an input brings, for how long nobody knows: from not at all to what a loop of 0.1 s
/// makes of it in 6.4 s, 64 times; a trial is no longer than that. Each is four times the one before, so that one lies near
/// enough above whatever comes: it then fills a quarter of FILL or more, which is not little.
const ADDS_UP: [f64; 4] = [1.0, 4.0, 16.0, 64.0];
/// A plain number is taken if it differs from the measured one by less than this factor.
const NEAR: f64 = 2.0;

/// A factor, and the plain one near it that makes `size` to 1, on the side where there is room: of a transform below, of a
/// radius above.
fn factors(factor: f64, size: f64, above: bool) -> Vec<f64> {
    let mut all = vec![two_digits(factor)];
    let snapped = 1.0 / size;
    let by = if above { factor / snapped } else { snapped / factor };
    if size > 0.0 && snapped != 1.0 && by < 1.05 && by > 1.0 / NEAR {
        all.push(snapped);
    }
    all.retain(|f| f.is_finite() && *f > 0.0 && *f != 1.0);
    all
}

/// What a loop may have made of what an input brings.
fn sums(brings: f64) -> impl Iterator<Item = f64> {
    ADDS_UP.iter().map(move |r| r * brings)
}

/// Radius, transforms, and rows of transforms.
pub(crate) fn scales(
    net: &Network,
    shape: &Shape,
    m: &Measured,
    e: EnsembleId,
    p: &Population,
    ensemble: &Ensemble,
    all: &mut Vec<Candidate>,
) {
    let out = p.out();
    // In a loop that is driven beyond its range more comes once there is room for it.
    let looped = shape.looped.contains(&e.index()) && p.spans > MUCH;
    // And weights that are given from neurons to neurons are those for one radius.
    let bare =
        |c: ConnectionId| matches!(ends(net, c).0.object, Object::Neurons(x) if x.index() == e.index());
    let rooms: &[f64] = if looped || net.connections().any(bare) { &ROOMS } else { &[1.0] };
    let ways = ways(net, shape, e);
    let sources = Sources::of(net, shape, m, e, &ways);
    // Where next to nothing comes into a loop, what is in it may be another's, or what its own noise has added up to.
    let adds_up =
        |brings: f64| shape.looped.contains(&e.index()) && p.little() && brings < NOTHING * ensemble.radius;
    if out && sources.radius_may_be_at_fault() {
        let mut largest: Vec<f64> = rooms.iter().map(|r| r * p.peak).collect();
        if let Some(strongest) = sources.strongest().filter(|s| adds_up(*s)) {
            largest.extend(sums(strongest));
        }
        largest.into_iter().for_each(|l| radius(net, e, ensemble, l / FILL / ensemble.radius, all));
    }
    for c in &sources.connections {
        if matches!(ends(net, *c).0.object, Object::Ensemble(from) if from.index() == e.index()) {
            continue;
        }
        // What only passes is mended before it.
        if shape.passes_on(net, ends(net, *c).0.object) {
            continue;
        }
        let Some(a) = m.connections.iter().find(|a| a.id == *c) else { continue };
        if p.little() && !sources.may_be_at_fault(*c, ensemble.radius) {
            continue;
        }
        // What this connection alone brings to this ensemble.
        let own: Vec<f64> = ways
            .iter()
            .filter(|w| w.connection == *c)
            .filter_map(|w| Some(a.peaks.get(w.row)? * w.factor))
            .collect();
        let brings = length(&own);
        if brings.is_nan() || brings <= 0.0 {
            continue;
        }
        let alone = sources.connections.len() == 1 || shape.looped.contains(&e.index());
        // Of several that cancel each other, as in an error, none is to be scaled by itself; but what all others are meant
        // beside doesn't.
        let cancels =
            p.little() && !sources.has_others_beside(*c) && !(0.5..=2.0).contains(&(brings / p.peak));
        if adds_up(brings) {
            sums(brings).for_each(|s| scale(net, *c, None, FILL * ensemble.radius / s, all));
        }
        if out && (alone || !cancels) && !(adds_up(brings) && sources.several()) {
            let factor = FILL * ensemble.radius / if alone { p.peak } else { brings };
            if !(LITTLE..=MUCH).contains(&(1.0 / factor)) {
                rooms.iter().for_each(|r| scale(net, *c, None, factor / r, all));
            }
        }
        // Rows that are out of line with the other dimensions.
        if ensemble.dimensions > 1 || own.len() < a.peaks.len() {
            rows(net, m, &ways, *c, p, ensemble, out, all);
        }
    }
}

/// A radius times a factor.
pub(crate) fn radius(
    net: &Network,
    e: EnsembleId,
    ensemble: &Ensemble,
    factor: f64,
    all: &mut Vec<Candidate>,
) {
    for f in factors(factor, ensemble.radius, true) {
        let value = two_digits(f * ensemble.radius);
        let change = ensemble_change(e, Parameter::Radius, ensemble.clone().radius(value));
        all.push(Candidate {
            object: net.ensemble_path(e),
            parameter: Parameter::Radius,
            words: change.words(net).unwrap_or_default(),
            change,
            plainer: odd(ensemble.radius) - odd(value),
        });
    }
}

#[allow(clippy::too_many_arguments)]
fn rows(
    net: &Network,
    m: &Measured,
    ways: &[Way],
    c: ConnectionId,
    p: &Population,
    ensemble: &Ensemble,
    out: bool,
    all: &mut Vec<Candidate>,
) {
    let Some(a) = m.connections.iter().find(|a| a.id == c) else { return };
    for Way { dimension: d, row, factor, .. } in ways.iter().filter(|w| w.connection == c).copied() {
        let brings = a.peaks.get(row).copied().unwrap_or(0.0) * factor;
        let peak = p.peaks.get(d).copied().unwrap_or(0.0);
        if !(brings > 0.0 && peak > 0.0) {
            continue;
        }
        // Against the other dimensions, where they are within the range; else against the radius.
        let others = (0..p.peaks.len()).filter(|k| *k != d && p.peaks[*k] > 0.0).map(|k| p.peaks[k]);
        let share = FILL * ensemble.radius / (ensemble.dimensions as f64).sqrt();
        let within = LITTLE * share..=MUCH * ensemble.radius;
        let target = median(others).filter(|u| within.contains(u)).unwrap_or(share);
        // Rows of one connection are out of line with each other, too.
        let beside = (0..a.peaks.len()).filter(|k| *k != row).map(|k| a.peaks[k]);
        let in_line = median(beside)
            .is_some_and(|b| b > 0.0 && (1.0 / OUT_OF_LINE..=OUT_OF_LINE).contains(&(brings / b)));
        if in_line {
            continue;
        }
        let factor = target / brings;
        let single = ensemble.dimensions == 1;
        if (1.0 / OUT_OF_LINE..=OUT_OF_LINE).contains(&factor) || (single && !out) {
            continue;
        }
        scale(net, c, Some(row), factor, all);
    }
}

/// A transform, or a row of it, times a factor.
pub(crate) fn scale(
    net: &Network,
    c: ConnectionId,
    row: Option<usize>,
    factor: f64,
    all: &mut Vec<Candidate>,
) {
    let connection = ends(net, c).2;
    let n = outputs(net, c);
    let rows = row.map(|r| vec![r]);
    if connection.devices.is_some()
        || scaled(connection.transform.as_ref(), rows.as_deref(), n, 2.0).is_none()
    {
        return;
    }
    let sizes = sizes(connection.transform.as_ref(), n).unwrap_or_default();
    let size = match row {
        Some(r) => {
            let others = (0..sizes.len()).filter(|k| *k != r).map(|k| sizes[k]);
            let usual = median(others).filter(|u| *u > 0.0).unwrap_or(1.0);
            sizes.get(r).copied().unwrap_or(0.0) / usual
        }
        None => sizes.iter().copied().fold(0.0, f64::max),
    };
    for f in factors(factor, size, false) {
        let change = Change::Scale { connection: c, rows: rows.clone(), factor: f };
        all.push(Candidate {
            object: net.connection_path(c),
            parameter: Parameter::Transform,
            words: change.words(net).unwrap_or_default(),
            change,
            plainer: odd(size) - odd(size * f),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_loop_adds_up_in_a_trial_one_of_the_sums_gives_it_a_range_that_it_neither_leaves_nor_makes_little_of()
     {
        let brings = 3e-4;
        let all: Vec<f64> = sums(brings).collect();
        // A constant that nothing is added to, and what a loop of 0.1 s has made of it in 6.4 s: y' = x / 0.1.
        assert_eq!(all[0], brings);
        assert!((all[all.len() - 1] / (brings * 6.4 / 0.1) - 1.0).abs() < 1e-12, "{all:?}");
        // None is nearer to its neighbour than another.
        let step = (all[all.len() - 1] / all[0]).powf(1.0 / (all.len() - 1) as f64);
        assert!(all.windows(2).all(|w| (w[1] / w[0] / step - 1.0).abs() < 1e-12), "{all:?}");
        for k in 0..=1000 {
            let is = brings * 64f64.powf(f64::from(k) / 1000.0) * (1.0 - 1e-12);
            let filled = all.iter().map(|s| is / (s / FILL));
            assert!(
                filled.clone().any(|f| (LITTLE..=FILL).contains(&f)),
                "{is} fills {:?}",
                filled.collect::<Vec<_>>()
            );
        }
    }
}
