//! In which order the operators of a step run.

use std::sync::Arc;

use bouton_core::Failure;
use bouton_engine::{
    At, Call, Copy, Draws, Fill, Io, Op, Operand, Program, Role, Running, Scale, SignalId, Start,
};

/// An operator of which only the operands count here.
#[derive(Debug)]
struct Any;
impl Call for Any {
    fn name(&self) -> &str {
        "any"
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(Any))
    }
}
impl Running for Any {
    fn step(&mut self, _: &At, _: &mut Io<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

fn signals<const N: usize>(p: &mut Program) -> [SignalId; N] {
    std::array::from_fn(|k| p.signal(format!("s{k}"), 4, 1, Role::State, 0.0))
}
fn any(p: &mut Program, of: &str, on: &[Operand]) -> usize {
    p.add(of, Op::Call(Arc::new(Any)), on, Draws::No)
}
/// Where each operator stands in the order, the clock left out.
fn places(p: &Program) -> Vec<usize> {
    let order = p.order().unwrap();
    assert_eq!(order.len(), p.operators().len());
    (1..order.len()).map(|k| order.iter().position(|o| *o == k).unwrap()).collect()
}

#[test]
fn a_signal_is_set_then_edited_then_incremented_then_read_then_updated() {
    let all: [fn(SignalId) -> Operand; 5] =
        [Operand::set, Operand::edit, Operand::inc, Operand::read, Operand::update];
    // Of each two, whichever was added first.
    for (a, first) in all.iter().enumerate() {
        for second in &all[a + 1..] {
            for swapped in [false, true] {
                let mut p = Program::default();
                let [s] = signals(&mut p);
                let mut on = [first(s), second(s)];
                if swapped {
                    on.reverse();
                }
                assert_eq!(any(&mut p, "one", &on[..1]), 1);
                assert_eq!(any(&mut p, "two", &on[1..]), 2);
                let (from, to) = if swapped { (2, 1) } else { (1, 2) };
                let mut edges = vec![vec![]; 3];
                edges[from].push(to as u32);
                assert_eq!(p.dependencies(), edges, "{:?} and {:?}", on[0].access, on[1].access);
                assert_eq!(places(&p), if swapped { [2, 1] } else { [1, 2] });
            }
        }
    }
}

#[test]
fn operators_that_nothing_orders_run_as_they_were_added_and_others_first_in_first_out() {
    let mut p = Program::default();
    let [a, b, c, d] = signals(&mut p);
    // 1 waits for 3; 2 and 3 for nothing; 4 for 2 and 3; 5 for 2.
    any(&mut p, "1", &[Operand::read(b)]);
    any(&mut p, "2", &[Operand::set(a), Operand::set(c)]);
    any(&mut p, "3", &[Operand::set(b)]);
    any(&mut p, "4", &[Operand::read(a), Operand::read(b), Operand::inc(d)]);
    any(&mut p, "5", &[Operand::read(c)]);
    assert_eq!(p.order().unwrap(), [0, 2, 3, 5, 1, 4]);
    assert_eq!(p.dependencies(), [vec![], vec![], vec![4, 5], vec![1, 4], vec![], vec![]]);
}

#[test]
fn parts_of_a_signal_are_in_the_order_of_the_whole() {
    let mut p = Program::default();
    let [s, x] = signals(&mut p);
    let (front, back) = (p.view(s, 0, 2, 1), p.view(s, 2, 2, 1));
    any(&mut p, "reads all", &[Operand::read(s)]);
    any(&mut p, "reads the front", &[Operand::read(front)]);
    any(&mut p, "sets the back", &[Operand::set(back), Operand::read(x)]);
    any(&mut p, "sets the front", &[Operand::set(front)]);
    assert_eq!(p.dependencies(), [vec![], vec![], vec![], vec![1], vec![1, 2]]);
    assert_eq!(p.order().unwrap(), [0, 3, 4, 1, 2]);
}

#[test]
fn operands_that_were_added_later_count_in_the_order() {
    let mut p = Program::default();
    let [a, b] = signals(&mut p);
    let reads = any(&mut p, "reads", &[Operand::read(a)]);
    let sets = any(&mut p, "sets", &[Operand::set(b)]);
    assert_eq!(p.order().unwrap(), [0, reads, sets]);
    p.touch(reads, [Operand::read(b)]);
    assert_eq!(p.operators()[reads].on[..], [Operand::read(a), Operand::read(b)]);
    assert_eq!(p.order().unwrap(), [0, sets, reads]);
}

/// A program of editors of one signal, in the order of their being added, perhaps with others that hand on.
fn editors(p: &mut Program, s: SignalId, names: &[&str]) -> Vec<usize> {
    names.iter().map(|of| any(p, of, &[Operand::edit(s)])).collect()
}

#[test]
fn who_edits_the_same_numbers_does_so_in_the_order_that_was_named() {
    let mut p = Program::default();
    let [s, other] = signals(&mut p);
    let [a, b, c] = editors(&mut p, s, &["a", "b", "c"])[..] else { panic!("three") };
    let alone = any(&mut p, "alone", &[Operand::edit(other)]);
    assert_eq!(p.order().unwrap(), [0, a, alone, b, c]);
    p.set_editors(vec![c, alone, a]);
    assert_eq!(p.editors(), [c, alone, a]);
    // Those that aren't named come last.
    let order = p.order().unwrap();
    let place = |k: usize| order.iter().position(|o| *o == k).unwrap();
    assert!(place(c) < place(a) && place(a) < place(b), "{order:?}");
    assert!(place(alone) < place(a), "nothing holds back who edits something else: {order:?}");
}

#[test]
fn who_edits_later_by_what_it_needs_does_so_whatever_was_named() {
    let mut p = Program::default();
    let [s, x, y] = signals(&mut p);
    // `first` hands on to `last` by way of two others.
    let last = any(&mut p, "last", &[Operand::edit(s), Operand::read(y)]);
    let first = any(&mut p, "first", &[Operand::edit(s), Operand::set(x)]);
    p.kernel("between", Copy { inc: false }, [Operand::set(y), Operand::read(x)]);
    p.set_editors(vec![last, first]);
    let order = p.order().unwrap();
    let place = |k: usize| order.iter().position(|o| *o == k).unwrap();
    assert!(place(first) < place(last), "{order:?}");
    // Parts that don't meet need no order.
    let mut p = Program::default();
    let [s] = signals(&mut p);
    let (front, back) = (p.view(s, 0, 2, 1), p.view(s, 2, 2, 1));
    let one = any(&mut p, "one", &[Operand::edit(front)]);
    let two = any(&mut p, "two", &[Operand::edit(back)]);
    p.set_editors(vec![two, one]);
    assert_eq!(p.order().unwrap(), [0, one, two]);
}

#[test]
fn the_objects_of_a_cycle_are_named_and_no_others() {
    let mut p = Program::default();
    let [a, b, c, d, e] = signals(&mut p);
    let copy = |p: &mut Program, of: &str, y, x| {
        p.kernel(of, Copy { inc: false }, [Operand::set(y), Operand::read(x)]);
    };
    // In front of the cycle, in it, and behind it.
    p.kernel("front", Fill { value: 1.0 }, [Operand::set(e)]);
    copy(&mut p, "behind", d, c);
    p.kernel("one", Scale, [Operand::set(a), Operand::read(e), Operand::read(c)]);
    copy(&mut p, "two", b, a);
    copy(&mut p, "three", c, b);
    let m = p.order().unwrap_err().to_string();
    let cycles = ["one → two → three", "two → three → one", "three → one → two"];
    let named = |c: &&&str| m.contains(**c);
    assert!(cycles.iter().filter(named).count() == 1 && m.contains("one step:"), "{m}");
    assert!(!m.contains("front") && !m.contains("behind"), "{m}");
    // One that needs itself.
    let mut p = Program::default();
    let [a, b] = signals(&mut p);
    copy(&mut p, "it", a, b);
    copy(&mut p, "it", b, a);
    let m = p.order().unwrap_err().to_string();
    assert!(m.starts_with("it:") && m.contains("within one step: it."), "{m}");
}

#[test]
fn an_order_that_is_given_is_refused_where_what_meets_comes_too_early() {
    let parts = |first: (usize, usize), second: (usize, usize)| {
        let mut p = Program::default();
        let [s] = signals(&mut p);
        let reads = any(&mut p, "reads", &[Operand::read(s).part(first.0, first.1)]);
        let sets = any(&mut p, "sets", &[Operand::set(s).part(second.0, second.1)]);
        p.set_order(vec![0, reads, sets]);
        p.order().map_err(|e| e.to_string())
    };
    // The numbers that they touch count here, not the signals.
    for (first, second) in [((0, 2), (2, 4)), ((2, 4), (0, 2)), ((3, 4), (0, 3))] {
        assert_eq!(parts(first, second).unwrap(), [0, 1, 2]);
    }
    for (first, second) in [((0, 3), (2, 4)), ((2, 4), (0, 3)), ((0, 4), (1, 2)), ((1, 2), (0, 4))] {
        let e = parts(first, second).unwrap_err();
        assert!(e.starts_with("reads:") && e.contains("the any of `sets` has to come before it"), "{e}");
    }
    // Between two that use it alike, and within one, there is none.
    let mut p = Program::default();
    let [s] = signals(&mut p);
    let one = any(&mut p, "one", &[Operand::inc(s)]);
    let two = any(&mut p, "two", &[Operand::inc(s)]);
    p.set_order(vec![two, 0, one]);
    assert_eq!(p.order().unwrap(), [two, 0, one]);
    for wrong in [vec![0, 1, 2, 2], vec![0, 1, 3], vec![0, 1, 1]] {
        p.set_order(wrong);
        assert!(p.order().unwrap_err().to_string().contains("twice, or there is none"));
    }
    p.set_order(vec![0, two]);
    let e = p.order().unwrap_err().to_string();
    assert!(e.starts_with("one:") && e.contains("doesn't have it"), "{e}");
}
