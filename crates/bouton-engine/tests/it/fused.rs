//! Kernels that do the work of several, where these follow each other.

use bouton_elements::neurons::Lif;
use bouton_engine::{
    Copy, Draws, Knob, Op, Operand, Options, Passes, Pick, Program, Role, Room, SignalId, Simulation,
};

use super::passes::{Population, kernels, planned, populate, population, population_of};

#[test]
fn neurons_that_have_no_marks_are_stepped_as_the_textbook_has_it() {
    for (tau_rc, tau_ref) in [(1e-5, 0.01), (2e-5, 0.003)] {
        for d in [1, 3, 7] {
            let stiff = Lif { tau_rc, tau_ref, ..Lif::default() };
            let p = population_of(40, d, 2, stiff.into(), 0.0);
            let run = |passes| {
                let mut s =
                    Simulation::new(p.program.clone(), Options { passes, ..Options::default() }).unwrap();
                s.run_steps(100).unwrap();
                let (mut r, mut y) = (vec![], vec![]);
                s.read_signal(p.refractory, &mut r);
                s.read_signal(p.y, &mut y);
                assert!(y.iter().all(|y| *y != 0.0), "no neuron spiked");
                (r, y.iter().map(|y| y.to_bits()).collect::<Vec<_>>())
            };
            assert_eq!(run(Passes::default()), run(Passes::none()), "{tau_rc}, {d}");
        }
    }
}

#[test]
fn what_is_added_to_currents_behind_their_encoding_is_added_in_its_loop() {
    let more = |d: usize, times: usize, part: bool| {
        let mut p = population(40, d, 2);
        for k in 0..times {
            let of: Vec<f64> = (0..40).map(|i| 0.5 * (i + 7 * k) as f64 % 3.0).collect();
            let plus = p.program.signal(format!("plus {k}"), 40, 1, Role::Parameter, of);
            let to = Operand::inc(p.current);
            let on = if part {
                [to.part(0, 20), Operand::read(plus).part(0, 20)]
            } else {
                [to, Operand::read(plus)]
            };
            p.program.kernel("more", Copy { inc: true }, on);
        }
        p
    };
    let run = |p: &Population, passes| {
        let mut s = Simulation::new(p.program.clone(), Options { passes, ..Options::default() }).unwrap();
        s.run_steps(60).unwrap();
        let (mut v, mut y) = (vec![], vec![]);
        s.read_signal(p.voltage, &mut v);
        s.read_signal(p.y, &mut y);
        (kernels(&s), v.iter().chain(&y).map(|v| v.to_bits()).collect::<Vec<_>>())
    };
    let phase = Passes { lif_phase: true, ..Passes::none() };
    for d in [1, 2, 3, 4, 7] {
        for (times, part, wanted) in [
            (1, false, &["encode lif"][..]),
            // The second one is added to what the first has made.
            (2, false, &["encode", "add", "lif phase"][..]),
            // A part of the currents is none of its loop.
            (1, true, &["encode", "add", "lif phase"][..]),
        ] {
            let p = more(d, times, part);
            let (found, bits) = run(&p, Passes { lif_phase: true, ..Passes::bitwise() });
            let has = |k: &&str| found.iter().any(|f| f == k);
            assert!(wanted.iter().all(has), "{d}, {times}, {part}: {found:?}");
            assert_eq!(bits, run(&p, phase).1, "{d}, {times}, {part}");
            assert_ne!(bits, run(&population(40, d, 2), phase).1, "what is added has no effect");
        }
        // Where somebody looks at the currents they are stored, with what is added.
        let mut p = more(d, 1, false);
        p.program.add("looks", Op::Probe, [Operand::read(p.current)], Draws::No);
        let (found, bits) = run(&p, Passes { lif_phase: true, ..Passes::bitwise() });
        assert!(!found.iter().any(|k| k == "add" || k == "encode lif"), "{found:?}");
        assert_eq!(bits, run(&p, phase).1);
    }
}

/// Two populations as an array has them: their inputs are parts of one signal, and so are their outputs.
struct Array {
    program: Program,
    input: SignalId,
    x: [SignalId; 2],
    y: [SignalId; 2],
    voltages: [SignalId; 2],
    output: SignalId,
}

fn array(given: f64) -> Array {
    let mut p = Program::default();
    let node = p.signal("node", 2, 1, Role::Parameter, vec![given, -0.4]);
    let input = p.signal("input", 2, 1, Role::Scratch, 0.0);
    let output = p.signal("output", 4, 1, Role::Scratch, 0.0);
    p.reset("input", input, 0.0);
    p.reset("output", output, 0.0);
    p.kernel("given", Copy { inc: true }, [Operand::inc(input), Operand::read(node)]);
    let (mut x, mut y, mut voltages) = ([input; 2], [output; 2], [input; 2]);
    for k in 0..2 {
        x[k] = p.signal(format!("x{k}"), 1, 1, Role::Scratch, 0.0);
        p.reset("x", x[k], 0.0);
        p.kernel("in", Copy { inc: true }, [Operand::inc(x[k]), Operand::read(input).part(k, k + 1)]);
        let one = populate(p, &k.to_string(), x[k], (40, 2), Lif::default().into(), 0.0);
        (p, y[k], voltages[k]) = (one.program, one.y, one.voltage);
        let to = Operand::inc(output).part(2 * k, 2 * k + 2);
        p.kernel("out", Copy { inc: true }, [to, Operand::read(y[k])]);
    }
    Array { program: p, input, x, y, voltages, output }
}

