//! Matrices that are kept as factors, or with changes that wait: the same weights and spikes as those that are kept as
//! numbers, within rounding or to the bit as the form says, whatever is written, frozen, saved or looked at meanwhile.

use bouton::prelude::*;

const ROWS: usize = 96;
const COLS: usize = 150;

/// A rule on weights from neurons to neurons: solved ones, which are a product with the encoders, or others.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Learner {
    PesSolved,
    PesGiven,
    /// A text that is linear in the error, as PES is.
    Delta,
    Bcm,
    Oja,
    Decay,
    Stdp,
    Triplet,
}

fn learner(learner: Learner) -> (Network, ConnectionId, ProbeId) {
    let mut net = Network::with_seed(7);
    let stim = net.node("stim", Output::of_time(2, |t, y| (y[0], y[1]) = ((9.0 * t).sin(), (5.0 * t).cos())));
    let a = net.ensemble("a", Ensemble::new(COLS, 2));
    let b = net.ensemble("b", Ensemble::new(ROWS, 2));
    net.connect(stim, a, Connection::new().no_synapse());
    let c = if learner == Learner::PesSolved {
        let solver = LstsqL2 { weights: true, ..LstsqL2::default() };
        net.connect_as("c", a, b, Connection::new().solver(solver).learn(Pes::new(1e-3)))
    } else {
        let w = (0..ROWS * COLS).map(|k| ((k * k + 31 * k) % 1009) as f64 * 1e-6).collect();
        let w = Matrix::new(ROWS, COLS, w).unwrap();
        let given = Connection::new().transform(w);
        let named = |name: &str, set: &[(&str, f64)]| {
            let all = set.iter().fold(Rule::named(name), |r, (name, value)| r?.set(name, *value));
            given.clone().learn(all.unwrap())
        };
        let given = match learner {
            Learner::Delta => named("delta", &[("eta", 1e-6)]),
            Learner::Bcm => named("bcm", &[("eta", 1e-10)]),
            Learner::Oja => named("oja", &[("eta", 1e-7), ("beta", 1e4)]),
            // So fast that the factors of rows are brought in now and then.
            Learner::Decay => named("decay", &[("tau_w", 4e-3)]),
            Learner::Stdp => named("pair_stdp_power", &[("lambda", 1e-2), ("w_max", 8e-4)]),
            Learner::Triplet => named("triplet", &[]),
            _ => given.learn(Pes::new(1e-4)),
        };
        net.connect_as("c", a.neurons(), b.neurons(), given)
    };
    let error = net.node("error", Output::passthrough(2));
    net.connect(b, error, Connection::new());
    net.connect(stim, error, Connection::new().transform(-1.0));
    if matches!(learner, Learner::PesSolved | Learner::PesGiven | Learner::Delta) {
        net.connect(error, c.rule(), Connection::new());
    }
    let spikes = net.probe("spikes", Probe::new(b.neurons()));
    (net, c, spikes)
}

/// Weights as factors, as numbers to which changes are added some at a time, as numbers for which spikes wait, or as numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum As {
    Factors,
    Pending,
    AtSpikes,
    Numbers,
}

fn passes(kept: As) -> Passes {
    Passes {
        factored: kept == As::Factors,
        pending: kept == As::Pending,
        at_spikes: kept == As::AtSpikes,
        ..Passes::default()
    }
}

/// How far weights may be from those that are kept as numbers, in units of the largest.
fn bound(kept: As) -> f64 {
    if kept == As::AtSpikes { 0.0 } else { 2e-14 }
}

fn with(net: &Network, kept: As) -> Simulator {
    precisely(net, kept, Precision::F64)
}

fn precisely(net: &Network, kept: As, precision: Precision) -> Simulator {
    let sim =
        Simulator::with(net, Options { passes: passes(kept), precision, ..Options::default() }).unwrap();
    for (form, name) in
        [(As::Factors, "[factored]"), (As::Pending, "[pending]"), (As::AtSpikes, "[at_spikes]")]
    {
        assert_eq!(sim.explain().contains(name), form == kept, "{kept:?}: {}", sim.explain());
    }
    sim
}

/// The largest difference of two matrices, in units of the largest weight.
fn apart(a: &mut Simulator, b: &mut Simulator) -> f64 {
    let read = |s: &mut Simulator| s.read("c.weights", &Pick::All).unwrap();
    let (x, y) = (read(a), read(b));
    let largest = y.iter().fold(0.0f64, |m, y| m.max(y.abs()));
    x.iter().zip(&y).fold(0.0f64, |m, (x, y)| m.max((x - y).abs())) / largest
}

