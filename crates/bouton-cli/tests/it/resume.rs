//! Runs that are stopped, killed, resumed and replayed, as a user does it.

use std::path::Path;
use std::process::{Command, Output};

use bouton::io::recording::{Recording, read_recording};
use tempfile::TempDir;

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

/// The path of something in a folder, as an argument.
fn at(f: &TempDir, name: &str) -> String {
    f.path().join(name).display().to_string()
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

fn model(f: &TempDir) -> String {
    let rows: Vec<String> = (0..50).map(|k| format!("{}", (f64::from(k) * 0.3).sin())).collect();
    std::fs::write(at(f, "in.csv"), format!("x\n{}\n", rows.join("\n"))).unwrap();
    let path = at(f, "model.toml");
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
    let f = tempfile::tempdir().unwrap();
    let (m, whole, short) = (model(&f), at(&f, "whole"), at(&f, "short"));
    let table = ok(&["run", &m, "--out", &whole]);
    assert!(table.contains("weights") && table.contains("600"), "{table}");
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
        let of_all = ok(&["resume", &short, "--time", "0.6"]);
        assert_eq!(of_all, table, "the table is of the whole run");
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
    let f = tempfile::tempdir().unwrap();
    let (m, whole) = (model(&f), at(&f, "whole"));
    let args = ["run", &m, "--time", "3", "--checkpoint-every", "0.3"];
    let table = ok(&[&args[..], &["--out", &whole]].concat());
    let mut cut = 0;
    for k in 0..6 {
        let out = at(&f, &format!("k{k}"));
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
            assert_eq!(ok(&["resume", &out]), table);
        }
        same(&whole, &out);
        ok(&["replay", &out, "--quiet"]);
    }
    assert!(cut > 0, "no run was killed before its end");
}

#[test]
fn what_differs_in_a_replay_is_named() {
    let f = tempfile::tempdir().unwrap();
    let (m, out, bad) = (model(&f), at(&f, "out"), at(&f, "bad"));
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
    let f = tempfile::tempdir().unwrap();
    let (m, out) = (model(&f), at(&f, "out"));
    let e = refused(&["resume", &at(&f, "none")]);
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
    let e = refused(&["run", &wrong, "--out", &at(&f, "wrong")]);
    assert!(e.contains("line ") && e.contains("did you mean `a.bias`"), "{e}");
    assert!(!Path::new(&at(&f, "wrong")).exists());
}

#[test]
fn a_table_that_was_changed_is_refused() {
    let f = tempfile::tempdir().unwrap();
    let (m, out, csv) = (model(&f), at(&f, "out"), at(&f, "in.csv"));
    ok(&["run", &m, "--quiet", "--time", "0.2", "--checkpoint-every", "0.1", "--out", &out]);
    let before = std::fs::read_to_string(&csv).unwrap();
    let resume = ["resume", &out, "--quiet", "--time", "0.3"];
    let replay = ["replay", &out, "--quiet"];
    let both = |words: &[&str]| {
        for args in [&resume[..], &replay] {
            let e = refused(args);
            assert!(words.iter().all(|w| e.contains(w)), "{args:?}: {e}");
        }
    };
    let length = format!("{} bytes", before.len());
    // A digit, a line, and all of it.
    std::fs::write(&csv, before.replacen('9', "8", 1)).unwrap();
    both(&["in.csv", "was changed", &length, "SHA-256", "put the file of the run back"]);
    std::fs::write(&csv, format!("{before}1.0\n")).unwrap();
    both(&["in.csv", "was changed", &length, &format!("found {} bytes", before.len() + 4)]);
    std::fs::write(&csv, "").unwrap();
    both(&["in.csv", "was changed", "found 0 bytes"]);
    std::fs::remove_file(&csv).unwrap();
    both(&["in.csv", "was made with this file", "put the file of the run back"]);
    std::fs::write(&csv, before).unwrap();
    ok(&resume);
    ok(&replay);
}

