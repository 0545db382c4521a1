//! The samplers that draw until a condition holds: exponential, gamma, beta, Poisson.

use super::RandomState;
use crate::error::{DistError, ensure};

impl RandomState {
    /// The exponential distribution with scale 1.
    #[inline]
    fn standard_exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.random_sample())
    }

    /// `exponential(scale)`: density exp(−x/scale)/scale for x ≥ 0.
    ///
    /// # Errors
    /// When `scale` is negative or not a number.
    pub fn exponential(&mut self, scale: f64) -> Result<f64, DistError> {
        ensure(scale >= 0.0, "exponential.scale", "at least 0", scale)?;
        Ok(scale * self.standard_exponential())
    }

    /// `gamma(shape, scale)`: density x^(shape−1) exp(−x/scale) / (Γ(shape) scale^shape).
    ///
    /// # Errors
    /// When `shape` or `scale` is negative or not finite.
    pub fn gamma(&mut self, shape: f64, scale: f64) -> Result<f64, DistError> {
        ensure(shape >= 0.0 && shape.is_finite(), "gamma.shape", "finite and at least 0", shape)?;
        ensure(scale >= 0.0 && scale.is_finite(), "gamma.scale", "finite and at least 0", scale)?;
        Ok(scale * self.standard_gamma(shape))
    }

    /// The gamma distribution with scale 1; `shape` is finite and not negative.
    fn standard_gamma(&mut self, shape: f64) -> f64 {
        if shape == 1.0 {
            self.standard_exponential()
        } else if shape == 0.0 {
            0.0
        } else if shape < 1.0 {
            // Rejection from a mixture of a power and an exponential (Devroye 1986, IX.3).
            loop {
                let u = self.random_sample();
                let v = self.standard_exponential();
                if u <= 1.0 - shape {
                    let x = libm::pow(u, 1.0 / shape);
                    if x <= v {
                        return x;
                    }
                } else {
                    let y = -libm::log((1.0 - u) / shape);
                    let x = libm::pow(1.0 - shape + shape * y, 1.0 / shape);
                    if x <= v + y {
                        return x;
                    }
                }
            }
        } else {
            // Marsaglia and Tsang 2000.
            let b = shape - 1.0 / 3.0;
            let c = 1.0 / (9.0 * b).sqrt();
            loop {
                let (x, mut v) = loop {
                    let x = self.gauss();
                    let v = 1.0 + c * x;
                    if v > 0.0 {
                        break (x, v);
                    }
                };
                v = v * v * v;
                let u = self.random_sample();
                if u < 1.0 - 0.0331 * (x * x) * (x * x) {
                    return b * v;
                }
                if libm::log(u) < 0.5 * x * x + b * (1.0 - v + libm::log(v)) {
                    return b * v;
                }
            }
        }
    }

    /// `beta(a, b)`: density proportional to x^(a−1) (1−x)^(b−1) on (0, 1).
    ///
    /// # Errors
    /// When `a` or `b` is not positive and finite.
    pub fn beta(&mut self, a: f64, b: f64) -> Result<f64, DistError> {
        ensure(a > 0.0 && a.is_finite(), "beta.a", "finite and above 0", a)?;
        ensure(b > 0.0 && b.is_finite(), "beta.b", "finite and above 0", b)?;
        Ok(self.beta_unchecked(a, b))
    }

    /// [`beta`](Self::beta) for parameters known to be positive and finite.
    fn beta_unchecked(&mut self, a: f64, b: f64) -> f64 {
        if a <= 1.0 && b <= 1.0 {
            // Jöhnk 1964.
            loop {
                let u = self.random_sample();
                let v = self.random_sample();
                let x = libm::pow(u, 1.0 / a);
                let y = libm::pow(v, 1.0 / b);
                let sum = x + y;
                if sum <= 1.0 && u + v > 0.0 {
                    if sum > 0.0 {
                        return x / sum;
                    }
                    // Both powers underflowed: the same ratio through logarithms.
                    let log_x = libm::log(u) / a;
                    let log_y = libm::log(v) / b;
                    let top = log_x.max(log_y);
                    let (log_x, log_y) = (log_x - top, log_y - top);
                    return libm::exp(log_x - libm::log(libm::exp(log_x) + libm::exp(log_y)));
                }
            }
        }
        let ga = self.standard_gamma(a);
        let gb = self.standard_gamma(b);
        ga / (ga + gb)
    }

    /// `poisson(lam)`: the number of events when `lam` are expected.
    ///
    /// # Errors
    /// When `lam` is negative, not a number, or above NumPy's limit of about 9.22e18.
    pub fn poisson(&mut self, lam: f64) -> Result<i64, DistError> {
        // NumPy's limit: ten standard deviations below the greatest 64-bit integer.
        let limit = i64::MAX as f64 - (i64::MAX as f64).sqrt() * 10.0;
        ensure((0.0..=limit).contains(&lam), "poisson.lam", "between 0 and 9.22e18", lam)?;
        Ok(if lam >= 10.0 {
            self.poisson_transformed(lam)
        } else if lam == 0.0 {
            0
        } else {
            self.poisson_product(lam)
        })
    }

    /// Counts uniform factors until their product falls below exp(−lam).
    fn poisson_product(&mut self, lam: f64) -> i64 {
        let stop = libm::exp(-lam);
        let mut count = 0;
        let mut product = 1.0;
        loop {
            product *= self.random_sample();
            if product <= stop {
                return count;
            }
            count += 1;
        }
    }

    /// The transformed rejection method PTRS (Hörmann 1993).
    fn poisson_transformed(&mut self, lam: f64) -> i64 {
        let log_lam = libm::log(lam);
        let b = 0.931 + 2.53 * lam.sqrt();
        let a = -0.059 + 0.02483 * b;
        let inv_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let vr = 0.9277 - 3.6224 / (b - 2.0);
        loop {
            let u = self.random_sample() - 0.5;
            let v = self.random_sample();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + lam + 0.43).floor();
            if us >= 0.07 && v <= vr {
                return k as i64;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            let log_accept = libm::log(v) + libm::log(inv_alpha) - libm::log(a / (us * us) + b);
            if log_accept <= -lam + k * log_lam - log_gamma(k + 1.0) {
                return k as i64;
            }
        }
    }
}

