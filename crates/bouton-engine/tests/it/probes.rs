//! What probes record of a signal.

use std::sync::Arc;

use bouton_core::Failure;
use bouton_elements::synapses::{Filter, StateSpace};
use bouton_engine::{
    At, Bounds, Call, Draws, Edit, Io, Knob, Norm, Observe, Op, Operand, Options, Passes, Pick, Precision,
    Program, Recorded, Reset, Role, Running, SignalId, Simulation, Start,
};

use super::passes::population;

#[test]
fn a_probe_of_the_inverse_records_one_over_each_number() {
    let mut p = Program::default();
    let g = p.double("conductance", 3, 1, Role::Parameter, vec![1e-6, 2.5e-8, 4.0]);
    let mut s = Simulation::new(p, Options::default()).unwrap();
    let id = s.attach(Observe { inverse: true, ..Observe::new(g, "conductance") }).unwrap();
    s.run_steps(2).unwrap();
    let found = s.samples(id).unwrap();
    assert_eq!((found.row(0), found.rows()), (&[1.0 / 1e-6, 1.0 / 2.5e-8, 0.25][..], 2));
}

#[test]
fn a_probe_records_what_is_read_whatever_form_a_plan_keeps_it_in() {
    for precision in [Precision::F64, Precision::F32] {
        // A refractory time is kept as a mark with some plans, and its probe goes on with others.
        let p = population(40, 1, 2);
        let mut s = Simulation::new(p.program.clone(), Options { precision, ..Options::default() }).unwrap();
        let signals = [p.refractory, p.voltage, p.y];
        let ids = s.attach_all(signals.iter().map(|id| Observe::new(*id, "seen")).collect()).unwrap();
        let mut read = vec![vec![]; 3];
        for step in 0..60 {
            match step {
                20 => s.replan(Passes::none()).unwrap(),
                40 => s.replan(Passes::default()).unwrap(),
                _ => {}
            }
            s.run_steps(1).unwrap();
            for (signal, all) in signals.iter().zip(&mut read) {
                let mut values = vec![];
                s.read_signal(*signal, &mut values);
                all.extend(values);
            }
        }
        for (id, all) in ids.iter().zip(&read) {
            assert!(all.iter().any(|x| *x != 0.0));
            assert_eq!(s.samples(*id).unwrap().values, *all);
        }
    }
}

#[test]
fn a_probe_of_rows_records_these_rows_of_a_matrix() {
    let mut p = Program::default();
    let w = p.signal("w", 4, 3, Role::Parameter, (0..12).map(f64::from).collect::<Vec<f64>>());
    let mut s = Simulation::new(p, Options::default()).unwrap();
    let id = s.attach(Observe { rows: Some(vec![3, 1]), ..Observe::new(w, "w") }).unwrap();
    s.run_steps(1).unwrap();
    assert_eq!(s.samples(id).unwrap().row(0), [9.0, 10.0, 11.0, 3.0, 4.0, 5.0]);
}

