//! What a check may take: the same on any machine, but for a time limit.

use std::sync::atomic::{AtomicBool, Ordering};

use bouton::prelude::*;
use bouton_check::{CheckOptions, Report, check};

/// Two faults, of which each takes several trials.
fn faulty() -> Network {
    let mut net = Network::with_seed(8);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = 0.8 * (6.0 * t).sin()));
    let a = net.ensemble("a", Ensemble::new(60, 1));
    let b = net.ensemble("b", Ensemble::new(60, 1));
    net.connect(stim, a, Connection::new().transform(1e-3));
    net.connect(a, b, Connection::new().synapse(0.01).transform(1e-2));
    net
}

fn with(budget: f64, threads: usize, time_limit: Option<f64>) -> Report {
    let simulator = Options { threads, ..Options::default() };
    check(&faulty(), &CheckOptions { budget, time_limit, simulator, ..CheckOptions::default() }).unwrap()
}

/// All but the time that it took.
fn words(r: &Report) -> String {
    let mut r = r.clone();
    r.seconds_taken = 0.0;
    format!("{r:?}")
}

#[test]
fn reports_are_the_same_with_any_number_of_threads_and_whatever_else_runs() {
    let budgets = [1e10, 1.5e7, 7e6];
    let alone = budgets.map(|b| with(b, 1, None));
    // While others are busy.
    let stop = AtomicBool::new(false);
    let beside = std::thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let all = budgets.map(|b| with(b, 2, None));
        stop.store(true, Ordering::Relaxed);
        all
    });
    for (a, b) in alone.iter().zip(&beside) {
        assert_eq!(words(a), words(b));
    }
    assert!(alone[0].findings.len() == 2 && alone[0].cut.is_none(), "{}", alone[0]);
    // With a budget of some trials, too.
    for some in &alone[1..] {
        assert!(some.trials < alone[0].trials && some.cut.is_some(), "{some}");
        assert!(some.words(200).contains("not all was tried: a trial takes"), "{some}");
    }
}

#[test]
fn a_budget_counts_neurons_times_steps() {
    // 60 neurons of 8 numbers and one encoder each, twice; 60 decoders and one value into b, one into a; 2,500 steps. Building:
    // 60² of 750 points, a sixteenth of it, twice.
    let trial = 2500.0 * (2.0 * 60.0 * 9.0 + 61.0 + 1.0) + 2.0 * 60.0 * 60.0 * 750.0 / 16.0;
    assert_eq!(with(trial * 1.999, 1, None).trials, 1);
    assert_eq!(with(trial * 2.001, 1, None).trials, 2);
}

#[test]
fn a_time_limit_says_that_it_cut() {
    let r = with(1e10, 1, Some(1e-9));
    assert!(r.trials == 1 && r.findings.is_empty(), "{r}");
    assert!(r.to_string().contains("time limit was over"), "{r}");
    assert!(with(1e10, 1, Some(600.0)).cut.is_none());
}
