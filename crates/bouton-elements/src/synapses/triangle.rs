//! Triangular synapse: an impulse response that falls in a straight line to 0.
//!
//! h(k·dt) = 2(n − k)/(n(n + 1)) for k = 0 … n − 1, n = t/dt + 1 (rounded), and 0
//! from then on: it is finite.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | t | `t` | 0.005 | s |
//!
//! While the model runs, t can be set to less than it was built with: the last
//! inputs are kept for as many steps as that takes.
//!
//! Reference: Oppenheim & Schafer 2010, Discrete-Time Signal Processing, §6.5
//! (finite impulse responses in direct form).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Filter, SynapseModel};
use crate::Element;
use crate::var::{Bounds, Var};

/// Triangular, finite impulse response: it falls in a straight line to 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Triangle {
    /// Length of the response (s), at least 0.
    #[schemars(range(min = 0))]
    pub t: f64,
}

impl Default for Triangle {
    fn default() -> Triangle {
        Triangle { t: 0.005 }
    }
}

impl Element for Triangle {
    const NAME: &'static str = "triangle";
    const PAGE: &'static str = include_str!("triangle.rs");
}

/// More steps than this are a mistake: a step costs as much.
const MOST: f64 = 1e6;

impl SynapseModel for Triangle {
    fn check(&self) -> Result<(), String> {
        Bounds::AT_LEAST_0.check("t", self.t)
    }
    fn vars(&self) -> Vec<Var> {
        vec![Var::parameter("t", "s", self.t, Bounds::AT_LEAST_0, "length of the response")]
    }
    fn discretise(&self, dt: f64, parameters: &[f64]) -> Result<Filter, String> {
        let &[t] = parameters else {
            return Err(format!("takes one parameter, `t`, found {}", parameters.len()));
        };
        Bounds::AT_LEAST_0.check("t", t)?;
        // Half-way cases go to the even number, as in NumPy.
        let steps = (t / dt).round_ties_even();
        if steps > MOST {
            return Err(format!("`t` must be at most {MOST:e} time steps of {dt} s, found {t} s"));
        }
        let n = steps as usize + 1;
        let sum = (n as f64) * (n as f64 + 1.0) / 2.0;
        Ok(Filter::Taps((0..n).map(|k| (n - k) as f64 / sum).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The response to an impulse is the triangle; its sum is 1, and its mean delay (n − 1)/3 steps.
    #[test]
    fn the_response_is_a_triangle() {
        for (t, n) in [(0.0, 1), (0.004, 5), (0.0304, 31)] {
            let f = Triangle { t }.filter(0.001).unwrap();
            assert_eq!(f.states(), n);
            let (mut x, mut y) = (vec![0.0; 2 * n], [0.0f64; 2]);
            let mut response = vec![];
            for k in 0..n + 3 {
                let u = if k == 0 { [1.0, -3.0] } else { [0.0; 2] };
                f.step(&u, &mut x, &mut y);
                assert!((y[1] + 3.0 * y[0]).abs() < 1e-15);
                response.push(y[0]);
            }
            assert_eq!(response[n..], [0.0; 3]);
            for (k, h) in response[..n].iter().enumerate() {
                let exact = 2.0 * (n - k) as f64 / (n * (n + 1)) as f64;
                assert!((h - exact).abs() < 1e-15, "t = {t}, step {k}: {h} is not {exact}");
            }
            let delay: f64 = response.iter().enumerate().map(|(k, h)| k as f64 * h).sum();
            assert!((delay - (n - 1) as f64 / 3.0).abs() < 1e-12);
        }
        assert!(Triangle { t: -1.0 }.check().unwrap_err().contains("`t`"));
        assert!(Triangle { t: 1e5 }.filter(0.001).unwrap_err().contains("time steps"));
    }
}
