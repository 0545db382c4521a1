//! Kernels: the loops that a step is made of.
//!
//! A kernel is one file: its name, what it touches, what it does. To add one: the file, and its line in the list below.
//! Operands come in the order written, read, read in double precision, as the file's page names them.

use bouton_elements::neurons::StepReal;
use bouton_kernels::Level;
use bouton_memory::{Number, Slices};

use crate::program::Shape;

/// A number type that a simulation can run in: `f64` or `f32`.
pub trait SimReal: StepReal + Number {}
impl SimReal for f64 {}
impl SimReal for f32 {}

/// Where in time a kernel or a call runs.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// SIMD level for loops.
    pub level: Level,
    /// Time step (s).
    pub dt: f64,
    /// Time at the end of the step (s).
    pub t: f64,
    /// Number of the step; the first is 1.
    pub step: u64,
}

/// What a kernel is.
pub(crate) trait Kernel {
    /// Its name in listings.
    const NAME: &'static str;
    /// Refuses operands of other numbers or shapes than the kernel takes.
    fn check(&self, on: &[Shape]) -> Result<(), String>;
    /// How many numbers it touches, of operands of these lengths.
    fn work(&self, on: &[usize]) -> usize;
    /// Whether operand `k` may be a part of the columns of a matrix.
    fn strided(&self, k: usize) -> bool {
        let _ = k;
        false
    }
    /// Does it.
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>);
}

/// Refuses operands that are not as many as their names.
fn count(on: &[Shape], names: &[&str]) -> Result<(), String> {
    if on.len() == names.len() {
        return Ok(());
    }
    Err(format!("takes {} operands ({}), found {}", names.len(), names.join(", "), on.len()))
}

/// Refuses operands of other lengths than `wanted`, by name.
fn lengths(on: &[Shape], names: &[&str], wanted: &[usize]) -> Result<(), String> {
    count(on, names)?;
    for ((s, name), n) in on.iter().zip(names).zip(wanted) {
        if s.len() != *n {
            return Err(format!("`{name}` has {} numbers, and {n} are needed", s.len()));
        }
    }
    Ok(())
}

/// Makes the modules, the enum and its dispatch of the list of kernels.
macro_rules! kernels {
    ($($file:ident::$name:ident,)*) => {
        $(mod $file;)*
        $(pub use $file::$name;)*
        /// The kernels, by name.
        pub mod all {
            $(pub use super::$name;)*
        }

        /// A kernel of the list, with what of it isn't an operand.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("[`", stringify!($name), "`](struct@", stringify!($name), ").")] $name($name),)*
        }
        $(impl From<$name> for Code {
            fn from(k: $name) -> Code { Code::$name(k) }
        })*
        impl Code {
            /// Its name in listings.
            pub fn name(&self) -> &'static str {
                match self { $(Code::$name(_) => <$name as Kernel>::NAME,)* }
            }
            pub(crate) fn check(&self, on: &[Shape]) -> Result<(), String> {
                match self { $(Code::$name(k) => k.check(on),)* }
            }
            pub(crate) fn work(&self, on: &[usize]) -> usize {
                match self { $(Code::$name(k) => k.work(on),)* }
            }
            pub(crate) fn strided(&self, operand: usize) -> bool {
                match self { $(Code::$name(k) => k.strided(operand),)* }
            }
            #[inline(always)]
            pub(crate) fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
                match self { $(Code::$name(k) => k.run(at, s),)* }
            }
        }
    };
}

kernels! {
    fill::Fill,
    copy::Copy,
    gather::Gather,
    scale::Scale,
    dot::Dot,
    linked::Linked,
    columns::Columns,
    factored::Factored,
    learn_factored::LearnFactored,
    pending::Pending,
    learn_pending::LearnPending,
    spiked::Spiked,
    learn_at_spikes::LearnAtSpikes,
    encode::Encode,
    neurons::Neurons,
    lif_phase::LifPhase,
    encode_lif::EncodeLif,
    population::Population,
    tally::Tally,
    lowpass::Lowpass,
    space::Space,
    taps::Taps,
    delta::Delta,
    apply::Apply,
}

#[cfg(test)]
mod tests;
