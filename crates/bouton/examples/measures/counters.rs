//! What it costs that a run looks at itself.

use std::time::Instant;

use bouton::prelude::*;

/// Steps that are timed as one.
const SLICE: u64 = 250;

/// A thing that moves, for inputs.
fn sine(t: f64, y: &mut [f64]) {
    y[0] = (9.0 * t).sin();
}

/// Ten populations of `n` neurons in a row.
fn row(n: usize) -> Network {
    let mut net = Network::with_seed(1);
    let input = net.node("input", Output::of_time(1, sine));
    let all: Vec<EnsembleId> = (0..10).map(|k| net.ensemble(&format!("e{k}"), Ensemble::new(n, 1))).collect();
    net.connect(input, all[0], Connection::new());
    all.windows(2).for_each(|pair| {
        net.connect(pair[0], pair[1], Connection::new());
    });
    net
}

/// `n` populations of 100 neurons that hold a value.
fn integrators(n: usize) -> Network {
    let mut net = Network::with_seed(1);
    let input = net.node("input", Output::of_time(1, sine));
    for k in 0..n {
        let a = net.ensemble(&format!("a{k}"), Ensemble::new(100, 1));
        net.connect(input, a, Connection::new().transform(0.1).synapse(0.1));
        net.connect(a, a, Connection::new().synapse(0.1));
    }
    net
}

/// Two populations of `n` neurons, and a connection between them that a rule changes by its error.
fn taught(n: usize, connection: Connection) -> Network {
    let mut net = Network::with_seed(1);
    let input = net.node("input", Output::of_time(1, sine));
    let (pre, post) = (net.ensemble("pre", Ensemble::new(n, 1)), net.ensemble("post", Ensemble::new(n, 1)));
    let error = net.node("error", Output::passthrough(1));
    net.connect(input, pre, Connection::new());
    let learned = net.connect(pre.neurons(), post.neurons(), connection);
    net.connect(post, error, Connection::new());
    net.connect(input, error, Connection::new().transform(-1.0));
    net.connect(error, learned.rule(), Connection::new());
    net
}

/// The least time of each piece of a run, over rounds: what is computed is the same in each, what a machine has to do beside it is not.
#[derive(Default)]
struct Least(Vec<f64>);

impl Least {
    /// Times `what` as piece number `k`.
    fn time<T>(&mut self, k: usize, what: impl FnOnce() -> T) -> T {
        let (t, done) = super::micros(what);
        match self.0.get_mut(k) {
            Some(least) => *least = least.min(t),
            None => self.0.push(t),
        }
        done
    }
    fn total(&self) -> f64 {
        self.0.iter().sum()
    }
}

/// Prints what a run of `seconds` that looks at itself takes longer than one that doesn't, of four models.
pub(crate) fn counters(seconds: f64, rounds: usize) -> Result<bool, Error> {
    let devices = DeviceSpec { spread: 0.1, gain: Gain::Fixed(1e3), ..DeviceSpec::default() };
    let models = [
        ("10 × 100 neurons in a row", row(100)),
        ("300 × 100 neurons that remember", integrators(300)),
        (
            "PES on 200 × 200",
            taught(200, Connection::new().transform(Matrix::filled(200, 200, 0.0)).learn(Pes::default())),
        ),
        ("mPES on 200 × 200 pairs", taught(200, Connection::new().devices(devices).learn(Mpes::default()))),
    ];
    let mut met = true;
    for (name, net) in models {
        let mut build = Least::default();
        let mut made = || build.time(0, || Simulator::with(&net, super::one_thread()));
        let mut sims = [made()?, made()?];
        let slices = (sims[0].steps(seconds)? / SLICE) as usize;
        let (mut plain, mut watched, mut words) = (Least::default(), Least::default(), 0);
        let began = Instant::now();
        for _ in 0..rounds {
            sims.iter_mut().try_for_each(|s| s.reset(Reset::All))?;
            // Where a simulator's memory lies makes a difference too.
            sims.reverse();
            let [a, b] = &mut sims;
            watched.time(0, || b.watch(seconds))?;
            for k in 1..=slices {
                plain.time(k - 1, || a.run_steps(SLICE))?;
                watched.time(k, || b.run_steps(SLICE))?;
            }
            words = watched.time(slices + 1, || b.check())?.len();
            b.unwatch()?;
        }
        let more = watched.total() - plain.total();
        println!(
            "{name}, {seconds} s: built in {:.4} s, run in {:.4} s, and {:.5} s more where somebody looks ({:.4} of the run alone), of \
             which {:.5} s before its first step; {words} notes; {rounds} rounds in {:.0} s",
            build.total() / 1e6,
            plain.total() / 1e6,
            more / 1e6,
            more / plain.total(),
            watched.0[0] / 1e6,
            began.elapsed().as_secs_f64()
        );
        met &= super::verdict(name, 1.0 + more / (build.total() + plain.total()), "", 1.01);
    }
    Ok(met)
}
