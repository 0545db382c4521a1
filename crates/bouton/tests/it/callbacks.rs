//! Callbacks belong to a simulator: it makes them when it starts and when it is reset.

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use bouton::prelude::*;

/// Counts steps, and can be saved.
struct Counter(u64);

impl StatefulNode for Counter {
    fn step(&mut self, s: &mut NodeStep<'_>) -> Result<(), Failure> {
        self.0 += 1;
        s.out[0] = self.0 as f64;
        Ok(())
    }
    fn save(&self) -> Option<Vec<u8>> {
        Some(self.0.to_le_bytes().to_vec())
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), Failure> {
        self.0 = u64::from_le_bytes(saved.try_into()?);
        Ok(())
    }
}

fn counters() -> [(NodeFunction, bool); 3] {
    let made = NodeFunction::made(0, 1, |_| {
        let mut count = 0.0;
        move |s| {
            count += 1.0;
            s.out[0] = count;
            Ok(())
        }
    });
    let numbers = NodeFunction::with_state(0, 1, vec![0.0], |count, s| {
        count[0] += 1.0;
        s.out[0] = count[0];
        Ok(())
    });
    [(made, false), (numbers, true), (NodeFunction::stateful(0, 1, |_| Counter(0)), true)]
}

#[test]
fn simulators_of_one_network_do_not_meet_and_a_reset_begins_anew() {
    for (counter, saves) in counters() {
        assert_eq!(counter.saves(), saves);
        let mut net = Network::with_seed(1);
        let count = net.node("count", counter);
        let p = net.probe("counted", Probe::new(count));
        let (mut first, mut second) = (Simulator::new(&net).unwrap(), Simulator::new(&net).unwrap());
        for k in 0..6 {
            [&mut first, &mut second][k % 2].step().unwrap();
        }
        for sim in [&first, &second] {
            assert_eq!(sim.data(p).unwrap().values, [1.0, 2.0, 3.0]);
        }
        for what in [Reset::All, Reset::KeepWeights] {
            first.reset(what).unwrap();
            first.run_steps(3).unwrap();
            assert_eq!(first.data(p).unwrap().values, [1.0, 2.0, 3.0], "after {what:?}");
        }
    }
    assert!(NodeFunction::new(0, 1, |_| Ok(())).saves(), "what holds nothing has nothing to save");
}

#[test]
fn what_is_saved_of_a_callback_goes_on_where_it_was() {
    let start = Start::new(0.001, 0);
    for (counter, saves) in counters() {
        let mut run = counter.start(&start).unwrap();
        assert_eq!(run.save().is_some(), saves);
        let Some(saved) = run.save() else {
            assert!(run.load(&[]).unwrap_err().to_string().contains("stateful"));
            continue;
        };
        assert_eq!(saved.len(), 8);
        let later = [7; 8];
        run.load(&later).unwrap();
        assert_eq!(run.save().unwrap(), later);
        assert!(run.load(&saved[1..]).is_err(), "a state of another size must be refused");
    }
}

#[test]
fn rules_as_functions_are_made_by_each_simulator() {
    struct Ramp(f64);
    impl StatefulRule for Ramp {
        fn step(&mut self, s: &mut RuleFunctionStep<'_>) -> Result<(), Failure> {
            self.0 += 1.0;
            s.delta.fill(self.0);
            Ok(())
        }
        fn save(&self) -> Option<Vec<u8>> {
            Some(self.0.to_le_bytes().to_vec())
        }
        fn load(&mut self, saved: &[u8]) -> Result<(), Failure> {
            self.0 = f64::from_le_bytes(saved.try_into()?);
            Ok(())
        }
    }
    let made = RuleFunction::made("ramp", |_| {
        let mut count = 0.0;
        move |s| {
            count += 1.0;
            s.delta.fill(count);
            Ok(())
        }
    });
    let stateful = RuleFunction::stateful("ramp", |_| Ramp(0.0));
    assert!(!made.saves() && stateful.saves() && RuleFunction::new("none", |_| Ok(())).saves());
    for rule in [made, stateful] {
        let mut net = Network::with_seed(1);
        let a = net.ensemble("a", Ensemble::new(2, 1));
        let sink = net.node("sink", Output::passthrough(1));
        let zeros = Matrix::filled(1, 2, 0.0);
        let c = net.connect(a.neurons(), sink, Connection::new().transform(zeros).learn(rule.now()));
        let (mut first, mut second) = (Simulator::new(&net).unwrap(), Simulator::new(&net).unwrap());
        first.run_steps(3).unwrap();
        second.run_steps(3).unwrap();
        for sim in [&first, &second] {
            assert_eq!(sim.weights(c).unwrap().values(), [6.0, 6.0]);
        }
        first.reset(Reset::All).unwrap();
        first.run_steps(2).unwrap();
        assert_eq!(first.weights(c).unwrap().values(), [3.0, 3.0]);
    }
}

