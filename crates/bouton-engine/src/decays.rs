//! To find that numbers decay from step to step but for a few jumps, as spikes through a low-pass do.
//!
//! It is found in the numbers, not in what made them: a filter of a rule's, a signal that a node gives, and spikes themselves, of
//! which nothing is left, are all alike; and a time constant that changes during the run is a jump.

use bouton_kernels::{Decaying, Jump, Real};

/// So many of [`Real::EPSILON`] may a number be off from what it decayed to: it is rounded at each step, and the ratio once.
const NEAR: f64 = 8.0;
/// One of so many numbers may be a jump; of more, sums over all of them cost less.
const RARE: usize = 4;
/// Columns that are asked for the ratio.
const ASKED: usize = 8;
/// Columns that are gone over together.
const TOGETHER: usize = 8;

/// Rows of numbers, one behind the other, as what their columns decay by, and their jumps.
#[derive(Clone, Debug)]
pub(crate) struct Decays<T> {
    ratio: T,
    jumps: Vec<Jump<T>>,
    ends: Vec<usize>,
}

impl<T: Real> Decays<T> {
    /// Finds them, unless there is no such ratio, or jumps aren't rare. Each number is what has decayed and jumped until then, within
    /// eight roundings.
    pub(crate) fn find(q: &[T], cols: usize) -> Option<Decays<T>> {
        let ratio = ratio(q, cols)?;
        let most = q.len() / RARE;
        let mut found =
            Decays { ratio, jumps: Vec::with_capacity(most.min(16 * cols)), ends: Vec::with_capacity(cols) };
        let near = NEAR * T::EPSILON.f64();
        let mut jumps: [Vec<Jump<T>>; TOGETHER] = Default::default();
        for from in (0..cols).step_by(TOGETHER) {
            let wide = TOGETHER.min(cols - from);
            let mut now = [T::ZERO; TOGETHER];
            for (step, q) in q.chunks_exact(cols).enumerate() {
                for ((now, jumps), q) in now.iter_mut().zip(&mut jumps).zip(&q[from..from + wide]) {
                    *now = ratio * *now;
                    let size = *q - *now;
                    // What isn't a number is a jump, and so comes to the weights.
                    let decayed = size.f64().abs() <= near * q.f64().abs();
                    if !decayed {
                        jumps.push(Jump { step, size });
                        *now = *q;
                    }
                }
            }
            for jumps in &mut jumps[..wide] {
                found.jumps.append(jumps);
                found.ends.push(found.jumps.len());
            }
            if found.jumps.len() > most {
                return None;
            }
        }
        Some(found)
    }
    /// For the sum of outer products.
    pub(crate) fn side(&self) -> Decaying<'_, T> {
        Decaying { ratio: self.ratio, jumps: &self.jumps, ends: &self.ends }
    }
}

