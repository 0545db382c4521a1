//! Reading from memory before it is needed.

use crate::Real;

/// Numbers that a line of a cache has at least.
const LINE: usize = 8;

/// Reads slices side by side, a number of each line, so that they lie in a cache. It changes nothing. From one place at a time memory
/// sends half of what it can: what then goes over the slices one by one, or out of order, for which no processor reads ahead,
/// takes less with this before it. They are to be small enough together for the cache.
pub fn read_ahead<T: Real, const N: usize>(slices: [&[T]; N]) {
    let longest = slices.iter().map(|s| s.len()).max().unwrap_or(0);
    // A sum for each: none waits for another.
    let mut sums = [T::ZERO; N];
    for at in (0..longest).step_by(LINE) {
        for (sum, slice) in sums.iter_mut().zip(&slices) {
            if let Some(x) = slice.get(at) {
                *sum += *x;
            }
        }
    }
    std::hint::black_box(sums);
}
