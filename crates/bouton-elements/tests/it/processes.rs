//! Processes: what they say of themselves, what is saved, and what is refused.

use std::sync::Arc;

use bouton_elements::distributions::Distribution;
use bouton_elements::processes::{
    Between, BrownNoise, FilteredNoise, Interpolation, PastEnd, Piecewise, PresentInput, Process,
    ProcessModel, Table, WhiteNoise, WhiteSignal,
};
use bouton_elements::random::RandomState;
use bouton_elements::synapses::{Alpha, Triangle};
use serde_json::json;

const DT: f64 = 0.001;

fn two() -> Piecewise {
    Piecewise {
        times: vec![0.01, 0.03],
        values: vec![vec![1.0, 2.0], vec![3.0, 5.0]],
        interpolation: Between::Linear,
    }
}

fn table() -> Table {
    Table { values: Arc::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), width: 2, rate: 100.0, ..Table::default() }
}

/// One of each, of two values.
fn every_process() -> Vec<Process> {
    let all: Vec<Process> = vec![
        WhiteSignal::new(0.5, 20.0).into(),
        WhiteNoise::default().into(),
        FilteredNoise { synapse: Alpha { tau: 0.01 }.into(), ..FilteredNoise::default() }.into(),
        FilteredNoise { synapse: Triangle { t: 0.004 }.into(), ..FilteredNoise::default() }.into(),
        BrownNoise::default().into(),
        PresentInput { inputs: vec![vec![1.0, 2.0], vec![3.0, 4.0]], presentation_time: 0.005 }.into(),
        two().into(),
        table().into(),
    ];
    let mut names: Vec<&str> = all.iter().map(|p| p.name()).collect();
    names.dedup();
    assert_eq!(names, Process::names());
    all
}

fn values(p: &dyn ProcessModel, seed: u32, steps: std::ops::Range<u32>) -> Vec<[f64; 2]> {
    let mut run = p.start(2, DT, RandomState::new(seed)).unwrap();
    steps
        .map(|k| {
            let mut y = [f64::NAN; 2];
            run.step(f64::from(k) * DT, &mut y).unwrap();
            y
        })
        .collect()
}

#[test]
fn every_process_goes_on_from_what_it_saved() {
    for p in every_process() {
        let (name, p) = (p.name(), p.model());
        p.check(2, DT).unwrap_or_else(|e| panic!("{name}: {e}"));
        let start = |seed| p.start(2, DT, RandomState::new(seed)).unwrap();
        let (mut a, mut b) = (start(1), start(2));
        let random = values(p, 1, 1..60) != values(p, 2, 1..60);
        let noise = ["white_noise", "filtered_noise", "brown_noise"].contains(&name);
        assert_eq!(random, noise || name == "white_signal", "{name}");
        assert_eq!(values(p, 1, 1..60), values(p, 1, 1..60), "{name}: the same seed, other values");
        let (mut x, mut y) = ([f64::NAN; 2], [f64::NAN; 2]);
        for k in 1..30 {
            a.step(f64::from(k) * DT, &mut x).unwrap();
        }
        let saved = a.save();
        assert_eq!(saved.is_empty(), !noise, "{name}");
        // What follows from seed and time alone is started with the seed.
        if !noise {
            b = start(1);
        }
        b.load(&saved).unwrap();
        for k in 30..60 {
            a.step(f64::from(k) * DT, &mut x).unwrap();
            b.step(f64::from(k) * DT, &mut y).unwrap();
            assert_eq!(x, y, "{name}, step {k}");
        }
        let junk = [saved.clone(), vec![1, 2, 3]].concat();
        let e = b.load(&junk).unwrap_err();
        assert!(noise || e.contains("keeps nothing, and 3 bytes were saved"), "{name}: {e}");
        if noise {
            assert!(b.load(&saved[1..]).is_err(), "{name}");
        }
    }
}

