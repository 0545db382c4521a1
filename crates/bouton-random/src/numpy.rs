//! NumPy's legacy generator, `numpy.random.RandomState`: the Mersenne Twister MT19937 and the samplers that
//! NumPy froze in version 1.16.
//!
//! Each method makes the same draws, in the same order, as the method of the same name in NumPy, so that a
//! model built here and in Nengo sees the same numbers. Integers and uniform numbers are the same bits;
//! whatever takes a logarithm or a power is the same within a few units in the last place, because NumPy
//! leaves those to the platform and this crate uses `libm` everywhere.
//!
//! References: M. Matsumoto and T. Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998 (the generator);
//! L. Devroye, "Non-Uniform Random Variate Generation", Springer 1986 (polar Gaussian, gamma below 1);
//! G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26(3), 2000;
//! M. D. Jöhnk 1964 (beta); W. Hörmann, "The transformed rejection method for generating Poisson random
//! variables", Insurance: Mathematics and Economics 12, 1993.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{DistError, ensure, room};

/// Words of state of MT19937.
const N: usize = 624;
/// Offset of the second word in the recurrence.
const M: usize = 397;

/// The greatest 32-bit signed integer; Nengo draws its seeds as `randint(MAXINT)`.
pub const MAXINT: i64 = i32::MAX as i64;

/// NumPy's `RandomState`.
///
/// ```
/// let mut rng = bouton_random::RandomState::new(42);
/// assert_eq!(rng.random_sample(), 0.3745401188473625);
/// ```
#[derive(Clone, PartialEq)]
pub struct RandomState {
    key: [u32; N],
    pos: usize,
    /// The second number of a pair from the polar method, if it waits.
    gauss: Option<f64>,
}

/// The state of a [`RandomState`], for checkpoints: the fields of NumPy's `get_state()`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomStateParts {
    /// The 624 words of the Mersenne Twister.
    pub key: Vec<u32>,
    /// Words already given out since the last refill, 0 to 624.
    pub pos: usize,
    /// The waiting second number of a Gaussian pair (NumPy's `has_gauss` and `cached_gaussian`).
    pub gauss: Option<f64>,
}

impl RandomState {
    /// The state as bytes, little-endian: the 624 words, the position, whether a number waits, and that number.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut b: Vec<u8> = self.key.iter().flat_map(|w| w.to_le_bytes()).collect();
        b.extend((self.pos as u32).to_le_bytes());
        b.push(u8::from(self.gauss.is_some()));
        b.extend(self.gauss.unwrap_or(0.0).to_le_bytes());
        b
    }
    /// The state that [`to_bytes`](RandomState::to_bytes) gave; `None` if the bytes are none.
    ///
    /// ```
    /// use bouton_random::RandomState;
    /// let mut a = RandomState::new(1);
    /// a.normal(0.0, 1.0);
    /// let mut b = RandomState::from_bytes(&a.to_bytes()).unwrap();
    /// assert_eq!((a.normal(0.0, 1.0), a.random_sample()), (b.normal(0.0, 1.0), b.random_sample()));
    /// assert!(RandomState::from_bytes(&[0; 7]).is_none());
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Option<RandomState> {
        let (key, rest) = bytes.split_at_checked(4 * N)?;
        let (pos, rest) = rest.split_first_chunk::<4>()?;
        let (waits, rest) = rest.split_first()?;
        let gauss = f64::from_le_bytes(rest.try_into().ok()?);
        let pos = u32::from_le_bytes(*pos) as usize;
        let words = key.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]));
        let mut state = RandomState { key: [0; N], pos, gauss: None };
        state.key.iter_mut().zip(words).for_each(|(k, w)| *k = w);
        match waits {
            0 => {}
            1 if gauss.is_finite() => state.gauss = Some(gauss),
            _ => return None,
        }
        (pos <= N).then_some(state)
    }
}

impl fmt::Debug for RandomState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RandomState")
            .field("key[0]", &self.key[0])
            .field("pos", &self.pos)
            .field("gauss", &self.gauss)
            .finish()
    }
}

impl RandomState {
    /// The generator of `numpy.random.RandomState(seed)`.
    pub fn new(seed: u32) -> RandomState {
        let mut key = [0; N];
        key[0] = seed;
        for i in 1..N {
            let previous = key[i - 1];
            key[i] = 1_812_433_253_u32.wrapping_mul(previous ^ (previous >> 30)).wrapping_add(i as u32);
        }
        RandomState { key, pos: N, gauss: None }
    }

    /// The whole state, to be kept in a checkpoint.
    pub fn state(&self) -> RandomStateParts {
        RandomStateParts { key: self.key.to_vec(), pos: self.pos, gauss: self.gauss }
    }

