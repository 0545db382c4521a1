//! Which operators a pass makes one kernel of, and which it leaves as they are.

use bouton_core::Slice;
use bouton_elements::neurons::{AdaptiveLif, Lif, NeuronType};
use bouton_elements::var::parameter_values;
use bouton_engine::{
    Copy, Dot, Draws, Knob, Neurons, Op, Operand, Options, Passes, Pick, Program, Role, Room, SignalId,
    Simulation,
};

/// A population of `n` neurons in `d` dimensions: the copy of its bias, its neurons, encoders, and decoders of `rows` values.
struct Population {
    program: Program,
    bias: SignalId,
    current: SignalId,
    out: SignalId,
    voltage: SignalId,
    refractory: SignalId,
    encoders: SignalId,
    x: SignalId,
}

fn population(n: usize, d: usize, rows: usize) -> Population {
    population_of(n, d, rows, Lif::default().into(), 0.0)
}

fn population_of(n: usize, d: usize, rows: usize, neurons: NeuronType, voltage: f64) -> Population {
    let mut p = Program::default();
    let wave = |k: usize, f: f64| (f * k as f64).sin();
    let x = p.signal("x", d, 1, Role::Parameter, 0.8);
    let bias = p.signal("bias", n, 1, Role::Parameter, 1.2);
    let current = p.signal("j", n, 1, Role::Scratch, 0.0);
    p.copy("bias", (bias, &Slice::All), (current, &Slice::All), false);
    let out = p.signal("out", n, 1, Role::Scratch, 0.0);
    let mut states = vec![];
    for v in neurons.model().states() {
        let start = if v.name == "voltage" { voltage } else { 0.0 };
        states.push(p.signal(v.name.clone(), n, 1, Role::State, start));
    }
    let parameters = parameter_values(&neurons.model().vars());
    let parameters = p.double("parameters", parameters.len(), 1, Role::Parameter, parameters);
    let on = [out].into_iter().chain(states.iter().copied()).map(Operand::set);
    let on: Vec<Operand> = on.chain([current, parameters].map(Operand::read)).collect();
    p.kernel("neurons", Neurons { neurons }, on);
    let e: Vec<f64> = (0..n * d).map(|k| 3.0 * wave(k, 1.3)).collect();
    let encoders = p.signal("encoders", n, d, Role::Parameter, e);
    p.kernel(
        "encoders",
        Dot { stride: d },
        [Operand::inc(current), Operand::read(encoders), Operand::read(x)],
    );
    let w: Vec<f64> = (0..n * rows).map(|k| 2e-4 * wave(k, 2.1)).collect();
    let (w, y) =
        (p.signal("decoders", rows, n, Role::Parameter, w), p.signal("y", rows, 1, Role::Scratch, 0.0));
    p.reset("y", y, 0.0);
    p.kernel("decoders", Dot { stride: n }, [Operand::inc(y), Operand::read(w), Operand::read(out)]);
    Population { bias, current, out, voltage: states[0], refractory: states[1], encoders, x, program: p }
}

/// The names of the kernels, in their order.
fn kernels(s: &Simulation) -> Vec<String> {
    let said = s.explain();
    let lines = said.lines().skip(1).take_while(|l| !l.contains(" kernels over "));
    lines.map(|l| l[..12].trim().to_string()).collect()
}
fn planned(p: &Population, passes: Passes) -> Simulation {
    Simulation::new(p.program.clone(), Options { passes, ..Options::default() }).unwrap()
}
fn with(p: &Population, passes: Passes, hold: &[SignalId]) -> Vec<String> {
    let mut s = planned(p, passes);
    if !hold.is_empty() {
        s.hold(hold).unwrap();
    }
    kernels(&s)
}

