//! Rules that change the encoders of the ensemble that their connection ends at.

use bouton::prelude::*;

const RADIUS: f64 = 1.5;

fn voja(eta: f64) -> Rule {
    Rule::named("voja").unwrap().set("eta", eta).unwrap()
}

/// Neurons that are active whatever they are given.
fn rates() -> Ensemble {
    let e = Ensemble::new(12, 2)
        .neuron_type(LifRate::default())
        .radius(RADIUS)
        .intercepts(bouton::elements::distributions::Uniform { low: -1.0, high: -0.9, integer: false });
    // Whatever number of connections there is.
    Ensemble { seed: Some(9), ..e }
}

/// A value that moves, or stands still, and an ensemble whose encoders follow it.
fn net(post: Ensemble, still: Option<[f64; 2]>, rules: &[f64]) -> (Network, EnsembleId, Vec<ConnectionId>) {
    let mut net = Network::with_seed(5);
    let stim = net.node(
        "stim",
        Output::of_time(2, move |t, y| {
            y.copy_from_slice(&still.unwrap_or([(20.0 * t).sin(), (13.0 * t).cos()]));
        }),
    );
    let b = net.ensemble("b", post);
    let one = |net: &mut Network, k: usize, eta: f64| {
        let c = Connection::new().no_synapse().learn(voja(eta));
        net.connect_as(&format!("c{k}"), stim, b, if k == 0 { c } else { c.transform(0.0) })
    };
    let all = rules.iter().enumerate().map(|(k, eta)| one(&mut net, k, *eta)).collect();
    net.probe("scaled", Probe::of(Target::ScaledEncoders(b)));
    net.probe("spikes", Probe::new(b.neurons()));
    (net, b, all)
}

