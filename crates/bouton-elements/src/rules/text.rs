//! Rules that are texts: those of the library, by name, and those of a user.

use std::any::Any;
use std::sync::Arc;

use bouton_core::{Error, nearest};
use bouton_rules::{LIBRARY, Makes, Memory, Side, Step};
use schemars::Schema;
use serde::de::{self, Error as _};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{
    Applies, Change, Changes, Rule, RuleFactor, RuleInput, RuleModel, RuleStep, Source, SpikeParts, SpikeStep,
};
use crate::content::Content;
use crate::element::Def;
use crate::var::{Bounds, Over, Start, Var};
use crate::{DynElement, ElementOf, Kind};

/// The name of a rule whose text stands in the model file.
const TEXT: &str = "text";

/// The page of such a rule. The language is explained in `docs/rules.md`.
const PAGE: &str = "A learning rule as text: parameters, third factors, states, what happens at spikes, and how the weight changes.

The text stands in the model file (`text`), or in a file beside it (`file`). Its parameters may be set by their names.

```toml
[[connections]]
name = \"learned\"
pre = \"a.neurons\"
post = \"b.neurons\"
transform = { zeros = true }

[connections.rule]
type = \"text\"
eta = 1e-8
text = \"\"\"
param eta = 1e-9, tau = 5 ms
pre  a' = (pre.out - a)/tau
post b' = (post.out - b)/tau
w' = eta*a*b
\"\"\"
```

`docs/rules.md` is the page of the language. The rules of the library are texts that are known by name.
";

/// An example of such a rule, for listings.
const EXAMPLE: &str = "param eta = 1e-9\nw' = eta*pre.out*post.out";

/// A learning rule that is a text, with the values of its parameters.
#[derive(Clone, Debug)]
pub struct TextRule {
    name: &'static str,
    rule: Arc<bouton_rules::Rule>,
    /// Of those that can be set, in their order.
    values: Vec<f64>,
}

impl TextRule {
    fn new(name: &'static str, rule: Arc<bouton_rules::Rule>) -> TextRule {
        let values = rule.settable().map(|p| p.value).collect();
        TextRule { name, rule, values }
    }
    /// The rule as it was understood, with the defaults of its parameters.
    pub fn rule(&self) -> &bouton_rules::Rule {
        &self.rule
    }
    fn element(self) -> Rule {
        let (name, rule) = (self.name, self.rule.clone());
        let copy = |m: &dyn RuleModel| {
            let copy: Arc<dyn RuleModel> = Arc::new(m.as_any().downcast_ref::<TextRule>()?.clone());
            Some(copy)
        };
        ElementOf::of_parts(Arc::new(self), copy, Arc::new(move |c| read(name, Some(&rule), c)))
    }
    /// A step of the text, with what a step of the model is given.
    fn with(
        &self,
        s: &mut RuleStep<'_, '_>,
        f: impl FnOnce(&bouton_rules::Rule, &mut Memory, &mut Step<'_, '_>),
    ) {
        let (reads, scale) = s.inputs.split_at(self.rule.reads().len());
        let (states, pasts) = s.states.split_at_mut(self.rule.states().len());
        let mut step = Step {
            dt: s.dt,
            shape: s.shape,
            parameters: s.parameters,
            reads,
            error: s.error,
            factors: s.factors,
            scale: scale.first().copied().unwrap_or(&[]),
            weights: s.weights,
            states,
            pasts,
            change: &mut *s.parts,
        };
        f(&self.rule, s.memory.of::<Memory>(), &mut step);
    }
    fn unknown(&self, name: &str) -> String {
        let settable: Vec<&str> = self.rule.settable().map(|p| p.name.as_str()).collect();
        if self.rule.params().iter().any(|p| p.name == name) {
            return format!(
                "the parameter `{name}` follows others and can't be set; it can set: {}",
                settable.join(", ")
            );
        }
        match nearest(name, settable.iter().copied()) {
            Some(near) => format!("there is no parameter `{name}`; did you mean `{near}`?"),
            None if settable.is_empty() => format!("there is no parameter `{name}`: the rule has none"),
            None => format!("there is no parameter `{name}`; there are: {}", settable.join(", ")),
        }
    }
}