#[test]
fn passes_go_by_name_and_by_bit_in_one_order() {
    let one = |name: &str| {
        let mut passes = Passes::none();
        passes.switch(name, true).unwrap();
        passes
    };
    let named: Vec<Passes> = Passes::NAMES.iter().map(|n| one(n)).collect();
    assert_eq!(Passes { lif_phase: true, ..Passes::none() }, one("lif_phase"));
    assert_eq!(Passes { merge_resets: true, ..Passes::none() }, one("merge_resets"));
    for (k, passes) in named.iter().enumerate() {
        assert_eq!(Passes::of_bits(1 << k), *passes);
        assert_eq!(Passes::of_bits(!(1 << k)).and(*passes), Passes::none());
        assert_eq!(Passes::default().and(*passes), *passes);
        assert_eq!(passes.and(Passes::default()), *passes);
        assert_eq!(named.iter().filter(|p| *p == passes).count(), 1, "two of one name");
    }
    assert_eq!((Passes::of_bits(0), Passes::of_bits(u64::MAX)), (Passes::none(), Passes::default()));
    assert_eq!(Passes::of_bits(0b101), Passes { merge_resets: true, locality: true, ..Passes::none() });
    let mut all = Passes::default();
    all.switch("locality", false).unwrap();
    assert_eq!(all, Passes { locality: false, ..Passes::default() });
    assert_eq!(all.switch("localitee", true), None);
    assert_eq!(all, Passes { locality: false, ..Passes::default() });
    // Those that round are these.
    let rounding = Passes { lif_phase: true, factored: true, pending: true, ..Passes::none() };
    assert_eq!(Passes::bitwise().and(rounding), Passes::none());
    for name in Passes::NAMES {
        assert!(Passes::bitwise().and(one(name)) != rounding.and(one(name)), "{name} is both or neither");
    }
}

#[test]
fn a_listing_says_what_each_kernel_is_how_much_it_touches_whose_it_is_and_who_made_it() {
    let mut p = Program::default();
    let (x, y) = (p.signal("x", 3, 1, Role::Parameter, 1.0), p.signal("y", 3, 1, Role::Scratch, 0.0));
    p.copy("sets", (x, &Slice::All), (y, &Slice::All), false);
    p.copy("adds", (x, &Slice::All), (y, &Slice::All), true);
    let z = p.signal("z", 5, 1, Role::Scratch, 0.0);
    p.reset("z", z, 0.0);
    let said =
        |passes| Simulation::new(p.clone(), Options { passes, ..Options::default() }).unwrap().explain();
    // A copy reads three numbers and writes three. Signals begin at a line of eight numbers.
    assert_eq!(
        said(Passes::none()),
        "kernel          numbers  object
copy                  6  sets
fill                  5  z
add                   6  adds
3 kernels over 24 numbers\n"
    );
    assert_eq!(
        said(Passes { merge_resets: true, ..Passes::none() }),
        "kernel          numbers  object
fill                  5  1 resets  [merge_resets]
copy                  6  sets
add                   6  adds
3 kernels over 24 numbers\n"
    );
}

#[test]
fn a_bias_and_few_encoders_are_one_kernel() {
    let only = Passes { fuse_encoding: true, ..Passes::none() };
    let fused = ["fill", "encode", "neurons", "product"];
    let plain = ["copy", "fill", "product", "neurons", "product"];
    for (d, is) in [(1, true), (2, true), (15, true), (16, false), (17, false)] {
        let p = population(20, d, 3);
        let s = planned(&p, only);
        let names = kernels(&s);
        if is {
            assert_eq!(names, fused, "{d} dimensions");
        } else {
            assert_eq!(names, plain, "{d} dimensions");
        }
        // In one dimension they are their own columns.
        let copied =
            s.explain().contains(&format!("form `transposed` of `encoders`: {} numbers of its own", 20 * d));
        assert_eq!(copied, is && d > 1, "{d} dimensions");
    }
    let unfused = |change: &dyn Fn(&mut Population)| {
        let mut p = population(20, 2, 3);
        change(&mut p);
        kernels(&planned(&p, only)).iter().all(|k| k != "encode")
    };
    assert!(!unfused(&|_| {}));
    // Something is added to the current before the encoders are.
    assert!(unfused(&|p| {
        let by = p.program.signal("by", 20, 1, Role::Parameter, 0.1);
        let mut program = Program::default();
        std::mem::swap(&mut program, &mut p.program);
        p.program = earlier(program, by, p.current);
    }));
    // Something writes the encoders, or a part of them.
    assert!(unfused(&|p| {
        let by = p.program.signal("by", 20, 2, Role::Parameter, 0.1);
        p.program.copy("moves", (by, &Slice::All), (p.encoders, &Slice::All), true);
    }));
    assert!(unfused(&|p| {
        let (by, part) =
            (p.program.signal("by", 2, 1, Role::Parameter, 0.1), p.program.view(p.encoders, 4, 1, 2));
        p.program.kernel("moves", Copy { inc: true }, [Operand::inc(part), Operand::read(by)]);
    }));
    // Someone reaches one of them by its address.
    for of in [|p: &Population| p.bias, |p: &Population| p.current, |p: &Population| p.encoders] {
        let p = population(20, 2, 3);
        assert_eq!(with(&p, only, &[of(&p)]), plain);
    }
    let p = population(20, 2, 3);
    assert_eq!(with(&p, only, &[p.x]), fused);
}