/// Steps of both, which must agree after each: as long as no spike differs, what is between them is rounding.
fn together(
    (factors, kept): (&mut Simulator, As),
    numbers: &mut Simulator,
    steps: usize,
    spikes: ProbeId,
    what: &str,
) {
    for _ in 0..steps {
        factors.step().unwrap();
        numbers.step().unwrap();
        let d = apart(factors, numbers);
        let step = numbers.n_steps();
        assert!(d <= bound(kept), "{kept:?}, {what}, step {step}: weights are {d:e} apart");
    }
    let of = |s: &Simulator| s.data(spikes).unwrap().values.clone();
    assert!(of(factors) == of(numbers), "{what}: spikes differ");
}

#[test]
fn every_form_learns_what_numbers_learn_whatever_is_written() {
    for (l, kept, precision) in [
        (Learner::PesSolved, As::Factors, Precision::F64),
        (Learner::PesGiven, As::Factors, Precision::F64),
        (Learner::PesGiven, As::Pending, Precision::F64),
        (Learner::Delta, As::Factors, Precision::F64),
        (Learner::Delta, As::Pending, Precision::F64),
        (Learner::Bcm, As::Pending, Precision::F64),
        (Learner::Oja, As::Pending, Precision::F64),
        (Learner::Decay, As::Pending, Precision::F64),
        (Learner::Stdp, As::AtSpikes, Precision::F64),
        (Learner::Stdp, As::AtSpikes, Precision::F32),
        (Learner::Triplet, As::AtSpikes, Precision::F64),
    ] {
        let (net, c, spikes) = learner(l);
        let (mut f, mut n) = (precisely(&net, kept, precision), precisely(&net, As::Numbers, precision));
        let start = n.weights(c).unwrap();
        together((&mut f, kept), &mut n, 150, spikes, "learning");
        let learned = n.weights(c).unwrap();
        let moved = start.values().iter().zip(learned.values()).any(|(a, b)| (a - b).abs() > 1e-3 * b.abs());
        assert!(moved, "nothing was learned: {l:?}");
        // Another error for half of the neurons: what was learned, and what waits, is the old encoders'.
        let encoders = n.read("b.encoders", &Pick::All).unwrap();
        let half: Vec<f64> =
            encoders.iter().enumerate().map(|(k, e)| if k < ROWS { -0.5 * e } else { *e }).collect();
        for s in [&mut f, &mut n] {
            s.write("b.encoders", Pick::All, half.clone()).unwrap();
        }
        together((&mut f, kept), &mut n, 50, spikes, "other encoders");
        for (pick, values) in [
            (Pick::Element(5, 9), vec![2e-3]),
            (Pick::Column(20), vec![-1e-3; ROWS]),
            (Pick::Row(ROWS - 1), vec![1e-3; COLS]),
            (Pick::All, start.values().to_vec()),
        ] {
            for s in [&mut f, &mut n] {
                s.write("c.weights", pick.clone(), values.clone()).unwrap();
            }
            let read = f.read("c.weights", &pick).unwrap();
            let rounded = |v: f64| if precision == Precision::F32 { f64::from(v as f32) } else { v };
            assert!(
                read.iter().zip(&values).all(|(r, v)| (r - rounded(*v)).abs() < 1e-15 * 2e-3),
                "{pick:?}"
            );
            together((&mut f, kept), &mut n, 25, spikes, "a write");
        }
        for s in [&mut f, &mut n] {
            s.freeze_where(c, |i, j| (i + j) % 3 == 0).unwrap();
        }
        together((&mut f, kept), &mut n, 25, spikes, "frozen in part");
        let held = f.weights(c).unwrap();
        f.freeze(c).unwrap();
        n.freeze(c).unwrap();
        together((&mut f, kept), &mut n, 10, spikes, "frozen");
        assert!(f.weights(c).unwrap() == held, "{l:?}, {kept:?}: frozen");
        for s in [&mut f, &mut n] {
            s.unfreeze(c).unwrap();
        }
        together((&mut f, kept), &mut n, 25, spikes, "thawed");
        f.replan(passes(As::Numbers)).unwrap();
        together((&mut f, kept), &mut n, 10, spikes, "kept as numbers from here on");
        f.replan(passes(kept)).unwrap();
        together((&mut f, kept), &mut n, 25, spikes, "and as factors again");
        f.reset(Reset::KeepWeights).unwrap();
        n.reset(Reset::KeepWeights).unwrap();
        together((&mut f, kept), &mut n, 25, spikes, "reset, with what was learned");
        f.reset(Reset::All).unwrap();
        assert!(apart(&mut f, &mut precisely(&net, As::Numbers, precision)) < 1e-15);
    }
}

