//! What a model should give.

use bouton::prelude::*;
use bouton_misscaled::dice::Dice;
use bouton_misscaled::kinds::{Base, KINDS};
use bouton_misscaled::model::{Model, Spot, scale_transform};
use bouton_misscaled::signal::{DT, Signal};

fn made(kind: &str, seed: u32) -> Model {
    let (_, make) = KINDS.iter().find(|(name, _)| *name == kind).unwrap();
    make(&mut Base::new(Dice::new(seed), false)).unwrap()
}

/// The same without neurons.
fn direct(m: &Model) -> Network {
    let mut net = m.net.clone();
    for e in net.ensembles().collect::<Vec<_>>() {
        net.get_ensemble_mut(e).unwrap().neuron_type = Direct::default().into();
    }
    net
}

#[test]
fn what_a_model_should_give_is_what_it_gives_without_neurons() {
    for kind in ["single", "chain", "function", "integrator", "array", "slices"] {
        for seed in 1..5 {
            let m = made(kind, seed);
            let error = m.error(&direct(&m), m.dt).unwrap();
            assert!(error < 1e-9, "{kind}, seed {seed}: {error}");
        }
    }
}

#[test]
fn what_transforms_are_scaled_by_the_output_should_be_too() {
    for kind in ["chain", "function", "integrator", "array", "slices"] {
        for seed in 1..4 {
            let m = made(kind, seed);
            let mut net = direct(&m);
            for spot in &m.spots {
                match spot {
                    Spot::Transform(c) => scale_transform(&mut net, *c, None, 7.0),
                    Spot::Row(c, row) => scale_transform(&mut net, *c, Some(*row), 1.7),
                    // A radius is no part of what should come out.
                    Spot::Ensembles(e, _) => net.get_ensemble_mut(e[0]).unwrap().radius *= 100.0,
                    _ => {}
                }
            }
            let error = m.error(&net, m.dt).unwrap();
            assert!(error < 1e-9, "{kind}, seed {seed}: {error}");
        }
    }
}

#[test]
fn an_error_is_what_is_between_output_and_ideal_as_a_share_of_the_ideal() {
    let mut m = made("single", 3);
    let net = direct(&m);
    m.ideal = m.ideal.times(1.25);
    // 1 − 1.25 of 1.25.
    let error = m.error(&net, m.dt).unwrap();
    assert!((error - 0.2).abs() < 1e-9, "{error}");
}

#[test]
fn filters_are_their_closed_forms() {
    let ones = Signal { width: 1, values: vec![1.0; 50] };
    let tau = 0.013;
    for (k, y) in ones.lowpass(tau).values.iter().enumerate() {
        let want = 1.0 - (-(k as f64) * DT / tau).exp();
        assert!((y - want).abs() < 1e-12);
    }
    assert_eq!(ones.lowpass(0.0), ones);
    assert!((ones.integral().values[49] - 0.049).abs() < 1e-12);
    assert_eq!(ones.times(3.0).peak(), 3.0);
}
