//! Products with a matrix that is kept by columns, of which only those are read that meet something.

use std::mem::MaybeUninit;

use crate::level::{Tier, dispatch};
use crate::{LANES, Level, Real};

/// Most columns of [`columns_inc`].
pub const MAX_COLUMNS: usize = 1 << 16;
/// Rows whose partial sums are held at a time. A column is read faster the longer the piece is that lies on end, and sums of
/// 2,048 rows still lie in the nearest cache: 2,000 × 2,000 with a tenth of the neurons spiking took 76 µs so, and 120 µs by
/// pieces of 256 rows.
const BLOCK: usize = 2048;
/// Columns that are read side by side at most: a sum is then loaded and stored once for all of them.
const ABREAST: usize = 8;
/// Rows whose sums are in registers at a time: with 8 or 32 rows 2,000 × 500 takes a tenth longer.
const HELD: usize = 16;
/// The order of lanes in which `dense::tree` adds neighbours first, and how many sums wait at most.
const ORDER: [usize; LANES] = [0, 4, 2, 6, 1, 5, 3, 7];
const WAITING: usize = 1 + LANES.ilog2() as usize;
const WORD: usize = u64::BITS as usize;

/// The columns of a lane, which are [`LANES`] apart, that meet something, from the first to the last.
struct Lane<'a> {
    /// A bit for each column of whatever lane.
    bits: &'a [u64],
    /// Every eighth bit, from that of the lane on.
    every: u64,
    /// What is left of the word that is at hand, and the place of the one behind it.
    word: u64,
    next: usize,
}

impl<'a> Lane<'a> {
    #[inline(always)]
    fn new(bits: &'a [u64], lane: usize) -> Lane<'a> {
        const { assert!(WORD.is_multiple_of(LANES) && LANES == 8) };
        Lane { bits, every: (u64::MAX / 0xff) << lane, word: 0, next: 0 }
    }
    /// How many there are.
    #[inline(always)]
    fn count(&self) -> usize {
        self.bits.iter().map(|word| (word & self.every).count_ones() as usize).sum()
    }
    /// The next one, which must be there.
    #[inline(always)]
    fn take(&mut self) -> usize {
        while self.word == 0 {
            self.word = self.bits[self.next] & self.every;
            self.next += 1;
        }
        let at = (self.next - 1) * WORD + self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        at
    }
}

/// A block of rows of A·x, and the partial sums of it that wait for others.
struct Block<'a, T> {
    a: &'a [T],
    x: &'a [T],
    /// Rows of the whole matrix, the first one of the block, and how many the block has.
    rows: usize,
    from: usize,
    n: usize,
    /// The first `n` of the first `waiting` are set. To set them all would take longer than a small product does.
    sums: [[MaybeUninit<T>; BLOCK]; WAITING],
    waiting: usize,
}

