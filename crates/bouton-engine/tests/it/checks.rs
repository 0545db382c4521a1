//! What a program may be at the borders: the last that is taken, and the first that is refused.

use std::sync::Arc;

use bouton_core::{Failure, Slice};
use bouton_engine::{
    At, Bounds, Call, Copy, Derive, Derived, Dot, Draws, Fill, Io, Knob, Lowpass, Op, Operand, Options, Pick,
    Program, Role, Running, Sees, SignalId, Simulation, Start,
};

fn made(make: impl FnOnce(&mut Program)) -> Result<(), String> {
    let mut p = Program::default();
    make(&mut p);
    p.check().map_err(|e| e.to_string())
}
fn taken(make: impl FnOnce(&mut Program)) {
    made(make).unwrap();
}
fn refused(part: &str, make: impl FnOnce(&mut Program)) {
    let e = made(make).expect_err(part);
    assert!(e.contains(part), "`{e}` does not say `{part}`");
}
fn state(p: &mut Program, name: &str, n: usize) -> SignalId {
    p.signal(name, n, 1, Role::State, 0.0)
}
fn copy(p: &mut Program, y: Operand, x: Operand) {
    p.kernel("copy", Copy { inc: false }, [y, x]);
}

#[test]
fn a_view_lies_within_its_base_to_the_last_number() {
    let view = |offset, rows, cols| {
        move |p: &mut Program| {
            let w = p.signal("w", 4, 5, Role::Parameter, 0.0);
            p.view(w, offset, rows, cols);
        }
    };
    taken(view(0, 4, 5));
    taken(view(3, 4, 2));
    taken(view(19, 1, 1));
    // One row may go on in the next of the base, several may not.
    taken(view(13, 1, 7));
    refused("has rows of 6 that are 5 apart", view(0, 2, 6));
    refused("reaches from 4 to 21 of `w`, which has 20 numbers", view(4, 4, 2));
    refused("reaches from 20 to 21", view(20, 1, 1));
    refused("reaches from 18446744073709551615 to beyond all of `w`", view(usize::MAX, 1, 1));
    refused("can't be counted", |p| {
        p.signal("s", usize::MAX, 2, Role::State, 0.0);
    });
}

#[test]
fn views_of_views_and_parts_of_them_are_where_the_numbers_are() {
    let mut p = Program::default();
    let w = p.signal("w", 4, 5, Role::Parameter, (0..20).map(f64::from).collect::<Vec<_>>());
    let rows = p.view(w, 5, 3, 5);
    let inner = p.view(rows, 6, 2, 2);
    let one = p.view(inner, 5, 1, 2);
    for (name, s) in [("rows", rows), ("inner", inner), ("one", one)] {
        p.knobs_mut().add(name, Knob::read_only(s, "", "a view", "for the test"));
    }
    let y = state(&mut p, "y", 6);
    let v = p.view(y, 2, 4, 1);
    // The part counts from where the view begins; what is asked for beyond the end is cut off.
    p.copy("it", (one, &Slice::All), (v, &Slice::Range(2, 9)), false);
    assert_eq!((p.base(one), p.base(w), p.get(one).name.as_str()), (w, w, "w[5..][6..][5..]"));
    assert_eq!(p.get(inner).stride(), 5);
    assert!(p.overlap(inner, one) && p.overlap(w, one) && !p.overlap(one, y));
    p.knobs_mut().add("y", Knob::plain(y, "", Bounds::ANY, "six numbers"));
    let mut s = Simulation::new(p, Options::default()).unwrap();
    s.step().unwrap();
    let mut read = |path: &str| s.read(path, &Pick::All).unwrap();
    assert_eq!(read("inner"), [11.0, 12.0, 16.0, 17.0]);
    assert_eq!(read("one"), [16.0, 17.0]);
    assert_eq!(read("rows")[14], 19.0);
    assert_eq!(read("y"), [0.0, 0.0, 0.0, 0.0, 16.0, 17.0]);
}

