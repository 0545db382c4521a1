//! Workloads of other places and rules: PES on decoders, Oja's rule, and pair STDP between given spikes.

use bouton::prelude::*;

use crate::models;

/// PES on the decoders between `size` and `size` neurons in four dimensions, with an error that neurons represent.
pub(crate) fn w2(size: usize) -> Network {
    let mut net = Network::with_seed(2);
    let inp = net.node("input", Output::of_time(4, models::sines));
    let [pre, post, error] = ["pre", "post", "error"].map(|name| net.ensemble(name, Ensemble::new(size, 4)));
    net.connect(inp, pre, Connection::new().no_synapse());
    let zero = Connection::new().function(4, |_, y| y.fill(0.0)).learn(Pes::new(1e-4));
    let learned = net.connect(pre, post, zero);
    net.connect(post, error, Connection::new());
    net.connect(inp, error, Connection::new().transform(-1.0));
    net.connect(error, learned.rule(), Connection::new());
    net.probe("output", Probe::new(post).synapse(0.03));
    net
}

/// `W3` with Oja's rule in place of PES.
pub(crate) fn w3_oja(size: usize) -> Result<Network, Error> {
    Ok(models::w3_rule(size, Rule::named("oja")?.set("eta", 1e-9)?))
}

/// Pair STDP as NEST's `stdp_synapse` has it by default, between neurons whose spikes are given: a byte a neuron and step, pre and
/// then post. Weights are in units of 1e-12, so that they make no spikes of their own.
pub(crate) fn stdp(size: usize, trains: Vec<u8>, learns: bool) -> Result<Network, Error> {
    let mut net = Network::with_seed(4);
    let trains = std::sync::Arc::new(trains);
    let mut side = |name: &str, from: usize| {
        let trains = trains.clone();
        let spikes = net.node(
            &format!("{name}_spikes"),
            Output::of_time(size, move |t, y: &mut [f64]| {
                let step = ((t * 1000.0).round() as usize).saturating_sub(1);
                let now =
                    trains.get(2 * size * step + from..).and_then(|rest| rest.get(..size)).unwrap_or(&[]);
                y.fill(0.0);
                y.iter_mut().zip(now).for_each(|(y, s)| *y = 1000.0 * f64::from(*s));
            }),
        );
        let relays = Ensemble::new(size, 1)
            .neuron_type(SpikingRectifiedLinear::default())
            .gain_bias(vec![1.0; size], vec![0.0; size])
            .initial_state("voltage", vec![0.5; size]);
        let relays = net.ensemble(name, relays);
        net.connect(spikes, relays.neurons(), Connection::new().no_synapse());
        relays
    };
    let (pre, post) = (side("pre", 0), side("post", size));
    let mut weights = Connection::new().transform(Matrix::filled(size, size, 50e-12)).no_synapse();
    if learns {
        weights = weights.learn(Rule::named("pair_stdp_power")?.set("w_max", 100e-12)?);
    }
    net.connect(pre.neurons(), post.neurons(), weights);
    Ok(net)
}

/// Seconds for one pass over the columns and rows of a matrix by columns that the spikes of these steps touch, an addition each, a
/// second of them.
pub(crate) fn pass_over(size: usize, trains: &[u8], from: usize, seconds: f64) -> f64 {
    if trains.is_empty() {
        return 0.0;
    }
    let mut w = vec![0.0f64; size * size];
    let start = std::time::Instant::now();
    for step in trains.chunks_exact(2 * size).skip(from).take((1000.0 * seconds) as usize) {
        let (pre, post) = step.split_at(size);
        let spiked = |x: &[u8]| (0..size).filter(|k| x[*k] != 0).collect::<Vec<_>>();
        for j in spiked(pre) {
            w[j * size..][..size].iter_mut().for_each(|w| *w += 1.0);
        }
        let rows = spiked(post);
        for column in w.chunks_exact_mut(size) {
            rows.iter().for_each(|i| column[*i] += 1.0);
        }
    }
    std::hint::black_box(&w);
    start.elapsed().as_secs_f64() / seconds
}