#[test]
fn processes_say_their_width_and_seed() {
    for p in every_process() {
        let fixed = ["present_input", "piecewise", "table"].contains(&p.name());
        assert_eq!(p.model().width(), fixed.then_some(2), "{}", p.name());
        assert_eq!(p.model().seed(), None, "{}", p.name());
        if fixed {
            let e = p.model().check(3, DT).unwrap_err();
            assert!(e.contains('3') && e.contains('2'), "{}: {e}", p.name());
        }
    }
    for mut p in [
        json!({ "type": "white_signal", "period": 1.0, "high": 10.0 }),
        json!({ "type": "white_noise" }),
        json!({ "type": "filtered_noise" }),
        json!({ "type": "brown_noise" }),
    ] {
        for seed in [0, 7] {
            p["seed"] = json!(seed);
            let p: Process = serde_json::from_value(p.clone()).unwrap();
            assert_eq!(p.model().seed(), Some(seed), "{}", p.name());
        }
        // As a file has it that says nothing.
        p["seed"] = json!(null);
        assert_eq!(serde_json::from_value::<Process>(p).unwrap().model().seed(), None);
    }
}

#[test]
fn distributions_that_noise_cannot_be_drawn_from_are_refused() {
    let wrong = [Distribution::gaussian(0.0, -1.0), Distribution::from(vec![1.0, 2.0, 3.0])];
    for dist in wrong {
        let e = [
            BrownNoise { dist: dist.clone(), ..BrownNoise::default() }.check(1, DT).unwrap_err(),
            FilteredNoise { dist: dist.clone(), ..FilteredNoise::default() }.check(1, DT).unwrap_err(),
            WhiteNoise { dist: Some(dist.clone()), ..WhiteNoise::default() }.check(1, DT).unwrap_err(),
        ];
        assert!(e.iter().all(|e| e.starts_with("`dist`: ")), "{e:?}");
    }
    let dist = Some(Distribution::uniform(0.0, 1.0));
    for (mean, std) in [(0.5, 1.0), (0.0, 2.0)] {
        let e =
            WhiteNoise { mean, std, dist: dist.clone(), ..WhiteNoise::default() }.check(1, DT).unwrap_err();
        assert!(e.contains("takes the place"), "{e}");
    }
    let slow = FilteredNoise { synapse: Triangle { t: 1e6 }.into(), ..FilteredNoise::default() };
    assert!(slow.check(1, DT).unwrap_err().starts_with("`synapse`: `t`"));
}

#[test]
fn brown_noise_is_the_sum_of_white_noise() {
    let dist = Distribution::uniform(-1.0, 3.0);
    for scale in [true, false] {
        let white = WhiteNoise { dist: Some(dist.clone()), scale, ..WhiteNoise::default() };
        let brown = BrownNoise { dist: dist.clone(), scale, seed: None };
        let mut sum = [0.0; 2];
        for (w, b) in values(&white, 5, 1..200).into_iter().zip(values(&brown, 5, 1..200)) {
            for k in 0..2 {
                sum[k] += DT * w[k];
                assert!((b[k] - sum[k]).abs() < 1e-12, "{} is not {}", b[k], sum[k]);
            }
        }
    }
}

#[test]
fn signals_that_cannot_be_are_refused_and_those_at_the_edge_are_not() {
    let e = |p: WhiteSignal, dt: f64| p.check(1, dt).unwrap_err();
    let p = || WhiteSignal::new(2.0, 5.0);
    assert!(e(WhiteSignal { period: 0.0, ..p() }, DT).contains("`period`"));
    assert!(e(WhiteSignal { high: 0.0, ..p() }, DT).contains("`high`"));
    assert!(e(WhiteSignal { rms: -0.1, ..p() }, DT).contains("`rms`"));
    assert!(e(WhiteSignal { y0: Some(f64::NAN), ..p() }, DT).contains("`y0` must be finite"));
    WhiteSignal { y0: Some(-3.0), ..p() }.check(1, DT).unwrap();
    assert!(e(WhiteSignal { high: 0.49, ..p() }, DT).contains("at least 1/period (0.5 Hz)"));
    WhiteSignal { high: 0.5, ..p() }.check(1, DT).unwrap();
    assert!(e(WhiteSignal { high: 501.0, ..p() }, DT).contains("half the sampling rate (500 Hz)"));
    WhiteSignal { high: 500.0, ..p() }.check(1, DT).unwrap();
    assert!(e(WhiteSignal { period: 1.1e6, ..p() }, DT).contains("below 1e9 time steps"));
    WhiteSignal { period: 0.9e6, ..p() }.check(1, DT).unwrap();
}