#[test]
fn signals_that_touch_each_other_do_not_overlap() {
    let mut p = Program::default();
    let w = state(&mut p, "w", 9);
    let [a, b, c] = [(0, 3), (3, 3), (5, 2)].map(|(from, n)| p.view(w, from, n, 1));
    assert!(!p.overlap(a, b) && !p.overlap(b, a) && p.overlap(b, c) && p.overlap(c, b) && !p.overlap(a, c));
    assert!(p.overlap(a, w) && p.overlap(a, a));
}

#[test]
fn parts_of_operands_meet_or_do_not_to_the_number() {
    for (y, x, meets) in
        [((0, 2), (2, 4), false), ((2, 4), (0, 2), false), ((0, 2), (1, 3), true), ((1, 3), (0, 2), true)]
    {
        let make = |p: &mut Program| {
            let s = state(p, "s", 4);
            copy(p, Operand::set(s).part(y.0, y.1), Operand::read(s).part(x.0, x.1));
        };
        if meets {
            refused("`s` and `s` have numbers in common", make);
        } else {
            taken(make);
        }
    }
    // Who reads twice what it doesn't write may.
    taken(|p| {
        let (y, x) = (state(p, "y", 4), state(p, "x", 4));
        p.kernel("scale", bouton_engine::Scale, [Operand::inc(y), Operand::read(x), Operand::read(x)]);
    });
    for ((from, to), is_there) in [((0, 4), true), ((4, 4), true), ((3, 5), false), ((3, 1), false)] {
        let make = |p: &mut Program| {
            let y = state(p, "y", 4);
            p.kernel("fill", Fill { value: 1.0 }, [Operand::set(y).part(from, to)]);
        };
        if is_there {
            taken(make);
        } else {
            refused(&format!("takes {from}..{to} of `y`, which has 4"), make);
        }
    }
    refused("takes 0..2 of `w[1..]`", |p| {
        let (y, w) = (state(p, "y", 2), p.signal("w", 4, 5, Role::Parameter, 0.0));
        let columns = p.view(w, 1, 4, 2);
        copy(p, Operand::set(y), Operand::read(columns).part(0, 2));
    });
}

#[test]
fn no_number_is_set_or_updated_by_two() {
    let two = |first: (usize, usize), second: (usize, usize), access: fn(SignalId) -> Operand| {
        move |p: &mut Program| {
            let s = state(p, "s", 8);
            let c = p.double("c", 2, 1, Role::Parameter, vec![0.5, 0.5]);
            for (of, (from, to)) in [("one", first), ("two", second)] {
                let u = state(p, of, to - from);
                p.kernel(of, Lowpass, [access(s).part(from, to), Operand::read(u), Operand::read(c)]);
            }
        }
    };
    for (access, what) in [(Operand::set as fn(SignalId) -> Operand, "set"), (Operand::update, "update")] {
        taken(two((0, 4), (4, 8), access));
        taken(two((4, 8), (0, 4), access));
        taken(two((0, 8), (3, 3), access));
        let says = format!("s: both `one` and `two` {what} the same numbers");
        refused(&says, two((0, 5), (4, 8), access));
        refused(&says, two((0, 8), (3, 4), access));
        refused(&says, two((2, 4), (2, 4), access));
    }
    taken(two((0, 5), (4, 8), Operand::inc));
}

#[test]
fn operands_of_kernels_are_written_then_read_then_read_in_double_precision() {
    refused("a kernel can't write double precision", |p| {
        let y = p.double("y", 3, 1, Role::State, 0.0);
        p.kernel("fill", Fill { value: 1.0 }, [Operand::set(y)]);
    });
    refused("operands must be those written, read, read in double precision", |p| {
        let (y, x) = (state(p, "y", 3), state(p, "x", 3));
        copy(p, Operand::read(x), Operand::set(y));
    });
    refused("operands must be those written, read, read in double precision", |p| {
        let (y, u) = (state(p, "y", 2), state(p, "u", 2));
        let c = p.double("c", 2, 1, Role::Parameter, vec![0.5, 0.5]);
        p.kernel("filter", Lowpass, [Operand::update(y), Operand::read(c), Operand::read(u)]);
    });
}

