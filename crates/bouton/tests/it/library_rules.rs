//! Every rule of the library in a network: at each place where it fits, saved, and on any number of threads.

use bouton::prelude::*;

use super::places::{PLACES, Place, apart, bits, learned, placed};

#[test]
fn every_library_rule_runs_at_every_place_and_is_saved_to_the_bit() {
    let mut left_out = vec![];
    let texts = Rule::names().into_iter().filter(|n| Rule::named(n).is_ok_and(|r| r.as_text().is_some()));
    for name in texts {
        for place in PLACES {
            let ensembles = [24, 18].map(|n| Ensemble::new(n, 1));
            let Some((mut net, c)) = placed(name, place, ensembles, Matrix::filled(18, 24, 1e-3)) else {
                left_out.push((name, place));
                continue;
            };
            net.probe("weights", Probe::weights(c).sample_every(0.02));
            for precision in [Precision::F64, Precision::F32] {
                let options = |threads| Options { threads, precision, seed: Some(2), ..Options::default() };
                let run = |threads: usize, saved: bool| {
                    let mut sim = Simulator::with(&net, options(threads)).unwrap();
                    let before = learned(&sim, c);
                    sim.run_steps(100).unwrap();
                    if saved {
                        let checkpoint = sim.save().unwrap();
                        sim = Simulator::with(&net, options(threads)).unwrap();
                        sim.run_steps(3).unwrap();
                        sim.load(&checkpoint).unwrap();
                    }
                    sim.run_steps(100).unwrap();
                    let after = learned(&sim, c);
                    (bits(&after), apart(&before, &after))
                };
                let (first, moved) = run(1, false);
                assert!(moved > 0.0 && moved.is_finite(), "{name}, {place:?}, {precision:?}: {moved}");
                for (threads, saved) in [(2, false), (1, true), (2, true)] {
                    let again = run(threads, saved).0;
                    assert!(
                        again == first,
                        "{name}, {place:?}, {precision:?}, {threads} threads, saved {saved}"
                    );
                }
            }
        }
    }
    // Those that change encoders run at the ensemble alone, those that read the neurons behind the connection at these alone.
    let places = |name| left_out.iter().filter(|(n, _)| *n == name).map(|(_, p)| *p).collect::<Vec<_>>();
    assert_eq!(places("voja"), [Place::Full, Place::Neurons, Place::Node, Place::Devices]);
    assert!(["delta", "decay"].iter().all(|n| places(n).is_empty()), "{left_out:?}");
    assert!(left_out.iter().all(|(n, p)| *n == "voja" || *p == Place::Decoders), "{left_out:?}");
}
