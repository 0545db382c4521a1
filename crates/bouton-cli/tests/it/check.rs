//! `bouton check`: what it prints, and how it ends.

use std::process::{Command, Output};

const MODEL: &str = r#"
format = 1
seed = 11
time = 0.5
[nodes.x]
constant = 10
[ensembles.a]
n_neurons = 100
[[connections]]
pre = "x"
post = "a"
"#;

fn check(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.toml");
    std::fs::write(&model, MODEL).unwrap();
    let mut c = Command::new(env!("CARGO_BIN_EXE_bouton"));
    c.arg("check").arg(&model).args(arguments).output().unwrap()
}

#[test]
fn findings_are_printed_with_the_figures_before_and_after_and_are_no_failure() {
    let out = check(&[]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "{text}");
    assert!(text.starts_with("`a`, radius: `a` is given 1000 % of its range"), "{text}");
    assert!(
        text.contains("→ set `radius` to 11 (it is 1): error ") && text.contains("nothing else found"),
        "{text}"
    );
    assert!(text.contains("population  neurons"), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    // Set as it was advised, nothing is found.
    let out = check(&["--set", "ensembles.a.radius=11", "--quiet"]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success() && text.starts_with("nothing found (1 trial of 0.500 s"), "{text}");
}

#[test]
fn numbers_that_make_no_sense_are_errors() {
    for wrong in [["--budget", "0"], ["--seconds", "-1"], ["--budget", "inf"], ["--time-limit", "0"]] {
        let out = check(&wrong);
        let text = String::from_utf8(out.stderr).unwrap();
        let name = wrong[0][2..].replace('-', "_");
        assert!(!out.status.success() && text.contains(&format!("`{name}`")), "{text}");
    }
}

#[test]
fn what_was_cut_off_is_told() {
    let text = |arguments: &[&str]| String::from_utf8(check(arguments).stdout).unwrap();
    let budget = text(&["--quiet", "--budget", "1"]);
    assert!(budget.contains("not all was tried: a trial takes") && budget.contains("1 trial of"), "{budget}");
    let limit = text(&["--quiet", "--time-limit", "1e-9"]);
    assert!(limit.contains("time limit was over"), "{limit}");
    assert!(!text(&["--quiet"]).contains("not all was tried"));
}
