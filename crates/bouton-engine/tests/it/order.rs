//! In which order the kernels of a step stand, what is done in one go, and what is shared out among threads.

use std::num::NonZero;
use std::sync::Arc;

use bouton_core::Failure;
use bouton_engine::{
    At, Call, Copy, Draws, Fill, Io, Op, Operand, Options, Passes, Program, Role, Running, Sees, SignalId,
    Simulation, Start,
};

/// Numbers of a copy that is worth a thread by itself.
const MANY: usize = 40_000;

fn signal(p: &mut Program, name: &str) -> SignalId {
    p.signal(name, MANY, 1, Role::State, 0.0)
}
fn copy(p: &mut Program, of: &str, from: SignalId, to: Operand) {
    let inc = to.access == bouton_engine::Access::Inc || to.access == bouton_engine::Access::Update;
    p.kernel(of, Copy { inc }, [to, Operand::read(from)]);
}

fn sim(make: &dyn Fn(&mut Program), passes: Passes, threads: usize) -> Simulation {
    let mut p = Program::default();
    make(&mut p);
    Simulation::new(p, Options { passes, threads, ..Options::default() }).unwrap()
}
/// Units of work that may run at once, of operators as themselves.
fn units(make: &dyn Fn(&mut Program)) -> usize {
    sim(make, Passes::none(), 2).parallel_units()
}
/// The objects of the kernels, in their order.
fn objects(s: &Simulation) -> Vec<String> {
    let said = s.explain();
    let kernels = said.lines().skip(1).take_while(|l| !l.contains(" kernels over "));
    // Kernels of one name are followed by how many numbers they touch, and whose they are.
    kernels.map(|l| l.split("  ").filter(|w| !w.is_empty()).nth(2).unwrap_or("").trim().to_string()).collect()
}

