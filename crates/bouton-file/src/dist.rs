//! Distributions as a model file writes them.

use bouton_random::Distribution as Random;
use bouton_random::dists;
use schemars::JsonSchema;
use serde::Deserialize;

/// A distribution, a number that all have, or the numbers themselves: one a row, or a list of rows.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Samples {
    /// Drawn from it.
    Drawn(Distribution),
    /// The same for all.
    Number(f64),
    /// The numbers themselves, one a row.
    Scalars(Vec<f64>),
    /// The rows themselves.
    Rows(Vec<Vec<f64>>),
}

/// A distribution with its parameters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Distribution {
    /// One of a set of vectors (a scalar is a vector of one), by weights.
    Choice {
        /// The options: rows, or numbers.
        options: Options,
        /// One weight an option. Default: all equal.
        weights: Option<Vec<f64>>,
    },
    /// The cosine of the angle between two random vectors.
    CosineSimilarity {
        /// Dimensions of the vectors, at least 2.
        #[schemars(range(min = 2))]
        dimensions: usize,
    },
    /// Exponential, shifted and cut off.
    Exponential {
        /// Mean distance from `shift`.
        #[schemars(extend("exclusiveMinimum" = 0))]
        scale: f64,
        /// Least value. Default 0.
        #[serde(default)]
        shift: f64,
        /// Samples stay below it. Default: no limit.
        high: Option<f64>,
    },
    /// Normal distribution.
    Gaussian {
        /// Centre.
        mean: f64,
        /// Standard deviation.
        #[schemars(extend("exclusiveMinimum" = 0))]
        std: f64,
    },
    /// Evenly scattered points in the unit cube.
    QuasirandomSequence {},
    /// Evenly scattered points in or on the unit sphere.
    ScatteredHypersphere {
        /// Whether points are on the sphere and not in the ball. Default false.
        #[serde(default)]
        surface: bool,
        /// Least length of a point. Default 0.
        #[serde(default)]
        #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
        min_magnitude: f64,
        /// The map from the cube to the sphere. Default `sct-approx`.
        #[serde(default)]
        method: SphereMethod,
    },
    /// The square root of a beta-distributed number.
    SqrtBeta {
        /// Coordinates left out, at least 1.
        #[schemars(range(min = 1))]
        n: usize,
        /// Coordinates of the part, at least 1. Default 1.
        #[serde(default = "one")]
        #[schemars(range(min = 1))]
        m: usize,
    },
    /// The length of a part of a random unit vector.
    SubvectorLength {
        /// Dimensions of the unit vector, at least 2.
        #[schemars(range(min = 2))]
        dimensions: usize,
        /// Dimensions of the part. Default 1.
        #[serde(default = "one")]
        #[schemars(range(min = 1))]
        subdimensions: usize,
    },
    /// Uniform in an interval.
    Uniform {
        /// Lower bound.
        low: f64,
        /// Upper bound; samples stay below it.
        high: f64,
        /// Whether to draw integers. Default false.
        #[serde(default)]
        integer: bool,
    },
    /// Independent points in or on the unit sphere.
    UniformHypersphere {
        /// Whether points are on the sphere and not in the ball. Default false.
        #[serde(default)]
        surface: bool,
        /// Least length of a point. Default 0.
        #[serde(default)]
        #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
        min_magnitude: f64,
    },
}

/// Options of a choice: rows, or numbers where an option is one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Options {
    /// Numbers.
    Scalars(Vec<f64>),
    /// Rows.
    Rows(Vec<Vec<f64>>),
}

/// How evenly scattered points are put on a sphere.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SphereMethod {
    /// Spherical coordinates, angles from a table.
    #[default]
    SctApprox,
    /// Spherical coordinates, exactly.
    Sct,
    /// The map of Tashiro, Fang, Wang and Wang.
    Tfww,
}

fn one() -> usize {
    1
}

impl From<Distribution> for Random {
    fn from(d: Distribution) -> Random {
        match d {
            Distribution::Choice { options: Options::Rows(options), weights } => {
                dists::Choice { options, weights }.into()
            }
            Distribution::Choice { options: Options::Scalars(options), weights } => {
                dists::Choice { weights, ..dists::Choice::scalars(&options) }.into()
            }
            Distribution::CosineSimilarity { dimensions } => dists::CosineSimilarity { dimensions }.into(),
            Distribution::Exponential { scale, shift, high } => {
                dists::Exponential { scale, shift, high: high.unwrap_or(f64::INFINITY) }.into()
            }
            Distribution::Gaussian { mean, std } => dists::Gaussian { mean, std }.into(),
            Distribution::QuasirandomSequence {} => dists::QuasirandomSequence {}.into(),
            Distribution::ScatteredHypersphere { surface, min_magnitude, method } => {
                let method = match method {
                    SphereMethod::SctApprox => dists::SphereMethod::SctApprox,
                    SphereMethod::Sct => dists::SphereMethod::Sct,
                    SphereMethod::Tfww => dists::SphereMethod::Tfww,
                };
                dists::ScatteredHypersphere { surface, min_magnitude, method }.into()
            }
            Distribution::SqrtBeta { n, m } => dists::SqrtBeta { n, m }.into(),
            Distribution::SubvectorLength { dimensions, subdimensions } => {
                dists::SubvectorLength { dimensions, subdimensions }.into()
            }
            Distribution::Uniform { low, high, integer } => dists::Uniform { low, high, integer }.into(),
            Distribution::UniformHypersphere { surface, min_magnitude } => {
                dists::UniformHypersphere { surface, min_magnitude }.into()
            }
        }
    }
}

impl From<Samples> for bouton_random::Distribution {
    fn from(s: Samples) -> bouton_random::Distribution {
        match s {
            Samples::Drawn(d) => d.into(),
            Samples::Number(x) => x.into(),
            Samples::Scalars(x) => x.into(),
            Samples::Rows(x) => x.into(),
        }
    }
}
