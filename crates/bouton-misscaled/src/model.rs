//! A drawn model: a network that runs, and what it should give.

use std::fmt::Write;

use bouton::elements::transforms::Map;
use bouton::model::Transform;
use bouton::prelude::*;
use bouton::random::RandomState;

use crate::signal::{DT, Input, Signal};

/// A place of a model that a fault can hit.
#[derive(Clone, Debug, PartialEq)]
pub enum Spot {
    /// Radius, neurons and evaluation points of ensembles, all in the same way. The input reaches this share of the radius.
    Ensembles(Vec<EnsembleId>, f64),
    /// A transform as a whole.
    Transform(ConnectionId),
    /// One row of a transform.
    Row(ConnectionId, usize),
    /// One dimension of the input.
    Dimension(usize),
    /// The synapse of a connection from neurons.
    Synapse(ConnectionId),
    /// The solver of a connection.
    Solver(ConnectionId),
    /// The rate of a rule.
    Rate(ConnectionId),
    /// The connections that bring a rule its error: the sign of the last.
    Sign(ConnectionId, Vec<ConnectionId>),
    /// The pulse policy of a rule.
    Threshold(ConnectionId),
    /// The gain of devices.
    Devices(ConnectionId),
    /// Connections one behind the other.
    Path(Vec<ConnectionId>),
    /// The time step.
    TimeStep,
}

/// What scales an output.
#[derive(Clone, Debug)]
pub enum Scale {
    /// A transform: one of its rows, or all of it where there is none.
    Transform(ConnectionId, Option<usize>),
    /// A radius. Where neurons are connected by a matrix, what comes of it is in units of the radius behind it, for a value in
    /// units of the one before it.
    Radius(EnsembleId),
}

/// Something that scales an output, as it was.
#[derive(Clone, Debug)]
pub struct Step {
    scale: Scale,
    /// The power with which the output goes: 2 behind a square, −1 where it is divided by it.
    power: i32,
    twin: Vec<f64>,
}

/// A model, its input, and what it should give.
#[derive(Clone, Debug)]
pub struct Model {
    /// What kind of network it is.
    pub kind: &'static str,
    /// The network.
    pub net: Network,
    /// Time step (s).
    pub dt: f64,
    /// How long it is run (s).
    pub seconds: f64,
    /// The share of the run that isn't compared: what a rule learns in.
    pub from: f64,
    /// The final output.
    pub probe: ProbeId,
    /// What the final output is without neurons.
    pub ideal: Signal,
    /// What scales each value of the output.
    pub flow: Vec<Vec<Step>>,
    /// Where faults can hit it.
    pub spots: Vec<Spot>,
    /// The input's node.
    pub stim: NodeId,
    /// The input.
    pub input: Input,
    /// By how much each dimension of the input has been scaled, and with which power each output follows.
    pub scaled: Vec<f64>,
    /// The power with which output i follows dimension k of the input.
    pub powers: Vec<Vec<i32>>,
}

