//! Inputs that come later than a trial.

use bouton::prelude::*;
use bouton_check::{CheckOptions, Parameter, Report, check};

use crate::sources::{in_turn, is_named};

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
            assert!(r.from.len() == 1 && r.from[0] > 2.5 && r.from[0] < 5.6, "{r}");
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
        run_for(&net, Some(8.0)).from.first().copied().unwrap_or(0.0)
    };
    assert!(step(1.49) == 0.0 && step(1.51) > 2.5);
}

#[test]
fn inputs_that_come_at_different_times_are_seen_in_one_trial() {
    let checked = |net: &Network| run_for(net, Some(20.0));
    for (starts, seconds) in [((0.0, 10.0), 2.5), ((5.0, 15.0), 2.0), ((16.0, 4.0), 3.0)] {
        for wrong in [1e-4, 300.0] {
            is_named(&in_turn(starts, seconds, 1.0, (wrong, 1.0)), checked, Some(("x→a", wrong)));
            is_named(&in_turn(starts, seconds, 1.0, (1.0, wrong)), checked, Some(("y→a", wrong)));
        }
        let r = is_named(&in_turn(starts, seconds, 1.0, (1.0, 1.0)), checked, None);
        // Each part is as long as a trial and shows one of them, and what it shows is in the order in which it comes.
        let (first, second) = (starts.0.min(starts.1), starts.0.max(starts.1));
        let shows =
            |part: f64, start: f64| part < start + 0.6 * seconds && part + 2.5 > start + 0.4 * seconds;
        assert!(r.from.len() == 2 && shows(r.from[0], first) && shows(r.from[1], second), "{r}");
        assert!((r.seconds - 5.0).abs() < 0.01, "{r}");
    }
    // A trial that shows both is one.
    let r = checked(&in_turn((10.0, 11.0), 1.2, 1.0, (1.0, 1.0)));
    assert!(r.from.len() == 1 && (r.seconds - 2.5).abs() < 0.01, "{r}");
}

#[test]
fn a_trial_has_three_parts_at_most() {
    // Sines of one, two, … inputs, ten seconds apart, each into a population of its own.
    let parts = |count: usize| {
        let mut net = Network::with_seed(6);
        for k in 0..count {
            let from = 10.0 * k as f64;
            let on = move |t: f64| (from..from + 2.0).contains(&t);
            let output =
                Output::of_time(1, move |t, y| y[0] = if on(t) { 0.8 * (6.0 * t).sin() } else { 0.0 });
            let x = net.node(&format!("x{k}"), output);
            let a = net.ensemble(&format!("a{k}"), Ensemble::new(30, 1));
            net.connect(x, a, Connection::new());
        }
        let r = run_for(&net, Some(10.0 * count as f64));
        assert!(r.findings.is_empty(), "{r}");
        (r.from.len(), (r.seconds / 2.5).round())
    };
    assert_eq!([1, 2, 3, 5].map(parts), [(0, 1.0), (2, 2.0), (3, 3.0), (3, 3.0)]);
}

/// Where the parts of a trial of some seconds of these inputs begin.
fn begins(
    seconds: f64,
    outputs: usize,
    f: impl Fn(f64, &mut [f64]) + Send + Sync + Clone + 'static,
) -> Vec<f64> {
    let mut net = Network::with_seed(6);
    net.node("inputs", Output::of_time(outputs, f));
    run_for(&net, Some(seconds)).from
}

#[test]
fn of_parts_that_show_all_the_most_active_is_taken_in_whatever_units() {
    // In kilovolts most is to be seen from 10 s on, in microvolts from 20 s on, and in both together there. A third is always 0.
    let from = begins(30.0, 3, |t, y| {
        let within = |a: f64, b: f64| f64::from(u8::from((a..b).contains(&t)));
        y[0] = 1e3 * (within(10.0, 12.0) + 0.8 * within(20.0, 22.0));
        y[1] = 1e-6 * (within(11.8, 12.0) + within(20.0, 22.0));
    });
    assert!(from.len() == 1 && (19.5..=20.0).contains(&from[0]), "{from:?}");
}

#[test]
fn a_part_that_shows_all_is_taken_before_one_that_is_more_active() {
    let from = begins(30.0, 2, |t, y| {
        let within = |a: f64, b: f64| f64::from(u8::from((a..b).contains(&t)));
        y[0] = 0.5 * within(11.0, 12.0);
        y[1] = 0.5 * (within(11.8, 12.0) + within(20.0, 22.0));
    });
    assert!(from.len() == 1 && (9.0..12.0).contains(&from[0]), "{from:?}");
}

#[test]
fn of_parts_that_are_as_active_the_first_is_taken() {
    let from = begins(30.0, 1, |t, y| y[0] = if t < 5.0 { 0.0 } else { 0.5 });
    // Parts begin a quarter of their length apart.
    assert!(from.len() == 1 && (5.0..=5.0 + 2.5 / 4.0).contains(&from[0]), "{from:?}");
}