#[test]
fn norms_of_what_moved_are_those_of_the_difference_from_the_start() {
    for precision in [Precision::F64, Precision::F32] {
        let mut p = Program::default();
        // Numbers that single precision rounds: what hasn't moved has moved by 0.
        let start = vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
        let w = p.signal("w", 3, 2, Role::Parameter, start);
        p.knobs_mut().add("w", Knob::plain(w, "", Bounds::ANY, "numbers"));
        let mut s = Simulation::new(p, Options { precision, ..Options::default() }).unwrap();
        let all = s.attach(Observe { norm: Norm::Moved, ..Observe::new(w, "w") }).unwrap();
        let rows = s.attach(Observe { norm: Norm::MovedRows, ..Observe::new(w, "w") }).unwrap();
        let picked = Observe { norm: Norm::MovedRows, rows: Some(vec![2, 0]), ..Observe::new(w, "w") };
        let picked = s.attach(picked).unwrap();
        s.run_steps(1).unwrap();
        let values = vec![3.1, 0.2, 0.3, 0.4, 0.5, -3.4];
        s.apply(&Edit { path: "w".into(), pick: Pick::All, values }).unwrap();
        s.run_steps(1).unwrap();
        let row = |id, k| s.samples(id).unwrap().row(k).to_vec();
        assert_eq!((row(all, 0), row(rows, 0)), (vec![0.0], vec![0.0; 3]));
        let close = |found: Vec<f64>, wanted: &[f64]| {
            assert_eq!(found.len(), wanted.len());
            found.iter().zip(wanted).for_each(|(f, w)| assert!((f - w).abs() < 1e-6, "{f} for {w}"));
        };
        close(row(all, 1), &[5.0]);
        close(row(rows, 1), &[3.0, 0.0, 4.0]);
        close(row(picked, 1), &[4.0, 3.0]);
        assert_eq!((s.sample_shape(all).unwrap(), s.sample_shape(rows).unwrap()), ((1, 1), (3, 1)));
    }
}

#[test]
fn norms_of_all_and_of_each_row_take_the_place_of_the_values() {
    let mut p = Program::default();
    let w = p.signal("w", 3, 2, Role::Parameter, vec![3.0, -4.0, 0.0, 0.0, 6.0, 8.0]);
    // Squares that no number holds.
    let v = p.signal("v", 1, 2, Role::Parameter, vec![3e200, 4e-200]);
    let mut s = Simulation::new(p, Options::default()).unwrap();
    let all = s.attach(Observe { norm: Norm::All, ..Observe::new(w, "w") }).unwrap();
    let rows = s.attach(Observe { norm: Norm::Rows, every: 2.0, ..Observe::new(w, "w") }).unwrap();
    let picked = Observe { norm: Norm::Rows, rows: Some(vec![2, 0]), ..Observe::new(w, "w") };
    let picked = s.attach(picked).unwrap();
    let large = s.attach(Observe { norm: Norm::All, ..Observe::new(v, "v") }).unwrap();
    s.run_steps(4).unwrap();
    let row = |id| s.samples(id).unwrap().row(0).to_vec();
    assert!((row(all)[0] - 125f64.sqrt()).abs() < 1e-14 && row(all).len() == 1);
    assert_eq!((row(rows), row(picked), row(large)), (vec![5.0, 0.0, 10.0], vec![10.0, 5.0], vec![3e200]));
    assert_eq!((s.samples(rows).unwrap().rows(), s.sample_shape(rows).unwrap()), (2, (3, 1)));
    assert_eq!(s.sample_shape(all).unwrap(), (1, 1));
}

/// `x` counts the steps, `y` is it in each second step and 0 in the others.
fn counting(precision: Precision) -> (Simulation, SignalId, SignalId) {
    #[derive(Debug)]
    struct Counts;
    impl Call for Counts {
        fn name(&self) -> &str {
            "counts"
        }
        fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
            Ok(Box::new(Counts))
        }
    }
    impl Running for Counts {
        fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
            let x = at.step as f64;
            io.set(0, &[x, 0.1 * x, -x]);
            io.set(1, &[0.0, if at.step.is_multiple_of(2) { x } else { 0.0 }]);
            Ok(())
        }
    }
    let mut p = Program::default();
    let x = p.signal("x", 3, 1, Role::Scratch, 0.0);
    let y = p.signal("y", 2, 1, Role::Scratch, 0.0);
    p.add("counts", Op::Call(Arc::new(Counts)), [Operand::set(x), Operand::set(y)], Draws::No);
    (Simulation::new(p, Options { precision, ..Options::default() }).unwrap(), x, y)
}

