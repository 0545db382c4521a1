//! A number that isn't finite stops a run of single steps, wherever a step has written it, and its signal is named.

use std::sync::Arc;

use bouton_core::Failure;
use bouton_engine::{
    At, Call, Draws, Io, Op, Operand, Options, Passes, Precision, Program, Role, Running, Shape, Simulation,
    Start,
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
        let y = p.signal(format!("y{k}"), n, 1, role, 0.0);
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
