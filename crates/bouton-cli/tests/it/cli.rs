//! The `bouton` program as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn bouton(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bouton")).args(args).env("NO_COLOR", "1").output().unwrap()
}

/// The program with signals as they are by default: the test itself may have been started with some ignored, and what is ignored at
/// the start stays so.
fn heard() -> Command {
    let mut command = Command::new("env");
    command.args(["--default-signal=INT", env!("CARGO_BIN_EXE_bouton")]);
    command
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
    // What was run can be read from the recording.
    assert_eq!((&r.meta["status"], &r.meta["precision"]), (&"finished".into(), &"f64".into()));
    assert!(r.meta["set"].to_string().contains("n_neurons=30"), "{}", r.meta["set"]);
    assert!(r.meta["model_text"].as_str().unwrap().contains("[ensembles.memory]"));
    std::fs::remove_dir_all(&out).unwrap();
    let o = bouton(&["run", model, "--set", "ensembles.memory.n_neuron=30"]);
    let e = text(&o.stderr);
    assert!(!o.status.success() && e.contains("n_neurons"), "{e}");
}

#[test]
fn interrupted_runs_keep_what_they_have() {
    let model = models().join("integrator.toml");
    let out = fresh("interrupt");
    let mut child = heard()
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
    assert_eq!(child.wait().unwrap().code(), Some(130), "a script must see that the run was cut short");
    let r = bouton::io::recording::read_recording(&out).unwrap();
    assert_eq!((&r.meta["status"], &r.meta["wanted_seconds"]), (&"stopped".into(), &100_000.0.into()));
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
    assert!(text(&bouton(&["reference"]).stdout).contains("## Neuron type"));
}

/// A model of one constant node, recorded by a probe called `p`.
const SMALL: &str = "format = 1\ntime = 0.01\n[nodes.stim]\nconstant = 0.5\n[probes.p]\ntarget = \"stim\"\n";

fn small(name: &str) -> (String, String) {
    let folder = fresh(name);
    std::fs::create_dir_all(&folder).unwrap();
    let model = format!("{folder}/model.toml");
    std::fs::write(&model, SMALL).unwrap();
    (folder, model)
}

