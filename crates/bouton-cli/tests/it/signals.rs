//! Signals at a run: a recording is never lost to one, and none goes without a word. `scripts/signals.py` does the same at
//! random, many times.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs for hours, and is stopped.
const LONG: &str = "format = 1\ntime = 1e5\n[nodes.stim]\nexpression = \"sin(t)\"\n[ensembles.a]\nn_neurons = 20\n\
     [[connections]]\npre = \"stim\"\npost = \"a\"\n[probes.value]\ntarget = \"a\"\n\
     [probes.spikes]\ntarget = \"a.neurons\"\n";

/// Is built for seconds.
const BUILT: &str =
    "format = 1\n[ensembles.a]\nn_neurons = 4000\n[[connections]]\npre = \"a\"\npost = \"a\"\n";

struct Run {
    folder: tempfile::TempDir,
    child: Child,
}

impl Run {
    /// Starts a run with signals as `env` sets them: the test itself may have been started with some ignored.
    fn start(model: &str, env: &[&str], before: &[&str]) -> Run {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.toml");
        std::fs::write(&path, model).unwrap();
        let child = Command::new("env")
            .args(["--default-signal=INT", "--default-signal=TERM", "--default-signal=HUP"])
            .args(env)
            .args(before)
            .arg(env!("CARGO_BIN_EXE_bouton"))
            .args(["run", path.to_str().unwrap(), "--out"])
            .arg(folder.path().join("out"))
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Run { folder, child }
    }
    fn wait_for(&self, name: &str) {
        let path = self.folder.path().join("out").join(name);
        let start = Instant::now();
        // Of a table, some lines of samples.
        let enough = if name.ends_with(".csv") { 1000 } else { 0 };
        while path.metadata().map_or(true, |m| m.len() < enough) {
            assert!(start.elapsed() < Duration::from_secs(60), "there is no {name}");
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
    /// Code and words of the end.
    fn end(self) -> (Option<i32>, String, tempfile::TempDir) {
        let o = self.child.wait_with_output().unwrap();
        (o.status.code(), String::from_utf8_lossy(&o.stderr).into_owned(), self.folder)
    }
}

/// That a recording was brought to its end: all probes go to the same step.
#[track_caller]
fn whole(folder: &Path) {
    let out = folder.join("out");
    let about = bouton::io::recording::about_recording(&out).unwrap();
    assert_eq!((about.complete, &about.meta["status"]), (true, &"stopped".into()));
    let r = bouton::io::recording::read_recording(&out).unwrap();
    let steps = about.meta["simulated_steps"].as_u64().unwrap();
    assert!(steps > 0);
    assert_eq!(r.series("value").unwrap().rows as u64, steps);
    let last = *r.events("spikes").unwrap().steps.last().unwrap();
    assert!(last <= steps && last + 200 > steps, "the last spike is in step {last} of {steps}");
    let left: Vec<String> =
        std::fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!left.iter().any(|n| n == "bouton.lock" || n == "parts"), "{left:?}");
}

#[test]
fn every_signal_ends_a_run_with_its_recording_and_a_code_of_its_own() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        // Sent twice, as `timeout` and schedulers do: the second one within a moment changes nothing.
        for gap in [None, Some(0), Some(2), Some(50)] {
            let run = Run::start(LONG, &[], &[]);
            run.wait_for("value.csv");
            let start = Instant::now();
            run.signal(name);
            if let Some(ms) = gap {
                std::thread::sleep(Duration::from_millis(ms));
                run.signal(name);
            }
            let (found, words, folder) = run.end();
            assert!(start.elapsed() < Duration::from_secs(5), "{name}: {:?}", start.elapsed());
            assert_eq!(found, Some(code), "{words}");
            assert!(words.contains("stopped at t = "), "{words}");
            whole(folder.path());
        }
    }
}

#[test]
fn timeout_loses_no_recording() {
    let run = Run::start(LONG, &[], &["timeout", "3"]);
    let (code, words, folder) = run.end();
    assert_eq!(code, Some(124), "{words}");
    whole(folder.path());
}

#[test]
fn a_signal_is_heard_while_a_model_is_built() {
    let mut shortest = Duration::MAX;
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let run = Run::start(BUILT, &[], &[]);
        run.wait_for("bouton.lock");
        let start = Instant::now();
        run.signal(name);
        let (found, words, folder) = run.end();
        shortest = shortest.min(start.elapsed());
        assert_eq!(found, Some(code), "{words}");
        assert!(words.contains("before anything was recorded"), "{words}");
        assert!(!folder.path().join("out").exists(), "something is left behind");
    }
    // The best of three: a busy machine may hold up any one of them. The build itself takes minutes.
    assert!(shortest < Duration::from_millis(500), "{shortest:?}");
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let run = Run::start(LONG, &["--ignore-signal=HUP"], &[]);
    run.wait_for("value.csv");
    run.signal("HUP");
    std::thread::sleep(Duration::from_millis(500));
    run.signal("TERM");
    let (code, words, folder) = run.end();
    assert_eq!(code, Some(143), "{words}");
    whole(folder.path());
}

#[test]
fn what_is_certain_is_told_while_a_long_run_goes_on() {
    // Ten times the radius, from the first moment on.
    let run = Run::start(&LONG.replace("sin(t)", "10"), &[], &[]);
    let (mut child, folder) = (run.child, run.folder);
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    let note = "note: `a` is given up to 10 times its radius";
    assert!(lines.by_ref().any(|l| l.unwrap().starts_with(note)), "it ended, and nothing was told");
    assert!(child.try_wait().unwrap().is_none(), "it was told at the end");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(
        lines.filter(|l| l.as_ref().unwrap().starts_with(note)).count(),
        1,
        "and once more at the end"
    );
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(folder);
}
