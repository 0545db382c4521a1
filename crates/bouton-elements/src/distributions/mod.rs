//! Distributions: what encoders, evaluation points, intercepts, maximum rates, initial states and random transforms are
//! drawn from.
//!
//! To add one: a file with a struct of parameters that implements [`DistributionModel`] and [`Element`](crate::Element), and
//! a line in the list at the end of this page's source; from another crate, [`register_distribution`]. Model files, their
//! schema, `bouton list` and the generic tests follow.
//!
//! Every shipped one gives the samples of the distribution of the same name in Nengo 4.1 with NumPy < 2.4, for the same
//! [`RandomState`], and leaves that in the same state.

mod rotation;
mod sct_table;
mod spherical_angle;
mod values;

use bouton_core::Matrix;
use bouton_random::RandomState;

use crate::DynElement;
use crate::list::element_list;
use crate::var::{Bounds, Var};

pub use scattered_hypersphere::SphereMethod;
pub use values::Values;

/// What a distribution is.
pub trait DistributionModel: DynElement {
    /// Refuses parameters that make no sense.
    ///
    /// # Errors
    /// The message names the parameter, what was expected and what was found.
    fn check(&self) -> Result<(), String>;
    /// `n` samples of `d` dimensions: `n * d` numbers, row-major. `d` is at least 1 and [`check`](Self::check) has passed;
    /// see [`Distribution::sample`]. A distribution of scalars fills the array with independent numbers.
    ///
    /// # Errors
    /// It can't give that shape; then nothing has been drawn from `rng`.
    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String>;
    /// Rows and columns where the samples are given; `None` for what is drawn.
    fn fixed_shape(&self) -> Option<(usize, usize)> {
        None
    }
    /// Its parameters, with their present values. They have no unit of their own: that of what is drawn is theirs. All are
    /// [fixed](crate::var::Role::Fixed): what is drawn has a path while the model runs, its distribution has none.
    fn vars(&self) -> Vec<Var>;
}

element_list! {
    /// A distribution with its parameters.
    Distribution: dyn DistributionModel, "distributions", register_distribution, |m| m.vars() => {
        choice::Choice,
        cosine_similarity::CosineSimilarity,
        exponential::Exponential,
        gaussian::Gaussian,
        pdf::Pdf,
        quasirandom_sequence::QuasirandomSequence,
        samples::Samples,
        scattered_hypersphere::ScatteredHypersphere,
        sqrt_beta::SqrtBeta,
        subvector_length::SubvectorLength,
        uniform::Uniform,
        uniform_hypersphere::UniformHypersphere,
    }
}

impl Distribution {
    /// Uniform on [low, high): [`Uniform`] of numbers that needn't be whole.
    pub fn uniform(low: f64, high: f64) -> Distribution {
        Uniform { low, high, integer: false }.into()
    }

    /// Normal: [`Gaussian`] of this mean and standard deviation.
    pub fn gaussian(mean: f64, std: f64) -> Distribution {
        Gaussian { mean, std }.into()
    }

    /// Scattered points on the unit sphere: what encoders are drawn from unless told.
    pub fn scattered_surface() -> Distribution {
        ScatteredHypersphere { surface: true, ..Default::default() }.into()
    }

    /// Scattered points in the unit ball: what evaluation points are drawn from unless told.
    pub fn scattered_ball() -> Distribution {
        ScatteredHypersphere::default().into()
    }

    /// Rows and columns of given samples ([`Samples`]); `None` for what is drawn.
    pub fn fixed_shape(&self) -> Option<(usize, usize)> {
        self.model().fixed_shape()
    }

    /// Checks the parameters, as [`sample`](Self::sample) does.
    ///
    /// # Errors
    /// The message names the parameter, what was expected and what was found.
    pub fn check(&self) -> Result<(), String> {
        self.model().check()
    }

