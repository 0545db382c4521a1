//! The scale check is silent on models that work, catches those that are mis-scaled, and the factor that it prints mends
//! them: the output's error is then within twice the well-scaled model's. It is told up to what a transform on the way was
//! scaled by: in which unit a value is meant nobody but the user can know.

use bouton::prelude::*;

#[path = "../../examples/workloads/models.rs"]
mod workloads;

fn warnings(sim: &Simulator) -> Vec<String> {
    sim.scale_notes().iter().filter(|n| n.is_warning()).map(ToString::to_string).collect()
}

/// The well-scaled model, or the mis-scaled one with its parameter times a factor.
#[derive(Clone, Copy)]
enum Scale {
    Good,
    Bad(f64),
}

impl Scale {
    /// `good`, or `bad` times the factor.
    fn of(self, good: f64, bad: f64) -> f64 {
        match self {
            Scale::Good => good,
            Scale::Bad(factor) => bad * factor,
        }
    }
}

struct Case {
    net: Network,
    /// The connection that is mis-scaled.
    suspect: ConnectionId,
    target: ProbeId,
    output: ProbeId,
    /// The output is to be so many times the target.
    times: f64,
    /// Seconds to run; the error is that of the last quarter.
    seconds: f64,
}

fn sine() -> Output {
    Output::of_time(1, |t, y| y[0] = (std::f64::consts::TAU * t).sin())
}

/// The same as a recording, of which is known what it gives.
fn recorded_sine(size: f64) -> Output {
    let values = (0..1000).map(|k| size * (std::f64::consts::TAU * f64::from(k) * 1e-3).sin()).collect();
    Output::process(Table {
        values: std::sync::Arc::new(values),
        rate: 1000.0,
        past_end: PastEnd::Loop,
        ..Table::default()
    })
}

fn base(stim: Output) -> (Network, NodeId, EnsembleId, EnsembleId) {
    let mut net = Network::with_seed(3);
    let stim = net.node("stim", stim);
    let a = net.ensemble("a", Ensemble::new(60, 1).seed(11));
    let b = net.ensemble("b", Ensemble::new(60, 1).seed(12));
    (net, stim, a, b)
}

fn case(mut net: Network, suspect: ConnectionId, truth: NodeId, b: EnsembleId, seconds: f64) -> Case {
    let target = net.probe("target", Probe::new(truth).synapse(0.03));
    let output = net.probe("output", Probe::new(b).synapse(0.03));
    Case { net, suspect, target, output, times: 1.0, seconds }
}

/// The matrix that a weight solver puts between the two populations of [`base`], without the post gains.
fn solved() -> Matrix {
    let (mut net, _, a, b) = base(sine());
    let c = net.connect(a, b, Connection::new());
    let sim = Simulator::new(&net).unwrap();
    let (d, e) = (sim.weights(c).unwrap(), sim.encoders(b).unwrap());
    let values = (0..60 * 60).map(|k| e[(k / 60, 0)] * d[(0, k % 60)]).collect();
    Matrix::new(60, 60, values).unwrap()
}

fn scaled(m: &Matrix, factor: f64) -> Matrix {
    let (rows, cols) = m.shape();
    Matrix::new(rows, cols, m.values().iter().map(|v| v * factor).collect()).unwrap()
}

fn decoded(s: Scale, bad: f64) -> Case {
    let (mut net, stim, a, b) = base(sine());
    net.connect(stim, a, Connection::new().no_synapse());
    let times = s.of(1.0, bad);
    let c = net.connect(a, b, Connection::new().transform(times));
    Case { times, ..case(net, c, stim, b, 2.0) }
}

fn from_node(s: Scale) -> Case {
    let (mut net, stim, a, b) = base(recorded_sine(1.0));
    let times = s.of(1.0, 4e-6);
    let c = net.connect(stim, a, Connection::new().transform(times).no_synapse());
    net.connect(a, b, Connection::new());
    Case { times, ..case(net, c, stim, b, 2.0) }
}

