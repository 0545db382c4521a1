//! The memory of a simulation: one allocation that never moves, reached by spans.

use std::alloc::{Layout, alloc, dealloc};
use std::ptr::NonNull;

use bouton_kernels::Real;

use crate::memory::fits;
use crate::plan::Span;

/// Size of a huge page. Large arenas begin at one and ask for them: a million neurons are streamed through in every step,
/// and with small pages the look-up of addresses would cost as much as the numbers.
const HUGE: usize = 2 << 20;
/// A cache line.
const LINE: usize = 64;

/// All signals of a simulation.
///
/// Kernels read and write it through [`get`](Arena::get) and [`get_mut`](Arena::get_mut). Both check that the span lies
/// inside; what the compiler can't check is that a span written by a kernel overlaps no other span of the same kernel.
pub(crate) struct Arena<T> {
    start: NonNull<T>,
    len: usize,
    layout: Layout,
}

// SAFETY: the arena owns its memory, and numbers can be sent to other threads.
unsafe impl<T: Send> Send for Arena<T> {}

impl<T: Real> Arena<T> {
    /// `len` zeros, or an error if there is no room for them.
    pub(crate) fn new(len: usize) -> Result<Arena<T>, String> {
        fits(len as f64 * size_of::<T>() as f64)?;
        let bytes = len.max(1) * size_of::<T>();
        let align = if bytes >= 2 * HUGE { HUGE } else { LINE };
        let none = || format!("needs {:.3} GB of memory, and the system gives less", bytes as f64 / 1e9);
        let layout = Layout::from_size_align(bytes, align).map_err(|_| none())?;
        // SAFETY: the layout has at least one byte.
        let raw = unsafe { alloc(layout) }.cast::<T>();
        let start = NonNull::new(raw).ok_or_else(none)?;
        #[cfg(target_os = "linux")]
        if align == HUGE {
            // Only a wish: without huge pages everything is the same but slower.
            // SAFETY: the range is the allocation just made.
            let _ = unsafe { libc::madvise(raw.cast(), bytes, libc::MADV_HUGEPAGE) };
        }
        for i in 0..len {
            // SAFETY: `i` lies in the allocation, which is aligned for T.
            unsafe { start.add(i).write(T::ZERO) };
        }
        Ok(Arena { start, len, layout })
    }

    #[inline(always)]
    fn at(&self, s: Span) -> NonNull<T> {
        assert!(s.start <= self.len && s.len <= self.len - s.start, "a span outside the arena");
        // SAFETY: checked above.
        unsafe { self.start.add(s.start) }
    }

    /// The elements of a span.
    ///
    /// # Safety
    /// No slice from [`get_mut`](Arena::get_mut) that overlaps the span may be alive.
    #[inline(always)]
    pub(crate) unsafe fn get(&self, s: Span) -> &[T] {
        // SAFETY: all elements are initialised, `at` checks the range, and the caller keeps writers away.
        unsafe { std::slice::from_raw_parts(self.at(s).as_ptr(), s.len) }
    }

    /// The elements of a span, to write.
    ///
    /// # Safety
    /// No other slice that overlaps the span may be alive.
    #[inline(always)]
    #[allow(clippy::mut_from_ref, reason = "disjoint spans of one arena are written while others are read")]
    pub(crate) unsafe fn get_mut(&self, s: Span) -> &mut [T] {
        // SAFETY: as above; the memory is reached by raw pointers alone, and the caller keeps every other slice of these
        // elements away.
        unsafe { std::slice::from_raw_parts_mut(self.at(s).as_ptr(), s.len) }
    }
}

impl<T> Drop for Arena<T> {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout; numbers need no dropping.
        unsafe { dealloc(self.start.as_ptr().cast(), self.layout) }
    }
}