#[test]
fn a_signal_begins_at_its_value_at_the_first_step_and_comes_round() {
    let p = WhiteSignal { y0: Some(0.0), ..WhiteSignal::new(0.25, 30.0) };
    let x = values(&p, 9, 1..751);
    for column in 0..2 {
        let nearest = x.iter().map(|y| y[column].abs()).fold(f64::INFINITY, f64::min);
        assert_eq!(x[0][column].abs(), nearest);
        assert!((0..500).all(|k| x[k][column] == x[k + 250][column]));
    }
    assert!((0..250).any(|k| x[k][0] != x[k][1]), "the columns are one signal");
}

#[test]
fn values_at_times_that_make_no_sense_are_refused() {
    let e = |p: Piecewise| p.check(2, DT).unwrap_err();
    two().check(2, DT).unwrap();
    assert!(e(Piecewise { times: vec![], values: vec![], ..two() }).contains("at least one, found 0 and 0"));
    assert!(e(Piecewise { times: vec![0.1], ..two() }).contains("found 1 and 2"));
    for times in [vec![0.1, 0.1], vec![0.2, 0.1], vec![0.0, f64::INFINITY], vec![f64::NAN, 1.0]] {
        assert!(e(Piecewise { times, ..two() }).contains("finite and ascending"));
    }
    let values = vec![vec![1.0, 2.0], vec![1.0, f64::NAN]];
    assert!(e(Piecewise { values, ..two() }).contains("`values` must be finite"));
    let spline = |n: usize, interpolation| Piecewise {
        times: (0..n).map(|k| k as f64).collect(),
        values: vec![vec![1.0, 2.0]; n],
        interpolation,
    };
    for (kind, least) in [(Between::Quadratic, 3), (Between::Cubic, 4)] {
        let e = e(spline(least - 1, kind));
        assert!(e.contains(&format!("needs {least} times at least, found {}", least - 1)), "{e}");
        spline(least, kind).check(2, DT).unwrap();
    }
    for kind in [Between::Hold, Between::Linear, Between::Nearest] {
        spline(1, kind).check(2, DT).unwrap();
    }
}

/// Piecewise values at some times.
fn at(p: &Piecewise, times: &[f64]) -> Vec<f64> {
    let mut run = p.start(1, DT, RandomState::new(0)).unwrap();
    times
        .iter()
        .map(|t| {
            let mut y = [9.0];
            run.step(*t, &mut y).unwrap();
            y[0]
        })
        .collect()
}

#[test]
fn a_parabola_is_met_between_its_points_and_is_nothing_beyond_them() {
    let f = |t: f64| 2.0 - 300.0 * t + 4e4 * t * t;
    let times = vec![0.001, 0.004, 0.005, 0.009];
    let values: Vec<Vec<f64>> = times.iter().map(|t| vec![f(*t)]).collect();
    let of = |interpolation| Piecewise { times: times.clone(), values: values.clone(), interpolation };
    let inside = [0.001, 0.0021, 0.004, 0.0047, 0.0083, 0.009];
    for kind in [Between::Quadratic, Between::Cubic] {
        for (y, t) in at(&of(kind), &inside).iter().zip(inside) {
            assert!((y - f(t)).abs() < 1e-11, "{kind:?} at {t}: {y}");
        }
    }
    let outside = [0.0, 0.0009, 0.0091, 1.0];
    for kind in [Between::Linear, Between::Nearest, Between::Quadratic, Between::Cubic] {
        assert_eq!(at(&of(kind), &outside), [0.0; 4], "{kind:?}");
        // At the points themselves every kind gives what was given.
        for (y, v) in at(&of(kind), &times).iter().zip(&values) {
            assert!((y - v[0]).abs() < 1e-11, "{kind:?}: {y}, not {}", v[0]);
        }
    }
    assert_eq!(at(&of(Between::Hold), &[0.0004, 0.0006, 0.0034, 0.0036, 1.0])[..2], [0.0, values[0][0]]);
    let held = at(&of(Between::Hold), &[0.0034, 0.0036, 0.0086, 1.0]);
    assert_eq!(held, [values[0][0], values[1][0], values[3][0], values[3][0]]);
}

