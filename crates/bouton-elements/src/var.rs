//! The variables of elements: one notation for the parameters and the states of all kinds.

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
    /// A list of so many numbers.
    Numbers(usize),
}

/// Who changes a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The user alone.
    Parameter,
    /// The element, in every step.
    State,
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
}

impl Bounds {
    /// Any finite number.
    pub const ANY: Bounds = Bounds { low: f64::NEG_INFINITY, high: f64::INFINITY, open: false };
    /// Greater than 0.
    pub const POSITIVE: Bounds = Bounds { low: 0.0, high: f64::INFINITY, open: true };
    /// At least 0.
    pub const AT_LEAST_0: Bounds = Bounds { low: 0.0, high: f64::INFINITY, open: false };
    /// At most 0.
    pub const AT_MOST_0: Bounds = Bounds { low: f64::NEG_INFINITY, high: 0.0, open: false };

    /// Whether a number lies in them. It has to be finite in any case.
    pub fn hold(&self, x: f64) -> bool {
        x.is_finite() && (x > self.low || (!self.open && x == self.low)) && x <= self.high
    }
    /// What is expected, in words: "finite", "greater than 0", "at least 0 and at most 1".
    pub fn words(&self) -> String {
        let above = if self.open { "greater than" } else { "at least" };
        match (self.low.is_finite(), self.high.is_finite()) {
            (false, false) => "finite".into(),
            (true, false) => format!("{above} {}", self.low),
            (false, true) => format!("at most {}", self.high),
            (true, true) => format!("{above} {} and at most {}", self.low, self.high),
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
    pub name: &'static str,
    /// Its unit; empty if it has none.
    pub unit: &'static str,
    /// What it has one number for.
    pub over: Over,
    /// Who changes it.
    pub role: Role,
    /// How it starts; of a parameter, its present value.
    pub start: Start,
    /// The numbers that it takes.
    pub bounds: Bounds,
    /// One line of explanation.
    pub doc: &'static str,
}

impl Var {
    /// A parameter: one number, in the bounds that it may be set to.
    pub fn parameter(
        name: &'static str,
        unit: &'static str,
        value: f64,
        bounds: Bounds,
        doc: &'static str,
    ) -> Var {
        Var { name, unit, over: Over::One, role: Role::Parameter, start: Start::Value(value), bounds, doc }
    }
    /// A parameter that is a list.
    pub fn list(name: &'static str, unit: &'static str, values: &[f64], doc: &'static str) -> Var {
        Var {
            name,
            unit,
            over: Over::Numbers(values.len()),
            role: Role::Parameter,
            start: Start::Values(values.into()),
            bounds: Bounds::ANY,
            doc,
        }
    }
    /// A state.
    pub fn state(name: &'static str, unit: &'static str, over: Over, start: Start, doc: &'static str) -> Var {
        Var { name, unit, over, role: Role::State, start, bounds: Bounds::ANY, doc }
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
            Start::Uniform(..) => vec![],
        }
    }
}

/// Those of a role, in their order.
pub fn of_role(vars: Vec<Var>, role: Role) -> Vec<Var> {
    vars.into_iter().filter(|v| v.role == role).collect()
}

/// The present values of the parameters among some variables, one behind the other: what steps are handed.
pub fn parameter_values(vars: &[Var]) -> Vec<f64> {
    vars.iter().filter(|v| v.role == Role::Parameter).flat_map(Var::values).collect()
}
