//! Forms: other ways to keep a signal, for kernels that are faster with them.
//!
//! A form has memory of its own, which goes with the plan; the signal's own memory stays where it is. It is opened from the
//! plain values, and closed to them. A form that is the **truth** is what kernels write; the others are copies of signals
//! that no kernel writes. To add one: its file, and its line in the list below.

mod columns;
#[cfg(test)]
mod tests;

use bouton_kernels::Real;
use bouton_memory::Span;

use crate::plan::Layout;
use crate::program::{Program, SignalId};

/// What a form is.
pub(crate) trait Form {
    /// Its name in listings and checkpoints.
    const NAME: &'static str;
    /// Whether kernels write it, so that the plain values are made of it and not the other way round.
    const TRUTH: bool;
    /// Whether the plain values have all of it: closed and opened again, it is the same to the bit.
    const EXACT: bool;
    /// Numbers that it needs beside what is kept, computed from the values of the signal that it hangs on: these themselves,
    /// unless a form says otherwise.
    fn constants(&self, dt: f64, from: &[f64]) -> Vec<f64> {
        let _ = dt;
        from.to_vec()
    }
    /// The plain value of element `k` of `len`; `own` is what is kept at a place.
    fn at(&self, k: usize, len: usize, own: &dyn Fn(usize) -> f64, constants: &[f64]) -> f64;
    /// Sets element `k` of `len`; `set` is given what is then kept where.
    fn put(
        &self,
        k: usize,
        len: usize,
        plain: f64,
        own: &dyn Fn(usize) -> f64,
        constants: &[f64],
        set: &mut dyn FnMut(usize, f64),
    );
    /// Opens all `len` elements of plain values; `put` is given what is kept where.
    fn open_all(
        &self,
        len: usize,
        plain: &dyn Fn(usize) -> f64,
        constants: &[f64],
        put: &mut dyn FnMut(usize, f64),
    );
    /// Whether a step writes a part alone of what is kept, which [`counts`](Form::counts) then says.
    const PARTIAL: bool = false;
    /// What of `len` numbers a step may have written.
    fn counts(&self, len: usize, own: &dyn Fn(usize) -> f64) -> std::ops::Range<usize> {
        let _ = own;
        0..len
    }
    /// Appends the plain values of all `len` elements of what is kept.
    fn close_all<T: Real>(&self, own: &[T], len: usize, constants: &[f64], out: &mut Vec<f64>);
}

/// A form that keeps each element as one number, at a place of its own.
trait Elementwise {
    const NAME: &'static str;
    const TRUTH: bool;
    const EXACT: bool;
    fn constants(&self, dt: f64, from: &[f64]) -> Vec<f64> {
        let _ = dt;
        from.to_vec()
    }
    /// Where element `k` of `len` is kept.
    fn place(&self, k: usize, len: usize) -> usize;
    /// What is kept of a plain value.
    fn open(&self, plain: f64, constants: &[f64]) -> f64;
    /// The plain value of what is kept.
    fn close(&self, own: f64, constants: &[f64]) -> f64;
    fn open_all(
        &self,
        len: usize,
        plain: &dyn Fn(usize) -> f64,
        constants: &[f64],
        put: &mut dyn FnMut(usize, f64),
    ) {
        (0..len).for_each(|k| put(self.place(k, len), self.open(plain(k), constants)));
    }
    fn close_all<T: Real>(&self, own: &[T], constants: &[f64], out: &mut Vec<f64>) {
        let len = own.len();
        out.extend((0..len).map(|k| self.close(own[self.place(k, len)].f64(), constants)));
    }
}

impl<E: Elementwise> Form for E {
    const NAME: &'static str = E::NAME;
    const TRUTH: bool = E::TRUTH;
    const EXACT: bool = E::EXACT;
    fn constants(&self, dt: f64, from: &[f64]) -> Vec<f64> {
        Elementwise::constants(self, dt, from)
    }
    fn at(&self, k: usize, len: usize, own: &dyn Fn(usize) -> f64, constants: &[f64]) -> f64 {
        self.close(own(self.place(k, len)), constants)
    }
    fn put(
        &self,
        k: usize,
        len: usize,
        plain: f64,
        _: &dyn Fn(usize) -> f64,
        constants: &[f64],
        set: &mut dyn FnMut(usize, f64),
    ) {
        set(self.place(k, len), self.open(plain, constants));
    }
    fn open_all(
        &self,
        len: usize,
        plain: &dyn Fn(usize) -> f64,
        constants: &[f64],
        put: &mut dyn FnMut(usize, f64),
    ) {
        Elementwise::open_all(self, len, plain, constants, put);
    }
    fn close_all<T: Real>(&self, own: &[T], _: usize, constants: &[f64], out: &mut Vec<f64>) {
        Elementwise::close_all(self, own, constants, out);
    }
}

