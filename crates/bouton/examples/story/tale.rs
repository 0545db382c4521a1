//! The chapters of the story. Each builds its model, runs it, and returns what it found.

use std::time::Instant;

use bouton::prelude::*;

const NEURONS: usize = 100;
const RATE: f64 = 3e-4;

fn sine(period: f64) -> Output {
    Output::of_time(1, move |t, y| y[0] = (std::f64::consts::TAU * t / period).sin())
}

/// Mean square error between two probes over the samples from `from` (a share of the recording) on.
fn mse(sim: &Simulator, output: ProbeId, target: ProbeId, from: f64) -> Result<f64, Error> {
    let (y, t) = (sim.data(output)?.values, sim.data(target)?.values);
    let k = (y.len() as f64 * from) as usize;
    Ok(y[k..].iter().zip(&t[k..]).map(|(y, t)| (y - t) * (y - t)).sum::<f64>() / (y.len() - k).max(1) as f64)
}

fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len().max(1) as f64).sqrt()
}

/// Chapter 1: weights edited from outside, without any learning rule.
pub struct Edited {
    /// Mean output with the weights that the network was built with, of zero.
    pub at_first: f64,
    /// Mean output after one's own copy of the array was changed.
    pub after_own_copy: f64,
    /// Mean output after the weights in the simulator were set.
    pub after_set: f64,
    /// Mean output after they were halved in place.
    pub after_edit: f64,
    /// Name of the connection.
    pub connection: String,
    /// What a matrix of the wrong shape is told.
    pub wrong_shape: Error,
    /// What a weight that is not a number is told.
    pub not_a_number: Error,
    /// Whether the weights were the same after both.
    pub untouched: bool,
}

/// Changes the array after building, then the weights themselves. The input is 0.6 all the time.
pub fn edit_from_outside() -> Result<Edited, Error> {
    let mut net = Network::with_seed(1);
    let stim = net.node("stim", 0.6);
    let pre = net.ensemble("pre", Ensemble::new(NEURONS, 1));
    let post = net.ensemble("post", Ensemble::new(NEURONS, 1));
    net.connect(stim, pre, Connection::new().no_synapse());
    let mut decoder = Matrix::filled(1, NEURONS, 0.0);
    // Without the clone the matrix would be gone, and the compiler would refuse every later use of it.
    let c = net.connect(pre.neurons(), post, Connection::new().transform(decoder.clone()));
    // Decoders that the solver found, to have something better than zeros.
    let sink = net.node("sink", Output::passthrough(1));
    let solved = net.connect(pre, sink, Connection::new());
    let probe = net.probe("post", Probe::new(post).synapse(0.05));

    let mut sim = Simulator::new(&net)?;
    let output = |sim: &mut Simulator| -> Result<f64, Error> {
        sim.run(0.5)?;
        let y = sim.drain(probe)?.values;
        let tail = &y[y.len() / 2..];
        Ok(tail.iter().sum::<f64>() / tail.len() as f64)
    };
    let at_first = output(&mut sim)?;
    decoder.assign(&sim.weights(solved)?).map_err(|m| Error::caused(ErrorKind::Access, "decoder", m))?;
    let after_own_copy = output(&mut sim)?;
    sim.set_weights(c, &decoder)?;
    let after_set = output(&mut sim)?;
    sim.edit_weights(c, |w| {
        w.values_mut().iter_mut().for_each(|v| *v *= 0.5);
        Ok(())
    })?;
    let after_edit = output(&mut sim)?;

    let before = sim.weights(c)?;
    let refused = |r: Result<(), Error>| match r {
        Err(e) => Ok(e),
        Ok(()) => Err(Error::access("", "a wrong write was taken")),
    };
    let wrong_shape = refused(sim.set_weights(c, &Matrix::filled(2, 3, 0.0)))?;
    let not_a_number = refused(sim.edit_weights(c, |w| {
        w[(0, 7)] = f64::NAN;
        Ok(())
    }))?;
    let untouched = sim.weights(c)? == before;
    let connection = net.connection_path(c);
    Ok(Edited {
        at_first,
        after_own_copy,
        after_set,
        after_edit,
        connection,
        wrong_shape,
        not_a_number,
        untouched,
    })
}

