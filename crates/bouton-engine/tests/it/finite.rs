//! A number that isn't finite stops a run of single steps, wherever a step has written it, and its signal is named.

use std::sync::Arc;

use bouton_core::Failure;
use bouton_engine::{
    At, Bounds, Call, Draws, Edit, Io, Knob, Op, Operand, Options, Passes, Pick, Precision, Program, Reset,
    Role, Running, Shape, Simulation, Start,
};

/// Writes its number of the step, but for one element of one step.
#[derive(Debug)]
struct Counts {
    spoils: Option<(usize, f64)>,
}

struct Counting(Option<(usize, f64)>);

impl Call for Counts {
    fn name(&self) -> &str {
        "counts"
    }
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        if on.len() == 1 { Ok(()) } else { Err("takes one operand".into()) }
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(Counting(self.spoils)))
    }
}

impl Running for Counting {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        let spoils = self.0.filter(|_| at.step >= 5);
        io.with(|y, _| {
            y[0].fill(at.step as f64);
            if let Some((k, bad)) = spoils {
                y[0][k] = bad;
            }
        });
        Ok(())
    }
    fn save(&self) -> Result<Vec<u8>, String> {
        Ok(vec![])
    }
}

/// Lengths of the signals that a step writes; after each lies one that stands still.
const LENGTHS: [usize; 7] = [1, 7, 8, 9, 31, 33, 300];

/// A program in which element `spoils.1` of signal `spoils.0` goes wrong.
fn program(spoils: Option<(usize, usize, f64)>) -> Program {
    let mut p = Program::default();
    for (k, n) in LENGTHS.into_iter().enumerate() {
        let role = [Role::State, Role::Scratch, Role::Parameter][k % 3];
        // Some are in double precision, at the same places as others in the simulation's numbers.
        let name = format!("y{k}");
        let double = [1, 4, 5].contains(&k);
        let y = if double { p.double(name, n, 1, role, 0.0) } else { p.signal(name, n, 1, role, 0.0) };
        // Some close by, so that the two are looked at in one, and some further off.
        p.signal(
            format!("still{k}"),
            if k % 2 == 0 { 3 } else { 100 },
            1,
            Role::Parameter,
            f64::from(f32::MAX),
        );
        let spoils = spoils.filter(|s| s.0 == k).map(|s| (s.1, s.2));
        p.add("counter", Op::Call(Arc::new(Counts { spoils })), [Operand::set(y)], Draws::No);
    }
    p
}

#[test]
fn it_is_found_in_every_element_that_a_step_writes() {
    for precision in [Precision::F64, Precision::F32] {
        let run = |spoils| -> Result<(), bouton_core::Error> {
            let mut s =
                Simulation::new(program(spoils), Options { precision, ..Options::default() }).unwrap();
            (0..64).try_for_each(|_| s.run_steps(1))?;
            s.replan(Passes::none())?;
            s.check_finite()
        };
        run(None).unwrap();
        for (k, n) in LENGTHS.into_iter().enumerate() {
            for at in 0..n {
                let e = run(Some((k, at, [f64::NAN, f64::INFINITY][at % 2]))).unwrap_err().to_string();
                assert!(e.starts_with(&format!("y{k}: ")) && e.contains("isn't finite"), "{k}, {at}: {e}");
            }
        }
    }
}

/// Asks whether numbers are finite in the simulation's number type.
#[derive(Debug)]
struct Asks;

impl Call for Asks {
    fn name(&self) -> &str {
        "asks"
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(Asks))
    }
}

impl Running for Asks {
    fn step(&mut self, _: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        let answers = [1.0, 1e38, 1e39, f64::MAX, f64::INFINITY, f64::NAN].map(|x| io.holds(x));
        io.set(0, &answers.map(|x| f64::from(u8::from(x))));
        Ok(())
    }
}

#[test]
fn a_call_is_told_what_its_number_type_holds() {
    for (precision, holds) in
        [(Precision::F64, [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]), (Precision::F32, [1.0, 1.0, 0.0, 0.0, 0.0, 0.0])]
    {
        let mut p = Program::default();
        let y = p.signal("y", 6, 1, Role::State, 0.5);
        p.add("asker", Op::Call(Arc::new(Asks)), [Operand::set(y)], Draws::No);
        let mut s = Simulation::new(p, Options { precision, ..Options::default() }).unwrap();
        s.step().unwrap();
        let mut found = vec![];
        s.read_signal(y, &mut found);
        assert_eq!(found, holds, "{precision:?}");
    }
}

#[test]
fn a_start_that_single_precision_does_not_hold_is_refused_wherever_it_is() {
    for k in [0, 2] {
        let mut p = Program::default();
        let mut start = vec![1.0; 3];
        start[k] = 1e300;
        p.signal("w", 3, 1, Role::Parameter, start);
        let single = Options { precision: Precision::F32, ..Options::default() };
        let e = Simulation::new(p.clone(), single).err().unwrap().to_string();
        assert!(e.contains("`w`") || e.contains("w:") && e.contains("1e300"), "{e}");
        Simulation::new(p, Options::default()).unwrap();
    }
}

/// Two counters, of which the second goes wrong in its step 5; a parameter `w`; and a signal `still` in double precision.
fn two(roles: [Role; 2]) -> Program {
    let mut p = Program::default();
    for (k, role) in roles.into_iter().enumerate() {
        let y = p.signal(format!("y{k}"), 3, 1, role, 0.0);
        let spoils = (k == 1).then_some((2, f64::NAN));
        p.add("counter", Op::Call(Arc::new(Counts { spoils })), [Operand::set(y)], Draws::No);
    }
    let w = p.signal("w", 2, 1, Role::Parameter, 1.0);
    p.double("still", 2, 1, Role::State, vec![1.0, 2.0]);
    p.knobs_mut().add("w", Knob::plain(w, "", Bounds::ANY, "two numbers"));
    p
}