    /// A generator that goes on where [`state`](Self::state) was taken.
    ///
    /// # Errors
    /// When `key` does not hold 624 words, or `pos` is above 624, or `gauss` is not finite.
    pub fn from_state(parts: &RandomStateParts) -> Result<RandomState, DistError> {
        let key: [u32; N] = parts.key.as_slice().try_into().map_err(|_| {
            DistError::new("RandomState.key", "624 words", format!("{} words", parts.key.len()))
        })?;
        ensure(parts.pos <= N, "RandomState.pos", "at most 624", parts.pos)?;
        if let Some(gauss) = parts.gauss {
            ensure(gauss.is_finite(), "RandomState.gauss", "a finite number", gauss)?;
        }
        Ok(RandomState { key, pos: parts.pos, gauss: parts.gauss })
    }

    /// Makes the next 624 words.
    #[cold]
    fn refill(&mut self) {
        let twist = |high: u32, low: u32, far: u32| {
            let y = (high & 0x8000_0000) | (low & 0x7fff_ffff);
            far ^ (y >> 1) ^ (0_u32.wrapping_sub(y & 1) & 0x9908_b0df)
        };
        let key = &mut self.key;
        for i in 0..N - M {
            key[i] = twist(key[i], key[i + 1], key[i + M]);
        }
        for i in N - M..N - 1 {
            key[i] = twist(key[i], key[i + 1], key[i + M - N]);
        }
        key[N - 1] = twist(key[N - 1], key[0], key[M - 1]);
        self.pos = 0;
    }

