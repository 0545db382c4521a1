//! Faults behind what ends at the neurons themselves, and behind what starts at them.

use bouton::prelude::*;
use bouton_check::Parameter;

use crate::sources::checked;

/// A population behind another, silenced for the second of three seconds.
fn gated(b: impl Fn(Ensemble, &Simulator, EnsembleId) -> Ensemble) -> Network {
    let make = |change: Option<Ensemble>| {
        let mut net = Network::with_seed(44);
        let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = 0.8 * (5.0 * t).sin()));
        let shut = net.node("shut", Output::of_time(1, |t, y| y[0] = f64::from((1.0..2.0).contains(&t))));
        let a = net.ensemble("a", Ensemble::new(100, 1));
        let plain = Ensemble::new(150, 1).seed(5);
        let b = net.ensemble("b", change.unwrap_or(plain));
        net.connect(stim, a, Connection::new());
        net.connect(a, b, Connection::new().synapse(0.01));
        let closes = Connection::new().synapse(0.005).transform(Matrix::filled(150, 1, -90.0));
        net.connect(shut, b.neurons(), closes);
        (net, b)
    };
    let (net, id) = make(None);
    let sim = Simulator::with(&net, Options { threads: 1, ..Options::default() }).unwrap();
    make(Some(b(net.get_ensemble(id).unwrap().clone(), &sim, id))).0
}

#[test]
fn a_gated_population_is_judged_by_when_the_gate_is_open() {
    let r = checked(&gated(|e, _, _| e));
    assert!(r.findings.is_empty(), "{r}");
    let b = |r: &bouton_check::Report| r.populations.iter().find(|p| p.path == "b").unwrap().error[0];
    assert!(b(&r) < 0.05, "closed and opening is not looked at\n{r}");
    let small = gated(|e, sim, id| {
        let m = sim.encoders(id).unwrap();
        let rows: Vec<Vec<f64>> = (0..150).map(|i| vec![m[(i, 0)] * 6e-3]).collect();
        let mut e = e.encoders(rows);
        e.normalize_encoders = false;
        e
    });
    let r = checked(&small);
    assert_eq!((&r.findings[0].object[..], r.findings[0].parameter), ("b", Parameter::Encoders), "{r}");
    assert_eq!(r.findings.len(), 1, "{r}");
    let biased = gated(|mut e, sim, id| {
        e.gain = Some(sim.gain(id).unwrap().to_vec().into());
        e.bias = Some(sim.bias(id).unwrap().iter().map(|b| b - 34.0).collect::<Vec<f64>>().into());
        e
    });
    let r = checked(&biased);
    assert_eq!((&r.findings[0].object[..], r.findings[0].parameter), ("b", Parameter::Bias), "{r}");
    assert!(b(&r) == 1.0 && r.findings[0].advice.as_ref().unwrap().after < 0.05, "{r}");
}

/// A population whose neurons are driven by a matrix, and its gains and biases as they are by default.
fn driven_by_hand() -> (Network, EnsembleId, Vec<f64>, Vec<f64>) {
    let mut net = Network::with_seed(78);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = 0.8 * (5.0 * t).sin()));
    let a = net.ensemble("a", Ensemble::new(90, 1).seed(1));
    let b = net.ensemble("b", Ensemble::new(120, 1).seed(2));
    net.connect(stim, a, Connection::new());
    // The weights that the solver makes, given by hand.
    let mut solved = net.clone();
    let solver = LstsqL2 { weights: true, ..LstsqL2::default() };
    let full = solved.connect(a, b, Connection::new().synapse(0.01).solver(solver));
    let sim = Simulator::with(&solved, Options { threads: 1, ..Options::default() }).unwrap();
    let (w, gain, bias) = (sim.weights(full).unwrap(), sim.gain(b).unwrap(), sim.bias(b).unwrap());
    let by_hand = Matrix::from_fn(120, 90, |i, j| w[(i, j)] / gain[i]);
    net.connect(a.neurons(), b.neurons(), Connection::new().synapse(0.01).transform(by_hand));
    let out = net.node("out", Output::passthrough(1));
    net.connect(b, out, Connection::new().synapse(0.03));
    (net, b, gain, bias)
}

#[test]
fn gains_behind_a_matrix_between_neurons_are_told() {
    let (mut net, b, gain, bias) = driven_by_hand();
    let r = checked(&net);
    assert!(r.findings.is_empty(), "{r}");
    let e = net.get_ensemble_mut(b).unwrap();
    e.gain = Some(gain.iter().map(|g| 1.5e-3 * g).collect::<Vec<f64>>().into());
    e.bias = Some(bias.into());
    let r = checked(&net);
    assert_eq!((&r.findings[0].object[..], r.findings[0].parameter), ("b", Parameter::Gain), "{r}");
    assert_eq!(r.findings.len(), 1, "{r}");
    // What it is given is the value whose currents are nearest, whatever the gains.
    let b = r.populations.iter().find(|p| p.path == "b").unwrap();
    assert!((b.spans - 0.8).abs() < 0.05, "{r}");
}

#[test]
fn neurons_that_are_to_fire_once_a_second_are_told_behind_a_matrix_too() {
    // Gains that make so many Hz of LIF neurons go as e^(−1 / (rate · 20 ms)), where biases are 1: 3e-16 at 1.4 Hz, below which
    // they can't be built, and 1e-11 at 2.
    for (low, high) in [(1.4, 2.0), (1.4, 2.8), (3.0, 6.0)] {
        let (mut net, b, ..) = driven_by_hand();
        net.get_ensemble_mut(b).unwrap().max_rates = Distribution::uniform(low, high);
        let r = checked(&net);
        let f = r.findings.first().unwrap_or_else(|| panic!("{low} to {high} Hz\n{r}"));
        assert_eq!((&f.object[..], f.parameter), ("b", Parameter::MaxRates), "{low} to {high} Hz\n{r}");
        assert_eq!(r.findings.len(), 1, "{r}");
        let a = f.advice.as_ref().unwrap();
        assert!(a.before > 0.5 && a.after < 0.05, "{r}");
    }
}

#[test]
fn a_synapse_that_smooths_no_spikes_is_told_and_none_at_all_is_not() {
    let behind = |tau: Option<f64>| {
        let mut net = Network::with_seed(102);
        let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = 0.8 * (5.0 * t).sin()));
        let a = net.ensemble("a", Ensemble::new(200, 1));
        let out = net.node("out", Output::passthrough(1));
        net.connect(stim, a, Connection::new());
        let c = Connection::new();
        net.connect(a, out, if let Some(tau) = tau { c.synapse(tau) } else { c.no_synapse() });
        checked(&net)
    };
    let r = behind(Some(1e-6));
    let f = &r.findings[0];
    assert_eq!((&f.object[..], f.parameter, r.findings.len()), ("a→out", Parameter::Synapse, 1), "{r}");
    assert!(f.seen.contains("smooths no spikes"), "{r}");
    let a = f.advice.as_ref().unwrap();
    assert!(a.before > 0.1 && a.after < 0.2 * a.before, "{r}");
    // Asked for as they are, spikes are what is wanted; and 5 ms is a choice.
    for tau in [None, Some(0.005), Some(0.03)] {
        let r = behind(tau);
        assert!(r.findings.is_empty(), "{tau:?}\n{r}");
    }
}
