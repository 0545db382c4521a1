//! Runs that are stopped, killed, resumed and replayed, as a user does it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bouton::io::recording::{Recording, read_recording};

fn bouton(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bouton")).args(args).env("NO_COLOR", "1").output().unwrap()
}

fn ok(args: &[&str]) -> String {
    let o = bouton(args);
    assert!(o.status.success(), "{args:?}: {}", text(&o.stderr));
    text(&o.stdout)
}

fn refused(args: &[&str]) -> String {
    let o = bouton(args);
    assert!(!o.status.success(), "{args:?}");
    text(&o.stderr)
}

fn text(o: &[u8]) -> String {
    String::from_utf8_lossy(o).into_owned()
}

/// A folder of one test, removed when it goes out of scope.
struct Folder(PathBuf);

impl Folder {
    fn new(stem: &str) -> Folder {
        let base = std::env::temp_dir().join(format!("bouton-resume-{}", std::process::id()));
        Folder(bouton::io::fresh_folder(&base, stem).unwrap())
    }
    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A model with a table, noise, learning, commands, spikes, and a matrix that is recorded now and then.
const MODEL: &str = r#"
format = 1
seed = 4
time = 0.6

[nodes.stim]
table = { file = "in.csv", column = 0, rate = 100.0, past_end = "loop" }
[nodes.noise]
process = { type = "white_noise", std = 0.05 }
[nodes.error]
passthrough = 1
[ensembles.a]
n_neurons = 30
[ensembles.b]
n_neurons = 20
[[connections]]
pre = "stim"
post = "a"
[[connections]]
pre = "noise"
post = "a"
synapse = { type = "alpha", tau = 0.01 }
[[connections]]
name = "c"
pre = "a"
post = "b"
function = "0*x"
rule = { type = "pes", learning_rate = 1e-3 }
[[connections]]
pre = "b"
post = "error"
[[connections]]
pre = "stim"
post = "error"
transform = -1
[[connections]]
pre = "error"
post = "c.rule"
[probes.out]
target = "b"
synapse = 0.01
[probes.spikes]
target = "a.neurons"
[probes.weights]
target = "c.weights"
sample_every = 0.05
[[commands]]
at = 0.2
freeze = "c"
[[commands]]
at = 0.25
thaw = "c"
[[commands]]
every = 0.1
set = "a.bias"
element = [3, 0]
to = 1.5
"#;

fn model(f: &Folder) -> String {
    let rows: Vec<String> = (0..50).map(|k| format!("{}", (f64::from(k) * 0.3).sin())).collect();
    std::fs::write(f.path("in.csv"), format!("x\n{}\n", rows.join("\n"))).unwrap();
    let path = f.path("model.toml");
    std::fs::write(&path, MODEL).unwrap();
    path
}

/// What has to be the same: all but the words about the run.
fn data(path: &str) -> Recording {
    let mut r = read_recording(path).unwrap();
    r.meta.clear();
    r
}

/// Texts as well.
fn same(a: &str, b: &str) {
    assert!(data(a) == data(b), "{a} and {b} differ");
    for name in ["out.csv", "spikes.csv", "weights.csv", "log.jsonl"] {
        let read = |p: &str| std::fs::read(Path::new(p).join(name)).unwrap();
        assert!(read(a) == read(b), "{name} of {a} and {b} differs");
    }
}

fn copy(from: &str, to: &str) {
    std::fs::create_dir_all(to).unwrap();
    for e in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = Path::new(to).join(e.file_name());
        if e.path().is_dir() {
            copy(e.path().to_str().unwrap(), target.to_str().unwrap());
        } else {
            std::fs::copy(e.path(), target).unwrap();
        }
    }
}

#[test]
fn a_longer_run_has_the_bits_of_one_that_was_long_from_the_start() {
    let f = Folder::new("longer");
    let (m, whole, short) = (model(&f), f.path("whole"), f.path("short"));
    ok(&["run", &m, "--quiet", "--out", &whole]);
    for (time, every) in [("0.2", "0.05"), ("0.331", "0.1"), ("0.004", "1")] {
        ok(&[
            "run",
            &m,
            "--quiet",
            "--time",
            time,
            "--checkpoint-every",
            every,
            "--out",
            &short,
            "--overwrite",
        ]);
        let e = refused(&["resume", &short, "--quiet"]);
        assert!(e.contains("is finished") && e.contains("--time"), "{e}");
        ok(&["resume", &short, "--quiet", "--time", "0.4", "--threads", "2"]);
        ok(&["resume", &short, "--quiet", "--time", "0.6"]);
        same(&whole, &short);
        assert!(!Path::new(&short).join("parts").exists());
    }
    let e = refused(&["resume", &short, "--time", "0.6"]);
    assert!(e.contains("is finished"), "{e}");
    let o = ok(&["replay", &short, "--quiet"]);
    assert!(o.contains("600 steps") && o.contains("8 writes"), "{o}");
}

