//! The same bits: for any SIMD level, whether or not anyone looks, in one run or in pieces, with passes that promise it.

use bouton::prelude::*;

/// Models that between them use every kernel.
fn models() -> Vec<(&'static str, Network, Vec<ProbeId>, Option<ConnectionId>)> {
    let mut all = vec![];
    let mut net = Network::with_seed(1);
    let stim = net.node("stim", Output::of_time(2, |t, y| (y[0], y[1]) = ((5.0 * t).sin(), (3.0 * t).cos())));
    let a = net.ensemble(
        "a",
        Ensemble::new(101, 2).neuron_type(Lif { tau_ref: 0.0025, min_voltage: -1.0, ..Lif::default() }),
    );
    let b = net.ensemble("b", Ensemble::new(60, 2).neuron_type(SpikingRectifiedLinear::default()));
    net.connect(stim, a, Connection::new().no_synapse());
    net.connect(a, b, Connection::new().synapse(Alpha { tau: 0.01 }));
    net.connect(b.slice([1, 0]), a.slice(0..2), Connection::new().transform(vec![0.1, 0.2]).synapse(0.1));
    let solver = LstsqL2 { weights: true, ..LstsqL2::default() };
    let c = net.connect(a, b, Connection::new().solver(solver).learn(Pes::new(1e-4)));
    let error = net.node("error", Output::passthrough(2));
    net.connect(b, error, Connection::new());
    net.connect(stim, error, Connection::new().transform(-1.0));
    net.connect(error, c.rule(), Connection::new());
    let p = vec![net.probe("b", Probe::new(b).synapse(0.01)), net.probe("spikes", Probe::new(a.neurons()))];
    all.push(("pes on weights", net, p, Some(c)));

    let mut net = Network::with_seed(2);
    let stim = net.node("stim", Output::Process { process: WhiteSignal::new(1.0, 5.0).into(), size: 1 });
    let pre = net.ensemble("pre", Ensemble::new(50, 1));
    let post = net.ensemble("post", Ensemble::new(40, 1));
    net.connect(stim, pre, Connection::new().no_synapse());
    let devices = DeviceSpec { spread: 0.15, ..DeviceSpec::default() };
    let c =
        net.connect(pre.neurons(), post.neurons(), Connection::new().devices(devices).learn(Mpes::default()));
    let error = net.node("error", Output::passthrough(1));
    net.connect(post, error, Connection::new());
    net.connect(stim, error, Connection::new().transform(-1.0));
    net.connect(error, c.rule(), Connection::new());
    let p = vec![
        net.probe("post", Probe::new(post).synapse(0.01)),
        net.probe("spikes", Probe::new(post.neurons())),
    ];
    all.push(("mpes", net, p, Some(c)));

    let mut net = Network::with_seed(3);
    let values: Vec<f64> = (0..20).map(|i| f64::from(i) / 10.0 - 1.0).collect();
    let input = net.node("input", values);
    let ea = net.ensemble_array("array", 20, &Ensemble::new(30, 1));
    net.connect(input, ea.input, Connection::new().transform(0.1).synapse(0.1));
    net.connect(ea.output, ea.input, Connection::new().synapse(0.1));
    let p = vec![net.probe("out", Probe::new(ea.output).synapse(0.03))];
    all.push(("integrators", net, p, None));
    all.push(wide());
    all.push(full());
    let net = crate::more_elements::network();
    let probes = net.probes().collect();
    let c = net.connections().find(|c| net.connection_path(*c) == "c");
    all.push(("more elements", net, probes, c));
    all
}

/// Full matrices that nothing else touches, of sizes at which only columns that a spike meets are read: solved, given by
/// hand, onto a part of the neurons, and between neurons that spike seldom.
fn full() -> (&'static str, Network, Vec<ProbeId>, Option<ConnectionId>) {
    let mut net = Network::with_seed(5);
    let stim = net.node("stim", Output::of_time(2, |t, y| (y[0], y[1]) = ((7.0 * t).sin(), (3.0 * t).cos())));
    let a = net.ensemble("a", Ensemble::new(131, 2));
    let b = net.ensemble("b", Ensemble::new(270, 2));
    let c = net.ensemble("c", Ensemble::new(64, 1).neuron_type(SpikingRectifiedLinear::default()));
    net.connect(stim, a, Connection::new().no_synapse());
    let solver = LstsqL2 { weights: true, ..LstsqL2::default() };
    let solved = net.connect(a, b, Connection::new().solver(solver));
    let given = |rows: usize, cols: usize| {
        let w = (0..rows * cols).map(|k| ((k * 37 + 11) % 101) as f64 * 1e-4 - 4e-3).collect();
        Matrix::new(rows, cols, w).unwrap()
    };
    net.connect(b.neurons(), c.neurons(), Connection::new().transform(given(64, 270)));
    net.connect(
        a.neurons().slice(3..123),
        b.neurons().slice(10..210),
        Connection::new().transform(given(200, 120)),
    );
    let p = vec![
        net.probe("c", Probe::new(c.neurons()).synapse(0.01)),
        net.probe("b", Probe::new(b).synapse(0.01)),
        net.probe("spikes", Probe::new(b.neurons())),
    ];
    ("full matrices", net, p, Some(solved))
}

