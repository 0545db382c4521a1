//! Powers, and pulses on devices whose resistance is a power of their pulse count.

use crate::level::{Tier, dispatch};
use crate::{LANES, Level, Real};

/// x^c for x ≥ 1, to about 1e-14: exp2(c·log2 x).
///
/// Own polynomials in plain arithmetic, without tables or conversions between integers and floating point: so every
/// processor gives the same bits, and eight lanes run side by side at every SIMD level.
#[inline(always)]
fn power(x: f64, c: f64) -> f64 {
    // x = 2^e·m with m in [√½, √2): the exponent is what is left of the bits after those of √½ are taken away.
    const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    let bits = x.to_bits();
    let e = bits.wrapping_sub(SQRT_HALF) >> 52;
    let m = f64::from_bits(bits.wrapping_sub(e << 52));
    // A small integer in the last bits of 2^52 is that much above it.
    const BIG: f64 = 4_503_599_627_370_496.0;
    let exponent = f64::from_bits(BIG.to_bits() | e) - BIG;
    // log m = 2·artanh(s), s = (m−1)/(m+1), |s| < 0.1716: s^21/21 is below 4e-18 of it.
    let s = (m - 1.0) / (m + 1.0);
    let s2 = s * s;
    let s4 = s2 * s2;
    let even =
        1.0 + s4 * (1.0 / 5.0 + s4 * (1.0 / 9.0 + s4 * (1.0 / 13.0 + s4 * (1.0 / 17.0 + s4 * (1.0 / 21.0)))));
    let odd = 1.0 / 3.0 + s4 * (1.0 / 7.0 + s4 * (1.0 / 11.0 + s4 * (1.0 / 15.0 + s4 * (1.0 / 19.0))));
    let log = 2.0 * s * (even + s2 * odd);
    let y = (exponent + log * std::f64::consts::LOG2_E) * c;
    // Adding 1.5·2^52 rounds to the nearest integer, which is then in the last bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let shifted = y + ROUND;
    let q = (y - (shifted - ROUND)) * std::f64::consts::LN_2; // |q| ≤ 0.347
    let q2 = q * q;
    let even = 1.0
        + q2 * (0.5 + q2 * (1.0 / 24.0 + q2 * (1.0 / 720.0 + q2 * (1.0 / 40320.0 + q2 * (1.0 / 3628800.0)))));
    let odd = 1.0
        + q2 * (1.0 / 6.0
            + q2 * (1.0 / 120.0 + q2 * (1.0 / 5040.0 + q2 * (1.0 / 362880.0 + q2 * (1.0 / 39916800.0)))));
    let scale = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    (even + q * odd) * scale
}

/// Constants of every device of one power-law array: R(n) = r0 + r1·n^c, one entry a device, row-major.
#[derive(Clone, Copy, Debug)]
pub struct PowerLawConst<'a> {
    /// Resistance that many pulses lead to (Ω).
    pub r0: &'a [f64],
    /// Resistance range (Ω).
    pub r1: &'a [f64],
    /// Exponent (negative).
    pub c: &'a [f64],
    /// Smallest pulse count: below it the resistance would exceed `r1`.
    pub least: &'a [f64],
}

