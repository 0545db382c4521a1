//! Which operators a pass makes one kernel of, and which it leaves as they are.

use bouton_core::Slice;
use bouton_elements::neurons::{AdaptiveLif, Lif, NeuronType};
use bouton_elements::var::parameter_values;
use bouton_engine::{
    Copy, Dot, Draws, Neurons, Op, Operand, Options, Passes, Program, Role, Room, SignalId, Simulation,
};

/// A population of `n` neurons in `d` dimensions: the copy of its bias, its neurons, encoders, and decoders of `rows` values.
pub(crate) struct Population {
    pub(crate) program: Program,
    pub(crate) bias: SignalId,
    pub(crate) current: SignalId,
    pub(crate) out: SignalId,
    pub(crate) voltage: SignalId,
    pub(crate) refractory: SignalId,
    pub(crate) encoders: SignalId,
    pub(crate) x: SignalId,
    pub(crate) y: SignalId,
}

pub(crate) fn population(n: usize, d: usize, rows: usize) -> Population {
    population_of(n, d, rows, Lif::default().into(), 0.0)
}

pub(crate) fn population_of(
    n: usize,
    d: usize,
    rows: usize,
    neurons: NeuronType,
    voltage: f64,
) -> Population {
    let mut program = Program::default();
    let x = program.signal("x", d, 1, Role::Parameter, 0.8);
    populate(program, "", x, (n, rows), neurons, voltage)
}

/// Adds a population that encodes `x` to a program; `end` is the end of its signals' names.
pub(crate) fn populate(
    mut p: Program,
    end: &str,
    x: SignalId,
    (n, rows): (usize, usize),
    neurons: NeuronType,
    voltage: f64,
) -> Population {
    let wave = |k: usize, f: f64| (f * k as f64).sin();
    let d = p.get(x).len();
    let bias = p.signal(format!("bias{end}"), n, 1, Role::Parameter, 1.2);
    let current = p.signal(format!("j{end}"), n, 1, Role::Scratch, 0.0);
    p.copy("bias", (bias, &Slice::All), (current, &Slice::All), false);
    let out = p.signal(format!("out{end}"), n, 1, Role::Scratch, 0.0);
    let mut states = vec![];
    for v in neurons.model().states() {
        let start = if v.name == "voltage" { voltage } else { 0.0 };
        states.push(p.signal(format!("{}{end}", v.name), n, 1, Role::State, start));
    }
    let parameters = parameter_values(&neurons.model().vars());
    let parameters = p.double("parameters", parameters.len(), 1, Role::Parameter, parameters);
    let on = [out].into_iter().chain(states.iter().copied()).map(Operand::set);
    let on: Vec<Operand> = on.chain([current, parameters].map(Operand::read)).collect();
    p.kernel("neurons", Neurons { neurons }, on);
    let e: Vec<f64> = (0..n * d).map(|k| 3.0 * wave(k, 1.3)).collect();
    let encoders = p.signal(format!("encoders{end}"), n, d, Role::Parameter, e);
    p.kernel(
        "encoders",
        Dot { stride: d },
        [Operand::inc(current), Operand::read(encoders), Operand::read(x)],
    );
    let w: Vec<f64> = (0..n * rows).map(|k| 2e-4 * wave(k, 2.1)).collect();
    let w = p.signal(format!("decoders{end}"), rows, n, Role::Parameter, w);
    let y = p.signal(format!("y{end}"), rows, 1, Role::Scratch, 0.0);
    p.reset("y", y, 0.0);
    p.kernel("decoders", Dot { stride: n }, [Operand::inc(y), Operand::read(w), Operand::read(out)]);
    Population { bias, current, out, voltage: states[0], refractory: states[1], encoders, x, y, program: p }
}

/// The names of the kernels, in their order.
pub(crate) fn kernels(s: &Simulation) -> Vec<String> {
    let said = s.explain();
    let lines = said.lines().skip(1).take_while(|l| !l.contains(" kernels over "));
    lines.map(|l| l[..12].trim().to_string()).collect()
}
pub(crate) fn planned(p: &Population, passes: Passes) -> Simulation {
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
