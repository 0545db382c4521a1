//! Many outer products added to a matrix at once.

use crate::level::{Tier, dispatch};
use crate::{Level, Real};

/// Rows and columns whose sums are held at a time.
const ROWS: usize = 16;
const COLS: usize = 4;
/// Outer products that are packed at a time.
const DEPTH: usize = 64;

#[inline(always)]
fn outer_sum_inc_body<T: Real>(p: &[T], q: &[T], rows: usize, w: &mut [T]) {
    let depth = p.len() / rows;
    let cols = w.len() / rows;
    for first in (0..depth).step_by(DEPTH) {
        let deep = DEPTH.min(depth - first);
        // Presynaptic neurons that were silent all the time change nothing.
        for from in (0..rows).step_by(ROWS) {
            let n = ROWS.min(rows - from);
            let mut panel = [[T::ZERO; ROWS]; DEPTH];
            for (z, panel) in panel[..deep].iter_mut().enumerate() {
                panel[..n].copy_from_slice(&p[(first + z) * rows + from..][..n]);
            }
            let mut j = 0;
            while j < cols {
                let wide = COLS.min(cols - j);
                let mut acc = [[T::ZERO; ROWS]; COLS];
                let mut any = false;
                for (z, panel) in panel[..deep].iter().enumerate() {
                    let mut f = [T::ZERO; COLS];
                    f[..wide].copy_from_slice(&q[(first + z) * cols + j..][..wide]);
                    any |= f != [T::ZERO; COLS];
                    for c in 0..COLS {
                        for r in 0..ROWS {
                            acc[c][r] += f[c] * panel[r];
                        }
                    }
                }
                if any {
                    for (c, acc) in acc[..wide].iter().enumerate() {
                        let w = &mut w[(j + c) * rows + from..][..n];
                        for (w, s) in w.iter_mut().zip(acc) {
                            *w += *s;
                        }
                    }
                }
                j += COLS;
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
        for (rows, cols, depth) in [(1, 1, 1), (16, 4, 64), (17, 5, 3), (40, 11, 64), (33, 9, 70)] {
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
