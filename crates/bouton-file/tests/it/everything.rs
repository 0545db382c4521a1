//! A file with everything in it is the model that the same calls make.

use std::sync::Arc;

use bouton_elements::devices::{Bounds, DeviceSpec, Gain};
use bouton_elements::distributions::{self as dists, Distribution};
use bouton_elements::mappings::Side;
use bouton_elements::neurons::{Lif, LifRate, StochasticSpiking};
use bouton_elements::processes::{FilteredNoise, Interpolation, PastEnd, Process, Table, WhiteSignal};
use bouton_elements::rules::{Mpes, Pes};
use bouton_elements::solvers::LstsqL2;
use bouton_elements::synapses::{Alpha, Triangle};
use bouton_elements::transforms::{Convolution, Numbers, Sparse};
use bouton_file::{LoadOptions, load};
use bouton_model::{
    Connection, DeviceQuantity, Ensemble, Function, LiveAccess, Matrix, Network, NodeFunction, NodeStep,
    Object, Output, Probe, Slice, Target,
};

use crate::{folder, read};

/// The same model by calls.
fn expected() -> Network {
    let mut net = Network::with_seed(7);
    let mut a =
        Ensemble::new(20, 2).radius(1.5).neuron_type(Lif { tau_ref: 0.003, ..Lif::default() }).seed(3);
    let tfww = dists::SphereMethod::Tfww;
    a.encoders = dists::ScatteredHypersphere { surface: true, min_magnitude: 0.0, method: tfww }.into();
    a.intercepts = Distribution::uniform(-0.5, 0.5);
    a.max_rates = dists::Choice::scalars(&[100.0, 200.0]).into();
    a.eval_points = vec![vec![0.0, 0.5], vec![0.5, 0.0]].into();
    a.n_eval_points = Some(2);
    a.normalize_encoders = false;
    let a = net.ensemble("a", a.initial_state("voltage", Distribution::uniform(0.0, 1.0)));
    let base = LifRate { tau_ref: 0.001, ..LifRate::default() };
    let b = Ensemble::new(3, 1).neuron_type(StochasticSpiking { base: base.into(), amplitude: 0.5 });
    let noise = FilteredNoise {
        synapse: Triangle { t: 0.01 }.into(),
        dist: Distribution::uniform(-1.0, 1.0),
        seed: Some(4),
        ..FilteredNoise::default()
    };
    let b = b.noise(noise).encoders(vec![1.0, -1.0, 1.0]);
    let b = net.ensemble("b", b.gain_bias(vec![1.0, 2.0, 3.0], vec![0.0, 0.5, 1.0]));

    let none = |_: &mut NodeStep<'_>| Ok(());
    let stim = net.node("stim", NodeFunction::new(0, 1, none).with_text("sin(2*pi*t)"));
    let gate = net.node("gate", NodeFunction::new(2, 2, none).with_text("[x[0] * t, x[1]]"));
    let sum = net.node("sum", Output::passthrough(2));
    net.node("c", vec![0.5, -1.0]);
    let noise = net.node("noise", Output::Process { process: WhiteSignal::new(2.0, 5.0).into(), size: 2 });
    let pulse = Table {
        values: Arc::new(vec![5.0, 9.0]),
        width: 1,
        rate: 100.0,
        interpolation: Interpolation::Linear,
        past_end: PastEnd::Loop,
        ..Table::default()
    };
    let pulse = net.node("pulse", Process::from(pulse));
    let array =
        Table { values: Arc::new(vec![2.0, 1.0, 4.0, 3.0]), width: 2, rate: 10.0, ..Table::default() };
    net.node("array", Process::from(array));

    let (_, (inner, up, deep)) = net.subnetwork("sub", Some(11), |net| {
        let b = net.ensemble("b", Ensemble::new(5, 1));
        let inner = net.node("in", Output::passthrough(1));
        let up = net.connect_as("up", inner, b, Connection::new().no_synapse());
        net.connect(b, sum.slice(0), Connection::new());
        net.probe("value", Probe::new(b));
        (inner, up, b)
    });
    assert_eq!(net.ensemble_path(deep), "sub.b");
    let ea = net.ensemble_array("ea", 3, &Ensemble::new(10, 1));

    let learned = Connection::new()
        .synapse(Alpha { tau: 0.01 })
        .with_function(Function::fallible(1, Some("x[0] * x[1]"), |_, _| Ok(())))
        .solver(LstsqL2 { reg: 0.05, weights: false })
        .learn(Pes { learning_rate: 1e-5, pre_synapse: Some(0.02.into()) })
        .eval_points(Distribution::uniform(-1.0, 1.0))
        .seed(9);
    let learned = net.connect_as("learned", a, b, Connection { scale_eval_points: false, ..learned });
    net.connect(stim, learned.rule(), Connection::new().synapse(0.005).transform(-1.0));
    let devices =
        DeviceSpec { spread: 0.15, gain: Gain::Fixed(1e4), bounds: Bounds::Own, ..DeviceSpec::default() };
    let devices = Connection::new().devices(devices).learn(Mpes::default());
    let memristors = net.connect_as("memristors", a.neurons(), b.neurons(), devices);
    let zeros = Connection::new()
        .transform(Matrix::filled(3, 4, 0.0))
        .learn(Pes { pre_synapse: None, ..Pes::default() });
    net.connect(a.neurons().slice(0..4), b.neurons(), zeros);
    let swap = Matrix::new(2, 2, vec![0.0, 1.0, 1.0, 0.0]).unwrap();
    net.connect(noise, a, Connection::new().transform(swap));
    net.connect(noise.slice([1, 0]), sum, Connection::new().transform(vec![2.0, 3.0]).synapse(0.0));
    net.connect(Object::Node(ea.output).slice(1..3), gate, Connection::new());
    net.connect(pulse, inner, Connection::new());
    let sparse = Sparse {
        shape: [2, 2],
        rows: vec![0, 1],
        columns: vec![1, 1],
        values: Numbers::List(vec![0.5, -2.0]),
    };
    net.connect(noise, sum, Connection::new().transform(sparse));
    let init = Numbers::Drawn(Distribution::gaussian(0.0, 1e-3));
    let convolution = Convolution { init, ..Convolution::new(2, [4, 5, 1]).kernel_size([4, 5]) };
    net.connect(a.neurons(), sum, Connection::new().transform(convolution));

    let mut first = Probe::new(a).slice(0..1).synapse(0.01).sample_every(0.01);
    first.seed = Some(2);
    net.probe("a", first);
    for (name, target) in [
        ("current", Target::EnsembleInput(a)),
        ("spikes", Target::Spikes(a)),
        ("j", Target::NeuronInput(a)),
        ("v", Target::NeuronState(a, "voltage".into())),
        ("enc", Target::ScaledEncoders(a)),
        ("stim", Target::Node(stim)),
        ("w", Target::Weights(learned)),
        ("out", Target::ConnectionOutput(learned)),
        ("in", Target::ConnectionInput(learned)),
        ("error", Target::rule_error(learned)),
        ("delta", Target::rule_delta(learned)),
        ("activities", Target::rule_signal(learned, "activities")),
        ("r", Target::Devices(memristors, Side::Plus, DeviceQuantity::Resistance)),
        ("g", Target::Devices(memristors, Side::Minus, DeviceQuantity::Conductance)),
        ("n", Target::Devices(memristors, Side::Plus, DeviceQuantity::Pulses)),
        ("one", Target::Decoded(ea.ensembles[1])),
        ("deep", Target::ConnectionOutput(up)),
    ] {
        let slice = if name == "spikes" { Slice::Indices(vec![0, 2]) } else { Slice::All };
        net.probe(name, Probe::of(target).slice(slice));
    }
    net
}

