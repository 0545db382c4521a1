//! What a call is given: its operands in the order in which it named them, its seed, what it had saved.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use bouton_core::Failure;
use bouton_elements::random::RandomState;
use bouton_engine::{
    At, Bounds, Call, Draws, Io, Knob, Op, Operand, Options, Pick, Precision, Program, Reset, Role, Running,
    SavedCall, Sees, SignalId, Simulation, Start,
};

type Does = fn(&At, &mut Io<'_>) -> Result<(), Failure>;

struct Scripted(Does);
impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("scripted")
    }
}
impl Call for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(Scripted(self.0)))
    }
}
impl Running for Scripted {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        (self.0)(at, io)
    }
}

/// A call on six operands, of the simulation's numbers and in double precision by turns: three that it writes, three that it reads.
fn mixed(does: Does, precision: Precision) -> Simulation {
    let mut p = Program::default();
    let s = |p: &mut Program, name: &str, double: bool, x: &[f64]| {
        let (n, role) = (x.len(), Role::State);
        let s = if double {
            p.double(name, n, 1, role, x.to_vec())
        } else {
            p.signal(name, n, 1, role, x.to_vec())
        };
        p.knobs_mut().add(name, Knob::plain(s, "", Bounds::ANY, "for the test"));
        s
    };
    let a = s(&mut p, "a", false, &[0.1, 0.2]);
    let b = s(&mut p, "b", true, &[0.3]);
    let c = s(&mut p, "c", false, &[0.4, 0.5, 0.6]);
    let x = s(&mut p, "x", true, &[1.0, 2.0, 3.0, 4.0]);
    let y = s(&mut p, "y", false, &[5.0]);
    let z = s(&mut p, "z", true, &[6.0, 7.0]);
    let on = [
        Operand::set(a),
        Operand::read(x),
        Operand::set(b),
        Operand::read(y),
        Operand::update(c),
        Operand::read(z),
    ];
    p.add("call", Op::Call(Arc::new(Scripted(does))), on, Draws::No);
    Simulation::new(p, Options { precision, ..Options::default() }).unwrap()
}
fn all(s: &mut Simulation) -> Vec<f64> {
    ["a", "b", "c", "x", "y", "z"].iter().flat_map(|n| s.read(n, &Pick::All).unwrap()).collect()
}

#[test]
fn operands_are_handed_over_in_their_order_whatever_they_are_kept_in() {
    for precision in [Precision::F64, Precision::F32] {
        let mut s = mixed(
            |at, io| {
                assert_eq!((io.len(), io.is_empty()), (6, false));
                assert_eq!([0, 1, 2, 3, 4, 5].map(|k| io.width(k)), [2, 4, 1, 1, 3, 2]);
                assert!(io.everything().is_none(), "it sees its operands");
                let mut found = vec![9.0; 9];
                io.copy(1, &mut found);
                assert_eq!(found, [1.0, 2.0, 3.0, 4.0]);
                io.copy(3, &mut found);
                assert_eq!(found, [5.0]);
                let sum = io.with(|writes, reads| {
                    assert_eq!(writes.iter().map(|w| w.len()).collect::<Vec<_>>(), [2, 1, 3]);
                    assert_eq!(reads, [&[1.0, 2.0, 3.0, 4.0][..], &[5.0], &[6.0, 7.0]]);
                    if at.step == 1 {
                        assert!((writes[2][1] - 0.5).abs() < 1e-7 && writes[1][0] == 0.3);
                    }
                    writes[0].copy_from_slice(&[10.0, 11.0]);
                    writes[1][0] = 0.7;
                    writes[2][1] += 1.0;
                    reads[0].iter().sum::<f64>()
                });
                assert_eq!(sum, 10.0);
                io.copy(0, &mut found);
                assert_eq!(found, [10.0, 11.0]);
                io.set(2, &[0.1]);
                io.set(0, &[12.0, 0.1]);
                io.copy(2, &mut found);
                assert_eq!(found, [0.1]);
                Ok(())
            },
            precision,
        );
        s.run_steps(2).unwrap();
        let own = |x: f64| if precision == Precision::F32 { f64::from(x as f32) } else { x };
        let c = [0.4, 2.5, 0.6].map(own);
        let wanted = [&[12.0, own(0.1), 0.1][..], &c, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]].concat();
        assert_eq!(all(&mut s), wanted, "{precision:?}");
    }
}

