//! Forms: other ways to keep a signal, for kernels that are faster with them.
//!
//! A form has memory of its own, which goes with the plan; the signal's own memory stays where it is. It is opened from the
//! plain values, and closed to them. A form that is the **truth** is what kernels write; the others are copies of signals
//! that no kernel writes. To add one: its file, and its line in the list below.

use bouton_kernels::Real;
use bouton_memory::Span;

use crate::program::SignalId;

/// What a form is. Element `k` of the signal is kept as one number, at a place of its own.
pub(crate) trait Form {
    /// Its name in listings and checkpoints.
    const NAME: &'static str;
    /// Whether kernels write it, so that the plain values are made of it and not the other way round.
    const TRUTH: bool;
    /// Whether the plain values have all of it: closed and opened again, it is the same to the bit.
    const EXACT: bool;
    /// Numbers that it needs beside the elements, computed from the values of the signal that it hangs on.
    fn constants(&self, dt: f64, from: &[f64]) -> Vec<f64>;
    /// Where element `k` of `len` is kept.
    fn place(&self, k: usize, len: usize) -> usize;
    /// What is kept of a plain value.
    fn open(&self, plain: f64, constants: &[f64]) -> f64;
    /// The plain value of what is kept.
    fn close(&self, own: f64, constants: &[f64]) -> f64;
    /// Opens all `len` elements of plain values; `put` is given where each is kept, and as what.
    fn open_all(
        &self,
        len: usize,
        plain: &dyn Fn(usize) -> f64,
        constants: &[f64],
        put: &mut dyn FnMut(usize, f64),
    ) {
        (0..len).for_each(|k| put(self.place(k, len), self.open(plain(k), constants)));
    }
    /// Appends the plain values of all elements of what is kept.
    fn close_all<T: Real>(&self, own: &[T], constants: &[f64], out: &mut Vec<f64>) {
        let len = own.len();
        out.extend((0..len).map(|k| self.close(own[self.place(k, len)].f64(), constants)));
    }
}

macro_rules! forms {
    ($($file:ident::$name:ident,)*) => {
        $(mod $file;)*
        $(pub(crate) use $file::$name;)*
        /// A form of the list.
        #[derive(Clone, Debug)]
        pub(crate) enum AnyForm {
            $($name($name),)*
        }
        $(impl From<$name> for AnyForm {
            fn from(f: $name) -> AnyForm { AnyForm::$name(f) }
        })*
        impl AnyForm {
            pub(crate) fn name(&self) -> &'static str {
                match self { $(AnyForm::$name(_) => $name::NAME,)* }
            }
            pub(crate) fn truth(&self) -> bool {
                match self { $(AnyForm::$name(_) => $name::TRUTH,)* }
            }
            pub(crate) fn exact(&self) -> bool {
                match self { $(AnyForm::$name(_) => $name::EXACT,)* }
            }
            pub(crate) fn constants(&self, dt: f64, from: &[f64]) -> Vec<f64> {
                match self { $(AnyForm::$name(f) => f.constants(dt, from),)* }
            }
            pub(crate) fn place(&self, k: usize, len: usize) -> usize {
                match self { $(AnyForm::$name(f) => f.place(k, len),)* }
            }
            pub(crate) fn open_all(
                &self,
                len: usize,
                plain: &dyn Fn(usize) -> f64,
                constants: &[f64],
                put: &mut dyn FnMut(usize, f64),
            ) {
                match self { $(AnyForm::$name(f) => f.open_all(len, plain, constants, put),)* }
            }
            pub(crate) fn close_all<T: Real>(&self, own: &[T], constants: &[f64], out: &mut Vec<f64>) {
                match self { $(AnyForm::$name(f) => f.close_all(own, constants, out),)* }
            }
            pub(crate) fn open(&self, plain: f64, constants: &[f64]) -> f64 {
                match self { $(AnyForm::$name(f) => f.open(plain, constants),)* }
            }
            pub(crate) fn close(&self, own: f64, constants: &[f64]) -> f64 {
                match self { $(AnyForm::$name(f) => f.close(own, constants),)* }
            }
        }
    };
}

forms! {
    phase_mark::PhaseMark,
    by_columns::ByColumns,
    transposed::Transposed,
}

/// A form of a signal, where a plan keeps it.
#[derive(Clone, Debug)]
pub(crate) struct FormAt {
    pub(crate) signal: SignalId,
    pub(crate) form: AnyForm,
    /// Its elements, in the simulation's numbers.
    pub(crate) own: Span,
    /// Its constants, in double precision.
    pub(crate) constants: Span,
    /// The signal that the constants are computed from.
    pub(crate) from: Option<SignalId>,
}

/// All forms of a plan, by signal.
#[derive(Clone, Debug, Default)]
pub struct Forms {
    all: Vec<FormAt>,
}

impl Forms {
    pub(crate) fn new(mut all: Vec<FormAt>) -> Forms {
        all.sort_by_key(|f| f.signal);
        Forms { all }
    }
    pub(crate) fn iter(&self) -> impl Iterator<Item = &FormAt> {
        self.all.iter()
    }
    /// Forms of a base signal.
    pub(crate) fn of(&self, base: SignalId) -> impl Iterator<Item = &FormAt> {
        let first = self.all.partition_point(|f| f.signal < base);
        self.all[first..].iter().take_while(move |f| f.signal == base)
    }
    /// The form of a base signal that kernels write, if it has one.
    pub(crate) fn truth(&self, base: SignalId) -> Option<&FormAt> {
        self.of(base).find(|f| f.form.truth())
    }
}
