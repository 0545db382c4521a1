//! What is saved, and what of it another simulation takes.

use std::sync::Arc;

use bouton_core::Slice;
use bouton_elements::synapses::Filter;
use bouton_engine::{
    Bounds, Checkpoint, Door, DoorAccess, Edit, Knob, Observe, Operand, Options, Pick, Precision, Program,
    Role, SavedForm, Scale, SignalId, Simulation, Values,
};

/// `x` counts steps: x += 1, before it is copied to `y`; and parameters of several kinds.
fn program() -> Program {
    let mut p = Program::default();
    let one = p.signal("one", 1, 1, Role::Parameter, 1.0);
    let x = p.signal("x", 1, 1, Role::State, 0.0);
    let y = p.signal("y", 1, 1, Role::Scratch, 0.0);
    p.kernel("count", Scale, [Operand::inc(x), Operand::read(one), Operand::read(one)]);
    p.copy("count", (x, &Slice::All), (y, &Slice::All), false);
    let w = p.signal("w", 2, 3, Role::Parameter, vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let d = p.double("d", 2, 1, Role::Parameter, vec![0.1, 0.2]);
    for (name, s) in [("x", x), ("w", w), ("w.d", d)] {
        p.knobs_mut().add(name, Knob::plain(s, "", Bounds::ANY, "for the test"));
    }
    p.knobs_mut().add("w.kept", Knob::read_only(w, "", "the same", "write `w`"));
    p
}
fn sim(precision: Precision) -> Simulation {
    Simulation::new(program(), Options { precision, ..Options::default() }).unwrap()
}
fn set(s: &mut Simulation, path: &str, values: &[f64]) {
    s.apply(&Edit { path: path.into(), pick: Pick::All, values: values.to_vec() }).unwrap();
}
fn read(s: &mut Simulation, path: &str) -> Vec<f64> {
    s.read(path, &Pick::All).unwrap()
}

#[test]
fn a_checkpoint_has_all_signals_by_name_in_their_own_numbers() {
    for precision in [Precision::F64, Precision::F32] {
        let mut s = sim(precision);
        s.run_steps(3).unwrap();
        set(&mut s, "w", &[0.1; 6]);
        let c = s.save().unwrap();
        assert_eq!((c.step, c.dt, c.precision, c.seed), (3, 0.001, precision, 0));
        assert_eq!(c.signals.iter().map(|s| &*s.name).collect::<Vec<_>>(), ["one", "x", "y", "w", "d"]);
        assert!(c.get("x").is_some_and(|s| s.values.at(0) == 3.0) && c.get("v").is_none());
        let w = c.get("w").unwrap();
        let single = precision == Precision::F32;
        assert_eq!(w.values, if single { Values::F32(vec![0.1; 6]) } else { Values::F64(vec![0.1; 6]) });
        let own = if single { f64::from(0.1f32) } else { 0.1 };
        assert_eq!((w.values.at(5), w.values.wide(), w.shape), (own, vec![own; 6], (2, 3)));
        assert_eq!((w.values.len(), w.values.is_empty()), (6, false));
        assert_eq!(c.get("d").unwrap().values, Values::F64(vec![0.1, 0.2]));
        assert!((c.log.len(), c.next_entry, c.dropped) == (1, 1, 0) && c.forms.is_empty());
    }
    assert!(Values::F64(vec![]).is_empty() && Values::F32(vec![]).is_empty());
}

#[test]
fn what_of_a_checkpoint_does_not_fit_is_named_and_changes_nothing() {
    let mut s = sim(Precision::F64);
    s.run_steps(2).unwrap();
    let good = s.save().unwrap();
    let now = |s: &mut Simulation| (["x", "w", "w.d"].map(|n| read(s, n)), s.n_steps());
    let before = now(&mut s);
    type Spoil = fn(&mut Checkpoint);
    let cases: [(Spoil, &str, &str); 12] = [
        (|c| c.dt = 0.002, "", "its time step is 0.002 s, here it is 0.001 s"),
        (|c| c.precision = Precision::F32, "", "its numbers are F32, here they are F64"),
        (|c| c.step = (1 << 53) + 1, "", "its step is 9007199254740993, more than can be counted"),
        (|c| drop(c.signals.pop()), "d:", "it isn't there"),
        (|c| c.signals[3].name = "v".into(), "w:", "`v` is in its place"),
        (|c| c.signals[3].shape = (3, 2), "w:", "it has the shape (3, 2) there, and (2, 3) here"),
        (|c| c.signals[3].values = Values::F64(vec![0.0; 5]), "w:", "it has the shape"),
        (|c| c.signals[3].values = Values::F32(vec![0.0; 6]), "w:", "its numbers are of another type"),
        (|c| c.signals[4].values = Values::F32(vec![0.0; 2]), "d:", "its numbers are of another type"),
        (|c| c.signals.push(c.signals[0].clone()), "one:", "there is nothing of that name here"),
        (
            |c| c.forms.push(SavedForm { signal: 5, form: "f".into(), values: Values::F64(vec![]) }),
            "f:",
            "a form of no signal",
        ),
        (|c| drop(c.signals.remove(1)), "x:", "`y` is in its place"),
    ];
    for (spoil, starts, says) in cases {
        let mut c = good.clone();
        spoil(&mut c);
        let e = s.load(&c).unwrap_err().to_string();
        assert!(e.starts_with(starts) && e.contains(says) && e.contains("Nothing was changed"), "{e}");
        assert_eq!(now(&mut s), before);
    }
    // What is kept in a form that isn't made here is in the signal too.
    let mut c = good.clone();
    c.forms.push(SavedForm { signal: 3, form: "factored".into(), values: Values::F64(vec![1.0]) });
    c.step = 1 << 53;
    s.load(&c).unwrap();
    assert_eq!((s.n_steps(), read(&mut s, "w")), (1 << 53, before.0[1].clone()));
    // In single precision a matrix of the simulation's is single, and one in double precision isn't.
    let mut single = sim(Precision::F32);
    let good = single.save().unwrap();
    single.load(&good).unwrap();
    let mut c = good.clone();
    c.signals[3].values = Values::F64(vec![0.0; 6]);
    assert!(single.load(&c).unwrap_err().to_string().starts_with("w:"));
    let mut c = good;
    c.signals[4].values = Values::F32(vec![0.0; 2]);
    assert!(single.load(&c).unwrap_err().to_string().starts_with("d:"));
}

#[test]
fn a_load_brings_back_everything_and_the_log() {
    for precision in [Precision::F64, Precision::F32] {
        let mut s = sim(precision);
        s.run_steps(4).unwrap();
        set(&mut s, "w.d", &[0.7, 0.1]);
        set(&mut s, "w", &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
        let saved = s.save().unwrap();
        let wanted = ["x", "w", "w.d"].map(|n| read(&mut s, n));
        let mut next = sim(precision);
        let y = next.program().by_name()["y"];
        let id = next.attach(Observe::new(y, "y")).unwrap();
        next.run_steps(9).unwrap();
        set(&mut next, "w", &[9.0; 6]);
        assert_eq!(next.load(&saved).unwrap(), Vec::<String>::new());
        assert_eq!(["x", "w", "w.d"].map(|n| read(&mut next, n)), wanted);
        assert_eq!(next.samples(id).unwrap().rows(), 0, "recordings are cleared");
        next.run_steps(1).unwrap();
        let found = next.samples(id).unwrap();
        assert_eq!((found.row(0), &found.steps[..]), (&[5.0][..], &[5][..]));
        // The log goes on where it was; what it has of before can be taken back here too, or says why not.
        assert_eq!((next.log().entries().len(), next.log().next_number()), (2, 2));
        assert!(next.log().is_complete());
        let file = Checkpoint { log: saved.log.iter().map(|e| e.without_undo()).collect(), ..saved.clone() };
        next.load(&file).unwrap();
        let e = next.undo(1).unwrap_err().to_string();
        assert!(e.starts_with("w:") && e.contains("comes from a checkpoint file"), "{e}");
        set(&mut next, "x", &[1.0]);
        assert_eq!(next.log().entries().last().unwrap().number, 2);
        // The number of the next is beyond that of the last, whatever a file says; and what a log drops it says.
        next.load(&Checkpoint { next_entry: 0, ..file.clone() }).unwrap();
        assert_eq!((next.log().next_number(), next.log().is_complete()), (2, true));
        next.set_log_limit(0);
        assert!(!next.log().is_complete());
        next.set_log_limit(1 << 20);
        // A log of which entries were taken out before it was saved.
        let mut taken = Checkpoint { log: vec![], next_entry: 7, ..saved };
        next.load(&taken).unwrap();
        assert!((next.log().next_number(), next.log().is_complete()) == (7, false));
        taken.next_entry = 0;
        next.load(&taken).unwrap();
        assert!(next.log().is_complete());
        taken.dropped = 1;
        next.load(&taken).unwrap();
        assert!(!next.log().is_complete() && next.save().unwrap().dropped == 1);
    }
}

/// Records y through a filter that keeps half of what it had.
fn filtered(y: SignalId, of: &str) -> Observe {
    Observe { filter: Some(Filter::First { a: 0.5, b: 0.5 }), ..Observe::new(y, of) }
}

#[test]
fn filters_of_probes_go_on_from_a_checkpoint_by_their_description() {
    let mut whole = sim(Precision::F64);
    let y = whole.program().by_name()["y"];
    let ids = ["p", "q"].map(|of| whole.attach(filtered(y, of)).unwrap());
    whole.attach(Observe::new(y, "plain")).unwrap();
    whole.run_steps(5).unwrap();
    let saved = whole.save().unwrap();
    assert_eq!(saved.probes.iter().map(|p| &*p.of).collect::<Vec<_>>(), ["p", "q"]);
    whole.run_steps(3).unwrap();
    let wanted = whole.samples(ids[0]).unwrap().values[5..].to_vec();
    // x counts from 1: of every step half of what was, half of what is, a step later.
    let mut f = 0.0;
    let plain: Vec<f64> = (1..9).map(|x| (f, f = 0.5 * f + 0.5 * f64::from(x)).0).collect();
    assert_eq!(wanted, plain[5..]);
    let mut next = sim(Precision::F64);
    let p = next.attach(filtered(y, "p")).unwrap();
    let other = next.attach(filtered(y, "other")).unwrap();
    // One is here, one waits for who is attached before the next step; it is saved too.
    assert_eq!(next.load(&saved).unwrap(), ["q"]);
    assert_eq!(next.save().unwrap().probes.iter().map(|p| &*p.of).collect::<Vec<_>>(), ["p", "other", "q"]);
    let q = next.attach(filtered(y, "q")).unwrap();
    let again = next.attach(filtered(y, "q")).unwrap();
    next.run_steps(3).unwrap();
    for id in [p, q] {
        assert_eq!(next.samples(id).unwrap().values, wanted);
    }
    for id in [other, again] {
        assert_eq!(
            next.samples(id).unwrap().values,
            [0.0, 3.0, 5.0],
            "of another description, or the second"
        );
    }
    // What nobody has taken by the next step is out of date; and one of other states isn't it.
    let mut late = sim(Precision::F64);
    assert_eq!(late.load(&saved).unwrap(), ["p", "q"]);
    let taps = Observe { filter: Some(Filter::Taps(vec![0.5, 0.5])), ..Observe::new(y, "p") };
    let taps = late.attach(taps).unwrap();
    assert_eq!(late.save().unwrap().probes.len(), 3);
    late.run_steps(1).unwrap();
    assert_eq!(late.save().unwrap().probes.len(), 1);
    let q = late.attach(filtered(y, "q")).unwrap();
    late.run_steps(2).unwrap();
    assert_eq!((late.samples(taps).unwrap().values[0], late.samples(q).unwrap().values[0]), (0.0, 0.0));
    // A reset forgets what waits.
    late.load(&saved).unwrap();
    late.reset(bouton_engine::Reset::All).unwrap();
    assert_eq!(late.save().unwrap().probes.iter().filter(|p| p.filtered[0] != 0.0).count(), 0);
}

#[test]
fn a_load_by_name_says_what_it_took_and_what_it_did_not() {
    let mut from = sim(Precision::F64);
    set(&mut from, "w", &[5.0, 4.0, 3.0, 2.0, 1.0, 0.0]);
    set(&mut from, "x", &[77.0]);
    set(&mut from, "w.d", &[7.0, 8.0]);
    let saved = from.save().unwrap();
    let other = || {
        let mut p = program();
        let more = p.signal("more", 1, 1, Role::Parameter, 0.5);
        let wide = p.signal("one2", 2, 1, Role::Parameter, 0.5);
        for (name, s) in [("more", more), ("other", wide)] {
            p.knobs_mut().add(name, Knob::plain(s, "", Bounds::ANY, "for the test"));
        }
        Simulation::new(p, Options::default()).unwrap()
    };
    let mut s = other();
    let report = s.load_by_name(&saved, &[], false).unwrap();
    // State isn't a parameter, and what can't be written isn't asked for.
    assert_eq!(
        (&report.matched[..], &report.missing[..]),
        (&["w", "w.d"].map(String::from)[..], &["more", "other"].map(String::from)[..])
    );
    assert!(report.other_shape.is_empty() && report.unused.is_empty());
    assert_eq!(
        (read(&mut s, "w"), read(&mut s, "w.d")),
        (vec![5.0, 4.0, 3.0, 2.0, 1.0, 0.0], vec![7.0, 8.0])
    );
    assert_eq!((read(&mut s, "x"), read(&mut s, "more")), (vec![0.0], vec![0.5]));
    assert_eq!(s.log().entries().map(|e| &*e.path).collect::<Vec<_>>(), ["w", "w.d"]);
    // By the beginnings of names.
    let mut s = other();
    let report = s.load_by_name(&saved, &["w."], true).unwrap();
    assert_eq!((report.matched.len(), read(&mut s, "w")[0], read(&mut s, "w.d")[0]), (1, 0.0, 7.0));
    let report = s.load_by_name(&saved, &["none", "w"], true).unwrap();
    assert_eq!(report.matched, ["w", "w.d"]);
    // Strictly, what is missing or of another shape, and then nothing.
    let mut s = other();
    let e = s.load_by_name(&saved, &[], true).unwrap_err().to_string();
    assert!(
        e.starts_with("more:") && e.contains("the checkpoint doesn't have it; nothing was written"),
        "{e}"
    );
    let mut odd = saved.clone();
    odd.signals[3].shape = (3, 2);
    odd.signals[4].name = "left".into();
    let e = s.load_by_name(&odd, &["w"], true).unwrap_err().to_string();
    assert!(e.starts_with("w.d:") && e.contains("doesn't have it"), "{e}");
    odd.signals[4].name = "d".into();
    odd.signals[0].name = "left".into();
    let e = s.load_by_name(&odd, &["w"], true).unwrap_err().to_string();
    assert!(e.starts_with("w:") && e.contains("it has another shape there"), "{e}");
    assert_eq!(s.log().entries().len(), 0);
    assert_eq!(read(&mut s, "w")[0], 0.0);
    let report = s.load_by_name(&odd, &["w"], false).unwrap();
    assert_eq!(
        (&report.matched[..], &report.other_shape[..], &report.unused[..]),
        (&["w.d".to_string()][..], &["w".to_string()][..], &["left".to_string()][..])
    );
    odd.signals[3].shape = (2, 3);
    odd.signals[3].values = Values::F64(vec![0.0; 5]);
    assert_eq!(s.load_by_name(&odd, &["w"], false).unwrap().other_shape, ["w"]);
}

/// Sets what it is told to, tenfold.
#[derive(Debug)]
struct Tenfold(SignalId);
impl Door for Tenfold {
    fn write(&self, at: &[usize], values: &[f64], numbers: &mut dyn DoorAccess) -> Result<(), String> {
        at.iter().zip(values).for_each(|(k, x)| numbers.set(self.0, *k, 10.0 * x));
        Ok(())
    }
}

#[test]
fn what_is_written_through_a_door_is_loaded_through_it_and_parts_from_where_they_lie() {
    let made = || {
        let mut p = Program::default();
        let to = p.signal("to", 4, 1, Role::Parameter, 0.0);
        let w = p.signal("w", 3, 4, Role::Parameter, (0..12).map(f64::from).collect::<Vec<_>>());
        let part = p.view(w, 5, 2, 2);
        p.knobs_mut().add("part", Knob::through(part, "", "columns", Arc::new(Tenfold(to))));
        p.knobs_mut().add("to", Knob::plain(to, "", Bounds::ANY, "what the door sets"));
        Simulation::new(p, Options::default()).unwrap()
    };
    let (from, mut s) = (made(), made());
    let report = s.load_by_name(&from.save().unwrap(), &["part"], true).unwrap();
    assert_eq!(report.matched, ["part"]);
    assert_eq!(read(&mut s, "to"), [50.0, 60.0, 90.0, 100.0]);
}
