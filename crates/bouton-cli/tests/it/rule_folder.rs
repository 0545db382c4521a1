//! A folder of rules of one's own: listed, run by name, and held to by runs that go on.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn bouton(args: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bouton"))
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn text(o: &[u8]) -> String {
    String::from_utf8_lossy(o).into_owned()
}

/// What a program that fails says.
#[track_caller]
fn refused(o: &Output, expected: &[&str]) {
    assert!(!o.status.success());
    let e = text(&o.stderr);
    assert!(expected.iter().all(|x| e.contains(x)), "{e}");
}

const RULE: &str =
    "# Weights grow by themselves, at a rate of their own.\nparam speed = 2 /s # how fast\nw' = speed\n";

const MODEL: &str = "
format = 1
seed = 1
time = 0.01
[ensembles.a]
n_neurons = 4
[ensembles.b]
n_neurons = 3
[[connections]]
name = \"c\"
pre = \"a.neurons\"
post = \"b.neurons\"
transform = { zeros = true }
rule = { type = \"growth\", speed = 3 }
[probes.w]
target = \"c.weights\"
";

/// A folder with a model, and a folder of rules where `at` says.
fn user(name: &str, at: &str, key: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("bouton-rules-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    for part in ["models", at] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
    }
    std::fs::write(folder.join(at).join("growth.rule"), RULE).unwrap();
    std::fs::write(folder.join(at).join("notes.txt"), "no rule").unwrap();
    std::fs::write(folder.join("models/m.toml"), MODEL.replace("seed = 1", &format!("seed = 1\n{key}")))
        .unwrap();
    folder
}

/// That the weight of the last step is what the rule makes of nine steps at 3/s.
fn learned(out: &Path) {
    let r = bouton::io::recording::read_recording(out.to_str().unwrap()).unwrap();
    let w = *r.series("w").unwrap().values.last().unwrap();
    assert!((w - 0.027).abs() < 1e-12, "{w}");
}

#[test]
fn a_model_finds_the_rules_of_its_folder() {
    let folder = user("own", "models/mine", "rules = \"mine\"");
    let o = bouton(&["run", "models/m.toml", "--quiet", "--out", "out"], &folder);
    assert!(o.status.success(), "{}", text(&o.stderr));
    learned(&folder.join("out"));
    // What it was is in the manifest, and another text is not gone on with.
    let o = bouton(&["replay", "out", "--quiet"], &folder);
    assert!(o.status.success(), "{}", text(&o.stderr));
    std::fs::write(folder.join("models/mine/growth.rule"), RULE.replace("w' = speed", "w' = 2*speed"))
        .unwrap();
    refused(
        &bouton(&["replay", "out", "--quiet"], &folder),
        &["growth.rule", "the file was changed since the run began"],
    );
    // What is wrong is said with file, line and column.
    std::fs::write(folder.join("models/mine/growth.rule"), RULE.replace("w' = speed", "w' = sped")).unwrap();
    refused(
        &bouton(&["run", "models/m.toml", "--out", "other"], &folder),
        &[
            "connections[0] (c).rule: `mine/growth.rule`: unknown name `sped`; did you mean `speed`?",
            "(line 3, column 6)",
        ],
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_folder_of_rules_may_lie_anywhere_if_the_user_names_it() {
    let folder = user("named", "library", "");
    // The model alone can't name it: it lies outside its folder.
    refused(
        &bouton(&["run", "models/m.toml", "--set", "rules=../library", "--out", "out"], &folder),
        &["there is no rule `growth` that bouton knows", "a model reads files of its own folder only"],
    );
    refused(&bouton(&["run", "models/m.toml", "--out", "out"], &folder), &["unknown type `growth`"]);
    let o = bouton(&["run", "models/m.toml", "--rules", "library", "--quiet", "--out", "out"], &folder);
    assert!(o.status.success(), "{}", text(&o.stderr));
    learned(&folder.join("out"));
    // From elsewhere, by what the manifest says.
    let out = folder.join("out");
    let o = bouton(&["replay", out.to_str().unwrap(), "--quiet"], &std::env::temp_dir());
    assert!(o.status.success(), "{}", text(&o.stderr));
    let o = bouton(&["explain", "models/m.toml", "--rules", "library"], &folder);
    assert!(text(&o.stdout).contains("speed  2 /s"), "{}", text(&o.stdout));
    std::fs::write(folder.join("library/growth.rule"), RULE.replace("w' = speed", "w' = 2*speed")).unwrap();
    refused(&bouton(&["replay", "out", "--quiet"], &folder), &["growth.rule", "the file was changed"]);
    refused(
        &bouton(&["run", "models/m.toml", "--rules", "libary", "--out", "x"], &folder),
        &["libary: cannot read the folder of rules"],
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_folder_of_rules_is_listed_and_checked() {
    let folder = user("listed", "library", "");
    let list = |more: &[&str]| bouton(&[&["list", "--rules", "library"][..], more].concat(), &folder);
    let o = text(&list(&["rules"]).stdout);
    assert!(
        o.contains("growth") && o.contains("Weights grow by themselves") && o.contains("pair_stdp"),
        "{o}"
    );
    assert!(!text(&bouton(&["list", "rules"], &folder).stdout).contains("by themselves"));
    let page = text(&list(&["rules", "growth"]).stdout);
    assert!(page.contains("speed") && page.contains("how fast"), "{page}");
    let write = |name: &str, text: &str| std::fs::write(folder.join("library").join(name), text).unwrap();
    let remove = |name: &str| std::fs::remove_file(folder.join("library").join(name)).unwrap();
    write("hebb.rule", RULE);
    refused(&list(&[]), &["hebb.rule: there is another rule called `hebb` already; rename the file"]);
    remove("hebb.rule");
    write("Growth-2.rule", RULE);
    refused(&list(&[]), &["Growth-2.rule: the name of a rule is made of lower-case letters"]);
    remove("Growth-2.rule");
    write("wrong.rule", "param a = 1\nw' = a*b");
    refused(&list(&[]), &["wrong.rule: ", "unknown name `b`", "(line 2, column 8)"]);
    remove("wrong.rule");
    std::fs::create_dir(folder.join("library/folder.rule")).unwrap();
    refused(&list(&[]), &["folder.rule: this is not a file"]);
    std::fs::remove_dir(folder.join("library/folder.rule")).unwrap();
    write("long.rule", &"#".repeat(30_000));
    refused(&list(&[]), &["long.rule: ", "the most is 20000"]);
    remove("long.rule");
    remove("growth.rule");
    refused(&list(&[]), &["library: holds no rule: a rule is a text in a file `NAME.rule`"]);
    std::fs::remove_dir_all(&folder).unwrap();
}
