//! Neurons that draw, noise on currents, filters of finite response, maps that connect some values: in networks, saved, reset,
//! and live.

use bouton::elements::neurons::{
    AdaptiveLif, AdaptiveLifRate, Izhikevich, PoissonSpiking, RATE_OUT, RegularSpiking, Sigmoid,
    StochasticSpiking, Tanh,
};
use bouton::elements::processes::{BrownNoise, FilteredNoise};
use bouton::elements::random::RandomState;
use bouton::elements::synapses::Triangle;
use bouton::elements::transforms::{Convolution, ConvolutionTranspose, Numbers, Sparse};
use bouton::engine::{Neurons, Operand, Program, Role, Simulation};
use bouton::prelude::*;

/// Elements that hold something of their own: generators, states, the last inputs. It has a connection `c` and probes of all.
pub(crate) fn network() -> Network {
    let mut net = Network::with_seed(6);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (15.0 * t).sin()));
    let sink = net.node("sink", Output::passthrough(1));
    let types: [NeuronType; 7] = [
        PoissonSpiking::of(LifRate::default()).into(),
        StochasticSpiking::of(Tanh::default()).into(),
        RegularSpiking::of(AdaptiveLifRate { tau_n: 0.05, inc_n: 0.004, ..AdaptiveLifRate::default() })
            .into(),
        AdaptiveLif { tau_n: 0.05, inc_n: 0.004, ..AdaptiveLif::default() }.into(),
        AdaptiveLifRate::default().into(),
        Izhikevich::default().into(),
        PoissonSpiking::of(Sigmoid::default()).into(),
    ];
    let mut all = vec![];
    for (k, t) in types.into_iter().enumerate() {
        let mut e = Ensemble::new(15, 1).neuron_type(t.clone());
        e.n_eval_points = Some(60);
        if t.is::<Izhikevich>() {
            e.max_rates = Distribution::uniform(40.0, 90.0);
        }
        e.noise = match k {
            0 => Some(WhiteNoise { std: 0.01, ..WhiteNoise::default() }.into()),
            1 => Some(
                FilteredNoise { synapse: Triangle { t: 0.004 }.into(), ..FilteredNoise::default() }.into(),
            ),
            2 => Some(BrownNoise::default().into()),
            _ => None,
        };
        let e = net.ensemble(&format!("e{k}"), e);
        net.connect(stim, e, Connection::new().synapse(Triangle { t: 0.003 }));
        net.probe(&format!("p{k}"), Probe::new(e).synapse(Triangle { t: 0.006 }));
        net.probe(&format!("out{k}"), Probe::new(e.neurons()));
        all.push(e);
    }
    let sparse = Sparse {
        shape: [15, 15],
        rows: (0..40).map(|k| k * 7 % 15).collect(),
        columns: (0..40).map(|k| k * 4 % 15).collect(),
        values: Numbers::Drawn(Distribution::uniform(-1e-3, 1e-3)),
    };
    net.connect(all[0].neurons(), all[3].neurons(), Connection::new().transform(sparse));
    let init = Numbers::Drawn(Distribution::uniform(-1e-3, 1e-3));
    let conv = Convolution { init: init.clone(), ..Convolution::new(3, [7, 2]) };
    net.connect(all[3].neurons().slice(0..14), all[4].neurons(), Connection::new().transform(conv));
    let back = ConvolutionTranspose { init, strides: Some(vec![2]), ..ConvolutionTranspose::new(1, [5, 3]) };
    net.connect(all[4].neurons(), all[1].neurons().slice(2..13), Connection::new().transform(back));
    let c = net.connect_as("c", all[0], sink, Connection::new().learn(Pes::new(1e-5)));
    net.connect(sink, c.rule(), Connection::new());
    net.probe("sink", Probe::new(sink));
    net
}

fn spikes(sim: &Simulator, net: &Network, name: &str) -> Vec<f64> {
    let p = net.probes().find(|p| net.probe_path(*p) == name).unwrap();
    sim.data(p).unwrap().values
}