/// The same operators with an increment of `to` before all others.
fn earlier(from: Program, by: SignalId, to: SignalId) -> Program {
    let mut p = from.clone();
    let last = p.operators().len();
    p.kernel("adds", Copy { inc: true }, [Operand::inc(to), Operand::read(by)]);
    // Behind the copy of the bias, which sets it.
    let mut order = from.order().unwrap();
    let at = order.iter().position(|k| from.operators()[*k].of == "bias").unwrap();
    order.insert(at + 1, last);
    p.set_order(order);
    p
}

#[test]
fn of_two_products_into_a_current_the_first_goes_with_the_bias() {
    let mut p = population(20, 2, 3);
    let more = p.program.signal("more", 20, 2, Role::Parameter, 0.5);
    let z = p.program.signal("z", 2, 1, Role::Parameter, 0.5);
    let on = [Operand::inc(p.current), Operand::read(more), Operand::read(z)];
    p.program.kernel("more", Dot { stride: 2 }, on);
    let s = planned(&p, Passes { fuse_encoding: true, ..Passes::none() });
    assert_eq!(kernels(&s), ["fill", "encode", "product", "neurons", "product"]);
    assert!(s.explain().contains("form `transposed` of `encoders`"), "{}", s.explain());
}

#[test]
fn a_bias_of_which_a_part_is_copied_stays_a_copy() {
    let p = population(20, 2, 3);
    // The same, but for the copy, which is of one half: the other keeps what is added to it.
    let mut program = Program::default();
    for s in p.program.signals() {
        match s.room {
            Room::Real => program.signal(&s.name, s.rows, s.cols, s.role, s.initial.clone()),
            Room::Double => program.double(&s.name, s.rows, s.cols, s.role, s.initial.clone()),
        };
    }
    for op in p.program.operators().iter().filter(|op| !matches!(op.op, Op::Clock)) {
        let mut on = op.on.clone();
        if op.of == "bias" {
            on.iter_mut().for_each(|o| o.part = Some((0, 10)));
        }
        program.add(&op.of, op.op.clone(), on, Draws::No);
    }
    let p = Population { program, ..p };
    let mut plain = planned(&p, Passes::none());
    let mut s = planned(&p, Passes::bitwise());
    assert!(kernels(&s).iter().all(|k| k != "encode"), "{}", s.explain());
    let voltages = |s: &mut Simulation| {
        s.run_steps(20).unwrap();
        let mut v = vec![];
        s.read_signal(p.voltage, &mut v);
        v
    };
    assert_eq!(voltages(&mut s), voltages(&mut plain));
}

#[test]
fn lif_neurons_have_their_phase_form_where_nothing_else_uses_their_refractory_times() {
    let only = Passes { lif_phase: true, ..Passes::none() };
    let phase = |p: &Population, hold: &[SignalId]| with(p, only, hold).iter().any(|k| k == "lif phase");
    assert!(phase(&population(20, 1, 2), &[]));
    // From a start at the threshold on that is as it is; not above it.
    let from = |v: f64| population_of(20, 1, 2, Lif::default().into(), v);
    assert!(phase(&from(1.0), &[]) && !phase(&from(1.0 + f64::EPSILON), &[]));
    // Not of another type.
    assert!(!phase(&population_of(20, 1, 2, AdaptiveLif::default().into(), 0.0), &[]));
    // Something reads them; what looks at them alone does not.
    let mut p = population(20, 1, 2);
    let z = p.program.signal("z", 20, 1, Role::State, 0.0);
    p.program.kernel("reads", Copy { inc: true }, [Operand::update(z), Operand::read(p.refractory)]);
    assert!(!phase(&p, &[]));
    let mut p = population(20, 1, 2);
    p.program.add("looks", Op::Probe, [Operand::read(p.refractory)], Draws::No);
    assert!(phase(&p, &[]));
    // The voltage may be read; but neither may be reached by its address.
    let mut p = population(20, 1, 2);
    let z = p.program.signal("z", 20, 1, Role::State, 0.0);
    p.program.kernel("reads", Copy { inc: true }, [Operand::update(z), Operand::read(p.voltage)]);
    assert!(phase(&p, &[]));
    let p = population(20, 1, 2);
    assert!(!phase(&p, &[p.voltage]) && !phase(&p, &[p.refractory]) && phase(&p, &[p.out]));
    let said = planned(&p, only).explain();
    assert!(
        said.contains("[lif_phase]")
            && said.contains("form `refractory mark` of `refractory_time`: 20 numbers"),
        "{said}"
    );
}

