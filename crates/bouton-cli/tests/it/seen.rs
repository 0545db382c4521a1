//! What a run sees of itself, and that looking changes nothing.

use std::path::Path;
use std::process::Command;

/// Runs a model; what it prints beside its table, and its recording.
fn run(model: &str, more: &[&str]) -> (String, bouton::io::recording::Recording) {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("m.toml"), folder.path().join("out"));
    std::fs::write(&file, model).unwrap();
    let mut c = Command::new(env!("CARGO_BIN_EXE_bouton"));
    c.args([Path::new("run"), &file, Path::new("--out"), &out]).args(more).env("NO_COLOR", "1");
    let o = c.output().unwrap();
    let words = String::from_utf8_lossy(&o.stderr).into_owned();
    assert!(o.status.success(), "{words}");
    (words, bouton::io::recording::read_recording(&out).unwrap())
}

/// A population that follows what an expression gives, and one that learns that from it.
fn learning(expression: &str, rate: f64, sign: f64) -> String {
    format!(
        "format = 1\nseed = 3\ntime = 5.0\n[nodes.x]\nexpression = \"{expression}\"\n[nodes.error]\npassthrough = 1\n\
         [ensembles.a]\nn_neurons = 40\n[ensembles.b]\nn_neurons = 40\n\
         [[connections]]\npre = \"x\"\npost = \"a\"\n\
         [[connections]]\nname = \"c\"\npre = \"a\"\npost = \"b\"\nfunction = \"0*x\"\nrule = {{ type = \"pes\", learning_rate = {rate:e} }}\n\
         [[connections]]\npre = \"b\"\npost = \"error\"\ntransform = {sign:.1}\n\
         [[connections]]\npre = \"x\"\npost = \"error\"\ntransform = {:.1}\n\
         [[connections]]\npre = \"error\"\npost = \"c.rule\"\n\
         [probes.b]\ntarget = \"b\"\n[probes.spikes]\ntarget = \"a.neurons\"\n[probes.w]\ntarget = \"c.weights\"\nsample_every = 0.5\n",
        -sign
    )
}

#[test]
fn what_looks_at_fault_is_told_at_the_end_with_where_more_is_said() {
    let check = "says what mends that";
    let (words, _) = run(&learning("0.8*sin(6*t)", 1e-3, 1.0), &[]);
    assert!(!words.contains(check), "{words}");
    // Ten times the radius, and nothing else.
    let (words, _) = run(&learning("10", 1e-9, 1.0), &[]);
    assert!(
        words.contains("note: `a` is given up to 10 times its radius") && words.contains(check),
        "{words}"
    );
    // An error of the wrong sign, learned from so slowly that its beginning is seen.
    let (words, _) = run(&learning("0.8*sin(6*t)", 3e-5, -1.0), &[]);
    assert!(words.contains("note: `c.rule`: its error grows, from ") && words.contains(check), "{words}");
    let (words, _) = run(&learning("10", 1e-9, 1.0), &["--quiet"]);
    assert!(!words.contains("is given up to") && !words.contains(check), "{words}");
}

#[test]
fn a_long_run_is_looked_at_from_its_beginning_to_its_end_and_no_bit_of_it_changes() {
    // Beyond the radius in the last fifth of a second alone.
    let model = learning("where(t > 4.8, 10, 0.5)", 1e-4, 1.0);
    let (words, seen) = run(&model, &[]);
    assert!(words.contains("population (1.0 s of it)"), "{words}");
    assert!(words.contains("note: `a` is given up to 10 times its radius"), "{words}");
    let (_, unseen) = run(&model, &["--quiet"]);
    for name in ["b", "w"] {
        assert_eq!(seen.series(name).unwrap(), unseen.series(name).unwrap(), "{name}");
    }
    assert_eq!(seen.events("spikes").unwrap(), unseen.events("spikes").unwrap());
}