#[test]
fn what_has_numbers_in_common_never_runs_at_once_and_all_else_may() {
    type Make<'a> = &'a dyn Fn(&mut Program);
    let cases: [(&str, usize, Make<'_>); 14] = [
        ("two on signals of their own", 2, &|p| {
            for _ in 0..2 {
                let (x, y) = (signal(p, "x"), signal(p, "y"));
                copy(p, "copy", x, Operand::set(y));
            }
        }),
        ("one alone", 0, &|p| {
            let (x, y) = (signal(p, "x"), signal(p, "y"));
            copy(p, "copy", x, Operand::set(y));
        }),
        ("what reads follows what writes", 0, &|p| {
            let (x, y, z) = (signal(p, "x"), signal(p, "y"), signal(p, "z"));
            copy(p, "first", x, Operand::set(y));
            copy(p, "second", y, Operand::set(z));
        }),
        ("what writes follows what reads", 0, &|p| {
            let (x, y) = (signal(p, "x"), signal(p, "y"));
            copy(p, "reads", x, Operand::set(y));
            let z = signal(p, "z");
            copy(p, "writes", z, Operand::update(x));
        }),
        ("two add to one", 0, &|p| {
            let (x, y, z) = (signal(p, "x"), signal(p, "y"), signal(p, "z"));
            copy(p, "one", x, Operand::inc(z));
            copy(p, "two", y, Operand::inc(z));
        }),
        ("two read one", 2, &|p| {
            let x = signal(p, "x");
            for _ in 0..2 {
                let y = signal(p, "y");
                copy(p, "reads", x, Operand::set(y));
            }
        }),
        ("what stands side by side in two stages", 5, &|p| {
            // u and y come first, from x; then w and z, from y, and x itself, from u.
            let [x, y, z, u, w] = ["x", "y", "z", "u", "w"].map(|n| signal(p, n));
            copy(p, "y", x, Operand::set(y));
            copy(p, "u", x, Operand::set(u));
            copy(p, "z", y, Operand::set(z));
            copy(p, "x", u, Operand::update(x));
            copy(p, "w", y, Operand::set(w));
        }),
        ("a chain, and what hangs on its beginning", 2, &|p| {
            // x → a → b → c, and x → d: a and d stand side by side, b and c come one after the other.
            let [x, a, b, c, d] = ["x", "a", "b", "c", "d"].map(|n| signal(p, n));
            copy(p, "a", x, Operand::set(a));
            copy(p, "b", a, Operand::set(b));
            copy(p, "c", b, Operand::set(c));
            copy(p, "d", x, Operand::set(d));
        }),
        ("halves of one are added to at once", 2, &|p| {
            let (x, y) =
                (p.signal("x", MANY, 1, Role::State, 0.0), p.signal("y", 2 * MANY, 1, Role::State, 0.0));
            for (from, to) in [(0, MANY), (MANY, 2 * MANY)] {
                copy(p, "half", x, Operand::inc(y).part(from, to));
            }
        }),
        ("parts that overlap by one aren't", 0, &|p| {
            let (x, y) =
                (p.signal("x", MANY, 1, Role::State, 0.0), p.signal("y", 2 * MANY, 1, Role::State, 0.0));
            for (from, to) in [(0, MANY), (MANY - 1, 2 * MANY - 1)] {
                copy(p, "half", x, Operand::inc(y).part(from, to));
            }
        }),
        ("a part within a part isn't", 0, &|p| {
            let y = p.signal("y", 2 * MANY, 1, Role::State, 0.0);
            let (x, all) = (signal(p, "x"), p.signal("all", 2 * MANY, 1, Role::State, 0.0));
            copy(p, "all", all, Operand::inc(y));
            copy(p, "middle", x, Operand::inc(y).part(MANY / 2, MANY / 2 + MANY));
        }),
        ("two layers of three", 6, &|p| {
            for _ in 0..3 {
                let (x, y, z) = (signal(p, "x"), signal(p, "y"), signal(p, "z"));
                copy(p, "first", x, Operand::set(y));
                copy(p, "second", y, Operand::set(z));
            }
        }),
        ("numbers of the one type never meet those of the other", 2, &|p| {
            for _ in 0..2 {
                let (y, x) = (signal(p, "y"), signal(p, "x"));
                let c = p.double("c", 2, 1, Role::Parameter, vec![0.5, 0.5]);
                let on = [Operand::update(y), Operand::read(x), Operand::read(c)];
                p.kernel("filter", bouton_engine::Lowpass, on);
            }
        }),
        ("few numbers aren't worth it", 0, &|p| {
            for _ in 0..20 {
                let (x, y) =
                    (p.signal("x", 600, 1, Role::State, 0.0), p.signal("y", 600, 1, Role::State, 0.0));
                copy(p, "copy", x, Operand::set(y));
            }
        }),
    ];
    for (what, wanted, make) in cases {
        assert_eq!(units(make), wanted, "{what}");
    }
}

#[test]
fn a_stage_is_shared_out_from_thirty_thousand_numbers_on_a_call_of_a_loop_being_twenty() {
    let copies = |n: usize| {
        units(&|p| {
            for _ in 0..n {
                let (x, y) =
                    (p.signal("x", 600, 1, Role::State, 0.0), p.signal("y", 600, 1, Role::State, 0.0));
                copy(p, "copy", x, Operand::set(y));
            }
        })
    };
    // Each touches 600 numbers twice.
    assert_eq!(30_000 / (2 * 600 + 20), 24);
    assert_eq!(copies(24), 0);
    assert!(copies(25) > 10);
    // From there on: two that come to it just so are.
    assert_eq!(2 * (2 * 7490 + 20), 30_000);
    let two = |n: usize| {
        units(&|p| {
            for _ in 0..2 {
                let (x, y) = (p.signal("x", n, 1, Role::State, 0.0), p.signal("y", n, 1, Role::State, 0.0));
                copy(p, "copy", x, Operand::set(y));
            }
        })
    };
    assert_eq!((two(7489), two(7490)), (0, 2));
}

#[test]
fn matrices_of_a_plan_meet_nothing_else() {
    // Their memory begins at zero, as all others do.
    let make = |p: &mut Program| {
        for name in ["a", "b"] {
            let x = crate::forms::neurons(p, name, bouton_elements::neurons::Lif::default(), vec![2.0; 600]);
            let w = p.signal(name, 600, 600, Role::Parameter, 0.5);
            crate::forms::product(p, name, w, x);
        }
    };
    for events in [false, true] {
        let s = sim(&make, Passes { events, ..Passes::none() }, 2);
        assert_eq!(s.explain().matches("[events]").count(), if events { 2 } else { 0 });
        assert_eq!(s.parallel_units(), 2, "{events}");
    }
}

/// A call that says what it sees, and looks at `before` and `after` where it may.
#[derive(Debug)]
struct Looks(Sees);

impl Call for Looks {
    fn name(&self) -> &str {
        "looks"
    }
    fn sees(&self) -> Sees {
        self.0
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(Looks(self.0)))
    }
}

