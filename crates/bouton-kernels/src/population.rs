//! Whole LIF populations, each in one pass: encode, step, decode.

use crate::dense::{add_assign_body, tree};
use crate::level::{Tier, dispatch};
use crate::lif::{BLOCK, encode_lif_phase_body, phase_loop};
use crate::{LANES, LIF_NUMBERS, Level, LifStep, Real};

/// Highest number of decoded values of a population in [`populations`].
pub const MAX_DECODED: usize = 4;

/// Operands of [`populations`].
pub const POPULATION_OPERANDS: usize = 9;

/// How many populations [`populations`] goes over, of which size, and where they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Several {
    /// How many there are.
    pub count: usize,
    /// Neurons of each.
    pub neurons: usize,
    /// Values that are decoded of each.
    pub values: usize,
    /// How far the numbers of one lie from those of the next, in each operand, in their order.
    pub strides: [usize; POPULATION_OPERANDS],
}

impl Several {
    /// Numbers of each operand that one population has, in their order; of `sums` if it isn't empty.
    pub fn sizes(&self) -> [usize; POPULATION_OPERANDS] {
        let (n, values) = (self.neurons, self.values);
        [values, n, n, n, n, n, 1, n * values, LIF_NUMBERS]
    }
    /// Numbers of each operand from the first population's first to the last one's last.
    pub fn lengths(&self) -> [usize; POPULATION_OPERANDS] {
        let sizes = self.sizes();
        std::array::from_fn(|k| {
            self.count.saturating_sub(1).saturating_mul(self.strides[k]).saturating_add(sizes[k])
        })
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a loop names its operands one by one")]
fn population_body<T: Real>(
    p: &LifStep<T>,
    y: &mut [T],
    v: &mut [T],
    mark: &mut [T],
    sums: &mut [T],
    bias: &[T],
    enc: &[T],
    x: T,
    decoders: &[T],
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

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "as above")]
fn populations_body<T: Real>(
    of: &Several,
    y: &mut [T],
    v: &mut [T],
    mark: &mut [T],
    sums: &mut [T],
    bias: &[T],
    enc: &[T],
    x: &[T],
    decoders: &[T],
    constants: &[f64],
) {
    let (n, values) = (of.neurons, of.values);
    for k in 0..of.count {
        let [at_y, at_v, at_mark, at_sums, at_bias, at_enc, at_x, at_decoders, at_constants] =
            of.strides.map(|stride| k * stride);
        let (y, v, mark) = (&mut y[at_y..][..values], &mut v[at_v..][..n], &mut mark[at_mark..][..n]);
        let sums = if sums.is_empty() { &mut [] } else { &mut sums[at_sums..][..n] };
        let (bias, enc) = (&bias[at_bias..][..n], &enc[at_enc..][..n]);
        let (x, decoders) = (x[at_x], &decoders[at_decoders..][..n * values]);
        let p = LifStep::of(&constants[at_constants..]);
        population_body(&p, y, v, mark, sums, bias, enc, x, decoders);
    }
}
dispatch! {
    /// [`encode_lif_phase`](crate::encode_lif_phase) in one dimension and [`gemv_inc`](crate::gemv_inc) of the outputs in
    /// one pass, for populations whose spikes nobody else needs: y += D·spikes, `decoders` row-major (values × neurons),
    /// at least `2·LANES` neurons. The same bits as the two one after the other. The outputs are added to `sums`, unless it is empty.
    ///
    /// # Panics
    /// If there are more than [`MAX_DECODED`] values.
    pub fn population(p: &LifStep<T>, y: &mut [T], v: &mut [T], mark: &mut [T], sums: &mut [T], bias: &[T], enc: &[T], x: T, decoders: &[T]) => population_body
}
dispatch! {
    /// [`population`] of several of one size, one after the other: each then begins at less cost than by a call, and a single one at
    /// more. What lies between their numbers is left as it is. `constants` are those of [`LifStep::of`].
    ///
    /// # Panics
    /// If there are more than [`MAX_DECODED`] values, or an operand is shorter than [`Several::lengths`].
    pub fn populations(of: &Several, y: &mut [T], v: &mut [T], mark: &mut [T], sums: &mut [T], bias: &[T], enc: &[T], x: &[T], decoders: &[T], constants: &[f64]) => populations_body
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
        for (n, count) in [(16, 1), (63, 3), (64, 1), (65, 2), (100, 5), (131, 1)] {
            for rows in 0..=MAX_DECODED {
                // Where one population's numbers lie, and where the next one's: at most a few numbers behind.
                let strides = [rows + 1, n, n + 3, n + 1, n, n + 7, 2, n * rows + 5, 0];
                let of = Several { count, neurons: n, values: rows, strides };
                let [y_len, v_len, mark_len, sums_len, bias_len, enc_len, x_len, dec_len, _] = of.lengths();
                let wave = |k: usize, f: f64| 4.0 * (k as f64 * f).sin();
                let enc: Vec<f64> = (0..enc_len).map(|k| wave(k, 1.7)).collect();
                let bias: Vec<f64> = (0..bias_len).map(|k| 1.0 + 0.1 * wave(k, 0.9)).collect();
                let dec: Vec<f64> = (0..dec_len).map(|k| 1e-3 * wave(k, 2.3)).collect();
                let (mut v1, mut m1, mut o) = (vec![0.0; v_len], vec![0.0; mark_len], vec![0.0; n]);
                let (mut v2, mut m2) = (v1.clone(), m1.clone());
                let (mut moved, mut added, mut sums) = (false, vec![0.0; sums_len], vec![0.0; sums_len]);
                for s in 0..300 {
                    let x: Vec<f64> = (0..x_len).map(|k| (0.02 * f64::from(s) + k as f64).sin()).collect();
                    let (mut y1, mut y2) = (vec![0.1; y_len], vec![0.1; y_len]);
                    for k in 0..count {
                        let at: Vec<usize> = strides.iter().map(|stride| k * stride).collect();
                        let (v, m) = (&mut v1[at[1]..][..n], &mut m1[at[2]..][..n]);
                        let (b, e) = (&bias[at[4]..][..n], &enc[at[5]..][..n]);
                        encode_lif_phase(Level::BASELINE, p, b, e, &x[at[6]..][..1], &[], v, m, &mut o);
                        let d = &dec[at[7]..][..n * rows];
                        gemv_inc(Level::BASELINE, d, n, n, &o, &mut y1[at[0]..][..rows]);
                        if s % 3 == 0 {
                            added[at[3]..].iter_mut().zip(&o).for_each(|(a, o)| *a += o);
                        }
                        moved |= o.iter().any(|o| *o > 0.0);
                    }
                    // Sums of outputs, in every third step.
                    let sums: &mut [f64] = if s % 3 == 0 { &mut sums } else { &mut [] };
                    let (level, c, y, v, m) = (Level::detect(), p.numbers(), &mut y2, &mut v2, &mut m2);
                    // Of a single one both ways, in turn.
                    if count == 1 && s % 2 == 0 {
                        population(level, p, y, v, m, sums, &bias, &enc, x[0], &dec);
                    } else {
                        populations(level, &of, y, v, m, sums, &bias, &enc, &x, &dec, &c);
                    }
                    assert_eq!((&y1, &v1, &m1), (&y2, &v2, &m2), "{of:?}, step {s}");
                }
                assert!(moved, "no neuron spiked");
                assert!(added.iter().any(|a| *a > 1000.0) && added == sums, "{added:?} {sums:?}");
            }
        }
    }
}
