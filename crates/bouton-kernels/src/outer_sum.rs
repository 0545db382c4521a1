//! Many outer products added to a matrix at once.

use crate::level::{Tier, dispatch};
use crate::{Level, Real};

/// Rows and columns whose sums are held at a time: of 8 × 6, which fill sixteen registers of four numbers, a compiler keeps some in
/// memory, and it takes 1.7 times as long.
const ROWS: usize = 8;
const COLS: usize = 5;
/// Outer products that are packed at a time.
const DEPTH: usize = 64;
/// So many times [`ROWS`] rows are packed at a time, which lie in the nearest cache but one while all columns are gone over.
const PANELS: usize = 32;

#[inline(always)]
fn outer_sum_inc_body<T: Real>(p: &[T], q: &[T], rows: usize, w: &mut [T]) {
    let cols = w.len() / rows;
    let mut panels = [[[T::ZERO; ROWS]; DEPTH]; PANELS];
    for (p, q) in p.chunks(DEPTH * rows).zip(q.chunks(DEPTH * cols)) {
        let depth = p.len() / rows;
        for from in (0..rows).step_by(PANELS * ROWS) {
            let n = (PANELS * ROWS).min(rows - from);
            for (z, p) in p.chunks_exact(rows).enumerate() {
                for (panel, p) in panels.iter_mut().zip(p[from..from + n].chunks(ROWS)) {
                    panel[z][..p.len()].copy_from_slice(p);
                }
            }
            for (j, w) in w.chunks_mut(COLS * rows).enumerate() {
                let (j, wide) = (COLS * j, w.len() / rows);
                let mut f = [[T::ZERO; COLS]; DEPTH];
                for (f, q) in f.iter_mut().zip(q.chunks_exact(cols)) {
                    f[..wide].copy_from_slice(&q[j..j + wide]);
                }
                // Presynaptic neurons that were silent all the time change nothing.
                if f.as_flattened().iter().all(|f| *f == T::ZERO) {
                    continue;
                }
                let piece = |c: usize| c * rows + from..c * rows + from + n;
                for (k, panel) in panels[..n.div_ceil(ROWS)].iter().enumerate() {
                    let mut acc = [[T::ZERO; ROWS]; COLS];
                    for (p, f) in panel[..depth].iter().zip(&f) {
                        for c in 0..COLS {
                            for r in 0..ROWS {
                                acc[c][r] += f[c] * p[r];
                            }
                        }
                    }
                    let at = k * ROWS;
                    for (c, acc) in acc[..wide].iter().enumerate() {
                        let w = &mut w[piece(c)];
                        // Of a known length where it can be, for which no loop asks.
                        if let Some(w) = w.get_mut(at..at + ROWS) {
                            for r in 0..ROWS {
                                w[r] += acc[r];
                            }
                        } else {
                            w[at..].iter_mut().zip(acc).for_each(|(w, acc)| *w += *acc);
                        }
                    }
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
        for (rows, cols, depth) in [(1, 1, 1), (16, 5, 64), (17, 7, 3), (300, 11, 64), (33, 13, 70)] {
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
