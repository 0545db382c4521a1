//! The kinds of network that are drawn, all of them well-scaled.

mod fixed;
mod learning;

use bouton::prelude::*;

use crate::dice::Dice;
use crate::model::{FILL, Model, STEP, Scale, Spot, Step};

use crate::signal::{Input, Shape, Signal};
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
    ("function", fixed::function),
    ("integrator", fixed::integrator),
    ("gate", fixed::gate),
    ("array", fixed::array),
    ("slices", fixed::slices),
    ("pes", learning::pes),
    ("mpes", learning::mpes),
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

/// What scales an output, and the power with which the output goes.
type Power = (Scale, i32);

/// What is common to all: the output's probe.
struct End {
    seconds: f64,
    from: f64,
    ideal: Signal,
    out: NodeId,
    stim: NodeId,
    input: Input,
    /// For each output what scales it, with powers, and the powers of the input's dimensions.
    flow: Vec<(Vec<Power>, Vec<i32>)>,
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
