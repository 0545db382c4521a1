//! The leaky integrate-and-fire step, in two forms.
//!
//! τ_rc dv/dt = J − v; a spike when v passes 1, then v = 0 for τ_ref (Lapicque 1907; Koch 1999, Biophysics of
//! Computation, ch. 14). Inside a step the current is constant, so the voltage is exact, and the time of the spike is
//! found by inverting the exponential.

use crate::dense::add_assign_body;
use crate::level::{Tier, dispatch};
use crate::{LANES, Level, Real};

/// Neurons whose currents or outputs are held at a time.
pub(crate) const BLOCK: usize = 8 * LANES;

/// Constants of a LIF population for a given time step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LifStep<T> {
    /// Time step (s).
    pub dt: T,
    /// Membrane time constant (s).
    pub tau_rc: T,
    /// Refractory period (s).
    pub tau_ref: T,
    /// Lowest voltage (at most 0).
    pub min_voltage: T,
    /// Output of a neuron in a step in which it spikes: amplitude / dt.
    pub spike: T,
    /// expm1(−dt/τ_rc): the share of the way to J that a free neuron moves in a step, negated.
    full: T,
    /// exp(−dt/τ_rc): what a step makes of a mark.
    decay: T,
    /// exp(τ_ref/τ_rc), and that less 1: the mark of a spike at the end of its step.
    growth: T,
    whole: T,
}

/// Numbers that the constants of a LIF population are made of.
pub const LIF_NUMBERS: usize = 9;

impl<T: Real> LifStep<T> {
    /// Constants for a time step `dt` (s), membrane time constant `tau_rc` (s), refractory period `tau_ref` (s, ≥ 0),
    /// `min_voltage` ≤ 0 and spike `amplitude`.
    pub fn new(dt: f64, tau_rc: f64, tau_ref: f64, min_voltage: f64, amplitude: f64) -> LifStep<T> {
        LifStep::of(&[
            dt,
            tau_rc,
            tau_ref,
            min_voltage,
            amplitude / dt,
            libm::expm1(-dt / tau_rc),
            libm::exp(-dt / tau_rc),
            libm::exp(tau_ref / tau_rc),
            libm::expm1(tau_ref / tau_rc),
        ])
    }

    /// The constants as numbers, for [`of`](LifStep::of).
    pub fn numbers(&self) -> [f64; LIF_NUMBERS] {
        let LifStep { dt, tau_rc, tau_ref, min_voltage, spike, full, decay, growth, whole } = *self;
        [dt, tau_rc, tau_ref, min_voltage, spike, full, decay, growth, whole].map(T::f64)
    }

    /// The constants from [`numbers`](LifStep::numbers), which may be those of double precision.
    ///
    /// # Panics
    /// With fewer numbers.
    #[inline(always)]
    pub fn of(n: &[f64]) -> LifStep<T> {
        let n = &n[..LIF_NUMBERS];
        LifStep {
            dt: T::of(n[0]),
            tau_rc: T::of(n[1]),
            tau_ref: T::of(n[2]),
            min_voltage: T::of(n[3]),
            spike: T::of(n[4]),
            full: T::of(n[5]),
            decay: T::of(n[6]),
            growth: T::of(n[7]),
            whole: T::of(n[8]),
        }
    }

    /// Whether the marks are refractory times and the step is the textbook's: exp(τ_ref/τ_rc) is no number (τ_ref is 700
    /// τ_rc or more; 88 in single precision), or a voltage is at its end within a step (dt is 37 τ_rc or more; 17), so that it
    /// doesn't say when it passed the threshold.
    #[inline(always)]
    pub(crate) fn keeps_times(&self) -> bool {
        !self.growth.is_finite() || self.full == -T::ONE
    }

    /// The phase mark that stands for a refractory time (s, as the textbook step stores it at the end of a step).
    pub fn mark(&self, refractory_time: f64) -> f64 {
        if self.keeps_times() {
            return refractory_time;
        }
        libm::expm1((refractory_time - self.dt.f64()) / self.tau_rc.f64()).max(0.0)
    }

    /// The refractory time (s) that a phase mark stands for; 0 for a free neuron, whatever it was before.
    pub fn refractory_time(&self, mark: f64) -> f64 {
        if mark == 0.0 || self.keeps_times() {
            return mark;
        }
        self.dt.f64() + self.tau_rc.f64() * libm::log1p(mark)
    }
}