impl Running for Looks {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        if let Some(all) = io.everything() {
            for (path, steps) in [("before", at.step), ("after", at.step - 1)] {
                let found = all.read(path, &bouton_engine::Pick::Element(MANY - 1, 0))?;
                if found[0] != steps as f64 {
                    return Err(format!("step {}: `{path}` is {}", at.step, found[0]).into());
                }
            }
        }
        Ok(())
    }
}

fn look(p: &mut Program, sees: Sees, on: Vec<Operand>) {
    p.add("looks", Op::Call(Arc::new(Looks(sees))), on, Draws::No);
}

#[test]
fn a_call_that_sees_everything_sees_what_came_before_and_nothing_that_comes_after_on_any_number_of_threads() {
    let make = |p: &mut Program| {
        let one = p.signal("one", MANY, 1, Role::Parameter, 1.0);
        let [before, b, after, a] = ["before", "b", "after", "a"].map(|n| signal(p, n));
        copy(p, "counts", one, Operand::update(before));
        copy(p, "beside", one, Operand::update(b));
        look(p, Sees::Everything, vec![]);
        copy(p, "counts", one, Operand::update(after));
        copy(p, "beside", one, Operand::update(a));
        for (path, s) in [("before", before), ("after", after)] {
            let knob = bouton_engine::Knob::plain(s, "", bouton_engine::Bounds::ANY, "counts steps");
            p.knobs_mut().add(path, knob);
        }
    };
    for passes in [Passes::none(), Passes::default()] {
        for (threads, units) in [(1, 0), (2, 4), (3, 4)] {
            let mut s = sim(&make, passes, threads);
            assert_eq!(s.parallel_units(), units);
            s.run_steps(5).unwrap();
        }
    }
}

#[test]
fn nothing_is_moved_past_a_call_that_sees_more_than_its_operands() {
    let make = |sees: Sees| {
        let mut p = Program::default();
        let [x, y, z] = ["x", "y", "z"].map(|n| signal(&mut p, n));
        copy(&mut p, "first", x, Operand::set(y));
        look(&mut p, sees, vec![]);
        copy(&mut p, "second", y, Operand::set(z));
        if sees == Sees::Everything {
            for (path, s) in [("before", y), ("after", z)] {
                let knob = bouton_engine::Knob::plain(s, "", bouton_engine::Bounds::ANY, "");
                p.knobs_mut().add(path, knob);
            }
        }
        (Simulation::new(p, Options::default()).unwrap(), x)
    };
    let (moved, kept) = (["first", "second", "looks"], ["first", "looks", "second"]);
    assert_eq!(objects(&make(Sees::Operands).0), moved);
    assert_eq!(objects(&make(Sees::Everything).0), kept);
    assert_eq!(objects(&make(Sees::Memory).0), kept);
    // What sees what is held is one of them as soon as anything is.
    let (mut s, x) = make(Sees::Held);
    assert_eq!(objects(&s), moved);
    s.hold(&[x]).unwrap();
    assert_eq!(objects(&s), kept);
    let (mut s, _) = make(Sees::Held);
    s.hold_any().unwrap();
    assert_eq!(objects(&s), kept);
}

#[test]
fn what_a_call_that_sees_memory_names_is_stored() {
    let mut p = Program::default();
    let (y, z) = (signal(&mut p, "y"), signal(&mut p, "z"));
    look(&mut p, Sees::Memory, vec![Operand::edit(y)]);
    look(&mut p, Sees::Operands, vec![Operand::edit(z)]);
    let s = Simulation::new(p, Options::default()).unwrap();
    assert!(s.stores(y) && s.stores(z));
}

