//! Small systems of linear equations.

/// Solves A·X = Y for n × n A and n × m Y, both row by row; Y becomes X. Gauss's elimination with pivots by rows. `None` if A
/// has no inverse.
pub fn solve(a: &[f64], n: usize, y: &mut [f64], m: usize) -> Option<()> {
    let mut a = a.to_vec();
    for k in 0..n {
        let pivot = (k..n).max_by(|p, q| a[p * n + k].abs().total_cmp(&a[q * n + k].abs()))?;
        if a[pivot * n + k] == 0.0 || !a[pivot * n + k].is_finite() {
            return None;
        }
        for j in 0..n {
            a.swap(k * n + j, pivot * n + j);
        }
        for j in 0..m {
            y.swap(k * m + j, pivot * m + j);
        }
        for r in k + 1..n {
            let f = a[r * n + k] / a[k * n + k];
            for j in k..n {
                a[r * n + j] -= f * a[k * n + j];
            }
            for j in 0..m {
                y[r * m + j] -= f * y[k * m + j];
            }
        }
    }
    for k in (0..n).rev() {
        for j in 0..m {
            let rest: f64 = (k + 1..n).map(|i| a[k * n + i] * y[i * m + j]).sum();
            y[k * m + j] = (y[k * m + j] - rest) / a[k * n + k];
        }
    }
    Some(())
}
