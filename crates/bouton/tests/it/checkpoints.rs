//! Checkpoints: a run that was saved and loaded goes on with the bits of one that was not interrupted.

use std::path::{Path, PathBuf};

use bouton::checkpoint;
use bouton::prelude::*;

/// Steps before the save, and behind it.
const BEFORE: u64 = 137;
const BEHIND: u64 = 60;

fn named(net: &Network, name: &str) -> Option<ConnectionId> {
    net.connections().find(|c| net.connection_path(*c) == name)
}

/// An error that a rule learns from: what a population has, less the input.
fn error(net: &mut Network, from: EnsembleId, wanted: NodeId, rule: ConnectionId) {
    let error = net.node("error", Output::passthrough(1));
    net.connect(from, error, Connection::new());
    net.connect(wanted, error, Connection::new().transform(-1.0));
    net.connect(error, rule.rule(), Connection::new());
}

/// Models that between them keep state in every way there is. Each has a connection `c`.
fn models() -> Vec<(&'static str, Network)> {
    let mut all = vec![];
    let mut net = Network::with_seed(1);
    let stim = net.node("stim", Output::Process { process: WhiteSignal::new(1.0, 8.0).into(), size: 1 });
    let noise = net.node("noise", Output::Process { process: WhiteNoise::default().into(), size: 1 });
    let a = net.ensemble("a", Ensemble::new(40, 1));
    let b = net.ensemble("b", Ensemble::new(30, 1));
    net.connect(stim, a, Connection::new().no_synapse());
    net.connect(noise, a, Connection::new().transform(0.02).synapse(Alpha { tau: 0.01 }));
    let c = net.connect_as("c", a, b, Connection::new().function(1, |_, y| y[0] = 0.0).learn(Pes::new(1e-3)));
    error(&mut net, b, stim, c);
    net.probe("b", Probe::new(b).synapse(0.01));
    net.probe("weights", Probe::weights(c).sample_every(0.007));
    net.probe("spikes", Probe::new(a.neurons()));
    all.push(("pes", net));

    let mut net = Network::with_seed(2);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (20.0 * t).sin()));
    let pre = net.ensemble("pre", Ensemble::new(25, 1));
    let post = net.ensemble("post", Ensemble::new(20, 1));
    net.connect(stim, pre, Connection::new().no_synapse());
    let devices = DeviceSpec { spread: 0.15, ..DeviceSpec::default() };
    let c = net.connect_as(
        "c",
        pre.neurons(),
        post.neurons(),
        Connection::new().devices(devices).learn(Mpes::default()),
    );
    error(&mut net, post, stim, c);
    net.probe("post", Probe::new(post).synapse(Alpha { tau: 0.01 }));
    net.probe("weights", Probe::weights(c).sample_every(0.01));
    all.push(("mpes", net));

    let mut net = Network::with_seed(3);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (20.0 * t).cos()));
    let a = net.ensemble("a", Ensemble::new(20, 1));
    let out = net.node("out", Output::passthrough(1));
    net.connect(stim, a, Connection::new());
    let rule = RuleFunction::new("eligible", |s| {
        for k in 0..s.delta.len() {
            s.state[0][k] = 0.9 * s.state[0][k] + s.dt * s.inputs[0][k] * s.error[0];
            s.delta[k] = -s.parameters[0] * s.state[0][k];
        }
        Ok(())
    });
    let rule = rule.pre_filtered(0.005).error().state("trace", Over::Synapse, 0.0).parameter("rate", 1e-6);
    let c = net.connect_as(
        "c",
        a.neurons(),
        out,
        Connection::new().transform(Matrix::filled(1, 20, 0.0)).learn(rule),
    );
    let error = net.node("error", Output::passthrough(1));
    net.connect(out, error, Connection::new());
    net.connect(stim, error, Connection::new().transform(-1.0));
    net.connect(error, c.rule(), Connection::new());
    let count = NodeFunction::with_state(1, 1, vec![0.0], |n, s| {
        n[0] += s.x[0];
        s.out[0] = n[0];
        Ok(())
    });
    let count = net.node("count", count);
    net.connect(out, count, Connection::new());
    let delay = NodeFunction::stateful(1, 1, |_| Delay(vec![0.0; 7]));
    let delay = net.node("delay", delay);
    net.connect(count, delay, Connection::new());
    net.probe("delay", Probe::new(delay));
    net.probe("weights", Probe::weights(c));
    all.push(("a rule with state", net));

    let mut net = Network::with_seed(4);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (15.0 * t).sin()));
    let sink = net.node("sink", Output::passthrough(1));
    let types: [(&str, NeuronType); 6] = [
        ("lif", Lif { tau_ref: 0.0025, min_voltage: -1.0, ..Lif::default() }.into()),
        ("lif_plain", Lif::default().into()),
        ("rate", LifRate::default().into()),
        ("relu", RectifiedLinear::default().into()),
        ("spiking", SpikingRectifiedLinear::default().into()),
        ("direct", Direct {}.into()),
    ];
    let mut last = None;
    for (name, t) in types {
        let e = net.ensemble(name, Ensemble::new(15, 1).neuron_type(t));
        net.connect(stim, e, Connection::new().synapse(0.003));
        let filter = LinearFilter::new(vec![1.0], vec![1e-4, 0.02, 1.0]);
        net.connect(e, sink, Connection::new().synapse(filter));
        net.probe(&format!("p_{name}"), Probe::new(e).synapse(Alpha { tau: 0.005 }));
        last = last.or(Some(e));
    }
    let rule = Pes::new(1e-5);
    let c = net.connect_as("c", last.unwrap(), sink, Connection::new().learn(rule));
    net.connect(sink, c.rule(), Connection::new());
    net.probe("sink", Probe::new(sink));
    all.push(("all neurons", net));

    let mut net = Network::with_seed(5);
    let stim = net.node("stim", Output::of_time(2, |t, y| y.copy_from_slice(&[(25.0 * t).sin(), 1.0])));
    let a = net.ensemble("a", Ensemble::new(20, 1));
    let b = net.ensemble("b", Ensemble::new(15, 1));
    net.connect(stim.slice(0..1), a, Connection::new());
    net.connect(stim.slice(0..1), b, Connection::new());
    let rule = Rule::named("r_stdp").unwrap().set("A_plus", 0.01).unwrap();
    let weights = Matrix::filled(15, 20, 0.001);
    let c = net.connect_as("c", a.neurons(), b.neurons(), Connection::new().transform(weights).learn(rule));
    let dopamine = net.factor(c, "dopamine").unwrap();
    net.connect(stim.slice(1..2), dopamine, Connection::new());
    net.probe("eligibility", Probe::of(Target::rule_signal(c, "c")));
    net.probe("dopamine", Probe::of(Target::rule_signal(c, "n")));
    net.probe("weights", Probe::weights(c));
    all.push(("a rule as text", net));
    all.push(("elements that hold something", crate::more_elements::network()));
    all
}

