//! What is promised of every shipped model file: nothing that looks changes a bit, and the scale check has nothing to say.

use std::path::Path;

use bouton::prelude::*;

fn shipped() -> Vec<(String, Network, f64)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let mut all = vec![];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            let m = bouton_file::load(&path, &bouton_file::LoadOptions::default()).unwrap();
            all.push((path.display().to_string(), m.network, m.dt));
        }
    }
    assert!(all.len() >= 3);
    all
}

fn bits(sim: &Simulator, probes: &[ProbeId]) -> Vec<Vec<u64>> {
    probes.iter().map(|p| sim.data(*p).unwrap().values.iter().map(|v| v.to_bits()).collect()).collect()
}

#[test]
fn observation_and_pieces_change_nothing() {
    for (name, net, dt) in shipped() {
        let probes: Vec<ProbeId> = net.probes().collect();
        let options = |threads| Options { dt, threads, ..Options::default() };
        let mut sim = Simulator::with(&net, options(1)).unwrap();
        sim.run_steps(300).unwrap();
        let base = bits(&sim, &probes);

        let mut sim = Simulator::with(&net, options(2)).unwrap();
        sim.run_steps(300).unwrap();
        assert!(bits(&sim, &probes) == base, "{name}: two threads");

        let mut watched = net.clone();
        for e in net.ensembles() {
            watched.probe(&format!("looking{}", e.index()), Probe::voltage(e));
            watched.probe(&format!("spikes{}", e.index()), Probe::new(e.neurons()));
            watched.probe(&format!("current{}", e.index()), Probe::of(Target::NeuronInput(e)));
        }
        let mut sim = Simulator::with(&watched, options(1)).unwrap();
        sim.run_steps(300).unwrap();
        assert!(bits(&sim, &probes) == base, "{name}: with probes");

        let mut sim = Simulator::with(&net, options(1)).unwrap();
        for k in 0..300 {
            sim.run_steps(1).unwrap();
            for c in net.connections() {
                if sim.weights(c).is_ok() {
                    sim.edit_weights(c, |_| Ok(())).unwrap();
                }
                let _ = sim.current(c);
            }
            if k % 50 == 0 {
                sim.scale_check(None).unwrap();
            }
        }
        assert!(bits(&sim, &probes) == base, "{name}: in pieces, with reads and empty edits");
    }
}

#[test]
fn the_scale_check_is_silent() {
    for (name, net, dt) in shipped() {
        let sim = Simulator::with(&net, Options { dt, ..Options::default() }).unwrap();
        let warnings: Vec<String> =
            sim.scale_notes().iter().filter(|n| n.is_warning()).map(ToString::to_string).collect();
        assert!(warnings.is_empty(), "{name}: {warnings:?}");
    }
}

#[test]
fn the_split_model_stops_learning_where_the_demonstration_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/ppg-split.toml");
    let m = bouton_file::load(&path, &bouton_file::LoadOptions::default()).unwrap();
    let mut sim =
        Simulator::with(&m.network, Options { dt: m.dt, threads: 1, ..Options::default() }).unwrap();
    let schedule = bouton::Schedule::new(&mut sim, &m.commands).unwrap();
    let train = (bouton_cli::demo::Pulse::shipped().unwrap().train_seconds() * 1000.0).round() as u64;
    assert_eq!((schedule.next_step(0), schedule.next_step(train + 1)), (Some(train), None));
    let weights = |sim: &mut Simulator| sim.read("learned.weights", &Pick::All).unwrap();
    schedule.run_to(&mut sim, train - 100).unwrap();
    let early = weights(&mut sim);
    schedule.run_to(&mut sim, train).unwrap();
    let learned = weights(&mut sim);
    assert!(early != learned && sim.log().entries().len() == 0);
    schedule.run_to(&mut sim, train + 300).unwrap();
    assert!(weights(&mut sim) == learned);
    assert_eq!(sim.log().entries().len(), 1);
}