/// Chapters 2 and 3: his own learning rule.
pub struct Learned {
    /// Error in the first second.
    pub before: f64,
    /// Error in the last two seconds.
    pub after: f64,
}

struct Lesson {
    net: Network,
    stim: NodeId,
    pre: EnsembleId,
    post: EnsembleId,
    conn: ConnectionId,
    probes: [ProbeId; 2],
}

/// A sine goes into `pre`; `post` gets nothing yet, through decoders of zero.
fn lesson(rule: Option<RuleFunction>) -> Lesson {
    let mut net = Network::with_seed(2);
    // Seeds of their own: the same neurons in both chapters, whatever else is in the network.
    let stim = net.node("stim", sine(1.0));
    let pre = net.ensemble("pre", Ensemble::new(NEURONS, 1).seed(21));
    let post = net.ensemble("post", Ensemble::new(NEURONS, 1).seed(22));
    net.connect(stim, pre, Connection::new().no_synapse());
    let mut c = Connection::new().transform(Matrix::filled(1, NEURONS, 0.0));
    if let Some(rule) = rule {
        c = c.learn(rule);
    }
    let conn = net.connect(pre.neurons(), post, c);
    let probes = [
        net.probe("target", Probe::new(stim).synapse(0.03)),
        net.probe("post", Probe::new(post).synapse(0.03)),
    ];
    Lesson { net, stim, pre, post, conn, probes }
}

fn attend(l: &Lesson) -> Result<Learned, Error> {
    let mut sim = Simulator::new(&l.net)?;
    sim.run(1.0)?;
    let before = mse(&sim, l.probes[1], l.probes[0], 0.0)?;
    sim.run(7.0)?;
    let after = mse(&sim, l.probes[1], l.probes[0], 0.75)?;
    Ok(Learned { before, after })
}

/// His node: it gets the error and the activities, and writes the weights in each step. `declared` is whether it says so
/// when it is made.
pub fn node_that_learns(declared: bool) -> Result<Learned, Error> {
    let mut l = lesson(None);
    let conn = l.conn;
    let mut f = NodeFunction::new(1 + NEURONS, 0, move |s| {
        let (error, activities) = (s.x[0], &s.x[1..]);
        let edit = &mut |w: &mut Matrix| {
            for (w, a) in w.values_mut().iter_mut().zip(activities) {
                *w -= RATE * 1e-3 / NEURONS as f64 * error * a;
            }
            Ok(())
        };
        Ok(s.live.edit_weights(conn, edit)?)
    });
    if declared {
        f = f.edits(conn);
    }
    let learn = l.net.node("learn", f);
    l.net.connect(l.post, learn.slice(0), Connection::new());
    l.net.connect(l.stim, learn.slice(0), Connection::new().transform(-1.0));
    l.net.connect(l.pre.neurons(), learn.slice(1..1 + NEURONS), Connection::new());
    attend(&l)
}

/// The same as a rule: one closure, in place of rule type, operator and build function.
pub fn rule_in_a_closure() -> Result<Learned, Error> {
    let rule = RuleFunction::new("his own", |s| {
        let factor = -s.parameter("rate")? * s.dt / s.shape.1 as f64;
        let activities = s.input("pre_filtered")?;
        for (row, error) in s.delta.chunks_exact_mut(s.shape.1).zip(s.error) {
            for (d, a) in row.iter_mut().zip(activities) {
                *d = factor * error * a;
            }
        }
        Ok(())
    })
    .pre_filtered(0.005)
    .error()
    .parameter("rate", RATE);
    let mut l = lesson(Some(rule));
    l.net.connect(l.post, l.conn.rule(), Connection::new());
    l.net.connect(l.stim, l.conn.rule(), Connection::new().transform(-1.0));
    attend(&l)
}

/// Chapter 4: his memristors.
pub struct Memristors {
    /// rms of the target.
    pub target: f64,
    /// rms of the output with his conductances.
    pub output: f64,
    /// Largest weight with his conductances.
    pub largest: f64,
    /// Error with his conductances.
    pub before: f64,
    /// What the scale check says when the model is built.
    pub notes: Vec<ScaleNote>,
    /// Error with the factor applied, everything else the same.
    pub after: f64,
    /// rms of the output then.
    pub output_after: f64,
    /// What the scale check says then.
    pub notes_after: Vec<ScaleNote>,
    /// Gain then.
    pub gain: f64,
}