#[test]
fn a_run_that_was_killed_at_its_very_beginning_begins_again() {
    let f = tempfile::tempdir().unwrap();
    let (m, whole) = (model(&f), at(&f, "whole"));
    let table = ok(&["run", &m, "--out", &whole]);
    let manifest = std::fs::read_to_string(Path::new(&whole).join("manifest.json")).unwrap();
    let mut begun: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    begun["complete"] = false.into();
    begun["opening"] = "parts".into();
    (begun["series"], begun["events"]) = (serde_json::json!([]), serde_json::json!([]));
    for (k, made) in [false, true].into_iter().enumerate() {
        let out = at(&f, &format!("begun{k}"));
        let begin = || {
            let _ = std::fs::remove_dir_all(&out);
            std::fs::create_dir_all(&out).unwrap();
            std::fs::write(Path::new(&out).join("manifest.json"), begun.to_string()).unwrap();
            if made {
                std::fs::create_dir(Path::new(&out).join("parts")).unwrap();
            }
        };
        begin();
        assert_eq!(ok(&["resume", &out]), table);
        same(&whole, &out);
        begin();
        ok(&["run", &m, "--quiet", "--out", &out, "--overwrite"]);
        same(&whole, &out);
    }
}

#[test]
fn a_replay_holds_a_piece_of_the_recording_however_long_it_is() {
    let f = tempfile::tempdir().unwrap();
    let m = model(&f);
    let held = |time: &str| {
        let out = at(&f, time);
        ok(&["run", &m, "--quiet", "--no-csv", "--time", time, "--out", &out]);
        let stop = bouton_cli::signals::Stop::new();
        let r = bouton_cli::resume::replay(Path::new(&out), true, &stop).unwrap();
        let size = std::fs::metadata(Path::new(&out).join("recording.npz")).unwrap().len();
        (r.held as u64, size)
    };
    let ((short, _), (long, size)) = (held("1"), held("8"));
    // A piece ends at a command, after 100 steps: a number and a time each at least, at most spikes of 30 neurons.
    assert!(short >= 100 * 16 && long <= 100 * 30 * 12 && long < short * 3 / 2, "{short}, {long}");
    assert!(size > 20 * long, "{long} of {size} bytes");
}

#[test]
fn a_log_of_many_writes_is_in_its_file_alone() {
    let f = tempfile::tempdir().unwrap();
    let (m, whole, out) = (model(&f), at(&f, "whole"), at(&f, "out"));
    std::fs::write(&m, MODEL.replace("every = 0.1", "every = 0.001")).unwrap();
    ok(&["run", &m, "--quiet", "--out", &whole]);
    let run = |time: &str| {
        let args = ["run", &m, "--quiet", "--checkpoint-every", "0.05", "--overwrite"];
        ok(&[&args[..], &["--time", time, "--out", &out]].concat());
        std::fs::metadata(Path::new(&out).join("checkpoint.npz")).unwrap().len()
    };
    // The checkpoint is no longer for 500 writes than for 100, but for the digits of a number or two.
    assert!(run("0.5") <= run("0.1") + 16);
    let log = Path::new(&out).join("log.jsonl");
    let lines = std::fs::read_to_string(&log).unwrap();
    assert!(lines.lines().count() > 95, "{}", lines.lines().count());
    // What a killed run wrote behind its checkpoint is cut off, half a line as well.
    std::fs::write(&log, format!("{lines}{}\n{{\"numb", lines.lines().last().unwrap())).unwrap();
    ok(&["resume", &out, "--quiet", "--time", "0.6"]);
    same(&whole, &out);
    let o = ok(&["replay", &out, "--quiet"]);
    assert!(o.contains("602 writes"), "{o}");
    // A log that has lost entries is not gone on with.
    run("0.1");
    let short = lines.split_inclusive('\n').take(50).collect::<String>();
    std::fs::write(&log, short).unwrap();
    let e = refused(&["resume", &out, "--time", "0.6"]);
    assert!(e.contains("log.jsonl") && e.contains("has 50 entries"), "{e}");
}
