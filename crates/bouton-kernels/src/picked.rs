//! Some numbers of many, and back.

use std::ops::Range;

use crate::Real;

/// Numbers of elements, all of them below a length: what is asked once here needn't be asked at each element.
#[derive(Clone, Debug, Default)]
pub struct Picks {
    at: Vec<u32>,
    below: usize,
}

impl Picks {
    /// Elements of `below`.
    ///
    /// # Panics
    /// If one is not below.
    pub fn new(at: Vec<u32>, below: usize) -> Picks {
        assert!(at.iter().all(|k| (*k as usize) < below), "not all of {} elements are of {below}", at.len());
        Picks { at, below }
    }
    /// Some of them.
    ///
    /// # Panics
    /// If there aren't as many.
    pub fn some(&self, range: Range<usize>) -> Picked<'_> {
        Picked { at: &self.at[range], below: self.below }
    }
}

/// Some of [`Picks`].
#[derive(Clone, Copy, Debug)]
pub struct Picked<'a> {
    at: &'a [u32],
    below: usize,
}

impl Picked<'_> {
    /// How many there are.
    pub fn count(self) -> usize {
        self.at.len()
    }
    /// These elements of `from`, in their order, behind what is in `to`.
    ///
    /// # Panics
    /// If `from` is shorter than the length that elements are below.
    pub fn gather<T: Real>(self, from: &[T], to: &mut Vec<f64>) {
        let from = &from[..self.below];
        // SAFETY: all of `at` are below `below`, as was asked when the picks were made, and nobody else can make some: the
        // fields are private to this file.
        to.extend(self.at.iter().map(|k| unsafe { from.get_unchecked(*k as usize) }.f64()));
    }
    /// Sets these elements of `to`, in their order, to the numbers of `from`: of one that is there more than once, the last counts.
    ///
    /// # Panics
    /// If there are not as many `from` as elements, or `to` is shorter than the length that they are below.
    pub fn scatter<T: Real>(self, from: &[f64], to: &mut [T]) {
        assert_eq!(from.len(), self.at.len(), "numbers for the elements");
        let to = &mut to[..self.below];
        for (from, k) in from.iter().zip(self.at) {
            // SAFETY: as above.
            *unsafe { to.get_unchecked_mut(*k as usize) } = T::of(*from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gathered_is_scattered_to_where_it_was() {
        let many: Vec<f32> = (0..100).map(|k| k as f32 * 0.5).collect();
        let at: Vec<u32> = (0..37).map(|k| k * 61 % 100).collect();
        let picks = Picks::new(at.clone(), 100);
        let mut some = vec![-7.0];
        picks.some(0..37).gather(&many, &mut some);
        assert_eq!((some.len(), some[0], picks.some(0..37).count()), (38, -7.0, 37));
        for (x, k) in some[1..].iter().zip(&at) {
            assert_eq!(*x, f64::from(*k) * 0.5);
        }
        let mut back = vec![-1.0_f32; 100];
        picks.some(2..37).scatter(&some[3..], &mut back);
        for (k, x) in back.iter().enumerate() {
            assert_eq!(*x, if at[2..].contains(&(k as u32)) { many[k] } else { -1.0 }, "{k}");
        }
        Picks::default().some(0..0).gather(&many, &mut some);
        assert_eq!(some.len(), 38);
    }

    #[test]
    #[should_panic(expected = "not all of 2 elements are of 100")]
    fn what_is_not_there_is_not_picked() {
        let _ = Picks::new(vec![3, 100], 100);
    }

    #[test]
    #[should_panic(expected = "range end index 100 out of range for slice of length 99")]
    fn what_is_too_short_is_not_read() {
        Picks::new(vec![3], 100).some(0..1).gather(&[0.0; 99], &mut vec![]);
    }

    #[test]
    #[should_panic(expected = "range end index 100 out of range for slice of length 99")]
    fn what_is_too_short_is_not_written() {
        Picks::new(vec![3], 100).some(0..1).scatter(&[1.0], &mut [0.0; 99]);
    }
}
