//! Discrete linear systems, and how continuous ones become discrete.

use bouton_core::solve;
use bouton_kernels::Real;

/// x' = A·x + B·u, y = C·x + D·u with one input and one output; A is n × n, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct StateSpace {
    /// Number of states.
    pub n: usize,
    /// State to state, n × n, row-major.
    pub a: Vec<f64>,
    /// Input to state.
    pub b: Vec<f64>,
    /// State to output.
    pub c: Vec<f64>,
    /// Input to output.
    pub d: f64,
}

/// A discrete filter, in the simplest form that it has.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// y = gain·u: no state.
    Gain(f64),
    /// y ← a·y + b·u: the state is the output.
    First {
        /// Decay in a step.
        a: f64,
        /// Weight of the input.
        b: f64,
    },
    /// The general case.
    Space(StateSpace),
    /// y = Σ `taps[i]` · u of i steps ago: the states are the last inputs, the newest first.
    Taps(Vec<f64>),
}

impl Filter {
    /// Number of state values for each filtered value, beside the output.
    pub fn states(&self) -> usize {
        match self {
            Filter::Space(s) => s.n,
            Filter::Taps(taps) => taps.len(),
            _ => 0,
        }
    }

    /// The same filter with more states, of which the further ones stay at 0. With as many as it has it is as it is.
    ///
    /// # Errors
    /// It has more states than that.
    pub fn widened(self, states: usize) -> Result<Filter, String> {
        if self.states() > states {
            return Err(format!("the filter has {} states, and there is room for {states}", self.states()));
        }
        if self.states() == states {
            return Ok(self);
        }
        let n = states;
        if let Filter::Taps(mut taps) = self {
            taps.resize(n, 0.0);
            return Ok(Filter::Taps(taps));
        }
        let mut wide = StateSpace { n, a: vec![0.0; n * n], b: vec![0.0; n], c: vec![0.0; n], d: 0.0 };
        match self {
            Filter::Taps(_) => {}
            Filter::Gain(g) => wide.d = g,
            Filter::First { a, b } => (wide.a[0], wide.b[0], wide.c[0]) = (a, b, 1.0),
            Filter::Space(s) => {
                for (row, of) in wide.a.chunks_exact_mut(n).zip(s.a.chunks_exact(s.n)) {
                    row[..s.n].copy_from_slice(of);
                }
                wide.b[..s.n].copy_from_slice(&s.b);
                wide.c[..s.n].copy_from_slice(&s.c);
                wide.d = s.d;
            }
        }
        Ok(Filter::Space(wide))
    }

    /// One step over `u.len()` independent values. `x` holds [`states`](Filter::states) rows of that length.
    ///
    /// With D = 0 the output is of the new state; otherwise of the old one, plus D·u.
    pub fn step<T: Real>(&self, u: &[T], x: &mut [T], y: &mut [T]) {
        match self {
            Filter::Gain(g) => {
                let g = T::of(*g);
                for (y, u) in y.iter_mut().zip(u) {
                    *y = g * *u;
                }
            }
            Filter::First { a, b } => {
                let (a, b) = (T::of(*a), T::of(*b));
                for (y, u) in y.iter_mut().zip(u) {
                    *y = a * *y + b * *u;
                }
            }
            Filter::Space(s) => step_space(s.n, (&s.a, &s.b, &s.c, s.d), u, x, y),
            Filter::Taps(taps) => step_taps(taps, u, x, y),
        }
    }
}

/// One step of x' = A·x + B·u, y = C·x + D·u (as A, B, C, D) over `u.len()` independent values: `x` holds a row of that length
/// for each of `n` states. See [`Filter::step`].
pub fn step_space<T: Real>(
    n: usize,
    (a, b, c, d): (&[f64], &[f64], &[f64], f64),
    u: &[T],
    x: &mut [T],
    y: &mut [T],
) {
    let w = u.len();
    // Room for the new states of one value; filters of so many states that it must be asked for are rare.
    const FEW: usize = 16;
    let (mut few, mut many) = ([T::ZERO; FEW], vec![]);
    let new = if n <= FEW {
        &mut few[..n]
    } else {
        many.resize(n, T::ZERO);
        &mut many[..]
    };
    for i in 0..w {
        let output = |x: &[T]| {
            let mut v = T::ZERO;
            for k in 0..n {
                v += T::of(c[k]) * x[k * w + i];
            }
            v
        };
        if d != 0.0 {
            y[i] = output(x) + T::of(d) * u[i];
        }
        for (r, new) in new.iter_mut().enumerate() {
            let mut v = T::ZERO;
            for k in 0..n {
                v += T::of(a[r * n + k]) * x[k * w + i];
            }
            *new = v + T::of(b[r]) * u[i];
        }
        for (k, new) in new.iter().enumerate() {
            x[k * w + i] = *new;
        }
        if d == 0.0 {
            y[i] = output(x);
        }
    }
}

