//! What comes from outside is never a panic: streams that are closed, full or gone, limits of the process.

use std::path::Path;
use std::process::{Command, Output};

const MODEL: &str = "format = 1\ntime = 0.2\n[nodes.stim]\nexpression = \"sin(9*t)\"\n[ensembles.a]\nn_neurons = 30\n\
     [[connections]]\nname = \"c\"\npre = \"stim\"\npost = \"a\"\n[probes.value]\ntarget = \"a\"\n\
     [probes.spikes]\ntarget = \"a.neurons\"\n";

/// A shell's line in a fresh folder, with `$B` for the program and `$M` for a model.
fn sh(line: &str) -> (Output, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.toml"), MODEL).unwrap();
    let o = Command::new("bash")
        .args(["-c", line])
        .env("B", env!("CARGO_BIN_EXE_bouton"))
        .env("M", "m.toml")
        .env("NO_COLOR", "1")
        .env_remove("RUST_BACKTRACE")
        .current_dir(folder.path())
        .output()
        .unwrap();
    (o, folder)
}

fn words(o: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr))
}

#[track_caller]
fn rows(folder: &Path) -> usize {
    let r = bouton::io::recording::read_recording(folder).unwrap();
    r.series("value").unwrap().rows
}

#[test]
fn a_run_ends_well_whoever_listens() {
    // (where the streams go, the code of the end): a table that can't be written is an error, a note or a reader that went
    // away is none.
    for (streams, code) in [
        ("2>&-", 0),
        ("2>/dev/full", 0),
        (">&-", 0),
        (">&- 2>&-", 0),
        (">/dev/full", 1),
        (">/dev/full 2>/dev/full", 1),
        ("| head -c 1; exit ${PIPESTATUS[0]}", 0),
        ("2>&1 | true; exit ${PIPESTATUS[0]}", 0),
        ("</dev/null", 0),
    ] {
        let (o, folder) = sh(&format!("\"$B\" run $M --out out {streams}"));
        let text = words(&o);
        assert_eq!(o.status.code(), Some(code), "{streams}: {text}");
        assert!(!text.contains("panicked"), "{streams}: {text}");
        assert_eq!(rows(&folder.path().join("out")), 200, "{streams}");
    }
}

#[test]
fn pages_and_plans_end_well_whoever_listens() {
    for what in
        ["list", "list neurons lif", "schema", "reference", "explain $M", "--help", "run --help", "run"]
    {
        for streams in
            ["| head -c 10", "| true", ">&-", "2>&-", ">/dev/full", "2>/dev/full", ">/dev/full 2>&1"]
        {
            let (o, _folder) = sh(&format!("\"$B\" {what} {streams}"));
            assert!(!words(&o).contains("panicked"), "{what} {streams}: {}", words(&o));
            assert!(matches!(o.status.code(), Some(0..=2)), "{what} {streams}: {:?}", o.status);
        }
    }
}

#[test]
fn a_limit_of_file_sizes_is_an_error_and_keeps_what_was_recorded() {
    // 60 blocks of 1024 bytes: the table of values is longer after a while.
    let (o, folder) = sh("ulimit -f 60; \"$B\" run $M --time 100 --out out");
    let text = words(&o);
    assert_eq!(o.status.code(), Some(1), "{text}");
    assert!(text.contains("out/") && text.contains("bouton recover") && !text.contains("panicked"), "{text}");
    let out = folder.path().join("out");
    assert!(bouton::io::recording::read_recording(&out).unwrap().series("value").unwrap().rows > 100);
    let (o, _) = sh(&format!("\"$B\" recover {}", out.display()));
    assert_eq!(o.status.code(), Some(0), "{}", words(&o));
    assert!(rows(&out) > 100);
    // So small that nothing can begin.
    for blocks in [0, 1, 2, 4] {
        let (o, _folder) = sh(&format!("ulimit -f {blocks}; \"$B\" run $M --out out"));
        let text = words(&o);
        assert!(o.status.code() == Some(1) && !text.contains("panicked"), "{blocks}: {:?} {text}", o.status);
    }
}