/// A recording of some microvolts that is played into a population which represents ±1.
fn recording(s: Scale) -> Case {
    let (mut net, stim, a, b) = base(recorded_sine(4e-6));
    let mut c = Connection::new().no_synapse();
    let transform = s.of(2.5e5, 1.0);
    if transform != 1.0 {
        c = c.transform(transform);
    }
    let c = net.connect(stim, a, c);
    net.connect(a, b, Connection::new());
    Case { times: transform, ..case(net, c, stim, b, 2.0) }
}

fn onto_neurons(s: Scale, bad: f64) -> Case {
    let (mut net, stim, a, b) = base(sine());
    net.connect(stim, a, Connection::new().no_synapse());
    let times = s.of(1.0, bad);
    let w = scaled(&solved(), times);
    let c = net.connect(a.neurons(), b.neurons(), Connection::new().transform(w));
    Case { times, ..case(net, c, stim, b, 2.0) }
}

/// Adds the error population of a connection that learns.
fn taught(net: &mut Network, stim: NodeId, b: EnsembleId, c: ConnectionId, delivered: f64) -> ConnectionId {
    let error = net.ensemble("error", Ensemble::new(60, 1).radius(2.0).seed(13));
    net.connect(b, error, Connection::new());
    net.connect(stim, error, Connection::new().transform(-1.0));
    net.connect(error, c.rule(), Connection::new().transform(delivered))
}

fn devices(s: Scale, good: DeviceSpec, bad: DeviceSpec, gain: f64) -> Case {
    let (mut net, stim, a, b) = base(sine());
    net.connect(stim, a, Connection::new().no_synapse());
    let spec = match s {
        Scale::Good => good,
        Scale::Bad(f) => DeviceSpec { gain: Gain::Fixed(gain * f), ..bad },
    };
    let c = net.connect_as(
        "learned",
        a.neurons(),
        b.neurons(),
        Connection::new().devices(spec).learn(Mpes::default()),
    );
    taught(&mut net, stim, b, c, 1.0);
    case(net, c, stim, b, 8.0)
}

/// The automatic gain of [`devices`].
fn automatic() -> f64 {
    let c = devices(Scale::Good, DeviceSpec::default(), DeviceSpec::default(), 1.0);
    Simulator::new(&c.net).unwrap().devices(c.suspect).unwrap().gain()
}

fn pes(s: Scale, bad: f64, onto_neurons: bool, bad_error: f64) -> Case {
    let (mut net, stim, a, b) = base(sine());
    net.connect(stim, a, Connection::new().no_synapse());
    let good = if onto_neurons { 1e-5 } else { 1e-4 };
    let rate = if bad_error == 1.0 { s.of(good, bad) } else { good };
    let c = if onto_neurons {
        let c = Connection::new().transform(Matrix::filled(60, 60, 0.0)).learn(Pes::new(rate));
        net.connect_as("learned", a.neurons(), b.neurons(), c)
    } else {
        let c = Connection::new().function(1, |_, y| y[0] = 0.0).learn(Pes::new(rate));
        net.connect_as("learned", a, b, c)
    };
    let error_scale = if bad_error == 1.0 { 1.0 } else { s.of(1.0, bad_error) };
    let delivered = taught(&mut net, stim, b, c, error_scale);
    case(net, if bad_error == 1.0 { c } else { delivered }, stim, b, 10.0)
}

/// Mean square error over the last quarter, relative to the target's mean square, infinite if the run breaks off; and the
/// simulator.
fn mse(c: &Case) -> (f64, Simulator) {
    let mut sim = Simulator::with(&c.net, Options { threads: 1, ..Options::default() }).unwrap();
    if sim.run(c.seconds).is_err() {
        return (f64::INFINITY, sim);
    }
    let (y, t) = (sim.data(c.output).unwrap().values, sim.data(c.target).unwrap().values);
    let from = y.len() * 3 / 4;
    let off: f64 = y[from..].iter().zip(&t[from..]).map(|(y, t)| (y / c.times - t).powi(2)).sum();
    (off / t[from..].iter().map(|t| t * t).sum::<f64>(), sim)
}

