//! Any rational transfer function: num(s)/den(s), coefficients of the highest power
//! first.
//!
//! | symbol | parameter | default | unit |
//! |---|---|---|---|
//! | num | `num` | [1] | – |
//! | den | `den` | [1] | – |
//! | – | `analog` | true | false: the coefficients are of z, for steps of dt |
//! | – | `method` | zoh | how coefficients of s become those of a step |
//! | α | `alpha` | – | weight of the new state, with `gbt` alone |
//!
//! | method | x' = Ax + Bu becomes |
//! |---|---|
//! | `zoh` | exact for inputs that are held over a step |
//! | `euler` | x ← x + dt(Ax + Bu): `gbt` with α = 0 |
//! | `backward_diff` | the same with the new x: `gbt` with α = 1 |
//! | `bilinear` | half of each (Tustin): `gbt` with α = ½ |
//! | `gbt` | (1 − α) of the old x and α of the new |
//!
//! Numerators of a lower degree than the denominator give y from the state after
//! the step; equal degrees give y = Cx + Du from the state before it, as Nengo has
//! it. With α > 0 there always is a D.
//!
//! Reference: Oppenheim & Willsky 1997, Signals and Systems, §9.7; Zhang, Chen &
//! Chen 2009, Performance recovery in digital implementation of analogue systems,
//! SIAM J. Control Optim. 45:2207 (`gbt`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Filter, StateSpace, SynapseModel};
use crate::Element;
use crate::var::{Bounds, Var};

/// How a system in continuous time becomes one in steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Exact for inputs that are held over a step.
    #[default]
    Zoh,
    /// The old state moves it.
    Euler,
    /// The new state moves it.
    BackwardDiff,
    /// The mean of the old and the new state moves it.
    Bilinear,
    /// A mean with a weight of the new state, `alpha`, moves it.
    Gbt,
}

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
    /// How coefficients of s become those of a step.
    pub method: Method,
    /// Weight of the new state, from 0 to 1: for the method `gbt`, and for no other.
    #[schemars(range(min = 0, max = 1))]
    pub alpha: Option<f64>,
}

impl Default for LinearFilter {
    fn default() -> LinearFilter {
        LinearFilter::new(vec![1.0], vec![1.0])
    }
}

impl Element for LinearFilter {
    const NAME: &'static str = "linear_filter";
    const PAGE: &'static str = include_str!("linear.rs");
}

fn without_leading_zeros(x: &[f64]) -> &[f64] {
    &x[x.iter().position(|v| *v != 0.0).unwrap_or(x.len())..]
}

/// The weights that `gbt` takes.
const SHARE: Bounds = Bounds { high: 1.0, ..Bounds::AT_LEAST_0 };

impl LinearFilter {
    /// num(s)/den(s), by zero-order hold; coefficients of the highest power first.
    pub fn new(num: impl Into<Vec<f64>>, den: impl Into<Vec<f64>>) -> LinearFilter {
        LinearFilter { num: num.into(), den: den.into(), analog: true, method: Method::Zoh, alpha: None }
    }
    /// The weight of the new state in the method; `None` for a zero-order hold.
    fn share(&self) -> Option<f64> {
        match self.method {
            Method::Zoh => None,
            Method::Euler => Some(0.0),
            Method::Bilinear => Some(0.5),
            Method::BackwardDiff => Some(1.0),
            Method::Gbt => Some(self.alpha.unwrap_or(0.5)),
        }
    }
    /// Whether only numbers that can change while a model runs are between it and another.
    pub(super) fn as_form(&self, other: &LinearFilter) -> bool {
        (self.analog, self.method, self.alpha) == (other.analog, other.method, other.alpha)
    }
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
            ..self.clone()
        })
    }
}

