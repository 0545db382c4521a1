//! Rules at random from the grammar, in a network: they parse and run, and weights as numbers, weights in a form, and a slow interpreter
//! of the rule as a tree agree within 1e-12, or within what a change in the last digit comes to.
//!
//! `BOUTON_RULES` is how many (120 unless it says otherwise), `BOUTON_RULE_SEED` the seed of one that is to be run alone.

mod grammar;
mod interpreter;

use std::collections::BTreeMap;

use bouton::prelude::*;

use grammar::{Dice, What};
use interpreter::{Given, Interpreter};

/// Rows and columns: as many weights as a form wants.
const N: usize = 64;
const STEPS: usize = 40;
/// A spike has the height 1 in steps of 1 ms, so that weights may be near 1.
const AMPLITUDE: f64 = 1e-3;

/// A network with a rule, and the probes of all that it may read.
struct Placed {
    net: Network,
    connection: ConnectionId,
    post: EnsembleId,
    probes: BTreeMap<&'static str, ProbeId>,
}

fn placed(rule: &grammar::Rule, seed: u64) -> Result<Placed, Error> {
    let mut net = Network::with_seed(seed as u32 % 1000);
    // Of no large gain, which would make an error of rounding one that is seen.
    let intercepts = bouton::elements::distributions::Uniform { low: -0.9, high: 0.4, integer: false };
    let neurons = |d: usize| {
        let lif = Lif { amplitude: AMPLITUDE, ..Lif::default() };
        Ensemble::new(N, d).neuron_type(lif).intercepts(intercepts.clone())
    };
    let dimensions = if rule.encoders { 2 } else { 1 };
    let b = net.ensemble("b", neurons(dimensions));
    let mut probes = BTreeMap::new();
    let wave = |net: &mut Network, name: &'static str, n: usize, size: f64, speed: f64| {
        net.node(
            name,
            Output::of_time(n, move |t, y| {
                y.iter_mut().enumerate().for_each(|(k, y)| *y = size * (speed * t + k as f64).sin());
            }),
        )
    };
    let stim = wave(&mut net, "stim", dimensions, 0.9, 60.0);
    net.connect(stim, b, Connection::new().no_synapse());
    let learn = Connection::new().learn(Rule::text(&rule.text)?);
    let c = if rule.encoders {
        let given = wave(&mut net, "given", dimensions, 0.5, 90.0);
        probes.insert("pre", net.probe("pre", Probe::of(Target::EnsembleInput(b))));
        net.connect_as("c", given, b, learn.no_synapse())
    } else {
        let a = net.ensemble("a", neurons(1));
        net.connect(stim, a, Connection::new().no_synapse());
        probes.insert("pre", net.probe("pre", Probe::new(a.neurons())));
        probes.insert("pre.v", net.probe("pre.v", Probe::voltage(a)));
        let mut dice = Dice(seed);
        let w: Vec<f64> = (0..N * N).map(|_| 0.3 * dice.next() - 0.1).collect();
        let w = Matrix::new(N, N, w).expect("as many as it has");
        net.connect_as("c", a.neurons(), b.neurons(), learn.transform(w))
    };
    probes.insert("post", net.probe("post", Probe::new(b.neurons())));
    probes.insert("post.v", net.probe("post.v", Probe::voltage(b)));
    if rule.encoders {
        probes.insert("w", net.probe("w", Probe::of(Target::ScaledEncoders(b))));
    }
    if Rule::text(&rule.text)?.model().has_error() {
        let error = wave(&mut net, "error", 1, 0.05, 40.0);
        probes.insert("error", net.probe("error", Probe::new(error)));
        net.connect(error, c.rule(), Connection::new().no_synapse());
    }
    for name in &rule.names {
        let What::Factor(k) = name.what else { continue };
        let (name, n) = match name.over {
            grammar::Over::One => ("m", 1),
            grammar::Over::Pre if rule.encoders => ("f", dimensions),
            grammar::Over::Pre => ("f", N),
            _ => ("g", N),
        };
        if rule.factors[k].is_none() {
            let node = wave(&mut net, name, n, 0.8, 25.0 * (k + 1) as f64);
            let factor = net.factor(c, name)?;
            probes.insert(name, net.probe(name, Probe::new(node)));
            net.connect(node, factor, Connection::new().no_synapse());
        }
    }
    Ok(Placed { net, connection: c, post: b, probes })
}

/// What a run left behind.
struct Run {
    start: Vec<f64>,
    weights: Vec<f64>,
    states: Vec<Vec<f64>>,
    seen: BTreeMap<&'static str, Vec<f64>>,
    scaled: Vec<f64>,
    scale: Vec<f64>,
    form: Option<String>,
}

