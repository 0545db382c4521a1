//! The variables of elements: one notation for the parameters and the states of all kinds.

use std::borrow::Cow;

use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;

/// What a variable has one number for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The element: one number.
    One,
    /// Each neuron.
    Neuron,
    /// Each presynaptic neuron: each column.
    Pre,
    /// Each postsynaptic neuron: each row.
    Post,
    /// Each synapse: row-major, post × pre.
    Synapse,
    /// Each pair of presynaptic neurons: row-major, pre × pre.
    PrePre,
    /// A list of so many numbers.
    Numbers(usize),
}

/// Who changes a variable, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The user alone, also while the model runs: it has a path.
    Parameter,
    /// The element, in every step. It has a path.
    State,
    /// The user alone, before the model is built. It has no path: another value is another model.
    Fixed,
}

/// How a variable starts; of a parameter, its present value.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// At the same number everywhere.
    Value(f64),
    /// At these numbers.
    Values(Vec<f64>),
    /// Uniform on [low, high), drawn from the object's stream.
    Uniform(f64, f64),
    /// It is no number: one of these names. Yes and no are `true` and `false`.
    Name {
        /// The present one.
        is: String,
        /// All that it may be.
        of: Vec<String>,
    },
    /// It is left out, and then has no value.
    Absent,
    /// It has no default: whoever makes the element says it. Only listings have this.
    Required,
}

/// The numbers that a variable takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Lowest.
    pub low: f64,
    /// Highest.
    pub high: f64,
    /// Whether the lowest itself is refused.
    pub open: bool,
    /// Whether the highest itself is refused.
    pub open_high: bool,
}

impl Bounds {
    /// Any finite number.
    pub const ANY: Bounds =
        Bounds { low: f64::NEG_INFINITY, high: f64::INFINITY, open: false, open_high: false };
    /// Greater than 0.
    pub const POSITIVE: Bounds = Bounds { low: 0.0, open: true, ..Bounds::ANY };
    /// At least 0.
    pub const AT_LEAST_0: Bounds = Bounds { low: 0.0, ..Bounds::ANY };
    /// At most 0.
    pub const AT_MOST_0: Bounds = Bounds { high: 0.0, ..Bounds::ANY };

    /// Whether a number lies in them. It has to be finite in any case.
    pub fn hold(&self, x: f64) -> bool {
        let above = x > self.low || (!self.open && x == self.low);
        let below = x < self.high || (!self.open_high && x == self.high);
        x.is_finite() && above && below
    }
    /// What is expected, in words: "finite", "greater than 0", "at least 0 and at most 1".
    pub fn words(&self) -> String {
        let above = if self.open { "greater than" } else { "at least" };
        let below = if self.open_high { "less than" } else { "at most" };
        match (self.low.is_finite(), self.high.is_finite()) {
            (false, false) => "finite".into(),
            (true, false) => format!("{above} {}", self.low),
            (false, true) => format!("{below} {}", self.high),
            (true, true) => format!("{above} {} and {below} {}", self.low, self.high),
        }
    }
    /// Refuses a number that doesn't lie in them.
    ///
    /// # Errors
    /// What `name` must be, and what was found.
    ///
    /// ```
    /// use bouton_elements::var::Bounds;
    /// assert!(Bounds::POSITIVE.check("tau_rc", 0.02).is_ok());
    /// assert_eq!(
    ///     Bounds::POSITIVE.check("tau_rc", 0.0).unwrap_err(),
    ///     "`tau_rc` must be a finite number greater than 0, found 0"
    /// );
    /// ```
    pub fn check(&self, name: &str, value: f64) -> Result<(), String> {
        if self.hold(value) {
            return Ok(());
        }
        let words = if *self == Bounds::ANY { String::new() } else { format!(" {}", self.words()) };
        Err(format!("`{name}` must be a finite number{words}, found {value}"))
    }
}

/// A variable of an element.
#[derive(Clone, Debug, PartialEq)]
pub struct Var {
    /// Its name, as model files, paths and probes use it.
    pub name: Cow<'static, str>,
    /// Its unit; empty if it has none.
    pub unit: Cow<'static, str>,
    /// What it has one number for.
    pub over: Over,
    /// Who changes it.
    pub role: Role,
    /// Of a state: it holds what such numbers were in the last seconds, so many. These are
    /// [`past_len`](crate::rules::past_len) numbers, by the time step: the place of the next row, then a row a step.
    pub past: Option<f64>,
    /// How it starts; of a parameter, its present value.
    pub start: Start,
    /// The numbers that it takes.
    pub bounds: Bounds,
    /// One line of explanation.
    pub doc: Cow<'static, str>,
}