/// The number in the words of a note: what a person who reads it sets the parameter to, or multiplies it by.
fn advised(note: &ScaleNote) -> (bool, f64) {
    let (before, after) = note.message.rsplit_once(&format!("`{}` ", note.parameter)).unwrap();
    let mut words = after.split(' ');
    assert!(["of", "by", "to"].contains(&words.next().unwrap()), "{note}");
    let number = words.next().unwrap();
    let digits = number.split('e').next().unwrap().replace('.', "");
    assert!(digits.trim_matches('0').len() <= 2, "{note} has more digits than two");
    (before.ends_with("set "), number.parse().unwrap())
}

fn is_caught_and_mended(name: &str, kind: ScaleKind, make: impl Fn(Scale) -> Case) {
    let (good, sim) = mse(&make(Scale::Good));
    assert_eq!(warnings(&sim), [""; 0], "{name}: the well-scaled model is warned of");
    let bad = make(Scale::Bad(1.0));
    let (before, sim) = mse(&bad);
    let found: Vec<&ScaleNote> = sim.scale_notes().iter().filter(|n| n.is_warning()).collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    let note = found[0];
    assert_eq!((note.connection, note.kind), (Some(bad.suspect), kind), "{name}: {note}");
    let text = note.to_string();
    assert!(text.contains(&bad.net.connection_path(bad.suspect)) && text.contains(note.parameter), "{text}");
    // What is tried below is what is said.
    let now = match (advised(note).0, note.parameter) {
        (true, "gain") => sim.devices(bad.suspect).unwrap().gain(),
        (true, of) => sim.rule_parameters(bad.suspect).unwrap().iter().find(|v| v.0 == of).unwrap().1,
        (false, _) => 1.0,
    };
    let (said, tried) = (advised(note).1, note.factor * now);
    assert!((said / tried - 1.0).abs() < 1e-12, "{name}: {said} is said, {tried} is meant");
    let (after, sim) = mse(&make(Scale::Bad(note.factor)));
    assert_eq!(warnings(&sim), [""; 0], "{name}: the mended model is warned of");
    println!(
        "| {name} | {:.1e} | {:.2e} | {before:.4} | {after:.5} | {good:.5} |  {note}",
        note.share, note.factor
    );
    assert!(before > 2.0 * good, "{name}: {before} is no worse than {good}");
    assert!(after <= 2.0 * good, "{name}: mended {after}, well-scaled {good}");
}

use ScaleKind::{TooLarge, TooSmall};

#[test]
fn fixed_weights_that_are_mis_scaled_are_caught_and_mended() {
    // None of them is off by a power of ten: that would come out right by mere rounding.
    is_caught_and_mended("decoded, transform 3e-7", TooSmall, |s| decoded(s, 3e-7));
    is_caught_and_mended("decoded, transform 4e4", TooLarge, |s| decoded(s, 4e4));
    is_caught_and_mended("node, transform 4e-6", TooSmall, from_node);
    is_caught_and_mended("recording of 4 microvolts", TooSmall, recording);
    is_caught_and_mended("neurons to neurons, 4e-5", TooSmall, |s| onto_neurons(s, 4e-5));
    is_caught_and_mended("neurons to neurons, 3e4", TooLarge, |s| onto_neurons(s, 3e4));
}

#[test]
fn devices_that_are_mis_scaled_are_caught_and_mended() {
    let spec = DeviceSpec { spread: 0.15, ..DeviceSpec::default() };
    let raw = DeviceSpec { bounds: Bounds::Raw, ..spec.clone() };
    let gain = automatic();
    is_caught_and_mended("conductances used raw", TooSmall, |s| devices(s, spec.clone(), raw.clone(), 1.0));
    is_caught_and_mended("gain 1e4 too small", TooSmall, |s| {
        devices(s, spec.clone(), spec.clone(), gain * 1e-4)
    });
    is_caught_and_mended("gain 1e4 too large", TooLarge, |s| {
        devices(s, spec.clone(), spec.clone(), gain * 1e4)
    });
}