/// What most numbers are of the ones before them, from 0 to 1.
fn ratio<T: Real>(q: &[T], cols: usize) -> Option<T> {
    let live = |c: &usize| q.iter().skip(*c).step_by(cols).any(|x| *x != T::ZERO);
    let mut ratios: Vec<f64> = vec![];
    for c in (0..cols).filter(live).step_by(cols.div_ceil(ASKED)).take(ASKED) {
        let column = || q.iter().skip(c).step_by(cols);
        let pairs = column().zip(column().skip(1)).filter(|(before, _)| **before != T::ZERO);
        ratios.extend(pairs.map(|(before, now)| (*now / *before).f64()));
    }
    ratios.retain(|r| (0.0..=1.0).contains(r));
    ratios.sort_by(f64::total_cmp);
    // The most that are as good as equal; of these the one in the middle.
    let near = |a: f64, b: f64| b - a <= NEAR * T::EPSILON.f64() * b;
    let mut best = 0..0;
    let mut end = 0;
    for begin in 0..ratios.len() {
        while end < ratios.len() && near(ratios[begin], ratios[end]) {
            end += 1;
        }
        if end - begin > best.len() {
            best = begin..end;
        }
    }
    ratios.get((best.start + best.end) / 2).map(|r| T::of(*r))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 64 steps of 30 columns that decay by `ratio` and get `size` in every ninth step, each in another; column 5 is silent.
    fn spikes<T: Real>(ratio: T, size: T) -> Vec<T> {
        let mut q = vec![];
        let mut now = [T::ZERO; 30];
        for z in 0..64 {
            for (c, now) in now.iter_mut().enumerate() {
                *now = ratio * *now;
                if c != 5 && (z + c) % 9 == 0 {
                    *now += size;
                }
                q.push(*now);
            }
        }
        q
    }
    /// What they are found to be, made again.
    fn again<T: Real>(d: &Decays<T>) -> Vec<T> {
        let mut q = vec![T::ZERO; 64 * d.ends.len()];
        for (c, end) in d.ends.iter().enumerate() {
            let mut jumps = d.jumps[if c == 0 { 0 } else { d.ends[c - 1] }..*end].iter().peekable();
            let mut now = T::ZERO;
            for z in 0..64 {
                now = d.ratio * now;
                if let Some(jump) = jumps.next_if(|j| j.step == z) {
                    now += jump.size;
                }
                q[z * d.ends.len() + c] = now;
            }
            assert!(jumps.next().is_none(), "a jump out of order");
        }
        q
    }

    fn all_are_found<T: Real>(within: f64) {
        for ratio in [0.0, 0.5, (-0.001_f64 / 0.005).exp(), (-0.001_f64 / 0.1).exp(), 1.0] {
            let q = spikes(T::of(ratio), T::of(181.3));
            let found = Decays::find(&q, 30).unwrap_or_else(|| panic!("{ratio}: nothing found"));
            assert!(
                (found.ratio.f64() / ratio - 1.0).abs() < 2.0 * T::EPSILON.f64() || ratio == 0.0,
                "{ratio}: {}",
                found.ratio
            );
            for (k, (a, b)) in again(&found).iter().zip(&q).enumerate() {
                assert!((a.f64() - b.f64()).abs() <= within * b.f64().abs(), "{ratio}, {k}: {a}, {b}");
            }
            // Each spike, and what rounding adds in the longest: one in eight more at most.
            let spikes = (0..64 * 30).filter(|k| k % 30 != 5 && (k / 30 + k % 30) % 9 == 0).count();
            assert!(
                (spikes..=spikes + spikes / 8).contains(&found.jumps.len()),
                "{ratio}: {} of {spikes}",
                found.jumps.len()
            );
        }
    }
    #[test]
    fn spikes_through_a_filter_are_found_with_their_ratio() {
        all_are_found::<f64>(2e-15);
        all_are_found::<f32>(1e-6);
    }

    #[test]
    fn a_ratio_that_changes_is_a_few_jumps_more() {
        let (mut q, other) = (spikes(0.8_f64, 100.0), spikes(0.9, 100.0));
        q[56 * 30..].copy_from_slice(&other[56 * 30..]);
        let found = Decays::find(&q, 30).expect("found");
        for (a, b) in again(&found).iter().zip(&q) {
            assert!((a - b).abs() <= 2e-15 * b.abs(), "{a}, {b}");
        }
        let before = Decays::find(&spikes(0.8_f64, 100.0), 30).expect("found").jumps.len();
        // The eight last numbers of each column that isn't silent, one of which is a spike as often as not.
        assert!(
            (before + 1..=before + 8 * 29).contains(&found.jumps.len()),
            "{} of {before}",
            found.jumps.len()
        );
    }

    #[test]
    fn rates_and_noise_are_left_alone() {
        let noise: Vec<f64> = (0..64 * 30).map(|k| ((k * 7919 + 13) % 1009) as f64).collect();
        assert!(Decays::find(&noise, 30).is_none());
        let rates: Vec<f64> = (0..64 * 30).map(|k| 100.0 + (k as f64 * 0.01).sin()).collect();
        assert!(Decays::find(&rates, 30).is_none());
        // Steady rates decay by nothing.
        let steady: Vec<f64> = (0..64 * 30).map(|k| (k % 30) as f64).collect();
        assert_eq!(Decays::find(&steady, 30).map(|d| d.jumps.len()), Some(29));
    }

    #[test]
    fn what_is_not_a_number_is_a_jump() {
        let mut q = spikes(0.8, 100.0);
        q[31 * 30 + 7] = f64::NAN;
        let found = Decays::find(&q, 30).expect("found");
        let column = &found.jumps[found.ends[6]..found.ends[7]];
        assert!(column.iter().any(|j| j.step == 31 && j.size.is_nan()));
    }
}
