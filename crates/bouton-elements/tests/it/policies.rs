//! Pulse policies.

use bouton_elements::policies::{Gate, Policy, PolicyModel, Pulses, SinglePulse, Wanted};

#[test]
fn the_gate_says_what_the_policy_sees() {
    let of = |gate| SinglePulse { gate, ..SinglePulse::default() };
    assert!(of(Gate::Filtered).filtered() && !of(Gate::Spike).filtered());
    assert_eq!(Policy::default(), of(Gate::Filtered).into());
}

#[test]
fn parameters_are_set_by_name_and_refused_by_name() {
    let mut p = SinglePulse::default();
    p.set_parameter("threshold", 2.0).unwrap();
    p.set_parameter("dead_band", 0.0).unwrap();
    assert_eq!((p.threshold, p.dead_band), (2.0, 0.0));
    for name in ["threshold", "dead_band"] {
        assert!(p.set_parameter(name, -1.0).unwrap_err().contains(&format!("`{name}`")));
    }
    let e = p.set_parameter("gate", 1.0).unwrap_err();
    assert!(e.contains("no parameter `gate`; it has `threshold` and `dead_band`"), "{e}");
    assert_eq!((p.threshold, p.dead_band), (2.0, 0.0), "what was refused was set");
}

#[test]
fn the_open_columns_are_said_twice_and_begin_anew_each_step() {
    let mut p = Pulses::default();
    let policy = SinglePulse::default();
    let now = [0.5, 1e-5];
    policy.pulses(&now, Wanted::Outer { post: &[1.0], pre: &[] }, &[3.0, 0.0, 0.6, 0.5], &mut p);
    assert_eq!((&p.columns[..], &p.open[..]), (&[0, 2][..], &[1.0, 0.0, 1.0, 0.0][..]));
    policy.pulses(&now, Wanted::Dense(&[-1.0, 2.0]), &[0.0, 3.0], &mut p);
    assert_eq!((&p.columns[..], &p.open[..]), (&[1][..], &[0.0, 1.0][..]));
    assert_eq!((&p.signs[..], p.rows.len()), (&[-1, 1][..], 0));
    // A large change of one row lets the others pulse, however small theirs is.
    policy.pulses(&now, Wanted::Outer { post: &[1e-5, -1.1e-5, 1e-9], pre: &[] }, &[1.0], &mut p);
    assert_eq!((&p.rows[..], p.signs.len()), (&[1, -1, 1][..], 0));
    policy.pulses(&now, Wanted::Outer { post: &[1e-5], pre: &[] }, &[1.0], &mut p);
    assert!(p.rows.is_empty() && p.signs.is_empty() && p.columns.is_empty());
}
