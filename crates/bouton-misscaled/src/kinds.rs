//! The kinds of network that are drawn, all of them well-scaled.

use bouton::prelude::*;

use crate::dice::Dice;
use crate::model::{FILL, LEARN, Model, STEP, Scale, Spot, Step};

use crate::signal::{DT, Input, Shape, Signal};
use Scale::{Radius, Transform};

/// Rates of populations that something learns (Hz): the defaults.
const RATES: (f64, f64) = (200.0, 400.0);

/// A maker of one kind of network.
pub type Make = fn(&mut Base) -> Result<Model, Error>;

/// All kinds.
pub const KINDS: [(&str, Make); 11] = [
    ("single", |b| line(b, 1, Link::Decoded)),
    ("chain", |b| {
        let stages = b.dice.whole(2, 5);
        line(b, stages, Link::Decoded)
    }),
    ("weights", |b| line(b, 2, Link::Full)),
    ("neurons", |b| line(b, 2, Link::Neurons)),
    ("function", function),
    ("integrator", integrator),
    ("gate", gate),
    ("array", array),
    ("slices", slices),
    ("pes", pes),
    ("mpes", mpes),
];

/// What a network is drawn with.
#[derive(Debug)]
pub struct Base {
    /// Where choices come from.
    pub dice: Dice,
    /// The network so far.
    pub net: Network,
    /// Share of a population's well-scaled radius that its input reaches.
    pub fill: f64,
    /// By how much radii are larger than that.
    pub slack: f64,
}

impl Base {
    /// A start. Ordinary models use a fifth of the radius to all of it, or have radii up to three times too large.
    pub fn new(mut dice: Dice, ordinary: bool) -> Base {
        let net = Network::with_seed(dice.seed());
        let (fill, slack) = match (ordinary, dice.chance(0.5)) {
            (false, _) => (dice.between(0.5, 0.9), 1.0),
            (true, false) => (dice.between(0.2, 1.0), 1.0),
            (true, true) => (dice.between(0.6, 1.0), dice.log(1.0, 3.0)),
        };
        Base { dice, net, fill, slack }
    }
    /// A unit: 1 as often as not, else anything from a millionth to a million.
    fn unit(&mut self) -> f64 {
        if self.dice.chance(0.4) { 1.0 } else { self.dice.log(1e-6, 1e6) }
    }
    fn shape(&mut self) -> Shape {
        let all = [Shape::Sine, Shape::White, Shape::Steps, Shape::Constant, Shape::Table];
        all[self.dice.below(5)]
    }
    fn moving(&mut self) -> Shape {
        [Shape::Sine, Shape::White, Shape::Steps, Shape::Table][self.dice.below(4)]
    }
    /// An ensemble whose values have this unit.
    fn ensemble(&mut self, name: &str, n: usize, d: usize, unit: f64) -> EnsembleId {
        let low = if self.dice.chance(0.3) { self.dice.between(80.0, 200.0) } else { 200.0 };
        let high = if low < 200.0 { low + 150.0 } else { 400.0 };
        self.fast_ensemble(name, n, d, unit, (low, high))
    }
    /// The same with rates (Hz).
    fn fast_ensemble(&mut self, name: &str, n: usize, d: usize, unit: f64, rates: (f64, f64)) -> EnsembleId {
        let e = Ensemble::new(n, d).radius(unit * self.slack).seed(self.dice.seed());
        self.net.ensemble(name, e.max_rates(Distribution::uniform(rates.0, rates.1)))
    }
    fn stim(
        &mut self,
        shape: Shape,
        d: usize,
        peak: f64,
        high: f64,
        seconds: f64,
    ) -> Result<(NodeId, Input, Signal), Error> {
        let input = Input::draw(&mut self.dice, shape, d, peak, high, seconds);
        let samples = input.samples()?;
        let stim = self.net.node("stim", input.output()?);
        Ok((stim, input, samples))
    }
    fn share(&self) -> f64 {
        self.fill / self.slack
    }
    /// A connection that changes units, with a transform where they differ.
    fn changing(&mut self, tau: f64, from: f64, to: f64, d: usize) -> Connection {
        let c = if tau > 0.0 { Connection::new().synapse(tau) } else { Connection::new().no_synapse() };
        let factor = to / from;
        match (d > 1, factor == 1.0) {
            (true, _) if self.dice.chance(0.5) => {
                c.transform(Matrix::from_fn(d, d, |i, j| if i == j { factor } else { 0.0 }))
            }
            (_, true) => c,
            _ => c.transform(factor),
        }
    }
    /// Objects that have nothing to do with the output: a node that nobody reads, a population that nobody reads, a weak
    /// connection beside a strong one, a population that is silent because something inhibits it.
    pub fn decoys(&mut self, m: &mut Model, first: EnsembleId) {
        if self.dice.chance(0.2) {
            m.net.node("unread", Output::of_time(1, |t, y| y[0] = t.sin()));
        }
        let e = m.net.get_ensemble(first).cloned();
        let Some(e) = e else { return };
        if self.dice.chance(0.2) {
            let other = m.net.ensemble("aside", e.clone().seed(self.dice.seed()));
            m.net.connect(first, other, Connection::new());
        }
        if self.dice.chance(0.2) {
            let weak = e.radius * self.dice.log(0.003, 0.02);
            let node = m.net.node("hum", Output::of_time(1, |t, y| y[0] = (300.0 * t).sin()));
            let rows = Matrix::filled(e.dimensions, 1, weak);
            m.net.connect(node, first, Connection::new().transform(rows));
        }
        if self.dice.chance(0.2) {
            let n = self.dice.whole(30, 60);
            let silent =
                m.net.ensemble("silent", Ensemble { n_neurons: n, ..e.clone() }.seed(self.dice.seed()));
            m.net.connect(first, silent, Connection::new());
            let closed = m.net.node("closed", 1.0);
            m.net.connect(
                closed,
                silent.neurons(),
                Connection::new().transform(Matrix::filled(n, 1, -100.0)),
            );
        }
    }
}