#[test]
fn kernels_that_hand_values_on_follow_each_other_and_are_one_unit() {
    // Three chains of which all begin before one goes on.
    let chains = |p: &mut Program| {
        let all: Vec<[SignalId; 3]> = (0..3).map(|_| ["x", "y", "z"].map(|n| signal(p, n))).collect();
        all.iter()
            .enumerate()
            .for_each(|(k, [x, y, _])| copy(p, &format!("first {k}"), *x, Operand::set(*y)));
        all.iter().enumerate().for_each(|(k, [_, y, z])| copy(p, &format!("then {k}"), *y, Operand::set(*z)));
    };
    let local = Passes { locality: true, ..Passes::none() };
    let s = sim(&chains, Passes::none(), 2);
    assert_eq!(objects(&s), ["first 0", "first 1", "first 2", "then 0", "then 1", "then 2"]);
    assert_eq!(s.parallel_units(), 6);
    let s = sim(&chains, local, 2);
    assert_eq!(objects(&s), ["first 0", "then 0", "first 1", "then 1", "first 2", "then 2"]);
    assert_eq!(s.parallel_units(), 3);
    // A tree is gone through to its leaves.
    let tree = |p: &mut Program| {
        let [x, s, a, b] = ["x", "s", "a", "b"].map(|n| signal(p, n));
        copy(p, "stem", x, Operand::set(s));
        copy(p, "branch a", s, Operand::set(a));
        copy(p, "branch b", s, Operand::set(b));
        for (name, from) in [("leaf a", a), ("leaf b", b)] {
            let leaf = signal(p, name);
            copy(p, name, from, Operand::set(leaf));
        }
    };
    assert_eq!(objects(&sim(&tree, local, 1)), ["stem", "branch a", "leaf a", "branch b", "leaf b"]);
    // What needs two comes behind the later of them.
    let joins = |p: &mut Program| {
        let [x, a, b, c] = ["x", "a", "b", "c"].map(|n| signal(p, n));
        let sum = signal(p, "sum");
        copy(p, "a", x, Operand::set(a));
        copy(p, "b", x, Operand::set(b));
        copy(p, "c", x, Operand::set(c));
        copy(p, "sum", a, Operand::set(sum));
        copy(p, "sum too", c, Operand::inc(sum));
    };
    assert_eq!(objects(&sim(&joins, local, 1)), ["a", "sum", "b", "c", "sum too"]);
}

#[test]
fn what_many_read_is_handed_to_all_of_them_at_once() {
    let local = Passes { locality: true, ..Passes::none() };
    // How many units a signal and so many readers of it are: one with three of them, with more each is one by itself.
    for (readers, wanted) in [(2, 0), (3, 0), (4, 4), (5, 5)] {
        let make = |p: &mut Program| {
            let (x, y) = (signal(p, "x"), signal(p, "y"));
            copy(p, "source", x, Operand::set(y));
            for k in 0..readers {
                let z = signal(p, "z");
                copy(p, &format!("reader {k}"), y, Operand::set(z));
            }
        };
        assert_eq!(sim(&make, local, 2).parallel_units(), wanted, "{readers} readers");
    }
}

#[test]
fn neither_calls_nor_resets_tie_together_what_follows_them() {
    let local = Passes { locality: true, merge_resets: true, ..Passes::none() };
    let resets = |p: &mut Program| {
        for k in 0..3 {
            let (x, y) = (signal(p, "x"), signal(p, "y"));
            p.reset("reset", y, 0.0);
            copy(p, &format!("adds {k}"), x, Operand::inc(y));
        }
    };
    let s = sim(&resets, local, 2);
    assert_eq!((objects(&s).len(), s.parallel_units()), (4, 3), "{}", s.explain());
    let called = |p: &mut Program| {
        let y = signal(p, "y");
        look(p, Sees::Operands, vec![Operand::set(y)]);
        for k in 0..2 {
            let z = signal(p, "z");
            copy(p, &format!("reader {k}"), y, Operand::set(z));
        }
    };
    let s = sim(&called, local, 2);
    assert_eq!(
        (&objects(&s)[..], s.parallel_units()),
        (&["looks", "reader 0", "reader 1"].map(String::from)[..], 2)
    );
}