/// Encoders of as many dimensions as are kept by columns, of one more, and of some more: sums of a row change their order
/// in between.
fn wide() -> (&'static str, Network, Vec<ProbeId>, Option<ConnectionId>) {
    let mut net = Network::with_seed(4);
    let mut probes = vec![];
    for d in [15, 16, 19] {
        let wave =
            move |t: f64, y: &mut [f64]| (0..d).for_each(|k| y[k] = 0.3 * (t * (9.0 + k as f64)).sin());
        let input = net.node(&format!("input{d}"), Output::of_time(d, wave));
        let e = Ensemble { n_eval_points: Some(200), ..Ensemble::new(50, d) };
        let e = net.ensemble(&format!("e{d}"), e);
        net.connect(input, e, Connection::new().no_synapse());
        probes.push(net.probe(&format!("x{d}"), Probe::new(e).synapse(0.01)));
    }
    ("wide", net, probes, None)
}

fn record(sim: &Simulator, probes: &[ProbeId], c: Option<ConnectionId>) -> Vec<Vec<u64>> {
    let bits = |x: &[f64]| x.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
    let mut all: Vec<Vec<u64>> = probes.iter().map(|p| bits(&sim.data(*p).unwrap().values)).collect();
    all.extend(c.map(|c| bits(sim.weights(c).unwrap().values())));
    all
}

fn plain(net: &Network, probes: &[ProbeId], c: Option<ConnectionId>, options: Options) -> Vec<Vec<u64>> {
    let mut sim = Simulator::with(net, options).unwrap();
    sim.run(0.3).unwrap();
    record(&sim, probes, c)
}

#[test]
fn simd_level_parity() {
    for (name, net, probes, c) in models() {
        for precision in [Precision::F64, Precision::F32] {
            let at = |level| {
                plain(&net, &probes, c, Options { level: Some(level), precision, ..Options::default() })
            };
            let base = at(bouton::Level::BASELINE);
            assert!(base[0].iter().any(|v| *v != 0), "{name} is silent");
            for level in bouton::Level::available() {
                assert!(at(level) == base, "{name}, {precision:?}: {level:?} differs");
            }
        }
    }
}

#[test]
fn thread_count_determinism() {
    for (name, net, probes, c) in models() {
        let with = |threads| plain(&net, &probes, c, Options { threads, ..Options::default() });
        assert!(with(1) == with(2) && with(1) == with(3), "{name}: the number of threads shows");
    }
    // Large enough that stages are shared out: 40,000 neurons.
    let mut net = Network::with_seed(4);
    let values: Vec<f64> = (0..400).map(|i| f64::from(i) / 200.0 - 1.0).collect();
    let input = net.node("input", values);
    let ea = net.ensemble_array("array", 400, &Ensemble::new(100, 1));
    net.connect(input, ea.input, Connection::new().transform(0.1).synapse(0.1));
    net.connect(ea.output, ea.input, Connection::new().synapse(0.1));
    let p = vec![net.probe("out", Probe::new(ea.output).synapse(0.03))];
    let with = |threads| {
        let mut sim = Simulator::with(&net, Options { threads, ..Options::default() }).unwrap();
        assert!(threads == 1 || sim.parallel_units() > 1, "no stage is shared out");
        sim.run(0.05).unwrap();
        record(&sim, &p, None)
    };
    assert!(with(1) == with(2) && with(1) == with(3), "40,000 neurons: the number of threads shows");
}

#[test]
fn bitwise_passes_keep_every_bit() {
    for (name, net, probes, c) in models() {
        let with = |passes| plain(&net, &probes, c, Options { passes, ..Options::default() });
        assert!(with(Passes::none()) == with(Passes::bitwise()), "{name}: a bitwise pass changed something");
        let rounding = Passes { lif_phase: true, factored: true, pending: true, ..Passes::none() };
        assert!(with(rounding) == with(Passes::default()), "{name}: a bitwise pass changed something");
    }
}

#[test]
fn columns_that_spikes_meet_have_the_bits_of_whole_rows_whatever_is_written() {
    let (_, net, probes, c) = full();
    let c = c.unwrap();
    let with = |events| {
        let passes = Passes { events, factored: false, pending: false, ..Passes::default() };
        let mut sim = Simulator::with(&net, Options { passes, ..Options::default() }).unwrap();
        assert_eq!(
            sim.explain().matches("[events]").count(),
            if events { 3 } else { 0 },
            "{}",
            sim.explain()
        );
        sim.run(0.05).unwrap();
        let path = format!("{}.weights", net.connection_path(c));
        for (pick, values) in [
            (Pick::Element(7, 9), vec![0.01]),
            (Pick::Column(130), vec![-0.02; 270]),
            (Pick::Row(269), vec![0.003; 131]),
        ] {
            sim.write(&path, pick, values).unwrap();
            sim.run(0.02).unwrap();
        }
        let mut w = sim.read(&path, &Pick::All).unwrap();
        assert_eq!((w[7 * 131 + 9], w[5 * 131 + 130], w[269 * 131 + 4]), (0.01, -0.02, 0.003));
        // One by one they are what they are as a whole.
        for (i, j) in [(0, 0), (3, 40), (269, 4)] {
            assert_eq!(sim.read(&path, &Pick::Element(i, j)).unwrap(), [w[i * 131 + j]]);
        }
        w.iter_mut().for_each(|w| *w *= 0.5);
        sim.write(&path, Pick::All, w).unwrap();
        sim.run(0.02).unwrap();
        sim.undo(3).unwrap();
        sim.run(0.02).unwrap();
        let other = Passes { events: !events, ..passes };
        sim.replan(other).unwrap();
        sim.run(0.02).unwrap();
        record(&sim, &probes, Some(c))
    };
    assert!(with(true) == with(false));
}

