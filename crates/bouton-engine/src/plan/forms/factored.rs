//! A matrix as W0 + E·D, with few columns of E: what it brings is computed from E and D, and a change that is an outer
//! product with E in front of it changes D alone. Rounds: a weight agrees with the one that is kept as a number within some
//! 1e-16 of the largest weight, and what the columns of D add up to.

use super::columns::{self, Products};
use super::{Form, Real};

/// Most columns of E.
pub(crate) const INNER: usize = 16;

/// Where D, E and the flags of a factored matrix begin.
pub(crate) fn begins((rows, cols): (usize, usize), inner: usize) -> [usize; 3] {
    let d = rows * cols;
    [d, d + inner * cols, d + inner * (rows + cols)]
}

/// What is kept, one behind the other: W0 by columns; D, `inner` rows; E by columns; and three numbers.
///
/// Where E is given (the encoders that errors pass), W0 is 0 if the whole matrix is a product with it. Where it isn't, W0 has
/// the whole matrix, and E and D are found in it, if it is a product: they are used as long as nobody writes to it.
#[derive(Clone, Debug)]
pub(crate) struct Factored {
    /// Rows and columns of the matrix.
    pub(crate) shape: (usize, usize),
    /// Columns of E.
    pub(crate) inner: usize,
    /// Whether E is given.
    pub(crate) given: bool,
    /// How far a number of the simulation is from the next, relative.
    pub(crate) epsilon: f64,
}

impl Factored {
    /// Numbers of its own.
    pub(crate) fn numbers(&self) -> usize {
        self.begins()[2] + 3
    }
    /// Where its parts begin: D, E, and three numbers: whether W0 counts (1 or 0); how many columns of E do; whether
    /// the change that waits is W0's, for what E was when it was computed (1 or 0).
    fn begins(&self) -> [usize; 3] {
        begins(self.shape, self.inner)
    }
    /// E·D, as far as it isn't in W0.
    fn beside(&self) -> Products {
        let [right, left, _] = self.begins();
        Products { shape: self.shape, left, right, count: if self.given { self.inner } else { 0 } }
    }
}

impl Form for Factored {
    const NAME: &'static str = "factored";
    const TRUTH: bool = true;
    const EXACT: bool = false;
    const PARTIAL: bool = true;
    fn at(&self, k: usize, _: usize, own: &dyn Fn(usize) -> f64, _: &[f64]) -> f64 {
        self.beside().at(k, own)
    }
    fn put(
        &self,
        k: usize,
        _: usize,
        plain: f64,
        own: &dyn Fn(usize) -> f64,
        _: &[f64],
        set: &mut dyn FnMut(usize, f64),
    ) {
        let flags = self.begins()[2];
        self.beside().put(k, plain, own, set);
        set(flags, 1.0);
        if !self.given {
            set(flags + 1, 0.0);
        }
    }
    fn open_all(
        &self,
        len: usize,
        plain: &dyn Fn(usize) -> f64,
        constants: &[f64],
        put: &mut dyn FnMut(usize, f64),
    ) {
        let ((rows, cols), [d, e, flags]) = (self.shape, self.begins());
        // Row by row, so that there is no second copy of a large matrix.
        let w = Rows { cols, plain };
        let within = 64.0 * self.epsilon * (0..len).fold(0.0f64, |m, k| m.max(plain(k).abs()));
        let by_columns = |k: usize| constants[k % rows * self.inner + k / rows];
        let given: Option<Vec<f64>> = self.given.then(|| (0..rows * self.inner).map(by_columns).collect());
        let found = match &given {
            Some(e) => solve(w, (rows, cols), e, within).map(|d| (e.clone(), d)),
            None => find(w, (rows, cols), self.inner, within),
        };
        let is = found.is_some();
        let count = if self.given { self.inner } else { found.as_ref().map_or(0, |(_, d)| d.len() / cols) };
        let (ee, dd) = found.unwrap_or((given.unwrap_or_default(), vec![]));
        let or_zero = |x: &[f64], k: usize| x.get(k).copied().unwrap_or(0.0);
        // Of a product with given encoders nothing is left over.
        columns::open(len, cols, &|k| if is && self.given { 0.0 } else { plain(k) }, put);
        (0..self.inner * cols).for_each(|k| put(d + k, or_zero(&dd, k)));
        (0..self.inner * rows).for_each(|k| put(e + k, or_zero(&ee, k)));
        put(flags, f64::from(!is));
        put(flags + 1, count as f64);
        put(flags + 2, f64::from(self.given));
    }
    fn counts(&self, len: usize, own: &dyn Fn(usize) -> f64) -> std::ops::Range<usize> {
        let [d, _, flags] = self.begins();
        // W0 is written where it counts alone, and else is all zeros.
        if own(flags) == 0.0 { d..len } else { 0..len }
    }
    fn close_all<T: Real>(&self, own: &[T], _: usize, _: &[f64], out: &mut Vec<f64>) {
        self.beside().close(own, out);
    }
}