#[test]
fn a_part_of_the_columns_is_multiplied_and_one_row_of_it_is_copied() {
    let mut p = Program::default();
    let w = p.signal("w", 3, 5, Role::Parameter, (0..15).map(f64::from).collect::<Vec<_>>());
    let (x, y, row) = (p.signal("x", 2, 1, Role::Parameter, vec![1.0, 10.0]), state(&mut p, "y", 3), 6);
    let columns = p.view(w, 1, 3, 2);
    p.reset("y", y, 0.0);
    p.kernel("product", Dot { stride: 5 }, [Operand::inc(y), Operand::read(columns), Operand::read(x)]);
    let (one, z) = (p.view(w, row, 1, 2), state(&mut p, "z", 2));
    copy(&mut p, Operand::set(z), Operand::read(one));
    for (name, s) in [("y", y), ("z", z), ("one", one)] {
        p.knobs_mut().add(name, Knob::plain(s, "", Bounds::ANY, "for the test"));
    }
    let mut s = Simulation::new(p, Options::default()).unwrap();
    s.step().unwrap();
    assert_eq!(s.read("y", &Pick::All).unwrap(), [21.0, 76.0, 131.0]);
    assert_eq!(s.read("z", &Pick::All).unwrap(), [6.0, 7.0]);
}

#[test]
fn paths_of_parts_of_the_columns_can_be_read_and_not_be_written() {
    let with = |knob: fn(SignalId) -> Knob| {
        move |p: &mut Program| {
            let w = p.signal("w", 3, 5, Role::Parameter, 0.0);
            let columns = p.view(w, 1, 3, 2);
            p.knobs_mut().add("columns", knob(columns));
        }
    };
    taken(with(|s| Knob::read_only(s, "", "two columns", "write `w`")));
    refused("columns: names a part of the columns of a matrix, which can't be written", {
        with(|s| Knob::plain(s, "", Bounds::ANY, "two columns"))
    });
}