#[test]
fn learning_that_is_mis_scaled_is_caught_and_mended() {
    is_caught_and_mended("PES, rate 1e-9", TooSmall, |s| pes(s, 1e-9, false, 1.0));
    is_caught_and_mended("PES, rate 1", TooLarge, |s| pes(s, 1.0, false, 1.0));
    is_caught_and_mended("PES onto neurons, rate 1e-10", TooSmall, |s| pes(s, 1e-10, true, 1.0));
    is_caught_and_mended("PES onto neurons, rate 0.1", TooLarge, |s| pes(s, 0.1, true, 1.0));
    is_caught_and_mended("PES, error times 1e-6", TooSmall, |s| pes(s, 1.0, false, 1e-6));
}

#[test]
fn the_workloads_are_silent() {
    for (name, net) in [
        ("W1", workloads::w1(10)),
        ("W3", workloads::w3(100, true)),
        ("W3bcm", workloads::w3_bcm(100).unwrap()),
        ("W3hand", workloads::w3_hand(100).unwrap()),
        ("W5", workloads::w5(200)),
        ("mpes", workloads::mpes(100)),
    ] {
        let sim = Simulator::new(&net).unwrap();
        assert_eq!(warnings(&sim), [""; 0], "{name}");
    }
}

#[test]
fn a_weak_connection_is_not_a_mistake() {
    // An integrator takes a tenth of its input, through a passing node or not.
    let mut net = Network::with_seed(1);
    let stim = net.node("stim", sine());
    let a = net.ensemble("a", Ensemble::new(50, 1));
    let pass = net.node("pass", Output::passthrough(1));
    net.connect(stim, a, Connection::new().transform(0.1).synapse(0.1));
    net.connect(a, a, Connection::new().synapse(0.1));
    net.connect(a, pass, Connection::new().transform(0.1));
    net.connect(pass, a, Connection::new());
    let sim = Simulator::new(&net).unwrap();
    assert_eq!(warnings(&sim), [""; 0]);
}

#[test]
fn what_passes_through_a_node_is_judged_by_what_is_behind_it() {
    let mut net = Network::with_seed(1);
    let a = net.ensemble("a", Ensemble::new(50, 1));
    let array = net.ensemble_array("array", 3, &Ensemble::new(50, 1));
    let c = net.connect(a, array.input.slice(1..2), Connection::new().transform(1e-4));
    // A ring of passing nodes must come to an end.
    net.connect(array.output, array.input, Connection::new().synapse(0.1));
    let sim = Simulator::new(&net).unwrap();
    let [note] = sim.scale_notes() else { panic!("{:?}", sim.scale_notes()) };
    assert_eq!((note.connection, note.kind), (Some(c), TooSmall));
    // What is decoded of a range is that range again, with noise of some per cent.
    assert!((note.factor * 1e-4 - 1.0).abs() < 0.1, "{note}");
}

#[test]
fn weights_of_zero_are_stated_where_they_are_learned_and_warned_of_where_not() {
    let (mut net, _, a, b) = base(sine());
    let zeros = || Connection::new().transform(Matrix::filled(60, 60, 0.0));
    let learned = net.connect_as("learned", a.neurons(), b.neurons(), zeros().learn(Pes::new(1e-5)));
    net.connect(b, learned.rule(), Connection::new());
    let edited = net.connect_as("edited", a.neurons(), b.neurons(), zeros());
    net.connect_as("dead", a.neurons(), b.neurons(), zeros());
    // A rate of zero is a rule that is switched off.
    net.connect_as("off", a.neurons(), b.neurons(), zeros().learn(Pes::new(0.0)));
    net.node("editor", NodeFunction::new(0, 0, |_| Ok(())).edits(edited));
    let mut sim = Simulator::new(&net).unwrap();
    let found = |sim: &Simulator| -> Vec<(String, ScaleKind)> {
        sim.scale_check(None).unwrap().into_iter().map(|n| (n.path, n.kind)).collect()
    };
    let of = |name: &str, kind| (name.to_string(), kind);
    let stated = ScaleKind::ZeroButLearned;
    assert_eq!(
        found(&sim),
        [of("learned", stated), of("edited", stated), of("dead", TooSmall), of("off", TooSmall)]
    );

    // On demand, what counts is what is live.
    sim.set_rule_parameter(learned, "learning_rate", 1e-12).unwrap();
    sim.edit_weights(edited, |w| {
        w.fill(1e-3);
        Ok(())
    })
    .unwrap();
    assert_eq!(
        found(&sim),
        [of("learned", stated), of("learned", TooSmall), of("dead", TooSmall), of("off", TooSmall)]
    );
    assert_eq!(warnings(&sim).len(), 2, "the notes of the build stay those of the build");
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(sim.scale_check(Some(bad)).unwrap_err().message().contains("pulses"));
    }
}