#[test]
fn a_probe_of_rows_or_elements_that_are_not_there_is_refused() {
    let (mut s, x, y) = counting(Precision::F64);
    let rows = |rows: &[usize]| Observe { rows: Some(rows.to_vec()), ..Observe::new(x, "probe") };
    let elements = |at: &[usize]| Observe { elements: Some(at.to_vec()), ..Observe::new(x, "probe") };
    let when = |k: usize| Observe { when: vec![(y, 0), (y, k)], ..Observe::new(x, "probe") };
    for (bad, says) in [
        (rows(&[0, 3]), "row 3 is out of range, there are 3"),
        (elements(&[2, 3]), "element 3 of `x` is out of range, there are 3"),
        (when(2), "element 2 of `y` is out of range, there are 2"),
    ] {
        let e = s.attach(bad).unwrap_err().to_string();
        assert!(e.starts_with("probe:") && e.contains(says), "{e}");
    }
    for good in [rows(&[2]), elements(&[2]), when(1)] {
        s.attach(good).unwrap();
    }
}

#[test]
fn probes_are_asked_and_drained_each_by_itself() {
    let (mut s, x, y) = counting(Precision::F64);
    let all = s.attach(Observe::new(x, "all")).unwrap();
    let some = s.attach(Observe { elements: Some(vec![2, 0]), ..Observe::new(x, "some") }).unwrap();
    let events = s.attach(Observe { events: true, ..Observe::new(y, "events") }).unwrap();
    assert_eq!(s.observed(some).unwrap().of, "some");
    assert_eq!([all, some, events].map(|id| s.sample_shape(id).unwrap()), [(3, 1), (2, 1), (2, 1)]);
    s.run_steps(3).unwrap();
    assert_eq!(s.samples(some).unwrap().values, [-1.0, 1.0, -2.0, 2.0, -3.0, 3.0]);
    [all, some, events].iter().for_each(|id| s.rows_fit(*id).unwrap());
    let Recorded::Events(e) = s.drain(events).unwrap() else { panic!("kept as events") };
    assert_eq!((e.steps, e.events.len(), e.events[0].value), (vec![1, 2, 3], 1, 2.0));
    assert!(matches!(s.drain(all).unwrap(), Recorded::Rows(r) if r.rows() == 3));
    s.run_steps(1).unwrap();
    let mut to = vec![9.0];
    s.drain_values(some, &mut to).unwrap();
    s.drain_values(events, &mut to).unwrap();
    assert_eq!(to, [9.0, -1.0, 1.0, -2.0, 2.0, -3.0, 3.0, -4.0, 4.0, 0.0, 4.0]);
    assert_eq!((s.samples(all).unwrap().steps, s.samples(some).unwrap().rows()), (vec![4], 0));
    s.clear_recordings();
    assert_eq!(s.samples(all).unwrap().rows(), 0);
    // The next has a number of its own, and one that is gone is an error of its number.
    assert!(s.detach(some).unwrap().steps().is_empty());
    let next = s.attach(Observe::new(y, "next")).unwrap();
    assert!(![all, some, events].contains(&next));
    let e = s.samples(some).unwrap_err().to_string();
    assert!(e.contains("there is no probe 1"), "{e}");
    assert!(s.detach(some).is_err() && s.drain(some).is_err() && s.drain_values(some, &mut to).is_err());
    assert!(s.observed(some).is_err() && s.sample_shape(some).is_err() && s.rows_fit(some).is_err());
    s.run_steps(1).unwrap();
    assert_eq!(s.samples(next).unwrap().values, [0.0, 0.0]);
}

#[test]
fn a_probe_at_events_samples_the_steps_in_which_one_of_them_is() {
    let (mut s, x, y) = counting(Precision::F64);
    let at = |when: &[(SignalId, usize)]| Observe { when: when.to_vec(), ..Observe::new(x, "probe") };
    let never = s.attach(at(&[(y, 0)])).unwrap();
    let second = s.attach(at(&[(y, 0), (y, 1)])).unwrap();
    let due = s.attach(Observe { every: 3.0, ..at(&[(y, 1)]) }).unwrap();
    s.run_steps(12).unwrap();
    assert_eq!(s.samples(never).unwrap().rows(), 0);
    assert_eq!(s.samples(second).unwrap().steps, [2, 4, 6, 8, 10, 12]);
    assert_eq!(s.samples(due).unwrap().steps, [6, 12]);
}

