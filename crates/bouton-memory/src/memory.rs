//! Numbers at addresses that never change.

use std::alloc::Layout;
use std::cell::UnsafeCell;
use std::ptr::NonNull;
use std::sync::Arc;

use crate::room::fits;
use crate::slots::Span;
use crate::zeros::Zeros;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f64 {}
    impl Sealed for f32 {}
}

/// What a memory can hold: `f64` and `f32`, whose zero has all bits zero. Nobody else may add one.
pub trait Number: Copy + Default + Send + Sync + sealed::Sealed + 'static {}
impl Number for f64 {}
impl Number for f32 {}

/// One block of zeros.
struct Segment<T> {
    start: NonNull<UnsafeCell<T>>,
    len: usize,
    _bytes: Zeros,
}

impl<T: Number> Segment<T> {
    fn new(len: usize) -> Result<Segment<T>, String> {
        fits(len as f64 * size_of::<T>() as f64)?;
        let none = || {
            format!(
                "needs {:.3} GB of memory, and the system gives less",
                len as f64 * size_of::<T>() as f64 / 1e9
            )
        };
        // Fails where the number of bytes could not be counted.
        let array = Layout::array::<UnsafeCell<T>>(len).map_err(|_| none())?;
        let bytes = Zeros::new(array.size()).ok_or_else(none)?;
        Ok(Segment { start: bytes.start().cast(), len, _bytes: bytes })
    }
}

// SAFETY: a segment owns its numbers, which can be sent to other threads.
unsafe impl<T: Send> Send for Segment<T> {}
// SAFETY: a segment by itself gives no access to its numbers: a memory does, by its own rules, and who holds one is given an
// address alone.
unsafe impl<T: Sync> Sync for Segment<T> {}

/// Numbers in segments. A segment is added as a whole, begins as zeros, and never moves.
pub struct Memory<T> {
    /// A segment that was dropped leaves a gap, which the next one takes.
    segments: Vec<Option<Arc<Segment<T>>>>,
    /// Where each begins, for kernels: dangling where there is none.
    bases: Vec<NonNull<T>>,
}

// SAFETY: a memory owns its segments, and numbers can be sent to other threads.
unsafe impl<T: Send> Send for Memory<T> {}
// SAFETY: through `&Memory` numbers are only read (`get`); `run` takes `&mut`, and hands out slices of which none that is
// written meets another that is alive (see `steps`).
unsafe impl<T: Sync> Sync for Memory<T> {}

impl<T: Number> Default for Memory<T> {
    fn default() -> Memory<T> {
        Memory { segments: vec![], bases: vec![] }
    }
}

impl<T: Number> Memory<T> {
    /// Adds a segment of `len` zeros, and returns its number.
    ///
    /// # Errors
    /// More memory than there is, with the figure.
    pub fn add(&mut self, len: usize) -> Result<u32, String> {
        let number = self.next();
        let segment = Arc::new(Segment::new(len)?);
        let base = segment.start.cast::<T>();
        match self.segments.get_mut(number as usize) {
            Some(gap) => (*gap, self.bases[number as usize]) = (Some(segment), base),
            None => {
                self.segments.push(Some(segment));
                self.bases.push(base);
            }
        }
        Ok(number)
    }
    /// The number that the next segment will have: the first that is free.
    pub fn next(&self) -> u32 {
        self.segments.iter().position(Option::is_none).unwrap_or(self.segments.len()) as u32
    }
    /// Gives the memory of a segment back.
    pub fn remove(&mut self, segment: u32) {
        if let Some(s) = self.segments.get_mut(segment as usize) {
            *s = None;
            self.bases[segment as usize] = NonNull::dangling();
        }
    }
    /// Number of elements of a segment; 0 if there is none.
    pub fn len(&self, segment: u32) -> usize {
        self.segments.get(segment as usize).and_then(Option::as_ref).map_or(0, |s| s.len)
    }
    /// Keeps a segment, and says where a span of it lies: for who reaches its numbers in another way than through this memory,
    /// as another language does. The address is good for as long as what is returned lives, also when the memory is gone.
    ///
    /// Panics outside the memory.
    pub fn hold(&self, span: Span) -> Held<T> {
        let address = self.at(span);
        let segment = self.segments.get(span.segment as usize).and_then(Clone::clone);
        Held { segment, address, len: span.len }
    }
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.segments.iter().flatten().all(|s| s.len == 0)
    }
    /// Whether a span lies in it.
    pub fn holds(&self, span: Span) -> bool {
        span.start <= self.len(span.segment) && span.len <= self.len(span.segment) - span.start
    }

    /// First element of a segment.
    #[inline(always)]
    pub(crate) fn base(&self, segment: u32) -> *mut T {
        self.bases.get(segment as usize).copied().unwrap_or(NonNull::dangling()).as_ptr()
    }
    /// The same for whoever knows that there is such a segment, or was: kernels, some tens of a nanosecond each.
    ///
    /// # Safety
    /// `segment` must be below [`segments`](Memory::segments).
    #[inline(always)]
    pub(crate) unsafe fn base_of(&self, segment: u32) -> *mut T {
        debug_assert!((segment as usize) < self.bases.len());
        // SAFETY: what the caller promises.
        unsafe { self.bases.get_unchecked(segment as usize) }.as_ptr()
    }
    /// Numbers of segments so far, gaps counted.
    pub(crate) fn segments(&self) -> usize {
        self.bases.len()
    }
    #[inline(always)]
    fn at(&self, span: Span) -> *mut T {
        assert!(self.holds(span), "a span outside the memory");
        // SAFETY: checked above.
        unsafe { self.base(span.segment).add(span.start) }
    }

    /// The elements of a span. Panics outside the memory.
    #[inline(always)]
    pub fn get(&self, span: Span) -> &[T] {
        // SAFETY: in range; initialised, as zeros if by nobody else; written through `&mut self` alone.
        unsafe { std::slice::from_raw_parts(self.at(span), span.len) }
    }
    /// The elements of a span, to write. Panics outside the memory.
    #[inline(always)]
    pub fn get_mut(&mut self, span: Span) -> &mut [T] {
        // SAFETY: as above, and `&mut self` keeps every other slice away.
        unsafe { std::slice::from_raw_parts_mut(self.at(span), span.len) }
    }
}

