//! What a seed draws.

use bouton_misscaled::face::scale_notes;
use bouton_misscaled::model::describe;
use bouton_misscaled::score::{MIS_SCALED, drawn};

#[test]
fn equal_seeds_give_equal_models_and_equal_errors() {
    for seed in [3_000_000, 3_000_001, 3_000_006] {
        let (a, b) = (drawn(seed).unwrap(), drawn(seed).unwrap());
        assert_eq!(describe(&a.model.net), describe(&b.model.net));
        assert_eq!(a.fault.as_ref().map(|f| &f.words), b.fault.as_ref().map(|f| &f.words));
        assert_eq!(a.model.ideal, b.model.ideal);
        let error =
            |d: &bouton_misscaled::score::Drawn| d.model.error(&d.model.net, d.model.dt).unwrap().to_bits();
        assert_eq!(error(&a), error(&b));
    }
    let other = drawn(3_000_002).unwrap();
    assert_ne!(describe(&other.model.net), describe(&drawn(3_000_004).unwrap().model.net));
}

#[test]
fn well_scaled_models_are_good_and_most_faults_spoil_them() {
    let (mut spoiled, mut faults) = (0, 0);
    for seed in 2_000_000..2_000_012 {
        let d = drawn(seed).unwrap();
        let twin = d.twin.error(&d.twin.net, d.twin.dt).unwrap();
        // An ordinary one may use a fifth of the radius.
        let bound = if d.fault.is_some() { 0.3 } else { 0.5 };
        assert!(twin < bound, "seed {seed}, {}: {twin}", d.model.kind);
        let Some(fault) = &d.fault else {
            assert_eq!(describe(&d.model.net), describe(&d.twin.net));
            continue;
        };
        faults += 1;
        assert!(!fault.named_by.is_empty());
        // What can't be built says so by itself.
        let Ok(error) = d.model.error(&d.model.net, d.model.dt) else { continue };
        spoiled += usize::from(error >= MIS_SCALED * twin);
    }
    assert!(faults == 6 && spoiled >= 4, "{spoiled} of {faults} faults spoil their models");
}

#[test]
fn what_is_said_when_a_model_is_built_warns_of_no_ordinary_one() {
    // Numbers of neurons, inputs, units, gates, rates of learning and gains as they are drawn; every other one has no fault.
    let warned: Vec<String> = (4_000_001..4_000_121)
        .map(|seed| drawn(seed).unwrap())
        .filter(|d| d.fault.is_none())
        .flat_map(|d| scale_notes(&d.model.net, d.model.dt).unwrap())
        .map(|t| t.text)
        .collect();
    assert!(warned.len() <= 1, "of 60, 1 may be: {warned:?}");
}