#[test]
fn forms_are_saved_and_looked_at_without_changing_a_bit() {
    for (l, kept) in [
        (Learner::PesSolved, As::Factors),
        (Learner::Bcm, As::Pending),
        (Learner::Oja, As::Pending),
        (Learner::Stdp, As::AtSpikes),
    ] {
        saved_and_looked_at(l, kept);
    }
}

#[test]
fn a_part_of_a_form_is_read_as_the_whole_is() {
    for (l, kept) in [
        (Learner::PesSolved, As::Factors),
        (Learner::Bcm, As::Pending),
        (Learner::Stdp, As::AtSpikes),
        (Learner::Bcm, As::Numbers),
    ] {
        let (net, _, _) = learner(l);
        let mut sim = with(&net, kept);
        sim.run_steps(20).unwrap();
        let whole = sim.read("c.weights", &Pick::All).unwrap();
        let signal = sim.simulation().program().knobs().find("c.weights").unwrap().signal;
        let (from, to, mut part) = (3 * COLS - 5, 70 * COLS + 2, vec![]);
        sim.simulation().read_part(signal, from, to, &mut part);
        assert!(part == whole[from..to] && part[0] != part[COLS], "{l:?}");
    }
}

#[test]
fn who_looks_at_a_change_changes_no_bit() {
    for (l, kept) in [
        (Learner::PesGiven, As::Factors),
        (Learner::Bcm, As::Pending),
        (Learner::Oja, As::Pending),
        (Learner::Decay, As::Pending),
        (Learner::Stdp, As::AtSpikes),
    ] {
        let run = |looks: bool| {
            let (mut net, c, spikes) = learner(l);
            let delta =
                looks.then(|| net.probe("delta", Probe::of(Target::rule_delta(c)).sample_every(0.05)));
            let options = Options { passes: passes(kept), ..Options::default() };
            let mut sim = Simulator::with(&net, options).unwrap();
            sim.run_steps(149).unwrap();
            let before = sim.weights(c).unwrap();
            sim.run_steps(1).unwrap();
            let at_150 = sim.weights(c).unwrap();
            sim.run_steps(1).unwrap();
            let (after, seen) = (sim.weights(c).unwrap(), delta.map(|d| sim.data(d).unwrap().values));
            assert!(before != at_150, "{l:?}: nothing is learned");
            let bits: Vec<u64> = after.values().iter().map(|w| w.to_bits()).collect();
            (bits, sim.data(spikes).unwrap().values, at_150, after, seen)
        };
        let (looked, plain) = (run(true), run(false));
        assert!(looked.0 == plain.0 && looked.1 == plain.1, "{l:?}");
        // What is seen at step 150 is what is added at step 151.
        let seen = looked.4.unwrap();
        let last = &seen[seen.len() - ROWS * COLS..];
        let largest = looked.3.values().iter().fold(0.0f64, |m, w| m.max(w.abs()));
        for ((w, next), d) in looked.2.values().iter().zip(looked.3.values()).zip(last) {
            assert!((next - w - d).abs() < 1e-14 * largest, "{l:?}: {next} after {w} with {d}");
        }
    }
}

