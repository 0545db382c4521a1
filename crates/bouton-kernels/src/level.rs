//! Which instructions a loop is compiled for, chosen while the program runs.

/// An instruction set that loops can be compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Tier {
    /// What every processor of the target has (SSE2 on x86-64).
    Baseline,
    /// 256-bit vectors (x86-64 with AVX2).
    Avx2,
    /// 512-bit vectors (x86-64 with AVX-512 F, VL and DQ).
    Avx512,
}

/// An instruction set that this processor has, and that the loops of this crate are compiled for.
///
/// All levels give the same bits; a higher one is only faster. [`Level::detect`] is what a simulation uses unless it is
/// told otherwise. There is no way to one that the processor lacks: [`Level::of`] asks it.
///
/// ```
/// use bouton_kernels::{Level, Tier};
/// assert!(Level::of(Tier::Baseline).is_some());
/// assert!(Level::available().contains(&Level::detect()));
/// ```
///
/// ```compile_fail
/// // Not even by hand: loops would run instructions that the processor may not know.
/// let level = bouton_kernels::Level(bouton_kernels::Tier::Avx512);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(Tier);

impl std::fmt::Debug for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Level {
    /// What every processor of the target has.
    pub const BASELINE: Level = Level(Tier::Baseline);

    /// The level of a tier, if this processor has it.
    pub fn of(tier: Tier) -> Option<Level> {
        (tier <= Level::detect().0).then_some(Level(tier))
    }

    /// Its tier.
    pub fn tier(self) -> Tier {
        self.0
    }

    /// The highest level that this processor has.
    pub fn detect() -> Level {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx2")
            {
                return Level(Tier::Avx512);
            }
            if is_x86_feature_detected!("avx2") {
                return Level(Tier::Avx2);
            }
        }
        Level::BASELINE
    }

    /// Runs a loop that is compiled for each level, for this one. So loops of other crates have the instructions of the
    /// processor without `unsafe`:
    ///
    /// ```
    /// use bouton_kernels::{Level, Loop};
    /// struct Double<'a>(&'a mut [f64]);
    /// impl Loop for Double<'_> {
    ///     type Out = ();
    ///     #[inline(always)]
    ///     fn run(self) {
    ///         self.0.iter_mut().for_each(|x| *x *= 2.0);
    ///     }
    /// }
    /// let mut x = [1.0, 2.0];
    /// Level::detect().run(Double(&mut x));
    /// assert_eq!(x, [2.0, 4.0]);
    /// ```
    #[inline(always)]
    pub fn run<L: Loop>(self, l: L) -> L::Out {
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx2")]
            fn avx512<L: Loop>(l: L) -> L::Out {
                l.run()
            }
            #[target_feature(enable = "avx2")]
            fn avx2<L: Loop>(l: L) -> L::Out {
                l.run()
            }
            match self.0 {
                // SAFETY: a `Level` above the baseline is only made where the processor was asked for these features:
                // its field is private to this file.
                Tier::Avx512 => return unsafe { avx512(l) },
                // SAFETY: as above.
                Tier::Avx2 => return unsafe { avx2(l) },
                Tier::Baseline => {}
            }
        }
        l.run()
    }

    /// All levels that this processor has, lowest first.
    pub fn available() -> Vec<Level> {
        [Tier::Baseline, Tier::Avx2, Tier::Avx512].into_iter().filter_map(Level::of).collect()
    }
}

/// A loop with its operands, for [`Level::run`]. Results have the same bits at every level as long as the loop is plain
/// arithmetic: nothing is contracted or put in another order.
pub trait Loop {
    /// What it returns.
    type Out;
    /// Runs it. Must be `#[inline(always)]`, so that it takes on the features of the level; without, it only is slower.
    fn run(self) -> Self::Out;
}

/// Compiles one generic loop for each level and makes a function that picks among them.
///
/// The first argument of the made function is the [`Level`]; the loop itself must be `#[inline(always)]`, so that it
/// takes on the features of the function it is inlined into.
macro_rules! dispatch {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? => $body:ident) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments, reason = "a loop names its operands one by one")]
        #[inline(always)]
        $vis fn $name<T: Real>(level: Level, $($arg: $ty),*) $(-> $ret)? {
            // Apart, so that what is inlined is the choice alone: small loops are called by the thousand.
            #[inline(never)]
            #[allow(clippy::too_many_arguments, reason = "as above")]
            fn baseline<T: Real>($($arg: $ty),*) $(-> $ret)? {
                $body::<T>($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx2")]
                #[allow(clippy::too_many_arguments, reason = "as above")]
                fn avx512<T: Real>($($arg: $ty),*) $(-> $ret)? {
                    $body::<T>($($arg),*)
                }
                #[target_feature(enable = "avx2")]
                #[allow(clippy::too_many_arguments, reason = "as above")]
                fn avx2<T: Real>($($arg: $ty),*) $(-> $ret)? {
                    $body::<T>($($arg),*)
                }
                match level.tier() {
                    // SAFETY: a `Level` above the baseline is only made where the processor was asked for these
                    // features: its field is private to the file that asks.
                    Tier::Avx512 => return unsafe { avx512::<T>($($arg),*) },
                    // SAFETY: as above.
                    Tier::Avx2 => return unsafe { avx2::<T>($($arg),*) },
                    Tier::Baseline => {}
                }
            }
            let _ = level;
            baseline::<T>($($arg),*)
        }
    };
}
pub(crate) use dispatch;
