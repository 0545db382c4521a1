//! Any rational transfer function: num(s)/den(s), coefficients of the highest power first.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | num | `num` | [1] | – |
//! | den | `den` | [1] | – |
//! | – | `analog` | true | false: the coefficients are of z, for the time step of the run |
//!
//! Numerators of a lower degree than the denominator give y from the state after the step; equal degrees give
//! y = Cx + Du from the state before it, as Nengo has it.
//!
//! Reference: Oppenheim & Willsky 1997, Signals and Systems, §9.7.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Filter, StateSpace, SynapseModel};
use crate::Element;
use crate::var::Var;

/// Any rational transfer function: num(s)/den(s).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LinearFilter {
    /// Coefficients of the numerator, highest power first.
    pub num: Vec<f64>,
    /// Coefficients of the denominator, highest power first.
    pub den: Vec<f64>,
    /// Whether the coefficients are of s (continuous time) rather than of z.
    pub analog: bool,
}

impl Default for LinearFilter {
    fn default() -> LinearFilter {
        LinearFilter { num: vec![1.0], den: vec![1.0], analog: true }
    }
}

impl Element for LinearFilter {
    const NAME: &'static str = "linear_filter";
    const PAGE: &'static str = include_str!("linear.rs");
}

fn without_leading_zeros(x: &[f64]) -> &[f64] {
    &x[x.iter().position(|v| *v != 0.0).unwrap_or(x.len())..]
}

impl LinearFilter {
    /// The same filter with lists as long as those of another; `None` if they don't fit into them.
    pub(super) fn padded(&self, form: &LinearFilter) -> Option<LinearFilter> {
        let pad = |x: &[f64], len: usize| {
            let x = without_leading_zeros(x);
            let zeros = len.checked_sub(x.len())?;
            Some([&vec![0.0; zeros], x].concat())
        };
        Some(LinearFilter {
            num: pad(&self.num, form.num.len())?,
            den: pad(&self.den, form.den.len())?,
            ..*self
        })
    }
}

impl SynapseModel for LinearFilter {
    fn check(&self) -> Result<(), String> {
        for (name, x) in [("num", &self.num), ("den", &self.den)] {
            if x.is_empty() || x.iter().any(|v| !v.is_finite()) {
                return Err(format!("`{name}` must be a list of at least one finite number, found {x:?}"));
            }
        }
        let (num, den) = (without_leading_zeros(&self.num), without_leading_zeros(&self.den));
        if den.is_empty() {
            return Err("`den` must have a coefficient that isn't zero".into());
        }
        if num.len() > den.len() {
            return Err(format!(
                "`num` must not have a higher degree than `den` (the filter would look into the future), found degrees {} and {}",
                num.len() - 1,
                den.len() - 1
            ));
        }
        if den.len() - 1 > StateSpace::MAX_STATES {
            return Err(format!(
                "`den` must be of degree {} at most, found {}",
                StateSpace::MAX_STATES,
                den.len() - 1
            ));
        }
        Ok(())
    }

    fn vars(&self) -> Vec<Var> {
        vec![
            Var::list("num", "", &self.num, "coefficients of the numerator, highest power first"),
            Var::list("den", "", &self.den, "coefficients of the denominator, highest power first"),
            Var::flag("analog", self.analog, "whether the coefficients are of s rather than of z"),
        ]
    }

    fn transfer(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        self.analog.then(|| (self.num.clone(), self.den.clone()))
    }

    fn discretise(&self, dt: f64, parameters: &[f64]) -> Result<Filter, String> {
        let Some((num, den)) = parameters.split_at_checked(self.num.len()) else {
            return Err(format!(
                "takes {} coefficients, found {}",
                self.num.len() + self.den.len(),
                parameters.len()
            ));
        };
        let now = LinearFilter { num: num.into(), den: den.into(), analog: self.analog };
        now.check()?;
        let den = without_leading_zeros(&now.den);
        let n = den.len() - 1;
        let lead = den[0];
        let mut num = vec![0.0; n + 1];
        let given = without_leading_zeros(&now.num);
        for (k, v) in given.iter().enumerate() {
            num[n + 1 - given.len() + k] = v / lead;
        }
        if n == 0 {
            return Ok(Filter::Gain(num[0]));
        }
        // Controller canonical form.
        let den: Vec<f64> = den.iter().map(|v| v / lead).collect();
        let d = num[0];
        let mut a = vec![0.0; n * n];
        for k in 0..n {
            a[k] = -den[k + 1];
        }
        for k in 1..n {
            a[k * n + k - 1] = 1.0;
        }
        let mut b = vec![0.0; n];
        b[0] = 1.0;
        let c: Vec<f64> = (0..n).map(|k| num[k + 1] - d * den[k + 1]).collect();
        let mut space = StateSpace { n, a, b, c, d };
        if self.analog {
            space = space.hold(dt);
        }
        if space.d == 0.0 && n == 1 {
            return Ok(Filter::First { a: space.a[0], b: space.c[0] * space.b[0] });
        }
        Ok(Filter::Space(space))
    }
}
