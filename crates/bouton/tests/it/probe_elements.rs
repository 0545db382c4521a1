//! Probes of single synapses, in every step and at the spikes of their neurons.

use bouton::prelude::*;

/// Synapses that are looked at: (post, pre).
const PICKED: [(usize, usize); 3] = [(3, 17), (40, 0), (3, 5)];

/// Two populations that are driven, with a rule that acts at spikes on the weights from neurons 4 and on of the one to all but
/// the first two of the other.
fn learner() -> (Network, ConnectionId) {
    let mut net = Network::with_seed(7);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (9.0 * t).sin()));
    let (a, b) = (net.ensemble("a", Ensemble::new(70, 1)), net.ensemble("b", Ensemble::new(66, 1)));
    net.connect(stim, a, Connection::new().no_synapse());
    net.connect(stim, b, Connection::new());
    let w = Matrix::from_fn(64, 66, |i, j| 1e-4 + ((i * i + 31 * j) % 1009) as f64 * 1e-7);
    let rule =
        Rule::named("pair_stdp_power").unwrap().set("lambda", 1e-2).unwrap().set("w_max", 8e-4).unwrap();
    let c = net.connect_as(
        "c",
        a.neurons().slice(4..70),
        b.neurons().slice(2..66),
        Connection::new().transform(w).learn(rule),
    );
    (net, c)
}

/// The samples that a probe of all weights and one of all spikes have of single synapses, at the steps of their spikes.
fn by_hand(w: &Samples, a: &Samples, b: &Samples) -> (Vec<u64>, Vec<f64>) {
    let (mut steps, mut values) = (vec![], vec![]);
    for k in 0..w.rows() {
        if PICKED.iter().any(|(r, c)| a.row(k)[c + 4] != 0.0 || b.row(k)[r + 2] != 0.0) {
            steps.push(w.steps[k]);
            values.extend(PICKED.iter().map(|(r, c)| w.row(k)[r * 66 + c]));
        }
    }
    (steps, values)
}

#[test]
fn single_synapses_at_spikes_are_those_of_the_whole_matrix_in_every_form() {
    let (plain, c) = learner();
    let mut net = plain.clone();
    let e: Vec<EnsembleId> = net.ensembles().collect();
    let all = net.probe("w", Probe::weights(c));
    let spikes = e.iter().map(|e| net.probe(&format!("spikes{}", e.index()), Probe::new(e.neurons())));
    let spikes: Vec<ProbeId> = spikes.collect();
    let mut few = plain.clone();
    let at = few.probe("at", Probe::weights(c).elements(PICKED).at_spikes());
    let steps = few.probe("steps", Probe::weights(c).elements(PICKED).sample_every(0.01));
    for precision in [Precision::F64, Precision::F32] {
        for passes in [Passes::default(), Passes::none()] {
            let options = Options { precision, passes, threads: 1, ..Options::default() };
            let mut whole = Simulator::with(&net, options).unwrap();
            whole.run_steps(300).unwrap();
            let w = whole.data(all).unwrap();
            let (wanted_steps, wanted) =
                by_hand(&w, &whole.data(spikes[0]).unwrap(), &whole.data(spikes[1]).unwrap());
            assert!((10..290).contains(&wanted_steps.len()), "{} steps", wanted_steps.len());
            let moved = (3..wanted.len()).filter(|k| wanted[*k] != wanted[k - 3]).count();
            assert!(moved > 5, "the rule changes nothing");
            let mut sim = Simulator::with(&few, options).unwrap();
            assert_eq!(passes != Passes::none(), sim.explain().contains("[at_spikes]"), "{}", sim.explain());
            // One that is attached while it runs has the samples from there on.
            sim.run_steps(100).unwrap();
            let later = sim.attach_probe(&Probe::weights(c).elements(PICKED).at_spikes()).unwrap();
            sim.run_steps(200).unwrap();
            let found = sim.data(at).unwrap();
            assert_eq!((found.width, &found.steps, &found.values), (3, &wanted_steps, &wanted));
            assert_eq!(sim.probe_shape(at).unwrap(), (3, 1));
            let n = wanted_steps.iter().filter(|s| **s <= 100).count();
            let found = sim.detach(later).unwrap();
            assert_eq!((&found.steps[..], &found.values[..]), (&wanted_steps[n..], &wanted[3 * n..]));
            let found = sim.data(steps).unwrap();
            assert_eq!(found.steps, (1..=30).map(|k| 10 * k).collect::<Vec<u64>>());
            for (k, step) in found.steps.iter().enumerate() {
                let row = w.row(*step as usize - 1);
                assert_eq!(found.row(k), PICKED.map(|(r, c)| row[r * 66 + c]));
            }
            // And whoever looks changes nothing.
            assert_eq!(sim.weights(c).unwrap().values(), whole.weights(c).unwrap().values());
        }
    }
}

