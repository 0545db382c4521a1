//! Which instructions a loop is compiled for, chosen while the program runs.

/// An instruction set that the loops of this crate are compiled for.
///
/// All levels give the same bits; a higher one is only faster. [`Level::detect`] is what a simulation uses unless it is
/// told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every processor of the target has (SSE2 on x86-64).
    Baseline,
    /// 256-bit vectors (x86-64 with AVX2).
    Avx2,
    /// 512-bit vectors (x86-64 with AVX-512 F, VL and DQ).
    Avx512,
}

impl Level {
    /// The highest level that this processor has.
    pub fn detect() -> Level {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
            {
                return Level::Avx512;
            }
            if is_x86_feature_detected!("avx2") {
                return Level::Avx2;
            }
        }
        Level::Baseline
    }

    /// This level, or the highest that the processor has if that is lower. Only a clamped level may be given to a loop.
    pub fn clamped(self) -> Level {
        self.min(Level::detect())
    }

    /// All levels that this processor has, lowest first.
    pub fn available() -> Vec<Level> {
        let top = Level::detect();
        [Level::Baseline, Level::Avx2, Level::Avx512].into_iter().filter(|l| *l <= top).collect()
    }
}

/// Compiles one generic loop for each level and makes a function that picks among them.
///
/// The first argument of the made function is the [`Level`]; the loop itself must be `#[inline(always)]`, so that it
/// takes on the features of the function it is inlined into.
macro_rules! dispatch {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? => $body:ident) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments, reason = "a loop names its operands one by one")]
        $vis fn $name<T: Real>(level: Level, $($arg: $ty),*) $(-> $ret)? {
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
                match level {
                    // SAFETY: a level above the baseline is only made by `detect` and `clamped`, which asked the
                    // processor for these features.
                    Level::Avx512 => return unsafe { avx512::<T>($($arg),*) },
                    // SAFETY: as above.
                    Level::Avx2 => return unsafe { avx2::<T>($($arg),*) },
                    Level::Baseline => {}
                }
            }
            let _ = level;
            $body::<T>($($arg),*)
        }
    };
}
pub(crate) use dispatch;
