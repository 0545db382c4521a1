//! Random rotations.

use bouton_random::RandomState;
use faer::Mat;

use super::room;

/// A random orthogonal d×d matrix, row-major: the orthogonal polar factor U Vᵀ of a matrix U S Vᵀ of standard
/// normals. It is uniform over all rotations and reflections.
pub(super) fn random_orthogonal(d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
    let normals = rng.randn(d, d).map_err(|e| e.to_string())?;
    let svd = Mat::from_fn(d, d, |i, j| normals[i * d + j]).svd().map_err(|_| {
        "the decomposition behind a random rotation did not converge; take another seed".to_string()
    })?;
    let polar = svd.U() * svd.V().transpose();
    Ok((0..d * d).map(|i| polar[(i / d, i % d)]).collect())
}

/// The product of `points` (rows of d) and a d×d matrix, both row-major.
///
/// Plain loops: the order of the sums is the same everywhere. Four rows share each pass over the matrix.
pub(super) fn apply(points: &[f64], matrix: &[f64], d: usize) -> Result<Vec<f64>, String> {
    const ROWS: usize = 4;
    let mut out = room(points.len(), 1)?;
    out.resize(points.len(), 0.0);
    for (rows, outs) in points.chunks(ROWS * d).zip(out.chunks_mut(ROWS * d)) {
        for (k, line) in matrix.chunks_exact(d).enumerate() {
            for (row, sum) in rows.chunks_exact(d).zip(outs.chunks_exact_mut(d)) {
                let factor = row[k];
                sum.iter_mut().zip(line).for_each(|(s, m)| *s += factor * m);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_are_orthogonal() {
        for d in [2, 3, 17, 75] {
            let r = random_orthogonal(d, &mut RandomState::new(d as u32)).unwrap();
            let transpose: Vec<f64> = (0..d * d).map(|i| r[i % d * d + i / d]).collect();
            for (i, v) in apply(&r, &transpose, d).unwrap().into_iter().enumerate() {
                let expected = if i / d == i % d { 1.0 } else { 0.0 };
                assert!((v - expected).abs() < 1e-13);
            }
        }
    }
}
