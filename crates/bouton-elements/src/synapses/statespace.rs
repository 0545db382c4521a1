//! Discrete linear systems, and how continuous ones become discrete.

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
}

impl Filter {
    /// Number of state values for each filtered value, beside the output.
    pub fn states(&self) -> usize {
        match self {
            Filter::Space(s) => s.n,
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
        let mut wide = StateSpace { n, a: vec![0.0; n * n], b: vec![0.0; n], c: vec![0.0; n], d: 0.0 };
        match self {
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
            Filter::Space(s) => s.step(u, x, y),
        }
    }
}

impl StateSpace {
    /// Highest number of states that [`Filter::step`] takes.
    pub const MAX_STATES: usize = 16;

    /// One step over `u.len()` independent values: `x` holds a row of that length for each state. See [`Filter::step`].
    pub fn step<T: Real>(&self, u: &[T], x: &mut [T], y: &mut [T]) {
        let w = u.len();
        let n = self.n;
        let mut new = [T::ZERO; 16];
        for i in 0..w {
            let output = |x: &[T]| {
                let mut v = T::ZERO;
                for k in 0..n {
                    v += T::of(self.c[k]) * x[k * w + i];
                }
                v
            };
            if self.d != 0.0 {
                y[i] = output(x) + T::of(self.d) * u[i];
            }
            for (r, new) in new.iter_mut().enumerate().take(n) {
                let mut v = T::ZERO;
                for k in 0..n {
                    v += T::of(self.a[r * n + k]) * x[k * w + i];
                }
                *new = v + T::of(self.b[r]) * u[i];
            }
            for k in 0..n {
                x[k * w + i] = new[k];
            }
            if self.d == 0.0 {
                y[i] = output(x);
            }
        }
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
            let general = LinearFilter { num: vec![1.0], den: vec![tau, 1.0], analog: true };
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
        let f = LinearFilter { num: vec![1.0], den: vec![tau * tau, 0.4 * tau, 1.0], analog: true };
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
        let f =
            LinearFilter { num: vec![0.02, 1.0], den: vec![0.1, 1.0], analog: true }.filter(0.001).unwrap();
        let y = step_response(&f, 3);
        assert!((y[0] - 0.2).abs() < 1e-12);
        let a = (-0.01f64).exp();
        assert!((y[1] - (0.2 + 0.8 * (1.0 - a))).abs() < 1e-12, "{}", y[1]);
    }

    #[test]
    fn a_widened_filter_has_the_same_response() {
        let direct = LinearFilter { num: vec![0.02, 1.0], den: vec![0.1, 1.0], analog: true };
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
        let check = |num: &[f64], den: &[f64]| {
            LinearFilter { num: num.into(), den: den.into(), analog: true }.check().unwrap_err()
        };
        assert!(check(&[1.0, 0.0], &[1.0]).contains("`num` must not have a higher degree"));
        assert!(check(&[1.0], &[0.0]).contains("`den`"));
        assert!(check(&[f64::NAN], &[1.0]).contains("`num`"));
        assert!(
            Lowpass { tau: -1.0 }.check().unwrap_err().contains("`tau` must be a finite number at least 0")
        );
    }
}
