//! Distributions: what encoders, evaluation points, intercepts, maximum rates and initial states are drawn
//! from.
//!
//! Each is one file with a struct of plain parameters, and one line in the list below. Every one gives the
//! samples of the distribution of the same name in Nengo 4.1 with NumPy < 2.4, for the same
//! [`RandomState`], and leaves that in the same state.

use bouton_core::Matrix;
use serde::{Deserialize, Serialize};

use crate::error::{DistError, ensure};
use crate::numpy::RandomState;

mod choice;
mod cosine_similarity;
mod exponential;
mod gaussian;
mod quasirandom;
mod rotation;
mod samples;
mod scattered_hypersphere;
mod sct_table;
mod sqrt_beta;
mod subvector_length;
mod uniform;
mod uniform_hypersphere;

/// What every distribution does.
pub trait Sample {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The message names the parameter, what was expected and what was found.
    fn check(&self) -> Result<(), DistError>;

    /// `n` samples of `d` dimensions, row-major, `n * d` numbers. `d` is at least 1 and
    /// [`check`](Self::check) has passed; see [`Distribution::sample`].
    ///
    /// # Errors
    /// When the distribution cannot give that shape.
    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, DistError>;
}

/// Makes the enum, its names and its dispatch out of the list of distributions.
macro_rules! distributions {
    ($($module:ident::$name:ident: $summary:literal,)*) => {
        $(pub use $module::$name;)*

        /// Any distribution of the list. See the [module](self) page.
        ///
        /// In a file it is a map with one key, its name: `{"Uniform": {"low": -1.0, "high": 0.9}}`.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Distribution {
            $(#[doc = $summary] $name($name),)*
        }

        $(impl From<$name> for Distribution {
            fn from(dist: $name) -> Distribution {
                Distribution::$name(dist)
            }
        })*

        impl Distribution {
            /// The names of all distributions with a line about each.
            pub const LIST: &[(&str, &str)] = &[$((stringify!($name), $summary),)*];

            /// The distribution's name, as in a file.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Distribution::$name(_) => stringify!($name),)*
                }
            }

            fn element(&self) -> &dyn Sample {
                match self {
                    $(Distribution::$name(dist) => dist,)*
                }
            }
        }
    };
}

distributions! {
    choice::Choice: "One of a set of scalars or vectors, by weights.",
    cosine_similarity::CosineSimilarity: "The cosine of the angle between two random vectors.",
    exponential::Exponential: "Exponential, shifted and cut off.",
    gaussian::Gaussian: "Normal.",
    quasirandom::QuasirandomSequence: "Evenly scattered points in the unit cube.",
    samples::Samples: "Given samples.",
    scattered_hypersphere::ScatteredHypersphere: "Evenly scattered points in or on the unit sphere.",
    sqrt_beta::SqrtBeta: "The square root of a beta-distributed number.",
    subvector_length::SubvectorLength: "The length of a part of a random unit vector.",
    uniform::Uniform: "Uniform in an interval.",
    uniform_hypersphere::UniformHypersphere: "Independent points in or on the unit sphere.",
}

pub use scattered_hypersphere::SphereMethod;

impl Distribution {
    /// `Uniform { low, high, integer: false }`.
    pub fn uniform(low: f64, high: f64) -> Distribution {
        Uniform { low, high, integer: false }.into()
    }

    /// `Gaussian { mean, std }`.
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
        match self {
            Distribution::Samples(s) => Some((s.values.len(), s.values.first().map_or(0, Vec::len))),
            _ => None,
        }
    }

    /// Checks the parameters, as [`sample`](Self::sample) does.
    ///
    /// # Errors
    /// The message names the parameter, what was expected and what was found.
    pub fn check(&self) -> Result<(), DistError> {
        self.element().check()
    }

    /// `n` samples of `d` dimensions: `n * d` numbers, row-major.
    ///
    /// A distribution of scalars fills the array with independent numbers; with `d` = 1 that is Nengo's
    /// `sample(n, d=None)`.
    ///
    /// # Errors
    /// When a parameter is out of its range, `d` is 0, or the distribution cannot give `n` x `d` numbers.
    /// Then no draw has been taken from `rng`.
    pub fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, DistError> {
        self.check()?;
        ensure(d >= 1, &format!("{}.sample.d", self.name()), "at least 1", d)?;
        self.element().sample(n, d, rng)
    }
}

/// A number is always that number.
impl From<f64> for Distribution {
    fn from(value: f64) -> Distribution {
        choice::Choice::scalars(&[value]).into()
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

/// `n * d` independent numbers.
fn fill(what: &str, n: usize, d: usize, mut next: impl FnMut() -> f64) -> Result<Vec<f64>, DistError> {
    let mut out = crate::error::room(what, n, d)?;
    out.extend((0..n * d).map(|_| next()));
    Ok(out)
}

fn ensure_finite(parameter: &str, value: f64) -> Result<(), DistError> {
    ensure(value.is_finite(), parameter, "a finite number", value)
}

fn ensure_min_magnitude(parameter: &str, value: f64) -> Result<(), DistError> {
    ensure((0.0..1.0).contains(&value), parameter, "at least 0 and below 1", value)
}

/// For serde.
fn one() -> usize {
    1
}
