//! Dense vectors and matrices, row-major.

use crate::level::{Tier, dispatch};
use crate::{LANES, Level, Real};

/// Scalar product in the one order that all of bouton uses: below two blocks of lanes from left to right, above that
/// [`LANES`] partial sums, added in pairs, then the rest from left to right.
#[inline(always)]
pub fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    if n < 2 * LANES {
        let mut s = T::ZERO;
        for i in 0..n {
            s += a[i] * b[i];
        }
        return s;
    }
    let mut acc = [T::ZERO; LANES];
    let (ac, ar) = a.as_chunks::<LANES>();
    let (bc, br) = b.as_chunks::<LANES>();
    for (x, y) in ac.iter().zip(bc) {
        for l in 0..LANES {
            acc[l] += x[l] * y[l];
        }
    }
    let mut s = tree(&acc);
    for (x, y) in ar.iter().zip(br) {
        s += *x * *y;
    }
    s
}

/// The sum of a block of partial sums, in pairs.
#[inline(always)]
pub(crate) fn tree<T: Real>(acc: &[T; LANES]) -> T {
    ((acc[0] + acc[4]) + (acc[2] + acc[6])) + ((acc[1] + acc[5]) + (acc[3] + acc[7]))
}

/// y += A·x of `R` rows at once: their sums don't wait for each other, and each is that of [`dot`]. `x` has at least two blocks
/// of lanes.
#[inline(always)]
fn rows_inc<T: Real, const R: usize>(a: &[T], stride: usize, x: &[T], y: &mut [T; R]) {
    let rows: [_; R] = std::array::from_fn(|k| a[k * stride..k * stride + x.len()].as_chunks::<LANES>());
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut acc = [[T::ZERO; LANES]; R];
    for (c, x) in chunks.iter().enumerate() {
        for (acc, row) in acc.iter_mut().zip(&rows) {
            let a = &row.0[c];
            for l in 0..LANES {
                acc[l] += a[l] * x[l];
            }
        }
    }
    // Of few rows the order of the sum would decide how the loop is compiled: two numbers at a time.
    let acc = if R < 8 { std::hint::black_box(acc) } else { acc };
    for ((y, acc), row) in y.iter_mut().zip(&acc).zip(&rows) {
        let mut s = tree(acc);
        for (a, x) in row.1.iter().zip(rest) {
            s += *a * *x;
        }
        *y += s;
    }
}

/// y += A·x of rows of `C` numbers that lie one behind the other.
#[inline(always)]
fn short_rows_inc<T: Real, const C: usize>(a: &[T], x: &[T], y: &mut [T]) {
    let (rows, _) = a.as_chunks::<C>();
    let x: [T; C] = std::array::from_fn(|k| x[k]);
    for (y, row) in y.iter_mut().zip(rows) {
        let mut s = T::ZERO;
        for k in 0..C {
            s += row[k] * x[k];
        }
        *y += s;
    }
}

#[inline(always)]
fn gemv_inc_body<T: Real>(a: &[T], stride: usize, cols: usize, x: &[T], y: &mut [T]) {
    let x = &x[..cols];
    if cols < 2 * LANES {
        macro_rules! short {
            ($($c:literal)*) => {
                match cols {
                    $($c if stride == $c => short_rows_inc::<T, $c>(&a[..$c * y.len()], x, y),)*
                    _ => {
                        for (r, y) in y.iter_mut().enumerate() {
                            *y += dot(&a[r * stride..r * stride + cols], x);
                        }
                    }
                }
            };
        }
        // Of a known length rows are summed some at a time.
        short!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        return;
    }
    // Of the numbers that were tried (1 to 16) these are the fastest: of four rows a compiler keeps sums of several rows in one
    // register, and takes them apart again for each block of lanes.
    let (eights, rest) = y.as_chunks_mut::<8>();
    let (twos, one) = rest.as_chunks_mut::<2>();
    let mut done = 0;
    for y in eights {
        rows_inc(&a[done..], stride, x, y);
        done += 8 * stride;
    }
    for y in twos {
        rows_inc(&a[done..], stride, x, y);
        done += 2 * stride;
    }
    for y in one {
        rows_inc(&a[done..], stride, x, std::array::from_mut(y));
    }
}
dispatch! {
    /// y += A·x. `a` holds the rows of A one behind the other, `stride` apart (at least `cols`); `x` has `cols` items.
    pub fn gemv_inc(a: &[T], stride: usize, cols: usize, x: &[T], y: &mut [T]) => gemv_inc_body
}

