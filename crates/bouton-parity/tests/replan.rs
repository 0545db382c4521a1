//! A plan can be thrown away after every step: with bitwise passes drawn at random a model keeps every bit, with the rounding
//! pass among them it stays within that pass's bound. Over the shipped models and every third one of the suite;
//! `BOUTON_REPLAN=1` takes all of the suite, and ten times as many steps.

use std::path::{Path, PathBuf};

use bouton::prelude::*;
use bouton_parity::Model;

/// How far the rounding pass may move a voltage in one step from equal state (ARCHITECTURE.md, Passes).
const BOUND: f64 = 1e-11;

fn long() -> bool {
    std::env::var_os("BOUTON_REPLAN").is_some()
}
fn steps() -> u64 {
    if long() { 1500 } else { 150 }
}

/// Files of a folder of the repository, in order.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let all = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path());
    let mut all: Vec<PathBuf> = all.filter(|p| p.extension().is_some_and(|e| e == extension)).collect();
    all.sort();
    all
}

/// Name, network and time step of each model.
fn models() -> Vec<(String, Network, f64)> {
    let name = |p: &Path| p.file_stem().unwrap().to_string_lossy().into_owned();
    let mut all = vec![];
    for p in files("models", "toml") {
        let m = bouton_file::load(&p, &bouton_file::LoadOptions::default()).unwrap();
        all.push((name(&p), m.network, m.dt));
    }
    assert!(all.len() >= 4, "{} shipped models", all.len());
    for p in files("tests/parity/models", "json").iter().step_by(if long() { 1 } else { 3 }) {
        let m = Model::read(p).unwrap();
        all.push((name(p), m.net, m.dt));
    }
    assert!(all.len() >= 24, "{} models", all.len());
    all
}

/// Passes drawn at random.
struct Draw(u64);

impl Draw {
    fn passes(&mut self, phase: bool) -> Passes {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let all = Passes::of_bits(self.0 >> 33);
        if phase { all } else { all.and(Passes::bitwise()) }
    }
}

/// The bits of everything that has a path.
fn state(sim: &mut Simulator) -> Vec<(String, Vec<u64>)> {
    let paths: Vec<String> = sim.paths().map(|(p, _)| p.to_string()).collect();
    let read = |p: String| {
        let values = sim.read(&p, &Pick::All).unwrap();
        (p, values.into_iter().map(f64::to_bits).collect())
    };
    paths.into_iter().map(read).collect()
}

fn same(name: &str, step: u64, a: &mut Simulator, b: &mut Simulator) {
    for ((path, x), (_, y)) in state(a).into_iter().zip(state(b)) {
        assert!(x == y, "{name}, step {step}: `{path}` differs");
    }
}

#[test]
fn bitwise_passes_keep_every_bit_when_the_plan_is_made_anew_after_every_step() {
    let mut draw = Draw(1);
    for (name, net, dt) in models() {
        let make =
            |passes| Simulator::with(&net, Options { passes, dt, threads: 1, ..Options::default() }).unwrap();
        let (mut plain, mut anew) = (make(Passes::none()), make(draw.passes(false)));
        for step in 0..steps() {
            plain.step().unwrap();
            anew.step().unwrap();
            // Before and after, because a plan may also be made of a state that an edit has left.
            if step % 10 == 0 {
                same(&name, step, &mut plain, &mut anew);
            }
            anew.replan(draw.passes(false)).unwrap();
        }
        same(&name, steps(), &mut plain, &mut anew);
        for p in net.probes() {
            let bits =
                |s: &Simulator| s.data(p).unwrap().values.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            assert!(bits(&plain) == bits(&anew), "{name}: {} differs", net.probe_path(p));
        }
    }
}

#[test]
fn the_rounding_pass_stays_within_its_bound_when_the_plan_is_made_anew_after_every_step() {
    let (mut draw, mut looked) = (Draw(2), 0);
    for (name, net, dt) in models() {
        let make =
            |passes| Simulator::with(&net, Options { passes, dt, threads: 1, ..Options::default() }).unwrap();
        let (mut textbook, mut phase) = (make(Passes::none()), make(Passes::default()));
        for step in 0..steps() {
            textbook.step().unwrap();
            phase.step().unwrap();
            for e in net.ensembles() {
                let voltages = |s: &Simulator| s.neuron_state(e, "voltage");
                let (Ok(v), Ok(w)) = (voltages(&textbook), voltages(&phase)) else { continue };
                for (v, w) in v.iter().zip(&w) {
                    assert!((v - w).abs() < BOUND, "{name}, step {step}: {v} and {w}");
                }
                looked += v.len();
                // From equal state again.
                phase.set_neuron_state(e, "voltage", &v).unwrap();
                if let Ok(r) = textbook.neuron_state(e, "refractory_time") {
                    phase.set_neuron_state(e, "refractory_time", &r).unwrap();
                }
            }
            phase.replan(draw.passes(true)).unwrap();
        }
    }
    assert!(looked > 100_000, "{looked} voltages");
}
