//! A model file of more memory than the process may take is an error with the figures. `scripts/limits.sh` has more of them.

use std::process::Command;

/// Runs a model of two populations of `n` neurons with this connection, in 6 GB of address space.
fn run(n: usize, connection: &str) -> (Option<i32>, String) {
    let folder = std::env::temp_dir().join(format!("bouton-limits-{}-{n}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let ensemble = |name: &str| format!("[ensembles.{name}]\nn_neurons = {n}\ndimensions = 1\n");
    let connection =
        format!("[[connections]]\npre = \"pre.neurons\"\npost = \"post.neurons\"\n{connection}\n");
    let model = folder.join("model.toml");
    std::fs::write(
        &model,
        format!("format = 1\nseed = 1\n{}{}{connection}", ensemble("pre"), ensemble("post")),
    )
    .unwrap();
    let o = Command::new("sh")
        .arg("-c")
        .arg("ulimit -v 6000000 && exec \"$0\" \"$@\"")
        .arg(env!("CARGO_BIN_EXE_bouton"))
        .args(["run", model.to_str().unwrap(), "--time", "0.001", "--out"])
        .arg(folder.join("out"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    (o.status.code(), String::from_utf8_lossy(&o.stderr).into_owned())
}

#[test]
fn devices_that_do_not_fit_the_process_are_an_error_with_both_figures() {
    // Nine hundred million devices; two hundred million in pairs, whose gain has to be found first.
    for (n, connection) in [(30_000, "devices = { gain = 1e4 }"), (10_000, "devices = { spread = 0.15 }")] {
        let (status, text) = run(n, connection);
        assert_eq!(status, Some(1), "{text}");
        for part in
            ["GB of memory, ", "GB are free", &format!("{n} × {n} synapses of devices"), "take fewer neurons"]
        {
            assert!(text.contains(part), "`{part}` is not in: {text}");
        }
    }
}