/// One step of y = Σ `taps[i]` · u of i steps ago over `u.len()` independent values: `x` holds a row of that length for each tap,
/// the inputs of the last steps, the newest first.
pub fn step_taps<T: Real>(taps: &[f64], u: &[T], x: &mut [T], y: &mut [T]) {
    let w = u.len();
    if w == 0 || x.len() < w {
        return;
    }
    x.copy_within(..x.len() - w, w);
    x[..w].copy_from_slice(u);
    y.fill(T::ZERO);
    for (tap, x) in taps.iter().zip(x.chunks_exact(w)) {
        let tap = T::of(*tap);
        for (y, x) in y.iter_mut().zip(x) {
            *y += tap * *x;
        }
    }
}

impl StateSpace {
    /// Highest number of states that a filter may have.
    pub const MAX_STATES: usize = 1000;

    /// The discrete system of steps of `dt` (s) that the state moves by, 1 − `alpha` of the old one and `alpha` of the new one
    /// (the generalised bilinear transform). `None` where I − α·dt·A has no inverse.
    pub fn moved_by_both(&self, dt: f64, alpha: f64) -> Option<StateSpace> {
        let n = self.n;
        let ahead: Vec<f64> = (0..n * n).map(|i| unit(i, n) - alpha * dt * self.a[i]).collect();
        // [I + (1 − α)·dt·A, dt·B], then both of them by the inverse.
        let m = n + 1;
        let mut right = vec![0.0; n * m];
        for r in 0..n {
            for k in 0..n {
                right[r * m + k] = unit(r * n + k, n) + (1.0 - alpha) * dt * self.a[r * n + k];
            }
            right[r * m + n] = dt * self.b[r];
        }
        solve(&ahead, n, &mut right, m)?;
        let b: Vec<f64> = (0..n).map(|r| right[r * m + n]).collect();
        // C of the new system is C·(I − α·dt·A)^−1: the transposed equations.
        let transposed: Vec<f64> = (0..n * n).map(|i| ahead[i % n * n + i / n]).collect();
        let mut c = self.c.clone();
        solve(&transposed, n, &mut c, 1)?;
        let direct: f64 = self.c.iter().zip(&b).map(|(c, b)| c * b).sum();
        let a = (0..n * n).map(|i| right[i / n * m + i % n]).collect();
        Some(StateSpace { n, a, b, c, d: self.d + alpha * direct })
    }

    /// The discrete system for inputs that are held constant over steps of `dt` (s): exp of [[A, B], [0, 0]]·dt.
    pub fn hold(&self, dt: f64) -> StateSpace {
        let (n, m) = (self.n, self.n + 1);
        let mut big = vec![0.0; m * m];
        for r in 0..n {
            for k in 0..n {
                big[r * m + k] = self.a[r * n + k] * dt;
            }
            big[r * m + n] = self.b[r] * dt;
        }
        let e = exponential(&big, m);
        StateSpace {
            n,
            a: (0..n * n).map(|i| e[i / n * m + i % n]).collect(),
            b: (0..n).map(|r| e[r * m + n]).collect(),
            c: self.c.clone(),
            d: self.d,
        }
    }
}

/// Element i of the n × n identity.
fn unit(i: usize, n: usize) -> f64 {
    f64::from(u8::from(i / n == i % n))
}

fn product(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    let mut c = vec![0.0; n * n];
    for i in 0..n {
        for k in 0..n {
            for j in 0..n {
                c[i * n + j] += a[i * n + k] * b[k * n + j];
            }
        }
    }
    c
}

