//! Networks that learn nothing, other than lines of populations.

use bouton::prelude::*;

use super::{Base, End, finish, one_of};
use crate::model::{FILL, Model, Scale::Transform, Spot};
use crate::signal::{DT, Shape, Signal};

/// A product of two dimensions or a square of one, with or without a population behind it.
pub(super) fn function(b: &mut Base) -> Result<Model, Error> {
    let seconds = 2.5;
    let d = b.dice.whole(1, 2);
    let shape = b.shape();
    let high = b.dice.between(0.5, 1.5);
    let (from, unit) = (b.unit(), b.unit());
    // Functions of a small part of the radius are poor whatever one does: that is no fault, and no good model either.
    b.fill = b.fill.max(0.7);
    b.slack = b.slack.min(1.5);
    let fill = b.fill / (d as f64).sqrt();
    let (stim, input, x) = b.stim(shape, d, fill * from, high, seconds)?;
    let n = if d == 1 { b.dice.whole(60, 300) } else { b.dice.whole(180, 300) };
    let a = b.ensemble("a", n, d, unit);
    let mut spots = vec![Spot::Ensembles(vec![a], b.share())];
    let into = b.changing(0.005, from, unit, d);
    let into = b.net.connect(stim, a, into);
    spots.push(Spot::Transform(into));
    if d > 1 {
        spots.extend([Spot::Row(into, b.dice.below(d)), Spot::Dimension(b.dice.below(d))]);
    }
    let f = move |x: &[f64], y: &mut [f64]| y[0] = if d == 1 { x[0] * x[0] } else { x[0] * x[1] };
    // The population behind it has a range of the largest product.
    // Squares of millionths are below any radius that is taken.
    let own = (1e-9..1e9).contains(&(unit * unit));
    let to = if b.dice.chance(0.5) && own { unit * unit } else { b.unit() };
    let largest = x.times(unit / from).map(1, f).peak();
    let scale = 0.9 * to / largest;
    let out = b.net.node("out", Output::passthrough(1));
    let tau = b.dice.log(0.03, 0.06);
    let mut x = x.lowpass(0.005).times(unit / from).map(1, f).times(scale);
    let mut steps: Vec<_> = if d == 1 {
        vec![(Transform(into, None), 2)]
    } else {
        vec![(Transform(into, Some(0)), 1), (Transform(into, Some(1)), 1)]
    };
    let c = Connection::new().function(1, f).transform(scale);
    if b.dice.chance(0.5) {
        let n = b.dice.whole(60, 300);
        let e = b.ensemble("b", n, 1, to);
        let id = b.net.connect(a, e, c.synapse(0.02));
        let last = b.net.connect(e, out, Connection::new().synapse(tau));
        steps.push((Transform(id, None), 1));
        x = x.lowpass(0.02);
        spots.extend([
            Spot::Ensembles(vec![e], 0.9 / b.slack),
            Spot::Transform(id),
            Spot::Path(vec![into, id]),
        ]);
        spots.extend([Spot::Solver(last), Spot::Solver(id), Spot::Synapse(last), Spot::Synapse(id)]);
    } else {
        let id = b.net.connect(a, out, c.synapse(tau));
        steps.push((Transform(id, None), 1));
        spots.extend([Spot::Solver(id), Spot::Synapse(id)]);
    }
    let flow = vec![(steps, if d == 1 { vec![2] } else { vec![1, 1] })];
    let ideal = x.lowpass(tau);
    Ok(finish(b, End { seconds, from: FILL, ideal, out, stim, input, flow, spots }))
}