impl ElementOf<dyn RuleModel> {
    /// A learning rule that is written as text; `docs/rules.md` is the page of the language.
    ///
    /// ```
    /// use bouton_elements::rules::Rule;
    /// let hebb = Rule::text(
    ///     "param eta = 1e-9, tau = 5 ms
    ///      pre  a' = (pre.out - a)/tau
    ///      post b' = (post.out - b)/tau
    ///      w' = eta*a*b",
    /// )?
    /// .set("eta", 1e-8)?;
    /// assert_eq!(hebb.model().vars()[0].values(), [1e-8]);
    /// let e = Rule::text("pre a' = -a/tau\nw' = a").unwrap_err().to_string();
    /// assert!(e.contains("unknown name `tau`") && e.contains("line 1, column 13"), "{e}");
    /// # Ok::<(), bouton_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with the text: line, column, what was expected, and a way out.
    pub fn text(text: &str) -> Result<Rule, Error> {
        Ok(TextRule::new(TEXT, Arc::new(bouton_rules::Rule::parse(text)?)).element())
    }
    /// The same with another value of a parameter, in SI.
    ///
    /// # Errors
    /// It has no such parameter, or the value is outside its bounds.
    pub fn set(mut self, name: &str, value: f64) -> Result<Rule, Error> {
        let set = self.model_mut().set_parameter(name, value);
        set.map_err(|m| Error::model(format!("rules.{}", self.name()), m))?;
        Ok(self)
    }
    /// The rule's text and how it was understood, if it is one.
    pub fn as_text(&self) -> Option<&TextRule> {
        self.model().as_any().downcast_ref()
    }
}

impl DynElement for TextRule {
    fn name(&self) -> &'static str {
        self.name
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn same(&self, other: &dyn Any) -> bool {
        let same = |o: &TextRule| self.name == o.name && self.rule == o.rule && self.values == o.values;
        other.downcast_ref().is_some_and(same)
    }
    fn for_files(&self) -> Option<&dyn erased_serde::Serialize> {
        Some(self)
    }
}

/// What a file has of it: the text, if no name says it, and the parameters.
impl Serialize for TextRule {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(None)?;
        if self.name == TEXT {
            map.serialize_entry(TEXT, self.rule.text())?;
        }
        for (p, value) in self.rule.settable().zip(&self.values) {
            map.serialize_entry(&p.name, value)?;
        }
        map.end()
    }
}

/// Reads a rule: that of a name, or one whose text stands in the file.
fn read(
    name: &'static str,
    rule: Option<&Arc<bouton_rules::Rule>>,
    c: Content,
) -> Result<Rule, de::value::Error> {
    let Content::Map(mut table) = c else { return Err(de::value::Error::custom("expected a table")) };
    let made = match rule.filter(|_| name != TEXT) {
        Some(rule) => rule.clone(),
        None => {
            let Some(at) = table.iter().position(|(k, _)| k == TEXT) else {
                return Err(de::Error::missing_field(TEXT));
            };
            let text = match table.remove(at).1 {
                Content::Str(text) => text,
                other => return Err(de::Error::invalid_type(other.unexpected(), &"the text of a rule")),
            };
            Arc::new(bouton_rules::Rule::parse(&text).map_err(de::Error::custom)?)
        }
    };
    let mut made = TextRule::new(name, made);
    for (key, value) in table {
        let value = match value {
            Content::F64(x) => x,
            Content::I64(x) => x as f64,
            Content::U64(x) => x as f64,
            other => {
                let what = format!("a number, for the parameter `{key}` of the rule");
                return Err(de::Error::invalid_type(other.unexpected(), &what.as_str()));
            }
        };
        let Some(k) = made.rule.settable().position(|p| p.name == key) else {
            return Err(de::Error::custom(format!("unknown field `{key}`: {}", made.unknown(&key))));
        };
        made.values[k] = value;
    }
    Ok(made.element())
}

