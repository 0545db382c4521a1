//! Learning rules of the list, and texts, as Python sees them.

use bouton_elements::rules::{Change, Changes, Source};
use bouton_elements::var::{Over, Role, Start, Var, of_role};
use pyo3::prelude::*;

use crate::raise;

fn over(o: Over) -> &'static str {
    match o {
        Over::One | Over::Neuron => "one",
        Over::Numbers(_) => "numbers",
        Over::Pre => "pre",
        Over::Post => "post",
        Over::Synapse => "synapse",
        Over::PrePre => "pre × pre",
    }
}

/// Whether a rule reads what Nengo's operators give it: no filters of its own, and no devices.
fn runs_here(rule: &bouton_elements::rules::Rule) -> bool {
    rule.model().inputs().iter().all(|i| i.synapse.is_none()) && rule.model().policy().is_none()
}

/// Name, over what, start, unit, meaning, and of a state that holds what was, the seconds.
type StateRow = (String, &'static str, Vec<f64>, String, String, Option<f64>);

/// A learning rule as a text, or one of the list by its name.
#[pyclass(frozen)]
pub(crate) struct Rule {
    pub(crate) rule: bouton_elements::rules::Rule,
}

impl Rule {
    pub(crate) fn states(&self) -> Vec<Var> {
        of_role(self.rule.model().vars(), Role::State)
    }
}

#[pymethods]
impl Rule {
    /// Reads a text; a text without a line break that is a rule's name is that rule.
    #[new]
    fn new(text: &str) -> PyResult<Rule> {
        let named = || bouton_elements::rules::Rule::named(text.trim());
        let is_name = !text.trim().contains(|c: char| c.is_whitespace());
        let rule = if is_name { named() } else { bouton_elements::rules::Rule::text(text) };
        let rule = rule.map_err(|e| raise(&e))?;
        if runs_here(&rule) {
            return Ok(Rule { rule });
        }
        let m = format!("`{}` is no text; in Python it is a class of Nengo's", rule.name());
        Err(raise(&bouton_core::Error::model("rule", m)))
    }
    /// One of the list by its name, whatever it is: what it reads, and its filters, whoever makes the program gives it.
    #[staticmethod]
    fn named(name: &str) -> PyResult<Rule> {
        bouton_elements::rules::Rule::named(name).map(|rule| Rule { rule }).map_err(|e| raise(&e))
    }
    /// Names of the texts that come with bouton.
    #[staticmethod]
    fn names() -> Vec<String> {
        let all = bouton_elements::rules::Rule::names().into_iter();
        let text = |n: &&str| bouton_elements::rules::Rule::named(n).is_ok_and(|r| runs_here(&r));
        all.filter(|n| text(&&**n)).map(|n| n.to_string()).collect()
    }
    /// Its name.
    fn name(&self) -> String {
        self.rule.name().to_string()
    }
    /// What it reads: name, side ("pre", "post", "scale") and the neuron's state, if it isn't its output.
    fn inputs(&self) -> Vec<(String, &'static str, Option<String>)> {
        let side = |s| match s {
            Source::Pre => "pre",
            Source::Post => "post",
            Source::Scale => "scale",
        };
        self.rule.model().inputs().into_iter().map(|i| (i.name, side(i.source), i.state)).collect()
    }
    /// Whether it has an error.
    fn has_error(&self) -> bool {
        self.rule.model().has_error()
    }
    /// Its third factors: name, over what, default.
    fn factors(&self) -> Vec<(String, &'static str, Option<f64>)> {
        self.rule.model().factors().into_iter().map(|f| (f.name, over(f.over), f.default)).collect()
    }
    /// Whether its step reads the weights.
    fn reads_weights(&self) -> bool {
        self.rule.model().reads_weights()
    }
    /// Whether the kernel that applies its change reads them.
    fn change_reads_weights(&self) -> bool {
        self.rule.model().makes().reads_weights()
    }
    /// Whether it changes encoders rather than weights.
    fn on_encoders(&self) -> bool {
        self.rule.model().changes() == Changes::Encoders
    }
    /// Whether its change acts in the step in which it was made, after all readers.
    fn acts_now(&self) -> bool {
        self.rule.model().applies() == bouton_elements::rules::Applies::Now
    }
    /// Parts of its change for weights of `rows` × `cols`: names, lengths, and what they start with where it isn't 0.
    fn parts(&self, rows: usize, cols: usize) -> Vec<(&'static str, usize, Vec<f64>)> {
        let change = self.rule.model().makes();
        let start = |name: &str, len: usize| match change {
            // What waits in the first step is no change: of no bounds.
            Change::AtSpikes(s) if s.bounded && name == "numbers" => {
                let mut start = vec![0.0; len];
                start[len - 2..].copy_from_slice(&[f64::from(f32::MIN), f64::from(f32::MAX)]);
                start
            }
            _ => vec![],
        };
        change.parts(rows, cols).into_iter().map(|(n, len)| (n, len, start(n, len))).collect()
    }
    /// Its parameters: name, value, unit, meaning.
    fn parameters(&self) -> Vec<(String, f64, String, String)> {
        let all = of_role(self.rule.model().vars(), Role::Parameter).into_iter();
        all.flat_map(|v| {
            let values = v.values();
            let count = values.len();
            values.into_iter().enumerate().map(move |(k, x)| {
                let name = if count == 1 { v.name.to_string() } else { format!("{}[{k}]", v.name) };
                (name, x, v.unit.to_string(), v.doc.to_string())
            })
        })
        .collect()
    }
    /// How many numbers it takes to keep what so many numbers were in the last seconds.
    #[staticmethod]
    fn past_len(seconds: f64, dt: f64, count: usize) -> usize {
        bouton_elements::rules::past_len(seconds, dt, count)
    }
    /// Its states: name, over what, start (one number for all, or all), unit, meaning, and of one that holds what was, the seconds.
    fn state_table(&self) -> Vec<StateRow> {
        let start = |v: &Var| match &v.start {
            Start::Values(x) => x.to_vec(),
            _ => vec![v.values().first().copied().unwrap_or(0.0)],
        };
        self.states()
            .into_iter()
            .map(|v| {
                let (start, past) = (start(&v), v.past);
                (v.name.to_string(), over(v.over), start, v.unit.to_string(), v.doc.to_string(), past)
            })
            .collect()
    }
}
