//! Products with a matrix that is kept by columns, of which only those are read that meet something.

use crate::dense::tree;
use crate::level::{Tier, dispatch};
use crate::{LANES, Level, Real};

/// Most columns of [`columns_inc`].
pub const MAX_COLUMNS: usize = 1 << 16;
/// Rows whose partial sums are held at a time.
const BLOCK: usize = 256;
const WORD: usize = u64::BITS as usize;

/// Adds columns times their numbers to the partial sums of a block of rows, from the first to the last, four at a time: a
/// sum is then loaded and stored once for four columns.
#[inline(always)]
fn add_columns<T: Real>(a: &[T], rows: usize, from: usize, these: &[u32], x: &[T], acc: &mut [T]) {
    let n = acc.len();
    let column = |j: u32| &a[j as usize * rows + from..][..n];
    let (fours, rest) = these.as_chunks::<4>();
    for &[p, q, r, s] in fours {
        let [a, b, c, d] = [p, q, r, s].map(column);
        let [xa, xb, xc, xd] = [p, q, r, s].map(|j| x[j as usize]);
        for i in 0..n {
            acc[i] = (((acc[i] + a[i] * xa) + b[i] * xb) + c[i] * xc) + d[i] * xd;
        }
    }
    for &j in rest {
        let (a, x) = (column(j), x[j as usize]);
        for i in 0..n {
            acc[i] += a[i] * x;
        }
    }
}

/// Lists the columns that are `LANES` apart from `lane` on, below `end`, whose bit is set; returns how many.
#[inline(always)]
fn list(bits: &[u64], lane: usize, end: usize, these: &mut [u32]) -> usize {
    // Every eighth bit, from that of the lane on.
    let every = (u64::MAX / 0xff) << lane;
    let mut count = 0;
    for (k, word) in bits.iter().enumerate().take(end.div_ceil(WORD)) {
        let mut word = word & every;
        if k == end / WORD {
            word &= (1 << (end % WORD)) - 1;
        }
        while word != 0 {
            these[count] = (k * WORD) as u32 + word.trailing_zeros();
            count += 1;
            word &= word - 1;
        }
    }
    count
}

#[inline(always)]
fn columns_inc_body<T: Real>(a: &[T], rows: usize, x: &[T], y: &mut [T]) {
    const { assert!(WORD.is_multiple_of(LANES) && LANES == 8) };
    let cols = x.len();
    assert!(
        cols <= MAX_COLUMNS && y.len() == rows && a.len() == rows * cols,
        "shapes of a product by columns"
    );
    let mut bits = [0u64; MAX_COLUMNS / WORD];
    for (word, x) in bits.iter_mut().zip(x.chunks(WORD)) {
        // A number that isn't one is nothing to skip: it is to be found.
        *word = x.iter().enumerate().fold(0, |w, (k, x)| w | u64::from(*x != T::ZERO) << k);
    }
    // The partial sums of `dot`: as many lanes as it has for rows of this length, then the rest one by one.
    let whole = if cols < 2 * LANES { 0 } else { cols / LANES * LANES };
    let mut these = [0u32; MAX_COLUMNS / LANES];
    let mut acc = [[T::ZERO; BLOCK]; LANES];
    for (b, y) in y.chunks_mut(BLOCK).enumerate() {
        let (from, n) = (b * BLOCK, y.len());
        for (lane, acc) in acc.iter_mut().enumerate() {
            acc[..n].fill(T::ZERO);
            let count = list(&bits, lane, whole, &mut these);
            add_columns(a, rows, from, &these[..count], x, &mut acc[..n]);
        }
        let mut sums = [T::ZERO; BLOCK];
        for (i, s) in sums[..n].iter_mut().enumerate() {
            *s = tree(&std::array::from_fn(|lane| acc[lane][i]));
        }
        let mut rest = [0u32; 2 * LANES];
        let mut count = 0;
        for j in (whole..cols).filter(|j| x[*j] != T::ZERO) {
            rest[count] = j as u32;
            count += 1;
        }
        add_columns(a, rows, from, &rest[..count], x, &mut sums[..n]);
        for (y, s) in y.iter_mut().zip(&sums) {
            *y += *s;
        }
    }
}
dispatch! {
    /// y += A·x, with A given by columns (`a`: one column of `rows` numbers behind the other). Columns whose number is zero
    /// are not read. The bits of [`gemv_inc`](crate::gemv_inc) on the same matrix by rows, as long as it is finite: a product
    /// with zero changes no sum.
    ///
    /// # Panics
    /// More than [`MAX_COLUMNS`] columns, or lengths that don't fit.
    pub fn columns_inc(a: &[T], rows: usize, x: &[T], y: &mut [T]) => columns_inc_body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gemv_inc;

    /// Numbers between −1 and 1.
    fn numbers(n: usize, seed: u64) -> Vec<f64> {
        let mut s = seed;
        let mut next = || {
            s = s.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (s >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        };
        (0..n).map(|_| next()).collect()
    }

    #[test]
    fn columns_that_meet_something_have_the_bits_of_all_rows() {
        for (rows, cols) in [(1, 1), (3, 7), (16, 15), (5, 16), (255, 64), (256, 65), (257, 130), (600, 333)]
        {
            let a = numbers(rows * cols, 1);
            let by_columns: Vec<f64> = (0..rows * cols).map(|k| a[k % rows * cols + k / rows]).collect();
            for one_in in [1, 2, 10, 1000] {
                let mut x = numbers(cols, 2);
                x.iter_mut()
                    .enumerate()
                    .filter(|(j, _)| (j * 7 + 3) % one_in != 0)
                    .for_each(|(_, x)| *x = 0.0);
                let mut wanted = numbers(rows, 3);
                let start = wanted.clone();
                gemv_inc(Level::BASELINE, &a, cols, cols, &x, &mut wanted);
                for level in Level::available() {
                    let mut y = start.clone();
                    columns_inc(level, &by_columns, rows, &x, &mut y);
                    let same = y.iter().zip(&wanted).all(|(a, b)| a.to_bits() == b.to_bits());
                    assert!(same, "{rows} × {cols}, one in {one_in}, {level:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_passed_on() {
        let (a, mut x) = (numbers(40 * 20, 4), vec![0.0; 20]);
        x[3] = f64::NAN;
        let mut y = vec![0.0; 40];
        columns_inc(Level::detect(), &a, 40, &x, &mut y);
        assert!(y.iter().all(|y| y.is_nan()));
    }
}