#[test]
fn a_population_is_one_kernel_where_nobody_else_needs_what_is_handed_on_in_it() {
    let all = Passes::default();
    let whole = ["fill", "population"];
    let half = ["fill", "encode lif", "product"];
    let apart = ["fill", "encode", "lif phase", "product"];
    for (n, d, rows, wanted) in [
        (16, 1, 1, &whole[..]),
        (16, 1, 4, &whole),
        (15, 1, 1, &half),
        (16, 1, 5, &half),
        (16, 2, 1, &half),
        (40, 15, 1, &half),
        (40, 16, 1, &["copy", "fill", "product", "lif phase", "product"]),
    ] {
        let found = with(&population(n, d, rows), all, &[]);
        let (mut a, mut b) = (found.clone(), wanted.to_vec());
        a.sort();
        b.sort();
        assert_eq!(a, b, "{n} neurons, {d} dimensions, {rows} values: {found:?}");
    }
    let found = |change: &dyn Fn(&mut Population)| {
        let mut p = population(40, 1, 2);
        change(&mut p);
        with(&p, all, &[])
    };
    let has = |found: &[String], names: &[&str]| names.iter().all(|n| found.iter().any(|f| f == n));
    // Spikes that something else reads, in whole or in part, or that somebody looks at, are stored; currents are not.
    let read = |of: fn(&Population) -> SignalId, part: Option<(usize, usize)>| {
        found(&|p| {
            let n = part.map_or(40, |(a, b)| b - a);
            let z = p.program.signal("z", n, 1, Role::State, 0.0);
            let from = Operand::read(of(p));
            let from = part.map_or(from.clone(), |(a, b)| from.clone().part(a, b));
            p.program.kernel("reads", Copy { inc: true }, [Operand::update(z), from]);
        })
    };
    for part in [None, Some((0, 1)), Some((39, 40)), Some((10, 30))] {
        assert!(has(&read(|p| p.out, part), &["encode lif", "product", "add"]), "{part:?}");
        assert!(has(&read(|p| p.current, part), &apart), "{part:?}");
    }
    let looked = |of: fn(&Population) -> SignalId| {
        found(&|p| _ = p.program.add("looks", Op::Probe, [Operand::read(of(p))], Draws::No))
    };
    assert!(has(&looked(|p| p.out), &half) && has(&looked(|p| p.current), &apart));
    assert!(has(&looked(|p| p.voltage), &whole), "voltages are stored anyway");
    // Neither does anyone need them who looks at what lies behind them.
    let behind = found(&|p| {
        let behind = p.program.signal("behind", 3, 1, Role::Parameter, 0.0);
        p.program.add("looks", Op::Probe, [Operand::read(behind)], Draws::No);
    });
    assert!(has(&behind, &whole), "{behind:?}");
    let held = |of: fn(&Population) -> SignalId| {
        let p = population(40, 1, 2);
        with(&p, all, &[of(&p)])
    };
    assert!(has(&held(|p| p.out), &half) && has(&held(|p| p.x), &whole));
    // Without what they are made of there are none.
    for passes in [
        Passes { lif_phase: false, ..all },
        Passes { fuse_encoding: false, ..all },
        Passes { fuse_populations: false, ..all },
    ] {
        let found = with(&population(40, 1, 2), passes, &[]);
        assert!(!has(&found, &["population"]) && !has(&found, &["encode lif"]), "{found:?}");
    }
}

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
                s.read_signal(p.program.by_name()["y"], &mut y);
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
        s.read_signal(p.program.by_name()["y"], &mut y);
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
    output: SignalId,
}

