//! Learning rules: those of the list, and those written as one function.

mod function;
mod step;

use bouton_elements::rules::{Changes, Rule, RuleFactor, RuleInput};
use bouton_elements::var::{self, Role, Var};

pub use function::{Period, RuleFunction};
pub use step::{Products, RuleFunctionStep};

/// The learning rule of a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LearningRule {
    /// One that comes with bouton.
    Element(Rule),
    /// One written as a function.
    Function(RuleFunction),
}

impl<R: Into<Rule>> From<R> for LearningRule {
    fn from(r: R) -> LearningRule {
        LearningRule::Element(r.into())
    }
}
impl From<RuleFunction> for LearningRule {
    fn from(r: RuleFunction) -> LearningRule {
        LearningRule::Function(r)
    }
}

impl LearningRule {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            LearningRule::Element(r) => r.name(),
            LearningRule::Function(f) => &f.name,
        }
    }
    /// Whether it has an error, to which connections can be made.
    pub fn has_error(&self) -> bool {
        match self {
            LearningRule::Element(r) => r.model().has_error(),
            LearningRule::Function(f) => f.error,
        }
    }
    /// Whether it has an error, or a further one by its name.
    pub(crate) fn has_any_error(&self) -> bool {
        self.has_error() || self.factors().iter().any(|f| f.error)
    }
    /// The matrix that it changes. A function changes weights.
    pub fn changes(&self) -> Changes {
        match self {
            LearningRule::Element(r) => r.model().changes(),
            LearningRule::Function(_) => Changes::Weights,
        }
    }
    /// Its inputs beside the error.
    pub fn inputs(&self) -> Vec<RuleInput> {
        match self {
            LearningRule::Element(r) => r.model().inputs(),
            LearningRule::Function(f) => f.inputs.clone(),
        }
    }
    /// Its states, in the order in which they were declared.
    pub fn states(&self) -> Vec<Var> {
        match self {
            LearningRule::Element(r) => var::of_role(r.model().vars(), Role::State),
            LearningRule::Function(f) => f.state.clone(),
        }
    }
    /// Its third factors and its further errors, to which connections can be made.
    pub fn factors(&self) -> Vec<RuleFactor> {
        match self {
            LearningRule::Element(r) => r.model().factors(),
            LearningRule::Function(f) => f.factors.clone(),
        }
    }
    /// Its parameters that can change while the model runs, with the values that it was made with: those of the pulse policy,
    /// where it brings one.
    pub fn parameters(&self) -> Vec<Var> {
        match self {
            LearningRule::Element(r) => {
                let vars = r.model().policy().map_or_else(|| r.model().vars(), |p| p.model().vars());
                var::of_role(vars, Role::Parameter)
            }
            LearningRule::Function(f) => f.parameters.clone(),
        }
    }
}