#[test]
fn a_value_that_is_only_handed_on_is_read_and_written_where_it_comes_from_and_goes_to() {
    let bits = |s: &Simulation, a: &Array| {
        let mut all = vec![];
        for id in [a.output, a.voltages[0], a.voltages[1]] {
            let mut values = vec![];
            s.read_signal(id, &mut values);
            all.extend(values.iter().map(|v| v.to_bits()));
        }
        all
    };
    let run = |a: &Array, passes| {
        let mut s = Simulation::new(a.program.clone(), Options { passes, ..Options::default() }).unwrap();
        s.run_steps(60).unwrap();
        s
    };
    let (phase, fast) =
        (Passes { lif_phase: true, ..Passes::none() }, Passes { lif_phase: true, ..Passes::bitwise() });
    let adds = |s: &Simulation| kernels(s).iter().filter(|k| *k == "add").count();
    for given in [0.8, 0.0, -0.0] {
        let a = array(given);
        let (plain, s) = (run(&a, phase), run(&a, fast));
        assert_eq!((adds(&plain), adds(&s)), (5, 1), "{:?}", kernels(&s));
        let both = s.explain();
        assert!(both.contains("in and 1 more  [join_populations]"), "{both}");
        assert_eq!(bits(&s, &a), bits(&plain, &a), "given {given:?}");
        // What is never there is not said to be.
        assert!(a.x.iter().chain(&a.y).all(|id| !s.stores(*id) && plain.stores(*id)));
        assert!(s.stores(a.input) && s.stores(a.output));
    }
    // Who looks at it sees it, and nothing else changes.
    for of in 0..4 {
        let mut a = array(0.8);
        let id = [a.x, a.y].concat()[of];
        a.program.add("looks", Op::Probe, [Operand::read(id)], Draws::No);
        let (plain, s) = (run(&a, phase), run(&a, fast));
        assert_eq!(adds(&s), 2, "{:?}", kernels(&s));
        assert!(s.stores(id));
        let (mut seen, mut wanted) = (vec![], vec![]);
        s.read_signal(id, &mut seen);
        plain.read_signal(id, &mut wanted);
        assert_eq!((seen, bits(&s, &a)), (wanted, bits(&plain, &a)));
    }
    // What has a path is read between steps without asking: what is read is there, and what is handed on is found where it went.
    for of in 0..4 {
        let mut a = array(0.8);
        let id = [a.x, a.y].concat()[of];
        let part = a.program.view(id, 0, 1, 1);
        a.program.knobs_mut().add("known", Knob::read_only(id, "", "a value", "for the test"));
        a.program.knobs_mut().add("part", Knob::read_only(part, "", "a part of it", "for the test"));
        let (mut plain, mut s) = (run(&a, phase), run(&a, fast));
        assert_eq!(
            (s.stores(id), adds(&s)),
            if of < 2 { (true, 2) } else { (false, 1) },
            "{:?}",
            kernels(&s)
        );
        let mut there = false;
        for k in 0..20 {
            let seen = s.read("known", &Pick::All).unwrap();
            assert_eq!(seen, plain.read("known", &Pick::All).unwrap());
            let last = Pick::Element(seen.len() - 1, 0);
            assert_eq!(s.read("known", &last).unwrap(), plain.read("known", &last).unwrap());
            assert_eq!(s.read("part", &Pick::All).unwrap(), seen[..1]);
            there |= seen.iter().all(|v| *v != 0.0);
            match k {
                // Saved, and loaded by a simulation whose plan stores it, and by one whose plan doesn't.
                5 => {
                    let saved = s.save().unwrap();
                    (plain, s) = (run(&a, phase), run(&a, fast));
                    plain.load(&saved).unwrap();
                    s.load(&saved).unwrap();
                }
                // Another plan, and back.
                10 => s.replan(phase).unwrap(),
                11 => s.replan(fast).unwrap(),
                _ => {
                    s.run_steps(1).unwrap();
                    plain.run_steps(1).unwrap();
                }
            }
        }
        assert!(there, "it was zero all the time");
        s.reset(bouton_engine::Reset::All).unwrap();
        assert!(s.read("known", &Pick::All).unwrap().iter().all(|v| *v == 0.0));
    }
    // Where something else is written there, in a step or between steps, it isn't found there.
    let found_elsewhere = |change: &dyn Fn(&mut Program, &Array)| {
        let mut a = array(0.8);
        a.program.knobs_mut().add("known", Knob::read_only(a.y[0], "", "a value", "for the test"));
        let b = array(0.8);
        change(&mut a.program, &b);
        let (mut plain, mut s) = (run(&a, phase), run(&a, fast));
        assert_eq!(s.read("known", &Pick::All).unwrap(), plain.read("known", &Pick::All).unwrap());
        assert_eq!(bits(&s, &a), bits(&plain, &a));
        !s.stores(a.y[0])
    };
    assert!(found_elsewhere(&|_, _| ()));
    assert!(!found_elsewhere(&|p, a| {
        let more = p.signal("more", 1, 1, Role::Parameter, 0.3);
        p.kernel("more", Copy { inc: true }, [Operand::inc(a.output).part(1, 2), Operand::read(more)]);
    }));
    assert!(!found_elsewhere(&|p, a| {
        p.knobs_mut().add("output", Knob::plain(a.output, "", bouton_engine::Bounds::ANY, "for the test"));
    }));
    // What something else adds to, reads, or begins with is not only handed on.
    let other = |change: &dyn Fn(&mut Program, &Array)| {
        let (mut a, b) = (array(0.8), array(0.8));
        change(&mut a.program, &b);
        let (plain, s) = (run(&a, phase), run(&a, fast));
        assert_eq!(bits(&s, &a), bits(&plain, &a));
        adds(&s)
    };
    let more = |p: &mut Program| p.signal("more", 1, 1, Role::Parameter, 0.3);
    assert_eq!(other(&|_, _| ()), 1);
    let added = other(&|p, a| {
        let more = more(p);
        p.kernel("more", Copy { inc: true }, [Operand::inc(a.x[0]), Operand::read(more)]);
    });
    assert_eq!(added, 3);
    let read = other(&|p, a| {
        let z = p.signal("z", 1, 1, Role::State, 0.0);
        p.kernel("z", Copy { inc: true }, [Operand::update(z), Operand::read(a.x[1])]);
    });
    assert_eq!(read, 3);
}

