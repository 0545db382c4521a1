//! The scale check has nothing to warn of in the demonstration.

use bouton::prelude::*;
use bouton_cli::demo::{Method, Pulse, describe};

#[test]
fn every_method_of_the_demonstration_is_silent() {
    let pulse = Pulse::shipped().unwrap();
    for seed in 0..5 {
        // The learning rates are those that the demonstration chooses among, without the two ends of the list.
        for method in [
            Method::Zero,
            Method::Constant,
            Method::Solved,
            Method::Pes { rate: 1e-5 },
            Method::Pes { rate: 1e-4 },
            Method::Pes { rate: 1e-3 },
            Method::mpes_auto(),
            Method::mpes_published(),
        ] {
            let m = describe(&pulse, seed, method);
            let sim = Simulator::new(&m.net).unwrap();
            for note in sim.scale_notes() {
                assert!(!note.is_warning(), "{}: {note}", method.name());
                assert_eq!((Some(note.connection), note.kind), (m.learned, ScaleKind::ZeroButLearned));
            }
        }
    }
}