/// e^A of a small n × n matrix by scaling, Taylor series and squaring (Moler & Van Loan 2003, method 3).
///
/// The matrix is balanced by powers of two first: companion matrices of fast filters have entries that differ by many
/// orders of magnitude, and the squarings would lose the small ones.
fn exponential(a: &[f64], n: usize) -> Vec<f64> {
    let mut a = a.to_vec();
    let mut scale = vec![1.0f64; n];
    for _ in 0..20 {
        let mut changed = false;
        for i in 0..n {
            let (mut row, mut col) = (0.0, 0.0);
            for k in (0..n).filter(|k| *k != i) {
                row += a[i * n + k].abs();
                col += a[k * n + i].abs();
            }
            if row == 0.0 || col == 0.0 {
                continue;
            }
            let f = libm::exp2((0.5 * libm::log2(row / col)).round());
            if f != 1.0 {
                changed = true;
                scale[i] *= f;
                for k in 0..n {
                    a[k * n + i] *= f;
                    a[i * n + k] /= f;
                }
            }
        }
        if !changed {
            break;
        }
    }
    let norm = (0..n).map(|r| a[r * n..(r + 1) * n].iter().map(|v| v.abs()).sum::<f64>()).fold(0.0, f64::max);
    let halvings = if norm > 0.25 { (libm::log2(norm / 0.25)).ceil() as i32 } else { 0 };
    let factor = libm::exp2(-f64::from(halvings));
    let scaled: Vec<f64> = a.iter().map(|v| v * factor).collect();
    let mut sum = vec![0.0; n * n];
    let mut term = vec![0.0; n * n];
    for i in 0..n {
        sum[i * n + i] = 1.0;
        term[i * n + i] = 1.0;
    }
    // 0.25^16/16! is below 1e-22.
    for k in 1..=16 {
        term = product(&term, &scaled, n);
        for t in &mut term {
            *t /= f64::from(k);
        }
        for (s, t) in sum.iter_mut().zip(&term) {
            *s += t;
        }
    }
    for _ in 0..halvings {
        sum = product(&sum, &sum, n);
    }
    for i in 0..n {
        for k in 0..n {
            sum[i * n + k] *= scale[i] / scale[k];
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::{Alpha, LinearFilter, Lowpass, SynapseModel};
    use super::*;

    /// Response to a step of height one, from rest.
    fn step_response(f: &Filter, steps: usize) -> Vec<f64> {
        let (mut x, mut y) = (vec![0.0; f.states()], [0.0]);
        (0..steps)
            .map(|_| {
                f.step(&[1.0], &mut x, &mut y);
                y[0]
            })
            .collect()
    }

    #[test]
    fn filters_follow_their_closed_forms() {
        let dt = 0.001;
        for tau in [0.0005, 0.005, 0.03, 0.1] {
            let low = step_response(&Lowpass { tau }.filter(dt).unwrap(), 300);
            let general = LinearFilter::new(vec![1.0], vec![tau, 1.0]);
            let general = step_response(&general.filter(dt).unwrap(), 300);
            let alpha = step_response(&Alpha { tau }.filter(dt).unwrap(), 300);
            for k in 0..300 {
                let s = (k + 1) as f64 * dt / tau;
                let (l, a) = (-(-s).exp_m1(), 1.0 - (1.0 + s) * (-s).exp());
                assert!(
                    (low[k] - l).abs() < 1e-12 && (general[k] - l).abs() < 1e-12,
                    "low-pass {tau}, step {k}"
                );
                assert!((alpha[k] - a).abs() < 1e-12, "alpha {tau}, step {k}: {} is not {a}", alpha[k]);
            }
        }
        // Second order with resonance: 1/(τ²s² + 0.4τs + 1), by its closed form.
        let tau = 0.01;
        let f = LinearFilter::new(vec![1.0], vec![tau * tau, 0.4 * tau, 1.0]);
        let y = step_response(&f.filter(dt).unwrap(), 400);
        let (zeta, w0) = (0.2, 1.0 / tau);
        let wd = w0 * f64::sqrt(1.0 - zeta * zeta);
        for (k, y) in y.iter().enumerate() {
            let t = (k + 1) as f64 * dt;
            let exact = 1.0 - (-zeta * w0 * t).exp() * ((wd * t).cos() + zeta * w0 / wd * (wd * t).sin());
            assert!((y - exact).abs() < 1e-12, "step {k}: {y} is not {exact}");
        }
    }

    #[test]
    fn a_direct_term_delays_the_state() {
        // (0.02s + 1)/(0.1s + 1): y = Cx + Du with the state of before.
        let f = LinearFilter::new(vec![0.02, 1.0], vec![0.1, 1.0]).filter(0.001).unwrap();
        let y = step_response(&f, 3);
        assert!((y[0] - 0.2).abs() < 1e-12);
        let a = (-0.01f64).exp();
        assert!((y[1] - (0.2 + 0.8 * (1.0 - a))).abs() < 1e-12, "{}", y[1]);
    }

    #[test]
    fn a_widened_filter_has_the_same_response() {
        let direct = LinearFilter::new(vec![0.02, 1.0], vec![0.1, 1.0]);
        let space = direct.filter(0.001).unwrap();
        for f in [
            Filter::Gain(0.7),
            Lowpass { tau: 0.02 }.filter(0.001).unwrap(),
            Alpha { tau: 0.02 }.filter(0.001).unwrap(),
            space.clone(),
        ] {
            let wide = f.clone().widened(3).unwrap();
            assert_eq!(wide.states(), 3);
            assert_eq!(step_response(&wide, 100), step_response(&f, 100), "{f:?}");
        }
        assert_eq!(space.clone().widened(1).unwrap(), space);
        assert!(Alpha { tau: 0.02 }.filter(0.001).unwrap().widened(1).unwrap_err().contains("2 states"));
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let check = |num: &[f64], den: &[f64]| LinearFilter::new(num, den).check().unwrap_err();
        assert!(check(&[1.0, 0.0], &[1.0]).contains("`num` must not have a higher degree"));
        assert!(check(&[1.0], &[0.0]).contains("`den`"));
        assert!(check(&[f64::NAN], &[1.0]).contains("`num`"));
        assert!(
            Lowpass { tau: -1.0 }.check().unwrap_err().contains("`tau` must be a finite number at least 0")
        );
    }
}