/// ln Γ(x) for x ≥ 1, by Stirling's series from 7 upwards (Zhang and Jin, "Computation of Special
/// Functions", 1996, section 3.1.2), as NumPy's Poisson sampler evaluates it.
fn log_gamma(x: f64) -> f64 {
    const A: [f64; 10] = [
        8.333333333333333e-02,
        -2.777777777777778e-03,
        7.936507936507937e-04,
        -5.952380952380952e-04,
        8.417508417508418e-04,
        -1.917526917526918e-03,
        6.41025641025641e-03,
        -2.955065359477124e-02,
        1.796443723688307e-01,
        -1.39243221690590e+00,
    ];
    const HALF_LN_TAU: f64 = 0.5 * 1.8378770664093453;
    if x == 1.0 || x == 2.0 {
        return 0.0;
    }
    let steps = if x < 7.0 { (7.0 - x) as i32 } else { 0 };
    let mut x0 = x + f64::from(steps);
    let x2 = (1.0 / x0) * (1.0 / x0);
    let series = A.iter().rev().fold(0.0, |sum, &a| sum * x2 + a);
    let mut result = series / x0 + HALF_LN_TAU + (x0 - 0.5) * libm::log(x0) - x0;
    for _ in 0..steps {
        result -= libm::log(x0 - 1.0);
        x0 -= 1.0;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_gamma_meets_the_library() {
        for i in 2..4000 {
            let x = f64::from(i) * 0.5;
            let expected = libm::lgamma(x);
            let error = (log_gamma(x) - expected).abs();
            assert!(error <= 3e-14 * expected.abs().max(1.0), "ln gamma({x}): {}", log_gamma(x));
        }
    }
}
