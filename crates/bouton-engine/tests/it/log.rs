//! The log and the door: how much is kept, what a question leaves alone.

use bouton_engine::{Bounds, By, Edit, Entry, Knob, Options, Pick, Program, Reset, Role, Simulation, digest};

/// A matrix with a path, and a copy of it so that a step has something to do.
fn sim(n: usize) -> Simulation {
    let mut p = Program::default();
    let w = p.signal("w", n, 2, Role::Parameter, 1.0);
    let y = p.signal("y", n, 2, Role::Scratch, 0.0);
    p.copy("it", (w, &bouton_core::Slice::All), (y, &bouton_core::Slice::All), false);
    p.knobs_mut().add(
        "a.long.path.of.weights",
        Knob::plain(w, "", Bounds { low: -9.0, high: 9.0, ..Bounds::ANY }, "some"),
    );
    Simulation::new(p, Options::default()).unwrap()
}
fn edit(pick: Pick, values: Vec<f64>) -> Edit {
    Edit { path: "a.long.path.of.weights".into(), pick, values }
}

#[test]
fn the_log_keeps_what_its_limit_allows_and_the_digest_of_the_rest() {
    let n = 500;
    let all: Vec<f64> = (0..2 * n).map(|k| k as f64 / (2 * n) as f64).collect();
    // Numbers that an entry holds: values, what was written and what was there before; with positions three times those.
    for (pick, numbers) in [(Pick::All, 3.0), (Pick::mask((n, 2), |_, _| true), 6.0), (Pick::Column(1), 2.5)]
    {
        let one = 8.0 * numbers * (2 * n) as f64;
        let mut s = sim(n);
        // An entry has some hundred bytes beside its numbers.
        s.set_log_limit((10.0 * (one + 400.0)) as usize);
        let values = if pick == Pick::Column(1) { all[..n].to_vec() } else { all.clone() };
        for _ in 0..25 {
            s.apply(&edit(pick.clone(), values.clone())).unwrap();
        }
        let whole = s.log().entries().filter(|e| e.is_whole()).count();
        assert!((9..=10).contains(&whole), "{pick:?}: {whole} of 25 are whole");
        assert!(!s.log().is_complete() && s.log().entries().len() == 25);
        // The oldest went first, and can't be taken back; the last can.
        assert!(s.undo(0).unwrap_err().to_string().contains("values were dropped"));
        s.undo(24).unwrap();
    }
}

#[test]
fn a_question_whether_a_write_would_be_taken_writes_nothing() {
    let mut s = sim(3);
    s.check(&edit(Pick::Row(1), vec![2.0, 3.0])).unwrap();
    for (bad, says) in [
        (edit(Pick::Row(1), vec![2.0]), "takes 2 numbers"),
        (edit(Pick::Row(3), vec![2.0, 3.0]), "no row 3"),
        (edit(Pick::All, vec![10.0; 6]), "must be"),
        (Edit { path: "a.long.path.of.weight".into(), ..edit(Pick::All, vec![1.0; 6]) }, "did you mean"),
    ] {
        let (asked, done) = (s.check(&bad).unwrap_err().to_string(), s.apply(&bad).unwrap_err().to_string());
        assert!(asked == done && asked.contains(says), "{asked}");
    }
    assert_eq!(s.log().entries().len(), 0);
    assert_eq!(s.read("a.long.path.of.weights", &Pick::All).unwrap(), [1.0; 6]);
}

#[test]
fn a_reset_keeps_the_limit_of_the_log() {
    let mut s = sim(500);
    s.set_log_limit(20_000);
    s.reset(Reset::All).unwrap();
    for _ in 0..3 {
        s.apply(&edit(Pick::All, vec![0.5; 1000])).unwrap();
    }
    assert!(
        s.log().entries().all(|e| !e.is_whole()),
        "values of 8,000 bytes and more are kept beyond the limit"
    );
}

#[test]
fn an_entry_without_undo_is_what_a_file_has_of_it() {
    let mut s = sim(3);
    s.apply(&edit(Pick::Row(1), vec![2.0, 3.0])).unwrap();
    let e = s.log().entries().next().unwrap();
    let saved = Entry::saved(e.number, e.step, e.by.clone(), e.edit(), e.digest);
    assert_eq!(e.without_undo(), saved);
    assert_ne!(*e, saved, "the log itself knows what was there before");
}