/// How populations of a line are connected.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Link {
    Decoded,
    Full,
    Neurons,
}

/// The input's population, where decoys are put.
fn first(m: &Model) -> Option<EnsembleId> {
    m.net.ensembles().next()
}

/// Draws a well-scaled model of a kind.
///
/// # Errors
/// A network that can't be built; none should be.
pub fn draw(base: &mut Base, kind: usize) -> Result<Model, Error> {
    let (name, make) = KINDS[kind];
    let mut m = make(base)?;
    m.kind = name;
    if let Some(e) = first(&m) {
        base.decoys(&mut m, e);
    }
    m.spots.push(Spot::TimeStep);
    Ok(m)
}

/// What is common to all: the output's probe.
struct End {
    seconds: f64,
    from: f64,
    ideal: Signal,
    out: NodeId,
    stim: NodeId,
    input: Input,
    /// For each output what scales it, with powers, and the powers of the input's dimensions.
    flow: Vec<(Vec<(Scale, i32)>, Vec<i32>)>,
    spots: Vec<Spot>,
}

fn finish(b: &mut Base, e: End) -> Model {
    let mut net = std::mem::take(&mut b.net);
    let probe = net.probe("out", Probe::new(e.out));
    let flow = e.flow.iter().map(|(steps, _)| {
        steps.iter().map(|(scale, power)| Step::new(&net, scale.clone(), *power)).collect()
    });
    Model {
        kind: "",
        dt: STEP,
        seconds: e.seconds,
        from: e.from,
        probe,
        ideal: e.ideal,
        flow: flow.collect(),
        powers: e.flow.iter().map(|(_, p)| p.clone()).collect(),
        spots: e.spots,
        stim: e.stim,
        scaled: vec![1.0; e.input.peaks.len()],
        input: e.input,
        net,
    }
}

/// What output `i` of `d` has as powers of the input's dimensions.
fn one_of(i: usize, d: usize) -> Vec<i32> {
    (0..d).map(|k| i32::from(k == i)).collect()
}