#[test]
fn a_probe_that_leaves_steps_out_samples_the_first_at_or_behind_each_multiple() {
    // Whole periods, halves, and such as a quotient of times comes to.
    let periods = [1.0, 2.0, 10.0, 1.2, 2.5, 7.3, 1000.0 / 3.0, 10.0 - 2e-15, 10.0 + 2e-15, 0.3 / 0.001];
    for every in periods {
        let (mut s, x, _) = counting(Precision::F64);
        let id = s.attach(Observe { every, ..Observe::new(x, "probe") }).unwrap();
        s.run_steps(3000).unwrap();
        // In whole numbers of 2^-50 steps, which no remainder rounds.
        let of = |x: f64| (x * 2f64.powi(50)) as u128;
        let first = |step: &u64| u128::from(*step) * of(1.0) % of(every) < of(1.0);
        let wanted: Vec<u64> = (1..=3000).filter(first).collect();
        assert_eq!(s.samples(id).unwrap().steps, wanted, "every {every}");
    }
}

#[test]
fn a_filter_of_a_probe_runs_in_every_step_and_delivers_a_step_later() {
    for precision in [Precision::F64, Precision::F32] {
        let (mut s, x, _) = counting(precision);
        let filters = [
            Filter::Gain(2.0),
            Filter::First { a: 0.3, b: 0.7 },
            Filter::Taps(vec![0.5, 0.0, 0.25]),
            Filter::Space(StateSpace { n: 1, a: vec![0.3], b: vec![0.7], c: vec![1.0], d: 0.5 }),
        ];
        let observe = |f: &Filter| Observe { filter: Some(f.clone()), events: true, ..Observe::new(x, "x") };
        let ids = filters.each_ref().map(|f| s.attach(observe(f)).unwrap());
        let seldom = s.attach(Observe { every: 4.0, ..observe(&filters[1]) }).unwrap();
        s.run_steps(8).unwrap();
        // What each element is in each step, in the simulation's numbers.
        let own = |x: f64| if precision == Precision::F32 { f64::from(x as f32) } else { x };
        let each = |of: fn(f64) -> f64| (1..9).map(|k| own(of(f64::from(k)))).collect::<Vec<f64>>();
        let inputs = [each(|k| k), each(|k| 0.1 * k), each(|k| -k)];
        let close = if precision == Precision::F32 { 1e-6 } else { 1e-13 };
        for (filter, id) in filters.iter().zip(ids) {
            let found = s.samples(id).unwrap();
            assert_eq!(found.steps, [1, 2, 3, 4, 5, 6, 7, 8]);
            assert!(found.row(0).iter().all(|y| *y == 0.0), "it begins at zero");
            for (e, input) in inputs.iter().enumerate() {
                let mut low = 0.0;
                for k in 0..7 {
                    let u = |back: usize| if k >= back { input[k - back] } else { 0.0 };
                    let before = low;
                    low = 0.3 * low + 0.7 * u(0);
                    let wanted = match filter {
                        Filter::Gain(g) => g * u(0),
                        Filter::First { .. } => low,
                        Filter::Taps(_) => 0.5 * u(0) + 0.25 * u(2),
                        // What the state was, and a half of what comes.
                        Filter::Space(_) => before + 0.5 * u(0),
                    };
                    let y = found.row(k + 1)[e];
                    assert!((y - wanted).abs() < close * 10.0, "{filter:?}: {y} for {wanted}");
                    assert!(
                        precision == Precision::F64 || y == f64::from(y as f32),
                        "{y} is no single number"
                    );
                }
            }
        }
        let every: Vec<f64> = s.samples(ids[1]).unwrap().values;
        assert_eq!(s.samples(seldom).unwrap().steps, [4, 8]);
        assert_eq!(s.samples(seldom).unwrap().values, [&every[9..12], &every[21..24]].concat());
        // A reset begins at zero again.
        s.reset(Reset::All).unwrap();
        s.run_steps(8).unwrap();
        assert_eq!(s.samples(ids[1]).unwrap().values, every);
    }
}