/// A callback that says itself how it is saved.
struct Delay(Vec<f64>);

impl StatefulNode for Delay {
    fn step(&mut self, s: &mut NodeStep<'_>) -> Result<(), Failure> {
        self.0.push(s.x[0]);
        s.out[0] = self.0.remove(0);
        Ok(())
    }
    fn save(&self) -> Option<Vec<u8>> {
        Some(self.0.iter().flat_map(|x| x.to_le_bytes()).collect())
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), Failure> {
        self.0 = saved.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
        Ok(())
    }
}

fn options() -> Options {
    Options { threads: 1, seed: Some(11), passes: Passes::bitwise(), ..Options::default() }
}

/// A write, a freeze and a thaw on the way, at steps before the save.
fn begin(sim: &mut Simulator) {
    let c = named(sim.network(), "c").unwrap();
    sim.run_steps(50).unwrap();
    sim.freeze_where(c, |_, k| k % 3 == 0).unwrap();
    let ensemble = sim.network().ensembles().next().unwrap();
    let path = sim.network().ensemble_path(ensemble);
    sim.write(&format!("{path}.bias"), Pick::Element(3, 0), [1.25]).unwrap();
    sim.run_steps(BEFORE - 50).unwrap();
}

/// Steps and bits of what all probes recorded behind the save.
fn tail(sim: &Simulator) -> Vec<(Vec<u64>, Vec<u64>)> {
    let probes = sim.network().probes();
    probes
        .map(|p| {
            let s = sim.data(p).unwrap();
            let first = s.steps.iter().take_while(|k| **k <= BEFORE).count();
            let width = s.values.len() / s.steps.len().max(1);
            let values = s.values[first * width..].iter().map(|v| v.to_bits()).collect();
            (s.steps[first..].to_vec(), values)
        })
        .collect()
}

