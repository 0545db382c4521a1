//! Of models that are as they should be nothing is said.

use std::path::Path;

use bouton::prelude::*;
use bouton_check::{CheckOptions, check};
use bouton_file::{LoadOptions, load};

#[test]
fn of_the_shipped_models_nothing_is_said() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            let m = load(&path, &LoadOptions::default()).unwrap();
            let options = CheckOptions {
                run_seconds: m.time,
                simulator: Options { dt: m.dt, threads: 1, ..Options::default() },
                ..CheckOptions::default()
            };
            let r = check(&m.network, &options).unwrap();
            assert!(r.findings.is_empty(), "{}\n{r}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 4);
}

#[test]
fn a_third_of_the_radius_a_weak_input_and_a_silenced_population_are_no_faults() {
    for unit in [1e-6, 1.0, 1e6] {
        let mut net = Network::with_seed(5);
        let stim = net.node("stim", Output::of_time(1, move |t, y| y[0] = 0.33 * unit * (6.0 * t).sin()));
        let a = net.ensemble("a", Ensemble::new(100, 1).radius(unit));
        let b = net.ensemble("b", Ensemble::new(100, 1).radius(unit));
        net.connect(stim, a, Connection::new());
        net.connect(a, b, Connection::new());
        let hum = net.node("hum", Output::of_time(1, |t, y| y[0] = (300.0 * t).sin()));
        net.connect(hum, a, Connection::new().transform(0.01 * unit));
        let silent = net.ensemble("silent", Ensemble::new(50, 1).radius(unit));
        net.connect(a, silent, Connection::new());
        let closed = net.node("closed", 1.0);
        net.connect(closed, silent.neurons(), Connection::new().transform(Matrix::filled(50, 1, -100.0)));
        let options = CheckOptions {
            simulator: Options { threads: 1, ..Options::default() },
            ..CheckOptions::default()
        };
        let r = check(&net, &options).unwrap();
        assert!(r.findings.is_empty(), "unit {unit}\n{r}");
    }
}