/// The rows of a transform: all of them, or one.
fn entries(net: &Network, id: ConnectionId, row: Option<usize>) -> Vec<f64> {
    let Some((pre, post, c)) = net.get_connection(id) else { return vec![] };
    let size = |end: &End, pre| end.slice.len(net.object_size(end.object, pre).unwrap_or(1));
    let inputs = c.function.as_ref().map_or_else(|| size(pre, true), |f| f.width());
    let outputs = size(post, false);
    let rows = row.map_or(0..outputs, |r| r..r + 1);
    let map = c.transform.as_ref().and_then(|t| t.make(outputs, inputs, &mut RandomState::new(0)).ok());
    let entry = |i: usize, j: usize| match &map {
        None => f64::from(i == j),
        Some(Map::Scalar(v)) => v * f64::from(i == j),
        Some(Map::Diagonal(v)) => v[i] * f64::from(i == j),
        Some(Map::Dense(v)) => v[i * inputs + j],
        Some(_) => 0.0,
    };
    rows.flat_map(|i| (0..inputs).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect()
}

impl Scale {
    fn numbers(&self, net: &Network) -> Vec<f64> {
        match self {
            Scale::Transform(c, row) => entries(net, *c, *row),
            Scale::Radius(e) => net.get_ensemble(*e).map(|e| e.radius).into_iter().collect(),
        }
    }
}

impl Step {
    /// Something as it stands now, and the power with which the output goes.
    pub fn new(net: &Network, scale: Scale, power: i32) -> Step {
        Step { twin: scale.numbers(net), scale, power }
    }
    /// By how much the output has been scaled since.
    fn scaled(&self, net: &Network) -> f64 {
        let now = self.scale.numbers(net);
        let product: f64 = now.iter().zip(&self.twin).map(|(a, b)| a * b).sum();
        let size: f64 = self.twin.iter().map(|b| b * b).sum();
        (product / size).powi(self.power)
    }
}

/// Sets a transform to itself times a factor, all of it or one row.
pub fn scale_transform(net: &mut Network, id: ConnectionId, row: Option<usize>, factor: f64) {
    let Some((_, post, _)) = net.get_connection(id) else { return };
    let outputs = post.slice.len(net.object_size(post.object, false).unwrap_or(1));
    let all = entries(net, id, None);
    let inputs = all.len() / outputs;
    let Some(c) = net.get_connection_mut(id) else { return };
    let plain = c.transform.as_ref().is_none_or(|t| !t.model().dense());
    let factors: Vec<f64> =
        (0..outputs).map(|i| if row.is_none_or(|r| r == i) { factor } else { 1.0 }).collect();
    let transform: Transform = if plain {
        let diagonal: Vec<f64> =
            (0..outputs).map(|i| factors[i] * all[i * inputs + i.min(inputs - 1)]).collect();
        if diagonal.iter().all(|d| *d == diagonal[0]) { diagonal[0].into() } else { diagonal.into() }
    } else {
        Matrix::from_fn(outputs, inputs, |i, j| factors[i] * all[i * inputs + j]).into()
    };
    c.transform = Some(transform);
}

impl Model {
    /// The error of a network that was made of this one: the root mean square of what is between its output and what it
    /// should be, as a share of what it should be, of the dimension that has the largest.
    ///
    /// What it should be is the output without neurons, times what transforms (and the input) have been scaled by since:
    /// whether a value is meant in volts or in millivolts nobody can know but the user, and a population of the right
    /// radius is right for either. So a transform that is 1.5 times what it was is no fault, and one that is a thousandth
    /// of what it was is one, because nothing is left of the value beside the noise.
    ///
    /// # Errors
    /// A network that can't be built or run.
    pub fn error(&self, net: &Network, dt: f64) -> Result<f64, Error> {
        let mut sim = Simulator::with(net, Options { dt, threads: 1, ..Options::default() })?;
        sim.run_steps((self.seconds / dt).round() as u64)?;
        let s = sim.data(self.probe)?;
        let mut worst: f64 = 0.0;
        for (i, steps) in self.flow.iter().enumerate() {
            let input: f64 = self.powers[i].iter().zip(&self.scaled).map(|(p, f)| f.powi(*p)).product();
            let scale = input * steps.iter().map(|s| s.scaled(net)).product::<f64>();
            let (mut off, mut size) = (0.0, 0.0);
            for row in 0..s.rows() {
                let t = s.steps[row] as f64 * dt;
                if t > self.from * self.seconds {
                    // In units of the ideal: neither may be too large for a square.
                    let (y, ideal) = (s.row(row)[i] / scale, self.ideal.at(t)[i]);
                    off += (y - ideal) * (y - ideal);
                    size += ideal * ideal;
                }
            }
            let error = (off / size).sqrt();
            // What isn't a number is no small error.
            worst = if error.is_nan() { f64::INFINITY } else { worst.max(error) };
        }
        Ok(worst)
    }
}

/// A network as text that a person can read.
pub fn describe(net: &Network) -> String {
    let short = |x: String| {
        let mut x: String = x.split_whitespace().collect::<Vec<_>>().join(" ");
        if x.chars().count() > 160 {
            x = x.chars().take(157).collect::<String>() + "...";
        }
        x
    };
    let mut out = String::new();
    for n in net.nodes() {
        let _ = writeln!(out, "node {}: {}", net.node_path(n), short(format!("{:?}", net.get_node(n))));
    }
    for id in net.ensembles() {
        let Some(e) = net.get_ensemble(id) else { continue };
        let plain = Ensemble::new(e.n_neurons, e.dimensions);
        let _ = write!(
            out,
            "ensemble {}: {} neurons, {}-D, radius {:.4e}",
            net.ensemble_path(id),
            e.n_neurons,
            e.dimensions,
            e.radius
        );
        let mut differs = |name: &str, value: String, usual: String| {
            if value != usual {
                let _ = write!(out, ", {name} {}", short(value));
            }
        };
        differs("encoders", format!("{:?}", e.encoders), format!("{:?}", plain.encoders));
        differs("normalize", format!("{}", e.normalize_encoders), "true".into());
        differs("max_rates", format!("{:?}", e.max_rates), format!("{:?}", plain.max_rates));
        differs("intercepts", format!("{:?}", e.intercepts), format!("{:?}", plain.intercepts));
        differs("gain", format!("{:?}", e.gain), "None".into());
        differs("bias", format!("{:?}", e.bias), "None".into());
        differs("eval_points", format!("{:?}", e.eval_points), format!("{:?}", plain.eval_points));
        differs("n_eval_points", format!("{:?}", e.n_eval_points), "None".into());
        out.push('\n');
    }
    for id in net.connections() {
        let Some((.., c)) = net.get_connection(id) else { continue };
        let _ = write!(out, "connection {}:", net.connection_path(id));
        let parts = [
            c.synapse.as_ref().map_or("no synapse".into(), |s| format!("{s:?}")),
            c.function.as_ref().map_or(String::new(), |f| format!("{f:?}")),
            c.transform.as_ref().map_or(String::new(), |t| format!("{t:?}")),
            if c.solver == Solver::default() { String::new() } else { format!("{:?}", c.solver) },
            c.eval_points.as_ref().map_or(String::new(), |e| format!("eval_points {e:?}")),
            if c.rules.is_empty() { String::new() } else { format!("{:?}", c.rules) },
            c.devices.as_ref().map_or(String::new(), |d| format!("gain {:?}, spread {}", d.gain, d.spread)),
        ];
        for p in parts.into_iter().filter(|p| !p.is_empty()) {
            let _ = write!(out, " {};", short(p));
        }
        out.push('\n');
    }
    out
}

/// The share of a run that isn't compared where nothing learns: what filters need to fill.
pub const FILL: f64 = 0.1;
/// The same where something learns.
pub const LEARN: f64 = 2.0 / 3.0;
/// Well-scaled models have this time step (s).
pub const STEP: f64 = DT;