#[test]
fn a_number_that_is_not_finite_stops_a_run_where_a_probe_looks_and_all_have_recorded() {
    let mut p = Program::default();
    let g = p.double("g", 2, 1, Role::Parameter, vec![1.0, 0.5]);
    p.knobs_mut().add("g", Knob::plain(g, "", Bounds::ANY, "numbers"));
    let mut s = Simulation::new(p, Options::default()).unwrap();
    let before = s.attach(Observe::new(g, "before")).unwrap();
    let inverse = s.attach(Observe { inverse: true, ..Observe::new(g, "inverse") }).unwrap();
    let behind = s.attach(Observe::new(g, "behind")).unwrap();
    s.run_steps(2).unwrap();
    s.apply(&Edit { path: "g".into(), pick: Pick::Element(1, 0), values: vec![0.0] }).unwrap();
    let e = s.step().unwrap_err().to_string();
    assert!(e.starts_with("inverse:") && e.contains("is not finite at t = 0.003000 s"), "{e}");
    for id in [before, inverse, behind] {
        assert_eq!(s.samples(id).unwrap().steps, [1, 2, 3]);
    }
    assert!(s.step().unwrap_err().to_string().contains("can't go on"));
}

#[test]
fn a_filter_runs_in_every_step_where_nobody_else_looks() {
    let run = |every| {
        let (mut s, x, _) = counting(Precision::F64);
        let filter = Some(Filter::First { a: 0.9, b: 0.1 });
        let id = s.attach(Observe { filter, every, ..Observe::new(x, "x") }).unwrap();
        s.run_steps(60).unwrap();
        s.drain(id).unwrap().into_samples()
    };
    let (all, seldom) = (run(1.0), run(20.0));
    assert_eq!(seldom.steps, [20, 40, 60]);
    for (k, step) in [20, 40, 60].into_iter().enumerate() {
        assert_eq!(seldom.row(k), all.row(step - 1));
    }
}

#[test]
fn how_far_inverses_moved_is_counted_from_the_inverses_of_the_start() {
    for (double, precision) in [(true, Precision::F64), (true, Precision::F32), (false, Precision::F32)] {
        let mut p = Program::default();
        let start = vec![0.1, 0.25, 3.0, 0.7];
        let g = if double {
            p.double("g", 2, 2, Role::Parameter, start)
        } else {
            p.signal("g", 2, 2, Role::Parameter, start)
        };
        p.knobs_mut().add("g", Knob::plain(g, "", Bounds::ANY, "numbers"));
        let mut s = Simulation::new(p, Options { precision, ..Options::default() }).unwrap();
        let of = |norm, inverse| Observe { norm, inverse, ..Observe::new(g, "g") };
        let inverse = s.attach(of(Norm::MovedRows, true)).unwrap();
        let plain = s.attach(of(Norm::MovedRows, false)).unwrap();
        let whole = s.attach(of(Norm::None, false)).unwrap();
        s.run_steps(1).unwrap();
        s.apply(&Edit { path: "g".into(), pick: Pick::Element(0, 1), values: vec![0.5] }).unwrap();
        s.run_steps(1).unwrap();
        assert_eq!(s.samples(inverse).unwrap().values, [0.0, 0.0, 2.0, 0.0]);
        assert_eq!(s.samples(plain).unwrap().values, [0.0, 0.0, 0.25, 0.0]);
        assert_eq!((s.sample_shape(whole).unwrap(), s.sample_shape(plain).unwrap()), ((2, 2), (2, 1)));
    }
}
