//! Many outer products added to a matrix at once.

use crate::level::{Tier, dispatch};
use crate::{Level, Real};

/// Rows and columns whose sums are held at a time: as many as sixteen registers of four numbers hold beside what is multiplied.
/// Of 16 × 4 sums, which fill them, each goes to memory and back in each product, and it takes 1.5 times as long.
const ROWS: usize = 8;
const COLS: usize = 6;
/// Outer products that are packed at a time.
const DEPTH: usize = 64;

#[inline(always)]
fn outer_sum_inc_body<T: Real>(p: &[T], q: &[T], rows: usize, w: &mut [T]) {
    let cols = w.len() / rows;
    for (p, q) in p.chunks(DEPTH * rows).zip(q.chunks(DEPTH * cols)) {
        for (j, w) in w.chunks_mut(COLS * rows).enumerate() {
            let (j, wide) = (COLS * j, w.len() / rows);
            let mut f = [[T::ZERO; COLS]; DEPTH];
            let mut any = false;
            for (f, q) in f.iter_mut().zip(q.chunks_exact(cols)) {
                for c in 0..wide {
                    f[c] = q[j + c];
                    any |= f[c] != T::ZERO;
                }
            }
            // Presynaptic neurons that were silent all the time change nothing.
            if !any {
                continue;
            }
            let mut from = 0;
            while from + ROWS <= rows {
                let mut acc = [[T::ZERO; ROWS]; COLS];
                for (p, f) in p.chunks_exact(rows).zip(&f) {
                    let p = &p[from..from + ROWS];
                    for c in 0..COLS {
                        for r in 0..ROWS {
                            acc[c][r] += f[c] * p[r];
                        }
                    }
                }
                for (acc, w) in acc.iter().zip(w.chunks_exact_mut(rows)) {
                    let w = &mut w[from..from + ROWS];
                    for r in 0..ROWS {
                        w[r] += acc[r];
                    }
                }
                from += ROWS;
            }
            for (c, w) in w.chunks_exact_mut(rows).enumerate() {
                for (r, w) in w.iter_mut().enumerate().skip(from) {
                    let mut s = T::ZERO;
                    for (p, f) in p.chunks_exact(rows).zip(&f) {
                        s += f[c] * p[r];
                    }
                    *w += s;
                }
            }
        }
    }
}
dispatch! {
    /// W += Σ p_z ⊗ q_z, with W by columns (`rows` numbers each), `p` one vector of `rows` numbers behind the other, and `q` as
    /// many of one number a column. Each 64 of them are added up from the first to the last before they are added.
    pub fn outer_sum_inc(p: &[T], q: &[T], rows: usize, w: &mut [T]) => outer_sum_inc_body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outer_products_are_added_up_and_then_added() {
        for (rows, cols, depth) in [(1, 1, 1), (16, 6, 64), (17, 7, 3), (40, 11, 64), (33, 13, 70)] {
            let number = |k: usize| ((k * 7919 + 13) % 1009) as f64 / 504.5 - 1.0;
            let p: Vec<f64> = (0..depth * rows).map(number).collect();
            let q: Vec<f64> =
                (0..depth * cols).map(|k| if k % cols == cols / 2 { 0.0 } else { number(k + 5) }).collect();
            let start: Vec<f64> = (0..rows * cols).map(|k| number(k + 17)).collect();
            for level in Level::available() {
                let mut w = start.clone();
                outer_sum_inc(level, &p, &q, rows, &mut w);
                for k in 0..rows * cols {
                    let (r, c) = (k % rows, k / rows);
                    let mut wanted = start[k];
                    for first in (0..depth).step_by(64) {
                        let term = |z: usize| q[z * cols + c] * p[z * rows + r];
                        wanted += (first..depth.min(first + 64)).fold(0.0, |s, z| s + term(z));
                    }
                    assert_eq!(w[k].to_bits(), wanted.to_bits(), "{rows} × {cols}, {depth}, {level:?}");
                }
            }
        }
    }
}