/// Numbers of a memory that someone else reaches by their address.
#[derive(Clone)]
pub struct Held<T> {
    /// What keeps the address good; nothing where there are no numbers.
    segment: Option<Arc<Segment<T>>>,
    address: *mut T,
    len: usize,
}

// SAFETY: it has an address and what keeps it good, and gives no access by itself.
unsafe impl<T: Send> Send for Held<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Held<T> {}

impl<T> Held<T> {
    /// The first number. Who follows it must see to it that the memory's own methods don't run meanwhile, unless both only read:
    /// the numbers lie in cells, so that nothing else is asked.
    pub fn address(&self) -> *mut T {
        self.address
    }
    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.len
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0 || self.segment.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zeros::{HUGE, LINE};

    /// Memory that this process has been given (bytes).
    #[cfg(target_os = "linux")]
    fn taken() -> usize {
        let text = std::fs::read_to_string("/proc/self/statm").unwrap();
        4096 * text.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_nobody_writes_is_never_taken() {
        let mut m = Memory::<f64>::default();
        let (before, bytes) = (taken(), 512 << 20);
        let a = m.add(bytes / 8).unwrap();
        assert!(
            taken() < before + bytes / 8,
            "{} bytes were taken for numbers that nobody wrote",
            taken() - before
        );
        let all = Span { segment: a, start: 0, len: bytes / 8 };
        assert_eq!(m.get(all).as_ptr().align_offset(HUGE), 0);
        m.get_mut(Span { len: bytes / 32, ..all }).fill(1.0);
        assert!(taken() > before + bytes / 5);
        m.remove(a);
        assert!(taken() < before + bytes / 8);
        let small = m.add(5).unwrap();
        assert_eq!(m.get(Span { segment: small, start: 0, len: 5 }).as_ptr().align_offset(LINE), 0);
    }

    #[test]
    fn segments_begin_as_zeros_and_never_move() {
        let mut m = Memory::<f64>::default();
        let a = m.add(100).unwrap();
        let s = Span { segment: a, start: 3, len: 5 };
        let address = m.get(s).as_ptr();
        m.get_mut(s).copy_from_slice(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        for _ in 0..50 {
            m.add(1 << 12).unwrap();
        }
        assert_eq!((m.get(s).as_ptr(), m.get(s)), (address, &[1.0, 2.0, 3.0, 4.0, 5.0][..]));
        assert_eq!(m.get(Span { segment: a, start: 0, len: 3 }), [0.0; 3]);
        m.remove(1);
        assert_eq!((m.len(1), m.len(2), m.add(1).unwrap(), m.add(1).unwrap()), (0, 1 << 12, 1, 51));
    }

    #[test]
    fn what_is_held_outlives_its_memory_and_is_the_same_numbers() {
        let mut m = Memory::<f64>::default();
        let a = m.add(10).unwrap();
        let span = Span { segment: a, start: 4, len: 3 };
        let held = m.hold(span);
        // SAFETY: three numbers, and nothing of the memory runs meanwhile.
        unsafe { *held.address().add(2) = 7.0 };
        assert_eq!(m.get(span), [0.0, 0.0, 7.0]);
        m.get_mut(span)[0] = 3.0;
        m.remove(a);
        drop(m);
        // SAFETY: the segment is held.
        assert_eq!(unsafe { std::slice::from_raw_parts(held.address(), held.len()) }, [3.0, 0.0, 7.0]);
    }

    #[test]
    fn a_size_that_can_not_be_counted_is_an_error() {
        for len in [usize::MAX, usize::MAX / 8, usize::MAX / 8 + 1, 1 << 60] {
            let e = Memory::<f64>::default().add(len).unwrap_err();
            assert!(e.contains("GB"), "{e}");
        }
    }

    #[test]
    #[should_panic(expected = "outside")]
    fn a_span_outside_is_refused() {
        let mut m = Memory::<f32>::default();
        m.add(10).unwrap();
        m.get(Span { segment: 0, start: 8, len: 3 });
    }
}