#[test]
fn an_entry_takes_the_bytes_of_its_numbers_and_its_path() {
    let bytes = |n: usize, pick: Pick, values: usize| {
        let mut s = sim(n);
        s.apply(&edit(pick, vec![0.5; values])).unwrap();
        s.log().bytes()
    };
    // Values, what was written and what was there before; where not all is written, with its positions.
    assert_eq!(bytes(50, Pick::All, 100) - bytes(20, Pick::All, 40), 8 * 3 * 60);
    assert_eq!(bytes(50, Pick::Column(1), 50) - bytes(20, Pick::Column(1), 20), 8 * 5 * 30);
    let first = |n: usize| Pick::Where((0..n).collect());
    assert_eq!(bytes(50, first(70), 70) - bytes(50, first(30), 30), 8 * 6 * 40);
    assert!(bytes(50, Pick::Row(0), 2) > 8 * 10 + "a.long.path.of.weights".len());
    // The same with a path of one letter.
    let mut p = Program::default();
    let w = p.signal("w", 50, 2, Role::Parameter, 1.0);
    p.knobs_mut().add("a", Knob::plain(w, "", Bounds::ANY, "some"));
    let mut s = Simulation::new(p, Options::default()).unwrap();
    s.apply(&Edit { path: "a".into(), ..edit(Pick::All, vec![0.5; 100]) }).unwrap();
    assert_eq!(bytes(50, Pick::All, 100) - s.log().bytes(), "a.long.path.of.weights".len() - 1);
}

#[test]
fn a_log_of_just_its_limit_keeps_all_of_it() {
    let mut s = sim(50);
    for _ in 0..3 {
        s.apply(&edit(Pick::All, vec![0.5; 100])).unwrap();
    }
    let bytes = s.log().bytes();
    s.set_log_limit(bytes);
    assert!(s.log().is_complete() && s.log().entries().all(|e| e.is_whole() && e.edit().values.len() == 100));
    s.set_log_limit(bytes - 1);
    let whole: Vec<bool> = s.log().entries().map(|e| e.is_whole()).collect();
    assert_eq!(whole, [false, true, true]);
    assert!(!s.log().is_complete() && s.log().bytes() < bytes);
    // The pick of many positions goes with the values.
    let mut s = sim(50);
    s.apply(&edit(Pick::mask((50, 2), |_, _| true), vec![0.5; 100])).unwrap();
    s.set_log_limit(0);
    assert_eq!(s.log().entries().next().unwrap().pick, Pick::All);
}

#[test]
fn what_was_taken_out_of_the_log_is_gone_and_numbers_go_on() {
    let mut s = sim(50);
    for _ in 0..3 {
        s.apply(&edit(Pick::Row(2), vec![0.5; 2])).unwrap();
    }
    assert!(s.log().is_complete() && s.log().get(1).is_some_and(|e| e.number == 1));
    let one = s.log().bytes() / 3;
    let taken = s.take_log();
    assert_eq!(taken.iter().map(|e| e.number).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!((s.log().bytes(), s.log().entries().len(), s.log().is_complete()), (0, 0, false));
    assert_eq!(s.apply(&edit(Pick::Row(2), vec![0.25; 2])).unwrap(), 3);
    assert!(s.log().bytes() == one && s.log().get(2).is_none() && s.log().next_number() == 4);
    let e = s.undo(2).unwrap_err().to_string();
    assert!(e.contains("entry 2 can't be taken back: it is no longer in the log"), "{e}");
    assert_eq!(s.undo(3).unwrap(), 4);
    let last = s.log().entries().last().unwrap();
    assert_eq!((&last.by, last.step), (&By::Undo(3), 0));
    assert_eq!(s.read("a.long.path.of.weights", &Pick::Row(2)).unwrap(), [0.5; 2]);
    let e = sim(3).undo(0).unwrap_err().to_string();
    assert!(e.contains("no entry 0: nothing was written yet"), "{e}");
    let e = s.undo(5).unwrap_err().to_string();
    assert!(e.contains("no entry 5: there are 0 to 4"), "{e}");
}

#[test]
fn what_was_picked_and_written_has_a_digest_of_its_own() {
    // Picks of a matrix with so many numbers, of which they pick so many.
    let picks = [
        (Pick::All, 2),
        (Pick::All, 1),
        (Pick::All, 3),
        (Pick::Row(0), 2),
        (Pick::Row(1), 2),
        (Pick::Row(0), 1),
        (Pick::Row(4), 1),
        (Pick::Column(0), 1),
        (Pick::Column(1), 1),
        (Pick::Column(0), 2),
        (Pick::Element(0, 0), 1),
        (Pick::Element(0, 1), 1),
        (Pick::Element(1, 0), 1),
        (Pick::Where([0].into()), 1),
        (Pick::Where([1].into()), 1),
        (Pick::Where([0, 1].into()), 2),
        (Pick::Where([1, 0].into()), 2),
    ];
    let values = [[0.0, 0.0], [-0.0, 0.0], [1.0, 0.0], [1.0, 2.0], [2.0, 1.0], [5e-324, 1.0], [1e-323, 1.0]];
    let mut seen = std::collections::HashMap::new();
    for (pick, n) in &picks {
        for v in values {
            let v: Vec<f64> = v.iter().cycle().take(*n).copied().collect();
            let what = format!("{pick:?} {v:?}");
            let other = seen.insert(digest(pick, &v), what.clone());
            assert!(other.as_ref().is_none_or(|o| *o == what), "{what} and {other:?}");
        }
    }
}