/// Makes columns (of `n` numbers, one behind the other) orthonormal, one after the other, twice each for the sake of rounding
/// (Gram and Schmidt, as modified); with the triangle that makes the old ones of the new. `None` if one hangs on those before it.
fn orthonormal(mut q: Vec<f64>, n: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let d = q.len() / n;
    let mut triangle = vec![0.0; d * d];
    for k in 0..d {
        let (before, rest) = q.split_at_mut(k * n);
        let x = &mut rest[..n];
        let size = norm(x);
        for _ in 0..2 {
            for (j, y) in before.chunks_exact(n).enumerate() {
                let s: f64 = x.iter().zip(y).map(|(x, y)| x * y).sum();
                triangle[j * d + k] += s;
                x.iter_mut().zip(y).for_each(|(x, y)| *x -= s * y);
            }
        }
        let left = norm(x);
        if left.is_nan() || left <= 1e-8 * size {
            return None;
        }
        x.iter_mut().for_each(|x| *x /= left);
        triangle[k * d + k] = left;
    }
    Some((q, triangle))
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// A matrix that is asked for row by row.
#[derive(Clone, Copy)]
struct Rows<'a> {
    cols: usize,
    plain: &'a dyn Fn(usize) -> f64,
}

impl Rows<'_> {
    /// Whether `f` holds for every row, asked in order until it doesn't.
    fn all(self, rows: usize, mut f: impl FnMut(usize, &[f64]) -> bool) -> bool {
        let mut row = vec![0.0; self.cols];
        (0..rows).all(|r| {
            row.iter_mut().enumerate().for_each(|(c, x)| *x = (self.plain)(r * self.cols + c));
            f(r, &row)
        })
    }
}

/// Qᵀ·W, one row a column of Q.
fn project(q: &[f64], w: Rows<'_>, (rows, cols): (usize, usize)) -> Vec<f64> {
    let mut d = vec![0.0; q.len() / rows * cols];
    w.all(rows, |r, w| {
        for (q, d) in q.chunks_exact(rows).zip(d.chunks_exact_mut(cols)) {
            d.iter_mut().zip(w).for_each(|(d, w)| *d += q[r] * w);
        }
        true
    });
    d
}

/// Whether no element of W is further from E·D than that.
fn is_product(e: &[f64], d: &[f64], w: Rows<'_>, (rows, cols): (usize, usize), within: f64) -> bool {
    let mut sums = vec![0.0; cols];
    w.all(rows, |r, w| {
        sums.fill(0.0);
        for (e, d) in e.chunks_exact(rows).zip(d.chunks_exact(cols)) {
            sums.iter_mut().zip(d).for_each(|(s, d)| *s += e[r] * d);
        }
        sums.iter().zip(w).all(|(s, w)| (s - w).abs() <= within)
    })
}

/// D so that W = E·D, by least squares, if nothing but rounding is left over. E by columns.
fn solve(w: Rows<'_>, shape: (usize, usize), e: &[f64], within: f64) -> Option<Vec<f64>> {
    let (rows, cols) = shape;
    let inner = e.len() / rows;
    let (q, triangle) = orthonormal(e.to_vec(), rows)?;
    let mut d = project(&q, w, shape);
    for k in (0..inner).rev() {
        for j in k + 1..inner {
            let (above, below) = d.split_at_mut(j * cols);
            let f = triangle[k * inner + j];
            above[k * cols..][..cols].iter_mut().zip(&below[..cols]).for_each(|(x, y)| *x -= f * y);
        }
        d[k * cols..][..cols].iter_mut().for_each(|x| *x /= triangle[k * inner + k]);
    }
    is_product(e, &d, w, shape, within).then_some(d)
}

