//! The memory of a simulation: one allocation that never moves, reached by spans.

use std::cell::UnsafeCell;

use bouton_kernels::Real;

use crate::plan::Span;

/// All signals of a simulation.
///
/// Kernels read and write it through [`get`](Arena::get) and [`get_mut`](Arena::get_mut). Both check that the span lies
/// inside; what the compiler can't check is that a span written by a kernel overlaps no other span of the same kernel.
pub(crate) struct Arena<T> {
    data: Box<[UnsafeCell<T>]>,
}

impl<T: Real> Arena<T> {
    pub(crate) fn new(len: usize) -> Arena<T> {
        Arena { data: (0..len).map(|_| UnsafeCell::new(T::ZERO)).collect() }
    }

    /// The elements of a span.
    ///
    /// # Safety
    /// No slice from [`get_mut`](Arena::get_mut) that overlaps the span may be alive.
    #[inline(always)]
    pub(crate) unsafe fn get(&self, s: Span) -> &[T] {
        let cells = &self.data[s.start..s.start + s.len];
        // SAFETY: UnsafeCell<T> has the layout of T; the caller keeps writers away.
        unsafe { std::slice::from_raw_parts(cells.as_ptr().cast::<T>(), s.len) }
    }

    /// The elements of a span, to write.
    ///
    /// # Safety
    /// No other slice that overlaps the span may be alive.
    #[inline(always)]
    #[allow(clippy::mut_from_ref, reason = "disjoint spans of one arena are written while others are read")]
    pub(crate) unsafe fn get_mut(&self, s: Span) -> &mut [T] {
        let cells = &self.data[s.start..s.start + s.len];
        // SAFETY: UnsafeCell<T> has the layout of T and allows writing through a shared reference; the caller keeps
        // every other slice of these elements away.
        unsafe { std::slice::from_raw_parts_mut(cells.as_ptr().cast_mut().cast::<T>(), s.len) }
    }
}