    /// The next 32 bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        if self.pos >= N {
            self.refill();
        }
        let mut y = self.key[self.pos];
        self.pos += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// The next 64 bits: the first word drawn is the high one.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let high = u64::from(self.next_u32());
        (high << 32) | u64::from(self.next_u32())
    }

    /// `random_sample()`, `rand()`: uniform on [0, 1) with 53 bits.
    #[inline]
    pub fn random_sample(&mut self) -> f64 {
        let a = self.next_u32() >> 5;
        let b = self.next_u32() >> 6;
        (f64::from(a) * 67_108_864.0 + f64::from(b)) / 9_007_199_254_740_992.0
    }

    /// `uniform(low, high)`: uniform on [low, high). As in NumPy, `low > high` is allowed.
    #[inline]
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.random_sample()
    }

    /// `standard_normal()`, `randn()`: the polar method, which gives numbers in pairs; the second is kept.
    #[inline]
    pub fn gauss(&mut self) -> f64 {
        if let Some(waiting) = self.gauss.take() {
            return waiting;
        }
        loop {
            let x1 = 2.0 * self.random_sample() - 1.0;
            let x2 = 2.0 * self.random_sample() - 1.0;
            let r2 = x1 * x1 + x2 * x2;
            if r2 < 1.0 && r2 != 0.0 {
                let f = (-2.0 * libm::log(r2) / r2).sqrt();
                self.gauss = Some(f * x1);
                return f * x2;
            }
        }
    }

    /// `normal(mean, std)`. `std` must not be negative; that is the caller's to check.
    #[inline]
    pub fn normal(&mut self, mean: f64, std: f64) -> f64 {
        mean + std * self.gauss()
    }

    /// Uniform on 0..=max, by masked rejection: no draw when `max` is 0, 32-bit draws when it fits.
    #[inline]
    fn interval(&mut self, max: u64) -> u64 {
        if max == 0 {
            return 0;
        }
        let mask = u64::MAX >> max.leading_zeros();
        if max <= u64::from(u32::MAX) {
            loop {
                let value = u64::from(self.next_u32()) & mask;
                if value <= max {
                    return value;
                }
            }
        }
        loop {
            let value = self.next_u64() & mask;
            if value <= max {
                return value;
            }
        }
    }

    /// `randint(high)`: uniform on 0..high.
    ///
    /// # Errors
    /// When `high` is not positive.
    pub fn randint(&mut self, high: i64) -> Result<i64, DistError> {
        self.randint_range(0, high)
    }

    /// `randint(low, high)`: uniform on low..high.
    ///
    /// # Errors
    /// When `low` is not below `high`.
    #[inline]
    pub fn randint_range(&mut self, low: i64, high: i64) -> Result<i64, DistError> {
        ensure(low < high, "randint.low", "less than high", format_args!("low {low}, high {high}"))?;
        // The width may pass i64::MAX; wrapping in u64 is exact.
        let max = (high as u64).wrapping_sub(low as u64) - 1;
        Ok((low as u64).wrapping_add(self.interval(max)) as i64)
    }

    /// `randint(2**31 - 1)`: how Nengo draws a seed. Uniform on 0..2147483647.
    #[inline]
    pub fn randint_maxint(&mut self) -> u32 {
        // Below 2^31 by the bound, so that the cast keeps the value.
        self.interval(MAXINT as u64 - 1) as u32
    }

    /// `shuffle(items)` of a list or of the rows of an array: swaps from the end.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        self.shuffle_with(items.len(), |i, j| items.swap(i, j));
    }

    /// `shuffle` of a row-major array with `width` columns: whole rows change places.
    ///
    /// # Errors
    /// When `width` is 0 or does not divide the length.
    pub fn shuffle_rows(&mut self, values: &mut [f64], width: usize) -> Result<(), DistError> {
        let fits = width > 0 && values.len().is_multiple_of(width);
        ensure(fits, "shuffle_rows.width", &format!("a divisor of {}", values.len()), width)?;
        if width == 1 {
            self.shuffle(values);
            return Ok(());
        }
        self.shuffle_with(values.len() / width, |i, j| {
            if i != j {
                let (head, tail) = values.split_at_mut(i * width);
                head[j * width..(j + 1) * width].swap_with_slice(&mut tail[..width]);
            }
        });
        Ok(())
    }

    /// The draws of a shuffle of `n` things; calls `swap(i, j)` with `j <= i` for each.
    fn shuffle_with(&mut self, n: usize, mut swap: impl FnMut(usize, usize)) {
        for i in (1..n).rev() {
            let j = self.interval(i as u64) as usize;
            swap(i, j);
        }
    }

    /// `permutation(n)`: the numbers 0..n in a random order.
    ///
    /// # Errors
    /// When `n` numbers do not fit in memory.
    pub fn permutation(&mut self, n: usize) -> Result<Vec<usize>, DistError> {
        let mut order = Vec::new();
        order
            .try_reserve_exact(n)
            .map_err(|_| DistError::new("permutation.n", "a number that fits in memory", n))?;
        order.extend(0..n);
        self.shuffle(&mut order);
        Ok(order)
    }

    /// `choice(options, size, p=weights)` with replacement: indices below `options`.
    ///
    /// Without `weights` each index is equally likely. With them (one an option, any positive sum; NumPy
    /// wants a sum of 1) index i has the probability `weights[i] / sum`.
    ///
    /// # Errors
    /// When `options` is 0, or there are not as many weights as options, or a weight is negative or not
    /// finite, or all are zero.
    pub fn choice(
        &mut self,
        options: usize,
        size: usize,
        weights: Option<&[f64]>,
    ) -> Result<Vec<usize>, DistError> {
        ensure(options > 0, "choice.options", "at least 1", options)?;
        match weights {
            None => Ok((0..size).map(|_| self.interval(options as u64 - 1) as usize).collect()),
            Some(weights) => {
                let cdf = cumulative("choice.weights", weights, options)?;
                let last = options - 1;
                Ok((0..size)
                    .map(|_| {
                        let u = self.random_sample();
                        cdf.partition_point(|&c| c <= u).min(last)
                    })
                    .collect())
            }
        }
    }

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

    /// `n * d` numbers of [`random_sample`](Self::random_sample).
    ///
    /// # Errors
    /// When they do not fit in memory.
    pub fn rand(&mut self, n: usize, d: usize) -> Result<Vec<f64>, DistError> {
        let mut out = room("rand", n, d)?;
        out.extend((0..n * d).map(|_| self.random_sample()));
        Ok(out)
    }

    /// `n * d` numbers of [`gauss`](Self::gauss), row-major.
    ///
    /// # Errors
    /// When they do not fit in memory.
    pub fn randn(&mut self, n: usize, d: usize) -> Result<Vec<f64>, DistError> {
        let mut out = room("randn", n, d)?;
        out.extend((0..n * d).map(|_| self.gauss()));
        Ok(out)
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

/// The cumulative distribution of `weights`, which need not sum to 1.
///
/// # Errors
/// See [`RandomState::choice`]; `parameter` is what the message names.
pub fn cumulative(parameter: &str, weights: &[f64], options: usize) -> Result<Vec<f64>, DistError> {
    ensure(weights.len() == options, parameter, &format!("one weight an option ({options})"), weights.len())?;
    if let Some((i, w)) = weights.iter().enumerate().find(|(_, w)| !w.is_finite() || **w < 0.0) {
        return Err(DistError::new(format!("{parameter}[{i}]"), "finite and at least 0", w));
    }
    let total: f64 = weights.iter().sum();
    ensure(total > 0.0 && total.is_finite(), parameter, "a positive, finite sum", total)?;
    let mut sum = 0.0;
    Ok(weights
        .iter()
        .map(|w| {
            sum += w / total;
            sum
        })
        .collect())
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
