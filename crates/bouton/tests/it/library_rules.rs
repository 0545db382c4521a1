//! Every rule of the library in a network: at each place where it fits, saved, and on any number of threads.

use bouton::elements::rules::Changes;
use bouton::prelude::*;

/// Where a rule learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Decoders,
    Full,
    Neurons,
}

/// What the rule of a connection has changed.
fn learned(sim: &Simulator, c: ConnectionId) -> Vec<f64> {
    let network = sim.network();
    let (_, post, connection) = network.get_connection(c).unwrap();
    let found = match (connection.rules[0].changes(), post.object) {
        (Changes::Encoders, Object::Ensemble(e)) => sim.encoders(e),
        _ => sim.weights(c),
    };
    found.unwrap().values().to_vec()
}

/// A library rule at a place, with everything that it reads.
fn placed(name: &str, place: Place) -> Option<(Network, ConnectionId)> {
    let mut net = Network::with_seed(4);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (40.0 * t).sin()));
    let (a, b) = (net.ensemble("a", Ensemble::new(24, 1)), net.ensemble("b", Ensemble::new(18, 1)));
    net.connect(stim, a, Connection::new().no_synapse());
    net.connect(stim, b, Connection::new().no_synapse());
    let rule = Rule::named(name).unwrap();
    let posts = rule.model().inputs().iter().any(|i| i.name.starts_with("post"));
    let learn = Connection::new().learn(rule.clone());
    let on_encoders = rule.model().changes() == Changes::Encoders;
    let c = match place {
        Place::Full | Place::Neurons if on_encoders => return None,
        Place::Decoders if posts && !on_encoders => return None,
        Place::Decoders => net.connect_as("c", a, b, learn),
        Place::Full => {
            net.connect_as("c", a, b, learn.solver(LstsqL2 { weights: true, ..LstsqL2::default() }))
        }
        Place::Neurons => {
            net.connect_as("c", a.neurons(), b.neurons(), learn.transform(Matrix::filled(18, 24, 1e-3)))
        }
    };
    if rule.model().has_error() {
        net.connect(stim, c.rule(), Connection::new());
    }
    for factor in rule.model().factors() {
        let factor = net.factor(c, &factor.name).unwrap();
        net.connect(stim, factor, Connection::new().transform(0.1));
    }
    net.probe("weights", Probe::weights(c).sample_every(0.02));
    net.probe("b", Probe::new(b.neurons()));
    Some((net, c))
}

#[test]
fn every_library_rule_runs_at_every_place_and_is_saved_to_the_bit() {
    let mut left_out = vec![];
    let texts = Rule::names().into_iter().filter(|n| Rule::named(n).is_ok_and(|r| r.as_text().is_some()));
    for name in texts {
        for place in [Place::Decoders, Place::Full, Place::Neurons] {
            let Some((net, c)) = placed(name, place) else {
                left_out.push((name, place));
                continue;
            };
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
                    let moved = before.iter().zip(&after).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                    let bits: Vec<u64> = after.iter().map(|w| w.to_bits()).collect();
                    (bits, moved)
                };
                let (bits, moved) = run(1, false);
                assert!(moved > 0.0 && moved.is_finite(), "{name}, {place:?}, {precision:?}: {moved}");
                for (threads, saved) in [(2, false), (1, true), (2, true)] {
                    let again = run(threads, saved).0;
                    assert!(
                        again == bits,
                        "{name}, {place:?}, {precision:?}, {threads} threads, saved {saved}"
                    );
                }
            }
        }
    }
    // Those that change encoders run at the ensemble alone, those that read the neurons behind the connection at these alone.
    let places = |name| left_out.iter().filter(|(n, _)| *n == name).map(|(_, p)| *p).collect::<Vec<_>>();
    assert_eq!(places("voja"), [Place::Full, Place::Neurons]);
    assert!(["delta", "decay"].iter().all(|n| places(n).is_empty()), "{left_out:?}");
    assert!(left_out.iter().all(|(n, p)| *n == "voja" || *p == Place::Decoders), "{left_out:?}");
}
