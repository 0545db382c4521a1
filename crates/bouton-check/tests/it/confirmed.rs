//! An advice is one that a run confirms: the figures after it are those of the mended model, measured anew.

use bouton::prelude::*;
use bouton_check::{CheckOptions, Parameter, check};

fn options() -> CheckOptions {
    CheckOptions { simulator: Options { threads: 1, ..Options::default() }, ..CheckOptions::default() }
}

/// Three populations one behind the other, with factors on what leads into each.
fn chain(factors: [f64; 3]) -> (Network, [ConnectionId; 3]) {
    let mut net = Network::with_seed(3);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = 0.8 * (6.0 * t).sin()));
    let all = ["a", "b", "c"].map(|n| net.ensemble(n, Ensemble::new(80, 1)));
    let [p, q, r] = factors;
    let c = [
        net.connect(stim, all[0], Connection::new().transform(p)),
        net.connect(all[0], all[1], Connection::new().synapse(0.01).transform(q)),
        net.connect(all[1], all[2], Connection::new().synapse(0.01).transform(r)),
    ];
    (net, c)
}

#[test]
fn the_place_in_a_path_is_named_and_the_factor_mends_it() {
    for (at, factor) in [(0, 3e-4), (1, 2e-3), (2, 1e-5), (0, 600.0), (1, 40.0), (2, 1e6)] {
        let mut factors = [1.0; 3];
        factors[at] = factor;
        let (mut net, c) = chain(factors);
        let r = check(&net, &options()).unwrap();
        let f = &r.findings[0];
        assert_eq!((&f.object, f.parameter), (&net.connection_path(c[at]), Parameter::Transform), "{r}");
        assert_eq!(r.findings.len(), 1, "one cause, told once\n{r}");
        let a = f.advice.as_ref().unwrap();
        assert!(a.after < 0.15 && a.before > 2.5 * a.after, "{r}");
        a.apply(&mut net).unwrap();
        let again = check(&net, &options()).unwrap();
        assert!(again.findings.is_empty(), "{again}");
        // What was printed as "after" is what the mended model has, whoever measures it.
        let p = again.populations.iter().find(|p| p.path == ["a", "b", "c"][at]).unwrap();
        assert_eq!(p.error[0], a.after);
    }
}

#[test]
fn a_fault_that_is_spread_over_a_path_is_mended_step_by_step() {
    let (mut net, _) = chain([0.05, 0.05, 0.05]);
    let r = check(&net, &options()).unwrap();
    assert!(r.findings.len() >= 2, "{r}");
    for f in &r.findings {
        f.advice.as_ref().unwrap().apply(&mut net).unwrap();
    }
    let again = check(&net, &options()).unwrap();
    assert!(again.findings.is_empty(), "{again}");
    assert!(again.populations.iter().all(|p| p.error[0] < 0.15), "{again}");
}

#[test]
fn one_row_is_told_by_itself() {
    let mut net = Network::with_seed(9);
    let stim = net.node(
        "stim",
        Output::of_time(2, |t, y| {
            (y[0], y[1]) = (0.6 * (6.0 * t).sin(), 0.6 * (9.0 * t).cos());
        }),
    );
    let a = net.ensemble("a", Ensemble::new(200, 2));
    let rows = Matrix::from_rows(&[vec![1.0, 0.0], vec![0.0, 1e-3]]).unwrap();
    net.connect(stim, a, Connection::new().transform(rows));
    let r = check(&net, &options()).unwrap();
    let a = r.findings[0].advice.as_ref().unwrap();
    assert_eq!((&r.findings[0].object[..], r.findings[0].parameter), ("stim→a", Parameter::Transform), "{r}");
    assert!(a.words.contains("row 1") && a.after < 0.2, "{r}");
    a.apply(&mut net).unwrap();
    assert!(check(&net, &options()).unwrap().findings.is_empty());
}