/// One step as the equations are written: state is voltage and refractory time (s).
///
/// Per neuron: the part of the step outside the refractory period is δ = clip(dt − ref, 0, dt);
/// v −= (J − v)·expm1(−δ/τ_rc); v > 1 is a spike at t = dt + τ_rc·log1p(−(v−1)/(J−1)) into the step.
pub fn lif_textbook<T: Real>(p: &LifStep<T>, j: &[T], v: &mut [T], refractory: &mut [T], out: &mut [T]) {
    for (((&j, v), refractory), out) in j.iter().zip(v).zip(refractory).zip(out) {
        *refractory -= p.dt;
        let delta = (p.dt - *refractory).at_least(T::ZERO).at_most(p.dt);
        // expm1(-dt/τ) is at hand; it is the same number that the call would give.
        let moved = if delta == p.dt { p.full } else { (-delta / p.tau_rc).exp_m1() };
        *v -= (j - *v) * moved;
        let spikes = *v > T::ONE;
        *out = if spikes { p.spike } else { T::ZERO };
        if spikes {
            let rest = (-(*v - T::ONE) / (j - T::ONE)).ln_1p();
            // Where the voltage is at its end within a step the rest may round to minus infinity: the neuron is free.
            let left = p.tau_ref + p.dt + p.tau_rc * rest;
            *refractory = if left < T::ZERO { T::ZERO } else { left };
            *v = T::ZERO;
        } else if *v < p.min_voltage {
            *v = p.min_voltage;
        }
    }
}

/// Phase form of [`lif_textbook`], without exp or log and without a branch on data.
///
/// The time of a spike is only needed to know how much of a later step is left, and the decay over that rest is 1−q times
/// a constant, q = (v−1)/(J−1). So the second state is no time r but a mark, expm1(r/τ_rc) of what is still to wait at the
/// beginning of a step: (1−q)·exp(τ_ref/τ_rc) − 1 behind a spike, 0 for a free neuron. A step makes
/// (mark + 1)·exp(−dt/τ_rc) − 1 of it, which is what is still to wait at its end; below 0 it is the share of the way to J
/// that the neuron moves, negated. Sums are taken of what is small (expm1), never as the difference of two numbers near 1:
/// a rounding of the constants would move each spike the same way. Agrees with the textbook form to rounding (a few 1e-12
/// in the voltage; in single precision it is the more exact of the two).
#[inline(always)]
fn phase_step<T: Real>(p: &LifStep<T>, j: T, v: &mut T, mark: &mut T, out: &mut T) {
    // Comparisons are such that what is no number stays so, and is seen.
    let left = *mark * p.decay + p.full;
    let moves = if left > T::ZERO { T::ZERO } else { left };
    let nv = *v - (j - *v) * moves;
    let spikes = nv > T::ONE;
    // First the division, which takes longest: it needn't wait for the voltage.
    let growth = p.growth / (j - T::ONE);
    let behind = p.whole - (nv - T::ONE) * growth;
    let behind = if behind < T::ZERO { T::ZERO } else { behind };
    *mark = if spikes { behind } else { left - moves };
    let low = if nv < p.min_voltage { p.min_voltage } else { nv };
    *v = if spikes { T::ZERO } else { low };
    *out = if spikes { p.spike } else { T::ZERO };
}

/// Steps neurons one behind the other; `j` is the current of each. A plain loop: compilers make the best vectors of it.
#[inline(always)]
pub(crate) fn phase_loop<T: Real>(
    p: &LifStep<T>,
    j: impl Fn(usize) -> T,
    v: &mut [T],
    mark: &mut [T],
    out: &mut [T],
) {
    let n = out.len();
    let (p, v, mark) = (*p, &mut v[..n], &mut mark[..n]);
    for i in 0..n {
        phase_step(&p, j(i), &mut v[i], &mut mark[i], &mut out[i]);
    }
}

#[inline(always)]
fn phase_pass<T: Real>(p: &LifStep<T>, j: &[T], v: &mut [T], mark: &mut [T], out: &mut [T]) {
    if p.keeps_times() {
        return lif_textbook(p, j, v, mark, out);
    }
    let j = &j[..out.len()];
    phase_loop(p, |i| j[i], v, mark, out);
}

