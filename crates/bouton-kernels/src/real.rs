//! The number type of a simulation.

use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// A floating-point type that a simulation can run in: `f64` (the default) or `f32`.
///
/// Transcendental functions come from [`libm`], not from the system's library, whose results differ between
/// processors.
pub trait Real:
    Copy
    + Default
    + Debug
    + Display
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// Distance from one to the next larger number.
    const EPSILON: Self;
    /// Name of the type, as a user writes it: `"f64"` or `"f32"`.
    const NAME: &'static str;

    /// The same numbers as `f64`, if that is what they are.
    fn doubles(x: &[Self]) -> Option<&[f64]>;
    /// Nearest number of this type.
    fn of(x: f64) -> Self;
    /// The same number as `f64` (exact).
    fn f64(self) -> f64;
    /// Largest integer not above.
    fn floor(self) -> Self;
    /// e^x − 1.
    fn exp_m1(self) -> Self;
    /// ln(1 + x).
    fn ln_1p(self) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// The larger of two (the second if the first is NaN).
    #[inline(always)]
    fn at_least(self, low: Self) -> Self {
        if self > low { self } else { low }
    }
    /// The smaller of two (the second if the first is NaN).
    #[inline(always)]
    fn at_most(self, high: Self) -> Self {
        if self < high { self } else { high }
    }
}

impl Real for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;
    const EPSILON: f64 = f64::EPSILON;
    const NAME: &'static str = "f64";
    fn doubles(x: &[f64]) -> Option<&[f64]> {
        Some(x)
    }
    #[inline(always)]
    fn of(x: f64) -> f64 {
        x
    }
    #[inline(always)]
    fn f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn floor(self) -> f64 {
        self.floor()
    }
    fn exp_m1(self) -> f64 {
        libm::expm1(self)
    }
    fn ln_1p(self) -> f64 {
        libm::log1p(self)
    }
    #[inline(always)]
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

impl Real for f32 {
    const ZERO: f32 = 0.0;
    const ONE: f32 = 1.0;
    const EPSILON: f32 = f32::EPSILON;
    const NAME: &'static str = "f32";
    fn doubles(_: &[f32]) -> Option<&[f64]> {
        None
    }
    #[inline(always)]
    fn of(x: f64) -> f32 {
        x as f32
    }
    #[inline(always)]
    fn f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn floor(self) -> f32 {
        self.floor()
    }
    fn exp_m1(self) -> f32 {
        libm::expm1f(self)
    }
    fn ln_1p(self) -> f32 {
        libm::log1pf(self)
    }
    #[inline(always)]
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}
