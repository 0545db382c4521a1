//! A whole LIF population in one pass: encode, step, decode.

use crate::dense::{add_assign_body, tree};
use crate::level::{Tier, dispatch};
use crate::lif::{BLOCK, encode_lif_phase_body, phase_loop};
use crate::{LANES, Level, LifStep, Real};

/// Highest number of decoded values of [`population`].
pub const MAX_DECODED: usize = 4;

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a loop names its operands one by one")]
fn population_body<T: Real>(
    p: &LifStep<T>,
    bias: &[T],
    enc: &[T],
    x: T,
    v: &mut [T],
    mark: &mut [T],
    decoders: &[T],
    y: &mut [T],
    sums: &mut [T],
) {
    let (read, write, x) = ([bias, enc, decoders], [v, mark, sums], T::ZERO + x);
    if p.keeps_times() {
        of_marks::<T, true>(p, read, x, write, y);
    } else {
        of_marks::<T, false>(p, read, x, write, y);
    }
}

/// The same, where marks are refractory times, and where they are not.
#[inline(always)]
fn of_marks<T: Real, const TIMES: bool>(
    p: &LifStep<T>,
    read: [&[T]; 3],
    x: T,
    write: [&mut [T]; 3],
    y: &mut [T],
) {
    match y.len() {
        0 => of_rows::<T, TIMES, 0>(p, read, x, write, y),
        1 => of_rows::<T, TIMES, 1>(p, read, x, write, y),
        2 => of_rows::<T, TIMES, 2>(p, read, x, write, y),
        3 => of_rows::<T, TIMES, 3>(p, read, x, write, y),
        MAX_DECODED => of_rows::<T, TIMES, MAX_DECODED>(p, read, x, write, y),
        rows => panic!("{rows} decoded values, at most {MAX_DECODED}"),
    }
}

/// The same, of so many decoded values: their sums then stay in registers.
#[inline(always)]
fn of_rows<T: Real, const TIMES: bool, const ROWS: usize>(
    p: &LifStep<T>,
    [bias, enc, decoders]: [&[T]; 3],
    x: T,
    [v, mark, sums]: [&mut [T]; 3],
    y: &mut [T],
) {
    let n = v.len();
    let (p, bias, enc, mark) = (*p, &bias[..n], &enc[..n], &mut mark[..n]);
    let decoders: [&[T]; ROWS] = std::array::from_fn(|r| &decoders[r * n..(r + 1) * n]);
    let mut acc = [[T::ZERO; LANES]; ROWS];
    let mut out = [T::ZERO; BLOCK];
    let mut first = 0;
    loop {
        let m = BLOCK.min(n - first);
        {
            let (b, e, o) = (&bias[first..first + m], &enc[first..first + m], &mut out[..m]);
            let (v, k) = (&mut v[first..first + m], &mut mark[first..first + m]);
            if TIMES {
                encode_lif_phase_body(&p, b, e, &[x], &[], v, k, o);
            } else {
                phase_loop(&p, |i| b[i] + e[i] * x, v, k, o);
            }
        }
        if !sums.is_empty() {
            add_assign_body(&out[..m], &mut sums[first..first + m]);
        }
        let whole = m / LANES * LANES;
        let w: [_; ROWS] = std::array::from_fn(|r| decoders[r][first..first + whole].as_chunks::<LANES>().0);
        for (k, o) in out[..whole].as_chunks::<LANES>().0.iter().enumerate() {
            for r in 0..ROWS {
                for l in 0..LANES {
                    acc[r][l] += w[r][k][l] * o[l];
                }
            }
        }
        first += m;
        if first < n {
            continue;
        }
        // The order of the sum would decide how the loop is compiled, as in a product of few rows.
        let acc = std::hint::black_box(acc);
        // Only the last block has a rest: added after the lanes, as in `dot`.
        for (r, y) in y.iter_mut().enumerate().take(ROWS) {
            let mut s = tree(&acc[r]);
            for i in whole..m {
                s += decoders[r][n - m + i] * out[i];
            }
            *y += s;
        }
        return;
    }
}
dispatch! {
    /// [`encode_lif_phase`](crate::encode_lif_phase) in one dimension and [`gemv_inc`](crate::gemv_inc) of the outputs in
    /// one pass, for populations whose spikes nobody else needs: y += D·spikes, `decoders` row-major (values × neurons),
    /// at least `2·LANES` neurons. The same bits as the two one after the other. The outputs are added to `sums`, unless it is empty.
    ///
    /// # Panics
    /// If there are more than [`MAX_DECODED`] values.
    pub fn population(p: &LifStep<T>, bias: &[T], enc: &[T], x: T, v: &mut [T], mark: &mut [T], decoders: &[T], y: &mut [T], sums: &mut [T]) => population_body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{encode_lif_phase, gemv_inc};

    #[test]
    fn one_pass_has_the_bits_of_two() {
        one_pass_has_the_bits_of_two_of(&LifStep::new(0.001, 0.02, 0.002, 0.0, 1.0));
        // Marks that are refractory times.
        one_pass_has_the_bits_of_two_of(&LifStep::new(0.001, 1e-5, 0.01, 0.0, 1.0));
    }

    fn one_pass_has_the_bits_of_two_of(p: &LifStep<f64>) {
        for n in [16, 63, 64, 65, 100, 131] {
            for rows in 0..=MAX_DECODED {
                let wave = |k: usize, f: f64| 4.0 * (k as f64 * f).sin();
                let enc: Vec<f64> = (0..n).map(|k| wave(k, 1.7)).collect();
                let bias: Vec<f64> = (0..n).map(|k| 1.0 + 0.1 * wave(k, 0.9)).collect();
                let dec: Vec<f64> = (0..n * rows).map(|k| 1e-3 * wave(k, 2.3)).collect();
                let (mut v1, mut m1, mut o) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
                let (mut v2, mut m2) = (v1.clone(), m1.clone());
                let (mut moved, mut added, mut sums) = (false, vec![0.0; n], vec![0.0; n]);
                for s in 0..300 {
                    let x = (0.02 * f64::from(s)).sin();
                    let (mut y1, mut y2) = (vec![0.1; rows], vec![0.1; rows]);
                    encode_lif_phase(Level::BASELINE, p, &bias, &enc, &[x], &[], &mut v1, &mut m1, &mut o);
                    gemv_inc(Level::BASELINE, &dec, n, n, &o, &mut y1);
                    // Sums of outputs, in every third step.
                    let of: &mut [f64] = if s % 3 == 0 { &mut sums } else { &mut [] };
                    population(Level::detect(), p, &bias, &enc, x, &mut v2, &mut m2, &dec, &mut y2, of);
                    if s % 3 == 0 {
                        added.iter_mut().zip(&o).for_each(|(a, o)| *a += o);
                    }
                    assert_eq!((&y1, &v1, &m1), (&y2, &v2, &m2), "n = {n}, rows = {rows}, step {s}");
                    moved |= o.iter().any(|o| *o > 0.0);
                }
                assert!(moved, "no neuron spiked");
                assert!(added.iter().any(|a| *a > 1000.0) && added == sums, "{added:?} {sums:?}");
            }
        }
    }
}