/// What model files can name: each rule of the library, and `text`.
pub(super) fn definitions() -> Vec<Def<dyn RuleModel>> {
    let own = Def::of_text(
        TEXT,
        PAGE,
        |c| read(TEXT, None, c),
        |_| {
            schemars::json_schema!({
                "properties": {
                    "text": { "type": "string", "description": "The text of the rule; `docs/rules.md` explains the language." },
                    "file": {
                        "type": "string",
                        "description": "A file that holds the text, in the folder of the model file; in place of `text`."
                    },
                },
                "minProperties": 2,
                "additionalProperties": { "type": "number", "description": "A parameter of the rule, in SI." }
            })
        },
        || Rule::text(EXAMPLE).ok(),
    );
    // A test parses all of them: what is compiled in can be read.
    let parsed = |text| bouton_rules::Rule::parse(text).expect("a rule of the library");
    std::iter::once(own).chain(LIBRARY.iter().map(|l| definition(l.name, parsed(l.text)))).collect()
}

/// A rule that is known by a name.
fn definition(name: &'static str, rule: bouton_rules::Rule) -> Def<dyn RuleModel> {
    // Definitions are for as long as the program runs.
    let page: &'static str = Box::leak(rule.page().into_boxed_str());
    let rule = Arc::new(rule);
    let (for_reading, for_schema) = (rule.clone(), rule);
    Def::of_text(
        name,
        page,
        move |c| read(name, Some(&for_reading), c),
        move |_| schema(&for_schema),
        || None,
    )
}

/// Adds a rule that is a text to the list of rules, so that model files and listings know it by this name, as they know those of
/// the library. The comment at the head of the text is its page. To add it twice is no mistake.
///
/// ```
/// use bouton_elements::rules::{Rule, register_rule_text};
/// register_rule_text("leak", "# Weights leak away.\nparam tau = 10 s # how fast\nw' = -w/tau")?;
/// assert_eq!(Rule::named("leak")?.set("tau", 3.0)?.name(), "leak");
/// assert!(register_rule_text("leak", "w' = -w").is_err());
/// # Ok::<(), bouton_core::Error>(())
/// ```
///
/// # Errors
/// What is wrong with the text; or another element has the name, or it isn't one that files can have.
pub fn register_rule_text(name: &str, text: &str) -> Result<(), Error> {
    let rule = bouton_rules::Rule::parse(text)?;
    if known(name, &rule) == Known::Same {
        return Ok(());
    }
    let registry = <dyn RuleModel>::registry();
    registry.add(definition(Box::leak(name.to_string().into_boxed_str()), rule), |_| false)
}

/// Whether there is a rule of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// There is none.
    No,
    /// The very same text has it.
    Same,
    /// Another rule has it.
    Other,
}

/// Whether a rule of this name is there.
pub(super) fn known(name: &str, rule: &bouton_rules::Rule) -> Known {
    let Some(known) = <dyn RuleModel>::registry().all().into_iter().find(|d| d.name == name) else {
        return Known::No;
    };
    let same =
        known.example().is_some_and(|r| r.as_text().is_some_and(|t| t.name == name && *t.rule == *rule));
    if same { Known::Same } else { Known::Other }
}

/// The parameters of a rule as a schema has them.
fn schema(rule: &bouton_rules::Rule) -> Schema {
    let mut properties = serde_json::Map::new();
    for var in parameters(rule, rule.settable().map(|p| p.value)) {
        let unit = if var.unit.is_empty() { String::new() } else { format!(" ({})", var.unit) };
        let mut field = serde_json::json!({
            "type": "number",
            "description": format!("{}{unit}.", var.doc),
            "default": var.values().first(),
        });
        if var.bounds == Bounds::POSITIVE {
            field["exclusiveMinimum"] = 0.into();
        }
        properties.insert(var.name.to_string(), field);
    }
    schemars::json_schema!({ "properties": properties, "additionalProperties": false })
}

/// The parameters that can be set, at these values.
fn parameters(rule: &bouton_rules::Rule, values: impl Iterator<Item = f64>) -> Vec<Var> {
    let var = |(p, value): (&bouton_rules::Param, f64)| {
        let bounds = if p.positive { Bounds::POSITIVE } else { Bounds::ANY };
        let doc = if p.doc.is_empty() { "parameter of the rule".to_string() } else { p.doc.clone() };
        Var::parameter(p.name.clone(), p.si_unit(), value, bounds, doc)
    };
    rule.settable().zip(values).map(var).collect()
}

/// Where something lives.
fn over(rank: bouton_rules::Rank) -> Over {
    match rank {
        bouton_rules::Rank::Scalar => Over::One,
        bouton_rules::Rank::Pre => Over::Pre,
        bouton_rules::Rank::Post => Over::Post,
        bouton_rules::Rank::Synapse => Over::Synapse,
    }
}

