//! What the example `story` claims. The times that it prints are not asserted.

use bouton::prelude::*;

#[path = "../../examples/story/tale.rs"]
mod tale;

#[test]
fn weights_can_be_edited_without_a_learning_rule() {
    let e = tale::edit_from_outside().unwrap();
    assert!(e.at_first.abs() < 0.05 && e.after_own_copy.abs() < 0.05, "{} {}", e.at_first, e.after_own_copy);
    assert!(
        (e.after_set - 0.6).abs() < 0.05 && (e.after_edit - 0.3).abs() < 0.05,
        "{} {}",
        e.after_set,
        e.after_edit
    );
    for wrong in [&e.wrong_shape, &e.not_a_number] {
        assert_eq!(wrong.object(), e.connection, "{wrong}");
    }
    assert!(e.wrong_shape.message().contains("(2, 3)") && e.wrong_shape.message().contains("(1, 100)"));
    assert!(e.untouched);
}

#[test]
fn a_node_that_declares_it_writes_weights_and_one_that_does_not_is_an_error() {
    let l = tale::node_that_learns(true).unwrap();
    assert!(l.before > 0.05 && l.after < 0.01, "{} {}", l.before, l.after);
    let e = tale::node_that_learns(false).err().unwrap();
    assert!(e.to_string().contains("learn") && e.to_string().contains("edits"), "{e}");
}

#[test]
fn a_rule_is_one_closure() {
    let (rule, node) = (tale::rule_in_a_closure().unwrap(), tale::node_that_learns(true).unwrap());
    assert!(rule.before > 0.05 && rule.after < 0.01, "{} {}", rule.before, rule.after);
    assert!((rule.after / node.after - 1.0).abs() < 0.2, "the same rule: {} and {}", rule.after, node.after);
}

#[test]
fn raw_conductances_do_nothing_until_the_factor_of_the_scale_check() {
    let m = tale::memristors(10.0).unwrap();
    assert!(m.largest > 1e-8 && m.largest < 2e-6, "{:e}", m.largest);
    assert!(m.output < 0.1 * m.target && m.before > 0.8 * m.target * m.target, "{} {}", m.output, m.before);
    let warnings: Vec<_> = m.notes.iter().filter(|n| n.is_warning()).collect();
    assert_eq!(warnings.len(), 1);
    assert_eq!((warnings[0].path.as_str(), warnings[0].kind), ("memristors", ScaleKind::TooSmall));
    assert!(warnings[0].message.contains("set `gain` to"), "{}", warnings[0]);
    assert!(m.gain > 1e4 && !m.notes_after.iter().any(ScaleNote::is_warning));
    assert!(m.after < 0.05 && m.output_after > 0.8 * m.target, "{} {}", m.after, m.output_after);
}

#[test]
fn the_large_run_pulses_as_often_as_claimed() {
    let t = tale::timed(2.0).unwrap();
    // 1e8 pulses in 30 s.
    assert!(t.pulses as f64 > 1e8 / 30.0 * t.seconds, "{}", t.pulses);
    assert!(t.error < 0.2 && t.wall > 0.0, "{}", t.error);
}
