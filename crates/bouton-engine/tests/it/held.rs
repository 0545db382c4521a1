//! Signals that someone reaches by their addresses: calls that see memory, arrays that were handed out between steps or in the
//! middle of one, and an order that was given.

use std::sync::{Arc, Mutex};

use bouton_core::{Failure, Slice};
use bouton_elements::neurons::Lif;
use bouton_engine::{
    Address, At, Bounds, Call, Dot, Draws, Io, Knob, Neurons, Observe, Op, Operand, Options, Passes, Program,
    Role, Running, Sees, SignalId, Simulation, Start,
};

const N: usize = 96;

/// Numbers at an address.
#[derive(Clone)]
struct Numbers(Arc<Mutex<Option<Address>>>);

impl Numbers {
    fn with<R>(&self, f: impl FnOnce(&mut [f64]) -> R) -> Option<R> {
        let held = self.0.lock().unwrap();
        let Some(Address::F64(h)) = &*held else { return None };
        // SAFETY: so many numbers lie there, and the engine is between two steps, or waits for this call.
        Some(f(unsafe { std::slice::from_raw_parts_mut(h.address(), h.len()) }))
    }
}

/// What a call does to a matrix that it has the address of, at a step: it halves it, and says what it found.
#[derive(Debug)]
struct Halves {
    sees: Sees,
    at: u64,
    late: bool,
    found: Arc<Mutex<Vec<f64>>>,
    numbers: NumbersOf,
    signal: SignalId,
}

#[derive(Clone)]
struct NumbersOf(Numbers);
impl std::fmt::Debug for NumbersOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("numbers")
    }
}

struct RunningHalves {
    at: u64,
    late: bool,
    found: Arc<Mutex<Vec<f64>>>,
    numbers: Numbers,
    signal: SignalId,
}

impl Call for Halves {
    fn name(&self) -> &str {
        "halves"
    }
    fn sees(&self) -> Sees {
        self.sees
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(RunningHalves {
            at: self.at,
            late: self.late,
            found: self.found.clone(),
            numbers: self.numbers.0.clone(),
            signal: self.signal,
        }))
    }
}

impl Running for RunningHalves {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        if at.step != self.at {
            return Ok(());
        }
        if self.late {
            assert!(io.stores(self.signal), "the matrix stands somewhere");
            io.close_forms();
        }
        let done = self.numbers.with(|w| {
            *self.found.lock().unwrap() = w.to_vec();
            w.iter_mut().for_each(|w| *w *= 0.5);
        });
        if done.is_none() {
            return Err("nobody has the address".into());
        }
        if self.late {
            io.open_forms();
        }
        Ok(())
    }
}

struct Made {
    program: Program,
    weights: SignalId,
    output: SignalId,
    numbers: Numbers,
    found: Arc<Mutex<Vec<f64>>>,
}

/// LIF neurons whose spikes meet a large matrix, and a call that halves it in step 40, at its place in the order.
fn spikes(sees: Sees, late: bool) -> Made {
    let mut p = Program::default();
    let wave = |k: usize, f: f64| (f * k as f64).sin();
    let drive: Vec<f64> = (0..N).map(|k| 2.0 + wave(k, 0.3)).collect();
    let drive = p.signal("drive", N, 1, Role::Parameter, drive);
    let mut from = drive;
    let (mut weights, mut output) = (drive, drive);
    for name in ["a", "b"] {
        let j = p.signal(format!("{name}.j"), N, 1, Role::Scratch, 0.0);
        p.copy(name, (from, &Slice::All), (j, &Slice::All), false);
        let out = p.signal(format!("{name}.out"), N, 1, Role::Scratch, 0.0);
        let v: Vec<f64> = (0..N).map(|k| 0.5 + 0.5 * wave(k, 0.7)).collect();
        let v = p.signal(format!("{name}.v"), N, 1, Role::State, v);
        let r = p.signal(format!("{name}.r"), N, 1, Role::State, 0.0);
        let lif = p.double(format!("{name}.lif"), 4, 1, Role::Parameter, vec![0.02, 0.002, 0.0, 1.0]);
        let on = [out, v, r].map(Operand::set).into_iter().chain([j, lif].map(Operand::read));
        p.kernel(name, Neurons { neurons: Lif::default().into() }, on.collect::<Vec<_>>());
        // No product of few factors: each form that there may be is one by columns.
        let w: Vec<f64> = (0..N * N).map(|k| 0.03 * (1.0 + wave(k * k % 9973, 1.7))).collect();
        weights = p.signal(format!("{name}.w"), N, N, Role::Parameter, w);
        let y = p.signal(format!("{name}.y"), N, 1, Role::Scratch, 0.0);
        p.reset(name, y, 0.0);
        p.kernel(name, Dot { stride: N }, [Operand::inc(y), Operand::read(weights), Operand::read(out)]);
        let z = p.signal(format!("{name}.z"), N, 1, Role::State, 0.0);
        let c = p.double(format!("{name}.c"), 2, 1, Role::Parameter, vec![0.8, 0.2]);
        p.kernel(name, bouton_engine::Lowpass, [Operand::update(z), Operand::read(y), Operand::read(c)]);
        p.knobs_mut().add(format!("{name}.w"), Knob::plain(weights, "", Bounds::ANY, "for the test"));
        (from, output) = (z, z);
    }
    let numbers = Numbers(Arc::default());
    let found = Arc::new(Mutex::new(vec![]));
    let halves = Halves {
        sees,
        at: 40,
        late,
        found: found.clone(),
        numbers: NumbersOf(numbers.clone()),
        signal: weights,
    };
    // What it halves it names where it sees memory: it comes before who reads the matrix.
    let on = if sees == Sees::Memory { vec![Operand::edit(weights)] } else { vec![] };
    p.add("halves", Op::Call(Arc::new(halves)), on, Draws::No);
    Made { program: p, weights, output, numbers, found }
}