impl LiveAccess for Nothing {
    fn weights(&self, _: bouton_model::ConnectionId) -> Result<Matrix, bouton_model::Error> {
        unreachable!()
    }
    fn decoders(&self, _: bouton_model::ConnectionId) -> Result<Matrix, bouton_model::Error> {
        unreachable!()
    }
    fn encoders(&self, _: bouton_model::EnsembleId) -> Result<Matrix, bouton_model::Error> {
        unreachable!()
    }
    fn gain(&self, _: bouton_model::EnsembleId) -> Result<Vec<f64>, bouton_model::Error> {
        unreachable!()
    }
    fn bias(&self, _: bouton_model::EnsembleId) -> Result<Vec<f64>, bouton_model::Error> {
        unreachable!()
    }
    fn current(&self, _: bouton_model::ConnectionId) -> Result<Vec<f64>, bouton_model::Error> {
        unreachable!()
    }
    fn edit_weights(
        &mut self,
        _: bouton_model::ConnectionId,
        _: &mut dyn FnMut(&mut Matrix) -> Result<(), bouton_model::Failure>,
    ) -> Result<(), bouton_model::Error> {
        unreachable!()
    }
    fn set_weights(&mut self, _: bouton_model::ConnectionId, _: &Matrix) -> Result<(), bouton_model::Error> {
        unreachable!()
    }
}
struct Nothing;
impl bouton_model::sealed::Sealed for Nothing {}

