//! `ScatteredHypersphere`: points that fill the unit ball, or its surface, more evenly than independent ones.
//!
//! Points of a `quasirandom_sequence` are mapped from the cube to the sphere and turned by a random rotation
//! or reflection. One dimension on the surface: the sign of z − ½. One dimension in the ball: half of the
//! points as they are, half negated. From two dimensions up d − 1 coordinates become spherical angles, or the
//! like, and in the ball one more becomes the radius, r = (u (1 − m^d) + m^d)^(1/d), where m is
//! `min_magnitude`.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `surface` | false | on the sphere and not in the ball |
//! | `min_magnitude` | 0 | least length, from 0 to below 1; no effect on the surface |
//! | `method` | `sct-approx` | map to the sphere: `sct-approx`, `sct` or `tfww` |
//!
//! Reference: K.-T. Fang and Y. Wang, "Number-Theoretic Methods in Statistics", Chapman and Hall 1994,
//! sections 1.5 and 4.3.

use std::f64::consts::PI;

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rotation::{apply, random_orthogonal};
use super::sct_table::Curve;
use super::spherical_angle::SphericalAngle;
use super::{BELOW_1, DistributionModel, QuasirandomSequence, room};
use crate::Element;
use crate::var::Var;

/// Evenly scattered points in or on the unit sphere.
///
/// With `sct-approx`, on six million numbers of 1 to 75 dimensions, the difference from Nengo is 3e-16 in the
/// median, below 1e-12 in all but one of a million, and 5e-12 at most, where NumPy does not use AVX-512. Where
/// it does, NumPy's powers differ in the last place, and Nengo from itself: mostly by less than 1e-9, by 1e-7 in a
/// rare point that lies near the middle of many dimensions.
/// Above 76 dimensions parity is not promised, as the nodes of the table depend on the version of SciPy that
/// made it, but the samples were as close for up to 300.
///
/// ```
/// use bouton_elements::distributions::Distribution;
/// use bouton_elements::random::RandomState;
///
/// let encoders = Distribution::scattered_surface().sample(100, 3, &mut RandomState::new(0))?;
/// for e in encoders.chunks_exact(3) {
///     assert!((e.iter().map(|v| v * v).sum::<f64>() - 1.0).abs() < 1e-12);
/// }
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScatteredHypersphere {
    /// Whether points are on the sphere and not in the ball.
    pub surface: bool,
    /// Least length of a point; of no effect on the surface.
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    pub min_magnitude: f64,
    /// The map from the cube to the sphere.
    pub method: SphereMethod,
}

/// How evenly scattered points are put on a sphere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SphereMethod {
    /// Spherical coordinates, angles from a table.
    // They are off by 1e-4 to 2e-3 rad in the root mean square, and by 0.01 rad at most.
    #[default]
    SctApprox,
    /// Spherical coordinates, exactly.
    // Fang and Wang, section 1.5.2. Nengo takes the angle from a sin² that is rounded, which costs it digits near π/2:
    // 4e-10 at most in three million numbers.
    Sct,
    /// The map of Tashiro, Fang, Wang and Wang.
    // Sections 1.5.5 and 4.3: quick at any number of dimensions; as even as the others from some 4000 points.
    Tfww,
}

impl Element for ScatteredHypersphere {
    const NAME: &'static str = "scattered_hypersphere";
    const PAGE: &'static str = include_str!("scattered_hypersphere.rs");
}

impl DistributionModel for ScatteredHypersphere {
    fn check(&self) -> Result<(), String> {
        BELOW_1.check("min_magnitude", self.min_magnitude)
    }

    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        if d == 1 {
            return if self.surface { signs(n, rng) } else { self.interval(n, rng) };
        }
        // Before the first draw: whether the result and the rotation fit.
        let mut out = room(n, d)?;
        room(d, d)?;
        out.resize(n * d, 0.0);

        let columns = if self.surface { d - 1 } else { d };
        let cube = QuasirandomSequence {}.sample(n, columns, rng)?;
        match self.method {
            SphereMethod::SctApprox => spherical(&cube, columns, &mut out, d, |dim| {
                let curve = Curve::new(dim);
                move |p: f64| libm::asin(curve.at(p).sqrt())
            }),
            SphereMethod::Sct => spherical(&cube, columns, &mut out, d, |dim| {
                let angle = SphericalAngle::new(dim);
                move |p: f64| angle.quantile(p)
            }),
            SphereMethod::Tfww => tfww(&cube, columns, &mut out, d),
        }
        if !self.surface {
            let least = libm::pow(self.min_magnitude, d as f64);
            let power = 1.0 / d as f64;
            for (u, point) in cube.chunks_exact(columns).zip(out.chunks_exact_mut(d)) {
                let radius = libm::pow(u[d - 1] * (1.0 - least) + least, power);
                point.iter_mut().for_each(|x| *x *= radius);
            }
        }
        let rotation = random_orthogonal(d, rng)?;
        apply(&out, &rotation, d)
    }

    fn vars(&self) -> Vec<Var> {
        let least = "least length of a point; of no effect on the surface";
        vec![
            Var::flag("surface", self.surface, "whether points are on the sphere and not in the ball"),
            Var::fixed("min_magnitude", "", self.min_magnitude, BELOW_1, least),
            Var::choice("method", &self.method, "the map from the cube to the sphere"),
        ]
    }
}