#[test]
fn a_callback_can_step_a_simulator_of_its_own_network() {
    let mut net = Network::with_seed(1);
    let inner: Arc<Mutex<Option<Simulator>>> = Arc::default();
    let slot = inner.clone();
    let node = net.node(
        "outer",
        NodeFunction::new(0, 1, move |s| {
            // The inner simulator's own call finds the place empty.
            let taken = slot.lock().map_err(|e| e.to_string())?.take();
            s.out[0] = 10.0;
            if let Some(mut sim) = taken {
                sim.step()?;
                s.out[0] = sim.time();
                *slot.lock().map_err(|e| e.to_string())? = Some(sim);
            }
            Ok(())
        }),
    );
    let p = net.probe("p", Probe::new(node));
    let mut sim = Simulator::new(&net).unwrap();
    *inner.lock().unwrap() = Some(Simulator::new(&net).unwrap());
    sim.run_steps(3).unwrap();
    assert_eq!(sim.data(p).unwrap().values, [0.001, 0.002, 0.003]);
    let inner = inner.lock().unwrap().take().unwrap();
    assert_eq!(inner.data(p).unwrap().values, [10.0; 3]);
}

#[test]
fn a_maker_is_told_the_time_step_and_a_seed_of_its_own() {
    let told = |dt: f64, seed: u32| {
        let mut net = Network::with_seed(seed);
        let node = || {
            NodeFunction::made(0, 2, |start| {
                let start = *start;
                move |s| {
                    s.out.copy_from_slice(&[start.dt, f64::from(start.seed)]);
                    Ok(())
                }
            })
        };
        let (a, b) = (net.node("a", node()), net.node("b", node()));
        let mut sim = Simulator::with(&net, Options { dt, ..Options::default() }).unwrap();
        sim.step().unwrap();
        sim.reset(Reset::All).unwrap();
        sim.step().unwrap();
        [sim.node_output(a).unwrap(), sim.node_output(b).unwrap()].concat()
    };
    let x = told(0.002, 1);
    assert_eq!((x[0], x[2]), (0.002, 0.002));
    assert_ne!(x[1], x[3], "two nodes have seeds of their own");
    assert_eq!(x, told(0.002, 1));
    assert_ne!(x[1], told(0.002, 2)[1]);
}

#[test]
fn an_error_keeps_the_failure_that_caused_it() {
    let mut net = Network::with_seed(1);
    let c = {
        let a = net.ensemble("a", Ensemble::new(5, 1));
        let sink = net.node("sink", Output::passthrough(1));
        net.connect_as("c", a, sink, Connection::new())
    };
    net.node(
        "reader",
        NodeFunction::new(0, 0, |_| {
            let _: f64 = "1e".parse()?;
            Ok(())
        }),
    );
    let is_parse = |e: &Error| e.source().is_some_and(|s| s.is::<std::num::ParseFloatError>());
    let mut sim = Simulator::new(&net).unwrap();
    let e = sim.step().unwrap_err();
    assert_eq!(e.to_string(), "reader: at t = 0.001000 s: invalid float literal");
    assert!(is_parse(&e));
    let e = sim.edit_weights(c, |_| Ok("x".parse().map(|_: f64| ())?)).unwrap_err();
    assert!(e.to_string().starts_with("c: invalid float") && is_parse(&e), "{e}");
    // Text is an error as well.
    let e = sim.edit_gain(net.find_ensemble("a").unwrap(), |_| Err("no".into())).unwrap_err();
    assert_eq!((e.to_string().as_str(), e.source().map(|s| s.to_string())), ("a: no", Some("no".into())));
    let (mut net, a) = (Network::with_seed(1), Ensemble::new(5, 1));
    let (a, sink) = (net.ensemble("a", a), net.node("sink", Output::passthrough(1)));
    let f = Function::fallible(1, None, |x, _| Ok(format!("{}x", x[0]).parse().map(|_: f64| ())?));
    net.connect_as("c", a, sink, Connection::new().with_function(f));
    assert!(Simulator::new(&net).is_err_and(|e| is_parse(&e)));
}

#[test]
fn a_panic_of_a_maker_is_an_error_with_a_name() {
    let mut net = Network::with_seed(1);
    net.node(
        "bad",
        NodeFunction::made(0, 0, |start| {
            assert!(start.dt < 0.0, "no luck");
            |_| Ok(())
        }),
    );
    let e = Simulator::new(&net).err().unwrap().to_string();
    assert!(e.starts_with("bad: the callback can't be made") && e.contains("no luck"), "{e}");
}