/// A population whose value comes back to it: the integral of its input.
pub(super) fn integrator(b: &mut Base) -> Result<Model, Error> {
    let seconds = 2.5;
    let shape = [Shape::Sine, Shape::Steps, Shape::Constant][b.dice.below(3)];
    let (from, unit) = (b.unit(), b.unit());
    let (stim, input, x) = b.stim(shape, 1, from, 1.0, seconds)?;
    let n = b.dice.whole(120, 300);
    let a = b.ensemble("a", n, 1, unit);
    let tau = 0.1;
    // So that the integral stays within the radius.
    let scale = b.fill * unit / x.integral().peak();
    let into = b.net.connect(stim, a, Connection::new().synapse(tau).transform(tau * scale));
    let back = b.net.connect(a, a, Connection::new().synapse(tau));
    let out = b.net.node("out", Output::passthrough(1));
    let last = b.net.connect(a, out, Connection::new().synapse(0.03));
    // In steps a loop of a low-pass is slower than the integral by this: half a per cent.
    let step = tau * (1.0 - (-DT / tau).exp()) / DT;
    let ideal = x.integral().times(scale * step).lowpass(0.03);
    // What comes back is no spot: a loop of less than 1 forgets, which may be meant.
    let spots = vec![
        Spot::Ensembles(vec![a], b.share()),
        Spot::Transform(into),
        Spot::Solver(back),
        Spot::Solver(last),
        Spot::Synapse(last),
    ];
    let flow = vec![(vec![(Transform(into, None), 1)], vec![1])];
    Ok(finish(b, End { seconds, from: FILL, ideal, out, stim, input, flow, spots }))
}

/// A population that is silenced for a third of the time.
pub(super) fn gate(b: &mut Base) -> Result<Model, Error> {
    let seconds = 3.0;
    let shape = b.shape();
    let high = b.dice.between(0.8, 2.0);
    let (from, unit) = (b.unit(), b.unit());
    let (stim, input, x) = b.stim(shape, 1, b.fill * from, high, seconds)?;
    let (na, nb) = (b.dice.whole(50, 200), b.dice.whole(50, 200));
    let a = b.ensemble("a", na, 1, unit);
    let e = b.ensemble("b", nb, 1, unit);
    let into = b.changing(0.005, from, unit, 1);
    let into = b.net.connect(stim, a, into);
    let on = b.net.connect(a, e, Connection::new().synapse(0.01));
    let closes = Piecewise {
        times: vec![0.0, 1.0, 2.0],
        values: vec![vec![0.0], vec![1.0], vec![0.0]],
        interpolation: Default::default(),
    };
    let node = b.net.node("shut", Output::process(closes));
    let closed = Signal::of(&b.net.get_node(node).cloned().unwrap_or(0.0.into()), seconds)?;
    let cells =
        Ensemble::new(60, 1).encoders(Distribution::from(1.0)).intercepts(Distribution::uniform(0.1, 0.8));
    let cells = b.net.ensemble("gate", cells.seed(b.dice.seed()));
    b.net.connect(node, cells, Connection::new().no_synapse());
    let strength = -b.dice.between(60.0, 120.0);
    let shut = Connection::new().synapse(0.005).transform(Matrix::filled(nb, 1, strength));
    let shut = b.net.connect(cells, e.neurons(), shut);
    let out = b.net.node("out", Output::passthrough(1));
    let last = b.net.connect(e, out, Connection::new().synapse(0.03));
    let x = x.lowpass(0.005).times(unit / from).lowpass(0.01);
    let values = x.values.iter().zip(&closed.values).map(|(x, c)| x * (1.0 - c)).collect();
    let ideal = Signal { width: 1, values }.lowpass(0.03);
    let spots = vec![
        Spot::Ensembles(vec![a], b.share()),
        Spot::Ensembles(vec![e], b.share()),
        Spot::Transform(into),
        Spot::Transform(on),
        Spot::Transform(shut),
        Spot::Path(vec![into, on]),
        Spot::Synapse(on),
        Spot::Synapse(last),
        Spot::Solver(last),
    ];
    let flow = vec![(vec![(Transform(into, None), 1), (Transform(on, None), 1)], vec![1])];
    Ok(finish(b, End { seconds, from: FILL, ideal, out, stim, input, flow, spots }))
}