#[test]
fn resets_to_zero_of_whole_signals_are_one_and_no_others_are() {
    // What each is reset to, and what of it.
    let mut p = Program::default();
    let mut signals = vec![];
    for k in 0..3 {
        // No multiple of a cache line.
        let s = p.signal(format!("zero {k}"), 5, 1, Role::State, 9.0);
        p.reset("zero", s, 0.0);
        signals.push(s);
    }
    let half = p.signal("half", 6, 1, Role::State, 9.0);
    p.reset("half", half, 0.5);
    let minus = p.signal("minus", 6, 1, Role::State, 9.0);
    p.reset("minus", minus, -0.0);
    let part = p.signal("part", 6, 1, Role::State, 9.0);
    p.kernel("part", Fill { value: 0.0 }, [Operand::set(part).part(2, 4)]);
    let whole = p.signal("whole", 6, 1, Role::State, 9.0);
    let view = p.view(whole, 1, 4, 1);
    p.reset("view", view, 0.0);
    let last = p.signal("zero 3", 7, 1, Role::State, 9.0);
    p.reset("zero", last, 0.0);
    signals.push(last);
    let others = [half, minus, part, whole];
    let wanted: [[f64; 6]; 4] =
        [[0.5; 6], [-0.0; 6], [9.0, 9.0, 0.0, 0.0, 9.0, 9.0], [9.0, 0.0, 0.0, 0.0, 0.0, 9.0]];
    let read = |s: &Simulation, signal| {
        let mut out = vec![];
        s.read_signal(signal, &mut out);
        out
    };
    let options =
        |merge_resets| Options { passes: Passes { merge_resets, ..Passes::none() }, ..Options::default() };
    for merged in [true, false] {
        let mut s = Simulation::new(p.clone(), options(merged)).unwrap();
        let names = if merged {
            vec!["4 resets", "half", "minus", "part", "view"]
        } else {
            vec!["zero", "zero", "zero", "half", "minus", "part", "view", "zero"]
        };
        assert_eq!(objects(&s), names);
        s.step().unwrap();
        assert!(signals.iter().all(|z| read(&s, *z).iter().all(|x| x.to_bits() == 0)));
        for (signal, wanted) in others.into_iter().zip(wanted) {
            let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&read(&s, signal)), bits(&wanted), "{}", p.get(signal).name);
        }
    }
    // One that somebody reaches by its address is reset at its place; on its two sides one fill each is left.
    let mut s = Simulation::new(p.clone(), options(true)).unwrap();
    s.hold(&[signals[1]]).unwrap();
    assert_eq!(objects(&s), ["1 resets", "2 resets", "zero", "half", "minus", "part", "view"]);
    s.step().unwrap();
    assert!(signals.iter().all(|z| read(&s, *z).iter().all(|x| x.to_bits() == 0)));
    for (signal, wanted) in others.into_iter().zip(wanted) {
        assert_eq!(read(&s, signal), wanted, "{}", p.get(signal).name);
    }
}

#[test]
fn what_is_summed_is_what_a_step_leaves_on_any_number_of_threads() {
    let make = |p: &mut Program| {
        let one = p.signal("one", MANY, 1, Role::Parameter, 1.0);
        for name in ["a", "b"] {
            let y = signal(p, name);
            copy(p, name, one, Operand::update(y));
        }
    };
    for threads in [1, 2] {
        let mut s = sim(&make, Passes::default(), threads);
        assert_eq!(s.parallel_units(), if threads == 1 { 0 } else { 2 });
        let both = ["a", "b"].map(|n| s.program().by_name()[n]);
        s.tally(&both, &[], NonZero::<u64>::MIN).unwrap();
        s.run_steps(10).unwrap();
        let mut sums = [vec![0.0; MANY], vec![0.0; MANY]];
        s.take_tallies(&mut sums.each_mut().map(|x| &mut x[..]), &mut vec![]).unwrap();
        // 1 after the first step, 2 after the second, and so on.
        assert!(sums.iter().flatten().all(|x| *x == 55.0));
    }
}