/// A reset begins the same stream of spikes anew; another seed of the ensemble makes another.
#[test]
fn a_reset_draws_the_same_spikes_again() {
    let mut net = Network::with_seed(1);
    let e =
        net.ensemble("e", Ensemble::new(40, 1).neuron_type(PoissonSpiking::of(LifRate::default())).seed(5));
    net.probe("out", Probe::new(e.neurons()));
    let run = |sim: &mut Simulator| {
        sim.run_steps(60).unwrap();
        spikes(sim, &net, "out")
    };
    let mut sim = Simulator::new(&net).unwrap();
    let first = run(&mut sim);
    assert!(first.iter().filter(|x| **x > 0.0).count() > 100);
    assert!(run(&mut sim)[first.len()..] != first, "the stream goes on");
    sim.reset(Reset::All).unwrap();
    assert!(run(&mut sim) == first);
    sim.reset(Reset::KeepWeights).unwrap();
    assert!(run(&mut sim) == first);
    // Spikes are drawn of the same uniform numbers in single precision.
    let mut single =
        Simulator::with(&net, Options { precision: Precision::F32, ..Options::default() }).unwrap();
    assert!(run(&mut single) == first);
    net.get_ensemble_mut(e).unwrap().seed = Some(6);
    let mut other = Simulator::new(&net).unwrap();
    other.run_steps(60).unwrap();
    assert!(spikes(&other, &net, "out") != first);
}

#[test]
fn the_parameters_of_a_base_are_live() {
    let mut net = Network::with_seed(1);
    let base = LifRate { amplitude: 0.5, ..LifRate::default() };
    let kind = RegularSpiking { base: base.into(), amplitude: 2.0 };
    let e = net.ensemble("e", Ensemble::new(10, 1).neuron_type(kind));
    let rates = net.probe("rates", Probe::of(Target::NeuronState(e, RATE_OUT.into())));
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(1).unwrap();
    assert_eq!(sim.read("e.neurons.amplitude", &Pick::All).unwrap(), [2.0]);
    sim.write("e.neurons.base.amplitude", Pick::All, [1.0]).unwrap();
    sim.run_steps(1).unwrap();
    let r = sim.data(rates).unwrap().values;
    assert!(r[..10].iter().any(|x| *x > 0.0));
    for k in 0..10 {
        assert!((r[10 + k] - 2.0 * r[k]).abs() < 1e-9, "{} and {}", r[k], r[10 + k]);
    }
    let e = sim.write("e.neurons.base.tau_rc", Pick::All, [-1.0]).unwrap_err().to_string();
    assert!(e.contains("greater than 0"), "{e}");
    let e = sim.write("e.neurons.rate_out", Pick::All, [0.0; 10]).unwrap_err().to_string();
    assert!(e.contains("computed in each step"), "{e}");
    // What a base gives can't start at something.
    net.get_ensemble_mut(net.ensembles().next().unwrap()).unwrap().initial_state =
        vec![(RATE_OUT.into(), Distribution::uniform(0.0, 1.0))];
    let e = net.validate(0.001).unwrap_err().to_string();
    assert!(e.contains("no state `rate_out`"), "{e}");
}

/// A triangle that is made shorter while it runs gives what a model built with it gives, once the inputs of the longer one are
/// past; and one that is longer than built is refused.
#[test]
fn a_triangle_is_live_up_to_its_length() {
    let make = |t: f64| {
        let mut net = Network::with_seed(1);
        let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (90.0 * t).sin()));
        let out = net.node("out", Output::passthrough(1));
        net.connect_as("c", stim, out, Connection::new().synapse(Triangle { t }));
        net.probe("out", Probe::new(out));
        net
    };
    let (long, short) = (make(0.02), make(0.005));
    let (mut a, mut b) = (Simulator::new(&long).unwrap(), Simulator::new(&short).unwrap());
    a.write("c.synapse.t", Pick::All, [0.005]).unwrap();
    for (sim, net) in [(&mut a, &long), (&mut b, &short)] {
        sim.run_steps(50).unwrap();
        assert!(spikes(sim, net, "out").iter().any(|y| y.abs() > 0.1));
    }
    assert_eq!(spikes(&a, &long, "out"), spikes(&b, &short, "out"));
    let e = a.write("c.synapse.t", Pick::All, [0.021]).unwrap_err().to_string();
    assert!(e.contains("22 states") && e.contains("21"), "{e}");
}

