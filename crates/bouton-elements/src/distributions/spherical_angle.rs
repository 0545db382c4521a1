//! The angle of a spherical coordinate, exactly.

use std::f64::consts::{FRAC_PI_2, PI};

/// The angle of a spherical coordinate, exactly: the distribution on [0, π/2] with the density
/// 2 sin^(D−1)(θ) / B(D/2, ½), and its inverse.
///
/// With x = sin²θ the distribution function is the regularised incomplete beta function I_x(D/2, ½)
/// (Fang and Wang 1994, section 1.5.2).
pub(super) struct SphericalAngle {
    dim: f64,
    /// B(D/2, ½).
    beta: f64,
}

impl SphericalAngle {
    /// For `dim` = D ≥ 1.
    pub(super) fn new(dim: usize) -> SphericalAngle {
        // B(a + 1, b) = B(a, b) a / (a + b), from B(½, ½) = π or B(1, ½) = 2: exact to the last digits,
        // where differences of lgamma lose three.
        let (mut a, mut beta) = if dim % 2 == 1 { (0.5, PI) } else { (1.0, 2.0) };
        while a < dim as f64 / 2.0 {
            beta *= a / (a + 0.5);
            a += 1.0;
        }
        SphericalAngle { dim: dim as f64, beta }
    }

    /// The mass below and above θ; each with full relative precision where it is the smaller.
    fn masses(&self, theta: f64) -> (f64, f64) {
        let a = 0.5 * self.dim;
        let (sin, cos) = (libm::sin(theta), libm::cos(theta));
        // x^a (1 − x)^½ / B(a, ½)
        let front = libm::pow(sin, self.dim) * cos / self.beta;
        if sin * sin < (a + 1.0) / (a + 2.5) {
            let below = front / a * beta_fraction(a, 0.5, sin * sin);
            (below, 1.0 - below)
        } else {
            let above = front / 0.5 * beta_fraction(0.5, a, cos * cos);
            (1.0 - above, above)
        }
    }

    /// The θ below which the mass is `p`, for p in [0, 1].
    pub(super) fn quantile(&self, p: f64) -> f64 {
        if p <= 0.0 {
            return 0.0;
        }
        if p >= 1.0 {
            return FRAC_PI_2;
        }
        // The distribution function is convex, so that Newton's iterates from the right stay right of the
        // root and fall. For small p it is all but a power of θ, and is taken as one. A bracket catches what
        // overshoots.
        let (mut low, mut high) = (0.0, FRAC_PI_2);
        let mut theta = FRAC_PI_2 - (1.0 - p) * self.beta / 2.0;
        if theta <= 0.0 {
            theta = 0.5;
        }
        let mut last_step = f64::INFINITY;
        for _ in 0..100 {
            let (below, above) = self.masses(theta);
            let density = 2.0 * libm::pow(libm::sin(theta), self.dim - 1.0) / self.beta;
            let excess = if p > 0.5 { (1.0 - p) - above } else { below - p };
            if excess > 0.0 {
                high = theta;
            } else {
                low = theta;
            }
            let mut next = if p > 0.1 {
                theta - excess / density
            } else {
                // Newton on ln G(ln θ), which is all but straight for small θ.
                theta * libm::exp(-libm::log(below / p) * below / (density * theta))
            };
            if !(next >= low && next <= high) {
                next = 0.5 * (low + high);
            }
            let step = (next - theta).abs();
            theta = next;
            // Small steps that no longer shrink are rounding.
            if step <= 1e-16 * theta || (step < 1e-12 && step >= last_step) {
                break;
            }
            last_step = step;
        }
        theta
    }
}

/// The continued fraction of the incomplete beta function, I_x(a, b) = x^a (1−x)^b / (a B(a, b)) · this
/// (DLMF 8.17.22), by Lentz's method; quick for x < (a + 1)/(a + b + 2).
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let keep_off_zero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / keep_off_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut f = d;
    for i in 1..10_000 {
        let m = f64::from(i);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / keep_off_zero(1.0 + even * d);
        c = keep_off_zero(1.0 + even / c);
        f *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / keep_off_zero(1.0 + odd * d);
        c = keep_off_zero(1.0 + odd / c);
        f *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    f
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(found: f64, expected: f64, relative: f64) {
        assert!((found - expected).abs() <= relative * expected.abs(), "found {found}, expected {expected}");
    }

    #[test]
    fn spherical_angle_inverts_itself() {
        for dim in [1, 2, 3, 4, 7, 30, 75, 500] {
            let angle = SphericalAngle::new(dim);
            for i in 1..1000 {
                let p = f64::from(i) / 1000.0;
                let (below, above) = angle.masses(angle.quantile(p));
                assert!((below - p).abs() < 1e-13, "D {dim}, p {p}: {below}");
                assert!((below + above - 1.0).abs() < 1e-13);
            }
            for p in [1e-3, 1e-8, 1e-15, 1e-100] {
                let (below, _) = angle.masses(angle.quantile(p));
                close(below, p, 1e-10);
            }
        }
    }

    #[test]
    fn spherical_angle_has_closed_forms() {
        for i in 1..100 {
            let p = f64::from(i) / 100.0;
            // D = 1: even density. D = 2: 1 − cos θ. D = 3: (θ − sin θ cos θ) 2/π.
            close(SphericalAngle::new(1).quantile(p), p * FRAC_PI_2, 2e-15);
            close(SphericalAngle::new(2).quantile(p), libm::acos(1.0 - p), 1e-13);
            let theta = SphericalAngle::new(3).quantile(p);
            close((theta - theta.sin() * theta.cos()) / FRAC_PI_2, p, 1e-13);
        }
    }
}
