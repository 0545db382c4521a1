//! Bytes that are zero, from the system or from the allocator.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

/// Size of a huge page. Large blocks begin at one and ask for them: a million neurons are streamed through in every
/// step, and with small pages the look-up of addresses would cost as much as the numbers.
pub(crate) const HUGE: usize = 2 << 20;
/// A cache line.
pub(crate) const LINE: usize = 64;

/// A block of bytes that begin as zeros, at the beginning of a cache line, and a large one of a huge page. Pages that nobody
/// writes are never taken.
pub(crate) struct Zeros {
    /// The first that is handed out.
    start: NonNull<u8>,
    /// What was asked for, in which they begin at an aligned address.
    raw: NonNull<u8>,
    layout: Layout,
}

impl Zeros {
    /// So many bytes; `None` where there is no room for them.
    pub(crate) fn new(bytes: usize) -> Option<Zeros> {
        let align = if large(bytes) { HUGE } else { LINE };
        let layout = Layout::from_size_align(bytes.max(1).checked_add(align)?, align_of::<u64>()).ok()?;
        let raw = ask(layout)?;
        let ahead = raw.as_ptr().align_offset(align);
        assert!(ahead <= align, "bytes can be aligned");
        // SAFETY: the block has `align` bytes more than are wanted, so that they fit in behind at most as many.
        let start = unsafe { raw.add(ahead) };
        #[cfg(target_os = "linux")]
        if align == HUGE {
            // Only a wish: without huge pages everything is the same but slower.
            // SAFETY: the range lies within the block just made.
            let _ = unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
        }
        Some(Zeros { start, raw, layout })
    }
    /// The first byte.
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start
    }
}

impl Drop for Zeros {
    fn drop(&mut self) {
        give_back(self.raw, self.layout);
    }
}

/// Whether huge pages are asked for.
fn large(bytes: usize) -> bool {
    bytes >= 2 * HUGE
}

/// A block of zeros. A large one is asked of the system: an allocator may have it from what was given back to it, which it then
/// writes zeros to before anybody can ask for huge pages. A small one is asked of the allocator with a small alignment, for of
/// others it writes the zeros itself.
fn ask(layout: Layout) -> Option<NonNull<u8>> {
    #[cfg(target_os = "linux")]
    if large(layout.size()) {
        let (read_write, own) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping, at an address that the system chooses.
        let at = unsafe { libc::mmap(std::ptr::null_mut(), layout.size(), read_write, own, -1, 0) };
        return if at == libc::MAP_FAILED { None } else { NonNull::new(at.cast()) };
    }
    // SAFETY: the layout has at least one byte.
    NonNull::new(unsafe { alloc_zeroed(layout) })
}

/// Gives back what `ask` gave for this layout.
fn give_back(raw: NonNull<u8>, layout: Layout) {
    #[cfg(target_os = "linux")]
    if large(layout.size()) {
        // SAFETY: a mapping of that size, made in `ask`, to which the block that is dropped has led alone.
        let _ = unsafe { libc::munmap(raw.as_ptr().cast(), layout.size()) };
        return;
    }
    // SAFETY: allocated in `ask` with this layout.
    unsafe { dealloc(raw.as_ptr(), layout) }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// Pages of a block that are taken, and how many there are.
    fn taken(block: &Zeros, bytes: usize) -> (usize, usize) {
        let mut pages = vec![0u8; bytes / 4096];
        // SAFETY: the range lies within the block, begins at a page, and there is a byte for each page.
        let failed = unsafe { libc::mincore(block.start().as_ptr().cast(), bytes, pages.as_mut_ptr()) };
        assert_eq!(failed, 0);
        (pages.iter().filter(|p| **p & 1 == 1).count(), pages.len())
    }

    #[test]
    fn a_large_block_has_no_page_before_it_is_written_whatever_was_given_back_before() {
        let bytes = 4 * HUGE;
        // What is given back is kept by the allocator from the second time on.
        for _ in 0..3 {
            let written = vec![1u8; bytes + 2 * HUGE];
            assert_eq!(std::hint::black_box(&written)[bytes], 1);
        }
        let block = Zeros::new(bytes).unwrap();
        assert_eq!(taken(&block, bytes), (0, bytes / 4096));
        // SAFETY: one byte of the block.
        unsafe { block.start().write(1) };
        assert!(taken(&block, bytes).0 > 0);
    }
}
