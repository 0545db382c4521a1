//! Populations of one size that follow each other, in one kernel.

use bouton_core::Slice;
use bouton_elements::neurons::Lif;
use bouton_engine::{
    Bounds, Copy, Edit, Knob, Operand, Options, Passes, Pick, Program, Role, SignalId, Simulation,
};

use super::passes::{kernels, populate};

/// Populations side by side, each with a membrane time constant, an input and values of its own.
struct Row {
    program: Program,
    /// Voltages, refractory times and values.
    seen: Vec<SignalId>,
    y: Vec<SignalId>,
}

/// Of these numbers of neurons and decoded values; the inputs are parts of one signal.
fn row(of: &[(usize, usize)]) -> Row {
    let mut p = Program::default();
    let given: Vec<f64> = (0..of.len()).map(|k| (1.0 + k as f64).sin()).collect();
    let given = p.signal("given", of.len(), 1, Role::Parameter, given);
    let node = p.signal("node", of.len(), 1, Role::Scratch, 0.0);
    // Used before all else, and so none of their operands' neighbours.
    p.copy("gives", (given, &Slice::All), (node, &Slice::All), false);
    let (mut seen, mut y) = (vec![], vec![]);
    for (k, size) in of.iter().enumerate() {
        let x = p.view(node, k, 1, 1);
        let neurons = Lif { tau_rc: 0.02 + 0.001 * k as f64, ..Lif::default() };
        let one = populate(p, &k.to_string(), x, *size, neurons.into(), 0.0);
        seen.extend([one.voltage, one.refractory, one.y]);
        y.push(one.y);
        p = one.program;
    }
    Row { program: p, seen, y }
}

fn made(r: &Row, passes: Passes, threads: usize) -> Simulation {
    Simulation::new(r.program.clone(), Options { passes, threads, ..Options::default() }).unwrap()
}

/// Takes steps, and says what is seen after each.
fn run(r: &Row, s: &mut Simulation, steps: usize) -> Vec<u64> {
    let (mut all, mut one) = (vec![], vec![]);
    for _ in 0..steps {
        s.run_steps(1).unwrap();
        for id in &r.seen {
            s.read_signal(*id, &mut one);
            all.extend(one.iter().map(|v| v.to_bits()));
        }
    }
    all
}

/// How many kernels of populations there are, and what is seen in 60 steps, of which something is to differ from step to step.
fn seen(r: &Row, passes: Passes, threads: usize) -> (usize, Vec<u64>) {
    let mut s = made(r, passes, threads);
    let all = run(r, &mut s, 60);
    assert_ne!(all[..all.len() / 2], all[all.len() / 2..], "nothing happened");
    (populations(&s), all)
}

fn populations(s: &Simulation) -> usize {
    kernels(s).iter().filter(|k| *k == "population").count()
}

/// What keeps the bits of the phase form.
fn fast() -> Passes {
    Passes { lif_phase: true, ..Passes::bitwise() }
}
fn apart() -> Passes {
    Passes { join_populations: false, ..fast() }
}

#[test]
fn populations_of_one_size_that_follow_each_other_are_one_kernel_with_every_bit() {
    let phase = Passes { lif_phase: true, ..Passes::none() };
    // Neurons that end between lines of memory and at one; few in each kernel, where each has many.
    for (n, rows, count, wanted) in
        [(20, 1, 11, 1), (24, 2, 11, 1), (33, 4, 7, 1), (16, 3, 2, 1), (400, 1, 11, 6), (1000, 1, 3, 3)]
    {
        let r = row(&vec![(n, rows); count]);
        let ((_, plain), one, joined) = (seen(&r, phase, 1), seen(&r, apart(), 1), seen(&r, fast(), 1));
        assert_eq!((one.0, joined.0), (count, wanted), "{n}");
        if wanted < count {
            let more = if wanted == 1 { count - 1 } else { 1 };
            let said = made(&r, fast(), 1).explain();
            assert!(said.contains(&format!("encoders and {more} more  [join_populations]")), "{said}");
        }
        for found in [one.1, joined.1, seen(&r, fast(), 2).1] {
            assert!(found == plain, "{n} neurons, {rows} values");
        }
    }
}

#[test]
fn what_is_joined_is_written_and_planned_anew_between_steps_as_if_it_were_not() {
    let mut r = row(&[(20, 2); 6]);
    r.program.knobs_mut().add("v", Knob::plain(r.seen[6], "", Bounds::ANY, "voltages"));
    r.program.knobs_mut().add("r", Knob::plain(r.seen[10], "", Bounds::ANY, "refractory times"));
    let go = |passes| {
        let mut s = made(&r, passes, 1);
        let mut all = run(&r, &mut s, 20);
        let edit = |path: &str, to: f64| Edit { path: path.into(), pick: Pick::All, values: vec![to; 20] };
        s.apply(&edit("v", 0.25)).unwrap();
        s.apply(&edit("r", 0.0035)).unwrap();
        all.extend(run(&r, &mut s, 5));
        for (passes, steps) in [(Passes { lif_phase: true, ..Passes::none() }, 5), (passes, 20)] {
            s.replan(passes).unwrap();
            all.extend(run(&r, &mut s, steps));
        }
        (populations(&s), all)
    };
    let (one, joined) = (go(apart()), go(fast()));
    assert_eq!((one.0, joined.0), (6, 1));
    assert!(one.1 == joined.1);
}

