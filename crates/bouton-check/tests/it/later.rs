//! Inputs that come later than a trial.

use bouton::prelude::*;
use bouton_check::{CheckOptions, Parameter, Report, check};

fn run_for(net: &Network, seconds: Option<f64>) -> Report {
    let simulator = Options { threads: 1, ..Options::default() };
    check(net, &CheckOptions { run_seconds: seconds, simulator, ..CheckOptions::default() }).unwrap()
}

/// Nothing for five seconds, then a sine; by a function or by a process.
fn late(process: bool, transform: f64) -> Network {
    let mut net = Network::with_seed(6);
    let output = if process {
        let rows: Vec<f64> =
            (0..800).map(|k| if k < 500 { 0.0 } else { 0.8 * (0.06 * f64::from(k)).sin() }).collect();
        Output::process(Table {
            values: std::sync::Arc::new(rows),
            rate: 100.0,
            interpolation: Interpolation::Linear,
            ..Table::default()
        })
    } else {
        Output::of_time(1, |t, y| y[0] = if t < 5.0 { 0.0 } else { 0.8 * (6.0 * t).sin() })
    };
    let stim = net.node("stim", output);
    let a = net.ensemble("a", Ensemble::new(100, 1));
    net.connect(stim, a, Connection::new().transform(transform));
    net
}

#[test]
fn an_input_that_comes_later_than_the_trial_is_seen() {
    for process in [false, true] {
        for transform in [1e-3, 300.0] {
            let mut net = late(process, transform);
            let r = run_for(&net, Some(8.0));
            let f = &r.findings[0];
            assert_eq!(
                (&f.object[..], f.parameter, r.findings.len()),
                ("stim→a", Parameter::Transform, 1),
                "{r}"
            );
            assert!(r.from > 2.5 && r.from < 5.6, "{r}");
            assert!((r.populations[0].spans / (0.8 * transform) - 1.0).abs() < 0.02, "{r}");
            f.advice.as_ref().unwrap().apply(&mut net).unwrap();
            assert!(run_for(&net, Some(8.0)).findings.is_empty());
            // Of a run that ends before it, nothing is to be said.
            assert!(run_for(&late(process, transform), Some(4.0)).findings.is_empty());
        }
        assert!(run_for(&late(process, 1.0), Some(8.0)).findings.is_empty());
    }
}

#[test]
fn what_grows_by_less_than_a_half_is_a_trial_from_the_beginning() {
    // The size of a constant of which the rest is 1.
    let step = |size: f64| {
        let mut net = Network::with_seed(6);
        let stim =
            net.node("stim", Output::of_time(1, move |t, y| y[0] = if t < 5.0 { 0.5 } else { 0.5 * size }));
        let a = net.ensemble("a", Ensemble::new(100, 1));
        net.connect(stim, a, Connection::new());
        run_for(&net, Some(8.0)).from
    };
    assert!(step(1.49) == 0.0 && step(1.51) > 2.5);
}