fn run(placed: &Placed, rule: &grammar::Rule, passes: Passes) -> Result<Run, Error> {
    let mut sim = Simulator::with(&placed.net, Options { threads: 1, passes, ..Options::default() })?;
    let explained = sim.explain();
    let form = explained.lines().find(|l| l.starts_with("form") && l.contains("c.weights"));
    let form = form.and_then(|l| l.split('`').nth(1)).map(str::to_string);
    // The radius is 1.
    let (encoders, scale) = (sim.encoders(placed.post)?, sim.gain(placed.post)?);
    let scaled: Vec<f64> = encoders
        .values()
        .iter()
        .enumerate()
        .map(|(k, e)| scale[k / (encoders.values().len() / N)] * e)
        .collect();
    let weights = |sim: &Simulator| -> Result<Vec<f64>, Error> {
        Ok(sim.weights(placed.connection)?.values().to_vec())
    };
    let start = if rule.encoders { scaled.clone() } else { weights(&sim)? };
    sim.run_steps(STEPS as u64)?;
    let mut seen = BTreeMap::new();
    for (name, probe) in &placed.probes {
        seen.insert(*name, sim.data(*probe)?.values.to_vec());
    }
    let weights = match seen.get("w") {
        Some(w) => w[w.len() - start.len()..].to_vec(),
        None => weights(&sim)?,
    };
    let states =
        rule.states.iter().map(|s| sim.read(&format!("c.rule.{}", rule.names[s.name].text), &Pick::All));
    let states = states.collect::<Result<_, _>>()?;
    Ok(Run { start, weights, states, seen, scaled, scale, form })
}

/// The rule as a tree, over what the neurons of a run did. Each number of it is made greater by a factor after each step.
fn interpreted<'r>(rule: &'r grammar::Rule, of: &Run, factor: f64) -> Interpreter<'r> {
    let cols = of.start.len() / N;
    let mut slow = Interpreter::new(rule, (N, cols), of.start.clone());
    let defaults: Vec<Vec<f64>> = rule.factors.iter().map(|d| vec![d.unwrap_or(0.0); N]).collect();
    for t in 0..STEPS {
        let seen = |name: &str| -> &[f64] {
            of.seen.get(name).map_or(&[], |x| {
                let n = x.len() / STEPS;
                &x[t * n..(t + 1) * n]
            })
        };
        let error: Vec<f64> = match seen("error") {
            [e] => of.scaled.iter().map(|s| s * e).collect(),
            _ => vec![0.0; N],
        };
        let factors = rule.names.iter().filter_map(|n| match n.what {
            What::Factor(k) if rule.factors[k].is_some() => Some(&defaults[k][..]),
            What::Factor(_) => Some(seen(&n.text)),
            _ => None,
        });
        slow.step(&Given {
            dt: 0.001,
            pre: seen("pre"),
            post: seen("post"),
            pre_v: seen("pre.v"),
            post_v: seen("post.v"),
            error: &error,
            scale: &of.scale,
            factors: factors.collect(),
        });
        slow.weights.iter_mut().chain(slow.states.iter_mut().flatten()).for_each(|x| *x *= factor);
    }
    slow
}

/// How far the numbers of a rule come apart where each is another by its last digit in each step: some rules, as one that adds the
/// cube of a state to it, make any difference grow.
fn conditioned(rule: &grammar::Rule, of: &Run, slow: &Interpreter<'_>) -> f64 {
    let other = interpreted(rule, of, 1.0 + f64::EPSILON);
    let states = other.states.iter().zip(&slow.states).map(|(a, b)| apart(a, b));
    states.fold(apart(&other.weights, &slow.weights), f64::max)
}

/// The largest difference, where numbers above 1 count by their size.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let most = b.iter().fold(1.0f64, |m, x| m.max(x.abs()));
    a.iter().zip(b).fold(0.0f64, |m, (x, y)| {
        if x == y { m } else { m.max((x - y).abs() / most).max(f64::from(u8::from(x.is_nan()))) }
    })
}

/// What some rules came to.
#[derive(Default)]
struct Tally {
    rules: usize,
    moved: usize,
    wild: usize,
    /// Those that are farther apart than 1e-12, and make any rounding grow.
    grow: usize,
    forms: BTreeMap<String, usize>,
    uses: BTreeMap<String, usize>,
    farthest: f64,
    wrong: Vec<String>,
}