#[test]
fn what_is_only_handed_on_is_not_reset_unless_it_lies_between() {
    // Inputs that are forwarded lie between two signals that are reset: few of them are filled with these, many are left.
    for (count, fills) in [(5, 1), (60, 2)] {
        let mut p = Program::default();
        let first = p.signal("first", 3, 1, Role::Scratch, 0.0);
        let xs: Vec<SignalId> =
            (0..count).map(|k| p.signal(format!("x{k}"), 1, 1, Role::Scratch, 0.0)).collect();
        let last = p.signal("last", 3, 1, Role::Scratch, 0.0);
        let (given, ones) =
            (p.signal("given", 1, 1, Role::Parameter, 0.7), p.signal("ones", 3, 1, Role::Parameter, 1.0));
        for s in [first, last] {
            p.reset("reset", s, 0.0);
            p.kernel("one", Copy { inc: true }, [Operand::inc(s), Operand::read(ones)]);
        }
        let mut r = Row { program: p, seen: vec![first, last], y: vec![] };
        for (k, x) in xs.iter().enumerate() {
            r.program.reset("x", *x, 0.0);
            r.program.kernel("in", Copy { inc: true }, [Operand::inc(*x), Operand::read(given)]);
            let one = populate(r.program, &k.to_string(), *x, (20, 1), Lif::default().into(), 0.0);
            r.program = one.program;
            r.seen.push(one.voltage);
        }
        let found = kernels(&made(&r, fast(), 1)).iter().filter(|k| *k == "fill").count();
        assert_eq!(found, fills, "{}", made(&r, fast(), 1).explain());
        assert!(seen(&r, fast(), 1).1 == seen(&r, Passes { lif_phase: true, ..Passes::none() }, 1).1);
    }
}

#[test]
fn populations_of_other_sizes_or_with_something_between_stay_apart() {
    let check = |r: &Row, wanted: usize| {
        let (one, joined) = (seen(r, apart(), 1), seen(r, fast(), 1));
        assert_eq!(joined.0, wanted, "{}", made(r, fast(), 1).explain());
        assert!(one.1 == joined.1);
    };
    check(&row(&[(20, 1), (20, 1), (21, 1), (21, 1), (20, 1)]), 3);
    check(&row(&[(20, 1), (20, 1), (20, 2), (20, 2)]), 2);
    // One that reads what the one before gives.
    let mut r = row(&[(20, 1), (20, 1)]);
    let last = populate(r.program, "last", r.y[1], (20, 1), Lif::default().into(), 0.0);
    r.program = last.program;
    r.seen.push(last.voltage);
    check(&r, 2);
    // Each reads what the one before gives, at the distances of which they are joined.
    let mut p = Program::default();
    let begin = p.signal("begin", 1, 1, Role::Scratch, 0.0);
    let given = p.signal("given", 1, 1, Role::Parameter, 0.9);
    p.reset("begin", begin, 0.0);
    p.kernel("gives", Copy { inc: true }, [Operand::inc(begin), Operand::read(given)]);
    let mut r = Row { program: p, seen: vec![], y: vec![begin] };
    for k in 0..4 {
        let one = populate(r.program, &k.to_string(), r.y[k], (20, 1), Lif::default().into(), 0.0);
        r.seen.extend([one.voltage, one.y]);
        r.y.push(one.y);
        r.program = one.program;
    }
    // What is only read is used before all else, so that voltages lie side by side too.
    let all = r.program.operators();
    let of = |name: &'static str| all.iter().filter(move |op| op.of == name).map(|op| op.on[1].signal);
    let (read, before) = (of("encoders").chain(of("decoders")).collect::<Vec<_>>(), all.len());
    let sum = r.program.signal("sum", 20, 1, Role::State, 0.0);
    for id in read {
        r.program.kernel("first", Copy { inc: true }, [Operand::inc(sum), Operand::read(id)]);
    }
    let (first, then): (Vec<usize>, Vec<usize>) =
        r.program.order().unwrap().into_iter().partition(|k| *k >= before);
    r.program.set_order([first, then].concat());
    check(&r, 4);
    // Values that are handed on side by side, and with others between.
    for (far, wanted) in [(1, 1), (8, 2)] {
        let mut r = row(&[(20, 1), (20, 1)]);
        let all = r.program.signal("all", 24, 1, Role::Scratch, 0.0);
        r.program.reset("all", all, 0.0);
        for k in 0..2 {
            let to = Operand::inc(all).part(far * k, far * k + 1);
            r.program.kernel("hands on", Copy { inc: true }, [to, Operand::read(r.y[k])]);
        }
        r.seen = vec![all];
        check(&r, wanted);
        let s = made(&r, fast(), 1);
        assert!(s.stores(all) && r.y.iter().all(|y| !s.stores(*y)));
    }
}