/// Populations one behind the other.
fn line(b: &mut Base, stages: usize, link: Link) -> Result<Model, Error> {
    let seconds = 2.5;
    let d = b.dice.whole(1, 2);
    let shape = b.shape();
    let high = b.dice.between(0.8, 2.5);
    let from = b.unit();
    // Each dimension alone may fill the radius of a ball in which all of them lie.
    let fill = b.fill / (d as f64).sqrt();
    let (stim, input, mut x) = b.stim(shape, d, fill * from, high, seconds)?;
    let (mut unit, mut spots, mut ways, mut path) = (from, vec![], vec![], vec![]);
    let mut before: Option<EnsembleId> = None;
    for k in 0..stages {
        let n = b.dice.whole(if d == 1 { 40 } else { 80 } + 8 * stages, 300);
        let next = if b.dice.chance(0.5) { unit } else { b.unit() };
        let e = b.ensemble(&format!("stage{k}"), n, d, next);
        spots.push(Spot::Ensembles(vec![e], b.share()));
        let tau = match before {
            None => [0.0, 0.005][b.dice.below(2)],
            Some(_) => b.dice.log(0.005, 0.02),
        };
        let mut c = b.changing(tau, unit, next, d);
        let id = match (before, link) {
            (None, _) => b.net.connect(stim, e, c),
            (Some(a), Link::Decoded) => b.net.connect(a, e, c),
            (Some(a), Link::Full) => {
                c = c.solver(LstsqL2 { weights: true, ..LstsqL2::default() });
                b.net.connect(a, e, c)
            }
            (Some(a), Link::Neurons) => {
                // The weights that the solver makes, given by hand.
                let mut net = b.net.clone();
                let full = c.clone().solver(LstsqL2 { weights: true, ..LstsqL2::default() });
                let solved = net.connect(a, e, full);
                let sim = Simulator::with(&net, Options { threads: 1, ..Options::default() })?;
                // What comes onto neurons is multiplied by their gain.
                let (full, gain) = (sim.weights(solved)?, sim.gain(e)?);
                let w = Matrix::from_fn(full.shape().0, full.shape().1, |i, j| full[(i, j)] / gain[i]);
                b.net.connect(a.neurons(), e.neurons(), Connection::new().synapse(tau).transform(w))
            }
        };
        spots.push(Spot::Transform(id));
        if d > 1 && !(link == Link::Neurons && before.is_some()) {
            spots.push(Spot::Row(id, b.dice.below(d)));
        }
        if before.is_some() {
            spots.push(Spot::Synapse(id));
            if link != Link::Neurons {
                spots.push(Spot::Solver(id));
            }
        }
        x = x.lowpass(tau).times(next / unit);
        // A matrix between neurons scales all values by one number.
        match before {
            Some(a) if link == Link::Neurons => {
                ways.extend([(Transform(id, None), 1), (Radius(a), -1), (Radius(e), 1)]);
            }
            _ => ways.push((Transform(id, Some(0)), 1)),
        }
        path.push(id);
        (unit, before) = (next, Some(e));
    }
    let tau = b.dice.log(0.02, 0.06);
    let out = b.net.node("out", Output::passthrough(d));
    if let Some(e) = before {
        let c = b.net.connect(e, out, Connection::new().synapse(tau));
        spots.extend([Spot::Synapse(c), Spot::Solver(c)]);
    }
    if path.len() > 1 {
        spots.push(Spot::Path(path));
    }
    if d > 1 {
        spots.push(Spot::Dimension(b.dice.below(d)));
    }
    let flow = (0..d)
        .map(|i| {
            let of_row = |scale: &Scale| match scale {
                Transform(c, Some(_)) => Transform(*c, Some(i)),
                other => other.clone(),
            };
            (ways.iter().map(|(scale, power)| (of_row(scale), *power)).collect(), one_of(i, d))
        })
        .collect();
    let ideal = x.lowpass(tau);
    Ok(finish(b, End { seconds, from: FILL, ideal, out, stim, input, flow, spots }))
}