/// Sparse and convolved weights are live, act as their matrix does, also behind decoders, and are not learned.
#[test]
fn linked_weights_are_weights() {
    let mut net = Network::with_seed(1);
    let stim = net.node("stim", vec![1.0, -2.0, 0.5]);
    let out = net.node("out", Output::passthrough(2));
    let sparse = Sparse {
        shape: [2, 3],
        rows: vec![0, 1, 1],
        columns: vec![2, 0, 1],
        values: Numbers::List(vec![4.0, 1.0, 0.25]),
    };
    let c = net.connect(stim, out, Connection::new().no_synapse().transform(sparse.clone()));
    let p = net.probe("p", Probe::new(out));
    let a = net.ensemble("a", Ensemble::new(20, 3));
    let decoded = net.connect(a, out, Connection::new().transform(sparse.clone()).seed(3));
    let dense = Matrix::new(2, 3, vec![0.0, 0.0, 4.0, 1.0, 0.25, 0.0]).unwrap();
    let other = net.connect(a, out, Connection::new().transform(dense).seed(3));
    let mut sim = Simulator::new(&net).unwrap();
    assert_eq!(sim.weights(decoded).unwrap(), sim.weights(other).unwrap());
    let w = sim.weights(c).unwrap();
    assert_eq!((w.shape(), w.values()), ((3, 1), &[4.0, 1.0, 0.25][..]));
    sim.edit_weights(c, |w| {
        w[(1, 0)] = 3.0;
        Ok(())
    })
    .unwrap();
    sim.run_steps(1).unwrap();
    assert_eq!(sim.data(p).unwrap().values, [2.0, 2.5]);
    let neurons = net.connect(a.neurons(), out, Connection::new().transform(Convolution::new(1, [4, 5, 1])));
    let e = net.validate(0.001).unwrap_err().to_string();
    assert!(e.contains("`transform`") && e.contains('6'), "{e}");
    net.get_connection_mut(neurons).unwrap().transform = Some(Sparse { shape: [2, 20], ..sparse }.into());
    net.validate(0.001).unwrap();
    let learned = Connection::new().transform(Sparse {
        shape: [2, 20],
        rows: vec![0],
        columns: vec![0],
        values: Numbers::Number(1.0),
    });
    net.connect(a.neurons(), out, learned.learn(Pes::new(1e-4)));
    let e = net.validate(0.001).unwrap_err().to_string();
    assert!(e.contains("a matrix"), "{e}");
}

/// A program that another front end makes steps any neuron type by its kernel: the parameters are an operand in double
/// precision, and the generator of a type that draws is one that the front end gives and takes back.
#[test]
fn a_front_end_steps_neurons_that_draw_by_their_kernel() {
    let rates: Vec<f64> = (0..50).map(|k| 20.0 * f64::from(k)).collect();
    let kind = PoissonSpiking { base: LifRate::default().into(), amplitude: 3.0 };
    let mut p = Program::default();
    let j = p.signal("j", 50, 1, Role::Parameter, rates.clone());
    let out = p.signal("out", 50, 1, Role::Scratch, 0.0);
    let generator =
        p.signal("generator", RandomState::NUMBERS, 1, Role::State, RandomState::new(17).to_numbers());
    let amplitude = p.double("parameters", 1, 1, Role::Parameter, vec![3.0]);
    let on = [Operand::set(out), Operand::set(generator), Operand::read(j), Operand::read(amplitude)];
    p.kernel("neurons", Neurons { neurons: kind.into() }, on);
    let read_only = |s| bouton::engine::Knob::read_only(s, "", "", "it is computed");
    p.knobs_mut().add("out", read_only(out));
    p.knobs_mut().add("generator", read_only(generator));
    let mut sim = Simulation::new(p, Default::default()).unwrap();
    // NumPy's own: rng = RandomState(17); rng.poisson(rates * 0.001, 50), three times.
    let mut rng = RandomState::new(17);
    for _ in 0..3 {
        sim.step().unwrap();
        let drawn: Vec<f64> =
            rates.iter().map(|r| rng.poisson(r * 0.001).unwrap() as f64 * (3.0 / 0.001)).collect();
        assert_eq!(sim.read("out", &Pick::All).unwrap(), drawn);
    }
    let after = sim.read("generator", &Pick::All).unwrap();
    assert_eq!(RandomState::from_numbers(|k| after[k]), rng);
}