#[test]
fn a_loop_of_steps_stops_within_a_thousand_and_a_run_at_its_end() {
    let sim = || Simulation::new(two([Role::State; 2]), Options::default()).unwrap();
    let mut s = sim();
    let stopped = (1..=2000).find(|_| s.step().is_err());
    assert!(stopped.is_some_and(|k| k <= 1000), "{stopped:?}");
    let e = s.step().unwrap_err().to_string();
    assert!(e.starts_with("y1:") && e.contains("can't go on"), "{e}");
    // The first run of several steps looks, however short it is.
    let e = sim().run_steps(6).unwrap_err().to_string();
    assert!(e.starts_with("y1:") && e.contains("at t = 0.006000 s"), "{e}");
    let mut s = sim();
    s.run_steps(3).unwrap();
    assert!(s.run_steps(40).is_err());
    s.reset(Reset::All).unwrap();
    s.run_steps(4).unwrap();
    assert!(s.run_steps(6).is_ok() && s.check_finite().is_err());
}

#[test]
fn a_parameter_that_is_not_finite_is_named_before_what_it_has_spoilt() {
    for roles in [[Role::State, Role::Parameter], [Role::Parameter, Role::State]] {
        let mut p = two(roles);
        // What stands in front of all of them goes wrong in the same step.
        let y = p.signal("late", 3, 1, Role::Parameter, 0.0);
        let spoils = Some((0, f64::NAN));
        p.add("counter", Op::Call(Arc::new(Counts { spoils })), [Operand::set(y)], Draws::No);
        let mut s = Simulation::new(p, Options::default()).unwrap();
        let e = s.run_steps(10).unwrap_err().to_string();
        let wanted = if roles[1] == Role::Parameter { "y1:" } else { "late:" };
        assert!(e.starts_with(wanted), "{e}");
        // What isn't finite can't be kept; what else there is doesn't matter.
        let e = s.reset(Reset::KeepWeights).unwrap_err().to_string();
        assert!(e.starts_with(wanted) && e.contains("can't be kept"), "{e}");
        assert!(s.step().unwrap_err().to_string().contains("can't go on"));
        s.reset(Reset::All).unwrap();
        s.run_steps(4).unwrap();
        s.reset(Reset::KeepWeights).unwrap();
    }
}

#[test]
fn what_came_in_past_the_door_is_looked_at_wherever_it_is() {
    let sim = || Simulation::new(two([Role::State; 2]), Options::default()).unwrap();
    for name in ["w", "still"] {
        let bad = [1.0, f64::NAN];
        let mut s = sim();
        let signal = s.program().by_name()[name];
        s.put_signal(signal, &bad);
        let e = s.check_finite().unwrap_err().to_string();
        assert!(e.starts_with(name), "{e}");
        let mut from = sim();
        from.put_signal(signal, &bad);
        let saved = from.save().unwrap();
        let mut s = sim();
        s.check_finite().unwrap();
        s.load(&saved).unwrap();
        let e = s.run_steps(2).unwrap_err().to_string();
        assert!(e.starts_with(name), "{e}");
        // By its address, where it was asked for.
        let mut s = sim();
        s.hold(&[signal]).unwrap();
        s.check_finite().unwrap();
        s.put_signal(signal, &bad);
        s.go_on();
        assert!(s.check_finite().is_err());
        assert!(s.step().is_err());
        s.go_on();
        s.step().unwrap();
        assert!(s.check_finite().is_err());
    }
    let mut s = sim();
    let (y, w) = (s.program().by_name()["y0"], s.program().by_name()["w"]);
    s.put_signal(y, &[7.0, 8.0, 9.0]);
    let mut found = vec![];
    s.read_signal(y, &mut found);
    assert_eq!(found, [7.0, 8.0, 9.0]);
    // What is taken back may be what a run that went wrong had left.
    s.put_signal(w, &[f64::INFINITY, 1.0]);
    let n = s.apply(&Edit { path: "w".into(), pick: Pick::All, values: vec![1.0, 2.0] }).unwrap();
    s.check_finite().unwrap();
    s.undo(n).unwrap();
    assert!(s.check_finite().unwrap_err().to_string().starts_with("w:"));
}

#[test]
fn a_signal_is_given_as_many_values_as_it_has() {
    let mut s = Simulation::new(two([Role::State; 2]), Options::default()).unwrap();
    let w = s.program().by_name()["w"];
    for n in [0, 1, 3] {
        let put = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| s.put_signal(w, &vec![0.0; n])));
        assert!(put.is_err(), "{n} values");
    }
    for (from, to) in [(1, 0), (0, 3), (3, 3)] {
        let read = std::panic::AssertUnwindSafe(|| s.read_part(w, from, to, &mut vec![]));
        assert!(std::panic::catch_unwind(read).is_err(), "{from}..{to}");
    }
    let mut found = vec![9.0];
    s.read_part(w, 1, 2, &mut found);
    assert_eq!(found, [1.0]);
    s.read_part(w, 2, 2, &mut found);
    assert!(found.is_empty());
    assert!([1e300, 1.0].iter().all(|x| s.holds(*x)) && !s.holds(f64::NAN));
    s.read_into("w", &mut found).unwrap();
    assert!(found == [1.0, 1.0] && s.read_into("v", &mut found).is_err());
}
