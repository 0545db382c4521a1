//! Random numbers that depend on a key and an index, and on nothing else.
//!
//! A [`Stream`] is named by (seed, object, purpose, step). Its i-th draw is a pure function of that name and
//! of i, so that the noise of a device is the same for any order of operators, any number of threads and any
//! partition of the model, and so that a checkpoint of it is two integers.
//!
//! The generator is Philox4x32-10 of J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random
//! numbers: as easy as 1, 2, 3", SC'11, 2011. One block gives 128 bits: draws 2b and 2b + 1 of a stream come
//! from block b. Every kind of draw takes exactly one index.
//!
//! ```
//! use bouton_random::{Purpose, StreamKey, object_key};
//!
//! const READ_NOISE: Purpose = Purpose::named("device.read_noise");
//! let key = StreamKey::new(7, object_key("net/a->b"), READ_NOISE);
//! let mut stream = key.at_step(1000);
//! let noise = [stream.next_normal(), stream.next_normal()];
//! assert_eq!(noise[1], key.at_step(1000).normal_at(1));
//! ```

use serde::{Deserialize, Serialize};

use crate::error::{DistError, ensure};
use crate::special::{normal_quantile, normal_upper};

/// One block of Philox4x32-10: 128 random bits for a 128-bit counter and a 64-bit key.
#[inline]
pub fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..10 {
        let p0 = u64::from(c0) * 0xD251_1F53;
        let p1 = u64::from(c2) * 0xCD9E_8D57;
        (c0, c1, c2, c3) = ((p1 >> 32) as u32 ^ c1 ^ k0, p1 as u32, (p0 >> 32) as u32 ^ c3 ^ k1, p0 as u32);
        // Weyl sequences on the golden ratio and √3 − 1 tell the rounds apart.
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    [c0, c1, c2, c3]
}

/// FNV-1a with 64 bits (Fowler, Noll and Vo): the same number for the same bytes, for ever.
const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
        i += 1;
    }
    hash
}

/// The `object` part of a stream's key, from an object's path (such as `"net/sub/a->b"`).
///
/// FNV-1a of the UTF-8 bytes with 64 bits: stable across platforms and versions. Two paths among a million
/// share a key with a chance of about 3e-8.
pub const fn object_key(path: &str) -> u64 {
    fnv1a(path.as_bytes())
}

/// What a stream is drawn for; two purposes of one object never share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Purpose(pub u64);

impl Purpose {
    /// The purpose of that name (such as `"device.read_noise"`): FNV-1a of its bytes, so that no list of
    /// numbers has to be kept.
    pub const fn named(name: &str) -> Purpose {
        Purpose(fnv1a(name.as_bytes()))
    }
}

/// The key of a family of streams, one a step: (seed, object, purpose).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamKey {
    key: [u32; 2],
    tag: u32,
}

impl StreamKey {
    /// The key for the run's `seed`, an `object` (see [`object_key`]) and a `purpose`.
    ///
    /// The three are mixed by one block of Philox, keyed by the seed; 96 of its bits name the streams.
    pub fn new(seed: u64, object: u64, purpose: Purpose) -> StreamKey {
        let [o0, o1] = halves(object);
        let [p0, p1] = halves(purpose.0);
        let [k0, k1, tag, _] = philox4x32_10([o0, o1, p0, p1], halves(seed));
        StreamKey { key: [k0, k1], tag }
    }

    /// The stream of a `step`, at its first draw.
    #[inline]
    pub fn at_step(&self, step: u64) -> Stream {
        Stream { key: *self, step, index: 0, waiting: 0 }
    }
}

fn halves(v: u64) -> [u32; 2] {
    [v as u32, (v >> 32) as u32]
}

