//! Rules as text against the same rules written by hand as Rust types, in the same form: pair STDP at spikes, BCM as an outer product, an
//! eligibility with a state in every synapse.

use bouton::elements::Element;
use bouton::elements::rules::{
    Change, RuleInput, RuleModel, RuleStep, Source, SpikeParts, SpikeStep, register_rule,
};
use bouton::elements::var::{Over, Start, Var};
use bouton::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{median, micros, numbers, one_thread, verdict};

const TAU: f64 = 0.02;
const AMPLITUDES: [f64; 2] = [1e-5, 1.05e-5];
const DOPAMINE: f64 = 1e-3;

fn input(name: &str, source: Source, synapse: Option<f64>) -> RuleInput {
    RuleInput { name: name.into(), source, synapse: synapse.map(Into::into), state: None }
}

/// What a rule by hand is beside its step.
macro_rules! by_hand {
    ($type:ident, $name:literal, $makes:expr, [$($input:expr),*], [$($state:expr),*], $weights:literal) => {
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        struct $type {}

        impl Element for $type {
            const NAME: &'static str = $name;
            const PAGE: &'static str = "A rule by hand, for a comparison.";
        }

        impl RuleModel for $type {
            fn check(&self) -> Result<(), String> {
                Ok(())
            }
            fn inputs(&self) -> Vec<RuleInput> {
                vec![$($input),*]
            }
            fn has_error(&self) -> bool {
                false
            }
            fn reads_weights(&self) -> bool {
                $weights
            }
            fn makes(&self) -> Change {
                $makes
            }
            fn at_spikes(&self, s: &mut SpikeStep<'_>) {
                self.changes(s);
            }
            fn step(&self, s: &mut RuleStep<'_, '_>) {
                self.steps(s);
            }
            fn vars(&self) -> Vec<Var> {
                vec![$(Var::state($state.0, "", $state.1, Start::Value(0.0), "a state")),*]
            }
            fn set_parameter(&mut self, name: &str, _: f64) -> Result<(), String> {
                Err(format!("there is no parameter `{name}`"))
            }
            fn travel(&self, _: f64, _: f64, _: usize, _: f64) -> Option<f64> {
                None
            }
        }
    };
}

by_hand!(
    Stdp,
    "stdp_by_hand",
    Change::AtSpikes(SpikeParts { numbers: 2, pre: 1, post: 1, bounded: true, reads: [[0, 1], [1, 0]] }),
    [input("pre", Source::Pre, None), input("post", Source::Post, None)],
    [("x", Over::Pre), ("y", Over::Post)],
    false
);

impl Stdp {
    fn changes(&self, s: &mut SpikeStep<'_>) {
        if s.of == Source::Pre {
            s.change.iter_mut().zip(s.post[0]).for_each(|(d, y)| *d = -(AMPLITUDES[1] * y));
        } else {
            s.change.iter_mut().zip(s.pre[0]).for_each(|(d, x)| *d = AMPLITUDES[0] * x);
        }
    }
    fn steps(&self, s: &mut RuleStep<'_, '_>) {
        let ([pre, post], [x, y], [numbers, pre_parts, post_parts]) =
            (s.inputs, &mut s.states[..], &mut s.parts[..])
        else {
            return;
        };
        numbers.copy_from_slice(&[0.0, 1.0]);
        let left = (-s.dt / TAU).exp();
        for (out, trace, parts) in [(pre, x, pre_parts), (post, y, post_parts)] {
            let (spikes, operand) = parts.split_at_mut(out.len());
            spikes.copy_from_slice(out);
            for ((trace, operand), out) in trace.iter_mut().zip(operand).zip(*out) {
                let now = left * *trace;
                *operand = now;
                *trace = if *out > 0.0 { now + 1.0 } else { now };
            }
        }
    }
}

by_hand!(
    Bcm,
    "bcm_by_hand",
    Change::Outer(1),
    [
        input("pre", Source::Pre, Some(0.005)),
        input("post", Source::Post, Some(0.005)),
        input("now", Source::Post, None)
    ],
    [("theta", Over::Post)],
    false
);

