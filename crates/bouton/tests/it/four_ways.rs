//! One rule of change of a full matrix between neurons, written in each way that there is: a node that rewrites the matrix in
//! each step, a text, a Rust type, a function. That a user wants to change weights while the model runs asks for no special
//! form of it.
//!
//! Oja's rule: Δw = κ·dt·(post·pre − w·post²), with filtered activities.

use bouton::elements::Element;
use bouton::elements::rules::{Applies, Change, RuleInput, RuleModel, RuleStep, Source};
use bouton::elements::var::Var;
use bouton::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::places;

const PRE: usize = 40;
const POST: usize = 30;
const KAPPA: f64 = 2e-4;
const TAU: f64 = 0.02;

/// How far a weight moves in a step.
fn change(dt: f64, w: f64, pre: f64, post: f64) -> f64 {
    KAPPA * dt * (post * pre - w * post * post)
}

/// The rule as a type of this test's own, as one would write it in a crate beside bouton.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct OwnOja {
    /// Whether its change acts in the next step.
    later: bool,
}

impl Element for OwnOja {
    const NAME: &'static str = "own_oja";
    const PAGE: &'static str = "Oja's rule: Δw = κ·dt·(post·pre − w·post²).";
}

impl RuleModel for OwnOja {
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
    fn inputs(&self) -> Vec<RuleInput> {
        let input = |name: &str, source| RuleInput {
            name: name.into(),
            source,
            synapse: Some(TAU.into()),
            state: None,
        };
        vec![input("pre", Source::Pre), input("post", Source::Post)]
    }
    fn has_error(&self) -> bool {
        false
    }
    fn reads_weights(&self) -> bool {
        true
    }
    fn makes(&self) -> Change {
        Change::Dense
    }
    fn applies(&self) -> Applies {
        if self.later { Applies::NextStep } else { Applies::Now }
    }
    fn step(&self, s: &mut RuleStep<'_, '_>) {
        let ([pre, post], [delta]) = (s.inputs, &mut s.parts[..]) else { return };
        for (k, (d, w)) in delta.iter_mut().zip(s.weights).enumerate() {
            *d = change(s.dt, *w, pre[k % pre.len()], post[k / pre.len()]);
        }
    }
    fn vars(&self) -> Vec<Var> {
        vec![]
    }
    fn set_parameter(&mut self, name: &str, _: f64) -> Result<(), String> {
        Err(format!("there is no parameter `{name}`"))
    }
    fn travel(&self, _: f64, _: f64, _: usize, _: f64) -> Option<f64> {
        None
    }
}

fn text(later: bool) -> Rule {
    let text = "
param kappa = 1, tau = 1 s
pre a' = (pre.out - a)/tau
post b' = (post.out - b)/tau
w' = kappa*(b*a - w*b*b)
";
    let text = if later { text.into() } else { format!("{text}apply now\n") };
    Rule::text(&text).unwrap().set("kappa", KAPPA).unwrap().set("tau", TAU).unwrap()
}

fn function(later: bool) -> RuleFunction {
    let rule = RuleFunction::new("oja", |s| {
        let (pre, post) = (s.input("pre_filtered")?, s.input("post_filtered")?);
        for (k, (d, w)) in s.delta.iter_mut().zip(s.weights).enumerate() {
            *d = change(s.dt, *w, pre[k % pre.len()], post[k / pre.len()]);
        }
        Ok(())
    });
    let rule = rule.pre_filtered(TAU).post_filtered(TAU);
    if later { rule } else { rule.now() }
}

/// The weights and the spikes of each step.
type Course = (Vec<Matrix>, Vec<f64>);

fn course(rule: Option<LearningRule>, options: Options, steps: usize) -> Course {
    let mut net = Network::with_seed(6);
    let stim = net.node("stim", Output::of_time(1, |t, y| y[0] = (25.0 * t).sin()));
    // Seeds of their own: those that are derived hang on how many connections there are.
    let own = |n: usize, seed: u32| Ensemble { seed: Some(seed), ..Ensemble::new(n, 1) };
    let (a, b) = (net.ensemble("a", own(PRE, 7)), net.ensemble("b", own(POST, 8)));
    net.connect(stim, a, Connection::new().no_synapse());
    let w = Matrix::from_fn(POST, PRE, |i, j| 1e-4 * ((3 * i + 7 * j) % 17) as f64);
    let mut c = Connection::new().transform(w);
    let by_node = rule.is_none();
    c.rules.extend(rule);
    let c = net.connect_as("c", a.neurons(), b.neurons(), c);
    if by_node {
        // What the connections to it deliver has passed their filters: it is that of the step before.
        let node = NodeFunction::new(PRE + POST, 0, move |s| {
            let (pre, post) = s.x.split_at(PRE);
            let dt = 0.001;
            s.live.edit_weights(c, &mut |w| {
                w.update(|_, _| true, |i, j, old| old + change(dt, old, pre[j], post[i]));
                Ok(())
            })?;
            Ok(())
        });
        let node = net.node("learn", node.edits(c));
        net.connect(a.neurons(), node.slice(0..PRE), Connection::new().synapse(TAU));
        net.connect(b.neurons(), node.slice(PRE..PRE + POST), Connection::new().synapse(TAU));
    }
    let spikes = net.probe("spikes", Probe::new(b.neurons()));
    let mut sim = Simulator::with(&net, options).unwrap();
    let mut weights = vec![];
    for _ in 0..steps {
        sim.step().unwrap();
        weights.push(sim.weights(c).unwrap());
    }
    (weights, sim.data(spikes).unwrap().values)
}

/// The largest difference, in units of the largest weight.
fn apart(a: &Matrix, b: &Matrix) -> f64 {
    let most = b.values().iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    places::apart(a, b) / most
}

#[test]
fn a_node_a_text_a_type_and_a_function_change_a_full_matrix_alike() {
    const STEPS: usize = 300;
    let mut seen = vec![];
    for (threads, later) in [(1, false), (2, false), (1, true), (2, true)] {
        let options = Options { threads, ..Options::default() };
        let (typed, spikes) = course(Some(Rule::from(OwnOja { later }).into()), options, STEPS);
        assert!(spikes.iter().filter(|s| **s > 0.0).count() > 100, "the neurons are silent");
        assert!(apart(&typed[0], &typed[STEPS - 1]) > 0.1, "the weights hardly move");
        // The same products in the same order: the same bits.
        let (function, its_spikes) = course(Some(function(later).into()), options, STEPS);
        assert!(function == typed && its_spikes == spikes, "the function differs");
        // The node writes what it makes of step t in t + 1, before all readers. So does a change that acts in the next step;
        // one that is made at once is seen a step earlier, and by the same readers.
        let (node, its_spikes) = course(None, options, STEPS);
        let ahead = usize::from(!later);
        let differs = (ahead..STEPS).find(|k| node[*k] != typed[*k - ahead]);
        assert_eq!(differs, None, "the node differs in this step");
        assert!(its_spikes == spikes, "the node's spikes differ");
        // A text moves its traces by its own steps, and multiplies in the order in which it stands.
        let (text, its_spikes) = course(Some(text(later).into()), options, STEPS);
        for (k, (text, typed)) in text.iter().zip(&typed).enumerate() {
            assert!(
                apart(text, typed) < 1e-12,
                "step {}: the text differs by {:e}",
                k + 1,
                apart(text, typed)
            );
        }
        assert!(its_spikes == spikes, "the text's spikes differ");
        seen.push(spikes);
    }
    // What is transmitted is the same in all.
    assert!(seen.iter().all(|s| *s == seen[0]));
}