#[test]
fn the_rounding_pass_stays_within_its_bound_step_by_step() {
    for (name, net, _, _) in models() {
        let make = |passes| Simulator::with(&net, Options { passes, ..Options::default() }).unwrap();
        let (mut textbook, mut phase) = (make(Passes::bitwise()), make(Passes::default()));
        for step in 0..200 {
            textbook.step().unwrap();
            phase.step().unwrap();
            for e in net.ensembles() {
                let (Ok(v), Ok(w)) = (textbook.neuron_state(e, "voltage"), phase.neuron_state(e, "voltage"))
                else {
                    continue;
                };
                for (v, w) in v.iter().zip(&w) {
                    assert!((v - w).abs() < 1e-11, "{name}, step {step}: {v} and {w}");
                }
                // From equal state again.
                phase.set_neuron_state(e, "voltage", &v).unwrap();
                if let Ok(r) = textbook.neuron_state(e, "refractory_time") {
                    phase.set_neuron_state(e, "refractory_time", &r).unwrap();
                }
            }
        }
    }
}

#[test]
fn observation_changes_nothing() {
    for (name, net, probes, c) in models() {
        let base = plain(&net, &probes, c, Options::default());
        // More probes.
        let mut watched = net.clone();
        for e in net.ensembles() {
            let states = net.get_ensemble(e).unwrap().neuron_type.model().states();
            if states.iter().any(|v| v.name == "voltage") {
                watched.probe(&format!("v{}", e.index()), Probe::voltage(e));
            }
            watched.probe(&format!("j{}", e.index()), Probe::of(Target::NeuronInput(e)));
            watched.probe(&format!("x{}", e.index()), Probe::of(Target::EnsembleInput(e)));
        }
        if let Some(c) = c {
            watched.probe("w", Probe::weights(c));
        }
        assert!(plain(&watched, &probes, c, Options::default()) == base, "{name}: a probe changed something");
        // Reading at every step, an edit that changes nothing at every step, pieces.
        let mut sim = Simulator::new(&net).unwrap();
        for _ in 0..300 {
            sim.run_steps(1).unwrap();
            for k in sim.network().connections() {
                let _ = sim.weights(k);
            }
            if let Some(c) = c {
                sim.edit_weights(c, |_| Ok(())).unwrap();
            }
        }
        assert!(record(&sim, &probes, c) == base, "{name}: looking changed something");
    }
}

#[test]
fn a_neuron_that_starts_above_its_threshold_is_as_nengo_has_it() {
    // Voltages of Nengo 4.1, unoptimised: gain 1, encoder 1, no input. The phase form does not know such a start.
    let golden: [(f64, f64, [f64; 6]); 3] = [
        (
            3.0,
            1.3,
            [
                0.0,
                0.14631172649785798,
                0.2854877458921213,
                0.4178760707248266,
                0.5438077407660544,
                0.6635976507857854,
            ],
        ),
        (0.5, 1.3, [0.0; 6]),
        (
            3.0,
            1.01,
            [
                0.0,
                0.015000000000000104,
                0.16058016786536877,
                0.29906030716266074,
                0.43078669037120254,
                0.5560887020622243,
            ],
        ),
    ];
    for (bias, start, wanted) in golden {
        let mut net = Network::with_seed(1);
        let e = Ensemble::new(1, 1).encoders(vec![1.0]).gain_bias(vec![1.0], vec![bias]);
        let e = net.ensemble("e", e.initial_state("voltage", vec![start]));
        let p = net.probe("v", Probe::of(Target::NeuronState(e, "voltage".into())));
        for passes in [Passes::default(), Passes::none()] {
            let mut sim = Simulator::with(&net, Options { passes, ..Options::default() }).unwrap();
            sim.run_steps(6).unwrap();
            for (v, w) in sim.data(p).unwrap().values.iter().zip(wanted) {
                assert!((v - w).abs() < 1e-14, "bias {bias}, start {start}: {v} is not {w}");
            }
            let e = sim.set_neuron_state(e, "voltage", &[1.5]).unwrap_err().to_string();
            assert!(e.contains("at most 1"), "{e}");
        }
    }
}
