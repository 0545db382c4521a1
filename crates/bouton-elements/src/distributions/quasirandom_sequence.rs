//! `QuasirandomSequence`: points that fill the unit cube more evenly than independent ones.
//!
//! For one dimension the points (o + k/n) mod 1, k = 0..n−1; for d ≥ 2 dimensions the points
//! (o + k α) mod 1, k = 1..n, with αᵢ = g⁻ⁱ and g the root above 1 of g^(d+1) = g + 1; o is a uniform offset
//! for each dimension. The order of the points is shuffled, so that two parameters drawn in this way are
//! independent.
//!
//! No parameters.
//!
//! Reference: M. Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018.

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DistributionModel, room};
use crate::Element;
use crate::var::Var;

/// Evenly scattered points in the cube [0, 1)^d.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuasirandomSequence {}

/// The root above 1 of g^(d+1) = g + 1, by Newton's method from 1: the golden ratio for d = 1, the plastic
/// number for d = 2.
fn root(d: usize) -> f64 {
    let d = d as f64;
    let mut g = 1.0;
    // The function is convex and the root is simple: after the first step the iterates fall to the root. It
    // takes ten steps for d = 1000; the bound is for certainty.
    for _ in 0..100 {
        let step = (libm::pow(g, d + 1.0) - g - 1.0) / ((d + 1.0) * libm::pow(g, d) - 1.0);
        g -= step;
        if step.abs() < 1e-10 {
            break;
        }
    }
    g
}

/// x, x², …, x^d, each rounded once.
///
/// An error in the last place of a power grows to n times that in the n-th point, and the map to a sphere
/// multiplies it again where an angle is small; so the product is carried with twice the digits (T. J. Dekker,
/// Numerische Mathematik 18, 1971).
fn powers(x: f64, d: usize) -> Vec<f64> {
    let (mut high, mut low) = (1.0, 0.0);
    (0..d)
        .map(|_| {
            let product = high * x;
            let rest = libm::fma(high, x, -product) + low * x;
            high = product + rest;
            low = rest - (high - product);
            high
        })
        .collect()
}

impl Element for QuasirandomSequence {
    const NAME: &'static str = "quasirandom_sequence";
    const PAGE: &'static str = include_str!("quasirandom_sequence.rs");
}

impl DistributionModel for QuasirandomSequence {
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        let mut points = room(n, d)?;
        let offset = rng.rand(d, 1).map_err(|e| e.to_string())?;
        if d == 1 {
            let pitch = 1.0 / n as f64;
            points.extend((0..n).map(|k| (offset[0] + pitch * k as f64).fract()));
        } else {
            let alpha = powers(1.0 / root(d), d);
            for k in 1..=n {
                points.extend(offset.iter().zip(&alpha).map(|(o, a)| (o + k as f64 * a).fract()));
            }
        }
        rng.shuffle_rows(&mut points, d).map_err(|e| e.to_string())?;
        Ok(points)
    }

    fn vars(&self) -> Vec<Var> {
        vec![]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_rounded_once() {
        // Powers of 3 in exact integers, scaled by powers of 2: 3^i / 4^i.
        for (i, power) in (1..80).zip(powers(0.75, 80)) {
            let exact = 3_u128.pow(i) as f64 / 2_f64.powi(2 * i as i32);
            assert_eq!(power, exact, "0.75^{i}");
        }
    }

    #[test]
    fn root_solves_its_equation() {
        assert!((root(1) - 1.618_033_988_749_895).abs() < 1e-15);
        assert!((root(2) - 1.324_717_957_244_746).abs() < 1e-15);
        for d in 1..2000 {
            let g = root(d);
            assert!((libm::pow(g, d as f64 + 1.0) - g - 1.0).abs() < 1e-15 * d as f64 + 1e-14, "d {d}");
        }
    }
}
