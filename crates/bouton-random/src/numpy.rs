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

mod samplers;

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

/// Numbers below 2^16: any number type of a simulation holds them exactly.
const HALF: u32 = 1 << 16;

/// The state as numbers.
impl RandomState {
    /// How many numbers the state is: each of the 624 words as its low and its high half, then the position, then whether a
    /// Gaussian number waits, then the 64 bits of that in four parts, the lowest first. All are below 2^16, so that a
    /// simulation can hold them among its own in either precision.
    pub const NUMBERS: usize = 2 * N + 6;

    /// The state as [`NUMBERS`](Self::NUMBERS) numbers.
    ///
    /// ```
    /// use bouton_random::RandomState;
    /// let mut a = RandomState::new(5);
    /// a.gauss();
    /// let kept: Vec<f32> = a.to_numbers().into_iter().map(|x| x as f32).collect();
    /// let mut b = RandomState::from_numbers(|k| f64::from(kept[k]));
    /// assert_eq!((a.gauss(), a.random_sample()), (b.gauss(), b.random_sample()));
    /// ```
    pub fn to_numbers(&self) -> Vec<f64> {
        let mut numbers = vec![0.0; RandomState::NUMBERS];
        self.put_numbers(|k, x| numbers[k] = x);
        numbers
    }
    /// Hands out each number of the state with its place.
    pub fn put_numbers(&self, mut put: impl FnMut(usize, f64)) {
        for (k, word) in self.key.iter().enumerate() {
            put(2 * k, f64::from(word % HALF));
            put(2 * k + 1, f64::from(word / HALF));
        }
        put(2 * N, self.pos as f64);
        put(2 * N + 1, f64::from(u8::from(self.gauss.is_some())));
        let bits = self.gauss.unwrap_or(0.0).to_bits();
        for k in 0..4 {
            put(2 * N + 2 + k, f64::from((bits >> (16 * k)) as u16));
        }
    }
    /// The state that [`to_numbers`](Self::to_numbers) gave, of the number at each place. What is no such number is taken for
    /// the nearest that is.
    pub fn from_numbers(at: impl Fn(usize) -> f64) -> RandomState {
        let half = |k: usize| u32::from(at(k) as u16);
        let mut state = RandomState { key: [0; N], pos: (at(2 * N) as usize).min(N), gauss: None };
        for (k, word) in state.key.iter_mut().enumerate() {
            *word = half(2 * k) | half(2 * k + 1) << 16;
        }
        if at(2 * N + 1) == 1.0 {
            let bits = (0..4).fold(0, |bits, k| bits | u64::from(half(2 * N + 2 + k)) << (16 * k));
            state.gauss = Some(f64::from_bits(bits)).filter(|x| x.is_finite());
        }
        state
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