#[test]
fn tables_that_make_no_sense_are_refused() {
    let e = |t: Table| t.check(2, DT).unwrap_err();
    table().check(2, DT).unwrap();
    assert!(e(Table { rate: 0.0, ..table() }).contains("`rate`"));
    let rows = "at least one row, and rows of equal length";
    assert!(
        e(Table { width: 0, ..table() }).contains(rows) && e(Table { width: 4, ..table() }).contains(rows)
    );
    assert!(e(Table { values: Arc::new(vec![]), ..table() }).contains(rows));
    assert!(table().check(3, DT).unwrap_err().contains("the node has 3 values, the table 2 columns"));
    let timed = |t: &[f64]| Table { times: Arc::new(t.to_vec()), ..table() };
    timed(&[0.0, 0.1, 0.2]).check(2, DT).unwrap();
    assert!(e(timed(&[0.0, 0.1])).contains("2 times for 3 rows"));
    for t in [[0.0, 0.1, 0.1], [0.2, 0.1, 0.3], [0.0, 0.1, f64::NAN], [f64::NEG_INFINITY, 0.0, 0.1]] {
        assert!(e(timed(&t)).contains("finite and ascending"), "{t:?}");
    }
    let values = Arc::new(vec![1.0, 2.0, 3.0, f64::NAN, 5.0, 6.0]);
    assert!(e(Table { values, ..table() }).contains("row 1 of the table is not finite: NaN"));
}

#[test]
fn a_table_lasts_to_the_end_of_its_last_row_or_to_its_last_time() {
    assert!((table().seconds() - 0.03).abs() < 1e-12);
    assert!((Table { rate: 4.0, ..table() }.seconds() - 0.75).abs() < 1e-12);
    assert_eq!(Table { times: Arc::new(vec![0.5, 0.6, 1.75]), ..table() }.seconds(), 1.75);
}

/// The first column of a table in some steps; `None` where the run stops.
fn steps(t: &Table, at: &[u32]) -> Vec<Option<f64>> {
    let mut run = t.start(2, DT, RandomState::new(0)).unwrap();
    at.iter()
        .map(|k| {
            let mut y = [9.0; 2];
            run.step(f64::from(*k) * DT, &mut y).ok().map(|()| y[0])
        })
        .collect()
}

#[test]
fn the_end_of_a_table_is_as_asked_with_a_rate_and_with_times() {
    let rated = |interpolation, past_end| Table { interpolation, past_end, ..table() };
    let timed = |interpolation, past_end| Table {
        times: Arc::new(vec![0.0, 0.01, 0.02]),
        ..rated(interpolation, past_end)
    };
    // Rows of 10 ms begin with 1, 3 and 5: of a rate the last lasts as long, of times it is the end.
    let held = |of: &dyn Fn(Interpolation, PastEnd) -> Table, past| {
        steps(&of(Interpolation::Hold, past), &[1, 20, 21, 22, 30, 31])
    };
    let s = Some;
    assert_eq!(held(&rated, PastEnd::Hold), [s(1.0), s(3.0), s(5.0), s(5.0), s(5.0), s(5.0)]);
    assert_eq!(held(&rated, PastEnd::Zero), [s(1.0), s(3.0), s(5.0), s(5.0), s(5.0), s(0.0)]);
    assert_eq!(held(&rated, PastEnd::Loop), [s(1.0), s(3.0), s(5.0), s(5.0), s(5.0), s(1.0)]);
    assert_eq!(held(&rated, PastEnd::Error), [s(1.0), s(3.0), s(5.0), s(5.0), s(5.0), None]);
    assert_eq!(held(&timed, PastEnd::Hold), [s(1.0), s(3.0), s(5.0), s(5.0), s(5.0), s(5.0)]);
    assert_eq!(held(&timed, PastEnd::Zero), [s(1.0), s(3.0), s(5.0), s(0.0), s(0.0), s(0.0)]);
    assert_eq!(held(&timed, PastEnd::Loop), [s(1.0), s(3.0), s(1.0), s(1.0), s(1.0), s(3.0)]);
    assert_eq!(held(&timed, PastEnd::Error), [s(1.0), s(3.0), s(5.0), None, None, None]);
    // On a straight line to the next row, and in a loop from the last to the first.
    let line = |past| steps(&rated(Interpolation::Linear, past), &[6, 16, 26, 31]);
    for (past, wanted) in [
        (PastEnd::Hold, [2.0, 4.0, 5.0, 5.0]),
        (PastEnd::Zero, [2.0, 4.0, 5.0, 0.0]),
        (PastEnd::Loop, [2.0, 4.0, 3.0, 1.0]),
    ] {
        for (y, w) in line(past).into_iter().zip(wanted) {
            assert!((y.unwrap() - w).abs() < 1e-5, "{past:?}: {y:?}, not {w}");
        }
    }
}