#[derive(Debug)]
struct Nothing(Sees);
impl Derive for Nothing {
    fn derive(&self, _: f64, _: &[&[f64]], _: &mut [Vec<f64>]) -> Result<(), String> {
        Ok(())
    }
}
impl Call for Nothing {
    fn name(&self) -> &str {
        "nothing"
    }
    fn sees(&self) -> Sees {
        self.0
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(Nothing(self.0)))
    }
}
impl Running for Nothing {
    fn step(&mut self, _: &At, _: &mut Io<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

#[test]
fn what_follows_from_an_edit_is_written_elsewhere() {
    let derived = |from: usize| {
        move |p: &mut Program| {
            let w = p.signal("w", 9, 1, Role::Parameter, 0.0);
            let (reads, writes) = (vec![p.view(w, 0, 4, 1)], vec![p.view(w, from, 3, 1)]);
            p.derive(Derived { what: Arc::new(Nothing(Sees::Operands)), reads, writes, of: "it".into() });
        }
    };
    taken(derived(4));
    refused("it: what follows from an edit is written where it is read", derived(3));
    // What doesn't say what follows can't be asked for an element.
    let e = Nothing(Sees::Operands).element(0.001, &|_, _| 0.0, 3).unwrap_err();
    assert!(e.contains("element 3"), "{e}");
}

#[test]
fn signals_of_other_programs_are_refused_wherever_they_are_named() {
    let mut other = Program::default();
    let foreign: Vec<SignalId> = (0..3).map(|k| state(&mut other, &format!("s{k}"), 1)).collect();
    let last = foreign[2];
    type Make = fn(&mut Program, SignalId);
    let makes: [Make; 4] = [
        |p, s| p.reset("here", s, 0.0),
        |p, s| p.knobs_mut().add("here", Knob::plain(s, "", Bounds::ANY, "")),
        |p, s| {
            let what = Arc::new(Nothing(Sees::Operands));
            p.derive(Derived { what, reads: vec![s], writes: vec![], of: "here".into() });
        },
        |p, s| {
            let what = Arc::new(Nothing(Sees::Operands));
            p.derive(Derived { what, reads: vec![], writes: vec![s], of: "here".into() });
        },
    ];
    for make in makes {
        refused("there is no signal 2", |p| {
            state(p, "a", 1);
            state(p, "b", 1);
            make(p, last);
        });
    }
}

#[test]
fn who_sees_memory_names_its_operands_as_it_likes() {
    let on = |sees: Sees| {
        move |p: &mut Program| {
            let s = state(p, "s", 4);
            let on = [Operand::edit(s), Operand::read(s)];
            p.add("call", Op::Call(Arc::new(Nothing(sees))), on, Draws::No);
        }
    };
    taken(on(Sees::Memory));
    refused("writes what it also uses otherwise", on(Sees::Held));
    refused("writes what it also uses otherwise", on(Sees::Operands));
}

#[test]
fn a_time_step_is_a_positive_number_of_seconds() {
    for dt in [0.0, -0.001, f64::NAN, f64::INFINITY] {
        let e = Simulation::new(Program::default(), Options { dt, ..Options::default() });
        let e = e.map(|_| ()).unwrap_err().to_string();
        assert!(e.contains("`dt` must be a positive number of seconds"), "{e}");
    }
}

#[test]
fn of_several_signals_with_one_name_the_first_is_found() {
    let mut p = Program::default();
    let first = state(&mut p, "s", 1);
    state(&mut p, "s", 2);
    assert_eq!(p.by_name()["s"], first);
    assert!(!p.get(first).is_empty());
    let none = state(&mut p, "none", 0);
    assert!(p.get(none).is_empty() && p.get(none).extent() == 0 && p.get(first).extent() == 1);
    assert!(p.shape(&Operand::read(none)).is_empty() && !p.shape(&Operand::read(first)).is_empty());
}

#[test]
fn slices_of_signals_are_copied_and_added() {
    let mut p = Program::default();
    let x = p.signal("x", 5, 1, Role::Parameter, vec![1.0, 2.0, 3.0, 4.0, 5.0]);
    let names = ["set", "added", "to", "both", "range"];
    let [set, added, to, both, range] = names.map(|n| p.signal(n, 4, 1, Role::State, 0.0));
    for (name, s) in names.into_iter().zip([set, added, to, both, range]) {
        p.knobs_mut().add(name, Knob::plain(s, "", Bounds::ANY, "for the test"));
    }
    let list = |i: &[usize]| Slice::Indices(i.to_vec());
    p.copy("it", (x, &list(&[4, 0, 0, 2])), (set, &Slice::All), false);
    p.copy("it", (x, &list(&[4, 0, 0, 2])), (added, &Slice::All), true);
    p.copy("it", (x, &Slice::Range(1, 3)), (to, &list(&[3, 0])), false);
    p.copy("it", (x, &list(&[1, 2])), (both, &list(&[2, 1])), true);
    p.copy("it", (x, &Slice::Range(3, 9)), (range, &Slice::Range(1, 3)), true);
    let mut s = Simulation::new(p.clone(), Options::default()).unwrap();
    s.run_steps(2).unwrap();
    let found = names.map(|n| s.read(n, &Pick::All).unwrap());
    assert_eq!(found[0], [5.0, 1.0, 1.0, 3.0]);
    assert_eq!(found[1], [10.0, 2.0, 2.0, 6.0]);
    assert_eq!(found[2], [3.0, 0.0, 0.0, 2.0]);
    assert_eq!(found[3], [0.0, 6.0, 4.0, 0.0]);
    assert_eq!(found[4], [0.0, 8.0, 10.0, 0.0]);
    // A kernel has the position that it is said to have, and operands may come later.
    let fill = p.kernel("it", Fill { value: 2.0 }, []);
    assert_eq!((fill, p.operators().len()), (6, 7));
    assert!(p.check().is_err());
    let none = state(&mut p, "none", 2);
    p.touch(fill, [Operand::set(none)]);
    p.check().unwrap();
}