#[test]
fn kernels_of_two_populations_that_stand_between_each_other_are_not_joined() {
    // Two populations, of which each kernel of the one is followed by the same of the other.
    let (a, b) = (population(40, 1, 2), population(40, 1, 2));
    let mut both = a.program.clone();
    let at = both.signals().len() as u32;
    let mut ids = vec![];
    for s in b.program.signals() {
        let name = format!("b.{}", s.name);
        ids.push(match s.room {
            Room::Real => both.signal(name, s.rows, s.cols, s.role, s.initial.clone()),
            Room::Double => both.double(name, s.rows, s.cols, s.role, s.initial.clone()),
        });
    }
    assert_eq!(ids[0].index(), at as usize);
    for op in b.program.operators().iter().filter(|op| !matches!(op.op, Op::Clock)) {
        let mut on = op.on.clone();
        on.iter_mut().for_each(|o| o.signal = ids[o.signal.index()]);
        both.add(&op.of, op.op.clone(), on, Draws::No);
    }
    let run = |passes| {
        let mut s = Simulation::new(both.clone(), Options { passes, ..Options::default() }).unwrap();
        s.run_steps(60).unwrap();
        let mut bits = vec![];
        for id in [a.voltage, ids[a.voltage.index()]] {
            let mut v = vec![];
            s.read_signal(id, &mut v);
            bits.extend(v.iter().map(|v| v.to_bits()));
        }
        (kernels(&s), bits)
    };
    let (plain, bits) = run(Passes { lif_phase: true, ..Passes::none() });
    assert!(plain.contains(&"lif phase".to_string()));
    let (between, found) = run(Passes { locality: false, ..Passes::default() });
    let two = |name: &str| between.iter().filter(|k| *k == name).count();
    assert_eq!(["encode", "lif phase", "product"].map(two), [2, 2, 2], "{between:?}");
    assert_eq!(found, bits);
    let (local, found) = run(Passes::default());
    assert_eq!(local.iter().filter(|k| *k == "population").count(), 2, "{local:?}");
    assert_eq!(found, bits);
}

#[test]
fn what_is_handed_on_within_a_kernel_is_not_stored_and_its_neighbours_are() {
    let mut p = population(40, 8, 8);
    // They lie side by side, with what is stored before them and behind: what is read at an edge of the one would be the other.
    let (y, z) = (p.y, p.program.signal("z", 8, 1, Role::State, 0.0));
    p.program.kernel("last", Copy { inc: true }, [Operand::update(z), Operand::read(y)]);
    let s = planned(&p, Passes::default());
    assert_eq!(kernels(&s).iter().filter(|k| *k == "encode lif").count(), 1, "{}", s.explain());
    assert!(!s.stores(p.current));
    for stored in [p.out, p.x, p.bias, p.voltage, p.refractory, p.encoders, y, z] {
        assert!(s.stores(stored), "{}", p.program.get(stored).name);
    }
    let s = planned(&p, Passes::none());
    assert!(s.stores(p.current));
    let part = p.program.view(p.current, 10, 10, 1);
    let s = planned(&p, Passes::default());
    assert!(!s.stores(part));
    // Of a population that is one kernel neither currents nor spikes are.
    let p = population(40, 1, 2);
    let s = planned(&p, Passes::default());
    assert!(!s.stores(p.current) && !s.stores(p.out) && s.stores(p.voltage));
}
