//! The refractory time of LIF neurons as a mark: see [`LifStep::mark`]. Rounds.

use bouton_kernels::LifStep;

use super::Elementwise;

/// Phase marks in the place of refractory times; hangs on the type's parameters (τ_rc, τ_ref, v_min, amplitude).
#[derive(Clone, Debug)]
pub(crate) struct PhaseMark {
    /// Whether marks are kept in single precision, which has fewer of them.
    pub(crate) single: bool,
}

impl Elementwise for PhaseMark {
    const NAME: &'static str = "refractory mark";
    const TRUTH: bool = true;
    const EXACT: bool = false;
    fn constants(&self, dt: f64, from: &[f64]) -> Vec<f64> {
        LifStep::<f64>::new(dt, from[0], from[1], from[2], from[3]).numbers().to_vec()
    }
    fn place(&self, k: usize, _: usize) -> usize {
        k
    }
    fn open(&self, plain: f64, constants: &[f64]) -> f64 {
        if self.single {
            LifStep::<f32>::of(constants).mark(plain)
        } else {
            LifStep::<f64>::of(constants).mark(plain)
        }
    }
    fn close(&self, own: f64, constants: &[f64]) -> f64 {
        if self.single {
            LifStep::<f32>::of(constants).refractory_time(own)
        } else {
            LifStep::<f64>::of(constants).refractory_time(own)
        }
    }
}