#[test]
fn a_killed_run_is_resumed() {
    let f = Folder::new("killed");
    let (m, whole) = (model(&f), f.path("whole"));
    let args = ["run", &m, "--quiet", "--time", "3", "--checkpoint-every", "0.3"];
    ok(&[&args[..], &["--out", &whole]].concat());
    let mut cut = 0;
    for k in 0..6 {
        let out = f.path(&format!("k{k}"));
        let mut run = Command::new(env!("CARGO_BIN_EXE_bouton"))
            .args(args)
            .args(["--out", &out])
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Killed once the first checkpoint is there, at different times behind it, or before it, when the manifest says
        // what the run is of.
        for _ in 0..20000 {
            let manifest = std::fs::read_to_string(Path::new(&out).join("manifest.json")).unwrap_or_default();
            if manifest.contains("model_text") && (k == 0 || Path::new(&out).join("checkpoint.npz").exists())
            {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        std::thread::sleep(std::time::Duration::from_millis(7 * k + 3));
        run.kill().unwrap();
        run.wait().unwrap();
        if !Path::new(&out).join("recording.npz").exists() {
            cut += 1;
            ok(&["resume", &out, "--quiet"]);
        }
        same(&whole, &out);
        ok(&["replay", &out, "--quiet"]);
    }
    assert!(cut > 0, "no run was killed before its end");
}

#[test]
fn what_differs_in_a_replay_is_named() {
    let f = Folder::new("replay");
    let (m, out, bad) = (model(&f), f.path("out"), f.path("bad"));
    ok(&["run", &m, "--quiet", "--time", "0.3", "--out", &out]);
    ok(&["replay", &out, "--quiet"]);
    // Another write in the log.
    copy(&out, &bad);
    let log = Path::new(&bad).join("log.jsonl");
    let lines = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, lines.replace("\"step\":200", "\"step\":150")).unwrap();
    let e = refused(&["replay", &bad, "--quiet"]);
    assert!(e.contains("differs in step") || e.contains("out of order"), "{e}");
    std::fs::write(&log, "{}\n").unwrap();
    let e = refused(&["replay", &bad, "--quiet"]);
    assert!(e.contains("log.jsonl") && e.contains("line 1"), "{e}");
    // Another model.
    std::fs::write(&log, &lines).unwrap();
    let manifest = Path::new(&bad).join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("learning_rate = 1e-3", "learning_rate = 2e-3")).unwrap();
    let e = refused(&["replay", &bad, "--quiet"]);
    assert!(e.contains("differs in step") && (e.contains("out") || e.contains("weights")), "{e}");
}

#[test]
fn what_can_not_go_on_is_an_error_with_a_name() {
    let f = Folder::new("errors");
    let (m, out) = (model(&f), f.path("out"));
    let e = refused(&["resume", &f.path("none")]);
    assert!(e.contains("none") && e.contains("manifest.json"), "{e}");
    let e = refused(&["run", &m, "--checkpoint-every", "0", "--out", &out]);
    assert!(e.contains("--checkpoint-every"), "{e}");
    ok(&["run", &m, "--quiet", "--time", "0.3", "--checkpoint-every", "0.1", "--out", &out]);
    let e = refused(&["run", &m, "--out", &out]);
    assert!(e.contains("--overwrite"), "{e}");
    let checkpoint = Path::new(&out).join("checkpoint.npz");
    let bytes = std::fs::read(&checkpoint).unwrap();
    std::fs::write(&checkpoint, &bytes[..bytes.len() / 2]).unwrap();
    let e = refused(&["resume", &out, "--time", "0.4"]);
    assert!(e.contains("checkpoint.npz"), "{e}");
    let wrong = m.replace("model.toml", "wrong.toml");
    std::fs::write(&wrong, MODEL.replace("\"a.bias\"", "\"a.bios\"")).unwrap();
    let e = refused(&["run", &wrong, "--out", &f.path("wrong")]);
    assert!(e.contains("line ") && e.contains("did you mean `a.bias`"), "{e}");
    assert!(!Path::new(&f.path("wrong")).exists());
}