/// The uninterrupted run.
fn whole(net: &Network, options: Options) -> Vec<(Vec<u64>, Vec<u64>)> {
    let mut sim = Simulator::with(net, options).unwrap();
    begin(&mut sim);
    sim.run_steps(BEHIND).unwrap();
    tail(&sim)
}

fn save(net: &Network, options: Options, path: &Path) {
    let mut sim = Simulator::with(net, options).unwrap();
    begin(&mut sim);
    sim.save_to(path).unwrap();
}

fn go_on(net: &Network, options: Options, path: &Path) -> Vec<(Vec<u64>, Vec<u64>)> {
    let mut sim = Simulator::with(net, options).unwrap();
    // What it did before is of no matter.
    sim.run_steps(3).unwrap();
    sim.load_from(path).unwrap();
    assert_eq!(sim.n_steps(), BEFORE);
    assert_eq!(sim.log().entries().len(), 2);
    sim.run_steps(BEHIND).unwrap();
    tail(&sim)
}

#[test]
fn checkpoint_roundtrip() {
    let f = tempfile::tempdir().unwrap();
    let path = f.path().join("c.npz");
    for (name, net) in models() {
        for precision in [Precision::F64, Precision::F32] {
            let options = Options { precision, ..options() };
            let base = whole(&net, options);
            assert!(base.iter().all(|(steps, _)| !steps.is_empty()), "{name}");
            save(&net, options, &path);
            let again = |how: &str, options| {
                assert!(go_on(&net, options, &path) == base, "{name}, {precision:?}: {how}");
            };
            again("as it was", options);
            again("on two threads", Options { threads: 2, ..options });
            again("without passes", Options { passes: Passes::none(), ..options });
            for level in bouton::Level::available() {
                again("another level", Options { level: Some(level), ..options });
            }
            // Also with the seed that the checkpoint has, where the simulator had another.
            again("with another seed", Options { seed: Some(99), ..options });
            let phase = Options { passes: Passes::default(), ..options };
            let base = whole(&net, phase);
            save(&net, phase, &path);
            assert!(go_on(&net, phase, &path) == base, "{name}, {precision:?}: LIF by phases");
        }
    }
}

/// The other process of `in_another_process`: it does something only where it is told to.
#[test]
fn another_process() {
    let Some(path) = std::env::var_os("BOUTON_TEST_CHECKPOINT") else { return };
    let folder = PathBuf::from(path);
    for (k, (_, net)) in models().into_iter().enumerate() {
        let words: Vec<u64> = go_on(&net, options(), &folder.join(format!("{k}.npz")))
            .into_iter()
            .flat_map(|(steps, values)| steps.into_iter().chain(values))
            .collect();
        let bytes: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
        std::fs::write(folder.join(format!("{k}.out")), bytes).unwrap();
    }
}

#[test]
fn in_another_process() {
    let f = tempfile::tempdir().unwrap();
    for (k, (_, net)) in models().into_iter().enumerate() {
        save(&net, options(), &f.path().join(format!("{k}.npz")));
    }
    let own = std::env::current_exe().unwrap();
    let other = std::process::Command::new(own)
        .args(["--exact", "checkpoints::another_process"])
        .env("BOUTON_TEST_CHECKPOINT", f.path())
        .output()
        .unwrap();
    assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stdout));
    for (k, (name, net)) in models().into_iter().enumerate() {
        let words = whole(&net, options()).into_iter().flat_map(|(s, v)| s.into_iter().chain(v));
        let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        assert!(std::fs::read(f.path().join(format!("{k}.out"))).unwrap() == bytes, "{name}");
    }
}

#[test]
fn state_that_is_not_saved_is_an_error_with_a_name() {
    let f = tempfile::tempdir().unwrap();
    let mut net = Network::with_seed(1);
    let made = NodeFunction::made(0, 1, |_| {
        let mut n = 0.0;
        move |s: &mut NodeStep<'_>| {
            n += 1.0;
            s.out[0] = n;
            Ok(())
        }
    });
    net.node("counter", made);
    let mut sim = Simulator::with(&net, options()).unwrap();
    sim.run_steps(2).unwrap();
    let e = sim.save_to(f.path().join("c.npz")).unwrap_err().to_string();
    assert!(e.contains("counter") && e.contains("stateful"), "{e}");
    assert!(!f.path().join("c.npz").exists());
}