#[inline(always)]
fn pulse_power_law_body<T: Real>(columns: &[u32], p: PowerLawConst<'_>, n: &mut [f64], g: &mut [f64], _: T) {
    let m = n.len();
    let (r0, r1, c, least, g) = (&p.r0[..m], &p.r1[..m], &p.c[..m], &p.least[..m], &mut g[..m]);
    let (chunks, rest) = columns.as_chunks::<LANES>();
    for k in chunks {
        // Gather, compute in lanes, scatter: the power is what costs, and it must not wait for the indices.
        let at = k.map(|k| k as usize);
        let (mut x, mut cc, mut a, mut b) = ([0.0; LANES], [0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for l in 0..LANES {
            let i = at[l];
            x[l] = n[i].max(least[i]) + 1.0;
            cc[l] = c[i];
            a[l] = r0[i];
            b[l] = r1[i];
        }
        let mut y = [0.0; LANES];
        for l in 0..LANES {
            y[l] = 1.0 / (a[l] + b[l] * power(x[l], cc[l]));
        }
        for l in 0..LANES {
            n[at[l]] = x[l];
            g[at[l]] = y[l];
        }
    }
    for &k in rest {
        let i = k as usize;
        n[i] = n[i].max(least[i]) + 1.0;
        g[i] = 1.0 / (r0[i] + r1[i] * power(n[i], c[i]));
    }
}
dispatch! {
    /// One pulse on the devices `columns` of one row: n ← max(n, least) + 1 and g ← 1/(r0 + r1·n^c) (S).
    ///
    /// `columns` are indices into the row's slices, each at most once. The last argument only names the number type
    /// that the dispatch is made for; devices are always `f64`.
    pub fn pulse_power_law(columns: &[u32], p: PowerLawConst<'_>, n: &mut [f64], g: &mut [f64], marker: T) => pulse_power_law_body
}

#[inline(always)]
fn pulse_power_law_masked_body<T: Real>(
    open: &[f64],
    p: PowerLawConst<'_>,
    n: &mut [f64],
    g: &mut [f64],
    _: T,
) {
    let m = n.len();
    let (open, g) = (&open[..m], &mut g[..m]);
    let (r0, r1, c, least) = (&p.r0[..m], &p.r1[..m], &p.c[..m], &p.least[..m]);
    for i in 0..m {
        let k = n[i].max(least[i]) + 1.0;
        let y = 1.0 / (r0[i] + r1[i] * power(k, c[i]));
        let hit = open[i] != 0.0;
        n[i] = if hit { k } else { n[i] };
        g[i] = if hit { y } else { g[i] };
    }
}
dispatch! {
    /// [`pulse_power_law`] on the devices for which `open` isn't zero, the same bits: computes all of the row and keeps
    /// what was hit, which is cheaper than gathering when many are.
    pub fn pulse_power_law_masked(open: &[f64], p: PowerLawConst<'_>, n: &mut [f64], g: &mut [f64], marker: T) => pulse_power_law_masked_body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_agrees_with_the_library_to_a_few_last_places() {
        let mut worst = 0.0f64;
        for i in 0..200_000u32 {
            let x = 1.0 + (f64::from(i) * 0.37).powf(1.2);
            for c in [-0.146, -0.65, -0.05, -1.3] {
                let exact = libm::pow(x, c);
                worst = worst.max((power(x, c) - exact).abs() / exact);
            }
        }
        assert!(worst < 2e-14, "relative error {worst}");
    }

    #[test]
    fn pulses_follow_the_power_law_at_every_level() {
        let m = 29;
        let (r0, r1, c, least) = (vec![200.0; m], vec![2.3e8; m], vec![-0.146; m], vec![1.0; m]);
        let p = PowerLawConst { r0: &r0, r1: &r1, c: &c, least: &least };
        let columns: Vec<u32> = (0..m as u32).filter(|k| k % 3 != 0).collect();
        let run = |level| {
            let (mut n, mut g) = (vec![300.3; m], vec![1e-8; m]);
            for _ in 0..1000 {
                pulse_power_law(level, &columns, p, &mut n, &mut g, 0.0f64);
            }
            (n, g)
        };
        let (n, g) = run(Level::BASELINE);
        let open: Vec<f64> = (0..m).map(|k| f64::from(u8::from(k % 3 != 0))).collect();
        for level in Level::available() {
            let (mut a, mut b) = (vec![300.3; m], vec![1e-8; m]);
            for _ in 0..1000 {
                pulse_power_law_masked(level, &open, p, &mut a, &mut b, 0.0f64);
            }
            assert_eq!((&a, &b), (&n, &g), "the masked form at {level:?}");
        }
        assert_eq!((n[0], g[0]), (300.3, 1e-8), "a device outside the list was pulsed");
        // Published figures: 1e8 Ω after about 300 pulses, 8.074e7 Ω a thousand pulses later.
        assert!((1.0 / g[1] - 8.074e7).abs() < 1e4, "{} Ω", 1.0 / g[1]);
        for level in Level::available() {
            assert_eq!(run(level), (n.clone(), g.clone()), "{level:?}");
        }
    }
}