#[test]
fn a_rule_without_an_error_is_warned_of() {
    for devices in [false, true] {
        let (mut net, _, a, b) = base(sine());
        let c = Connection::new();
        let c = if devices {
            c.devices(DeviceSpec::default()).learn(Mpes::default())
        } else {
            c.learn(Pes::new(1e-4))
        };
        let c = net.connect_as("learned", a, b, c);
        let sim = Simulator::new(&net).unwrap();
        let [note] = sim.scale_notes() else { panic!("{:?}", sim.scale_notes()) };
        assert_eq!((note.connection, note.kind), (Some(c), ScaleKind::NoError));
        assert!(note.is_warning() && note.to_string().contains("connect an error"), "{note}");
        net.connect(b, c.rule(), Connection::new());
        let sim = Simulator::new(&net).unwrap();
        assert!(sim.scale_notes().iter().all(|n| n.kind != ScaleKind::NoError));
    }
}

#[test]
fn a_time_step_too_long_for_the_neurons_is_warned_of_and_the_factor_mends_it() {
    let mean = |dt: f64| {
        let mut net = Network::with_seed(1);
        let stim = net.node("stim", 0.5);
        let a = net.ensemble("a", Ensemble::new(100, 1));
        let rate = net.ensemble("rate", Ensemble::new(100, 1).neuron_type(LifRate::default()));
        net.connect(stim, a, Connection::new());
        net.connect(stim, rate, Connection::new());
        let p = net.probe("p", Probe::new(a).synapse(0.1));
        let mut sim = Simulator::with(&net, Options { dt, ..Options::default() }).unwrap();
        let notes = sim.scale_notes().to_vec();
        sim.run(4.0).unwrap();
        let y = sim.data(p).unwrap().values;
        (notes, y[y.len() / 2..].iter().sum::<f64>() / (y.len() - y.len() / 2) as f64)
    };
    let (notes, wrong) = mean(0.01);
    let [note] = &notes[..] else { panic!("{notes:?}") };
    assert_eq!((note.kind, note.parameter, &note.path[..]), (ScaleKind::StepTooLong, "dt", "a"), "{note}");
    assert!((wrong - 0.5).abs() > 0.1, "nothing was wrong: {wrong}");
    let (notes, right) = mean(0.01 * note.factor);
    assert_eq!(notes, []);
    assert!((right - 0.5).abs() < 0.05, "still wrong: {right}");
}

#[test]
fn single_devices_whose_first_weights_swamp_the_target_are_warned_of() {
    let notes = |gain: Gain| {
        let (mut net, stim, a, b) = base(sine());
        net.connect(stim, a, Connection::new().no_synapse());
        let mapping = Mapping::from(Single { sign: Sign::Excitatory });
        let spec = DeviceSpec { mapping, gain, ..DeviceSpec::default() };
        let c = Connection::new().devices(spec).learn(Mpes::default());
        let c = net.connect_as("learned", a.neurons(), b.neurons(), c);
        taught(&mut net, stim, b, c, 1.0);
        let sim = Simulator::new(&net).unwrap();
        let found: Vec<ScaleNote> =
            sim.scale_notes().iter().filter(|n| n.kind == TooLarge).cloned().collect();
        (found, sim.devices(c).unwrap().gain())
    };
    let auto = |pulses| Gain::Auto(AutoGain { pulses });
    assert_eq!(notes(auto(100.0)).0, []);
    let (found, gain) = notes(auto(6.0));
    let [note] = &found[..] else { panic!("{found:?}") };
    assert!(note.parameter == "gain" && note.message.contains("as they stand"), "{note}");
    // What they contribute goes as the gain: the factor leaves one range of it, and is what is said.
    assert!((note.share * note.factor - 1.0).abs() < 0.05, "{note}");
    assert_eq!(advised(note), (false, note.factor));
    assert_eq!(notes(Gain::Fixed(gain * note.factor)).0, []);
}