macro_rules! forms {
    ($($file:ident::$name:ident,)*) => {
        $(pub(crate) mod $file;)*
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
                match self { $(AnyForm::$name(_) => <$name as Form>::NAME,)* }
            }
            pub(crate) fn truth(&self) -> bool {
                match self { $(AnyForm::$name(_) => <$name as Form>::TRUTH,)* }
            }
            pub(crate) fn exact(&self) -> bool {
                match self { $(AnyForm::$name(_) => <$name as Form>::EXACT,)* }
            }
            pub(crate) fn partial(&self) -> bool {
                match self { $(AnyForm::$name(_) => <$name as Form>::PARTIAL,)* }
            }
            pub(crate) fn counts(&self, len: usize, own: &dyn Fn(usize) -> f64) -> std::ops::Range<usize> {
                match self { $(AnyForm::$name(f) => f.counts(len, own),)* }
            }
            pub(crate) fn constants(&self, dt: f64, from: &[f64]) -> Vec<f64> {
                match self { $(AnyForm::$name(f) => Form::constants(f, dt, from),)* }
            }
            pub(crate) fn at(
                &self,
                k: usize,
                len: usize,
                own: &dyn Fn(usize) -> f64,
                constants: &[f64],
            ) -> f64 {
                match self { $(AnyForm::$name(f) => f.at(k, len, own, constants),)* }
            }
            pub(crate) fn put(
                &self,
                k: usize,
                len: usize,
                plain: f64,
                own: &dyn Fn(usize) -> f64,
                constants: &[f64],
                set: &mut dyn FnMut(usize, f64),
            ) {
                match self { $(AnyForm::$name(f) => f.put(k, len, plain, own, constants, set),)* }
            }
            pub(crate) fn open_all(
                &self,
                len: usize,
                plain: &dyn Fn(usize) -> f64,
                constants: &[f64],
                put: &mut dyn FnMut(usize, f64),
            ) {
                match self { $(AnyForm::$name(f) => Form::open_all(f, len, plain, constants, put),)* }
            }
            pub(crate) fn close_all<T: Real>(
                &self,
                own: &[T],
                len: usize,
                constants: &[f64],
                out: &mut Vec<f64>,
            ) {
                match self { $(AnyForm::$name(f) => Form::close_all(f, own, len, constants, out),)* }
            }
        }
    };
}

forms! {
    phase_mark::PhaseMark,
    by_columns::ByColumns,
    transposed::Transposed,
    factored::Factored,
    pending::Pending,
    spiked::Spiked,
    encoded::Encoded,
    moved::Moved,
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

/// All forms of a plan, by signal, and where signals are found that have no memory of their own in it.
#[derive(Clone, Debug, Default)]
pub struct Forms {
    all: Vec<FormAt>,
    /// Base signals whose numbers a step only hands on, and where to: there they are read, and nobody writes them.
    handed: Vec<(SignalId, Span)>,
}

impl Forms {
    pub(crate) fn new(mut all: Vec<FormAt>, mut handed: Vec<(SignalId, Span)>) -> Forms {
        all.sort_by_key(|f| f.signal);
        handed.sort_unstable();
        Forms { all, handed }
    }
    /// Base signals that a step only hands on, and where to.
    pub(crate) fn handed(&self) -> &[(SignalId, Span)] {
        &self.handed
    }
    /// Where the numbers of a signal without a form lie.
    pub(crate) fn span(&self, program: &Program, layout: &Layout, s: SignalId) -> Span {
        let (base, own) = (program.base(s), layout.span(s));
        let Ok(k) = self.handed.binary_search_by_key(&base, |h| h.0) else { return own };
        let from = own.start - layout.span(base).start;
        self.handed[k].1.part(from, from + own.len)
    }
    /// Whether these are the same forms, of the same signals and at the same places.
    pub(crate) fn same(&self, other: &Forms) -> bool {
        let at = |f: &FormAt| (f.signal, f.form.name(), f.own, f.constants, f.from);
        self.all.iter().map(at).eq(other.all.iter().map(at))
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
