//! A program with elements of its own: `examples/own_elements.rs`, as its user runs it.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::LazyLock;

/// The example, made anew: `cargo test --test it` alone does not build it.
fn example() -> PathBuf {
    let beside = PathBuf::from(env!("CARGO_BIN_EXE_bouton"));
    let profile = beside.parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    // Of the whole workspace, as it is tested: with other features everything would be compiled once more.
    cargo.args(["build", "--quiet", "--workspace", "--example", "own_elements", "--target-dir"]);
    cargo.arg(profile.parent().unwrap());
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success(), "the example does not build");
    profile.join("examples").join(format!("own_elements{}", std::env::consts::EXE_SUFFIX))
}

fn run(args: &[&str]) -> Output {
    static EXAMPLE: LazyLock<PathBuf> = LazyLock::new(example);
    Command::new(&*EXAMPLE).args(args).env("NO_COLOR", "1").output().unwrap()
}

fn said(args: &[&str]) -> String {
    let o = run(args);
    assert!(o.status.success(), "{args:?}: {}", String::from_utf8_lossy(&o.stderr));
    String::from_utf8_lossy(&o.stdout).into_owned()
}

const MODEL: &str = r#"
format = 1
seed = 1

[nodes.input]
process = { type = "white_signal", period = 1.0, high = 5.0, rms = 0.5 }

[ensembles.a]
n_neurons = 40
dimensions = 1
neuron_type = { type = "logistic", top = 300.0 }
max_rates = { type = "uniform", low = 100.0, high = 250.0 }

[ensembles.b]
n_neurons = 40
dimensions = 1
intercepts = { type = "laplace", scale = 0.2 }

[nodes.point]
constant = [3.0, 0.0]

[nodes.turned]
passthrough = 2

[[connections]]
pre = "point"
post = "turned"
synapse = false
transform = { type = "rotation", angle = 1.0 }

[[connections]]
pre = "input"
post = "a"

[[connections]]
name = "learned"
pre = "a"
post = "b"
rule = "mpes"
devices = { device = { type = "staircase", steps = 500.0 }, gain = 0.01 }

[[connections]]
pre = "b"
post = "learned.rule"

[[connections]]
pre = "input"
post = "learned.rule"
transform = -1.0

[probes.turned]
target = "turned"
sample_every = 0.05

[probes.weights]
target = "learned.weights"
sample_every = 0.05
"#;

#[test]
fn elements_of_ones_own_are_listed_run_and_in_the_schema() {
    assert!(said(&["list", "neurons"]).contains("logistic"), "not listed");
    let page = said(&["list", "neurons", "logistic"]);
    assert!(page.contains("logistic") && page.contains("top   400"), "{page}");
    let page = said(&["list", "devices", "staircase"]);
    assert!(page.contains("level") && page.contains("present conductance"), "{page}");
    let page = said(&["list", "distributions", "laplace"]);
    assert!(page.contains("fixed when a model is built") && page.contains("required"), "{page}");
    assert!(said(&["list", "transforms"]).contains("rotation"), "not listed");
    let count = format!(" {} ", bouton::elements::devices::Device::names().len() + 1);
    let all = said(&["list"]);
    assert!(all.lines().any(|l| l.contains("devices") && l.contains(&count)), "not one more: {all}");
    let schema = said(&["schema"]);
    assert!(schema.contains("\"logistic\"") && schema.contains("\"staircase\""), "not in the schema");
    let reference = said(&["reference"]);
    for name in ["staircase", "laplace", "rotation"] {
        assert!(schema.contains(&format!("\"{name}\"")), "{name} is not in the schema");
        assert!(reference.contains(&format!("### `{name}`")), "{name} is not in the reference");
    }

    let folder = std::env::temp_dir().join(format!("bouton-own-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let (file, out) = (folder.join("own.toml"), folder.join("out"));
    std::fs::write(&file, MODEL).unwrap();
    let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
    said(&["run", file, "--time", "0.2", "--quiet", "--out", out]);
    let r = bouton::io::recording::read_recording(out).unwrap();
    let of = |name: &str| &r.series.iter().find(|s| s.name == name).unwrap().values;
    let turned = &of("turned")[..2];
    assert!(
        (turned[0] - 3.0 * 1f64.cos()).abs() < 1e-9 && (turned[1] - 3.0 * 1f64.sin()).abs() < 1e-9,
        "{turned:?}"
    );
    let weights = of("weights");
    let (first, last) = (&weights[..40], &weights[weights.len() - 40..]);
    assert!(first != last && last.iter().all(|w| w.is_finite()), "the devices took no pulses");

    // Mistakes are found as with shipped ones, and the program without them says what it doesn't know.
    let bad = run(&["run", file, "--set", "ensembles.a.neuron_type.top=-1"]);
    let text = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert!(!bad.status.success() && text.contains("top"), "{text}");
    let plain = Command::new(env!("CARGO_BIN_EXE_bouton")).args(["run", file]).output().unwrap();
    let text = String::from_utf8_lossy(&plain.stderr).into_owned();
    assert!(!plain.status.success() && text.contains("logistic"), "{text}");
    std::fs::remove_dir_all(&folder).unwrap();
}