#[test]
fn what_is_read_or_of_another_length_can_not_be_set() {
    for precision in [Precision::F64, Precision::F32] {
        let mut s = mixed(
            |_, io| {
                for (k, n) in [(1, 4), (3, 1), (5, 2), (0, 1), (0, 3), (2, 2), (2, 0)] {
                    let set = catch_unwind(AssertUnwindSafe(|| io.set(k, &vec![0.0; n])));
                    assert!(set.is_err(), "operand {k} was set to {n} values");
                }
                Ok(())
            },
            precision,
        );
        let before = all(&mut s);
        s.step().unwrap();
        assert_eq!(all(&mut s), before);
    }
}

#[test]
fn a_call_that_fails_is_named_with_its_time_and_stops_the_run() {
    let mut s = mixed(|at, _| if at.step < 3 { Ok(()) } else { Err("it is tired".into()) }, Precision::F64);
    let e = s.run_steps(9).unwrap_err().to_string();
    assert!(e.starts_with("call:") && e.contains("at t = 0.003000 s: it is tired"), "{e}");
    assert_eq!(s.n_steps(), 2);
    let again = s.step().unwrap_err().to_string();
    assert!(again.contains("can't go on; reset it") && again.contains("it is tired"), "{again}");
    assert!(s.save().unwrap_err().to_string().contains("can't be saved"));
    s.reset(Reset::All).unwrap();
    s.run_steps(2).unwrap();
    assert!((s.time() - 0.002).abs() < 1e-15 && s.dt() == 0.001);
}

/// Time steps and seeds that calls were started with.
type Starts = Arc<Mutex<Vec<(f64, Option<u32>)>>>;

/// Says what it was started with, and saves a byte a step if it is to.
#[derive(Debug)]
struct Started {
    starts: Starts,
    saves: bool,
}
struct Counted(u8, bool);
impl Call for Started {
    fn name(&self) -> &str {
        "started"
    }
    fn start(&self, start: &Start) -> Result<Box<dyn Running>, String> {
        self.starts.lock().unwrap().push((start.dt, start.seed));
        Ok(Box::new(Counted(0, self.saves)))
    }
}
impl Running for Counted {
    fn step(&mut self, _: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        self.0 += 1;
        io.set(0, &[f64::from(self.0)]);
        Ok(())
    }
    fn save(&self) -> Result<Vec<u8>, String> {
        if self.1 { Ok(vec![self.0]) } else { Err("it holds an open file".into()) }
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        self.0 = *saved.first().ok_or("nothing")?;
        Ok(())
    }
}

#[test]
fn seeds_are_drawn_in_the_order_of_the_step_for_who_asks_and_who_does_not_use_them() {
    let starts = Arc::new(Mutex::new(vec![]));
    let mut p = Program::default();
    let x: Vec<SignalId> = (0..4).map(|k| p.signal(format!("x{k}"), 1, 1, Role::State, 0.0)).collect();
    let call = || Op::Call(Arc::new(Started { starts: starts.clone(), saves: true }));
    // The first stands last in the order, for it reads what the others set.
    let on = [vec![Operand::set(x[0])], x[1..].iter().map(|s| Operand::read(*s)).collect()].concat();
    p.add("last", call(), on, Draws::Seed);
    p.add("unused", call(), [Operand::set(x[1])], Draws::Unused);
    p.add("none", call(), [Operand::set(x[2])], Draws::No);
    p.add("seed", call(), [Operand::set(x[3])], Draws::Seed);
    let mut s = Simulation::new(p, Options { seed: 7, dt: 0.25, ..Options::default() }).unwrap();
    let mut rng = RandomState::new(7);
    let drawn: Vec<u32> = (0..3).map(|_| rng.randint_maxint()).collect();
    let wanted = [Some(drawn[2]), None, None, Some(drawn[1])].map(|seed| (0.25, seed));
    assert_eq!(*starts.lock().unwrap(), wanted);
    s.reset(Reset::All).unwrap();
    assert_eq!(starts.lock().unwrap()[4..], wanted, "a reset starts with the same seeds");
    // With the seed of what is loaded.
    let mut saved = s.save().unwrap();
    assert_eq!(saved.seed, 7);
    saved.seed = 8;
    s.load(&saved).unwrap();
    let first = RandomState::new(8).randint_maxint();
    assert_eq!(s.save().unwrap().seed, 8);
    let after: Vec<_> = starts.lock().unwrap()[8..].to_vec();
    assert_eq!((after.len(), after[1].1), (4, None));
    assert!(after[3].1.is_some_and(|seed| seed != drawn[1] && seed != first));
}

