//! The suite against what Nengo gave in 200 steps (tests/parity/golden), where there is no Python.

use std::path::PathBuf;

use bouton::Level;

use bouton::io::{NpyData, Npz, read_npz};
use bouton::prelude::*;
use bouton_parity::{Model, Report, compare, table};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/parity").join(name)
}

/// Names of all models, in order.
fn names() -> Vec<String> {
    let files = std::fs::read_dir(folder("models")).expect("the folder of models");
    let mut names: Vec<String> =
        files.filter_map(|f| f.ok()?.path().file_stem().map(|s| s.to_string_lossy().into_owned())).collect();
    names.sort();
    names
}

fn model(name: &str) -> Model {
    Model::read(&folder("models").join(format!("{name}.json"))).unwrap()
}

fn golden(name: &str) -> Npz {
    read_npz(folder("golden").join(format!("{name}.npz"))).unwrap()
}

fn check(passes: Passes) {
    let options = Options { passes, ..Options::default() };
    let reports: Vec<(String, Report)> =
        names().into_iter().map(|n| (n.clone(), compare(&model(&n), &golden(&n), options))).collect();
    assert!(reports.len() >= 60, "{} models", reports.len());
    for (name, r) in &reports {
        assert!(r.passed() && r.steps == 200 && r.split.is_none(), "{name}\n{}", table(&reports));
    }
}

#[test]
fn models_equal_nengo() {
    check(Passes::default());
}

#[test]
fn models_equal_nengo_without_passes() {
    check(Passes::none());
}

/// The bits of all that a model's probes record.
fn bits(m: &Model, options: Options) -> Vec<u64> {
    let mut sim = Simulator::with(&m.net, Options { dt: m.dt, ..options }).unwrap();
    sim.run_steps(120).unwrap();
    m.probes.values().flat_map(|p| sim.data(*p).unwrap().values).map(f64::to_bits).collect()
}

#[test]
fn every_level_gives_the_same_bits() {
    for name in names() {
        let m = model(&name);
        for passes in [Passes::default(), Passes::none()] {
            let at = |level| bits(&m, Options { level: Some(level), passes, ..Options::default() });
            let base = at(Level::BASELINE);
            assert!(Level::available().into_iter().all(|l| at(l) == base), "{name}");
        }
    }
}

#[test]
fn bitwise_passes_keep_every_bit() {
    for name in names() {
        let m = model(&name);
        let with = |passes| bits(&m, Options { passes, ..Options::default() });
        assert!(with(Passes::bitwise()) == with(Passes::none()), "{name}");
    }
}

#[test]
fn any_number_of_threads_builds_the_same_bits() {
    for name in names() {
        let m = model(&name);
        let with = |threads| bits(&m, Options { threads, ..Options::default() });
        assert!(with(1) == with(4), "{name}");
    }
}

/// Changes one number of a golden file.
fn spoil(o: &mut Npz, array: &str, change: impl Fn(&mut Vec<f64>)) {
    let a = o.arrays.get_mut(array).unwrap();
    let mut values = a.to_f64();
    change(&mut values);
    a.data = NpyData::F64(values);
}