#[test]
fn nothing_is_assumed_of_what_a_callback_gives() {
    // Well-scaled in volts of some microvolt; much too large; much too small: only a run shows which is which.
    for (size, radius, transform) in [(2e-6, 2e-6, -1.0), (800.0, 1.0, 1.0), (1.0, 1.0, 1e-6)] {
        let mut net = Network::with_seed(48);
        let stim = net.node("stim", Output::of_time(1, move |t, y| y[0] = size * (6.0 * t).sin()));
        let a = net.ensemble("a", Ensemble::new(100, 1).radius(radius));
        net.connect(stim, a, Connection::new().transform(transform));
        assert_eq!(warnings(&Simulator::new(&net).unwrap()), [""; 0], "{size} into {radius}");
    }
}

#[test]
fn little_that_comes_into_a_loop_adds_up() {
    let notes = |transform: f64, loop_: bool| {
        let mut net = Network::with_seed(1);
        let stim = net.node("stim", recorded_sine(1.0));
        let a = net.ensemble("a", Ensemble::new(100, 1));
        let pass = net.node("pass", Output::passthrough(1));
        net.connect(stim, a, Connection::new().transform(transform).synapse(0.1));
        if loop_ {
            net.connect(a, pass, Connection::new().synapse(0.1));
            net.connect(pass, a, Connection::new().no_synapse());
        }
        warnings(&Simulator::new(&net).unwrap()).len()
    };
    assert_eq!([notes(0.005, true), notes(0.005, false), notes(1e-7, true)], [0, 1, 1]);
}

#[test]
fn devices_that_no_pulse_moves_are_counted_and_a_large_spread_does_not_hide_the_typical_one() {
    let notes = |spread: f64| {
        let (mut net, stim, a, b) = base(sine());
        net.connect(stim, a, Connection::new().no_synapse());
        let c =
            Connection::new().devices(DeviceSpec { spread, ..DeviceSpec::default() }).learn(Mpes::default());
        let c = net.connect_as("learned", a.neurons(), b.neurons(), c);
        taught(&mut net, stim, b, c, 1.0);
        let sim = Simulator::new(&net).unwrap();
        let kinds: Vec<ScaleKind> =
            sim.scale_notes().iter().filter(|n| n.is_warning()).map(|n| n.kind).collect();
        (kinds, sim.devices(c).unwrap().dead(), warnings(&sim))
    };
    assert_eq!(notes(0.15), (vec![], 0, vec![]));
    // The automatic gain is right for the typical device, whatever a few strong ones do.
    let (kinds, dead, texts) = notes(0.6);
    assert_eq!(kinds, [ScaleKind::DeadDevices], "{texts:?}");
    assert!(dead > 36 && dead < 720, "{dead} of 7200 devices are dead");
    let flat = Device::from(PowerLaw { a: -0.02, b: 0.0, ..PowerLaw::default() });
    let (mut net, _, a, b) = base(sine());
    let c = Connection::new()
        .devices(DeviceSpec { device: flat, ..DeviceSpec::default() })
        .learn(Mpes::default());
    net.connect_as("learned", a, b, c);
    let e = Simulator::new(&net).err().unwrap().to_string();
    assert!(e.starts_with("learned: ") && e.contains("-0.02") && e.contains("moves nothing"), "{e}");
}

