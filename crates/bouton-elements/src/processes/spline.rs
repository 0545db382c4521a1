//! Splines through given points, of degree 2 or 3.
//!
//! The knots are those that are called "not a knot" (de Boor 2001, A Practical Guide to Splines, ch. XIII): of degree 3 the points
//! but for the second and the last but one; of degree 2 the middles between them, but for the first and the last.

/// A piecewise polynomial in B-splines, of several values at once.
#[derive(Clone, Debug)]
pub(super) struct Spline {
    degree: usize,
    knots: Vec<f64>,
    /// Rows of coefficients, one a B-spline.
    coefficients: Vec<Vec<f64>>,
}

impl Spline {
    /// Through `values` at ascending `x`, more than `degree` of them; `None` if there are fewer.
    pub(super) fn through(x: &[f64], values: &[Vec<f64>], degree: usize) -> Option<Spline> {
        let n = x.len();
        if n <= degree || values.len() != n {
            return None;
        }
        let inner: Vec<f64> = if degree % 2 == 1 {
            let cut = degree.div_ceil(2);
            x[cut..n - cut].to_vec()
        } else {
            let middles: Vec<f64> = x.windows(2).map(|w| 0.5 * (w[0] + w[1])).collect();
            let cut = degree / 2;
            middles[cut..middles.len() - cut].to_vec()
        };
        let ends = |at: f64| vec![at; degree + 1];
        let mut s = Spline {
            degree,
            knots: [ends(x[0]), inner, ends(x[n - 1])].concat(),
            coefficients: values.to_vec(),
        };
        // Row k: the B-splines at x[k], of which those from `first` on differ from 0. The matrix is totally positive, so that
        // elimination needs no pivots.
        let mut rows: Vec<Vec<f64>> = vec![];
        for (k, x) in x.iter().enumerate() {
            let mut row = vec![0.0; n];
            let (first, basis) = s.basis(*x);
            row[first..=first + degree].copy_from_slice(&basis);
            rows.push(row);
            for j in k.saturating_sub(degree)..k {
                let f = rows[k][j] / rows[j][j];
                if f != 0.0 {
                    let (others, last) = rows.split_at_mut(k);
                    let from = others[j].iter().skip(j).take(degree + 1);
                    last[0].iter_mut().skip(j).zip(from).for_each(|(y, x)| *y -= f * x);
                    let above = s.coefficients[j].clone();
                    s.coefficients[k].iter_mut().zip(above).for_each(|(y, a)| *y -= f * a);
                }
            }
        }
        for k in (0..n).rev() {
            let (above, below) = s.coefficients.split_at_mut(k + 1);
            let row = &rows[k][k..];
            for (f, below) in row.iter().skip(1).take(degree).zip(below.iter()) {
                above[k].iter_mut().zip(below).for_each(|(y, b)| *y -= f * b);
            }
            above[k].iter_mut().for_each(|y| *y /= row[0]);
        }
        Some(s)
    }

    /// The first B-spline that isn't 0 at `x`, and the values there of it and those that follow.
    fn basis(&self, x: f64) -> (usize, Vec<f64>) {
        let (p, t) = (self.degree, &self.knots);
        let last = t.len() - p - 2;
        let span = t.partition_point(|knot| *knot <= x).saturating_sub(1).clamp(p, last);
        // Cox and de Boor's recursion.
        let mut b = vec![0.0; p + 1];
        b[0] = 1.0;
        for d in 1..=p {
            let mut carried = 0.0;
            for r in 0..d {
                let (right, left) = (t[span + r + 1], t[span + 1 + r - d]);
                let share = b[r] / (right - left);
                b[r] = carried + (right - x) * share;
                carried = (x - left) * share;
            }
            b[d] = carried;
        }
        (span - p, b)
    }

    /// The values at `x`.
    pub(super) fn at(&self, x: f64, out: &mut [f64]) {
        let (first, basis) = self.basis(x);
        out.fill(0.0);
        for (c, b) in self.coefficients[first..].iter().zip(&basis) {
            out.iter_mut().zip(c).for_each(|(y, c)| *y += b * c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy.interpolate.interp1d of SciPy 1.17.1 through the points below, of kinds `quadratic` and `cubic`.
    #[test]
    fn splines_are_those_of_scipy() {
        let x = [0.0, 0.1, 0.25, 0.3, 0.55, 0.6, 0.9];
        let values: Vec<Vec<f64>> = [1.0, -0.5, 0.7, 2.0, -1.0, 0.2, 0.6].map(|y| vec![y, 2.0 * y]).to_vec();
        let points = [0.0, 0.037, 0.1, 0.19, 0.28, 0.41, 0.57, 0.66, 0.83, 0.9];
        let quadratic = [
            1.0,
            0.24129022093082794,
            -0.5,
            -0.34869131124878405,
            1.5343129042718417,
            1.1357550645981613,
            -0.5818347106309638,
            1.3701760688136821,
            1.7255440769375197,
            0.6,
        ];
        let cubic = [
            1.0,
            0.29505320109119554,
            -0.5,
            -0.41009695151805114,
            1.5447300644362538,
            1.068771757074387,
            -0.6631919131095446,
            2.6689638763049097,
            5.6941673954435155,
            0.6,
        ];
        for (degree, expected) in [(2, quadratic), (3, cubic)] {
            let s = Spline::through(&x, &values, degree).unwrap();
            for (at, expected) in points.iter().zip(expected) {
                let mut y = [0.0; 2];
                s.at(*at, &mut y);
                assert!(
                    (y[0] - expected).abs() < 1e-12 && y[1] == 2.0 * y[0],
                    "{at}: {} is not {expected}",
                    y[0]
                );
            }
            // A polynomial of the degree is met everywhere.
            let poly = |x: f64| (0..=degree).map(|k| (k as f64 - 1.3) * x.powi(k as i32)).sum::<f64>();
            let s = Spline::through(&x, &x.map(|x| vec![poly(x)]), degree).unwrap();
            for k in 0..=90 {
                let (at, mut y) = (f64::from(k) * 0.01, [0.0]);
                s.at(at, &mut y);
                assert!((y[0] - poly(at)).abs() < 1e-12);
            }
            assert!(Spline::through(&x[..degree], &values[..degree], degree).is_none());
        }
    }
}
