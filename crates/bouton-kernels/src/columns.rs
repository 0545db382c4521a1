//! Products with a matrix that is kept by columns, of which only those are read that meet something.

use crate::level::{Tier, dispatch};
use crate::{LANES, Level, Real};

/// Most columns of [`columns_inc`].
pub const MAX_COLUMNS: usize = 1 << 16;
/// Rows whose partial sums are held at a time, of matrices of few rows and of many. A column is read faster the longer the piece
/// is that lies on end, and sums of 2,048 rows still lie in the nearest cache: 2,000 × 2,000 with a tenth of the neurons spiking
/// takes 76 µs so, and 120 µs by pieces of 256 rows. To set the sums of 2,048 rows costs more than a small matrix.
const FEW: usize = 512;
const MANY: usize = 2048;
/// The order of lanes in which `dense::tree` adds neighbours first, and how many sums wait at most.
const ORDER: [usize; LANES] = [0, 4, 2, 6, 1, 5, 3, 7];
const WAITING: usize = 1 + LANES.ilog2() as usize;
const WORD: usize = u64::BITS as usize;

/// Adds columns times their numbers to the partial sums of a block of rows, from the first to the last, eight at a time: a
/// sum is then loaded and stored once for eight columns, which come from memory side by side.
#[inline(always)]
fn add_columns<T: Real>(a: &[T], rows: usize, from: usize, these: &[u32], x: &[T], mut acc: Sums<'_, T>) {
    let rest = add_some::<T, 8>(a, rows, from, these, x, &mut acc);
    let rest = add_some::<T, 4>(a, rows, from, rest, x, &mut acc);
    let rest = add_some::<T, 2>(a, rows, from, rest, x, &mut acc);
    add_some::<T, 1>(a, rows, from, rest, x, &mut acc);
    if acc.empty {
        acc.sums.fill(T::ZERO);
    }
}

/// Partial sums of a block of rows.
struct Sums<'a, T> {
    sums: &'a mut [T],
    /// Whether they are all 0, whatever stands there: it is then not read.
    empty: bool,
}

/// The same, so many at a time; those that are left over are returned.
#[inline(always)]
fn add_some<'a, T: Real, const N: usize>(
    a: &[T],
    rows: usize,
    from: usize,
    these: &'a [u32],
    x: &[T],
    acc: &mut Sums<'_, T>,
) -> &'a [u32] {
    let n = acc.sums.len();
    let (some, rest) = these.as_chunks::<N>();
    for these in some {
        let columns = these.map(|j| &a[j as usize * rows + from..][..n]);
        let x = these.map(|j| x[j as usize]);
        let added = |sum: T, i: usize| columns.iter().zip(&x).fold(sum, |sum, (c, x)| sum + c[i] * *x);
        if acc.empty {
            acc.sums.iter_mut().enumerate().for_each(|(i, sum)| *sum = added(T::ZERO, i));
            acc.empty = false;
        } else {
            acc.sums.iter_mut().enumerate().for_each(|(i, sum)| *sum = added(*sum, i));
        }
    }
    rest
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
    match rows {
        0..=FEW => blocks::<T, FEW>(a, rows, &bits, x, y),
        _ => blocks::<T, MANY>(a, rows, &bits, x, y),
    }
}

/// The same, so many rows at a time.
#[inline(always)]
fn blocks<T: Real, const BLOCK: usize>(a: &[T], rows: usize, bits: &[u64], x: &[T], y: &mut [T]) {
    // The partial sums of `dot`: as many lanes as it has for rows of this length, then the rest one by one.
    let cols = x.len();
    let whole = if cols < 2 * LANES { 0 } else { cols / LANES * LANES };
    let mut these = [0u32; MAX_COLUMNS / LANES];
    let mut acc = [[T::ZERO; BLOCK]; WAITING];
    for (b, y) in y.chunks_mut(BLOCK).enumerate() {
        let (from, n) = (b * BLOCK, y.len());
        let mut waiting = 0;
        for (k, lane) in ORDER.into_iter().enumerate() {
            let sums = Sums { sums: &mut acc[waiting][..n], empty: true };
            let count = list(bits, lane, whole, &mut these);
            add_columns(a, rows, from, &these[..count], x, sums);
            // A pair is added up as soon as both are there, then pairs of pairs: few sums then wait at a time.
            for _ in 0..k.trailing_ones() {
                let (first, second) = acc.split_at_mut(waiting);
                waiting -= 1;
                first[waiting][..n].iter_mut().zip(&second[0]).for_each(|(a, b)| *a += *b);
            }
            waiting += 1;
        }
        let mut rest = [0u32; 2 * LANES];
        let mut count = 0;
        for j in (whole..cols).filter(|j| x[*j] != T::ZERO) {
            rest[count] = j as u32;
            count += 1;
        }
        add_columns(a, rows, from, &rest[..count], x, Sums { sums: &mut acc[0][..n], empty: false });
        for (y, s) in y.iter_mut().zip(&acc[0]) {
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
        for (rows, cols) in
            [(1, 1), (3, 7), (16, 15), (5, 16), (255, 64), (256, 65), (257, 130), (600, 333), (2049, 95)]
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