/// A sequence of random numbers named by (seed, object, purpose, step). See the [module](self) page.
///
/// Draws by `…_at(i)` leave the place of the stream alone; draws by `next_…` take the index at its place.
/// A stream has 2^33 draws; past them it goes on with numbers that another stream may also give.
#[derive(Clone, Debug)]
pub struct Stream {
    key: StreamKey,
    step: u64,
    index: u64,
    /// Draw `index`, if that is odd: the second half of a block already made.
    waiting: u64,
}

impl Stream {
    /// The stream of `step` for the run's `seed`, an `object` (see [`object_key`]) and a `purpose`.
    ///
    /// Where many steps follow each other, keep the [`StreamKey`] and call [`StreamKey::at_step`].
    pub fn new(seed: u64, object: u64, purpose: Purpose, step: u64) -> Stream {
        StreamKey::new(seed, object, purpose).at_step(step)
    }

    /// The index of the next draw.
    pub fn position(&self) -> u64 {
        self.index
    }

    /// Moves to draw `index`.
    pub fn seek(&mut self, index: u64) {
        self.index = index;
        if index % 2 == 1 {
            self.waiting = self.block(index / 2)[1];
        }
    }

    #[inline]
    fn block(&self, block: u64) -> [u64; 2] {
        let [b0, b1] = halves(block);
        let [s0, s1] = halves(self.step);
        let [r0, r1, r2, r3] = philox4x32_10([b0, self.key.tag.wrapping_add(b1), s0, s1], self.key.key);
        [u64::from(r0) | u64::from(r1) << 32, u64::from(r2) | u64::from(r3) << 32]
    }

    /// 64 random bits: draw `index`.
    #[inline]
    pub fn u64_at(&self, index: u64) -> u64 {
        self.block(index / 2)[(index % 2) as usize]
    }

    /// Uniform on [0, 1) with 53 bits: draw `index`.
    #[inline]
    pub fn f64_at(&self, index: u64) -> f64 {
        unit(self.u64_at(index))
    }

    /// Standard normal: draw `index`.
    #[inline]
    pub fn normal_at(&self, index: u64) -> f64 {
        standard_normal(self.u64_at(index))
    }

    /// 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let index = self.index;
        self.index = index.wrapping_add(1);
        if index % 2 == 1 {
            return self.waiting;
        }
        let [now, later] = self.block(index / 2);
        self.waiting = later;
        now
    }

    /// Uniform on [0, 1) with 53 bits.
    #[inline]
    pub fn next_f64(&mut self) -> f64 {
        unit(self.next_u64())
    }

    /// Uniform on 0..n; 0 when `n` is 0. Each value is as likely as the others to within n/2^64.
    #[inline]
    pub fn next_below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// Standard normal: the quantile (Wichura's AS 241) of a uniform draw in (0, 1); never beyond ±8.3.
    #[inline]
    pub fn next_normal(&mut self) -> f64 {
        standard_normal(self.next_u64())
    }

    /// Fills `out` with uniform draws on [0, 1).
    pub fn fill_f64(&mut self, out: &mut [f64]) {
        for v in out {
            *v = self.next_f64();
        }
    }

    /// Fills `out` with standard normals.
    pub fn fill_normal(&mut self, out: &mut [f64]) {
        for v in out {
            *v = self.next_normal();
        }
    }

    /// A normal with `mean` and `std` that lies in [low, high].
    ///
    /// For many draws make a [`TruncatedNormal`] once; this is `TruncatedNormal::new(…)?.sample(self)`.
    ///
    /// # Errors
    /// Those of [`TruncatedNormal::new`]; then no draw is taken.
    pub fn truncated_normal(&mut self, mean: f64, std: f64, low: f64, high: f64) -> Result<f64, DistError> {
        Ok(TruncatedNormal::new(mean, std, low, high)?.sample(self))
    }
}

/// [0, 1) from the high 53 bits.
#[inline]
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// (0, 1) from the high 52 bits: the middles of 2^52 equal parts, so that neither end is met and the
/// quantile is finite and symmetric.
#[inline]
fn open_unit(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
}