/// An array of populations, one a dimension.
pub(super) fn array(b: &mut Base) -> Result<Model, Error> {
    let seconds = 2.5;
    let d = b.dice.whole(2, 4);
    let shape = b.shape();
    let high = b.dice.between(0.8, 2.0);
    let (from, unit) = (b.unit(), b.unit());
    let (stim, input, x) = b.stim(shape, d, b.fill * from, high, seconds)?;
    let n = b.dice.whole(40, 150);
    let seed = b.dice.seed();
    let cells = Ensemble::new(n, 1).radius(unit * b.slack);
    let arr = b.net.seeded_ensemble_array("array", Some(seed), d, &cells);
    let into = b.changing(0.005, from, unit, d);
    let into = b.net.connect(stim, arr.input, into);
    let out = b.net.node("out", Output::passthrough(d));
    let tau = b.dice.log(0.02, 0.05);
    let last = b.net.connect(arr.output, out, Connection::new().synapse(tau));
    let ideal = x.lowpass(0.005).times(unit / from).lowpass(tau);
    let one = arr.ensembles[b.dice.below(d)];
    let spots = vec![
        Spot::Ensembles(arr.ensembles.clone(), b.share()),
        Spot::Ensembles(vec![one], b.share()),
        Spot::Transform(into),
        Spot::Row(into, b.dice.below(d)),
        Spot::Dimension(b.dice.below(d)),
        Spot::Synapse(last),
    ];
    let flow = (0..d).map(|i| (vec![(Transform(into, Some(i)), 1)], one_of(i, d))).collect();
    Ok(finish(b, End { seconds, from: FILL, ideal, out, stim, input, flow, spots }))
}

/// A population of two dimensions that are taken apart.
pub(super) fn slices(b: &mut Base) -> Result<Model, Error> {
    let seconds = 2.5;
    let shape = b.shape();
    let high = b.dice.between(0.8, 2.0);
    let (from, unit) = (b.unit(), b.unit());
    let (stim, input, x) = b.stim(shape, 2, b.fill * from / 2f64.sqrt(), high, seconds)?;
    let n = b.dice.whole(120, 300);
    let a = b.ensemble("both", n, 2, unit);
    let into = b.changing(0.005, from, unit, 2);
    let into = b.net.connect(stim, a, into);
    let out = b.net.node("out", Output::passthrough(2));
    let x = x.lowpass(0.005).times(unit / from).lowpass(0.01);
    let mut spots = vec![
        Spot::Ensembles(vec![a], b.share()),
        Spot::Transform(into),
        Spot::Row(into, b.dice.below(2)),
        Spot::Dimension(b.dice.below(2)),
    ];
    let (mut flow, mut scales) = (vec![], vec![]);
    for k in 0..2 {
        // Each part has a unit of its own.
        let to = if b.dice.chance(0.5) { unit } else { b.unit() };
        let n = b.dice.whole(40, 200);
        let e = b.ensemble(&format!("part{k}"), n, 1, to / 2f64.sqrt());
        let c = b.changing(0.01, unit, to, 1);
        let c = b.net.connect(a.slice(k..k + 1), e, c);
        let o = b.net.connect(e, out.slice(k..k + 1), Connection::new().synapse(0.03));
        spots.extend([
            Spot::Ensembles(vec![e], b.share()),
            Spot::Transform(c),
            Spot::Synapse(c),
            Spot::Solver(c),
            Spot::Synapse(o),
            Spot::Solver(o),
        ]);
        flow.push((vec![(Transform(into, Some(k)), 1), (Transform(c, None), 1)], one_of(k, 2)));
        scales.push(to / unit);
    }
    let ideal = x.map(2, |x, y| (y[0], y[1]) = (scales[0] * x[0], scales[1] * x[1])).lowpass(0.03);
    Ok(finish(b, End { seconds, from: FILL, ideal, out, stim, input, flow, spots }))
}