impl RuleModel for TextRule {
    fn check(&self) -> Result<(), String> {
        crate::var::check(&self.vars())
    }
    fn inputs(&self) -> Vec<RuleInput> {
        let input = |r: &bouton_rules::Read| {
            let (side, source) = match r.side {
                Side::Pre => ("pre", Source::Pre),
                Side::Post => ("post", Source::Post),
            };
            let state = match r.what.as_str() {
                "out" => None,
                "v" => Some("voltage".into()),
                other => Some(other.into()),
            };
            RuleInput { name: format!("{side}.{}", r.what), source, synapse: None, state }
        };
        let mut inputs: Vec<RuleInput> = self.rule.reads().iter().map(input).collect();
        if self.rule.reads_scale() {
            inputs.push(RuleInput {
                name: "scale".into(),
                source: Source::Scale,
                synapse: None,
                state: None,
            });
        }
        inputs
    }
    fn has_error(&self) -> bool {
        self.rule.has_error()
    }
    fn factors(&self) -> Vec<RuleFactor> {
        let factor = |f: &bouton_rules::Factor| RuleFactor {
            name: f.name.clone(),
            over: over(f.rank),
            default: f.default,
            error: false,
        };
        self.rule.factors().iter().map(factor).collect()
    }
    fn reads_weights(&self) -> bool {
        self.rule.reads_weights()
    }
    fn changes(&self) -> Changes {
        if self.rule.on_encoders() { Changes::Encoders } else { Changes::Weights }
    }
    fn makes(&self) -> Change {
        match self.rule.makes() {
            Makes::Product => Change::Outer(1),
            Makes::Scaled { product } => Change::Scaled(usize::from(product)),
            Makes::AtSpikes { numbers, pre, post, bounded, reads } => {
                Change::AtSpikes(SpikeParts { numbers, pre, post, bounded, reads })
            }
            Makes::Dense => Change::Dense,
        }
    }
    fn at_spikes(&self, s: &mut SpikeStep<'_>) {
        let side = if s.of == Source::Pre { Side::Pre } else { Side::Post };
        let memory = s.memory.of::<Memory>();
        self.rule.at_spikes(memory, side, s.numbers, [s.pre, s.post], s.weights, s.change);
    }
    fn applies(&self) -> Applies {
        if self.rule.acts_now() { Applies::Now } else { Applies::NextStep }
    }
    fn step(&self, s: &mut RuleStep<'_, '_>) {
        self.with(s, |rule, memory, step| rule.step(memory, step));
    }
    fn linear_in_error(&self) -> bool {
        // What acts at once is written behind all readers, for which there is no such form.
        self.rule.linear_in_error() && !self.rule.acts_now()
    }
    fn post_of_error(&self, s: &mut RuleStep<'_, '_>, error: &[f64], out: &mut [f64]) {
        self.with(s, |rule, memory, step| rule.post_of_error(memory, step, error, out));
    }
    fn vars(&self) -> Vec<Var> {
        let mut vars = parameters(&self.rule, self.values.iter().copied());
        vars.extend(self.rule.states().iter().map(|s| {
            let doc = if s.doc.is_empty() { "state of the rule".to_string() } else { s.doc.clone() };
            Var::state(s.name.clone(), "", over(s.rank), Start::Value(0.0), doc)
        }));
        vars.extend(self.rule.pasts().iter().map(|p| {
            let doc = format!("what `{}` was: the next row, and a row a step", p.name);
            let name = format!("{}.past", p.name);
            Var::state(name, "", over(p.rank), Start::Value(0.0), doc).of_past(p.seconds)
        }));
        vars
    }
    fn set_parameter(&mut self, name: &str, value: f64) -> Result<(), String> {
        let Some(k) = self.rule.settable().position(|p| p.name == name) else {
            return Err(self.unknown(name));
        };
        let bounds = parameters(&self.rule, self.values.iter().copied())[k].bounds;
        bounds.check(name, value)?;
        self.values[k] = value;
        Ok(())
    }
    fn travel(&self, _: f64, _: f64, _: usize, _: f64) -> Option<f64> {
        None
    }
}