#[test]
fn files_that_are_not_of_a_recording_are_never_replaced() {
    let (folder, model) = small("foreign");
    let out = format!("{folder}/out");
    std::fs::create_dir(&out).unwrap();
    let own = format!("{out}/p.csv");
    for link in [false, true] {
        let target = format!("{folder}/elsewhere.csv");
        if link {
            std::fs::write(&target, "mine").unwrap();
            std::os::unix::fs::symlink(&target, &own).unwrap();
        } else {
            std::fs::write(&own, "mine").unwrap();
        }
        for more in [&[][..], &["--overwrite"]] {
            let o = bouton(&[&["run", &model, "--out", &out][..], more].concat());
            let e = text(&o.stderr);
            assert!(!o.status.success() && e.contains("p.csv") && e.contains("another folder"), "{e}");
            assert_eq!(std::fs::read_to_string(&own).unwrap(), "mine");
            assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1, "something was left behind");
        }
        std::fs::remove_file(&own).unwrap();
    }
    assert!(bouton(&["run", &model, "--out", &out]).status.success());
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn times_that_make_no_run_are_named() {
    let (folder, model) = small("times");
    let run = |more: &[&str]| {
        let out = format!("{folder}/out");
        let o = bouton(&[&["run", &model, "--overwrite", "--out", &out][..], more].concat());
        (o.status.code(), text(&o.stderr))
    };
    let (code, e) = run(&["--time", "0"]);
    assert_eq!(code, Some(0), "{e}");
    for (more, part) in [
        (&["--time", "0.0004"][..], "half a time step"),
        (&["--time", "-1"], "`--time`"),
        (&["--time", "1e300"], "more than can be counted"),
        (&["--seed", "-1"], "--seed"),
        (&["--threads", "0"], "1..=1024"),
    ] {
        let (code, e) = run(more);
        assert!(code != Some(0) && e.contains(part), "{more:?}: {e}");
    }
    std::fs::write(&model, SMALL.split("[probes").next().unwrap()).unwrap();
    let (code, e) = run(&[]);
    assert!(code == Some(0) && e.contains("no probes"), "{e}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_demonstration_keeps_the_seeds_that_were_done() {
    let out = fresh("demo-stop");
    let o = bouton(&["demo", "--out", "/dev/null/x"]);
    assert!(!o.status.success() && text(&o.stderr).contains("/dev/null/x"), "{}", text(&o.stderr));
    let stopped_after = |seconds: u64| {
        let child = heard()
            .args(["demo", "--seeds", "1000", "--threads", "2", "--out", &out])
            .stderr(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_secs(seconds));
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        child.wait_with_output().unwrap()
    };
    // How long a first seed takes is the machine's affair; a thousand take an hour.
    let waits = [8, 30, 120];
    let mut stopped =
        waits.into_iter().map(stopped_after).inspect(|o| assert_eq!(o.status.code(), Some(130)));
    let o = stopped.find(|o| !o.stdout.is_empty()).expect("no seed was done in two minutes");
    let e = text(&o.stderr);
    assert!(text(&o.stdout).contains("mPES, auto gain") && e.contains("of 1000 seeds"), "{e}");
    let folder = Path::new(&out).join("demo-001");
    assert!(folder.join("figure.png").exists());
    let r = bouton::io::recording::read_recording(folder.join("recording")).unwrap();
    assert_eq!(r.series("input").unwrap().rows, r.series("target").unwrap().rows);
    std::fs::remove_dir_all(&out).unwrap();
}

#[test]
fn a_recording_says_what_the_devices_were() {
    let out = fresh("devices");
    let model = models().join("ppg-square.toml");
    let o = bouton(&["run", model.to_str().unwrap(), "--time", "11", "--no-csv", "--out", &out]);
    let e = text(&o.stderr);
    assert!(o.status.success() && e.contains("20000 devices, gain "), "{e}");
    let names: Vec<String> = std::fs::read_dir(&out)
        .unwrap()
        .map(|f| f.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|n| n.ends_with(".csv"))
        .collect();
    assert_eq!(names, [""; 0]);
    let r = bouton::io::recording::read_recording(&out).unwrap();
    let d = &r.meta["devices"][0];
    assert_eq!(d["shape"], serde_json::json!([100, 100]));
    assert!(d["pulses"].as_u64().unwrap() > 1_000_000 && d["gain"].as_f64().unwrap() > 100.0, "{d}");
    let w = r.series("weights").unwrap();
    assert_eq!((w.sample_shape.clone(), w.columns[101].as_str()), (vec![100, 100], "weights[1,1]"));
    std::fs::remove_dir_all(&out).unwrap();
}

#[test]
fn a_model_from_standard_input_with_a_probe_is_run_and_repeated() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in.csv"), "t,V\n0,1\n1,2\n").unwrap();
    let model = "format = 1\nseed = 2\ntime = 0.01\n[nodes.s]\ntable = { file = \"in.csv\", column = \"V\", rate = 10 }\n";
    let out = folder.path().join("out");
    let mut child = Command::new(env!("CARGO_BIN_EXE_bouton"))
        .args([
            "run",
            "-",
            "--probe",
            "s",
            "--probe",
            "x=a.neurons",
            "--set",
            "ensembles.a={ n_neurons = 5 }",
        ])
        .args(["--threads", "1000", "--time", "0.3", "--out"])
        .arg(&out)
        .current_dir(folder.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(model.as_bytes()).unwrap();
    let o = child.wait_with_output().unwrap();
    let e = text(&o.stderr);
    assert!(o.status.success(), "{e}");
    assert!(e.contains("threads are used, and not 1000"), "{e}");
    assert!(e.contains("2 rows end after 0.2000 s of 0.3000 s"), "{e}");
    let r = bouton::io::recording::read_recording(&out).unwrap();
    assert_eq!((r.series("s").unwrap().values[250], r.events("x").unwrap().n_neurons), (2.0, 5));
    assert_eq!(r.meta["model"], "-");
    // What was added is part of what was run.
    assert!(bouton(&["replay", out.to_str().unwrap()]).status.success());
    let wrong = Command::new(env!("CARGO_BIN_EXE_bouton"))
        .args(["run", "-"])
        .stdin(std::process::Stdio::null())
        .output();
    assert!(text(&wrong.unwrap().stderr).contains("standard input: `format = 1` is missing"));
}

#[test]
fn a_dry_run_says_what_it_would_write_and_writes_nothing() {
    let (folder, model) = small("dry");
    let o = bouton(&["run", &model, "--dry-run", "--time", "100", "--out", &format!("{folder}/out")]);
    assert!(o.status.success(), "{}", text(&o.stderr));
    // 100,000 samples of one number: 16 bytes each in arrays, and text.
    assert!(
        text(&o.stdout).contains("100000 steps") && text(&o.stdout).contains(" MB"),
        "{}",
        text(&o.stdout)
    );
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    // The words of a real run that writes much come before it starts; one sample of a million weights is not much.
    let wide = "format = 1\ntime = 0.2\n[ensembles.a]\nn_neurons = 300\n[[connections]]\nname = \"c\"\npre = \"a.neurons\"\n\
         post = \"a.neurons\"\ntransform = { fill = 1e-5 }\n[probes.w]\ntarget = \"c.weights\"\n";
    std::fs::write(&model, wide).unwrap();
    let run = |more: &[&str]| {
        let out = format!("{folder}/wide");
        let o = bouton(&[&["run", &model, "--overwrite", "--out", &out][..], more].concat());
        assert!(o.status.success(), "{}", text(&o.stderr));
        (text(&o.stdout), text(&o.stderr))
    };
    let (_, e) = run(&["--no-csv"]);
    // 200 samples of 90,000 numbers of 8 bytes.
    assert!(e.contains("note: the recording will take about 144 MB"), "{e}");
    let (_, e) = run(&["--no-csv", "--set", "probes.w.sample_every=0.2"]);
    assert!(!e.contains("will take"), "{e}");
    let (out, e) = run(&["--no-csv", "--set", "probes.w.sample_every=0.2", "--quiet"]);
    assert_eq!((out.as_str(), e.as_str()), ("", ""));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_run_ends_with_what_it_saw() {
    let (folder, model) = small("seen");
    // Three neurons that never fire, two that fire as often as they can, PES that learns -0.5 from zero.
    let seen = "format = 1\nseed = 1\ntime = 1.0\n[nodes.stim]\nconstant = 0.5\n\
         [ensembles.a]\nn_neurons = 5\ngain = [1, 1, 1, 1, 1]\nbias = [0, 0, 0, 1e6, 1e6]\nencoders = [[1], [1], [1], [1], [1]]\n\
         [ensembles.b]\nn_neurons = 50\n[nodes.out]\npassthrough = 1\n[nodes.err]\npassthrough = 1\n\
         [[connections]]\npre = \"stim\"\npost = \"a\"\n[[connections]]\npre = \"stim\"\npost = \"b\"\n\
         [[connections]]\nname = \"c\"\npre = \"b\"\npost = \"out\"\nfunction = \"0*x\"\nrule = { type = \"pes\", learning_rate = 1e-3 }\n\
         [[connections]]\npre = \"out\"\npost = \"err\"\n[[connections]]\npre = \"stim\"\npost = \"err\"\n\
         [[connections]]\npre = \"err\"\npost = \"c.rule\"\n";
    std::fs::write(&model, seen).unwrap();
    let o = bouton(&["run", &model, "--out", &format!("{folder}/out")]);
    let e = text(&o.stderr);
    assert!(o.status.success(), "{e}");
    let row = |name: &str| {
        let line = e
            .lines()
            .find(|l| l.starts_with(&format!("{name} ")))
            .unwrap_or_else(|| panic!("no {name} in {e}"));
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    // (neurons, mean, highest, silent, saturated): 2 of 5 at 1/τ_ref = 500 Hz.
    let a = row("a");
    assert_eq!(a[0], "5");
    let near = |x: &str, y: f64| (x.parse::<f64>().unwrap() - y).abs() < 0.01 * y;
    assert!(near(&a[1], 200.0) && near(&a[2], 500.0), "{a:?}");
    assert_eq!(a[3..], ["60", "%", "40", "%"], "{a:?}");
    // From zero; the error is 0.5 at first, and a tenth of that at the end at most.
    let c = row("c.rule");
    let (start, end): (f64, f64) = (c[c.len() - 2].parse().unwrap(), c[c.len() - 1].parse().unwrap());
    assert!((0.1..0.55).contains(&start) && end < 0.1, "{c:?}");
    assert!(c.join(" ").starts_with("by ") && c.join(" ").contains("from 0"), "{c:?}");
    assert!(e.contains("× real time") && e.contains("recording.npz"), "{e}");
    for columns in text(&o.stdout).lines().chain(e.lines()) {
        assert!(
            columns.chars().count() <= 80 || columns.starts_with("note") || columns.starts_with("recording"),
            "{columns}"
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Steps of 1 ms as Nengo 4.1 takes them, `int(np.round(time / dt))`: half a step goes to the even number.
#[test]
fn run_lengths_are_rounded_as_nengo_rounds_them() {
    let (folder, model) = small("lengths");
    for (time, steps) in [("0.0105", 10), ("0.0115", 12), ("0.0125", 12), ("0.0106", 11), ("0.0104", 10)] {
        let out = format!("{folder}/{time}");
        assert!(bouton(&["run", &model, "--quiet", "--time", time, "--out", &out]).status.success());
        let r = bouton::io::recording::read_recording(&out).unwrap();
        assert_eq!(r.series("p").unwrap().rows, steps, "{time} s");
    }
    let o = bouton(&["run", &model, "--time", "0.0005", "--out", &format!("{folder}/none")]);
    assert!(text(&o.stderr).contains("no more than half a time step"), "{}", text(&o.stderr));
    std::fs::remove_dir_all(&folder).unwrap();
}