fn array(given: f64) -> Array {
    let mut p = Program::default();
    let wave = |k: usize, f: f64| (f * k as f64).sin();
    let node = p.signal("node", 2, 1, Role::Parameter, vec![given, -0.4]);
    let input = p.signal("input", 2, 1, Role::Scratch, 0.0);
    let output = p.signal("output", 4, 1, Role::Scratch, 0.0);
    p.reset("input", input, 0.0);
    p.reset("output", output, 0.0);
    p.kernel("given", Copy { inc: true }, [Operand::inc(input), Operand::read(node)]);
    let of = |p: &mut Program, k: usize| {
        let n = 40;
        let x = p.signal(format!("x{k}"), 1, 1, Role::Scratch, 0.0);
        p.reset("x", x, 0.0);
        p.kernel("in", Copy { inc: true }, [Operand::inc(x), Operand::read(input).part(k, k + 1)]);
        let bias = p.signal(format!("bias{k}"), n, 1, Role::Parameter, 1.2);
        let current = p.signal(format!("j{k}"), n, 1, Role::Scratch, 0.0);
        p.copy("bias", (bias, &Slice::All), (current, &Slice::All), false);
        let e: Vec<f64> = (0..n).map(|i| 3.0 * wave(i + k, 1.3)).collect();
        let e = p.signal(format!("encoders{k}"), n, 1, Role::Parameter, e);
        p.kernel("encoders", Dot { stride: 1 }, [Operand::inc(current), Operand::read(e), Operand::read(x)]);
        let out = p.signal(format!("out{k}"), n, 1, Role::Scratch, 0.0);
        let v = p.signal(format!("v{k}"), n, 1, Role::State, 0.0);
        let r = p.signal(format!("r{k}"), n, 1, Role::State, 0.0);
        let neurons: NeuronType = Lif::default().into();
        let parameters = parameter_values(&neurons.model().vars());
        let parameters = p.double("parameters", parameters.len(), 1, Role::Parameter, parameters);
        let on = [Operand::set(out), Operand::set(v), Operand::set(r), Operand::read(current)];
        p.kernel("neurons", Neurons { neurons }, [&on[..], &[Operand::read(parameters)]].concat());
        let w: Vec<f64> = (0..2 * n).map(|i| 2e-4 * wave(i + k, 2.1)).collect();
        let w = p.signal(format!("decoders{k}"), 2, n, Role::Parameter, w);
        let y = p.signal(format!("y{k}"), 2, 1, Role::Scratch, 0.0);
        p.reset("y", y, 0.0);
        p.kernel("decoders", Dot { stride: n }, [Operand::inc(y), Operand::read(w), Operand::read(out)]);
        p.kernel("out", Copy { inc: true }, [Operand::inc(output).part(2 * k, 2 * k + 2), Operand::read(y)]);
        (x, y)
    };
    let ((x0, y0), (x1, y1)) = (of(&mut p, 0), of(&mut p, 1));
    Array { program: p, input, x: [x0, x1], y: [y0, y1], output }
}

#[test]
fn a_value_that_is_only_handed_on_is_read_and_written_where_it_comes_from_and_goes_to() {
    let bits = |s: &Simulation, a: &Array| {
        let mut all = vec![];
        let by_name = a.program.by_name();
        for id in [a.output, by_name["v0"], by_name["v1"]] {
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
        assert_eq!(kernels(&s).iter().filter(|k| *k == "population").count(), 2);
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
    // What has a path is read between steps without asking: it is there.
    for of in 0..4 {
        let mut a = array(0.8);
        let id = [a.x, a.y].concat()[of];
        a.program.knobs_mut().add("known", Knob::read_only(id, "", "a value", "for the test"));
        let (mut plain, mut s) = (run(&a, phase), run(&a, fast));
        assert!(s.stores(id) && adds(&s) == 2, "{:?}", kernels(&s));
        let mut there = false;
        for _ in 0..20 {
            let seen = s.read("known", &Pick::All).unwrap();
            assert_eq!(seen, plain.read("known", &Pick::All).unwrap());
            there |= seen.iter().all(|v| *v != 0.0);
            s.run_steps(1).unwrap();
            plain.run_steps(1).unwrap();
        }
        assert!(there, "it was zero all the time");
    }
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
    let (y, z) = (p.program.by_name()["y"], p.program.signal("z", 8, 1, Role::State, 0.0));
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
