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
    fn constants(&self, _: f64, from: &[f64]) -> Vec<f64> {
        from.to_vec()
    }
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
