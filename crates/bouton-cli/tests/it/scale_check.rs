//! The scale check has nothing to warn of in the demonstration.

use bouton::prelude::*;
use bouton_cli::demo::{Method, Pulse, describe};

#[test]
fn every_method_of_the_demonstration_is_silent() {
    let pulse = Pulse::shipped().unwrap();
    for seed in 0..5 {
        for method in [
            Method::Zero,
            Method::Constant,
            Method::Solved,
            Method::Pes { rate: 1e-5 },
            Method::Pes { rate: 1e-6 },
            Method::Pes { rate: 1e-4 },
            Method::mpes_auto(),
            Method::mpes_published(),
        ] {
            let m = describe(&pulse, seed, method);
            let sim = Simulator::new(&m.net).unwrap();
            for note in sim.scale_notes() {
                assert!(!note.is_warning(), "{}: {note}", method.name());
                assert_eq!((note.connection, note.kind), (m.learned, ScaleKind::ZeroButLearned));
            }
        }
        // Of the rates that the demonstration tries, those that make the output noise.
        for rate in [1e-3, 1e-2] {
            let m = describe(&pulse, seed, Method::Pes { rate });
            let sim = Simulator::new(&m.net).unwrap();
            let found = sim.scale_notes().iter().filter(|n| n.is_warning());
            let found: Vec<_> = found.map(|n| (n.connection, n.kind, n.parameter)).collect();
            assert_eq!(found, [(m.learned, ScaleKind::TooLarge, "learning_rate")]);
        }
    }
}