/// E and D of at most `most` columns so that W = E·D, if there are any; fewer leave the rest zero.
fn find(w: Rows<'_>, shape: (usize, usize), most: usize, within: f64) -> Option<(Vec<f64>, Vec<f64>)> {
    let (rows, cols) = shape;
    // Some columns from all over the matrix: what spans them spans the others, or it is no product.
    let some = cols.min(4 * most);
    let column = |k: usize| (0..rows).map(move |r| (w.plain)(r * cols + k * cols / some));
    let mut left: Vec<Vec<f64>> = (0..some).map(|k| column(k).collect()).collect();
    let mut q: Vec<f64> = vec![];
    loop {
        let largest = |x: &Vec<f64>| x.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        let (at, size) = (0..some).map(|k| (k, largest(&left[k]))).max_by(|a, b| a.1.total_cmp(&b.1))?;
        if size <= within {
            break;
        }
        if q.len() == most * rows {
            return None;
        }
        let mut x = left[at].clone();
        for _ in 0..2 {
            for y in q.chunks_exact(rows) {
                let s: f64 = x.iter().zip(y).map(|(x, y)| x * y).sum();
                x.iter_mut().zip(y).for_each(|(x, y)| *x -= s * y);
            }
        }
        let n = norm(&x);
        if n.is_nan() || n == 0.0 {
            return None;
        }
        x.iter_mut().for_each(|x| *x /= n);
        for y in &mut left {
            let s: f64 = x.iter().zip(&*y).map(|(x, y)| x * y).sum();
            y.iter_mut().zip(&x).for_each(|(y, x)| *y -= s * x);
        }
        q.extend(x);
    }
    let d = project(&q, w, shape);
    is_product(&q, &d, w, shape, within).then_some((q, d))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers between -1 and 1 without a pattern.
    fn noise(k: usize) -> f64 {
        let x = (k as f64 * 12.9898 + 4.1).sin() * 43_758.545_3;
        2.0 * (x - x.floor()) - 1.0
    }
    /// E·D by rows, E by columns.
    fn product(e: &[f64], d: &[f64], (rows, cols): (usize, usize)) -> Vec<f64> {
        let inner = e.len() / rows;
        let at = |r: usize, c: usize| (0..inner).map(|f| e[f * rows + r] * d[f * cols + c]).sum();
        (0..rows * cols).map(|k| at(k / cols, k % cols)).collect()
    }
    fn factors(rank: usize, (rows, cols): (usize, usize)) -> (Vec<f64>, Vec<f64>) {
        let e = (0..rank * rows).map(noise).collect();
        (e, (0..rank * cols).map(|k| noise(k + 10_000)).collect())
    }
    fn apart(a: &[f64], b: &[f64]) -> f64 {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).fold(0.0, |m, (a, b)| m.max((a - b).abs()))
    }

    #[test]
    fn columns_are_made_orthonormal_even_where_they_nearly_hang_on_each_other() {
        let n = 40;
        // How far the third column is from what the first two span, at sizes of numbers that differ.
        for (size, off, independent) in [
            (1.0, 0.5, true),
            (1.0, 1e-6, true),
            (1e5, 1e-6, true),
            (1e-5, 1e-6, true),
            (1.0, 1e-10, false),
            (1e5, 1e-10, false),
            (1e-5, 1e-10, false),
            (1.0, 0.0, false),
        ] {
            let mut x: Vec<f64> = (0..3 * n).map(|k| size * noise(k)).collect();
            for k in 0..n {
                x[2 * n + k] = x[k] - 0.5 * x[n + k] + off * x[2 * n + k];
            }
            let Some((q, triangle)) = orthonormal(x.clone(), n) else {
                assert!(!independent, "{size}, {off}");
                continue;
            };
            assert!(independent, "{size}, {off}");
            for a in 0..3 {
                for b in 0..3 {
                    let dot: f64 = (0..n).map(|k| q[a * n + k] * q[b * n + k]).sum();
                    assert!((dot - f64::from(a == b)).abs() < 1e-14, "{size}, {off}: {a}, {b}: {dot}");
                }
            }
            // The old ones are the new ones times the triangle.
            for k in 0..3 {
                for i in 0..n {
                    let was: f64 = (0..=k).map(|j| q[j * n + i] * triangle[j * 3 + k]).sum();
                    assert!((was - x[k * n + i]).abs() < 1e-14 * size, "{size}, {off}: {k}, {i}");
                }
            }
        }
        assert!(orthonormal(vec![0.0; n], n).is_none());
        assert!(orthonormal(vec![f64::NAN; n], n).is_none());
    }

    #[test]
    fn a_matrix_is_solved_for_given_columns_or_is_no_product_with_them() {
        let shape = (50, 70);
        let (e, d) = factors(4, shape);
        let mut w = product(&e, &d, shape);
        let within = 1e-13;
        let solved = |w: &[f64], e: &[f64]| {
            let plain = |k: usize| w[k];
            solve(Rows { cols: shape.1, plain: &plain }, shape, e, within)
        };
        assert!(apart(&solved(&w, &e).unwrap(), &d) < 1e-13);
        // With one column too few, with one that hangs on the others, with one element that is off.
        assert!(solved(&w, &e[..3 * 50]).is_none());
        let twice: Vec<f64> = [&e[..], &e[..50]].concat();
        assert!(solved(&w, &twice).is_none());
        w[17 * 70 + 69] += 2.0 * within;
        assert!(solved(&w, &e).is_none());
    }

    #[test]
    fn as_few_columns_as_a_matrix_is_made_of_are_found_in_it() {
        for (shape, rank, most) in [
            ((50, 70), 1, 2),
            ((50, 70), 2, 2),
            ((50, 70), 3, 2),
            ((40, 33), 5, 16),
            ((128, 200), 16, 16),
            ((128, 200), 17, 16),
        ] {
            let (e, d) = factors(rank, shape);
            let w = product(&e, &d, shape);
            let plain = |k: usize| w[k];
            let found = find(Rows { cols: shape.1, plain: &plain }, shape, most, 1e-12);
            assert_eq!(found.is_some(), rank <= most, "{shape:?}, {rank} of {most}");
            let Some((q, d)) = found else { continue };
            assert_eq!((q.len(), d.len()), (rank * shape.0, rank * shape.1));
            assert!(apart(&product(&q, &d, shape), &w) < 1e-12);
        }
        // One product in the left half of the columns and another in the right one: columns from all over are asked.
        let shape = (50, 320);
        let (e, d) = factors(2, shape);
        let halves: Vec<f64> =
            (0..2 * 320).map(|k| if (k / 320 == 1) == (k % 320 >= 160) { d[k] } else { 0.0 }).collect();
        let w = product(&e, &halves, shape);
        let plain = |k: usize| w[k];
        let (q, _) = find(Rows { cols: 320, plain: &plain }, shape, 2, 1e-12).unwrap();
        assert_eq!(q.len(), 2 * 50);
        // Nothing but zeros is made of nothing; and what isn't a number of nothing at all.
        let found = find(Rows { cols: 70, plain: &|_| 0.0 }, (50, 70), 2, 0.0).unwrap();
        assert_eq!(found, (vec![], vec![]));
        assert!(find(Rows { cols: 70, plain: &|_| f64::NAN }, (50, 70), 2, 0.0).is_none());
    }

    #[test]
    fn columns_that_nearly_hang_on_each_other_are_found_too() {
        let shape = (60, 90);
        let (mut e, d) = factors(3, shape);
        for r in 0..60 {
            e[120 + r] = e[r] + 1e-7 * e[120 + r];
        }
        let w = product(&e, &d, shape);
        let plain = |k: usize| w[k];
        let within = 64.0 * f64::EPSILON * w.iter().fold(0.0f64, |m, w| m.max(w.abs()));
        let (q, d) = find(Rows { cols: 90, plain: &plain }, shape, 8, within).unwrap();
        assert!(q.len() / 60 <= 3 && apart(&product(&q, &d, shape), &w) <= within);
    }

    /// What a matrix is kept as, with encoders or without.
    fn opened(form: &Factored, w: &[f64], encoders: &[f64]) -> Vec<f64> {
        let mut own = vec![f64::NAN; form.numbers()];
        form.open_all(w.len(), &|k| w[k], encoders, &mut |k, x| own[k] = x);
        assert!(own.iter().all(|x| !x.is_nan()), "a number was left out");
        own
    }
    fn closed(form: &Factored, own: &[f64], len: usize) -> Vec<f64> {
        let mut out = vec![7.0];
        form.close_all(own, len, &[], &mut out);
        assert_eq!((out.len(), out[0]), (1 + len, 7.0));
        out.split_off(1)
    }

    #[test]
    fn what_is_a_product_to_64_roundings_of_the_largest_number_is_kept_as_one_and_nothing_else_is() {
        let shape = (40, 56);
        let (e, d) = factors(3, shape);
        // Encoders lie by rows.
        let encoders: Vec<f64> = (0..3 * 40).map(|k| e[k % 3 * 40 + k / 3]).collect();
        let w = product(&e, &d, shape);
        let largest = w.iter().fold(0.0f64, |m, w| m.max(w.abs()));
        for given in [true, false] {
            for (epsilon, off, is) in [
                (f64::EPSILON, 0.0, true),
                (f64::EPSILON, 40.0, true),
                (f64::EPSILON, 150.0, false),
                (f64::from(f32::EPSILON), 40.0, true),
                (f64::from(f32::EPSILON), 150.0, false),
            ] {
                let form = Factored { shape, inner: 3, given, epsilon };
                let mut w = w.clone();
                w[20 * 56 + 30] -= off * epsilon * largest * w[20 * 56 + 30].signum();
                let own = opened(&form, &w, if given { &encoders } else { &[] });
                let what = format!("given {given}, {off} of {epsilon:e}");
                // What a step may write: D alone of what is a product, and all of what isn't.
                let len = own.len();
                let counts = form.counts(len, &|k| own[k]);
                assert_eq!(counts, if is { shape.0 * shape.1..len } else { 0..len }, "{what}");
                let found = closed(&form, &own, w.len());
                let bound = if is && given { 70.0 * epsilon * largest } else { 0.0 };
                assert!(apart(&found, &w) <= bound, "{what}: {:e}", apart(&found, &w));
                for k in [0, 20 * 56 + 30, w.len() - 1] {
                    assert_eq!(form.at(k, w.len(), &|k| own[k], &[]).to_bits(), found[k].to_bits(), "{what}");
                }
            }
        }
    }

    #[test]
    fn an_element_that_is_written_is_what_was_written_and_no_other_moves() {
        let shape = (24, 32);
        let (e, d) = factors(3, shape);
        let encoders: Vec<f64> = (0..3 * 24).map(|k| e[k % 3 * 24 + k / 3]).collect();
        let w = product(&e, &d, shape);
        for given in [true, false] {
            let form = Factored { shape, inner: 3, given, epsilon: f64::EPSILON };
            let mut own = opened(&form, &w, if given { &encoders } else { &[] });
            let before = closed(&form, &own, w.len());
            let (k, mut sets) = (5 * 32 + 7, vec![]);
            form.put(k, w.len(), 0.5, &|k| own[k], &[], &mut |k, x| sets.push((k, x)));
            sets.iter().for_each(|(k, x)| own[*k] = *x);
            let after = closed(&form, &own, w.len());
            assert!((after[k] - 0.5).abs() < 1e-15, "{}", after[k]);
            for i in (0..w.len()).filter(|i| *i != k) {
                assert_eq!(after[i].to_bits(), before[i].to_bits());
            }
            assert_eq!(form.counts(own.len(), &|k| own[k]), 0..own.len(), "W0 counts from here on");
        }
    }
}