/// Runs 100 steps, and returns the output's bits, what the call found, and the plan.
fn run(
    made: Made,
    passes: Passes,
    prepare: impl Fn(&mut Simulation, SignalId),
) -> (Vec<u64>, Vec<f64>, String) {
    let mut sim = Simulation::new(made.program, Options { passes, ..Options::default() }).unwrap();
    let probe = sim.attach(Observe::new(made.output, "out")).unwrap();
    prepare(&mut sim, made.weights);
    *made.numbers.0.lock().unwrap() = Some(sim.address(made.weights));
    let text = sim.explain();
    sim.run_steps(100).unwrap();
    let bits = sim.samples(probe).unwrap().values.iter().map(|x| x.to_bits()).collect();
    let found = made.found.lock().unwrap().clone();
    (bits, found, text)
}

#[test]
fn a_call_that_sees_memory_writes_what_others_read() {
    let plain = run(spikes(Sees::Memory, false), Passes::none(), |_, _| {});
    let fused = run(spikes(Sees::Memory, false), Passes::bitwise(), |_, _| {});
    assert_eq!(plain.0, fused.0);
    assert_eq!(plain.1, fused.1);
    assert!(fused.2.contains("[events]"), "the other matrix is kept by columns:\n{}", fused.2);
    assert_eq!(fused.2.matches("[events]").count(), 1, "what is held has no form:\n{}", fused.2);
    // Until it acts nothing is touched, and then something is.
    let untouched = {
        let made = spikes(Sees::Held, false);
        let mut sim = Simulation::new(made.program, Options::default()).unwrap();
        let probe = sim.attach(Observe::new(made.output, "out")).unwrap();
        sim.run_steps(39).unwrap();
        sim.samples(probe).unwrap().values
    };
    assert!(untouched.iter().zip(&plain.0).all(|(a, b)| a.to_bits() == *b));
    assert!(plain.1.iter().any(|w| *w > 0.01));
}

#[test]
fn what_is_held_between_steps_is_its_own_memory() {
    let plain = run(spikes(Sees::Held, false), Passes::none(), |sim, w| sim.hold(&[w]).unwrap());
    for passes in [Passes::bitwise(), Passes::none()] {
        let held = run(spikes(Sees::Held, false), passes, |sim, w| sim.hold(&[w]).unwrap());
        assert_eq!((&held.0, &held.1), (&plain.0, &plain.1));
    }
}

#[test]
fn what_is_asked_for_in_the_middle_of_a_step_is_what_the_operators_made() {
    let plain = run(spikes(Sees::Held, true), Passes::none(), |sim, _| sim.hold_any().unwrap());
    let late = run(spikes(Sees::Held, true), Passes::bitwise(), |sim, _| sim.hold_any().unwrap());
    assert_eq!((&late.0, &late.1), (&plain.0, &plain.1));
    assert_eq!(late.2.matches("[events]").count(), 2, "forms may stand until then:\n{}", late.2);
    assert!(late.1.iter().any(|x| *x != 0.0), "the memory of a form that was closed has its numbers");
}

#[test]
fn an_order_that_is_given_is_kept_or_refused() {
    let made = spikes(Sees::Memory, false);
    let mut own = made.program.clone();
    let order = own.order().unwrap();
    own.set_order(order.clone());
    assert_eq!(own.order().unwrap(), order);
    let mut twice = made.program.clone();
    twice.set_order(order.iter().map(|k| (*k).max(1)).collect());
    assert!(twice.order().unwrap_err().to_string().contains("twice"));
    let mut short = made.program.clone();
    short.set_order(order[..order.len() - 1].to_vec());
    assert!(short.order().unwrap_err().to_string().contains("doesn't have it"));
    let mut wrong = made.program.clone();
    wrong.set_order(order.iter().rev().copied().collect());
    assert!(wrong.order().unwrap_err().to_string().contains("come before"));
}

#[test]
fn a_step_that_a_call_ended_can_be_gone_on_from() {
    let made = spikes(Sees::Held, false);
    let mut sim = Simulation::new(made.program, Options::default()).unwrap();
    assert!(sim.run_steps(60).unwrap_err().to_string().contains("nobody has the address"));
    assert!(sim.step().is_err());
    assert_eq!(sim.n_steps(), 39);
    sim.set_n_steps(50);
    sim.go_on();
    sim.run_steps(10).unwrap();
    assert_eq!(sim.n_steps(), 60);
}