#[inline]
fn standard_normal(bits: u64) -> f64 {
    normal_quantile(open_unit(bits))
}

/// A normal distribution cut to an interval.
///
/// Samples come from the inverse of the distribution function and not from rejection: each takes exactly one
/// draw, however unlikely the interval, so that the draws of neighbours stay in place. Tails are handled from
/// their own side, and keep their relative precision out to 37 standard deviations. An interval further out
/// holds no mass that a double can express; then every sample is the bound nearest to the mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruncatedNormal {
    mean: f64,
    std: f64,
    low: f64,
    high: f64,
    /// Mass of the untruncated normal below `low`, above `low`, above `high`, and inside.
    below: f64,
    above_low: f64,
    above: f64,
    inside: f64,
}

impl TruncatedNormal {
    /// A normal with `mean` and standard deviation `std` (0 gives the mean, moved into the interval), cut to
    /// [low, high]; either may be infinite.
    ///
    /// # Errors
    /// When `mean` or `std` is not finite, `std` is negative, a bound is not a number, or `low` is above
    /// `high`, or both are the same infinity.
    pub fn new(mean: f64, std: f64, low: f64, high: f64) -> Result<TruncatedNormal, DistError> {
        ensure(mean.is_finite(), "truncated_normal.mean", "a finite number", mean)?;
        ensure(std.is_finite() && std >= 0.0, "truncated_normal.std", "finite and at least 0", std)?;
        ensure(low < f64::INFINITY, "truncated_normal.low", "a number below infinity", low)?;
        ensure(high > f64::NEG_INFINITY, "truncated_normal.high", "a number above minus infinity", high)?;
        let interval = format_args!("low {low}, high {high}");
        ensure(low <= high, "truncated_normal.low", "at most high", interval)?;
        let (mut from, mut to) = ((low - mean) / std, (high - mean) / std);
        if std == 0.0 {
            // Division by zero gives the infinities wanted, but 0/0 where a bound is the mean.
            (from, to) = (f64::NEG_INFINITY, f64::INFINITY);
        }
        let (below, above_low, above) = (normal_upper(-from), normal_upper(from), normal_upper(to));
        // The difference of the two small numbers, on the side where they are small.
        let inside = if from >= 0.0 {
            above_low - above
        } else if to <= 0.0 {
            normal_upper(-to) - below
        } else {
            1.0 - below - above
        };
        Ok(TruncatedNormal { mean, std, low, high, below, above_low, above, inside })
    }

    /// One sample; takes one draw.
    #[inline]
    pub fn sample(&self, stream: &mut Stream) -> f64 {
        self.quantile(open_unit(stream.next_u64()))
    }

