//! One folder, one run; what is left in it says what it is.

use std::path::Path;
use std::process::{Command, Output};

use bouton::io::recording::{about_recording, read_recording};

const MODEL: &str = "format = 1\nseed = 3\ntime = 0.2\n[nodes.stim]\nexpression = \"sin(9*t)\"\n\
     [ensembles.manifest]\nn_neurons = 30\n\
     [[connections]]\nname = \"c\"\npre = \"stim\"\npost = \"manifest\"\n\
     transform = [[0.9]]\n[probes.manifest]\ntarget = \"manifest\"\n[probes.spikes]\ntarget = \"manifest.neurons\"\n\
     [probes.slow]\ntarget = \"stim\"\nsample_every = 0.013\n[probes.w]\ntarget = \"c.weights\"\nsample_every = 0.05\n";

fn bouton(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bouton")).args(args).env("NO_COLOR", "1").output().unwrap()
}

fn stderr(o: &Output) -> String {
    String::from_utf8_lossy(&o.stderr).into_owned()
}

fn wait_until(done: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !done() {
        assert!(start.elapsed().as_secs() < 60, "it doesn't begin");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

fn at(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

fn model(folder: &tempfile::TempDir, text: &str) -> String {
    std::fs::write(folder.path().join("m.toml"), text).unwrap();
    at(folder, "m.toml")
}

#[test]
fn a_folder_that_is_written_to_is_left_alone() {
    let f = tempfile::tempdir().unwrap();
    let (m, out) = (model(&f, MODEL), at(&f, "out"));
    let mut long = Command::new(env!("CARGO_BIN_EXE_bouton"))
        .args(["run", &m, "--time", "1e5", "--quiet", "--no-csv", "--out", &out])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait_until(|| Path::new(&out).join("log.jsonl").exists());
    for args in [
        &["run", &m, "--out", &out, "--overwrite"][..],
        &["run", &m, "--out", &out],
        &["resume", &out],
        &["recover", &out],
    ] {
        let o = bouton(args);
        let e = stderr(&o);
        assert_eq!(o.status.code(), Some(1), "{args:?}: {e}");
        assert!(e.contains("another run") || e.contains("--overwrite"), "{args:?}: {e}");
    }
    assert!(bouton::io::recording::remove_recording(Path::new(&out)).is_err());
    // A kill frees the folder, whatever it leaves.
    long.kill().unwrap();
    long.wait().unwrap();
    let about = about_recording(&out).unwrap();
    assert_eq!((about.complete, &about.meta["status"]), (false, &"running".into()));
    assert_eq!(bouton(&["run", &m, "--quiet", "--out", &out, "--overwrite"]).status.code(), Some(0));
    assert_eq!(read_recording(&out).unwrap().series("manifest").unwrap().rows, 200);
    assert!(!Path::new(&out).join("bouton.lock").exists());
}

#[test]
fn a_folder_is_looked_at_before_a_model_is_built() {
    let f = tempfile::tempdir().unwrap();
    // It would be built for minutes.
    let big = "format = 1\n[ensembles.a]\nn_neurons = 9000\n[[connections]]\npre = \"a\"\npost = \"a\"\n";
    let (m, out) = (model(&f, big), at(&f, "out"));
    std::fs::create_dir(&out).unwrap();
    std::fs::write(Path::new(&out).join("manifest.json"), "{}").unwrap();
    let start = std::time::Instant::now();
    let o = bouton(&["run", &m, "--out", &out]);
    assert!(o.status.code() == Some(1) && stderr(&o).contains("--overwrite"), "{}", stderr(&o));
    let o = bouton(&["run", &m, "--out", "/proc/none"]);
    assert!(o.status.code() == Some(1) && stderr(&o).contains("/proc/none"), "{}", stderr(&o));
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    // A model that can't be built leaves no folder, and an old recording as it was.
    let wrong = model(&f, &MODEL.replace("n_neurons = 30", "n_neurons = 30\nmax_rates = 600.0"));
    let o = bouton(&["run", &wrong, "--out", &at(&f, "new")]);
    assert!(o.status.code() == Some(1) && !f.path().join("new").exists(), "{}", stderr(&o));
    let good = model(&f, MODEL);
    let kept = at(&f, "kept");
    assert!(bouton(&["run", &good, "--quiet", "--out", &kept]).status.success());
    let wrong = model(&f, &MODEL.replace("n_neurons = 30", "n_neurons = 30\nmax_rates = 600.0"));
    assert_eq!(bouton(&["run", &wrong, "--overwrite", "--out", &kept]).status.code(), Some(1));
    assert_eq!(read_recording(&kept).unwrap().series("manifest").unwrap().rows, 200);
}

/// A recording as a kill leaves it after some blocks of which the last reached only some of the probes.
fn cut_off(f: &tempfile::TempDir, m: &str) -> String {
    let out = at(f, "cut");
    let mut long = Command::new(env!("CARGO_BIN_EXE_bouton"))
        .args(["run", m, "--time", "1e5", "--quiet", "--out", &out])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let table = Path::new(&out).join("manifest.csv");
    wait_until(|| table.metadata().is_ok_and(|m| m.len() > 20_000));
    long.kill().unwrap();
    long.wait().unwrap();
    out
}

#[test]
fn a_run_that_was_cut_off_is_recovered_to_its_last_complete_block() {
    let f = tempfile::tempdir().unwrap();
    let m = model(&f, MODEL);
    let out = cut_off(&f, &m);
    let path = Path::new(&out);
    // A block that only the first probe has got, as a kill in the middle of one leaves it, and half a line of a table.
    let part = path.join("parts/block");
    let text = std::fs::read_to_string(&part).unwrap();
    let step: u64 = text.split(' ').next().unwrap().parse().unwrap();
    let earlier = step - 7;
    std::fs::write(&part, format!("{earlier:020} {:020}\n", 0)).unwrap();
    let csv = path.join("manifest.csv");
    let mut long = std::fs::read(&csv).unwrap();
    long.extend_from_slice(b"99.9,0.1");
    std::fs::write(&csv, long).unwrap();
    std::fs::write(path.join("recording.npz.123.tmp"), "half").unwrap();
    let o = bouton(&["recover", &out]);
    let said = String::from_utf8_lossy(&o.stdout).into_owned();
    assert!(o.status.success(), "{}", stderr(&o));
    assert!(said.contains(&format!("until t = {:.4} s", earlier as f64 * 1e-3)), "{said}");
    let about = about_recording(&out).unwrap();
    assert_eq!((about.complete, &about.meta["status"]), (true, &"recovered".into()));
    assert_eq!(about.meta["simulated_steps"], earlier);
    let r = read_recording(&out).unwrap();
    let value = r.series("manifest").unwrap();
    assert_eq!(value.rows as u64, earlier);
    assert_eq!(r.series("slow").unwrap().rows as u64, earlier / 13);
    assert!(r.events("spikes").unwrap().steps.iter().all(|s| *s <= earlier));
    let lines = std::fs::read_to_string(&csv).unwrap();
    assert_eq!(lines.lines().count() as u64, earlier + 1);
    assert!(lines.ends_with('\n'));
    let mut left: Vec<String> =
        std::fs::read_dir(path).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    let mut wanted =
        ["log.jsonl", "manifest.csv", "manifest.json", "recording.npz", "slow.csv", "spikes.csv", "w.csv"];
    wanted.sort_unstable();
    assert_eq!(left, wanted);
    // It is what the model gives, to the bit, and a second time nothing is to do.
    assert!(bouton(&["replay", &out, "--quiet"]).status.success());
    let o = bouton(&["recover", &out]);
    assert!(String::from_utf8_lossy(&o.stdout).contains("is whole"), "{}", stderr(&o));
    let o = bouton(&["recover", &at(&f, "nothing")]);
    assert!(o.status.code() == Some(1) && !f.path().join("nothing").exists(), "{}", stderr(&o));
}

#[test]
fn a_run_that_was_cut_off_at_its_beginning_is_recovered() {
    let f = tempfile::tempdir().unwrap();
    let m = model(&f, MODEL);
    let out = at(&f, "out");
    assert!(bouton(&["run", &m, "--quiet", "--out", &out]).status.success());
    // As a kill leaves it that comes while the files of the probes are made.
    let path = Path::new(&out);
    std::fs::remove_file(path.join("recording.npz")).unwrap();
    ["slow.csv", "spikes.csv"].iter().for_each(|n| std::fs::remove_file(path.join(n)).unwrap());
    let manifest = std::fs::read_to_string(path.join("manifest.json")).unwrap();
    let mut v: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    v["complete"] = false.into();
    v["meta"]["status"] = "running".into();
    v["opening"] = serde_json::json!(["manifest.csv", "slow.csv", "spikes.csv", "w.csv"]);
    v["series"] = serde_json::json!([]);
    v["events"] = serde_json::json!([]);
    std::fs::write(path.join("manifest.json"), v.to_string()).unwrap();
    let o = bouton(&["recover", &out]);
    assert!(o.status.success(), "{}", stderr(&o));
    let about = about_recording(&out).unwrap();
    assert!(about.complete && about.meta["simulated_steps"] == 0);
    assert_eq!(read_recording(&out).unwrap().series.len(), 0);
    assert!(!path.join("w.csv").exists());
    // Which can be begun anew.
    assert!(bouton(&["resume", &out, "--quiet"]).status.success());
    assert_eq!(read_recording(&out).unwrap().series("manifest").unwrap().rows, 200);
}

#[test]
fn a_manifest_says_when_where_and_with_what() {
    let f = tempfile::tempdir().unwrap();
    let (m, out) = (model(&f, MODEL), at(&f, "out"));
    assert!(bouton(&["run", &m, "--quiet", "--out", &out]).status.success());
    let meta = about_recording(&out).unwrap().meta;
    let year = meta["started"].as_str().unwrap();
    assert!(year.len() == 20 && year.starts_with("20") && year.ends_with('Z'), "{year}");
    assert!(meta["ended"].as_str().unwrap() >= year);
    assert_eq!(meta["machine"]["system"], std::env::consts::OS);
    assert!(meta["machine"]["processors"].as_u64().unwrap() >= 1);
    let tier = format!("{:?}", bouton::Level::detect().tier()).to_lowercase();
    assert_eq!(meta["machine"]["simd"], tier);
    assert_eq!(meta["model_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(meta["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn two_thousand_probes_are_opened_at_once() {
    let f = tempfile::tempdir().unwrap();
    let probes: String = (0..2000).map(|k| format!("[probes.p{k}]\ntarget = \"s[{}]\"\n", k % 3)).collect();
    let m = model(&f, &format!("format = 1\ntime = 0.01\n[nodes.s]\nconstant = [1, 2, 3]\n{probes}"));
    let out = at(&f, "out");
    let o = bouton(&["run", &m, "--out", &out]);
    assert!(o.status.success(), "{}", stderr(&o));
    let table = String::from_utf8_lossy(&o.stdout).into_owned();
    assert!(table.lines().count() < 60, "{} lines", table.lines().count());
    assert!(table.contains("1980 more"), "{table}");
    let r = read_recording(&out).unwrap();
    assert_eq!((r.series.len(), r.series("p1999").unwrap().values[0]), (2000, 2.0));
    let opened = about_recording(&out).unwrap().meta["open_seconds"].as_f64().unwrap();
    // Half a second is the aim of an idle machine; that every probe waits for the disk would take twenty.
    assert!(opened < 3.0, "{opened} s");
}

#[test]
fn weights_of_one_row_or_column_keep_two_dimensions() {
    let f = tempfile::tempdir().unwrap();
    let text = "format = 1\nseed = 1\ntime = 0.01\n[nodes.s]\nconstant = [1, 2, 3]\n[nodes.o]\npassthrough = 1\n\
         [ensembles.a]\nn_neurons = 4\n[[connections]]\nname = \"row\"\npre = \"s\"\npost = \"o\"\n\
         transform = [[1, 2, 3]]\n[[connections]]\nname = \"column\"\npre = \"o\"\npost = \"a.neurons\"\n\
         transform = [[1], [2], [3], [4]]\n[probes.row]\ntarget = \"row.weights\"\n\
         [probes.column]\ntarget = \"column.weights\"\n[probes.s]\ntarget = \"s\"\n";
    let (m, out) = (model(&f, text), at(&f, "out"));
    let o = bouton(&["run", &m, "--quiet", "--out", &out]);
    assert!(o.status.success(), "{}", stderr(&o));
    let r = read_recording(&out).unwrap();
    let shape = |name: &str| r.series(name).unwrap().sample_shape.clone();
    assert_eq!([shape("row"), shape("column"), shape("s")], [vec![1, 3], vec![4, 1], vec![3]]);
    assert_eq!(r.series("column").unwrap().columns[2], "column[2,0]");
}