/// One step of an expression's node.
fn step(net: &Network, path: &str, t: f64, x: &[f64]) -> Vec<f64> {
    let Some(Output::Function(f)) = net.get_node(net.find_node(path).unwrap()) else { panic!("{path}") };
    let mut out = vec![0.0; f.size_out()];
    let mut step = NodeStep { t, x, out: &mut out, live: &mut Nothing };
    f.start(&bouton_model::Start::new(0.001, 0)).unwrap().step(&mut step).unwrap();
    out
}

#[test]
fn a_file_with_everything_is_the_expected_model() {
    let model = load(&folder().join("everything.toml"), &LoadOptions::default()).unwrap();
    assert_eq!((model.dt, model.time), (0.0005, Some(1.5)));
    let mut found = format!("{:#?}", model.network);
    // Only the array has a seed that the call can't give.
    let seeded = found.find("name: \"ea\"").and_then(|k| Some(k + found[k..].find("Some(")?)).unwrap();
    let end = seeded + found[seeded..].find("),").unwrap() + 1;
    assert!(found[seeded..end].contains('5'));
    found.replace_range(seeded..end, "None");
    let expected = format!("{:#?}", expected());
    for (k, (f, e)) in found.lines().zip(expected.lines()).enumerate() {
        let near = || found.lines().skip(k.saturating_sub(12)).take(20).collect::<Vec<_>>().join("\n");
        assert_eq!(f, e, "line {k} of the network:\n{}", near());
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

#[test]
fn expressions_compute() {
    let net = load(&folder().join("everything.toml"), &LoadOptions::default()).unwrap().network;
    assert_eq!(step(&net, "stim", 0.25, &[]), [(2.0 * std::f64::consts::PI * 0.25).sin()]);
    assert_eq!(step(&net, "gate", 3.0, &[2.0, 5.0]), [6.0, 5.0]);
    let (_, _, c) = net.get_connection(net.find_connection("learned").unwrap()).unwrap();
    let mut y = [0.0];
    let f = c.function.as_ref().unwrap();
    f.call(&[3.0, 4.0], &mut y).unwrap();
    assert_eq!(y, [12.0]);
    assert!(f.call(&[3.0], &mut y).is_err());
}

#[test]
fn objects_may_be_used_before_they_stand_in_the_file() {
    let text = "format = 1\n[[connections]]\npre = \"s.b[0]\"\npost = \"a\"\n[networks.s.ensembles.b]\nn_neurons = 3\n\
                [[networks.s.connections]]\npre = \"a\"\npost = \"b\"\n[ensembles.a]\nn_neurons = 2\n\
                [networks.s.networks.t]\n[[networks.s.networks.t.connections]]\npre = \"a\"\npost = \"s.b\"\n";
    let net = read(text).unwrap().network;
    let paths: Vec<String> = net.connections().map(|c| net.connection_path(c)).collect();
    assert_eq!(paths, ["a→s.b", "a→s.b", "s.b[0]→a"]);
}

#[test]
fn the_own_network_comes_before_the_top() {
    let text = "format = 1\n[ensembles.a]\nn_neurons = 1\n[networks.s.ensembles.a]\nn_neurons = 1\n\
                [networks.s.probes.p]\ntarget = \"a\"\n[probes.q]\ntarget = \"a\"\n";
    let net = read(text).unwrap().network;
    let targets: Vec<String> =
        net.probes().map(|p| net.target_path(&net.get_probe(p).unwrap().target)).collect();
    assert_eq!(targets, ["s.a", "a"]);
}