/// The comparison sees small errors of every kind: otherwise the tests above would say nothing.
#[test]
fn errors_are_found() {
    let name = "17-pes-decoders-lif";
    let m = model(name);
    let found = |change: &dyn Fn(&mut Npz)| {
        let mut o = golden(name);
        change(&mut o);
        compare(&m, &o, Options::default())
    };
    let said =
        |r: &Report, text: &str| assert!(r.failures.iter().any(|f| f.contains(text)), "{:?}", r.failures);
    assert!(found(&|_| ()).passed());
    let arrays =
        ["param.a.encoders", "param.a.gain", "param.b.bias", "param.a.eval_points", "param.b.voltage"];
    for array in arrays {
        said(&found(&|o| spoil(o, array, |v| v[1] += 1.5e-10)), array);
    }
    // Decoders are of the order of 1e-3: 1e-10 of that.
    said(&found(&|o| spoil(o, "param.c2.weights", |v| v[3] += 1e-12)), "param.c2.weights");
    for array in ["probe.delta", "probe.w", "probe.error", "probe.b_value", "probe.current", "probe.c_out"] {
        let nudge = |v: &mut Vec<f64>| {
            let k = v.len() - 1;
            v[k] += 1.5e-9 * v.iter().fold(0.0f64, |m, x| m.max(x.abs())).clamp(1e-9, 1.0);
        };
        said(&found(&|o| spoil(o, array, nudge)), array);
    }
    let late = found(&|o| spoil(o, "spikes.b", |v| v[150 * 25 + 3] = 1000.0 - v[150 * 25 + 3]));
    said(&late, "more than rounding");
    assert_eq!(late.split.as_ref().map(|s| s.step), Some(151));
    assert_eq!(late.steps, 150);
    said(&found(&|o| spoil(o, "seed.connections.c", |v| v[0] += 1.0)), "seed.connections.c");
    said(&found(&|o| o.arrays.retain(|k, _| k != "probe.w")), "probe.w");
    said(&found(&|o| o.arrays.retain(|k, _| k != "param.a.gain")), "param.a.gain");
}

/// A spike may differ where a voltage came within 1e-9 of the threshold, and then only after 100 ms.
#[test]
fn a_spike_at_the_threshold_is_rounding() {
    let name = "17-pes-decoders-lif";
    let m = model(name);
    let with = |step: usize, distance: f64| {
        let mut o = golden(name);
        let all = o.arrays["spikes.b"].to_f64();
        let row = &all[(step - 1) * 25..step * 25];
        let neuron = row.iter().position(|s| *s > 0.0).unwrap();
        // Nengo's neuron stays just below the threshold in this step.
        spoil(&mut o, "spikes.b", |v| v[(step - 1) * 25 + neuron] = 0.0);
        let steps = o.arrays["voltage.b.steps"].to_f64();
        let k = steps.iter().position(|s| *s == step as f64).unwrap();
        spoil(&mut o, "voltage.b", |v| v[k * 25 + neuron] = 1.0 - distance);
        compare(&m, &o, Options::default())
    };
    let kept: Vec<usize> =
        golden(name).arrays["voltage.b.steps"].to_f64().iter().map(|s| *s as usize).collect();
    let late = *kept.iter().find(|s| **s > 100).unwrap();
    let early = *kept.iter().rev().find(|s| **s > 1 && **s <= 100).unwrap();
    let r = with(late, 5e-10);
    assert!(r.passed(), "{:?}", r.failures);
    assert_eq!(r.split.map(|s| s.step), Some(late as u64));
    assert!(with(late, 2e-9).failures[0].contains("more than rounding"));
    assert!(with(early, 5e-10).failures[0].contains("before 100 ms"));
}

/// A rule that a user teaches Nengo by a type, an operator and a build function is the same rule here, whether it is a text, a
/// function or a type: what is between them is rounding, until a spike differs.
#[test]
fn a_rule_of_ones_own_is_that_of_nengo() {
    let own: Vec<String> = names().into_iter().filter(|n| n.contains("own-rule")).collect();
    assert_eq!(own.len(), 4, "{own:?}");
    for name in own {
        let (m, o) = (model(&name), golden(&name));
        let r = compare(&m, &o, Options::default());
        assert!(r.passed() && r.probe.0 < 1e-10, "{name}: {:?}", r.probe);
        // The rule moves the weights by more than half of the largest.
        let w = o.arrays["probe.w"].to_f64();
        let (first, last) = (&w[..750], &w[w.len() - 750..]);
        let moved = first.iter().zip(last).fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
        assert!(moved > 5e-5, "{name}: weights move by {moved:e} at most");
    }
}