impl Bcm {
    fn changes(&self, _: &mut SpikeStep<'_>) {}
    fn steps(&self, s: &mut RuleStep<'_, '_>) {
        let ([pre, post, now], [theta], [scale, rows, cols]) =
            (s.inputs, &mut s.states[..], &mut s.parts[..])
        else {
            return;
        };
        let by = -(-s.dt).exp_m1();
        scale[0] = 1e-9 * s.dt;
        for (((theta, row), b), now) in theta.iter_mut().zip(&mut **rows).zip(*post).zip(*now) {
            *theta += by * (now - *theta);
            *row = b * (b - *theta);
        }
        cols.copy_from_slice(pre);
    }
}

by_hand!(
    Eligibility,
    "eligibility_by_hand",
    Change::Dense,
    [input("pre", Source::Pre, None), input("post", Source::Post, None)],
    [("x", Over::Pre), ("y", Over::Post), ("c", Over::Synapse), ("n", Over::One)],
    true
);

impl Eligibility {
    fn changes(&self, _: &mut SpikeStep<'_>) {}
    fn steps(&self, s: &mut RuleStep<'_, '_>) {
        let ([pre, post], [x, y, c, n], [delta]) = (s.inputs, &mut s.states[..], &mut s.parts[..]) else {
            return;
        };
        let left = |tau: f64| (-s.dt / tau).exp();
        x.iter_mut().for_each(|x| *x *= left(TAU));
        y.iter_mut().for_each(|y| *y *= left(TAU));
        n[0] = left(0.2) * n[0] + DOPAMINE * 0.2 * (1.0 - left(0.2));
        let (kept, by) = (left(1.0), s.dt * n[0]);
        let (cols, spiked) = (pre.len(), pre.iter().enumerate().filter(|p| *p.1 > 0.0).map(|p| p.0));
        let spiked: Vec<usize> = spiked.collect();
        for (i, (c, delta)) in c.chunks_exact_mut(cols).zip(delta.chunks_exact_mut(cols)).enumerate() {
            let w = &s.weights[i * cols..][..cols];
            for ((c, d), w) in c.iter_mut().zip(delta).zip(w) {
                *c *= kept;
                *d = (w + by * *c).clamp(0.0, 200.0) - w;
            }
            spiked.iter().for_each(|j| c[*j] -= 1.5 * y[i]);
            if post[i] > 0.0 {
                c.iter_mut().zip(&**x).for_each(|(c, x)| *c += x);
            }
        }
        x.iter_mut().zip(*pre).for_each(|(x, p)| *x += f64::from(u8::from(*p > 0.0)));
        y.iter_mut().zip(*post).for_each(|(y, p)| *y += f64::from(u8::from(*p > 0.0)));
    }
}

/// `n` × `n` weights between two populations that the rule doesn't move away from what they do.
fn net(n: usize, rule: Rule) -> (Network, ConnectionId) {
    let mut net = Network::with_seed(2);
    let input = net.node("input", Output::of_time(1, |t, y| y[0] = (12.0 * t).sin()));
    // The weights are in units that the neurons after hardly notice.
    let neurons = || Lif { amplitude: 1e-3, ..Lif::default() };
    // Seeds of their own, whatever number of connections there is.
    let own = |seed: u32| Ensemble { seed: Some(seed), ..Ensemble::new(n, 1).neuron_type(neurons()) };
    let (a, b) = (net.ensemble("a", own(7)), net.ensemble("b", own(8)));
    net.connect(input, a, Connection::new().no_synapse());
    net.connect(input, b, Connection::new().no_synapse());
    let w: Vec<f64> = numbers(n * n, 5e-4).into_iter().map(|x| x + 5e-4).collect();
    let w = Matrix::new(n, n, w).unwrap_or_else(|| Matrix::filled(n, n, 0.0));
    let dopamine = rule.as_text().is_some_and(|t| !t.rule().factors().is_empty());
    let c = net.connect_as("c", a.neurons(), b.neurons(), Connection::new().transform(w).learn(rule));
    if dopamine {
        let one = net.node("one", Output::Constant(vec![DOPAMINE]));
        if let Ok(factor) = net.factor(c, "dopamine") {
            net.connect(one, factor, Connection::new().no_synapse());
        }
    }
    (net, c)
}

/// What a text takes longer than a Rust type of the same form, in the same network.
pub(crate) fn rules(n: usize, rounds: usize) -> Result<bool, Error> {
    register_rule::<Stdp>()?;
    register_rule::<Bcm>()?;
    register_rule::<Eligibility>()?;
    let mut met = true;
    let stdp = Rule::named("pair_stdp")?.set("A_plus", AMPLITUDES[0])?.set("A_minus", AMPLITUDES[1])?;
    for (text, hand) in [
        (stdp, Rule::from(Stdp {})),
        (Rule::named("bcm")?, Rule::from(Bcm {})),
        (Rule::named("r_stdp")?, Rule::from(Eligibility {})),
    ] {
        let name = text.name();
        let (as_text, c) = net(n, text);
        let (by_hand, d) = net(n, hand);
        let mut sims = [Simulator::with(&as_text, one_thread())?, Simulator::with(&by_hand, one_thread())?];
        for s in &mut sims {
            s.run_steps(20)?;
        }
        let form = |s: &Simulator| {
            let text = s.explain();
            let line = text.lines().find(|l| l.starts_with("form") && l.contains("c.weights"));
            line.and_then(|l| l.split('`').nth(1)).unwrap_or("numbers").to_string()
        };
        let forms = [form(&sims[0]), form(&sims[1])];
        let (mut times, mut ratios) = ([vec![], vec![]], vec![]);
        for _ in 0..rounds {
            let mut both = [0.0; 2];
            for (k, s) in sims.iter_mut().enumerate() {
                let (t, done) = micros(|| s.run_steps(20));
                done?;
                both[k] = t / 20.0;
                times[k].push(both[k]);
            }
            ratios.push(both[0] / both[1]);
        }
        let (w, v) = (sims[0].weights(c)?, sims[1].weights(d)?);
        let apart = w.values().iter().zip(v.values()).fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
        let most = v.values().iter().fold(0.0f64, |m, x| m.max(x.abs()));
        println!(
            "rules, {name} on {n} × {n}, as {} and {}: {:.1} µs a step as text, {:.1} by hand; weights {:.1e} apart of {most:.1e}",
            forms[0],
            forms[1],
            median(times[0].clone()),
            median(times[1].clone()),
            apart,
        );
        met &= verdict(&format!("rules, {name}, text to hand"), median(ratios), "", 1.5)
            && forms[0] == forms[1]
            && apart <= 1e-12;
    }
    Ok(met)
}