/// One dimension on the surface: −1 or 1 (0 where a point is ½, as Nengo's sign has it).
fn signs(n: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
    let mut out = QuasirandomSequence {}.sample(n, 1, rng)?;
    for z in &mut out {
        *z = if *z == 0.5 { 0.0 } else { (*z - 0.5).signum() };
    }
    Ok(out)
}

impl ScatteredHypersphere {
    /// One dimension in the ball.
    fn interval(&self, n: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        // Before the first draw: whether the result fits.
        room(n, 1)?;
        let mut out = QuasirandomSequence {}.sample(n / 2, 1, rng)?;
        let positive = out.len();
        out.extend(QuasirandomSequence {}.sample(n - positive, 1, rng)?);
        let m = self.min_magnitude;
        if m > 0.0 {
            out.iter_mut().for_each(|z| *z = *z * (1.0 - m) + m);
        }
        out[positive..].iter_mut().for_each(|z| *z = -*z);
        rng.shuffle(&mut out);
        Ok(out)
    }
}

/// Spherical coordinates (Fang and Wang 1994, section 1.5.2).
///
/// Of the d − 1 angles the j-th has the density sin^(d−2−j) on [0, π], the last is even on [0, 2π). The point
/// is (cos θ₀, sin θ₀ cos θ₁, …, sin θ₀ ⋯ sin θ_(d−2)). `lower_half(D)` makes the function from a mass p to
/// the angle in [0, π/2] below which p of that half lies.
fn spherical<F: Fn(f64) -> f64>(
    cube: &[f64],
    columns: usize,
    out: &mut [f64],
    d: usize,
    lower_half: impl Fn(usize) -> F,
) {
    // Blocks of points small enough for the nearest cache; within one, angle by angle, as each has a curve.
    const BLOCK: usize = 32;
    let angles = d - 1;
    let quantiles: Vec<F> = (0..angles).map(|j| lower_half(angles - j)).collect();
    for (cube, out) in cube.chunks(BLOCK * columns).zip(out.chunks_mut(BLOCK * d)) {
        for point in out.chunks_exact_mut(d) {
            point[0] = 1.0;
        }
        for (j, quantile) in quantiles.iter().enumerate() {
            let turns = if j + 1 == angles { 2.0 } else { 1.0 };
            for (u, point) in cube.chunks_exact(columns).zip(out.chunks_exact_mut(d)) {
                let u = u[j];
                let half = u < 0.5;
                let part = quantile(2.0 * if half { u } else { 1.0 - u }) / PI;
                let theta = turns * PI * if half { part } else { 1.0 - part };
                // `point[j]` holds the product of the sines so far.
                let product = point[j];
                point[j] = product * libm::cos(theta);
                point[j + 1] = product * libm::sin(theta);
            }
        }
    }
}

/// The map of Tashiro, Fang, Wang and Wang.
///
/// The squared length is cut at random into m parts, g₀ = 0 ≤ g₁ ≤ … ≤ g_m = 1; each part is a pair of
/// coordinates (dⱼ cos 2πφ, dⱼ sin 2πφ) with dⱼ² = gⱼ − g_(j−1). For an odd number of dimensions the first
/// part is a point of a sphere in three dimensions.
fn tfww(cube: &[f64], columns: usize, out: &mut [f64], d: usize) {
    let pairs = d / 2;
    let even = d.is_multiple_of(2);
    let mut g = vec![0.0; pairs + 1];
    for (u, x) in cube.chunks_exact(columns).zip(out.chunks_exact_mut(d)) {
        let (cuts, phi) = u[..d - 1].split_at(pairs - 1);
        g[pairs] = 1.0;
        for j in (1..pairs).rev() {
            let power = if even { 1.0 / j as f64 } else { 2.0 / (2 * j + 1) as f64 };
            g[j] = g[j + 1] * libm::pow(cuts[j - 1], power);
        }
        let length = |j: usize| (g[j + 1] - g[j]).sqrt();
        let turn = |phi: f64| (libm::cos(2.0 * PI * phi), libm::sin(2.0 * PI * phi));
        let (x, phi, first) = if even {
            (x, phi, 0)
        } else {
            let (cos, sin) = turn(phi[1]);
            let ring = 2.0 * length(0) * (phi[0] * (1.0 - phi[0])).sqrt();
            let (sphere, rest) = x.split_at_mut(3);
            sphere.copy_from_slice(&[length(0) * (1.0 - 2.0 * phi[0]), ring * cos, ring * sin]);
            (rest, &phi[2..], 1)
        };
        for (j, (pair, &phi)) in x.chunks_exact_mut(2).zip(phi).enumerate() {
            let (cos, sin) = turn(phi);
            pair[0] = length(first + j) * cos;
            pair[1] = length(first + j) * sin;
        }
    }
}