fn saved_and_looked_at(l: Learner, kept: As) {
    let (net, c, spikes) = learner(l);
    let bits = |s: &Simulator| {
        let w = s.weights(c).unwrap();
        let all: Vec<u64> = w.values().iter().map(|w| w.to_bits()).collect();
        (all, s.data(spikes).unwrap().values.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
    };
    let mut plain = with(&net, kept);
    plain.run_steps(100).unwrap();
    let saved = plain.save().unwrap();
    plain.clear_probes();
    plain.run_steps(200).unwrap();
    let mut looked = with(&net, kept);
    looked.load(&saved).unwrap();
    for _ in 0..200 {
        looked.step().unwrap();
        looked.read("c.weights", &Pick::Row(3)).unwrap();
        looked.save().unwrap();
    }
    assert!(bits(&plain) == bits(&looked));
}

#[test]
fn a_product_is_found_in_a_matrix_that_comes_from_elsewhere_and_no_other_is_one() {
    let product = |rank: usize, noise: f64| {
        let wave = |k: usize, f: usize, s: f64| ((k * (2 * f + 3)) as f64 * s + f as f64).sin();
        let w = |i: usize, j: usize| (0..rank).map(|f| wave(i, f, 0.37) * wave(j, f, 0.91)).sum::<f64>();
        let at = |k: usize| {
            let (i, j) = (k / COLS, k % COLS);
            1e-3 * (w(i, j) + if (i, j) == (50, 70) { noise } else { 0.0 })
        };
        Matrix::new(ROWS, COLS, (0..ROWS * COLS).map(at).collect()).unwrap()
    };
    for (rank, noise, found) in
        [(1, 0.0, true), (3, 0.0, true), (12, 0.0, true), (13, 0.0, false), (3, 1e-9, false)]
    {
        let mut net = Network::with_seed(8);
        let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (9.0 * t).sin()));
        let (a, b) = (net.ensemble("a", Ensemble::new(COLS, 1)), net.ensemble("b", Ensemble::new(ROWS, 1)));
        net.connect(stim, a, Connection::new().no_synapse());
        let given = product(rank, noise);
        let c = net.connect_as("c", a.neurons(), b.neurons(), Connection::new().transform(given.clone()));
        let (mut f, mut n) = (with(&net, As::Factors), with(&net, As::Numbers));
        f.run_steps(100).unwrap();
        n.run_steps(100).unwrap();
        // Nothing is made of weights that only are read: these are the ones that were given.
        assert!(f.weights(c).unwrap() == given && n.weights(c).unwrap() == given);
        let currents = |s: &Simulator| s.current(c).unwrap();
        let (x, y) = (currents(&f), currents(&n));
        let largest = y.iter().fold(0.0f64, |m, y| m.max(y.abs()));
        let same = x.iter().zip(&y).all(|(x, y)| x.to_bits() == y.to_bits());
        let close = x.iter().zip(&y).all(|(x, y)| (x - y).abs() < 1e-13 * largest);
        assert!(largest > 1e-3 && close && same != found, "rank {rank}, noise {noise}");
        // An element that is written makes it one that is no product: to the bit from here on.
        for s in [&mut f, &mut n] {
            s.write("c.weights", Pick::Element(3, 4), vec![0.5]).unwrap();
            s.reset(Reset::KeepWeights).unwrap();
            s.run_steps(60).unwrap();
        }
        assert!(currents(&f) == currents(&n), "rank {rank}, after a write");
    }
}

#[test]
fn explain_says_why_a_large_matrix_has_no_form() {
    let rule = |name: &str| Rule::named(name).unwrap();
    let explained = |neurons: NeuronType, passes: Passes, connection: Connection| {
        let mut net = Network::with_seed(7);
        let a = net.ensemble("a", Ensemble::new(COLS, 1).neuron_type(neurons));
        let b = net.ensemble("b", Ensemble::new(ROWS, 1));
        let w = (0..ROWS * COLS).map(|k| ((k * k + 31 * k) % 1009) as f64 * 1e-6).collect();
        let w = Matrix::new(ROWS, COLS, w).unwrap();
        net.connect_as("c", a.neurons(), b.neurons(), connection.transform(w));
        Simulator::with(&net, Options { passes, ..Options::default() }).unwrap().explain()
    };
    let spiking = || NeuronType::from(Lif::default());
    let sum = Rule::text("w' = pre.out + post.out").unwrap();
    let all = Passes::default();
    let new = Connection::new;
    for (neurons, passes, connection, why) in [
        (spiking(), all, new().learn(rule("bcm")).also_learn(rule("decay")), "2 rules change it"),
        (spiking(), all, new().learn(rule("bcm")).bounds(-1.0, 1.0), "the connection's `bounds`"),
        (spiking(), all, new().learn(rule("r_stdp")), "it is used in each step by `rule` of c.rule"),
        (spiking(), all, new().learn(sum), "the rule's change is a matrix"),
        (spiking(), Passes::none(), new(), "the passes for it are switched off"),
        (LifRate::default().into(), all, new(), "isn't spikes alone"),
    ] {
        let explained = explained(neurons, passes, connection);
        let line = explained.lines().find(|l| l.starts_with("no form of `c.weights`: "));
        assert!(line.is_some_and(|l| l.contains(why)), "{why}: {explained}");
    }
    let formed = explained(spiking(), all, new().learn(rule("bcm")));
    assert!(!formed.contains("no form of"), "{formed}");
}
