//! Of several inputs of a population, which is told to be at fault.

use bouton::prelude::*;
use bouton_check::{CheckOptions, Parameter, Report, check};

pub fn checked(net: &Network) -> Report {
    let simulator = Options { threads: 1, ..Options::default() };
    check(net, &CheckOptions { simulator, ..CheckOptions::default() }).unwrap()
}

const RADIUS: f64 = 0.03;

/// A population with a sine, and something small that disturbs it, both in units of its radius.
fn disturbed(sine: f64, hum: f64, looped: bool) -> (Network, ConnectionId) {
    let mut net = Network::with_seed(4);
    let a = net.ensemble("a", Ensemble::new(200, 1).radius(RADIUS));
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (4.0 * t).sin()));
    let tau = if looped { 0.1 } else { 0.005 };
    let c = net.connect(stim, a, Connection::new().synapse(tau).transform(sine * RADIUS));
    if looped {
        net.connect(a, a, Connection::new().synapse(tau));
    }
    let hums = net.node("hum", hum * RADIUS);
    net.connect(hums, a, Connection::new().no_synapse());
    (net, c)
}

#[test]
fn what_brings_next_to_nothing_is_at_fault_and_not_what_disturbs_it() {
    for looped in [false, true] {
        let hum = if looped { 2e-3 } else { 8e-3 };
        let (mut net, c) = disturbed(4e-7, hum, looped);
        let r = checked(&net);
        assert_eq!(r.findings.len(), 1, "{r}");
        let f = &r.findings[0];
        assert_eq!((&f.object, f.parameter), (&net.connection_path(c), Parameter::Transform), "{r}");
        assert!(f.seen.contains("by `hum→a`") && f.seen.contains("by `stim→a`"), "{r}");
        f.advice.as_ref().unwrap().apply(&mut net).unwrap();
        let again = checked(&net);
        assert!(again.findings.is_empty() && again.populations[0].spans > 0.16, "{again}");
    }
    // The same where each is as it should be.
    let r = checked(&disturbed(0.8, 8e-3, false).0);
    assert!(r.findings.is_empty(), "{r}");
}

#[test]
fn a_thousandth_of_the_radius_is_next_to_nothing() {
    let r = checked(&disturbed(4e-7, 1.01e-3, false).0);
    assert_eq!((&r.findings[0].object[..], r.findings[0].advice.is_some()), ("stim→a", true), "{r}");
    // Where both are, nobody knows which is meant to be strong.
    let r = checked(&disturbed(4e-7, 0.99e-3, false).0);
    assert_eq!((&r.findings[0].object[..], r.findings[0].advice.is_some()), ("a", false), "{r}");
    assert_eq!(r.findings.len(), 1, "{r}");
}

#[test]
fn of_several_that_are_too_weak_one_alone_is_scaled_if_it_is_ten_times_any_other() {
    // Constants: what they bring is exactly what is told here.
    let two = |other: f64| {
        let mut net = Network::with_seed(4);
        let a = net.ensemble("a", Ensemble::new(200, 1));
        let (x, y) = (net.node("x", 1.0), net.node("y", other));
        net.connect(x, a, Connection::new().no_synapse().transform(0.05));
        net.connect(y, a, Connection::new().no_synapse());
        checked(&net)
    };
    let r = two(0.05 / 10.1);
    assert_eq!((&r.findings[0].object[..], r.findings[0].parameter), ("x→a", Parameter::Transform), "{r}");
    let r = two(0.05 / 9.9);
    assert_eq!((&r.findings[0].object[..], r.findings[0].parameter), ("a", Parameter::Radius), "{r}");
}

#[test]
fn a_node_that_passes_on_scales_what_comes_through_it() {
    let mut net = Network::with_seed(4);
    let x = net.node("x", Output::of_time(1, |t, y| y[0] = (6.0 * t).sin()));
    let relay = net.node("relay", Output::passthrough(1));
    let a = net.ensemble("a", Ensemble::new(100, 1));
    let c = net.connect(x, relay, Connection::new().transform(1e-3));
    net.connect(relay, a, Connection::new().transform(0.02));
    let hum = net.node("hum", 0.005);
    net.connect(hum, a, Connection::new().no_synapse());
    let r = checked(&net);
    let f = &r.findings[0];
    assert_eq!((&f.object, f.parameter), (&net.connection_path(c), Parameter::Transform), "{r}");
    // 0.9 of the radius, through 1e-3 and 0.02.
    assert!(f.advice.as_ref().unwrap().words.contains("by 45000"), "{r}");
}