/// A product of two dimensions or a square of one, with or without a population behind it.
fn function(b: &mut Base) -> Result<Model, Error> {
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
    let to = if b.dice.chance(0.5) { unit * unit } else { b.unit() };
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
fn integrator(b: &mut Base) -> Result<Model, Error> {
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
fn gate(b: &mut Base) -> Result<Model, Error> {
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
fn array(b: &mut Base) -> Result<Model, Error> {
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
fn slices(b: &mut Base) -> Result<Model, Error> {
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

/// The error of a rule on `learned`, made by a population or a node, of what `post` represents and the target that `target`
/// gives, both in units of `unit`. Returns the connections: from the target, from the population, to the rule.
fn error(
    b: &mut Base,
    learned: ConnectionId,
    post: EnsembleId,
    target: NodeId,
    unit: f64,
    spots: &mut Vec<Spot>,
) -> [ConnectionId; 3] {
    let (object, from_post, from_target);
    if b.dice.chance(0.5) {
        let n = b.dice.whole(60, 150);
        let e = b.ensemble("error", n, 1, unit);
        from_post = b.net.connect(post, e, Connection::new());
        from_target = b.net.connect(target, e, Connection::new().transform(-1.0));
        spots.push(Spot::Ensembles(vec![e], b.share()));
        object = Object::Ensemble(e);
    } else {
        let e = b.net.node("error", Output::passthrough(1));
        from_post = b.net.connect(post, e, Connection::new());
        from_target = b.net.connect(target, e, Connection::new().transform(-1.0));
        object = Object::Node(e);
    }
    let to_rule = b.net.connect(object, learned.rule(), Connection::new());
    spots.push(Spot::Sign(learned, vec![from_post, from_target, to_rule]));
    [from_target, from_post, to_rule]
}

/// A function that PES learns.
fn pes(b: &mut Base) -> Result<Model, Error> {
    let seconds = 6.0;
    let shape = b.moving();
    let (from, unit) = (b.unit(), b.unit());
    if b.fill < 0.5 {
        b.fill += 0.3;
    }
    let square = b.dice.chance(0.4);
    let (stim, input, x) = b.stim(shape, 1, b.fill * from, 0.8, seconds)?;
    let (n, m) = (b.dice.whole(80, 250), b.dice.whole(60, 200));
    let pre = b.fast_ensemble("pre", n, 1, from, RATES);
    // A square has a smaller range than what is squared.
    let range = unit * if square { b.fill } else { 1.0 };
    let post = b.fast_ensemble("post", m, 1, range, RATES);
    let into = b.net.connect(stim, pre, Connection::new());
    // Within a factor of two of the best: docs/rules-of-thumb.md.
    let rate = b.dice.log(1.5e-3, 8e-3);
    let learned = Connection::new().function(1, |_, y| y[0] = 0.0).learn(Pes::new(rate));
    let learned = b.net.connect_as("learned", pre, post, learned);
    let f = move |x: f64| if square { x * x / (from * from) * unit } else { x / from * unit };
    let target = b.net.node("target", Output::function(1, 1, move |_, x, y| y[0] = f(x[0])));
    b.net.connect(stim, target, Connection::new().no_synapse());
    let mut spots = vec![
        Spot::Ensembles(vec![pre], b.share()),
        Spot::Ensembles(vec![post], b.share()),
        Spot::Transform(into),
        Spot::Rate(learned),
        Spot::Rate(learned),
    ];
    let [from_target, from_post, to_rule] = error(b, learned, post, target, unit, &mut spots);
    spots.push(Spot::Transform(to_rule));
    let out = b.net.node("out", Output::passthrough(1));
    let last = b.net.connect(post, out, Connection::new().synapse(0.03));
    spots.extend([Spot::Synapse(last), Spot::Solver(last)]);
    let ideal = x.map(1, |x, y| y[0] = f(x[0])).lowpass(0.03);
    let flow = vec![(
        vec![(Transform(from_target, None), 1), (Transform(from_post, None), -1)],
        vec![if square { 2 } else { 1 }],
    )];
    Ok(finish(b, End { seconds, from: LEARN, ideal, out, stim, input, flow, spots }))
}

/// The identity, learned by pulses on devices.
fn mpes(b: &mut Base) -> Result<Model, Error> {
    let seconds = 9.0;
    let shape = b.moving();
    let (from, unit) = (b.unit(), b.unit());
    if b.fill < 0.5 {
        b.fill += 0.3;
    }
    let (stim, input, x) = b.stim(shape, 1, b.fill * from, 0.6, seconds)?;
    let n = b.dice.whole(40, 80);
    let pre = b.fast_ensemble("pre", n, 1, from, RATES);
    let post = b.fast_ensemble("post", n, 1, unit, RATES);
    let into = b.net.connect(stim, pre, Connection::new());
    let spread = [0.0, 0.15][b.dice.below(2)];
    let devices = DeviceSpec { spread, ..DeviceSpec::default() };
    let target = b.net.node("target", Output::function(1, 1, move |_, x, y| y[0] = x[0] / from * unit));
    b.net.connect(stim, target, Connection::new().no_synapse());
    let policy = SinglePulse { threshold: b.dice.log(30.0, 200.0), ..SinglePulse::default() };
    let rule = Mpes { policy: policy.into(), ..Mpes::default() };
    let learned = Connection::new().devices(devices.clone()).learn(rule);
    let learned = b.net.connect_as("learned", pre.neurons(), post.neurons(), learned);
    let mut spots = vec![
        Spot::Ensembles(vec![pre], b.share()),
        Spot::Ensembles(vec![post], b.share()),
        Spot::Transform(into),
        Spot::Devices(learned),
        Spot::Devices(learned),
        Spot::Threshold(learned),
    ];
    let [from_target, from_post, _] = error(b, learned, post, target, unit, &mut spots);
    // The gain is a number, as a user gives it; the automatic one is that of the value in the units of `pre`.
    let gain =
        Simulator::with(&b.net, Options { threads: 1, ..Options::default() })?.devices(learned)?.gain();
    let gain = gain * unit / from * b.dice.log(1.0, 5.0);
    if let Some(c) = b.net.get_connection_mut(learned) {
        c.devices = Some(DeviceSpec { gain: Gain::Fixed(gain), ..devices });
    }
    let out = b.net.node("out", Output::passthrough(1));
    let last = b.net.connect(post, out, Connection::new().synapse(0.03));
    spots.extend([Spot::Synapse(last), Spot::Solver(last)]);
    let ideal = x.times(unit / from).lowpass(0.03);
    let flow = vec![(vec![(Transform(from_target, None), 1), (Transform(from_post, None), -1)], vec![1])];
    Ok(finish(b, End { seconds, from: LEARN, ideal, out, stim, input, flow, spots }))
}