#[test]
fn a_checkpoint_of_another_model_is_refused_and_nothing_changes() {
    let f = tempfile::tempdir().unwrap();
    let path = f.path().join("c.npz");
    let all = models();
    save(&all[0].1, options(), &path);
    let mut sim = Simulator::with(&all[1].1, options()).unwrap();
    sim.run_steps(5).unwrap();
    let before = sim.save().unwrap();
    let e = sim.load_from(&path).unwrap_err().to_string();
    assert!(e.contains("of another model"), "{e}");
    assert!(sim.save().unwrap() == before);
    for (other, says) in [
        (Options { precision: Precision::F32, ..options() }, "F64"),
        (Options { dt: 0.002, ..options() }, "0.001 s"),
    ] {
        let e = Simulator::with(&all[0].1, other).unwrap().load_from(&path).unwrap_err().to_string();
        assert!(e.contains(says), "{e}");
    }
}

#[test]
fn several_attached_filters_find_their_own_state() {
    use bouton::engine::Observe;
    let (_, net) = models().remove(0);
    let make = || {
        let mut sim = Simulator::with(&net, options()).unwrap();
        let signal = sim.simulation().program().knobs().find("c.weighted").unwrap().signal;
        let ids: Vec<ObserveId> = [0.01, 0.1]
            .into_iter()
            .map(|tau| {
                let filter = Some(bouton::elements::synapses::Filter::First { a: 1.0 - tau, b: tau });
                sim.simulation_mut().attach(Observe { filter, ..Observe::new(signal, "c.weighted") }).unwrap()
            })
            .collect();
        (sim, ids)
    };
    let (mut a, ids) = make();
    a.run_steps(100).unwrap();
    let c = a.save().unwrap();
    assert_eq!(c.probes.len(), 2);
    let (mut b, _) = make();
    b.load(&c).unwrap();
    a.clear_probes();
    a.run_steps(20).unwrap();
    b.run_steps(20).unwrap();
    for id in ids {
        assert!(a.simulation().samples(id).unwrap() == b.simulation().samples(id).unwrap());
    }
}

#[test]
fn the_filter_of_a_probe_that_is_not_attached_waits_until_the_next_step() {
    let (_, net) = models().remove(0);
    let a = net.ensembles().next().unwrap();
    let probe = Probe::new(a.neurons()).synapse(0.01);
    let new = || Simulator::with(&net, options()).unwrap();
    let mut first = new();
    let id = first.attach_probe(&probe).unwrap();
    first.run_steps(100).unwrap();
    let saved = first.save().unwrap();
    assert_eq!(saved.probes.len(), 1);
    first.run_steps(20).unwrap();
    let whole = first.samples(id).unwrap();
    let tail = &whole.values[100 * whole.width..];
    assert!(tail.iter().any(|x| *x != 0.0));

    // It is named, kept, and used by the probe that is attached next, if it is one of the same.
    let mut b = new();
    assert_eq!(b.load(&saved).unwrap(), [saved.probes[0].of.clone()]);
    assert!(b.save().unwrap() == saved);
    let others = [
        Probe::new(a.neurons().slice(0..10)).synapse(0.01),
        Probe::new(a.neurons()).synapse(Alpha { tau: 0.01 }),
    ];
    let others = others.map(|p| b.attach_probe(&p).unwrap());
    let id = b.attach_probe(&probe).unwrap();
    b.run_steps(20).unwrap();
    assert!(b.samples(id).unwrap().values == tail);
    for other in others {
        assert!(b.samples(other).unwrap().row(0).iter().all(|x| *x == 0.0), "another one begins at zero");
    }

    // One that is attached when it was saved finds its own, and nothing waits.
    let mut d = new();
    let id = d.attach_probe(&probe).unwrap();
    assert!(d.load(&saved).unwrap().is_empty());
    d.run_steps(20).unwrap();
    assert!(d.samples(id).unwrap().values == tail);

    // Behind the next step it is out of date.
    let mut e = new();
    e.load(&saved).unwrap();
    e.step().unwrap();
    assert!(e.save().unwrap().probes.is_empty());
    let id = e.attach_probe(&probe).unwrap();
    e.step().unwrap();
    assert!(e.samples(id).unwrap().values.iter().all(|x| *x == 0.0));
    // A reset forgets it as well.
    let mut e = new();
    e.load(&saved).unwrap();
    e.reset(Reset::All).unwrap();
    assert!(e.save().unwrap().probes.is_empty());
}

