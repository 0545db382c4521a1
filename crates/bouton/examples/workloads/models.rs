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
