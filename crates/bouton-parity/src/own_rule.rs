//! A rule that Nengo doesn't have, in each way that bouton takes one. `scripts/parity/own_rule.py` teaches it to Nengo: a rule type,
//! an operator, a build function.
//!
//! The instar rule: Δw = κ·dt·post·(g·pre − w), with filtered activities; the change of step t acts in t + 1.

use bouton::elements::Element;
use bouton::elements::rules::{Change, RuleInput, RuleModel, RuleStep, Source};
use bouton::elements::var::{Bounds, Var};
use bouton::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const TAU_PRE: f64 = 0.005;
const TAU_POST: f64 = 0.01;

/// The rule as a description has it: `learning_rate`, `gain`, and `as`, which is `text`, `function` or `type`.
pub(crate) fn instar(spec: &Value) -> Result<LearningRule, String> {
    let number = |key: &str| spec[key].as_f64().ok_or(format!("no `{key}`"));
    let (rate, gain) = (number("learning_rate")?, number("gain")?);
    match spec["as"].as_str() {
        Some("text") => {
            let text = "
param kappa = 1, g = 1, tau_pre = 1 s, tau_post = 1 s
pre a' = (pre.out - a)/tau_pre
post b' = (post.out - b)/tau_post
w' = kappa*b*(g*a - w)
";
            let mut rule = Rule::text(text).map_err(|e| e.to_string())?;
            for (name, x) in [("kappa", rate), ("g", gain), ("tau_pre", TAU_PRE), ("tau_post", TAU_POST)] {
                rule = rule.set(name, x).map_err(|e| e.to_string())?;
            }
            Ok(rule.into())
        }
        Some("function") => {
            let rule = RuleFunction::new("instar", move |s| {
                let (pre, post) = (s.input("pre_filtered")?, s.input("post_filtered")?);
                for (k, (d, w)) in s.delta.iter_mut().zip(s.weights).enumerate() {
                    *d = rate * s.dt * post[k / pre.len()] * (gain * pre[k % pre.len()] - w);
                }
                Ok(())
            });
            Ok(rule.pre_filtered(TAU_PRE).post_filtered(TAU_POST).into())
        }
        Some("type") => Ok(Rule::from(Instar { learning_rate: rate, gain }).into()),
        other => Err(format!("a rule can't be had as {other:?}")),
    }
}

/// The rule as a type.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Instar {
    /// Learning rate.
    learning_rate: f64,
    /// What the activity is multiplied by.
    gain: f64,
}

impl Element for Instar {
    const NAME: &'static str = "instar";
    const PAGE: &'static str = "The instar rule: Δw = κ·dt·post·(g·pre − w).";
}

impl RuleModel for Instar {
    fn check(&self) -> Result<(), String> {
        Bounds::AT_LEAST_0.check("learning_rate", self.learning_rate)
    }
    fn inputs(&self) -> Vec<RuleInput> {
        let input = |name: &str, source, tau: f64| RuleInput {
            name: name.into(),
            source,
            synapse: Some(tau.into()),
            state: None,
        };
        vec![input("pre", Source::Pre, TAU_PRE), input("post", Source::Post, TAU_POST)]
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
    fn step(&self, s: &mut RuleStep<'_, '_>) {
        let ([pre, post], [delta], [rate, gain]) = (s.inputs, &mut s.parts[..], s.parameters) else { return };
        for (k, (d, w)) in delta.iter_mut().zip(s.weights).enumerate() {
            *d = rate * s.dt * post[k / pre.len()] * (gain * pre[k % pre.len()] - w);
        }
    }
    fn vars(&self) -> Vec<Var> {
        vec![
            Var::parameter("learning_rate", "", self.learning_rate, Bounds::AT_LEAST_0, "learning rate"),
            Var::parameter("gain", "", self.gain, Bounds::ANY, "what the activity is multiplied by"),
        ]
    }
    fn set_parameter(&mut self, name: &str, _: f64) -> Result<(), String> {
        Err(format!("`{name}` is set in the description"))
    }
    fn travel(&self, _: f64, _: f64, _: usize, _: f64) -> Option<f64> {
        None
    }
}