    /// `n` samples of `d` dimensions: `n * d` numbers, row-major.
    ///
    /// A distribution of scalars fills the array with independent numbers; with `d` = 1 that is Nengo's
    /// `sample(n, d=None)`.
    ///
    /// # Errors
    /// When a parameter is out of its range, `d` is 0, or the distribution cannot give `n` × `d` numbers. Then no draw has
    /// been taken from `rng`.
    ///
    /// ```
    /// use bouton_elements::distributions::Distribution;
    /// use bouton_elements::random::RandomState;
    ///
    /// let max_rates = Distribution::uniform(200.0, 400.0).sample(50, 1, &mut RandomState::new(0))?;
    /// assert!(max_rates.iter().all(|v| (200.0..400.0).contains(v)));
    /// # Ok::<(), String>(())
    /// ```
    pub fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        self.check()?;
        if d == 0 {
            return Err("samples must have at least 1 dimension, found 0".into());
        }
        let x = self.model().sample(n, d, rng)?;
        // Whoever wrote it may have counted wrongly.
        if x.len() != n * d {
            return Err(format!(
                "the distribution `{}` gave {} numbers where {n} × {d} were asked for",
                self.name(),
                x.len()
            ));
        }
        Ok(x)
    }
}

/// A number is always that number.
impl From<f64> for Distribution {
    fn from(value: f64) -> Distribution {
        Choice::scalars(&[value]).into()
    }
}

/// Numbers are given samples of one dimension.
impl From<Vec<f64>> for Distribution {
    fn from(values: Vec<f64>) -> Distribution {
        Samples::scalars(&values).into()
    }
}

/// Rows are given samples of as many dimensions as they have numbers.
impl From<Vec<Vec<f64>>> for Distribution {
    fn from(values: Vec<Vec<f64>>) -> Distribution {
        Samples { values }.into()
    }
}

/// Rows are given samples: encoders, evaluation points.
impl From<Matrix> for Distribution {
    fn from(m: Matrix) -> Distribution {
        m.values().chunks_exact(m.shape().1.max(1)).map(<[f64]>::to_vec).collect::<Vec<_>>().into()
    }
}

/// Room for `n * d` numbers, or an error when that many can't be held.
pub(crate) fn room(n: usize, d: usize) -> Result<Vec<f64>, String> {
    let too_many = || format!("{n} × {d} numbers are more than fit into memory");
    let len = n.checked_mul(d).ok_or_else(too_many)?;
    let mut out = Vec::new();
    out.try_reserve_exact(len).map_err(|_| too_many())?;
    Ok(out)
}

/// `n * d` independent numbers.
fn fill(n: usize, d: usize, mut next: impl FnMut() -> f64) -> Result<Vec<f64>, String> {
    let mut out = room(n, d)?;
    out.extend((0..n * d).map(|_| next()));
    Ok(out)
}

/// Refuses a whole number below `least`.
fn at_least(name: &str, least: usize, value: usize) -> Result<(), String> {
    if value >= least { Ok(()) } else { Err(format!("`{name}` must be at least {least}, found {value}")) }
}

/// Refuses rows of different lengths, and numbers that aren't finite.
fn equal_rows(name: &str, rows: &[Vec<f64>]) -> Result<(), String> {
    let d = rows.first().map_or(0, Vec::len);
    if let Some((i, row)) = rows.iter().enumerate().find(|(_, r)| r.len() != d) {
        return Err(format!("`{name}[{i}]` must have {d} numbers, as `{name}[0]` has, found {}", row.len()));
    }
    match rows.iter().flatten().find(|x| !x.is_finite()) {
        Some(x) => Err(format!("the numbers must be finite, found {x}")),
        None => Ok(()),
    }
}

/// At least 0 and less than 1: the least length of a point.
const BELOW_1: Bounds = Bounds { high: 1.0, open_high: true, ..Bounds::AT_LEAST_0 };

/// At least a whole number.
const fn from(low: f64) -> Bounds {
    Bounds { low, ..Bounds::ANY }
}

/// For serde.
fn one() -> usize {
    1
}