#[inline(always)]
fn encode_body<T: Real>(bias: &[T], enc_t: &[T], x: &[T], plus: &[T], j: &mut [T]) {
    let n = j.len();
    let bias = &bias[..n];
    if let [x0] = *x {
        // One dimension, the most frequent case: a single pass.
        let (e, x0) = (&enc_t[..n], T::ZERO + x0);
        for i in 0..n {
            j[i] = bias[i] + e[i] * x0;
        }
    } else {
        j.fill(T::ZERO);
        for (k, xk) in x.iter().enumerate() {
            let (e, xk) = (&enc_t[k * n..(k + 1) * n], T::ZERO + *xk);
            for i in 0..n {
                j[i] += e[i] * xk;
            }
        }
        for i in 0..n {
            j[i] = bias[i] + j[i];
        }
    }
    add_assign_body(plus, j);
}
dispatch! {
    /// Input currents of a population: j = bias + E·x, with E given transposed (`enc_t`: one row a dimension), so that
    /// neurons lie side by side. Same order of sums as [`gemv_inc`] on E when there are fewer than `2·LANES` dimensions.
    /// What is in `plus` is added to the sum, unless it is empty. Of `x` a zero is taken without its sign, as what is added to zero
    /// has none.
    pub fn encode(bias: &[T], enc_t: &[T], x: &[T], plus: &[T], j: &mut [T]) => encode_body
}

#[inline(always)]
pub(crate) fn add_assign_body<T: Real>(x: &[T], y: &mut [T]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += *x;
    }
}
dispatch! {
    /// y += x.
    pub fn add_assign(x: &[T], y: &mut [T]) => add_assign_body
}

#[inline(always)]
fn scale_inc_body<T: Real>(a: &[T], x: &[T], y: &mut [T]) {
    if let [a] = *a {
        for (y, x) in y.iter_mut().zip(x) {
            *y += a * *x;
        }
    } else {
        for ((y, x), a) in y.iter_mut().zip(x).zip(a) {
            *y += *a * *x;
        }
    }
}
dispatch! {
    /// y += a∘x, element by element; a single `a` scales all.
    pub fn scale_inc(a: &[T], x: &[T], y: &mut [T]) => scale_inc_body
}

#[inline(always)]
fn all_finite_body<T: Real>(x: &[T]) -> bool {
    // A number times zero is zero, but infinity and NaN times zero are NaN: a sum without branches, in four times the lanes
    // so that one addition need not wait for the last.
    const WIDTH: usize = 4 * LANES;
    // A probe of a value or two asks in each step: to add up the lanes would take longer than a small population.
    if x.len() <= LANES {
        return x.iter().all(|x| x.is_finite());
    }
    // Plain loops: a closure handed to an iterator may be compiled apart, for the least of processors.
    for block in x.chunks(128 * WIDTH) {
        let mut sums = [T::ZERO; WIDTH];
        let (whole, rest) = block.as_chunks::<WIDTH>();
        for c in whole {
            for l in 0..WIDTH {
                sums[l] += c[l] * T::ZERO;
            }
        }
        for (s, x) in sums.iter_mut().zip(rest) {
            *s += *x * T::ZERO;
        }
        // Half and half, for the same reason.
        let mut width = WIDTH / 2;
        while width > 0 {
            let (low, high) = sums.split_at_mut(width);
            low.iter_mut().zip(high).for_each(|(a, b)| *a += *b);
            width /= 2;
        }
        if !sums[0].is_finite() {
            return false;
        }
    }
    true
}
dispatch! {
    /// Whether no element is infinite or NaN.
    pub fn all_finite(x: &[T]) -> bool => all_finite_body
}

/// Sets all elements.
pub fn fill<T: Real>(y: &mut [T], value: T) {
    y.fill(value);
}

#[inline(always)]
fn outer_set_body<T: Real>(post: &[T], pre: &[T], out: &mut [T]) {
    let n = pre.len();
    for (p, row) in post.iter().zip(out.chunks_exact_mut(n.max(1))) {
        for (o, x) in row.iter_mut().zip(pre) {
            *o = *p * *x;
        }
    }
}
dispatch! {
    /// out = post ⊗ pre: `out[i, j] = post[i]·pre[j]`, row-major.
    pub fn outer_set(post: &[T], pre: &[T], out: &mut [T]) => outer_set_body
}

#[inline(always)]
fn outer_inc_body<T: Real>(scale: T, post: &[T], pre: &[T], out: &mut [T]) {
    let n = pre.len();
    for (p, row) in post.iter().zip(out.chunks_exact_mut(n.max(1))) {
        let f = scale * *p;
        for (o, x) in row.iter_mut().zip(pre) {
            *o += f * *x;
        }
    }
}
dispatch! {
    /// out += (scale·post) ⊗ pre: `out[i, j] += (scale·post[i])·pre[j]`, row-major. The bits of [`outer_set`] of
    /// scale·post into a matrix of its own, and that added.
    pub fn outer_inc(scale: T, post: &[T], pre: &[T], out: &mut [T]) => outer_inc_body
}