impl Var {
    /// A parameter: one number, in the bounds that it may be set to.
    pub fn parameter(
        name: impl Into<Cow<'static, str>>,
        unit: impl Into<Cow<'static, str>>,
        value: f64,
        bounds: Bounds,
        doc: impl Into<Cow<'static, str>>,
    ) -> Var {
        Var {
            name: name.into(),
            unit: unit.into(),
            over: Over::One,
            role: Role::Parameter,
            past: None,
            start: Start::Value(value),
            bounds,
            doc: doc.into(),
        }
    }
    /// A parameter that is a list.
    pub fn list(
        name: impl Into<Cow<'static, str>>,
        unit: impl Into<Cow<'static, str>>,
        values: &[f64],
        doc: impl Into<Cow<'static, str>>,
    ) -> Var {
        Var {
            name: name.into(),
            unit: unit.into(),
            over: Over::Numbers(values.len()),
            role: Role::Parameter,
            past: None,
            start: Start::Values(values.into()),
            bounds: Bounds::ANY,
            doc: doc.into(),
        }
    }
    /// A state.
    pub fn state(
        name: impl Into<Cow<'static, str>>,
        unit: impl Into<Cow<'static, str>>,
        over: Over,
        start: Start,
        doc: impl Into<Cow<'static, str>>,
    ) -> Var {
        Var {
            name: name.into(),
            unit: unit.into(),
            over,
            role: Role::State,
            past: None,
            start,
            bounds: Bounds::ANY,
            doc: doc.into(),
        }
    }
    /// A number that is fixed when the model is built.
    pub fn fixed(
        name: impl Into<Cow<'static, str>>,
        unit: impl Into<Cow<'static, str>>,
        value: f64,
        bounds: Bounds,
        doc: impl Into<Cow<'static, str>>,
    ) -> Var {
        Var::parameter(name, unit, value, bounds, doc).when_built()
    }
    /// One that may be left out, and is fixed when the model is built.
    pub fn optional(
        name: impl Into<Cow<'static, str>>,
        unit: impl Into<Cow<'static, str>>,
        value: Option<f64>,
        bounds: Bounds,
        doc: impl Into<Cow<'static, str>>,
    ) -> Var {
        let start = value.map_or(Start::Absent, Start::Value);
        Var { start, ..Var::fixed(name, unit, 0.0, bounds, doc) }
    }
    /// A yes or no that is fixed when the model is built.
    pub fn flag(name: impl Into<Cow<'static, str>>, value: bool, doc: impl Into<Cow<'static, str>>) -> Var {
        let start = Start::Name { is: value.to_string(), of: vec!["true".into(), "false".into()] };
        Var { start, ..Var::fixed(name, "", 0.0, Bounds::ANY, doc) }
    }
    /// A choice between names that is fixed when the model is built: an enum without fields, as files write it.
    pub fn choice<T: Serialize + JsonSchema>(
        name: impl Into<Cow<'static, str>>,
        value: &T,
        doc: impl Into<Cow<'static, str>>,
    ) -> Var {
        let is = serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_string));
        let schema = T::json_schema(&mut SchemaGenerator::default()).to_value();
        // Names that are documented are members by themselves; all others are together in one, or make the schema alone.
        let members = schema.get("oneOf").and_then(|v| v.as_array()).into_iter().flatten().chain([&schema]);
        let names = members.flat_map(|m| {
            let together = m.get("enum").and_then(|v| v.as_array()).into_iter().flatten();
            m.get("const").into_iter().chain(together)
        });
        let of = names.filter_map(|v| v.as_str().map(str::to_string)).collect();
        let start = Start::Name { is: is.unwrap_or_default(), of };
        Var { start, ..Var::fixed(name, "", 0.0, Bounds::ANY, doc) }
    }
    /// The same, fixed when the model is built.
    pub fn when_built(self) -> Var {
        Var { role: Role::Fixed, ..self }
    }
    /// A state that holds what was in the last seconds, so many.
    pub fn of_past(self, seconds: f64) -> Var {
        Var { past: Some(seconds), ..self }
    }
    /// The same with one number for each of these.
    pub fn over(self, over: Over) -> Var {
        Var { over, ..self }
    }
    /// The same within these bounds.
    pub fn within(self, bounds: Bounds) -> Var {
        Var { bounds, ..self }
    }
    /// Whether the element changes it.
    pub fn is_state(&self) -> bool {
        self.role == Role::State
    }
    /// The numbers that it starts with, where they are known: one, or those of its list.
    pub fn values(&self) -> Vec<f64> {
        match &self.start {
            Start::Value(x) => vec![*x],
            Start::Values(x) => x.clone(),
            Start::Uniform(..) | Start::Name { .. } | Start::Absent | Start::Required => vec![],
        }
    }
}

/// Refuses parameters that are set to a number outside their bounds.
///
/// # Errors
/// The first such parameter, what it must be, and what was found.
///
/// ```
/// use bouton_elements::var::{Bounds, Var, check};
/// let rate = |x| Var::parameter("rate", "1/s", x, Bounds { high: 5.0, ..Bounds::AT_LEAST_0 }, "a rate");
/// assert!(check(&[rate(5.0)]).is_ok());
/// let e = check(&[rate(5.05)]).unwrap_err();
/// assert_eq!(e, "`rate` must be a finite number at least 0 and at most 5, found 5.05");
/// ```
pub fn check(vars: &[Var]) -> Result<(), String> {
    let parameters = vars.iter().filter(|v| !v.is_state());
    parameters
        .flat_map(|v| v.values().into_iter().map(move |x| (v, x)))
        .try_for_each(|(v, x)| v.bounds.check(&v.name, x))
}

/// Those of a role, in their order.
pub fn of_role(vars: Vec<Var>, role: Role) -> Vec<Var> {
    vars.into_iter().filter(|v| v.role == role).collect()
}

/// The present values of the parameters among some variables, one behind the other: what steps are handed.
pub fn parameter_values(vars: &[Var]) -> Vec<f64> {
    vars.iter().filter(|v| v.role == Role::Parameter).flat_map(Var::values).collect()
}