impl SynapseModel for LinearFilter {
    fn check(&self) -> Result<(), String> {
        match (self.method, self.alpha) {
            (Method::Gbt, None) => {
                return Err(
                    "`method` is `gbt`, which needs `alpha`, the weight of the new state from 0 to 1".into(),
                );
            }
            (Method::Gbt, Some(alpha)) => SHARE.check("alpha", alpha)?,
            (_, Some(alpha)) => {
                return Err(format!(
                    "`alpha` is for the method `gbt` alone, found {alpha} with another; leave it out, or set `method`"
                ));
            }
            (_, None) => {}
        }
        if self.method != Method::Zoh && !self.analog {
            return Err(
                "`method` is for coefficients of s, and these are of z (`analog = false`); leave it out"
                    .into(),
            );
        }
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
            Var::choice("method", &self.method, "how coefficients of s become those of a step"),
            Var::optional("alpha", "", self.alpha, SHARE, "weight of the new state, for `gbt`"),
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
        let now = LinearFilter { num: num.into(), den: den.into(), ..self.clone() };
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
            space = match self.share() {
                None => space.hold(dt),
                Some(alpha) => space.moved_by_both(dt, alpha).ok_or_else(|| {
                    format!(
                        "has no step of {dt} s by this method: 1/(α·dt) is a pole of `num`/`den`; take another time step, or \
                         the method `zoh`"
                    )
                })?,
            };
        }
        if space.d == 0.0 && n == 1 {
            return Ok(Filter::First { a: space.a[0], b: space.c[0] * space.b[0] });
        }
        Ok(Filter::Space(space))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What (3s² + 2s + 5)/(0.01s³ + 0.3s² + 2s + 40) and (2s² + s + 3)/(0.5s² + s + 4) give of the inputs 1, 0, 0, −0.5, 0, 0, 0
    /// with steps of 0.01 s: scipy.signal.cont2discrete and dlsim of SciPy 1.17.1, by y = Cx + Du. Without D it is given a
    /// step earlier here.
    #[test]
    fn every_method_gives_what_scipy_gives() {
        /// A method, its α, and the response of two filters.
        type Case = (Method, Option<f64>, [f64; 7], [f64; 7]);
        #[rustfmt::skip]
        let cases: [Case; 5] = [
            (Method::Zoh, None,
             [0.0, 2.591888965367694, 1.8875446456541711, 1.321263948440646, -0.43439924707643923, -0.45879832878434335,
              -0.4864265052409417],
             [4.0, -0.060687350438085375, -0.06201159685257078, -2.0632605082299813, -0.034090911946811575,
              -0.03452858714469717, -0.03493024914280239]),
            (Method::Euler, None,
             [0.0, 2.9999999999999987, 2.1199999999999974, 1.4444999999999995, -0.582249999999993, -0.5598449999999923,
              -0.5585244999999824],
             [4.0, -0.05999999999999961, -0.061399999999999344, -2.062723999999999, -0.03397239999999902,
              -0.034445652799998866, -0.03488226262399879]),
            (Method::Bilinear, None,
             [1.3025205538727824, 2.2498146785799142, 1.6095674474401385, 0.4423304645042382, -0.45114238954803093,
              -0.4755327866014225, -0.5021379237682686],
             [3.9696594733716095, -0.061343216240477005, -0.06262988094142345, -2.0486712108583944, -0.034306914595374875,
              -0.03472666148577441, -0.03511059738132482]),
            (Method::BackwardDiff, None,
             [2.281344410876133, 1.6906848696160113, 1.2022980907241108, -0.34429499277599873, -0.3876485676908381,
              -0.4265983747401242, -0.4602272174890388],
             [3.938675548589342, -0.06257385565196838, -0.06374876274129884, -2.034187544166786, -0.034590592158708224,
              -0.03495831895944797, -0.03529115609264953]),
            (Method::Gbt, Some(0.3),
             [0.8259061202958491, 2.521787835474943, 1.7995999588685958, 0.8144577060781029, -0.49231145882287725,
              -0.5034140816477832, -0.5223034840371116],
             [3.981876048632702, -0.060819525318264844, -0.062151355406358175, -2.054345736583778, -0.03417931057161523,
              -0.03462028821988773, -0.03502511073145645]),
        ];
        for (method, alpha, first, second) in cases {
            for (num, den, expected) in [
                (vec![3.0, 2.0, 5.0], vec![0.01, 0.3, 2.0, 40.0], first),
                (vec![2.0, 1.0, 3.0], vec![0.5, 1.0, 4.0], second),
            ] {
                let f = LinearFilter { method, alpha, ..LinearFilter::new(num, den) };
                f.check().unwrap();
                let f = f.filter(0.01).unwrap();
                let (mut x, mut y) = (vec![0.0; f.states()], [0.0]);
                let given = [1.0, 0.0, 0.0, -0.5, 0.0, 0.0, 0.0].map(|u| {
                    f.step(&[u], &mut x, &mut y);
                    y[0]
                });
                let early = usize::from(expected[0] == 0.0);
                for (given, expected) in given.iter().zip(&expected[early..]) {
                    assert!(
                        (given - expected).abs() < 2e-14 * (1.0 + expected.abs()),
                        "{method:?}: {given}, not {expected}"
                    );
                }
            }
        }
    }

    /// A filter of high order is the chain of its parts: (1/(τs + 1))^24 is 24 low-pass filters, and by a zero-order hold its
    /// step response is that of the gamma distribution.
    #[test]
    fn a_filter_of_high_order_has_the_response_of_its_chain() {
        // The polynomial (0.01s + 1)^20.
        let mut den = vec![1.0];
        for _ in 0..20 {
            let mut next = vec![0.0; den.len() + 1];
            for (k, c) in den.iter().enumerate() {
                next[k] += 0.01 * c;
                next[k + 1] += c;
            }
            den = next;
        }
        let f = LinearFilter::new(vec![1.0], den).filter(0.001).unwrap();
        assert_eq!(f.states(), 20);
        let (mut x, mut y) = (vec![0.0; 20], [0.0]);
        for k in 1..=400 {
            f.step(&[1.0], &mut x, &mut y);
            // 1 − Σ e^(−t/τ)(t/τ)^i/i!, the distribution of the sum of 20 exponential times.
            let t = f64::from(k) * 0.1;
            let mut term = (-t).exp();
            let mut rest = 0.0;
            for i in 0..20 {
                rest += term;
                term *= t / f64::from(i + 1);
            }
            assert!((y[0] - (1.0 - rest)).abs() < 1e-9, "step {k}: {} is not {}", y[0], 1.0 - rest);
        }
    }

    #[test]
    fn methods_that_make_no_sense_are_refused() {
        let f = |method, alpha, analog| LinearFilter {
            method,
            alpha,
            analog,
            ..LinearFilter::new([1.0], [0.1, 1.0])
        };
        assert!(f(Method::Gbt, None, true).check().unwrap_err().contains("needs `alpha`"));
        assert!(f(Method::Gbt, Some(1.5), true).check().unwrap_err().contains("at most 1, found 1.5"));
        assert!(f(Method::Euler, Some(0.5), true).check().unwrap_err().contains("`gbt` alone"));
        assert!(f(Method::Euler, None, false).check().unwrap_err().contains("of z"));
        // s − 1000 has a pole at 1000/s, where a backward difference of a millisecond has none.
        let pole = LinearFilter { method: Method::BackwardDiff, ..LinearFilter::new([1.0], [1.0, -1000.0]) };
        assert!(pole.filter(0.001).unwrap_err().contains("another time step"));
    }
}