/// Two sines, one after the other, each for so many seconds from its time on, with transforms in units of the radius.
pub fn in_turn(starts: (f64, f64), seconds: f64, radius: f64, transforms: (f64, f64)) -> Network {
    let mut net = Network::with_seed(6);
    let sine = |from: f64| {
        let on = move |t: f64| (from..from + seconds).contains(&t);
        Output::of_time(1, move |t, y| y[0] = if on(t) { 0.8 * (6.0 * t).sin() } else { 0.0 })
    };
    let (x, y) = (net.node("x", sine(starts.0)), net.node("y", sine(starts.1)));
    let a = net.ensemble("a", Ensemble::new(100, 1).radius(radius));
    net.connect(x, a, Connection::new().transform(transforms.0 * radius));
    net.connect(y, a, Connection::new().transform(transforms.1 * radius));
    net
}

/// What must be found of two that take turns: the transform that is given, if one is, which the advice brings to fill the range.
pub fn is_named(net: &Network, check: impl Fn(&Network) -> Report, at_fault: Option<(&str, f64)>) -> Report {
    let r = check(net);
    let named: Vec<_> = r.findings.iter().map(|f| (&f.object[..], f.parameter)).collect();
    let Some((name, transform)) = at_fault else {
        assert_eq!(named, [], "{r}");
        return r;
    };
    assert_eq!(named, [(name, Parameter::Transform)], "{r}");
    let mut mended = net.clone();
    r.findings[0].advice.as_ref().unwrap().apply(&mut mended).unwrap();
    assert!(check(&mended).findings.is_empty());
    let by =
        r.findings[0].advice.as_ref().unwrap().words.split(' ').next_back().unwrap().parse::<f64>().unwrap();
    assert!((0.7..=1.0).contains(&(0.8 * transform * by)), "{by}\n{r}");
    r
}

#[test]
fn of_two_that_take_turns_the_one_that_is_lost_in_its_own_is_at_fault() {
    let named = |radius: f64, x: f64, y: f64, at_fault| {
        is_named(&in_turn((0.0, 1.25), 1.25, radius, (x, y)), checked, at_fault);
    };
    for wrong in [1e-7, 1e-3] {
        for radius in [RADIUS, 1.0, 50.0] {
            named(radius, wrong, 1.0, Some(("x→a", wrong)));
            named(radius, 1.0, wrong, Some(("y→a", wrong)));
        }
    }
    for wrong in [40.0, 1e5] {
        named(1.0, wrong, 1.0, Some(("x→a", wrong)));
        named(1.0, 1.0, wrong, Some(("y→a", wrong)));
    }
    for radius in [RADIUS, 1.0, 50.0] {
        named(radius, 1.0, 1.0, None);
        // 0.8 of this is more than a thousandth of the radius, and may be meant.
        named(radius, 1.0, 1.3e-3, None);
    }
}

#[test]
fn what_brings_next_to_nothing_beside_something_strong_at_all_times_may_be_meant() {
    is_named(&in_turn((0.0, 0.0), 2.5, 1.0, (1.0, 1e-4)), checked, None);
}

#[test]
fn what_is_learned_may_begin_with_next_to_nothing() {
    let mut net = in_turn((0.0, 1.25), 1.25, 1.0, (1.0, 1e-4));
    let a = net.ensembles().next().unwrap();
    let teacher = net.ensemble("teacher", Ensemble::new(100, 1));
    let c = net.connect_as("learned", teacher, a, Connection::new().transform(1e-6).learn(Pes::new(1e-12)));
    net.connect(a, c.rule(), Connection::new());
    let r = checked(&net);
    let alone = |path: &str| r.connections.iter().find(|c| c.path == path).unwrap().alone;
    assert!(alone("y→a").is_some() && alone("learned").is_none(), "{r}");
}