impl<T: Real> Block<'_, T> {
    /// Adds so many columns to the last sums, or to 0 (`anew`), and these then to the sums before them, `merged` times.
    #[inline(always)]
    fn add(&mut self, count: usize, mut next: impl FnMut() -> usize, anew: bool, merged: usize) {
        let groups = count.div_ceil(ABREAST).max(1);
        for g in 0..groups {
            let anew = anew && g == 0;
            let merged = if g + 1 == groups { merged } else { 0 };
            // As equal as may be: few columns side by side come from memory more slowly.
            match count / groups + usize::from(g < count % groups) {
                0 => self.group::<0>(&mut next, anew, merged),
                1 => self.group::<1>(&mut next, anew, merged),
                2 => self.group::<2>(&mut next, anew, merged),
                3 => self.group::<3>(&mut next, anew, merged),
                4 => self.group::<4>(&mut next, anew, merged),
                5 => self.group::<5>(&mut next, anew, merged),
                6 => self.group::<6>(&mut next, anew, merged),
                7 => self.group::<7>(&mut next, anew, merged),
                _ => self.group::<ABREAST>(&mut next, anew, merged),
            }
        }
    }
    /// The same with a number of columns that the compiler knows.
    #[inline(always)]
    fn group<const N: usize>(&mut self, next: &mut impl FnMut() -> usize, anew: bool, merged: usize) {
        let these: [usize; N] = std::array::from_fn(|_| next());
        let columns = these.map(|j| &self.a[j * self.rows + self.from..][..self.n]);
        let x = these.map(|j| self.x[j]);
        let whole = self.n / HELD * HELD;
        for at in (0..whole).step_by(HELD) {
            self.piece::<N, HELD>(&columns, &x, at, anew, merged);
        }
        for at in whole..self.n {
            self.piece::<N, 1>(&columns, &x, at, anew, merged);
        }
        self.waiting = self.waiting + usize::from(anew) - merged;
    }
    /// The same for so many rows. Loops count: of iterators side by side the compiler makes no vectors here.
    #[inline(always)]
    fn piece<const N: usize, const R: usize>(
        &mut self,
        columns: &[&[T]; N],
        x: &[T; N],
        at: usize,
        anew: bool,
        merged: usize,
    ) {
        let last = self.waiting - usize::from(!anew);
        let mut sum = if anew { [T::ZERO; R] } else { self.sums::<R>(last, at) };
        for (column, x) in columns.iter().zip(x) {
            let a = &column[at..at + R];
            for r in 0..R {
                sum[r] += a[r] * *x;
            }
        }
        for m in 1..=merged {
            let before = self.sums::<R>(last - m, at);
            for r in 0..R {
                sum[r] = before[r] + sum[r];
            }
        }
        self.sums[last - merged][at..at + R].iter_mut().zip(sum).for_each(|(to, sum)| _ = to.write(sum));
    }
    /// So many of the sums that wait.
    #[inline(always)]
    fn sums<const R: usize>(&self, which: usize, at: usize) -> [T; R] {
        debug_assert!(which < self.waiting && at + R <= self.n);
        let sums = &self.sums[which][at..at + R];
        // SAFETY: `group` sets all `n` rows of sums before it counts them as waiting, and only those that wait are asked for: by it,
        // which reads the last where it doesn't begin anew and those before it, and when all is added up, the first. Tests ask at each.
        std::array::from_fn(|r| unsafe { sums[r].assume_init() })
    }
}

#[inline(always)]
fn columns_inc_body<T: Real>(a: &[T], rows: usize, x: &[T], y: &mut [T]) {
    let cols = x.len();
    assert!(
        cols <= MAX_COLUMNS && y.len() == rows && a.len() == rows * cols,
        "shapes of a product by columns"
    );
    // The partial sums of `dot`: as many lanes as it has for rows of this length, then the rest one by one.
    let whole = if cols < 2 * LANES { 0 } else { cols / LANES * LANES };
    let mut bits = [0u64; MAX_COLUMNS / WORD];
    for (word, x) in bits.iter_mut().zip(x[..whole].chunks(WORD)) {
        // A number that isn't one is nothing to skip: it is to be found.
        *word = x.iter().enumerate().fold(0, |w, (k, x)| w | u64::from(*x != T::ZERO) << k);
    }
    let bits = &bits[..whole.div_ceil(WORD)];
    for (b, y) in y.chunks_mut(BLOCK).enumerate() {
        let sums = [[const { MaybeUninit::uninit() }; BLOCK]; WAITING];
        let mut block = Block { a, x, rows, from: b * BLOCK, n: y.len(), sums, waiting: 0 };
        for (k, lane) in ORDER.into_iter().enumerate() {
            let mut lane = Lane::new(bits, lane);
            // A pair is added up as soon as both are there, then pairs of pairs: few sums then wait at a time.
            block.add(lane.count(), || lane.take(), true, k.trailing_ones() as usize);
        }
        let mut rest = (whole..cols).filter(|j| x[*j] != T::ZERO);
        block.add(rest.clone().count(), || rest.next().unwrap_or(whole), false, 0);
        y.iter_mut().enumerate().for_each(|(at, y)| *y += block.sums::<1>(0, at)[0]);
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