/// Currents of `D` dimensions and the step in one loop, where currents stay in registers. The sums are in the order of
/// [`encode`](crate::encode).
#[inline(always)]
fn encode_few<T: Real, const D: usize>(
    p: &LifStep<T>,
    (bias, enc_t, x, plus): (&[T], &[T], &[T], &[T]),
    v: &mut [T],
    mark: &mut [T],
    out: &mut [T],
) {
    let n = out.len();
    let bias = &bias[..n];
    let x: [T; D] = std::array::from_fn(|k| T::ZERO + x[k]);
    let e: [&[T]; D] = std::array::from_fn(|k| &enc_t[k * n..(k + 1) * n]);
    let current = |i: usize| {
        if D == 1 {
            return bias[i] + e[0][i] * x[0];
        }
        let mut j = T::ZERO;
        for k in 0..D {
            j += e[k][i] * x[k];
        }
        bias[i] + j
    };
    if plus.is_empty() {
        phase_loop(p, current, v, mark, out);
    } else {
        let plus = &plus[..n];
        phase_loop(p, |i| current(i) + plus[i], v, mark, out);
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a loop names its operands one by one")]
pub(crate) fn encode_lif_phase_body<T: Real>(
    p: &LifStep<T>,
    bias: &[T],
    enc_t: &[T],
    x: &[T],
    plus: &[T],
    v: &mut [T],
    mark: &mut [T],
    out: &mut [T],
) {
    let read = (bias, enc_t, x, plus);
    match x.len() {
        _ if p.keeps_times() => {}
        1 => return encode_few::<T, 1>(p, read, v, mark, out),
        2 => return encode_few::<T, 2>(p, read, v, mark, out),
        3 => return encode_few::<T, 3>(p, read, v, mark, out),
        4 => return encode_few::<T, 4>(p, read, v, mark, out),
        _ => {}
    }
    // Currents of a few neurons at a time, so that they stay in the nearest cache.
    let mut j = [T::ZERO; BLOCK];
    let n = out.len();
    for first in (0..n).step_by(BLOCK) {
        let m = BLOCK.min(n - first);
        let range = first..first + m;
        let j = &mut j[..m];
        j.fill(T::ZERO);
        for (k, xk) in x.iter().enumerate() {
            let (e, xk) = (&enc_t[k * n + first..k * n + first + m], T::ZERO + *xk);
            for i in 0..m {
                j[i] += e[i] * xk;
            }
        }
        let b = &bias[range.clone()];
        for i in 0..m {
            j[i] = b[i] + j[i];
        }
        if !plus.is_empty() {
            add_assign_body(&plus[range.clone()], j);
        }
        phase_pass(p, j, &mut v[range.clone()], &mut mark[range.clone()], &mut out[range]);
    }
}
dispatch! {
    /// [`encode`](crate::encode) and [`lif_phase`] in one pass: the currents stay in registers. The same bits.
    pub fn encode_lif_phase(p: &LifStep<T>, bias: &[T], enc_t: &[T], x: &[T], plus: &[T], v: &mut [T], mark: &mut [T], out: &mut [T]) => encode_lif_phase_body
}
dispatch! {
    /// One step in the phase form: `mark` takes the place of the refractory time (see [`LifStep::mark`]).
    pub fn lif_phase(p: &LifStep<T>, j: &[T], v: &mut [T], mark: &mut [T], out: &mut [T]) => phase_pass
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both forms side by side on currents that swing through the threshold.
    fn both(tau_ref: f64, min_voltage: f64, steps: usize) -> (usize, usize, f64) {
        let n = 101;
        let p = LifStep::<f64>::new(0.001, 0.02, tau_ref, min_voltage, 1.0);
        let (mut v1, mut r, mut o1) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        let (mut v2, mut h, mut o2) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        let mut j = vec![0.0; n];
        let (mut all, mut differ, mut worst) = (0, 0, 0.0f64);
        for s in 0..steps {
            for (i, j) in j.iter_mut().enumerate() {
                *j = 1.0 + 20.0 * (0.0063 * s as f64 + i as f64).sin();
            }
            lif_textbook(&p, &j, &mut v1, &mut r, &mut o1);
            lif_phase(Level::detect(), &p, &j, &mut v2, &mut h, &mut o2);
            for i in 0..n {
                all += usize::from(o1[i] > 0.0);
                differ += usize::from(o1[i] != o2[i]);
                worst = worst.max((v1[i] - v2[i]).abs());
            }
        }
        (all, differ, worst)
    }

    #[test]
    fn the_phase_form_spikes_where_the_textbook_does() {
        for tau_ref in [0.0, 0.0005, 0.001, 0.0015, 0.002, 0.0025, 0.0037, 0.0101] {
            for min_voltage in [0.0, -1.0] {
                let (all, differ, worst) = both(tau_ref, min_voltage, 8000);
                assert!(all > 20_000, "{all} spikes are too few to tell");
                assert_eq!(
                    differ, 0,
                    "tau_ref {tau_ref}, min_voltage {min_voltage}: {differ} of {all} spikes differ"
                );
                assert!(worst < 1e-10, "tau_ref {tau_ref}: voltages differ by {worst}");
            }
        }
    }

    #[test]
    fn long_refractory_periods_are_kept_as_marks_or_as_times() {
        let j = [0.9, 1.5, 3.0, 40.0];
        let textbook = |p: &LifStep<f64>, steps: usize| {
            let (mut v, mut r, mut o, mut spikes) = (vec![0.0; 4], vec![0.0; 4], vec![0.0; 4], vec![]);
            for s in 0..steps {
                lif_textbook(p, &j, &mut v, &mut r, &mut o);
                spikes.extend(o.iter().enumerate().filter(|(_, o)| **o > 0.0).map(|(i, _)| (s, i)));
            }
            (v, spikes)
        };
        let phase = |p: &LifStep<f64>, steps: usize| {
            let (mut v, mut m, mut o, mut spikes) = (vec![0.0; 4], vec![0.0; 4], vec![0.0; 4], vec![]);
            let (mut ve, mut me, mut oe) = (v.clone(), m.clone(), o.clone());
            for s in 0..steps {
                lif_phase(Level::detect(), p, &j, &mut v, &mut m, &mut o);
                encode_lif_phase(Level::detect(), p, &j, &[0.0; 4], &[1.0], &[], &mut ve, &mut me, &mut oe);
                assert_eq!((&v, &m, &o), (&ve, &me, &oe), "step {s}");
                spikes.extend(o.iter().enumerate().filter(|(_, o)| **o > 0.0).map(|(i, _)| (s, i)));
            }
            (v, spikes)
        };
        // 600 and 1,000 membrane time constants: exp of the one is a number, of the other it is none. And a voltage that is at its
        // end in a step, or nearly.
        for (tau_rc, tau_ref, times) in [
            (0.001, 0.6, false),
            (0.001, 1.0, true),
            (0.001 / 20.0, 0.0037, false),
            (0.001 / 40.0, 0.0037, true),
        ] {
            let p = LifStep::<f64>::new(0.001, tau_rc, tau_ref, 0.0, 1.0);
            assert_eq!(p.keeps_times(), times);
            let ((v, spikes), (v2, spikes2)) = (textbook(&p, 4000), phase(&p, 4000));
            assert!(spikes.len() >= 9 && spikes.contains(&(0, 3)), "{spikes:?}");
            assert_eq!(spikes, spikes2);
            assert!(v.iter().zip(&v2).all(|(a, b)| (a - b).abs() < 1e-10), "{v:?} {v2:?}");
            if times {
                assert_eq!(v, v2);
                assert_eq!((p.mark(0.3), p.refractory_time(0.3), p.refractory_time(0.0)), (0.3, 0.3, 0.0));
            }
        }
        assert!(LifStep::<f32>::new(0.001, 0.001, 0.1, 0.0, 1.0).keeps_times());
        assert!(!LifStep::<f32>::new(0.001, 0.001, 0.08, 0.0, 1.0).keeps_times());
    }

    #[test]
    fn encoding_in_the_pass_keeps_every_bit() {
        let p = LifStep::<f64>::new(0.001, 0.02, 0.002, 0.0, 1.0);
        for d in 1..=6 {
            let n = 45;
            let wave = |k: usize| 4.0 * (k as f64 * 1.7).sin();
            let enc_t: Vec<f64> = (0..d * n).map(wave).collect();
            let bias: Vec<f64> = (0..n).map(|k| 1.0 + 0.1 * wave(k)).collect();
            let (mut a, mut b) =
                ((vec![0.0; n], vec![0.0; n], vec![0.0; n]), (vec![0.0; n], vec![0.0; n], vec![0.0; n]));
            let mut spikes = 0.0;
            for s in 0..500 {
                let x: Vec<f64> = (0..d).map(|k| (0.02 * s as f64 + k as f64).sin()).collect();
                let mut j = vec![0.0; n];
                let plus: Vec<f64> = (0..n * (s % 2)).map(|k| 0.1 * wave(k + s)).collect();
                crate::encode(Level::detect(), &bias, &enc_t, &x, &plus, &mut j);
                lif_phase(Level::detect(), &p, &j, &mut a.0, &mut a.1, &mut a.2);
                encode_lif_phase(Level::detect(), &p, &bias, &enc_t, &x, &plus, &mut b.0, &mut b.1, &mut b.2);
                spikes += b.2.iter().sum::<f64>();
                assert_eq!(a, b, "d = {d}, step {s}");
            }
            assert!(spikes > 0.0);
        }
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        let n = 77;
        let p = LifStep::<f64>::new(0.001, 0.02, 0.0025, -1.0, 1.0);
        let run = |level| {
            let (mut v, mut h, mut o) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            for s in 0..2000 {
                let j: Vec<f64> = (0..n).map(|i| 3.0 * (0.01 * s as f64 + i as f64).sin()).collect();
                lif_phase(level, &p, &j, &mut v, &mut h, &mut o);
            }
            (v, h, o)
        };
        let base = run(Level::BASELINE);
        for level in Level::available() {
            assert_eq!(run(level), base, "{level:?}");
        }
    }

    #[test]
    fn constants_are_their_numbers() {
        let p = LifStep::<f64>::new(0.001, 0.02, 0.0025, -1.0, 2.0);
        assert_eq!(LifStep::<f64>::of(&p.numbers()), p);
        assert_eq!(LifStep::<f32>::of(&p.numbers()), LifStep::new(0.001, 0.02, 0.0025, -1.0, 2.0));
    }

    #[test]
    fn marks_and_refractory_times_are_one_another() {
        let p = LifStep::<f64>::new(0.001, 0.02, 0.002, 0.0, 1.0);
        for r in [0.0011, 0.0015, 0.00199, 0.0021, 0.0025, 0.0099] {
            let back = p.refractory_time(p.mark(r));
            assert!((back - r).abs() < 1e-15, "{r} came back as {back}");
        }
        assert_eq!(p.mark(0.0005), 0.0);
        // A refractory time set by hand is honoured by both forms alike.
        let (mut v1, mut r) = (vec![0.3], vec![0.0042]);
        let (mut v2, mut h) = (vec![0.3], vec![p.mark(0.0042)]);
        let mut o = vec![0.0];
        for _ in 0..8 {
            lif_textbook(&p, &[0.9], &mut v1, &mut r, &mut o);
            lif_phase(Level::detect(), &p, &[0.9], &mut v2, &mut h, &mut o);
            assert!((v1[0] - v2[0]).abs() < 1e-15, "{} is not {}", v1[0], v2[0]);
        }
    }

    #[test]
    fn the_rate_is_the_closed_form() {
        // 1/(τ_ref + τ_rc·log1p(1/(J−1))) over ten seconds, within one spike.
        let js = [1.01, 1.1, 1.5, 2.0, 5.0, 20.0];
        let p = LifStep::<f64>::new(0.001, 0.02, 0.002, 0.0, 1.0);
        let (mut v, mut h, mut o) = (vec![0.0; 6], vec![0.0; 6], vec![0.0; 6]);
        let mut count = [0.0; 6];
        for _ in 0..10_000 {
            lif_phase(Level::detect(), &p, &js, &mut v, &mut h, &mut o);
            for i in 0..6 {
                count[i] += o[i] * 0.001;
            }
        }
        for i in 0..6 {
            let rate = 1.0 / (0.002 + 0.02 * (1.0 / (js[i] - 1.0)).ln_1p());
            assert!((count[i] - 10.0 * rate).abs() <= 1.0, "J = {}: {} spikes, {rate} Hz", js[i], count[i]);
        }
    }
}