fn counted(saves: bool) -> Simulation {
    let mut p = Program::default();
    for k in 0..2 {
        let x = p.signal(format!("x{k}"), 1, 1, Role::State, 0.0);
        let call = Started { starts: Arc::default(), saves };
        p.add(&format!("counter{k}"), Op::Call(Arc::new(call)), [Operand::set(x)], Draws::No);
        p.knobs_mut().add(format!("x{k}"), Knob::plain(x, "", Bounds::ANY, "a count"));
    }
    Simulation::new(p, Options::default()).unwrap()
}

#[test]
fn what_calls_hold_goes_on_with_each_of_them() {
    let mut s = counted(true);
    s.run_steps(5).unwrap();
    let mut saved = s.save().unwrap();
    let call = |operator: usize, of: &str, b: u8| SavedCall { operator, of: of.into(), bytes: vec![b] };
    assert_eq!(saved.calls, [call(1, "counter0", 5), call(2, "counter1", 5)]);
    saved.calls[1].bytes = vec![100];
    let mut next = counted(true);
    next.load(&saved).unwrap();
    next.run_steps(2).unwrap();
    assert_eq!(["x0", "x1"].map(|n| next.read(n, &Pick::All).unwrap()[0]), [7.0, 102.0]);
    // Of another name, at another place, or where there is no call.
    for bad in [call(1, "counter1", 1), call(3, "counter1", 1), call(0, "clock", 1)] {
        let mut other = saved.clone();
        other.calls[0] = bad.clone();
        let e = next.load(&other).unwrap_err().to_string();
        assert!(e.starts_with(&format!("{}:", bad.of)) && e.contains("no such call here"), "{e}");
    }
    let e = counted(false).save().unwrap_err().to_string();
    assert!(e.starts_with("counter0:") && e.contains("can't be saved: it holds an open file"), "{e}");
}

#[test]
fn a_call_that_keeps_nothing_is_given_nothing_that_was_saved() {
    let mut s = mixed(|_, _| Ok(()), Precision::F64);
    let mut saved = s.save().unwrap();
    assert!(saved.calls.is_empty(), "it keeps nothing");
    s.load(&saved).unwrap();
    saved.calls.push(SavedCall { operator: 1, of: "call".into(), bytes: vec![1, 2, 3] });
    let e = s.load(&saved).unwrap_err().to_string();
    assert!(e.starts_with("call:") && e.contains("keeps nothing, and 3 bytes were saved"), "{e}");
}

#[test]
fn who_sees_less_has_not_everything() {
    #[derive(Debug)]
    struct Held;
    impl Call for Held {
        fn name(&self) -> &str {
            "held"
        }
        fn sees(&self) -> Sees {
            Sees::Held
        }
        fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
            Ok(Box::new(Held))
        }
    }
    impl Running for Held {
        fn step(&mut self, _: &At, io: &mut Io<'_>) -> Result<(), Failure> {
            if io.everything().is_some() { Err("it has everything".into()) } else { Ok(()) }
        }
    }
    let mut p = Program::default();
    p.add("held", Op::Call(Arc::new(Held)), [], Draws::No);
    Simulation::new(p, Options::default()).unwrap().step().unwrap();
}
