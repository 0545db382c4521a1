//! Networks that learn.

use bouton::prelude::*;

use super::{Base, End, RATES, finish};
use crate::model::{LEARN, Model, Scale::Transform, Spot};

/// The error of a rule on `learned`, made by a population or a node, of what `post` represents and the target that `target`
/// gives, both in units of `unit`. Returns the connections: from the target, from the population, to the rule.
fn error(
    b: &mut Base,
    learned: ConnectionId,
    post: EnsembleId,
    target: NodeId,
    unit: f64,
    spots: &mut Vec<Spot>,
) -> [ConnectionId; 3] {
    let (object, from_post, from_target);
    if b.dice.chance(0.5) {
        let n = b.dice.whole(60, 150);
        let e = b.ensemble("error", n, 1, unit);
        from_post = b.net.connect(post, e, Connection::new());
        from_target = b.net.connect(target, e, Connection::new().transform(-1.0));
        spots.push(Spot::Ensembles(vec![e], b.share()));
        object = Object::Ensemble(e);
    } else {
        let e = b.net.node("error", Output::passthrough(1));
        from_post = b.net.connect(post, e, Connection::new());
        from_target = b.net.connect(target, e, Connection::new().transform(-1.0));
        object = Object::Node(e);
    }
    let to_rule = b.net.connect(object, learned.rule(), Connection::new());
    spots.push(Spot::Sign(learned, vec![from_post, from_target, to_rule]));
    [from_target, from_post, to_rule]
}

/// A function that PES learns.
pub(super) fn pes(b: &mut Base) -> Result<Model, Error> {
    let seconds = 6.0;
    let shape = b.moving();
    let (from, unit) = (b.unit(), b.unit());
    if b.fill < 0.5 {
        b.fill += 0.3;
    }
    let square = b.dice.chance(0.4);
    let (stim, input, x) = b.stim(shape, 1, b.fill * from, 0.8, seconds)?;
    let (n, m) = (b.dice.whole(80, 250), b.dice.whole(60, 200));
    let pre = b.fast_ensemble("pre", n, 1, from, RATES);
    // A square has a smaller range than what is squared.
    let range = unit * if square { b.fill } else { 1.0 };
    let post = b.fast_ensemble("post", m, 1, range, RATES);
    let into = b.net.connect(stim, pre, Connection::new());
    // Within a factor of two of the best: docs/rules-of-thumb.md.
    let rate = b.dice.log(1.5e-3, 8e-3);
    let learned = Connection::new().function(1, |_, y| y[0] = 0.0).learn(Pes::new(rate));
    let learned = b.net.connect_as("learned", pre, post, learned);
    let f = move |x: f64| if square { x * x / (from * from) * unit } else { x / from * unit };
    let target = b.net.node("target", Output::function(1, 1, move |_, x, y| y[0] = f(x[0])));
    b.net.connect(stim, target, Connection::new().no_synapse());
    let mut spots = vec![
        Spot::Ensembles(vec![pre], b.share()),
        Spot::Ensembles(vec![post], b.share()),
        Spot::Transform(into),
        Spot::Rate(learned),
        Spot::Rate(learned),
    ];
    let [from_target, from_post, to_rule] = error(b, learned, post, target, unit, &mut spots);
    spots.push(Spot::Transform(to_rule));
    let out = b.net.node("out", Output::passthrough(1));
    let last = b.net.connect(post, out, Connection::new().synapse(0.03));
    spots.extend([Spot::Synapse(last), Spot::Solver(last)]);
    let ideal = x.map(1, |x, y| y[0] = f(x[0])).lowpass(0.03);
    let flow = vec![(
        vec![(Transform(from_target, None), 1), (Transform(from_post, None), -1)],
        vec![if square { 2 } else { 1 }],
    )];
    Ok(finish(b, End { seconds, from: LEARN, ideal, out, stim, input, flow, spots }))
}

/// The identity, learned by pulses on devices.
pub(super) fn mpes(b: &mut Base) -> Result<Model, Error> {
    let seconds = 9.0;
    let shape = b.moving();
    let (from, unit) = (b.unit(), b.unit());
    if b.fill < 0.5 {
        b.fill += 0.3;
    }
    let (stim, input, x) = b.stim(shape, 1, b.fill * from, 0.6, seconds)?;
    let n = b.dice.whole(40, 80);
    let pre = b.fast_ensemble("pre", n, 1, from, RATES);
    let post = b.fast_ensemble("post", n, 1, unit, RATES);
    let into = b.net.connect(stim, pre, Connection::new());
    let spread = [0.0, 0.15][b.dice.below(2)];
    let devices = DeviceSpec { spread, ..DeviceSpec::default() };
    let target = b.net.node("target", Output::function(1, 1, move |_, x, y| y[0] = x[0] / from * unit));
    b.net.connect(stim, target, Connection::new().no_synapse());
    let policy = SinglePulse { threshold: b.dice.log(30.0, 200.0), ..SinglePulse::default() };
    let rule = Mpes { policy: policy.into(), ..Mpes::default() };
    let learned = Connection::new().devices(devices.clone()).learn(rule);
    let learned = b.net.connect_as("learned", pre.neurons(), post.neurons(), learned);
    let mut spots = vec![
        Spot::Ensembles(vec![pre], b.share()),
        Spot::Ensembles(vec![post], b.share()),
        Spot::Transform(into),
        Spot::Devices(learned),
        Spot::Devices(learned),
        Spot::Threshold(learned),
    ];
    let [from_target, from_post, _] = error(b, learned, post, target, unit, &mut spots);
    // The gain is a number, as a user gives it, of the size of the automatic one or some times that.
    let gain =
        Simulator::with(&b.net, Options { threads: 1, ..Options::default() })?.devices(learned)?.gain();
    let gain = gain * b.dice.log(1.0, 5.0);
    if let Some(c) = b.net.get_connection_mut(learned) {
        c.devices = Some(DeviceSpec { gain: Gain::Fixed(gain), ..devices });
    }
    let out = b.net.node("out", Output::passthrough(1));
    let last = b.net.connect(post, out, Connection::new().synapse(0.03));
    spots.extend([Spot::Synapse(last), Spot::Solver(last)]);
    let ideal = x.times(unit / from).lowpass(0.03);
    let flow = vec![(vec![(Transform(from_target, None), 1), (Transform(from_post, None), -1)], vec![1])];
    Ok(finish(b, End { seconds, from: LEARN, ideal, out, stim, input, flow, spots }))
}