fn bits(x: &[f64]) -> Vec<u64> {
    x.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn learned_encoders_are_live_and_saved() {
    let (net, b, _) = net(Ensemble::new(30, 2).radius(RADIUS), None, &[0.02]);
    let scaled = net.find_probe("scaled").unwrap();
    let spikes = net.find_probe("spikes").unwrap();
    for (precision, threads) in [(Precision::F64, 1), (Precision::F64, 2), (Precision::F32, 1)] {
        let options = Options { precision, threads, seed: Some(1), ..Options::default() };
        let mut sim = Simulator::with(&net, options).unwrap();
        let drawn = sim.encoders(b).unwrap();
        let single = |x: f64| if precision == Precision::F32 { f64::from(x as f32) } else { x };
        // What can be read is what neurons are driven with, to the bit.
        let agrees = |sim: &Simulator| {
            let (e, gain) = (sim.encoders(b).unwrap(), sim.gain(b).unwrap());
            let seen = sim.data(scaled).unwrap().values;
            let last = &seen[seen.len() - 60..];
            for (k, s) in last.iter().enumerate() {
                assert_eq!(single(e.values()[k] * (gain[k / 2] / RADIUS)), *s, "{precision:?}, {k}");
            }
        };
        sim.run_steps(200).unwrap();
        agrees(&sim);
        let learned = sim.encoders(b).unwrap();
        let moved =
            drawn.values().iter().zip(learned.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(moved > 0.05, "{precision:?}: {moved}");
        let still = |i: usize| drawn.values()[2 * i..][..2] == learned.values()[2 * i..][..2];
        assert!((0..30).any(still), "a neuron that was silent has the encoder that was drawn");
        let checkpoint = sim.save().unwrap();
        // Reading, and writing what is there, changes no bit of what follows.
        let all = sim.read("b.encoders", &Pick::All).unwrap();
        assert_eq!(bits(&all), bits(learned.values()));
        sim.write("b.encoders", Pick::All, all).unwrap();
        sim.write("b.gain", Pick::All, sim.gain(b).unwrap()).unwrap();
        sim.run_steps(150).unwrap();
        agrees(&sim);
        let mut again = Simulator::with(&net, options).unwrap();
        again.run_steps(3).unwrap();
        again.load(&checkpoint).unwrap();
        again.run_steps(150).unwrap();
        let ends = |sim: &Simulator| {
            let tail = |p| {
                let x = sim.data(p).unwrap().values;
                bits(&x[x.len() - 60..])
            };
            (bits(sim.encoders(b).unwrap().values()), tail(scaled), tail(spikes))
        };
        assert!(ends(&sim) == ends(&again), "{precision:?}, {threads} threads");
        // An edit is where learning goes on from; another gain takes the learned encoder along.
        let before = sim.encoders(b).unwrap();
        sim.write("b.encoders", Pick::Row(7), [0.3, -0.4]).unwrap();
        sim.edit_gain(b, |g| {
            g[9] *= 2.0;
            Ok(())
        })
        .unwrap();
        assert_eq!(&sim.encoders(b).unwrap().values()[14..16], [0.3, -0.4]);
        let read = sim.encoders(b).unwrap();
        assert_eq!(bits(&read.values()[18..20]), bits(&before.values()[18..20]));
        sim.run_steps(1).unwrap();
        agrees(&sim);
        // A step moves an encoder by no more than eta·dt·rate·distance.
        let now = sim.encoders(b).unwrap();
        assert!((now.values()[14] - 0.3).abs() < 0.02 && (now.values()[15] + 0.4).abs() < 0.02, "{now:?}");
        sim.reset(Reset::All).unwrap();
        assert_eq!(bits(sim.encoders(b).unwrap().values()), bits(drawn.values()));
    }
    // Nothing of it hangs on the passes that keep bits.
    let with = |passes| {
        let mut sim = Simulator::with(&net, Options { passes, ..Options::default() }).unwrap();
        sim.run_steps(200).unwrap();
        bits(sim.encoders(b).unwrap().values())
    };
    assert!(with(Passes::bitwise()) == with(Passes::none()));
}

#[test]
fn encoders_come_to_what_their_ensemble_is_given_at_any_gain() {
    let x = [0.3, -0.2];
    let (net, b, _) = net(rates(), Some(x), &[1.0]);
    let mut sim = Simulator::new(&net).unwrap();
    let near = |sim: &Simulator| {
        for (k, e) in sim.encoders(b).unwrap().values().iter().enumerate() {
            assert!((e - x[k % 2]).abs() < 1e-9, "{k}: {e}");
        }
    };
    sim.run_steps(1000).unwrap();
    near(&sim);
    // The rule reads the gains as they are now: with those of the build it would go to half of what is given.
    sim.edit_gain(b, |g| {
        g.iter_mut().for_each(|g| *g *= 2.0);
        Ok(())
    })
    .unwrap();
    near(&sim);
    sim.run_steps(1000).unwrap();
    near(&sim);
    assert!(sim.read("b.scale", &Pick::All).is_err(), "it follows from the gains, and has no path");
}

#[test]
fn rules_of_two_connections_add_up_and_can_be_frozen() {
    let run = |etas: &[f64], change: &dyn Fn(&mut Simulator, &[ConnectionId])| {
        let (net, b, all) = net(rates(), None, etas);
        let mut sim = Simulator::new(&net).unwrap();
        let drawn = sim.encoders(b).unwrap().values().to_vec();
        change(&mut sim, &all);
        sim.run_steps(100).unwrap();
        (drawn, sim.encoders(b).unwrap().values().to_vec())
    };
    let nothing: &dyn Fn(&mut Simulator, &[ConnectionId]) = &|_, _| {};
    let ((drawn, two), (_, one)) = (run(&[0.01, 0.02], nothing), run(&[0.03], nothing));
    for (k, (two, one)) in two.iter().zip(&one).enumerate() {
        assert!((two - one).abs() < 1e-13 && (two - drawn[k]).abs() > 1e-4, "{k}: {two} for {one}");
    }
    let (_, frozen) = run(&[0.03], &|sim, all| sim.freeze(all[0]).unwrap());
    assert_eq!(bits(&frozen), bits(&drawn));
    let (_, part) = run(&[0.03], &|sim, all| sim.freeze_where(all[0], |row, _| row == 3).unwrap());
    let same: Vec<usize> = (0..12).filter(|i| part[2 * i..][..2] == drawn[2 * i..][..2]).collect();
    assert_eq!(same, [3]);
    assert_eq!(bits(&part[..6]), bits(&one[..6]));
    // A mask is as large as the encoders are.
    let masked = |rows: usize| {
        let (mut net, b, all) = net(rates(), None, &[0.03]);
        let mask = Matrix::from_fn(rows, 2, |i, _| f64::from(u8::from(i != 3)));
        net.get_connection_mut(all[0]).unwrap().mask = Some(mask);
        let mut sim = Simulator::new(&net)?;
        sim.run_steps(100)?;
        Ok::<_, Error>(sim.encoders(b)?.values().to_vec())
    };
    assert_eq!(bits(&masked(12).unwrap()), bits(&part));
    let e = masked(11).unwrap_err().to_string();
    assert!(e.contains("`mask` must be 12 × 2"), "{e}");
}

/// PES onto neurons whose encoders a rule changes: what is kept as a product of encoders would be folded in each step.
#[test]
fn weights_behind_learned_encoders_are_not_kept_as_their_product() {
    let build = |learns: bool| {
        let mut net = Network::with_seed(3);
        let stim = net
            .node("stim", Output::of_time(2, |t, y| y.copy_from_slice(&[(9.0 * t).sin(), (5.0 * t).cos()])));
        let (a, b) = (net.ensemble("a", Ensemble::new(80, 2)), net.ensemble("b", Ensemble::new(64, 2)));
        net.connect(stim, a, Connection::new().no_synapse());
        let onto = Connection::new().no_synapse();
        net.connect(stim, b, if learns { onto.learn(voja(0.02)) } else { onto });
        let w = Connection::new().transform(Matrix::filled(64, 80, 1e-5)).learn(Pes::new(1e-4));
        let p = net.connect_as("p", a.neurons(), b.neurons(), w);
        net.connect(stim, p.rule(), Connection::new().no_synapse());
        (net, b, p)
    };
    // Changes that wait keep the weights to rounding alone.
    let passes = Passes { lif_phase: false, pending: false, ..Passes::default() };
    let run = |net: &Network, b, p, passes| {
        let mut sim = Simulator::with(net, Options { passes, ..Options::default() }).unwrap();
        let explained = sim.explain();
        sim.run_steps(200).unwrap();
        let (w, e) = (sim.weights(p).unwrap(), sim.encoders(b).unwrap());
        (
            explained.contains("factored"),
            explained.contains("form `transposed`"),
            bits(w.values()),
            bits(e.values()),
        )
    };
    let (net, b, p) = build(false);
    let (factored, ..) = run(&net, b, p, passes);
    assert!(factored, "the matrix is large enough to be kept as factors");
    let (net, b, p) = build(true);
    let (factored, copied, w, e) = run(&net, b, p, passes);
    assert!(!factored && copied, "encoders of `a` are copied, those of `b` stand for themselves");
    let (.., plain_w, plain_e) = run(&net, b, p, Passes::none());
    assert!(w == plain_w && e == plain_e);
    let (.., waiting, _) = run(&net, b, p, Passes { pending: true, ..passes });
    for (waiting, plain) in waiting.iter().zip(&plain_w) {
        let (waiting, plain) = (f64::from_bits(*waiting), f64::from_bits(*plain));
        assert!((waiting - plain).abs() < 1e-15, "{waiting} for {plain}");
    }
}

#[test]
fn rules_of_encoders_that_have_none_are_refused() {
    let build = |f: &dyn Fn(&mut Network, EnsembleId, EnsembleId, EnsembleId)| {
        let mut net = Network::with_seed(1);
        let a = net.ensemble("a", Ensemble::new(3, 1));
        let b = net.ensemble("b", Ensemble::new(2, 1));
        let d = net.ensemble("d", Ensemble::new(1, 1).neuron_type(Direct::default()));
        f(&mut net, a, b, d);
        net.validate(0.001)
    };
    let refused = |f: &dyn Fn(&mut Network, EnsembleId, EnsembleId, EnsembleId), expected: &str| {
        let e = build(f).unwrap_err().to_string();
        assert!(e.contains(expected), "{e}");
    };
    let learn = || Connection::new().learn(voja(0.01));
    // From an ensemble, a direct one, neurons and a node: what is before the connection does not matter.
    build(&|net, a, b, d| {
        let n = net.node("n", vec![1.0]);
        net.connect(a, b, learn());
        net.connect(d, b, learn());
        net.connect(n, b, learn());
        net.connect(a.neurons(), b, learn().transform(Matrix::filled(1, 3, 0.0)));
    })
    .unwrap();
    refused(
        &|net, a, b, _| {
            net.connect_as("c", a.neurons(), b.neurons(), learn().transform(Matrix::filled(2, 3, 0.0)));
        },
        "c: the rule `voja` changes the encoders of the ensemble that its connection ends at, and it ends at `b.neurons`, \
         which is behind them; connect to the ensemble `b`",
    );
    refused(
        &|net, a, _, d| {
            net.connect_as("c", a, d, learn());
        },
        "it ends at `d`, which is direct and has none",
    );
    refused(
        &|net, a, _, _| {
            let n = net.node("n", Output::passthrough(1));
            net.connect_as("c", a, n, learn());
        },
        "it ends at `n`, which has none; connect to an ensemble",
    );
    refused(
        &|net, a, b, _| {
            net.connect_as("c", a, b, learn().solver(LstsqL2 { weights: true, ..LstsqL2::default() }));
        },
        "changes encoders, and a solver with `weights` goes past them",
    );
    refused(
        &|net, a, b, _| {
            net.connect_as("c", a, b, learn().also_learn(Pes::default()));
        },
        "c: the rules of a connection change one matrix: `pes` changes its weights, and `voja` the encoders of `b`; give one of \
         them a connection of its own",
    );
    refused(
        &|net, a, b, _| {
            let rule = Rule::text("target encoders\nw' = post.voltag").unwrap();
            net.connect_as("c", a, b, Connection::new().learn(rule));
        },
        "reads `post.voltag`, and the neurons of `b` have no state `voltag`; did you mean `voltage`?",
    );
    // A factor has a number for each neuron, or for each dimension.
    let mut net = Network::with_seed(1);
    let b = net.ensemble("b", Ensemble::new(5, 3));
    let n = net.node("n", vec![1.0; 3]);
    let rule = Rule::text("target encoders\ninput p per pre\ninput q per post\ninput r\nw' = p*q*r").unwrap();
    let c = net.connect(n, b, Connection::new().learn(rule));
    for (name, size) in [("p", 3), ("q", 5), ("r", 1)] {
        let factor = net.factor(c, name).unwrap();
        assert_eq!(net.object_size(factor, false).unwrap(), size, "{name}");
    }
    // Bounds are of the scaled encoders, and these start within them.
    let e = {
        let mut net = net.clone();
        net.get_connection_mut(c).unwrap().bounds = Some((-0.01, 0.01));
        Simulator::new(&net).err().unwrap().to_string()
    };
    assert!(e.contains("the scaled encoder (0, 0) (neuron, dimension) starts at"), "{e}");
}