/// His devices of February 2020: R0 = 100 Ω, R1 = 2.5e8 Ω, and the voltage (0.01 V) and so the exponent (−0.133) of the
/// day after, with which a pulse starts from the resistance that the device has. At his first 1 V the resistance falls
/// by a factor of a hundred within the run, and weights of 1e-7 are soon behind.
pub fn his_devices() -> PowerLaw {
    PowerLaw { voltage: 0.01, ..PowerLaw::thread_2020() }
}

struct Workbench {
    net: Network,
    learned: ConnectionId,
    target: ProbeId,
    output: ProbeId,
}

/// `pre` to `post` through pairs of memristors, taught the identity on a sine by mPES.
fn workbench(devices: DeviceSpec) -> Workbench {
    let mut net = Network::with_seed(4);
    let stim = net.node("stim", sine(2.0));
    let pre = net.ensemble("pre", Ensemble::new(NEURONS, 1));
    let post = net.ensemble("post", Ensemble::new(NEURONS, 1));
    let error = net.ensemble("error", Ensemble::new(NEURONS, 1).radius(2.0));
    net.connect(stim, pre, Connection::new().no_synapse());
    let c = Connection::new().devices(devices).learn(Mpes::default());
    let learned = net.connect_as("memristors", pre.neurons(), post.neurons(), c);
    net.connect(post, error, Connection::new());
    net.connect(pre, error, Connection::new().transform(-1.0));
    net.connect(error, learned.rule(), Connection::new());
    let target = net.probe("target", Probe::new(stim).synapse(0.03).sample_every(0.01));
    let output = net.probe("output", Probe::new(post).synapse(0.03).sample_every(0.01));
    Workbench { net, learned, target, output }
}

/// His weights r0/R⁺ − r0/R⁻, without and with the gain that the scale check asks for.
pub fn memristors(seconds: f64) -> Result<Memristors, Error> {
    let device = his_devices();
    let gain = Gain::Fixed(device.r0);
    let w =
        workbench(DeviceSpec { device: device.into(), bounds: Bounds::Raw, gain, ..DeviceSpec::default() });
    let mut sim = Simulator::new(&w.net)?;
    let notes = sim.scale_notes().to_vec();
    sim.run(seconds)?;
    let target = rms(&sim.data(w.target)?.values);
    let output = rms(&sim.data(w.output)?.values);
    let largest = sim.weights(w.learned)?.values().iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let before = mse(&sim, w.output, w.target, 0.75)?;

    let factor =
        notes.iter().find(|n| n.connection == Some(w.learned) && n.is_warning()).map_or(1.0, |n| n.factor);
    sim.reset(Reset::All)?;
    let gain = sim.devices(w.learned)?.gain() * factor;
    sim.set_device_gain(w.learned, gain)?;
    let notes_after = sim.scale_check(None)?;
    sim.run(seconds)?;
    let after = mse(&sim, w.output, w.target, 0.75)?;
    let output_after = rms(&sim.data(w.output)?.values);
    Ok(Memristors { target, output, largest, before, notes, after, output_after, notes_after, gain })
}

/// Chapter 5: how long it takes.
pub struct Timed {
    /// Simulated time (s).
    pub seconds: f64,
    /// Wall time (s).
    pub wall: f64,
    /// Pulses given.
    pub pulses: u64,
    /// Error over the last quarter.
    pub error: f64,
}

/// 100 × 100 pairs with the spread of real devices, learning all the time.
pub fn timed(seconds: f64) -> Result<Timed, Error> {
    let device = his_devices().into();
    let w = workbench(DeviceSpec { device, spread: 0.15, ..DeviceSpec::default() });
    let mut sim = Simulator::with(&w.net, Options { threads: 1, ..Options::default() })?;
    let start = Instant::now();
    sim.run(seconds)?;
    let wall = start.elapsed().as_secs_f64();
    let error = mse(&sim, w.output, w.target, 0.75)?;
    Ok(Timed { seconds, wall, pulses: sim.devices(w.learned)?.pulses(), error })
}
