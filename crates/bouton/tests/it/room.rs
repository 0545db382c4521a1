//! More memory than a process may take is an error with the figures, and no abort: each case runs in a process of its own,
//! whose address space is limited.

use std::process::Command;

use bouton::prelude::*;

/// kB of address space of each process: what a test program takes by itself, and about a gigabyte.
const LIMIT: u64 = 1_500_000;

/// Runs the test of this name again, under the limit; `None` if this is that process.
fn limited(name: &str) -> Option<String> {
    const KEY: &str = "BOUTON_ROOM";
    if std::env::var_os(KEY).is_some() {
        return None;
    }
    let me = std::env::current_exe().unwrap();
    let o = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -v {LIMIT} && exec \"$0\" \"$@\""))
        .arg(me)
        .args([&format!("room::{name}"), "--exact", "--nocapture", "--test-threads", "1"])
        .env(KEY, "1")
        // A trace of a panic needs memory as well.
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&o.stdout).into_owned() + &String::from_utf8_lossy(&o.stderr);
    assert!(o.status.success(), "{:?}: {text}", o.status);
    assert!(text.contains("1 passed"), "{text}");
    Some(text)
}

/// Whether an error says what is wanted and what is there, and names these.
fn says(e: &Error, parts: &[&str]) {
    let text = e.to_string();
    for part in ["needs ", " GB of memory, ", " GB are free under the limit of the process's address space"]
        .iter()
        .chain(parts)
    {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

fn refused(net: &Network) -> Error {
    let made = Simulator::with(net, Options { threads: 1, ..Options::default() });
    made.err().expect("a model of this size must be refused")
}

/// Two populations; direct ones have no decoders to be solved.
fn two(n: usize) -> (Network, EnsembleId, EnsembleId) {
    let mut net = Network::with_seed(1);
    let few = |n| Ensemble { n_eval_points: Some(10), ..Ensemble::new(n, 1) };
    let (a, b) = (net.ensemble("a", few(n)), net.ensemble("b", few(n)));
    (net, a, b)
}

#[test]
fn devices_with_and_without_a_gain() {
    if limited("devices_with_and_without_a_gain").is_some() {
        return;
    }
    for (n, gain) in [(30_000, Gain::Fixed(1e4)), (10_000, Gain::default()), (3_000, Gain::default())] {
        let (mut net, a, b) = two(n);
        let devices = DeviceSpec { gain, ..DeviceSpec::default() };
        net.connect_as("c", a.neurons(), b.neurons(), Connection::new().devices(devices));
        let shape = format!("{n} × {n} synapses of devices");
        says(&refused(&net), &["c: ", &shape, "take fewer neurons"]);
    }
    // What an automatic gain looks at is never a matrix: this is 32 MB of weights and 0.5 GB of devices.
    let (mut net, a, b) = two(1_500);
    let c = net.connect(a.neurons(), b.neurons(), Connection::new().devices(DeviceSpec::default()));
    let sim = Simulator::with(&net, Options { threads: 1, ..Options::default() }).unwrap();
    assert!(sim.devices(c).unwrap().gain() > 0.0);
}

#[test]
fn products_of_transforms_decoders_and_encoders() {
    if limited("products_of_transforms_decoders_and_encoders").is_some() {
        return;
    }
    let (mut net, a, b) = two(20_000);
    let solver = NoSolver { values: None, weights: true };
    net.connect_as("full", a, b, Connection::new().solver(solver));
    says(&refused(&net), &["full: ", "20000 × 20000 weights of a solver"]);
    let (mut net, a, _) = two(20_000);
    let out = net.node("out", Output::passthrough(20_000));
    net.connect_as("t", a, out, Connection::new().transform(Matrix::filled(20_000, 1, 1.0)));
    says(&refused(&net), &["t: ", "20000 × 20000 weights, of transform and decoders"]);
}

#[test]
fn solves_and_populations() {
    if limited("solves_and_populations").is_some() {
        return;
    }
    // Activities alone are 3.2 GB; and for a probe as well.
    for probe in [false, true] {
        let mut net = Network::with_seed(1);
        let a = net.ensemble("a", Ensemble { n_eval_points: Some(20_000), ..Ensemble::new(20_000, 1) });
        if probe {
            net.probe("x", Probe::new(a));
        } else {
            let out = net.node("out", Output::passthrough(1));
            net.connect_as("x", a, out, Connection::new());
        }
        says(&refused(&net), &["x: ", "to solve decoders of 20000 neurons", "n_eval_points"]);
    }
    // Many neurons at few points: a small matrix is factored, not one of neurons by neurons.
    let mut net = Network::with_seed(1);
    let a = net.ensemble("a", Ensemble { n_eval_points: Some(50), ..Ensemble::new(20_000, 1) });
    net.probe("x", Probe::new(a));
    Simulator::with(&net, Options { threads: 1, ..Options::default() }).unwrap();
    let mut net = Network::with_seed(1);
    net.ensemble("crowd", Ensemble::new(90_000_000, 1));
    says(&refused(&net), &["crowd: ", "90000000 neurons of 1 dimensions"]);
}

#[test]
fn recordings_copies_and_checkpoints() {
    if limited("recordings_copies_and_checkpoints").is_some() {
        return;
    }
    let n = 3_000;
    let (mut net, a, b) = two(n);
    let c = net.connect(a.neurons(), b.neurons(), Connection::new().transform(Matrix::filled(n, n, 1e-6)));
    let p = net.probe("w", Probe::weights(c));
    let mut sim = Simulator::with(&net, Options { threads: 1, ..Options::default() }).unwrap();
    // 72 MB in each step.
    let e = sim.run_steps(200).unwrap_err();
    says(&e, &["its recording", "what was recorded until here is kept", "sample less often"]);
    let taken = sim.n_steps();
    assert!((5..20).contains(&taken), "{taken} steps");
    // What is there is more than half of the memory: no second copy fits, and what is taken leaves room.
    says(&sim.data(p).expect_err("no room for a copy"), &["rows", "take it in parts"]);
    let rows = sim.drain(p).unwrap();
    assert!((taken as usize - 1..=taken as usize).contains(&rows.rows()));
    drop(rows);
    sim.reset(Reset::All).unwrap();
    sim.run_steps(3).unwrap();
    assert_eq!(sim.data(p).unwrap().rows(), 3);
    sim.clear_probes();
    // Nearly all that is left. Nobody writes to it: it is address space alone.
    let mut held = Vec::<u8>::new();
    assert!((1..150).rev().any(|k| held.try_reserve_exact(k * 10_000_000).is_ok()));
    let Err(e) = sim.save() else { panic!("there is no room for a checkpoint") };
    says(&e, &["can't be saved", "a checkpoint needs"]);
    drop(held);
    assert!(sim.save().is_ok());
}