    /// The value below which the fraction `u` of the samples lies, for `u` in (0, 1).
    pub fn quantile(&self, u: f64) -> f64 {
        if self.std == 0.0 {
            return self.mean.clamp(self.low, self.high);
        }
        let z = if self.above_low == 0.0 {
            // Beyond 38 standard deviations above the mean.
            return self.low;
        } else if self.below + self.inside == 0.0 {
            return self.high;
        } else {
            let lower = self.below + u * self.inside;
            if lower <= 0.5 {
                normal_quantile(lower)
            } else {
                -normal_quantile(self.above + (1.0 - u) * self.inside)
            }
        };
        (self.mean + self.std * z).clamp(self.low, self.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_known_answers() {
        // The known answers of the Random123 library (kat_vectors, philox4x32 10 rounds).
        let ff = u32::MAX;
        let cases = [
            ([0; 4], [0; 2], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]),
            ([ff; 4], [ff; 2], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]),
            (
                [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
                [0xa4093822, 0x299f31d0],
                [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
            ),
        ];
        for (counter, key, expected) in cases {
            assert_eq!(philox4x32_10(counter, key), expected);
        }
    }

    #[test]
    fn fnv1a_known_answers() {
        // From the FNV authors' test vectors.
        assert_eq!(object_key(""), 0xcbf29ce484222325);
        assert_eq!(object_key("a"), 0xaf63dc4c8601ec8c);
        assert_eq!(object_key("foobar"), 0x85944171f73967e8);
    }

    #[test]
    fn draws_depend_on_key_and_index_only() {
        let key = StreamKey::new(1, object_key("net/a"), Purpose::named("noise"));
        let mut stream = key.at_step(5);
        let forward: Vec<u64> = (0..101).map(|_| stream.next_u64()).collect();
        for i in (0..101).rev() {
            assert_eq!(key.at_step(5).u64_at(i), forward[i as usize]);
        }
        for start in [7, 8] {
            stream.seek(start);
            assert_eq!(stream.position(), start);
            assert_eq!(stream.next_u64(), forward[start as usize]);
            assert_eq!(stream.next_u64(), forward[start as usize + 1]);
        }
        // Kinds of draw may be mixed: each takes one index.
        let mut mixed = key.at_step(5);
        mixed.next_normal();
        mixed.next_f64();
        mixed.truncated_normal(0.0, 1.0, -1.0, 1.0).unwrap();
        assert_eq!(mixed.next_u64(), forward[3]);
    }

    #[test]
    fn every_part_of_the_key_matters() {
        let base = Stream::new(1, 2, Purpose(3), 4).next_u64();
        let others = [
            Stream::new(1 << 40 | 1, 2, Purpose(3), 4),
            Stream::new(0, 2, Purpose(3), 4),
            Stream::new(1, 3, Purpose(2), 4),
            Stream::new(1, 1 << 40 | 2, Purpose(3), 4),
            Stream::new(1, 2, Purpose(1 << 40 | 3), 4),
            Stream::new(1, 2, Purpose(3), 5),
            Stream::new(1, 2, Purpose(3), 1 << 40 | 4),
        ];
        let mut seen = vec![base];
        for mut stream in others {
            let first = stream.next_u64();
            assert!(!seen.contains(&first));
            seen.push(first);
        }
    }

    #[test]
    fn streams_are_the_same_for_ever() {
        // A change of the keying or of the quantile cannot pass unseen. The numbers come from a second
        // implementation, with Python's integers and statistics.NormalDist.
        let stream = Stream::new(42, object_key("net/a->b"), Purpose::named("device.read_noise"), 7);
        let found = (stream.u64_at(0), stream.u64_at(1), stream.normal_at(2), stream.f64_at(3));
        let expected = (
            8_926_810_379_212_876_889,
            18_058_880_860_061_677_517,
            1.439_554_426_276_952,
            0.166_317_198_553_778_02,
        );
        assert_eq!(found, expected);
    }

    /// Sample mean, standard deviation, skewness and excess kurtosis.
    fn moments(x: &[f64]) -> [f64; 4] {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        let m = |k: i32| x.iter().map(|v| (v - mean).powi(k)).sum::<f64>() / n;
        let sd = m(2).sqrt();
        [mean, sd, m(3) / sd.powi(3), m(4) / sd.powi(4) - 3.0]
    }

    #[test]
    fn normals_and_uniforms_have_their_moments() {
        let mut normal = Vec::new();
        let mut uniform = Vec::new();
        // Many short streams, as a simulation draws them.
        let key = StreamKey::new(9, 9, Purpose(9));
        for step in 0..20_000 {
            let mut stream = key.at_step(step);
            normal.extend((0..10).map(|_| stream.next_normal()));
            uniform.extend((0..10).map(|_| stream.next_f64()));
        }
        // Bounds are five standard errors of 200 000 draws.
        let [mean, sd, skew, kurtosis] = moments(&normal);
        assert!(mean.abs() < 0.0112 && (sd - 1.0).abs() < 0.0079, "{mean} {sd}");
        assert!(skew.abs() < 0.0274 && kurtosis.abs() < 0.0548, "{skew} {kurtosis}");
        let [mean, sd, skew, kurtosis] = moments(&uniform);
        assert!((mean - 0.5).abs() < 0.0033 && (sd - 12_f64.powf(-0.5)).abs() < 0.0015, "{mean} {sd}");
        assert!(skew.abs() < 0.02 && (kurtosis + 1.2).abs() < 0.02, "{skew} {kurtosis}");
        // Neighbouring draws and neighbouring steps are uncorrelated.
        for lag in [1, 10] {
            let pairs = normal.iter().zip(&normal[lag..]);
            let r = pairs.map(|(a, b)| a * b).sum::<f64>() / normal.len() as f64;
            assert!(r.abs() < 0.0112, "lag {lag}: {r}");
        }
    }

    #[test]
    fn truncated_normals_follow_their_distribution() {
        let mut stream = Stream::new(3, 0, Purpose(0), 0);
        // (mean, std, low, high) and the mean, by m + s (φ(α) − φ(β)) / (Φ(β) − Φ(α)).
        for (mean, std, low, high) in [
            (0.0, 1.0, -1.0, 1.0),
            (0.5, 0.2, 0.0, 1.0),
            (-1.0, 2.0, 0.0, f64::INFINITY),
            (2.0, 0.5, f64::NEG_INFINITY, 0.5),
            (0.0, 1.0, 8.0, 9.0),
            (0.0, 1.0, f64::NEG_INFINITY, f64::INFINITY),
        ] {
            let dist = TruncatedNormal::new(mean, std, low, high).unwrap();
            let x: Vec<f64> = (0..100_000).map(|_| dist.sample(&mut stream)).collect();
            assert!(x.iter().all(|v| (low..=high).contains(v)));
            let phi = |z: f64| (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let (a, b) = ((low - mean) / std, (high - mean) / std);
            let expected = mean + std * (phi(a) - phi(b)) / dist.inside;
            let [found, sd, ..] = moments(&x);
            assert!((found - expected).abs() < 5.0 * sd / 316.0, "{dist:?}: {found} {expected}");
            // The middle: half of the mass on either side, by the tails.
            let middle = (dist.quantile(0.5) - mean) / std;
            let upper = normal_upper(middle) - dist.above;
            assert!((upper / dist.inside - 0.5).abs() < 1e-12, "{dist:?}");
        }
    }

    #[test]
    fn truncated_normals_at_the_edges() {
        let q = |mean, std, low, high| TruncatedNormal::new(mean, std, low, high).map(|d| d.quantile(0.3));
        assert_eq!(q(0.0, 0.0, -1.0, 1.0), Ok(0.0));
        assert_eq!(q(5.0, 0.0, 5.0, 6.0), Ok(5.0));
        assert_eq!(q(5.0, 0.0, -1.0, 1.0), Ok(1.0));
        assert_eq!(q(0.0, 1.0, 3.0, 3.0), Ok(3.0));
        assert_eq!(q(0.0, 1.0, 100.0, 200.0), Ok(100.0));
        assert_eq!(q(0.0, 1.0, -200.0, -100.0), Ok(-100.0));
        for (mean, std, low, high, text) in [
            (0.0, -1.0, 0.0, 1.0, "truncated_normal.std: expected finite and at least 0, found -1"),
            (0.0, 1.0, 2.0, 1.0, "truncated_normal.low: expected at most high, found low 2, high 1"),
            (f64::NAN, 1.0, 0.0, 1.0, "truncated_normal.mean: expected a finite number, found NaN"),
            (
                0.0,
                1.0,
                0.0,
                f64::NAN,
                "truncated_normal.high: expected a number above minus infinity, found NaN",
            ),
        ] {
            assert_eq!(q(mean, std, low, high).unwrap_err().to_string(), text);
        }
    }
}