impl Tally {
    fn rule(&mut self, seed: u64) {
        let rule = grammar::rule(seed);
        self.rules += 1;
        rule.uses.iter().for_each(|u| *self.uses.entry(u.clone()).or_default() += 1);
        let placed = match placed(&rule, seed) {
            Ok(placed) => placed,
            Err(e) => return self.wrong.push(format!("seed {seed}: {e}\n{}", rule.text)),
        };
        // What rounds voltages is none of the rule's forms.
        let forms = Passes { lif_phase: false, ..Passes::default() };
        let (numbers, form) = (run(&placed, &rule, Passes::none()), run(&placed, &rule, forms));
        let (numbers, form) = match (numbers, form) {
            (Ok(n), Ok(f)) => (n, f),
            // A rule that runs away is stopped, in either form.
            (Err(a), Err(b)) if format!("{a}{b}").matches("finite").count() >= 2 => return self.wild += 1,
            (Err(e), _) | (_, Err(e)) => return self.wrong.push(format!("seed {seed}: {e}\n{}", rule.text)),
        };
        self.moved += usize::from(numbers.weights != numbers.start);
        if let Some(form) = &form.form {
            *self.forms.entry(form.clone()).or_default() += 1;
        }
        let slow = interpreted(&rule, &numbers, 1.0);
        let mut grows = None;
        let mut check = |what: String, a: &[f64], b: &[f64]| {
            let d = apart(a, b);
            self.farthest = self.farthest.max(d);
            // It is computed for those alone that need it.
            if d > 1e-12 && d > *grows.get_or_insert_with(|| conditioned(&rule, &numbers, &slow)) {
                self.wrong.push(format!("seed {seed}: {what} {d:e} apart\n{}", rule.text));
            }
        };
        check("weights as numbers and interpreted:".into(), &numbers.weights, &slow.weights);
        check(
            format!("weights in the form {:?} and as numbers:", form.form),
            &form.weights,
            &numbers.weights,
        );
        for (k, s) in rule.states.iter().enumerate() {
            let name = &rule.names[s.name].text;
            check(
                format!("the state {name} as numbers and interpreted:"),
                &numbers.states[k],
                &slow.states[k],
            );
            check(
                format!("the state {name} beside a form and as numbers:"),
                &form.states[k],
                &numbers.states[k],
            );
        }
        self.grow += usize::from(grows.is_some());
    }
}

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|n| n.parse().expect("a number"))
}

#[test]
fn rules_at_random_agree_as_numbers_in_a_form_and_interpreted() {
    if let Some(seed) = asked("BOUTON_RULE_SEED") {
        let mut one = Tally::default();
        println!("{}", grammar::rule(seed).text);
        one.rule(seed);
        println!("{:?}, {:e}", one.forms, one.farthest);
        assert!(one.wrong.is_empty(), "{}", one.wrong.join("\n\n"));
        return;
    }
    let count = asked("BOUTON_RULES").unwrap_or(120);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<Tally> = std::thread::scope(|scope| {
        let part = |k: usize| {
            move || {
                let mut tally = Tally::default();
                (k as u64..count).step_by(threads).for_each(|seed| tally.rule(seed));
                tally
            }
        };
        let running: Vec<_> = (0..threads).map(|k| scope.spawn(part(k))).collect();
        running.into_iter().map(|t| t.join().expect("a thread")).collect()
    });
    let mut all = Tally::default();
    for t in parts {
        (all.rules, all.moved, all.wild) = (all.rules + t.rules, all.moved + t.moved, all.wild + t.wild);
        all.grow += t.grow;
        all.farthest = all.farthest.max(t.farthest);
        all.wrong.extend(t.wrong);
        t.uses.into_iter().for_each(|(u, n)| *all.uses.entry(u).or_default() += n);
        t.forms.into_iter().for_each(|(u, n)| *all.forms.entry(u).or_default() += n);
    }
    let percent = |n: usize| 100.0 * n as f64 / all.rules as f64;
    println!(
        "{} rules: {:.1} % changed a weight, {} ran away and were stopped; in {} a rounding grows beyond 1e-12",
        all.rules,
        percent(all.moved),
        all.wild,
        all.grow
    );
    println!("forms: {:?}; farthest apart {:e}", all.forms, all.farthest);
    all.uses.iter().for_each(|(u, n)| println!("{:5.1} % {u}", percent(*n)));
    let wrong: Vec<&str> = all.wrong.iter().take(5).map(String::as_str).collect();
    assert!(all.wrong.is_empty(), "{} of {}:\n{}", all.wrong.len(), all.rules, wrong.join("\n\n"));
    assert!(percent(all.moved) >= 60.0 && percent(all.wild) <= 3.0 && percent(all.grow) <= 0.1);
    assert!(all.forms.len() >= 2, "{:?}", all.forms);
    // Of few rules a percentage says little.
    let least = if all.rules >= 2000 { 5.0 } else { 0.5 };
    let rare: Vec<_> = all.uses.iter().filter(|u| percent(*u.1) < least).collect();
    assert!(all.uses.len() >= 45 && rare.is_empty(), "{} constructs, too rare: {rare:?}", all.uses.len());
}
