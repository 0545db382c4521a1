//! The networks of the workloads. Each has a probe `output`.

use bouton::prelude::*;

pub(crate) fn w1(size: usize) -> Network {
    let mut net = Network::with_seed(1);
    let inp = net.node("input", Output::of_time(1, |t, y| y[0] = (std::f64::consts::TAU * t).sin()));
    let ens: Vec<EnsembleId> =
        (0..size).map(|i| net.ensemble(&format!("e{i}"), Ensemble::new(100, 1))).collect();
    net.connect(inp, ens[0], Connection::new().no_synapse());
    for pair in ens.windows(2) {
        net.connect(pair[0], pair[1], Connection::new().synapse(0.005));
    }
    net.probe("output", Probe::new(ens[size - 1]).synapse(0.01));
    net
}

pub(crate) fn w5(size: usize) -> Network {
    let mut net = Network::with_seed(5);
    let values: Vec<f64> = (0..size).map(|i| -1.0 + 2.0 * i as f64 / (size.max(2) - 1) as f64).collect();
    let inp = net.node("input", values);
    let ea = net.ensemble_array("integrators", size, &Ensemble::new(100, 1));
    net.connect(inp, ea.input, Connection::new().transform(0.1).synapse(0.1));
    net.connect(ea.output, ea.input, Connection::new().synapse(0.1));
    net.probe("output", Probe::new(ea.output).synapse(0.03));
    net
}

pub(crate) fn mpes(size: usize) -> Network {
    let mut net = Network::with_seed(6);
    let inp = net.node("input", Output::of_time(1, |t, y| y[0] = (std::f64::consts::TAU * t / 4.0).sin()));
    let pre = net.ensemble("pre", Ensemble::new(size, 1));
    let post = net.ensemble("post", Ensemble::new(size, 1));
    let error = net.ensemble("error", Ensemble::new(size, 1).radius(2.0));
    net.connect(inp, pre, Connection::new().no_synapse());
    let devices = DeviceSpec { spread: 0.15, ..DeviceSpec::default() };
    let learned =
        net.connect(pre.neurons(), post.neurons(), Connection::new().devices(devices).learn(Mpes::default()));
    net.connect(post, error, Connection::new());
    net.connect(pre, error, Connection::new().transform(-1.0));
    net.connect(error, learned.rule(), Connection::new());
    net.probe("output", Probe::new(post).synapse(0.03).sample_every(0.01));
    net
}

/// Sines of the same frequency, a radian apart.
pub(crate) fn sines(t: f64, y: &mut [f64]) {
    y.iter_mut().enumerate().for_each(|(k, y)| *y = 0.6 * (std::f64::consts::TAU * t + k as f64).sin());
}

/// Two populations of `size` in two dimensions, and what drives the first.
fn pair(size: usize) -> (Network, NodeId, EnsembleId, EnsembleId) {
    let mut net = Network::with_seed(3);
    let inp = net.node("input", Output::of_time(2, sines));
    let pre = net.ensemble("pre", Ensemble::new(size, 2));
    let post = net.ensemble("post", Ensemble::new(size, 2));
    net.connect(inp, pre, Connection::new().no_synapse());
    (net, inp, pre, post)
}

/// `size` × `size` solved weights from neurons to neurons, with PES or without.
pub(crate) fn w3(size: usize, pes: bool) -> Network {
    let (mut net, inp, pre, post) = pair(size);
    let solver = LstsqL2 { weights: true, ..LstsqL2::default() };
    let full = Connection::new().solver(solver).synapse(0.005);
    if pes {
        let learned = net.connect(pre, post, full.learn(Pes::new(1e-4)));
        let error = net.node("error", Output::passthrough(2));
        net.connect(post, error, Connection::new());
        net.connect(inp, error, Connection::new().transform(-1.0));
        net.connect(error, learned.rule(), Connection::new());
    } else {
        net.connect(pre, post, full);
    }
    net.probe("output", Probe::new(post).synapse(0.03));
    net
}

/// The same with BCM.
pub(crate) fn w3_bcm(size: usize) -> Result<Network, Error> {
    Ok(w3_rule(size, Rule::named("bcm")?.set("eta", 1e-12)?))
}

/// The same with another rule.
pub(crate) fn w3_rule(size: usize, rule: Rule) -> Network {
    let (mut net, _, pre, post) = pair(size);
    let solver = LstsqL2 { weights: true, ..LstsqL2::default() };
    net.connect(pre, post, Connection::new().solver(solver).synapse(0.005).learn(rule));
    net.probe("output", Probe::new(post).synapse(0.03));
    net
}

/// The matrix of [`w3`] without learning, given by hand.
pub(crate) fn w3_hand(size: usize) -> Result<Network, Error> {
    let solved = w3(size, false);
    let sim = Simulator::new(&solved)?;
    let ids: Vec<EnsembleId> = solved.ensembles().collect();
    let connection = solved.connections().nth(1).expect("the second connection is that of the weights");
    let (gain, w) = (sim.gain(ids[1])?, sim.weights(connection)?);
    let w = w.values().iter().enumerate().map(|(k, w)| w / gain[k / size]).collect();
    let (mut net, _, pre, post) = pair(size);
    let given = Connection::new()
        .transform(Matrix::new(size, size, w).expect("as many as there were"))
        .synapse(0.005);
    net.connect(pre.neurons(), post.neurons(), given);
    net.probe("output", Probe::new(post).synapse(0.03));
    Ok(net)
}
