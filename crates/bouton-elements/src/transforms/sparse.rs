//! A sparse matrix: given elements, and zeros elsewhere.
//!
//! y_rows[k] += values[k]·x_columns[k] for every k.
//!
//! | parameter | default | |
//! |---|---|---|
//! | `shape` | – | outputs and inputs |
//! | `rows` | – | the output of each element |
//! | `columns` | – | the input of each element |
//! | `values` | 1 | the elements: a list, a number, a distribution |
//!
//! An element that is listed twice is the sum. A step costs as much as there are
//! elements. While the model runs the elements are the connection's weights, a
//! list; where they lie is fixed. No rule learns them. Behind an ensemble they
//! become part of its weights, which are a matrix.
//!
//! ```toml
//! [connections.transform]
//! type = "sparse"
//! shape = [2, 3]
//! rows = [0, 1]
//! columns = [2, 0]
//! values = [0.5, -1]
//! ```

use std::sync::Arc;

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::links::{Links, Listed, Numbers};
use super::{Map, TransformModel};
use crate::Element;
use crate::distributions::Values;
use crate::var::{Bounds, Start, Var};

/// A sparse matrix: elements at given rows and columns, and zeros elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sparse {
    /// Numbers of outputs and inputs.
    pub shape: [usize; 2],
    /// The output of each element, from 0.
    pub rows: Vec<usize>,
    /// The input of each element, from 0.
    pub columns: Vec<usize>,
    /// The elements: a list, a number that all have, or a distribution. Default 1.
    #[serde(default = "one")]
    #[schemars(with = "Values")]
    pub values: Numbers,
}

fn one() -> Numbers {
    Numbers::Number(1.0)
}

impl Element for Sparse {
    const NAME: &'static str = "sparse";
    const PAGE: &'static str = include_str!("sparse.rs");
    fn example() -> Option<Sparse> {
        Some(Sparse { shape: [1, 1], rows: vec![0], columns: vec![0], values: one() })
    }
}

/// Integers as a variable has them.
pub(super) fn list(name: &'static str, values: &[usize], doc: &'static str) -> Var {
    let values: Vec<f64> = values.iter().map(|x| *x as f64).collect();
    Var::list(name, "", &values, doc).when_built()
}

/// What numbers are made of, as a variable.
pub(super) fn numbers(name: &'static str, numbers: &Numbers, doc: &'static str) -> Var {
    let start = match numbers {
        Numbers::Number(x) => Start::Value(*x),
        Numbers::List(x) => Start::Values(x.clone()),
        Numbers::Drawn(d) => Start::Name { is: d.name().into(), of: vec![] },
    };
    Var { start, ..Var::fixed(name, "", 0.0, Bounds::ANY, doc) }
}

impl TransformModel for Sparse {
    fn check(&self) -> Result<(), String> {
        Listed::new((self.shape[0], self.shape[1]), &self.rows, &self.columns)?;
        self.values.check("values", self.rows.len())
    }
    fn outputs(&self, inputs: usize) -> Result<Option<usize>, String> {
        let [rows, columns] = self.shape;
        if columns == inputs {
            return Ok(Some(rows));
        }
        Err(format!(
            "must have {inputs} columns (values that the connection carries), found {rows} × {columns}"
        ))
    }
    fn dense(&self) -> bool {
        false
    }
    fn links(&self) -> Option<Links> {
        Listed::new((self.shape[0], self.shape[1]), &self.rows, &self.columns).ok().map(Links::Listed)
    }
    fn make(&self, _: usize, _: usize, rng: &mut RandomState) -> Result<Map, String> {
        let links = Listed::new((self.shape[0], self.shape[1]), &self.rows, &self.columns)?;
        let values = match &self.values {
            Numbers::Number(x) => vec![*x; self.rows.len()],
            Numbers::List(x) => x.clone(),
            Numbers::Drawn(d) => d.sample(self.rows.len(), 1, rng)?,
        };
        Ok(Map::Linked(Arc::new(Links::Listed(links)), Arc::new(values)))
    }
    fn vars(&self) -> Vec<Var> {
        vec![
            list("shape", &self.shape, "numbers of outputs and inputs"),
            list("rows", &self.rows, "the output of each element"),
            list("columns", &self.columns, "the input of each element"),
            numbers(
                "values",
                &self.values,
                "the elements: a list, a number that all have, or a distribution",
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_where_they_were_put() {
        let t = Sparse {
            shape: [3, 2],
            rows: vec![2, 0, 2],
            columns: vec![1, 1, 1],
            values: Numbers::List(vec![1.5, -2.0, 0.25]),
        };
        t.check().unwrap();
        let Map::Linked(links, values) = t.make(3, 2, &mut RandomState::new(0)).unwrap() else { panic!() };
        let mut y = [0.0, 10.0, 0.0];
        links.add(&values, &[7.0, 2.0], &mut y);
        assert_eq!(y, [-4.0, 10.0, 3.5]);
        let bad = |t: Sparse| t.check().unwrap_err();
        assert!(bad(Sparse { rows: vec![3, 0, 0], ..t.clone() }).contains("`rows` must be below 3"));
        assert!(bad(Sparse { columns: vec![0], ..t.clone() }).contains("found 3 and 1"));
        assert!(
            bad(Sparse { values: Numbers::List(vec![1.0]), ..t.clone() })
                .contains("`values` must be 3 numbers")
        );
        assert!(
            bad(Sparse { values: Numbers::Number(f64::NAN), ..t.clone() })
                .contains("`values` must be finite")
        );
        assert!(t.outputs(3).unwrap_err().contains("must have 3 columns"));
    }
}
