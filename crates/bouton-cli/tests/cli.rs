//! The `bouton` program as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn bouton(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bouton")).args(args).env("NO_COLOR", "1").output().unwrap()
}

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

/// A folder that no other test uses, and that does not exist yet.
fn fresh(name: &str) -> String {
    let folder = std::env::temp_dir().join(format!("bouton-cli-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder.display().to_string()
}

fn text(o: &[u8]) -> String {
    String::from_utf8_lossy(o).into_owned()
}

#[test]
fn every_shipped_model_runs_the_same_bits_with_one_and_two_threads() {
    let mut count = 0;
    for entry in std::fs::read_dir(models()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        count += 1;
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let run = |threads: &str| {
            let out = fresh(&format!("{stem}-{threads}"));
            let o = bouton(&[
                "run",
                path.to_str().unwrap(),
                "--time",
                "0.3",
                "--threads",
                threads,
                "--out",
                &out,
            ]);
            assert!(o.status.success(), "{stem}: {}", text(&o.stderr));
            let r = bouton::io::recording::read_recording(&out).unwrap();
            std::fs::remove_dir_all(&out).unwrap();
            assert!(text(&o.stdout).contains("probe"), "no summary on stdout");
            (
                r.series.iter().map(|s| s.values.clone()).collect::<Vec<_>>(),
                r.events.iter().map(|e| e.neuron.clone()).collect::<Vec<_>>(),
            )
        };
        let one = run("1");
        assert!(one.0.iter().flatten().any(|v| *v != 0.0), "{stem} is silent");
        assert!(one == run("2"), "{stem}: the number of threads shows");
    }
    assert!(count >= 3);
}

#[test]
fn a_recording_is_not_overwritten_unless_asked() {
    let model = models().join("integrator.toml");
    let (model, out) = (model.to_str().unwrap(), fresh("overwrite"));
    let args = ["run", model, "--time", "0.05", "--quiet", "--out", &out];
    assert!(bouton(&args).status.success());
    let again = bouton(&args);
    assert!(!again.status.success());
    assert!(text(&again.stderr).contains("--overwrite"), "{}", text(&again.stderr));
    let forced = [&args[..], &["--overwrite", "--time", "0.02"]].concat();
    let forced: Vec<&str> =
        forced.iter().enumerate().filter(|(k, _)| *k != 2 && *k != 3).map(|(_, a)| *a).collect();
    let o = bouton(&forced);
    assert!(o.status.success(), "{}", text(&o.stderr));
    let r = bouton::io::recording::read_recording(&out).unwrap();
    assert_eq!(r.series("value").unwrap().rows, 20);
    std::fs::remove_dir_all(&out).unwrap();
}

#[test]
fn parameters_are_set_from_the_command_line() {
    let model = models().join("integrator.toml");
    let (model, out) = (model.to_str().unwrap(), fresh("set"));
    let o = bouton(&[
        "run",
        model,
        "--time",
        "0.02",
        "--out",
        &out,
        "--set",
        "ensembles.memory.n_neurons=30",
        "--seed",
        "7",
        "--dt",
        "0.002",
    ]);
    assert!(o.status.success(), "{}", text(&o.stderr));
    let r = bouton::io::recording::read_recording(&out).unwrap();
    assert_eq!(r.events("spikes").unwrap().n_neurons, 30);
    assert_eq!(r.series("value").unwrap().rows, 10);
    assert_eq!(r.meta["seed"], 7);
    std::fs::remove_dir_all(&out).unwrap();
    let o = bouton(&["run", model, "--set", "ensembles.memory.n_neuron=30"]);
    let e = text(&o.stderr);
    assert!(!o.status.success() && e.contains("n_neurons"), "{e}");
}

#[test]
fn interrupted_runs_keep_what_they_have() {
    let model = models().join("integrator.toml");
    let out = fresh("interrupt");
    let mut child = Command::new(env!("CARGO_BIN_EXE_bouton"))
        .args(["run", model.to_str().unwrap(), "--time", "100000", "--out", &out])
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let started = std::time::Instant::now();
    while !Path::new(&out).join("value.csv").exists() && started.elapsed().as_secs() < 30 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success(), "an interrupted run is no failure");
    let r = bouton::io::recording::read_recording(&out).unwrap();
    let value = r.series("value").unwrap();
    assert!(value.rows > 100, "{} rows", value.rows);
    assert!((value.times[value.rows - 1] - value.rows as f64 * 0.001).abs() < 1e-9, "a step is missing");
    std::fs::remove_dir_all(&out).unwrap();
}

#[test]
fn explain_and_schema_print_to_stdout() {
    let model = models().join("integrator.toml");
    let o = text(&bouton(&["explain", model.to_str().unwrap()]).stdout);
    assert!(
        o.contains("encode lif")
            && o.contains("fuse_populations")
            && o.contains("memory")
            && o.contains("kernels over"),
        "{o}"
    );
    let s: serde_json::Value = serde_json::from_slice(&bouton(&["schema"]).stdout).unwrap();
    assert!(s.to_string().contains("tau_rc"));
}
