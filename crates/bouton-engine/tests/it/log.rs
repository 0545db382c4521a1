//! The log and the door: how much is kept, what a question leaves alone.

use bouton_engine::{Bounds, Edit, Entry, Knob, Options, Pick, Program, Reset, Role, Simulation};

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