/// Two populations and weights that were learned, in a network that may have more.
fn learner(seed: u32, more: bool) -> Network {
    let mut net = Network::with_seed(9);
    let a = net.ensemble("a", Ensemble::new(20, 1).seed(seed));
    let b = net.ensemble("b", Ensemble::new(10, 1).seed(2));
    if more {
        net.ensemble("more", Ensemble::new(5, 1));
    }
    net.connect_as("c", a, b, Connection::new().learn(Pes::new(1e-4)));
    net
}

#[test]
fn weights_go_to_another_network_by_name() {
    let mut from = Simulator::with(&learner(1, false), options()).unwrap();
    let weights: Vec<f64> = (0..20).map(|k| f64::from(k) / 64.0).collect();
    from.write("c.weights", Pick::All, weights.clone()).unwrap();
    let c = from.save().unwrap();

    let mut same = Simulator::with(&learner(1, true), options()).unwrap();
    let report = same.load_by_name(&c, &["c."], true).unwrap();
    assert_eq!(same.read("c.weights", &Pick::All).unwrap(), weights);
    assert!(report.matched.iter().any(|p| p == "c.weights"), "{report:?}");
    assert!(report.other_encoders.is_empty() && report.missing.is_empty(), "{report:?}");

    let mut other = Simulator::with(&learner(7, true), options()).unwrap();
    let report = other.load_by_name(&c, &["c.weights"], true).unwrap();
    assert_eq!(report.other_encoders, ["c"]);
    // With its encoders, gains and biases the population is the same again.
    let report = other.load_by_name(&c, &["c.weights", "a."], true).unwrap();
    assert!(report.other_encoders.is_empty(), "{report:?}");

    let mut all = Simulator::with(&learner(7, true), options()).unwrap();
    let e = all.load_by_name(&c, &[], true).unwrap_err().to_string();
    assert!(e.contains("more.") && e.contains("nothing was written"), "{e}");
    let before = all.read("c.weights", &Pick::All).unwrap();
    assert!(before != weights);
    let report = all.load_by_name(&c, &[], false).unwrap();
    assert!(
        report.missing.iter().all(|p| p.starts_with("more.")) && !report.missing.is_empty(),
        "{report:?}"
    );
    assert_eq!(all.read("c.weights", &Pick::All).unwrap(), weights);
    assert_eq!(all.log().entries().len(), report.matched.len());
}

#[test]
fn a_file_that_is_replaced_is_whole_at_any_time() {
    let f = tempfile::tempdir().unwrap();
    let path = f.path().join("c.npz");
    let (_, net) = models().remove(2);
    let mut sim = Simulator::with(&net, options()).unwrap();
    for k in 1..=5 {
        sim.run_steps(1).unwrap();
        sim.save_to(&path).unwrap();
        assert_eq!(checkpoint::read(&path).unwrap().step, k);
    }
    assert!(sim.save_to(f.path().join("no/such/folder.npz")).unwrap_err().kind() == ErrorKind::File);
}

#[test]
fn what_a_front_end_keeps_comes_back_and_others_do_not_mind_it() {
    let path = std::env::temp_dir().join(format!("bouton-more-{}.npz", std::process::id()));
    let (_, net) = models().remove(0);
    let mut sim = Simulator::with(&net, options()).unwrap();
    sim.run_steps(10).unwrap();
    let c = sim.save().unwrap();
    let more = checkpoint::More {
        text: "{\"of\": \"the front end\"}".into(),
        numbers: vec![1.5, -0.0, f64::INFINITY],
    };
    checkpoint::write_with(&path, &c, Some(more.clone())).unwrap();
    let (read, found) = checkpoint::read_with(&path).unwrap();
    let found = found.unwrap();
    assert_eq!(found.text, more.text);
    let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&found.numbers), bits(&more.numbers));
    assert_eq!(read.step, 10);
    sim.load_from(&path).unwrap();
    checkpoint::write(&path, &c).unwrap();
    assert!(checkpoint::read_with(&path).unwrap().1.is_none());
    std::fs::remove_file(&path).unwrap();
}
