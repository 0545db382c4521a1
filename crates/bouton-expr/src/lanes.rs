//! The loops: one function over a block of lanes.
//!
//! An output never overlaps an operand (the plan gives every result a place of its own), so the
//! loops are over a `&mut` and some `&` and the compiler vectorises them. With places reused in
//! place, and the aliasing not provable, the same loops ran 2 to 3 times slower. They are compiled for each
//! SIMD level; the bits are the same.

use std::hash::{Hash, Hasher};

use bouton_kernels::{Level, Loop};

/// One operand over a block: the same for all lanes, or one number a lane.
#[derive(Clone, Copy)]
pub(crate) enum Operand<'a> {
    Uniform(f64),
    Lanes(&'a [f64]),
}

/// An elementwise function: a name that is unique, and its loop.
pub(crate) struct Kernel {
    pub name: &'static str,
    pub run: Run,
}

/// The loop, by the number of operands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run {
    One(fn(&mut [f64], Operand<'_>)),
    Two(fn(&mut [f64], Operand<'_>, Operand<'_>)),
    Three(fn(&mut [f64], Operand<'_>, Operand<'_>, Operand<'_>)),
}

impl Run {
    pub fn arity(self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Two(_) => 2,
            Self::Three(_) => 3,
        }
    }
}

impl PartialEq for Kernel {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Kernel {}

impl Hash for Kernel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// A kernel from a closure on numbers: `kernel!("sin", |x| x.sin())`.
macro_rules! kernel {
    ($name:expr, |$a:ident| $body:expr) => {
        $crate::lanes::Kernel {
            name: $name,
            run: $crate::lanes::Run::One(|out, a| $crate::lanes::map1(out, a, |$a: f64| -> f64 { $body })),
        }
    };
    ($name:expr, |$a:ident, $b:ident| $body:expr) => {
        $crate::lanes::Kernel {
            name: $name,
            run: $crate::lanes::Run::Two(|out, a, b| {
                $crate::lanes::map2(out, a, b, |$a: f64, $b: f64| -> f64 { $body })
            }),
        }
    };
    ($name:expr, |$a:ident, $b:ident, $c:ident| $body:expr) => {
        $crate::lanes::Kernel {
            name: $name,
            run: $crate::lanes::Run::Three(|out, a, b, c| {
                $crate::lanes::map3(out, a, b, c, |$a: f64, $b: f64, $c: f64| -> f64 { $body })
            }),
        }
    };
}
pub(crate) use kernel;

/// `out[i] = f(a[i])`.
#[inline(always)]
pub(crate) fn map1(out: &mut [f64], a: Operand<'_>, f: impl Fn(f64) -> f64) {
    match a {
        Operand::Uniform(a) => out.fill(f(a)),
        Operand::Lanes(a) => Level::detect().run(Loop1 { out, a, f }),
    }
}

struct Loop1<'a, F> {
    out: &'a mut [f64],
    a: &'a [f64],
    f: F,
}

impl<F: Fn(f64) -> f64> Loop for Loop1<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for (o, &a) in self.out.iter_mut().zip(self.a) {
            *o = (self.f)(a);
        }
    }
}

/// `out[i] = f(a[i], b[i])`.
#[inline(always)]
pub(crate) fn map2(out: &mut [f64], a: Operand<'_>, b: Operand<'_>, f: impl Fn(f64, f64) -> f64) {
    use Operand::{Lanes, Uniform};
    match (a, b) {
        (Uniform(a), Uniform(b)) => out.fill(f(a, b)),
        (Uniform(a), Lanes(b)) => map1(out, Lanes(b), |b| f(a, b)),
        (Lanes(a), Uniform(b)) => map1(out, Lanes(a), |a| f(a, b)),
        (Lanes(a), Lanes(b)) => Level::detect().run(Loop2 { out, a, b, f }),
    }
}

struct Loop2<'a, F> {
    out: &'a mut [f64],
    a: &'a [f64],
    b: &'a [f64],
    f: F,
}

impl<F: Fn(f64, f64) -> f64> Loop for Loop2<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for ((o, &a), &b) in self.out.iter_mut().zip(self.a).zip(self.b) {
            *o = (self.f)(a, b);
        }
    }
}

/// `out[i] = f(a[i], b[i], c[i])`.
#[inline(always)]
pub(crate) fn map3(
    out: &mut [f64],
    a: Operand<'_>,
    b: Operand<'_>,
    c: Operand<'_>,
    f: impl Fn(f64, f64, f64) -> f64,
) {
    use Operand::{Lanes, Uniform};
    match (a, b, c) {
        (Uniform(a), Uniform(b), _) => map1(out, c, |c| f(a, b, c)),
        (Uniform(a), _, Uniform(c)) => map1(out, b, |b| f(a, b, c)),
        (_, Uniform(b), Uniform(c)) => map1(out, a, |a| f(a, b, c)),
        (Uniform(a), _, _) => map2(out, b, c, |b, c| f(a, b, c)),
        (_, Uniform(b), _) => map2(out, a, c, |a, c| f(a, b, c)),
        (_, _, Uniform(c)) => map2(out, a, b, |a, b| f(a, b, c)),
        (Lanes(a), Lanes(b), Lanes(c)) => Level::detect().run(Loop3 { out, a, b, c, f }),
    }
}

struct Loop3<'a, F> {
    out: &'a mut [f64],
    a: &'a [f64],
    b: &'a [f64],
    c: &'a [f64],
    f: F,
}

impl<F: Fn(f64, f64, f64) -> f64> Loop for Loop3<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for (((o, &a), &b), &c) in self.out.iter_mut().zip(self.a).zip(self.b).zip(self.c) {
            *o = (self.f)(a, b, c);
        }
    }
}