#[test]
fn of_devices_their_resistances_are_seen_and_of_decoders_the_spikes_before_them() {
    let mut net = Network::with_seed(2);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (9.0 * t).sin()));
    let (a, b) = (net.ensemble("a", Ensemble::new(30, 1)), net.ensemble("b", Ensemble::new(20, 1)));
    net.connect(stim, a, Connection::new());
    let devices = Connection::new().devices(DeviceSpec::default()).learn(Mpes::default());
    let c = net.connect(a.neurons(), b.neurons(), devices);
    let error = net.node("error", Output::passthrough(1));
    net.connect(stim, error, Connection::new());
    net.connect(error, c.rule(), Connection::new());
    let d = net.connect(a, b, Connection::new());
    let quantity = || Target::Devices(c, Side::Plus, DeviceQuantity::Resistance);
    let at = net.probe("at", Probe::of(quantity()).elements([(8, 2), (9, 2)]).at_spikes());
    let all = net.probe("all", Probe::of(quantity()));
    let decoders = net.probe("decoders", Probe::weights(d).elements([(0, 2)]).at_spikes());
    let spikes = [a, b].map(|e| net.probe(&format!("s{}", e.index()), Probe::new(e.neurons())));
    let mut sim = Simulator::new(&net).unwrap();
    sim.run_steps(400).unwrap();
    let (all, s) = (sim.data(all).unwrap(), spikes.map(|p| sim.data(p).unwrap()));
    let fires = |k: usize, b: bool| s[0].row(k)[2] != 0.0 || (b && (s[1].row(k)[8] + s[1].row(k)[9]) != 0.0);
    let both: Vec<usize> = (0..400).filter(|k| fires(*k, true)).collect();
    let found = sim.data(at).unwrap();
    assert_eq!(found.steps, both.iter().map(|k| *k as u64 + 1).collect::<Vec<_>>());
    assert_eq!(
        found.values,
        both.iter().flat_map(|k| [8, 9].map(|r| all.row(*k)[r * 30 + 2])).collect::<Vec<_>>()
    );
    assert!(found.values.chunks(2).any(|x| x != &found.values[..2]), "no pulse");
    let before: Vec<u64> = (0..400).filter(|k| fires(*k, false)).map(|k| k as u64 + 1).collect();
    assert!(before.len() < both.len() && before.len() > 3);
    assert_eq!(sim.data(decoders).unwrap().steps, before);
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let (plain, c) = learner();
    let a = plain.ensembles().next().unwrap();
    let w = || Probe::weights(c);
    for (probe, says) in [
        (w().at_spikes(), "say which by `elements`"),
        (w().elements([]), "`elements` are none"),
        (w().elements([(0, 1)]).slice(0..2), "without slice, norm and synapse"),
        (w().elements([(0, 1)]).norm(Norm::All), "without slice, norm and synapse"),
        (w().elements([(0, 1)]).synapse(0.01), "without slice, norm and synapse"),
        (w().elements([(0, 1)]).at_spikes().sample_every(0.1), "leave one of the two out"),
        (w().elements([(0, 66)]), "(0, 66) is out of range, the matrix has 64 rows and 66 columns"),
        (w().elements([(64, 0)]), "(64, 0) is out of range"),
        (Probe::of(Target::Spikes(a)).elements([(0, 0)]), "take a slice of anything else"),
    ] {
        let mut net = plain.clone();
        net.probe("p", probe.clone());
        let e = Simulator::new(&net).err().expect(says).to_string();
        assert!(e.starts_with("p: ") && e.contains(says), "{e}");
        let mut sim = Simulator::new(&plain).unwrap();
        let e = sim.attach_probe(&probe).expect_err(says).to_string();
        assert!(e.contains(says), "{e}");
    }
    let mut net = plain.clone();
    let (x, y) = (net.node("x", Output::passthrough(1)), net.node("y", Output::passthrough(1)));
    let between = net.connect(x, y, Connection::new());
    net.probe("p", Probe::weights(between).elements([(0, 0)]).at_spikes());
    let e = Simulator::new(&net).err().unwrap().to_string();
    assert!(e.contains("stands between no neurons that spike"), "{e}");
}
