//! What a rule written as a function is given, and what it sets.

use super::RuleFunction;
use crate::Failure;

/// What a rule written as a function is given in each step. Matrices are row-major, post × pre.
pub struct RuleFunctionStep<'a> {
    /// The rule as it was declared, for names.
    pub rule: &'a RuleFunction,
    /// Time at the end of the step (s).
    pub t: f64,
    /// Time step (s).
    pub dt: f64,
    /// Time since the step in which the rule acted last, or since the start (s): `dt`, but for a rule that acts
    /// [every so often](RuleFunction::every).
    pub since: f64,
    /// Rows (post) and columns (pre).
    pub shape: (usize, usize),
    /// The inputs, in the order in which they were declared.
    pub inputs: &'a [&'a [f64]],
    /// The error (one value a row; onto neurons already times the scaled encoders), zeros if the rule has none.
    pub error: &'a [f64],
    /// The third factors and the further errors, in the order in which they were declared: see
    /// [`RuleFunction::factor`] and [`RuleFunction::error_named`].
    pub factors: &'a [&'a [f64]],
    /// The weights as this step's transmission used them. Empty where the change is made of
    /// [products](RuleFunction::products) and [`reads_weights`](RuleFunction::reads_weights) was not declared.
    pub weights: &'a [f64],
    /// The state variables, in the order in which they were declared.
    pub state: &'a mut [&'a mut [f64]],
    /// The parameters, in the order in which they were declared.
    pub parameters: &'a [f64],
    /// The change of the weights, to be set; zero at the start of each call. Empty where the change is made of products.
    pub delta: &'a mut [f64],
    /// What the change is made of where it is made of [products](RuleFunction::products), to be set.
    pub products: Products<'a>,
}

/// A change that is made of outer products: Δw of row i, column j is `scale`·Σ_f post_f,i·pre_f,j.
pub struct Products<'a> {
    /// The learning rate and what goes with it: devices are given the factors without it, but for its sign. 1 at the start
    /// of each call; 0 is no change.
    pub scale: f64,
    /// One value a row for each product, one product behind the other; zero at the start of each call.
    pub post: &'a mut [f64],
    /// One value a column for each product, one product behind the other; zero at the start of each call.
    pub pre: &'a mut [f64],
}

impl<'a> RuleFunctionStep<'a> {
    /// An input by its name: `pre`, `pre_filtered`, `post`, `post_filtered`; a second one of a kind is `pre_filtered_2`.
    ///
    /// # Errors
    /// A name that the rule has not declared.
    pub fn input(&self, name: &str) -> Result<&'a [f64], Failure> {
        let names = self.rule.inputs.iter().map(|i| i.name.as_str());
        Ok(self.inputs[position("input", name, names)?])
    }
    /// A third factor or a further error, by its name.
    ///
    /// # Errors
    /// A name that the rule has not declared.
    pub fn factor(&self, name: &str) -> Result<&'a [f64], Failure> {
        let names = self.rule.factors.iter().map(|f| f.name.as_str());
        Ok(self.factors[position("third factor", name, names)?])
    }
    /// The factors of product `f`, counted from 0: one value a row, one value a column.
    ///
    /// # Errors
    /// The rule has not declared as many.
    pub fn product(&mut self, f: usize) -> Result<(&mut [f64], &mut [f64]), Failure> {
        let ((rows, cols), n) = (self.shape, self.rule.products.unwrap_or(0));
        if f >= n {
            let m =
                format!("there is no product {f}: the rule has declared {n}, counted from 0; see `products`");
            return Err(m.into());
        }
        Ok((&mut self.products.post[f * rows..][..rows], &mut self.products.pre[f * cols..][..cols]))
    }
    /// The present value of a parameter, by its name.
    ///
    /// # Errors
    /// A name that the rule has not declared.
    pub fn parameter(&self, name: &str) -> Result<f64, Failure> {
        let names = self.rule.parameters.iter().map(|p| &*p.name);
        Ok(self.parameters[position("parameter", name, names)?])
    }
    /// A state variable by its name, to read and to change.
    ///
    /// # Errors
    /// A name that the rule has not declared.
    pub fn state(&mut self, name: &str) -> Result<&mut [f64], Failure> {
        let names = self.rule.state.iter().map(|s| &*s.name);
        Ok(&mut *self.state[position("state variable", name, names)?])
    }
}

fn position<'n>(what: &str, name: &str, names: impl Iterator<Item = &'n str>) -> Result<usize, String> {
    let names: Vec<&str> = names.collect();
    names.iter().position(|n| *n == name).ok_or_else(|| match names.len() {
        0 => format!("there is no {what} `{name}`: the rule has declared none"),
        _ => format!("there is no {what} `{name}`; the rule has declared: {}", names.join(", ")),
    })
}