#[test]
fn gains_beyond_all_sense_are_warned_of_too() {
    for (gain, kind) in [(1e300, TooLarge), (1e-300, TooSmall)] {
        let (mut net, stim, a, b) = base(sine());
        net.connect(stim, a, Connection::new().no_synapse());
        let c = Connection::new().devices(DeviceSpec { gain: Gain::Fixed(gain), ..DeviceSpec::default() });
        let c = net.connect_as("learned", a.neurons(), b.neurons(), c.learn(Mpes::default()));
        taught(&mut net, stim, b, c, 1.0);
        let sim = Simulator::new(&net).unwrap();
        let found: Vec<_> = sim.scale_notes().iter().filter(|n| n.is_warning()).collect();
        assert!(found.len() == 1 && found[0].kind == kind, "{gain}: {found:?}");
        let mended = gain * found[0].factor;
        assert!(mended > 10.0 && mended < 1e4, "{gain} is mended to {mended}");
    }
}

#[test]
fn neurons_that_are_shut_may_be_shut_however_strongly() {
    let notes = |weight: f64| {
        let (mut net, stim, a, _) = base(Output::Constant(vec![1.0]));
        net.connect_as("gate", stim, a.neurons(), Connection::new().transform(Matrix::filled(60, 1, weight)));
        let sim = Simulator::new(&net).unwrap();
        sim.scale_notes().iter().map(|n| (n.kind, n.path.clone())).collect::<Vec<_>>()
    };
    assert_eq!(notes(-5000.0), []);
    // What drives them so far is a fault, and so is what is too weak to shut them.
    assert_eq!(notes(5000.0), [(TooLarge, "gate".to_string())]);
    assert_eq!(notes(-1e-3), [(TooSmall, "gate".to_string())]);
}

#[test]
fn a_rate_at_which_learning_is_best_is_not_warned_of() {
    // With default rates the mean square of the activities is some 24,000 Hz²: an error goes 2.4 times a second at 1e-4, and at
    // 240 times a second learning is still at its best (docs/rules-of-thumb.md).
    let notes = |rate: f64| {
        let (mut net, stim, a, b) = base(sine());
        net.connect(stim, a, Connection::new());
        let pes = Pes { learning_rate: rate, ..Pes::default() };
        let c = net.connect_as("learned", a, b, Connection::new().transform(0.0).learn(pes));
        taught(&mut net, stim, b, c, 1.0);
        let sim = Simulator::new(&net).unwrap();
        let found = sim.scale_notes().iter().filter(|n| n.kind == TooLarge);
        found.map(|n| n.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(notes(0.008), Vec::<String>::new());
    let found = notes(0.03);
    assert!(found.len() == 1 && found[0].contains("(above 300 times): set `learning_rate`"), "{found:?}");
}

#[test]
fn the_automatic_gain_brings_what_fills_one_range_to_where_it_fills_the_other() {
    // Currents don't hang on radii; what is decoded goes as the radius that it is decoded into.
    let gain = |(pre, post): (f64, f64), neurons: bool, function: bool| {
        let mut net = Network::with_seed(5);
        let a = net.ensemble("a", Ensemble::new(40, 1).radius(pre).seed(11));
        let b = net.ensemble("b", Ensemble::new(30, 1).radius(post).seed(12));
        let mut c = Connection::new().devices(DeviceSpec::default());
        if function {
            c = c.function(1, |x, y| y[0] = x[0]);
        }
        let id = if neurons { net.connect(a.neurons(), b.neurons(), c) } else { net.connect(a, b, c) };
        Simulator::new(&net).unwrap().devices(id).unwrap().gain()
    };
    let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} for {b}");
    for radii in [(0.25, 1.0), (3.0, 3.0), (0.5, 2e4)] {
        close(gain(radii, true, false), gain((1.0, 1.0), true, false));
        close(gain(radii, false, false), radii.1 * gain((1.0, 1.0), false, false));
        // A function says what it gives.
        close(gain(radii, false, true), radii.0 * gain((1.0, 1.0), false, true));
    }
}
