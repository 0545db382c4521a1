//! Outer products of which one side decays from each to the next, added to a matrix at once.

use crate::ahead::read_ahead;
use crate::level::{Tier, dispatch};
use crate::{Level, Real};

/// Rows that are gone over at a time: so many of [`MAX_DECAYING`] sums lie in the nearest cache but one.
const ROWS: usize = 128;
/// Rows whose sums are in registers.
const HELD: usize = 32;
/// Columns that are read side by side before they are changed.
const AHEAD: usize = 8;
/// Outer products that [`decaying_sum_inc`] takes at most.
pub const MAX_DECAYING: usize = 64;

/// Where a side of outer products is another number than what the one before it decays to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jump<T> {
    /// Of which outer product.
    pub step: usize,
    /// How much is added there, and decays from then on.
    pub size: T,
}

/// One side of outer products, column by column: q_z = ratio · q_{z−1}, and what is added at its jumps.
#[derive(Clone, Copy, Debug)]
pub struct Decaying<'a, T> {
    /// What is left of a number in the next outer product.
    pub ratio: T,
    /// The jumps, column by column, each column's in the order of steps.
    pub jumps: &'a [Jump<T>],
    /// Where the jumps of each column end.
    pub ends: &'a [usize],
}

#[inline(always)]
fn decaying_sum_inc_body<T: Real>(p: &[T], q: Decaying<'_, T>, rows: usize, w: &mut [T]) {
    let depth = p.len() / rows;
    let mut sums = [[T::ZERO; ROWS]; MAX_DECAYING];
    for from in (0..rows).step_by(ROWS) {
        let n = ROWS.min(rows - from);
        // What a jump of 1 at z comes to: p_z, and what is left of it in each that follows.
        let mut later = [T::ZERO; ROWS];
        for (sums, p) in sums[..depth].iter_mut().zip(p.chunks_exact(rows)).rev() {
            for ((sum, later), p) in sums.iter_mut().zip(&mut later).zip(&p[from..from + n]) {
                *later = *p + q.ratio * *later;
                *sum = *later;
            }
        }
        let mut begin = 0;
        for (w, ends) in w.chunks_mut(AHEAD * rows).zip(q.ends.chunks(AHEAD)) {
            read_ahead::<T, AHEAD>(std::array::from_fn(|c| {
                w.get(c * rows + from..c * rows + from + n).unwrap_or(&[])
            }));
            for (w, end) in w.chunks_exact_mut(rows).zip(ends) {
                let jumps = &q.jumps[begin..*end];
                begin = *end;
                if jumps.is_empty() {
                    continue;
                }
                for (k, w) in w[from..from + n].chunks_mut(HELD).enumerate() {
                    let mut held = [T::ZERO; HELD];
                    for jump in jumps {
                        let sums = &sums[jump.step][k * HELD..][..HELD];
                        for r in 0..HELD {
                            held[r] += jump.size * sums[r];
                        }
                    }
                    w.iter_mut().zip(held).for_each(|(w, held)| *w += held);
                }
            }
        }
    }
}
dispatch! {
    /// W += Σ p_z ⊗ q_z, with W by columns (`rows` numbers each), and `p` at most [`MAX_DECAYING`] vectors of `rows` numbers, one
    /// behind the other. It multiplies each column by as many vectors as the column has jumps, where
    /// [`outer_sum_inc`](crate::outer_sum_inc) would by all.
    ///
    /// # Panics
    /// If there are more vectors, or a jump is in none of them.
    pub fn decaying_sum_inc(p: &[T], q: Decaying<'_, T>, rows: usize, w: &mut [T]) => decaying_sum_inc_body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decays_is_added_up_from_its_jumps() {
        for (rows, cols, depth) in [(1, 1, 1), (32, 6, 64), (140, 19, 64), (33, 13, 7)] {
            let number = |k: usize| ((k * 7919 + 13) % 1009) as f64 / 504.5 - 1.0;
            let ratio = 0.8125;
            let p: Vec<f64> = (0..depth * rows).map(number).collect();
            let start: Vec<f64> = (0..rows * cols).map(|k| number(k + 17)).collect();
            let (mut jumps, mut ends, mut q) = (vec![], vec![], vec![0.0; depth * cols]);
            for c in 0..cols {
                let mut now = 0.0;
                for z in 0..depth {
                    now *= ratio;
                    // The second column has none.
                    if c != 1 && (z + c) % 9 == 0 {
                        jumps.push(Jump { step: z, size: number(z + c) });
                        now += number(z + c);
                    }
                    q[z * cols + c] = now;
                }
                ends.push(jumps.len());
            }
            let mut all = vec![];
            for level in Level::available() {
                let mut w = start.clone();
                decaying_sum_inc(level, &p, Decaying { ratio, jumps: &jumps, ends: &ends }, rows, &mut w);
                for k in 0..rows * cols {
                    let (r, c) = (k % rows, k / rows);
                    let wanted =
                        start[k] + (0..depth).map(|z| q[z * cols + c] * p[z * rows + r]).sum::<f64>();
                    assert!(
                        (w[k] - wanted).abs() < 1e-13,
                        "{rows} × {cols}, {depth}, {level:?}: {}, {wanted}",
                        w[k]
                    );
                }
                all.push(w.iter().map(|w| w.to_bits()).collect::<Vec<_>>());
            }
            assert!(all.windows(2).all(|two| two[0] == two[1]), "{rows} × {cols}: other bits");
        }
    }
}
