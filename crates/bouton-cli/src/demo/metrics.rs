//! Scores of an output against a target.

/// How close an output is to its target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    /// Mean squared error.
    pub mse: f64,
    /// Pearson's correlation; NaN where one side is constant.
    pub pearson: f64,
    /// Spearman's rank correlation; NaN where one side is constant.
    pub spearman: f64,
}

/// Scores of `output` against `target`, sample by sample.
pub fn scores(output: &[f64], target: &[f64]) -> Scores {
    let n = output.len().min(target.len()).max(1) as f64;
    let mse = output.iter().zip(target).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / n;
    Scores { mse, pearson: pearson(output, target), spearman: pearson(&ranks(output), &ranks(target)) }
}

/// Pearson's correlation.
pub fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().min(b.len()) as f64;
    let (ma, mb) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        ab += (x - ma) * (y - mb);
        aa += (x - ma) * (x - ma);
        bb += (y - mb) * (y - mb);
    }
    // A constant has no correlation; rounding must not make one up.
    let floor = 1e-24 * n;
    if aa <= floor * (1.0 + ma * ma) || bb <= floor * (1.0 + mb * mb) {
        f64::NAN
    } else {
        ab / (aa * bb).sqrt()
    }
}

/// Ranks from 1, equal values sharing the mean of theirs.
pub fn ranks(x: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|a, b| x[*a].total_cmp(&x[*b]));
    let mut r = vec![0.0; x.len()];
    let mut i = 0;
    while i < order.len() {
        let mut j = i;
        while j + 1 < order.len() && x[order[j + 1]] == x[order[i]] {
            j += 1;
        }
        for k in &order[i..=j] {
            r[*k] = (i + j) as f64 / 2.0 + 1.0;
        }
        i = j + 1;
    }
    r
}

/// Mean and standard deviation (with n − 1) of the numbers that aren't NaN.
pub fn mean_sd(x: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let x: Vec<f64> = x.into_iter().filter(|v| !v.is_nan()).collect();
    if x.is_empty() {
        return (f64::NAN, f64::NAN);
    }
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let sd = if x.len() > 1 {
        (x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0)).sqrt()
    } else {
        0.0
    };
    (mean, sd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_scores() {
        // By hand: 7.5/√(14.75·5) = 0.8733…; ranks of x are 1, 2.5, 2.5, 4 against 1, 2, 3, 4.
        let s = scores(&[0.0, 1.0, 1.0, 5.0], &[0.0, 1.0, 2.0, 3.0]);
        assert!((s.mse - 1.25).abs() < 1e-15);
        assert!((s.pearson - 0.873_333_764_6).abs() < 1e-9, "{}", s.pearson);
        assert!((s.spearman - 0.948_683_298_1).abs() < 1e-9, "{}", s.spearman);
        assert!(scores(&[2.0, 2.0], &[0.0, 1.0]).pearson.is_nan());
        assert_eq!(mean_sd([1.0, 3.0, f64::NAN]), (2.0, 2.0f64.sqrt()));
    }
}