#[inline(always)]
fn lowpass_body<T: Real>(a: T, b: T, u: &[T], y: &mut [T]) {
    for (y, u) in y.iter_mut().zip(u) {
        *y = a * *y + b * *u;
    }
}
dispatch! {
    /// One step of a first-order filter: y = a·y + b·u.
    pub fn lowpass(a: T, b: T, u: &[T], y: &mut [T]) => lowpass_body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: u64) -> Vec<f64> {
        let mut s = seed;
        (0..n)
            .map(|_| {
                s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (s >> 11) as f64 / (1u64 << 53) as f64 - 0.5
            })
            .collect()
    }

    #[test]
    fn products_are_right_and_the_same_at_every_level() {
        for (n, stride) in (1..=17).chain([100, 101]).flat_map(|n| [(n, n), (n, n + 3)]) {
            // Rows are taken by eights, by twos and alone.
            let (a, x) = (numbers(21 * stride, 1), numbers(n, 2));
            let mut reference: Option<Vec<f64>> = None;
            for level in Level::available() {
                let mut y = vec![0.25; 21];
                gemv_inc(level, &a, stride, n, &x, &mut y);
                for r in 0..21 {
                    let a = &a[r * stride..r * stride + n];
                    assert_eq!(y[r], 0.25 + dot(a, &x), "row {r} is no dot product");
                    let exact: f64 = 0.25 + (0..n).map(|c| a[c] * x[c]).sum::<f64>();
                    assert!((y[r] - exact).abs() < 1e-13, "n = {n}: {} is not {exact}", y[r]);
                }
                assert_eq!(*reference.get_or_insert(y.clone()), y, "level {level:?} differs at n = {n}");
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_found_wherever_it_is() {
        for n in [0usize, 1, 31, 32, 33, 100, 4095, 4096, 4097, 9000] {
            let x = numbers(n, 9);
            let narrow: Vec<f32> = x.iter().map(|v| *v as f32).collect();
            let large: Vec<f64> = x.iter().map(|v| v * f64::MAX).collect();
            for level in Level::available() {
                assert!(
                    all_finite(level, &x) && all_finite(level, &narrow) && all_finite(level, &large),
                    "{n}"
                );
                for at in
                    [0, 1, n / 2, n.saturating_sub(2), n.saturating_sub(1)].into_iter().filter(|k| *k < n)
                {
                    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                        let (mut y, mut z) = (large.clone(), narrow.clone());
                        (y[at], z[at]) = (bad, bad as f32);
                        assert!(
                            !all_finite(level, &y) && !all_finite(level, &z),
                            "{n}, {at}, {bad}, {level:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn an_outer_product_added_has_the_bits_of_one_that_was_kept() {
        let (rows, cols) = (5, 37);
        let (post, pre, start) = (numbers(rows, 6), numbers(cols, 7), numbers(rows * cols, 8));
        let factors: Vec<f64> = post.iter().map(|p| 0.3 * p).collect();
        for level in Level::available() {
            let mut delta = vec![0.0; rows * cols];
            outer_set(level, &factors, &pre, &mut delta);
            let (mut kept, mut added) = (start.clone(), start.clone());
            add_assign(level, &delta, &mut kept);
            outer_inc(level, 0.3, &post, &pre, &mut added);
            assert_eq!(kept, added, "{level:?}");
            assert!((added[40] - start[40] - 0.3 * post[1] * pre[3]).abs() < 1e-16);
        }
    }

    #[test]
    fn encoding_by_columns_has_the_bits_of_the_product_by_rows() {
        for d in [1usize, 2, 5, 15] {
            let n = 37;
            let (enc, bias, x) = (numbers(n * d, 3), numbers(n, 4), numbers(d, 5));
            let enc_t: Vec<f64> = (0..d * n).map(|k| enc[(k % n) * d + k / n]).collect();
            let mut by_rows = bias.clone();
            gemv_inc(Level::BASELINE, &enc, d, d, &x, &mut by_rows);
            for level in Level::available() {
                let mut j = vec![9.0; n];
                encode(level, &bias, &enc_t, &x, &[], &mut j);
                assert_eq!(j, by_rows, "d = {d}, {level:?}");
                let (plus, mut more) = (vec![0.37; n], vec![9.0; n]);
                encode(level, &bias, &enc_t, &x, &plus, &mut more);
                add_assign(level, &plus, &mut j);
                assert_eq!(more, j, "d = {d}, {level:?}");
            }
        }
    }
}
